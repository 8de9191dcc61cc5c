// patch.c — patchify and unpatchify: images in NCHW order to rows of patches and back. Both orders inside a patch are
// the published models' own: channel first on the way in, channel last on the way out.
#include "kernels/common.h"

struct patch_param {
    uint32_t n, of, h, w, p, copies, channels; // n: images that are read of the `of` that a register holds
};

// --- patchify ------------------------------------------------------------------------------------------------------

static bool patchify_infer(struct graph *g, struct op *o)
{
    const struct patch_param *a = (const void *)o->param;
    const struct tensor *regs = op_operand(g, o, 0);
    if (!op_has(o, 0) || regs->dtype != DT_F32 || a->n == 0 || a->n > a->of || a->copies == 0 || a->p == 0 ||
        a->h % a->p || a->w % a->p || regs->sh.items % a->of || (uint64_t)a->h * a->w != regs->sh.cols)
        return graph_fail(g, o, "%u images of %ux%u in patches of %u from %.60s %s [%u %u %u]", a->n, a->h, a->w, a->p,
                          regs->name, dtype_name(regs->dtype), regs->sh.items, regs->sh.rows, regs->sh.cols);
    if (!infer_now(g, o, 1)) return false;
    struct shape sh = {a->copies * a->n, a->h / a->p * (a->w / a->p), regs->sh.rows * a->p * a->p};
    return infer_out(g, o, act_dtype(g, sh), sh);
}

static void patchify_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct patch_param *a = (const void *)o->param;
    struct tick now = tick_of(in[1]);
    uint32_t channels = in[0].sh.rows, across = a->w / a->p;
    for (uint32_t item = 0; item < out.sh.items; item++)
        for (uint32_t t = 0; t < out.sh.rows; t++)
            for (uint32_t j = 0; j < out.sh.cols; j++) {
                uint32_t dx = j % a->p, dy = j / a->p % a->p, ch = j / (a->p * a->p);
                uint64_t plane = ((uint64_t)now.in_reg * a->of + item % a->n) * channels + ch;
                uint64_t line = t / across * a->p + dy, column = t % across * a->p + dx;
                out.p[((uint64_t)item * out.sh.rows + t) * out.sh.cols + j] =
                    in[0].p[(plane * a->h + line) * a->w + column] * now.in_scale;
            }
}

static struct work patchify_work(const struct graph *g, const struct op *o)
{
    return (struct work){.bytes = 2 * (double)tensor_bytes(op_output(g, o))};
}

static struct span patchify_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    const struct tensor *t = op_operand(g, o, k);
    return k == o->n_in ? span_items(t, s) : span_whole(t);
}

static void patchify_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                          struct launch *l)
{
    const struct patch_param *a = (const void *)o->param;
    struct shape sh = op_output(g, o)->sh;
    launch_each(c, g, o, l, (uint64_t)s.count * sh.rows * sh.cols);
    const uint32_t words[] = {s.first, a->n, a->of, op_operand(g, o, 0)->sh.rows, a->h, a->w, a->p};
    for (uint32_t i = 0; i < COUNTOF(words); i++) launch_push(l, words[i]);
}

static bool patchify_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t n, of, channels, h, w, p, copies;
    } t[] = {{1, 1, 1, 1, 1, 1, 1}, {3, 3, 4, 6, 10, 2, 2}, {2, 2, 3, 3, 6, 3, 1}, {1, 2, 4, 32, 16, 4, 10}};
    if (i >= COUNTOF(t)) return false;
    ten regs = case_state(g, 0, DT_F32, (struct shape){3 * t[i].of, t[i].channels, t[i].h * t[i].w});
    ten now = case_now(g, 1);
    *out = op_patchify(g, regs, now, t[i].n, t[i].of, t[i].h, t[i].w, t[i].p, t[i].copies);
    return true;
}

static const struct kernel_row patchify_kernel = {
    .name = "patchify", .shader = "patchify", .needs = "nothing", .fits = fits_always, .pack = patchify_pack};
const struct op_row op_patchify_row = {
    .name = "patchify",
    .infer = patchify_infer,
    .oracle = patchify_oracle,
    .work = patchify_work,
    .split_count = split_items,
    .span = patchify_span,
    .kernels = (const struct kernel_row *const[]){&patchify_kernel, NULL},
    .cases = patchify_cases,
};

ten op_patchify(struct graph *g, ten regs, ten now, uint32_t n, uint32_t of, uint32_t h, uint32_t w, uint32_t p,
                uint32_t copies)
{
    struct patch_param a = {.n = n, .of = of, .h = h, .w = w, .p = p, .copies = copies};
    return graph_emit(g, &op_patchify_row, (ten[]){regs, now}, 2, &a, sizeof a, (ten){0});
}

// --- unpatchify ----------------------------------------------------------------------------------------------------

static bool unpatchify_infer(struct graph *g, struct op *o)
{
    const struct patch_param *a = (const void *)o->param;
    const struct tensor *t = op_operand(g, o, 0);
    if (!infer_floats(g, o, 0)) return false;
    if (a->p == 0 || a->h % a->p || a->w % a->p || (uint64_t)a->p * a->p * a->channels != t->sh.cols ||
        (uint64_t)(a->h / a->p) * (a->w / a->p) != t->sh.rows)
        return graph_fail(g, o, "%u channels of %ux%u in patches of %u from %.60s [%u %u %u]", a->channels, a->h, a->w,
                          a->p, t->name, t->sh.items, t->sh.rows, t->sh.cols);
    return infer_out(g, o, DT_F32, (struct shape){t->sh.items, a->channels, a->h * a->w});
}

static void unpatchify_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g;
    const struct patch_param *a = (const void *)o->param;
    uint64_t n = shape_count(out.sh);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t column = i % a->w, line = i / a->w % a->h, ch = i / out.sh.cols % a->channels;
        uint64_t item = i / out.sh.cols / a->channels;
        uint64_t token = item * in[0].sh.rows + line / a->p * (a->w / a->p) + column / a->p;
        out.p[i] = in[0].p[token * in[0].sh.cols + (line % a->p * a->p + column % a->p) * a->channels + ch];
    }
}

static struct work unpatchify_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 0);
}

static struct span unpatchify_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    return span_items(op_operand(g, o, k), s);
}

static void unpatchify_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                            struct launch *l)
{
    const struct patch_param *a = (const void *)o->param;
    struct shape sh = op_output(g, o)->sh;
    launch_each(c, g, o, l, (uint64_t)s.count * sh.rows * sh.cols);
    launch_push(l, a->channels);
    launch_push(l, a->h);
    launch_push(l, a->w);
    launch_push(l, a->p);
}

static bool unpatchify_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct {
        uint32_t n, channels, h, w, p;
    } t[] = {{1, 1, 1, 1, 1}, {3, 8, 6, 10, 2}, {2, 3, 3, 6, 3}, {9, 4, 32, 16, 4}};
    if (i >= COUNTOF(t)) return false;
    struct shape sh = {t[i].n, t[i].h / t[i].p * (t[i].w / t[i].p), t[i].p * t[i].p * t[i].channels};
    *out = op_unpatchify(g, case_act(g, 0, sh), t[i].channels, t[i].h, t[i].w, t[i].p);
    return true;
}

static const struct kernel_row unpatchify_kernel = {
    .name = "unpatchify", .shader = "unpatchify", .needs = "nothing", .fits = fits_always, .pack = unpatchify_pack};
const struct op_row op_unpatchify_row = {
    .name = "unpatchify",
    .infer = unpatchify_infer,
    .oracle = unpatchify_oracle,
    .work = unpatchify_work,
    .split_count = split_items,
    .span = unpatchify_span,
    .kernels = (const struct kernel_row *const[]){&unpatchify_kernel, NULL},
    .cases = unpatchify_cases,
};

ten op_unpatchify(struct graph *g, ten tokens, uint32_t c, uint32_t h, uint32_t w, uint32_t p)
{
    struct patch_param a = {.h = h, .w = w, .p = p, .channels = c};
    return graph_emit(g, &op_unpatchify_row, &tokens, 1, &a, sizeof a, (ten){0});
}
