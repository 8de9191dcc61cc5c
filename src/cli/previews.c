// previews.c — the rule; who draws what is not known here.
#include "cli/previews.h"

static const double share = 0.03; // of the steps' time
static const double patience = 4; // steps

static bool affordable(double cost, const struct preview_cost *c)
{
    return cost > 0 && c->spent + cost <= share * c->steps;
}

// Whole pictures every few steps are worth saving for; where they would come more rarely, the tiny decoder's come first.
static bool worth_waiting(const struct preview_cost *c)
{
    return c->decoder > 0 && c->done && c->decoder <= share * patience * c->steps / c->done;
}

enum preview_kind preview_pick(enum preview_kind wanted, const struct preview_cost *c)
{
    if (wanted == PREVIEW_DECODER || wanted == PREVIEW_TINY) {
        const bool there = wanted == PREVIEW_DECODER ? c->has_decoder : c->has_tiny;
        return there ? wanted : PREVIEW_ROUGH;
    }
    if (wanted != PREVIEW_AUTO) return PREVIEW_ROUGH;
    if (c->has_decoder && affordable(c->decoder, c)) return PREVIEW_DECODER;
    const bool saving = c->has_decoder && worth_waiting(c);
    return c->has_tiny && !saving && affordable(c->tiny, c) ? PREVIEW_TINY : PREVIEW_ROUGH;
}
