// form.h — linear combinations of the sources of an update, so that a sampler reads like its equations.
// Knows nothing about schedules.
#ifndef VKDIT_SAMPLE_FORM_H
#define VKDIT_SAMPLE_FORM_H

#include "kernels/tick.h"

// What an update can be made of, in tick.h's order: registers first.
enum { SRC_MODEL = TICK_REGS, SRC_NOISE = TICK_REGS + 1 };

struct form {
    double c[TICK_SRC];
};

static inline struct form form_source(uint32_t source)
{
    struct form f = {{0}};
    f.c[source] = 1;
    return f;
}

static inline struct form form_scale(double a, struct form p)
{
    for (int i = 0; i < TICK_SRC; i++) p.c[i] *= a;
    return p;
}

// a p + b q. A zero factor drops its form, whatever is in it.
static inline struct form form_mix(double a, struct form p, double b, struct form q)
{
    struct form f = {{0}};
    for (int i = 0; i < TICK_SRC; i++) f.c[i] = (a != 0 ? a * p.c[i] : 0) + (b != 0 ? b * q.c[i] : 0);
    return f;
}

// p + b q
static inline struct form form_add(struct form p, double b, struct form q)
{
    return form_mix(1, p, b, q);
}

#endif
