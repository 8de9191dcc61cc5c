// vae.c — the Stable Diffusion autoencoder: residual blocks, one attention in the middle, nearest upsampling.
// Images are lists of pixels, channel last. The equations only.
#include "models/vae.h"

#include <stdio.h>

static const float eps = 1e-6f;

// A picture on its way through the network.
struct plane {
    ten x;
    uint32_t h, w, c;
};

static ten weight(struct net *n, const char *leaf, uint32_t rows, uint32_t cols)
{
    return net_weight(n, leaf, rows, cols, FORM_KERNEL);
}

static struct plane conv(struct net *n, struct plane p, const char *name, uint32_t c, struct conv_shape s, ten res)
{
    s.h = p.h;
    s.w = p.w;
    uint32_t up = s.up > 1 ? s.up : 1, pad = s.pad_low + s.pad_high;
    uint32_t h = (p.h * up + pad - s.kernel) / s.stride + 1, wide = (p.w * up + pad - s.kernel) / s.stride + 1;
    return (struct plane){net_conv(n, name, p.x, c, s, true, res, ACT_NONE), h, wide, c};
}

static struct plane conv1(struct net *n, struct plane p, const char *name, uint32_t c)
{
    return conv(n, p, name, c, (struct conv_shape){.kernel = 1, .stride = 1, .up = 1}, (ten){0});
}

static struct plane conv3(struct net *n, struct plane p, const char *name, uint32_t c, ten res)
{
    struct conv_shape s = {.kernel = 3, .stride = 1, .pad_low = 1, .pad_high = 1, .up = 1};
    return conv(n, p, name, c, s, res);
}

static struct plane up2(struct net *n, struct plane p, const char *name)
{
    struct conv_shape s = {.kernel = 3, .stride = 1, .pad_low = 1, .pad_high = 1, .up = 2};
    return conv(n, p, name, p.c, s, (ten){0});
}

// Zeros on the right and below only, as the reference pads.
static struct plane down2(struct net *n, struct plane p, const char *name)
{
    return conv(n, p, name, p.c, (struct conv_shape){.kernel = 3, .stride = 2, .pad_high = 1, .up = 1}, (ten){0});
}

static struct plane norm(struct net *n, const struct vae_config *v, struct plane p, const char *name, enum act act)
{
    char leaf[64];
    snprintf(leaf, sizeof leaf, "%s.weight", name);
    ten w = weight(n, leaf, 1, p.c);
    snprintf(leaf, sizeof leaf, "%s.bias", name);
    ten b = weight(n, leaf, 1, p.c);
    p.x = op_group_norm(n->g, p.x, w, b, v->groups, eps, act);
    return p;
}

// y = shortcut(x) + conv2(silu(norm2(conv1(silu(norm1(x))))))
static struct plane resnet(struct net *n, const struct vae_config *v, struct plane p, uint32_t c)
{
    struct plane h = norm(n, v, p, "norm1", ACT_SILU);
    h = conv3(n, h, "conv1", c, (ten){0});
    h = norm(n, v, h, "norm2", ACT_SILU);
    ten shortcut = p.c == c ? p.x : conv1(n, p, "conv_shortcut", c).x;
    return conv3(n, h, "conv2", c, shortcut);
}

static struct plane attention(struct net *n, const struct vae_config *v, struct plane p)
{
    ten x = norm(n, v, p, "group_norm", ACT_NONE).x;
    x = net_linear(n, "to_qkv", x, 3 * p.c, ACT_NONE);
    x = op_attention(n->g, x, 1);
    p.x = net_linear_add(n, "to_out.0", x, p.x);
    return p;
}

static struct plane middle(struct net *n, const struct vae_config *v, struct plane p, const char *side, const char *tap)
{
    graph_scope(n->g, "%s.mid_block.resnets.0", side);
    p = resnet(n, v, p, p.c);
    graph_tap(n->g, p.x, "%s.mid.resnet0", tap);
    graph_scope(n->g, "%s.mid_block.attentions.0", side);
    p = attention(n, v, p);
    graph_tap(n->g, p.x, "%s.mid.attn", tap);
    graph_scope(n->g, "%s.mid_block.resnets.1", side);
    p = resnet(n, v, p, p.c);
    graph_tap(n->g, p.x, "%s.mid", tap);
    return p;
}

void vae_build_decoder(struct net *n, const struct vae_config *v, uint32_t h, uint32_t w, bool unscaled,
                       struct vae_io *io)
{
    struct graph *g = n->g;
    graph_scope(g, "%s", "");
    io->in = graph_tensor(g, KIND_INPUT, RATE_STEP, DT_F32, (struct shape){1, v->latent, h * w}, "latent");
    struct plane p = {op_nchw_to_rows(g, io->in, unscaled ? 1.0f : 1.0f / v->scaling), h, w, v->latent};
    if (v->post_quant) p = conv1(n, p, "post_quant_conv", v->latent);
    graph_tap(g, p.x, "dec.post_quant_conv");
    graph_scope(g, "decoder");
    p = conv3(n, p, "conv_in", v->base[v->levels - 1], (ten){0});
    graph_tap(g, p.x, "dec.conv_in");
    p = middle(n, v, p, "decoder", "dec");
    for (uint32_t i = 0; i < v->levels; i++) {
        uint32_t c = v->base[v->levels - 1 - i];
        for (uint32_t k = 0; k <= v->layers; k++) {
            graph_scope(g, "decoder.up_blocks.%u.resnets.%u", i, k);
            p = resnet(n, v, p, c);
        }
        graph_scope(g, "decoder.up_blocks.%u", i);
        if (i + 1 < v->levels) p = up2(n, p, "upsamplers.0.conv");
        graph_tap(g, p.x, "dec.up%u", i);
    }
    graph_scope(g, "decoder");
    p = norm(n, v, p, "conv_norm_out", ACT_SILU);
    p = conv3(n, p, "conv_out", 3, (ten){0});
    io->bytes = op_to_bytes(g, p.x, -1);
    io->out = op_rows_to_nchw(g, p.x, 1.0f);
    if (io->bytes.id) g->t[io->bytes.id].keep = true;
    if (io->out.id) g->t[io->out.id].keep = true;
}

void vae_build_encoder(struct net *n, const struct vae_config *v, uint32_t h, uint32_t w, struct vae_io *io)
{
    struct graph *g = n->g;
    graph_scope(g, "%s", "");
    io->in = graph_tensor(g, KIND_INPUT, RATE_STEP, DT_F32, (struct shape){1, 3, h * w}, "image");
    struct plane p = {op_nchw_to_rows(g, io->in, 1.0f), h, w, 3};
    graph_scope(g, "encoder");
    p = conv3(n, p, "conv_in", v->base[0], (ten){0});
    graph_tap(g, p.x, "enc.conv_in");
    for (uint32_t i = 0; i < v->levels; i++) {
        for (uint32_t k = 0; k < v->layers; k++) {
            graph_scope(g, "encoder.down_blocks.%u.resnets.%u", i, k);
            p = resnet(n, v, p, v->base[i]);
        }
        graph_scope(g, "encoder.down_blocks.%u", i);
        if (i + 1 < v->levels) p = down2(n, p, "downsamplers.0.conv");
        graph_tap(g, p.x, "enc.down%u", i);
    }
    p = middle(n, v, p, "encoder", "enc");
    graph_scope(g, "encoder");
    p = norm(n, v, p, "conv_norm_out", ACT_SILU);
    p = conv3(n, p, "conv_out", 2 * v->latent, (ten){0});
    graph_tap(g, p.x, "enc.conv_out");
    graph_scope(g, "%s", "");
    if (v->quant) p = conv1(n, p, "quant_conv", 2 * v->latent);
    io->out = op_rows_to_nchw(g, p.x, 1.0f);
    if (io->out.id) g->t[io->out.id].keep = true;
}

uint32_t vae_scale(const struct vae_config *v)
{
    return v->levels ? 1u << (v->levels - 1) : 1; // no autoencoder: latent cells are pixels
}

double vae_flops(const struct vae_config *v, uint32_t h, uint32_t w)
{
    double px = (double)h * w, top = v->base[v->levels - 1], c = top;
    double sum = px * 9 * v->latent * top + px * (4 * 9 * top * top + 4 * top * top) + 2 * px * px * top;
    for (uint32_t i = 0; i < v->levels; i++) {
        double o = v->base[v->levels - 1 - i];
        for (uint32_t k = 0; k <= v->layers; k++, c = o) sum += px * 9 * (c * o + o * o) + (c != o ? px * c * o : 0);
        if (i + 1 < v->levels) sum += (px *= 4) * 9 * o * o;
    }
    return 2 * (sum + px * 9 * c * 3);
}
