// parts.h — what the samplers share: the list they fill, levels of noise, and the maths of a flow.
// Private to this folder.
#ifndef VKDIT_SAMPLE_PARTS_H
#define VKDIT_SAMPLE_PARTS_H

#include "sample/form.h"
#include "sample/sample.h"

enum { REG_X, REG_X0, REG_FREE }; // every sampler: the state, the estimate of the finished image, its own

// --- the list (schedule.c) ---
// Room for `evals` evaluations in a schedule of `steps` steps. schedule_free gives it back.
bool list_reserve(struct schedule *out, uint32_t evals, uint32_t steps, uint32_t n_regs, struct err *e);
// The next evaluation: `noise` is the share of noise in what the model sees (1 = pure), which decides guidance.
// It reads REG_X unscaled, and every register keeps its value, until the caller says otherwise.
struct tick *tick_add(struct schedule *out, const struct sample_spec *s, double noise, struct sample_eval eval);
// Register `reg` becomes this after the evaluation.
void tick_set(struct tick *t, uint32_t reg, struct form f);
// How many of n steps a run from part way does; refuses none.
bool steps_kept(const struct sample_spec *s, uint32_t n, uint32_t *kept, struct err *e);

// --- levels of a noise schedule (levels.c, spacing.c) ---
struct levels {
    uint32_t n, first; // a run from part way begins at `first`
    double *t;         // n timesteps, descending
    double *abar;      // n + 1: the share of signal in the variance, 1 after the last
    double *sigma;     // n + 1: noise over signal, 0 after the last
};
struct spacing_ask {
    uint32_t steps, train;
    bool whole; // timesteps are integers
    bool extra; // spread one more step, whose last is dropped (DPM-Solver's habit)
};
bool levels_make(struct levels *l, const struct sample_spec *s, bool whole, bool extra, struct err *e);
void levels_free(struct levels *l);
double levels_abar(const struct sample_spec *s, double t); // at a whole timestep; 1 before the first
// Where x starts: with a variance of one, or (sigma) with the image's own scale and noise on top.
void levels_start(const struct levels *l, struct schedule *out);
void levels_start_sigma(const struct levels *l, const struct sample_spec *s, struct schedule *out);
static inline double levels_share(const struct sample_spec *s, double t)
{
    return t / (s->train_steps - 1);
}
// Spacings by name, t[steps] descending.
bool spacing_fill(const char *name, const struct spacing_ask *ask, double *t, struct err *e);
bool spacing_is_original(const char *name); // the reference's respacing, where the kept steps are the whole chain

// --- a flow (flow.c) ---
struct share {
    double x, m;
}; // share.x * state + share.m * model output
struct flow_at {
    double t, alpha, dalpha, sigma, dsigma;
    double diffusion; // of the path's own reverse process; infinite where the data vanish
    struct share velocity, score, data;
};
struct flow_at flow_at(const struct sample_spec *s, double t);
struct form flow_form(struct share a, struct form x); // over the state as the model saw it
// First and last time of the ODE (the reference's guards), and n + 1 times between them.
void flow_range(const struct sample_spec *s, double *from, double *to);
struct grid {
    double from, to, shift;
    uint32_t n, first;
}; // n intervals; a run from part way begins at `first`
// Even, or shifted: a share u of the way that is left becomes shift u / (1 + (shift - 1) u).
static inline double grid_at(const struct grid *g, uint32_t i)
{
    if (i == g->n) return g->to;
    if (g->shift == 1) return g->from + (g->to - g->from) * ((double)i / g->n);
    const double left = (double)(g->n - i) / g->n;
    return g->to - (g->to - g->from) * (g->shift * left / (1 + (g->shift - 1) * left));
}
bool flow_grid(const struct sample_spec *s, struct grid *g, struct err *e);
void flow_start(const struct sample_spec *s, struct schedule *out, double t, bool part_way);
bool flow_counts_points(const struct sample_spec *s);

#endif
