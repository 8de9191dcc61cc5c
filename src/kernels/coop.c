// coop.c — which matrix units a device has, and on which subgroups. Knows no particular op.
#include "kernels/coop.h"

#include <string.h>

enum { VENDOR_INTEL = 0x8086 };

// Intel's matrix units work on the narrowest subgroups.
uint32_t coop_subgroup(const struct caps *c)
{
    return c->vendor == VENDOR_INTEL ? c->subgroup_min : c->subgroup;
}

// On Intel before Xe2 (subgroups of 8) llama.cpp saw 0.0007 to 20 times the speed of plain arithmetic: left off.
static bool coop_pays(const struct caps *c)
{
    return c->vendor != VENDOR_INTEL || c->subgroup_min >= 16;
}

const struct coop_shape *coop_shape(const struct caps *c, uint32_t m, uint32_t n, uint32_t k)
{
    const struct coop_shape *best = NULL;
    bool whole = c->subgroup_pick || c->subgroup_min == c->subgroup_max; // else subgroups may differ
    if (!c->coop1 || !c->f16_math || !whole || !coop_pays(c)) return NULL;
    for (uint32_t i = 0; i < c->n_coop; i++) {
        const struct coop_shape *s = &c->coop[i];
        bool types = !strcmp(s->a, "f16") && !strcmp(s->b, "f16") && !strcmp(s->c, "f32") && !strcmp(s->r, "f32");
        if (!types || !s->subgroup_scope || !s->m || !s->n || !s->k) continue;
        if (m % s->m || n % s->n || k % s->k || s->n % 2) continue;
        if (!best || s->m * s->n * s->k > best->m * best->n * best->k) best = s;
    }
    return best;
}
