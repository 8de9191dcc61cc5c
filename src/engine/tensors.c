// tensors.c — lists of named tensors that cross the public border, and their safetensors files.
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

static uint64_t type_bytes(vkdit_type t)
{
    return t == VKDIT_I64 ? 8 : t == VKDIT_U8 ? 1 : 4;
}

void *list_add(struct tensor_list *l, const char *name, vkdit_type type, uint32_t rank, const uint64_t *dim,
               struct err *e)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < rank; i++)
        if (!mul_ok(n, dim[i], &n)) n = UINT64_MAX;
    if (!mem_grow(&l->t.tensor, &l->cap, l->t.count + 1, sizeof *l->t.tensor, e)) return NULL;
    char *copy = mem_text(name, e);
    void *data = copy ? mem_zero(n, type_bytes(type), e) : NULL;
    if (!data) {
        free(copy);
        return NULL;
    }
    vkdit_tensor *t = &l->t.tensor[l->t.count++];
    *t = (vkdit_tensor){.name = copy, .type = type, .rank = rank, .data = data};
    memcpy(t->dim, dim, rank * sizeof *dim);
    return data;
}

void vkdit_tensors_free(vkdit_tensors *list)
{
    if (!list) return;
    for (uint32_t i = 0; i < list->count; i++) {
        free((void *)(uintptr_t)list->tensor[i].name);
        free((void *)(uintptr_t)list->tensor[i].data);
    }
    free(list->tensor);
    *list = (vkdit_tensors){0};
}

const vkdit_tensor *list_find(const vkdit_tensor *t, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (t[i].name && !strcmp(t[i].name, name)) return &t[i];
    return NULL;
}

static uint64_t values_of(const vkdit_tensor *t)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        if (!mul_ok(n, t->dim[i], &n)) return UINT64_MAX;
    return n;
}

bool tensor_check(const vkdit_tensor *t, struct err *e)
{
    if (t->name && t->rank <= 8 && (unsigned)t->type <= VKDIT_U8 && (t->data || values_of(t) == 0)) return true;
    return err_set(e, ERR_ARG, "tensor %.60s: it needs a name, a known type, at most 8 dimensions, and data",
                   t->name ? t->name : "without a name");
}

float *list_floats(const vkdit_tensor *t, uint64_t count, struct err *e)
{
    if (!tensor_check(t, e)) return NULL;
    uint64_t n = values_of(t);
    if (count && n != count) {
        err_set(e, ERR_ARG, "tensor %.60s has %llu values, expected %llu", t->name, (unsigned long long)n,
                (unsigned long long)count);
        return NULL;
    }
    float *out = mem_zero(n, sizeof *out, e);
    static const enum dtype types[] = {DT_F32, DT_I64, DT_I32, DT_U8};
    if (out) convert_to_f32(out, t->data, types[t->type], n);
    return out;
}

// --- files --------------------------------------------------------------------------------------------------------

static bool read_one(struct tensor_list *l, struct ckpt *c, const struct ckpt_tensor *t, void **scratch, uint64_t *room,
                     struct err *e)
{
    bool whole = t->dtype == DT_I64 || t->dtype == DT_I32 || t->dtype == DT_U8;
    vkdit_type type = t->dtype == DT_I64   ? VKDIT_I64
                      : t->dtype == DT_I32 ? VKDIT_I32
                      : t->dtype == DT_U8  ? VKDIT_U8
                                           : VKDIT_F32;
    void *to = list_add(l, t->name, type, t->rank, t->dim, e);
    const void *from = to ? ckpt_data(c, t, scratch, room, e) : NULL;
    if (!from) return false;
    if (whole)
        memcpy(to, from, (size_t)(t->count * type_bytes(type)));
    else
        convert_to_f32(to, from, t->dtype, t->count);
    return true;
}

vkdit_status vkdit_tensors_read(const char *path, vkdit_tensors *out, vkdit_error *error)
{
    struct err e = {0};
    struct ckpt c = {0};
    struct tensor_list l = {0};
    void *scratch = NULL;
    uint64_t room = 0;
    bool ok = ckpt_open(&c, path, NULL, &e);
    for (uint32_t i = 0; ok && i < c.n; i++) ok = read_one(&l, &c, &c.t[i], &scratch, &room, &e);
    free(scratch);
    ckpt_close(&c);
    if (!ok) vkdit_tensors_free(&l.t);
    *out = l.t;
    return status_of(&e, error);
}

vkdit_status vkdit_tensors_write(const char *path, const vkdit_tensor *list, uint32_t count, vkdit_error *error)
{
    static const enum dtype types[] = {DT_F32, DT_I64, DT_I32, DT_U8};
    struct err e = {0};
    struct st_out *out = mem_zero(count, sizeof *out, &e);
    for (uint32_t i = 0; out && i < count && tensor_check(&list[i], &e); i++) {
        out[i] = (struct st_out){list[i].name, types[list[i].type], list[i].rank, {0}, list[i].data};
        memcpy(out[i].dim, list[i].dim, sizeof out[i].dim);
    }
    if (out && e.code == ERR_NONE) safetensors_write(path, out, count, NULL, 0, &e);
    free(out);
    return status_of(&e, error);
}
