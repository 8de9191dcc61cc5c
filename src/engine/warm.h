// warm.h — private to engine/: the decoder's pipelines, compiled beside the first run.
#ifndef VKDIT_WARM_H
#define VKDIT_WARM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct vkdit_model;
struct program;

struct warmer {
    pthread_t thread;
    bool running;
    atomic_bool stop;
    const struct vkdit_model *model;
    char device[33];
};

// When the driver compiles on this CPU and has not yet: begins to compile what the model's decoder needs. `step` is the
// transformer as it is before anything was written to it.
void warm_start(struct vkdit_model *m, struct warmer *w, struct program *step);
// Waits until all is compiled, or stops after the pipeline that is being compiled.
void warm_end(struct warmer *w, bool finish);

#endif
