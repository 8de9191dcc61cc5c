// shapes.c — see shapes.h. The tapes are those that the engine builds, so an op that models learn is found by itself.
#include "bench/shapes.h"
#include "kernels/tick.h"
#include "models/dit.h"
#include "models/vae.h"
#include "vkdit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVALS = 50, EVALS_MADE_UP = 2 }; // of the run whose modulation table is computed; of made-up ticks

static struct shape_operand operand_of(const struct graph *g, uint32_t t)
{
    if (!t) return (struct shape_operand){0};
    return (struct shape_operand){g->t[t].sh, g->t[t].dtype, g->t[t].kind};
}

static int alias_of(const struct graph *g, const struct op *o)
{
    for (uint32_t k = 0; k < o->n_in; k++)
        if (o->in[k] == o->out) return (int)k;
    return g->t[o->out].kind == KIND_TEMP ? OUT_FRESH : OUT_OWN;
}

static bool same_operand(const struct shape_operand *a, const struct shape_operand *b)
{
    return a->kind == b->kind && a->dtype == b->dtype && !memcmp(&a->sh, &b->sh, sizeof a->sh);
}

// Slots of the table and the like are in param: ops that differ in them only are the same work.
static bool same_op(const struct shape_op *a, const struct shape_op *b)
{
    bool same = a->row == b->row && a->n_in == b->n_in && a->alias == b->alias && a->heads == b->heads &&
                same_operand(&a->out, &b->out);
    for (uint32_t k = 0; same && k < a->n_in; k++) same = same_operand(&a->in[k], &b->in[k]);
    return same;
}

const char *shape_precision(const struct shape_op *s)
{
    for (uint32_t k = 0; k < s->n_in; k++)
        if (s->in[k].kind == KIND_WEIGHT && s->in[k].sh.rows > 1) {
            enum dtype d = s->in[k].dtype;
            vkdit_weights w = d == DT_Q8 ? VKDIT_WEIGHTS_Q8 : d == DT_Q4 ? VKDIT_WEIGHTS_Q4 : VKDIT_WEIGHTS_FULL;
            bool half = d == DT_F16 || (w && s->in[0].dtype == DT_F16);
            return vkdit_arithmetic_name(half ? VKDIT_PRECISION_F16 : VKDIT_PRECISION_F32, w);
        }
    return s->in[0].dtype == DT_F16 || s->out.dtype == DT_F16 ? "fp16" : "fp32";
}

static void name_op(struct shape_op *s, const struct shape_list *l)
{
    const struct shape *x = &s->in[0].sh, *y = &s->out.sh;
    int n = snprintf(s->name, sizeof s->name, "%s %ux%ux%u > ", s->row->name, x->items, x->rows, x->cols);
    size_t at = n > 0 ? (size_t)n : 0;
    if (x->items == y->items && x->rows == y->rows)
        at += (size_t)snprintf(s->name + at, sizeof s->name - at, "%u", y->cols);
    else
        at += (size_t)snprintf(s->name + at, sizeof s->name - at, "%ux%ux%u", y->items, y->rows, y->cols);
    const struct shape_operand *w = s->n_in > 1 && s->in[1].kind == KIND_WEIGHT ? &s->in[1] : NULL;
    if (w && w->sh.cols != x->cols) // convolutions: taps times channels, and whether something is added
        at += (size_t)snprintf(s->name + at, sizeof s->name - at, " k%u%s", w->sh.cols,
                               s->n_in > 3 && s->in[3].kind != KIND_NONE ? " +res" : "");
    snprintf(s->name + at, sizeof s->name - at, " %s", shape_precision(s));
    at = strlen(s->name);
    uint32_t like = 1;
    for (uint32_t i = 0; i < l->n; i++) like += !strncmp(l->op[i].name, s->name, at) && strchr(" ", l->op[i].name[at]);
    if (like > 1) snprintf(s->name + at, sizeof s->name - at, " #%u", like);
}

static void add_user(struct shape_op *s, const char *model)
{
    for (uint32_t i = 0; i < s->n_user; i++)
        if (!strcmp(s->user[i].model, model)) {
            s->user[i].count++;
            return;
        }
    if (s->n_user == SHAPE_USERS) {
        s->n_more++;
        return;
    }
    snprintf(s->user[s->n_user].model, sizeof s->user[0].model, "%s", model);
    s->user[s->n_user++].count = 1;
}

static bool add_op(struct shape_list *l, const struct graph *g, const struct op *o, uint32_t heads, const char *model,
                   struct err *e)
{
    struct shape_op s = {.row = o->row, .n_in = o->n_in, .alias = alias_of(g, o), .out = operand_of(g, o->out)};
    memcpy(s.param, o->param, sizeof s.param);
    for (uint32_t k = 0; k < o->n_in; k++) s.in[k] = operand_of(g, o->in[k]);
    if (!strcmp(o->row->name, "attention")) s.heads = heads;
    if (o->row->work) s.work = o->row->work(g, o);
    for (uint32_t i = 0; i < l->n; i++)
        if (same_op(&s, &l->op[i])) {
            add_user(&l->op[i], model);
            return true;
        }
    name_op(&s, l);
    add_user(&s, model);
    if (!mem_grow(&l->op, &l->cap, l->n + 1, sizeof *l->op, e)) return false;
    l->op[l->n++] = s;
    return true;
}

static bool build(struct net *n, const struct shape_source *s, uint32_t evals, uint32_t *heads, struct err *e)
{
    static const struct vae_config sd_vae = {.levels = 4,
                                             .base = {128, 256, 512, 512},
                                             .layers = 2,
                                             .latent = 4,
                                             .groups = 32,
                                             .scaling = 0.18215f,
                                             .decoder = true,
                                             .post_quant = true};
    struct vae_io vae;
    struct dit_io io;
    struct dit_config d;
    char name[48];
    *heads = 1;
    if (!s->model) {
        vae_build_decoder(n, &sd_vae, s->side / 8, s->side / 8, false, &vae);
        return e->code == ERR_NONE;
    }
    snprintf(name, sizeof name, "%s%s", s->model, s->side == 512 ? "-512" : "");
    if (!dit_config_named(&d, name, e)) return false;
    struct dit_use use = {.images = s->images,
                          .copies = 2,
                          .evals = evals,
                          .conds = 3, // what made-up conditions run through
                          .regs = TICK_REGS,
                          .guide_channels = 3,
                          .kind = DIT_STEP};
    dit_build(n, &d, &use, &io);
    *heads = d.heads;
    return e->code == ERR_NONE;
}

// One tape's ops of a rate; of those that run once only the matrix products count.
static bool add_tape(struct shape_list *l, const struct shape_source *s, uint32_t evals, enum rate rate, struct err *e)
{
    struct graph g;
    struct net n = {.g = &g};
    uint32_t heads;
    char model[40];
    if (s->model && !s->side)
        snprintf(model, sizeof model, "%.28s b%u", s->model, s->images);
    else if (s->model)
        snprintf(model, sizeof model, "%.24s %u b%u", s->model, s->side, s->images);
    else
        snprintf(model, sizeof model, "decoder %u", s->side);
    graph_open(&g, s->act, s->weight, e);
    bool ok = build(&n, s, evals, &heads, e);
    for (uint32_t i = 0; ok && i < g.n_op; i++) {
        const struct op *o = &g.op[i];
        if (!s->model || (o->rate == rate && (rate == RATE_STEP || !strncmp(o->row->name, "linear", 6))))
            ok = add_op(l, &g, o, heads, model, e);
    }
    net_close(&n);
    graph_close(&g);
    return ok;
}

// A step's tape is made for few evaluations: its table has to be filled with made-up vectors.
bool shapes_add(struct shape_list *l, const struct shape_source *s, struct err *e)
{
    return add_tape(l, s, EVALS_MADE_UP, RATE_STEP, e) && (!s->model || add_tape(l, s, EVALS, RATE_RUN, e));
}

void shapes_close(struct shape_list *l)
{
    free(l->op);
    *l = (struct shape_list){0};
}

// --- a tape of one shape ------------------------------------------------------------------------------------------

// Activations lie in device memory, as they do in a model, whatever they are there.
static ten declare(const struct shape_operand *a, struct graph *g, const char *name)
{
    if (a->kind == KIND_NONE) return (ten){0};
    enum kind k = a->kind == KIND_TEMP ? KIND_STATE : a->kind;
    return graph_tensor(g, k, k == KIND_WEIGHT ? RATE_CONST : RATE_STEP, a->dtype, a->sh, name);
}

bool shape_emit(const struct shape_op *s, struct graph *g, uint32_t copies, ten *out)
{
    ten in[OP_IN] = {{0}}, own = {0};
    char name[24];
    if (s->out.dtype != DT_I32) g->act = s->out.dtype; // what a fresh output is stored in
    for (uint32_t k = 0; k < s->n_in; k++) {
        snprintf(name, sizeof name, "in%u", k);
        if (s->in[k].kind != KIND_WEIGHT) in[k] = declare(&s->in[k], g, name);
    }
    if (s->alias == OUT_OWN) own = declare(&s->out, g, "out");
    for (uint32_t c = 0; c < copies; c++) {
        for (uint32_t k = 0; k < s->n_in; k++) {
            snprintf(name, sizeof name, "in%u.%u", k, c);
            if (s->in[k].kind == KIND_WEIGHT) in[k] = declare(&s->in[k], g, name);
        }
        if (s->alias >= 0) own = in[s->alias];
        *out = graph_emit(g, s->row, in, s->n_in, s->param, sizeof s->param, own);
    }
    return g->err->code == ERR_NONE;
}

uint64_t shape_op_bytes(const struct shape_op *s, uint32_t copies)
{
    uint64_t bytes = shape_bytes(s->out.sh, s->out.dtype);
    for (uint32_t k = 0; k < s->n_in; k++) {
        if (s->in[k].kind == KIND_NONE) continue;
        uint64_t one = shape_bytes(s->in[k].sh, s->in[k].dtype);
        bytes += s->in[k].kind == KIND_WEIGHT ? one * copies : one;
    }
    return bytes;
}
