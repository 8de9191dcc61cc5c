// net.c — named weights on the tape.
#include "models/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void net_close(struct net *n)
{
    free(n->use);
    *n = (struct net){0};
}

ten net_weight(struct net *n, const char *leaf, uint32_t rows, uint32_t cols, enum weight_form form)
{
    const char *name = graph_name(n->g, leaf);
    for (uint32_t i = 0; i < n->n_use; i++)
        if (!strcmp(n->use[i].name, name)) return n->use[i].t;
    // vectors and matrices that cannot be held as pairs stay in full precision
    enum dtype d = rows > 1 && cols % 2 == 0 ? n->g->weight : DT_F32;
    if (quant_is(d) && cols % QUANT_BLOCK) d = n->g->act; // nor packed where rows are no whole blocks
    ten t = graph_tensor(n->g, KIND_WEIGHT, RATE_CONST, d, (struct shape){1, rows, cols}, name);
    if (!t.id || !mem_grow(&n->use, &n->cap_use, n->n_use + 1, sizeof *n->use, n->g->err)) return (ten){0};
    n->use[n->n_use++] = (struct weight_use){t, graph_at(n->g, t)->name, form};
    return t;
}

struct pair {
    ten w, b;
};

static struct pair weights(struct net *n, const char *leaf, ten x, uint32_t out)
{
    char name[96];
    struct pair p;
    snprintf(name, sizeof name, "%s.weight", leaf);
    p.w = net_weight(n, name, out, graph_at(n->g, x)->sh.cols, FORM_ROWS);
    snprintf(name, sizeof name, "%s.bias", leaf);
    p.b = net_weight(n, name, 1, out, FORM_ROWS);
    return p;
}

ten net_conv(struct net *n, const char *leaf, ten x, uint32_t out, struct conv_shape s, bool bias, ten res,
             enum act act)
{
    char name[96];
    const char *dot = *leaf ? "." : "";
    if (!x.id) return x;
    snprintf(name, sizeof name, "%s%sweight", leaf, dot);
    ten w = net_weight(n, name, out, s.kernel * s.kernel * graph_at(n->g, x)->sh.cols, FORM_KERNEL);
    snprintf(name, sizeof name, "%s%sbias", leaf, dot);
    ten b = bias ? net_weight(n, name, 1, out, FORM_ROWS) : (ten){0};
    return op_conv(n->g, x, w, b, res, s, act);
}

ten net_linear(struct net *n, const char *leaf, ten x, uint32_t out, enum act act)
{
    if (!x.id) return x;
    struct pair p = weights(n, leaf, x, out);
    return op_linear(n->g, x, p.w, p.b, act);
}

ten net_linear_gate(struct net *n, const char *leaf, ten x, struct mod gate, ten res)
{
    if (!x.id || !res.id) return (ten){0};
    struct pair p = weights(n, leaf, x, graph_at(n->g, res)->sh.cols);
    return op_linear_gate(n->g, x, p.w, p.b, gate, res);
}

ten net_linear_add(struct net *n, const char *leaf, ten x, ten res)
{
    if (!x.id || !res.id) return (ten){0};
    struct pair p = weights(n, leaf, x, graph_at(n->g, res)->sh.cols);
    return op_linear_add(n->g, x, p.w, p.b, res);
}

uint32_t net_modulation(struct net *n, struct bank *b, const char *leaf, uint32_t count)
{
    uint32_t first = b->next;
    b->next += count;
    if (b->made) return first;
    graph_exact(n->g, true); // a third of the weights, read once a run: no reason to round them
    // unless memory is short: halves lose a tenth of what packing in 8 bits does
    if (quant_is(n->g->run_weight)) n->g->weight = DT_F16;
    ten strip = net_linear(n, leaf, b->silu_c, count * b->width, ACT_NONE);
    op_table_put(n->g, strip, b->table, first);
    graph_exact(n->g, false);
    return first;
}
