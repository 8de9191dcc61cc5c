// gpu_step.c — how long a sampler step of a synthetic model takes on a device, and each dispatch of it, by device
// timestamps. Run by tools/gpu-report; no test.
// Kernels are measured first, each trial is a line; TUNE=0 takes them unmeasured.
//   gpu_step MODEL [STEPS]     VKDIT_DEVICE picks the device, VKDIT_LIMIT forces it down, STORE=f32 takes F32 storage
#include "exec/tune.h"
#include "kernels/tick.h"
#include "models/dit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WARM = 5, PROFILES = 15 };

struct bench {
    struct gpu gpu;
    struct graph g;
    struct net net;
    struct dit_config d;
    struct dit_io io;
    struct plan *plan;
    struct program *program;
    struct tuned tuned;
};

static uint32_t noise(uint32_t *state) // xorshift
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

// Random, because the power that a matrix unit draws, and so its clock, depends on the bits.
static bool fill_weights(struct bench *b, struct err *e)
{
    uint64_t most = 0;
    for (uint32_t i = 1; i < b->g.n_t; i++)
        if (b->g.t[i].kind == KIND_WEIGHT && shape_count(b->g.t[i].sh) > most) most = shape_count(b->g.t[i].sh);
    float *f = mem_zero(most, sizeof *f, e);
    uint16_t *h = mem_zero(most, sizeof *h, e);
    uint32_t state = 1;
    for (uint64_t i = 0; f && h && i < most; i++) {
        f[i] = ((float)(noise(&state) >> 8) * 0x1p-23f - 1) * 0.05f;
        h[i] = half_from_float(f[i]);
    }
    bool ok = f && h;
    for (uint32_t i = 1; ok && i < b->g.n_t; i++) {
        bool half = b->g.t[i].dtype == DT_F16;
        if (b->g.t[i].kind == KIND_WEIGHT)
            ok = program_weight(b->program, (ten){i}, half ? (const void *)h : f, half ? DT_F16 : DT_F32, e);
    }
    free(f);
    free(h);
    return ok;
}

static bool fill_inputs(struct bench *b, struct err *e)
{
    struct tick tick = {.n_regs = 1, .cfg = 4, .in_scale = 1};
    tick.matrix[0][0] = 1;
    const int32_t cond[2] = {0, 1}, zero = 0;
    const float t = 500;
    uint64_t n = shape_count(graph_at(&b->g, b->io.regs)->sh);
    float *regs = mem_zero(n, sizeof *regs, e);
    uint32_t state = 7;
    for (uint64_t i = 0; regs && i < n; i++) regs[i] = (float)(noise(&state) >> 8) * 0x1p-23f - 1;
    bool ok = regs && program_write(b->program, b->io.regs, 0, n, regs, e) &&
              program_write(b->program, b->io.ticks, 0, TICK_WORDS, &tick, e) &&
              program_write(b->program, b->io.now, 0, TICK_WORDS, &tick, e) &&
              program_write(b->program, b->io.cond, 0, 2, cond, e) &&
              program_write(b->program, b->io.y, 0, 2, cond, e) && program_write(b->program, b->io.t, 0, 1, &t, e) &&
              program_write(b->program, b->io.counter, 0, 1, &zero, e);
    free(regs);
    return ok;
}

static void print_trial(void *user, const struct tune_trial *t)
{
    (void)user;
    printf("| %s | %s | %.2f | %.1e%s |\n", t->key, t->kernel, t->seconds * 1e6, t->error, t->right ? "" : " WRONG");
    fflush(stdout);
}

static bool tune(struct bench *b, struct err *e)
{
    const char *wish = getenv("TUNE");
    if (wish && !strcmp(wish, "0")) return true;
    double start = clock_seconds();
    printf("| op | kernel | us | error |\n|---|---|---|---|\n");
    if (!tune_graph(&b->gpu, &b->g, TUNE_FLOPS, &b->tuned, print_trial, NULL, NULL, e)) return false;
    b->gpu.caps.tuned = &b->tuned;
    printf("\nmeasured in %.2f s:\n", clock_seconds() - start);
    for (uint32_t i = 0; i < b->tuned.n; i++)
        printf("- %s: %s, %.2f us\n", b->tuned.choice[i].key, b->tuned.choice[i].kernel,
               b->tuned.choice[i].seconds * 1e6);
    printf("\n");
    return true;
}

static bool bench_open(struct bench *b, const char *model, struct err *e)
{
    const char *store = getenv("STORE");
    enum dtype type = store && !strcmp(store, "f32") ? DT_F32 : DT_F16;
    struct gpu_wish wish = {.device = getenv("VKDIT_DEVICE"), .limits = getenv("VKDIT_LIMIT")};
    const struct dit_use use = {
        .images = 1, .copies = 2, .evals = 1, .conds = 2, .regs = 1, .guide_channels = 3, .kind = DIT_STEP};
    if (!gpu_open(&b->gpu, &wish, e)) return false;
    graph_open(&b->g, type, type, e);
    b->net.g = &b->g;
    if (!dit_config_named(&b->d, model, e)) return false;
    dit_build(&b->net, &b->d, &use, &b->io);
    if (e->code != ERR_NONE || !tune(b, e)) return false;
    b->plan = plan_make(&b->g, &b->gpu.caps, e);
    double start = clock_seconds();
    b->program = b->plan ? program_open(&b->gpu, b->plan, e) : NULL;
    if (!b->program) return false;
    printf("device %s, driver %s %s\nmodel %s, %s, batch 1 with guidance; %u dispatches, %u barriers a step; "
           "pipelines %.2f s\n",
           b->gpu.caps.name, b->gpu.caps.driver_name, b->gpu.caps.driver_info, model, dtype_name(type),
           b->plan->n_seq[RATE_STEP], b->plan->barriers[RATE_STEP], clock_seconds() - start);
    return fill_weights(b, e) && fill_inputs(b, e) && program_run(b->program, RATE_CONST, NULL, NULL, e) &&
           program_run(b->program, RATE_RUN, NULL, NULL, e);
}

static void bench_close(struct bench *b)
{
    program_close(b->program);
    plan_free(b->plan);
    net_close(&b->net);
    graph_close(&b->g);
    gpu_close(&b->gpu);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *v, uint32_t n, double q)
{
    qsort(v, n, sizeof *v, by_value);
    return v[(uint32_t)((n - 1) * q + 0.5)];
}

static bool time_steps(struct bench *b, uint32_t steps, struct err *e)
{
    double *wall = mem_zero(steps, sizeof *wall, e), *device = mem_zero(steps, sizeof *device, e);
    bool ok = wall && device;
    for (uint32_t i = 0; ok && i < steps + WARM; i++) {
        double start = clock_seconds();
        ok = program_run(b->program, RATE_STEP, NULL, NULL, e);
        if (i < WARM) continue;
        wall[i - WARM] = clock_seconds() - start;
        device[i - WARM] = program_stats(b->program, RATE_STEP).seconds;
    }
    if (ok) {
        double w = quantile(wall, steps, 0.5), d = quantile(device, steps, 0.5), flops = dit_flops(&b->d, 2);
        printf("step: wall median %.3f ms (p25 %.3f, p75 %.3f, p95 %.3f), device median %.3f ms, %u submissions, "
               "n %u, %.1f TFLOP/s\n",
               w * 1e3, quantile(wall, steps, 0.25) * 1e3, quantile(wall, steps, 0.75) * 1e3,
               quantile(wall, steps, 0.95) * 1e3, d * 1e3, program_stats(b->program, RATE_STEP).submissions, steps,
               flops / w * 1e-12);
    }
    free(wall);
    free(device);
    return ok;
}

static double host_seconds(clockid_t of) // spent on a CPU
{
    struct timespec t;
    clock_gettime(of, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Step after step as the engine runs them: some in flight while the next are submitted. A CPU device's own work is in the
// time of the process, not in that of this thread. `seen`: room for what a window would read of every step meanwhile, or
// NULL.
static bool time_ahead(struct bench *b, uint32_t steps, float *seen, double *wall, struct err *e)
{
    double start = 0, host = 0, thread = 0;
    uint32_t word, most = 0;
    const uint64_t values = shape_count(b->g.t[b->io.regs.id].sh);
    for (uint32_t i = 0; i < steps + WARM; i++) {
        if (i == WARM) {
            if (!program_read(b->program, b->io.counter, 0, 1, &word, e)) return false; // waits
            start = clock_seconds();
            host = host_seconds(CLOCK_PROCESS_CPUTIME_ID);
            thread = host_seconds(CLOCK_THREAD_CPUTIME_ID);
        }
        if (!program_run_ahead(b->program, RATE_STEP, seen ? (int)(i % STILLS) : -1, NULL, NULL, e)) return false;
        most = max_u32(most, program_stats(b->program, RATE_STEP).replays);
        const float *still = seen && i ? program_still(b->program, (i - 1) % STILLS) : NULL;
        if (still) memcpy(seen, still, values * sizeof *seen);
    }
    host = host_seconds(CLOCK_PROCESS_CPUTIME_ID) - host;
    thread = host_seconds(CLOCK_THREAD_CPUTIME_ID) - thread;
    if (!program_read(b->program, b->io.counter, 0, 1, &word, e)) return false;
    *wall = (clock_seconds() - start) / steps;
    printf("%s: %.3f ms each by the wall clock, %.1f TFLOP/s; %.1f us of CPU time each, of this thread %.1f; up to %u "
           "in a submission\n",
           seen ? "the same, each looked at" : "steps in a row", *wall * 1e3, dit_flops(&b->d, 2) / *wall * 1e-12,
           host / steps * 1e6, thread / steps * 1e6, most);
    return true;
}

// What it costs that somebody looks at every step: in turns, so that a drifting clock does not count.
static bool time_looking(struct bench *b, uint32_t steps, struct err *e)
{
    enum { TURNS = 3 };
    float *seen = mem_zero(shape_count(b->g.t[b->io.regs.id].sh), sizeof *seen, e);
    double plain[TURNS], looked[TURNS];
    bool ok = seen && program_stills_open(b->program, b->io.regs, e);
    for (uint32_t i = 0; ok && i < TURNS; i++)
        ok = time_ahead(b, steps, NULL, &plain[i], e) && time_ahead(b, steps, seen, &looked[i], e);
    if (ok)
        printf("looking at every step: %+.2f %% of a step's time, median of %d turns\n",
               100 * (quantile(looked, TURNS, 0.5) / quantile(plain, TURNS, 0.5) - 1), TURNS);
    free(seen);
    return ok;
}

// --- the table of dispatches ---------------------------------------------------------------------------------------

struct line {
    const struct kernel_row *kernel;
    const char *op;
    struct shape in, out;
    uint32_t count;
    double seconds, flops, bytes;
};

static void add_line(struct line *list, uint32_t *n, const struct bench *b, uint32_t i, double seconds)
{
    const struct dispatch *d = &b->plan->seq[RATE_STEP][i];
    const struct op *o = &b->g.op[d->op];
    struct line l = {d->kernel, o->row->name, b->g.t[o->in[0]].sh, b->g.t[o->out].sh, 0, 0, 0, 0};
    uint32_t k = 0;
    for (; k < *n; k++)
        if (list[k].kernel == l.kernel && !memcmp(&list[k].in, &l.in, sizeof l.in) &&
            !memcmp(&list[k].out, &l.out, sizeof l.out) && list[k].op == l.op)
            break;
    if (k == *n) list[(*n)++] = l;
    struct work w = o->row->work ? o->row->work(&b->g, o) : (struct work){0};
    list[k].count++;
    list[k].seconds += seconds;
    list[k].flops += w.flops;
    list[k].bytes += w.bytes;
}

static bool profile(struct bench *b, struct err *e)
{
    uint32_t n = b->plan->n_seq[RATE_STEP], lines = 0;
    double *s = mem_zero((uint64_t)n * PROFILES, sizeof *s, e), column[PROFILES], total = 0;
    struct line *list = mem_zero(n, sizeof *list, e);
    bool ok = s && list && program_profile(b->program, RATE_STEP, PROFILES, s, e);
    for (uint32_t i = 0; ok && i < n; i++) {
        for (uint32_t k = 0; k < PROFILES; k++) column[k] = s[(size_t)k * n + i];
        add_line(list, &lines, b, i, quantile(column, PROFILES, 0.5));
    }
    printf("\n| kernel | op | input | output | n | us each | us all | TFLOP/s | GB/s "
           "|\n|---|---|---|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; ok && i < lines; i++) {
        const struct line *l = &list[i];
        total += l->seconds;
        printf("| %s | %s | %ux%ux%u | %ux%ux%u | %u | %.2f | %.1f | %.1f | %.0f |\n", l->kernel->name, l->op,
               l->in.items, l->in.rows, l->in.cols, l->out.items, l->out.rows, l->out.cols, l->count,
               l->seconds / l->count * 1e6, l->seconds * 1e6, l->flops / l->seconds * 1e-12,
               l->bytes / l->seconds * 1e-9);
    }
    if (ok) printf("\nsum of medians %.3f ms (each with a timestamp's wait)\n", total * 1e3);
    free(s);
    free(list);
    return ok;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct bench *b = calloc(1, sizeof *b);
    uint32_t steps = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 50;
    bool ok = b && steps && bench_open(b, argc > 1 ? argv[1] : "DiT-XL/2", &e) && time_steps(b, steps, &e) &&
              time_looking(b, steps, &e) && profile(b, &e);
    if (!ok) printf("FAILED: %s\n", e.text);
    if (b) bench_close(b);
    free(b);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
