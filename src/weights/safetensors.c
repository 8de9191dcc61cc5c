// safetensors.c — reads the safetensors header: 8 bytes of length, JSON, then the data without holes.
// Knows nothing about other formats. As strict as the reference implementation.
#include "base/json.h"
#include "weights/format.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_MAX = 100000000, // the reference's limit
    ENTRY_MAX = 1 << 16,    // one tensor's description
    META_MAX = 1 << 24,     // one metadata string; some trainers store their whole configuration
};

static bool sniff(const struct file *f)
{
    (void)f; // the last row of the table: what it cannot read, it explains
    return true;
}

static const json_t *member(const json_t *entry, const char *field, const char *name, struct err *e)
{
    const json_t *m = json_object_get(entry, field);
    if (!m) err_set(e, ERR_FORMAT, "tensor \"%s\" has no %s", SHOWN(name, strlen(name)), field);
    return m;
}

// An array of whole numbers; `most` members at most.
static bool read_counts(const json_t *array, uint64_t *out, size_t most, uint32_t *n, const char *field,
                        const char *name, struct err *e)
{
    const size_t found = json_array_size(array);
    if (!json_is_array(array) || found > most)
        return err_set(e, ERR_FORMAT, "tensor \"%s\": %s is not a list of at most %zu numbers",
                       SHOWN(name, strlen(name)), field, most);
    for (size_t i = 0; i < found; i++) {
        const json_t *v = json_array_get(array, i);
        if (!json_is_integer(v) || json_integer_value(v) < 0)
            return err_set(e, ERR_FORMAT, "tensor \"%s\": %s holds something else than whole numbers",
                           SHOWN(name, strlen(name)), field);
        out[i] = (uint64_t)json_integer_value(v);
    }
    *n = (uint32_t)found;
    return true;
}

static bool read_dtype(const json_t *v, enum dtype *t, const char *name, struct err *e)
{
    const char *text = json_is_string(v) ? json_string_value(v) : "?";
    if (dtype_from_name(text, t)) return true;
    return err_set(e, ERR_UNSUPPORTED, "tensor \"%s\" has type %s; known are F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL",
                   SHOWN(name, strlen(name)), SHOWN(text, strlen(text)));
}

// `data` is where the data section begins, `room` its size.
static bool add_entry(struct ckpt *c, uint32_t source, const char *name, const json_t *entry, uint64_t data,
                      uint64_t room, struct err *e)
{
    struct ckpt_tensor t = {.source = source, .contiguous = true};
    uint64_t span[2] = {0};
    uint32_t n = 0;
    if (!json_is_object(entry))
        return err_set(e, ERR_FORMAT, "tensor \"%s\" is not described by an object", SHOWN(name, strlen(name)));
    const json_t *dtype = member(entry, "dtype", name, e), *shape = member(entry, "shape", name, e);
    const json_t *offsets = member(entry, "data_offsets", name, e);
    if (!dtype || !shape || !offsets) return false;
    if (!read_dtype(dtype, &t.dtype, name, e)) return false;
    if (!read_counts(shape, t.dim, CKPT_RANK, &t.rank, "shape", name, e)) return false;
    if (!read_counts(offsets, span, 2, &n, "data_offsets", name, e)) return false;
    if (n != 2 || span[0] > span[1] || span[1] > room)
        return err_set(e, ERR_FORMAT, "tensor \"%s\": data_offsets [%llu, %llu] do not lie within %llu bytes of data",
                       SHOWN(name, strlen(name)), (unsigned long long)span[0], (unsigned long long)span[1],
                       (unsigned long long)room);
    t.offset = data + span[0];
    if (!ckpt_add(c, name, strlen(name), t, span[1] - span[0], e)) return false;
    const struct ckpt_tensor *added = &c->t[c->n - 1];
    return added->count * dtype_bytes(t.dtype) == span[1] - span[0] ||
           err_set(e, ERR_FORMAT, "tensor \"%s\": its shape needs %llu bytes, data_offsets give it %llu",
                   SHOWN(name, strlen(name)), (unsigned long long)(added->count * dtype_bytes(t.dtype)),
                   (unsigned long long)(span[1] - span[0]));
}

static bool read_metadata(struct ckpt *c, struct json_walk *w, struct err *e)
{
    json_t *key = NULL, *value = NULL;
    bool ok = json_enter(w, e);
    while (ok && (ok = json_key(w, &key, e)) && key) {
        ok = json_value(w, META_MAX, &value, e);
        if (ok && !json_is_string(value)) ok = err_set(e, ERR_FORMAT, "__metadata__ holds something else than text");
        if (ok && c->n_meta >= CKPT_TENSORS_MAX) ok = err_set(e, ERR_FORMAT, "__metadata__ has too many entries");
        if (ok) ok = ckpt_add_meta(c, json_string_value(key), json_string_value(value), e);
        json_decref(value);
        json_decref(key);
        value = NULL;
    }
    return ok;
}

static bool read_header(struct ckpt *c, uint32_t source, struct json_walk *w, uint64_t data, uint64_t room,
                        struct err *e)
{
    json_t *key = NULL, *value = NULL;
    bool ok = json_enter(w, e), met = false;
    while (ok && (ok = json_key(w, &key, e)) && key) {
        const char *name = json_string_value(key);
        if (strcmp(name, "__metadata__")) {
            ok = json_value(w, ENTRY_MAX, &value, e) && add_entry(c, source, name, value, data, room, e);
            json_decref(value);
            value = NULL;
        } else {
            ok = met ? err_set(e, ERR_FORMAT, "has two __metadata__ entries") : read_metadata(c, w, e);
            met = true;
        }
        json_decref(key);
    }
    return ok && json_ended(w, e);
}

static int by_offset(const void *a, const void *b)
{
    const struct ckpt_tensor *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return (x->count > y->count) - (x->count < y->count); // empty tensors first
}

// The reference refuses holes, overlaps and trailing bytes: anything could hide there.
static bool check_cover(struct ckpt *c, uint32_t first, uint64_t data, uint64_t room, struct err *e)
{
    uint64_t at = data;
    // a name that occurs twice leaves a hole or an overlap, but that would be a confusing thing to say
    if (!ckpt_sort(c, first, e)) return false;
    if (c->n > first) qsort(c->t + first, c->n - first, sizeof *c->t, by_offset);
    for (uint32_t i = first; i < c->n; i++) {
        const struct ckpt_tensor *t = &c->t[i];
        if (t->offset != at)
            return err_set(e, ERR_FORMAT,
                           "tensor \"%s\" begins at %llu, wanted %llu: data must have no holes or overlaps",
                           SHOWN(t->name, strlen(t->name)), (unsigned long long)(t->offset - data),
                           (unsigned long long)(at - data));
        at += t->count * dtype_bytes(t->dtype);
    }
    return at == data + room || err_set(e, ERR_FORMAT, "has %llu bytes after its last tensor, wanted none",
                                        (unsigned long long)(data + room - at));
}

static bool open_safetensors(struct ckpt *c, uint32_t source, const char *root, struct err *e)
{
    (void)root; // one flat list
    const struct file *f = ckpt_file(c, source);
    if (f->bytes < 8)
        return err_set(e, ERR_FORMAT, "has %llu bytes, too few for any checkpoint", (unsigned long long)f->bytes);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | f->data[i];
    if (length > HEADER_MAX || length > f->bytes - 8)
        return err_set(e, ERR_FORMAT,
                       "is neither a PyTorch file nor safetensors (header length %llu, file length %llu): damaged, cut "
                       "short, or something else",
                       (unsigned long long)length, (unsigned long long)f->bytes);
    struct json_walk w = {(const char *)f->data + 8, length, 0, false};
    const uint64_t data = 8 + length, room = f->bytes - data;
    const uint32_t first = c->n;
    return read_header(c, source, &w, data, room, e) && check_cover(c, first, data, room, e);
}

const struct ckpt_format format_safetensors = {"safetensors", sniff, open_safetensors};
