// dtype.c — element sizes, names and conversions. Knows nothing about tensors, files or devices.
#include "base/dtype.h"

#include <string.h>

static const struct dtype_row {
    const char *name;
    uint32_t bytes;
} rows[DT_COUNT] = {
    [DT_F32] = {"F32", 4}, [DT_F16] = {"F16", 2},   [DT_BF16] = {"BF16", 2}, [DT_F64] = {"F64", 8},
    [DT_I64] = {"I64", 8}, [DT_I32] = {"I32", 4},   [DT_I16] = {"I16", 2},   [DT_I8] = {"I8", 1},
    [DT_U8] = {"U8", 1},   [DT_BOOL] = {"BOOL", 1}, [DT_Q8] = {"Q8", 0},     [DT_Q4] = {"Q4", 0},
};

uint32_t dtype_bytes(enum dtype t)
{
    return rows[t].bytes;
}

const char *dtype_name(enum dtype t)
{
    return rows[t].name;
}

bool dtype_from_name(const char *name, enum dtype *t)
{
    for (uint32_t i = 0; i < DT_FILES; i++) {
        if (strcmp(rows[i].name, name)) continue;
        *t = (enum dtype)i;
        return true;
    }
    return false;
}

static inline uint32_t float_bits(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static inline float bits_float(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

// a where the condition holds, b elsewhere, without a branch: compilers do not vectorise loops around `?:` when one
// side is a floating point operation.
static inline uint32_t pick(bool condition, uint32_t a, uint32_t b)
{
    const uint32_t mask = 0u - (uint32_t)condition;
    return (a & mask) | (b & ~mask);
}

static inline uint16_t to_half(float f)
{
    const uint32_t bits = float_bits(f), sign = bits >> 16 & 0x8000u, mag = bits & 0x7FFFFFFFu;
    // half denormals: adding 0.5 makes the float adder shift and round (to nearest even) for us
    const uint32_t small = float_bits(bits_float(mag) + 0.5f) - 0x3F000000u;
    // normal halves: rebias the exponent and round to nearest even; a carry runs into the exponent and on to infinity
    const uint32_t normal = (mag - 0x38000000u + 0xFFFu + (mag >> 13 & 1u)) >> 13;
    const uint32_t nan = 0x7E00u | (mag >> 13 & 0x3FFu); // quiet, upper payload kept
    uint32_t h = pick(mag < 0x38800000u, small, normal);
    h = pick(mag >= 0x47800000u, 0x7C00u, h);
    h = pick(mag > 0x7F800000u, nan, h);
    return (uint16_t)(sign | h);
}

static inline float from_half(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, mag = h & 0x7FFFu;
    // a denormal half is an integer count of 2^-24, exact as a float
    const uint32_t small = float_bits((float)(int32_t)mag * 0x1p-24f);
    const uint32_t normal = (mag << 13) + 0x38000000u;
    uint32_t bits = pick(mag < 0x400u, small, normal);
    bits = pick(mag >= 0x7C00u, normal + 0x38000000u, bits);
    return bits_float(sign | bits);
}

uint16_t half_from_float(float f)
{
    return to_half(f);
}

float half_to_float(uint16_t h)
{
    return from_half(h);
}

float bf16_to_float(uint16_t h)
{
    return bits_float((uint32_t)h << 16);
}

// Nearest float, except that an inexact result gets an odd last bit: rounding it again, to half, is then exact.
static inline float float_round_to_odd(double d)
{
    const float f = (float)d;
    const double back = (double)f;
    if (back == d || d != d || (d - d) != 0.0) return f;
    uint32_t bits = float_bits(f);
    const bool away = d < 0 ? back < d : back > d;
    return bits_float((bits - away) | 1u);
}

// Loops over unaligned memory: memcpy of a fixed size is a plain load, and the loops vectorise.
#define EACH(type, convert)                                                                                            \
    for (uint64_t i = 0; i < n; i++) {                                                                                 \
        type v;                                                                                                        \
        memcpy(&v, p + i * sizeof v, sizeof v);                                                                        \
        dst[i] = convert;                                                                                              \
    }

void convert_to_f32(float *restrict dst, const void *restrict src, enum dtype t, uint64_t n)
{
    const uint8_t *p = src;
    switch (t) { // clang-format off
    case DT_F32: if (n) memcpy(dst, src, (size_t)n * sizeof *dst); break;
    case DT_F16: EACH(uint16_t, from_half(v)) break;
    case DT_BF16: EACH(uint16_t, bits_float((uint32_t)v << 16)) break;
    case DT_F64: EACH(double, (float)v) break;
    case DT_I64: EACH(int64_t, (float)v) break;
    case DT_I32: EACH(int32_t, (float)v) break;
    case DT_I16: EACH(int16_t, (float)v) break;
    case DT_I8: EACH(int8_t, (float)v) break;
    case DT_U8: EACH(uint8_t, (float)v) break;
    case DT_BOOL: EACH(uint8_t, v != 0 ? 1.0f : 0.0f) break;
    case DT_Q8:
    case DT_Q4:
    case DT_COUNT: break;
    } // clang-format on
}

void convert_to_f16(uint16_t *restrict dst, const void *restrict src, enum dtype t, uint64_t n)
{
    const uint8_t *p = src;
    switch (t) { // clang-format off
    case DT_F32: EACH(float, to_half(v)) break;
    case DT_F16: if (n) memcpy(dst, src, (size_t)n * sizeof *dst); break;
    case DT_BF16: EACH(uint16_t, to_half(bits_float((uint32_t)v << 16))) break;
    case DT_F64: EACH(double, to_half(float_round_to_odd(v))) break;
    case DT_I64: EACH(int64_t, to_half((float)v)) break; // integers beyond 65519 are infinite, smaller ones exact floats
    case DT_I32: EACH(int32_t, to_half((float)v)) break;
    case DT_I16: EACH(int16_t, to_half((float)v)) break;
    case DT_I8: EACH(int8_t, to_half((float)v)) break;
    case DT_U8: EACH(uint8_t, to_half((float)v)) break;
    case DT_BOOL: EACH(uint8_t, v != 0 ? 0x3C00u : 0u) break;
    case DT_Q8:
    case DT_Q4:
    case DT_COUNT: break;
    } // clang-format on
}
