// tuning.c — which kernels suit this device is measured once for each shape and kept in a file beside the pipeline cache.
// A wrong, torn or foreign file is ignored: then things are measured again.
#include "base/newfile.h"
#include "engine/engine.h"
#include "exec/tune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 10 };
#define HEAD "vkdit tuning 1"

static bool head_line(const struct vkdit *c, char *line, size_t n)
{
    return snprintf(line, n, "%s %s %s %s\n", HEAD, vkdit_version(), c->gpu.caps.name, c->gpu.caps.driver_info) <
           (int)n;
}

// "1.25e-05 linear_coop_64x64x64 linear 2x256x1152F16 ..."; what does not look so is left out.
static void read_line(struct tuned *t, const char *line)
{
    char kernel[48];
    double seconds;
    int at = 0;
    if (sscanf(line, "%lf %47s %n", &seconds, kernel, &at) < 2 || at <= 0) return;
    if (seconds > 0 && seconds < 1 && line[at] && strlen(line + at) < TUNED_KEY)
        tuned_put(t, line + at, kernel, seconds);
}

void tuning_load(struct vkdit *c)
{
    char path[1100], head[600];
    c->gpu.caps.tuned = &c->tuned;
    if (!gpu_cache_file(&c->gpu, "tuning", path, sizeof path) || !head_line(c, head, sizeof head)) return;
    FILE *f = fopen(path, "rb");
    char *text = f ? mem_zero(FILE_MAX + 1, 1, NULL) : NULL;
    if (text && fread(text, 1, FILE_MAX, f) > 0 && !strncmp(text, head, strlen(head)))
        for (char *rest = text + strlen(head), *line; (line = strtok_r(rest, "\n", &rest));) read_line(&c->tuned, line);
    free(text);
    if (f) fclose(f);
}

static void save(struct vkdit *c)
{
    char path[1100], head[600];
    struct newfile f;
    struct err e = {0};
    if (!gpu_cache_file(&c->gpu, "tuning", path, sizeof path) || !head_line(c, head, sizeof head)) return;
    if (!newfile_open(&f, path, &e)) return;
    newfile_put(&f, head, strlen(head));
    for (uint32_t i = 0; i < c->tuned.n; i++) {
        char line[TUNED_KEY + 80];
        int n = snprintf(line, sizeof line, "%.4g %s %s\n", c->tuned.choice[i].seconds, c->tuned.choice[i].kernel,
                         c->tuned.choice[i].key);
        newfile_put(&f, line, (size_t)n);
    }
    if (!newfile_commit(&f, true, &e) && c->log) c->log(c->user, 1, e.text);
}

static void tried(void *user, const struct tune_trial *t)
{
    struct vkdit *c = user;
    char line[300];
    if (t->right || !c->log) return;
    snprintf(line, sizeof line, "kernel %s is wrong on this device and is not used for %s", t->kernel, t->key);
    c->log(c->user, 1, line);
}

void tuning_measure(struct vkdit *c, const struct graph *g)
{
    struct err e = {0};
    uint32_t before = c->tuned.n;
    char path[1100];
    // without a file it would be measured in every run; a layer's checks would be measured with it
    if (c->gpu.caps.type == CAPS_CPU || !c->gpu.caps.timestamps || c->validation) return;
    if (!gpu_cache_file(&c->gpu, "tuning", path, sizeof path)) return;
    if (!tune_graph(&c->gpu, g, TUNE_FLOPS, &c->tuned, tried, NULL, c, &e) && c->log) c->log(c->user, 1, e.text);
    if (c->tuned.n > before) save(c);
}
