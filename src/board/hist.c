// hist.c — moments and histograms of many numbers, in double precision. Knows nothing about what the numbers are.
#include "board/hist.h"

#include <math.h>
#include <string.h>

void moments_add(struct moments *m, const float *v, uint64_t n)
{
    struct moments part = {.n = n};
    double sum = 0;
    if (!n) return;
    part.low = part.high = (double)v[0];
    for (uint64_t i = 0; i < n; i++) sum += (double)v[i];
    part.mean = sum / (double)n;
    for (uint64_t i = 0; i < n; i++) {
        const double d = (double)v[i] - part.mean, q = d * d;
        part.m2 += q;
        part.m3 += q * d;
        part.m4 += q * q;
        part.low = fmin(part.low, (double)v[i]);
        part.high = fmax(part.high, (double)v[i]);
    }
    moments_join(m, &part);
}

// Pebay's update of central sums.
void moments_join(struct moments *m, const struct moments *o)
{
    if (!m->n || !o->n) {
        if (o->n) *m = *o;
        return;
    }
    const double a = (double)m->n, b = (double)o->n, n = a + b, d = o->mean - m->mean, q = d * d;
    const double m4 = m->m4 + o->m4 + q * q * a * b * (a * a - a * b + b * b) / (n * n * n) +
                      6 * q * (a * a * o->m2 + b * b * m->m2) / (n * n) + 4 * d * (a * o->m3 - b * m->m3) / n;
    m->m3 += o->m3 + q * d * a * b * (a - b) / (n * n) + 3 * d * (a * o->m2 - b * m->m2) / n;
    m->m4 = m4;
    m->m2 += o->m2 + q * a * b / n;
    m->mean += d * b / n;
    m->n += o->n;
    m->low = fmin(m->low, o->low);
    m->high = fmax(m->high, o->high);
}

double moments_std(const struct moments *m)
{
    return m->n ? sqrt(m->m2 / (double)m->n) : 0;
}

double moments_kurtosis(const struct moments *m)
{
    return m->m2 > 0 ? (double)m->n * m->m4 / (m->m2 * m->m2) - 3 : 0;
}

void hist_open(struct hist *h, double lo, double hi, uint32_t bins)
{
    memset(h, 0, sizeof *h);
    h->lo = lo;
    h->hi = hi;
    h->bins = min_u32(bins, HIST_MAX);
}

void hist_add(struct hist *h, const float *v, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        const double x = (double)v[i];
        const double at = floor((fmin(fmax(x, h->lo), h->hi) - h->lo) / (h->hi - h->lo) * h->bins);
        h->count[(uint32_t)fmin(at, h->bins - 1)]++;
        h->outside += x < h->lo || x > h->hi;
    }
    moments_add(&h->m, v, n);
}

static double bin_width(const struct hist *h)
{
    return (h->hi - h->lo) / h->bins;
}

double hist_density(const struct hist *h, uint32_t bin)
{
    return h->m.n ? (double)h->count[bin] / (double)h->m.n / bin_width(h) : 0;
}

double hist_peak(const struct hist *h)
{
    double peak = 0;
    for (uint32_t i = 0; i < h->bins; i++) peak = fmax(peak, hist_density(h, i));
    return peak;
}

double hist_entropy(const struct hist *h)
{
    double sum = 0;
    for (uint32_t i = 0; i < h->bins; i++) {
        const double p = h->m.n ? (double)h->count[i] / (double)h->m.n : 0;
        if (p > 0) sum -= p * log(p);
    }
    return sum;
}

double hist_gauss_distance(const struct hist *h)
{
    const double std = moments_std(&h->m);
    double below = 0, worst = 0;
    if (std <= 0) return 0;
    for (uint32_t i = 0; i + 1 < h->bins; i++) {
        below += (double)h->count[i] / (double)h->m.n;
        const double z = (h->lo + (i + 1) * bin_width(h) - h->m.mean) / std;
        worst = fmax(worst, fabs(below - 0.5 * erfc(-z / sqrt(2))));
    }
    return worst;
}

double hist_range(const struct moments *parts, uint32_t n)
{
    double wide = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double extent = fmax(fabs(parts[i].low), fabs(parts[i].high));
        wide = fmax(wide, fmin(extent, 6 * moments_std(&parts[i]) + fabs(parts[i].mean)));
    }
    if (!(wide > 0) || !isfinite(wide)) return 0.05;
    const double ten = pow(10, floor(log10(wide)));
    return wide <= ten ? ten : wide <= 2 * ten ? 2 * ten : wide <= 5 * ten ? 5 * ten : 10 * ten;
}
