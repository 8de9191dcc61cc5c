// weights.h — the weights that make gates, scales and shifts as histograms, and how they grew over training: numbers for
// plots. Knows nothing about how weights are read or plots drawn.
#ifndef VKDIT_CLI_WEIGHTS_H
#define VKDIT_CLI_WEIGHTS_H

#include "base/base.h"
#include "vkdit.h"

enum { WEIGHT_KINDS = 5, WEIGHT_BLOCK_KINDS = 3 };   // the first three are those of blocks
extern const char *const weight_kinds[WEIGHT_KINDS]; // as the report names them
extern const char *const weight_titles[WEIGHT_KINDS];

// Of a report of vkdit_modulation_json.
struct weights {
    char scheme[200]; // how the checkpoint was initialised, as far as the numbers tell
    uint32_t blocks, bins;
    double low, high;
    struct {
        double mean, std, kurtosis;
    } kind[WEIGHT_KINDS];
    double *density; // [WEIGHT_KINDS + WEIGHT_BLOCK_KINDS * blocks][bins], see weights_density
};
bool weights_take(struct weights *w, const char *json, struct err *e);
void weights_close(struct weights *w);
const double *weights_density(const struct weights *w, uint32_t kind);
const double *weights_block_density(const struct weights *w, uint32_t block, uint32_t kind);
// The fitted Gaussian at a bin's middle; 0 for weights that are all alike.
double weights_fit(const struct weights *w, uint32_t kind, uint32_t bin);

// Of the trainer's log.
struct growth {
    uint32_t times, bins;
    double low, high;
    int64_t *iteration; // [times]
    double *
        density; // [WEIGHT_KINDS][times][bins], each row scaled to its own peak: a spike at zero would flatten the rest
    double *std; // [WEIGHT_KINDS][times]
};
bool growth_read(struct growth *g, const char *path, struct err *e);
void growth_close(struct growth *g);
const double *growth_density(const struct growth *g, uint32_t kind); // [times][bins]

#endif
