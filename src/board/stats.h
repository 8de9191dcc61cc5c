// stats.h — what can be said about a modulation table without running the model. Pure numbers, in double precision.
// "Effective" is what a vector does to a channel: 1 + v for scales, v itself for shifts and gates.
#ifndef VKDIT_BOARD_STATS_H
#define VKDIT_BOARD_STATS_H

#include "base/base.h"

enum { STAT_QUANTILES = 7, STAT_LIMITS = 4 };
extern const double stat_quantiles[STAT_QUANTILES]; // 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99
extern const double stat_limits[STAT_LIMITS];       // 0.01, 0.05, 0.1, 0.25

// One vector at one time for one class. All but the last three are of the stored values.
struct slot_stats {
    double mean, mean_abs, std, l2, max_abs;
    double abs_quantile[STAT_QUANTILES]; // of |v|, interpolated linearly
    double quantile[STAT_QUANTILES];     // of the effective values
    double below[STAT_LIMITS];           // share of channels whose effective |value| is below each limit
    double negative;                     // share whose effective value is negative
};
enum { SLOT_VECTORS = 6 };
extern const char *const slot_vectors[SLOT_VECTORS]; // of a block, as the language of --mix names them
bool slot_is_scale(uint32_t slot, uint32_t slots);   // slots: of the table, 6 for each block and 2 for the final layer
const char *slot_name(uint32_t slot, uint32_t slots, char out[32]); // "block[3].gate_mlp", "final.scale"
// scratch: room for `width` doubles
void slot_stats_of(const float *v, uint32_t width, bool scale, double *scratch, struct slot_stats *out);
// Sorts v and writes its stat_quantiles.
void quantiles_of(double *v, uint64_t n, double out[STAT_QUANTILES]);
// One quantile, interpolated as above; puts v into another order, but does not sort it: for many vectors.
double quantile_of(double *v, uint64_t n, double at);

// Cosine of two vectors' effective values; 0 when one of them is zero.
double stat_cosine(const float *a, const float *b, uint32_t n, bool scale);

// The vectors of one slot and class over time as a matrix of `rows` x width, rows `stride` apart.
struct rank {
    double effective, effective_centred; // exp of the entropy of the singular values, as they are and around the mean
    double participation_centred;        // (sum of squares)^2 / sum of fourth powers
};
bool stat_rank(const float *v, uint32_t rows, uint64_t stride, uint32_t width, struct rank *out, struct err *e);

// How much of the variance over times x classes is the time's, the class's, and only both together's: shares that
// add up to 1 (all 0 when nothing varies), pooled over channels and for each channel [3][width].
void stat_shares(const float *table, uint32_t times, uint32_t classes, uint64_t time_stride, uint64_t class_stride,
                 uint32_t width, double pooled[3], double *channel);

// Eigenvalues of a symmetric n x n matrix, ascending; destroys it.
bool eigenvalues(double *a, uint32_t n, double *out, struct err *e);

// What a branch adds to the stream x of tokens x width: x after minus x before.
struct addition {
    double ratio;            // norm of what is added / norm of x
    double token_ratio;      // the mean of that over tokens
    double cosine;           // of what is added and x
    double rms, max_channel; // of x before: root mean square; the largest channel's root mean square
};
void stat_addition(const float *before, const float *after, uint32_t tokens, uint32_t width, double *scratch,
                   struct addition *out);

// The mean spatial frequency of each channel of tokens laid out side x side, as a share of the highest (Nyquist in
// both directions): 0 constant, about 0.5 white noise. Means are removed. `weight` (may be NULL) gets its power.
bool stat_frequency(const float *x, uint32_t side, uint32_t width, double *centroid, double *weight, struct err *e);
double stat_spearman(const double *a, const double *b, uint32_t n, struct err *e); // rank correlation

#endif
