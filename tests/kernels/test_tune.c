// test_tune.c — measuring kernels: a wrong one is never chosen, one that fails is passed over, what was chosen is planned.
#include "check.h"

#include "exec/tune.h"
#include "kernels/common.h"

#include <string.h>

extern const struct op_row op_linear_row; // kernels/table.c

static const struct kernel_row *plain; // what every device runs

static void wrong_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    plain->pack(c, g, o, s, l);
    l->push[2] /= 2; // half of the sums
}

static void failing_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                         struct launch *l)
{
    plain->pack(c, g, o, s, l);
    l->groups[0] = 0;
}

struct seen {
    uint32_t right, wrong, stopped_after;
};

static void tried(void *user, const struct tune_trial *t)
{
    struct seen *s = user;
    printf("  %s: %s %.1f us, error %.2g\n", t->key, t->kernel, t->seconds * 1e6, t->error);
    s->right += t->right;
    s->wrong += !t->right;
}

static bool stop(void *user)
{
    struct seen *s = user;
    return s->right + s->wrong >= s->stopped_after;
}

int main(void)
{
    struct gpu gpu;
    struct err e = {0};
    struct gpu_wish wish = {.device = getenv("VKDIT_DEVICE"), .limits = getenv("VKDIT_LIMIT")};
    if (!gpu_open(&gpu, &wish, &e)) {
        printf("no device: %s\n", e.text);
        return 77;
    }
    for (const struct kernel_row *const *k = op_linear_row.kernels; *k; k++)
        if (!(*k)->measured) plain = *k;
    struct kernel_row good = *plain, wrong = *plain, failing = *plain;
    good.measured = wrong.measured = failing.measured = true;
    good.name = "good";
    wrong.name = "wrong";
    wrong.pack = wrong_pack;
    failing.name = "failing";
    failing.pack = failing_pack;
    const struct kernel_row *const list[] = {&wrong, &failing, &good, plain, NULL};
    struct op_row row = op_linear_row;
    row.kernels = list;

    static struct tuned t;
    struct graph g;
    struct seen seen = {.stopped_after = 100};
    graph_open(&g, DT_F16, DT_F16, &e);
    ten x = case_act(&g, 0, (struct shape){1, 64, 64}), w = case_weight(&g, 1, DT_F16, (struct shape){1, 96, 64});
    op_linear(&g, x, w, (ten){0}, ACT_NONE);
    g.op[0].row = &row;
    ten small = case_act(&g, 2, (struct shape){1, 8, 64});
    op_linear(&g, small, w, (ten){0}, ACT_NONE); // over before it matters
    g.op[1].row = &row;
    struct seen early = {.stopped_after = 1};
    CHECK(!tune_graph(&gpu, &g, 3e5, &t, tried, stop, &early, &e) && e.code == ERR_CANCELLED && t.n == 0,
          "not stopped: %s", e.text);
    e = (struct err){0};
    CHECK(tune_graph(&gpu, &g, 3e5, &t, tried, stop, &seen, &e), "%s", e.text);
    CHECK(seen.right == 1 && seen.wrong == 2, "%u right, %u wrong", seen.right, seen.wrong);
    CHECK(t.n == 1 && !strcmp(t.choice[0].kernel, "good"), "%u chosen, %s", t.n, t.choice[0].kernel);
    CHECK(t.choice[0].seconds > 0 && t.choice[0].seconds < 10, "%g s", t.choice[0].seconds);

    CHECK(plan_kernel(&g, &gpu.caps, &g.op[0]) == &wrong, "without measurements the first is taken");
    gpu.caps.tuned = &t;
    CHECK(plan_kernel(&g, &gpu.caps, &g.op[0]) == &good, "the measured one is not planned");
    struct seen again = {.stopped_after = 100};
    CHECK(tune_graph(&gpu, &g, 3e5, &t, tried, stop, &again, &e) && again.right + again.wrong == 0, "measured twice");
    snprintf(t.choice[0].kernel, sizeof t.choice[0].kernel, "gone");
    CHECK(plan_kernel(&g, &gpu.caps, &g.op[0]) == &wrong, "a kernel that no longer exists");
    graph_close(&g);
    gpu_close(&gpu);
    return check_done();
}
