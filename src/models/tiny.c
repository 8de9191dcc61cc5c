// tiny.c — a tiny decoder: convolutions and rectifiers, doubled from level to level. What a file's widths and depths are
// is read off its tensors; after that the equations only.
#include "models/tiny.h"

#include <stdio.h>

enum { LAYERS_MAX = 256, WIDTH_MAX = 1024 };

// --- what a file says ---------------------------------------------------------------------------------------------

static const char *const prefixes[] = {"", "decoder.layers.", "decoder."};

static const struct ckpt_tensor *layer(const struct ckpt *c, const char *prefix, uint32_t i, const char *leaf)
{
    char name[64];
    snprintf(name, sizeof name, "%s%u.%s", prefix, i, leaf);
    const struct ckpt_tensor *t = ckpt_find(c, name);
    return t && t->rank == 4 ? t : NULL;
}

// A convolution, a rectifier, a residual block: some files count what comes before them, a clamp.
static bool find_first(const struct ckpt *c, const char **prefix, uint32_t *first)
{
    for (size_t p = 0; p < COUNTOF(prefixes); p++)
        for (*first = 0; *first < 2; ++*first) {
            *prefix = prefixes[p];
            if (layer(c, *prefix, *first, "weight") && layer(c, *prefix, *first + 2, "conv.0.weight")) return true;
        }
    return false;
}

bool tiny_sniff(const struct ckpt *c)
{
    const char *prefix;
    uint32_t first;
    return find_first(c, &prefix, &first);
}

static bool add_level(struct tiny_config *t, const struct ckpt_tensor *conv, struct err *e)
{
    if (t->levels == TINY_LEVELS || conv->dim[0] == 0 || conv->dim[0] > WIDTH_MAX)
        return err_set(e, ERR_MODEL, "level %u has %llu channels: no tiny decoder that can be read", t->levels,
                       (unsigned long long)conv->dim[0]);
    t->width[t->levels++] = (uint32_t)conv->dim[0];
    return true;
}

// Blocks, then either a doubling with its convolution or the last convolution.
static bool read_layers(struct tiny_config *t, const struct ckpt *c, struct err *e)
{
    for (uint32_t i = t->first + 2; i < LAYERS_MAX; i++) {
        const struct ckpt_tensor *last = layer(c, t->prefix, i, "weight"), *up = layer(c, t->prefix, i + 1, "weight");
        uint32_t *blocks = &t->blocks[t->levels - 1];
        if (layer(c, t->prefix, i, "conv.0.weight")) {
            if (++*blocks > TINY_BLOCKS) return err_set(e, ERR_MODEL, "more than %d blocks in a level", TINY_BLOCKS);
        } else if (last) {
            return last->dim[0] == 3 ||
                   err_set(e, ERR_MODEL, "the last layer makes %llu channels, not three: no decoder",
                           (unsigned long long)last->dim[0]);
        } else if (up) {
            if (!add_level(t, up, e)) return false;
            i++;
        } else {
            return err_set(e, ERR_MODEL, "layer %u of the tiny decoder is missing", i);
        }
    }
    return err_set(e, ERR_MODEL, "the tiny decoder has no end");
}

bool tiny_config_read(struct tiny_config *t, const struct ckpt *c, struct err *e)
{
    *t = (struct tiny_config){0};
    if (!find_first(c, &t->prefix, &t->first)) return err_set(e, ERR_MODEL, "not a tiny decoder: no such layers");
    const struct ckpt_tensor *in = layer(c, t->prefix, t->first, "weight");
    if (in->dim[1] == 0 || in->dim[1] > 64)
        return err_set(e, ERR_MODEL, "tiny decoder with %llu latent channels", (unsigned long long)in->dim[1]);
    t->latent = (uint32_t)in->dim[1];
    return add_level(t, in, e) && read_layers(t, c, e);
}

uint32_t tiny_scale(const struct tiny_config *t)
{
    return 1u << (t->levels - 1);
}

// --- the equations ------------------------------------------------------------------------------------------------

struct plane {
    ten x;
    uint32_t h, w, c;
};

static struct plane conv(struct net *n, struct plane p, const char *leaf, uint32_t c, uint32_t up, bool bias, ten res,
                         enum act act)
{
    const struct conv_shape s = {p.h, p.w, .kernel = 3, .stride = 1, .pad_low = 1, .pad_high = 1, .up = up};
    return (struct plane){net_conv(n, leaf, p.x, c, s, bias, res, act), p.h * up, p.w * up, c};
}

// relu(x + conv(relu(conv(relu(conv(x))))))
static struct plane block(struct net *n, struct plane p)
{
    struct plane h = conv(n, p, "conv.0", p.c, 1, true, (ten){0}, ACT_RELU);
    h = conv(n, h, "conv.2", p.c, 1, true, (ten){0}, ACT_RELU);
    return conv(n, h, "conv.4", p.c, 1, true, p.x, ACT_RELU);
}

void tiny_build(struct net *n, const struct tiny_config *t, uint32_t h, uint32_t w, struct vae_io *io)
{
    struct graph *g = n->g;
    uint32_t at = t->first;
    graph_scope(g, "%s", "");
    io->in = graph_tensor(g, KIND_INPUT, RATE_STEP, DT_F32, (struct shape){1, t->latent, h * w}, "latent");
    struct plane p = {op_activate(g, op_nchw_to_rows(g, io->in, 1.0f), ACT_SOFT_CLAMP), h, w, t->latent};
    graph_tap(g, p.x, "tiny.in");
    for (uint32_t level = 0; level < t->levels; level++) {
        if (level) at++; // the doubling
        graph_scope(g, "%s%u", t->prefix, at++);
        p = conv(n, p, "", t->width[level], level ? 2 : 1, !level, (ten){0}, level ? ACT_NONE : ACT_RELU);
        if (!level) at++; // the rectifier
        for (uint32_t i = 0; i < t->blocks[level]; i++) {
            graph_scope(g, "%s%u", t->prefix, at++);
            p = block(n, p);
        }
        graph_tap(g, p.x, "tiny.level%u", level);
    }
    graph_scope(g, "%s%u", t->prefix, at);
    p = conv(n, p, "", 3, 1, true, (ten){0}, ACT_NONE);
    io->bytes = op_to_bytes(g, p.x, 0);
    io->out = op_rows_to_nchw(g, p.x, 1.0f);
    if (io->bytes.id) g->t[io->bytes.id].keep = true;
    if (io->out.id) g->t[io->out.id].keep = true;
}

double tiny_flops(const struct tiny_config *t, uint32_t h, uint32_t w)
{
    double px = (double)h * w, c = t->latent, sum = 0;
    for (uint32_t i = 0; i < t->levels; i++) {
        const double o = t->width[i];
        if (i) px *= 4;
        sum += px * 9 * (c * o + 3 * t->blocks[i] * o * o);
        c = o;
    }
    return 2 * (sum + px * 9 * c * 3);
}
