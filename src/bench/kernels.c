// kernels.c — every distinct op of real models, timed alone by device timestamps and checked against its oracle.
// Knows no particular op.
#include "bench/bench.h"
#include "bench/gate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES = 8, SAMPLES_MAX = 2000 };

static uint64_t cold_bytes(const struct bench *b) // weights that no cache holds
{
    return b->gpu->caps.type == CAPS_CPU ? 16ull << 20 : 192ull << 20;
}

// Weights come from memory in a model, so several copies take turns.
static uint32_t copies_of(const struct bench *b, const struct shape_op *s)
{
    uint64_t weights = 0;
    if (s->alias != OUT_FRESH) return 1; // what is updated in place can be checked after one run only
    for (uint32_t k = 0; k < s->n_in; k++)
        if (s->in[k].kind == KIND_WEIGHT) weights += shape_bytes(s->in[k].sh, s->in[k].dtype);
    uint32_t copies = weights ? (uint32_t)min_u64(COPIES, cold_bytes(b) / weights + 1) : 4;
    while (copies > 1 && shape_op_bytes(s, copies) > b->gpu->caps.heap_budget / 4) copies /= 2;
    return copies;
}

// --- ceilings -----------------------------------------------------------------------------------------------------

struct bound {
    const char *name; // of the ceiling
    double seconds;   // that the op takes at least
};

static void tighten(struct bound *t, const char *name, double seconds)
{
    if (seconds > t->seconds) *t = (struct bound){name, seconds};
}

// Products of halves could run on the fastest arithmetic there is; everything else is done in fp32.
static struct bound bound_of(const struct bench *b, const struct shape_op *s, uint32_t dispatches)
{
    struct bound t = {"dispatch", bench_ceiling(b, PROBE_DISPATCH) * 1e-6 * dispatches};
    double peak = bench_ceiling(b, PROBE_FMA32);
    const char *name = "fma_fp32";
    bool product = !strncmp(s->row->name, "linear", 6) || !strncmp(s->row->name, "attention", 9) ||
                   !strncmp(s->row->name, "conv", 4);
    for (int p = PROBE_FMA16; product && s->in[0].dtype == DT_F16 && p <= PROBE_MATRIX; p++)
        if (bench_ceiling(b, (enum probe_id)p) > peak) {
            peak = bench_ceiling(b, (enum probe_id)p);
            name = b->probe[p].name;
        }
    if (peak > 0) tighten(&t, name, s->work.flops / (peak * 1e12));
    if (bench_ceiling(b, PROBE_COPY) > 0) tighten(&t, "copy", s->work.bytes / (bench_ceiling(b, PROBE_COPY) * 1e9));
    return t;
}

// Seconds of one run, about: a third of what the device can do at most, a sixth where a CPU has to pretend.
static double guess(const struct bench *b, const struct shape_op *s)
{
    double fma = bench_ceiling(b, PROBE_FMA32), copy = bench_ceiling(b, PROBE_COPY);
    return (b->gpu->caps.type == CAPS_CPU ? 6 : 3) *
           (s->work.flops / ((fma > 0 ? fma : 0.02) * 1e12) + s->work.bytes / ((copy > 0 ? copy : 5) * 1e9));
}

// --- fallbacks ----------------------------------------------------------------------------------------------------

// A device of the same type that has everything a kernel can ask for.
static struct caps ideal(const struct caps *c)
{
    struct caps best = *c;
    best.f16_math = best.f16_store = best.i8_store = best.i8_math = best.int_dot = best.addresses = true;
    best.subgroup_arith = best.subgroup_ballot = best.subgroup_shuffle = true;
    if (c->type == CAPS_CPU) return best;
    best.subgroup_pick = best.coop1 = true;
    if (!best.n_coop) best.coop[best.n_coop++] = (struct coop_shape){16, 16, 16, "f16", "f16", "f32", "f32", true};
    best.shared_max = max_u32(best.shared_max, 48 << 10);
    best.threads_max = max_u32(best.threads_max, 1024);
    best.threads_x_max = max_u32(best.threads_x_max, 1024);
    return best;
}

static bool told(const struct bench *b, const char *op, const char *here, const char *there)
{
    const json_t *f;
    size_t i;
    json_array_foreach(b->fallbacks, i, f)
    {
        if (!strcmp(json_string_value(json_object_get(f, "op")), op) &&
            !strcmp(json_string_value(json_object_get(f, "kernel")), here) &&
            !strcmp(json_string_value(json_object_get(f, "instead_of")), there))
            return true;
    }
    return false;
}

// Once for each op and pair of kernels, whether or not there will be time to run it. False, with the reason, when
// fallbacks are not wanted.
static bool note_fallback(struct bench *b, const struct shape_op *s, const struct graph *g, struct err *e)
{
    struct caps best = ideal(&b->gpu->caps);
    const struct op *o = &g->op[0];
    const struct kernel_row *here = plan_kernel(g, &b->gpu->caps, o), *there = plan_kernel(g, &best, o);
    if (!here || !there || here == there || told(b, s->row->name, here->name, there->name)) return true;
    if (b->o.strict)
        return err_set(e, ERR_DEVICE, "%.90s would run as %.40s instead of %.40s (needs %.100s)", s->name, here->name,
                       there->name, there->needs ? there->needs : "something else");
    json_t *f = json_object();
    json_put(f, "op", json_string(s->row->name), e);
    json_put(f, "name", json_string(s->name), e);
    json_put(f, "kernel", json_string(here->name), e);
    json_put(f, "instead_of", json_string(there->name), e);
    json_put(f, "needs", json_string(there->needs ? there->needs : ""), e);
    json_add(b->fallbacks, f, e);
    return e->code == ERR_NONE;
}

static bool find_fallbacks(struct bench *b, const struct shape_list *l, struct err *e)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < l->n; i++) {
        struct graph g;
        ten out;
        bool half = !strncmp(shape_precision(&l->op[i]), "fp16", 4);
        graph_open(&g, half ? DT_F16 : DT_F32, half ? DT_F16 : DT_F32, e);
        ok = shape_emit(&l->op[i], &g, 1, &out) && note_fallback(b, &l->op[i], &g, e);
        graph_close(&g);
    }
    return ok;
}

// --- one shape ----------------------------------------------------------------------------------------------------

struct timed {
    double *seconds; // one for each run of the op
    uint32_t n;
    const char *clock;
};

// Adds the dispatches of each copy up: an op may have been cut.
static bool take_samples(struct bench *b, struct program *x, const struct plan *p, uint32_t copies, uint32_t replays,
                         struct timed *t, struct err *e)
{
    uint32_t n_seq = p->n_seq[RATE_STEP];
    t->clock = b->gpu->caps.timestamps ? "device" : "host";
    t->seconds = mem_zero((uint64_t)replays * copies, sizeof *t->seconds, e);
    if (!t->seconds) return false;
    if (!b->gpu->caps.timestamps) {
        for (; t->n < replays; t->n++) {
            if (!program_run(x, RATE_STEP, bench_stopped, b, e)) return false;
            t->seconds[t->n] = program_stats(x, RATE_STEP).seconds / copies;
        }
        return true;
    }
    double *each = mem_zero((uint64_t)replays * n_seq, sizeof *each, e);
    bool ok = each && program_profile(x, RATE_STEP, replays, each, e);
    for (uint32_t r = 0; ok && r < replays; r++)
        for (uint32_t i = 0; i < n_seq; i++)
            t->seconds[(uint64_t)r * copies + p->seq[RATE_STEP][i].op] += each[(uint64_t)r * n_seq + i];
    t->n = replays * copies;
    free(each);
    return ok;
}

static uint32_t replays_for(const struct bench *b, uint32_t copies, double seconds)
{
    uint32_t n = bench_samples(b), most = SAMPLES_MAX / copies;
    if (seconds > 0 && seconds * n < 0.05) n = (uint32_t)fmin(5.0 * n, 0.05 / seconds); // short ones are noisy
    return max_u32(1, min_u32(ceil_div(n, copies), most));
}

static void put_kernels(json_t *row, const struct plan *p, struct err *e)
{
    json_put(row, "kernel", json_string(p->seq[RATE_STEP][0].kernel->name), e);
    json_put(row, "dispatches", json_integer(p->n_seq[RATE_STEP] / p->g->n_op), e);
}

static void put_work(struct bench *b, json_t *row, const struct shape_op *s, uint32_t dispatches, double median,
                     struct err *e)
{
    struct bound t = bound_of(b, s, dispatches);
    json_put(row, "flops", json_real(s->work.flops), e);
    json_put(row, "bytes", json_real(s->work.bytes), e);
    if (!(median > 0)) return;
    json_put(row, "tflops", json_real(s->work.flops / median * 1e-12), e);
    json_put(row, "gbytes_per_second", json_real(s->work.bytes / median * 1e-9), e);
    json_put(row, "bound_by", json_string(t.name), e);
    json_put(row, "percent_of_ceiling", json_real(100 * t.seconds / median), e);
}

static json_t *gate_json(const struct gate *v, struct err *e)
{
    json_t *o = json_object();
    json_put(o, "checked", json_string(v->how), e);
    if (!v->checked) return o;
    json_put(o, "values", json_integer((json_int_t)v->compared), e);
    json_put(o, "difference", isfinite(v->difference) ? json_real(v->difference) : json_string("not finite"), e);
    json_put(o, "allowed", json_real(v->allowed), e);
    json_put(o, "valid", json_boolean(v->valid), e);
    return o;
}

static json_t *users_json(const struct shape_op *s, struct err *e)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->n_user; i++) {
        char text[64];
        snprintf(text, sizeof text, "%ux %s", s->user[i].count, s->user[i].model);
        json_add(list, json_string(text), e);
    }
    if (s->n_more) json_add(list, json_string("and others"), e);
    return list;
}

static bool run_shape(struct bench *b, const struct shape_op *s, struct program *x, const struct plan *p, ten out,
                      uint32_t copies, struct err *e)
{
    struct gate v = {0};
    struct timed t = {0};
    json_t *row = json_object();
    json_put(row, "group", json_string("kernel"), e);
    json_put(row, "name", json_string(s->name), e);
    json_put(row, "op", json_string(s->row->name), e);
    json_put(row, "precision", json_string(shape_precision(s)), e);
    put_kernels(row, p, e);
    bool once = s->alias != OUT_FRESH;
    bool ok = gate_fill(s, x, p->g, e) && program_run(x, RATE_CONST, NULL, NULL, e) &&
              program_run(x, RATE_STEP, bench_stopped, b, e) && (!once || gate_check(s, x, out, p->g, &v, e));
    double seconds = ok ? program_stats(x, RATE_STEP).seconds / copies : 0;
    if (ok && seconds * 10 > bench_left(b)) ok = err_set(e, ERR_UNSUPPORTED, "takes %.2g s each time", seconds);
    if (ok && seconds < 0.1) ok = program_run(x, RATE_STEP, bench_stopped, b, e); // short ones need more warming up
    if (ok && seconds < 0.1) seconds = program_stats(x, RATE_STEP).seconds / copies;
    ok = ok && take_samples(b, x, p, copies, replays_for(b, copies, seconds), &t, e) &&
         (once || gate_check(s, x, out, p->g, &v, e)) && bench_put_samples(row, t.seconds, t.n, t.clock, e);
    free(t.seconds);
    if (!ok) {
        json_decref(row);
        return false;
    }
    double median = json_real_value(json_object_get(json_object_get(row, "seconds"), "median"));
    put_work(b, row, s, p->n_seq[RATE_STEP] / copies, median, e);
    json_put(row, "copies", json_integer(copies), e);
    json_put(row, "gate", gate_json(&v, e), e);
    json_put(row, "used_by", users_json(s, e), e);
    return bench_row(b, row, "us", median * 1e6, e);
}

static bool time_shape(struct bench *b, const struct shape_op *s, struct err *e)
{
    struct graph g;
    ten out;
    uint32_t copies = copies_of(b, s);
    bool half = !strncmp(shape_precision(s), "fp16", 4);
    graph_open(&g, half ? DT_F16 : DT_F32, half ? DT_F16 : DT_F32, e);
    bool ok = shape_emit(s, &g, copies, &out);
    struct plan *p = ok ? plan_make(&g, &b->gpu->caps, e) : NULL;
    struct program *x = p ? program_open(b->gpu, p, e) : NULL;
    ok = x && run_shape(b, s, x, p, out, copies, e);
    program_close(x);
    plan_free(p);
    graph_close(&g);
    return ok;
}

// --- which shapes -------------------------------------------------------------------------------------------------

// In order of interest: time may run out.
static bool collect(struct bench *b, struct shape_list *l, struct err *e)
{
    static const char *const models[] = {"DiT-XL/2", "DiT-S/2", "DiT-B/2", "DiT-L/2"};
    static const uint32_t batches[] = {1, 8, 2};
    bool quick = b->o.size == VKDIT_BENCH_QUICK, ok = true;
    enum dtype act = bench_half(b) ? DT_F16 : DT_F32, weight = weights_type(b->o.weights, act);
    if (b->o.synthetic) return shapes_add(l, &(struct shape_source){b->o.synthetic, 0, 1, act, weight}, e);
    for (uint32_t i = 0; ok && i < COUNTOF(batches) && !(quick && i); i++)
        for (uint32_t side = 256; ok && side <= 512 && !(quick && side > 256); side *= 2) {
            for (uint32_t m = 0; ok && m < COUNTOF(models) && !(quick && m > 1); m++)
                ok = shapes_add(l, &(struct shape_source){models[m], side, batches[i], act, weight}, e);
            if (ok && i == 0 && !quick) ok = shapes_add(l, &(struct shape_source){.side = side, .images = 1}, e);
        }
    return ok;
}

// Filling, the oracle and the samples, in seconds.
static double predict(const struct bench *b, const struct shape_op *s)
{
    uint32_t copies = copies_of(b, s);
    double runs = bench_samples(b) + 2.0 * copies, fill = (double)shape_op_bytes(s, copies) * 2e-9;
    double check = 0.2 + fmin(s->work.flops, 4e9) * 0.1e-9;
    return runs * guess(b, s) + fill + check + (b->gpu->caps.type == CAPS_CPU ? 0.2 : 0.05);
}

static bool one_shape(struct bench *b, const struct shape_op *s, struct err *e)
{
    char why[80];
    double cost = predict(b, s), start = clock_seconds();
    if (bench_stopped(b)) return err_set(e, ERR_CANCELLED, "stopped");
    if (cost * b->pace > bench_left(b)) {
        snprintf(why, sizeof why, "would take about %.1f s", cost * b->pace);
        bench_skip(b, "kernel", s->name, why, e);
        return true;
    }
    if (shape_op_bytes(s, 1) > b->gpu->caps.heap_budget / 2) {
        bench_skip(b, "kernel", s->name, "does not fit in the device's memory", e);
        return true;
    }
    struct err inner = {0};
    if (time_shape(b, s, &inner)) {
        b->pace += 0.2 * ((clock_seconds() - start) / cost - b->pace);
        return true;
    }
    if (inner.code != ERR_MEMORY && inner.code != ERR_UNSUPPORTED) return err_set(e, inner.code, "%s", inner.text);
    bench_skip(b, "kernel", s->name, inner.text, e);
    return true;
}

bool bench_kernels(struct bench *b, struct err *e)
{
    struct shape_list l = {0};
    bool ok = collect(b, &l, e) && find_fallbacks(b, &l, e);
    for (uint32_t i = 0; ok && i < l.n; i++) ok = one_shape(b, &l.op[i], e);
    shapes_close(&l);
    return ok;
}
