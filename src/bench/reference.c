// reference.c — see reference.h; the numbers are in reference_table.inc.
#include "bench/reference.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct reference table[] = {
#include "bench/reference_table.inc"
    {0}};

const struct reference *reference_find(const char *model, bool guided)
{
    for (const struct reference *r = table; r->model; r++)
        if (!strcmp(r->model, model) && r->guided == guided) return r;
    return NULL;
}

double reference_psnr(const struct reference *r, const float *latent, uint64_t values)
{
    double low = r->value[0], high = low, error = 0;
    for (uint32_t i = 0; i < REFERENCE_VALUES; i++) {
        double away = (double)latent[i * (values / REFERENCE_VALUES)] - (double)r->value[i];
        error += away * away / REFERENCE_VALUES;
        low = fmin(low, r->value[i]);
        high = fmax(high, r->value[i]);
    }
    if (!isfinite(error)) return 0;
    return error > 0 ? fmin(10 * log10((high - low) * (high - low) / error), 999) : 999;
}
