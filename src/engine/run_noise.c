// run_noise.c — where a run's random numbers come from: torch's CPU stream, CUDA's Philox, or the caller.
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

static uint64_t drawn_values(const struct vkdit_run *r)
{
    return r->copies * r->values;
} // the reference draws for both halves

static uint32_t wave(const struct vkdit_run *r, uint64_t n)
{
    uint64_t one = align_up(n, 256);
    return (uint32_t)(r->philox_threads && r->philox_threads < one ? r->philox_threads : one);
}

static void stream(struct vkdit_run *r, float *out, uint64_t n)
{
    if (r->rng == VKDIT_RNG_PHILOX)
        r->philox_offset = philox_randn(r->seed, r->philox_offset, wave(r, n), out, n);
    else
        torch_randn(&r->torch, out, n);
}

bool run_host_draws(const struct vkdit_run *r)
{
    return r->rng != VKDIT_RNG_PHILOX || r->given_noise;
}

bool run_draw(struct vkdit_run *r, float *out, struct err *e)
{
    if (r->given_noise) {
        if (r->draws >= r->given_draws)
            return err_set(e, ERR_ARG, "the given noise has %u tensors, the run needs more", r->given_draws);
        memcpy(out, r->given_noise + r->draws++ * r->given_stride, r->values * sizeof *out);
    } else {
        stream(r, r->draw, drawn_values(r));
        if (out != r->draw) memcpy(out, r->draw, r->values * sizeof *out);
        r->draws++;
    }
    if (!r->keep) return true;
    float *more = realloc(r->kept.noise, (r->kept.n_noise + 1) * r->values * sizeof *more);
    if (!more) return err_memory(e, r->values * sizeof *more);
    memcpy(more + r->kept.n_noise++ * r->values, out, r->values * sizeof *more);
    r->kept.noise = more;
    return true;
}

// Ticks carry what the device needs to draw by itself.
static void philox_ticks(struct vkdit_run *r)
{
    uint32_t threads = wave(r, drawn_values(r));
    uint64_t calls = (drawn_values(r) + 4ull * threads - 1) / (4ull * threads);
    for (uint32_t i = 0; i < r->schedule.n; i++) {
        struct tick *t = &r->schedule.tick[i];
        t->seed[0] = (uint32_t)r->seed;
        t->seed[1] = (uint32_t)(r->seed >> 32);
        t->offset[0] = (uint32_t)r->philox_offset;
        t->offset[1] = (uint32_t)(r->philox_offset >> 32);
        t->subsequences = threads;
        if (r->schedule.eval[i].draws) r->philox_offset += calls;
    }
}

static bool take_noise(struct vkdit_run *r, const vkdit_tensor *given, struct err *e)
{
    if (!tensor_check(given, e)) return false;
    uint64_t per = given->rank >= 2 && given->dim[0] ? 1 : 0;
    for (uint32_t i = 1; i < given->rank; i++) per *= given->dim[i];
    if (per < r->values || per % r->image_values)
        return err_set(e, ERR_ARG, "the given noise has %llu values per draw, the run needs %llu",
                       (unsigned long long)per, (unsigned long long)r->values);
    r->given_noise = list_floats(given, 0, e);
    r->given_stride = per;
    r->given_draws = (uint32_t)given->dim[0];
    return r->given_noise != NULL;
}

bool run_open_noise(struct vkdit_run *r, const vkdit_job *j, struct err *e)
{
    const vkdit_tensor *z = list_find(j->noise, j->noise_count, "z"),
                       *noise = list_find(j->noise, j->noise_count, "noise");
    r->rng = j->rng;
    r->seed = j->seed;
    r->philox_threads = j->philox_threads;
    torch_seed(&r->torch, j->seed);
    r->draw = mem_zero(drawn_values(r), sizeof *r->draw, e);
    r->z = z ? list_floats(z, r->values, e) : mem_zero(r->values, sizeof *r->z, e);
    if (!r->draw || !r->z) return false;
    r->z_given = z != NULL;
    if (!z) stream(r, r->z, r->values);
    if (noise && !take_noise(r, noise, e)) return false;
    if (r->schedule.init_draws) { // before the ticks, which tell the device where the stream goes on
        r->first_noise = mem_zero(r->values, sizeof *r->first_noise, e);
        if (!r->first_noise || !run_draw(r, r->first_noise, e)) return false;
    }
    if (!run_host_draws(r) && !r->schedule.adaptive) philox_ticks(r);
    return true;
}

bool run_seek_noise(struct vkdit_run *r, uint32_t evals, struct err *e)
{
    uint32_t drawn = 0;
    for (uint32_t i = 0; i < evals; i++) drawn += r->schedule.eval[i].draws;
    r->drawn = false;
    r->draws = drawn;
    if (r->given_noise)
        return drawn <= r->given_draws ||
               err_set(e, ERR_ARG, "the given noise has %u tensors, the run needs more", r->given_draws);
    if (!run_host_draws(r)) return true; // the ticks say where each evaluation's numbers are
    torch_seed(&r->torch, r->seed);
    if (!r->z_given) stream(r, r->draw, r->values);
    for (uint32_t i = 0; i < drawn; i++) stream(r, r->draw, drawn_values(r));
    return true;
}
