// test_rows.c — every op of the table, every case, every storage, every kernel that fits: the device against the
// oracle. Run again with a tiny storage range, which cuts every op into shards, and with optional features removed.
// Arguments: names of ops to try (default: all). VKDIT_DEVICE picks the device, VKDIT_KERNEL and VKDIT_CASE
// the only kernels and cases to try, between commas; VKDIT_MESA makes Mesa's driver pass for that version, so that an
// earlier one runs the kernels of a later one, slowly.
#include "check.h"

#include "bench/trial.h"

#include <string.h>

static const char *const limit_masks[] = {
    "",
    "max_storage_buffer_range=64K",
    // the least that Vulkan 1.1 promises
    ("no_addresses,no_subgroup_arith,no_subgroup_ballot,no_subgroup_shuffle,no_subgroup_pick,no_fp16,no_16bit_storage,"
     "no_coop,max_threads=128,max_shared=16K,max_push=128"),
};
enum { SMALL_RANGE = 64 * 1024 };

struct tally {
    uint32_t cases, kernels;
    uint32_t sharded, refused; // plans that cut this op; plans that cannot be made because a whole operand is too large
    double worst;
    char worst_kernel[64];
    char names[512]; // of the kernels that ran
};

static bool in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (; list; list = strchr(list, ',')) {
        list += *list == ',';
        if (!strncmp(list, word, n) && (list[n] == ',' || !list[n])) return true;
    }
    return false;
}

static void try_kernel(const struct trial *t, struct gpu *dev, const struct kernel_row *k, const char *limits,
                       struct tally *all)
{
    struct err e = {0};
    struct trial_verdict v;
    bool ran = trial_kernel(t, dev, k, &v, &e);
    all->sharded += v.sharded;
    if (!ran && e.code == ERR_UNSUPPORTED && dev->caps.range_max == SMALL_RANGE) {
        all->refused++;
        return;
    }
    CHECK(ran, "%s case %u, %s, kernel %s, limits \"%s\": %s", t->row->name, t->number, t->store->name, k->name, limits,
          e.text);
    if (!ran) return;
    CHECK(v.ok, "%s case %u, %s, kernel %s, limits \"%s\": %s differs by %.3g, allowed %.3g", t->row->name, t->number,
          t->store->name, k->name, limits, v.tensor ? v.tensor : "nothing", v.difference, v.allowed);
    if (v.worst_f32 <= all->worst) return;
    all->worst = v.worst_f32;
    snprintf(all->worst_kernel, sizeof all->worst_kernel, "%s", k->name);
}

static void try_row(struct gpu *dev, const struct op_row *row, const char *limits, struct tally *all)
{
    const char *only = getenv("VKDIT_KERNEL"), *some = getenv("VKDIT_CASE");
    bool more = true, used[64] = {false};
    for (uint32_t number = 0; more; number++)
        for (uint32_t s = 0; s < (limits[0] ? 2 : 3); s++) { // pipelines are what takes the time
            struct err e = {0};
            struct trial t;
            more = trial_open(&t, row, &trial_storages[s], number, &e);
            CHECK(!more || e.code == ERR_NONE, "%s case %u: %s", row->name, number, e.text);
            for (uint32_t k = 0; more && e.code == ERR_NONE && row->kernels[k]; k++) {
                char name[16];
                snprintf(name, sizeof name, "%u", number);
                if ((only && !in_list(only, row->kernels[k]->name)) || (some && !in_list(some, name))) continue;
                if (!trial_fits(&t, &dev->caps, row->kernels[k])) continue;
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
    if (getenv("VKDIT_MESA")) dev.caps.mesa = (uint32_t)atoi(getenv("VKDIT_MESA"));
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
