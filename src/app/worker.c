// worker.c — the worker's thread: takes wishes, says how things are. Knows nothing about models and runs.
#include "app/work.h"

#include <stdlib.h>
#include <string.h>

void work_publish(struct worker *w)
{
    w->said.generation++;
    pthread_mutex_unlock(&w->lock);
    if (w->setup.wake) w->setup.wake(w->setup.user);
}

void work_say(struct worker *w, enum work work)
{
    pthread_mutex_lock(&w->lock);
    w->said.work = work;
    work_publish(w);
}

void work_problem(struct worker *w, const struct err *e, const char *advice)
{
    pthread_mutex_lock(&w->lock);
    w->said.problems++;
    snprintf(w->said.problem, sizeof w->said.problem, "%s", e->text);
    snprintf(w->said.advice, sizeof w->said.advice, "%s", advice ? advice : "");
    work_publish(w);
}

int work_unwanted(void *worker)
{
    struct worker *w = worker;
    return atomic_load(&w->interrupt);
}

// --- the thread ---------------------------------------------------------------------------------------------------

static void wishes_drop(struct wishes *t)
{
    json_decref(t->options);
    film_drop(t->from);
    film_drop(t->decode);
    film_drop(t->likeness);
    *t = (struct wishes){0};
}

static struct wishes next_wishes(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->wishes.load && !w->wishes.start && !w->wishes.quit && !w->wishes.decode && !w->wishes.likeness &&
           !w->wishes.weights && !w->wishes.bench)
        pthread_cond_wait(&w->wished, &w->lock);
    const struct wishes taken = w->wishes;
    w->wishes = (struct wishes){.quit = taken.quit};
    atomic_store(&w->interrupt, taken.quit);
    pthread_mutex_unlock(&w->lock);
    return taken;
}

static void *work(void *user)
{
    struct worker *w = user;
    for (bool quit = false; !quit;) {
        struct wishes t = next_wishes(w);
        struct err e = {0};
        quit = t.quit;
        if (!quit && t.bench)
            work_bench(w, t.options, t.device, &t.bench_wish);
        else if (!quit && t.start)
            work_run(w, &t);
        else if (!quit && t.load && !work_load(w, t.options, t.device, &e) && e.code != ERR_CANCELLED)
            work_problem(w, &e, work_advice(e.code));
        if (!quit && t.decode) work_serve_decode(w, t.decode, t.decode_at);
        if (!quit && t.likeness) work_likeness(w, t.likeness);
        if (!quit && t.weights) work_weights(w);
        wishes_drop(&t);
        if (!quit) work_say(w, WORK_IDLE);
    }
    work_unload(w);
    return NULL;
}

struct worker *worker_open(const struct worker_setup *setup, struct err *e)
{
    struct worker *w = mem_zero(1, sizeof *w, e);
    if (!w) return NULL;
    w->setup = *setup;
    w->cli.s.quiet = true;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wished, NULL);
    atomic_init(&w->interrupt, false);
    atomic_init(&w->preview, PREVIEW_AUTO);
    if (!pthread_create(&w->thread, NULL, work, w)) return w;
    err_set(e, ERR_MEMORY, "no thread can be started");
    free(w);
    return NULL;
}

unsigned worker_close(struct worker *w)
{
    if (!w) return 0;
    pthread_mutex_lock(&w->lock);
    w->wishes.quit = true;
    atomic_store(&w->interrupt, true);
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    wishes_drop(&w->wishes);
    work_state_drop(&w->said);
    film_drop(w->film);
    json_decref(w->options);
    free(w->model_key);
    free(w->device_key);
    pthread_cond_destroy(&w->wished);
    pthread_mutex_destroy(&w->lock);
    const unsigned complaints = w->complaints;
    free(w);
    return complaints;
}

// --- what the window reads ----------------------------------------------------------------------------------------

void work_state_drop(struct work_state *s)
{
    names_drop(s->classes);
    names_drop(s->devices);
    names_drop(s->models);
    film_drop(s->film);
    weights_page_drop(s->weights);
    bench_drop(s->bench);
    *s = (struct work_state){0};
}

bool worker_read(struct worker *w, struct work_state *s)
{
    struct work_state now;
    pthread_mutex_lock(&w->lock);
    now = w->said;
    const bool newer = now.generation != s->generation;
    if (newer) {
        names_hold(now.classes);
        names_hold(now.devices);
        names_hold(now.models);
        film_hold(now.film);
        weights_page_hold(now.weights);
        bench_hold(now.bench);
    }
    pthread_mutex_unlock(&w->lock);
    if (!newer) return false;
    work_state_drop(s);
    *s = now;
    return true;
}

// --- what the window wishes for -----------------------------------------------------------------------------------

static void ask(struct worker *w, json_t *options, const char *device)
{
    json_decref(w->wishes.options);
    w->wishes.options = json_deep_copy(options); // the form goes on changing
    snprintf(w->wishes.device, sizeof w->wishes.device, "%s", device ? device : "");
    atomic_store(&w->interrupt, true);
}

void worker_load(struct worker *w, json_t *options, const char *device)
{
    pthread_mutex_lock(&w->lock);
    ask(w, options, device);
    w->wishes.load = true;
    w->wishes.start = w->wishes.bench = false;
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
}

void worker_start(struct worker *w, json_t *options, const char *device, struct film *from, uint32_t at)
{
    pthread_mutex_lock(&w->lock);
    ask(w, options, device);
    film_drop(w->wishes.from);
    w->wishes.from = film_hold(from);
    w->wishes.at = at;
    w->wishes.start = true;
    w->wishes.bench = false;
    w->wishes.asked = clock_seconds();
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
}

void worker_bench(struct worker *w, json_t *options, const char *device, struct bench_wish wish)
{
    pthread_mutex_lock(&w->lock);
    ask(w, options, device);
    w->wishes.bench = true;
    w->wishes.bench_wish = wish;
    w->wishes.start = w->wishes.load = false;
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
}

void worker_stop(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->wishes.start = w->wishes.bench = false;
    atomic_store(&w->interrupt, true);
    pthread_mutex_unlock(&w->lock);
}

void worker_decode(struct worker *w, struct film *f, uint32_t at)
{
    pthread_mutex_lock(&w->lock);
    film_drop(w->wishes.decode);
    w->wishes.decode = film_hold(f);
    w->wishes.decode_at = at;
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
}

void worker_likeness(struct worker *w, struct film *f)
{
    pthread_mutex_lock(&w->lock);
    film_drop(w->wishes.likeness);
    w->wishes.likeness = film_hold(f);
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
}

void worker_weights(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->wishes.weights = true;
    pthread_cond_signal(&w->wished);
    pthread_mutex_unlock(&w->lock);
}

void worker_watch(struct worker *w, struct watch watch)
{
    pthread_mutex_lock(&w->lock);
    w->watch = watch;
    pthread_mutex_unlock(&w->lock);
}

void worker_preview(struct worker *w, enum preview_kind kind)
{
    atomic_store(&w->preview, (unsigned)kind);
}
