// tiny.h — a tiny decoder in the layout of TAESD: from a latent, as the transformer sees it, to a picture in a fraction of
// the autoencoder's time and a little blurred. For previews.
#ifndef VKDIT_TINY_H
#define VKDIT_TINY_H

#include "models/vae.h"

enum { TINY_LEVELS = 6, TINY_BLOCKS = 8 };

struct tiny_config {
    const char *prefix;                               // of every name in the file
    uint32_t first;                                   // number of the first convolution
    uint32_t latent, levels;                          // the smallest level first
    uint32_t width[TINY_LEVELS], blocks[TINY_LEVELS]; // channels and residual blocks of each
};

bool tiny_sniff(const struct ckpt *c);
bool tiny_config_read(struct tiny_config *t, const struct ckpt *c, struct err *e);
uint32_t tiny_scale(const struct tiny_config *t); // pixels per latent cell

// in: 1, latent, h*w -> out: 1, 3, H*W in 0..1, not clamped; bytes: packed RGBA
void tiny_build(struct net *n, const struct tiny_config *t, uint32_t h, uint32_t w, struct vae_io *io);
double tiny_flops(const struct tiny_config *t, uint32_t h, uint32_t w);

#endif
