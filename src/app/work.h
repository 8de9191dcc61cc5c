// work.h — private to the worker: its state, and what its parts share.
#ifndef VKDIT_APP_WORK_H
#define VKDIT_APP_WORK_H

#include "app/worker.h"
#include "cli/generate.h"

struct wishes {
    bool load, start, quit;
    json_t *options;
    char device[128];
    struct film *from;
    uint32_t at;
    struct film *decode, *likeness;
    uint32_t decode_at;
    bool weights, bench;
    struct bench_wish bench_wish;
    double asked; // when the start was wished for
};

struct worker {
    struct worker_setup setup;
    pthread_t thread;
    pthread_mutex_t lock; // guards wishes and said
    pthread_cond_t wished;
    struct wishes wishes;
    struct work_state said;
    atomic_bool interrupt; // what is going on is not wanted any more
    atomic_uint preview;   // enum preview_kind
    struct watch watch;    // guarded by lock

    // of the thread
    struct cli cli;  // settings of the open model or the present run
    json_t *options; // they point into it
    struct subject subject;
    char *model_key, *device_key;
    char device[128];
    char identity[64];
    double decode_seconds; // what decoding a batch took last; 0 unknown
    uint32_t films;
    unsigned complaints; // of the validation layer, about devices that were closed
    struct film *film;
};

// worker.c
void work_say(struct worker *w, enum work work);
void work_publish(struct worker *w); // after changing w->said under the lock: counts and wakes
void work_problem(struct worker *w, const struct err *e, const char *advice);
int work_unwanted(void *worker); // for the library's stop callbacks

// work_load.c: makes sure that this model is open on this device.
bool work_load(struct worker *w, json_t *options, const char *device, struct err *e);
void work_unload(struct worker *w);
const char *work_advice(enum err_code code);

// work_run.c
void work_run(struct worker *w, const struct wishes *wish);
void work_serve_decode(struct worker *w, struct film *f, uint32_t at);

// work_bench.c
void work_bench(struct worker *w, json_t *options, const char *device, const struct bench_wish *wish);

// work_look.c
void work_likeness(struct worker *w, struct film *f);
void work_weights(struct worker *w);

#endif
