// trial.c — see trial.h. Knows kernels only by their rows.
#include "bench/trial.h"

#include "kernels/tick.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct trial_storage trial_storages[] = {
    {DT_F32, DT_F32, "F32"}, {DT_F16, DT_F16, "F16"}, {DT_F32, DT_F16, "F32 with F16 weights"}, {0}};

// --- inputs -------------------------------------------------------------------------------------------------------

static uint32_t mix(uint32_t v)
{
    v = (v ^ v >> 16) * 0x7feb352du;
    v = (v ^ v >> 15) * 0x846ca68bu;
    return v ^ v >> 16;
}

static float uniform(uint32_t seed, uint64_t i) // -1..1, all bits of the mantissa in use
{
    return ((float)(mix(mix(seed * 0x9e3779b9u + 1) + (uint32_t)i) >> 8) * 0x1p-23f - 1) * 0.997f;
}

// Some operands matter outside -1..1. Group norms must not lose small differences of large values.
static float scale_of(const struct op_row *row, const char *name)
{
    if (!strcmp(row->name, "timestep_embed") && !strcmp(name, "in0")) return 1000;
    if (!strcmp(row->name, "to_bytes")) return 1.3f;
    return 1;
}

static float shift_of(const struct op_row *row, const char *name)
{
    return !strncmp(row->name, "gn_", 3) && !strcmp(name, "in0") ? 32 : 0;
}

static struct tick make_tick(uint32_t seed)
{
    struct tick t = {.mod = seed % 2, .in_reg = (seed + 1) % 2, .use_var = seed % 3 != 0, .n_regs = TICK_REGS};
    t.cfg = 4;
    t.in_scale = 0.75f;
    t.var_lo = -4;
    t.var_hi = -1;
    for (uint32_t i = 0; i < 2; i++) t.seed[i] = mix(seed + i);
    t.offset[0] = 0xfffffffeu; // the carry into the high word is part of the case
    t.offset[1] = seed;
    t.subsequences = 256;
    for (uint32_t r = 0; r < TICK_REGS; r++)
        for (uint32_t s = 0; s < TICK_SRC; s++) t.matrix[r][s] = (r + s) % 4 ? uniform(seed, r * TICK_SRC + s) : 0;
    return t;
}

static float tick_value(uint32_t seed, uint64_t i)
{
    struct tick t = make_tick((uint32_t)(seed + i / TICK_WORDS));
    float v;
    memcpy(&v, (const char *)&t + i % TICK_WORDS * sizeof v, sizeof v);
    return v;
}

void trial_values(const struct op_row *row, const char *name, enum dtype d, struct shape sh, uint32_t seed,
                  uint64_t first, uint64_t count, float *out)
{
    float scale = scale_of(row, name), shift = shift_of(row, name);
    for (uint64_t k = 0; k < count; k++) {
        uint64_t i = first + k;
        int32_t small = (int32_t)(i + 1) % 3;
        if (d == DT_I32 && sh.cols == TICK_WORDS)
            out[k] = tick_value(seed, i);
        else if (d == DT_I32)
            memcpy(&out[k], &small, sizeof small);
        else
            out[k] = scale * uniform(seed, i) + shift;
        if (d == DT_F16) out[k] = half_to_float(half_from_float(out[k]));
    }
}

double trial_difference(enum dtype d, const float *got, const float *want, uint64_t n)
{
    double most = 0, size = 1e-3;
    for (uint64_t i = 0; i < n; i++) {
        if (d == DT_I32) {
            if (memcmp(&got[i], &want[i], sizeof *got) != 0) return INFINITY;
            continue;
        }
        double away = fabs((double)got[i] - want[i]);
        if (!(away <= most)) most = isnan(away) ? INFINITY : away;
        if (fabs(want[i]) > size) size = fabs(want[i]);
    }
    return most / size;
}

// Matrix units multiply halves by halves, so they round packed weights to halves, whatever the result is kept as.
static bool rounds_weights(const struct graph *g)
{
    bool half = false, packed = false;
    for (uint32_t i = 1; g && i < g->n_t; i++) {
        half = half || g->t[i].dtype == DT_F16;
        packed = packed || quant_is(g->t[i].dtype);
    }
    return half && packed;
}

double trial_allowed(const struct graph *g, enum dtype d)
{
    return d == DT_F16 ? 1.5e-3 : rounds_weights(g) ? 5e-4 : 2e-5;
}

// --- trials -------------------------------------------------------------------------------------------------------

bool trial_open(struct trial *t, const struct op_row *row, const struct trial_storage *store, uint32_t number,
                struct err *e)
{
    *t = (struct trial){.row = row, .store = store, .number = number};
    graph_open(&t->g, store->act, store->weight, e);
    if (!row->cases || !row->cases(&t->g, number, &t->out)) return false;
    if (e->code != ERR_NONE) return true;
    for (uint32_t i = 0; i < t->g.n_op; i++) t->g.t[t->g.op[i].out].keep = true;
    t->inputs = cpu_open(&t->g, e);
    t->expected = t->inputs ? cpu_open(&t->g, e) : NULL;
    for (uint32_t i = 1; i < t->g.n_t && e->code == ERR_NONE; i++) {
        const struct tensor *a = &t->g.t[i];
        float *p = cpu_data(t->inputs, (ten){i});
        uint32_t seed = a->sh.cols == TICK_WORDS && a->dtype == DT_I32 ? i + number : i * 977 + number;
        if (a->kind != KIND_TEMP) trial_values(row, a->name, a->dtype, a->sh, seed, 0, shape_count(a->sh), p);
        memcpy(cpu_data(t->expected, (ten){i}), p, shape_count(a->sh) * sizeof *p);
        if (quant_is(a->dtype)) quant_round(a->dtype, cpu_data(t->expected, (ten){i}), shape_count(a->sh));
    }
    for (enum rate r = RATE_CONST; r < RATE_COUNT && e->code == ERR_NONE; r++) cpu_run(t->expected, r);
    return true;
}

void trial_close(struct trial *t)
{
    cpu_close(t->inputs);
    cpu_close(t->expected);
    graph_close(&t->g);
    *t = (struct trial){0};
}

bool trial_fits(const struct trial *t, const struct caps *c, const struct kernel_row *k)
{
    for (uint32_t i = 0; i < t->g.n_op; i++)
        if (t->g.op[i].row == t->row && k->fits && !k->fits(c, &t->g, &t->g.op[i])) return false;
    return true;
}

static bool run_program(const struct trial *t, struct program *x, struct err *e)
{
    for (uint32_t i = 1; i < t->g.n_t; i++) {
        const struct tensor *a = &t->g.t[i];
        const float *p = cpu_data(t->inputs, (ten){i});
        if (a->kind == KIND_WEIGHT && !program_weight(x, (ten){i}, p, DT_F32, e)) return false;
        if ((a->kind == KIND_INPUT || a->kind == KIND_STATE) &&
            !program_write(x, (ten){i}, 0, shape_count(a->sh), p, e))
            return false;
    }
    for (enum rate r = RATE_CONST; r < RATE_COUNT; r++)
        if (!program_run(x, r, NULL, NULL, e)) return false;
    return true;
}

static bool compare(const struct trial *t, struct program *x, uint32_t id, struct trial_verdict *v, struct err *e)
{
    const struct tensor *a = &t->g.t[id];
    uint64_t n = shape_count(a->sh);
    float *got = mem_zero(n, sizeof *got, e);
    bool ok = got && program_read(x, (ten){id}, 0, n, got, e);
    if (ok) {
        double d = trial_difference(a->dtype, got, cpu_data(t->expected, (ten){id}), n);
        double allowed = trial_allowed(&t->g, a->dtype);
        if (a->dtype == DT_F32 && d > v->worst_f32) v->worst_f32 = d;
        if (d / allowed > v->worst || !v->tensor) {
            v->worst = d / allowed;
            v->difference = d;
            v->allowed = allowed;
            v->tensor = a->name;
        }
    }
    free(got);
    return ok;
}

static bool compare_all(const struct trial *t, struct program *x, struct trial_verdict *v, struct err *e)
{
    for (uint32_t i = 0; i < t->g.n_op; i++) {
        const struct op *o = &t->g.op[i];
        if (o->row != t->row) continue;
        if (!compare(t, x, o->out, v, e)) return false;
        for (uint32_t j = 0; j < o->n_in; j++)
            if ((o->row->also_writes >> j & 1) && !compare(t, x, o->in[j], v, e)) return false;
    }
    v->ok = v->tensor && v->worst <= 1;
    return true;
}

static bool is_sharded(const struct trial *t, const struct plan *p)
{
    uint32_t dispatches = 0, ops = 0;
    for (uint32_t i = 0; i < t->g.n_op; i++) ops += t->g.op[i].row == t->row;
    for (int r = 0; r < RATE_COUNT; r++)
        for (uint32_t i = 0; i < p->n_seq[r]; i++) dispatches += t->g.op[p->seq[r][i].op].row == t->row;
    return dispatches > ops;
}

bool trial_kernel(const struct trial *t, struct gpu *dev, const struct kernel_row *k, struct trial_verdict *v,
                  struct err *e)
{
    *v = (struct trial_verdict){0};
    struct plan *p = plan_make_forced(&t->g, &dev->caps, k, e);
    v->sharded = p && is_sharded(t, p);
    struct program *x = p ? program_open(dev, p, e) : NULL;
    bool ok = x && run_program(t, x, e) && compare_all(t, x, v, e);
    program_close(x);
    plan_free(p);
    return ok;
}
