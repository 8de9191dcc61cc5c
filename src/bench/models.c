// models.c — whole models: forward passes, sampling runs with decoding, sustained load. Every latent is compared with the
// stored one of an fp32 run. Knows models through the engine only.
#include "bench/bench.h"
#include "bench/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 11, STEPS_KEPT = 4000 };
// What random weights and ten steps leave of an fp32 run; docs/benchmark.md has what was measured.
static const double psnr_fp32 = 70, psnr_fp16 = 45, psnr_packed[] = {[VKDIT_WEIGHTS_Q8] = 45, [VKDIT_WEIGHTS_Q4] = 25};

struct model_job {
    const char *model; // NULL: the caller's own
    uint32_t side, images;
    bool guided; // a sampling run with decoding; else forward passes without guidance
};

struct model_times {
    double *device, *wall; // of steps; the wall's are those of runs, where a step may wait for the one before
    uint32_t n_device, n;
    double run[RUNS_MAX]; // wall seconds of whole runs, from drawing the noise to the picture; the first is not kept
    uint32_t n_run;
    double decode[RUNS_MAX];
    uint32_t n_decode;
    double load, preview, watts;
    double first; // run, with everything before it
    uint32_t n_watts;
    double psnr; // NAN without a reference
    bool repeats, finite;
    uint64_t peak;
    float *latent;
};

static const char *group_of(const struct model_job *j)
{
    return j->guided ? "sampling" : "forward";
}

static void model_name(const struct model_job *j, char *out, size_t room)
{
    snprintf(out, room, "%s%s", j->model ? j->model : "", j->side == 512 ? "-512" : "");
}

static void job_name(const struct bench *b, const struct model_job *j, const vkdit_model_info *info, char *out,
                     size_t room)
{
    vkdit_precision used = bench_half(b) ? VKDIT_PRECISION_F16 : VKDIT_PRECISION_F32;
    const char *type =
        info ? vkdit_arithmetic_name(info->precision, info->weights) : vkdit_arithmetic_name(used, b->o.weights);
    char name[80];
    model_name(j, name, sizeof name);
    snprintf(out, room, "%s %s b%u %s", group_of(j), j->model ? name : info ? info->name : "model", j->images, type);
}

// --- one run ------------------------------------------------------------------------------------------------------

// What the synthetic models' autoencoder is scaled up to where that is bearable.
static void real_decoder(const struct bench *b, vkdit_model *m)
{
    static const struct vae_config sd = {.levels = 4,
                                         .base = {128, 256, 512, 512},
                                         .layers = 2,
                                         .latent = 4,
                                         .groups = 32,
                                         .scaling = 1,
                                         .decoder = true,
                                         .post_quant = true};
    if (m->synthetic && b->gpu->caps.type != CAPS_CPU) m->vae = sd;
}

static bool api(struct err *e, const vkdit_error *a)
{
    return a->status == VKDIT_OK || err_set(e, (enum err_code)a->status, "%s", a->message);
}

static void watch_power(const struct bench *b, struct model_times *t)
{
    struct sensors s = b->pci[0] ? machine_sensors(NULL, b->pci) : (struct sensors){NAN, NAN, NAN, NAN};
    if (isnan(s.watts)) return;
    t->watts += s.watts;
    t->n_watts++;
}

static bool first_preview(vkdit_run *r, struct model_times *t, double start, struct err *e)
{
    vkdit_error a = {0};
    if (vkdit_run_latent(r, 1, t->latent, r->values, &a)) return api(e, &a);
    t->preview = clock_seconds() - start;
    return true;
}

static int stop_asked(void *bench)
{
    return bench_stopped(bench);
}

// Steps of a run, at most `most`; *done tells whether it came to its end.
static bool steps(struct bench *b, vkdit_model *m, vkdit_run *r, struct model_times *t, bool first, double start,
                  uint32_t most, int *done, struct err *e)
{
    vkdit_error a = {0};
    for (uint32_t i = 0; !*done && i < most; i++) {
        vkdit_progress p;
        if (vkdit_run_step(r, stop_asked, b, done, &a)) return api(e, &a);
        vkdit_run_get_progress(r, &p);
        watch_power(b, t);
        if (first && i == 0 && !first_preview(r, t, start, e)) return false;
        if (i < (first ? 2u : 1u) || t->n == STEPS_KEPT) continue; // warming up; nothing to wait for yet
        t->wall[t->n++] = p.step_seconds;
        if (p.submissions > 1) t->device[t->n_device++] = program_stats(m->step.program, RATE_STEP).seconds;
    }
    return true;
}

// The device's time of one step, submitted again alone, past the end of the run: the next one is not in flight then. Steps
// of several submissions were timed as they ran.
static bool replay(struct bench *b, vkdit_model *m, struct model_times *t, struct err *e)
{
    uint32_t n = max_u32(10, bench_samples(b));
    while (t->n_device < n) {
        if (!program_run(m->step.program, RATE_STEP, bench_stopped, b, e)) return false;
        t->device[t->n_device++] = program_stats(m->step.program, RATE_STEP).seconds;
    }
    return true;
}

static bool decode(struct bench *b, vkdit_run *r, struct model_times *t, bool keep, struct err *e)
{
    vkdit_error a = {0};
    uint8_t *pixels = NULL;
    uint32_t w, h;
    double start = clock_seconds();
    vkdit_run_decode(r, NULL, stop_asked, b, &pixels, &w, &h, &a);
    if (keep && t->n_decode < RUNS_MAX) t->decode[t->n_decode++] = clock_seconds() - start;
    vkdit_free(pixels);
    return api(e, &a);
}

static bool judge_latent(struct model_times *t, vkdit_run *r, const struct reference *ref, bool first, struct err *e)
{
    vkdit_error a = {0};
    float *x = first ? t->latent : mem_zero(r->values, sizeof *x, e);
    if (!x) return false;
    bool ok = vkdit_run_latent(r, 0, x, r->values, &a) == VKDIT_OK || api(e, &a);
    if (first) {
        t->finite = true;
        for (uint64_t i = 0; i < r->values; i++) t->finite = t->finite && isfinite(x[i]);
        t->psnr = ref ? reference_psnr(ref, x, r->image_values) : NAN;
    } else {
        t->repeats = t->repeats && !memcmp(x, t->latent, r->values * sizeof *x);
        free(x);
    }
    return ok;
}

// One run: the first one loads and warms up, the others are timed as a whole.
static bool one_run(struct bench *b, vkdit_model *m, const vkdit_job *job, const struct model_job *j,
                    struct model_times *t, bool first, double start, struct err *e)
{
    vkdit_error a = {0};
    vkdit_run *r = NULL;
    int done = 0;
    if (vkdit_run_begin(m, job, &r, &a)) return api(e, &a);
    if (first) t->load = clock_seconds() - start;
    if (first) t->latent = mem_zero(r->values, sizeof *t->latent, e);
    bool enough = !first && bench_left(b) < t->wall[0] * REFERENCE_STEPS; // then only what makes ten samples
    bool ok = t->latent && steps(b, m, r, t, first, start, enough ? 4 : UINT32_MAX, &done, e);
    char name[80];
    model_name(j, name, sizeof name);
    const struct reference *ref = j->model ? reference_find(name, j->guided) : NULL;
    if (ok && done) ok = judge_latent(t, r, ref, first, e);
    if (ok && done && j->guided && m->has_vae && m->vae.decoder) {
        ok = decode(b, r, t, !first, e);
        if (first) ok = ok && decode(b, r, t, true, e);
    }
    if (ok && done && !first) t->run[t->n_run++] = clock_seconds() - start;
    vkdit_run_close(r);
    return ok;
}

static bool all_runs(struct bench *b, vkdit_model *m, const vkdit_model_info *info, const struct model_job *j,
                     struct model_times *t, double start, struct err *e)
{
    uint32_t class[64], most = b->o.size == VKDIT_BENCH_QUICK ? 4 : RUNS_MAX;
    for (uint32_t i = 0; i < COUNTOF(class); i++) class[i] = REFERENCE_CLASS % info->classes;
    vkdit_job job = {.classes = class,
                     .images = min_u32(j->images, COUNTOF(class)),
                     .steps = REFERENCE_STEPS,
                     .cfg_scale = j->guided && info->has_null_class ? 4 : 1,
                     .cfg_to = 1,     // every step, whatever the model advises: all take the same time then
                     .keep_steps = 1, // every step its own submission, to be timed
                     .keep_modulation = 1};
    t->device = mem_zero(STEPS_KEPT, sizeof(double), e);
    t->wall = mem_zero(STEPS_KEPT, sizeof(double), e);
    t->repeats = true;
    t->psnr = NAN;
    b->gpu->bytes_peak = b->gpu->bytes_now;
    bool ok = t->device && t->wall && one_run(b, m, &job, j, t, true, start, e);
    t->first = clock_seconds() - start;
    for (uint32_t i = 1; ok && i < most; i++) {
        if (t->n >= 10 && bench_left(b) < t->wall[0] * REFERENCE_STEPS) break;
        ok = one_run(b, m, &job, j, t, false, clock_seconds(), e);
    }
    t->peak = b->gpu->bytes_peak;
    return ok && replay(b, m, t, e);
}

// --- the row ------------------------------------------------------------------------------------------------------

static double median(const double *v, uint32_t n)
{
    struct stats s;
    struct err none = {0};
    return n && stats_of(v, n, &s, &none) ? s.median : 0;
}

static void put_gate(json_t *row, const struct model_times *t, const vkdit_model_info *info, struct err *e)
{
    json_t *o = json_object();
    double allowed = info->precision == VKDIT_PRECISION_F16 ? psnr_fp16 : psnr_fp32;
    if (info->weights) allowed = psnr_packed[info->weights];
    bool known = !isnan(t->psnr);
    json_put(o, "checked", json_string(known ? "latent" : "finite, repeatable; no stored latent"), e);
    if (known) json_put(o, "psnr_db", json_real(t->psnr), e);
    if (known) json_put(o, "allowed_db", json_real(allowed), e);
    json_put(o, "repeatable", json_boolean(t->repeats), e);
    json_put(o, "valid", json_boolean(t->finite && t->repeats && (!known || t->psnr >= allowed)), e);
    json_put(row, "gate", o, e);
}

static void put_pictures(struct bench *b, json_t *row, const struct model_job *j, const vkdit_model *m,
                         const struct model_times *t, struct err *e)
{
    double wall = median(t->wall, t->n), drawn = median(t->decode, t->n_decode);
    double whole = t->n_run ? median(t->run, t->n_run) : wall * REFERENCE_STEPS + drawn;
    json_put(row, "steps", json_integer(REFERENCE_STEPS), e);
    json_put(row, "runs", json_integer(t->n_run), e);
    json_put(row, "run_seconds", json_real(whole), e);
    json_put(row, "decode_seconds", t->n_decode ? json_real(drawn) : json_string("no decoder"), e);
    json_put(row, "decoder_channels", json_integer(m->vae.base[0]), e);
    json_put(row, "images_per_minute", json_real(60.0 * j->images / whole), e);
    json_put(row, "images_per_minute_50_steps", json_real(60.0 * j->images / (whole + (50 - REFERENCE_STEPS) * wall)),
             e);
    double joules = t->n_watts ? t->watts / t->n_watts * whole / j->images : 0;
    json_put(row, "joules_per_image", t->n_watts ? json_real(joules) : json_string("not available"), e);
    (void)b;
}

static bool put_row(struct bench *b, const struct model_job *j, vkdit_model *m, const vkdit_model_info *info,
                    const struct model_times *t, struct err *e)
{
    char name[120];
    json_t *row = json_object();
    job_name(b, j, info, name, sizeof name);
    json_put(row, "group", json_string(group_of(j)), e);
    json_put(row, "name", json_clean(name), e);
    json_put(row, "precision", json_string(vkdit_arithmetic_name(info->precision, VKDIT_WEIGHTS_FULL)), e);
    json_put(row, "weights", json_string(vkdit_weights_name(info->weights)), e);
    if (!bench_put_samples(row, t->device, t->n_device, b->gpu->caps.timestamps ? "device" : "host", e)) {
        json_decref(row);
        return false;
    }
    double device = median(t->device, t->n_device), wall = median(t->wall, t->n);
    uint32_t copies = j->guided && info->has_null_class ? 2 : 1;
    double flops = dit_flops(&m->dit, j->images * copies);
    json_put(row, "flops", json_real(flops), e);
    if (device > 0) json_put(row, "tflops", json_real(flops / device * 1e-12), e);
    json_put(row, "wall_ms_per_step", json_real(wall * 1e3), e);
    json_put(row, "its_per_second", json_real(wall > 0 ? 1 / wall : 0), e);
    json_put(row, "dispatches_per_step", json_integer(m->step.plan->n_seq[RATE_STEP]), e);
    json_put(row, "barriers_per_step", json_integer(m->step.plan->barriers[RATE_STEP]), e);
    json_put(row, "load_seconds", json_real(t->load), e);
    json_put(row, "first_preview_seconds", json_real(t->preview), e);
    json_put(row, "peak_memory_bytes", json_integer((json_int_t)t->peak), e);
    json_put(row, "parameters", json_integer((json_int_t)info->parameters), e);
    if (j->guided) put_pictures(b, row, j, m, t, e);
    put_gate(row, t, info, e);
    return bench_row(b, row, "ms/step", device * 1e3, e);
}

// --- which --------------------------------------------------------------------------------------------------------

static double guess(const struct bench *b, const struct model_job *j)
{
    struct dit_config d;
    struct err none = {0};
    char name[80];
    model_name(j, name, sizeof name);
    if (!j->model || !dit_config_named(&d, name, &none)) return 0;
    double peak = bench_ceiling(b, PROBE_FMA32), values = 12.0 * d.depth * d.width * d.width * 1.5;
    for (int p = PROBE_FMA16; bench_half(b) && p <= PROBE_MATRIX; p++)
        peak = fmax(peak, bench_ceiling(b, (enum probe_id)p));
    double step = dit_flops(&d, j->images * (j->guided ? 2 : 1)) / (0.4 * (peak > 0 ? peak : 0.02) * 1e12);
    return values * 15e-9 + (REFERENCE_STEPS + 3) * step + 0.5;
}

static vkdit_model_options options_of(const struct bench *b, const struct model_job *j, char *name, size_t room)
{
    model_name(j, name, room);
    return (vkdit_model_options){.path = j->model ? NULL : b->o.model,
                                 .synthetic = j->model ? name : NULL,
                                 .vae = j->model ? NULL : b->o.vae,
                                 .assets = b->o.assets,
                                 .precision = b->o.precision,
                                 .weights = b->o.weights};
}

static bool measure(struct bench *b, const struct model_job *j, double *first, struct err *e)
{
    struct model_times t = {0};
    char name[80];
    vkdit_model *m = NULL;
    vkdit_model_info info;
    vkdit_error a = {0};
    double start = clock_seconds();
    vkdit_model_options o = options_of(b, j, name, sizeof name);
    if (vkdit_model_open(b->context, &o, &m, &a)) return api(e, &a);
    vkdit_model_get_info(m, &info);
    if (j->guided) real_decoder(b, m);
    bool ok = info.has_transformer || err_set(e, ERR_ARG, "%s holds no transformer", b->o.model ? b->o.model : name);
    ok = ok && all_runs(b, m, &info, j, &t, start, e) && put_row(b, j, m, &info, &t, e);
    *first = t.first;
    vkdit_model_close(m);
    free(t.device);
    free(t.wall);
    free(t.latent);
    return ok;
}

static bool one_job(struct bench *b, const struct model_job *j, struct err *e)
{
    char name[120], why[80];
    double guessed = guess(b, j), cost = guessed * b->pace, first = 0;
    job_name(b, j, NULL, name, sizeof name);
    if (!bench_wants(b, group_of(j))) return true;
    if (cost > bench_left(b)) {
        snprintf(why, sizeof why, "would take about %.0f s", cost);
        bench_skip(b, group_of(j), name, why, e);
        return true;
    }
    struct err inner = {0};
    if (!measure(b, j, &first, &inner)) {
        if (inner.code != ERR_MEMORY && inner.code != ERR_UNSUPPORTED) return err_set(e, inner.code, "%s", inner.text);
        bench_skip(b, group_of(j), name, inner.text, e);
    } else if (guessed > 0) {
        b->pace += 0.5 * (first / guessed - b->pace);
    }
    return true;
}

static const struct model_job jobs[] = {
    {"DiT-XL/2", 256, 1, true},  {"DiT-S/2", 256, 1, true},  {"DiT-XL/2", 256, 1, false}, {"DiT-S/2", 256, 1, false},
    {"DiT-XL/2", 512, 1, true},  {"DiT-XL/2", 256, 8, true}, {"DiT-B/2", 256, 1, true},   {"DiT-L/2", 256, 1, true},
    {"DiT-S/2", 256, 8, true},   {"DiT-XL/2", 256, 2, true}, {"DiT-XL/2", 256, 8, false}, {"DiT-S/2", 512, 1, true},
    {"DiT-B/2", 512, 1, true},   {"DiT-L/2", 512, 1, true},  {"DiT-B/2", 256, 1, false},  {"DiT-L/2", 256, 1, false},
    {"DiT-XL/2", 512, 1, false}, {"DiT-XL/2", 512, 8, true}, {"DiT-B/2", 256, 8, true},   {"DiT-L/2", 256, 8, true},
    {"DiT-S/2", 512, 1, false},  {"DiT-B/2", 512, 1, false}, {"DiT-L/2", 512, 1, false},  {"DiT-S/2", 256, 8, false},
    {"DiT-B/2", 256, 8, false},  {"DiT-L/2", 256, 8, false}, {"DiT-XL/2", 512, 2, true},  {"DiT-S/2", 256, 2, true},
};
static const struct model_job own_jobs[] = {{NULL, 0, 1, true}, {NULL, 0, 1, false}, {NULL, 0, 8, true}};

bool bench_models(struct bench *b, struct err *e)
{
    bool own = b->o.model || b->o.synthetic, quick = b->o.size == VKDIT_BENCH_QUICK, ok = true;
    uint32_t n = own ? (quick ? 2 : COUNTOF(own_jobs)) : quick ? 4 : COUNTOF(jobs);
    for (uint32_t i = 0; ok && i < n; i++) {
        struct model_job j = own ? own_jobs[i] : jobs[i];
        if (own && !b->o.model) j.model = b->o.synthetic;
        ok = one_job(b, &j, e);
    }
    return ok;
}

// --- sustained load -----------------------------------------------------------------------------------------------

struct curve {
    double seconds[2]; // start of all, of this point
    double device;     // of this point's steps
    uint32_t n;
    double *median; // ms/step of every point
    uint32_t points, cap;
    json_t *list;
};

// A point about every second: when, ms/step, clocks, power, temperature.
static bool curve_step(struct bench *b, struct curve *c, double device, struct err *e)
{
    double now = clock_seconds();
    c->device += device;
    c->n++;
    if (now - c->seconds[1] < 1) return true;
    struct sensors s = machine_sensors(NULL, b->pci);
    json_t *p = machine_sensors_json(&s, e);
    json_put(p, "at_seconds", json_real(now - c->seconds[0]), e);
    json_put(p, "ms_per_step", json_real(c->device / c->n * 1e3), e);
    json_add(c->list, p, e);
    if (!mem_grow(&c->median, &c->cap, c->points + 1, sizeof *c->median, e)) return false;
    c->median[c->points++] = c->device / c->n;
    c->seconds[1] = now;
    c->device = 0;
    c->n = 0;
    return e->code == ERR_NONE;
}

static bool sustain(struct bench *b, vkdit_model *m, const vkdit_model_info *info, struct curve *c, struct err *e)
{
    uint32_t class = REFERENCE_CLASS % info->classes;
    vkdit_job job = {.classes = &class,
                     .images = 1,
                     .steps = 50,
                     .cfg_scale = info->has_null_class ? 4 : 1,
                     .cfg_to = 1,
                     .keep_steps = 1,
                     .keep_modulation = 1};
    c->seconds[0] = 0;
    bool over = false;
    while (!over && e->code == ERR_NONE) {
        vkdit_error a = {0};
        vkdit_run *r = NULL;
        if (vkdit_run_begin(m, &job, &r, &a)) return api(e, &a);
        if (c->seconds[0] == 0) c->seconds[0] = c->seconds[1] = clock_seconds();
        for (int done = 0; !done && !over;) {
            if (vkdit_run_step(r, stop_asked, b, &done, &a)) {
                api(e, &a);
                break;
            }
            if (!curve_step(b, c, program_stats(m->step.program, RATE_STEP).seconds, e)) break;
            over = clock_seconds() - c->seconds[0] >= b->o.sustained_seconds;
        }
        vkdit_run_close(r);
    }
    return e->code == ERR_NONE;
}

static bool sustained_row(struct bench *b, const struct model_job *j, const vkdit_model_info *info, struct curve *c,
                          struct err *e)
{
    char name[120];
    json_t *row = json_object();
    uint32_t n = c->points, part = max_u32(1, n / 10);
    struct model_job sampling = *j;
    job_name(b, &sampling, info, name, sizeof name);
    json_put(row, "group", json_string("sustained"), e);
    json_put(row, "name", json_clean(name + strlen("sampling ")), e);
    json_put(row, "points", json_incref(c->list), e);
    if (!n || !bench_put_samples(row, c->median, n, b->gpu->caps.timestamps ? "device" : "host", e)) {
        json_decref(row);
        return err_set(e, ERR_ARG, "a sustained run of less than a second tells nothing");
    }
    double first = median(c->median, part), last = median(c->median + n - part, part);
    json_put(row, "first_ms_per_step", json_real(first * 1e3), e);
    json_put(row, "last_ms_per_step", json_real(last * 1e3), e);
    json_put(row, "slower_at_the_end_percent", json_real(100 * (last / first - 1)), e);
    return bench_row(b, row, "ms/step", last * 1e3, e);
}

bool bench_sustained(struct bench *b, struct err *e)
{
    const char *usual = b->gpu->caps.type == CAPS_CPU ? "DiT-S/2" : "DiT-XL/2";
    struct model_job j = {b->o.model ? NULL : b->o.synthetic ? b->o.synthetic : usual, 0, 1, true};
    struct curve c = {.list = json_array()};
    char name[80];
    vkdit_model *m = NULL;
    vkdit_model_info info;
    vkdit_error a = {0};
    vkdit_model_options o = options_of(b, &j, name, sizeof name);
    b->limit = INFINITY;
    bool ok = vkdit_model_open(b->context, &o, &m, &a) == VKDIT_OK || api(e, &a);
    if (ok) vkdit_model_get_info(m, &info);
    ok = ok && sustain(b, m, &info, &c, e) && sustained_row(b, &j, &info, &c, e);
    vkdit_model_close(m);
    json_decref(c.list);
    free(c.median);
    return ok;
}
