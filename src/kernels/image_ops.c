// image_ops.c — moving pixels: nchw_to_rows, rows_to_nchw, upsample2, to_bytes. Does no arithmetic worth the name.
#include "kernels/common.h"

#include <math.h>
#include <string.h>

// --- transpose: rows and columns of every item swapped, times a factor ---------------------------------------------

struct transpose_param {
    float factor;
    uint32_t to_rows; // result in the graph's activation storage, otherwise F32
};

static bool transpose_infer(struct graph *g, struct op *o)
{
    const struct transpose_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0)) return false;
    struct shape x = op_operand(g, o, 0)->sh, sh = {x.items, x.cols, x.rows};
    return infer_out(g, o, p->to_rows ? act_dtype(g, sh) : DT_F32, sh);
}

static void transpose_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct transpose_param *p = (const void *)o->param;
    uint64_t rows = out.sh.rows, cols = out.sh.cols;
    for (uint64_t i = 0; i < out.sh.items; i++)
        for (uint64_t r = 0; r < rows; r++)
            for (uint64_t c = 0; c < cols; c++)
                out.p[(i * rows + r) * cols + c] = in[0].p[(i * cols + c) * rows + r] * p->factor;
}

static struct work transpose_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 1);
}

static struct span transpose_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_items(op_operand(g, o, k), s);
}

static void transpose_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                           struct launch *l)
{
    const struct transpose_param *p = (const void *)o->param;
    struct shape sh = op_output(g, o)->sh;
    launch_each(c, g, o, l, (uint64_t)s.count * sh.rows * sh.cols);
    launch_push(l, sh.rows);
    launch_push(l, sh.cols);
    launch_push_float(l, p->factor);
}

static bool transpose_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct shape shapes[] = {{1, 1, 1}, {3, 4, 66}, {5, 65, 66}, {1, 3, 130}};
    if (i >= 2 * COUNTOF(shapes)) return false;
    ten x = case_act(g, 0, shapes[i / 2]);
    *out = i % 2 ? op_nchw_to_rows(g, x, 5.5f) : op_rows_to_nchw(g, x, 0.25f);
    return true;
}

static const struct kernel_row transpose_kernel = {
    .name = "transpose", .shader = "transpose", .needs = "nothing", .fits = fits_always, .pack = transpose_pack};
const struct op_row op_transpose_row = {
    .name = "transpose",
    .infer = transpose_infer,
    .oracle = transpose_oracle,
    .work = transpose_work,
    .split_count = split_items,
    .span = transpose_span,
    .kernels = (const struct kernel_row *const[]){&transpose_kernel, NULL},
    .cases = transpose_cases,
};

ten op_nchw_to_rows(struct graph *g, ten x, float mul)
{
    struct transpose_param p = {mul, true};
    return graph_emit(g, &op_transpose_row, &x, 1, &p, sizeof p, (ten){0});
}

ten op_rows_to_nchw(struct graph *g, ten x, float mul)
{
    struct transpose_param p = {mul, false};
    return graph_emit(g, &op_transpose_row, &x, 1, &p, sizeof p, (ten){0});
}

// --- upsample2: split by pairs of result lines, so that every shard starts at a line of the input ------------------

struct upsample_param {
    uint32_t h, w; // of the input
};

static bool upsample_infer(struct graph *g, struct op *o)
{
    const struct upsample_param *p = (const void *)o->param;
    const struct tensor *x = op_operand(g, o, 0);
    if (!infer_floats(g, o, 0)) return false;
    if ((uint64_t)p->h * p->w != x->sh.rows || x->sh.rows > UINT32_MAX / 4)
        return graph_fail(g, o, "%.60s has %u pixels, not %ux%u", x->name, x->sh.rows, p->h, p->w);
    return infer_out(g, o, x->dtype, (struct shape){x->sh.items, 4 * x->sh.rows, x->sh.cols});
}

static void upsample_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct upsample_param *p = (const void *)o->param;
    uint64_t wide = 2 * (uint64_t)p->w, rows = shape_rows(out.sh), cols = out.sh.cols;
    for (uint64_t r = 0; r < rows; r++) {
        uint64_t from = r / wide / 2 * p->w + r % wide / 2; // heights are even, so items need no care
        memcpy(&out.p[r * cols], &in[0].p[from * cols], cols * sizeof *out.p);
    }
}

static struct work upsample_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 0);
}

static uint32_t upsample_lines(const struct graph *g, const struct op *o)
{
    const struct upsample_param *p = (const void *)o->param;
    return op_output(g, o)->sh.items * p->h;
}

static struct span upsample_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct upsample_param *p = (const void *)o->param;
    uint64_t line = (uint64_t)p->w * op_output(g, o)->sh.cols * (k == 0 ? 1 : 4);
    return (struct span){s.first * line, s.count * line};
}

static void upsample_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                          struct launch *l)
{
    const struct upsample_param *p = (const void *)o->param;
    uint32_t channels = op_output(g, o)->sh.cols;
    launch_each(c, g, o, l, (uint64_t)s.count * 4 * p->w * channels);
    launch_push(l, 2 * p->w);
    launch_push(l, channels);
}

static bool upsample_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t n, h, w, channels;
    } t[] = {{1, 1, 1, 1}, {2, 3, 5, 6}, {3, 7, 9, 13}, {1, 8, 16, 34}};
    if (i >= COUNTOF(t)) return false;
    ten x = case_act(g, 0, (struct shape){t[i].n, t[i].h * t[i].w, t[i].channels});
    *out = op_upsample2(g, x, t[i].h, t[i].w);
    return true;
}

static const struct kernel_row upsample_kernel = {
    .name = "upsample2", .shader = "upsample2", .needs = "nothing", .fits = fits_always, .pack = upsample_pack};
const struct op_row op_upsample2_row = {
    .name = "upsample2",
    .infer = upsample_infer,
    .oracle = upsample_oracle,
    .work = upsample_work,
    .split_count = upsample_lines,
    .span = upsample_span,
    .kernels = (const struct kernel_row *const[]){&upsample_kernel, NULL},
    .cases = upsample_cases,
};

ten op_upsample2(struct graph *g, ten x, uint32_t h, uint32_t w)
{
    struct upsample_param p = {h, w};
    return graph_emit(g, &op_upsample2_row, &x, 1, &p, sizeof p, (ten){0});
}

// --- to_bytes ------------------------------------------------------------------------------------------------------

static bool bytes_infer(struct graph *g, struct op *o)
{
    const struct tensor *x = op_operand(g, o, 0);
    if (!infer_floats(g, o, 0)) return false;
    if (x->sh.cols != 3)
        return graph_fail(g, o, "%.60s [%u %u %u] has not three channels", x->name, x->sh.items, x->sh.rows,
                          x->sh.cols);
    return infer_out(g, o, DT_I32, (struct shape){x->sh.items, x->sh.rows, 1});
}

struct bytes_param {
    float factor, offset; // rounded to the nearest
};

static uint32_t byte_of(const struct bytes_param *p, float v)
{
    float scaled = v * p->factor + p->offset;
    return scaled >= 0 ? (uint32_t)fminf(scaled, 255.0f) : 0; // the comparison is false for NaN
}

static void bytes_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct bytes_param *p = (const void *)o->param;
    uint64_t rows = shape_rows(out.sh);
    for (uint64_t r = 0; r < rows; r++) {
        const float *x = &in[0].p[3 * r];
        uint32_t word = byte_of(p, x[0]) | byte_of(p, x[1]) << 8 | byte_of(p, x[2]) << 16 | 0xff000000u;
        memcpy(&out.p[r], &word, sizeof word);
    }
}

static struct work bytes_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 12);
}

static struct span bytes_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, 1);
}

static void bytes_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    const struct bytes_param *p = (const void *)o->param;
    launch_each(c, g, o, l, s.count);
    launch_push_float(l, p->factor);
    launch_push_float(l, p->offset);
}

static bool bytes_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct shape shapes[] = {{1, 1, 3}, {3, 2100, 3}};
    if (i >= 2 * COUNTOF(shapes)) return false;
    *out = op_to_bytes(g, case_act(g, 0, shapes[i / 2]), i % 2 ? 0 : -1);
    return true;
}

static const struct kernel_row bytes_kernel = {
    .name = "to_bytes", .shader = "to_bytes", .needs = "nothing", .fits = fits_always, .pack = bytes_pack};
const struct op_row op_to_bytes_row = {
    .name = "to_bytes",
    .infer = bytes_infer,
    .oracle = bytes_oracle,
    .work = bytes_work,
    .split_count = split_rows,
    .span = bytes_span,
    .kernels = (const struct kernel_row *const[]){&bytes_kernel, NULL},
    .cases = bytes_cases,
};

ten op_to_bytes(struct graph *g, ten x, float low)
{
    const float factor = 255 / (1 - low);
    struct bytes_param p = {factor, 0.5f - low * factor};
    return graph_emit(g, &op_to_bytes_row, &x, 1, &p, sizeof p, (ten){0});
}
