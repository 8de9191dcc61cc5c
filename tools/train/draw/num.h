// num.h — numbers that come out the same on every machine: a counter-based generator, and sine, power and noise from
// plain multiplications and additions. Knows nothing about pictures. Angles are in turns: 1 = a full circle.
#ifndef DRAW_NUM_H
#define DRAW_NUM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct v2 {
    float x, y;
};

// ---- random draws: the n-th draw of a key is a hash of both, so no state but a counter is carried.
// Two draws never stand in one expression: C leaves their order to the compiler.
struct rng {
    uint64_t key, count;
};

uint64_t num_hash(uint64_t v);
float rng_unit(struct rng *r); // [0, 1)
float rng_in(struct rng *r, float low, float high);
float rng_mid(struct rng *r, float centre, float spread); // bell-shaped within centre ± spread
int rng_below(struct rng *r, int n);
int rng_from(struct rng *r, int low, int high); // both included
bool rng_chance(struct rng *r, float p);
float rng_sign(struct rng *r); // -1 or 1
uint32_t rng_word(struct rng *r);

// ---- functions that libm rounds differently from one system to the next
float num_sin(float turns);
float num_cos(float turns);
float num_atan(float y, float x); // turns, (-0.5, 0.5]
double num_pow(double base, double exponent);

static inline float num_clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}
static inline float num_mix(float a, float b, float t)
{
    return a + (b - a) * t;
}
static inline float num_min(float a, float b)
{
    return a < b ? a : b;
}
static inline float num_max(float a, float b)
{
    return a > b ? a : b;
}
static inline float num_smooth(float low, float high, float v)
{
    float t = num_clamp((v - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}
static inline struct v2 v2(float x, float y)
{
    return (struct v2){x, y};
}
static inline struct v2 v2_polar(float radius, float turns)
{
    return (struct v2){radius * num_cos(turns), radius * num_sin(turns)};
}

// ---- value noise in 0..1, smooth, one bump per unit; `octaves` halves the size each time
float noise_at(float x, float y, uint32_t seed);
float noise_sum(float x, float y, uint32_t seed, int octaves);

#endif
