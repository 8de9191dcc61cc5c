// norm.c — layer and RMS normalisation of rows: modulated from the table (norm_mod), or with optional weights (norm).
#include "kernels/common.h"

#include <math.h>

struct norm_param {
    uint32_t rms;
    float eps;
    uint32_t conds, shift, scale; // norm_mod only
};

// (x - mean) / deviation of one row, in double.
static void normalise(const struct norm_param *p, const float *x, uint32_t cols, double *mean, double *factor)
{
    double sum = 0, squares = 0;
    for (uint32_t j = 0; j < cols; j++) sum += x[j];
    *mean = p->rms ? 0 : sum / cols;
    for (uint32_t j = 0; j < cols; j++) squares += (x[j] - *mean) * (x[j] - *mean);
    *factor = 1 / sqrt(squares / cols + p->eps);
}

static struct work norm_work(const struct graph *g, const struct op *o)
{
    struct work w = work_each(g, o, 9);
    w.bytes = (double)tensor_bytes(op_operand(g, o, 0)) + (double)tensor_bytes(op_output(g, o));
    return w;
}

// --- launches: a subgroup or a workgroup per row -------------------------------------------------------------------

// CPU drivers pay for barriers and for workgroups: one subgroup, several rows.
static bool norm_lanes_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    (void)g, (void)o;
    return c->type == CAPS_CPU && c->addresses && c->subgroup_arith && c->subgroup >= 2;
}

static void norm_open(const struct graph *g, const struct op *o, struct shard s, struct launch *l, uint32_t threads,
                      uint32_t groups)
{
    const struct norm_param *p = (const void *)o->param;
    launch_open(g, o, l, threads);
    l->groups[0] = groups;
    launch_spec(l, p->rms);
    launch_push(l, s.count);
    launch_push(l, op_output(g, o)->sh.cols);
    launch_push_float(l, p->eps);
}

static void norm_lanes_open(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    enum { ROWS = 16 };
    norm_open(g, o, s, l, c->subgroup, min_u32(ceil_div(s.count, ROWS), c->groups_max[0]));
    l->subgroup = c->subgroup_pick ? c->subgroup : 0;
}

static void norm_group_open(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    uint32_t threads = 32, most = min_u32(256, min_u32(c->threads_max, c->threads_x_max));
    while (threads * 2 <= most && threads * 8 < op_output(g, o)->sh.cols) threads *= 2; // a power of two
    norm_open(g, o, s, l, threads, min_u32(s.count, c->groups_max[0]));
}

// --- norm_mod: operands x, table, now, cond ------------------------------------------------------------------------

static bool mod_infer(struct graph *g, struct op *o)
{
    const struct norm_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0)) return false;
    struct shape sh = op_operand(g, o, 0)->sh;
    if (!infer_mod(g, o, 1, p->conds, p->shift, sh.cols) || !infer_mod(g, o, 1, p->conds, p->scale, sh.cols))
        return false;
    return infer_out(g, o, act_dtype(g, sh), sh);
}

static void mod_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct norm_param *p = (const void *)o->param;
    uint32_t cols = out.sh.cols;
    for (uint64_t r = 0; r < shape_rows(out.sh); r++) {
        const float *x = &in[0].p[r * cols];
        const float *shift = mod_of(&in[1], p->conds, p->shift, (uint32_t)(r / out.sh.rows));
        const float *scale = mod_of(&in[1], p->conds, p->scale, (uint32_t)(r / out.sh.rows));
        double mean, factor;
        normalise(p, x, cols, &mean, &factor);
        for (uint32_t j = 0; j < cols; j++)
            out.p[r * cols + j] = (float)((x[j] - mean) * factor * (1 + (double)scale[j]) + shift[j]);
    }
}

static struct span mod_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, 1);
}

static void mod_push(const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    const struct norm_param *p = (const void *)o->param;
    const uint32_t words[] = {s.first, op_output(g, o)->sh.rows, p->conds, op_operand(g, o, 1)->sh.rows, p->shift,
                              p->scale};
    for (uint32_t i = 0; i < COUNTOF(words); i++) launch_push(l, words[i]);
}

static void mod_lanes_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                           struct launch *l)
{
    norm_lanes_open(c, g, o, s, l);
    mod_push(g, o, s, l);
}

static void mod_group_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                           struct launch *l)
{
    norm_group_open(c, g, o, s, l);
    mod_push(g, o, s, l);
}

static const struct shape norm_shapes[] = {{1, 1, 2}, {3, 5, 7}, {2, 65, 130}, {1, 17, 257}, {2, 17, 576}};

static bool mod_cases(struct graph *g, uint32_t i, ten *out)
{
    if (i >= 2 * COUNTOF(norm_shapes)) return false;
    struct shape sh = norm_shapes[i / 2];
    ten x = case_input(g, 0, DT_F32, sh);
    struct mod shift = case_mod(g, 1, sh.items, sh.cols, 3), scale = shift;
    scale.slot = 1;
    *out = i % 2 ? op_rms_norm_mod(g, x, shift, scale, 1e-5f) : op_layer_norm_mod(g, x, shift, scale, 1e-6f);
    return true;
}

static const struct kernel_row mod_lanes = {
    .name = "norm_mod_lanes",
    .shader = "norm_mod_lanes",
    .addresses = true,
    .needs = "a CPU device with subgroup arithmetic and buffer addresses",
    .fits = norm_lanes_fits,
    .pack = mod_lanes_pack,
};
static const struct kernel_row mod_group = {
    .name = "norm_mod", .shader = "norm_mod", .needs = "nothing", .fits = fits_always, .pack = mod_group_pack};
const struct op_row op_norm_mod_row = {
    .name = "norm_mod",
    .infer = mod_infer,
    .oracle = mod_oracle,
    .work = norm_work,
    .split_count = split_rows,
    .span = mod_span,
    .kernels = (const struct kernel_row *const[]){&mod_lanes, &mod_group, NULL},
    .cases = mod_cases,
};

static ten norm_mod(struct graph *g, ten x, struct mod shift, struct mod scale, float eps, uint32_t rms)
{
    if (shift.table.id != scale.table.id || shift.now.id != scale.now.id || shift.cond.id != scale.cond.id) {
        err_set(g->err, ERR_MODEL, "%.60s: norm_mod: shift and scale come from different tables", g->scope);
        return (ten){0};
    }
    struct norm_param p = {rms, eps, shift.conds, shift.slot, scale.slot};
    ten in[] = {x, shift.table, shift.now, shift.cond};
    return graph_emit(g, &op_norm_mod_row, in, COUNTOF(in), &p, sizeof p, (ten){0});
}

ten op_layer_norm_mod(struct graph *g, ten x, struct mod shift, struct mod scale, float eps)
{
    return norm_mod(g, x, shift, scale, eps, false);
}

ten op_rms_norm_mod(struct graph *g, ten x, struct mod shift, struct mod scale, float eps)
{
    return norm_mod(g, x, shift, scale, eps, true);
}

// --- norm: operands x, w, b ----------------------------------------------------------------------------------------

static bool norm_infer(struct graph *g, struct op *o)
{
    if (!infer_floats(g, o, 0)) return false;
    struct shape sh = op_operand(g, o, 0)->sh;
    for (uint32_t k = 1; k < 3; k++)
        if (op_has(o, k) && !infer_want(g, o, k, op_operand(g, o, k)->dtype, (struct shape){1, 1, sh.cols}))
            return false;
    return infer_out(g, o, act_dtype(g, sh), sh);
}

static void norm_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct norm_param *p = (const void *)o->param;
    uint32_t cols = out.sh.cols;
    for (uint64_t r = 0; r < shape_rows(out.sh); r++) {
        const float *x = &in[0].p[r * cols];
        double mean, factor;
        normalise(p, x, cols, &mean, &factor);
        for (uint32_t j = 0; j < cols; j++) {
            double w = op_has(o, 1) ? in[1].p[j] : 1, b = op_has(o, 2) ? in[2].p[j] : 0;
            out.p[r * cols + j] = (float)((x[j] - mean) * factor * w + b);
        }
    }
}

static void norm_affine(const struct op *o, struct launch *l)
{
    launch_spec(l, op_has(o, 1));
    launch_spec(l, op_has(o, 2));
}

static void norm_lanes_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    norm_lanes_open(c, g, o, s, l);
    norm_affine(o, l);
}

static void norm_group_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    norm_group_open(c, g, o, s, l);
    norm_affine(o, l);
}

static bool norm_cases(struct graph *g, uint32_t i, ten *out)
{
    if (i >= 2 * COUNTOF(norm_shapes)) return false;
    struct shape sh = norm_shapes[i / 2];
    ten x = case_act(g, 0, sh), w = {0}, b = {0};
    if (i != 0) w = case_weight(g, 1, DT_F32, (struct shape){1, 1, sh.cols});
    if (i > 2 && i % 2 == 0) b = case_weight(g, 2, DT_F32, (struct shape){1, 1, sh.cols});
    *out = i % 2 ? op_rms_norm(g, x, w, 1e-5f) : op_layer_norm(g, x, w, b, 1e-6f);
    return true;
}

static const struct kernel_row norm_lanes = {
    .name = "norm_lanes",
    .shader = "norm_lanes",
    .addresses = true,
    .needs = "a CPU device with subgroup arithmetic and buffer addresses",
    .fits = norm_lanes_fits,
    .pack = norm_lanes_pack,
};
static const struct kernel_row norm_group = {
    .name = "norm", .shader = "norm", .needs = "nothing", .fits = fits_always, .pack = norm_group_pack};
const struct op_row op_norm_row = {
    .name = "norm",
    .infer = norm_infer,
    .oracle = norm_oracle,
    .work = norm_work,
    .split_count = split_rows,
    .span = mod_span,
    .kernels = (const struct kernel_row *const[]){&norm_lanes, &norm_group, NULL},
    .cases = norm_cases,
};

ten op_layer_norm(struct graph *g, ten x, ten w, ten b, float eps)
{
    struct norm_param p = {.rms = false, .eps = eps};
    return graph_emit(g, &op_norm_row, (ten[]){x, w, b}, 3, &p, sizeof p, (ten){0});
}

ten op_rms_norm(struct graph *g, ten x, ten w, float eps)
{
    struct norm_param p = {.rms = true, .eps = eps};
    return graph_emit(g, &op_norm_row, (ten[]){x, w, (ten){0}}, 3, &p, sizeof p, (ten){0});
}
