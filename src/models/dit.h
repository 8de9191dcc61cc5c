// dit.h — Scalable Diffusion Models with Transformers: what its files say and what its tape needs.
#ifndef VKDIT_DIT_H
#define VKDIT_DIT_H

#include "models/net.h"
#include "weights/ckpt.h"

struct dit_config {
    uint32_t depth, width, heads, patch, mlp;
    uint32_t channels, out_channels; // of the latent, of the prediction (with variance channels when learned)
    uint32_t side;                   // latent cells per edge
    uint32_t classes;                // without the null class
    bool null_class, learned_var;
    bool sit;        // flow matching: the variance channels are never used
    bool diffusers;  // diffusers' numerics: 127 in the timestep frequencies, 1e-5 in the MLP's norm
    bool stored_pos; // pos_embed is in the file (else it is computed)
};

// What a tape of this model is made for.
struct dit_use {
    uint32_t images, copies; // copies 2: conditional and null halves in one batch
    uint32_t evals, conds;   // rows of the modulation table that are computed at once
    uint32_t regs;           // sampler registers
    uint32_t both; // registers hold the states of both halves (an adaptive sampler judges both, as torchdiffeq)
    uint32_t guide_channels; // guided channels; 0 with copies 2: the raw output of both halves
    uint32_t plain;          // with copies 2: also a program of rate PLAIN, the conditional half alone
    enum { DIT_FORWARD, DIT_STEP, DIT_STEP_NOISE, DIT_STEP_PHILOX } kind; // forward only, or a whole sampler step
};

struct dit_io {              // the tensors the host fills or reads
    ten t, y;                // INPUT: timesteps (evals), classes (conds, I32)
    ten freqs, pos;          // weights that the host computes
    ten cond;                // INPUT: for each batch item, its condition (row offset into an evaluation's rows)
    ten ticks, counter, now; // sampler program; FORWARD fills `now` directly
    ten regs, noise, table;
    ten out; // prediction, copies*images or images (guided), out_channels, side*side
};

bool dit_sniff(const struct ckpt *c);
// heads = 0: from the metadata or the published widths, else an error that asks for the flag.
bool dit_config_read(struct dit_config *d, const struct ckpt *c, const struct folder *f, uint32_t heads, struct err *e);
// "DiT-XL/2", "SiT-B/4-512", "tiny"
bool dit_config_named(struct dit_config *d, const char *name, struct err *e);
void dit_config_name(const struct dit_config *d, char *name, size_t bytes);

void dit_build(struct net *n, const struct dit_config *d, const struct dit_use *u, struct dit_io *io);

// Channels that guidance touches: as many as asked, or (0) 3 as the authors do, all as diffusers does.
uint32_t dit_guided_channels(const struct dit_config *d, uint32_t asked);
void dit_freqs(const struct dit_config *d, float freqs[128]);  // timestep frequencies
void dit_positions(const struct dit_config *d, float *pos);    // [side/patch]^2 x width
double dit_flops(const struct dit_config *d, uint32_t images); // of one forward pass, 2 per multiply-add
uint32_t dit_slots(const struct dit_config *d);                // of the modulation table

#endif
