// flow.c — the maths of an interpolating path x(t) = alpha data + sigma noise, t from 0 (noise) to 1 (data).
// Knows nothing about solvers.
#include "sample/parts.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

enum { VP_MAX = 20 };
#define VP_MIN 0.1
#define EDGE   1e-3 // how far from a singular end the reference stays

// The coefficient of the path's forward drift: alpha'/alpha.
static double linear_path(struct flow_at *f)
{
    f->alpha = f->t, f->dalpha = 1;
    f->sigma = 1 - f->t, f->dsigma = -1;
    return 1 / f->t;
}

static double cosine_path(struct flow_at *f)
{
    double angle = PI / 2 * f->t;
    f->alpha = sin(angle), f->dalpha = PI / 2 * cos(angle);
    f->sigma = cos(angle), f->dsigma = -PI / 2 * sin(angle);
    return PI / 2 / tan(angle);
}

static double vp_path(struct flow_at *f)
{
    double left = 1 - f->t, log_alpha = -0.25 * left * left * (VP_MAX - VP_MIN) - 0.5 * left * VP_MIN;
    double slope = 0.5 * left * (VP_MAX - VP_MIN) + 0.5 * VP_MIN;
    f->alpha = exp(log_alpha), f->dalpha = f->alpha * slope;
    f->sigma = sqrt(1 - exp(2 * log_alpha));
    f->dsigma = -exp(2 * log_alpha) * slope / f->sigma;
    return slope;
}

static double (*const paths[])(struct flow_at *) = {
    [PATH_LINEAR] = linear_path, [PATH_GVP] = cosine_path, [PATH_VP] = vp_path};

// The model gives a velocity: the score and the data follow from it and from where the state is.
static void from_velocity(struct flow_at *f)
{
    double q = f->alpha / f->dalpha, below = f->sigma * f->sigma - q * f->dsigma * f->sigma;
    double det = f->sigma * f->dalpha - f->dsigma * f->alpha;
    f->velocity = (struct share){0, 1};
    f->score = (struct share){-1 / below, q / below};
    f->data = (struct share){-f->dsigma / det, f->sigma / det};
}

// The model gives the score, or something `per` of which is the score.
static void from_score(struct flow_at *f, double drift, double per)
{
    f->score = (struct share){0, per};
    f->velocity = (struct share){drift, f->diffusion * per};
    f->data = (struct share){1 / f->alpha, f->sigma * f->sigma / f->alpha * per};
}

struct flow_at flow_at(const struct sample_spec *s, double t)
{
    struct flow_at f = {.t = t};
    double drift = paths[s->path](&f);
    bool vp = s->path == PATH_VP; // where both coefficients are the same by construction
    f.diffusion = vp ? drift : drift * f.sigma * f.sigma - f.sigma * f.dsigma;
    if (s->target == FLOW_VELOCITY)
        from_velocity(&f);
    else
        from_score(&f, drift, s->target == FLOW_SCORE ? 1 : -1 / f.sigma);
    return f;
}

struct form flow_form(struct share a, struct form x)
{
    return form_mix(a.x, x, a.m, form_source(SRC_MODEL));
}

void flow_range(const struct sample_spec *s, double *from, double *to)
{
    bool vp = s->path == PATH_VP, smooth = s->target == FLOW_VELOCITY;
    *from = vp || smooth ? 0 : EDGE;
    *to = !vp && smooth ? 1 : 1 - EDGE;
}

bool flow_counts_points(const struct sample_spec *s)
{
    return s->spacing && !strcmp(s->spacing, "points");
}

bool flow_grid(const struct sample_spec *s, struct grid *g, struct err *e)
{
    uint32_t kept, points = flow_counts_points(s);
    if (s->steps <= points) return err_set(e, ERR_ARG, "%u grid point has no step, wanted at least 2", s->steps);
    flow_range(s, &g->from, &g->to);
    g->shift = s->shift;
    g->n = s->steps - points;
    if (!steps_kept(s, g->n, &kept, e)) return false;
    g->first = g->n - kept;
    return true;
}

void flow_start(const struct sample_spec *s, struct schedule *out, double t, bool part_way)
{
    struct flow_at f = flow_at(s, t);
    out->start_signal = part_way ? f.alpha : 0;
    out->start_noise = part_way ? f.sigma : 1;
}
