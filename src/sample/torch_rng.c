// torch_rng.c — the numbers torch.manual_seed and torch.randn give on a CPU, to the last bit.
// Knows nothing about what they are used for. Every fused multiply-add is written out: which operations round is part
// of the definition, so this file must not be compiled with contraction.
#include "sample/sample.h"

#include <math.h>
#include <string.h>

enum { MT_WORDS = 624, MT_SHIFT = 397, GROUP = 16 };

void torch_seed(struct torch_rng *r, uint64_t seed)
{
    *r = (struct torch_rng){.at = MT_WORDS};
    r->mt[0] = (uint32_t)seed; // torch, too, looks at the low word only
    for (uint32_t i = 1; i < MT_WORDS; i++) r->mt[i] = 1812433253u * (r->mt[i - 1] ^ (r->mt[i - 1] >> 30)) + i;
}

static void twist(struct torch_rng *r)
{
    for (uint32_t i = 0; i < MT_WORDS; i++) {
        uint32_t y = (r->mt[i] & 0x80000000u) | (r->mt[(i + 1) % MT_WORDS] & 0x7fffffffu);
        r->mt[i] = r->mt[(i + MT_SHIFT) % MT_WORDS] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    r->at = 0;
}

uint32_t torch_word(struct torch_rng *r)
{
    if (r->at >= MT_WORDS) twist(r);
    uint32_t y = r->mt[r->at++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static float uniform(struct torch_rng *r)
{
    return (float)(torch_word(r) & 0xffffffu) * 0x1p-24f;
}

static double uniform_double(struct torch_rng *r)
{
    uint64_t high = torch_word(r), low = torch_word(r); // in this order
    return (double)(((high << 32) | low) & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

void torch_rand(struct torch_rng *r, float *out, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) out[i] = uniform(r);
}

// Short requests come one by one, in double. The sine half waits for the next short request, whatever is drawn between.
static float normal_single(struct torch_rng *r)
{
    if (r->have_next) {
        r->have_next = false;
        return (float)r->next;
    }
    double u1 = uniform_double(r), u2 = uniform_double(r);
    double radius = sqrt(-2.0 * log1p(-u2)), angle = 2.0 * 3.14159265358979323846 * u1;
    r->next = radius * sin(angle);
    r->have_next = true;
    return (float)(radius * cos(angle));
}

// Natural logarithm of a normal float in (0, 1]: the vector library's polynomial.
static float log_poly(float v)
{
    static const float c[] = {-1.1514610310E-1f, 1.1676998740E-1f, -1.2420140846E-1f, 1.4249322787E-1f,
                              -1.6668057665E-1f, 2.0000714765E-1f, -2.4999993993E-1f, 3.3333331174E-1f};
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    float e = (float)((int32_t)(bits >> 23) - 126);
    bits = (bits & 0x7fffffu) | 0x3f000000u; // mantissa in [0.5, 1)
    float m, x;
    memcpy(&m, &bits, sizeof m);
    if (m < 0.70710678f) {
        e -= 1.0f;
        x = (m - 1.0f) + m;
    } else {
        x = m - 1.0f;
    }
    float z = x * x, y = 7.0376836292E-2f;
    for (size_t i = 0; i < COUNTOF(c); i++) y = fmaf(y, x, c[i]);
    y *= x;
    y = fmaf(y, z, e * -2.12194440e-4f);
    y = fmaf(-z, 0.5f, y);
    x += y;
    return fmaf(e, 0.693359375f, x);
}

// Sine and cosine of an angle in [0, 2 pi): the vector library's polynomials.
static void sincos_poly(float angle, float *sine, float *cosine)
{
    int32_t j = ((int32_t)(angle * 1.27323954473516f) + 1) & ~1;
    float q = (float)j;
    float x = fmaf(q, -0.78515625f, angle);
    x = fmaf(q, -2.4187564849853515625e-4f, x);
    x = fmaf(q, -3.77489497744594108e-8f, x);
    float z = x * x;

    float c = 2.443315711809948E-5f;
    c = fmaf(c, z, -1.388731625493765E-3f);
    c = fmaf(c, z, 4.166664568298827E-2f);
    c *= z;
    c = fmaf(c, z, -(z * 0.5f));
    c += 1.0f;

    float s = -1.9515295891E-4f;
    s = fmaf(s, z, 8.3321608736E-3f);
    s = fmaf(s, z, -1.6666654611E-1f);
    s *= z;
    s = fmaf(s, x, x);

    bool plain = !(j & 2);
    *sine = plain ? s : c;
    *cosine = plain ? c : s;
    if (j & 4) *sine = -*sine;
    if (!((j - 2) & 4)) *cosine = -*cosine;
}

// Sixteen uniforms become sixteen normals: value j is paired with value j + 8.
static void normal_group(float d[GROUP])
{
    for (uint32_t i = 0; i < GROUP / 2; i++) {
        float sine, cosine;
        float radius = sqrtf(-2.0f * log_poly(1.0f - d[i]));
        sincos_poly(6.2831855f * d[i + GROUP / 2], &sine, &cosine);
        d[i] = radius * cosine;
        d[i + GROUP / 2] = radius * sine;
    }
}

void torch_randn(struct torch_rng *r, float *out, uint64_t n)
{
    if (n < GROUP) {
        for (uint64_t i = 0; i < n; i++) out[i] = normal_single(r);
        return;
    }
    torch_rand(r, out, n);
    for (uint64_t i = 0; i + GROUP <= n; i += GROUP) normal_group(out + i);
    if (n % GROUP) { // the last sixteen overlap the group before, and are drawn afresh
        torch_rand(r, out + (n - GROUP), GROUP);
        normal_group(out + (n - GROUP));
    }
}
