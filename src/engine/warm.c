// warm.c — a first run's wait, halved: while one core of the CPU compiles the transformer for a driver that runs on it,
// another compiles the decoder, on a device of its own. What it makes reaches the run through the driver's cache on disk.
#include "engine/engine.h"

#include <stdio.h>

enum { MEMORY_MAX = 256 << 20 }; // of the decoder that only warms: a large one is not worth having twice

static bool told_to_stop(void *user)
{
    struct warmer *w = user;
    return atomic_load(&w->stop);
}

static bool small(const struct plan *p)
{
    uint64_t sum = 0;
    for (int s = 0; s < RATE_COUNT + 3; s++)
        for (uint32_t b = 0; b < p->n_block[s]; b++) sum += p->block[s][b];
    return sum <= MEMORY_MAX;
}

// A failure here costs only time: the run will meet it itself and say so.
static void *warm(void *user)
{
    struct warmer *w = user;
    struct err e = {0};
    struct gpu gpu = {0};
    struct gpu_wish wish = {.device = w->device, .cache_dir = ""};
    struct decoder d = {.h = w->model->dit.side, .w = w->model->dit.side};
    if (gpu_open(&gpu, &wish, &e) && autoencoder_build(w->model, &d, &gpu.caps, &e)) {
        d.s.plan = plan_make(&d.s.g, &gpu.caps, &e);
        if (d.s.plan && small(d.s.plan)) d.s.program = program_open(&gpu, d.s.plan, &e);
        if (d.s.program) program_warm(d.s.program, told_to_stop, w, &e);
    }
    session_close(&d.s);
    gpu_close(&gpu); // writes the driver's cache
    return NULL;
}

void warm_start(struct vkdit_model *m, struct warmer *w, struct program *step)
{
    const struct caps *c = &m->context->gpu.caps;
    struct err e = {0};
    bool cold;
    // limits and layers are tests' business; synthetic weights are the benchmark's, which times nothing else at once
    if (w->running || c->type != CAPS_CPU || m->context->validation || m->context->limited || m->synthetic ||
        !m->has_vae || !m->vae.decoder || m->decoder.open)
        return;
    if (!program_cold(step, RATE_RUN, &cold, &e) || !cold) return;
    for (int i = 0; i < 16; i++) snprintf(w->device + 2 * i, 3, "%02x", c->uuid[i]);
    w->model = m;
    atomic_store(&w->stop, false);
    w->running = pthread_create(&w->thread, NULL, warm, w) == 0;
}

void warm_end(struct warmer *w, bool finish)
{
    if (!w->running) return;
    if (!finish) atomic_store(&w->stop, true);
    pthread_join(w->thread, NULL);
    w->running = false;
}
