// group_norm.c — group normalisation of channel-last images, one word of the vocabulary and three ops of the tape:
// gn_stats (channels of chunks of pixels), gn_merge (groups of items), gn_apply. No atomics, no order that varies.
#include "kernels/common.h"

#include <math.h>
#include <string.h>

struct gn_param {
    uint32_t groups, pixels, chunk; // pixels of an item, pixels of a chunk
    float eps;
    uint32_t act;
};

static uint32_t gn_chunks(const struct gn_param *p)
{
    return ceil_div(p->pixels, p->chunk);
}

// Stats and apply are split alike, in chunks over all items.
static uint32_t gn_units(const struct graph *g, const struct op *o)
{
    return op_operand(g, o, 0)->sh.items * gn_chunks((const void *)o->param);
}

// Elements of an image tensor that chunks s cover.
static struct span gn_pixels(const struct gn_param *p, const struct tensor *t, struct shard s)
{
    uint32_t chunks = gn_chunks(p), last = s.first + s.count - 1;
    uint64_t first = (uint64_t)(s.first / chunks) * p->pixels + (uint64_t)(s.first % chunks) * p->chunk;
    uint64_t end = (uint64_t)(last / chunks) * p->pixels + min_u64((last % chunks + 1ull) * p->chunk, p->pixels);
    return (struct span){first * t->sh.cols, (end - first) * t->sh.cols};
}

// One invocation per chunk and pair of channels.
static void gn_launch(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    const struct gn_param *p = (const void *)o->param;
    uint32_t channels = op_operand(g, o, 0)->sh.cols, threads = 64;
    uint64_t invocations = (uint64_t)s.count * ceil_div(channels, 2), groups = (invocations + threads - 1) / threads;
    launch_open(g, o, l, threads);
    l->groups[0] = (uint32_t)min_u64(groups, c->groups_max[0]);
    const uint32_t words[] = {s.count, channels, p->pixels, p->chunk, s.first};
    for (uint32_t i = 0; i < COUNTOF(words); i++) launch_push(l, words[i]);
}

// CPU drivers load from addresses several times faster than through descriptors inside loops.
static bool gn_texels_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    (void)g, (void)o;
    return texels_pay(c);
}

static bool gn_address_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    (void)g, (void)o;
    return c->type == CAPS_CPU && c->addresses;
}

static bool gn_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        struct shape sh;
        uint32_t groups;
        enum act act;
    } t[] = {{{1, 1, 1}, 1, ACT_NONE},
             {{2, 67, 6}, 3, ACT_SILU},
             {{3, 35, 15}, 5, ACT_NONE},
             {{1, 4099, 8}, 2, ACT_SILU},
             {{2, 700, 64}, 32, ACT_SILU}};
    if (i >= COUNTOF(t)) return false;
    struct shape w = {1, 1, t[i].sh.cols};
    ten x = case_act(g, 0, t[i].sh), scale = case_weight(g, 1, DT_F32, w), shift = case_weight(g, 2, DT_F32, w);
    *out = op_group_norm(g, x, scale, shift, t[i].groups, 1e-6f, t[i].act);
    return true;
}

// --- gn_stats: n, chunks, means | sums of squared differences ------------------------------------------------------

static bool stats_infer(struct graph *g, struct op *o)
{
    const struct gn_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0)) return false;
    struct shape sh = op_operand(g, o, 0)->sh;
    if (p->groups == 0 || sh.cols % p->groups || sh.cols > UINT32_MAX / 2)
        return graph_fail(g, o, "%u channels in %u groups", sh.cols, p->groups);
    return infer_out(g, o, DT_F32, (struct shape){sh.items, gn_chunks(p), 2 * sh.cols});
}

static void stats_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct gn_param *p = (const void *)o->param;
    uint32_t channels = in[0].sh.cols, chunks = gn_chunks(p);
    for (uint32_t u = 0; u < out.sh.items * chunks; u++)
        for (uint32_t c = 0; c < channels; c++) {
            uint32_t start = u % chunks * p->chunk, n = min_u32(p->chunk, p->pixels - start);
            const float *x = &in[0].p[((uint64_t)(u / chunks) * p->pixels + start) * channels + c];
            double sum = 0, squares = 0;
            for (uint32_t i = 0; i < n; i++) sum += x[(uint64_t)i * channels];
            for (uint32_t i = 0; i < n; i++) {
                double d = x[(uint64_t)i * channels] - sum / n;
                squares += d * d;
            }
            out.p[((uint64_t)u * 2) * channels + c] = (float)(sum / n);
            out.p[((uint64_t)u * 2 + 1) * channels + c] = (float)squares;
        }
}

static struct work stats_work(const struct graph *g, const struct op *o)
{
    struct work w = work_each(g, o, 0);
    w.flops = 4 * (double)shape_count(op_operand(g, o, 0)->sh);
    return w;
}

static struct span stats_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct tensor *t = op_operand(g, o, k);
    return k == 0 ? gn_pixels((const void *)o->param, t, s) : span_rows(t, s);
}

static const struct kernel_row stats_texels = {
    .name = "gn_stats_texels",
    .shader = "gn_stats_texels",
    .texels = 1u,
    .needs = "Mesa's CPU driver before version 25, where gathers are slow otherwise",
    .fits = gn_texels_fits,
    .pack = gn_launch,
};
static const struct kernel_row stats_address = {
    .name = "gn_stats_address",
    .shader = "gn_stats_address",
    .addresses = true,
    .needs = "a CPU device with buffer addresses",
    .fits = gn_address_fits,
    .pack = gn_launch,
};
static const struct kernel_row stats_kernel = {
    .name = "gn_stats", .shader = "gn_stats", .needs = "nothing", .fits = fits_always, .pack = gn_launch};
const struct op_row op_gn_stats_row = {
    .name = "gn_stats",
    .infer = stats_infer,
    .oracle = stats_oracle,
    .work = stats_work,
    .split_count = gn_units,
    .span = stats_span,
    .kernels = (const struct kernel_row *const[]){&stats_texels, &stats_address, &stats_kernel, NULL},
    .cases = gn_cases,
};

// --- gn_merge: n, 1, means | 1 / standard deviations of groups -----------------------------------------------------

static bool merge_infer(struct graph *g, struct op *o)
{
    const struct gn_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0)) return false;
    return infer_out(g, o, DT_F32, (struct shape){op_operand(g, o, 0)->sh.items, 1, 2 * p->groups});
}

static void merge_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct gn_param *p = (const void *)o->param;
    uint32_t channels = in[0].sh.cols / 2, each = channels / p->groups, chunks = in[0].sh.rows;
    for (uint32_t i = 0; i < out.sh.items * p->groups; i++) {
        const float *x = &in[0].p[(uint64_t)(i / p->groups) * chunks * 2 * channels + i % p->groups * each];
        double sum = 0, squares = 0, values = (double)p->pixels * each;
        for (uint32_t e = 0; e < chunks * each; e++) {
            uint32_t n = min_u32(p->chunk, p->pixels - e / each * p->chunk);
            sum += (double)n * x[(uint64_t)(e / each) * 2 * channels + e % each];
        }
        for (uint32_t e = 0; e < chunks * each; e++) {
            uint32_t n = min_u32(p->chunk, p->pixels - e / each * p->chunk);
            const float *at = &x[(uint64_t)(e / each) * 2 * channels + e % each];
            squares += at[channels] + n * (at[0] - sum / values) * (at[0] - sum / values);
        }
        float *y = &out.p[(uint64_t)(i / p->groups) * 2 * p->groups + i % p->groups];
        y[0] = (float)(sum / values);
        y[p->groups] = (float)(1 / sqrt(squares / values + p->eps));
    }
}

static struct work merge_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 0);
}

static struct span merge_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_items(op_operand(g, o, k), s);
}

static void merge_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    const struct gn_param *p = (const void *)o->param;
    launch_open(g, o, l, c->type == CAPS_CPU ? 16 : 128);
    l->groups[0] = (uint32_t)min_u64((uint64_t)s.count * p->groups, c->groups_max[0]);
    const uint32_t words[] = {s.count, p->groups, op_operand(g, o, 0)->sh.cols / 2, p->pixels, p->chunk};
    for (uint32_t i = 0; i < COUNTOF(words); i++) launch_push(l, words[i]);
    launch_push_float(l, p->eps);
}

static const struct kernel_row merge_kernel = {
    .name = "gn_merge", .shader = "gn_merge", .needs = "nothing", .fits = fits_always, .pack = merge_pack};
const struct op_row op_gn_merge_row = {
    .name = "gn_merge",
    .infer = merge_infer,
    .oracle = merge_oracle,
    .work = merge_work,
    .split_count = split_items,
    .span = merge_span,
    .kernels = (const struct kernel_row *const[]){&merge_kernel, NULL},
    .cases = gn_cases,
};

// --- gn_apply: operands x, merged, w, b ----------------------------------------------------------------------------

static bool apply_infer(struct graph *g, struct op *o)
{
    if (!infer_floats(g, o, 0)) return false;
    struct shape sh = op_operand(g, o, 0)->sh, vector = {1, 1, sh.cols};
    for (uint32_t k = 2; k < 4; k++)
        if (!infer_floats(g, o, k) || !infer_want(g, o, k, op_operand(g, o, k)->dtype, vector)) return false;
    return infer_out(g, o, act_dtype(g, sh), sh);
}

static void apply_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct gn_param *p = (const void *)o->param;
    uint32_t each = out.sh.cols / p->groups;
    for (uint64_t i = 0; i < shape_count(out.sh); i++) {
        uint32_t c = (uint32_t)(i % out.sh.cols);
        const float *stats = &in[1].p[i / out.sh.cols / p->pixels * 2 * p->groups + c / each];
        double v = ((double)in[0].p[i] - stats[0]) * stats[p->groups] * in[2].p[c] + in[3].p[c];
        out.p[i] = (float)act_value(v, p->act);
    }
}

static struct work apply_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 8);
}

static struct span apply_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct tensor *t = op_operand(g, o, k);
    return k == 0 || k == o->n_in ? gn_pixels((const void *)o->param, t, s) : span_whole(t);
}

static void apply_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    const struct gn_param *p = (const void *)o->param;
    gn_launch(c, g, o, s, l);
    launch_push(l, p->groups);
    launch_spec(l, p->act);
}

static const struct kernel_row apply_texels = {
    .name = "gn_apply_texels",
    .shader = "gn_apply_texels",
    .texels = 1u,
    .needs = "Mesa's CPU driver before version 25, where gathers are slow otherwise",
    .fits = gn_texels_fits,
    .pack = apply_pack,
};
static const struct kernel_row apply_address = {
    .name = "gn_apply_address",
    .shader = "gn_apply_address",
    .addresses = true,
    .needs = "a CPU device with buffer addresses",
    .fits = gn_address_fits,
    .pack = apply_pack,
};
static const struct kernel_row apply_kernel = {
    .name = "gn_apply", .shader = "gn_apply", .needs = "nothing", .fits = fits_always, .pack = apply_pack};
const struct op_row op_gn_apply_row = {
    .name = "gn_apply",
    .infer = apply_infer,
    .oracle = apply_oracle,
    .work = apply_work,
    .split_count = gn_units,
    .span = apply_span,
    .kernels = (const struct kernel_row *const[]){&apply_texels, &apply_address, &apply_kernel, NULL},
    .cases = gn_cases,
};

// Small images get small chunks: a GPU wants many invocations.
static uint32_t chunk_for(uint32_t pixels)
{
    return max_u32(8, min_u32(64, pixels / 256));
}

ten op_group_norm(struct graph *g, ten x, ten w, ten b, uint32_t groups, float eps, enum act act)
{
    uint32_t pixels = x.id ? graph_at(g, x)->sh.rows : 0;
    struct gn_param p = {groups, pixels, chunk_for(pixels), eps, act};
    ten stats = graph_emit(g, &op_gn_stats_row, &x, 1, &p, sizeof p, (ten){0});
    ten merged = graph_emit(g, &op_gn_merge_row, &stats, 1, &p, sizeof p, (ten){0});
    return graph_emit(g, &op_gn_apply_row, (ten[]){x, merged, w, b}, 4, &p, sizeof p, (ten){0});
}
