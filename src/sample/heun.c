// heun.c — Euler's step, looked at from its far end and averaged: two evaluations, second order.
// Knows nothing about how times are spaced.
#include "sample/parts.h"

#include <math.h>

enum { REG_HALF = REG_FREE, N_REGS }; // the state moved by half the first direction

// Noise schedules step in sigma. The last step, to no noise at all, has no far end to look from.
static void emit_noise(const struct sample_spec *s, const struct levels *l, uint32_t i, struct schedule *out)
{
    struct form x = form_source(REG_X), half = form_source(REG_HALF), eps = form_source(SRC_MODEL);
    double sigma = l->sigma[i], next = l->sigma[i + 1], h = next - sigma;
    bool last = i + 1 == l->n;
    struct tick *t =
        tick_add(out, s, levels_share(s, l->t[i]), (struct sample_eval){l->t[i], i - l->first, last, false});
    t->in_scale = (float)(1 / sqrt(sigma * sigma + 1));
    tick_set(t, REG_X, form_add(x, h, eps));
    tick_set(t, REG_HALF, form_add(x, h / 2, eps));
    tick_set(t, REG_X0, form_add(x, -sigma, eps));
    if (last) return;

    double later = l->t[i + 1];
    t = tick_add(out, s, levels_share(s, later), (struct sample_eval){later, i - l->first, true, false});
    t->in_scale = (float)(1 / sqrt(next * next + 1));
    tick_set(t, REG_X, form_add(half, h / 2, eps));
    tick_set(t, REG_X0, form_add(x, -next, eps));
}

static bool fill_noise(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct levels l;
    bool ok =
        levels_make(&l, s, false, false, e) && list_reserve(out, 2 * (l.n - l.first) - 1, l.n - l.first, N_REGS, e);
    for (uint32_t i = l.first; ok && i < l.n; i++) emit_noise(s, &l, i, out);
    if (ok) levels_start_sigma(&l, s, out);
    levels_free(&l);
    return ok;
}

static void emit_flow(const struct sample_spec *s, const struct grid *g, uint32_t i, struct schedule *out)
{
    struct form x = form_source(REG_X), half = form_source(REG_HALF);
    struct flow_at near = flow_at(s, grid_at(g, i)), far = flow_at(s, grid_at(g, i + 1));
    double h = far.t - near.t;
    struct tick *t = tick_add(out, s, 1 - near.t, (struct sample_eval){near.t, i - g->first, false, false});
    tick_set(t, REG_X, form_add(x, h, flow_form(near.velocity, x)));
    tick_set(t, REG_HALF, form_add(x, h / 2, flow_form(near.velocity, x)));
    tick_set(t, REG_X0, flow_form(near.data, x));

    t = tick_add(out, s, 1 - far.t, (struct sample_eval){far.t, i - g->first, true, false});
    tick_set(t, REG_X, form_add(half, h / 2, flow_form(far.velocity, x)));
    tick_set(t, REG_X0, flow_form(far.data, x));
}

static bool fill_flow(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct grid g;
    if (!flow_grid(s, &g, e) || !list_reserve(out, 2 * (g.n - g.first), g.n - g.first, N_REGS, e)) return false;
    for (uint32_t i = g.first; i < g.n; i++) emit_flow(s, &g, i, out);
    flow_start(s, out, grid_at(&g, g.first), g.first > 0);
    return true;
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    return s->family == FAMILY_FLOW ? fill_flow(s, out, e) : fill_noise(s, out, e);
}

const struct sampler_row sampler_heun = {
    .name = "heun",
    .alias = "heun2",
    .about = "second order, two evaluations per step, deterministic",
    .families = FAMILY_DDPM | FAMILY_FLOW,
    .default_spacing = "linspace",
    .fill = fill,
};
