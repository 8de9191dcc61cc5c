// names.h — where a tape's weight lies in a checkpoint: the same network is published under several namings.
// Each naming is a table of patterns; "*" stands for an index. Knows no shapes and no device.
#ifndef VKDIT_NAMES_H
#define VKDIT_NAMES_H

#include "weights/ckpt.h"

enum { NAME_PARTS = 3 };

struct name_parts {
    char name[NAME_PARTS][160];
    uint32_t n;
}; // rows of all parts, one after the other

// The tensors of `c` that together are `name`; false when no naming has them all.
bool name_resolve(const struct ckpt *c, const char *name, struct name_parts *out);

// "blocks.17.attn..." -> 17 when s starts with prefix and a canonical index and a dot; -1 otherwise;
// -2 when it starts with the prefix but the index is malformed or absurd.
int64_t name_index(const char *s, const char *prefix);

#endif
