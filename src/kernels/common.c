// common.c — the helpers of common.h. Knows no particular op.
#include "kernels/common.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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

bool infer_clash(struct graph *g, const struct op *o, uint32_t a, uint32_t b, const char *what)
{
    const struct tensor *s = op_operand(g, o, a), *t = op_operand(g, o, b);
    return graph_fail(g, o, "%s: %.60s [%u %u %u] %s, %.60s [%u %u %u] %s", what, s->name, s->sh.items, s->sh.rows,
                      s->sh.cols, dtype_name(s->dtype), t->name, t->sh.items, t->sh.rows, t->sh.cols,
                      dtype_name(t->dtype));
}

bool infer_now(struct graph *g, const struct op *o, uint32_t k)
{
    const struct tensor *t = op_operand(g, o, k);
    bool given = k == o->n_in ? o->out != 0 : op_has(o, k);
    if (given && dtype_bytes(t->dtype) == 4 && shape_count(t->sh) == TICK_WORDS) return true;
    return graph_fail(g, o, "operand %u is no tick: %s %ux%ux%u, wanted %u words", k, dtype_name(t->dtype), t->sh.items,
                      t->sh.rows, t->sh.cols, (unsigned)TICK_WORDS);
}

bool infer_mod(struct graph *g, const struct op *o, uint32_t k, uint32_t conds, uint32_t slot, uint32_t cols)
{
    const struct tensor *table = op_operand(g, o, k), *cond = op_operand(g, o, k + 2);
    const uint32_t items = op_operand(g, o, 0)->sh.items;
    if (!infer_now(g, o, k + 1)) return false;
    if (!op_has(o, k + 2) || cond->dtype != DT_I32 || cond->sh.cols < items)
        return graph_fail(g, o, "operand %u is %s %ux%ux%u, wanted an integer for each of %u items", k + 2,
                          dtype_name(cond->dtype), cond->sh.items, cond->sh.rows, cond->sh.cols, items);
    if (op_has(o, k) && table->dtype == DT_F32 && table->sh.cols == cols && slot < table->sh.rows && conds > 0 &&
        table->sh.items >= conds)
        return true;
    return graph_fail(g, o, "slot %u of %u conditions, %u wide, is not in %.60s %s %ux%ux%u", slot, conds, cols,
                      table->name, dtype_name(table->dtype), table->sh.items, table->sh.rows, table->sh.cols);
}

struct tick tick_of(struct cview now)
{
    struct tick t;
    memcpy(&t, now.p, sizeof t);
    return t;
}

const float *mod_of(const struct cview v[3], uint32_t conds, uint32_t slot, uint32_t item)
{
    uint32_t cond;
    memcpy(&cond, &v[2].p[item], sizeof cond);
    uint64_t row = (uint64_t)tick_of(v[1]).mod * conds + cond;
    return &v[0].p[(row * v[0].sh.rows + slot) * v[0].sh.cols];
}

enum dtype act_dtype(const struct graph *g, struct shape sh)
{
    return sh.cols % 2 ? DT_F32 : g->act;
}

double act_value(double v, enum act a)
{
    switch (a) {
    case ACT_GELU_TANH: return 0.5 * v * (1 + tanh(0.79788456080286535588 * (v + 0.044715 * v * v * v)));
    case ACT_SILU: return v / (1 + exp(-v));
    case ACT_GELU_ERF: return 0.5 * v * (1 + erf(v * 0.70710678118654752440));
    case ACT_RELU: return v > 0 ? v : 0;
    case ACT_SOFT_CLAMP: return 3 * tanh(v / 3);
    case ACT_NONE: break;
    }
    return v;
}

struct work work_each(const struct graph *g, const struct op *o, double per_element)
{
    struct work w = {.flops = per_element * (double)shape_count(op_output(g, o)->sh)};
    for (uint32_t k = 0; k <= o->n_in; k++)
        if (k == o->n_in || op_has(o, k)) w.bytes += (double)tensor_bytes(op_operand(g, o, k));
    return w;
}

uint32_t split_rows(const struct graph *g, const struct op *o)
{
    return (uint32_t)shape_rows(op_output(g, o)->sh);
}

uint32_t split_items(const struct graph *g, const struct op *o)
{
    return op_output(g, o)->sh.items;
}

struct span span_rows_of(const struct graph *g, const struct op *o, uint32_t k, struct shard s, uint32_t n_split)
{
    const struct tensor *t = op_operand(g, o, k);
    return k < n_split || k == o->n_in ? span_rows(t, s) : span_whole(t);
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

void launch_push_float(struct launch *l, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    launch_push(l, bits);
}

void launch_spec(struct launch *l, uint32_t word)
{
    assert(l->n_spec < SPEC_MAX);
    l->spec[l->n_spec++] = word;
}

void launch_open(const struct graph *g, const struct op *o, struct launch *l, uint32_t threads)
{
    uint32_t halves = 0;
    for (uint32_t k = 0; k <= o->n_in; k++)
        if (is_half(op_operand(g, o, k))) halves |= 1u << k; // t[0], which absent operands name, is no half
    *l = (struct launch){.groups = {1, 1, 1}};
    launch_spec(l, halves);
    launch_spec(l, threads);
}

void launch_each(const struct caps *c, const struct graph *g, const struct op *o, struct launch *l, uint64_t count)
{
    bool cpu = c->type == CAPS_CPU;
    uint32_t threads = min_u32(cpu ? 64 : 256, min_u32(c->threads_max, c->threads_x_max));
    uint64_t per_group = cpu ? 16384 : 2 * (uint64_t)threads;
    uint64_t groups = (count + per_group - 1) / per_group;
    launch_open(g, o, l, threads);
    l->groups[0] = (uint32_t)min_u64(groups ? groups : 1, c->groups_max[0]);
    launch_push(l, (uint32_t)count);
}

bool has_lanes(const struct caps *c)
{
    return c->type == CAPS_CPU && (c->subgroup == 4 || c->subgroup == 8 || c->subgroup == 16);
}

bool has_pairs(const struct caps *c)
{
    return c->addresses && c->int64;
}

bool on_lavapipe(const struct caps *c)
{
    enum { LAVAPIPE = 13 }; // VK_DRIVER_ID_MESA_LLVMPIPE
    return c->type == CAPS_CPU && c->driver_id == LAVAPIPE;
}

bool on_swiftshader(const struct caps *c)
{
    enum { SWIFTSHADER = 10 }; // VK_DRIVER_ID_GOOGLE_SWIFTSHADER
    return c->type == CAPS_CPU && c->driver_id == SWIFTSHADER;
}

bool texels_pay(const struct caps *c)
{
    return on_lavapipe(c) && c->texels && c->mesa < 25;
}

bool uniforms_pay(const struct caps *c)
{
    return on_lavapipe(c) && c->mesa >= 26;
}

// Whole TRIPs of rows whose fours begin at fours.
static bool lines_pay(const struct caps *c, uint32_t k, enum dtype d)
{
    return uniforms_pay(c) && k % (d == DT_F16 || d == DT_Q4 ? 8 : 4) == 0;
}

void launch_trips(const struct caps *c, struct launch *l, uint32_t k, enum dtype d)
{
    launch_spec(l, lines_pay(c, k, d));
    launch_spec(l, !lines_pay(c, k, d) && k % c->subgroup != 0);
}

struct layout panel_layout(const struct caps *c, uint32_t panel, uint32_t k, enum dtype d)
{
    const uint32_t word = quant_is(d) ? 32 / quant_bits(d) : d == DT_F16 ? 2 : 1; // k in a word
    if (lines_pay(c, k, d)) return (struct layout){LAYOUT_PANELS, panel, word, c->subgroup};
    return (struct layout){LAYOUT_PANELS, panel, quant_is(d) ? word : 2, 0};
}

bool fits_always(const struct caps *c, const struct graph *g, const struct op *o)
{
    (void)c, (void)g, (void)o;
    return true;
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

ten case_now(struct graph *g, uint32_t k)
{
    return case_state(g, k, DT_I32, (struct shape){1, 1, TICK_WORDS});
}

struct mod case_mod(struct graph *g, uint32_t k, uint32_t items, uint32_t cols, uint32_t slot)
{
    enum { CONDS = 3, SLOTS = 4, TICKS = 2 };
    ten table = case_state(g, k, DT_F32, (struct shape){CONDS * TICKS, SLOTS, cols});
    ten now = case_now(g, k + 1);
    ten cond = case_input(g, k + 2, DT_I32, (struct shape){1, 1, items});
    return (struct mod){table, now, cond, CONDS, slot};
}

ten case_act(struct graph *g, uint32_t k, struct shape sh)
{
    return case_tensor(g, KIND_INPUT, k, act_dtype(g, sh), sh);
}

ten case_state(struct graph *g, uint32_t k, enum dtype d, struct shape sh)
{
    return case_tensor(g, KIND_STATE, k, d, sh);
}
