// dit_config.c — what kind of DiT a checkpoint is, from its tensors, its metadata and its folder.
// Every number is checked before anything is sized by it.
#include "models/dit.h"
#include "models/meta.h"
#include "models/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WIDTH_MAX = 16384, SIDE_MAX = 1024, CLASSES_MAX = 1 << 20, PATCH_MAX = 64, HEAD_MAX = 256 };

bool dit_sniff(const struct ckpt *c)
{
    struct name_parts p;
    return name_resolve(c, "x_embedder.proj.weight", &p) || name_resolve(c, "final_layer.linear.weight", &p) ||
           name_resolve(c, "blocks.0.attn.qkv.weight", &p);
}

// Dimensions of a weight by the tape's name; the error says what is missing.
static const struct ckpt_tensor *need(const struct ckpt *c, const char *name, uint32_t rank, struct err *e)
{
    struct name_parts p;
    if (!name_resolve(c, name, &p)) {
        err_set(e, ERR_MODEL, "not a DiT: tensor %s is missing", name);
        return NULL;
    }
    const struct ckpt_tensor *t = ckpt_find(c, p.name[0]);
    if (t->rank == rank) return t;
    err_set(e, ERR_MODEL, "%s has %u dimensions, expected %u", p.name[0], t->rank, rank);
    return NULL;
}

static bool number(uint64_t v, uint64_t max, const char *what, uint32_t *out, struct err *e)
{
    if (v == 0 || v > max)
        return err_set(e, ERR_MODEL, "%s is %llu, expected 1..%llu", what, (unsigned long long)v,
                       (unsigned long long)max);
    *out = (uint32_t)v;
    return true;
}

static bool find_depth(struct dit_config *d, const struct ckpt *c, struct err *e)
{
    static const char *const prefixes[] = {"blocks.", "transformer_blocks.", "module.blocks.", "model.blocks."};
    int64_t last = -1;
    for (uint32_t i = 0; i < c->n; i++)
        for (uint32_t k = 0; k < COUNTOF(prefixes); k++) {
            int64_t at = name_index(c->t[i].name, prefixes[k]);
            char name[96];
            if (at == -2)
                return err_set(e, ERR_MODEL, "block index out of range in tensor name %s",
                               text_clean(name, sizeof name, c->t[i].name, strlen(c->t[i].name)));
            if (at > last) last = at;
        }
    if (last < 0) return err_set(e, ERR_MODEL, "not a DiT: it has no transformer blocks");
    d->depth = (uint32_t)last + 1;
    return true;
}

static bool find_heads(struct dit_config *d, uint32_t asked, uint32_t known, struct err *e)
{
    static const uint32_t published[][2] = {{384, 6}, {768, 12}, {1024, 16}, {1152, 16}};
    d->heads = asked ? asked : known;
    for (uint32_t i = 0; i < COUNTOF(published) && !d->heads; i++)
        if (d->width == published[i][0]) d->heads = published[i][1];
    if (!d->heads)
        return err_set(e, ERR_MODEL,
                       "the number of attention heads cannot be derived from width %u: give it with --heads", d->width);
    if (d->width % d->heads || d->width / d->heads > HEAD_MAX)
        return err_set(e, ERR_MODEL, "%u heads do not divide width %u into heads of at most %u", d->heads, d->width,
                       (unsigned)HEAD_MAX);
    return true;
}

static bool find_side(struct dit_config *d, const struct ckpt *c, const struct folder *f, uint32_t known, struct err *e)
{
    const struct ckpt_tensor *pos = ckpt_find(c, "pos_embed");
    d->stored_pos = pos != NULL;
    if (!pos) {
        uint32_t side = f && f->dit.sample ? f->dit.sample : known;
        if (!side)
            return err_set(e, ERR_MODEL,
                           "the image size is unknown: pos_embed is missing and no config.json gives sample_size");
        if (!number(side, SIDE_MAX, "sample_size", &d->side, e)) return false;
    } else {
        if (pos->rank != 3 || pos->dim[0] != 1 || pos->dim[2] != d->width)
            return err_set(e, ERR_MODEL, "pos_embed does not have the shape [1, tokens, %u]", d->width);
        uint64_t grid = 1;
        while (grid * grid < pos->dim[1] && grid <= SIDE_MAX) grid++;
        if (pos->dim[1] == 0 || grid * grid != pos->dim[1])
            return err_set(e, ERR_MODEL, "pos_embed has %llu positions, which is not a square grid",
                           (unsigned long long)pos->dim[1]);
        if (!number(grid * d->patch, SIDE_MAX, "the latent size", &d->side, e)) return false;
    }
    return d->side % d->patch == 0 ||
           err_set(e, ERR_MODEL, "patch size %u does not divide latent size %u", d->patch, d->side);
}

static bool find_classes(struct dit_config *d, const struct ckpt *c, const struct meta *m, struct err *e)
{
    const struct ckpt_tensor *t = need(c, "y_embedder.embedding_table.weight", 2, e);
    uint32_t rows = 0;
    if (!t || !number(t->dim[0], CLASSES_MAX, "the number of rows of the class table", &rows, e)) return false;
    uint32_t said = meta_u32(m, "num_classes", 0);
    d->null_class = said != rows;
    d->classes = rows - d->null_class;
    return d->classes > 0 || err_set(e, ERR_MODEL, "the class table has %u rows: no class beside the null class", rows);
}

static bool find_shapes(struct dit_config *d, const struct ckpt *c, struct err *e)
{
    const struct ckpt_tensor *x = need(c, "x_embedder.proj.weight", 4, e);
    if (!x) return false;
    if (!number(x->dim[0], WIDTH_MAX, "the width", &d->width, e) ||
        !number(x->dim[1], 64, "the number of latent channels", &d->channels, e) ||
        !number(x->dim[2], PATCH_MAX, "the patch size", &d->patch, e))
        return false;
    if (x->dim[3] != x->dim[2] || d->width % 4)
        return err_set(e, ERR_MODEL,
                       "x_embedder.proj.weight: patches are not square, or width %u is not a multiple of 4", d->width);
    const struct ckpt_tensor *fc1 = need(c, "blocks.0.mlp.fc1.weight", 2, e),
                             *out = need(c, "final_layer.linear.weight", 2, e);
    if (!fc1 || !out || !number(fc1->dim[0], 16 * WIDTH_MAX, "the width of the MLP", &d->mlp, e)) return false;
    uint64_t area = (uint64_t)d->patch * d->patch, channels = out->dim[0] / area;
    if (out->dim[0] % area || (channels != d->channels && channels != 2ull * d->channels))
        return err_set(e, ERR_MODEL, "final_layer.linear.weight has %llu rows, expected %llu or %llu",
                       (unsigned long long)out->dim[0], (unsigned long long)(area * d->channels),
                       (unsigned long long)(2 * area * d->channels));
    d->out_channels = (uint32_t)channels;
    d->learned_var = channels == 2ull * d->channels;
    return true;
}

bool dit_config_read(struct dit_config *d, const struct ckpt *c, const struct folder *f, uint32_t heads, struct err *e)
{
    *d = (struct dit_config){.diffusers = f != NULL};
    struct meta m = meta_open(c);
    const char *kind = meta_text(&m, "kind");
    d->sit = kind && !strcasecmp(kind, "sit");
    uint32_t known = f && f->dit.heads ? f->dit.heads : meta_u32(&m, "heads", 0);
    bool ok = find_depth(d, c, e) && find_shapes(d, c, e) && find_heads(d, heads, known, e) &&
              find_side(d, c, f, meta_u32(&m, "input_size", 0), e) && find_classes(d, c, &m, e);
    meta_close(&m);
    return ok;
}

// --- published shapes ---------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    uint32_t depth, width, heads;
} sizes[] = {{"S", 12, 384, 6}, {"B", 12, 768, 12}, {"L", 24, 1024, 16}, {"XL", 28, 1152, 16}};

bool dit_config_named(struct dit_config *d, const char *name, struct err *e)
{
    *d = (struct dit_config){
        .channels = 4, .out_channels = 8, .side = 32, .classes = 1000, .null_class = true, .learned_var = true};
    if (!strcasecmp(name, "tiny")) {
        d->depth = 4, d->width = 96, d->heads = 4, d->patch = 2, d->side = 16, d->classes = 16, d->mlp = 384;
        return true;
    }
    d->sit = !strncasecmp(name, "SiT-", 4);
    char size[4] = "";
    uint32_t pixels = 256;
    int used = 0;
    bool shape =
        (d->sit || !strncasecmp(name, "DiT-", 4)) && sscanf(name + 4, "%2[A-Za-z]/%u%n", size, &d->patch, &used) == 2;
    const char *rest = shape ? name + 4 + used : "";
    if (shape && *rest) shape = !strcmp(rest, "-256") || (!strcmp(rest, "-512") && (pixels = 512));
    for (uint32_t i = 0; shape && i < COUNTOF(sizes); i++)
        if (!strcasecmp(size, sizes[i].name))
            d->depth = sizes[i].depth, d->width = sizes[i].width, d->heads = sizes[i].heads;
    d->side = pixels / 8;
    d->mlp = 4 * d->width;
    if (d->depth && (d->patch == 2 || d->patch == 4 || d->patch == 8)) return true;
    return err_set(e, ERR_ARG,
                   "unknown model shape '%.40s': give tiny, or DiT-S/2 to SiT-XL/8, with -512 for 512 pixels", name);
}

void dit_config_name(const struct dit_config *d, char *name, size_t bytes)
{
    const char *size = NULL, *family = d->sit ? "SiT" : "DiT";
    for (uint32_t i = 0; i < COUNTOF(sizes); i++)
        if (d->depth == sizes[i].depth && d->width == sizes[i].width) size = sizes[i].name;
    if (size)
        snprintf(name, bytes, "%s-%s/%u", family, size, d->patch);
    else
        snprintf(name, bytes, "%s %ux%u/%u", family, d->depth, d->width, d->patch);
}
