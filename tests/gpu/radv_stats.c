// radv_stats.c — compiles every kernel that the device could run, for the shapes of real models and for the test cases
// of each op, and reads the compiler's own statistics: registers, spills, scratch, code size, occupancy.
// Executes nothing, so it also works on a driver without hardware. Exit: 0 clean, 1 spills, 77 no statistics here.
#include "gpu/gpu.h"
#include "kernels/vocab.h"
#include "models/dit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SEEN_MAX = 4096 };

struct survey {
    struct gpu gpu;
    const struct pipeline *seen[SEEN_MAX]; // the library hands out the same pipeline for the same question
    unsigned pipelines, spilling;
    char label[200]; // what is being compiled
};

// Lines "name = value" whose value is not 0 and that cost time on every invocation.
static const char *const bad[] = {"Spilled SGPRs", "Spilled VGPRs", "Scratch size", "PrivMem VGPRs"};
static const char *const shown[] = {"VGPRs", "SGPRs", "LDS Size", "Code size", "Subgroups per SIMD"};

static bool among(const char *line, size_t name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == name && !strncasecmp(line, list[i], name)) return true;
    return false;
}

static void report(struct survey *v, char *text)
{
    bool judged = false, spills = false;
    char line[256] = "";
    for (char *rest = text, *item; (item = strtok_r(rest, "\n", &rest));) {
        size_t name = strcspn(item, "="), at = strlen(line);
        const char *value = item[name] ? item + name + 1 : "";
        while (name && item[name - 1] == ' ') name--;
        bool cost = among(item, name, bad, COUNTOF(bad)), worse = cost && strtod(value, NULL) != 0;
        if (worse || among(item, name, shown, COUNTOF(shown)))
            snprintf(line + at, sizeof line - at, "%s%.*s%s", at ? ", " : "", (int)name, item, value);
        judged |= cost;
        spills |= worse;
    }
    v->pipelines++;
    v->spilling += spills || !judged; // a driver that does not speak of spills cannot show their absence
    printf("%s %-48s %s\n", spills ? "SPILLS" : judged ? "ok    " : "SPILLS?", v->label, line);
}

static bool is_new(struct survey *v, const struct pipeline *p)
{
    for (unsigned i = 0; i < v->pipelines; i++)
        if (v->seen[i] == p) return false;
    if (v->pipelines < SEEN_MAX) v->seen[v->pipelines] = p;
    return v->pipelines < SEEN_MAX;
}

static bool compile(struct survey *v, const struct graph *g, const struct op *o, const struct kernel_row *k,
                    const char *from, struct err *e)
{
    struct launch l = {.groups = {1, 1, 1}};
    k->pack(&v->gpu.caps, g, o, (struct shard){0, o->row->split_count ? o->row->split_count(g, o) : 1}, &l);
    uint32_t n = o->n_in + 1, push = (k->addresses ? 8 * n : 4 * n) + 4 * l.n_push;
    const struct pipeline *pipe;
    char text[8192];
    snprintf(v->label, sizeof v->label, "%s (%s)", k->name, from);
    struct pipeline_wish w = {.shader = k->shader,
                              .n_spec = l.n_spec,
                              .n_bind = k->addresses ? 0 : n,
                              .texels = k->texels,
                              .push_bytes = push,
                              .subgroup = l.subgroup};
    memcpy(w.spec, l.spec, sizeof *l.spec * l.n_spec);
    if (!gpu_pipeline(&v->gpu, &w, &pipe, e)) return false;
    if (!is_new(v, pipe)) return true;
    if (!gpu_pipeline_stats(&v->gpu, pipe, text, sizeof text, e)) return false;
    report(v, text);
    return true;
}

static bool compile_graph(struct survey *v, const struct graph *g, const char *from, struct err *e)
{
    for (uint32_t i = 0; i < g->n_op; i++) {
        const struct op *o = &g->op[i];
        for (const struct kernel_row *const *k = o->row->kernels; k && *k; k++)
            if ((!(*k)->fits || (*k)->fits(&v->gpu.caps, g, o)) && !compile(v, g, o, *k, from, e)) return false;
    }
    return true;
}

static bool compile_model(struct survey *v, const char *name, enum dtype act, enum dtype weight, struct err *e)
{
    struct graph g;
    struct dit_config d;
    struct dit_io io;
    struct dit_use use = {
        .images = 1, .copies = 2, .evals = 8, .conds = 2, .regs = 3, .guide_channels = 3, .kind = DIT_STEP_PHILOX};
    graph_open(&g, act, weight, e);
    struct net n = {.g = &g};
    bool ok = dit_config_named(&d, name, e);
    d.depth = 1; // every block compiles to the same pipelines
    if (ok) dit_build(&n, &d, &use, &io);
    ok = ok && e->code == ERR_NONE && compile_graph(v, &g, name, e);
    net_close(&n);
    graph_close(&g);
    return ok;
}

static bool compile_cases(struct survey *v, const struct op_row *row, enum dtype storage, struct err *e)
{
    for (uint32_t i = 0; row->cases; i++) {
        struct graph g;
        ten out;
        char from[32];
        snprintf(from, sizeof from, "case %u", i);
        graph_open(&g, storage, storage, e);
        bool more = row->cases(&g, i, &out), ok = !more || compile_graph(v, &g, from, e);
        graph_close(&g);
        if (!ok || !more) return ok;
    }
    return true;
}

static bool compile_all(struct survey *v, struct err *e)
{
    static const char *const models[] = {"DiT-S/2", "DiT-B/4", "DiT-XL/2", "DiT-XL/2-512", "SiT-XL/2"};
    static const enum dtype storage[] = {DT_F32, DT_F16};
    for (size_t s = 0; s < COUNTOF(storage); s++) {
        for (size_t m = 0; m < COUNTOF(models); m++)
            if (!compile_model(v, models[m], storage[s], storage[s], e) ||
                !compile_model(v, models[m], storage[s], DT_Q8, e) ||
                !compile_model(v, models[m], storage[s], DT_Q4, e))
                return false;
        for (const struct op_row *const *row = op_table; *row; row++)
            if (!compile_cases(v, *row, storage[s], e)) return false;
    }
    return true;
}

// Nothing was submitted, and null hardware has no queue to ask.
static VKAPI_ATTR VkResult VKAPI_CALL idle_already(VkDevice dev)
{
    (void)dev;
    return VK_SUCCESS;
}

static int survey(struct survey *v)
{
    struct err e = {0};
    struct gpu_wish wish = {.device = "0", .cache_dir = "", .statistics = true};
    if (!gpu_open(&v->gpu, &wish, &e)) {
        printf("no device: %s\n", e.text);
        return 77;
    }
    v->gpu.vk.vkDeviceWaitIdle = idle_already;
    printf("%s, %s\n", v->gpu.caps.name, v->gpu.caps.driver_info);
    bool able = v->gpu.caps.executable_info, ok = able && compile_all(v, &e);
    if (!able)
        printf("the driver gives no statistics\n");
    else if (!ok)
        printf("FAILED %s: %s\n", v->label, e.text);
    printf("%u pipelines, %u with spills\n", v->pipelines, v->spilling);
    gpu_close(&v->gpu);
    if (!able) return 77;
    return ok && v->pipelines && !v->spilling ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    struct survey *v = calloc(1, sizeof *v);
    int status = v ? survey(v) : EXIT_FAILURE;
    free(v);
    return status;
}
