// test_tick.c — struct tick as the shaders see it: word offsets of shaders/inc/tick.glsl; and the ops that only the
// oracle defines to the last bit: Philox against its published words, the sampler update on two steps by hand.
#include "check.h"

#include "exec/exec.h"
#include "kernels/tick.h"
#include "kernels/vocab.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t word;
} offsets[] = {
    {"TICK_REGS", TICK_REGS},
    {"TICK_SRC", TICK_SRC},
    {"TICK_MOD", offsetof(struct tick, mod) / 4},
    {"TICK_IN_REG", offsetof(struct tick, in_reg) / 4},
    {"TICK_USE_VAR", offsetof(struct tick, use_var) / 4},
    {"TICK_N_REGS", offsetof(struct tick, n_regs) / 4},
    {"TICK_CFG", offsetof(struct tick, cfg) / 4},
    {"TICK_IN_SCALE", offsetof(struct tick, in_scale) / 4},
    {"TICK_VAR_LO", offsetof(struct tick, var_lo) / 4},
    {"TICK_VAR_HI", offsetof(struct tick, var_hi) / 4},
    {"TICK_SEED", offsetof(struct tick, seed) / 4},
    {"TICK_OFFSET", offsetof(struct tick, offset) / 4},
    {"TICK_SUBSEQUENCES", offsetof(struct tick, subsequences) / 4},
    {"TICK_MATRIX", offsetof(struct tick, matrix) / 4},
    {"TICK_WORDS", TICK_WORDS},
};

// Every "const uint NAME = VALUE;" of the shader header must be in the list above, and the other way round.
static void check_offsets(void)
{
    FILE *f = fopen(VKDIT_TEST_DATA "/../../shaders/inc/tick.glsl", "r");
    CHECK(f, "shaders/inc/tick.glsl cannot be read");
    char line[200], name[64];
    unsigned value, found = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "const uint %63[A-Z_] = %u;", name, &value) != 2) continue;
        bool known = false;
        for (size_t i = 0; i < COUNTOF(offsets); i++)
            if (!strcmp(offsets[i].name, name)) {
                known = true;
                CHECK(offsets[i].word == value, "%s is %u in the shader, %zu in tick.h", name, value, offsets[i].word);
            }
        CHECK(known, "%s is unknown here", name);
        found++;
    }
    CHECK(found == COUNTOF(offsets), "%u constants in the shader, %zu here", found, COUNTOF(offsets));
    if (f) fclose(f);
}

// Counter and key zero give four published words; one thread draws them as elements 0 to 3.
static void check_philox(void)
{
    static const uint32_t word[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    struct err e = {0};
    struct graph g;
    graph_open(&g, DT_F32, DT_F32, &e);
    ten now = graph_tensor(&g, KIND_STATE, RATE_STEP, DT_I32, (struct shape){1, 1, TICK_WORDS}, "now");
    ten noise = graph_tensor(&g, KIND_STATE, RATE_STEP, DT_F32, (struct shape){1, 1, 4}, "noise");
    op_randn(&g, now, noise);
    struct cpu *x = cpu_open(&g, &e);
    CHECK(x && e.code == ERR_NONE, "%s", e.text);
    if (x) {
        struct tick t = {.subsequences = 1};
        memcpy(cpu_data(x, now), &t, sizeof t);
        cpu_run(x, RATE_STEP);
        for (int i = 0; i < 4; i++) {
            double u = word[i / 2 * 2] * 0x1p-32, v = word[i / 2 * 2 + 1] * 0x1p-32 * 6.283185307179586;
            double want = sqrt(-2 * log(u)) * (i % 2 ? cos(v) : sin(v)), got = cpu_data(x, noise)[i];
            CHECK(fabs(got - want) < 2e-6, "element %d: %.8f, wanted %.8f", i, got, want);
        }
    }
    cpu_close(x);
    graph_close(&g);
}

// Two registers, one element: x' = 2 x + 3 m + noise * std, r1' = x (before the update). A source with a zero
// coefficient may hold anything.
static void check_sample(void)
{
    struct err e = {0};
    struct graph g;
    graph_open(&g, DT_F32, DT_F32, &e);
    struct shape one = {1, 1, 1}, two = {2, 1, 1}, with_variance = {1, 2, 1};
    ten regs = graph_tensor(&g, KIND_STATE, RATE_STEP, DT_F32, two, "regs");
    ten model = graph_tensor(&g, KIND_INPUT, RATE_STEP, DT_F32, with_variance, "model");
    ten noise = graph_tensor(&g, KIND_INPUT, RATE_STEP, DT_F32, one, "noise");
    ten now = graph_tensor(&g, KIND_STATE, RATE_STEP, DT_I32, (struct shape){1, 1, TICK_WORDS}, "now");
    op_sample(&g, regs, model, noise, now);
    struct cpu *x = cpu_open(&g, &e);
    CHECK(x && e.code == ERR_NONE, "%s", e.text);
    if (x) {
        struct tick t = {.use_var = 1, .n_regs = 2, .var_lo = -2, .var_hi = -1};
        t.matrix[0][0] = 2;
        t.matrix[0][TICK_REGS] = 3;
        t.matrix[0][TICK_REGS + 1] = 1;
        t.matrix[1][0] = 1;
        memcpy(cpu_data(x, now), &t, sizeof t);
        float *r = cpu_data(x, regs), *m = cpu_data(x, model);
        r[0] = 5;
        r[1] = NAN;
        m[0] = 7;
        m[1] = 0.5f; // f = 0.75: log variance -1.25
        cpu_data(x, noise)[0] = 10;
        cpu_run(x, RATE_STEP);
        CHECK(fabs(r[0] - (31 + 10 * exp(-0.625))) < 1e-5, "x is %.7f", r[0]);
        CHECK(r[1] == 5, "register 1 is %.7f", r[1]);
    }
    cpu_close(x);
    graph_close(&g);
}

int main(void)
{
    check_offsets();
    check_philox();
    check_sample();
    return check_done();
}
