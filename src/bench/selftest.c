// selftest.c — every kernel that fits this device against its oracle, on one small case each: by the code of the tests,
// for machines where no tests are built. Knows kernels only by their rows.
#include "bench/bench.h"
#include "bench/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { KERNELS_MAX = 16 };
static const double limit_seconds = 8.5; // after that what is left is named instead

struct selftest {
    struct gpu *gpu;
    vkdit_bench_options o;
    json_t *kernels, *unfit, *left_out;
    uint32_t wrong, done, all;
    double started;
};

static bool tell(const struct selftest *s, const char *name, const char *kernel, const struct trial_verdict *v,
                 double seconds, const char *note, struct err *e)
{
    vkdit_bench_row r = {.group = "selftest",
                         .name = name,
                         .kernel = kernel,
                         .unit = "of the allowed difference",
                         .value = v->worst,
                         .median_seconds = seconds,
                         .samples = 1,
                         .valid = v->ok,
                         .note = note,
                         .done = s->all ? (double)s->done / s->all : 1};
    if (s->o.row && s->o.row(s->o.user, &r)) return err_set(e, ERR_CANCELLED, "stopped");
    return true;
}

// A failure of one kernel is a finding, not the end; a lost device is.
static bool try_kernel(struct selftest *s, const struct trial *t, const struct kernel_row *k, struct err *e)
{
    struct trial_verdict v;
    struct err inner = {0};
    char name[96];
    double start = clock_seconds();
    bool ran = trial_kernel(t, s->gpu, k, &v, &inner);
    if (!ran && inner.code == ERR_LOST) return err_set(e, ERR_LOST, "kernel %s: %s", k->name, inner.text);
    if (!ran) v = (struct trial_verdict){.worst = INFINITY};
    json_t *o = json_object();
    json_put(o, "op", json_string(t->row->name), e);
    json_put(o, "kernel", json_string(k->name), e);
    json_put(o, "storage", json_string(t->store->name), e);
    json_put(o, "case", json_integer(t->number), e);
    json_put(o, "valid", json_boolean(v.ok), e);
    if (ran && isfinite(v.difference)) json_put(o, "difference", json_real(v.difference), e);
    if (ran) json_put(o, "allowed", json_real(v.allowed), e);
    if (!ran) json_put(o, "error", json_clean(inner.text), e);
    json_put(o, "seconds", json_real(clock_seconds() - start), e);
    json_add(s->kernels, o, e);
    s->wrong += !v.ok;
    snprintf(name, sizeof name, "%s, %s", t->row->name, t->store->name);
    return tell(s, name, k->name, &v, clock_seconds() - start, ran ? "" : inner.text, e);
}

// The first case beyond the trivial ones, in the first storage, that the kernel fits.
static bool one_kernel(struct selftest *s, const struct op_row *row, const struct kernel_row *k, struct err *e)
{
    static const uint32_t order[] = {1, 2, 3, 0, 4, 5, 6, 7, 8};
    s->done++;
    if (clock_seconds() - s->started > limit_seconds) {
        json_add(s->left_out, json_string(k->name), e);
        return true;
    }
    for (size_t n = 0; n < COUNTOF(order); n++)
        for (const struct trial_storage *store = trial_storages; store->name; store++) {
            struct trial t;
            struct err inner = {0};
            bool there = trial_open(&t, row, store, order[n], &inner);
            bool fits = there && inner.code == ERR_NONE && trial_fits(&t, &s->gpu->caps, k);
            bool ok = !fits || try_kernel(s, &t, k, e);
            trial_close(&t);
            if (!ok) return false;
            if (fits) return true;
        }
    json_t *o = json_object();
    json_put(o, "kernel", json_string(k->name), e);
    json_put(o, "needs", json_string(k->needs ? k->needs : "something else"), e);
    json_add(s->unfit, o, e);
    return true;
}

// Would a model here run this kernel for some storage? Those come first: time may run out.
static bool is_used(const struct selftest *s, const struct op_row *row, const struct kernel_row *k)
{
    bool used = false;
    for (const struct trial_storage *store = trial_storages; store->name && !used; store++) {
        struct err none = {0};
        struct graph g;
        ten out;
        graph_open(&g, store->act, store->weight, &none);
        if (row->cases(&g, 1, &out) && none.code == ERR_NONE && g.n_op)
            used = plan_kernel(&g, &s->gpu->caps, &g.op[g.n_op - 1]) == k;
        graph_close(&g);
    }
    return used;
}

static uint32_t kernel_count(const struct op_row *row)
{
    uint32_t n = 0;
    while (row->cases && row->kernels[n]) n++;
    return min_u32(n, KERNELS_MAX);
}

static bool one_op(struct selftest *s, const struct op_row *row, bool used, struct err *e)
{
    for (uint32_t k = 0; row->kernels[k]; k++) {
        if (s->o.stop && s->o.stop(s->o.user)) return err_set(e, ERR_CANCELLED, "stopped");
        if (is_used(s, row, row->kernels[k]) == used && !one_kernel(s, row, row->kernels[k], e)) return false;
    }
    return true;
}

static bool all_kernels(struct selftest *s, struct err *e)
{
    for (uint32_t i = 0; op_table[i]; i++) s->all += kernel_count(op_table[i]);
    for (int used = 1; used >= 0; used--)
        for (uint32_t kernels = 1; kernels <= KERNELS_MAX; kernels++) // ops with many have the large programs
            for (uint32_t i = 0; op_table[i]; i++)
                if (kernel_count(op_table[i]) == kernels && !one_op(s, op_table[i], used, e)) return false;
    return true;
}

static void report(struct selftest *s, char **json, struct err *e)
{
    json_t *o = json_object();
    json_put(o, "device", json_clean(s->gpu->caps.name), e);
    json_put(o, "driver", json_clean(s->gpu->caps.driver_info), e);
    json_put(o, "tried", json_integer((json_int_t)json_array_size(s->kernels)), e);
    json_put(o, "wrong", json_integer(s->wrong), e);
    json_put(o, "seconds", json_real(clock_seconds() - s->started), e);
    json_put(o, "kernels", json_incref(s->kernels), e);
    json_put(o, "left_out_for_time", json_incref(s->left_out), e);
    json_put(o, "do_not_fit", json_incref(s->unfit), e);
    json_give(o, json, e);
}

vkdit_status vkdit_selftest(const vkdit_options *device, const vkdit_bench_options *options, char **json,
                            vkdit_error *error)
{
    struct err e = {0};
    vkdit *context = NULL;
    *json = NULL;
    vkdit_status opened = vkdit_open(device, &context, error);
    if (opened != VKDIT_OK) return opened;
    struct selftest s = {.gpu = &context->gpu,
                         .kernels = json_array(),
                         .unfit = json_array(),
                         .left_out = json_array(),
                         .started = clock_seconds()};
    if (options) s.o = *options;
    if (all_kernels(&s, &e)) report(&s, json, &e);
    json_decref(s.kernels);
    json_decref(s.unfit);
    json_decref(s.left_out);
    vkdit_close(context);
    return status_of(&e, error);
}
