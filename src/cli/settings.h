// settings.h — every value that an option can set, and where each came from. Knows nothing about how options are read.
#ifndef VKDIT_SETTINGS_H
#define VKDIT_SETTINGS_H

#include "base/base.h"

// Weaker first: a value is replaced only by one of at least the same strength.
enum origin { FROM_NOWHERE, FROM_ENVIRONMENT, FROM_PICTURE, FROM_COMMAND_LINE };

enum colour { COLOUR_AUTO, COLOUR_NEVER, COLOUR_ALWAYS };

enum { MAX_OPTIONS = 120, MAX_OPERANDS = 17, WORD_BYTES = 24, MAX_TEXTS = 64 };

struct texts { // of an option that may be given several times
    const char *item[MAX_TEXTS];
    uint32_t n;
};

// Texts belong to argv, the environment or the metadata that was read; zero means "not given".
struct settings {
    // model and device
    const char *model, *synthetic, *vae, *tiny_vae, *root, *assets;
    const char *device, *limit, *cache;
    uint32_t heads, precision, numerics, weights; // all but the heads: values of the public enums
    int32_t family;                               // 1 SiT, -1 DiT
    bool validation;
    // picture
    const char *classes, *negative, *sampler, *spacing;
    char path[WORD_BYTES], target[WORD_BYTES], diffusion[WORD_BYTES], last_step[WORD_BYTES];
    uint32_t steps, batch, count, grid, width, height, size[2];
    uint32_t cfg_channels, rng, philox_threads;
    uint32_t only, film_frames, observe, sort;
    double cfg_scale, cfg_interval[2];
    double epsilon_scale, shift, eta, diffusion_norm, last_step_size, atol, rtol, strength;
    uint64_t seed;
    const char *init_image, *noise, *load_table, *from;
    struct texts mix, strip, channel;
    // results
    const char *output, *latent_out, *trajectory, *save_table, *in, *out, *preview, *film;
    const char *diff, *growth, *plot;
    uint32_t preview_with; // enum preview_kind
    bool force, show, show_steps, no_metadata, taps, modulation, npz;
    // measuring
    const char *groups, *save;
    char chart[WORD_BYTES];
    double seconds, sustained;
    bool quick, full, all_devices, strict, csv, md;
    // the program itself
    bool json, quiet, help, version, man;
    uint32_t verbose, colour;

    const char *operand[MAX_OPERANDS];
    uint32_t operands;
    enum origin origin[MAX_OPTIONS]; // by place in the option table
};

// Of the picture, in pixels; 0 when not given.
static inline uint32_t settings_width(const struct settings *s)
{
    return s->width ? s->width : s->size[0];
}
static inline uint32_t settings_height(const struct settings *s)
{
    return s->height ? s->height : s->size[1];
}

#endif
