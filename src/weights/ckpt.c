// ckpt.c — a checkpoint of any format: finding the format, keeping the sorted list of tensors, handing out bytes.
// Knows nothing about the inside of any format.
#include "weights/format.h"

#include <stdlib.h>
#include <string.h>

// In order of certainty: the safetensors row takes what nobody else wants, and explains.
static const struct ckpt_format *const formats[] = {&format_pt_zip, &format_pt_legacy, &format_shards,
                                                    &format_safetensors};

// Files that people give us by mistake, by their first bytes.
static const struct mistake {
    const char *start, *what;
} mistakes[] = {
    {"version https://git-lfs", "is a git-lfs pointer, not the file itself: fetch it with `git lfs pull`"},
    {"<!DOCTYPE", "is a web page, not a checkpoint: download the file itself"},
    {"<!doctype", "is a web page, not a checkpoint: download the file itself"},
    {"<html", "is a web page, not a checkpoint: download the file itself"},
    {"GGUF", "is a GGUF file, which is not supported"},
    {"\x1F\x8B", "is compressed with gzip: unpack it first"},
    {"\x89PNG", "is a picture, not a checkpoint"},
};

static bool starts_with(const struct file *f, const char *start)
{
    const size_t n = strlen(start);
    return f->bytes >= n && !memcmp(f->data, start, n);
}

static bool add_file(struct ckpt *c, struct file f, const char *root, struct err *e)
{
    struct ckpt_private *p = c->priv;
    if (!mem_grow(&p->file, &p->cap_file, p->n_file + 1, sizeof f, e)) {
        file_close(&f);
        return false;
    }
    const uint32_t source = p->n_file++;
    p->file[source] = f;
    if (f.bytes == 0) return err_set(e, ERR_FORMAT, "is empty");
    for (uint32_t i = 0; i < COUNTOF(mistakes); i++)
        if (starts_with(&f, mistakes[i].start)) return err_set(e, ERR_FORMAT, "%s", mistakes[i].what);
    uint32_t i = 0;
    while (!formats[i]->sniff(&f)) i++;
    if (source == 0) c->format = formats[i];
    return formats[i]->open(c, source, root, e);
}

bool ckpt_add_shard(struct ckpt *c, const char *name, struct err *e)
{
    // a shard is a plain name beside the index: nothing that a path could mean
    if (!name[0] || strchr(name, '/') || name[0] == '.')
        return err_set(e, ERR_FORMAT, "shard \"%s\" is not a plain file name", SHOWN(name, strlen(name)));
    if (c->priv->n_file > CKPT_SHARDS_MAX) return err_set(e, ERR_FORMAT, "has more than %d shards", CKPT_SHARDS_MAX);
    const char *slash = strrchr(c->path, '/');
    const size_t folder = slash ? (size_t)(slash - c->path) + 1 : 0, bytes = strlen(name) + 1;
    char *path = mem_zero(folder + bytes, 1, e);
    if (!path) return false;
    memcpy(path, c->path, folder);
    memcpy(path + folder, name, bytes);
    struct file f;
    c->priv->in_shards = true;
    const bool ok = file_open(&f, path, e) && add_file(c, f, NULL, e);
    free(path);
    return ok || err_in(e, name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ckpt_tensor *)a)->name, ((const struct ckpt_tensor *)b)->name);
}

bool ckpt_sort(struct ckpt *c, uint32_t first, struct err *e)
{
    if (c->n > first) qsort(c->t + first, c->n - first, sizeof *c->t, by_name);
    for (uint32_t i = first + 1; i < c->n; i++)
        if (!strcmp(c->t[i - 1].name, c->t[i].name))
            return err_set(e, ERR_FORMAT, "tensor \"%s\" occurs twice", SHOWN(c->t[i].name, strlen(c->t[i].name)));
    return true;
}

// Takes over f.
static bool open_with(struct ckpt *c, const char *path, struct file f, const char *root, struct err *e)
{
    c->path = mem_text(path, e);
    c->priv = c->path ? mem_zero(1, sizeof *c->priv, e) : NULL;
    if (!c->priv) {
        file_close(&f);
        return false;
    }
    if (!add_file(c, f, root, e) || !ckpt_sort(c, 0, e)) return false;
    return c->n || err_set(e, ERR_FORMAT, "holds no tensors");
}

bool ckpt_open_memory(struct ckpt *c, const char *name, const void *data, uint64_t bytes, const char *root,
                      struct err *e)
{
    *c = (struct ckpt){0};
    if (open_with(c, name, file_borrow(data, bytes), root, e)) return true;
    ckpt_close(c);
    return err_in(e, name);
}

bool ckpt_open(struct ckpt *c, const char *path, const char *root, struct err *e)
{
    *c = (struct ckpt){0};
    struct file f;
    if (file_open(&f, path, e) && open_with(c, path, f, root, e)) return true;
    ckpt_close(c);
    return err_in(e, path);
}

void ckpt_close(struct ckpt *c)
{
    for (uint32_t i = 0; i < c->n; i++) free((char *)(uintptr_t)c->t[i].name);
    for (uint32_t i = 0; i < c->n_meta; i++) {
        free((char *)(uintptr_t)c->meta[i].key);
        free((char *)(uintptr_t)c->meta[i].value);
    }
    for (uint32_t i = 0; c->priv && i < c->priv->n_file; i++) file_close(&c->priv->file[i]);
    if (c->priv) free(c->priv->file);
    free(c->priv);
    free(c->t);
    free(c->meta);
    free(c->path);
    *c = (struct ckpt){0};
}

const struct file *ckpt_file(const struct ckpt *c, uint32_t source)
{
    return &c->priv->file[source];
}

// Elements, whether they lie densely, and how many elements from the first to the last one touched.
static bool measure(struct ckpt_tensor *t, uint64_t *span)
{
    uint64_t expect = 1, reach = 0;
    t->count = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        if (!mul_ok(t->count, t->dim[i], &t->count)) return false;
    const bool given = !t->contiguous;
    t->contiguous = true;
    for (uint32_t i = t->rank; i-- > 0;) {
        if (!given) t->stride[i] = expect;
        // the stride of a dimension of size 1 is never used, and writers put anything there
        t->contiguous &= t->dim[i] <= 1 || t->stride[i] == expect || t->count == 0;
        uint64_t step = 0;
        if (t->dim[i] > 1 && (!mul_ok(t->dim[i] - 1, t->stride[i], &step) || !add_ok(reach, step, &reach)))
            return false;
        if (t->dim[i] && !mul_ok(expect, t->dim[i], &expect)) return false;
    }
    *span = 0;
    return t->count == 0 || add_ok(reach, 1, span);
}

static bool plain_text(const char *s, size_t bytes)
{
    char clean[1024];
    return bytes < sizeof clean - 4 && strlen(text_clean(clean, sizeof clean, s, bytes)) == bytes &&
           !memcmp(clean, s, bytes);
}

bool ckpt_add(struct ckpt *c, const char *name, size_t bytes, struct ckpt_tensor t, uint64_t room, struct err *e)
{
    uint64_t span, need;
    if (!plain_text(name, bytes))
        return err_set(e, ERR_FORMAT, "tensor name \"%s\" is not plain text of at most 1000 bytes", SHOWN(name, bytes));
    if (!measure(&t, &span) || !mul_ok(span, dtype_bytes(t.dtype), &need))
        return err_set(e, ERR_FORMAT, "tensor \"%s\": its shape is too large", SHOWN(name, bytes));
    // t.count > span: a view that repeats its elements could ask for any amount of memory
    if (need > room || t.count > span)
        return err_set(e, ERR_FORMAT, "tensor \"%s\" needs %llu elements of %s, the file has %llu bytes for it",
                       SHOWN(name, bytes), (unsigned long long)(t.count > span ? t.count : span), dtype_name(t.dtype),
                       (unsigned long long)room);
    if (c->n >= CKPT_TENSORS_MAX) return err_set(e, ERR_FORMAT, "has more than %d tensors", CKPT_TENSORS_MAX);
    char *copy = mem_zero(bytes + 1, 1, e);
    if (!copy) return false;
    if (!mem_grow(&c->t, &c->priv->cap_t, c->n + 1, sizeof t, e)) {
        free(copy);
        return false;
    }
    if (bytes) memcpy(copy, name, bytes);
    t.name = copy;
    c->t[c->n++] = t;
    return true;
}

bool ckpt_add_meta(struct ckpt *c, const char *key, const char *value, struct err *e)
{
    if (!mem_grow(&c->meta, &c->priv->cap_meta, c->n_meta + 1, sizeof *c->meta, e)) return false;
    struct ckpt_meta m = {mem_text(key, e), mem_text(value, e)};
    c->meta[c->n_meta++] = m;
    return m.key && m.value;
}

const struct ckpt_tensor *ckpt_find(const struct ckpt *c, const char *name)
{
    const struct ckpt_tensor key = {.name = name};
    return c->n ? bsearch(&key, c->t, c->n, sizeof key, by_name) : NULL;
}

const char *ckpt_meta_find(const struct ckpt *c, const char *key)
{
    for (uint32_t i = 0; i < c->n_meta; i++)
        if (!strcmp(c->meta[i].key, key)) return c->meta[i].value;
    return NULL;
}

static void gather(uint8_t *dst, const uint8_t *src, const struct ckpt_tensor *t)
{
    const uint32_t size = dtype_bytes(t->dtype);
    uint64_t at[CKPT_RANK] = {0}, from = 0;
    for (uint64_t i = 0; i < t->count; i++, dst += size) {
        for (uint32_t b = 0; b < size; b++) dst[b] = src[from * size + b];
        for (uint32_t d = t->rank; d-- > 0;) { // count up, the last dimension fastest
            from += t->stride[d];
            if (++at[d] < t->dim[d]) break;
            from -= at[d] * t->stride[d];
            at[d] = 0;
        }
    }
}

const void *ckpt_data(struct ckpt *c, const struct ckpt_tensor *t, void **scratch, uint64_t *scratch_bytes,
                      struct err *e)
{
    struct ckpt_private *p = c->priv;
    const struct file *f = &p->file[t->source];
    if (t->count == 0) return f->data;
    // host memory stays near one tensor even where the page cache counts as ours
    file_forget(&p->file[p->last.source], p->last.offset, p->last.bytes);
    const uint64_t bytes = t->count * dtype_bytes(t->dtype); // checked by ckpt_add
    p->last.source = t->source;
    p->last.offset = t->offset;
    p->last.bytes = t->contiguous ? bytes : 0;
    if (t->contiguous) return f->data + t->offset;
    if (*scratch_bytes < bytes) {
        void *more = mem_zero(bytes, 1, e);
        if (!more) return NULL;
        free(*scratch);
        *scratch = more;
        *scratch_bytes = bytes;
    }
    gather(*scratch, f->data + t->offset, t);
    return *scratch;
}
