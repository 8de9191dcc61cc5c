// work_look.c — the worker looks at what no run needs: a model's modulation for other classes, and the weights behind it.
#include "app/work.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 16, LIKENESS_BYTES = 512 << 20 };

// --- likeness -----------------------------------------------------------------------------------------------------

// The class of the film's first picture, then the model's first ones; as many as there is room for.
static uint32_t choose_classes(const struct film *f, uint32_t out[MOST_CLASSES])
{
    const uint64_t slots = SLOT_VECTORS * (uint64_t)f->info.depth + 2;
    const uint64_t each = slots * f->info.width * sizeof(float) * f->board->evals, room = LIKENESS_BYTES / each;
    uint32_t n = 0;
    out[n++] = f->classes[0];
    for (uint32_t i = 0; n < MOST_CLASSES && n < room && i < f->info.classes; i++)
        if (i != f->classes[0]) out[n++] = i;
    return n;
}

static struct likeness *measure(struct worker *w, struct film *f, struct err *e)
{
    struct generation g = {.cli = &w->cli};
    struct likeness *l = NULL;
    vkdit_run *run = NULL;
    vkdit_error error = {0};
    uint32_t class[MOST_CLASSES];
    const uint32_t n = choose_classes(f, class);
    if (n < 2) return likeness_none("One class, or a table too large to compare several", e);
    if (!work_load(w, f->options, w->device, e)) return NULL;
    work_say(w, WORK_LOOKING);
    g.subject = w->subject;
    if (job_prepare(&g, e)) {
        const vkdit_job job = job_for_table(&g, class, n);
        if (vkdit_run_begin(w->subject.model, &job, &run, &error))
            err_api(e, &error);
        else
            l = likeness_read(run, n, work_unwanted, w, e);
    }
    vkdit_run_close(run);
    w->cli.s.classes = NULL; // it was the job's
    job_close(&g);
    return l;
}

void work_likeness(struct worker *w, struct film *f)
{
    struct err e = {0}, no_room = {0};
    if (!film_board(f) || film_likeness(f)) return;
    struct likeness *l = strcmp(f->identity, w->identity) != 0
                             ? likeness_none("Of a model that is not open any more", &e)
                             : measure(w, f, &e);
    if (!l && e.code && e.code != ERR_CANCELLED) l = likeness_none(e.text, &no_room);
    if (l) film_give_likeness(f, l);
}

// --- weights ------------------------------------------------------------------------------------------------------

struct weights_page *weights_page_hold(struct weights_page *p)
{
    if (p) atomic_fetch_add(&p->users, 1);
    return p;
}

void weights_page_drop(struct weights_page *p)
{
    if (!p || atomic_fetch_sub(&p->users, 1) > 1) return;
    weights_close(&p->weights);
    growth_close(&p->growth);
    free(p);
}

// The log lies beside the model: "name.safetensors", "name.growth.safetensors".
static void read_growth(struct growth *g, const char *model)
{
    static const char end[] = ".safetensors";
    char path[4200];
    struct err e = {0};
    if (!model || !text_ends(model, end)) return;
    snprintf(path, sizeof path, "%.*s.growth%s", (int)(strlen(model) - strlen(end)), model, end);
    growth_read(g, path, &e); // most models have none
}

void work_weights(struct worker *w)
{
    struct err e = {0};
    vkdit_error error = {0};
    char *json = NULL;
    struct weights_page *p = w->subject.model ? mem_zero(1, sizeof *p, &e) : NULL;
    if (!p) return;
    work_say(w, WORK_LOOKING);
    atomic_init(&p->users, 1);
    struct subject s; // the open one's options point into settings of an older run
    if (!subject_choose(&s, &w->cli, &e)) {
        // said below
    } else if (vkdit_modulation_json(&s.options, &json, &error))
        err_api(&e, &error);
    else if (weights_take(&p->weights, json, &e))
        read_growth(&p->growth, vkdit_model_path(w->subject.model));
    vkdit_free(json);
    snprintf(p->problem, sizeof p->problem, "%.*s", (int)sizeof p->problem - 1, e.text);
    pthread_mutex_lock(&w->lock);
    weights_page_drop(w->said.weights);
    w->said.weights = p;
    work_publish(w);
}
