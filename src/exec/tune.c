// tune.c — every candidate runs the op on random operands, with as many different weights as outgrow a cache, one after
// another, as a network does it. Knows no particular op: operands are cloned from the tape's.
#include "exec/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 5, WARM = 2, COPIES_MAX = 24, COPIES_MIN = 6 };
enum { FILL_MAX = 4 << 20 };             // elements of a state: of a table of many evaluations only the first is read
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

// Floats in -1..1, the same for every candidate. Every tensor is filled from the start of this list.
static float *make_values(const struct graph *g, const struct op *o, struct err *e)
{
    uint64_t n = 1;
    uint32_t state = 0x9e3779b9u;
    for (uint32_t k = 0; k < o->n_in; k++) {
        const struct tensor *t = &g->t[o->in[k]];
        uint64_t count = shape_count(t->sh);
        if (t->kind != KIND_WEIGHT) count = min_u64(count, FILL_MAX);
        if (count > n) n = count;
    }
    float *v = mem_zero(n, sizeof *v, e);
    for (uint64_t i = 0; v && i < n; i++) {
        state = state * 1664525u + 1013904223u;
        v[i] = (float)((int32_t)(state >> 16) - 32768) / 32768.0f;
    }
    return v;
}

static bool fill(struct bed *b, uint32_t id, const float *values, struct err *e)
{
    const struct tensor *t = &b->g.t[id];
    uint64_t n = shape_count(t->sh);
    if (t->kind == KIND_WEIGHT) return program_weight(b->program, (ten){id}, values, DT_F32, e);
    if (t->kind != KIND_STATE) return true;
    n = min_u64(n, FILL_MAX);
    if (t->dtype != DT_I32) return program_write(b->program, (ten){id}, 0, n, values, e);
    int32_t *zero = mem_zero(n, sizeof *zero, e); // ticks and conditions: the first of each
    bool ok = zero && program_write(b->program, (ten){id}, 0, n, zero, e);
    free(zero);
    return ok;
}

// The first op's operands. Of the other weights only the time matters, and that does not depend on values.
static bool bed_fill(struct bed *b, const float *values, struct err *e)
{
    for (uint32_t i = 1; i < b->out[0].id; i++)
        if (!fill(b, i, values, e)) return false;
    return true;
}

static bool bed_open(struct bed *b, struct gpu *gpu, const struct graph *g, const struct op *o,
                     const struct kernel_row *k, const float *values, struct err *e)
{
    if (!bed_build(b, g, o, e)) return false;
    b->plan = plan_make_forced(&b->g, &gpu->caps, k, e);
    b->program = b->plan ? program_open(gpu, b->plan, e) : NULL;
    return b->program && bed_fill(b, values, e);
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

static float *plain_result(struct gpu *gpu, const struct graph *g, const struct op *o, const float *values,
                           struct err *e)
{
    struct bed b = {0};
    const struct kernel_row *k = plain_kernel(gpu, g, o);
    float *v = NULL;
    if (k && bed_open(&b, gpu, g, o, k, values, e) && program_run(b.program, RATE_STEP, NULL, NULL, e))
        v = bed_result(&b, e);
    bed_close(&b);
    return v;
}

static struct tune_trial try_kernel(struct gpu *gpu, const struct graph *g, const struct op *o,
                                    const struct kernel_row *k, const float *values, const float *want)
{
    struct err e = {0}; // a candidate's failure is its own
    struct bed b = {0};
    struct tune_trial t = {.kernel = k->name, .seconds = INFINITY, .error = INFINITY};
    float *got = NULL;
    if (bed_open(&b, gpu, g, o, k, values, &e) && bed_time(&b, &t.seconds, &e)) got = bed_result(&b, &e);
    if (got) t.error = difference(got, want, shape_count(g->t[o->out].sh));
    t.right = t.error <= allowed;
    free(got);
    bed_close(&b);
    return t;
}

struct listener {
    void (*tried)(void *user, const struct tune_trial *trial);
    bool (*stop)(void *user);
    void *user;
};

static bool try_all(struct gpu *gpu, const struct graph *g, const struct op *o, const char *key, struct tuned *t,
                    const struct listener *l, const float *values, const float *want, struct err *e)
{
    struct tune_trial best = {.seconds = INFINITY};
    for (const struct kernel_row *const *k = o->row->kernels; *k; k++) {
        if (!(*k)->measured || !fits(gpu, g, o, *k)) continue;
        if (gpu->lost) return gpu_ok(gpu, VK_ERROR_DEVICE_LOST, "vkQueueSubmit", e);
        if (l->stop && l->stop(l->user)) return err_set(e, ERR_CANCELLED, "stopped");
        struct tune_trial trial = try_kernel(gpu, g, o, *k, values, want);
        trial.key = key;
        if (l->tried) l->tried(l->user, &trial);
        if (trial.right && trial.seconds < best.seconds) best = trial;
    }
    if (best.kernel) tuned_put(t, key, best.kernel, best.seconds);
    return true;
}

static bool tune_op(struct gpu *gpu, const struct graph *g, const struct op *o, const char *key, struct tuned *t,
                    const struct listener *l, struct err *e)
{
    float *values = make_values(g, o, e), *want = values ? plain_result(gpu, g, o, values, e) : NULL;
    bool ok = want && try_all(gpu, g, o, key, t, l, values, want, e);
    free(values);
    free(want);
    return ok;
}

static uint32_t candidates(const struct gpu *gpu, const struct graph *g, const struct op *o)
{
    uint32_t n = 0;
    for (const struct kernel_row *const *k = o->row->kernels; k && *k; k++) n += (*k)->measured && fits(gpu, g, o, *k);
    return n;
}

bool tune_concerns(const struct gpu *gpu, const struct graph *g, const struct op *o, double least_flops,
                   char key[TUNED_KEY])
{
    tuned_key(g, o, key);
    return o->rate >= RATE_STEP && o->row->work && o->row->work(g, o).flops >= least_flops &&
           candidates(gpu, g, o) >= 2;
}

bool tune_graph(struct gpu *gpu, const struct graph *g, double least_flops, struct tuned *t,
                void (*tried)(void *user, const struct tune_trial *trial), bool (*stop)(void *user), void *user,
                struct err *e)
{
    const struct listener l = {tried, stop, user};
    for (uint32_t i = 0; i < g->n_op; i++) {
        const struct op *o = &g->op[i];
        char key[TUNED_KEY];
        if (!tune_concerns(gpu, g, o, least_flops, key) || tuned_find(t, key)) continue;
        if (!tune_op(gpu, g, o, key, t, &l, e)) return false;
    }
    return true;
}
