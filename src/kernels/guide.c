// guide.c — classifier-free guidance: one image from the conditional and the unconditional half of a batch.
#include "kernels/common.h"

struct guide_param {
    uint32_t channels, both;
};

static bool guide_infer(struct graph *g, struct op *o)
{
    const struct guide_param *p = (const void *)o->param;
    if (!infer_floats(g, o, 0) || !infer_now(g, o, 1)) return false;
    const struct tensor *x = op_operand(g, o, 0);
    if (x->sh.items % 2 || p->channels > x->sh.rows)
        return graph_fail(g, o, "%u channels of two halves of %.60s [%u %u %u]", p->channels, x->name, x->sh.items,
                          x->sh.rows, x->sh.cols);
    return infer_out(g, o, DT_F32, (struct shape){p->both ? x->sh.items : x->sh.items / 2, x->sh.rows, x->sh.cols});
}

static void guide_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct guide_param *p = (const void *)o->param;
    double scale = tick_of(in[1]).cfg;
    uint64_t n = shape_count(out.sh), half = shape_count(in[0].sh) / 2;
    for (uint64_t i = 0; i < n; i++) {
        double c = in[0].p[i % half], u = in[0].p[half + i % half];
        bool guided = i / out.sh.cols % out.sh.rows < p->channels;
        out.p[i] = (float)(guided ? u + scale * (c - u) : in[0].p[i]);
    }
}

static struct work guide_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 3);
}

static void guide_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    (void)s;
    const struct guide_param *p = (const void *)o->param;
    struct shape sh = op_output(g, o)->sh;
    launch_each(c, g, o, l, shape_count(sh));
    launch_push(l, (uint32_t)(shape_count(op_operand(g, o, 0)->sh) / 2));
    launch_push(l, p->channels * sh.cols);
    launch_push(l, sh.rows * sh.cols);
}

static bool guide_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t n, rows, cols, channels;
        bool both;
    } t[] = {{1, 1, 1, 1, false}, {1, 4, 17, 3, true}, {3, 8, 64, 3, false}, {2, 4, 65, 4, false}, {3, 5, 7, 3, true}};
    if (i >= COUNTOF(t)) return false;
    ten x = case_act(g, 0, (struct shape){2 * t[i].n, t[i].rows, t[i].cols});
    ten now = case_now(g, 1);
    *out = op_guide(g, x, now, t[i].channels, t[i].both);
    return true;
}

static const struct kernel_row guide_kernel = {
    .name = "guide", .shader = "guide", .needs = "nothing", .fits = fits_always, .pack = guide_pack};
const struct op_row op_guide_row = {
    .name = "guide",
    .infer = guide_infer,
    .oracle = guide_oracle,
    .work = guide_work,
    .kernels = (const struct kernel_row *const[]){&guide_kernel, NULL},
    .cases = guide_cases,
};

ten op_guide(struct graph *g, ten out, ten now, uint32_t channels, bool both)
{
    struct guide_param p = {channels, both};
    return graph_emit(g, &op_guide_row, (ten[]){out, now}, 2, &p, sizeof p, (ten){0});
}
