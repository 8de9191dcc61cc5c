// tuned.c — the list of tuned.h.
#include "graph/tuned.h"

#include <stdio.h>
#include <string.h>

void tuned_key(const struct graph *g, const struct op *o, char key[TUNED_KEY])
{
    int at = snprintf(key, TUNED_KEY, "%s", o->row->name);
    for (uint32_t k = 0; k < 3 && at > 0 && at < TUNED_KEY; k++) { // the residual and the gate follow from the result
        const struct tensor *t = &g->t[k < 2 ? (k < o->n_in ? o->in[k] : 0) : o->out];
        if (t->kind == KIND_NONE) continue;
        at += snprintf(key + at, (size_t)(TUNED_KEY - at), "%s%ux%ux%u%s", k == 2 ? " -> " : " ", t->sh.items,
                       t->sh.rows, t->sh.cols, dtype_name(t->dtype));
    }
}

const struct tuned_choice *tuned_find(const struct tuned *t, const char *key)
{
    for (uint32_t i = 0; t && i < t->n; i++)
        if (!strcmp(t->choice[i].key, key)) return &t->choice[i];
    return NULL;
}

void tuned_forget(struct tuned *t, const char *key)
{
    for (uint32_t i = t->n; i-- > 0;)
        if (!strcmp(t->choice[i].key, key)) t->choice[i] = t->choice[--t->n];
}

void tuned_put(struct tuned *t, const char *key, const char *kernel, double seconds)
{
    if (t->n == TUNED_MAX || tuned_find(t, key)) return;
    struct tuned_choice *c = &t->choice[t->n++];
    snprintf(c->key, sizeof c->key, "%s", key);
    snprintf(c->kernel, sizeof c->kernel, "%s", kernel);
    c->seconds = seconds;
}
