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

// Subgroups of one known size, and what both extensions need.
static bool coop_usable(const struct caps *c)
{
    return c->coop1 && c->f16_math && (c->subgroup_pick || c->subgroup_min == c->subgroup_max) && coop_pays(c);
}

bool coop_multiplies(const struct coop_shape *s, const char *factor, const char *sum)
{
    return !strcmp(s->a, factor) && !strcmp(s->b, factor) && !strcmp(s->c, sum) && !strcmp(s->r, sum) && s->m && s->n &&
           s->k;
}

const struct coop_shape *coop_shape(const struct caps *c, uint32_t m, uint32_t n, uint32_t k)
{
    const struct coop_shape *best = NULL;
    if (!coop_usable(c)) return NULL;
    for (uint32_t i = 0; i < c->n_coop; i++) {
        const struct coop_shape *s = &c->coop[i];
        if (!coop_multiplies(s, "f16", "f32") || !s->of_subgroup) continue;
        if (m % s->m || n % s->n || k % s->k || s->n % 2) continue;
        if (!best || s->m * s->n * s->k > best->m * best->n * best->k) best = s;
    }
    return best;
}

bool coop2_takes(const struct caps *c, uint32_t m, uint32_t n, uint32_t k, uint32_t threads)
{
    uint32_t vulkan_1_3 = 1u << 22 | 3u << 12; // whose SPIR-V the loads of tensors need
    if (!coop_usable(c) || (threads ? !c->coop2_group || !c->f16_store || c->api < vulkan_1_3 : !c->coop2))
        return false;
    if (max_u32(m, max_u32(n, k)) > c->coop2_max) return false;
    for (uint32_t i = 0; i < c->n_coop2; i++) {
        const struct coop_shape *s = &c->coop2_step[i];
        bool held = threads ? s->of_group && s->threads == threads : s->of_subgroup;
        if (held && coop_multiplies(s, "f16", "f32") && m % s->m == 0 && n % s->n == 0 && k % s->k == 0) return true;
    }
    return false;
}
