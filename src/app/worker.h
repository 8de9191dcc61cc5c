// worker.h — the thread that owns device, model and run. The window asks and reads; it never waits for an answer.
// Knows nothing about windows.
#ifndef VKDIT_APP_WORKER_H
#define VKDIT_APP_WORKER_H

#include "app/bench.h"
#include "app/film.h"
#include "app/form.h"
#include "cli/weights.h"

enum work { WORK_IDLE, WORK_LOADING, WORK_PREPARING, WORK_RUNNING, WORK_DECODING, WORK_LOOKING, WORK_BENCH };

// The weights behind the modulation of the open model; several threads may hold it.
struct weights_page {
    atomic_uint users;
    struct weights weights;
    struct growth growth; // no times: no log was found
    char problem[300];    // why there are no weights, "" when there are
};
struct weights_page *weights_page_hold(struct weights_page *p);
void weights_page_drop(struct weights_page *p); // accepts NULL

// What the worker says about itself; a copy, with what it points to held.
struct work_state {
    uint64_t generation;
    enum work work;
    char what[80]; // being loaded
    uint64_t done, total;
    bool ready;      // a model is open
    uint32_t opened; // models, counted
    vkdit_model_info info;
    char device[256], reason[256];
    struct names *classes, *devices, *models; // models: those that ship, "name\tabout"
    char sampler[32];                         // the model's own, "" when it leaves that open
    uint64_t memory,
        budget;          // bytes on the device that one picture is planned to need; what the driver allows; 0: unknown
    uint64_t held;       // bytes on the device, after the last step or picture; 0: not known
    struct film *film;   // the newest
    struct bench *bench; // the last one, NULL before the first
    struct weights_page *weights; // when they were asked for
    struct film_times times;
    uint32_t step, steps;
    uint32_t decodes;  // wishes to decode that were served
    unsigned problems; // counts what went wrong; the last of it:
    char problem[512], advice[300];
};

struct worker_setup {
    const char *cache, *limit, *assets, *tiny_vae;
    bool validation;
    void (*wake)(void *user); // something new can be read; called on the worker's thread
    void *user;
};

struct worker;
struct worker *worker_open(const struct worker_setup *setup, struct err *e);
// Ends what is going on within one submission; accepts NULL. Returns how often the validation layer complained.
unsigned worker_close(struct worker *w);

// True when there was something newer than s->generation; s is replaced then. {0} is never read.
bool worker_read(struct worker *w, struct work_state *s);
void work_state_drop(struct work_state *s);

// Wishes. A newer one of a kind replaces the older: nothing queues up. Options are copied.
void worker_load(struct worker *w, json_t *options, const char *device);
// Starts a run, ending the one that goes on. With `from`: branches off after its step `at`.
void worker_start(struct worker *w, json_t *options, const char *device, struct film *from, uint32_t at);
void worker_stop(struct worker *w);
// When there is time. WORKER_ALL: every frame of the film.
#define WORKER_ALL UINT32_MAX
void worker_decode(struct worker *w, struct film *f, uint32_t at);
void worker_likeness(struct worker *w, struct film *f); // the film's, to other classes
void worker_weights(struct worker *w);                  // of the open model
// Measures the device, ending what goes on. own: the model that the options name instead of published shapes.
struct bench_wish {
    vkdit_bench_size size;
    bool own;
};
void worker_bench(struct worker *w, json_t *options, const char *device, struct bench_wish wish);
void worker_preview(struct worker *w, enum preview_kind kind);
// What is looked at: the modulation, from the next step on, however large its table is. And what is measured while the
// model runs, from the next run on, or the next step when something is measured already: a channel of what enters a
// block's MLP; what every block adds.
struct watch {
    bool board;
    bool on;
    uint32_t block, channel;
    bool added;
};
void worker_watch(struct worker *w, struct watch watch);

#endif
