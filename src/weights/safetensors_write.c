// safetensors_write.c — writes safetensors as the reference does: widest types first, then by name; header padded to
// 8 bytes, so that every tensor is aligned to its own type. Knows nothing about reading.
#include "base/json.h"
#include "base/newfile.h"
#include "weights/format.h"

#include <stdlib.h>
#include <string.h>

static int by_width(const void *a, const void *b)
{
    const struct st_out *x = *(const struct st_out *const *)a, *y = *(const struct st_out *const *)b;
    const uint32_t i = dtype_bytes(x->dtype), j = dtype_bytes(y->dtype);
    return i != j ? (i < j) - (i > j) : strcmp(x->name, y->name);
}

static bool tensor_bytes(const struct st_out *t, uint64_t *bytes, struct err *e)
{
    *bytes = dtype_bytes(t->dtype);
    for (uint32_t i = 0; i < t->rank; i++)
        if (!mul_ok(*bytes, t->dim[i], bytes))
            return err_set(e, ERR_ARG, "tensor \"%s\": its shape is too large", SHOWN(t->name, strlen(t->name)));
    return true;
}

static json_t *describe(const struct st_out *t, uint64_t begin, uint64_t end)
{
    json_t *shape = json_array();
    bool ok = shape != NULL;
    for (uint32_t i = 0; i < t->rank; i++)
        ok = ok && !json_array_append_new(shape, json_integer((json_int_t)t->dim[i]));
    if (ok)
        return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_name(t->dtype), "shape", shape, "data_offsets",
                         (json_int_t)begin, (json_int_t)end);
    json_decref(shape);
    return NULL;
}

static bool put_meta(json_t *header, const struct ckpt_meta *meta, uint32_t n, struct err *e)
{
    if (n == 0) return true;
    json_t *object = json_object();
    for (uint32_t i = 0; object && i < n; i++)
        if (json_object_set_new(object, meta[i].key, json_string(meta[i].value))) {
            json_decref(object);
            return err_set(e, ERR_ARG, "metadata \"%s\" is not valid text", SHOWN(meta[i].key, strlen(meta[i].key)));
        }
    return !json_object_set_new(header, "__metadata__", object) || err_memory(e, 0);
}

static bool put_tensors(json_t *header, const struct st_out *const *t, uint32_t n, struct err *e)
{
    uint64_t begin = 0, bytes, end;
    for (uint32_t i = 0; i < n; i++) {
        if (!tensor_bytes(t[i], &bytes, e)) return false;
        if (!add_ok(begin, bytes, &end) || end > INT64_MAX)
            return err_set(e, ERR_ARG, "the tensors are too large together");
        const char *shown = SHOWN(t[i]->name, strlen(t[i]->name));
        if (json_object_get(header, t[i]->name)) return err_set(e, ERR_ARG, "tensor \"%s\" is given twice", shown);
        if (!strcmp(t[i]->name, "__metadata__") || json_object_set_new(header, t[i]->name, describe(t[i], begin, end)))
            return err_set(e, ERR_ARG, "tensor \"%s\" has no valid name, or memory is exhausted", shown);
        begin = end;
    }
    return true;
}

// The 8 bytes of length and the padded JSON.
static uint8_t *make_header(const struct st_out *const *t, uint32_t n, const struct ckpt_meta *meta, uint32_t n_meta,
                            uint64_t *bytes, struct err *e)
{
    json_t *header = json_object();
    char *text = NULL;
    uint8_t *out = NULL;
    if (header && put_meta(header, meta, n_meta, e) && put_tensors(header, t, n, e))
        text = json_text(header, JSON_COMPACT, e);
    json_decref(header);
    if (text) {
        const uint64_t length = strlen(text), padded = align_up(length, 8);
        out = mem_zero(padded + 8, 1, e);
        *bytes = padded + 8;
        for (int i = 0; out && i < 8; i++) out[i] = (uint8_t)(padded >> (8 * i));
        if (out) memset(out + 8, ' ', (size_t)padded);
        if (out) memcpy(out + 8, text, (size_t)length);
    } else {
        err_memory(e, 0); // keeps an earlier reason
    }
    free(text);
    return out;
}

static bool write_all(const char *path, const uint8_t *header, uint64_t bytes, const struct st_out *const *t,
                      uint32_t n, struct err *e)
{
    struct newfile f;
    if (!newfile_open(&f, path, e)) return false;
    newfile_put(&f, header, (size_t)bytes);
    for (uint32_t i = 0; i < n; i++)
        if (tensor_bytes(t[i], &bytes, e) && bytes) newfile_put(&f, t[i]->data, (size_t)bytes);
    return newfile_commit(&f, true, e);
}

bool safetensors_write(const char *path, const struct st_out *t, uint32_t n, const struct ckpt_meta *meta,
                       uint32_t n_meta, struct err *e)
{
    uint64_t bytes = 0;
    const struct st_out **order = mem_zero(n, sizeof *order, e);
    if (!order) return false;
    for (uint32_t i = 0; i < n; i++) order[i] = &t[i];
    if (n) qsort(order, n, sizeof *order, by_width);
    uint8_t *header = make_header(order, n, meta, n_meta, &bytes, e);
    const bool ok = header && write_all(path, header, bytes, order, n, e);
    free(header);
    free(order);
    return ok;
}
