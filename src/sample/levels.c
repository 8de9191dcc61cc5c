// levels.c — how much noise there is at each visited timestep of a noise-prediction model.
// Knows nothing about samplers.
#include "sample/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double levels_abar(const struct sample_spec *s, double t)
{
    double step = (s->beta_end - s->beta_start) / (s->train_steps - 1), abar = 1;
    for (uint32_t i = 0; i <= t && t >= 0; i++) {
        double beta = i + 1 == s->train_steps ? s->beta_end : s->beta_start + i * step;
        abar *= 1 - beta;
    }
    return abar;
}

static double sigma_at(const struct sample_spec *s, double t)
{
    double abar = levels_abar(s, t);
    return sqrt((1 - abar) / abar);
}

bool levels_make(struct levels *l, const struct sample_spec *s, bool whole, bool extra, struct err *e)
{
    uint32_t n = s->steps, kept;
    struct spacing_ask ask = {n, s->train_steps, whole, extra};
    *l = (struct levels){.n = n, .t = mem_zero(3 * (uint64_t)n + 2, sizeof(double), e)};
    if (!l->t) return false;
    l->abar = l->t + n;
    l->sigma = l->abar + n + 1;
    if (!spacing_fill(s->spacing, &ask, l->t, e) || !steps_kept(s, n, &kept, e)) return false;
    l->first = n - kept;
    for (uint32_t i = 0; i < n; i++) {
        double low = floor(l->t[i]), part = l->t[i] - low;
        l->sigma[i] = sigma_at(s, low);
        if (part > 0) l->sigma[i] += part * (sigma_at(s, low + 1) - l->sigma[i]); // between two trained ones: a line
        l->abar[i] = part > 0 ? 1 / (1 + l->sigma[i] * l->sigma[i]) : levels_abar(s, low);
    }
    l->abar[n] = 1;
    l->sigma[n] = 0;
    return true;
}

void levels_start(const struct levels *l, struct schedule *out)
{
    if (!l->first) return; // pure noise, as it was drawn
    out->start_signal = sqrt(l->abar[l->first]);
    out->start_noise = sqrt(1 - l->abar[l->first]);
}

void levels_start_sigma(const struct levels *l, const struct sample_spec *s, struct schedule *out)
{
    double sigma = l->sigma[l->first];
    bool from_top =
        !strcmp(s->spacing, "linspace") || !strcmp(s->spacing, "trailing"); // where diffusers forgets the image
    out->start_signal = l->first ? 1 : 0;
    out->start_noise = l->first || from_top ? sigma : sqrt(sigma * sigma + 1);
}

void levels_free(struct levels *l)
{
    free(l->t);
    *l = (struct levels){0};
}
