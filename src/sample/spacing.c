// spacing.c — which of the training timesteps a run visits: one row per published rule.
// Knows nothing about noise levels or samplers.
#include "sample/parts.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One section of the reference's respacing: `count` of `size` steps from `start`, both ends included. The cursor
// accumulates, and rounds half to even, because the reference's does.
static void section(uint32_t start, uint32_t size, uint32_t count, double *t)
{
    double stride = count > 1 ? (double)(size - 1) / (count - 1) : 1, cursor = 0;
    for (uint32_t i = 0; i < count; i++, cursor += stride) t[i] = start + rint(cursor);
}

static void reverse(double *t, uint32_t n)
{
    for (uint32_t i = 0; i < n / 2; i++) {
        double kept = t[i];
        t[i] = t[n - 1 - i];
        t[n - 1 - i] = kept;
    }
}

static bool even(const struct spacing_ask *ask, double *t, struct err *e)
{
    (void)e;
    section(0, ask->train, ask->steps, t);
    reverse(t, ask->steps);
    return true;
}

static uint32_t strided_count(uint32_t train, uint32_t stride)
{
    return ceil_div(train, stride);
}

static bool strided(const struct spacing_ask *ask, double *t, struct err *e)
{
    uint32_t stride = 1;
    while (stride < ask->train && strided_count(ask->train, stride) > ask->steps) stride++;
    uint32_t below = strided_count(ask->train, stride),
             above = stride > 1 ? strided_count(ask->train, stride - 1) : below;
    if (below != ask->steps)
        return err_set(e, ERR_ARG, "no whole stride visits %u of %u timesteps; %u or %u steps would do", ask->steps,
                       ask->train, below, above);
    for (uint32_t i = 0; i < ask->steps; i++) t[i] = (double)stride * (ask->steps - 1 - i);
    return true;
}

static bool leading(const struct spacing_ask *ask, double *t, struct err *e)
{
    (void)e;
    uint32_t skip = ask->extra ? 1 : 0, stride = ask->train / (ask->steps + skip);
    for (uint32_t i = 0; i < ask->steps; i++) t[i] = (double)stride * (ask->steps - 1 - i + skip);
    return true;
}

static bool trailing(const struct spacing_ask *ask, double *t, struct err *e)
{
    (void)e;
    double stride = (double)ask->train / ask->steps;
    for (uint32_t i = 0; i < ask->steps; i++) t[i] = rint(ask->train - stride * i) - 1;
    return true;
}

static bool linspace(const struct spacing_ask *ask, double *t, struct err *e)
{
    (void)e;
    uint32_t last = ask->extra ? ask->steps : ask->steps - 1;
    for (uint32_t i = 0; i < ask->steps; i++) {
        double v = last ? (double)(ask->train - 1) / last * (last - i) : 0;
        t[i] = ask->whole ? rint(v) : (float)v; // the reference keeps fractions in single precision
    }
    return true;
}

static const struct spacing {
    const char *name;
    bool (*fill)(const struct spacing_ask *ask, double *t, struct err *e);
    bool original;
} spacings[] = {
    {"even", even, true},          {"ddim", strided, true},       {"leading", leading, false},
    {"trailing", trailing, false}, {"linspace", linspace, false},
};

static bool is_section_list(const char *name)
{
    return isdigit((unsigned char)name[0]);
}

// The reference's own notation, "10,15,20": so many steps in each third of the range.
static bool sections(const char *list, const struct spacing_ask *ask, double *t, struct err *e)
{
    uint32_t n = 1, start = 0, done = 0;
    for (const char *p = list; *p; p++) n += *p == ',';
    if (n > ask->train) return err_set(e, ERR_ARG, "%u sections of %u timesteps", n, ask->train);
    for (uint32_t i = 0; i < n; i++, list++) {
        char *end;
        uint32_t size = ask->train / n + (i < ask->train % n);
        unsigned long count = isdigit((unsigned char)*list) ? strtoul(list, &end, 10) : 0;
        if (!count || count > size || *end != (i + 1 < n ? ',' : 0))
            return err_set(e, ERR_ARG, "section %u of the spacing: wanted a number from 1 to %u", i + 1, size);
        if (count > ask->steps - done) break; // more than asked for: reported below
        section(start, size, (uint32_t)count, t + done);
        start += size, done += (uint32_t)count, list = end;
        if (i + 1 == n && done == ask->steps) return reverse(t, done), true;
    }
    return err_set(e, ERR_ARG, "the sections of the spacing do not add up to the %u steps asked for", ask->steps);
}

static const struct spacing *find(const char *name)
{
    for (size_t i = 0; i < COUNTOF(spacings); i++) {
        if (!strcmp(spacings[i].name, name)) return &spacings[i];
    }
    return NULL;
}

bool spacing_is_original(const char *name)
{
    const struct spacing *s = find(name);
    return s ? s->original : is_section_list(name);
}

static bool check(const char *name, const struct spacing_ask *ask, const double *t, struct err *e)
{
    for (uint32_t i = 0; i + 1 < ask->steps; i++) {
        if (!(t[i] > t[i + 1]))
            return err_set(e, ERR_ARG, "%u steps of spacing %s visit timestep %g twice; use fewer", ask->steps, name,
                           t[i]);
    }
    if (t[0] > 0) return true;
    return err_set(e, ERR_ARG, "1 step of spacing %s starts at timestep 0, where no noise is left; use trailing", name);
}

bool spacing_fill(const char *name, const struct spacing_ask *ask, double *t, struct err *e)
{
    char shown[60];
    if (ask->steps > ask->train)
        return err_set(e, ERR_ARG, "%u steps, but the model was trained on %u timesteps", ask->steps, ask->train);
    if (is_section_list(name)) return sections(name, ask, t, e) && check("by sections", ask, t, e);
    const struct spacing *s = find(name);
    if (!s)
        return err_set(e, ERR_ARG,
                       "unknown spacing \"%s\"; known: even, ddim, leading, trailing, linspace, or a list "
                       "such as 10,15,20",
                       text_clean(shown, sizeof shown, name, strlen(name)));
    return s->fill(ask, t, e) && check(s->name, ask, t, e);
}
