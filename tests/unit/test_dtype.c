// test_dtype.c — conversions against slow, obviously right ones: every half, and the floats around every boundary.
#include "base/dtype.h"
#include "check.h"

#include <math.h>
#include <string.h>

static float float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static double half_value(uint16_t h) // by definition: sign, 5 bits of exponent, 10 bits of fraction
{
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    const double sign = h & 0x8000 ? -1 : 1;
    if (exponent == 31) return fraction ? (double)NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

// Nearest half by bisection over the 31744 finite magnitudes; ties go to the even one.
static uint16_t half_slow(double d)
{
    if (isnan(d)) return 0x7E00;
    const uint16_t sign = signbit(d) ? 0x8000 : 0;
    const double mag = fabs(d);
    uint16_t low = 0, high = 0x7C00; // value(low) <= mag < value(high), with 65536 standing for infinity
    if (mag >= 65536.0) return sign | 0x7C00;
    while (high - low > 1) {
        const uint16_t mid = (uint16_t)((low + high) / 2);
        if (half_value(mid) <= mag)
            low = mid;
        else
            high = mid;
    }
    const double below = mag - half_value(low), above = (high == 0x7C00 ? 65536.0 : half_value(high)) - mag;
    const bool up = above < below || (above == below && (low & 1));
    return sign | (up ? high : low);
}

static bool same_half(uint16_t a, uint16_t b)
{
    return a == b || ((a & 0x7FFF) > 0x7C00 && (b & 0x7FFF) > 0x7C00);
}

static void check_every_half(void)
{
    uint32_t wrong_up = 0, wrong_back = 0;
    for (uint32_t h = 0; h < 65536; h++) {
        const float f = half_to_float((uint16_t)h);
        const double want = half_value((uint16_t)h);
        wrong_up += isnan(want) ? !isnan(f) : !((double)f == want && !signbit(f) == !signbit(want));
        wrong_back += !same_half(half_from_float(f), (uint16_t)h);
    }
    CHECK(wrong_up == 0, "%u halves differ as floats", wrong_up);
    CHECK(wrong_back == 0, "%u halves do not survive the round trip", wrong_back);
}

static void check_float_to_half(void)
{
    uint32_t wrong = 0;
    uint32_t x = 12345;
    for (uint32_t i = 0; i < 400000; i++) {
        x = x * 1664525u + 1013904223u;
        // uniform bits, and bits near the halves' own exponents with the rounding bits all over the place
        const uint32_t bits = i & 1 ? x : 0x33000000u + x % 0x15000000u;
        wrong += !same_half(half_from_float(float_of(bits)), half_slow((double)float_of(bits)));
    }
    for (uint32_t h = 0; h < 0x7C00; h++) { // exactly between two halves, and one float to either side
        const double high = h == 0x7BFF ? 65536.0 : half_value((uint16_t)(h + 1));
        const float middle = (float)((half_value((uint16_t)h) + high) / 2);
        const float around[3] = {nextafterf(middle, 0), middle, nextafterf(middle, INFINITY)};
        for (int k = 0; k < 3; k++) {
            wrong += half_from_float(around[k]) != half_slow((double)around[k]);
            wrong += half_from_float(-around[k]) != half_slow(-(double)around[k]);
        }
    }
    CHECK(wrong == 0, "%u floats are rounded wrongly", wrong);
    CHECK(half_from_float(65519.996f) == 0x7BFF && half_from_float(65520.0f) == 0x7C00, "overflow is at 65520");
    CHECK(isnan(half_to_float(half_from_float(NAN))), "NaN is lost");
    CHECK(half_from_float(float_of(0x7F800001)) != 0x7C00, "a signalling NaN became infinity");
    CHECK(half_from_float(-0.0f) == 0x8000, "the sign of zero is lost");
}

static void check_double_to_half(void)
{
    uint32_t wrong = 0;
    for (uint32_t h = 0; h < 0x7BFF; h++) { // a hair off a tie: rounding to float first would hide the hair
        const double middle = (half_value((uint16_t)h) + half_value((uint16_t)(h + 1))) / 2;
        const double in[4] = {middle, middle * (1 + 0x1p-50), middle * (1 - 0x1p-50), -middle * (1 + 0x1p-50)};
        uint16_t out[4];
        convert_to_f16(out, in, DT_F64, 4);
        for (int k = 0; k < 4; k++) wrong += out[k] != half_slow(in[k]);
    }
    CHECK(wrong == 0, "%u doubles are rounded twice", wrong);
}

static void check_bulk(void)
{
    static const int64_t value[] = {0, 1, -1, 5, 100, -128, 127, 2049, 32767, 16777217, 65520, -70000};
    uint8_t raw[COUNTOF(value) * 8 + 1];
    for (int t = 0; t < DT_COUNT; t++) {
        uint8_t *p = raw + 1; // unaligned on purpose
        for (uint32_t i = 0; i < COUNTOF(value); i++) {
            const double d = (double)value[i];
            const float f = (float)d;
            const uint16_t h = half_from_float(f);
            uint32_t bits;
            memcpy(&bits, &f, 4);
            const uint16_t b = (uint16_t)(bits >> 16);
            const int64_t v = value[i];
            const bool one = v != 0;
            const void *from = t == DT_F32    ? (const void *)&f
                               : t == DT_F16  ? (const void *)&h
                               : t == DT_BF16 ? (const void *)&b
                               : t == DT_F64  ? (const void *)&d
                               : t == DT_BOOL ? (const void *)&one
                                              : (const void *)&v; // little endian: the low bytes are the narrow type
            memcpy(p, from, dtype_bytes((enum dtype)t));
            p += dtype_bytes((enum dtype)t);
        }
        float f32[COUNTOF(value)];
        uint16_t f16[COUNTOF(value)];
        convert_to_f32(f32, raw + 1, (enum dtype)t, COUNTOF(value));
        convert_to_f16(f16, raw + 1, (enum dtype)t, COUNTOF(value));
        for (uint32_t i = 0; i < COUNTOF(value); i++) {
            const int64_t v = value[i];
            double want = (double)v;
            if (t == DT_I32) want = (int32_t)v;
            if (t == DT_I16) want = (int16_t)v;
            if (t == DT_I8) want = (int8_t)v;
            if (t == DT_U8) want = (uint8_t)v;
            if (t == DT_BOOL) want = v != 0;
            if (t == DT_F16) want = (double)half_to_float(half_slow(want));
            if (t == DT_BF16) { // truncated by the encoder above
                const float f = (float)want;
                uint32_t bits;
                memcpy(&bits, &f, 4);
                want = (double)float_of(bits & 0xFFFF0000u);
            }
            CHECK((double)f32[i] == (double)(float)want, "%s[%u]: got %g, want %g", dtype_name((enum dtype)t), i,
                  (double)f32[i], want);
            CHECK(f16[i] == half_slow(want), "%s[%u]: got half %04x, want %04x", dtype_name((enum dtype)t), i, f16[i],
                  half_slow(want));
        }
    }
}

static void check_names(void)
{
    for (int t = 0; t < DT_COUNT; t++) {
        enum dtype back = DT_COUNT;
        CHECK(dtype_from_name(dtype_name((enum dtype)t), &back) && (int)back == t, "%s", dtype_name((enum dtype)t));
    }
    enum dtype t;
    CHECK(!dtype_from_name("F7", &t) && !dtype_from_name("", &t), "unknown names are refused");
}

int main(void)
{
    check_every_half();
    check_float_to_half();
    check_double_to_half();
    check_bulk();
    check_names();
    return check_done();
}
