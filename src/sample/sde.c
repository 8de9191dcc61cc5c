// sde.c — a flow run backwards with diffusion: noise is added along the way and the score takes it out again.
// Knows nothing about where the noise comes from.
#include "sample/parts.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define PI 3.14159265358979323846

enum { REG_IN = REG_FREE, REG_FAR, HEUN_REGS };

// --- how much diffusion, by name ---

static double form_sbdm(const struct flow_at *f)
{
    return f->diffusion;
}
static double form_sigma(const struct flow_at *f)
{
    return f->sigma;
}
static double form_linear(const struct flow_at *f)
{
    return 1 - f->t;
}
static double form_rise_fall(const struct flow_at *f)
{
    return sin(PI * f->t) * sin(PI * f->t);
}
static double form_constant(const struct flow_at *f)
{
    return f->t < INFINITY;
}

static const struct diffusion {
    const char *name;
    double (*at)(const struct flow_at *f);
} diffusions[] = {
    {"sbdm", form_sbdm},         {"sigma", form_sigma},
    {"linear", form_linear},     {"increasing-decreasing", form_rise_fall},
    {"constant", form_constant}, {"decreasing", NULL}, // whose norm is inside
};

static double diffusion_at(const struct diffusion *d, const struct sample_spec *s, const struct flow_at *f)
{
    if (d->at) return s->diffusion_norm * d->at(f);
    double wave = s->diffusion_norm * cos(PI * f->t) + 1;
    return 0.25 * wave * wave;
}

// --- how the run ends, by name: from the last noisy state to t = 1 ---

struct sde {
    const struct sample_spec *spec;
    const struct diffusion *diffusion;
    const struct last_step *last;
    struct grid grid; // of the noisy steps
};

static double length(const struct sde *d, uint32_t i)
{
    return grid_at(&d->grid, i + 1) - grid_at(&d->grid, i);
}

static struct form drift(const struct sde *d, const struct flow_at *f, struct form x)
{
    double much = diffusion_at(d->diffusion, d->spec, f);
    return flow_form((struct share){f->velocity.x + much * f->score.x, f->velocity.m + much * f->score.m}, x);
}

// Of the noise that step i adds, at its start.
static double noise_factor(const struct sde *d, const struct flow_at *f, uint32_t i)
{
    return sqrt(2 * diffusion_at(d->diffusion, d->spec, f) * length(d, i));
}

static struct form last_mean(const struct sde *d, const struct flow_at *f, struct form x)
{
    return form_add(x, d->spec->last_step_size, drift(d, f, x));
}

static struct form last_euler(const struct sde *d, const struct flow_at *f, struct form x)
{
    return form_add(x, d->spec->last_step_size, flow_form(f->velocity, x));
}

static struct form last_tweedie(const struct sde *d, const struct flow_at *f, struct form x)
{
    (void)d;
    return flow_form(f->data, x);
}

static const struct last_step {
    const char *name;
    struct form (*take)(const struct sde *d, const struct flow_at *f, struct form x);
} last_steps[] = {{"mean", last_mean}, {"euler", last_euler}, {"tweedie", last_tweedie}, {"none", NULL}};

static bool find_names(struct sde *d, const struct sample_spec *s, struct err *e)
{
    char shown[60];
    for (size_t i = 0; i < COUNTOF(diffusions); i++) {
        if (!strcasecmp(diffusions[i].name, s->diffusion)) d->diffusion = &diffusions[i];
    }
    for (size_t i = 0; i < COUNTOF(last_steps); i++) {
        if (!strcasecmp(last_steps[i].name, s->last_step)) d->last = &last_steps[i];
    }
    if (!d->diffusion)
        return err_set(e, ERR_ARG,
                       "unknown diffusion \"%s\"; known: sbdm, sigma, linear, decreasing, "
                       "increasing-decreasing, constant",
                       text_clean(shown, sizeof shown, s->diffusion, strlen(s->diffusion)));
    if (!d->last)
        return err_set(e, ERR_ARG, "unknown last step \"%s\"; known: mean, euler, tweedie, none",
                       text_clean(shown, sizeof shown, s->last_step, strlen(s->last_step)));
    return true;
}

// --- the noisy steps ---

// Where the reference computes an infinity and goes on, say so instead.
static bool check_ends(const struct sde *d, bool heun, struct err *e)
{
    struct flow_at from = flow_at(d->spec, grid_at(&d->grid, d->grid.first)), to = flow_at(d->spec, d->grid.to);
    if (!isfinite(diffusion_at(d->diffusion, d->spec, &from)))
        return err_set(e, ERR_ARG,
                       "diffusion sbdm is infinite at t = 0 on this path; use sigma, linear, decreasing, "
                       "increasing-decreasing or constant");
    if (heun && !d->last->take && to.sigma < 1e-6)
        return err_set(e, ERR_ARG,
                       "sde-heun without a last step looks at t = 1, where the score is infinite; use last "
                       "step mean, euler or tweedie, or sampler sde-euler");
    return true;
}

static bool prepare(struct sde *d, const struct sample_spec *s, bool heun, struct err *e)
{
    *d = (struct sde){.spec = s};
    if (!find_names(d, s, e)) return false;
    // of the reference's N points, N - 1 intervals are noisy and the last step is the Nth
    uint32_t quiet = d->last->take || flow_counts_points(s), kept;
    if (s->steps <= quiet) return err_set(e, ERR_ARG, "%u step leaves none with noise, wanted at least 2", s->steps);
    flow_range(s, &d->grid.from, &d->grid.to);
    if (d->last->take) d->grid.to = 1 - s->last_step_size;
    d->grid.shift = s->shift;
    d->grid.n = s->steps - quiet;
    if (!steps_kept(s, d->grid.n, &kept, e)) return false;
    d->grid.first = d->grid.n - kept;
    return check_ends(d, heun, e);
}

static void emit_last(const struct sde *d, struct schedule *out)
{
    if (!d->last->take) return;
    struct form x = form_source(REG_X);
    struct flow_at f = flow_at(d->spec, d->grid.to);
    struct tick *t = tick_add(out, d->spec, 1 - f.t, (struct sample_eval){f.t, out->steps - 1, true, false});
    tick_set(t, REG_X, d->last->take(d, &f, x));
    tick_set(t, REG_X0, flow_form(f.data, x));
}

static bool fill_euler(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct sde d;
    if (!prepare(&d, s, false, e)) return false;
    uint32_t steps = d.grid.n - d.grid.first + (d.last->take != NULL);
    if (!list_reserve(out, steps, steps, REG_FREE, e)) return false;
    struct form x = form_source(REG_X);
    for (uint32_t i = d.grid.first; i < d.grid.n; i++) {
        struct flow_at f = flow_at(s, grid_at(&d.grid, i));
        struct tick *t = tick_add(out, s, 1 - f.t, (struct sample_eval){f.t, i - d.grid.first, true, true});
        struct form mean = form_add(x, length(&d, i), drift(&d, &f, x));
        tick_set(t, REG_X, form_add(mean, noise_factor(&d, &f, i), form_source(SRC_NOISE)));
        tick_set(t, REG_X0, flow_form(f.data, x));
    }
    emit_last(&d, out);
    flow_start(s, out, grid_at(&d.grid, d.grid.first), d.grid.first > 0);
    return true;
}

// The noise of a step comes before its first evaluation, so it is added at the end of the step before, to the copy of
// the state that the model will read. Then two evaluations of the drift, averaged.
static void emit_heun(const struct sde *d, uint32_t i, struct schedule *out)
{
    struct form x = form_source(REG_X), in = form_source(REG_IN), far_x = form_source(REG_FAR);
    struct flow_at near = flow_at(d->spec, grid_at(&d->grid, i)), far = flow_at(d->spec, grid_at(&d->grid, i + 1));
    uint32_t step = i - d->grid.first;
    bool more = i + 1 < d->grid.n;
    const double h = length(d, i);
    struct tick *t = tick_add(out, d->spec, 1 - near.t, (struct sample_eval){near.t, step, false, false});
    t->in_reg = REG_IN;
    tick_set(t, REG_FAR, form_add(in, h, drift(d, &near, in)));
    tick_set(t, REG_X, form_add(in, h / 2, drift(d, &near, in)));
    tick_set(t, REG_X0, flow_form(near.data, in));

    t = tick_add(out, d->spec, 1 - far.t, (struct sample_eval){far.t, step, true, more});
    t->in_reg = REG_FAR;
    struct form next = form_add(x, h / 2, drift(d, &far, far_x));
    tick_set(t, REG_X, next);
    tick_set(t, REG_IN, form_add(next, more ? noise_factor(d, &far, i + 1) : 0, form_source(SRC_NOISE)));
    tick_set(t, REG_X0, flow_form(far.data, far_x));
}

static bool fill_heun(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct sde d;
    if (!prepare(&d, s, true, e)) return false;
    uint32_t noisy = d.grid.n - d.grid.first, last = d.last->take != NULL;
    if (!list_reserve(out, 2 * noisy + last, noisy + last, HEUN_REGS, e)) return false;
    struct flow_at start = flow_at(s, grid_at(&d.grid, d.grid.first));
    out->init_draws = true;
    out->init[REG_IN][0] = 1;
    out->init[REG_IN][1] = noise_factor(&d, &start, d.grid.first);
    for (uint32_t i = d.grid.first; i < d.grid.n; i++) emit_heun(&d, i, out);
    emit_last(&d, out);
    flow_start(s, out, start.t, d.grid.first > 0);
    return true;
}

const struct sampler_row sampler_sde_euler = {
    .name = "sde-euler",
    .alias = "euler-maruyama",
    .about = "Euler-Maruyama: one noisy step per evaluation, and a last step without noise",
    .families = FAMILY_FLOW,
    .stochastic = true,
    .fill = fill_euler,
};

const struct sampler_row sampler_sde_heun = {
    .name = "sde-heun",
    .about = "stochastic Heun: two evaluations per noisy step, and a last step without noise",
    .families = FAMILY_FLOW,
    .stochastic = true,
    .fill = fill_heun,
};
