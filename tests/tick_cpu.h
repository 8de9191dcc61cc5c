// tick_cpu.h — runs a schedule on the processor, for tests of the schedules themselves: the updates in double, so that
// only the schedule's own error is seen.
#ifndef VKDIT_TICK_CPU_H
#define VKDIT_TICK_CPU_H

#include "sample/sample.h"

#include <math.h>
#include <stdlib.h>

// Applies one update to n elements. var: the model's variance channels, or NULL; noise may be NULL when it has no factor.
static inline void tick_apply(const struct tick *t, float *regs, uint64_t n, const float *model, const float *var,
                              const float *noise)
{
    for (uint64_t i = 0; i < n; i++) {
        double source[TICK_SRC] = {0}, std = 1;
        for (uint32_t r = 0; r < t->n_regs; r++) source[r] = regs[r * n + i];
        if (t->use_var) {
            double f = ((double)var[i] + 1) / 2;
            std = exp(0.5 * (f * t->var_hi + (1 - f) * t->var_lo));
        }
        source[TICK_REGS] = model[i];
        source[TICK_REGS + 1] = noise ? noise[i] * std : NAN; // a factor where nothing was drawn shows
        for (uint32_t r = 0; r < t->n_regs; r++) {
            double sum = 0;
            for (uint32_t s = 0; s < TICK_SRC; s++) sum += t->matrix[r][s] != 0 ? t->matrix[r][s] * source[s] : 0;
            regs[r * n + i] = (float)sum;
        }
    }
}

// A run: x starts from `z` (and `clean`, when the run starts part way); `model` answers with its output for what it
// sees at time t, `draw` fills one noise tensor. Both may look at `user`. Returns the registers (free them).
typedef void (*tick_model)(void *user, double t, const float *seen, float *out, uint64_t n);
typedef void (*tick_draw)(void *user, float *noise, uint64_t n);

static inline void tick_start(const struct schedule *s, float *regs, const float *z, const float *clean,
                              const float *noise, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        double start = s->start_noise * z[i] + (clean ? s->start_signal * clean[i] : 0);
        for (uint32_t r = 0; r < s->n_regs; r++)
            regs[r * n + i] = (float)(s->init[r][0] * start + (noise ? s->init[r][1] * noise[i] : 0));
    }
}

static inline bool tick_run(struct schedule *s, float *regs, uint64_t n, tick_model model, tick_draw draw, void *user,
                            uint32_t *evals, struct err *e)
{
    float *seen = calloc(3 * (size_t)n + 1, sizeof *seen), *out = seen + n, *noise = out + n;
    bool ok = seen != NULL, done = !s->adaptive;
    uint32_t group = s->n;
    *evals = 0;
    do {
        if (s->adaptive) ok = schedule_next(s, regs, n, &group, &done, e);
        for (uint32_t k = 0; ok && k < group; k++, ++*evals) {
            const struct tick *t = &s->tick[k];
            for (uint64_t i = 0; i < n; i++) seen[i] = t->in_scale * regs[t->in_reg * n + i];
            model(user, s->eval[k].t, seen, out, n);
            if (s->eval[k].draws) draw(user, noise, n);
            tick_apply(t, regs, n, out, NULL, s->eval[k].draws ? noise : NULL);
        }
    } while (ok && !done);
    free(seen);
    return ok;
}

#endif
