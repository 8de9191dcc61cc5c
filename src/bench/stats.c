// stats.c — see stats.h. Knows nothing about what was timed.
#include "bench/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 2000 };
static const double drift_limit = 0.03, drift_chance = 0.01;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *sorted_copy(const double *sample, uint32_t n, struct err *e)
{
    double *s = mem_zero(n, sizeof *s, e);
    if (!s) return NULL;
    if (n) memcpy(s, sample, n * sizeof *s);
    qsort(s, n, sizeof *s, by_value);
    return s;
}

double stats_quantile(const double *s, uint32_t n, double q)
{
    if (n == 0) return 0;
    double at = q * (n - 1);
    uint32_t low = (uint32_t)at, high = min_u32(low + 1, n - 1);
    return s[low] + (at - low) * (s[high] - s[low]);
}

static double median_of(const double *sample, uint32_t n, struct err *e)
{
    double *s = sorted_copy(sample, n, e), m = s ? stats_quantile(s, n, 0.5) : 0;
    free(s);
    return m;
}

bool stats_of(const double *sample, uint32_t n, struct stats *out, struct err *e)
{
    *out = (struct stats){.n = n};
    if (n == 0) return err_set(e, ERR_ARG, "no samples");
    double *s = sorted_copy(sample, n, e);
    if (!s) return false;
    out->least = s[0];
    out->q1 = stats_quantile(s, n, 0.25);
    out->median = stats_quantile(s, n, 0.5);
    out->q3 = stats_quantile(s, n, 0.75);
    out->p95 = stats_quantile(s, n, 0.95);
    out->most = s[n - 1];
    free(s);
    if (!(out->median > 0)) return true;
    out->iqr = (out->q3 - out->q1) / out->median;
    uint32_t third = n / 3;
    if (third < 3) return true;
    double first = median_of(sample, third, e), last = median_of(sample + n - third, third, e);
    out->drift = (last - first) / out->median;
    out->drifts = fabs(out->drift) > drift_limit &&
                  stats_same(sample, third, sample + n - third, third) < (third < 5 ? 0.1 : drift_chance);
    return e->code == ERR_NONE;
}

// --- two lists ----------------------------------------------------------------------------------------------------

struct ranked {
    double value;
    bool first; // belongs to the first list
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

double stats_same(const double *a, uint32_t n, const double *b, uint32_t m)
{
    uint64_t all = (uint64_t)n + m;
    struct ranked *r = n && m ? calloc(all, sizeof *r) : NULL;
    if (!r) return 1;
    for (uint32_t i = 0; i < n; i++) r[i] = (struct ranked){a[i], true};
    for (uint32_t i = 0; i < m; i++) r[n + i] = (struct ranked){b[i], false};
    qsort(r, all, sizeof *r, by_rank);
    double rank_sum = 0, ties = 0;
    for (uint64_t i = 0, end; i < all; i = end) {
        for (end = i + 1; end < all && r[end].value == r[i].value;) end++;
        double count = (double)(end - i), rank = (double)(i + end + 1) / 2; // ranks from 1, shared by equal values
        ties += count * count * count - count;
        for (uint64_t k = i; k < end; k++) rank_sum += r[k].first ? rank : 0;
    }
    free(r);
    double u = rank_sum - (double)n * (n + 1.0) / 2, mean = (double)n * m / 2, total = (double)all;
    double variance = (double)n * m / 12 * (total + 1 - ties / (total * (total - 1)));
    if (variance <= 0) return 1;
    double z = fmax(fabs(u - mean) - 0.5, 0) / sqrt(variance); // with the correction for continuity
    return erfc(z / sqrt(2));
}

static uint64_t next_random(uint64_t *state) // SplitMix64
{
    uint64_t z = *state += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}

static double resampled_median(const double *s, uint32_t n, double *room, uint64_t *state)
{
    for (uint32_t i = 0; i < n; i++) room[i] = s[next_random(state) % n];
    qsort(room, n, sizeof *room, by_value);
    return stats_quantile(room, n, 0.5);
}

bool stats_ratio(const double *a, uint32_t n, const double *b, uint32_t m, struct ratio *out, struct err *e)
{
    *out = (struct ratio){0};
    if (n == 0 || m == 0) return err_set(e, ERR_ARG, "no samples");
    uint64_t state = 6;
    double *room = mem_zero(n > m ? n : m, sizeof *room, e), *list = mem_zero(RESAMPLES, sizeof *list, e);
    if (room && list) {
        for (uint32_t i = 0; i < RESAMPLES; i++) {
            double top = resampled_median(a, n, room, &state), bottom = resampled_median(b, m, room, &state);
            list[i] = bottom > 0 ? top / bottom : 0;
        }
        qsort(list, RESAMPLES, sizeof *list, by_value);
        double bottom = median_of(b, m, e);
        *out = (struct ratio){bottom > 0 ? median_of(a, n, e) / bottom : 0, stats_quantile(list, RESAMPLES, 0.025),
                              stats_quantile(list, RESAMPLES, 0.975)};
    }
    free(room);
    free(list);
    return e->code == ERR_NONE;
}
