// work_bench.c — the worker measures the device. The open model is put away meanwhile, so that nothing else has memory or
// runs, and opened again afterwards.
#include "app/work.h"

#include <string.h>

static void say(struct worker *w, struct bench *b, enum work work)
{
    pthread_mutex_lock(&w->lock);
    bench_drop(w->said.bench);
    w->said.bench = b;
    w->said.work = work;
    work_publish(w);
}

// Only this thread replaces the list, so it can be read without the lock.
static int on_row(void *user, const vkdit_bench_row *row)
{
    struct worker *w = user;
    struct err e = {0};
    struct bench *next = bench_next(w->said.bench, row, &e);
    if (next) say(w, next, WORK_BENCH);
    return work_unwanted(w) || !next;
}

static bool measure(struct worker *w, const struct settings *s, const struct bench_wish *wish, const char *model,
                    char **json, struct err *e)
{
    vkdit_error error = {0};
    const vkdit_options device = {.device = *w->device ? w->device : NULL,
                                  .limits = w->setup.limit,
                                  .cache_dir = w->setup.cache,
                                  .validation = w->setup.validation};
    const vkdit_bench_options o = {.size = wish->size,
                                   .model = *model ? model : NULL,
                                   .vae = wish->own ? s->vae : NULL,
                                   .synthetic = wish->own && !*model ? s->synthetic : NULL,
                                   .assets = w->setup.assets,
                                   .precision = (vkdit_precision)s->precision,
                                   .weights = (vkdit_weights)s->weights,
                                   .row = on_row,
                                   .stop = work_unwanted,
                                   .user = w};
    return !vkdit_bench(&device, &o, json, &error) || err_api(e, &error);
}

// Stopping ends the measuring; the model is opened again all the same, unless something newer is wished for.
static void forget_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    const struct wishes *t = &w->wishes;
    if (!t->load && !t->start && !t->bench && !t->quit) atomic_store(&w->interrupt, false);
    pthread_mutex_unlock(&w->lock);
}

void work_bench(struct worker *w, json_t *options, const char *device, const struct bench_wish *wish)
{
    struct settings s;
    struct err e = {0};
    char *json = NULL, model[4200] = "";
    struct bench *b = bench_new(&e);
    if (b && form_settings(options, device, &s, &e)) {
        const char *path = wish->own && w->subject.model ? vkdit_model_path(w->subject.model) : NULL;
        snprintf(model, sizeof model, "%s", path ? path : ""); // it is closed now
        snprintf(w->device, sizeof w->device, "%s", device);
        say(w, b, WORK_BENCH);
        work_unload(w);
        measure(w, &s, wish, model, &json, &e);
        b = bench_next(w->said.bench, NULL, &(struct err){0});
    }
    if (b) {
        b->over = true;
        if (json) b->done = 1;
        b->json = json;
        snprintf(b->problem, sizeof b->problem, "%.290s", e.code == ERR_CANCELLED ? "stopped before the end" : e.text);
        say(w, b, WORK_BENCH);
    } else {
        vkdit_free(json);
    }
    e = (struct err){0};
    forget_stop(w);
    if (!work_unwanted(w) && !work_load(w, options, device, &e) && e.code != ERR_CANCELLED)
        work_problem(w, &e, work_advice(e.code));
}
