// embed.c — what turns timesteps and labels into conditioning, and modulation vectors into the table:
// timestep_embed, gather, pair_add, table_put. Knows nothing about blocks.
#include "kernels/common.h"

#include <math.h>
#include <string.h>

// --- timestep_embed ------------------------------------------------------------------------------------------------

static bool time_infer(struct graph *g, struct op *o)
{
    const struct tensor *t = op_operand(g, o, 0), *f = op_operand(g, o, 1);
    if (!infer_want(g, o, 0, DT_F32, (struct shape){t->sh.items, 1, 1})) return false;
    if (!infer_want(g, o, 1, DT_F32, (struct shape){1, 1, f->sh.cols})) return false;
    return infer_out(g, o, DT_F32, (struct shape){t->sh.items, 1, 2 * f->sh.cols});
}

static void time_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g, (void)o;
    uint32_t half = in[1].sh.cols;
    for (uint32_t i = 0; i < out.sh.items; i++)
        for (uint32_t k = 0; k < half; k++) {
            float angle = in[0].p[i] * in[1].p[k]; // rounded to F32: part of the definition
            out.p[(size_t)i * 2 * half + k] = (float)cos(angle);
            out.p[((size_t)i * 2 + 1) * half + k] = (float)sin(angle);
        }
}

static struct work time_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 30);
}

static struct span time_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, 1);
}

static void time_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    uint32_t half = op_operand(g, o, 1)->sh.cols;
    launch_each(c, g, o, l, (uint64_t)s.count * 2 * half);
    launch_push(l, half);
}

static bool time_cases(struct graph *g, uint32_t i, ten *out)
{
    static const uint32_t count[] = {1, 3, 65}, half[] = {1, 17, 128};
    if (i >= COUNTOF(count)) return false;
    ten t = case_input(g, 0, DT_F32, (struct shape){count[i], 1, 1});
    ten f = case_input(g, 1, DT_F32, (struct shape){1, 1, half[i]});
    *out = op_timestep_embed(g, t, f);
    return true;
}

static const struct kernel_row time_kernel = {
    .name = "timestep_embed", .shader = "timestep_embed", .needs = "nothing", .fits = fits_always, .pack = time_pack};
const struct op_row op_timestep_embed_row = {
    .name = "timestep_embed",
    .infer = time_infer,
    .oracle = time_oracle,
    .work = time_work,
    .split_count = split_rows,
    .span = time_span,
    .kernels = (const struct kernel_row *const[]){&time_kernel, NULL},
    .cases = time_cases,
};

ten op_timestep_embed(struct graph *g, ten t, ten freqs)
{
    return graph_emit(g, &op_timestep_embed_row, (ten[]){t, freqs}, 2, NULL, 0, (ten){0});
}

// --- gather --------------------------------------------------------------------------------------------------------

static bool gather_infer(struct graph *g, struct op *o)
{
    const struct tensor *t = op_operand(g, o, 0), *index = op_operand(g, o, 1);
    if (!infer_floats(g, o, 0)) return false;
    if (t->sh.items != 1) return infer_clash(g, o, 0, 1, "the table has more than one item");
    if (!infer_want(g, o, 1, DT_I32, (struct shape){index->sh.items, 1, 1})) return false;
    return infer_out(g, o, DT_F32, (struct shape){index->sh.items, 1, t->sh.cols});
}

static void gather_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g, (void)o;
    uint32_t cols = out.sh.cols;
    for (uint32_t i = 0; i < out.sh.items; i++) {
        uint32_t row;
        memcpy(&row, &in[1].p[i], sizeof row);
        row = min_u32(row, in[0].sh.rows - 1);
        memcpy(&out.p[(size_t)i * cols], &in[0].p[(size_t)row * cols], cols * sizeof *out.p);
    }
}

static struct work gather_work(const struct graph *g, const struct op *o)
{
    return (struct work){.bytes = 2 * (double)tensor_bytes(op_output(g, o))};
}

static struct span gather_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct tensor *t = op_operand(g, o, k);
    return k == 0 ? span_whole(t) : span_rows(t, s);
}

static void gather_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l)
{
    struct shape table = op_operand(g, o, 0)->sh;
    launch_each(c, g, o, l, (uint64_t)s.count * table.cols);
    launch_push(l, table.cols);
    launch_push(l, table.rows);
}

static bool gather_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t rows, cols, count;
    } t[] = {{3, 1, 1}, {5, 34, 7}, {2, 130, 257}}; // the last is too short for some indices
    if (i >= COUNTOF(t)) return false;
    struct shape table = {1, t[i].rows, t[i].cols};
    ten w = case_weight(g, 0, t[i].cols % 2 ? DT_F32 : g->weight, table);
    ten index = case_input(g, 1, DT_I32, (struct shape){t[i].count, 1, 1});
    *out = op_gather(g, w, index);
    return true;
}

static const struct kernel_row gather_kernel = {
    .name = "gather", .shader = "gather", .needs = "nothing", .fits = fits_always, .pack = gather_pack};
const struct op_row op_gather_row = {
    .name = "gather",
    .infer = gather_infer,
    .oracle = gather_oracle,
    .work = gather_work,
    .split_count = split_rows,
    .span = gather_span,
    .kernels = (const struct kernel_row *const[]){&gather_kernel, NULL},
    .cases = gather_cases,
};

ten op_gather(struct graph *g, ten table, ten index)
{
    return graph_emit(g, &op_gather_row, (ten[]){table, index}, 2, NULL, 0, (ten){0});
}

// --- pair_add ------------------------------------------------------------------------------------------------------

struct pair_param {
    uint32_t act;
};

static bool pair_infer(struct graph *g, struct op *o)
{
    if (!infer_floats(g, o, 0) || !infer_floats(g, o, 1)) return false;
    struct shape a = op_operand(g, o, 0)->sh, b = op_operand(g, o, 1)->sh;
    uint64_t rows = shape_rows(a) * shape_rows(b);
    if (a.cols != b.cols || rows > UINT32_MAX) return infer_clash(g, o, 0, 1, "widths do not match");
    return infer_out(g, o, DT_F32, (struct shape){(uint32_t)rows, 1, a.cols});
}

static void pair_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct pair_param *p = (const void *)o->param;
    uint64_t m = shape_rows(in[1].sh), cols = out.sh.cols;
    for (uint64_t r = 0; r < out.sh.items; r++)
        for (uint64_t j = 0; j < cols; j++)
            out.p[r * cols + j] =
                (float)act_value((double)in[0].p[r / m * cols + j] + in[1].p[r % m * cols + j], p->act);
}

static struct work pair_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 10);
}

static struct span pair_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_rows_of(g, o, k, s, 0);
}

static void pair_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    const struct pair_param *p = (const void *)o->param;
    struct shape b = op_operand(g, o, 1)->sh;
    launch_each(c, g, o, l, (uint64_t)s.count * b.cols);
    launch_push(l, s.first);
    launch_push(l, (uint32_t)shape_rows(b));
    launch_push(l, b.cols);
    launch_spec(l, p->act);
}

static bool pair_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t n, m, cols;
    } t[] = {{1, 1, 1}, {3, 2, 33}, {17, 9, 130}};
    if (i >= COUNTOF(t)) return false;
    ten a = case_input(g, 0, DT_F32, (struct shape){t[i].n, 1, t[i].cols});
    ten b = case_input(g, 1, DT_F32, (struct shape){t[i].m, 1, t[i].cols});
    *out = op_pair_add(g, a, b, i % 2 ? ACT_SILU : ACT_NONE);
    return true;
}

static const struct kernel_row pair_kernel = {
    .name = "pair_add", .shader = "pair_add", .needs = "nothing", .fits = fits_always, .pack = pair_pack};
const struct op_row op_pair_add_row = {
    .name = "pair_add",
    .infer = pair_infer,
    .oracle = pair_oracle,
    .work = pair_work,
    .split_count = split_rows,
    .span = pair_span,
    .kernels = (const struct kernel_row *const[]){&pair_kernel, NULL},
    .cases = pair_cases,
};

ten op_pair_add(struct graph *g, ten a, ten b, enum act act)
{
    struct pair_param p = {act};
    return graph_emit(g, &op_pair_add_row, (ten[]){a, b}, 2, &p, sizeof p, (ten){0});
}

// --- table_put -----------------------------------------------------------------------------------------------------

struct put_param {
    uint32_t first;
};

static bool put_infer(struct graph *g, struct op *o)
{
    const struct put_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0)) return false;
    const struct tensor *a = op_operand(g, o, 0), *table = op_output(g, o);
    if (o->out == 0) return graph_fail(g, o, "no table");
    if (table->dtype != DT_F32 || a->sh.cols % table->sh.cols || shape_rows(a->sh) > table->sh.items ||
        (uint64_t)p->first + a->sh.cols / table->sh.cols > table->sh.rows)
        return infer_clash(g, o, 0, 1, "the vectors do not fit the table's slots");
    return true;
}

static void put_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct put_param *p = (const void *)o->param;
    uint64_t rows = shape_rows(in[0].sh), cols = in[0].sh.cols, wide = (uint64_t)out.sh.rows * out.sh.cols;
    for (uint64_t r = 0; r < rows; r++)
        memcpy(&out.p[r * wide + (uint64_t)p->first * out.sh.cols], &in[0].p[r * cols], cols * sizeof *out.p);
}

static struct work put_work(const struct graph *g, const struct op *o)
{
    return (struct work){.bytes = 2 * (double)tensor_bytes(op_operand(g, o, 0))};
}

static uint32_t put_count(const struct graph *g, const struct op *o)
{
    return (uint32_t)shape_rows(op_operand(g, o, 0)->sh);
}

static struct span put_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct tensor *t = op_operand(g, o, k);
    return k == 0 ? span_rows(t, s) : span_items(t, s);
}

static void put_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l)
{
    const struct put_param *p = (const void *)o->param;
    struct shape a = op_operand(g, o, 0)->sh, table = op_output(g, o)->sh;
    launch_each(c, g, o, l, (uint64_t)s.count * a.cols);
    launch_push(l, a.cols);
    launch_push(l, table.rows * table.cols);
    launch_push(l, p->first * table.cols);
}

static bool put_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t n, d, count, first, rows, slots;
    } t[] = {{1, 1, 1, 0, 1, 1}, {3, 5, 6, 2, 4, 9}, {131, 66, 2, 1, 131, 3}};
    if (i >= COUNTOF(t)) return false;
    ten a = case_act(g, 0, (struct shape){t[i].n, 1, t[i].d * t[i].count});
    ten table = case_state(g, 1, DT_F32, (struct shape){t[i].rows, t[i].slots, t[i].d});
    *out = op_table_put(g, a, table, t[i].first);
    return true;
}

static const struct kernel_row put_kernel = {
    .name = "table_put", .shader = "table_put", .needs = "nothing", .fits = fits_always, .pack = put_pack};
const struct op_row op_table_put_row = {
    .name = "table_put",
    .infer = put_infer,
    .oracle = put_oracle,
    .work = put_work,
    .split_count = put_count,
    .span = put_span,
    .kernels = (const struct kernel_row *const[]){&put_kernel, NULL},
    .cases = put_cases,
};

ten op_table_put(struct graph *g, ten a, ten table, uint32_t first)
{
    struct put_param p = {first};
    return graph_emit(g, &op_table_put_row, &a, 1, &p, sizeof p, table);
}
