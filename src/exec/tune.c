// tune.c — every candidate runs the op on random operands, with as many different weights as outgrow a cache, one after
// another, as a network does it. Knows no particular op: operands are cloned from the tape's.
#include "exec/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 5, WARM = 2, COPIES_MAX = 24, COPIES_MIN = 6 };
static const double beyond_cache = 64e6; // bytes of weights in turn
static const double allowed = 4e-3;      // of the largest value: two roundings to halves

struct bed { // a tape of the same op several times over
    struct graph g;
    struct plan *plan;
    struct program *program;
    ten first, out[COPIES_MAX];
    uint32_t n;
};

static void bed_close(struct bed *b)
{
    program_close(b->program);
    plan_free(b->plan);
    graph_close(&b->g);
    *b = (struct bed){0};
}

static ten clone(struct bed *b, const struct tensor *t, uint32_t operand)
{
    char name[32];
    bool weight = t->kind == KIND_WEIGHT;
    snprintf(name, sizeof name, "operand%u", operand);
    return graph_tensor(&b->g, weight ? KIND_WEIGHT : KIND_STATE, weight ? RATE_CONST : RATE_STEP, t->dtype, t->sh,
                        name);
}

static bool bed_build(struct bed *b, const struct graph *g, const struct op *o, struct err *e)
{
    double bytes = 1;
    ten in[OP_IN] = {0};
    graph_open(&b->g, g->act, g->weight, e);
    for (uint32_t k = 0; k < o->n_in; k++)
        if (o->in[k] && g->t[o->in[k]].kind == KIND_WEIGHT) bytes += (double)tensor_bytes(&g->t[o->in[k]]);
    b->n = (uint32_t)fmax(COPIES_MIN, fmin(COPIES_MAX, ceil(beyond_cache / bytes)));
    for (uint32_t i = 0; i < b->n; i++) {
        for (uint32_t k = 0; k < o->n_in; k++) {
            const struct tensor *t = &g->t[o->in[k]];
            if (o->in[k] && (i == 0 || t->kind == KIND_WEIGHT)) in[k] = clone(b, t, k);
        }
        b->out[i] = graph_emit(&b->g, o->row, in, o->n_in, o->param, sizeof o->param, (ten){0});
        if (e->code != ERR_NONE) return false;
    }
    b->g.t[b->out[0].id].keep = true;
    return b->g.t[b->out[0].id].dtype == g->t[o->out].dtype ||
           err_set(e, ERR_UNSUPPORTED, "%s: the tape's result has another type", o->row->name);
}

// Floats in -1..1 from a counter, the same for every candidate; integers and ticks are zero.
static bool bed_fill(struct bed *b, struct err *e)
{
    for (uint32_t i = 1; i < b->g.n_t; i++) {
        const struct tensor *t = &b->g.t[i];
        if (t->kind != KIND_STATE && t->kind != KIND_WEIGHT) continue;
        uint64_t n = shape_count(t->sh);
        float *v = mem_zero(n, sizeof *v, e);
        if (!v) return false;
        uint32_t state = 0x9e3779b9u + i;
        for (uint64_t k = 0; t->dtype != DT_I32 && k < n; k++) {
            state = state * 1664525u + 1013904223u;
            v[k] = (float)(int32_t)(state >> 16) / 32768.0f - 1;
        }
        bool ok = t->kind == KIND_WEIGHT ? program_weight(b->program, (ten){i}, v, DT_F32, e)
                                         : program_write(b->program, (ten){i}, 0, n, v, e);
        free(v);
        if (!ok) return false;
        // of the other weights only the time matters, and that does not depend on values
        if (t->kind == KIND_WEIGHT && i > b->out[0].id) break;
    }
    return true;
}

static bool bed_open(struct bed *b, struct gpu *gpu, const struct graph *g, const struct op *o,
                     const struct kernel_row *k, struct err *e)
{
    if (!bed_build(b, g, o, e)) return false;
    b->plan = plan_make_forced(&b->g, &gpu->caps, k, e);
    b->program = b->plan ? program_open(gpu, b->plan, e) : NULL;
    return b->program && bed_fill(b, e);
}

static bool bed_time(struct bed *b, double *seconds, struct err *e)
{
    *seconds = INFINITY;
    for (uint32_t i = 0; i < WARM + REPEATS; i++) {
        if (!program_run(b->program, RATE_STEP, NULL, NULL, e)) return false;
        if (i >= WARM) *seconds = fmin(*seconds, program_stats(b->program, RATE_STEP).seconds / b->n);
    }
    return true;
}

static float *bed_result(struct bed *b, struct err *e)
{
    uint64_t n = shape_count(graph_at(&b->g, b->out[0])->sh);
    float *v = mem_zero(n, sizeof *v, e);
    if (v && program_read(b->program, b->out[0], 0, n, v, e)) return v;
    free(v);
    return NULL;
}

static double difference(const float *a, const float *b, uint64_t n)
{
    double most = 0, size = 1e-6;
    for (uint64_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        if (!(d <= most)) most = isnan(d) ? INFINITY : d;
        if (fabs((double)b[i]) > size) size = fabs((double)b[i]);
    }
    return most / size;
}

static bool fits(const struct gpu *gpu, const struct graph *g, const struct op *o, const struct kernel_row *k)
{
    return !k->fits || k->fits(&gpu->caps, g, o);
}

// The last one that fits: every op ends its list with what runs everywhere.
static const struct kernel_row *plain_kernel(const struct gpu *gpu, const struct graph *g, const struct op *o)
{
    const struct kernel_row *last = NULL;
    for (const struct kernel_row *const *k = o->row->kernels; k && *k; k++)
        if (!(*k)->measured && fits(gpu, g, o, *k)) last = *k;
    return last;
}

static float *plain_result(struct gpu *gpu, const struct graph *g, const struct op *o, struct err *e)
{
    struct bed b = {0};
    const struct kernel_row *k = plain_kernel(gpu, g, o);
    float *v = NULL;
    if (k && bed_open(&b, gpu, g, o, k, e) && program_run(b.program, RATE_STEP, NULL, NULL, e)) v = bed_result(&b, e);
    bed_close(&b);
    return v;
}

static struct tune_trial try_kernel(struct gpu *gpu, const struct graph *g, const struct op *o,
                                    const struct kernel_row *k, const float *want)
{
    struct err e = {0}; // a candidate's failure is its own
    struct bed b = {0};
    struct tune_trial t = {.kernel = k->name, .seconds = INFINITY, .error = INFINITY};
    float *got = NULL;
    if (bed_open(&b, gpu, g, o, k, &e) && bed_time(&b, &t.seconds, &e)) got = bed_result(&b, &e);
    if (got) t.error = difference(got, want, shape_count(g->t[o->out].sh));
    t.right = t.error <= allowed;
    free(got);
    bed_close(&b);
    return t;
}

static bool tune_op(struct gpu *gpu, const struct graph *g, const struct op *o, const char *key, struct tuned *t,
                    void (*tried)(void *user, const struct tune_trial *trial), bool (*stop)(void *user), void *user,
                    struct err *e)
{
    struct tune_trial best = {.seconds = INFINITY};
    float *want = plain_result(gpu, g, o, e);
    if (!want) return false;
    for (const struct kernel_row *const *k = o->row->kernels; *k; k++) {
        if (!(*k)->measured || !fits(gpu, g, o, *k)) continue;
        if (gpu->lost || (stop && stop(user))) {
            free(want);
            return err_set(e, gpu->lost ? ERR_LOST : ERR_CANCELLED, gpu->lost ? "the device was lost" : "stopped");
        }
        struct tune_trial trial = try_kernel(gpu, g, o, *k, want);
        trial.key = key;
        if (tried) tried(user, &trial);
        if (trial.right && trial.seconds < best.seconds) best = trial;
    }
    free(want);
    if (best.kernel) tuned_put(t, key, best.kernel, best.seconds);
    return true;
}

static uint32_t candidates(const struct gpu *gpu, const struct graph *g, const struct op *o)
{
    uint32_t n = 0;
    for (const struct kernel_row *const *k = o->row->kernels; k && *k; k++) n += (*k)->measured && fits(gpu, g, o, *k);
    return n;
}

bool tune_graph(struct gpu *gpu, const struct graph *g, double least_flops, struct tuned *t,
                void (*tried)(void *user, const struct tune_trial *trial), bool (*stop)(void *user), void *user,
                struct err *e)
{
    for (uint32_t i = 0; i < g->n_op; i++) {
        const struct op *o = &g->op[i];
        char key[TUNED_KEY];
        if (o->rate != RATE_STEP || !o->row->work || o->row->work(g, o).flops < least_flops) continue;
        if (candidates(gpu, g, o) < 2) continue;
        tuned_key(g, o, key);
        if (tuned_find(t, key)) continue;
        if (!tune_op(gpu, g, o, key, t, tried, stop, user, e)) return false;
    }
    return true;
}
