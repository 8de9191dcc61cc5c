// ddim.c — the implicit sampler: from the noise found at one level straight to the next, with eta of it renewed.
// Knows nothing about how timesteps are spaced.
#include "sample/parts.h"

#include <math.h>

// The level a step lands on. Respaced chains land on the next kept one; diffusers counts back evenly whatever it kept.
static double landing(const struct sample_spec *s, const struct levels *l, uint32_t i)
{
    if (spacing_is_original(s->spacing)) return l->abar[i + 1];
    return levels_abar(s, l->t[i] - s->train_steps / s->steps);
}

static bool emit(const struct sample_spec *s, const struct levels *l, uint32_t i, struct schedule *out, struct err *e)
{
    bool original = spacing_is_original(s->spacing);
    double abar = l->abar[i], next = landing(s, l, i);
    double renewed = s->eta * sqrt((1 - next) / (1 - abar)) * sqrt(fmax(1 - abar / next, 0));
    double direction = 1 - next - renewed * renewed;
    if (direction < -1e-12)
        return err_set(e, ERR_ARG, "eta %g asks for more noise than there is at timestep %g; at most 1 always fits",
                       s->eta, l->t[i]);
    // the original draws even what it then multiplies by nothing; diffusers does not
    struct sample_eval eval = {l->t[i], i - l->first, true, original || s->eta > 0};
    struct tick *t = tick_add(out, s, levels_share(s, l->t[i]), eval);
    struct form eps = form_source(SRC_MODEL);
    struct form x0 = form_mix(sqrt(1 / abar), form_source(REG_X), -sqrt(1 / abar - 1), eps);
    struct form moved = form_mix(sqrt(next), x0, sqrt(fmax(direction, 0)), eps);
    tick_set(t, REG_X, form_add(moved, i + 1 < l->n ? renewed : 0, form_source(SRC_NOISE)));
    tick_set(t, REG_X0, x0);
    return true;
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct levels l;
    bool ok = levels_make(&l, s, true, false, e) && list_reserve(out, l.n - l.first, l.n - l.first, REG_FREE, e);
    for (uint32_t i = l.first; ok && i < l.n; i++) ok = emit(s, &l, i, out, e);
    if (ok) levels_start(&l, out);
    levels_free(&l);
    return ok;
}

const struct sampler_row sampler_ddim = {
    .name = "ddim",
    .about = "implicit sampling, deterministic unless eta is given",
    .families = FAMILY_DDPM,
    .default_spacing = "even",
    .fill = fill,
};
