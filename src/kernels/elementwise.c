// elementwise.c — add, activate, slice_cols: one output element from the same place of the inputs.
// Knows nothing about models.
#include "kernels/common.h"

// --- add: b may have one item that serves every item of a ----------------------------------------------------------

static bool add_infer(struct graph *g, struct op *o)
{
    if (!infer_floats(g, o, 0) || !infer_floats(g, o, 1)) return false;
    const struct tensor *a = op_operand(g, o, 0), *b = op_operand(g, o, 1);
    if (b->sh.rows != a->sh.rows || b->sh.cols != a->sh.cols || (b->sh.items != a->sh.items && b->sh.items != 1))
        return infer_clash(g, o, 0, 1, "shapes do not match");
    return infer_out(g, o, is_half(a) && is_half(b) ? DT_F16 : DT_F32, a->sh);
}

static void add_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g, (void)o;
    uint64_t n = shape_count(out.sh), period = shape_count(in[1].sh);
    for (uint64_t i = 0; i < n; i++) out.p[i] = (float)((double)in[0].p[i] + in[1].p[i % period]);
}

static struct work add_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 1);
}

static bool add_broadcasts(const struct graph *g, const struct op *o)
{
    return op_operand(g, o, 1)->sh.items != op_operand(g, o, 0)->sh.items;
}

static struct span add_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, add_broadcasts(g, o) ? 1 : 2);
}

static void add_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    struct shape sh = op_output(g, o)->sh;
    bool broadcast = add_broadcasts(g, o);
    launch_each(c, g, o, l, (uint64_t)s.count * sh.cols);
    launch_push(l, broadcast ? s.first % sh.rows * sh.cols : 0);
    launch_push(l, broadcast ? sh.rows * sh.cols : s.count * sh.cols);
}

static bool add_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct shape shapes[] = {{1, 1, 1}, {3, 5, 7}, {2, 9, 66}, {2, 65, 130}};
    if (i >= 2 * COUNTOF(shapes)) return false;
    struct shape a = shapes[i / 2], b = a;
    if (i % 2) b.items = 1;
    ten x = case_act(g, 0, a);
    ten y = i % 2 ? case_input(g, 1, DT_F32, b) : case_act(g, 1, b);
    *out = i % 2 ? op_add_pos(g, x, y) : op_add(g, x, y);
    return true;
}

static const struct kernel_row add_kernel = {
    .name = "add", .shader = "add", .needs = "nothing", .fits = fits_always, .pack = add_pack};
const struct op_row op_add_row = {
    .name = "add",
    .infer = add_infer,
    .oracle = add_oracle,
    .work = add_work,
    .split_count = split_rows,
    .span = add_span,
    .kernels = (const struct kernel_row *const[]){&add_kernel, NULL},
    .cases = add_cases,
};

ten op_add(struct graph *g, ten a, ten b)
{
    return graph_emit(g, &op_add_row, (ten[]){a, b}, 2, NULL, 0, (ten){0});
}

ten op_add_pos(struct graph *g, ten x, ten pos)
{
    return graph_emit(g, &op_add_row, (ten[]){x, pos}, 2, NULL, 0, (ten){0});
}

// --- activate ------------------------------------------------------------------------------------------------------

struct activate_param {
    uint32_t act;
};

static bool activate_infer(struct graph *g, struct op *o)
{
    if (!infer_floats(g, o, 0)) return false;
    const struct tensor *a = op_operand(g, o, 0);
    return infer_out(g, o, a->dtype, a->sh);
}

static void activate_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct activate_param *p = (const void *)o->param;
    uint64_t n = shape_count(out.sh);
    for (uint64_t i = 0; i < n; i++) out.p[i] = (float)act_value(in[0].p[i], p->act);
}

static struct work activate_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 10);
}

static struct span activate_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, 1);
}

static void activate_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                          struct launch *l)
{
    const struct activate_param *p = (const void *)o->param;
    launch_each(c, g, o, l, (uint64_t)s.count * op_output(g, o)->sh.cols);
    launch_spec(l, p->act);
}

static bool activate_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct shape shapes[] = {{1, 1, 1}, {2, 5, 26}, {3, 67, 257}};
    if (i >= ACT_SOFT_CLAMP * COUNTOF(shapes)) return false;
    *out = op_activate(g, case_act(g, 0, shapes[i / ACT_SOFT_CLAMP]), ACT_GELU_TANH + i % ACT_SOFT_CLAMP);
    return true;
}

static const struct kernel_row activate_kernel = {
    .name = "activate", .shader = "activate", .needs = "nothing", .fits = fits_always, .pack = activate_pack};
const struct op_row op_activate_row = {
    .name = "activate",
    .infer = activate_infer,
    .oracle = activate_oracle,
    .work = activate_work,
    .split_count = split_rows,
    .span = activate_span,
    .kernels = (const struct kernel_row *const[]){&activate_kernel, NULL},
    .cases = activate_cases,
};

ten op_activate(struct graph *g, ten a, enum act act)
{
    struct activate_param p = {act};
    return graph_emit(g, &op_activate_row, &a, 1, &p, sizeof p, (ten){0});
}

// --- slice_cols ----------------------------------------------------------------------------------------------------

struct slice_param {
    uint32_t first, count;
};

static bool slice_infer(struct graph *g, struct op *o)
{
    const struct slice_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0)) return false;
    const struct tensor *x = op_operand(g, o, 0);
    if (p->count == 0 || (uint64_t)p->first + p->count > x->sh.cols)
        return graph_fail(g, o, "columns %u to %u of %.60s, which has %u", p->first, p->first + p->count, x->name,
                          x->sh.cols);
    return infer_out(g, o, p->count % 2 ? DT_F32 : x->dtype, (struct shape){x->sh.items, x->sh.rows, p->count});
}

static void slice_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct slice_param *p = (const void *)o->param;
    uint64_t rows = shape_rows(out.sh);
    for (uint64_t r = 0; r < rows; r++)
        for (uint32_t j = 0; j < p->count; j++) out.p[r * p->count + j] = in[0].p[r * in[0].sh.cols + p->first + j];
}

static struct work slice_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 0);
}

static struct span slice_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, 1);
}

static void slice_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    const struct slice_param *p = (const void *)o->param;
    launch_each(c, g, o, l, (uint64_t)s.count * p->count);
    launch_push(l, p->count);
    launch_push(l, p->first);
    launch_push(l, op_operand(g, o, 0)->sh.cols);
}

static bool slice_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        struct shape sh;
        uint32_t first, count;
    } t[] = {{{1, 1, 2}, 1, 1}, {{2, 5, 8}, 0, 4}, {{2, 300, 40}, 9, 30}, {{1, 7, 11}, 4, 7}};
    if (i >= COUNTOF(t)) return false;
    *out = op_slice_cols(g, case_act(g, 0, t[i].sh), t[i].first, t[i].count);
    return true;
}

static const struct kernel_row slice_kernel = {
    .name = "slice_cols", .shader = "slice_cols", .needs = "nothing", .fits = fits_always, .pack = slice_pack};
const struct op_row op_slice_cols_row = {
    .name = "slice_cols",
    .infer = slice_infer,
    .oracle = slice_oracle,
    .work = slice_work,
    .split_count = split_rows,
    .span = slice_span,
    .kernels = (const struct kernel_row *const[]){&slice_kernel, NULL},
    .cases = slice_cases,
};

ten op_slice_cols(struct graph *g, ten x, uint32_t first, uint32_t count)
{
    struct slice_param p = {first, count};
    return graph_emit(g, &op_slice_cols_row, &x, 1, &p, sizeof p, (ten){0});
}
