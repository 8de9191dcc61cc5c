// common.c — helpers of this folder. Knows no particular op.
#include "kernels/common.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/tick.h"

bool have_operands(const struct op *o, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (o->in[k] == 0) return false;
    return true;
}

bool same_shape(struct shape a, struct shape b)
{
    return a.items == b.items && a.rows == b.rows && a.cols == b.cols;
}

bool is_float(const struct tensor *t)
{
    return t->dtype == DT_F32 || t->dtype == DT_F16;
}

bool fail_shapes(struct graph *g, const struct op *o, uint32_t a, uint32_t b, const char *what)
{
    const struct tensor *s = operand(g, o, a), *t = operand(g, o, b);
    return graph_fail(g, o, "%s: %.60s [%u %u %u] %s, %.60s [%u %u %u] %s", what, s->name, s->sh.items, s->sh.rows,
                      s->sh.cols, dtype_name(s->dtype), t->name, t->sh.items, t->sh.rows, t->sh.cols,
                      dtype_name(t->dtype));
}

bool make_out(struct graph *g, struct op *o, enum dtype d, struct shape sh)
{
    if (o->out == 0) {
        const char *name = graph_name(g, o->row->name);
        o->out = graph_tensor(g, KIND_TEMP, o->rate, d, sh, name).id;
        return o->out != 0;
    }
    const struct tensor *t = &g->t[o->out];
    if (t->dtype == d && same_shape(t->sh, sh)) return true;
    return graph_fail(g, o, "the result is [%u %u %u] %s, but %.60s is [%u %u %u] %s", sh.items, sh.rows, sh.cols,
                      dtype_name(d), t->name, t->sh.items, t->sh.rows, t->sh.cols, dtype_name(t->dtype));
}

enum dtype act_dtype(const struct graph *g, struct shape sh)
{
    return sh.cols % 2 ? DT_F32 : g->act;
}

struct work work_each(const struct graph *g, const struct op *o, double per_element)
{
    struct work w = {.flops = per_element * (double)shape_count(g->t[o->out].sh)};
    for (uint32_t k = 0; k <= o->n_in; k++)
        if (operand_id(o, k)) w.bytes += (double)tensor_bytes(operand(g, o, k));
    return w;
}

bool fits_always(const struct caps *c, const struct graph *g, const struct op *o)
{
    (void)c, (void)g, (void)o;
    return true;
}

void push_u32(struct launch *l, uint32_t v)
{
    if (l->n_push < PUSH_WORDS) l->push[l->n_push++] = v;
}

void push_f32(struct launch *l, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    push_u32(l, bits);
}

void spec_u32(struct launch *l, uint32_t v)
{
    if (l->n_spec < SPEC_MAX) l->spec[l->n_spec++] = v;
}

void launch_open(const struct graph *g, const struct op *o, struct launch *l, uint32_t threads)
{
    uint32_t halves = 0;
    for (uint32_t k = 0; k <= o->n_in; k++) {
        uint32_t id = operand_id(o, k) ? operand_id(o, k) : o->out; // absent operands are bound to the output
        if (g->t[id].dtype == DT_F16) halves |= 1u << k;
    }
    *l = (struct launch){.groups = {1, 1, 1}};
    spec_u32(l, halves);
    spec_u32(l, threads);
}

void launch_each(const struct caps *c, const struct graph *g, const struct op *o, struct launch *l, uint64_t count)
{
    bool cpu = c->type == CAPS_CPU;
    uint32_t threads = min_u32(cpu ? 64 : 256, c->threads_max);
    uint64_t per_group = cpu ? 16384 : 2 * threads;
    uint64_t groups = (count + per_group - 1) / per_group;
    launch_open(g, o, l, threads);
    l->groups[0] = (uint32_t)min_u64(groups ? groups : 1, c->groups_max[0]);
    push_u32(l, (uint32_t)count);
}

uint32_t split_rows(const struct graph *g, const struct op *o)
{
    return (uint32_t)shape_rows(g->t[o->out].sh);
}

uint32_t split_items(const struct graph *g, const struct op *o)
{
    return g->t[o->out].sh.items;
}

struct span whole(const struct tensor *t)
{
    return (struct span){0, shape_count(t->sh)};
}

struct span rows_span(const struct tensor *t, struct shard s)
{
    return (struct span){(uint64_t)s.first * t->sh.cols, (uint64_t)s.count * t->sh.cols};
}

struct span items_span(const struct tensor *t, struct shard s)
{
    uint64_t each = (uint64_t)t->sh.rows * t->sh.cols;
    return (struct span){s.first * each, s.count * each};
}

struct span span_rows_of(const struct graph *g, const struct op *o, uint32_t k, struct shard s, uint32_t n_split)
{
    const struct tensor *t = operand(g, o, k);
    return k < n_split || k == o->n_in ? rows_span(t, s) : whole(t);
}

static ten case_tensor(struct graph *g, enum kind kind, enum dtype d, struct shape sh, const char *fmt, uint32_t a,
                       uint32_t b)
{
    char name[32];
    snprintf(name, sizeof name, fmt, a, b);
    return graph_tensor(g, kind, RATE_STEP, d, sh, name);
}

ten case_act(struct graph *g, uint32_t k, struct shape sh)
{
    return case_tensor(g, KIND_INPUT, act_dtype(g, sh), sh, "in%u", k, 0);
}

ten case_f32(struct graph *g, uint32_t k, struct shape sh)
{
    return case_tensor(g, KIND_INPUT, DT_F32, sh, "in%u", k, 0);
}

ten case_weight(struct graph *g, uint32_t k, struct shape sh, enum dtype d)
{
    return case_tensor(g, KIND_WEIGHT, d, sh, "in%u", k, 0);
}

ten case_state(struct graph *g, uint32_t k, struct shape sh)
{
    return case_tensor(g, KIND_STATE, DT_F32, sh, "in%u", k, 0);
}

ten case_index(struct graph *g, uint32_t k, uint32_t count, uint32_t below)
{
    return case_tensor(g, KIND_INPUT, DT_I32, (struct shape){count, 1, 1}, "in%u<%u", k, below);
}

ten case_now(struct graph *g, uint32_t k)
{
    return case_tensor(g, KIND_STATE, DT_I32, (struct shape){1, 1, TICK_WORDS}, "tick%u", k, 0);
}

double act_value(double v, enum act a)
{
    switch (a) {
    case ACT_GELU_TANH: return 0.5 * v * (1 + tanh(0.79788456080286535588 * (v + 0.044715 * v * v * v)));
    case ACT_SILU: return v / (1 + exp(-v));
    case ACT_GELU_ERF: return 0.5 * v * (1 + erf(v * 0.70710678118654752440));
    case ACT_NONE: break;
    }
    return v;
}
