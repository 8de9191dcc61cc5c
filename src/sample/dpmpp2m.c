// dpmpp2m.c — DPM-Solver++(2M): second order from one evaluation per step, by remembering the previous estimate.
// Knows nothing about how timesteps are spaced.
#include "sample/parts.h"

#include <math.h>

struct level {
    double alpha, noise, lambda;
};

static struct level level_at(double sigma)
{
    double alpha = 1 / sqrt(1 + sigma * sigma);
    return (struct level){alpha, sigma * alpha, -log(sigma)};
}

static void emit(const struct sample_spec *s, const struct levels *l, uint32_t i, struct schedule *out)
{
    struct level now = level_at(l->sigma[i]);
    struct tick *t =
        tick_add(out, s, levels_share(s, l->t[i]), (struct sample_eval){l->t[i], i - l->first, true, false});
    struct form x = form_source(REG_X), before = form_source(REG_X0);
    struct form x0 = form_mix(1 / now.alpha, x, -now.noise / now.alpha, form_source(SRC_MODEL));
    tick_set(t, REG_X0, x0);
    if (i + 1 == l->n) { // no noise is left: an infinite step, whose limit is the estimate itself
        tick_set(t, REG_X, x0);
        return;
    }
    struct level next = level_at(l->sigma[i + 1]);
    double h = next.lambda - now.lambda;
    struct form aim = x0;
    if (i > l->first) {
        double r = (now.lambda - level_at(l->sigma[i - 1]).lambda) / h;
        aim = form_mix(1 + 1 / (2 * r), x0, -1 / (2 * r), before);
    }
    tick_set(t, REG_X, form_mix(next.noise / now.noise, x, -next.alpha * expm1(-h), aim));
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct levels l;
    bool ok = levels_make(&l, s, true, true, e) && list_reserve(out, l.n - l.first, l.n - l.first, REG_FREE, e);
    for (uint32_t i = l.first; ok && i < l.n; i++) emit(s, &l, i, out);
    if (ok) levels_start(&l, out);
    levels_free(&l);
    return ok;
}

const struct sampler_row sampler_dpmpp2m = {
    .name = "dpmpp2m",
    .alias = "dpm++",
    .about = "DPM-Solver++(2M), second order multistep",
    .families = FAMILY_DDPM,
    .default_spacing = "linspace",
    .fill = fill,
};
