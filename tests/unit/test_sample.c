// test_sample.c — schedules against the reference's tables, guidance bands, partial runs, and every refusal.
#include "check.h"
#include "golden.h"
#include "sample/parts.h"

static struct sample_spec noise_spec(const char *sampler, uint32_t steps, const char *spacing)
{
    return (struct sample_spec){
        .sampler = sampler, .steps = steps, .spacing = spacing, .family = FAMILY_DDPM, .cfg = 1};
}

static struct sample_spec flow_spec(const char *sampler, uint32_t steps)
{
    return (struct sample_spec){.sampler = sampler, .steps = steps, .family = FAMILY_FLOW, .cfg = 1};
}

static struct schedule make(const struct sample_spec *spec)
{
    struct schedule s;
    struct err e = {0};
    bool ok = schedule_make(&s, spec, &e);
    CHECK(ok, "%s, %u steps: %s", spec->sampler, spec->steps, e.text);
    return s;
}

// The model's factor in the estimate of the image is -sigma, for every sampler of noise models.
static double sigma_of(const struct schedule *s, uint32_t k)
{
    return -s->tick[k].matrix[s->x0_reg][SRC_MODEL];
}

static void compare(const char *what, double got, double want, double bound)
{
    CHECK(fabs(got - want) <= bound * fmax(1, fabs(want)), "%s: got %.9g wanted %.9g", what, got, want);
}

// --- tables ---

static void test_respacing(struct golden *g)
{
    const char *name;
    json_t *entry;
    uint32_t seen = 0;
    json_object_foreach(g->header, name, entry)
    {
        if (strncmp(name, "space_timesteps.", 16)) continue;
        uint64_t n = 0;
        const double *want = golden_f64(g, name, &n);
        bool strided = !strncmp(name + 16, "ddim", 4);
        struct sample_spec spec = noise_spec("ddpm", (uint32_t)n, strided ? "ddim" : name + 16);
        struct schedule s = make(&spec);
        for (uint64_t i = 0; i < n && s.n == n; i++) compare(name, s.eval[n - 1 - i].t, want[i], 0);
        schedule_free(&s);
        spec.spacing = strchr(name, ',') ? name + 16 : strided ? "ddim" : "even";
        s = make(&spec);
        CHECK(s.n == n && s.eval[0].t == want[n - 1], "%s as \"%s\"", name, spec.spacing);
        schedule_free(&s);
        seen++;
    }
    CHECK(seen == 11, "the file holds %u respacings", seen);
}

static void test_diffusers_tables(struct golden *g, const char *family, const char *sampler)
{
    static const char *const spacings[] = {"leading", "linspace", "trailing"};
    static const uint32_t steps[] = {10, 14, 15, 20, 25, 50};
    for (size_t i = 0; i < COUNTOF(spacings) * COUNTOF(steps); i++) {
        const char *spacing = spacings[i % COUNTOF(spacings)];
        uint32_t n = steps[i / COUNTOF(spacings)];
        char times[64], sigmas[64];
        snprintf(times, sizeof times, "%s.%s.%u.timesteps", family, spacing, n);
        snprintf(sigmas, sizeof sigmas, "%s.%s.%u.sigmas", family, spacing, n);
        struct sample_spec spec = noise_spec(sampler, n, spacing);
        struct schedule s = make(&spec);
        const double *t = golden_f64(g, times, NULL);
        const double *sigma = golden_has(g, sigmas) ? golden_f64(g, sigmas, NULL) : NULL;
        for (uint32_t k = 0; k < s.n; k++) {
            compare(times, s.eval[k].t, t[k], 0);
            // the reference sums and multiplies in single precision; at t = 0 its sigma has lost four digits
            if (sigma) compare(sigmas, sigma_of(&s, k), sigma[k], 2e-6);
        }
        if (sigma && !strcmp(sampler, "euler")) {
            double start = strcmp(spacing, "leading") ? sigma[0] : sqrt(sigma[0] * sigma[0] + 1);
            compare("euler's start", s.start_noise, start, 1e-6);
        }
        schedule_free(&s);
    }
}

static void test_alphas(struct golden *g)
{
    const double *abar = golden_f64(g, "alphas_cumprod", NULL);
    struct sample_spec spec = noise_spec("ddim", 1000, NULL);
    struct schedule s = make(&spec);
    for (uint32_t t = 0; t < 1000 && s.n == 1000; t++)
        compare("1/sqrt(abar)", s.tick[999 - t].matrix[s.x0_reg][0], sqrt(1 / abar[t]), 6e-8);
    schedule_free(&s);
    spec.train_steps = 1000, spec.beta_start = 1e-4, spec.beta_end = 0.02;
    for (uint32_t t = 0; t < 1000; t += 37) compare("abar", levels_abar(&spec, t), abar[t], 1e-15);
    compare("before the first", levels_abar(&spec, -5), 1, 0);
}

// The posterior of the respaced chain, read back from the ticks.
static void test_posterior(const char *file, uint32_t n)
{
    struct golden g = golden_open(file);
    const double *beta = golden_f64(&g, "betas", NULL),
                 *logvar = golden_f64(&g, "posterior_log_variance_clipped", NULL);
    const double *c1 = golden_f64(&g, "posterior_mean_coef1", NULL), *c2 = golden_f64(&g, "posterior_mean_coef2", NULL);
    const double *abar = golden_f64(&g, "alphas_cumprod", NULL);
    struct sample_spec spec = noise_spec("ddpm", n, NULL);
    spec.learned_var = true;
    struct schedule s = make(&spec);
    for (uint32_t j = 0; j < n && s.n == n; j++) {
        const struct tick *t = &s.tick[n - 1 - j];
        compare("mean of x", t->matrix[0][0], c1[j] * sqrt(1 / abar[j]) + c2[j], 1e-7);
        compare("mean of eps", t->matrix[0][SRC_MODEL], -c1[j] * sqrt(1 / abar[j] - 1), 1e-7);
        CHECK(t->use_var == (j > 0), "the last step adds nothing");
        CHECK(t->matrix[0][SRC_NOISE] == (j > 0), "noise is scaled by its own deviation");
        if (j > 0) compare("log beta", t->var_hi, log(beta[j]), 1e-6);
        if (j > 0) compare("log of the posterior variance", t->var_lo, logvar[j], 1e-6);
        CHECK(s.eval[n - 1 - j].draws, "step %u draws", j);
    }
    schedule_free(&s);
    spec.learned_var = false;
    s = make(&spec);
    compare("without learned variance", s.tick[0].matrix[0][SRC_NOISE], sqrt(beta[n - 1]), 1e-7);
    schedule_free(&s);
    golden_close(&g);
}

static void test_flow_answers(void)
{
    // alpha, alpha', sigma, sigma', diffusion, score for v = 0.5 at x = 1; all at t = 0.25
    static const double want[3][6] = {{0.25, 1, 0.75, -1, 3, -1.166667},
                                      {0.3826835, 1.451227, 0.9238795, -0.6011178, 3.792238, -0.8681517},
                                      {0.05866352, 0.4407097, 0.9982778, -0.02589818, 7.5125, -0.9334441}};
    for (int p = PATH_LINEAR; p <= PATH_VP; p++) {
        struct sample_spec spec = {.path = (enum path)p};
        struct flow_at f = flow_at(&spec, 0.25);
        double got[6] = {f.alpha, f.dalpha, f.sigma, f.dsigma, f.diffusion, f.score.x + 0.5 * f.score.m};
        for (int i = 0; i < 6; i++) compare("flow", got[i], want[p][i], 1e-6);
        // each target, asked through the others, is the same flow
        double v = 0.5, score = got[5], eps = -f.sigma * score;
        double data = (1 - f.sigma * eps) / f.alpha;
        compare("data from velocity", f.data.x + f.data.m * v, data, 1e-6);
        spec.target = FLOW_SCORE;
        struct flow_at by_score = flow_at(&spec, 0.25);
        compare("velocity from score", by_score.velocity.x + by_score.velocity.m * score, v, 1e-6);
        compare("data from score", by_score.data.x + by_score.data.m * score, data, 1e-6);
        spec.target = FLOW_NOISE;
        struct flow_at by_noise = flow_at(&spec, 0.25);
        compare("velocity from noise", by_noise.velocity.x + by_noise.velocity.m * eps, v, 1e-6);
        compare("score from noise", by_noise.score.x + by_noise.score.m * eps, score, 1e-6);
    }
}

// --- what the caller can steer ---

static void test_guidance_band(void)
{
    struct sample_spec spec = noise_spec("ddim", 10, NULL);
    spec.cfg = 4, spec.cfg_lo = 0.3, spec.cfg_hi = 0.8;
    struct schedule s = make(&spec);
    for (uint32_t k = 0; k < s.n; k++) {
        double share = s.eval[k].t / 999;
        CHECK(s.tick[k].cfg == (share >= 0.3 && share <= 0.8 ? 4 : 1), "t %g has scale %g", s.eval[k].t,
              (double)s.tick[k].cfg);
    }
    CHECK(s.tick[0].cfg == 1 && s.tick[4].cfg == 4 && s.tick[9].cfg == 1, "the band is in the middle");
    schedule_free(&s);
    spec = flow_spec("heun", 10);
    spec.cfg = 3, spec.cfg_lo = 0.55, spec.cfg_hi = 1;
    s = make(&spec);
    for (uint32_t k = 0; k < s.n; k++) CHECK(s.tick[k].cfg == (s.eval[k].t <= 0.45 ? 3 : 1), "t %g", s.eval[k].t);
    schedule_free(&s);
    spec.cfg_lo = spec.cfg_hi = 0;
    s = make(&spec);
    CHECK(s.tick[0].cfg == 3 && s.tick[s.n - 1].cfg == 3, "no band: everywhere");
    schedule_free(&s);
}

static double row_value(const struct tick *t, uint32_t reg, const double source[TICK_SRC])
{
    double v = 0;
    for (uint32_t i = 0; i < TICK_SRC; i++) v += (double)t->matrix[reg][i] * source[i];
    return v;
}

// The model's answer m at state x with its noise divided by the scale, by the definition of the path; the state is the same.
static double divided(const struct sample_spec *s, double t, double x, double m, double scale)
{
    if (s->family == FAMILY_DDPM || s->target != FLOW_VELOCITY) return m / scale;
    if (t == 0) return m; // all noise
    const double noise = (x - t * m) / scale;
    return (x - (1 - t) * noise) / t - noise;
}

static void epsilon_of(const struct sample_spec *plain)
{
    struct sample_spec spec = *plain;
    struct schedule a = make(&spec), b, same;
    spec.epsilon_scale = 1.04;
    b = make(&spec);
    spec.epsilon_scale = 1;
    same = make(&spec);
    CHECK(a.n == b.n && a.n == same.n && !memcmp(a.tick, same.tick, a.n * sizeof *a.tick), "%s: 1 is none",
          spec.sampler);
    for (uint32_t k = 0; k < a.n && a.n == b.n; k++) {
        double source[TICK_SRC];
        for (uint32_t i = 0; i < TICK_SRC; i++) source[i] = sin(1 + i + 7 * k);
        const double m = source[SRC_MODEL], wanted = divided(&spec, a.eval[k].t, source[a.tick[k].in_reg], m, 1.04);
        for (uint32_t r = 0; r < a.n_regs; r++) {
            source[SRC_MODEL] = m;
            const double got = row_value(&b.tick[k], r, source);
            source[SRC_MODEL] = wanted;
            compare(spec.sampler, got, row_value(&a.tick[k], r, source), 1e-5);
        }
        CHECK(a.eval[k].t == 0 || spec.family == FAMILY_FLOW || memcmp(&a.tick[k], &b.tick[k], sizeof *a.tick),
              "%s: evaluation %u is as it was", spec.sampler, k);
    }
    schedule_free(&a);
    schedule_free(&b);
    schedule_free(&same);
}

static void test_epsilon_scale(void)
{
    for (const struct sampler_row *const *r = sampler_table; *r; r++) {
        struct sample_spec spec = noise_spec((*r)->name, 12, NULL);
        if ((*r)->adaptive) continue;
        if ((*r)->families & FAMILY_DDPM) epsilon_of(&spec);
        spec = flow_spec((*r)->name, 12);
        for (int target = FLOW_VELOCITY; (*r)->families & FAMILY_FLOW && target <= FLOW_SCORE; target++) {
            spec.target = (enum flow_target)target;
            epsilon_of(&spec);
        }
    }
}

// Times by the formula of flow matching: what is left of the way, u, becomes s u / (1 + (s - 1) u).
static void test_shift(void)
{
    for (const struct sampler_row *const *r = sampler_table; *r; r++) {
        if (!((*r)->families & FAMILY_FLOW) || (*r)->adaptive) continue;
        struct sample_spec spec = flow_spec((*r)->name, 9);
        if ((*r)->stochastic) spec.last_step = "mean", spec.last_step_size = 0.1;
        struct schedule even = make(&spec);
        spec.shift = 3;
        struct schedule s = make(&spec);
        CHECK(s.n == even.n, "%s: %u evaluations", (*r)->name, s.n);
        const double end = (*r)->stochastic ? 0.9 : 1; // of the steps that are shifted
        for (uint32_t k = 0; k < s.n; k++) {
            const double u = (end - even.eval[k].t) / end, wanted = end - end * 3 * u / (1 + 2 * u);
            compare((*r)->name, s.eval[k].t, wanted, 1e-12);
        }
        for (uint32_t k = 0; k < s.n && !strcmp((*r)->name, "euler"); k++)
            compare("step", (double)s.tick[k].matrix[REG_X][SRC_MODEL],
                    (k + 1 < s.n ? s.eval[k + 1].t : 1) - s.eval[k].t, 1e-6);
        if (!strcmp((*r)->name, "sde-euler")) {
            const double h = s.eval[4].t - s.eval[3].t, usual = even.eval[4].t - even.eval[3].t;
            const struct flow_at now = flow_at(&spec, s.eval[3].t), then = flow_at(&spec, even.eval[3].t);
            const double got = (double)s.tick[3].matrix[REG_X][SRC_NOISE],
                         was = (double)even.tick[3].matrix[REG_X][SRC_NOISE];
            compare("noise per root of time", got / sqrt(h * now.sigma), was / sqrt(usual * then.sigma), 1e-6);
        }
        schedule_free(&even);
        schedule_free(&s);
    }
}

// A run from part way is the tail of the whole run, started from the right mixture.
static void test_strength(void)
{
    for (const struct sampler_row *const *r = sampler_table; *r; r++) {
        for (int family = FAMILY_DDPM; family <= FAMILY_FLOW; family++) {
            if (!((*r)->families & (uint32_t)family) || (*r)->adaptive) continue;
            struct sample_spec spec = noise_spec((*r)->name, 11, NULL);
            spec.family = (enum family)family;
            struct schedule whole = make(&spec);
            spec.strength = 0.7;
            struct schedule tail = make(&spec);
            CHECK(tail.steps < whole.steps && tail.steps >= 7, "%s keeps %u steps", (*r)->name, tail.steps);
            CHECK(tail.n < whole.n && tail.eval[0].step == 0, "%s: %u evaluations", (*r)->name, tail.n);
            CHECK(tail.eval[0].t == whole.eval[whole.n - tail.n].t, "%s starts at %g", (*r)->name, tail.eval[0].t);
            CHECK(whole.start_signal == 0 && whole.start_noise >= 1, "%s: whole run", (*r)->name);
            double square = tail.start_signal * tail.start_signal + tail.start_noise * tail.start_noise;
            bool vp = family == FAMILY_DDPM && strcmp((*r)->name, "euler") && strcmp((*r)->name, "heun");
            if (vp) compare("variance of the start", square, 1, 1e-12);
            if (vp) compare("signal of the start", tail.start_signal, 1 / (double)tail.tick[0].matrix[1][0], 1e-6);
            if (family == FAMILY_FLOW) compare("signal and noise", tail.start_signal + tail.start_noise, 1, 1e-12);
            if (family == FAMILY_DDPM && !vp) compare("noise of the start", tail.start_noise, sigma_of(&tail, 0), 1e-6);
            schedule_free(&whole);
            schedule_free(&tail);
        }
    }
}

// Every tick of every sampler is whole: steps count up, the state keeps its register, the last evaluation ends the run.
static void test_shape_of_lists(void)
{
    for (const struct sampler_row *const *r = sampler_table; *r; r++) {
        for (int family = FAMILY_DDPM; family <= FAMILY_FLOW; family++) {
            if (!((*r)->families & (uint32_t)family)) continue;
            struct sample_spec spec = noise_spec((*r)->name, 12, NULL);
            spec.family = (enum family)family;
            struct schedule s = make(&spec);
            CHECK(s.steps == 12 && s.n_regs <= TICK_REGS && s.x0_reg < s.n_regs, "%s: %u steps", (*r)->name, s.steps);
            CHECK(s.adaptive == (*r)->adaptive && (s.n == 0) == s.adaptive, "%s: %u evaluations", (*r)->name, s.n);
            uint32_t ended = 0;
            for (uint32_t k = 0; k < s.n; k++) {
                CHECK(s.tick[k].mod == k && s.tick[k].n_regs == s.n_regs, "%s: evaluation %u", (*r)->name, k);
                CHECK(s.eval[k].step == ended, "%s: evaluation %u is of step %u", (*r)->name, k, s.eval[k].step);
                ended += s.eval[k].ends_step;
            }
            CHECK(s.adaptive || ended == s.steps, "%s: %u steps end", (*r)->name, ended);
            schedule_free(&s);
            schedule_free(&s); // closed is closed
        }
        CHECK(sampler_find((*r)->name) == *r && sampler_find((*r)->alias) == ((*r)->alias ? *r : NULL), "%s",
              (*r)->name);
    }
}

static void test_reference_counting(void)
{
    struct sample_spec spec = flow_spec("euler", 250);
    spec.spacing = "points";
    struct schedule s = make(&spec);
    CHECK(s.n == 249, "250 points are %u intervals", s.n);
    schedule_free(&s);
    spec = flow_spec("sde-euler", 250);
    s = make(&spec); // 249 noisy steps and the last: the reference's 250
    CHECK(s.n == 250 && !s.eval[249].draws && s.eval[248].draws, "%u evaluations", s.n);
    compare("the last step begins at", s.eval[249].t, 0.96, 1e-12);
    schedule_free(&s);
    spec.last_step = "None", spec.spacing = "points";
    s = make(&spec);
    CHECK(s.n == 249 && s.eval[248].draws, "%u evaluations", s.n);
    schedule_free(&s);
    spec = flow_spec("sde-heun", 10);
    s = make(&spec);
    uint32_t draws = s.init_draws;
    for (uint32_t k = 0; k < s.n; k++) draws += s.eval[k].draws;
    CHECK(s.n == 19 && draws == 9, "%u evaluations, %u draws", s.n, draws);
    schedule_free(&s);
}

// --- refusals ---

#define DDPM .family = FAMILY_DDPM
#define FLOW .family = FAMILY_FLOW
static const struct refusal {
    struct sample_spec spec;
    const char *says;
} refusals[] = {
    {{.sampler = "plms", .steps = 5, DDPM}, "unknown sampler \"plms\"; known: ddpm, ddim, dpmpp2m"},
    {{.sampler = "a\033[2Jb", .steps = 5, DDPM}, "\\x1B[2Jb"},
    {{.steps = 5, DDPM}, "no sampler given"},
    {{.sampler = "ddpm", .steps = 5}, "model family 0"},
    {{.sampler = "ddpm", DDPM}, "0 steps"},
    {{.sampler = "ddpm", .steps = 4000000000u, DDPM}, "4000000000 steps"},
    {{.sampler = "ddpm", .steps = 1001, DDPM}, "trained on 1000"},
    {{.sampler = "ddpm", .steps = 5, FLOW}, "for this model use dpmpp2m, euler, heun, dopri5"},
    {{.sampler = "dopri5", .steps = 5, DDPM}, "for this model use ddpm, ddim, dpmpp2m, euler, heun"},
    {{.sampler = "ddim", .steps = 5, DDPM, .eta = -0.1}, "eta is -0.1"},
    {{.sampler = "ddim", .steps = 5, DDPM, .eta = NAN}, "eta is"},
    {{.sampler = "ddim", .steps = 5, DDPM, .eta = 1.5}, "eta 1.5 asks for more noise"},
    {{.sampler = "ddpm", .steps = 5, DDPM, .eta = 1}, "only ddim has"},
    {{.sampler = "ddim", .steps = 5, DDPM, .strength = 1.01}, "strength is 1.01"},
    {{.sampler = "ddim", .steps = 5, DDPM, .strength = -1}, "strength is -1"},
    {{.sampler = "ddim", .steps = 5, DDPM, .strength = NAN}, "strength is"},
    {{.sampler = "ddim", .steps = 5, DDPM, .strength = 0.1}, "leaves none of 5 steps"},
    {{.sampler = "euler", .steps = 5, FLOW, .strength = 0.1}, "leaves none of 5 steps"},
    {{.sampler = "ddim", .steps = 5, DDPM, .cfg = INFINITY}, "guidance scale"},
    {{.sampler = "ddim", .steps = 5, DDPM, .cfg = NAN}, "guidance scale"},
    {{.sampler = "ddim", .steps = 5, DDPM, .cfg_lo = 0.5, .cfg_hi = 0.4}, "lower end"},
    {{.sampler = "ddim", .steps = 5, DDPM, .cfg_hi = 1.4}, "upper end"},
    {{.sampler = "ddim", .steps = 5, DDPM, .epsilon_scale = 0.4}, "epsilon scale is 0.4"},
    {{.sampler = "ddim", .steps = 5, DDPM, .epsilon_scale = -1}, "epsilon scale is -1"},
    {{.sampler = "ddim", .steps = 5, DDPM, .epsilon_scale = NAN}, "epsilon scale is"},
    {{.sampler = "dopri5", .steps = 5, FLOW, .epsilon_scale = 1.02}, "adapts its steps"},
    {{.sampler = "dopri5", .steps = 5, FLOW, .shift = 2}, "chooses its steps"},
    {{.sampler = "euler", .steps = 5, FLOW, .shift = -1}, "shift is -1"},
    {{.sampler = "euler", .steps = 5, FLOW, .shift = NAN}, "shift is"},
    {{.sampler = "ddim", .steps = 5, DDPM, .shift = 2}, "times of flow models"},
    {{.sampler = "ddim", .steps = 5, DDPM, .spacing = "karras"}, "unknown spacing \"karras\"; known: even"},
    {{.sampler = "ddim", .steps = 37, DDPM, .spacing = "ddim"}, "36 or 38 steps would do"},
    {{.sampler = "ddim", .steps = 1, DDPM}, "use trailing"},
    {{.sampler = "ddim", .steps = 10, DDPM, .spacing = "3,4"}, "do not add up"},
    {{.sampler = "ddim", .steps = 10, DDPM, .spacing = "8,4"}, "do not add up"},
    {{.sampler = "ddim", .steps = 10, DDPM, .spacing = "5,x"}, "section 2"},
    {{.sampler = "ddim", .steps = 10, DDPM, .spacing = "5,0,5"}, "section 2"},
    {{.sampler = "ddim", .steps = 10, DDPM, .spacing = "99999999999999999999999"}, "section 1"},
    {{.sampler = "dpmpp2m", .steps = 1000, DDPM}, "twice; use fewer"},
    {{.sampler = "ddim", .steps = 5, DDPM, .train_steps = 1}, "1 training steps"},
    {{.sampler = "ddim", .steps = 5, DDPM, .beta_start = 0.5, .beta_end = 0.1}, "betas from 0.5 to 0.1"},
    {{.sampler = "ddim", .steps = 5, DDPM, .beta_start = 0.5, .beta_end = NAN}, "betas"},
    {{.sampler = "ddim", .steps = 5, DDPM, .path = PATH_GVP}, "belongs to flow models"},
    {{.sampler = "ddim", .steps = 5, DDPM, .target = FLOW_SCORE}, "belongs to flow models"},
    {{.sampler = "ddim", .steps = 5, DDPM, .diffusion = "sigma"}, "adds no diffusion"},
    {{.sampler = "euler", .steps = 5, FLOW, .last_step = "mean"}, "adds no diffusion"},
    {{.sampler = "euler", .steps = 5, FLOW, .rtol = 1e-3}, "belong to dopri5"},
    {{.sampler = "euler", .steps = 5, FLOW, .spacing = "leading"}, "only \"points\""},
    {{.sampler = "euler", .steps = 1, FLOW, .spacing = "points"}, "wanted at least 2"},
    {{.sampler = "euler", .steps = 5, FLOW, .path = (enum path)7}, "flow path 7"},
    {{.sampler = "dopri5", .steps = 5, FLOW, .rtol = -1}, "rtol is -1"},
    {{.sampler = "dopri5", .steps = 5, FLOW, .atol = NAN}, "atol is"},
    {{.sampler = "sde-euler", .steps = 1, FLOW}, "wanted at least 2"},
    {{.sampler = "sde-euler", .steps = 5, FLOW, .diffusion = "sbdm"}, "infinite at t = 0"},
    {{.sampler = "sde-heun", .steps = 5, FLOW, .path = PATH_GVP, .diffusion = "SBDM"}, "infinite at t = 0"},
    {{.sampler = "sde-heun", .steps = 5, FLOW, .last_step = "none"}, "the score is infinite"},
    {{.sampler = "sde-heun", .steps = 5, FLOW, .path = PATH_GVP, .last_step = "none"}, "the score is infinite"},
    {{.sampler = "sde-euler", .steps = 5, FLOW, .diffusion = "inccreasing"}, "known: sbdm, sigma"},
    {{.sampler = "sde-euler", .steps = 5, FLOW, .last_step = "median"}, "known: mean, euler"},
    {{.sampler = "sde-euler", .steps = 5, FLOW, .last_step_size = 0.9}, "last step's size"},
    {{.sampler = "sde-euler", .steps = 5, FLOW, .diffusion_norm = -2}, "diffusion norm"},
};

static void test_refusals(void)
{
    for (size_t i = 0; i < COUNTOF(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct schedule s;
        struct err e = {0};
        bool made = schedule_make(&s, &r->spec, &e);
        CHECK(!made && e.code == ERR_ARG, "case %zu (%s) was accepted", i, r->says);
        CHECK(strstr(e.text, r->says), "case %zu says \"%s\", wanted \"%s\"", i, e.text, r->says);
        CHECK(!s.tick && !s.eval && !s.state, "case %zu leaves nothing behind", i);
    }
    struct schedule closed = {0};
    float none[1] = {0};
    uint32_t n;
    bool done;
    struct err e = {0};
    CHECK(!schedule_next(&closed, none, 1, &n, &done, &e), "a closed schedule has no next group");
}

// What the reference cannot do, and is well defined all the same.
static void test_accepted(void)
{
    static const struct sample_spec specs[] = {
        {.sampler = "sde-euler", .steps = 9, FLOW, .diffusion = "increasing-decreasing"},
        {.sampler = "sde-heun", .steps = 9, FLOW, .diffusion = "constant"},
        {.sampler = "sde-euler", .steps = 9, FLOW, .diffusion = "sbdm", .path = PATH_VP},
        {.sampler = "sde-euler", .steps = 9, FLOW, .diffusion = "sbdm", .target = FLOW_SCORE},
        {.sampler = "sde-euler", .steps = 9, FLOW, .diffusion = "sbdm", .strength = 0.5},
        {.sampler = "sde-heun", .steps = 9, FLOW, .last_step = "none", .target = FLOW_NOISE},
        {.sampler = "euler", .steps = 1, FLOW},
        {.sampler = "ddim", .steps = 1, DDPM, .spacing = "trailing"},
        {.sampler = "dpmpp2m", .steps = 1, DDPM},
        {.sampler = "dpm++", .steps = 999, DDPM},
        {.sampler = "heun2", .steps = 1000, DDPM},
        {.sampler = "ddpm", .steps = 1000, DDPM, .learned_var = true},
        {.sampler = "ddpm", .steps = 37, DDPM, .diffusers = true},
        {.sampler = "ddim", .steps = 37, DDPM, .diffusers = true, .eta = 1},
    };
    for (size_t i = 0; i < COUNTOF(specs); i++) {
        struct schedule s = make(&specs[i]);
        schedule_free(&s);
    }
}

int main(void)
{
    struct golden g = golden_open("dit/consts.safetensors");
    test_respacing(&g);
    test_diffusers_tables(&g, "ddim", "ddim");
    test_diffusers_tables(&g, "dpm", "dpmpp2m");
    test_diffusers_tables(&g, "euler", "euler");
    test_alphas(&g);
    golden_close(&g);
    test_posterior("dit/traj_ddpm8.safetensors", 8);
    test_posterior("dit/traj_ddpm25.safetensors", 25);
    test_flow_answers();
    test_guidance_band();
    test_epsilon_scale();
    test_shift();
    test_strength();
    test_shape_of_lists();
    test_reference_counting();
    test_refusals();
    test_accepted();
    return check_done();
}
