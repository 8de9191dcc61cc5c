// num.c — the generator, the functions and the noise of num.h. Uses of libm only what is exact everywhere: floor,
// sqrt, frexp, ldexp.
#include "num.h"

uint64_t num_hash(uint64_t v)
{
    v += 0x9e3779b97f4a7c15u;
    v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9u;
    v = (v ^ (v >> 27)) * 0x94d049bb133111ebu;
    return v ^ (v >> 31);
}

static uint64_t next(struct rng *r)
{
    return num_hash(r->key + num_hash(r->count++));
}

uint32_t rng_word(struct rng *r)
{
    return (uint32_t)(next(r) >> 32);
}

float rng_unit(struct rng *r)
{
    return (float)(next(r) >> 40) * 0x1p-24f;
}

float rng_in(struct rng *r, float low, float high)
{
    return num_mix(low, high, rng_unit(r));
}

float rng_mid(struct rng *r, float centre, float spread)
{
    float sum = 0;
    for (int i = 0; i < 3; i++) sum += rng_unit(r);
    return centre + spread * (sum / 1.5f - 1);
}

int rng_below(struct rng *r, int n)
{
    return (int)(((next(r) >> 32) * (uint64_t)n) >> 32);
}

int rng_from(struct rng *r, int low, int high)
{
    return low + rng_below(r, high - low + 1);
}

bool rng_chance(struct rng *r, float p)
{
    return rng_unit(r) < p;
}

float rng_sign(struct rng *r)
{
    return next(r) >> 63 ? -1.0f : 1.0f;
}

float num_sin(float turns)
{
    double t = turns - floor((double)turns + 0.5); // -0.5 .. 0.5
    if (t > 0.25) t = 0.5 - t;
    if (t < -0.25) t = -0.5 - t;
    double x = t * 6.283185307179586, q = x * x;
    double s = 1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72 * (1 - q / 110 * (1 - q / 156)))));
    return (float)(x * s);
}

float num_cos(float turns)
{
    return num_sin(turns + 0.25f);
}

float num_atan(float y, float x)
{
    double ax = fabs((double)x), ay = fabs((double)y);
    if (ax + ay <= 0) return 0;
    double t = ay <= ax ? ay / ax : ax / ay, q = t * t;
    // A minimax polynomial for atan on 0..1, in turns, good to 1e-5: far below one pixel.
    double a =
        t * (0.15915132 + q * (-0.05293867 + q * (0.03080340 + q * (-0.01853087 + q * (0.00838004 - q * 0.00186549)))));
    if (ay > ax) a = 0.25 - a;
    if (x < 0) a = 0.5 - a;
    return (float)(y < 0 ? -a : a);
}

static double log2_of(double v)
{
    int e;
    double m = frexp(v, &e);
    if (m < 0.7071067811865476) {
        m *= 2;
        e--;
    }
    double s = (m - 1) / (m + 1), q = s * s;
    double sum = 1 + q * (1 / 3.0 + q * (1 / 5.0 + q * (1 / 7.0 + q * (1 / 9.0 + q * (1 / 11.0 + q / 13.0)))));
    return e + s * sum * 2.8853900817779268;
}

static double exp2_of(double v)
{
    double whole = floor(v), x = (v - whole) * 0.6931471805599453, sum = 1;
    for (int i = 12; i > 0; i--) sum = 1 + sum * x / i;
    return ldexp(sum, (int)whole);
}

double num_pow(double base, double exponent)
{
    return base <= 0 ? 0 : exp2_of(log2_of(base) * exponent);
}

static float corner(int32_t x, int32_t y, uint32_t seed)
{
    uint32_t h = (uint32_t)x * 0x85ebca6bu ^ (uint32_t)y * 0xc2b2ae35u ^ seed;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    return (float)((h ^ (h >> 15)) >> 8) * 0x1p-24f;
}

float noise_at(float x, float y, uint32_t seed)
{
    int32_t ix = (int32_t)x - (x < 0), iy = (int32_t)y - (y < 0); // floor without a call; -1 steps to -2, no matter
    float u = x - (float)ix, v = y - (float)iy;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    float top = num_mix(corner(ix, iy, seed), corner(ix + 1, iy, seed), u);
    float low = num_mix(corner(ix, iy + 1, seed), corner(ix + 1, iy + 1, seed), u);
    return num_mix(top, low, v);
}

float noise_sum(float x, float y, uint32_t seed, int octaves)
{
    float sum = 0, gain = 0.5f, total = 0;
    for (int i = 0; i < octaves; i++) {
        sum += gain * noise_at(x, y, seed + (uint32_t)i * 0x9e3779b9u);
        total += gain;
        gain *= 0.5f;
        x *= 2;
        y *= 2;
    }
    return total > 0 ? sum / total : 0;
}
