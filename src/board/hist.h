// hist.h — moments and histograms of many numbers, in double precision. Knows nothing about what the numbers are.
#ifndef VKDIT_BOARD_HIST_H
#define VKDIT_BOARD_HIST_H

#include "base/base.h"

enum { HIST_MAX = 512 };

struct moments { // {0} is empty
    uint64_t n;
    double mean, m2, m3, m4; // sums of powers of the distance from the mean
    double low, high;
};
void moments_add(struct moments *m, const float *v, uint64_t n);
void moments_join(struct moments *m, const struct moments *other);
double moments_std(const struct moments *m);      // of the population
double moments_kurtosis(const struct moments *m); // excess: 0 for a Gaussian, and for a constant

// Uniform bins; the last edge belongs to the last bin, what lies outside is counted in the first or last one.
struct hist {
    struct moments m;
    double lo, hi;
    uint32_t bins;
    uint64_t outside, count[HIST_MAX];
};
void hist_open(struct hist *h, double lo, double hi, uint32_t bins); // bins <= HIST_MAX
void hist_add(struct hist *h, const float *v, uint64_t n);
double hist_density(const struct hist *h, uint32_t bin);
double hist_peak(const struct hist *h);    // the largest density
double hist_entropy(const struct hist *h); // of the bins, in nat; + ln of the bin's width: of the density
// The largest distance between the cumulated bins and those of the Gaussian with the same mean and deviation.
double hist_gauss_distance(const struct hist *h);
// The half width of a round range (1, 2 or 5 times a power of ten) that holds nearly everything of all parts.
double hist_range(const struct moments *parts, uint32_t n);

#endif
