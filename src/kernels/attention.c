// attention.c — softmax(q k^T / sqrt(dim)) v over packed qkv, without ever holding the tokens x tokens matrix.
// Knows nothing about models.
#include "kernels/common.h"
#include "kernels/coop.h"

#include <math.h>
#include <stdlib.h>

enum { QKV, OPERANDS };
enum { QUERY_BLOCK = 128 }; // queries of one split unit: long images are cut finer than by items
enum { HEAD_MAX = 512 };

struct attention_param {
    uint32_t heads;
};

static uint32_t heads(const struct op *o)
{
    return ((const struct attention_param *)(const void *)o->param)->heads;
}

static uint32_t head_size(const struct graph *g, const struct op *o)
{
    return op_output(g, o)->sh.cols / heads(o);
}

static uint32_t blocks_per_item(const struct graph *g, const struct op *o)
{
    return ceil_div(op_output(g, o)->sh.rows, QUERY_BLOCK);
}

// --- what the op is ------------------------------------------------------------------------------------------------

static bool attention_infer(struct graph *g, struct op *o)
{
    if (!infer_floats(g, o, QKV)) return false;
    const struct tensor *x = op_operand(g, o, QKV);
    uint32_t h = heads(o), d = h ? x->sh.cols / 3 / h : 0;
    if (h == 0 || d == 0 || d > HEAD_MAX || (uint64_t)d * h * 3 != x->sh.cols)
        return graph_fail(g, o, "%.60s has %u columns, wanted 3 x %u heads x 1 to %u", x->name, x->sh.cols, h,
                          (unsigned)HEAD_MAX);
    if (d % 2 && is_half(x)) return graph_fail(g, o, "heads of %u cannot be read as pairs of halves", d);
    struct shape y = {x->sh.items, x->sh.rows, h * d};
    return infer_out(g, o, d % 2 ? DT_F32 : act_dtype(g, y), y);
}

void attention_query(const float *q, const float *keys, uint32_t tokens, uint32_t dim, uint64_t stride, double *p,
                     float *out)
{
    double top = -INFINITY, total = 0;
    const float *values = keys + stride / 3;
    for (uint32_t j = 0; j < tokens; j++) {
        p[j] = 0;
        for (uint32_t i = 0; i < dim; i++) p[j] += (double)q[i] * keys[j * stride + i];
        p[j] /= sqrt(dim);
        top = fmax(top, p[j]);
    }
    for (uint32_t j = 0; j < tokens; j++) total += p[j] = exp(p[j] - top);
    for (uint32_t i = 0; i < dim; i++) {
        double v = 0;
        for (uint32_t j = 0; j < tokens; j++) v += p[j] * values[j * stride + i];
        out[i] = (float)(v / total);
    }
}

static void attention_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    uint32_t tokens = out.sh.rows, dim = head_size(g, o);
    uint64_t width = out.sh.cols;
    double *p = calloc(tokens, sizeof *p);
    for (uint64_t row = 0; p && row < shape_rows(out.sh); row++)
        for (uint32_t h = 0; h < heads(o); h++) {
            const float *item = in[QKV].p + row / tokens * tokens * 3 * width + (uint64_t)h * dim;
            attention_query(item + row % tokens * 3 * width, item + width, tokens, dim, 3 * width, p,
                            out.p + row * width + (uint64_t)h * dim);
        }
    free(p);
}

static struct work attention_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 4.0 * op_output(g, o)->sh.rows);
}

static uint32_t attention_units(const struct graph *g, const struct op *o)
{
    return op_output(g, o)->sh.items * blocks_per_item(g, o);
}

static uint64_t first_row(const struct graph *g, const struct op *o, uint32_t unit)
{
    uint32_t tokens = op_output(g, o)->sh.rows, blocks = blocks_per_item(g, o);
    return (uint64_t)(unit / blocks) * tokens + (uint64_t)(unit % blocks) * QUERY_BLOCK;
}

static struct span attention_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    uint32_t blocks = blocks_per_item(g, o), end = s.first + s.count;
    if (k == QKV)
        return span_items(op_operand(g, o, k),
                          (struct shard){s.first / blocks, ceil_div(end, blocks) - s.first / blocks});
    uint64_t width = op_output(g, o)->sh.cols, first = first_row(g, o, s.first);
    return (struct span){first * width, (first_row(g, o, end) - first) * width};
}

// --- launches ------------------------------------------------------------------------------------------------------

static void open_launch(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l, uint32_t threads, uint32_t queries)
{
    uint32_t blocks = blocks_per_item(g, o), tokens = op_output(g, o)->sh.rows;
    uint32_t block = min_u32(tokens, QUERY_BLOCK);
    launch_open(g, o, l, threads);
    launch_spec(l, head_size(g, o));
    launch_push(l, s.count);
    launch_push(l, blocks);
    launch_push(l, s.first % blocks);
    launch_push(l, block);
    launch_push(l, tokens);
    launch_push(l, heads(o));
    launch_groups(c, l, (uint64_t)s.count * heads(o) * ceil_div(block, queries));
}

// --- CPU drivers: attention_queries.comp ---------------------------------------------------------------------------

// Larger heads unroll into programs that take longer to compile than to run.
static bool queries_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return has_lanes(c) && c->subgroup_shuffle && !on_swiftshader(c) && head_size(g, o) <= 256 &&
           head_size(g, o) % 4 == 0;
}

static bool queries_address_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return has_pairs(c) && queries_fits(c, g, o);
}

static bool queries_texels_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return texels_pay(c) && queries_fits(c, g, o);
}

// Two vectors of queries, for each number of keys and values to serve more of them, but one where heads are large: the
// program grows with both. GFLOP/s with vectors of 8, heads of 72, two cores of an AMD EPYC (Genoa), November 2026:
//   lavapipe (Mesa 22.3): 1 44, 2 65, 3 61;   (Mesa 25.0): 1 43, 2 64, 3 45
static void queries_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                         struct launch *l)
{
    uint32_t queries = c->subgroup * (head_size(g, o) <= 128 ? 2 : 1);
    open_launch(c, g, o, s, l, c->subgroup, queries);
    launch_spec(l, queries);
    launch_spec(l, uniforms_pay(c));
    if (c->subgroup_pick) l->subgroup = c->subgroup;
}

static const struct kernel_row queries_texels = {
    .name = "attention_queries_texels",
    .shader = "attention_queries_texels",
    .texels = 1u << QKV,
    .fours = 1u << QKV,
    .needs = "Mesa's CPU driver before version 25, where gathers are slow otherwise",
    .fits = queries_texels_fits,
    .pack = queries_pack,
};

static const struct kernel_row queries_address = {
    .name = "attention_queries_address",
    .shader = "attention_queries_address",
    .addresses = true,
    .needs = "a CPU device other than SwiftShader with subgroups of 4, 8 or 16, buffer addresses and 64-bit integers, "
             "heads of a multiple of 4 up to 256",
    .fits = queries_address_fits,
    .pack = queries_pack,
};

static const struct kernel_row queries = {
    .name = "attention_queries",
    .shader = "attention_queries",
    .needs = "a CPU device other than SwiftShader with subgroups of 4, 8 or 16, heads of a multiple of 4 up to 256",
    .fits = queries_fits,
    .pack = queries_pack,
};

// --- SwiftShader: attention_bcast.comp -----------------------------------------------------------------------------

// Literal sizes, one blob for each head size of published models and for that of the synthetic tiny ones. Lanes as queries
// would take it twice as long to compile and be no faster.
static bool fixed_fits(const struct caps *c, const struct graph *g, const struct op *o, uint32_t size, enum dtype d)
{
    return has_lanes(c) && c->subgroup_arith && c->subgroup == 4 && c->subgroup_ballot && c->addresses &&
           head_size(g, o) == size && op_operand(g, o, QKV)->dtype == d && op_output(g, o)->dtype == d;
}

static void fixed_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    open_launch(c, g, o, s, l, c->subgroup, 8); // TQ in shaders/MANIFEST
    if (c->subgroup_pick) l->subgroup = c->subgroup;
}

#define FIXED(size_, type_, name_)                                                                                     \
    static bool fixed_##name_##_fits(const struct caps *c, const struct graph *g, const struct op *o)                  \
    {                                                                                                                  \
        return fixed_fits(c, g, o, (size_), (type_));                                                                  \
    }                                                                                                                  \
    static const struct kernel_row fixed_##name_ = {                                                                   \
        .name = "attention_bcast4_" #name_,                                                                            \
        .shader = "attention_bcast4_" #name_,                                                                          \
        .addresses = true,                                                                                             \
        .needs = "a CPU device with subgroups of 4 and buffer addresses, this head size and type",                     \
        .fits = fixed_##name_##_fits,                                                                                  \
        .pack = fixed_pack,                                                                                            \
    };
FIXED(24, DT_F32, 24_f32)
FIXED(64, DT_F32, 64_f32)
FIXED(72, DT_F32, 72_f32)
FIXED(64, DT_F16, 64_f16)
FIXED(72, DT_F16, 72_f16)

// --- every other device: attention_tile.comp -----------------------------------------------------------------------

static void tile_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    uint32_t per_thread = head_size(g, o) <= 128 ? 4 : 2;
    open_launch(c, g, o, s, l, 128, 8 * per_thread);
    launch_spec(l, per_thread);
}

static const struct kernel_row tile = {
    .name = "attention_tile",
    .shader = "attention_tile",
    .needs = "nothing",
    .fits = fits_always,
    .pack = tile_pack,
};

// --- matrix units: attention_coop.comp -----------------------------------------------------------------------------

struct coop_plan {
    uint32_t waves, keys, matrices,
        slices; // subgroups; keys of each a trip; matrices of queries of each; as in the shader
};

static const struct coop_shape *coop_matrix(const struct caps *c, const struct coop_plan *p)
{
    return coop_shape(c, coop_subgroup(c), p->keys, p->keys);
}

static bool coop_fits_plan(const struct caps *c, const struct graph *g, const struct op *o, const struct coop_plan *p)
{
    const struct coop_shape *m = coop_matrix(c, p);
    uint32_t d = head_size(g, o), lanes = coop_subgroup(c);
    if (!m || !c->subgroup_shuffle || d % 8 || d > 128 || m->n % 8 || m->k % 8) return false;
    if (!is_half(op_operand(g, o, QKV)) || !is_half(op_output(g, o))) return false;
    if (p->matrices * d > 192) return false; // two of heads of 128 spilled 160 registers (RDNA3, Mesa 25.0)
    uint32_t unit = max_u32(m->n, m->k), line = (uint32_t)align_up(d, unit) / 8 + 1, rows = p->matrices * m->m;
    uint32_t lines = p->waves * rows, s_line = max_u32(p->keys / 4 + 1, line), threads = p->waves * lanes;
    uint32_t others = (p->slices - 1) * (lines / p->slices) * (line - 1) * 2; // uvec4s of results
    uint32_t shared = (max_u32(2 * p->slices * p->keys * line, others) + lines * s_line) * 16 + lines * 8;
    return unit % m->n == 0 && unit % m->k == 0 && lanes % rows == 0 && p->keys / 4 % (2 * (lanes / rows)) == 0 &&
           shared <= c->shared_max && threads <= c->threads_max && threads <= c->threads_x_max;
}

static void coop_pack_plan(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                           struct launch *l, const struct coop_plan *p)
{
    const struct coop_shape *m = coop_matrix(c, p);
    uint32_t lanes = coop_subgroup(c);
    open_launch(c, g, o, s, l, p->waves * lanes, p->waves / p->slices * p->matrices * m->m);
    const uint32_t sizes[] = {p->keys, lanes, m->m, m->n, m->k, p->matrices, p->slices};
    for (uint32_t i = 0; i < COUNTOF(sizes); i++) launch_spec(l, sizes[i]);
    if (c->subgroup_pick) l->subgroup = lanes;
}

// Drivers that emulate matrix units compile anything but the least for half a minute; slices there are for tests.
static const struct coop_plan *coop_plan(const struct caps *c, uint32_t size)
{
    static const struct coop_plan sliced = {4, 16, 1, 2}, least = {2, 16, 1, 1}, gpu = {4, 64, 1, 1};
    return c->type != CAPS_CPU ? &gpu : size <= 96 ? &sliced : &least;
}

static bool coop_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return coop_fits_plan(c, g, o, coop_plan(c, head_size(g, o)));
}

static void coop_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    coop_pack_plan(c, g, o, s, l, coop_plan(c, head_size(g, o)));
}

static const struct kernel_row coop = {
    .name = "attention_coop",
    .shader = "attention_coop",
    .needs =
        "cooperative matrices of F16 into F32, subgroup shuffles, F16 operands, heads of a multiple of 8 up to 128",
    .measured = true,
    .fits = coop_fits,
    .pack = coop_pack,
};

// Sizes for measuring, see exec/tune.c: subgroups x keys of each x matrices of queries of each x slices of keys.
#define PLAN(waves_, keys_, matrices_, slices_)                                                                        \
    static const struct coop_plan plan_##waves_##keys_##matrices_##slices_ = {waves_, keys_, matrices_, slices_};      \
    static bool fits_##waves_##keys_##matrices_##slices_(const struct caps *c, const struct graph *g,                  \
                                                         const struct op *o)                                           \
    {                                                                                                                  \
        return c->type != CAPS_CPU && coop_fits_plan(c, g, o, &plan_##waves_##keys_##matrices_##slices_);              \
    }                                                                                                                  \
    static void pack_##waves_##keys_##matrices_##slices_(const struct caps *c, const struct graph *g,                  \
                                                         const struct op *o, struct shard s, struct launch *l)         \
    {                                                                                                                  \
        coop_pack_plan(c, g, o, s, l, &plan_##waves_##keys_##matrices_##slices_);                                      \
    }                                                                                                                  \
    static const struct kernel_row coop_##waves_##keys_##matrices_##slices_ = {                                        \
        .name = "attention_coop_" #waves_ "x" #keys_ "x" #matrices_ "x" #slices_,                                      \
        .shader = "attention_coop",                                                                                    \
        .needs = "a GPU with cooperative matrices of F16 into F32, subgroup shuffles, shared memory for such blocks",  \
        .measured = true,                                                                                              \
        .fits = fits_##waves_##keys_##matrices_##slices_,                                                              \
        .pack = pack_##waves_##keys_##matrices_##slices_,                                                              \
    };
PLAN(4, 32, 1, 1)
PLAN(8, 32, 1, 2)
PLAN(16, 16, 1, 4)
PLAN(4, 64, 1, 2)
PLAN(2, 64, 2, 1)
PLAN(4, 32, 2, 1)
PLAN(8, 32, 2, 2)
#undef PLAN

// --- row -----------------------------------------------------------------------------------------------------------

static bool attention_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t items, tokens, heads, dim;
    } t[] = {{1, 1, 1, 1},   {1, 17, 2, 2},  {2, 7, 3, 16},   {1, 33, 2, 31},  {2, 67, 2, 72},  {1, 65, 3, 64},
             {2, 45, 2, 24}, {1, 129, 1, 8}, {2, 131, 2, 17}, {1, 35, 1, 128}, {1, 19, 1, 256}, {1, 37, 1, 512}};
    if (i >= COUNTOF(t)) return false;
    struct shape sh = {t[i].items, t[i].tokens, 3 * t[i].heads * t[i].dim};
    ten qkv = t[i].dim % 2 ? case_input(g, 0, DT_F32, sh) : case_act(g, 0, sh);
    *out = op_attention(g, qkv, t[i].heads);
    return true;
}

const struct op_row op_attention_row = {
    .name = "attention",
    .infer = attention_infer,
    .oracle = attention_oracle,
    .work = attention_work,
    .split_count = attention_units,
    .span = attention_span,
    .kernels = (const struct kernel_row *const[]){&queries_texels, &queries_address, &queries, &fixed_24_f32,
                                                  &fixed_64_f32, &fixed_72_f32, &fixed_64_f16, &fixed_72_f16, &coop,
                                                  &coop_43211, &coop_83212, &coop_161614, &coop_46412, &coop_26421,
                                                  &coop_43221, &coop_83222, &tile, NULL},
    .cases = attention_cases,
};

ten op_attention(struct graph *g, ten qkv, uint32_t n)
{
    struct attention_param p = {n};
    return graph_emit(g, &op_attention_row, &qkv, OPERANDS, &p, sizeof p, (ten){0});
}
