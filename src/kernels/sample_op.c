// sample_op.c — op_sample and op_advance: a sampler step as data (see tick.h). Knows no sampler by name.
#include "kernels/common.h"

#include <math.h>
#include <string.h>

// --- sample: operands regs, model, noise, now; the output is regs --------------------------------------------------

static bool sample_infer(struct graph *g, struct op *o)
{
    const struct tensor *regs = op_operand(g, o, 0), *model = op_operand(g, o, 1), *noise = op_operand(g, o, 2);
    if (!infer_floats(g, o, 1) || !infer_now(g, o, 3)) return false;
    uint32_t n = model->sh.items, c = regs->sh.rows;
    if (regs->dtype != DT_F32 || regs->sh.items % n || regs->sh.items / n > TICK_REGS ||
        regs->sh.cols != model->sh.cols || (model->sh.rows != c && model->sh.rows != 2 * c))
        return infer_clash(g, o, 0, 1, "registers and model output do not match");
    struct shape image = {n, c, regs->sh.cols};
    if (op_has(o, 2) && (!infer_floats(g, o, 2) || !same_shape(noise->sh, image)))
        return infer_clash(g, o, 0, 2, "registers and noise do not match");
    return infer_out(g, o, DT_F32, regs->sh);
}

// One element of every register. Sources with a zero coefficient are not looked at: they may hold anything.
static void sample_element(const struct tick *now, uint32_t n_regs, float *reg, uint64_t stride, double m, double noise)
{
    double source[TICK_SRC] = {0};
    for (uint32_t s = 0; s < n_regs; s++) source[s] = reg[s * stride];
    source[TICK_REGS] = m;
    source[TICK_REGS + 1] = noise;
    for (uint32_t r = 0; r < min_u32(now->n_regs, n_regs); r++) {
        double sum = 0;
        for (uint32_t s = 0; s < TICK_SRC; s++)
            if (now->matrix[r][s] != 0) sum += now->matrix[r][s] * source[s];
        reg[r * stride] = (float)sum;
    }
}

static void sample_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct tick now = tick_of(in[3]);
    uint64_t item = (uint64_t)out.sh.rows * out.sh.cols, model_item = (uint64_t)in[1].sh.rows * in[1].sh.cols;
    uint64_t count = in[1].sh.items * item;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = i / item * model_item + i % item;
        double noise = op_has(o, 2) ? in[2].p[i] : 0;
        if (now.use_var && model_item > item && op_has(o, 2)) {
            double f = (in[1].p[at + item] + 1.0) / 2;
            noise *= exp(0.5 * (f * now.var_hi + (1 - f) * now.var_lo));
        }
        sample_element(&now, out.sh.items / in[1].sh.items, &out.p[i], count, in[1].p[at], noise);
    }
}

static struct work sample_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 2 * TICK_SRC);
}

static void sample_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l)
{
    (void)s;
    struct shape regs = op_output(g, o)->sh, model = op_operand(g, o, 1)->sh;
    launch_each(c, g, o, l, (uint64_t)model.items * regs.rows * regs.cols);
    launch_push(l, regs.rows * regs.cols);
    launch_push(l, model.rows * model.cols);
    launch_spec(l, regs.items / model.items);
    launch_spec(l, op_has(o, 2));
    launch_spec(l, model.rows > regs.rows);
}

static bool sample_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t regs, n, channels, model_channels, cols;
        bool noise;
    } t[] = {{1, 1, 1, 1, 1, false}, {2, 3, 4, 8, 17, true},  {10, 1, 4, 4, 65, true},
             {3, 2, 4, 8, 64, true}, {3, 2, 4, 4, 66, false}, {4, 1, 4, 8, 131, false}};
    if (i >= COUNTOF(t)) return false;
    struct shape image = {t[i].n, t[i].channels, t[i].cols};
    ten regs = case_state(g, 0, DT_F32, (struct shape){t[i].regs * t[i].n, t[i].channels, t[i].cols});
    ten model = case_act(g, 1, (struct shape){t[i].n, t[i].model_channels, t[i].cols});
    ten noise = t[i].noise ? case_input(g, 2, DT_F32, image) : (ten){0};
    ten now = case_now(g, 3);
    *out = op_sample(g, regs, model, noise, now);
    return true;
}

static const struct kernel_row sample_kernel = {
    .name = "sample", .shader = "sample", .needs = "nothing", .fits = fits_always, .pack = sample_pack};
const struct op_row op_sample_row = {
    .name = "sample",
    .infer = sample_infer,
    .oracle = sample_oracle,
    .work = sample_work,
    .kernels = (const struct kernel_row *const[]){&sample_kernel, NULL},
    .cases = sample_cases,
};

ten op_sample(struct graph *g, ten regs, ten model, ten noise, ten now)
{
    return graph_emit(g, &op_sample_row, (ten[]){regs, model, noise, now}, 4, NULL, 0, regs);
}

// --- advance: operands ticks, counter; the output is now; the counter is written too -------------------------------

static bool advance_infer(struct graph *g, struct op *o)
{
    const struct tensor *ticks = op_operand(g, o, 0), *counter = op_operand(g, o, 1);
    if (!op_has(o, 0) || dtype_bytes(ticks->dtype) != 4 || ticks->sh.cols != TICK_WORDS)
        return graph_fail(g, o, "%.60s [%u %u %u] is no list of ticks of %u words", ticks->name, ticks->sh.items,
                          ticks->sh.rows, ticks->sh.cols, (unsigned)TICK_WORDS);
    if (!op_has(o, 1) || counter->dtype != DT_I32 || shape_count(counter->sh) != 1)
        return infer_clash(g, o, 0, 1, "the counter is not one I32");
    return infer_now(g, o, o->n_in);
}

static void advance_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g, (void)o;
    uint32_t count;
    memcpy(&count, in[1].p, sizeof count);
    uint64_t row = min_u64(count, shape_rows(in[0].sh) - 1);
    memcpy(out.p, &in[0].p[row * TICK_WORDS], sizeof(struct tick));
    count++;
    memcpy((float *)in[1].p, &count, sizeof count); // also_writes says so
}

static struct work advance_work(const struct graph *g, const struct op *o)
{
    (void)g, (void)o;
    return (struct work){.bytes = 2 * sizeof(struct tick)};
}

static void advance_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                         struct launch *l)
{
    (void)c, (void)s;
    launch_open(g, o, l, 64);
    launch_push(l, (uint32_t)shape_rows(op_operand(g, o, 0)->sh));
}

static bool advance_cases(struct graph *g, uint32_t i, ten *out)
{
    static const uint32_t ticks[] = {1, 2, 65};
    if (i >= COUNTOF(ticks)) return false;
    ten list = case_state(g, 0, DT_I32, (struct shape){1, ticks[i], TICK_WORDS});
    ten counter = case_state(g, 1, DT_I32, (struct shape){1, 1, 1});
    *out = op_advance(g, list, counter, case_now(g, 2));
    return true;
}

static const struct kernel_row advance_kernel = {
    .name = "advance", .shader = "advance", .needs = "nothing", .fits = fits_always, .pack = advance_pack};
const struct op_row op_advance_row = {
    .name = "advance",
    .infer = advance_infer,
    .oracle = advance_oracle,
    .work = advance_work,
    .kernels = (const struct kernel_row *const[]){&advance_kernel, NULL},
    .cases = advance_cases,
    .also_writes = 1u << 1,
};

ten op_advance(struct graph *g, ten ticks, ten counter, ten now)
{
    return graph_emit(g, &op_advance_row, (ten[]){ticks, counter}, 2, NULL, 0, now);
}
