// shards.c — "*.index.json": a list of tensors and the files beside it that hold them. Knows nothing about formats;
// a shard is whatever ckpt.c makes of it.
#include "base/json.h"
#include "weights/format.h"

#include <stdlib.h>
#include <string.h>

enum {
    INDEX_MAX = 1 << 26,
    NAME_MAX_BYTES = 1 << 12,
    METADATA_MAX = 1 << 16,
};

struct wanted {
    char *tensor, *shard;
};

struct index {
    struct wanted *w;
    uint32_t n, cap;
    bool met;
};

static bool sniff(const struct file *f)
{
    // a safetensors length can begin with '{' too, but its upper bytes are zero
    return f->bytes >= 8 && f->data[0] == '{' && !memchr(f->data, 0, 8);
}

static int by_shard(const void *a, const void *b)
{
    return strcmp(((const struct wanted *)a)->shard, ((const struct wanted *)b)->shard);
}

static bool read_entry(struct index *x, struct json_walk *w, const json_t *key, struct err *e)
{
    json_t *file = NULL;
    if (!json_value(w, NAME_MAX_BYTES, &file, e)) return false;
    bool ok = json_is_string(file) || err_set(e, ERR_FORMAT, "its weight_map names a file by something else than text");
    if (ok && x->n >= CKPT_TENSORS_MAX) ok = err_set(e, ERR_FORMAT, "lists more than %d tensors", CKPT_TENSORS_MAX);
    if (ok && (ok = mem_grow(&x->w, &x->cap, x->n + 1, sizeof *x->w, e))) {
        struct wanted *entry = &x->w[x->n++];
        entry->tensor = mem_text(json_string_value(key), e);
        entry->shard = mem_text(json_string_value(file), e);
        ok = entry->tensor && entry->shard;
    }
    json_decref(file);
    return ok;
}

static bool read_map(struct index *x, struct json_walk *w, struct err *e)
{
    json_t *key = NULL;
    if (x->met) return err_set(e, ERR_FORMAT, "has two weight_map entries");
    x->met = true;
    bool ok = json_enter(w, e);
    while (ok && (ok = json_key(w, &key, e)) && key) {
        ok = read_entry(x, w, key, e);
        json_decref(key);
    }
    return ok;
}

static bool read_index(struct index *x, const struct file *f, struct err *e)
{
    struct json_walk w = {(const char *)f->data, f->bytes, 0, false};
    json_t *key = NULL, *value = NULL;
    if (f->bytes > INDEX_MAX) return err_set(e, ERR_FORMAT, "is too large for an index");
    bool ok = json_enter(&w, e);
    while (ok && (ok = json_key(&w, &key, e)) && key) {
        ok =
            strcmp(json_string_value(key), "weight_map") ? json_value(&w, METADATA_MAX, &value, e) : read_map(x, &w, e);
        json_decref(value);
        json_decref(key);
        value = NULL;
    }
    if (!ok || !json_ended(&w, e)) return false;
    return x->n || err_set(e, ERR_FORMAT, "is JSON, but no index of tensors (weight_map)");
}

static bool add_shards(struct ckpt *c, struct index *x, struct err *e)
{
    qsort(x->w, x->n, sizeof *x->w, by_shard);
    for (uint32_t i = 0; i < x->n; i++)
        if ((i == 0 || strcmp(x->w[i - 1].shard, x->w[i].shard)) && !ckpt_add_shard(c, x->w[i].shard, e)) return false;
    return true;
}

static bool open_shards(struct ckpt *c, uint32_t source, const char *root, struct err *e)
{
    (void)root; // one flat list
    struct index x = {0};
    if (c->priv->in_shards) return err_set(e, ERR_FORMAT, "is an index again, wanted a file of tensors");
    const struct file f = *ckpt_file(c, source);
    bool ok = read_index(&x, &f, e) && add_shards(c, &x, e) && ckpt_sort(c, 0, e);
    for (uint32_t i = 0; ok && i < x.n; i++)
        if (!ckpt_find(c, x.w[i].tensor))
            ok = err_set(e, ERR_FORMAT, "tensor \"%s\" is missing from %s", SHOWN(x.w[i].tensor, strlen(x.w[i].tensor)),
                         SHOWN(x.w[i].shard, strlen(x.w[i].shard)));
    for (uint32_t i = 0; i < x.n; i++) {
        free(x.w[i].tensor);
        free(x.w[i].shard);
    }
    free(x.w);
    return ok;
}

const struct ckpt_format format_shards = {"sharded", sniff, open_shards};
