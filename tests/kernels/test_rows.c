// test_rows.c — every op of the table, every case, every storage, every kernel that fits: the device against the
// oracle. Run again with a tiny storage range, which cuts every op into shards, and with optional features removed.
// Arguments: names of ops to try (default: all). VKDIT_DEVICE picks the device, VKDIT_KERNEL and VKDIT_CASE
// the only kernel and case to try.
#include "check.h"

#include "exec/exec.h"
#include "kernels/tick.h"
#include "kernels/vocab.h"

#include <math.h>
#include <string.h>

static const char *const limit_masks[] = {
    "",
    "max_storage_buffer_range=64K",
    // the least that Vulkan 1.1 promises
    ("no_addresses,no_subgroup_arith,no_subgroup_ballot,no_subgroup_shuffle,no_subgroup_pick,no_fp16,no_16bit_storage,"
     "no_coop,max_threads=128,max_shared=16K,max_push=128"),
};
enum { SMALL_RANGE = 64 * 1024 };
static const struct storage {
    enum dtype act, weight;
    const char *name;
} storages[] = {{DT_F32, DT_F32, "F32"}, {DT_F16, DT_F16, "F16"}, {DT_F32, DT_F16, "F32 with F16 weights"}};

// One case of one op on the host: the tape, its inputs and what the oracles make of them.
struct trial {
    const struct op_row *row;
    const struct storage *store;
    uint32_t number;
    struct graph g;
    struct cpu *inputs, *expected;
    ten out;
};

struct tally {
    uint32_t cases, kernels;
    uint32_t sharded, refused; // plans that cut this op; plans that cannot be made because a whole operand is too large
    double worst;
    char worst_kernel[64];
    char names[512]; // of the kernels that ran
};

// --- inputs: a counter-based generator, so that a failure comes back -----------------------------------------------

static uint32_t mix(uint32_t v)
{
    v = (v ^ v >> 16) * 0x7feb352du;
    v = (v ^ v >> 15) * 0x846ca68bu;
    return v ^ v >> 16;
}

static float uniform(uint32_t seed, uint64_t i) // -1..1, all bits of the mantissa in use
{
    return ((float)(mix(mix(seed * 0x9e3779b9u + 1) + (uint32_t)i) >> 8) * 0x1p-23f - 1) * 0.997f;
}

// Some operands matter outside -1..1. Group norms must not lose small differences of large values.
static float scale_of(const struct trial *t, const char *name)
{
    if (!strcmp(t->row->name, "timestep_embed") && !strcmp(name, "in0")) return 1000;
    if (!strcmp(t->row->name, "to_bytes")) return 1.3f;
    return 1;
}

static struct tick make_tick(uint32_t seed)
{
    struct tick t = {.mod = seed % 2, .in_reg = (seed + 1) % 2, .use_var = seed % 3 != 0, .n_regs = TICK_REGS};
    t.cfg = 4;
    t.in_scale = 0.75f;
    t.var_lo = -4;
    t.var_hi = -1;
    for (uint32_t i = 0; i < 2; i++) t.seed[i] = mix(seed + i);
    t.offset[0] = 0xfffffffeu; // the carry into the high word is part of the case
    t.offset[1] = seed;
    t.subsequences = 256;
    for (uint32_t r = 0; r < TICK_REGS; r++)
        for (uint32_t s = 0; s < TICK_SRC; s++) t.matrix[r][s] = (r + s) % 4 ? uniform(seed, r * TICK_SRC + s) : 0;
    return t;
}

static void fill(const struct trial *t, uint32_t id, float *p)
{
    const struct tensor *a = &t->g.t[id];
    uint64_t n = shape_count(a->sh);
    float scale = scale_of(t, a->name);
    for (uint64_t i = 0; i < n; i++) {
        int32_t small = (int32_t)(i + 1) % 3;
        p[i] = scale * uniform(id * 977 + t->number, i);
        if (!strncmp(t->row->name, "gn_", 3) && !strcmp(a->name, "in0")) p[i] += 32;
        if (a->dtype == DT_F16) p[i] = half_to_float(half_from_float(p[i]));
        if (a->dtype == DT_I32) memcpy(&p[i], &small, sizeof small);
    }
    if (a->sh.cols != TICK_WORDS || a->dtype != DT_I32) return;
    for (uint64_t r = 0; r < shape_rows(a->sh); r++) {
        struct tick tick = make_tick((uint32_t)(id + t->number + r));
        memcpy(&p[r * TICK_WORDS], &tick, sizeof tick);
    }
}

// --- trials --------------------------------------------------------------------------------------------------------

static bool trial_open(struct trial *t, struct err *e)
{
    graph_open(&t->g, t->store->act, t->store->weight, e);
    if (!t->row->cases || !t->row->cases(&t->g, t->number, &t->out)) return false;
    if (e->code != ERR_NONE) return true;
    for (uint32_t i = 0; i < t->g.n_op; i++) t->g.t[t->g.op[i].out].keep = true;
    t->inputs = cpu_open(&t->g, e);
    t->expected = cpu_open(&t->g, e);
    for (uint32_t i = 1; i < t->g.n_t && e->code == ERR_NONE; i++) {
        float *p = cpu_data(t->inputs, (ten){i});
        if (t->g.t[i].kind != KIND_TEMP) fill(t, i, p);
        memcpy(cpu_data(t->expected, (ten){i}), p, shape_count(t->g.t[i].sh) * sizeof *p);
    }
    for (enum rate r = RATE_CONST; r < RATE_COUNT && e->code == ERR_NONE; r++) cpu_run(t->expected, r);
    return true;
}

static void trial_close(struct trial *t)
{
    cpu_close(t->inputs);
    cpu_close(t->expected);
    graph_close(&t->g);
}

static bool run_program(const struct trial *t, struct program *x, struct err *e)
{
    for (uint32_t i = 1; i < t->g.n_t; i++) {
        const struct tensor *a = &t->g.t[i];
        const float *p = cpu_data(t->inputs, (ten){i});
        if (a->kind == KIND_WEIGHT && !program_weight(x, (ten){i}, p, DT_F32, e)) return false;
        if ((a->kind == KIND_INPUT || a->kind == KIND_STATE) &&
            !program_write(x, (ten){i}, 0, shape_count(a->sh), p, e))
            return false;
    }
    for (enum rate r = RATE_CONST; r < RATE_COUNT; r++)
        if (!program_run(x, r, NULL, NULL, e)) return false;
    return true;
}

// The largest difference, relative to the largest expected value; words must be equal.
static double difference(const struct tensor *a, const float *got, const float *want)
{
    double most = 0, size = 1e-3;
    for (uint64_t i = 0; i < shape_count(a->sh); i++) {
        if (a->dtype == DT_I32) {
            if (memcmp(&got[i], &want[i], sizeof *got) != 0) return INFINITY;
            continue;
        }
        double d = fabs((double)got[i] - want[i]);
        if (!(d <= most)) most = isnan(d) ? INFINITY : d;
        if (fabs(want[i]) > size) size = fabs(want[i]);
    }
    return most / size;
}

static void compare(const struct trial *t, struct program *x, const struct kernel_row *k, const char *limits,
                    uint32_t id, struct tally *all, struct err *e)
{
    const struct tensor *a = &t->g.t[id];
    uint64_t n = shape_count(a->sh);
    float *got = mem_zero(n, sizeof *got, e);
    if (got && program_read(x, (ten){id}, 0, n, got, e)) {
        double d = difference(a, got, cpu_data(t->expected, (ten){id}));
        double allowed = a->dtype == DT_F16 ? 1.5e-3 : 2e-5;
        CHECK(d <= allowed, "%s case %u, %s, kernel %s, limits \"%s\": %s differs by %.3g, allowed %.3g", t->row->name,
              t->number, t->store->name, k->name, limits, a->name, d, allowed);
        if (a->dtype == DT_F32 && d > all->worst) {
            all->worst = d;
            snprintf(all->worst_kernel, sizeof all->worst_kernel, "%s", k->name);
        }
    }
    free(got);
}

static bool is_sharded(const struct trial *t, const struct plan *p)
{
    uint32_t dispatches = 0, ops = 0;
    for (uint32_t i = 0; i < t->g.n_op; i++) ops += t->g.op[i].row == t->row;
    for (int r = 0; r < RATE_COUNT; r++)
        for (uint32_t i = 0; i < p->n_seq[r]; i++) dispatches += t->g.op[p->seq[r][i].op].row == t->row;
    return dispatches > ops;
}

static void try_kernel(const struct trial *t, struct gpu *dev, const struct kernel_row *k, const char *limits,
                       struct tally *all)
{
    struct err e = {0};
    struct plan *p = plan_make_forced(&t->g, &dev->caps, k, &e);
    if (!p && e.code == ERR_UNSUPPORTED && dev->caps.range_max == SMALL_RANGE) {
        all->refused++;
        return;
    }
    all->sharded += p && is_sharded(t, p);
    struct program *x = p ? program_open(dev, p, &e) : NULL;
    if (x && run_program(t, x, &e))
        for (uint32_t i = 0; i < t->g.n_op; i++) {
            const struct op *o = &t->g.op[i];
            if (o->row != t->row) continue;
            compare(t, x, k, limits, o->out, all, &e);
            for (uint32_t j = 0; j < o->n_in; j++)
                if (o->row->also_writes >> j & 1) compare(t, x, k, limits, o->in[j], all, &e);
        }
    CHECK(e.code == ERR_NONE, "%s case %u, %s, kernel %s, limits \"%s\": %s", t->row->name, t->number, t->store->name,
          k->name, limits, e.text);
    program_close(x);
    plan_free(p);
}

// True when the kernel fits every op of its row on the tape.
static bool kernel_fits(const struct trial *t, const struct caps *c, const struct kernel_row *k)
{
    for (uint32_t i = 0; i < t->g.n_op; i++)
        if (t->g.op[i].row == t->row && k->fits && !k->fits(c, &t->g, &t->g.op[i])) return false;
    return true;
}

static void try_row(struct gpu *dev, const struct op_row *row, const char *limits, struct tally *all)
{
    bool more = true, used[32] = {false};
    for (uint32_t number = 0; more; number++)
        for (uint32_t s = 0; s < (limits[0] ? 2 : COUNTOF(storages)); s++) { // pipelines are what takes the time
            struct err e = {0};
            struct trial t = {.row = row, .store = &storages[s], .number = number};
            more = trial_open(&t, &e);
            CHECK(!more || e.code == ERR_NONE, "%s case %u: %s", row->name, number, e.text);
            for (uint32_t k = 0; more && e.code == ERR_NONE && row->kernels[k]; k++) {
                const char *only = getenv("VKDIT_KERNEL"), *one = getenv("VKDIT_CASE");
                if (only && strcmp(only, row->kernels[k]->name)) continue;
                if (one && strtoul(one, NULL, 10) != number) continue;
                if (!kernel_fits(&t, &dev->caps, row->kernels[k])) continue;
                try_kernel(&t, dev, row->kernels[k], limits, all);
                if (k < COUNTOF(used)) used[k] = true;
            }
            all->cases += more && s == 0;
            trial_close(&t);
        }
    for (uint32_t k = 0; k < COUNTOF(used); k++) {
        size_t at = strlen(all->names);
        if (used[k]) snprintf(all->names + at, sizeof all->names - at, " %s", row->kernels[k]->name);
        all->kernels += used[k];
    }
}

// Arguments name the ops to try, or after --except the ones to leave out.
static bool wanted(const char *name, int argc, char **argv)
{
    const bool except = argc > 1 && !strcmp(argv[1], "--except");
    bool found = false;
    for (int i = 1; i < argc; i++) found |= !strcmp(name, argv[i]);
    return argc < 2 || found != except;
}

static void log_line(void *user, int level, const char *line)
{
    (void)user;
    if (level == 0) fprintf(stderr, "%s\n", line);
}

static bool try_mask(const char *limits, int argc, char **argv)
{
    struct err e = {0};
    struct gpu dev;
    struct gpu_wish wish = {.device = getenv("VKDIT_DEVICE"), .limits = limits, .validation = true, .log = log_line};
    if (!gpu_open(&dev, &wish, &e)) {
        printf("no device: %s\n", e.text);
        return false;
    }
    printf("%s, limits \"%s\"\n", dev.caps.name, limits);
    for (uint32_t i = 0; op_table[i]; i++) {
        if (!wanted(op_table[i]->name, argc, argv)) continue;
        struct tally all = {0};
        double start = clock_seconds();
        try_row(&dev, op_table[i], limits, &all);
        CHECK(all.cases == 0 || all.kernels > 0 || getenv("VKDIT_KERNEL"), "%s: no kernel ran", op_table[i]->name);
        printf("  %-16s %2u cases, %u sharded, worst error %.1e %s, %.1f s, kernels%s\n", op_table[i]->name, all.cases,
               all.sharded, all.worst, all.worst_kernel, clock_seconds() - start, all.names);
        CHECK(dev.caps.range_max != SMALL_RANGE || !op_table[i]->split_count || all.sharded > 0 ||
                  getenv("VKDIT_KERNEL"),
              "%s: no case was cut into shards, %u were refused", op_table[i]->name, all.refused);
        fflush(stdout);
    }
    CHECK(dev.validation_errors == 0, "%u validation messages", dev.validation_errors);
    gpu_close(&dev);
    return true;
}

int main(int argc, char **argv)
{
    for (uint32_t i = 0; i < COUNTOF(limit_masks); i++)
        if (!try_mask(limit_masks[i], argc, argv)) break;
    return check_done();
}
