// stats.h — what a list of timings says: order statistics, drift, and whether two lists differ. Numbers only.
#ifndef VKDIT_BENCH_STATS_H
#define VKDIT_BENCH_STATS_H

#include "base/base.h"

struct stats {
    uint32_t n;
    double least, q1, median, q3, p95, most;
    double iqr;   // (q3 - q1) / median
    double drift; // (median of the last third - median of the first third) / median
    bool drifts;  // by more than 3 %, and more than chance would (Mann-Whitney of the two thirds, p < 0.01)
};

// Samples in the order they were taken. False when memory is short or there are none.
bool stats_of(const double *sample, uint32_t n, struct stats *out, struct err *e);
// Linear interpolation between order statistics of a sorted list; q in 0..1.
double stats_quantile(const double *sorted, uint32_t n, double q);

// Two-sided Mann-Whitney test (normal approximation with ties): how likely lists at least this different would be if
// they came from one source. 1 when either list is empty or memory is short.
double stats_same(const double *a, uint32_t n, const double *b, uint32_t m);

// median(a) / median(b) with a 95 % bootstrap interval; seeded, so that it comes out the same every time.
struct ratio {
    double value, low, high;
};
bool stats_ratio(const double *a, uint32_t n, const double *b, uint32_t m, struct ratio *out, struct err *e);

#endif
