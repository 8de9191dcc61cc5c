// linear.c — y = act(x w^T + b) and its two residual forms, one set of kernels for all three.
// Knows nothing about models.
#include "kernels/common.h"
#include "kernels/coop.h"

enum { X, W, BIAS, RES, TABLE, NOW, COND, OPERANDS }; // absent ones are {0}; shaders/inc/linear.glsl has the same order
enum finish { FINISH_PLAIN, FINISH_ADD, FINISH_GATE };
enum { SPLIT_ALIGN = 96 }; // rows: whole tiles of 12 and of 32 in every shard but the last

struct linear_param {
    uint32_t act, finish;
    uint32_t conds, slot; // of the gate
};

static const struct linear_param *param(const struct op *o)
{
    return (const void *)o->param;
}

// --- what the op is ------------------------------------------------------------------------------------------------

static bool linear_infer(struct graph *g, struct op *o)
{
    const struct linear_param *p = param(o);
    const struct tensor *x = op_operand(g, o, X), *w = op_operand(g, o, W);
    bool packed = op_has(o, W) && quant_is(w->dtype);
    if (!infer_floats(g, o, X) || (!packed && !infer_floats(g, o, W))) return false;
    if (packed && w->sh.cols % QUANT_BLOCK) return infer_clash(g, o, X, W, "packed rows are no whole blocks");
    if (w->sh.items != 1 || w->sh.cols != x->sh.cols) return infer_clash(g, o, X, W, "widths differ");
    struct shape y = {x->sh.items, x->sh.rows, w->sh.rows};
    if (op_has(o, BIAS) && !infer_want(g, o, BIAS, DT_F32, (struct shape){1, 1, y.cols})) return false;
    if (p->finish != FINISH_PLAIN && !infer_want(g, o, RES, DT_F32, y)) return false;
    if (p->finish == FINISH_GATE && !infer_mod(g, o, TABLE, p->conds, p->slot, y.cols)) return false;
    enum dtype d = p->finish != FINISH_PLAIN ? DT_F32 : o->out ? op_output(g, o)->dtype : act_dtype(g, y);
    return infer_out(g, o, d, y);
}

// The integers of an operand travel as float bits.
static uint32_t int_at(const float *p, uint64_t i)
{
    union {
        float f;
        uint32_t u;
    } v = {p[i]};
    return v.u;
}

static void linear_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct linear_param *p = param(o);
    uint64_t rows = shape_rows(out.sh), n = out.sh.cols, k = in[X].sh.cols;
    for (uint64_t r = 0; r < rows; r++) {
        const float *x = in[X].p + r * k, *gate = NULL;
        if (p->finish == FINISH_GATE) {
            uint64_t row = (uint64_t)int_at(in[NOW].p, 0) * p->conds + int_at(in[COND].p, r / out.sh.rows);
            gate = in[TABLE].p + (row * in[TABLE].sh.rows + p->slot) * n;
        }
        for (uint64_t c = 0; c < n; c++) {
            const float *w = in[W].p + c * k;
            double v = op_has(o, BIAS) ? in[BIAS].p[c] : 0;
            for (uint64_t i = 0; i < k; i++) v += (double)x[i] * w[i];
            v = act_value(v, (enum act)p->act);
            if (gate) v *= gate[c];
            if (p->finish != FINISH_PLAIN) v += in[RES].p[r * n + c];
            out.p[r * n + c] = (float)v;
        }
    }
}

static struct work linear_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 2.0 * op_operand(g, o, X)->sh.cols);
}

static struct span linear_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    bool cut = k == X || k == RES || k == OPERANDS;
    return cut ? span_rows(op_operand(g, o, k), s) : span_whole(op_operand(g, o, k));
}

// --- launches ------------------------------------------------------------------------------------------------------

// The bits of HALVES that say how weights are packed, see shaders/inc/quant.glsl.
static uint32_t packing(const struct op *o, const struct graph *g)
{
    enum dtype d = op_operand(g, o, W)->dtype;
    return d == DT_Q8 ? 1u << 8 : d == DT_Q4 ? 1u << 9 : 0;
}

static void open_launch(const struct graph *g, const struct op *o, struct shard s, struct launch *l, uint32_t threads)
{
    const struct linear_param *p = param(o);
    const struct tensor *y = op_output(g, o);
    launch_open(g, o, l, threads);
    l->spec[0] &= 1u << X | 1u << W | 1u << OPERANDS; // what else is absent must not make another pipeline
    l->spec[0] |= packing(o, g);
    launch_spec(l, p->act);
    launch_spec(l, op_has(o, BIAS));
    launch_spec(l, p->finish);
    launch_push(l, s.count);
    launch_push(l, y->sh.cols);
    launch_push(l, op_operand(g, o, X)->sh.cols);
    launch_push(l, s.first);
    launch_push(l, y->sh.rows);
    launch_push(l, p->conds);
    launch_push(l, op_has(o, TABLE) ? op_operand(g, o, TABLE)->sh.rows : 0);
    launch_push(l, p->slot);
}

// --- CPU drivers: linear_bcast.comp --------------------------------------------------------------------------------

// Rows of a tile. They are taken four at a time, so more of them only mean that each load of weights serves more, and
// that the driver needs longer for the program: on Mesa 22.3 0.06 s for 16 rows and 0.13 s for 32, even for one that it
// has kept, so there only a product that takes long gets many. Rows x columns per lane, GFLOP/s at 512 x 1152 x 1152 in
// F32, two cores of an AMD EPYC (Genoa), November 2026:
//   lavapipe (Mesa 22.3) 256 bits: 16x4 82, 32x4 89, 16x6 91, 16x8 92; 512 bits: 16x4 91, 32x4 98
//   lavapipe (Mesa 25.0) 256 bits: 24x4 87, 32x4 89, 48x4 86
//   lavapipe (Mesa 26.2) 256 bits: 16x4 105, 32x4 121, 48x4 123
//   SwiftShader, literal blobs:    8x4 7.2, 12x4 6.7, 16x4 6.4
static uint32_t bcast_rows(const struct caps *c, const struct graph *g, const struct op *o)
{
    if (shape_rows(op_output(g, o)->sh) <= 4) return 4;
    return texels_pay(c) && o->row->work(g, o).flops < 1e9 ? 16 : 32;
}

// Column pairs per lane; the same for every product, because all that read a weight must want the same panels.
enum { BCAST_PAIRS = 2 };

static uint32_t bcast_panel(const struct caps *c)
{
    return c->subgroup * BCAST_PAIRS * 2;
}

static bool lanes_shape(const struct caps *c, const struct graph *g, const struct op *o)
{
    return has_lanes(c) && c->subgroup_shuffle && op_operand(g, o, W)->kind == KIND_WEIGHT;
}

static bool bcast_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return !on_swiftshader(c) && lanes_shape(c, g, o);
}

static bool bcast_address_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return has_pairs(c) && bcast_fits(c, g, o);
}

static bool bcast_texels_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return texels_pay(c) && bcast_fits(c, g, o);
}

static struct layout bcast_layout(const struct caps *c, const struct graph *g, const struct op *o, uint32_t operand)
{
    if (operand != W) return (struct layout){0};
    return panel_layout(c, bcast_panel(c), op_operand(g, o, X)->sh.cols, op_operand(g, o, W)->dtype);
}

static void bcast_launch(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                         struct launch *l, uint32_t rows)
{
    open_launch(g, o, s, l, c->subgroup);
    if (c->subgroup_pick) l->subgroup = c->subgroup;
    launch_spec(l, rows);
    launch_spec(l, BCAST_PAIRS);
    launch_spec(l, op_output(g, o)->sh.rows % rows == 0 && s.first % rows == 0);
    launch_trips(c, l, op_operand(g, o, X)->sh.cols, op_operand(g, o, W)->dtype);
    launch_groups(c, l, (uint64_t)ceil_div(s.count, rows) * ceil_div(op_output(g, o)->sh.cols, bcast_panel(c)));
}

static void bcast_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    bcast_launch(c, g, o, s, l, bcast_rows(c, g, o));
}

// SwiftShader (subgroups of 4) needs literal storage types and tiles, see operand.glsl: one blob for each set of types
// that a model mixes often. The bits are those of launch_open.
static bool fixed_fits(const struct caps *c, const struct graph *g, const struct op *o, bool x, enum dtype w, bool y)
{
    return c->subgroup == 4 && c->subgroup_ballot && c->addresses && lanes_shape(c, g, o) &&
           is_half(op_operand(g, o, X)) == x && op_operand(g, o, W)->dtype == w && is_half(op_output(g, o)) == y;
}

// x_ and y_: halves? w_: the matrix's type. rows_: TM in shaders/MANIFEST.
#define FIXED(name_, x_, w_, y_, rows_, types_)                                                                        \
    static bool fixed_##name_##_fits(const struct caps *c, const struct graph *g, const struct op *o)                  \
    {                                                                                                                  \
        return fixed_fits(c, g, o, (x_), (w_), (y_));                                                                  \
    }                                                                                                                  \
    static void fixed_##name_##_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,  \
                                     struct launch *l)                                                                 \
    {                                                                                                                  \
        bcast_launch(c, g, o, s, l, (rows_));                                                                          \
    }                                                                                                                  \
    static const struct kernel_row bcast_fixed_##name_ = {                                                             \
        .name = "linear_bcast4_" #name_,                                                                               \
        .shader = "linear_bcast4_" #name_,                                                                             \
        .addresses = true,                                                                                             \
        .needs = "a CPU device with subgroups of 4 and buffer addresses, " types_,                                     \
        .fits = fixed_##name_##_fits,                                                                                  \
        .pack = fixed_##name_##_pack,                                                                                  \
        .weight_layout = bcast_layout,                                                                                 \
    };
FIXED(f32, false, DT_F32, false, 8, "F32 operands")
FIXED(f16, true, DT_F16, true, 8, "F16 operands and result")
FIXED(f16_f32, true, DT_F16, false, 8, "F16 operands, F32 result")
FIXED(q8, false, DT_Q8, false, 8, "weights of 8 bits, F32 operands")
FIXED(q4, false, DT_Q4, false, 8, "weights of 4 bits, F32 operands")
#undef FIXED

// A product of a few milliseconds: low tiles, which the driver compiles in 0.17 s, not 0.28.
static bool bcast_low_texels_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return bcast_texels_fits(c, g, o) && o->row->work(g, o).flops < 1e8;
}
static void bcast_low_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                           struct launch *l)
{
    bcast_launch(c, g, o, s, l, 4);
}
static const struct kernel_row bcast_low_texels = {
    .name = "linear_bcast_low_texels",
    .shader = "linear_bcast_texels",
    .texels = 1u << X | 1u << W | 1u << RES | 1u << TABLE,
    .fours = 1u << X | 1u << W,
    .needs = "Mesa's CPU driver before version 25, a product of less than 0.1 GFLOP",
    .fits = bcast_low_texels_fits,
    .pack = bcast_low_pack,
    .weight_layout = bcast_layout,
};
static const struct kernel_row bcast_texels = {
    .name = "linear_bcast_texels",
    .shader = "linear_bcast_texels",
    .texels = 1u << X | 1u << W | 1u << RES | 1u << TABLE,
    .fours = 1u << X | 1u << W,
    .needs = "Mesa's CPU driver before version 25, where gathers are slow otherwise",
    .fits = bcast_texels_fits,
    .pack = bcast_pack,
    .weight_layout = bcast_layout,
};

static const struct kernel_row bcast_address = {
    .name = "linear_bcast_address",
    .shader = "linear_bcast_address",
    .addresses = true,
    .needs = "a CPU device other than SwiftShader, with subgroups of 4, 8 or 16, buffer addresses and 64-bit integers",
    .fits = bcast_address_fits,
    .pack = bcast_pack,
    .weight_layout = bcast_layout,
};

static const struct kernel_row bcast = {
    .name = "linear_bcast",
    .shader = "linear_bcast",
    .needs = "a CPU device other than SwiftShader, with subgroups of 4, 8 or 16",
    .fits = bcast_fits,
    .pack = bcast_pack,
    .weight_layout = bcast_layout,
};

// --- every other device: linear_tile.comp --------------------------------------------------------------------------

struct tile {
    uint32_t bm, bn, bk, tm, tn; // as in linear_tile.comp
};
static const struct tile tile_large = {128, 128, 8, 8, 8}, tile_small = {64, 64, 16, 8, 4},
                         tile_flat = {16, 64, 16, 2, 4}, tile_thin = {16, 32, 64, 2, 2};

static uint32_t tile_threads(const struct tile *t)
{
    return t->bm / t->tm * (t->bn / t->tn);
}

static uint64_t tile_count(const struct tile *t, uint64_t rows, uint32_t cols)
{
    return (rows + t->bm - 1) / t->bm * ceil_div(cols, t->bn);
}

static void tile_launch(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l, const struct tile *t)
{
    open_launch(g, o, s, l, tile_threads(t));
    const uint32_t sizes[] = {t->bm, t->bn, t->bk, t->tm, t->tn};
    for (uint32_t i = 0; i < COUNTOF(sizes); i++) launch_spec(l, sizes[i]);
    launch_spec(l, op_operand(g, o, X)->sh.cols % 2);
    launch_groups(c, l, tile_count(t, s.count, op_output(g, o)->sh.cols));
}

// Large tiles reuse more, but a device wants several dozen of them at once.
static bool tile_large_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    struct shape y = op_output(g, o)->sh;
    return c->threads_max >= tile_threads(&tile_large) && c->threads_x_max >= tile_threads(&tile_large) &&
           tile_count(&tile_large, shape_rows(y), y.cols) >= 64;
}

static void tile_large_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    tile_launch(c, g, o, s, l, &tile_large);
}

static void tile_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    struct shape y = op_output(g, o)->sh;
    // few columns make few tiles, so each takes long: large trips, because every one waits for memory
    const struct tile *t = y.cols <= tile_thin.bn          ? &tile_thin
                           : shape_rows(y) <= tile_flat.bm ? &tile_flat
                                                           : &tile_small;
    tile_launch(c, g, o, s, l, t);
}

static const struct kernel_row tile128 = {
    .name = "linear_tile_128",
    .shader = "linear_tile",
    .needs = "256 threads per workgroup, a product of at least 64 such tiles",
    .fits = tile_large_fits,
    .pack = tile_large_pack,
};

static const struct kernel_row tile64 = {
    .name = "linear_tile_64",
    .shader = "linear_tile",
    .needs = "nothing",
    .fits = fits_always,
    .pack = tile_pack,
};

// --- matrix units: linear_coop.comp --------------------------------------------------------------------------------

struct coop_tile {
    uint32_t bm, bn, bk, wm, wn, stages, slices, depth, parts; // as in linear_coop.comp
};

static uint32_t coop_threads(const struct caps *c, const struct coop_tile *t)
{
    return t->slices * (t->bm / t->wm) * (t->bn / t->wn) * coop_subgroup(c);
}

// What is taken where nothing was measured. Sums per lane stay at 64 whatever the subgroup size. Drivers that emulate
// matrix units compile anything but the tiny tile for half a minute.
static const struct coop_tile *coop_tile(const struct caps *c, struct shape y)
{
    static const struct coop_tile large = {128, 128, 64, 64, 32, 1, 1, 1, 1},
                                  large_wide = {128, 128, 32, 64, 64, 1, 1, 1, 1},
                                  small = {64, 64, 128, 32, 32, 1, 2, 1, 1},
                                  small_wide = {64, 64, 32, 32, 32, 1, 1, 1, 1},
                                  tiny = {32, 32, 16, 16, 16, 2, 1, 2, 1},
                                  tiny_sliced = {32, 32, 32, 16, 16, 1, 2, 1, 1};
    if (c->type == CAPS_CPU) return y.cols % 32 ? &tiny : &tiny_sliced; // for tests only
    uint64_t tiles = (shape_rows(y) + large.bm - 1) / large.bm * ceil_div(y.cols, large.bn);
    if (tiles < 64) return c->subgroup > 32 ? &small_wide : &small;
    return c->subgroup > 32 ? &large_wide : &large;
}

static const struct coop_shape *coop_tile_shape(const struct caps *c, const struct coop_tile *t)
{
    return t->bk % t->slices ? NULL : coop_shape(c, t->wm, t->wn, t->bk / t->slices);
}

static bool coop_fits_tile(const struct caps *c, const struct graph *g, const struct op *o, const struct coop_tile *t)
{
    const struct coop_shape *s = coop_tile_shape(c, t);
    if (!s) return false;
    const struct tensor *w = op_operand(g, o, W);
    bool halves = is_half(op_operand(g, o, X)) && (is_half(w) || quant_is(w->dtype)); // packed weights become halves
    uint32_t threads = coop_threads(c, t), tiles = threads / coop_subgroup(c) / t->slices;
    uint32_t matrices = t->slices > 1 ? (t->slices - 1) * tiles : tiles;
    uint32_t shared = t->stages * (t->bm + t->bn) * (t->bk / 8 + 1) * 16 + matrices * s->m * s->n * 4;
    return halves && op_operand(g, o, X)->sh.cols % 8 == 0 && threads <= c->threads_max &&
           threads <= c->threads_x_max && shared <= c->shared_max;
}

// Every tile lies inside y, and inside one item where the gate differs between items.
static bool coop_whole(const struct graph *g, const struct op *o, struct shard s, const struct coop_tile *t)
{
    struct shape y = op_output(g, o)->sh;
    return s.count % t->bm == 0 && y.cols % t->bn == 0 &&
           (param(o)->finish != FINISH_GATE || (s.first % t->bm == 0 && y.rows % t->bm == 0));
}

static void coop_pack_tile(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                           struct launch *l, const struct coop_tile *t)
{
    const struct coop_shape *m = coop_tile_shape(c, t);
    open_launch(g, o, s, l, coop_threads(c, t));
    const uint32_t sizes[] = {t->bm,     t->bn,    t->bk,   t->wm,     t->wn,
                              m->m,      m->n,     m->k,    t->stages, coop_whole(g, o, s, t),
                              t->slices, t->depth, t->parts};
    for (uint32_t i = 0; i < COUNTOF(sizes); i++) launch_spec(l, sizes[i]);
    if (c->subgroup_pick) l->subgroup = coop_subgroup(c);
    launch_groups(c, l, (uint64_t)t->parts * ceil_div(s.count, t->bm) * ceil_div(op_output(g, o)->sh.cols, t->bn));
}

static bool coop_fits(const struct caps *c, const struct graph *g, const struct op *o)
{
    return coop_fits_tile(c, g, o, coop_tile(c, op_output(g, o)->sh));
}

static void coop_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    coop_pack_tile(c, g, o, s, l, coop_tile(c, op_output(g, o)->sh));
}

static const struct kernel_row coop = {
    .name = "linear_coop",
    .shader = "linear_coop",
    .needs = "cooperative matrices of F16 into F32, F16 operands, rows of whole 16 bytes",
    .measured = true,
    .fits = coop_fits,
    .pack = coop_pack,
};

// Tiles for measuring: which one is best at a shape is a matter of the device, see exec/tune.c.
#define TILE(name_, ...)                                                                                               \
    static const struct coop_tile tile_##name_ = {__VA_ARGS__};                                                        \
    static bool fits_##name_(const struct caps *c, const struct graph *g, const struct op *o)                          \
    {                                                                                                                  \
        return c->type != CAPS_CPU && coop_fits_tile(c, g, o, &tile_##name_);                                          \
    }                                                                                                                  \
    static void pack_##name_(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,          \
                             struct launch *l)                                                                         \
    {                                                                                                                  \
        coop_pack_tile(c, g, o, s, l, &tile_##name_);                                                                  \
    }                                                                                                                  \
    static const struct kernel_row coop_##name_ = {                                                                    \
        .name = "linear_coop_" #name_,                                                                                 \
        .shader = "linear_coop",                                                                                       \
        .needs = "a GPU with cooperative matrices of F16 into F32 and shared memory for such tiles, F16 operands",     \
        .measured = true,                                                                                              \
        .fits = fits_##name_,                                                                                          \
        .pack = pack_##name_,                                                                                          \
    };
TILE(64x64x64_d2, 64, 64, 64, 32, 32, 2, 1, 2, 1)
TILE(64x64x64_k2_d2, 64, 64, 64, 32, 32, 2, 2, 2, 1)
TILE(64x64x128_k2, 64, 64, 128, 32, 32, 1, 2, 1, 1)
TILE(64x64x128_k4, 64, 64, 128, 32, 32, 1, 4, 1, 1)
TILE(128x64x64_d2, 128, 64, 64, 32, 32, 1, 1, 2, 1)
TILE(64x128x64_d2, 64, 128, 64, 32, 32, 1, 1, 2, 1)
TILE(128x128x64, 128, 128, 64, 64, 32, 1, 1, 1, 1)
TILE(128x128x64_d2, 128, 128, 64, 64, 32, 1, 1, 2, 1)
TILE(128x128x64_w32, 128, 128, 64, 32, 32, 1, 1, 1, 1)
TILE(128x128x64_w64, 128, 128, 64, 64, 64, 1, 1, 1, 1)
TILE(128x128x32_w64, 128, 128, 32, 64, 64, 2, 1, 1, 1)
TILE(128x144x64, 128, 144, 64, 64, 48, 1, 1, 1, 1)
#undef TILE

// --- the same over parts of k, for products of few tiles: linear_coop.comp, then linear_sum.comp --------------------

enum { FINISH_PARTS = 3, FEW_TILES = 150 }; // as many as the largest devices have multiprocessors

static bool parts_fit(const struct caps *c, const struct graph *g, const struct op *o, const struct coop_tile *t)
{
    const struct tensor *y = op_output(g, o);
    uint64_t rows = shape_rows(y->sh), tiles = rows / t->bm * (y->sh.cols / t->bn);
    bool whole = rows % t->bm == 0 && y->sh.cols % t->bn == 0 && op_operand(g, o, X)->sh.cols % (t->bk * t->parts) == 0;
    uint64_t bytes = (t->parts + 1) * 4 * shape_count(y->sh) + 256;
    return whole && y->kind == KIND_TEMP && (tiles < FEW_TILES || c->type == CAPS_CPU) && bytes <= c->range_max &&
           coop_fits_tile(c, g, o, t);
}

static void parts_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l, const struct coop_tile *t)
{
    coop_pack_tile(c, g, o, s, l, t);
    l->spec[2] = l->spec[3] = 0; // activation and bias come with the last sum
    l->spec[4] = FINISH_PARTS;
    l->spec[14] = true; // no gate yet: tiles need not lie in one item
}

static void sum_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l,
                     uint32_t parts)
{
    uint32_t threads = min_u32(256, min_u32(c->threads_max, c->threads_x_max));
    open_launch(g, o, s, l, threads);
    launch_spec(l, parts);
    uint64_t pairs = shape_count(op_output(g, o)->sh) / 2;
    l->groups[0] = (uint32_t)min_u64((pairs + threads - 1) / threads, c->groups_max[0]);
}

#define PARTS(name_, count_, ...)                                                                                      \
    static const struct coop_tile tile_##name_ = {__VA_ARGS__, count_};                                                \
    static bool fits_##name_(const struct caps *c, const struct graph *g, const struct op *o)                          \
    {                                                                                                                  \
        return parts_fit(c, g, o, &tile_##name_);                                                                      \
    }                                                                                                                  \
    static void pack_##name_(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,          \
                             struct launch *l)                                                                         \
    {                                                                                                                  \
        parts_pack(c, g, o, s, l, &tile_##name_);                                                                      \
    }                                                                                                                  \
    static void sum_##name_(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,           \
                            struct launch *l)                                                                          \
    {                                                                                                                  \
        sum_pack(c, g, o, s, l, count_);                                                                               \
    }                                                                                                                  \
    static uint64_t scratch_##name_(const struct graph *g, const struct op *o)                                         \
    {                                                                                                                  \
        return (uint64_t)(count_)*4 * shape_count(op_output(g, o)->sh);                                                \
    }                                                                                                                  \
    static const struct kernel_row then_##name_ = {                                                                    \
        .name = "linear_sum_" #name_, .shader = "linear_sum", .pack = sum_##name_, .scratch = scratch_##name_};        \
    static const struct kernel_row coop_##name_ = {                                                                    \
        .name = "linear_coop_" #name_,                                                                                 \
        .shader = "linear_coop",                                                                                       \
        .needs = "cooperative matrices of F16 into F32, F16 operands, whole tiles, and few of them",                   \
        .measured = true,                                                                                              \
        .fits = fits_##name_,                                                                                          \
        .pack = pack_##name_,                                                                                          \
        .then = &then_##name_,                                                                                         \
        .scratch = scratch_##name_,                                                                                    \
    };
PARTS(128x128x64_p4, 4, 128, 128, 64, 64, 32, 1, 1, 1)
PARTS(128x128x64_d2_p4, 4, 128, 128, 64, 64, 32, 1, 1, 2)
PARTS(128x128x64_d2_p2, 2, 128, 128, 64, 64, 32, 1, 1, 2)
PARTS(128x128x64_p2, 2, 128, 128, 64, 64, 32, 1, 1, 1)
PARTS(128x64x64_d2_p2, 2, 128, 64, 64, 32, 32, 1, 1, 2)
PARTS(32x32x16_p2, 2, 32, 32, 16, 16, 16, 1, 1, 1)
#undef PARTS

// --- matrix units whose driver takes matrices as large as tiles: linear_coop2.comp -----------------------------------

struct coop2_tile {
    uint32_t bm, bn, bk, threads; // of a workgroup that holds the matrix; 0: a subgroup does
};

static bool coop2_fits(const struct caps *c, const struct graph *g, const struct op *o, const struct coop2_tile *t)
{
    const struct coop_tile tile = {.bm = t->bm, .bn = t->bn};
    const struct tensor *x = op_operand(g, o, X), *w = op_operand(g, o, W);
    uint32_t threads = t->threads ? t->threads : coop_subgroup(c);
    if (c->type == CAPS_CPU && t->bm * t->bn > 32 * 32) return false; // Mesa's compiler takes minutes
    return is_half(x) && is_half(w) && x->sh.cols % t->bk == 0 && threads <= c->threads_x_max &&
           coop_whole(g, o, (struct shard){0, split_rows(g, o)}, &tile) &&
           coop2_takes(c, t->bm, t->bn, t->bk, t->threads);
}

static void coop2_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l, const struct coop2_tile *t)
{
    enum { SCOPE_WORKGROUP = 2, SCOPE_SUBGROUP = 3 }; // gl_ScopeWorkgroup, gl_ScopeSubgroup
    open_launch(g, o, s, l, t->threads ? t->threads : coop_subgroup(c));
    const uint32_t sizes[] = {t->bm, t->bn, t->bk, t->threads ? SCOPE_WORKGROUP : SCOPE_SUBGROUP};
    for (uint32_t i = 0; i < COUNTOF(sizes); i++) launch_spec(l, sizes[i]);
    if (c->subgroup_pick) l->subgroup = coop_subgroup(c);
    launch_groups(c, l, (uint64_t)(s.count / t->bm) * (op_output(g, o)->sh.cols / t->bn));
}

#define COOP2(name_, shader_, needs_, ...)                                                                             \
    static const struct coop2_tile tile_##name_ = {__VA_ARGS__};                                                       \
    static bool fits_##name_(const struct caps *c, const struct graph *g, const struct op *o)                          \
    {                                                                                                                  \
        return coop2_fits(c, g, o, &tile_##name_);                                                                     \
    }                                                                                                                  \
    static void pack_##name_(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,          \
                             struct launch *l)                                                                         \
    {                                                                                                                  \
        coop2_pack(c, g, o, s, l, &tile_##name_);                                                                      \
    }                                                                                                                  \
    static const struct kernel_row name_ = {                                                                           \
        .name = "linear_" #name_,                                                                                      \
        .shader = (shader_),                                                                                           \
        .needs = needs_ ", F16 operands, whole tiles",                                                                 \
        .uncut = true,                                                                                                 \
        .measured = true,                                                                                              \
        .fits = fits_##name_,                                                                                          \
        .pack = pack_##name_,                                                                                          \
    };
#define COOP2_GROUP(name_, ...)                                                                                        \
    COOP2(name_, "linear_coop2_tensor", "cooperative matrices of workgroups, Vulkan 1.3", __VA_ARGS__)
COOP2(coop2_32x32x16, "linear_coop2", "cooperative matrices of any size", 32, 32, 16, 0)
COOP2(coop2_64x64x32, "linear_coop2", "cooperative matrices of any size", 64, 64, 32, 0)
COOP2_GROUP(coop2_64x64x64, 64, 64, 64, 128)
COOP2_GROUP(coop2_128x64x64, 128, 64, 64, 256)
COOP2_GROUP(coop2_128x128x64, 128, 128, 64, 256)
COOP2_GROUP(coop2_128x256x64, 128, 256, 64, 256)
#undef COOP2_GROUP
#undef COOP2

static const struct kernel_row *const kernels[] = {
    &bcast_low_texels,
    &bcast_texels,
    &bcast_fixed_f32,
    &bcast_fixed_f16,
    &bcast_fixed_f16_f32,
    &bcast_fixed_q8,
    &bcast_fixed_q4,
    &bcast_address,
    &bcast,
    &coop,
    &coop_64x64x64_d2,
    &coop_64x64x64_k2_d2,
    &coop_64x64x128_k2,
    &coop_64x64x128_k4,
    &coop_128x64x64_d2,
    &coop_64x128x64_d2,
    &coop_128x128x64,
    &coop_128x128x64_d2,
    &coop_128x128x64_w32,
    &coop_128x128x64_w64,
    &coop_128x128x32_w64,
    &coop_128x144x64,
    &coop_128x128x64_p4,
    &coop_128x128x64_d2_p4,
    &coop_128x128x64_d2_p2,
    &coop_128x128x64_p2,
    &coop_128x64x64_d2_p2,
    &coop_32x32x16_p2,
    &tile128,
    &tile64,
    // behind what always fits: used only where measuring found one of them right, and the fastest
    &coop2_32x32x16,
    &coop2_64x64x32,
    &coop2_64x64x64,
    &coop2_128x64x64,
    &coop2_128x128x64,
    &coop2_128x256x64,
    NULL,
};

// --- cases ---------------------------------------------------------------------------------------------------------

static const struct linear_case {
    uint32_t items, rows, k, n;
    bool bias;
    enum act act;
    enum dtype w; // of the matrix; DT_COUNT: the graph's
} shapes[] = {
    {1, 1, 1, 1, true, ACT_NONE, DT_COUNT},
    {1, 129, 31, 129, false, ACT_NONE, DT_F16},
    {1, 2, 34, 66, true, ACT_SILU, DT_COUNT},
    {3, 5, 16, 33, true, ACT_NONE, DT_F16},
    {1, 3, 17, 31, false, ACT_GELU_TANH, DT_F16},
    {2, 37, 258, 66, true, ACT_NONE, DT_COUNT},
    {1, 13, 8, 130, true, ACT_GELU_TANH, DT_COUNT},
    {1, 65, 72, 64, true, ACT_GELU_ERF, DT_COUNT},
    {5, 220, 24, 900, true, ACT_GELU_TANH, DT_COUNT},  // enough tiles for the large ones
    {2, 128, 224, 128, true, ACT_GELU_TANH, DT_COUNT}, // whole tiles only
    {1, 9, 64, 34, false, ACT_NONE, DT_Q4},
    {2, 37, 192, 67, true, ACT_GELU_TANH, DT_Q8},
    {2, 128, 128, 128, true, ACT_NONE, DT_Q8}, // whole tiles only
    {1, 130, 320, 129, true, ACT_SILU, DT_Q4},
    {2, 260, 1000, 1000, true, ACT_NONE, DT_COUNT}, // enough work for the highest tiles of bcast_rows
    {2, 128, 192, 256, true, ACT_NONE, DT_COUNT},   // whole tiles of linear_coop2
};

static void case_operands(struct graph *g, const struct linear_case *s, ten in[3])
{
    in[X] = case_act(g, X, (struct shape){s->items, s->rows, s->k});
    in[W] = case_weight(g, W, s->w == DT_COUNT ? g->weight : s->w, (struct shape){1, s->n, s->k});
    in[BIAS] = s->bias ? case_weight(g, BIAS, DT_F32, (struct shape){1, 1, s->n}) : (ten){0};
}

static ten case_res(struct graph *g, const struct linear_case *s)
{
    return case_input(g, RES, DT_F32, (struct shape){s->items, s->rows, s->n});
}

static bool linear_cases(struct graph *g, uint32_t i, ten *out)
{
    if (i >= COUNTOF(shapes)) return false;
    ten in[3];
    case_operands(g, &shapes[i], in);
    *out = op_linear(g, in[X], in[W], in[BIAS], shapes[i].act);
    return true;
}

// The residual forms take every other shape: pipelines cost most of a test's time.
static bool add_cases(struct graph *g, uint32_t i, ten *out)
{
    if (2 * i + 1 >= COUNTOF(shapes)) return false;
    ten in[3];
    case_operands(g, &shapes[2 * i + 1], in);
    *out = op_linear_add(g, in[X], in[W], in[BIAS], case_res(g, &shapes[2 * i + 1]));
    return true;
}

static bool gate_cases(struct graph *g, uint32_t i, ten *out)
{
    if (2 * i + 1 >= COUNTOF(shapes)) return false;
    const struct linear_case *s = &shapes[2 * i + 1];
    ten in[3];
    case_operands(g, s, in);
    ten res = case_res(g, s);
    struct mod gate = case_mod(g, TABLE, s->items, s->n, i % 4);
    *out = op_linear_gate(g, in[X], in[W], in[BIAS], gate, res);
    return true;
}

// --- rows ----------------------------------------------------------------------------------------------------------

#define LINEAR_ROW(name_, cases_)                                                                                      \
    {                                                                                                                  \
        .name = (name_), .infer = linear_infer, .oracle = linear_oracle, .work = linear_work,                          \
        .split_count = split_rows, .split_align = SPLIT_ALIGN, .span = linear_span, .kernels = kernels,                \
        .cases = (cases_)                                                                                              \
    }

const struct op_row op_linear_row = LINEAR_ROW("linear", linear_cases);
const struct op_row op_linear_add_row = LINEAR_ROW("linear_add", add_cases);
const struct op_row op_linear_gate_row = LINEAR_ROW("linear_gate", gate_cases);

ten op_linear(struct graph *g, ten x, ten w, ten b, enum act act)
{
    struct linear_param p = {.act = act, .finish = FINISH_PLAIN};
    ten in[OPERANDS] = {[X] = x, [W] = w, [BIAS] = b};
    return graph_emit(g, &op_linear_row, in, OPERANDS, &p, sizeof p, (ten){0});
}

ten op_linear_add(struct graph *g, ten x, ten w, ten b, ten res)
{
    struct linear_param p = {.finish = FINISH_ADD};
    ten in[OPERANDS] = {[X] = x, [W] = w, [BIAS] = b, [RES] = res};
    return graph_emit(g, &op_linear_add_row, in, OPERANDS, &p, sizeof p, (ten){0});
}

ten op_linear_gate(struct graph *g, ten x, ten w, ten b, struct mod gate, ten res)
{
    struct linear_param p = {.finish = FINISH_GATE, .conds = gate.conds, .slot = gate.slot};
    ten in[OPERANDS] = {
        [X] = x, [W] = w, [BIAS] = b, [RES] = res, [TABLE] = gate.table, [NOW] = gate.now, [COND] = gate.cond};
    return graph_emit(g, &op_linear_gate_row, in, OPERANDS, &p, sizeof p, (ten){0});
}
