// common.c — the helpers of common.h. Knows no particular op.
#include "kernels/common.h"

#include <assert.h>
#include <stdio.h>

struct span span_whole(const struct tensor *t)
{
    return (struct span){0, shape_count(t->sh)};
}

struct span span_rows(const struct tensor *t, struct shard s)
{
    return (struct span){(uint64_t)s.first * t->sh.cols, (uint64_t)s.count * t->sh.cols};
}

struct span span_items(const struct tensor *t, struct shard s)
{
    uint64_t item = (uint64_t)t->sh.rows * t->sh.cols;
    return (struct span){s.first * item, s.count * item};
}

bool infer_out(struct graph *g, struct op *o, enum dtype d, struct shape sh)
{
    if (o->out == 0) {
        o->out = graph_tensor(g, KIND_TEMP, o->rate, d, sh, graph_name(g, o->row->name)).id;
        return o->out != 0;
    }
    const struct tensor *t = &g->t[o->out];
    if (t->dtype == d && same_shape(t->sh, sh)) return true;
    return graph_fail(g, o, "the output is %s %ux%ux%u, wanted %s %ux%ux%u", dtype_name(t->dtype), t->sh.items,
                      t->sh.rows, t->sh.cols, dtype_name(d), sh.items, sh.rows, sh.cols);
}

bool infer_want(struct graph *g, const struct op *o, uint32_t k, enum dtype d, struct shape sh)
{
    const struct tensor *t = op_operand(g, o, k);
    if (op_has(o, k) && t->dtype == d && same_shape(t->sh, sh)) return true;
    return graph_fail(g, o, "operand %u is %s %ux%ux%u, wanted %s %ux%ux%u", k, dtype_name(t->dtype), t->sh.items,
                      t->sh.rows, t->sh.cols, dtype_name(d), sh.items, sh.rows, sh.cols);
}

bool infer_floats(struct graph *g, const struct op *o, uint32_t k)
{
    const struct tensor *t = op_operand(g, o, k);
    if (op_has(o, k) && (t->dtype == DT_F32 || t->dtype == DT_F16)) return true;
    return graph_fail(g, o, "operand %u is %s, wanted F32 or F16", k, op_has(o, k) ? dtype_name(t->dtype) : "absent");
}

void launch_groups(const struct caps *c, struct launch *l, uint64_t total)
{
    uint64_t x = min_u64(total, c->groups_max[0]);
    l->groups[0] = (uint32_t)x;
    l->groups[1] = (uint32_t)((total + x - 1) / x);
    l->groups[2] = 1;
}

void launch_push(struct launch *l, uint32_t word)
{
    assert(l->n_push < PUSH_WORDS);
    l->push[l->n_push++] = word;
}

void launch_spec(struct launch *l, uint32_t word)
{
    assert(l->n_spec < SPEC_MAX);
    l->spec[l->n_spec++] = word;
}

static ten case_tensor(struct graph *g, enum kind kind, uint32_t k, enum dtype d, struct shape sh)
{
    char name[16];
    snprintf(name, sizeof name, "in%u", k);
    return graph_tensor(g, kind, kind == KIND_WEIGHT ? RATE_CONST : RATE_STEP, d, sh, name);
}

ten case_input(struct graph *g, uint32_t k, enum dtype d, struct shape sh)
{
    return case_tensor(g, KIND_INPUT, k, d, sh);
}

ten case_weight(struct graph *g, uint32_t k, enum dtype d, struct shape sh)
{
    return case_tensor(g, KIND_WEIGHT, k, d, sh);
}
