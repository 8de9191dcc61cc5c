// format.h — what a file format provides, and what ckpt.c does for all of them.
// A format only finds tensors: names, shapes, and where in a mapped file the bytes lie. To add one, write its file
// and put its row into ckpt.c's table.
#ifndef VKDIT_FORMAT_H
#define VKDIT_FORMAT_H

#include "base/file.h"
#include "weights/ckpt.h"

struct ckpt_format {
    const char *name;
    bool (*sniff)(const struct file *f); // looks at the first bytes only
    // Adds the tensors of file `source`; `root` as in ckpt_open.
    bool (*open)(struct ckpt *c, uint32_t source, const char *root, struct err *e);
};

extern const struct ckpt_format format_safetensors, format_pt_zip, format_pt_legacy, format_shards;

enum {
    CKPT_TENSORS_MAX = 1 << 18, // published models have below 2^11
    CKPT_SHARDS_MAX = 1 << 10,
};

struct ckpt_private {
    struct file *file; // every mapped file; ckpt_tensor.source indexes it
    uint32_t n_file, cap_file, cap_t, cap_meta;
    bool in_shards;
    struct {
        uint32_t source;
        uint64_t offset, bytes;
    } last; // what ckpt_data gave out before
};

const struct file *ckpt_file(const struct ckpt *c, uint32_t source);

// Adds a tensor: dtype, rank, dim, source and offset are given, stride too unless `contiguous` is set; the rest is
// filled in. `room` is how many bytes of the source the tensor may touch, counted from `offset`. Refuses names that
// are not plain text and views that leave their room.
bool ckpt_add(struct ckpt *c, const char *name, size_t bytes, struct ckpt_tensor t, uint64_t room, struct err *e);
bool ckpt_add_meta(struct ckpt *c, const char *key, const char *value, struct err *e);

// Maps a shard that lies beside c->path and adds its tensors.
bool ckpt_add_shard(struct ckpt *c, const char *name, struct err *e);

// Sorts the tensors from `first` on by name and refuses names that occur twice. With 0, which ckpt_open does at the
// end, ckpt_find works.
bool ckpt_sort(struct ckpt *c, uint32_t first, struct err *e);

// ckpt_open for bytes in memory, which must outlive the ckpt. `name` is used in messages and to find shards.
bool ckpt_open_memory(struct ckpt *c, const char *name, const void *data, uint64_t bytes, const char *root,
                      struct err *e);

// Text from a file as it may be printed: short and without control bytes. Lives until the end of the block.
#define SHOWN(text, bytes) text_clean((char[100]){0}, 100, (text), (bytes))

#endif
