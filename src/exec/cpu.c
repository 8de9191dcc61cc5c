// cpu.c — the tape run by its oracles on the host, in order: slow, and the reference for whole models.
#include "exec/exec.h"

#include <stdlib.h>
#include <string.h>

struct cpu {
    const struct graph *g;
    float **data;
};

struct cpu *cpu_open(const struct graph *g, struct err *e)
{
    struct cpu *x = mem_zero(1, sizeof *x, e);
    if (!x) return NULL;
    x->g = g;
    x->data = mem_zero(g->n_t, sizeof *x->data, e);
    for (uint32_t i = 1; x->data && i < g->n_t; i++) {
        x->data[i] = mem_zero(shape_count(g->t[i].sh), sizeof(float), e);
        if (!x->data[i]) break;
    }
    if (e->code == ERR_NONE) return x;
    cpu_close(x);
    return NULL;
}

void cpu_close(struct cpu *x)
{
    if (!x) return;
    for (uint32_t i = 0; x->data && i < x->g->n_t; i++) free(x->data[i]);
    free(x->data);
    free(x);
}

float *cpu_data(struct cpu *x, ten t)
{
    return x->data[t.id];
}

static void run_op(struct cpu *x, const struct op *o)
{
    struct cview in[OP_IN] = {0};
    const struct tensor *out = &x->g->t[o->out];
    for (uint32_t k = 0; k < o->n_in; k++) in[k] = (struct cview){x->data[o->in[k]], x->g->t[o->in[k]].sh};
    o->row->oracle(x->g, o, in, (struct mview){x->data[o->out], out->sh});
    if (out->dtype != DT_F16) return;
    for (uint64_t i = 0; i < shape_count(out->sh); i++)
        x->data[o->out][i] = half_to_float(half_from_float(x->data[o->out][i]));
}

void cpu_run(struct cpu *x, enum rate r)
{
    for (uint32_t i = 0; i < x->g->n_op; i++)
        if (x->g->op[i].rate == r) run_op(x, &x->g->op[i]);
}
