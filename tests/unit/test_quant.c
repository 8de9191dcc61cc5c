// test_quant.c — packed weights: how far they may be off, what becomes of weights that are no numbers, and where
// graph/layout.c puts them, read back by the definition in base/quant.h.
#include "check.h"
#include "graph/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 1;
static float uniform(void) // -1..1
{
    state = state * 1664525u + 1013904223u;
    return (float)(int32_t)state * 0x1p-31f;
}

static float bell(void)
{
    return (uniform() + uniform() + uniform() + uniform()) * 0.87f; // deviation 1
}

static float largest(const float *w)
{
    float most = 0;
    for (uint32_t i = 0; i < QUANT_BLOCK; i++) most = fmaxf(most, fabsf(w[i]));
    return most;
}

static void check_errors(enum dtype t, float size)
{
    double sum = 0, all = 0;
    for (uint32_t n = 0; n < 500; n++) {
        float w[QUANT_BLOCK], r[QUANT_BLOCK];
        int8_t q[QUANT_BLOCK];
        for (uint32_t i = 0; i < QUANT_BLOCK; i++) r[i] = w[i] = bell() * size;
        const float scale = half_to_float(quant_block(t, w, q));
        quant_round(t, r, QUANT_BLOCK);
        for (uint32_t i = 0; i < QUANT_BLOCK; i++) {
            const int low = t == DT_Q8 ? -127 : -8, high = t == DT_Q8 ? 127 : 7;
            CHECK(q[i] >= low && q[i] <= high, "%s: %d", dtype_name(t), q[i]);
            CHECK(r[i] == scale * (float)q[i], "%s: %g is not %g x %d", dtype_name(t), (double)r[i], (double)scale,
                  q[i]);
            // 4 bits may clip the largest weights to serve the others
            const float most = t == DT_Q8 ? largest(w) / 127 * 0.51f : largest(w) * 0.27f;
            CHECK(fabsf(r[i] - w[i]) <= most, "%s: %g became %g", dtype_name(t), (double)w[i], (double)r[i]);
            sum += ((double)r[i] - w[i]) * ((double)r[i] - w[i]);
            all += (double)w[i] * w[i];
        }
    }
    const double lost = sqrt(sum / all), most = t == DT_Q8 ? 0.006 : 0.095;
    printf("%s at size %g: %.4f of the weights is lost\n", dtype_name(t), (double)size, lost);
    CHECK(lost < most && lost > 1e-4, "%s loses %g", dtype_name(t), lost);
}

static void check_specials(enum dtype t)
{
    float w[QUANT_BLOCK] = {0};
    int8_t q[QUANT_BLOCK];
    quant_round(t, w, QUANT_BLOCK);
    for (uint32_t i = 0; i < QUANT_BLOCK; i++) CHECK(w[i] == 0, "zero became %g", (double)w[i]);
    w[5] = -3;
    quant_round(t, w, QUANT_BLOCK);
    CHECK(fabsf(w[5] + 3) < 0.01f && w[4] == 0, "a lone weight became %g", (double)w[5]);
    for (uint32_t i = 0; i < QUANT_BLOCK; i++) w[i] = i % 2 ? 1e30f : -1e30f;
    const float scale = half_to_float(quant_block(t, w, q));
    CHECK(isfinite(scale) && q[0] < 0 && q[1] > 0, "huge weights: scale %g", (double)scale);
    for (uint32_t i = 0; i < QUANT_BLOCK; i++) w[i] = 1e-12f;
    quant_round(t, w, QUANT_BLOCK);
    CHECK(w[0] == 0, "what no half can scale became %g", (double)w[0]);
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < QUANT_BLOCK; i++) w[i] = 0.5f;
        w[63] = k ? INFINITY : NAN;
        quant_round(t, w, QUANT_BLOCK);
        CHECK(!isfinite(w[0]) && !isfinite(w[63]), "a broken block passes for a sound one");
    }
}

// Weight (r, k) out of packed memory, by the words of base/quant.h and graph/graph.h.
static float read_back(const uint8_t *at, struct layout l, struct shape sh, enum dtype t, uint64_t r, uint64_t k)
{
    const uint64_t per = 32 / quant_bits(t), panel = l.kind == LAYOUT_PANELS ? l.panel : 1;
    const uint64_t rows = (sh.rows + panel - 1) / panel * panel;
    uint64_t place = r % panel;
    if (l.lanes) place = place / (2 * l.lanes) * 2 * l.lanes + (r % 2 ? l.lanes : 0) + place % (2 * l.lanes) / 2;
    uint64_t word = (r / panel * (sh.cols / per) + k / per) * panel + place;
    uint32_t bits;
    memcpy(&bits, at + word * 4, 4);
    int32_t q = (int32_t)(bits << (32 - quant_bits(t) - k % per * quant_bits(t))) >> (32 - quant_bits(t));
    uint16_t scale;
    word = rows * (sh.cols / per) + k / QUANT_BLOCK * ((rows + 1) / 2) + r / 2;
    memcpy(&scale, at + word * 4 + r % 2 * 2, 2);
    return half_to_float(scale) * (float)q;
}

static void check_layout(enum dtype t, struct layout l, uint32_t rows, uint32_t cols, enum dtype from)
{
    const struct shape sh = {1, rows, cols};
    const uint64_t n = shape_count(sh), bytes = layout_bytes(l, sh, t);
    float *w = malloc(n * sizeof *w);
    uint16_t *half = malloc(n * sizeof *half);
    uint8_t *packed = malloc(bytes + 16);
    for (uint64_t i = 0; i < n; i++) {
        half[i] = half_from_float(bell());
        w[i] = half_to_float(half[i]);
    }
    memset(packed, 0xa5, bytes + 16);
    layout_pack(l, sh, t, packed, from, from == DT_F16 ? (const void *)half : w);
    for (uint32_t i = 0; i < 16; i++) CHECK(packed[bytes + i] == 0xa5, "a byte behind the end was written");
    quant_round(t, w, n);
    for (uint64_t i = 0; i < n; i++) {
        const float got = read_back(packed, l, sh, t, i / cols, i % cols);
        CHECK(got == w[i], "%s %ux%u: weight %llu is %g, wanted %g", dtype_name(t), rows, cols, (unsigned long long)i,
              (double)got, (double)w[i]);
    }
    free(w);
    free(half);
    free(packed);
}

int main(void)
{
    static const enum dtype types[] = {DT_Q8, DT_Q4};
    for (uint32_t i = 0; i < COUNTOF(types); i++) {
        const enum dtype t = types[i], from = i ? DT_F16 : DT_F32;
        const uint32_t group = 32 / quant_bits(t);
        check_errors(t, 1);
        check_errors(t, 0.02f);
        check_specials(t);
        check_layout(t, (struct layout){0}, 6, 128, DT_F32);
        check_layout(t, (struct layout){0}, 7, 64, from);
        check_layout(t, (struct layout){LAYOUT_PANELS, 16, group, 0}, 33, 192, from);
        check_layout(t, (struct layout){LAYOUT_PANELS, 48, group, 0}, 48, 64, DT_F16);
        check_layout(t, (struct layout){LAYOUT_PANELS, 32, group, 8}, 50, 128, from);
        CHECK(quant_bytes(t, 7, 128) == 7 * 128 * quant_bits(t) / 8 + 4 * 2 * 4, "%s: bytes", dtype_name(t));
        enum dtype found;
        CHECK(!dtype_from_name(dtype_name(t), &found), "a file may hold %s", dtype_name(t));
        CHECK(dtype_bytes(t) == 0 && quant_is(t) && !quant_is(DT_F16), "%s", dtype_name(t));
    }
    return check_done();
}
