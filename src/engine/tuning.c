// tuning.c — which kernels suit this device is measured once for each shape and kept in a file beside the pipeline cache.
// A wrong, torn or foreign file is ignored: then things are measured again.
#include "base/json.h"
#include "base/newfile.h"
#include "engine/engine.h"
#include "exec/tune.h"

#include <jansson.h>
#include <math.h>
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

// --- measuring ----------------------------------------------------------------------------------------------------

// What a caller who wants to measure again waits for.
struct tuning {
    int (*stop)(void *user);
    void *user;
    json_t *shapes; // [{"shape", "trials": [{"kernel", "seconds", "error", "right"}]}]
    struct err err;
};

static void note_trial(struct tuning *w, const struct tune_trial *t)
{
    const size_t n = json_array_size(w->shapes);
    json_t *shape = n ? json_array_get(w->shapes, n - 1) : NULL;
    const char *name = json_string_value(json_object_get(shape, "shape"));
    if (!name || strcmp(name, t->key) != 0) {
        shape = json_pack("{ss, s[]}", "shape", t->key, "trials");
        json_array_append_new(w->shapes, shape);
    }
    json_t *trial = json_pack("{ss, sb}", "kernel", t->kernel, "right", t->right);
    if (isfinite(t->seconds)) json_object_set_new(trial, "seconds", json_real(t->seconds));
    if (isfinite(t->error)) json_object_set_new(trial, "error", json_real(t->error));
    json_array_append_new(json_object_get(shape, "trials"), trial);
}

static void tried(void *user, const struct tune_trial *t)
{
    struct vkdit *c = user;
    char line[300];
    if (c->tuning) note_trial(c->tuning, t);
    if (t->right || !c->log) return;
    snprintf(line, sizeof line, "kernel %s is wrong on this device and is not used for %s", t->kernel, t->key);
    c->log(c->user, 1, line);
}

static bool asked_to_stop(void *user)
{
    const struct vkdit *c = user;
    return c->tuning && c->tuning->stop && c->tuning->stop(c->tuning->user);
}

static void forget(struct vkdit *c, const struct graph *g)
{
    char key[TUNED_KEY];
    for (uint32_t i = 0; i < g->n_op; i++)
        if (tune_concerns(&c->gpu, g, &g->op[i], TUNE_FLOPS, key)) tuned_forget(&c->tuned, key);
}

void tuning_measure(struct vkdit *c, const struct graph *g)
{
    struct err e = {0};
    const struct tuned before = c->tuned;
    char path[1100];
    // without a file it would be measured in every run; a layer's checks would be measured with it
    if (!c->tuning && (c->gpu.caps.type == CAPS_CPU || !c->gpu.caps.timestamps || c->validation)) return;
    if (!gpu_cache_file(&c->gpu, "tuning", path, sizeof path)) return;
    if (c->tuning) forget(c, g);
    tune_graph(&c->gpu, g, TUNE_FLOPS, &c->tuned, tried, asked_to_stop, c, &e);
    if (e.code && c->log && !c->tuning) c->log(c->user, 1, e.text);
    if (c->tuning && e.code) c->tuned = before; // what was interrupted leaves the older choices in force
    if (c->tuning) c->tuning->err = e;
    if (c->tuning ? !e.code : c->tuned.n > before.n) save(c);
}

// The choices after it, beside what was tried.
static char *report(const struct vkdit *c, json_t *shapes, const char *path, struct err *e)
{
    json_t *shape;
    size_t i;
    json_array_foreach(shapes, i, shape)
    {
        const struct tuned_choice *t = tuned_find(&c->tuned, json_string_value(json_object_get(shape, "shape")));
        json_object_set_new(shape, "kernel", t ? json_string(t->kernel) : json_null());
        if (t) json_object_set_new(shape, "seconds", json_real(t->seconds));
    }
    json_t *top = json_pack("{ss, ss, sO}", "device", c->gpu.caps.name, "file", path, "shapes", shapes);
    char *text = json_text(top, JSON_INDENT(2), e);
    json_decref(top);
    return text;
}

static bool measure_again(vkdit_model *m, const vkdit_job *job, struct tuning *w, struct err *e)
{
    vkdit_run *run = NULL;
    vkdit_error error = {0};
    session_close(&m->step); // the tape is built again, which is when its ops are measured
    m->step_open = false;
    m->context->tuning = w;
    const vkdit_status s = vkdit_run_begin(m, job, &run, &error);
    m->context->tuning = NULL;
    vkdit_run_close(run);
    if (w->err.code) *e = w->err;
    return !e->code && (s == VKDIT_OK || err_set(e, (enum err_code)error.status, "%s", error.message));
}

vkdit_status vkdit_tune(vkdit_model *m, const vkdit_job *job, int (*stop)(void *user), void *user, char **json,
                        vkdit_error *error)
{
    struct err e = {0};
    struct tuning w = {.stop = stop, .user = user, .shapes = json_array()};
    char path[1100];
    *json = NULL;
    if (m->context->validation)
        err_set(&e, ERR_ARG, "under the validation layer its checks would be measured too");
    else if (!gpu_cache_file(&m->context->gpu, "tuning", path, sizeof path))
        err_set(&e, ERR_ARG, "without a cache folder nothing of it would be kept");
    else if (measure_again(m, job, &w, &e))
        *json = report(m->context, w.shapes, path, &e);
    json_decref(w.shapes);
    return status_of(&e, error);
}
