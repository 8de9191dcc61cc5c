// vae.h — the Stable Diffusion autoencoder (AutoencoderKL): what its files say and what its tapes need.
#ifndef VKDIT_VAE_H
#define VKDIT_VAE_H

#include "models/net.h"
#include "weights/ckpt.h"

enum { VAE_LEVELS = 8 };

struct vae_config {
    uint32_t levels, base[VAE_LEVELS]; // channels per level, finest first (block_out_channels)
    uint32_t layers;                   // residual blocks per encoder level; the decoder has one more
    uint32_t latent, groups;
    float scaling; // latent = mean * scaling
    bool encoder, decoder, quant, post_quant;
};

struct vae_io {
    ten in, bytes, out;
};

bool vae_sniff(const struct ckpt *c);
bool vae_config_read(struct vae_config *v, const struct ckpt *c, const struct folder *f, struct err *e);
uint32_t vae_scale(const struct vae_config *v); // pixels per latent cell

// in: 1, latent, h*w (scaled latent) -> out: 1, 3, H*W in -1..1; bytes: packed RGBA. `unscaled`: in is already z.
void vae_build_decoder(struct net *n, const struct vae_config *v, uint32_t h, uint32_t w, bool unscaled,
                       struct vae_io *io);
// in: 1, 3, H*W in -1..1 -> out: 1, 2*latent, h*w: mean and logvar
void vae_build_encoder(struct net *n, const struct vae_config *v, uint32_t h, uint32_t w, struct vae_io *io);
double vae_flops(const struct vae_config *v, uint32_t h, uint32_t w); // of decoding h x w latent cells

#endif
