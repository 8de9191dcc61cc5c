// schedule.c — from what was asked to a list of ticks: defaults, refusals, the list itself.
// Knows no sampler by name: those are rows of table.c.
#include "sample/parts.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 10000, MAX_TRAIN_STEPS = 10000 };

bool list_reserve(struct schedule *out, uint32_t evals, uint32_t steps, uint32_t n_regs, struct err *e)
{
    out->tick = mem_zero(evals, sizeof *out->tick, e);
    out->eval = mem_zero(evals, sizeof *out->eval, e);
    out->steps = steps;
    out->n_regs = n_regs;
    return out->tick && out->eval;
}

// Guidance may be wanted only while the noise is within some band.
static double guidance_at(const struct sample_spec *s, double noise)
{
    if (s->cfg_lo == 0 && s->cfg_hi == 0) return s->cfg;
    return noise >= s->cfg_lo && noise <= s->cfg_hi ? s->cfg : 1;
}

struct tick *tick_add(struct schedule *out, const struct sample_spec *s, double noise, struct sample_eval eval)
{
    struct tick *t = &out->tick[out->n];
    *t = (struct tick){.mod = out->n, .in_reg = REG_X, .n_regs = out->n_regs, .in_scale = 1};
    t->cfg = (float)guidance_at(s, noise);
    for (uint32_t r = 0; r < TICK_REGS; r++) t->matrix[r][r] = 1;
    out->eval[out->n++] = eval;
    return t;
}

void tick_set(struct tick *t, uint32_t reg, struct form f)
{
    for (uint32_t i = 0; i < TICK_SRC; i++) t->matrix[reg][i] = (float)f.c[i];
}

bool steps_kept(const struct sample_spec *s, uint32_t n, uint32_t *kept, struct err *e)
{
    *kept = (uint32_t)floor(n * s->strength + 1e-9); // 0.7 of 10 is 7, whatever binary makes of 0.7
    if (*kept) return true;
    return err_set(e, ERR_ARG, "strength %g leaves none of %u steps: at least %g is needed", s->strength, n, 1.0 / n);
}

static void or_default(double *v, double value)
{
    if (*v == 0) *v = value;
}

static struct sample_spec with_defaults(const struct sampler_row *r, const struct sample_spec *s)
{
    struct sample_spec d = *s;
    bool flow = s->family == FAMILY_FLOW;
    if (!d.train_steps) d.train_steps = 1000;
    or_default(&d.beta_start, 1e-4);
    or_default(&d.beta_end, 0.02);
    or_default(&d.diffusion_norm, 1);
    or_default(&d.last_step_size, 0.04);
    or_default(&d.atol, 1e-6);
    or_default(&d.rtol, 1e-3);
    or_default(&d.shift, 1);
    or_default(&d.epsilon_scale, 1);
    or_default(&d.strength, 1);
    if (!d.diffusion) d.diffusion = "sigma";
    if (!d.last_step) d.last_step = "mean";
    if (!d.spacing && !flow) d.spacing = r->default_spacing;
    if (!s->spacing && d.spacing && d.diffusers && spacing_is_original(d.spacing)) d.spacing = "leading";
    return d;
}

static bool check_range(const char *what, double v, double low, double high, struct err *e)
{
    if (v >= low && v <= high) return true; // also refuses NaN
    return err_set(e, ERR_ARG, "%s is %g, wanted %g to %g", what, v, low, high);
}

// Names of the samplers for a family, "ddpm, ddim, ...".
static const char *names_for(uint32_t families, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (const struct sampler_row *const *r = sampler_table; *r; r++) {
        if (!((*r)->families & families) || used >= size) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", (*r)->name);
    }
    return text;
}

static bool check_numbers(const struct sample_spec *s, struct err *e)
{
    if (s->steps > MAX_STEPS) return err_set(e, ERR_ARG, "%u steps, wanted 1 to %d", s->steps, MAX_STEPS);
    if (!s->steps) return err_set(e, ERR_ARG, "0 steps, wanted at least 1");
    if (s->train_steps == 1 || s->train_steps > MAX_TRAIN_STEPS)
        return err_set(e, ERR_ARG, "%u training steps, wanted 2 to %d", s->train_steps, MAX_TRAIN_STEPS);
    bool betas = s->beta_start != 0 || s->beta_end != 0;
    if (betas && !(s->beta_start > 0 && s->beta_end >= s->beta_start && s->beta_end < 1))
        return err_set(e, ERR_ARG, "betas from %g to %g, wanted 0 < start <= end < 1", s->beta_start, s->beta_end);
    return check_range("eta", s->eta, 0, 100, e) && check_range("strength", s->strength, 0, 1, e) &&
           check_range("the guidance scale", s->cfg, -1e4, 1e4, e) &&
           check_range("the guidance interval's lower end", s->cfg_lo, 0, s->cfg_hi, e) &&
           check_range("the guidance interval's upper end", s->cfg_hi, 0, 1, e) &&
           (s->shift == 0 || check_range("the shift", s->shift, 0.01, 100, e)) &&
           (s->epsilon_scale == 0 || check_range("the epsilon scale", s->epsilon_scale, 0.5, 2, e)) &&
           check_range("the diffusion norm", s->diffusion_norm, 0, 1e3, e) &&
           check_range("the last step's size", s->last_step_size, 0, 0.5, e) &&
           check_range("atol", s->atol, 0, 1e3, e) && check_range("rtol", s->rtol, 0, 1, e);
}

// An option that would change nothing is a misunderstanding, and better said than swallowed.
static bool check_idle_options(const struct sampler_row *r, const struct sample_spec *s, struct err *e)
{
    char shown[60];
    bool flow = s->family == FAMILY_FLOW, sde = flow && r->stochastic;
    if (s->eta != 0 && (flow || strcmp(r->name, "ddim") != 0))
        return err_set(e, ERR_ARG, "eta %g: sampler %s has no eta, only ddim has", s->eta, r->name);
    if (!flow && (s->path != PATH_LINEAR || s->target != FLOW_VELOCITY))
        return err_set(e, ERR_ARG, "a path or a target belongs to flow models (SiT), this one predicts noise (DiT)");
    if (!flow && s->shift != 0 && s->shift != 1)
        return err_set(e, ERR_ARG, "shift %g: it moves the times of flow models (SiT), this one predicts noise (DiT)",
                       s->shift);
    if (r->adaptive && s->shift != 0 && s->shift != 1)
        return err_set(e, ERR_ARG, "shift %g: sampler %s chooses its steps itself", s->shift, r->name);
    if (!sde && (s->diffusion || s->last_step || s->diffusion_norm != 0 || s->last_step_size != 0))
        return err_set(e, ERR_ARG, "sampler %s adds no diffusion: its form, norm and last step belong to %s", r->name,
                       "sde-euler and sde-heun");
    if (!r->adaptive && (s->atol != 0 || s->rtol != 0))
        return err_set(e, ERR_ARG, "sampler %s has fixed steps: atol and rtol belong to dopri5", r->name);
    if (r->adaptive && s->epsilon_scale != 0 && s->epsilon_scale != 1)
        return err_set(e, ERR_ARG, "epsilon scale %g: sampler %s, which adapts its steps, takes the noise as it is",
                       s->epsilon_scale, r->name);
    if (flow && s->spacing && !flow_counts_points(s))
        return err_set(e, ERR_ARG, "spacing \"%s\": a flow's times are even, only \"points\" can be asked for",
                       text_clean(shown, sizeof shown, s->spacing, strlen(s->spacing)));
    return true;
}

bool sampler_check(const struct sampler_row *r, const struct sample_spec *s, struct err *e)
{
    char known[256];
    if (s->family != FAMILY_DDPM && s->family != FAMILY_FLOW)
        return err_set(e, ERR_ARG, "model family %d, wanted noise prediction or flow", (int)s->family);
    if (!(r->families & (uint32_t)s->family))
        return err_set(e, ERR_ARG, "sampler %s is for %s; for this model use %s", r->name,
                       s->family == FAMILY_FLOW ? "noise prediction (DiT), this model is a flow (SiT)"
                                                : "flows (SiT), this model predicts noise (DiT)",
                       names_for((uint32_t)s->family, known, sizeof known));
    if ((uint32_t)s->path > PATH_VP || (uint32_t)s->target > FLOW_SCORE)
        return err_set(e, ERR_ARG, "flow path %d with target %d is unknown", (int)s->path, (int)s->target);
    return check_numbers(s, e) && check_idle_options(r, s, e);
}

// The last line of defence: no list with a hole in it leaves this folder.
static bool check_finite(const struct schedule *o, const char *sampler, struct err *e)
{
    bool ok = isfinite(o->start_signal) && isfinite(o->start_noise);
    for (uint32_t i = 0; i < o->n && ok; i++) {
        const struct tick *t = &o->tick[i];
        ok = isfinite(t->in_scale) && isfinite(t->var_lo) && isfinite(t->var_hi) && isfinite(o->eval[i].t);
        for (uint32_t k = 0; k < t->n_regs * TICK_SRC && ok; k++) ok = isfinite(t->matrix[k / TICK_SRC][k % TICK_SRC]);
        if (!ok)
            return err_set(e, ERR_ARG, "sampler %s has no finite update at t = %g (evaluation %u of %u)", sampler,
                           o->eval[i].t, i + 1, o->n);
    }
    return ok || err_set(e, ERR_ARG, "sampler %s has no finite start", sampler);
}

// How much picture and how much noise the state holds before each evaluation.
static void set_levels(const struct sample_spec *s, struct schedule *o)
{
    for (uint32_t i = 0; i < o->n; i++) {
        struct sample_eval *ev = &o->eval[i];
        const double scale = o->tick[i].in_scale;
        if (s->family == FAMILY_FLOW) {
            const struct flow_at f = flow_at(s, ev->t);
            ev->signal = f.alpha;
            ev->noise = f.sigma;
        } else if (scale < 1) { // steps in sigma, and scales what the model sees
            ev->signal = 1;
            ev->noise = sqrt(1 / (scale * scale) - 1);
        } else {
            const double abar = levels_abar(s, floor(ev->t));
            ev->signal = sqrt(abar);
            ev->noise = sqrt(1 - abar);
        }
    }
}

// Epsilon scaling: every update takes the noise that the model finds divided by `scale`. A model is trained on states whose
// noise is exactly what it should be; its own states have gathered its errors, and it takes too much away from them.
// A velocity holds both picture and noise: with x = alpha picture + sigma noise given, noise / scale leaves more picture.
static void scale_epsilon(const struct sample_spec *s, struct schedule *o)
{
    const double less = 1 - 1 / s->epsilon_scale;
    for (uint32_t i = 0; i < o->n; i++) {
        struct tick *t = &o->tick[i];
        struct share scaled = {0, 1 / s->epsilon_scale}; // of the state and of what the model gives
        if (s->family == FAMILY_FLOW && s->target == FLOW_VELOCITY) {
            const struct flow_at f = flow_at(s, o->eval[i].t);
            if (f.alpha == 0) continue; // nothing but noise, which is known
            scaled.x = less * f.dalpha / f.alpha;
        }
        for (uint32_t r = 0; r < t->n_regs; r++) {
            float *to = t->matrix[r], model = to[SRC_MODEL];
            to[SRC_MODEL] = (float)(model * scaled.m);
            to[t->in_reg] += (float)(model * scaled.x);
        }
    }
}

bool schedule_make(struct schedule *out, const struct sample_spec *s, struct err *e)
{
    char shown[80], known[256];
    *out = (struct schedule){.x0_reg = REG_X0, .start_noise = 1};
    out->init[REG_X][0] = 1;
    const struct sampler_row *r = sampler_find(s->sampler);
    if (!r && !s->sampler)
        return err_set(e, ERR_ARG, "no sampler given; known: %s", names_for(~0u, known, sizeof known));
    if (!r)
        return err_set(e, ERR_ARG, "unknown sampler \"%s\"; known: %s",
                       text_clean(shown, sizeof shown, s->sampler, strlen(s->sampler)),
                       names_for(~0u, known, sizeof known));
    if (!sampler_check(r, s, e)) return false;
    struct sample_spec full = with_defaults(r, s);
    if (!r->fill(&full, out, e) || !check_finite(out, r->name, e)) {
        schedule_free(out);
        return false;
    }
    set_levels(&full, out);
    if (full.epsilon_scale != 1) scale_epsilon(&full, out);
    return true;
}

bool schedule_uses_noise(const struct schedule *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        for (uint32_t r = 0; r < s->tick[i].n_regs; r++)
            if (s->tick[i].matrix[r][SRC_NOISE] != 0) return true;
    return false;
}

void schedule_free(struct schedule *s)
{
    free(s->tick);
    free(s->eval);
    free((float *)s->points);
    free(s->state);
    *s = (struct schedule){0};
}
