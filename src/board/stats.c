// stats.c — statistics of modulation vectors and of what they do. Knows nothing about models.
#include "board/stats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double stat_quantiles[STAT_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
const double stat_limits[STAT_LIMITS] = {0.01, 0.05, 0.1, 0.25};

bool slot_is_scale(uint32_t slot, uint32_t slots)
{
    return slot + 1 == slots || (slot + 2 < slots && slot % 3 == 1);
}

const char *const slot_vectors[SLOT_VECTORS] = {"shift_msa", "scale_msa", "gate_msa",
                                                "shift_mlp", "scale_mlp", "gate_mlp"};

const char *slot_name(uint32_t slot, uint32_t slots, char out[32])
{
    if (slot + 2 < slots)
        snprintf(out, 32, "block[%u].%s", slot / SLOT_VECTORS, slot_vectors[slot % SLOT_VECTORS]);
    else
        snprintf(out, 32, "final.%s", slot + 1 == slots ? "scale" : "shift");
    return out;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void quantiles_of(double *v, uint64_t n, double out[STAT_QUANTILES])
{
    qsort(v, n, sizeof *v, by_size);
    for (int k = 0; k < STAT_QUANTILES; k++) {
        const double at = stat_quantiles[k] * (double)(n - 1), low = floor(at);
        const uint64_t i = (uint64_t)low;
        out[k] = v[i] + (at - low) * (v[i + 1 < n ? i + 1 : i] - v[i]);
    }
}

// Hoare's selection: v[k] gets what sorting would put there, smaller ones come before it, larger ones after it.
static void select_at(double *v, uint64_t n, uint64_t k)
{
    uint64_t low = 0, high = n - 1;
    while (low < high) {
        const double pivot = v[low + (high - low) / 2];
        uint64_t i = low, j = high;
        for (;;) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i >= j) break;
            const double swap = v[i];
            v[i++] = v[j];
            v[j--] = swap;
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
}

double quantile_of(double *v, uint64_t n, double at)
{
    const double place = at * (double)(n - 1), low = floor(place);
    const uint64_t i = (uint64_t)low;
    select_at(v, n, i);
    double next = i + 1 < n ? v[i + 1] : v[i];
    for (uint64_t k = i + 2; k < n; k++) next = fmin(next, v[k]);
    return v[i] + (place - low) * (next - v[i]);
}

void slot_stats_of(const float *v, uint32_t width, bool scale, double *scratch, struct slot_stats *out)
{
    double square = 0;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < width; i++) {
        const double x = (double)v[i], effective = scale ? 1 + x : x;
        out->mean += x / width;
        out->mean_abs += fabs(x) / width;
        square += x * x;
        out->max_abs = fmax(out->max_abs, fabs(x));
        for (int k = 0; k < STAT_LIMITS; k++) out->below[k] += (fabs(effective) < stat_limits[k]) / (double)width;
        out->negative += (effective < 0) / (double)width;
        scratch[i] = fabs(x);
    }
    quantiles_of(scratch, width, out->abs_quantile);
    for (uint32_t i = 0; i < width; i++) {
        const double d = (double)v[i] - out->mean;
        out->std += d * d / width;
        scratch[i] = (double)v[i] + scale;
    }
    quantiles_of(scratch, width, out->quantile);
    out->std = sqrt(out->std);
    out->l2 = sqrt(square);
}

double stat_cosine(const float *a, const float *b, uint32_t n, bool scale)
{
    double ab = 0, aa = 0, bb = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double x = (double)a[i] + scale, y = (double)b[i] + scale;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

// --- effective rank -----------------------------------------------------------------------------------------------

// Singular values of [rows][width] are the roots of the eigenvalues of its rows' products.
static void products(const float *v, uint32_t rows, uint64_t stride, uint32_t width, const double *mean, double *gram)
{
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j <= i; j++) {
            const float *a = v + i * stride, *b = v + j * stride;
            double sum = 0;
            for (uint32_t k = 0; k < width; k++) sum += ((double)a[k] - mean[k]) * ((double)b[k] - mean[k]);
            gram[(uint64_t)i * rows + j] = gram[(uint64_t)j * rows + i] = sum;
        }
}

static double effective_rank(const double *eigen, uint32_t n, double *participation)
{
    double sum = 0, squares = 0, fourths = 0, entropy = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double l = fmax(eigen[i], 0);
        sum += sqrt(l);
        squares += l;
        fourths += l * l;
    }
    for (uint32_t i = 0; i < n && sum > 0; i++) {
        const double p = sqrt(fmax(eigen[i], 0)) / sum;
        if (p > 0) entropy -= p * log(p);
    }
    *participation = fourths > 0 ? squares * squares / fourths : 0;
    return sum > 0 ? exp(entropy) : 0;
}

bool stat_rank(const float *v, uint32_t rows, uint64_t stride, uint32_t width, struct rank *out, struct err *e)
{
    double *gram = mem_zero((uint64_t)rows * rows + rows + width, sizeof *gram, e), unused;
    if (!gram) return false;
    double *eigen = gram + (uint64_t)rows * rows, *mean = eigen + rows;
    products(v, rows, stride, width, mean, gram);
    bool ok = eigenvalues(gram, rows, eigen, e);
    if (ok) out->effective = effective_rank(eigen, rows, &unused);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t k = 0; k < width; k++) mean[k] += (double)v[i * stride + k] / rows;
    products(v, rows, stride, width, mean, gram);
    ok = ok && eigenvalues(gram, rows, eigen, e);
    if (ok) out->effective_centred = effective_rank(eigen, rows, &out->participation_centred);
    free(gram);
    return ok;
}

// Householder's reduction to three diagonals: d the main one, o the other (o[0] unused).
static void tridiagonal(double *a, uint32_t n, double *d, double *o)
{
    for (uint32_t i = n - 1; i > 0; i--) {
        double *row = a + (uint64_t)i * n, scale = 0, h = 0, f = 0;
        for (uint32_t k = 0; k < i; k++) scale += fabs(row[k]);
        if (i == 1 || scale == 0) {
            o[i] = row[i - 1];
            continue;
        }
        for (uint32_t k = 0; k < i; k++) row[k] /= scale, h += row[k] * row[k];
        const double g = row[i - 1] >= 0 ? -sqrt(h) : sqrt(h);
        o[i] = scale * g;
        h -= row[i - 1] * g;
        row[i - 1] -= g;
        for (uint32_t j = 0; j < i; j++) {
            double sum = 0;
            for (uint32_t k = 0; k <= j; k++) sum += a[(uint64_t)j * n + k] * row[k];
            for (uint32_t k = j + 1; k < i; k++) sum += a[(uint64_t)k * n + j] * row[k];
            o[j] = sum / h;
            f += o[j] * row[j];
        }
        for (uint32_t j = 0; j < i; j++) {
            o[j] -= f / (2 * h) * row[j];
            for (uint32_t k = 0; k <= j; k++) a[(uint64_t)j * n + k] -= row[j] * o[k] + o[j] * row[k];
        }
    }
    for (uint32_t i = 0; i < n; i++) d[i] = a[(uint64_t)i * n + i];
}

// One implicit QL step on the rows l..m.
static void ql_step(double *d, double *o, uint32_t l, uint32_t m)
{
    double g = (d[l + 1] - d[l]) / (2 * o[l]), r = hypot(g, 1), s = 1, c = 1, p = 0;
    g = d[m] - d[l] + o[l] / (g + copysign(r, g));
    for (uint32_t i = m; i-- > l;) {
        double f = s * o[i];
        const double b = c * o[i];
        o[i + 1] = r = hypot(f, g);
        if (r == 0) {
            d[i + 1] -= p;
            o[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
    }
    d[l] -= p;
    o[l] = g;
    o[m] = 0;
}

bool eigenvalues(double *a, uint32_t n, double *d, struct err *e)
{
    double *o = mem_zero((uint64_t)n + 1, sizeof *o, e);
    if (!o) return false;
    tridiagonal(a, n, d, o);
    memmove(o, o + 1, n * sizeof *o);
    bool ok = true;
    for (uint32_t l = 0, m; ok && l < n; l++)
        for (uint32_t tries = 0;; tries++) {
            for (m = l; m + 1 < n; m++) {
                const double near = fabs(d[m]) + fabs(d[m + 1]);
                if (fabs(o[m]) <= 1e-16 * near) break;
            }
            if (m == l) break;
            if (tries == 100) {
                ok = err_set(e, ERR_NUMERIC, "the eigenvalues of a matrix of %u rows do not converge", n);
                break;
            }
            ql_step(d, o, l, m);
        }
    free(o);
    qsort(d, n, sizeof *d, by_size);
    return ok;
}

// --- time and class -----------------------------------------------------------------------------------------------

static void channel_shares(const float *v, uint32_t times, uint32_t classes, uint64_t ts, uint64_t cs, double ss[3])
{
    double mean = 0, total = 0;
    for (uint32_t t = 0; t < times; t++)
        for (uint32_t c = 0; c < classes; c++) mean += (double)v[t * ts + c * cs];
    mean /= (double)times * classes;
    ss[0] = ss[1] = 0;
    for (uint32_t t = 0; t < times; t++) {
        double row = 0;
        for (uint32_t c = 0; c < classes; c++) {
            const double d = (double)v[t * ts + c * cs] - mean;
            row += d / classes;
            total += d * d;
        }
        ss[0] += classes * row * row;
    }
    for (uint32_t c = 0; c < classes; c++) {
        double column = 0;
        for (uint32_t t = 0; t < times; t++) column += ((double)v[t * ts + c * cs] - mean) / times;
        ss[1] += times * column * column;
    }
    ss[2] = fmax(total - ss[0] - ss[1], 0);
}

void stat_shares(const float *table, uint32_t times, uint32_t classes, uint64_t time_stride, uint64_t class_stride,
                 uint32_t width, double pooled[3], double *channel)
{
    double all[3] = {0};
    for (uint32_t k = 0; k < width; k++) {
        double ss[3];
        channel_shares(table + k, times, classes, time_stride, class_stride, ss);
        const double sum = ss[0] + ss[1] + ss[2];
        for (int i = 0; i < 3; i++) {
            all[i] += ss[i];
            if (channel) channel[(uint64_t)i * width + k] = sum > 0 ? ss[i] / sum : 0;
        }
    }
    const double sum = all[0] + all[1] + all[2];
    for (int i = 0; i < 3; i++) pooled[i] = sum > 0 ? all[i] / sum : 0;
}

// --- the running model --------------------------------------------------------------------------------------------

void stat_addition(const float *before, const float *after, uint32_t tokens, uint32_t width, double *scratch,
                   struct addition *out)
{
    double xx = 0, ff = 0, xf = 0;
    *out = (struct addition){0};
    memset(scratch, 0, width * sizeof *scratch);
    for (uint32_t i = 0; i < tokens; i++) {
        double x2 = 0, f2 = 0;
        for (uint32_t k = 0; k < width; k++) {
            const double x = (double)before[(uint64_t)i * width + k], f = (double)after[(uint64_t)i * width + k] - x;
            x2 += x * x;
            f2 += f * f;
            xf += x * f;
            scratch[k] += x * x;
        }
        xx += x2;
        ff += f2;
        if (x2 > 0) out->token_ratio += sqrt(f2 / x2) / tokens;
    }
    out->ratio = xx > 0 ? sqrt(ff / xx) : 0;
    out->cosine = xx > 0 && ff > 0 ? xf / sqrt(xx * ff) : 0;
    out->rms = sqrt(xx / ((double)tokens * width));
    for (uint32_t k = 0; k < width; k++) out->max_channel = fmax(out->max_channel, sqrt(scratch[k] / tokens));
}

// Power of one frequency of one channel: a plain sum, in two passes over rows and columns.
static void channel_spectrum(const double *x, uint32_t n, const double *cosine, const double *sine, double *half,
                             double *centroid, double *weight)
{
    double power = 0, moment = 0;
    for (uint32_t r = 0; r < n; r++)
        for (uint32_t v = 0; v < n; v++) {
            double re = 0, im = 0;
            for (uint32_t c = 0; c < n; c++)
                re += x[r * n + c] * cosine[v * c % n], im -= x[r * n + c] * sine[v * c % n];
            half[2 * (r * n + v)] = re;
            half[2 * (r * n + v) + 1] = im;
        }
    for (uint32_t u = 0; u < n; u++)
        for (uint32_t v = 0; v < n; v++) {
            double re = 0, im = 0;
            for (uint32_t r = 0; r < n; r++) {
                const double a = half[2 * (r * n + v)], b = half[2 * (r * n + v) + 1], c = cosine[u * r % n],
                             s = sine[u * r % n];
                re += a * c + b * s;
                im += b * c - a * s;
            }
            const double fu = (double)min_u32(u, n - u) / (n / 2.0), fv = (double)min_u32(v, n - v) / (n / 2.0);
            if (u || v) power += re * re + im * im, moment += (re * re + im * im) * hypot(fu, fv) / sqrt(2);
        }
    *centroid = power > 0 ? moment / power : 0;
    *weight = power;
}

bool stat_frequency(const float *x, uint32_t side, uint32_t width, double *centroid, double *weight, struct err *e)
{
    const uint64_t cells = (uint64_t)side * side;
    double *room = mem_zero(2ull * side + 3 * cells, sizeof *room, e), power;
    if (!room) return false;
    double *cosine = room, *sine = room + side, *one = sine + side, *half = one + cells;
    for (uint32_t i = 0; i < side; i++) {
        cosine[i] = cos(2 * 3.14159265358979323846 * i / side);
        sine[i] = sin(2 * 3.14159265358979323846 * i / side);
    }
    for (uint32_t k = 0; k < width; k++) {
        for (uint64_t i = 0; i < cells; i++) one[i] = (double)x[i * width + k];
        channel_spectrum(one, side, cosine, sine, half, centroid + k, weight ? weight + k : &power);
    }
    free(room);
    return true;
}

struct ranked {
    double v;
    uint32_t i;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->v > y->v) - (x->v < y->v);
}

static void ranks_of(const double *v, uint32_t n, struct ranked *r, double *rank)
{
    for (uint32_t i = 0; i < n; i++) r[i] = (struct ranked){v[i], i};
    qsort(r, n, sizeof *r, by_value);
    for (uint32_t i = 0, j; i < n; i = j) { // equal values share their mean rank
        for (j = i + 1; j < n && r[j].v == r[i].v;) j++;
        for (uint32_t k = i; k < j; k++) rank[r[k].i] = 0.5 * (i + j - 1);
    }
}

double stat_spearman(const double *a, const double *b, uint32_t n, struct err *e)
{
    struct ranked *r = mem_zero(n, sizeof *r, e);
    double *x = mem_zero(2ull * n, sizeof *x, e), *y = x ? x + n : NULL, xy = 0, xx = 0, yy = 0;
    if (r && x) {
        ranks_of(a, n, r, x);
        ranks_of(b, n, r, y);
    }
    for (uint32_t i = 0; r && x && i < n; i++) {
        const double p = x[i] - 0.5 * (n - 1), q = y[i] - 0.5 * (n - 1);
        xy += p * q, xx += p * p, yy += q * q;
    }
    free(r);
    free(x);
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}
