// start.c — how long it takes from nothing to the first dispatch: with an empty pipeline cache and with a filled one.
// Weights are not loaded: that is the models' business.
#include "bench/bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLD = 3, WARM = 10 };

static void remove_folder(const char *folder)
{
    char path[512];
    DIR *d = opendir(folder);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        int n = snprintf(path, sizeof path, "%s/%.200s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof path) unlink(path);
    }
    if (d) closedir(d);
    rmdir(folder);
}

static bool build_step(struct net *n, const char *model, struct err *e)
{
    struct dit_config d;
    struct dit_io io;
    struct dit_use use = {
        .images = 1, .copies = 2, .evals = 50, .conds = 2, .regs = 1, .guide_channels = 3, .kind = DIT_STEP};
    if (!dit_config_named(&d, model, e)) return false;
    dit_build(n, &d, &use, &io);
    return e->code == ERR_NONE;
}

// Opens the device, makes everything that a step needs, and submits the step once.
static bool start_once(struct bench *b, const char *model, const char *cache, double *seconds, struct err *e)
{
    vkdit_options o = b->device ? *b->device : (vkdit_options){0};
    vkdit *c = NULL;
    vkdit_error a = {0};
    enum dtype d = bench_half(b) ? DT_F16 : DT_F32;
    double start = clock_seconds();
    o.cache_dir = cache;
    if (vkdit_open(&o, &c, &a)) return err_set(e, (enum err_code)a.status, "%s", a.message);
    struct session s = {0};
    graph_open(&s.g, d, weights_type(b->o.weights, d), e);
    s.net.g = &s.g;
    bool ok = build_step(&s.net, model, e) && session_record(&s, &c->gpu, NULL, e) &&
              program_run(s.program, RATE_STEP, bench_stopped, b, e);
    *seconds = clock_seconds() - start - (ok ? program_stats(s.program, RATE_STEP).seconds : 0);
    session_close(&s);
    vkdit_close(c); // writes the cache
    return ok;
}

static bool start_row(struct bench *b, const char *model, const char *what, double *seconds, uint32_t n, struct err *e)
{
    char name[80];
    json_t *row = json_object();
    snprintf(name, sizeof name, "start %s %s", what, model);
    json_put(row, "group", json_string("start"), e);
    json_put(row, "name", json_string(name), e);
    json_put(row, "what",
             json_string("from opening the device to the end of the first step, less the step; no weights; the "
                         "driver's own cache is left as it is"),
             e);
    struct stats s;
    if (!stats_of(seconds, n, &s, e) || !bench_put_samples(row, seconds, n, "host", e)) {
        json_decref(row);
        return false;
    }
    return bench_row(b, row, "ms", s.median * 1e3, e);
}

// What the model's activations and weights take must not be what stops a start from being measured.
static const char *model_of(const struct bench *b)
{
    return b->gpu->caps.type == CAPS_CPU ? "DiT-S/2" : "DiT-XL/2";
}

static bool both(struct bench *b, const char *folder, struct err *e)
{
    double seconds[WARM] = {0};
    const char *model = model_of(b);
    uint32_t n = 0;
    bool ok = true;
    for (; ok && n < COLD && (n == 0 || bench_left(b) > 2 * seconds[0]); n++) {
        remove_folder(folder);
        ok = start_once(b, model, folder, &seconds[n], e);
    }
    ok = ok && start_row(b, model, "cold", seconds, n, e);
    for (n = 0; ok && n < WARM && (n < 3 || bench_left(b) > seconds[0]); n++)
        ok = start_once(b, model, folder, &seconds[n], e);
    return ok && start_row(b, model, "warm", seconds, n, e);
}

bool bench_start(struct bench *b, struct err *e)
{
    char folder[] = "/tmp/vkdit-bench-XXXXXX";
    if (!mkdtemp(folder)) {
        bench_skip(b, "start", "cold and warm", "no temporary folder", e);
        return true;
    }
    bool ok = both(b, folder, e);
    remove_folder(folder);
    return ok;
}
