// mix_apply.c — what edits do to a modulation table. Every slot is a function of the computed table alone, so edits can
// be taken back, reordered and applied again without any memory of earlier ones.
#include "board/mix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// One edit against one shape: which members of each axis it takes.
struct resolved {
    const struct mix_edit *edit;
    uint8_t *eval, *cond, *block, *channel; // one allocation, at eval
    uint32_t source_eval;                   // freeze
    uint32_t source_cond;                   // swap, blend
};

struct mix_plan {
    struct mix_shape shape;
    struct resolved *r;
    uint32_t n;
};

void mix_plan_free(struct mix_plan *p)
{
    if (!p) return;
    for (uint32_t i = 0; p->r && i < p->n; i++) free(p->r[i].eval);
    free(p->r);
    free(p);
}

// Marks the members of 0..n-1 that the list names; false when it names one that is not there.
static bool mark(const struct mix_list *l, uint32_t n, const char *what, uint8_t *out, struct err *e)
{
    if (!l->n) memset(out, 1, n);
    for (uint32_t i = 0; i < l->n; i++) {
        const struct mix_range *g = &l->r[i];
        const int64_t size = n, from = g->from < 0 ? g->from + size : g->from;
        int64_t to = g->to == MIX_OPEN ? size : g->to < 0 ? g->to + size : g->to;
        if (g->single) to = from + 1;
        if (from < 0 || from >= size || to > size || to < from)
            return err_set(e, ERR_ARG, g->single ? "%s %d: there are %u, from 0" : "%s %d:: there are %u, from 0", what,
                           from < 0 || from >= size || g->single ? g->from : g->to, n);
        for (int64_t k = from; k < to; k += g->stride) out[k] = 1;
    }
    return true;
}

static bool in_list(const struct mix_list *l, uint32_t v)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct mix_range *g = &l->r[i];
        const int64_t at = (int64_t)v - g->from;
        if (g->single ? at == 0 : at >= 0 && at % g->stride == 0 && (int64_t)v < g->to) return true;
    }
    return !l->n;
}

// At rest nothing is computed at all, so that no rounding can creep in.
static bool at_rest(const struct mix_edit *d)
{
    return (d->verb == MIX_GAIN && d->value == 1) || (d->verb == MIX_ADD && d->value == 0) ||
           (d->verb == MIX_BLEND && d->value == 0);
}

// Swaps and blends leave the condition that guidance leads away from alone unless they name it.
static bool mark_conds(struct resolved *r, const struct mix_shape *s, struct err *e)
{
    const struct mix_edit *d = r->edit;
    const bool copies = d->verb == MIX_SWAP || d->verb == MIX_BLEND;
    bool any = false;
    for (uint32_t c = 0; c < s->conds; c++) {
        r->cond[c] = d->who == WHO_NULL      ? c == s->null_cond
                     : d->who == WHO_CLASSES ? c != s->null_cond && in_list(&d->classes, s->condition[c])
                     : d->who == WHO_ALL     ? true
                                             : !copies || c != s->null_cond;
        any = any || r->cond[c];
    }
    if (!any && d->who == WHO_CLASSES) return err_set(e, ERR_ARG, "the run has none of the classes named");
    if (!copies) return true;
    const uint32_t class = d->other == MIX_NULL ? s->null_class : d->other;
    for (r->source_cond = 0; r->source_cond < s->conds; r->source_cond++)
        if (s->condition[r->source_cond] == class) return true;
    r->source_cond = 0;
    if (at_rest(d)) return true;
    if (d->other == MIX_NULL) return err_set(e, ERR_ARG, "the table has no null class");
    return err_set(e, ERR_ARG, "the table has no class %u: the run must be begun with it", class);
}

static bool mark_evals(struct resolved *r, const struct mix_shape *s, struct err *e)
{
    const struct mix_edit *d = r->edit;
    if (!mark(&d->steps, s->evals, "step", r->eval, e)) return false;
    for (uint32_t i = 0; i < s->evals && d->has_t; i++)
        if (s->t[i] < d->t_from || s->t[i] > d->t_to) r->eval[i] = 0;
    if (d->verb != MIX_FREEZE) return true;
    if (d->at_step && d->at >= s->evals) return err_set(e, ERR_ARG, "step %g: there are %u, from 0", d->at, s->evals);
    if (d->at_step) r->source_eval = (uint32_t)d->at;
    for (uint32_t i = 0; i < s->evals && !d->at_step; i++)
        if (fabs(s->t[i] - d->at) < fabs(s->t[r->source_eval] - d->at)) r->source_eval = i;
    return true;
}

static bool resolve(struct resolved *r, const struct mix_edit *d, const struct mix_shape *s, struct err *e)
{
    const uint32_t depth = (s->slots - 2) / MIX_STRIP;
    char text[MIX_TEXT];
    *r = (struct resolved){.edit = d};
    r->eval = mem_zero((uint64_t)s->evals + s->conds + depth + s->width + 1, 1, e);
    if (!r->eval) return false;
    r->cond = r->eval + s->evals;
    r->block = r->cond + s->conds;
    r->channel = r->block + depth;
    if (mark_evals(r, s, e) && mark_conds(r, s, e) && mark(&d->blocks, depth, "block", r->block, e) &&
        mark(&d->channels, s->width, "channel", r->channel, e))
        return true;
    return err_in(e, mix_text(d, text, sizeof text));
}

struct mix_plan *mix_plan_make(const struct mix *m, const struct mix_shape *s, struct err *e)
{
    struct mix_plan *p = mem_zero(1, sizeof *p, e);
    if (!p) return NULL;
    p->shape = *s;
    p->r = mem_zero(m->live, sizeof *p->r, e);
    bool ok = p->r != NULL;
    while (ok && p->n < m->live) ok = resolve(&p->r[p->n], &m->edit[p->n], s, e), p->n++;
    if (ok) return p;
    mix_plan_free(p);
    return NULL;
}

// Does the edit take this slot? Solo also takes the slots that it silences.
static bool takes(const struct resolved *r, uint32_t eval, uint32_t cond, uint32_t slot, uint32_t depth)
{
    const bool final = slot >= MIX_STRIP * depth;
    const uint32_t vector = final ? slot - MIX_STRIP * depth : slot % MIX_STRIP;
    return final == r->edit->final && r->eval[eval] && r->cond[cond] && r->edit->vectors >> vector & 1 &&
           (final || r->edit->verb == MIX_SOLO || r->block[slot / MIX_STRIP]);
}

// gain on what the channel is multiplied by: (1 + v) * g - 1, exact for g = 1
static float gained(float v, double gain, bool multiplier)
{
    return (float)(multiplier ? (double)v + (gain - 1) * (1 + (double)v) : (double)v * gain);
}

static float one_value(const struct mix_edit *d, float v, float source, bool multiplier)
{
    switch (d->verb) {
    case MIX_GAIN:
    case MIX_INVERT: return gained(v, d->value, multiplier);
    case MIX_MUTE:
    case MIX_SOLO: return multiplier ? -1.0f : 0.0f;
    case MIX_ADD: return (float)((double)v + d->value);
    case MIX_SET: return (float)(multiplier ? d->value - 1 : d->value);
    case MIX_SKIP: return 0.0f;
    case MIX_FREEZE:
    case MIX_SWAP: return source;
    case MIX_BLEND: return (float)((double)v + d->value * ((double)source - (double)v));
    }
    return v;
}

static void apply_one(const struct mix_plan *p, const struct resolved *r, const float *source, uint32_t slot, float *v)
{
    const struct mix_edit *d = r->edit;
    const uint32_t depth = (p->shape.slots - 2) / MIX_STRIP;
    const bool outside = !d->final && !r->block[slot / MIX_STRIP]; // solo only: all of it is silenced
    const uint32_t vector = slot < MIX_STRIP * depth ? slot % MIX_STRIP : slot - MIX_STRIP * depth;
    const bool multiplier = d->multiplier && (vector == 1 || vector == 4);
    for (uint32_t c = 0; c < p->shape.width; c++) {
        const bool chosen = r->channel[c] && !outside;
        if (chosen != (d->verb == MIX_SOLO)) v[c] = one_value(d, v[c], source[c], multiplier);
    }
}

bool mix_plan_slot(const struct mix_plan *p, const float *computed, uint32_t eval, uint32_t cond, uint32_t slot,
                   float *out)
{
    const struct mix_shape *s = &p->shape;
    const uint32_t depth = (s->slots - 2) / MIX_STRIP;
    bool touched = false;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct resolved *r = &p->r[i];
        if (at_rest(r->edit) || !takes(r, eval, cond, slot, depth)) continue;
        const uint64_t own = ((uint64_t)eval * s->conds + cond) * s->slots + slot;
        const uint32_t e = r->edit->verb == MIX_FREEZE ? r->source_eval : eval;
        const uint32_t c = r->edit->verb == MIX_SWAP || r->edit->verb == MIX_BLEND ? r->source_cond : cond;
        if (!touched) memcpy(out, computed + own * s->width, s->width * sizeof *out);
        touched = true;
        apply_one(p, r, computed + (((uint64_t)e * s->conds + c) * s->slots + slot) * s->width, slot, out);
    }
    return touched;
}

uint32_t mix_classes(const struct mix *m, uint32_t null_class, uint32_t *out, uint32_t room)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->live; i++) {
        const struct mix_edit *d = &m->edit[i];
        const uint32_t class = d->other == MIX_NULL ? null_class : d->other;
        if ((d->verb != MIX_SWAP && d->verb != MIX_BLEND) || at_rest(d)) continue;
        bool known = false;
        for (uint32_t k = 0; k < n && k < room; k++) known = known || out[k] == class;
        if (known) continue;
        if (n < room) out[n] = class;
        n++;
    }
    return n;
}
