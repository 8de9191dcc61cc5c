// euler.c — straight steps along the model's direction: in sigma for noise schedules, in t for flows.
// Knows nothing about how times are spaced.
#include "sample/parts.h"

#include <math.h>

static bool fill_noise(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct levels l;
    bool ok = levels_make(&l, s, false, false, e) && list_reserve(out, l.n - l.first, l.n - l.first, REG_FREE, e);
    struct form x = form_source(REG_X), eps = form_source(SRC_MODEL);
    for (uint32_t i = l.first; ok && i < l.n; i++) {
        double sigma = l.sigma[i];
        struct tick *t =
            tick_add(out, s, levels_share(s, l.t[i]), (struct sample_eval){l.t[i], i - l.first, true, false});
        t->in_scale = (float)(1 / sqrt(sigma * sigma + 1));
        tick_set(t, REG_X, form_add(x, l.sigma[i + 1] - sigma, eps));
        tick_set(t, REG_X0, form_add(x, -sigma, eps));
    }
    if (ok) levels_start_sigma(&l, s, out);
    levels_free(&l);
    return ok;
}

static bool fill_flow(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct grid g;
    if (!flow_grid(s, &g, e) || !list_reserve(out, g.n - g.first, g.n - g.first, REG_FREE, e)) return false;
    struct form x = form_source(REG_X);
    for (uint32_t i = g.first; i < g.n; i++) {
        struct flow_at f = flow_at(s, grid_at(&g, i));
        struct tick *t = tick_add(out, s, 1 - f.t, (struct sample_eval){f.t, i - g.first, true, false});
        tick_set(t, REG_X, form_add(x, grid_at(&g, i + 1) - f.t, flow_form(f.velocity, x)));
        tick_set(t, REG_X0, flow_form(f.data, x));
    }
    flow_start(s, out, grid_at(&g, g.first), g.first > 0);
    return true;
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    return s->family == FAMILY_FLOW ? fill_flow(s, out, e) : fill_noise(s, out, e);
}

const struct sampler_row sampler_euler = {
    .name = "euler",
    .about = "first order, deterministic",
    .families = FAMILY_DDPM | FAMILY_FLOW,
    .default_spacing = "linspace",
    .fill = fill,
};
