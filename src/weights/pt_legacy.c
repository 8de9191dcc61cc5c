// pt_legacy.c — torch.save before version 1.6: five pickles in a row (magic number, protocol, system, object, storage
// keys), then the storages in the order of the keys. Knows nothing about zip or pickle opcodes.
#include "weights/pt.h"

#include <stdlib.h>
#include <string.h>

// PROTO 2, LONG1 of 10 bytes 0x1950a86a20f9469cfc6c, STOP
static const uint8_t magic[15] = {0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, '.'};

enum { PROTOCOL = 1001 };

struct placed { // one storage of the file; the list is sorted by key
    struct pickle_storage claim;
    struct pt_place place;
    bool found;
};

struct legacy {
    const struct file *f;
    uint64_t pos;
    struct placed *storage;
    uint32_t n;
};

static bool sniff(const struct file *f)
{
    return f->bytes > sizeof magic && !memcmp(f->data, magic, sizeof magic);
}

static int compare_keys(const struct pickle_storage *a, const struct pickle_storage *b)
{
    if (a->key_bytes != b->key_bytes) return a->key_bytes < b->key_bytes ? -1 : 1;
    return a->key_bytes ? memcmp(a->key, b->key, a->key_bytes) : 0;
}

static int by_key(const void *a, const void *b)
{
    return compare_keys(&((const struct placed *)a)->claim, &((const struct placed *)b)->claim);
}

// The pickle mentions a storage once per tensor that shares it: one entry is kept of each.
static bool collect(struct legacy *l, const struct pickle *p, struct err *e)
{
    l->storage = mem_zero(p->n_storage, sizeof *l->storage, e);
    if (!l->storage) return false;
    for (uint32_t i = 0; i < p->n_storage; i++) l->storage[i].claim = p->storage[i];
    if (p->n_storage) qsort(l->storage, p->n_storage, sizeof *l->storage, by_key);
    for (uint32_t i = 0; i < p->n_storage; i++) {
        const struct pickle_storage *s = &l->storage[i].claim, *last = l->n ? &l->storage[l->n - 1].claim : NULL;
        if (!last || compare_keys(s, last))
            l->storage[l->n++] = l->storage[i];
        else if (s->dtype != last->dtype || s->count != last->count)
            return err_set(e, ERR_FORMAT, "storage \"%s\" is described in two ways", SHOWN(s->key, s->key_bytes));
    }
    return true;
}

static struct placed *find(const struct legacy *l, struct pickle_storage claim)
{
    const struct placed key = {.claim = claim};
    return l->n ? bsearch(&key, l->storage, l->n, sizeof key, by_key) : NULL;
}

// A storage of the file: 8 bytes of count, then the elements.
static bool place(struct legacy *l, struct pickle_value key, struct err *e)
{
    if (key.kind != PICKLE_TEXT)
        return err_set(e, ERR_FORMAT, "a storage's key is %s, wanted text", pickle_kind_name(key.kind));
    struct placed *s = find(l, (struct pickle_storage){.key = key.as.text, .key_bytes = key.bytes});
    if (!s || s->found)
        return err_set(e, ERR_FORMAT, "storage \"%s\" is listed %s", SHOWN(key.as.text, key.bytes),
                       s ? "twice" : "but not used");
    const uint64_t left = l->f->bytes - l->pos;
    uint64_t count = 0, bytes;
    for (int i = 8; left >= 8 && i-- > 0;) count = count << 8 | l->f->data[l->pos + (uint64_t)i];
    if (left < 8 || count != s->claim.count || !mul_ok(count, dtype_bytes(s->claim.dtype), &bytes) || bytes > left - 8)
        return err_set(e, ERR_FORMAT,
                       "storage \"%s\" wants %llu elements of %s, the file has %llu and ends after %llu bytes",
                       SHOWN(key.as.text, key.bytes), (unsigned long long)s->claim.count, dtype_name(s->claim.dtype),
                       (unsigned long long)count, (unsigned long long)left);
    s->place = (struct pt_place){l->pos + 8, bytes};
    s->found = true;
    l->pos += 8 + bytes;
    return true;
}

static bool locate(void *container, const struct pickle_storage *claim, struct pt_place *out, struct err *e)
{
    const struct placed *s = find(container, *claim);
    if (!s || !s->found)
        return err_set(e, ERR_FORMAT, "storage \"%s\" is missing", SHOWN(claim->key, claim->key_bytes));
    *out = s->place;
    return true;
}

// Runs the next pickle of the file.
static bool next_pickle(struct legacy *l, struct pickle *p, struct pickle_value *top, struct err *e)
{
    const bool ok = pickle_load(p, l->f->data + l->pos, l->f->bytes - l->pos, top, e);
    l->pos += p->pos;
    return ok;
}

static bool read_preamble(struct legacy *l, struct err *e)
{
    struct pickle protocol = {0}, system = {0};
    struct pickle_value top = {0};
    l->pos = sizeof magic;
    bool ok = next_pickle(l, &protocol, &top, e);
    if (ok && (top.kind != PICKLE_INT || top.as.i != PROTOCOL))
        ok = err_set(e, ERR_UNSUPPORTED, "is a legacy PyTorch file of an unknown protocol, wanted %d", PROTOCOL);
    ok = ok && next_pickle(l, &system, &top, e);
    if (ok && top.kind != PICKLE_DICT) ok = err_set(e, ERR_FORMAT, "its description of the system is no dictionary");
    const struct pickle_value little = ok ? pickle_get(&system, top, "little_endian") : top;
    if (ok && (little.kind != PICKLE_BOOL || !little.as.i))
        ok = err_set(e, ERR_UNSUPPORTED, "was written on a big-endian machine");
    pickle_close(&protocol);
    pickle_close(&system);
    return ok;
}

static bool read_keys(struct legacy *l, struct err *e)
{
    struct pickle keys = {0};
    struct pickle_value top = {0};
    bool ok = next_pickle(l, &keys, &top, e);
    if (ok && top.kind != PICKLE_LIST)
        ok = err_set(e, ERR_FORMAT, "its storage keys are %s, wanted a list", pickle_kind_name(top.kind));
    for (uint32_t c = ok ? keys.list[top.as.id].first : 0; ok && c; c = keys.cell[c].next)
        ok = place(l, keys.cell[c].v, e);
    pickle_close(&keys);
    return ok;
}

static bool open_legacy(struct ckpt *c, uint32_t source, const char *root, struct err *e)
{
    struct legacy l = {.f = ckpt_file(c, source)};
    struct pickle p = {0};
    struct pickle_value top = {0};
    const bool ok = read_preamble(&l, e) && next_pickle(&l, &p, &top, e) && collect(&l, &p, e) && read_keys(&l, e) &&
                    pt_add(c, source, &p, top, root, locate, &l, e);
    pickle_close(&p);
    free(l.storage);
    return ok;
}

const struct ckpt_format format_pt_legacy = {"PyTorch (legacy)", sniff, open_legacy};
