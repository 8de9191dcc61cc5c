// test_sample_golden.c — whole runs of the reference, replayed with its recorded model outputs and noise.
#include "check.h"
#include "golden.h"
#include "tick_cpu.h"

struct run {
    const char *file;
    struct sample_spec spec;
    const char *model, *estimate, *time; // names of the recorded model output, estimate and times
};

static const struct run runs[] = {
    {"traj_ddpm8", {.sampler = "ddpm", .steps = 8, .learned_var = true}, "model_out", "pred_xstart", "model_t"},
    {"traj_ddpm25", {.sampler = "ddpm", .steps = 25, .learned_var = true}, "model_out", "pred_xstart", "model_t"},
    {"traj_ddim10", {.sampler = "ddim", .steps = 10}, "model_out", "pred_xstart", "model_t"},
    {"traj_ddim10_strided", {.sampler = "ddim", .steps = 10, .spacing = "ddim"}, "model_out", "pred_xstart", "model_t"},
    {"traj_ddim_diffusers10", {.sampler = "ddim", .steps = 10, .diffusers = true}, "eps", "x0", "timesteps"},
    {"traj_dpmpp2m_10", {.sampler = "dpmpp2m", .steps = 10}, "eps", "x0", "timesteps"},
    {"traj_dpmpp2m_10_cfg3", {.sampler = "dpmpp2m", .steps = 10}, "eps", "x0", "timesteps"},
    {"traj_euler_diffusers10", {.sampler = "euler", .steps = 10}, "eps", "x0", "timesteps"},
    {"traj_sit_euler10", {.sampler = "euler", .steps = 10, .family = FAMILY_FLOW}, "model_out", NULL, "eval_t"},
    {"traj_sit_euler_points10",
     {.sampler = "euler", .steps = 10, .family = FAMILY_FLOW, .spacing = "points"},
     "model_out",
     NULL,
     "eval_t"},
    {"traj_sit_heun10", {.sampler = "heun", .steps = 10, .family = FAMILY_FLOW}, "model_out", NULL, "eval_t"},
};

struct tape { // what the file holds, and where the replay is
    struct golden g;
    const float *x, *z, *model, *noise, *estimate;
    const double *time;
    uint64_t images, values, channels, plane, evals; // values: of one state
};

static struct tape tape_open(const struct run *r)
{
    char path[128];
    uint64_t dim[8];
    snprintf(path, sizeof path, "dit/%s.safetensors", r->file);
    struct tape t = {.g = golden_open(path)};
    golden_shape(&t.g, r->model, dim);
    t.evals = dim[0], t.images = dim[1], t.channels = dim[2], t.plane = dim[3] * dim[4];
    t.x = golden_f32(&t.g, "x", NULL);
    t.z = golden_f32(&t.g, "z", &t.values);
    t.model = golden_f32(&t.g, r->model, NULL);
    t.time = golden_f64(&t.g, r->time, NULL);
    t.noise = golden_has(&t.g, "noise") ? golden_f32(&t.g, "noise", NULL) : NULL;
    t.estimate = r->estimate ? golden_f32(&t.g, r->estimate, NULL) : NULL;
    return t;
}

// Splits one recorded output into its first four channels and, when there are eight, the variance's.
static void split(const struct tape *t, uint32_t eval, float *model, float *var)
{
    const float *all = t->model + eval * t->images * t->channels * t->plane;
    uint64_t part = 4 * t->plane;
    for (uint64_t i = 0; i < t->images; i++) {
        memcpy(model + i * part, all + i * t->channels * t->plane, part * sizeof *all);
        if (t->channels == 8) memcpy(var + i * part, all + (i * 8 + 4) * t->plane, part * sizeof *all);
    }
}

static void replay(const struct run *r, const struct tape *t, const struct schedule *s)
{
    uint64_t n = t->values;
    float *regs = calloc(s->n_regs * n, sizeof *regs), *model = calloc(2 * n, sizeof *model);
    tick_start(s, regs, t->z, NULL, NULL, n);
    double start = golden_error(regs, t->x, n), worst = 0, worst_x0 = 0, worst_t = 0;
    CHECK(start < 1e-6, "%s: start is off by %g", r->file, start);
    for (uint32_t k = 0; k < s->n && k < t->evals; k++) {
        const struct sample_eval *eval = &s->eval[k];
        split(t, k, model, model + n);
        const float *noise = eval->draws && t->noise ? t->noise + eval->step * 2 * n : NULL;
        tick_apply(&s->tick[k], regs, n, model, model + n, noise);
        worst_t = fmax(worst_t, fabs(eval->t - t->time[k]) / fmax(1, t->time[k]));
        if (eval->ends_step) worst = fmax(worst, golden_error(regs, t->x + (eval->step + 1) * n, n));
        if (t->estimate) worst_x0 = fmax(worst_x0, golden_error(regs + s->x0_reg * n, t->estimate + k * n, n));
    }
    printf("%-24s state %.1e  estimate %.1e  time %.1e\n", r->file, worst, worst_x0, worst_t);
    // a noise model's first estimate is 157 times the difference of two near numbers, in the reference's single precision
    double bound = r->estimate ? 4e-5 : 5e-7;
    CHECK(worst < bound, "%s: a state is off by %g", r->file, worst);
    CHECK(worst_x0 < bound, "%s: an estimate is off by %g", r->file, worst_x0);
    CHECK(worst_t < 2e-7, "%s: a time is off by %g", r->file, worst_t);
    free(regs);
    free(model);
}

static void test_run(const struct run *r)
{
    struct tape t = tape_open(r);
    struct sample_spec spec = r->spec;
    struct schedule s;
    struct err e = {0};
    if (!spec.family) spec.family = FAMILY_DDPM;
    spec.cfg = 4;
    bool ok = schedule_make(&s, &spec, &e);
    CHECK(ok, "%s: %s", r->file, e.text);
    if (ok) {
        CHECK(s.n == t.evals, "%s: %u evaluations, the reference made %u", r->file, s.n, (unsigned)t.evals);
        CHECK(s.steps + 1 == golden_count(&t.g, "x") / t.values, "%s: %u steps", r->file, s.steps);
        bool draws = s.eval[s.n - 1].draws; // the reference draws even for the last step, whose factor is zero
        CHECK(draws == (t.noise != NULL), "%s: %s noise", r->file, draws ? "draws" : "does not draw");
        replay(r, &t, &s);
        schedule_free(&s);
    }
    golden_close(&t.g);
}

int main(void)
{
    for (size_t i = 0; i < COUNTOF(runs); i++) test_run(&runs[i]);
    return check_done();
}
