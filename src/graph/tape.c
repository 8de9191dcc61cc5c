// tape.c — building the tape: tensors, names, emitted ops. The first failure poisons everything after it.
#include "graph/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS_MAX = 1 << 20 };

void graph_open(struct graph *g, enum dtype act, enum dtype weight, struct err *e)
{
    *g = (struct graph){.err = e, .act = act, .weight = weight, .run_act = act, .run_weight = weight};
    if (mem_grow(&g->t, &g->cap_t, 1, sizeof *g->t, e)) g->n_t = 1; // t[0] is poison
}

void graph_exact(struct graph *g, bool exact)
{
    g->act = exact ? DT_F32 : g->run_act;
    g->weight = exact ? DT_F32 : g->run_weight;
}

void graph_least(struct graph *g, enum rate least)
{
    g->least = least;
}

void graph_close(struct graph *g)
{
    for (uint32_t i = 0; i < g->n_names; i++) free(g->names[i]);
    free(g->names);
    free(g->t);
    free(g->op);
    *g = (struct graph){0};
}

static const char *graph_text(struct graph *g, const char *text)
{
    if (!mem_grow(&g->names, &g->cap_names, g->n_names + 1, sizeof *g->names, g->err)) return "";
    char *copy = mem_text(text, g->err);
    if (!copy) return "";
    g->names[g->n_names++] = copy;
    return copy;
}

void graph_scope(struct graph *g, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(g->scope, sizeof g->scope, fmt, ap);
    va_end(ap);
}

const char *graph_name(struct graph *g, const char *leaf)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s%s", g->scope, g->scope[0] && leaf[0] ? "." : "", leaf);
    return graph_text(g, text);
}

ten graph_tensor(struct graph *g, enum kind k, enum rate r, enum dtype d, struct shape sh, const char *name)
{
    if (g->err->code != ERR_NONE || g->n_t == 0) return (ten){0};
    uint64_t rows, count;
    if (sh.items == 0 || sh.rows == 0 || sh.cols == 0 || !mul_ok(sh.items, sh.rows, &rows) ||
        !mul_ok(rows, sh.cols, &count) || rows > UINT32_MAX || count > UINT64_MAX / 8) {
        err_set(g->err, ERR_MODEL, "tensor %.100s: impossible shape %u x %u x %u", name, sh.items, sh.rows, sh.cols);
        return (ten){0};
    }
    if (d == DT_F16 && k != KIND_WEIGHT && sh.cols % 2) {
        err_set(g->err, ERR_MODEL, "tensor %.100s: %u columns cannot be held as pairs of halves", name, sh.cols);
        return (ten){0};
    }
    if (g->n_t >= TENSORS_MAX || !mem_grow(&g->t, &g->cap_t, g->n_t + 1, sizeof *g->t, g->err)) {
        err_set(g->err, ERR_MODEL, "the model has more than %u tensors", (unsigned)TENSORS_MAX);
        return (ten){0};
    }
    g->t[g->n_t] = (struct tensor){.name = graph_text(g, name), .sh = sh, .dtype = d, .kind = k, .rate = r};
    return (ten){g->n_t++};
}

ten graph_find(const struct graph *g, const char *name)
{
    for (uint32_t i = 1; i < g->n_t; i++)
        if (!strcmp(g->t[i].name, name)) return (ten){i};
    return (ten){0};
}

void graph_tap(struct graph *g, ten t, const char *fmt, ...)
{
    if (!g->taps || t.id == 0) return;
    char text[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    g->t[t.id].name = graph_text(g, text);
    g->t[t.id].keep = true;
}

bool graph_fail(struct graph *g, const struct op *o, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(g->err, ERR_MODEL, "%s%s%s: %s", o->scope ? o->scope : "", o->scope && o->scope[0] ? ": " : "",
                   o->row->name, text);
}

// Nothing an op reads may change more often than the op runs; its output changes as often as it runs.
static void settle_rate(struct graph *g, struct op *o)
{
    enum rate r = g->least;
    for (uint32_t i = 0; i < o->n_in; i++)
        if (g->t[o->in[i]].rate > r) r = g->t[o->in[i]].rate;
    if (o->out && g->t[o->out].kind != KIND_TEMP && g->t[o->out].rate > r) r = g->t[o->out].rate;
    o->rate = r;
}

ten graph_emit(struct graph *g, const struct op_row *row, const ten *in, uint32_t n_in, const void *param,
               size_t param_bytes, ten out)
{
    if (g->err->code != ERR_NONE || n_in > OP_IN || param_bytes > OP_PARAM_BYTES) return (ten){0};
    struct op o = {.row = row, .n_in = n_in, .out = out.id};
    for (uint32_t i = 0; i < n_in; i++) o.in[i] = in[i].id;
    if (param_bytes) memcpy(o.param, param, param_bytes);
    if (!mem_grow(&g->op, &g->cap_op, g->n_op + 1, sizeof *g->op, g->err)) return (ten){0};
    o.scope =
        g->n_op && !strcmp(g->op[g->n_op - 1].scope, g->scope) ? g->op[g->n_op - 1].scope : graph_text(g, g->scope);
    settle_rate(g, &o);
    if (!row->infer(g, &o) || o.out == 0 || g->err->code != ERR_NONE) {
        err_set(g->err, ERR_MODEL, "%s: operands are missing", row->name);
        return (ten){0};
    }
    settle_rate(g, &o);
    if (g->t[o.out].kind == KIND_TEMP) g->t[o.out].rate = o.rate;
    const enum rate reader = o.rate == RATE_PLAIN ? RATE_STEP : o.rate; // one set of weights serves both
    for (uint32_t i = 0; i < n_in; i++)
        if (reader > g->t[o.in[i]].reader) g->t[o.in[i]].reader = reader;
    g->op[g->n_op++] = o;
    return (ten){o.out};
}

void graph_dump(const struct graph *g, void *file)
{
    static const char rates[] = "CRSP"; // const, run, step, plain
    FILE *f = file;
    for (uint32_t i = 0; i < g->n_op; i++) {
        const struct op *o = &g->op[i];
        const struct tensor *t = &g->t[o->out];
        fprintf(f, "%c %%%u = %s", rates[o->rate], o->out, o->row->name);
        for (uint32_t k = 0; k < o->n_in; k++) {
            const struct tensor *a = &g->t[o->in[k]];
            if (o->in[k] && a->kind != KIND_TEMP)
                fprintf(f, " %s", a->name);
            else if (o->in[k])
                fprintf(f, " %%%u", o->in[k]);
            else
                fputs(" -", f);
        }
        fprintf(f, "  [%u %u %u] %s  # %s\n", t->sh.items, t->sh.rows, t->sh.cols, dtype_name(t->dtype), t->name);
    }
}
