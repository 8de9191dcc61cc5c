// table.c — every sampler, one row each. A new one is a file and two lines here.
#include "sample/sample.h"

#include <string.h>

extern const struct sampler_row sampler_ddpm, sampler_ddim, sampler_dpmpp2m, sampler_euler, sampler_heun,
    sampler_dopri5, sampler_sde_euler, sampler_sde_heun;

const struct sampler_row *const sampler_table[] = {
    &sampler_ddpm,   &sampler_ddim,      &sampler_dpmpp2m,  &sampler_euler, &sampler_heun,
    &sampler_dopri5, &sampler_sde_euler, &sampler_sde_heun, NULL,
};

const struct sampler_row *sampler_find(const char *name)
{
    for (const struct sampler_row *const *r = sampler_table; name && *r; r++) {
        if (!strcmp((*r)->name, name) || ((*r)->alias && !strcmp((*r)->alias, name))) return *r;
    }
    return NULL;
}
