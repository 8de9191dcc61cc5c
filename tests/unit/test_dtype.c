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

// v as it is stored in a type, and the value that is left of it there.
static double store(uint8_t *to, enum dtype t, int64_t v)
{
    const double d = (double)v;
    const float f = (float)v;
    const uint16_t h = half_slow(d);
    uint16_t b[2]; // little endian: b[1] is the upper half
    memcpy(b, &f, sizeof b);
    const uint8_t one = v != 0;
    switch (t) { // clang-format off
    case DT_F32: memcpy(to, &f, 4); return (double)f;
    case DT_F16: memcpy(to, &h, 2); return half_value(h);
    case DT_BF16: memcpy(to, &b[1], 2); return (double)float_of((uint32_t)b[1] << 16);
    case DT_F64: memcpy(to, &d, 8); return d;
    case DT_BOOL: memcpy(to, &one, 1); return one;
    case DT_I64: memcpy(to, &v, 8); return d;
    case DT_I32: memcpy(to, &v, 4); return (int32_t)v; // the low bytes are the narrow type
    case DT_I16: memcpy(to, &v, 2); return (int16_t)v;
    case DT_I8: memcpy(to, &v, 1); return (int8_t)v;
    default: memcpy(to, &v, 1); return (uint8_t)v;
    } // clang-format on
}

static void check_bulk(void)
{
    static const int64_t value[] = {0, 1, -1, 5, 100, -128, 127, 2049, 32767, 16777217, 65520, -70000};
    enum { N = COUNTOF(value) };
    for (int k = 0; k < DT_FILES; k++) {
        const enum dtype t = (enum dtype)k;
        uint8_t raw[N * 8 + 1], *unaligned = raw + 1;
        double want[N];
        float f32[N];
        uint16_t f16[N];
        for (uint32_t i = 0; i < N; i++) want[i] = store(unaligned + i * dtype_bytes(t), t, value[i]);
        convert_to_f32(f32, unaligned, t, N);
        convert_to_f16(f16, unaligned, t, N);
        for (uint32_t i = 0; i < N; i++) {
            CHECK((double)f32[i] == (double)(float)want[i], "%s[%u]: got %g, want %g", dtype_name(t), i, (double)f32[i],
                  want[i]);
            CHECK(f16[i] == half_slow(want[i]), "%s[%u]: got half %04x, want %04x", dtype_name(t), i, f16[i],
                  half_slow(want[i]));
        }
    }
}

static void check_names(void)
{
    for (int t = 0; t < DT_FILES; t++) {
        enum dtype back = DT_FILES;
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
