// ddpm.c — ancestral sampling: the posterior's mean, plus noise whose variance the model may have learned.
// Knows nothing about how timesteps are spaced.
#include "sample/parts.h"

#include <math.h>

struct chain {
    double abar, next, beta, post_var;
};

static struct chain chain_at(const struct levels *l, uint32_t i)
{
    struct chain c = {.abar = l->abar[i], .next = l->abar[i + 1]};
    c.beta = 1 - c.abar / c.next;
    c.post_var = c.beta * (1 - c.next) / (1 - c.abar);
    return c;
}

// The noise's factor. The original learns the variance, or takes the larger bound; diffusers takes the smaller.
static double noise_factor(const struct sample_spec *s, struct chain c, struct tick *t)
{
    if (s->diffusers) return sqrt(fmax(c.post_var, 1e-20));
    if (!s->learned_var) return sqrt(c.beta);
    t->use_var = 1;
    t->var_lo = (float)log(c.post_var);
    t->var_hi = (float)log(c.beta);
    return 1;
}

static void emit(const struct sample_spec *s, const struct levels *l, uint32_t i, struct schedule *out)
{
    struct chain c = chain_at(l, i);
    bool last = i + 1 == l->n, quiet = s->diffusers ? l->t[i] == 0 : last; // no noise is added any more
    struct sample_eval eval = {l->t[i], i - l->first, true, !(s->diffusers && quiet)};
    struct tick *t = tick_add(out, s, levels_share(s, l->t[i]), eval);
    struct form x = form_source(REG_X);
    struct form x0 = form_mix(sqrt(1 / c.abar), x, -sqrt(1 / c.abar - 1), form_source(SRC_MODEL));
    double of_x0 = c.beta * sqrt(c.next) / (1 - c.abar), of_x = (1 - c.next) * sqrt(1 - c.beta) / (1 - c.abar);
    struct form mean = form_mix(of_x0, x0, of_x, x);
    tick_set(t, REG_X, form_add(mean, quiet ? 0 : noise_factor(s, c, t), form_source(SRC_NOISE)));
    tick_set(t, REG_X0, x0);
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct levels l;
    bool ok = levels_make(&l, s, true, false, e) && list_reserve(out, l.n - l.first, l.n - l.first, REG_FREE, e);
    for (uint32_t i = l.first; ok && i < l.n; i++) emit(s, &l, i, out);
    if (ok) levels_start(&l, out);
    levels_free(&l);
    return ok;
}

const struct sampler_row sampler_ddpm = {
    .name = "ddpm",
    .about = "ancestral sampling with the learned variance, as the DiT paper",
    .families = FAMILY_DDPM,
    .stochastic = true,
    .default_spacing = "even",
    .fill = fill,
};
