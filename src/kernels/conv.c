// conv.c — convolution of channel-last images, act(x * w + bias + res): operands x, w, bias, res. No im2col buffer: kernels read the image tap by
// tap. A shard is whole lines of the result, counted over all items, and reads those lines of x plus a halo.
#include "kernels/common.h"

enum { X, W, BIAS, RES };

struct conv_param {
    struct conv_shape s;
    uint32_t out_h, out_w, act;
};

static bool conv_sizes(struct graph *g, struct op *o)
{
    struct conv_param *p = (void *)o->param;
    struct conv_shape s = p->s;
    const struct tensor *x = op_operand(g, o, X);
    uint64_t pad = (uint64_t)s.pad_low + s.pad_high, h = (uint64_t)s.h * s.up + pad, w = (uint64_t)s.w * s.up + pad;
    if ((uint64_t)s.h * s.w != x->sh.rows)
        return graph_fail(g, o, "%.60s has %u pixels, not %ux%u", x->name, x->sh.rows, s.h, s.w);
    if ((s.up != 1 && s.up != 2) || s.stride == 0 || s.kernel == 0 || s.kernel > 16 || s.pad_low >= s.kernel ||
        h < s.kernel || w < s.kernel)
        return graph_fail(g, o, "kernel %u, stride %u, padding %u and %u, doubling %u over %ux%u", s.kernel, s.stride,
                          s.pad_low, s.pad_high, s.up, s.h, s.w);
    p->out_h = (uint32_t)((h - s.kernel) / s.stride + 1);
    p->out_w = (uint32_t)((w - s.kernel) / s.stride + 1);
    return true;
}

static bool conv_infer(struct graph *g, struct op *o)
{
    const struct conv_param *p = (const void *)o->param;
    if (!infer_floats(g, o, X) || !infer_floats(g, o, W) || !conv_sizes(g, o)) return false;
    const struct tensor *x = op_operand(g, o, X), *w = op_operand(g, o, W);
    if (w->sh.items != 1 || (uint64_t)p->s.kernel * p->s.kernel * x->sh.cols != w->sh.cols)
        return infer_clash(g, o, X, W, "channels times taps do not match");
    struct shape sh = {x->sh.items, p->out_h * p->out_w, w->sh.rows};
    if (op_has(o, BIAS) && !infer_want(g, o, BIAS, DT_F32, (struct shape){1, 1, sh.cols})) return false;
    if (op_has(o, RES) && (!infer_floats(g, o, RES) || !infer_want(g, o, RES, op_operand(g, o, RES)->dtype, sh)))
        return false;
    return infer_out(g, o, act_dtype(g, sh), sh);
}

// One pixel and channel; y and x may lie outside before doubling and padding are undone.
static double conv_value(const struct conv_param *p, const struct cview *in, uint32_t item, uint32_t oy, uint32_t ox,
                         uint32_t co)
{
    struct conv_shape s = p->s;
    uint32_t channels = in[X].sh.cols;
    double sum = 0;
    for (uint32_t tap = 0; tap < s.kernel * s.kernel; tap++) {
        uint32_t y = oy * s.stride + tap / s.kernel - s.pad_low, x = ox * s.stride + tap % s.kernel - s.pad_low;
        if (y >= s.h * s.up || x >= s.w * s.up) continue; // wraps when negative
        const float *pixel = &in[X].p[(((uint64_t)item * s.h + y / s.up) * s.w + x / s.up) * channels];
        const float *weight = &in[W].p[((uint64_t)co * s.kernel * s.kernel + tap) * channels];
        for (uint32_t c = 0; c < channels; c++) sum += (double)pixel[c] * weight[c];
    }
    return sum;
}

static void conv_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct conv_param *p = (const void *)o->param;
    uint32_t cols = out.sh.cols;
    for (uint64_t r = 0; r < shape_rows(out.sh); r++) {
        uint32_t item = (uint32_t)(r / out.sh.rows), pixel = (uint32_t)(r % out.sh.rows);
        for (uint32_t c = 0; c < cols; c++) {
            double v = conv_value(p, in, item, pixel / p->out_w, pixel % p->out_w, c);
            if (op_has(o, BIAS)) v += in[BIAS].p[c];
            if (op_has(o, RES)) v += in[RES].p[r * cols + c];
            out.p[r * cols + c] = (float)act_value(v, p->act);
        }
    }
}

static struct work conv_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 2 * (double)op_operand(g, o, W)->sh.cols);
}

// --- shards --------------------------------------------------------------------------------------------------------

static uint32_t conv_lines(const struct graph *g, const struct op *o)
{
    const struct conv_param *p = (const void *)o->param;
    return op_output(g, o)->sh.items * p->out_h;
}

// The line of x, over all items, that result line `line` reads with tap `ky`, moved inside its image.
static uint64_t conv_line_in(const struct conv_param *p, uint32_t line, uint32_t ky)
{
    int64_t y = (int64_t)(line % p->out_h) * p->s.stride + ky - p->s.pad_low, last = (int64_t)p->s.h * p->s.up - 1;
    y = y < 0 ? 0 : y > last ? last : y;
    return (uint64_t)(line / p->out_h) * p->s.h + (uint64_t)y / p->s.up;
}

static struct span conv_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct conv_param *p = (const void *)o->param;
    const struct tensor *t = op_operand(g, o, k);
    if (k == W || k == BIAS) return span_whole(t);
    if (k != X) return span_rows(t, (struct shard){s.first * p->out_w, s.count * p->out_w});
    uint64_t first = conv_line_in(p, s.first, 0), end = conv_line_in(p, s.first + s.count - 1, p->s.kernel - 1) + 1;
    uint64_t line = (uint64_t)p->s.w * t->sh.cols;
    return (struct span){first * line, (end - first) * line};
}

// --- kernels -------------------------------------------------------------------------------------------------------

static void conv_open(const struct graph *g, const struct op *o, struct shard s, struct launch *l, uint32_t threads)
{
    const struct conv_param *p = (const void *)o->param;
    launch_open(g, o, l, threads);
    const uint32_t spec[] = {op_has(o, BIAS), op_has(o, RES), p->s.kernel, p->s.stride, p->s.pad_low, p->s.up, p->act};
    for (uint32_t i = 0; i < COUNTOF(spec); i++) launch_spec(l, spec[i]);
    const uint32_t push[] = {s.count,
                             s.first,
                             p->out_h,
                             p->out_w,
                             op_output(g, o)->sh.cols,
                             p->s.h,
                             p->s.w,
                             op_operand(g, o, X)->sh.cols,
                             (uint32_t)conv_line_in(p, s.first, 0)};
    for (uint32_t i = 0; i < COUNTOF(push); i++) launch_push(l, push[i]);
}

// CPU drivers: conv_lanes.comp.
static bool lanes_shape(const struct caps *c, const struct graph *g, const struct op *o)
{
    return has_lanes(c) && c->subgroup_shuffle && op_operand(g, o, W)->kind == KIND_WEIGHT;
}

static bool lanes_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return has_pairs(c) && !on_swiftshader(c) && lanes_shape(c, g, o);
}

static bool texels_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return texels_pay(c) && lanes_shape(c, g, o);
}

// SwiftShader wants literal tiles and storage types (see operand.glsl) and broadcasts.
static bool lanes4_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    bool halves = false;
    for (uint32_t k = 0; k <= o->n_in; k++) halves |= is_half(op_operand(g, o, k));
    return c->addresses && lanes_shape(c, g, o) && c->subgroup_ballot && c->subgroup == 4 && !halves;
}

// Pairs of channels per lane: two, but one is enough for pictures of three channels.
static uint32_t lanes_pairs(const struct caps *c, const struct graph *g, const struct op *o)
{
    return op_output(g, o)->sh.cols <= 2 * c->subgroup ? 1 : 2;
}

static struct layout lanes_layout(const struct caps *c, const struct graph *g, const struct op *o, uint32_t operand)
{
    if (operand != W) return (struct layout){0};
    return panel_layout(c, c->subgroup * 2 * lanes_pairs(c, g, o), op_operand(g, o, X)->sh.cols,
                        op_operand(g, o, W)->dtype);
}

static struct layout lanes4_layout(const struct caps *c, const struct graph *g, const struct op *o, uint32_t operand)
{
    (void)g, (void)o;
    return operand == W ? (struct layout){LAYOUT_PANELS, c->subgroup * 4, 2} : (struct layout){0};
}

static void lanes_launch(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                         struct launch *l, uint32_t pixels, uint32_t pairs)
{
    const struct conv_param *p = (const void *)o->param;
    conv_open(g, o, s, l, c->subgroup);
    if (c->subgroup_pick) l->subgroup = c->subgroup;
    launch_spec(l, pixels);
    launch_spec(l, pairs);
    launch_trips(c, l, op_operand(g, o, X)->sh.cols, op_operand(g, o, W)->dtype);
    uint64_t tiles = (uint64_t)s.count * ceil_div(p->out_w, pixels);
    launch_groups(c, l, tiles * ceil_div(op_output(g, o)->sh.cols, c->subgroup * 2 * pairs));
}

// 16 pixels run up to a quarter faster than 8 and take half as long again to compile, each time on Mesa before 25 even when
// the driver has kept the program: the same trade as in linear.c.
static uint32_t lanes_pixels(const struct caps *c, const struct graph *g, const struct op *o)
{
    const struct conv_param *p = (const void *)o->param;
    bool soon_done = texels_pay(c) && o->row->work(g, o).flops < 2e9;
    return p->out_w <= 8 || soon_done ? 8 : 16;
}

static void lanes_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    lanes_launch(c, g, o, s, l, lanes_pixels(c, g, o), lanes_pairs(c, g, o));
}

static void lanes4_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l)
{
    lanes_launch(c, g, o, s, l, 8, 2); // TM and TP in shaders/MANIFEST
}

static const struct kernel_row conv_lanes4 = {
    .name = "conv_lanes4_f32",
    .shader = "conv_lanes4_f32",
    .addresses = true,
    .needs = "a CPU device with subgroups of 4 and buffer addresses, F32 operands",
    .fits = lanes4_fits,
    .pack = lanes4_pack,
    .weight_layout = lanes4_layout,
};

static const struct kernel_row conv_texels = {
    .name = "conv_lanes_texels",
    .shader = "conv_lanes_texels",
    .texels = 1u << X | 1u << W | 1u << RES,
    .fours = 1u << X | 1u << W,
    .needs = "Mesa's CPU driver before version 25, where gathers are slow otherwise",
    .fits = texels_fits,
    .pack = lanes_pack,
    .weight_layout = lanes_layout,
};

static const struct kernel_row conv_lanes = {
    .name = "conv_lanes",
    .shader = "conv_lanes",
    .addresses = true,
    .needs = "a CPU device other than SwiftShader, with subgroups of 4, 8 or 16, buffer addresses and 64-bit integers",
    .fits = lanes_fits,
    .pack = lanes_pack,
    .weight_layout = lanes_layout,
};

// Every other device: conv_tile.comp.
struct tile {
    uint32_t bm, bn, bk, tm, tn; // as in conv_tile.comp
};
static const struct tile tile_large = {128, 128, 8, 8, 8}, tile_small = {64, 64, 16, 8, 4};

static uint32_t tile_threads(const struct tile *t)
{
    return t->bm / t->tm * (t->bn / t->tn);
}

static uint64_t tile_count(const struct tile *t, uint64_t pixels, uint32_t channels)
{
    return (pixels + t->bm - 1) / t->bm * ceil_div(channels, t->bn);
}

// Large tiles reuse more, but a device wants several dozen of them at once.
static bool tile_large_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    struct shape y = op_output(g, o)->sh;
    return c->threads_max >= tile_threads(&tile_large) && c->threads_x_max >= tile_threads(&tile_large) &&
           y.cols > tile_small.bn && tile_count(&tile_large, shape_rows(y), y.cols) >= 64;
}

static void tile_launch(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l, const struct tile *t)
{
    const struct conv_param *p = (const void *)o->param;
    conv_open(g, o, s, l, tile_threads(t));
    const uint32_t sizes[] = {t->bm, t->bn, t->bk, t->tm, t->tn};
    for (uint32_t i = 0; i < COUNTOF(sizes); i++) launch_spec(l, sizes[i]);
    launch_groups(c, l, tile_count(t, (uint64_t)s.count * p->out_w, op_output(g, o)->sh.cols));
}

static void tile_large_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    tile_launch(c, g, o, s, l, &tile_large);
}

static void tile_small_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    tile_launch(c, g, o, s, l, &tile_small);
}

static const struct kernel_row conv_tile128 = {
    .name = "conv_tile_128",
    .shader = "conv_tile",
    .needs = "256 threads per workgroup, a result of at least 64 such tiles",
    .fits = tile_large_fits,
    .pack = tile_large_pack,
};
static const struct kernel_row conv_tile64 = {
    .name = "conv_tile_64", .shader = "conv_tile", .needs = "nothing", .fits = fits_always, .pack = tile_small_pack};

// --- cases ---------------------------------------------------------------------------------------------------------

static const struct conv_case {
    uint32_t n, c_in, c_out;
    bool bias, res;
    struct conv_shape s;
    enum act act;
} shapes[] = {
    {1, 1, 1, true, false, {1, 1, 1, 1, 0, 0, 1}},
    {1, 4, 4, true, false, {5, 7, 1, 1, 0, 0, 1}},
    {2, 4, 34, true, false, {6, 9, 3, 1, 1, 1, 1}},
    {1, 3, 16, true, false, {8, 8, 3, 1, 1, 1, 1}},
    {1, 34, 3, true, false, {9, 17, 3, 1, 1, 1, 1}},
    {2, 16, 66, true, true, {5, 9, 3, 1, 1, 1, 1}},
    {2, 10, 12, true, false, {4, 5, 3, 1, 1, 1, 2}},
    {2, 18, 6, true, false, {7, 9, 3, 2, 0, 1, 1}},
    {1, 8, 130, false, true, {3, 8, 1, 1, 0, 0, 1}},
    {3, 24, 66, true, true, {47, 64, 3, 1, 1, 1, 1}},
    {1, 16, 16, true, true, {7, 19, 3, 1, 1, 1, 1}, ACT_RELU},
    {2, 24, 18, false, false, {5, 6, 3, 1, 1, 1, 2}, ACT_RELU},
    {1, 4, 32, true, false, {6, 6, 3, 1, 1, 1, 1}, ACT_SILU},
};

static bool conv_cases(struct graph *g, uint32_t i, ten *out)
{
    if (i >= COUNTOF(shapes)) return false;
    const struct conv_case *t = &shapes[i];
    struct conv_shape s = t->s;
    uint32_t k = s.kernel * s.kernel * t->c_in, pad = s.pad_low + s.pad_high;
    uint32_t h = (s.h * s.up + pad - s.kernel) / s.stride + 1, w = (s.w * s.up + pad - s.kernel) / s.stride + 1;
    ten x = case_act(g, 0, (struct shape){t->n, s.h * s.w, t->c_in});
    ten weight = case_weight(g, 1, k % 2 ? DT_F32 : g->weight, (struct shape){1, t->c_out, k});
    ten bias = t->bias ? case_weight(g, 2, DT_F32, (struct shape){1, 1, t->c_out}) : (ten){0};
    ten res = t->res ? case_act(g, 3, (struct shape){t->n, h * w, t->c_out}) : (ten){0};
    *out = op_conv(g, x, weight, bias, res, s, t->act);
    return true;
}

const struct op_row op_conv_row = {
    .name = "conv",
    .infer = conv_infer,
    .oracle = conv_oracle,
    .work = conv_work,
    .split_count = conv_lines,
    .span = conv_span,
    .kernels =
        (const struct kernel_row *const[]){&conv_texels, &conv_lanes4, &conv_lanes, &conv_tile128, &conv_tile64, NULL},
    .cases = conv_cases,
};

ten op_conv(struct graph *g, ten x, ten w, ten b, ten res, struct conv_shape s, enum act act)
{
    struct conv_param p = {.s = s, .act = act};
    return graph_emit(g, &op_conv_row, (ten[]){x, w, b, res}, 4, &p, sizeof p, (ten){0});
}
