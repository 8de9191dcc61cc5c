// radv_stats.c — compiles every kernel that the device could run, for the shapes of real models and for the test cases
// of each op, and reads the compiler's own statistics: registers, spills, scratch, code size, occupancy.
// Executes nothing, so it also works on a driver without hardware. Exit: 0 clean, 1 spills, 77 no statistics here.
#include "gpu/gpu.h"
#include "kernels/vocab.h"
#include "models/dit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Test-only state: the device table's entry is replaced, and a Vulkan call has no user pointer.
static PFN_vkCreateComputePipelines real_create;
static struct gpu *gpu;
static struct tally {
    unsigned pipelines, spilling;
} tally;
static char label[200]; // what is being compiled

static const char *const bad_names[] = {"Spilled SGPRs", "Spilled VGPRs", "Scratch size", "PrivMem VGPRs"};

static bool is_bad(const char *name)
{
    for (size_t i = 0; i < COUNTOF(bad_names); i++)
        if (!strcmp(name, bad_names[i])) return true;
    return false;
}

static uint64_t stat_value(const VkPipelineExecutableStatisticKHR *s)
{
    if (s->format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR) return s->value.b32;
    if (s->format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR) return (uint64_t)s->value.f64;
    return s->value.u64;
}

static void report(VkPipeline pipe)
{
    static const char *const shown[] = {"VGPRs", "SGPRs", "Code size", "LDS size", "Subgroups per SIMD"};
    VkPipelineExecutableStatisticKHR s[64];
    for (size_t i = 0; i < COUNTOF(s); i++)
        s[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    uint32_t n = COUNTOF(s);
    VkPipelineExecutableInfoKHR info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipe};
    gpu->vk.vkGetPipelineExecutableStatisticsKHR(gpu->dev, &info, &n, s);
    char line[256] = "";
    bool spills = false;
    for (uint32_t i = 0; i < n; i++) {
        size_t at = strlen(line);
        bool bad = is_bad(s[i].name) && stat_value(&s[i]) != 0, show = bad;
        for (size_t k = 0; k < COUNTOF(shown); k++) show |= !strcmp(s[i].name, shown[k]);
        if (show)
            snprintf(line + at, sizeof line - at, "%s%s %llu", at ? ", " : "", s[i].name,
                     (unsigned long long)stat_value(&s[i]));
        spills |= bad;
    }
    tally.pipelines++;
    tally.spilling += spills;
    printf("%s %-44s %s\n", spills ? "SPILLS" : "ok    ", label, n ? line : "(no statistics)");
}

static VKAPI_ATTR VkResult VKAPI_CALL create_and_read(VkDevice dev, VkPipelineCache cache, uint32_t n,
                                                      const VkComputePipelineCreateInfo *ask,
                                                      const VkAllocationCallbacks *alloc, VkPipeline *out)
{
    VkComputePipelineCreateInfo one = ask[0];
    one.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    VkResult r = real_create(dev, cache, n, &one, alloc, out);
    if (r == VK_SUCCESS) report(*out);
    return r;
}

static bool compile(const struct graph *g, const struct op *o, const struct kernel_row *k, const char *from,
                    struct err *e)
{
    struct launch l = {.groups = {1, 1, 1}};
    k->pack(&gpu->caps, g, o, (struct shard){0, o->row->split_count ? o->row->split_count(g, o) : 1}, &l);
    uint32_t n = o->n_in + 1, push = (k->addresses ? 8 * n : 4 * n) + 4 * l.n_push;
    const struct pipeline *pipe;
    snprintf(label, sizeof label, "%s (%s)", k->name, from);
    return gpu_pipeline(gpu, k->shader, l.spec, l.n_spec, k->addresses ? 0 : n, push, l.subgroup, &pipe, e);
}

static bool compile_graph(const struct graph *g, const char *from, struct err *e)
{
    for (uint32_t i = 0; i < g->n_op; i++) {
        const struct op *o = &g->op[i];
        for (const struct kernel_row *const *k = o->row->kernels; k && *k; k++)
            if ((!(*k)->fits || (*k)->fits(&gpu->caps, g, o)) && !compile(g, o, *k, from, e)) return false;
    }
    return true;
}

static bool compile_model(const char *name, enum dtype storage, struct err *e)
{
    struct graph g;
    struct dit_config d;
    struct dit_io io;
    struct dit_use use = {
        .images = 1, .copies = 2, .evals = 8, .conds = 2, .regs = 3, .guide_channels = 3, .kind = DIT_STEP_PHILOX};
    graph_open(&g, storage, storage, e);
    struct net n = {.g = &g};
    bool ok = dit_config_named(&d, name, e);
    d.depth = 1; // every block compiles to the same pipelines
    if (ok) dit_build(&n, &d, &use, &io);
    ok = ok && e->code == ERR_NONE && compile_graph(&g, name, e);
    net_close(&n);
    graph_close(&g);
    return ok;
}

static bool compile_cases(const struct op_row *row, enum dtype storage, struct err *e)
{
    for (uint32_t i = 0; row->cases; i++) {
        struct graph g;
        ten out;
        char from[32];
        snprintf(from, sizeof from, "case %u", i);
        graph_open(&g, storage, storage, e);
        bool more = row->cases(&g, i, &out), ok = !more || compile_graph(&g, from, e);
        graph_close(&g);
        if (!ok || !more) return ok;
    }
    return true;
}

static bool compile_all(struct err *e)
{
    static const char *const models[] = {"DiT-S/2", "DiT-B/4", "DiT-XL/2", "DiT-XL/2-512", "SiT-XL/2"};
    static const enum dtype storage[] = {DT_F32, DT_F16};
    for (size_t s = 0; s < COUNTOF(storage); s++) {
        for (size_t m = 0; m < COUNTOF(models); m++)
            if (!compile_model(models[m], storage[s], e)) return false;
        for (const struct op_row *const *row = op_table; *row; row++)
            if (!compile_cases(*row, storage[s], e)) return false;
    }
    return true;
}

int main(void)
{
    struct gpu g = {0};
    struct err e = {0};
    struct gpu_wish wish = {.device = "0", .cache_dir = ""};
    if (!gpu_open(&g, &wish, &e)) {
        printf("no device: %s\n", e.text);
        return 77;
    }
    printf("%s, %s\n", g.caps.name, g.caps.driver_info);
    if (!g.caps.executable_info) {
        printf("the driver gives no statistics\n");
        gpu_close(&g);
        return 77;
    }
    gpu = &g;
    real_create = g.vk.vkCreateComputePipelines;
    g.vk.vkCreateComputePipelines = create_and_read;
    bool ok = compile_all(&e);
    if (!ok) printf("FAILED %s: %s\n", label, e.text);
    printf("%u pipelines, %u with spills\n", tally.pipelines, tally.spilling);
    gpu_close(&g);
    return ok && tally.pipelines && !tally.spilling ? EXIT_SUCCESS : EXIT_FAILURE;
}
