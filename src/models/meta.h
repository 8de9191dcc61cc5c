// meta.h — the JSON that travels inside a checkpoint: safetensors' "config" entry. Bounded, optional, never trusted.
#ifndef VKDIT_META_H
#define VKDIT_META_H

#include "weights/ckpt.h"

struct meta {
    void *json;
}; // json_t object, or NULL

struct meta meta_open(const struct ckpt *c);
void meta_close(struct meta *m);
uint32_t meta_u32(const struct meta *m, const char *key, uint32_t otherwise); // 0..2^31, else `otherwise`
double meta_number(const struct meta *m, const char *key, double otherwise);
const char *meta_text(const struct meta *m, const char *key); // NULL when absent; lives as long as m
// Element i of an array of strings, or of an object with keys "0", "1", ...; NULL past the end.
const char *meta_item(const struct meta *m, const char *key, uint32_t i);

#endif
