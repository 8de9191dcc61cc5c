// pt.c — from a pickle's values to tensors: which dictionary is meant, and whether each view fits its storage.
// Knows nothing about zip or pickle opcodes.
#include "weights/pt.h"

#include <stdio.h>
#include <string.h>

// What a training program's checkpoint calls its weights; the averaged ones are the ones to sample with.
static const char *const roots[] = {"ema", "model", "state_dict"};

enum { META_MAX = 1024 };

static const struct pickle_value *key_at(const struct pickle *p, uint32_t cell)
{
    return &p->cell[cell].v;
}
static const struct pickle_value *value_at(const struct pickle *p, uint32_t cell)
{
    return &p->cell[p->cell[cell].next].v;
}
static uint32_t next_pair(const struct pickle *p, uint32_t cell)
{
    return p->cell[p->cell[cell].next].next;
}

// "ema, model" — the names under which `dict` holds dictionaries.
static void list_dictionaries(const struct pickle *p, struct pickle_value dict, char *out, size_t room)
{
    size_t at = 0;
    out[0] = 0;
    for (uint32_t c = p->list[dict.as.id].first; c; c = next_pair(p, c)) {
        if (value_at(p, c)->kind != PICKLE_DICT || key_at(p, c)->kind != PICKLE_TEXT) continue;
        char name[40];
        text_clean(name, sizeof name, key_at(p, c)->as.text, key_at(p, c)->bytes);
        if (at + strlen(name) + 3 > room) return;
        at += (size_t)snprintf(out + at, room - at, "%s%s", at ? ", " : "", name);
    }
}

static bool choose_root(struct ckpt *c, const struct pickle *p, struct pickle_value top, const char *root,
                        struct pickle_value *chosen, struct err *e)
{
    *chosen = top;
    if (root && root[0]) {
        char found[160];
        *chosen = pickle_get(p, top, root);
        if (chosen->kind == PICKLE_DICT) return ckpt_add_meta(c, "root", root, e);
        list_dictionaries(p, top, found, sizeof found);
        return err_set(e, ERR_ARG, "has no dictionary \"%s\"; dictionaries found: %s", SHOWN(root, strlen(root)),
                       found[0] ? found : "none");
    }
    for (uint32_t i = 0; !root && i < COUNTOF(roots); i++) {
        const struct pickle_value v = pickle_get(p, top, roots[i]);
        if (v.kind != PICKLE_DICT) continue;
        *chosen = v;
        return ckpt_add_meta(c, "root", roots[i], e);
    }
    return true;
}

static bool scalar_text(struct pickle_value v, char *out, size_t room)
{
    switch (v.kind) { // clang-format off
    case PICKLE_TEXT: return v.bytes < room - 4 && strlen(text_clean(out, room, v.as.text, v.bytes)) == v.bytes;
    case PICKLE_INT: return snprintf(out, room, "%lld", (long long)v.as.i) > 0;
    case PICKLE_FLOAT: return snprintf(out, room, "%.17g", v.as.f) > 0;
    case PICKLE_BOOL: return snprintf(out, room, "%s", v.as.i ? "true" : "false") > 0;
    default: return false;
    } // clang-format on
}

// Scalars of a dictionary become metadata "PREFIXkey": a SiT is told from a DiT by what its training program noted.
static bool add_scalars(struct ckpt *c, const struct pickle *p, struct pickle_value dict, const char *prefix,
                        struct err *e)
{
    for (uint32_t cell = p->list[dict.as.id].first; cell && c->n_meta < META_MAX; cell = next_pair(p, cell)) {
        char name[120], key[160], value[480];
        if (key_at(p, cell)->kind != PICKLE_TEXT) continue;
        if (!scalar_text(*value_at(p, cell), value, sizeof value)) continue;
        text_clean(name, sizeof name, key_at(p, cell)->as.text, key_at(p, cell)->bytes);
        snprintf(key, sizeof key, "%s%s", prefix, name);
        if (!ckpt_add_meta(c, key, value, e)) return false;
    }
    return true;
}

static bool add_notes(struct ckpt *c, const struct pickle *p, struct pickle_value top, struct err *e)
{
    struct pickle_value args = pickle_get(p, top, "args");
    if (args.kind == PICKLE_OBJECT && p->list[args.as.id].first) args = *key_at(p, p->list[args.as.id].first);
    return add_scalars(c, p, top, "", e) && (args.kind != PICKLE_DICT || add_scalars(c, p, args, "args.", e));
}

struct places { // of storages, each asked for once
    pt_locate *locate;
    void *container;
};

static bool add_tensor(struct ckpt *c, uint32_t source, const struct pickle *p, const struct pickle_value *key,
                       const struct pickle_tensor *view, const struct places *places, struct err *e)
{
    const struct pickle_storage *s = &p->storage[view->storage];
    struct pt_place place = {0};
    uint64_t claimed, skip;
    if (!places->locate(places->container, s, &place, e)) return false;
    if (!mul_ok(s->count, dtype_bytes(s->dtype), &claimed) || claimed > place.bytes)
        return err_set(e, ERR_FORMAT, "storage \"%s\" has %llu bytes, the pickle claims %llu elements of %s",
                       SHOWN(s->key, s->key_bytes), (unsigned long long)place.bytes, (unsigned long long)s->count,
                       dtype_name(s->dtype));
    if (!mul_ok(view->offset, dtype_bytes(s->dtype), &skip) || skip > claimed)
        return err_set(e, ERR_FORMAT, "tensor \"%s\" begins at element %llu of a storage of %llu",
                       SHOWN(key->as.text, key->bytes), (unsigned long long)view->offset, (unsigned long long)s->count);
    struct ckpt_tensor t = {.dtype = s->dtype, .rank = view->rank, .source = source, .offset = place.offset + skip};
    memcpy(t.dim, view->dim, sizeof t.dim);
    memcpy(t.stride, view->stride, sizeof t.stride);
    return ckpt_add(c, key->as.text, key->bytes, t, claimed - skip, e);
}

bool pt_add(struct ckpt *c, uint32_t source, const struct pickle *p, struct pickle_value top, const char *root,
            pt_locate *locate, void *container, struct err *e)
{
    _Static_assert((int)PICKLE_RANK == (int)CKPT_RANK, "views are copied as they are");
    struct pickle_value chosen;
    if (top.kind != PICKLE_DICT)
        return err_set(e, ERR_FORMAT, "holds %s, wanted a dictionary of tensors", pickle_kind_name(top.kind));
    if (!choose_root(c, p, top, root, &chosen, e) || !add_notes(c, p, top, e)) return false;
    const struct places places = {locate, container};
    for (uint32_t cell = p->list[chosen.as.id].first; cell; cell = next_pair(p, cell)) {
        const struct pickle_value *key = key_at(p, cell), *value = value_at(p, cell);
        if (key->kind != PICKLE_TEXT)
            return err_set(e, ERR_FORMAT, "its dictionary has a key that is %s, wanted text",
                           pickle_kind_name(key->kind));
        if (value->kind != PICKLE_TENSOR) continue; // counters, nested dictionaries
        if (!add_tensor(c, source, p, key, &p->tensor[value->as.id], &places, e)) return false;
    }
    return true;
}
