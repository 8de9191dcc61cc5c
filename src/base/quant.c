// quant.c — from weights to small integers and back. Knows no layout.
#include "base/quant.h"

#include <math.h>

uint64_t quant_bytes(enum dtype t, uint64_t rows, uint64_t cols)
{
    return rows * cols * quant_bits(t) / 8 + (rows + 1) / 2 * (cols / QUANT_BLOCK) * 4;
}

// The nearest scale that a half can hold; 65504 is the largest.
static float as_half(float scale)
{
    return half_to_float(half_from_float(fmaxf(fminf(scale, 65504), -65504)));
}

struct sums {
    float wq, qq; // of weight x integer, and of integer squared
};

// Weights over a scale, rounded to even. In strips of eight with their own sums, which compilers turn into vectors.
static struct sums round_all(const float *w, float scale, float low, float high, float *q)
{
    enum { STRIP = 8 };
    const float inverse = fabsf(scale) > 1e-30f ? 1 / scale : 0, shift = 12582912; // 1.5 x 2^23: no bits for fractions
    float wq[STRIP] = {0}, qq[STRIP] = {0};
    for (uint32_t i = 0; i < QUANT_BLOCK; i += STRIP)
        for (uint32_t j = 0; j < STRIP; j++) {
            float v = w[i + j] * inverse;
            v = v < low ? low : v;
            v = v > high ? high : v;
            v = (v + shift) - shift;
            q[i + j] = v;
            wq[j] += w[i + j] * v;
            qq[j] += v * v;
        }
    struct sums s = {0};
    for (uint32_t j = 0; j < STRIP; j++) {
        s.wq += wq[j];
        s.qq += qq[j];
    }
    return s;
}

// With sixteen levels the scale that just holds the largest weight is not the best for the other 63: candidates around it
// are tried, each replaced by what fits the integers that it gives best, in least squares.
static float search(const float *w, float largest, float *q)
{
    static const float divisors[] = {-8, 8, -7, 7, -9.5f, 9.5f}; // -8 is a level and 8 is none, so the sign matters
    float best = 0, most = 0;
    for (uint32_t c = 0; c < COUNTOF(divisors); c++) {
        struct sums s = round_all(w, largest / divisors[c], -8, 7, q);
        const float scale = as_half(s.qq > 0 ? s.wq / s.qq : 0);
        s = round_all(w, scale, -8, 7, q);
        // the squared error, less the weights' own square
        const float explained = 2 * scale * s.wq - scale * scale * s.qq;
        if (explained <= most) continue;
        most = explained;
        best = scale;
    }
    round_all(w, best, -8, 7, q);
    return best;
}

uint16_t quant_block(enum dtype t, const float w[QUANT_BLOCK], int8_t q[QUANT_BLOCK])
{
    float largest = 0, r[QUANT_BLOCK]; // the largest with its sign
    bool numbers = true;
    for (uint32_t i = 0; i < QUANT_BLOCK; i++) {
        numbers = numbers && isfinite(w[i]);
        if (fabsf(w[i]) > fabsf(largest)) largest = w[i];
        r[i] = 1;
    }
    float scale = NAN;
    if (numbers && t == DT_Q8) {
        scale = as_half(fabsf(largest) / 127);
        round_all(w, scale, -127, 127, r);
    } else if (numbers) {
        scale = search(w, largest, r);
    }
    for (uint32_t i = 0; i < QUANT_BLOCK; i++) q[i] = (int8_t)r[i];
    return half_from_float(scale);
}

void quant_round(enum dtype t, float *w, uint64_t n)
{
    int8_t q[QUANT_BLOCK];
    for (uint64_t at = 0; at + QUANT_BLOCK <= n; at += QUANT_BLOCK) {
        const float scale = half_to_float(quant_block(t, w + at, q));
        for (uint32_t i = 0; i < QUANT_BLOCK; i++) w[at + i] = scale * (float)q[i];
    }
}
