// hints.h — what a file says about its own use: a name, the autoencoder beside it, how to sample, how to preview.
// Nothing here is needed to run a model and nothing is trusted: what is out of bounds is left out, and said.
#ifndef VKDIT_HINTS_H
#define VKDIT_HINTS_H

#include "weights/ckpt.h"

enum { HINTS_CHANNELS = 64 }; // of a latent

struct hints {
    char name[64], sampler[32], spacing[32]; // "" when the file does not say
    char vae[128], tiny[128];                // likewise; plain file names
    uint32_t steps, cfg_channels;            // 0 likewise
    double cfg_scale, cfg_from, cfg_to, epsilon_scale, shift;
    uint32_t preview; // latent channels of the linear map to RGB; 0: there is none
    float matrix[3][HINTS_CHANNELS], bias[3];
    char refused[96]; // the last entry that was left out, and why; "" when all were sound
};

// `channels`: of the model's latent, which a preview must have.
void hints_read(struct hints *h, const struct ckpt *c, uint32_t channels);
// One scaled latent [channels][cells] to RGB bytes [cells][3].
void hints_preview(const struct hints *h, const float *latent, uint64_t cells, uint8_t *rgb);

#endif
