// test_sample_order.c — every sampler on a problem with a known answer: data that is normal, so that the right noise,
// velocity and score are formulas, and the right end of a run is another.
#include "check.h"
#include "sample/parts.h"
#include "tick_cpu.h"

#include <string.h>

#define MEAN   0.7
#define SPREAD 0.5

struct problem {
    const struct sample_spec *spec;
    const struct schedule *schedule;
    uint32_t evals;
    struct torch_rng rng;
};

// What a perfect noise model answers where noise is sigma times the signal.
static double best_noise(double x, double sigma)
{
    double abar = 1 / (1 + sigma * sigma), rest = x - sqrt(abar) * MEAN;
    return sqrt(1 - abar) * rest / (abar * SPREAD * SPREAD + 1 - abar);
}

static void noise_model(void *user, double t, const float *seen, float *out, uint64_t n)
{
    struct problem *p = user;
    (void)t;
    const struct tick *tick = &p->schedule->tick[p->evals++];
    double sigma = -tick->matrix[REG_X0][SRC_MODEL];
    for (uint64_t i = 0; i < n; i++) out[i] = (float)best_noise(seen[i], sigma);
}

static double flow_variance(const struct flow_at *f)
{
    return f->alpha * f->alpha * SPREAD * SPREAD + f->sigma * f->sigma;
}

static void flow_model(void *user, double t, const float *seen, float *out, uint64_t n)
{
    struct problem *p = user;
    struct flow_at f = flow_at(p->spec, t);
    for (uint64_t i = 0; i < n; i++) {
        double rest = (seen[i] - f.alpha * MEAN) / flow_variance(&f);
        double data = MEAN + f.alpha * SPREAD * SPREAD * rest, noise = f.sigma * rest;
        double velocity = f.dalpha * data + f.dsigma * noise;
        out[i] = (float)(p->spec->target == FLOW_VELOCITY ? velocity : p->spec->target == FLOW_NOISE ? noise : -rest);
    }
}

static void draw(void *user, float *noise, uint64_t n)
{
    struct problem *p = user;
    torch_randn(&p->rng, noise, n);
}

// Runs `n` starts through; x gets the ends. Returns the number of evaluations, 0 after a failure.
static uint32_t run(struct sample_spec *spec, const float *z, float *x, uint64_t n, struct schedule *out)
{
    struct err e = {0};
    if (!schedule_make(out, spec, &e)) {
        CHECK(false, "%s: %s", spec->sampler, e.text);
        return 0;
    }
    struct problem p = {.spec = spec, .schedule = out};
    torch_seed(&p.rng, 77);
    float *regs = calloc(out->n_regs * n, sizeof *regs), *noise = calloc(n, sizeof *noise);
    if (out->init_draws) draw(&p, noise, n);
    tick_start(out, regs, z, NULL, noise, n);
    uint32_t evals = 0;
    bool ok = tick_run(out, regs, n, spec->family == FAMILY_FLOW ? flow_model : noise_model, draw, &p, &evals, &e);
    CHECK(ok, "%s: %s", spec->sampler, e.text);
    memcpy(x, regs, n * sizeof *x);
    free(regs);
    free(noise);
    return ok ? evals : 0;
}

// --- deterministic samplers: the error falls with the order ---

enum { STARTS = 5 };
static const float starts[STARTS] = {-1.7f, -0.6f, 0.1f, 0.9f, 2.1f};

// The exact flow from the first level to the last visited, then the estimate there, which is where every sampler ends.
static double noise_answer(const struct schedule *s, double x)
{
    double first = -s->tick[0].matrix[REG_X0][SRC_MODEL], last = -s->tick[s->n - 1].matrix[REG_X0][SRC_MODEL];
    double y = s->tick[0].in_scale != 1 ? x : x * sqrt(1 + first * first);
    double v = SPREAD * SPREAD;
    double rest = (y - MEAN) * sqrt((v + last * last) / (v + first * first));
    return MEAN + rest * v / (v + last * last);
}

static double flow_answer(const struct sample_spec *spec, double x)
{
    double t0, t1;
    flow_range(spec, &t0, &t1);
    struct flow_at from = flow_at(spec, t0), to = flow_at(spec, t1);
    return to.alpha * MEAN + (x - from.alpha * MEAN) * sqrt(flow_variance(&to) / flow_variance(&from));
}

static double worst_error(struct sample_spec spec, uint32_t steps)
{
    struct schedule s = {0};
    float x[STARTS];
    double worst = 0;
    spec.steps = steps;
    if (!run(&spec, starts, x, STARTS, &s)) return INFINITY;
    for (int i = 0; i < STARTS; i++) {
        double start = starts[i] * s.start_noise;
        double want = spec.family == FAMILY_FLOW ? flow_answer(&spec, start) : noise_answer(&s, start);
        worst = fmax(worst, fabs(x[i] - want));
    }
    schedule_free(&s);
    return worst;
}

static void test_order(struct sample_spec spec, uint32_t steps, double order)
{
    double coarse = worst_error(spec, steps), fine = worst_error(spec, 2 * steps), seen = log2(coarse / fine);
    printf("%-8s path %d target %d %-9s %3u steps: %.2e, twice as many: %.2e, order %.2f\n", spec.sampler,
           (int)spec.path, (int)spec.target, spec.spacing ? spec.spacing : "", steps, coarse, fine, seen);
    CHECK(fabs(seen - order) < 0.3, "%s path %d target %d: order %.2f, wanted %g", spec.sampler, (int)spec.path,
          (int)spec.target, seen, order);
    CHECK(fine < 0.02, "%s: error %g", spec.sampler, fine);
}

static void test_orders(void)
{
    static const char *const spacings[] = {"even", "leading", "trailing", "linspace"};
    for (size_t i = 0; i < COUNTOF(spacings); i++) {
        bool whole = strcmp(spacings[i], "linspace") != 0; // DDIM's own landing rule does not follow its linspace
        struct sample_spec spec = {.family = FAMILY_DDPM, .spacing = spacings[i]};
        if (whole) test_order((spec.sampler = "ddim", spec), 100, 1);
        test_order((spec.sampler = "euler", spec), 100, 1);
        test_order((spec.sampler = "heun", spec), 50, 2);
    }
    // the other spacings double the noise in the last steps however many there are, which hides this one's order
    struct sample_spec multi = {.sampler = "dpmpp2m", .family = FAMILY_DDPM, .spacing = "even"};
    test_order(multi, 50, 2);
    for (size_t i = 0; i < COUNTOF(spacings); i++) {
        struct sample_spec one = {.sampler = "euler", .family = FAMILY_DDPM, .spacing = spacings[i]}, two = one;
        double first = worst_error(one, 60), second = worst_error((two.sampler = "dpmpp2m", two), 60);
        CHECK(second < first, "%s: %g with memory, %g without", spacings[i], second, first);
    }
    for (int k = 0; k < 9; k++) {
        struct sample_spec spec = {
            .family = FAMILY_FLOW, .path = (enum path)(k / 3), .target = (enum flow_target)(k % 3)};
        test_order((spec.sampler = "euler", spec), 40, 1);
        test_order((spec.sampler = "heun", spec), 20, 2);
        // its first and last step are of the first order, with a share that falls with their number; on the last path the
        // noise falls fastest at the end, so that few steps leave nearly all to the last
        for (uint32_t steps = spec.path == PATH_VP ? 48 : 12; steps <= 48; steps *= 2) {
            const double one = worst_error((spec.sampler = "euler", spec), steps),
                         two = worst_error((spec.sampler = "dpmpp2m", spec), steps);
            printf("dpmpp2m  path %d target %d, %u steps: %.2e, Euler %.2e\n", (int)spec.path, (int)spec.target, steps,
                   two, one);
            CHECK(two < 0.6 * one, "path %d target %d: %g with memory, %g without", (int)spec.path, (int)spec.target,
                  two, one);
        }
    }
}

// --- stochastic samplers: the ends are distributed as the data ---

enum { CROWD = 20000 };

static void test_moments(struct sample_spec spec, double at)
{
    static float z[CROWD], x[CROWD];
    struct torch_rng r;
    struct schedule s = {0};
    torch_seed(&r, 5);
    torch_randn(&r, z, CROWD);
    spec.steps = spec.family == FAMILY_FLOW ? 150 : 200;
    if (!run(&spec, z, x, CROWD, &s)) return;
    double mean = 0, square = 0;
    for (int i = 0; i < CROWD; i++) mean += x[i] / (double)CROWD;
    for (int i = 0; i < CROWD; i++) square += (x[i] - mean) * (x[i] - mean) / CROWD;
    struct flow_at f = flow_at(&spec, at);
    double want = spec.family == FAMILY_FLOW && at < 1 ? flow_variance(&f) : SPREAD * SPREAD;
    printf("%-9s %-22s %-8s mean %.4f, deviation %.4f (%.4f)\n", spec.sampler, spec.diffusion ? spec.diffusion : "",
           spec.last_step ? spec.last_step : "", mean, sqrt(square), sqrt(want));
    CHECK(fabs(mean - MEAN) < 0.015, "%s %s: mean %g", spec.sampler, spec.diffusion, mean);
    CHECK(fabs(sqrt(square) / sqrt(want) - 1) < 0.04, "%s %s %s: deviation %g, wanted %g", spec.sampler, spec.diffusion,
          spec.last_step, sqrt(square), sqrt(want));
    schedule_free(&s);
}

static void test_distributions(void)
{
    static const char *const forms[] = {"sigma", "linear", "decreasing", "increasing-decreasing", "constant"};
    test_moments((struct sample_spec){.sampler = "ddpm", .family = FAMILY_DDPM}, 1);
    test_moments((struct sample_spec){.sampler = "ddpm", .family = FAMILY_DDPM, .diffusers = true}, 1);
    test_moments((struct sample_spec){.sampler = "ddim", .family = FAMILY_DDPM, .eta = 1}, 1);
    test_moments((struct sample_spec){.sampler = "ddim", .family = FAMILY_DDPM, .eta = 0.4, .diffusers = true}, 1);
    for (size_t i = 0; i < COUNTOF(forms); i++) {
        struct sample_spec spec = {.family = FAMILY_FLOW, .diffusion = forms[i], .last_step = "euler"};
        test_moments((spec.sampler = "sde-euler", spec), 1);
        test_moments((spec.sampler = "sde-heun", spec), 1);
    }
    struct sample_spec spec = {
        .sampler = "sde-euler", .family = FAMILY_FLOW, .path = PATH_VP, .diffusion = "sbdm", .last_step = "euler"};
    test_moments(spec, 1);
    test_moments((spec.sampler = "sde-heun", spec), 1);
    spec = (struct sample_spec){.sampler = "sde-euler", .family = FAMILY_FLOW, .last_step = "none"};
    test_moments(spec, 1);
    test_moments((spec.path = PATH_GVP, spec.last_step = "mean", spec), 1);
    spec = (struct sample_spec){
        .sampler = "sde-heun", .family = FAMILY_FLOW, .target = FLOW_NOISE, .last_step = "tweedie"};
    test_moments((spec.last_step_size = 0.01, spec), 1);
}

// --- the adaptive sampler ---

// Steps by hand, so that the states in between can be seen.
static uint32_t adaptive_run(struct sample_spec *spec, float *ends, double *between)
{
    struct schedule s;
    struct err e = {0};
    struct problem p = {.spec = spec, .schedule = &s};
    float regs[TICK_REGS * STARTS], out[STARTS];
    uint32_t evals = 0, n = 0, point = 0;
    bool done = false, ok = schedule_make(&s, spec, &e);
    CHECK(ok, "%s", e.text);
    if (!ok) return 0;
    struct grid g;
    flow_grid(spec, &g, &e);
    tick_start(&s, regs, starts, NULL, NULL, STARTS);
    *between = 0;
    while (ok && !done) {
        ok = schedule_next(&s, regs, STARTS, &n, &done, &e);
        for (uint32_t k = 0; k < s.n_points && ok; k++) {
            struct flow_at from = flow_at(spec, grid_at(&g, 0)), to = flow_at(spec, grid_at(&g, ++point));
            for (int i = 0; i < STARTS; i++) {
                double grow = sqrt(flow_variance(&to) / flow_variance(&from));
                double want = to.alpha * MEAN + (starts[i] - from.alpha * MEAN) * grow;
                *between = fmax(*between, fabs(s.points[k * STARTS + i] - want));
            }
        }
        for (uint32_t k = 0; k < n && ok && !done; k++, evals++) {
            flow_model(&p, s.eval[k].t, regs + s.tick[k].in_reg * STARTS, out, STARTS);
            tick_apply(&s.tick[k], regs, STARTS, out, NULL, NULL);
        }
    }
    CHECK(ok, "%s", e.text);
    CHECK(point == g.n, "%u states in between, wanted %u", point, g.n);
    memcpy(ends, regs, STARTS * sizeof *ends);
    schedule_free(&s);
    return evals;
}

static void test_adaptive(void)
{
    for (int k = 0; k < 9; k++) {
        struct sample_spec spec = {.sampler = "dopri5",
                                   .steps = 7,
                                   .family = FAMILY_FLOW,
                                   .path = (enum path)(k / 3),
                                   .target = (enum flow_target)(k % 3),
                                   .strength = 1};
        double error = INFINITY;
        uint32_t fewer = 0, more = 0;
        for (double rtol = 1e-2; rtol > 1e-6; rtol /= 10) {
            float x[STARTS];
            double worst = 0, between;
            spec.rtol = rtol, spec.atol = rtol;
            uint32_t evals = adaptive_run(&spec, x, &between);
            for (int i = 0; i < STARTS; i++) worst = fmax(worst, fabs(x[i] - flow_answer(&spec, starts[i])));
            printf("dopri5 path %d target %d rtol %.0e: %3u evaluations, error %.1e, between %.1e\n", (int)spec.path,
                   (int)spec.target, rtol, evals, worst, between);
            // the tolerance is per step, and the last step is cut by interpolation of lower order
            CHECK(rtol > 2e-3 || fmax(worst, between) < 100 * rtol, "rtol %g: error %g, between %g", rtol, worst,
                  between);
            CHECK(evals % 6 == 2, "%u evaluations", evals);
            fewer = fewer ? fewer : evals, more = evals, error = worst;
        }
        CHECK(error < 1e-5 && more > 2 * fewer, "error %g after %u evaluations, %u at first", error, more, fewer);
    }
}

// An answer that is no number ends the run with a reason.
static void test_adaptive_failures(void)
{
    struct sample_spec spec = {.sampler = "dopri5", .steps = 3, .family = FAMILY_FLOW};
    for (int broken = 0; broken < 2; broken++) {
        struct schedule s;
        struct err e = {0};
        float regs[TICK_REGS] = {1}, out[1];
        uint32_t n, evals = 0;
        bool done = false, ok = schedule_make(&s, &spec, &e);
        while (ok && !done && evals < 100000) {
            ok = schedule_next(&s, regs, 1, &n, &done, &e);
            for (uint32_t k = 0; ok && k < n; k++, evals++) {
                float wild = evals % 2 ? 1e30f : -1e30f; // no step is short enough for this
                out[0] = !broken ? wild : s.eval[k].t > 0.3 ? NAN : 1;
                tick_apply(&s.tick[k], regs, 1, out, NULL, NULL);
            }
        }
        CHECK(!ok && e.code == ERR_NUMERIC, "a broken model (%d) passed after %u evaluations", broken, evals);
        schedule_free(&s);
    }
}

int main(void)
{
    test_orders();
    test_distributions();
    test_adaptive();
    test_adaptive_failures();
    return check_done();
}
