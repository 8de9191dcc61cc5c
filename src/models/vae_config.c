// vae_config.c — what kind of autoencoder a checkpoint is, from its tensors, its metadata and its folder.
#include "models/meta.h"
#include "models/names.h"
#include "models/vae.h"

#include <stdio.h>

enum { CHANNELS_MAX = 4096, LAYERS_MAX = 16 };

static const struct ckpt_tensor *find(const struct ckpt *c, const char *name)
{
    struct name_parts p;
    return name_resolve(c, name, &p) ? ckpt_find(c, p.name[0]) : NULL;
}

bool vae_sniff(const struct ckpt *c)
{
    return find(c, "decoder.conv_in.weight") || find(c, "encoder.conv_in.weight");
}

// Output channels of the first residual block of a level, and how many blocks it has; 0 when there is no such level.
static uint64_t level(const struct ckpt *c, const char *pattern, uint32_t i, uint32_t *blocks)
{
    char name[96];
    uint64_t channels = 0;
    for (*blocks = 0; *blocks < LAYERS_MAX; ++*blocks) {
        snprintf(name, sizeof name, pattern, i, *blocks);
        const struct ckpt_tensor *t = find(c, name);
        if (!t || t->rank != 4) break;
        channels = t->dim[0];
    }
    return channels;
}

static bool find_levels(struct vae_config *v, const struct ckpt *c, struct err *e)
{
    static const char *const patterns[] = {"encoder.down_blocks.%u.resnets.%u.conv1.weight",
                                           "decoder.up_blocks.%u.resnets.%u.conv1.weight"};
    uint64_t channels[VAE_LEVELS];
    uint32_t n = 0, blocks = 0;
    for (; n < VAE_LEVELS; n++) {
        uint32_t here;
        channels[n] = level(c, patterns[v->decoder], n, &here);
        if (channels[n] == 0) break;
        if (channels[n] > CHANNELS_MAX || (n && here != blocks))
            return err_set(e, ERR_MODEL, "autoencoder level %u has %llu channels and %u blocks", n,
                           (unsigned long long)channels[n], here);
        blocks = here;
    }
    if (n == 0) return err_set(e, ERR_MODEL, "the autoencoder has no residual blocks");
    v->levels = n;
    v->layers = blocks - v->decoder;
    for (uint32_t i = 0; i < n; i++) v->base[v->decoder ? n - 1 - i : i] = (uint32_t)channels[i];
    return true;
}

bool vae_config_read(struct vae_config *v, const struct ckpt *c, const struct folder *f, struct err *e)
{
    struct meta m = meta_open(c);
    float scaling =
        f && f->vae_config.scaling > 0 ? f->vae_config.scaling : (float)meta_number(&m, "scaling_factor", 0.18215);
    uint32_t groups = f && f->vae_config.groups ? f->vae_config.groups : meta_u32(&m, "norm_num_groups", 32);
    meta_close(&m);
    const struct ckpt_tensor *in = find(c, "decoder.conv_in.weight"), *out = find(c, "encoder.conv_out.weight");
    *v = (struct vae_config){.scaling = scaling,
                             .groups = groups,
                             .decoder = in != NULL,
                             .encoder = out != NULL,
                             .quant = find(c, "quant_conv.weight") != NULL,
                             .post_quant = find(c, "post_quant_conv.weight") != NULL};
    if ((!in && !out) || (in && in->rank != 4) || (out && out->rank != 4))
        return err_set(e, ERR_MODEL, "not an autoencoder: decoder.conv_in.weight is missing or not four-dimensional");
    uint64_t latent = in ? in->dim[1] : out->dim[0] / 2;
    if (latent == 0 || latent > 64 || groups == 0 || !(scaling > 0 && scaling < 1e3f))
        return err_set(e, ERR_MODEL, "autoencoder with %llu latent channels, %u groups, scaling factor %g",
                       (unsigned long long)latent, groups, (double)scaling);
    v->latent = (uint32_t)latent;
    if (!find_levels(v, c, e)) return false;
    for (uint32_t i = 0; i < v->levels; i++)
        if (v->base[i] % groups)
            return err_set(e, ERR_MODEL, "%u normalisation groups do not divide %u channels", groups, v->base[i]);
    return true;
}
