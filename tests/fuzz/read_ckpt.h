// read_ckpt.h — what the checkpoint fuzzers do with bytes: open, check what ckpt.h promises, read everything.
#ifndef VKDIT_READ_CKPT_H
#define VKDIT_READ_CKPT_H

#include "weights/format.h"

#include <stdlib.h>
#include <string.h>

static inline void read_tensors(struct ckpt *c)
{
    void *scratch = NULL;
    uint64_t bytes = 0;
    struct err e = {0};
    uint8_t sum = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct ckpt_tensor *t = &c->t[i];
        if (ckpt_find(c, t->name) != t) abort(); // sorted, unique
        const uint8_t *data = ckpt_data(c, t, &scratch, &bytes, &e);
        if (!data) abort(); // nothing can fail any more but memory
        for (uint64_t k = 0; k < t->count * dtype_bytes(t->dtype); k++) sum ^= data[k];
        float first;
        if (t->count) convert_to_f32(&first, data, t->dtype, 1);
    }
    free(scratch);
    if (sum == 1) (void)ckpt_meta_find(c, "config");
}

static inline void read_ckpt(const void *data, uint64_t bytes)
{
    struct ckpt c;
    struct err e = {0};
    if (ckpt_open_memory(&c, "/nonexistent/fuzz", data, bytes, NULL, &e))
        read_tensors(&c);
    else if (e.code == ERR_NONE || strpbrk(e.text, "\n\r\033"))
        abort(); // one clean line
    ckpt_close(&c);
}

#endif
