// dopri5.c — Dormand and Prince's 5(4) pair: steps as long as the error allows, states in between by interpolation.
// Knows nothing about the device: it reads and rewrites a host copy of the registers between groups of evaluations.
#include "sample/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STAGES = 7, REG_STAGE = REG_FREE, REG_K, N_REGS = REG_K + STAGES, MAX_TRIES = 10000 };
_Static_assert((int)N_REGS == (int)TICK_REGS, "the state, the estimate, the stage's input and seven slopes");

static const double nodes[STAGES] = {0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1};
static const double tableau[STAGES][STAGES - 1] = {
    {0},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
};
// Fifth order minus Shampine's fourth.
static const double error_row[STAGES] = {35.0 / 384 - 1951.0 / 21600,
                                         0,
                                         500.0 / 1113 - 22642.0 / 50085,
                                         125.0 / 192 - 451.0 / 720,
                                         -2187.0 / 6784 + 12231.0 / 42400,
                                         11.0 / 84 - 649.0 / 6300,
                                         -1.0 / 60};
// The state half way through a step.
static const double middle_row[STAGES] = {6025192743.0 / 30085553152.0 / 2,     0,
                                          51252292925.0 / 65400821598.0 / 2,    -2691868925.0 / 45128329728.0 / 2,
                                          187940372067.0 / 1594534317056.0 / 2, -1776094331.0 / 19743644256.0 / 2,
                                          11237099.0 / 235043384.0 / 2};

enum phase { PHASE_START, PHASE_SLOPE, PHASE_PROBE, PHASE_STEP };

struct control {
    struct sample_spec spec;
    struct grid grid;   // the times that states are wanted at
    uint32_t next;      // of them, the first not reached
    uint32_t tries;     // steps tried so far
    enum phase phase;   // what the evaluations just made were for
    double t, dt;       // where the state stands, and the step being tried
    double probe, size; // the first guess at a step, and the slope's size then
};

struct view { // the registers of one host copy
    float *x, *stage, *k[STAGES];
    uint64_t n;
};

static struct view view_of(float *regs, uint64_t values)
{
    struct view v = {.x = regs, .stage = regs + REG_STAGE * values, .n = values};
    for (int i = 0; i < STAGES; i++) v.k[i] = regs + (REG_K + (uint64_t)i) * values;
    return v;
}

static double weighted(const struct view *v, const double *row, int count, uint64_t i)
{
    double sum = 0;
    for (int k = 0; k < count; k++) sum += row[k] * v->k[k][i];
    return sum;
}

// The step starts again from the state and its slope, k[0].
static void prepare_stage(const struct view *v, double dt)
{
    for (uint64_t i = 0; i < v->n; i++) v->stage[i] = (float)(v->x[i] + dt * v->k[0][i]);
}

static void add_stage(struct schedule *s, const struct control *c, double t, uint32_t stage, double dt)
{
    struct flow_at f = flow_at(&c->spec, t);
    struct form in = form_source(REG_STAGE), slope = flow_form(f.velocity, in);
    struct tick *tick = tick_add(s, &c->spec, fmin(fmax(1 - t, 0), 1), (struct sample_eval){t, c->tries, false, false});
    tick->in_reg = REG_STAGE;
    tick_set(tick, REG_K + stage, slope);
    // beyond t = 1 some paths have no estimate; the stage itself is as good there
    bool known = isfinite(f.data.x) && isfinite(f.data.m);
    tick_set(tick, REG_X0, known ? flow_form(f.data, in) : in);
    if (stage == 0 || stage + 1 >= STAGES || dt == 0) return;
    struct form next = form_source(REG_X);
    for (uint32_t k = 0; k < stage; k++) next = form_add(next, dt * tableau[stage + 1][k], form_source(REG_K + k));
    tick_set(tick, REG_STAGE, form_add(next, dt * tableau[stage + 1][stage], slope));
}

static double stage_time(const struct control *c, int stage)
{
    if (nodes[stage] < 1) return c->t + nodes[stage] * c->dt;
    return nextafterf((float)(c->t + c->dt), -INFINITY); // as the reference: never quite the end of the step
}

static bool times_are_sound(const struct control *c)
{
    for (int i = 1; i < STAGES; i++) {
        struct flow_at f = flow_at(&c->spec, stage_time(c, i));
        if (!isfinite(f.velocity.x) || !isfinite(f.velocity.m)) return false;
    }
    return true;
}

// Six evaluations: a whole step from the state, whose slope is known.
static bool try_step(struct schedule *s, struct control *c, const struct view *v, uint32_t *n, struct err *e)
{
    if (!times_are_sound(c)) c->dt = c->grid.to - c->t; // some paths end abruptly: do not step over that
    if (!isfinite(c->dt) || !(c->t + c->dt > c->t) || c->tries >= MAX_TRIES)
        return err_set(e, ERR_NUMERIC, "dopri5 is stuck at t = %.9g with steps of %g after %u; rtol %g is too small",
                       c->t, c->dt, c->tries, c->spec.rtol);
    prepare_stage(v, c->dt * tableau[1][0]);
    for (int i = 1; i < STAGES; i++) add_stage(s, c, stage_time(c, i), (uint32_t)i, c->dt);
    c->phase = PHASE_STEP;
    c->tries++;
    *n = s->n;
    return true;
}

// Root mean square of a value per element, against what is tolerated there.
static double slope_size(const struct control *c, const struct view *v, const float *a, const float *minus)
{
    double sum = 0;
    for (uint64_t i = 0; i < v->n; i++) {
        double scale = c->spec.atol + c->spec.rtol * fabs((double)v->x[i]);
        double r = ((double)a[i] - (minus ? (double)minus[i] : 0)) / scale;
        sum += r * r;
    }
    return sqrt(sum / (double)v->n);
}

static double step_error(const struct control *c, const struct view *v)
{
    double sum = 0;
    for (uint64_t i = 0; i < v->n; i++) {
        double most = fmax(fabs((double)v->x[i]), fabs((double)v->stage[i]));
        double r = c->dt * weighted(v, error_row, STAGES, i) / (c->spec.atol + c->spec.rtol * most);
        sum += r * r;
    }
    return sqrt(sum / (double)v->n);
}

// Hairer's rule for the first step: small against the slope, then against how fast the slope changes.
static void begin_probe(struct schedule *s, struct control *c, const struct view *v, uint32_t *n)
{
    double state = slope_size(c, v, v->x, NULL);
    c->size = slope_size(c, v, v->k[0], NULL);
    c->probe = state < 1e-5 || c->size < 1e-5 ? 1e-6 : 0.01 * state / c->size;
    prepare_stage(v, c->probe);
    add_stage(s, c, c->t + c->probe, 1, 0);
    c->phase = PHASE_PROBE;
    *n = s->n;
}

static void end_probe(struct control *c, const struct view *v)
{
    double bend = slope_size(c, v, v->k[1], v->k[0]) / c->probe, most = fmax(c->size, bend);
    double step = most <= 1e-15 ? fmax(1e-6, c->probe * 1e-3) : pow(0.01 / most, 1.0 / 5);
    c->dt = fmin(100 * c->probe, step);
}

// The state at fraction u of the step just made: a quartic through both ends, their slopes and the middle.
static float dense(const struct control *c, const struct view *v, double u, uint64_t i)
{
    double y0 = v->x[i], y1 = v->stage[i], f0 = c->dt * v->k[0][i], f1 = c->dt * v->k[STAGES - 1][i];
    double mid = y0 + c->dt * weighted(v, middle_row, STAGES, i);
    double q4 = 2 * (f1 - f0) - 8 * (y1 + y0) + 16 * mid;
    double q3 = 5 * f0 - 3 * f1 + 18 * y0 + 14 * y1 - 32 * mid;
    double q2 = f1 - 4 * f0 - 11 * y0 - 5 * y1 + 16 * mid;
    return (float)(y0 + u * (f0 + u * (q2 + u * (q3 + u * q4))));
}

static bool collect_points(struct schedule *s, struct control *c, const struct view *v, struct err *e)
{
    uint32_t end = c->next;
    double reached = c->t + c->dt + 1e-12; // a step cut to end on the last time may miss it by a rounding
    while (end <= c->grid.n && grid_at(&c->grid, end) <= reached) end++;
    free((float *)s->points);
    s->n_points = 0;
    uint64_t count = 0;
    if (!mul_ok(end - c->next, v->n, &count)) return err_memory(e, UINT64_MAX);
    float *points = mem_zero(count, sizeof *points, e);
    s->points = points;
    if (!points) return false;
    for (; c->next < end; c->next++, s->n_points++) {
        double u = (grid_at(&c->grid, c->next) - c->t) / c->dt;
        for (uint64_t i = 0; i < v->n; i++) points[s->n_points * v->n + i] = dense(c, v, u, i);
    }
    return true;
}

static void finish(struct schedule *s, const struct view *v)
{
    const float *last = s->points + (s->n_points - 1) * v->n;
    memcpy(v->x, last, v->n * sizeof *last);
    memcpy(v->x + REG_X0 * v->n, last, v->n * sizeof *last);
}

static bool end_step(struct schedule *s, struct control *c, const struct view *v, bool *done, struct err *e)
{
    double ratio = step_error(c, v);
    if (!isfinite(ratio)) {
        if (c->t + c->dt <= c->grid.to) return err_set(e, ERR_NUMERIC, "dopri5: not finite at t = %.9g", c->t);
        c->dt = c->grid.to - c->t; // steps may reach beyond the end, but this model cannot be asked there
        return true;
    }
    double shrink = ratio < 1 ? 1 : 0.2, factor = ratio > 0 ? fmin(10, fmax(0.9 / pow(ratio, 0.2), shrink)) : 10;
    if (ratio <= 1) {
        if (!collect_points(s, c, v, e)) return false;
        *done = c->next > c->grid.n;
        if (*done) return finish(s, v), true;
        memcpy(v->x, v->stage, v->n * sizeof *v->x);
        memcpy(v->k[0], v->k[STAGES - 1], v->n * sizeof *v->x);
        c->t += c->dt;
    }
    c->dt *= factor;
    return true;
}

bool schedule_next(struct schedule *s, float *regs, uint64_t values, uint32_t *n, bool *done, struct err *e)
{
    struct control *c = s->state;
    *n = s->n = s->n_points = 0;
    *done = false;
    if (!s->adaptive || !c || !values) return err_set(e, ERR_ARG, "this schedule is complete, or the state is empty");
    struct view v = view_of(regs, values);
    if (c->phase == PHASE_START) {
        memcpy(v.stage, v.x, values * sizeof *regs);
        add_stage(s, c, c->t, 0, 0);
        c->phase = PHASE_SLOPE;
        *n = s->n;
        return true;
    }
    if (c->phase == PHASE_SLOPE) return begin_probe(s, c, &v, n), true;
    if (c->phase == PHASE_PROBE) end_probe(c, &v);
    if (c->phase == PHASE_STEP && !end_step(s, c, &v, done, e)) return false;
    return *done || try_step(s, c, &v, n, e);
}

static bool fill(const struct sample_spec *s, struct schedule *out, struct err *e)
{
    struct control *c = mem_zero(1, sizeof *c, e);
    out->state = c;
    if (!c) return false;
    c->spec = *s;
    c->spec.sampler = c->spec.spacing = c->spec.diffusion = c->spec.last_step = NULL; // may not outlive this call
    if (!flow_grid(s, &c->grid, e)) return false;
    if (!list_reserve(out, STAGES - 1, c->grid.n - c->grid.first, N_REGS, e)) return false;
    c->t = grid_at(&c->grid, c->grid.first);
    c->next = c->grid.first + 1;
    out->adaptive = true;
    flow_start(s, out, c->t, c->grid.first > 0);
    return true;
}

const struct sampler_row sampler_dopri5 = {
    .name = "dopri5",
    .about = "Dormand-Prince 5(4) with adaptive steps; steps only counts the states to keep",
    .families = FAMILY_FLOW,
    .adaptive = true,
    .fill = fill,
};
