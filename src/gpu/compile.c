// compile.c — several pipelines at once: a driver compiles each on the thread that asks for it, so as many threads ask as
// there are cores. Knows no kernel.
#include "gpu/gpu_priv.h"

#include <unistd.h>

enum { WORKERS_MAX = 8 }; // a compiler takes memory, and on GPUs gains little from more

struct job {
    struct gpu *g;
    struct pipe_entry *const *entry;
    uint32_t n;
    atomic_uint next, made;
    atomic_bool over; // something failed, or the caller does not want it any more
};

struct worker {
    struct job *job;
    pthread_t thread;
    struct err err;
};

static bool make_next(struct job *j, struct err *e)
{
    const uint32_t i = atomic_fetch_add(&j->next, 1);
    if (atomic_load(&j->over) || i >= j->n) return false;
    if (!pipeline_open(j->g, &j->entry[i]->key, &j->entry[i]->pipe, e)) {
        atomic_store(&j->over, true);
        return false;
    }
    atomic_fetch_add(&j->made, 1);
    return true;
}

static void *work(void *user)
{
    struct worker *w = user;
    while (make_next(w->job, &w->err)) {
    }
    return NULL;
}

// The caller's thread is one of the workers, and the one that tells how far it is.
static void work_and_tell(struct job *j, struct err *e)
{
    const struct gpu *g = j->g;
    for (bool more = true; more; more = make_next(j, e)) {
        if (!g->making || !g->making(g->making_user, atomic_load(&j->made), j->n)) continue;
        err_set(e, ERR_CANCELLED, "stopped");
        atomic_store(&j->over, true);
    }
}

bool pipelines_make(struct gpu *g, struct pipe_entry *const *entry, uint32_t n, struct err *e)
{
    struct job j = {.g = g, .entry = entry, .n = n};
    struct worker w[WORKERS_MAX - 1] = {0};
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t most = min_u32(n, cores > 1 ? min_u32((uint32_t)cores, WORKERS_MAX) : 1);
    uint32_t more = 0; // threads besides this one; with fewer than wished it only takes longer
    for (; more + 1 < most; more++) {
        w[more].job = &j;
        if (pthread_create(&w[more].thread, NULL, work, &w[more])) break;
    }
    work_and_tell(&j, e);
    for (uint32_t i = 0; i < more; i++) {
        pthread_join(w[i].thread, NULL);
        if (w[i].err.code != ERR_NONE && e->code == ERR_NONE) *e = w[i].err;
    }
    if (e->code == ERR_NONE && g->making) g->making(g->making_user, n, n);
    return e->code == ERR_NONE;
}
