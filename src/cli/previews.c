// previews.c — the rule; who draws what is not known here.
#include "cli/previews.h"

static const double share = 0.03; // of the steps' time

static bool affordable(double cost, const struct preview_cost *c)
{
    return cost > 0 && c->spent + cost <= share * c->steps;
}

enum preview_kind preview_pick(enum preview_kind wanted, const struct preview_cost *c)
{
    if (wanted == PREVIEW_DECODER || wanted == PREVIEW_TINY) {
        const bool there = wanted == PREVIEW_DECODER ? c->has_decoder : c->has_tiny;
        return there ? wanted : PREVIEW_ROUGH;
    }
    if (wanted == PREVIEW_AUTO && c->has_decoder && affordable(c->decoder, c)) return PREVIEW_DECODER;
    if (wanted == PREVIEW_AUTO && c->has_tiny && affordable(c->tiny, c)) return PREVIEW_TINY;
    return PREVIEW_ROUGH;
}
