// dpmpp2m.c — DPM-Solver++(2M): second order from one evaluation per step, by remembering the previous estimate.
// Knows nothing about how timesteps are spaced.
#include "sample/parts.h"

#include <math.h>

struct level {
    double alpha, noise, lambda; // x = alpha * picture + noise * noise; lambda is infinite where one of them is gone
};

static struct level level_of(double alpha, double noise)
{
    return (struct level){alpha, noise, log(alpha / noise)};
}

// REG_X goes from `now` to `next`; `before` is where the estimate in REG_X0 is from, NULL at the first step.
static void emit(struct tick *t, const struct level *before, struct level now, struct level next, struct form x0)
{
    const double h = next.lambda - now.lambda;
    struct form aim = x0;
    tick_set(t, REG_X0, x0);
    if (next.noise == 0) { // an infinite step, whose limit is the estimate itself
        tick_set(t, REG_X, x0);
        return;
    }
    if (before) {
        const double r = (now.lambda - before->lambda) / h; // infinite after a step from pure noise: then first order
        aim = form_mix(1 + 1 / (2 * r), x0, -1 / (2 * r), form_source(REG_X0));
    }
    tick_set(t, REG_X, form_mix(next.noise / now.noise, form_source(REG_X), -next.alpha * expm1(-h), aim));
}

static struct level noise_level(const struct levels *l, uint32_t i)
{
    const double sigma = l->sigma[i], alpha = 1 / sqrt(1 + sigma * sigma);
    return level_of(alpha, sigma * alpha);
}

static bool fill_noise(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct levels l;
    struct level before = {0};
    bool ok = levels_make(&l, s, true, true, e) && list_reserve(out, l.n - l.first, l.n - l.first, REG_FREE, e);
    for (uint32_t i = l.first; ok && i < l.n; i++) {
        const struct level now = noise_level(&l, i);
        struct tick *t =
            tick_add(out, s, levels_share(s, l.t[i]), (struct sample_eval){l.t[i], i - l.first, true, false});
        struct form x0 = form_mix(1 / now.alpha, form_source(REG_X), -now.noise / now.alpha, form_source(SRC_MODEL));
        emit(t, i > l.first ? &before : NULL, now, noise_level(&l, i + 1), x0);
        before = now;
    }
    if (ok) levels_start(&l, out);
    levels_free(&l);
    return ok;
}

static bool fill_flow(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct grid g;
    struct level before = {0};
    if (!flow_grid(s, &g, e) || !list_reserve(out, g.n - g.first, g.n - g.first, REG_FREE, e)) return false;
    for (uint32_t i = g.first; i < g.n; i++) {
        // the last step ends with (next to) no noise and is far longer than what the memory could be extended over
        const bool remembers = i > g.first && i + 1 < g.n;
        const struct flow_at f = flow_at(s, grid_at(&g, i)), to = flow_at(s, grid_at(&g, i + 1));
        const struct level now = level_of(f.alpha, f.sigma);
        struct tick *t = tick_add(out, s, 1 - f.t, (struct sample_eval){f.t, i - g.first, true, false});
        emit(t, remembers ? &before : NULL, now, level_of(to.alpha, to.sigma), flow_form(f.data, form_source(REG_X)));
        before = now;
    }
    flow_start(s, out, grid_at(&g, g.first), g.first > 0);
    return true;
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    return s->family == FAMILY_FLOW ? fill_flow(s, out, e) : fill_noise(s, out, e);
}

const struct sampler_row sampler_dpmpp2m = {
    .name = "dpmpp2m",
    .alias = "dpm++",
    .about = "DPM-Solver++(2M), second order multistep",
    .families = FAMILY_DDPM | FAMILY_FLOW,
    .default_spacing = "linspace",
    .fill = fill,
};
