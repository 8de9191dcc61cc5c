// run_output.c — what a run gives back: latents, pictures, trajectories. Nothing that is not finite leaves unnoticed.
#include "engine/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool all_finite(const float *x, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

static bool read_register(struct vkdit_run *r, uint32_t reg, float *out, struct err *e)
{
    return run_current(r, e) &&
           program_read(r->model->step.program, r->model->io.regs, reg * r->state_values, r->values, out, e);
}

bool run_keep_state(struct vkdit_run *r, struct err *e)
{
    struct trajectory *k = &r->kept;
    uint64_t bytes = (k->n_x + 1) * r->values * sizeof(float);
    float *x = realloc(k->x, bytes);
    if (x) k->x = x;
    float *x0 = realloc(k->x0, bytes);
    if (x0) k->x0 = x0;
    if (!x || !x0) return err_memory(e, bytes);
    if (!read_register(r, 0, x + k->n_x * r->values, e)) return false;
    if (r->x0_known && !read_register(r, r->schedule.x0_reg, x0 + (k->n_x - 1) * r->values, e)) return false;
    k->n_x++;
    return true;
}

bool run_keep_points(struct vkdit_run *r, struct err *e)
{
    struct trajectory *k = &r->kept;
    if (r->schedule.n_points == 0) return true;
    float *x = realloc(k->x, (k->n_x + r->schedule.n_points) * r->values * sizeof *x);
    if (!x) return err_memory(e, (k->n_x + r->schedule.n_points) * r->values * sizeof *x);
    for (uint32_t i = 0; i < r->schedule.n_points; i++)
        memcpy(x + (k->n_x + i) * r->values, r->schedule.points + i * r->state_values, r->values * sizeof *x);
    k->x = x;
    k->n_x += r->schedule.n_points;
    return true;
}

vkdit_status vkdit_run_latent(vkdit_run *r, int x0, float *out, uint64_t values, vkdit_error *error)
{
    struct err e = {0};
    if (values != r->values)
        err_set(&e, ERR_ARG, "room for %llu values, the run has %llu", (unsigned long long)values,
                (unsigned long long)r->values);
    else if (x0 && !r->x0_known)
        err_set(&e, ERR_ARG, "there is no estimate of the finished picture before the first step");
    else if (read_register(r, x0 ? r->schedule.x0_reg : 0, out, &e) && !all_finite(out, values))
        err_set(&e, ERR_NUMERIC, "the latent is not finite after %u evaluations", r->evals_done);
    return status_of(&e, error);
}

// An adaptive sampler's states are made by the host, which has waited for the device already.
static bool peek(struct vkdit_run *r, uint32_t step, bool x0, float *out, int *there, struct err *e)
{
    const uint32_t slot = step % STILLS;
    const float *still = NULL;
    if (!run_current(r, e)) return false;
    if (r->schedule.adaptive) {
        if (step != r->step || !step) return err_set(e, ERR_ARG, "only the last step of this run is kept");
        *there = read_register(r, x0 ? r->schedule.x0_reg : 0, out, e);
        return *there;
    }
    if (!r->peek || !step || r->still_of[slot] != step) return err_set(e, ERR_ARG, "step %u is not kept", step);
    still = program_still(r->model->step.program, slot);
    *there = still != NULL;
    if (still) memcpy(out, still + (x0 ? r->schedule.x0_reg : 0) * r->state_values, r->values * sizeof *out);
    return true;
}

vkdit_status vkdit_run_peek(vkdit_run *r, uint32_t step, int x0, float *out, uint64_t values, int *there,
                            vkdit_error *error)
{
    struct err e = {0};
    *there = 0;
    if (values != r->values)
        err_set(&e, ERR_ARG, "room for %llu values, the run has %llu", (unsigned long long)values,
                (unsigned long long)r->values);
    else if (peek(r, step, x0 != 0, out, there, &e) && *there && !all_finite(out, values))
        err_set(&e, ERR_NUMERIC, "the latent is not finite after %u steps", step);
    return status_of(&e, error);
}

// --- pictures -----------------------------------------------------------------------------------------------------

static bool flat(const uint8_t *rgb, uint64_t n)
{
    for (uint64_t i = 3; i < n; i++)
        if (rgb[i] != rgb[i - 3]) return false;
    return true;
}

static bool decode_all(struct vkdit_run *r, const float *latent, struct stopper *s, uint8_t **out, uint32_t *w,
                       uint32_t *h, struct err *e)
{
    struct vkdit_model *m = r->model;
    if (!m->has_vae || !m->vae.decoder)
        return err_set(e, ERR_UNSUPPORTED, "the model has no decoder: give an autoencoder with --vae");
    *w = *h = m->dit.side * vae_scale(&m->vae);
    uint64_t pixels = (uint64_t)*w * *h;
    uint32_t *rgba = mem_zero(pixels, sizeof *rgba, e);
    uint8_t *rgb = mem_zero(r->images, 3 * pixels, e);
    bool ok = rgba && rgb;
    for (uint32_t i = 0; ok && i < r->images; i++) {
        uint8_t *to = rgb + i * 3 * pixels;
        ok = model_decode(m, latent + i * r->image_values, m->dit.side, m->dit.side, false, rgba, NULL,
                          run_asked_to_stop, s, e);
        for (uint64_t p = 0; ok && p < pixels; p++)
            for (int k = 0; k < 3; k++) to[3 * p + k] = (uint8_t)(rgba[p] >> 8 * k);
        if (ok && flat(to, 3 * pixels)) ok = err_set(e, ERR_NUMERIC, "the picture is one flat colour");
    }
    free(rgba);
    if (!ok) free(rgb);
    *out = ok ? rgb : NULL;
    return ok;
}

vkdit_status vkdit_run_decode(vkdit_run *r, const float *latent, int (*stop)(void *user), void *user, uint8_t **pixels,
                              uint32_t *width, uint32_t *height, vkdit_error *error)
{
    struct err e = {0};
    struct stopper s = {stop, user};
    float *own = mem_zero(r->values, sizeof *own, &e);
    *pixels = NULL;
    if (own && latent) memcpy(own, latent, r->values * sizeof *own);
    if (own && (latent || read_register(r, 0, own, &e))) {
        if (all_finite(own, r->values))
            decode_all(r, own, &s, pixels, width, height, &e);
        else
            err_set(&e, ERR_NUMERIC, "the latent is not finite");
    }
    free(own);
    return status_of(&e, error);
}

static bool sketch(struct vkdit_model *m, const float *latent, uint32_t images, struct stopper *s, uint8_t *rgb,
                   struct err *e)
{
    const uint32_t side = m->dit.side * tiny_scale(&m->tiny);
    const uint64_t pixels = (uint64_t)side * side, each = (uint64_t)m->tiny.latent * m->dit.side * m->dit.side;
    uint32_t *rgba = mem_zero(pixels, sizeof *rgba, e);
    bool ok = rgba != NULL;
    for (uint32_t i = 0; ok && i < images; i++) {
        ok = model_sketch(m, latent + i * each, m->dit.side, m->dit.side, false, rgba, NULL, run_asked_to_stop, s, e);
        for (uint64_t p = 0; ok && p < pixels; p++)
            for (int k = 0; k < 3; k++) rgb[3 * (i * pixels + p) + (uint64_t)k] = (uint8_t)(rgba[p] >> 8 * k);
    }
    free(rgba);
    return ok;
}

vkdit_status vkdit_sketch(vkdit_model *m, const float *latent, uint32_t images, int (*stop)(void *user), void *user,
                          uint8_t **pixels, uint32_t *width, uint32_t *height, vkdit_error *error)
{
    struct err e = {0};
    struct stopper s = {stop, user};
    *pixels = NULL;
    *width = *height = m->has_tiny ? m->dit.side * tiny_scale(&m->tiny) : 0;
    if (!m->context) err_set(&e, ERR_ARG, "the model was opened without a device");
    if (!m->has_tiny || !m->has_dit)
        err_set(&e, ERR_UNSUPPORTED, "the model has no tiny decoder: give one with --tiny-vae");
    uint8_t *rgb = e.code == ERR_NONE ? mem_zero(images, 3ull * *width * *height, &e) : NULL;
    if (rgb && sketch(m, latent, images, &s, rgb, &e))
        *pixels = rgb;
    else
        free(rgb);
    return status_of(&e, error);
}

vkdit_status vkdit_run_preview(vkdit_run *r, const float *latent, uint8_t **pixels, uint32_t *width, uint32_t *height,
                               vkdit_error *error)
{
    struct err e = {0};
    const struct hints *h = &r->model->hints;
    const uint64_t cells = (uint64_t)r->model->dit.side * r->model->dit.side;
    *pixels = NULL;
    *width = *height = r->model->dit.side;
    if (!h->preview) err_set(&e, ERR_UNSUPPORTED, "the model brings no map for previews");
    float *own = e.code == ERR_NONE ? mem_zero(r->values, sizeof *own, &e) : NULL;
    uint8_t *rgb = own ? mem_zero(r->images, 3 * cells, &e) : NULL;
    bool ok = rgb && (latent || read_register(r, r->x0_known ? r->schedule.x0_reg : 0, own, &e));
    for (uint32_t i = 0; ok && i < r->images; i++)
        hints_preview(h, (latent ? latent : own) + i * r->image_values, cells, rgb + i * 3 * cells);
    if (ok) *pixels = rgb;
    if (!ok) free(rgb);
    free(own);
    return status_of(&e, error);
}

// --- intermediates ------------------------------------------------------------------------------------------------

static bool read_tap(struct vkdit_run *r, const char *name, struct tensor_list *l, struct err *e)
{
    const struct graph *g = &r->model->step.g;
    if (!run_current(r, e)) return false;
    if (!r->model->step_taps) return err_set(e, ERR_ARG, "this run keeps no activations");
    if (!r->evals_done) return err_set(e, ERR_ARG, "there are no activations before the first step");
    for (uint32_t i = 1; i < g->n_t; i++) {
        const struct tensor *t = &g->t[i];
        if (t->kind != KIND_TEMP || !t->keep || strcmp(t->name, name) != 0) continue;
        float *to = list_add(l, name, VKDIT_F32, 3, (uint64_t[]){t->sh.items, t->sh.rows, t->sh.cols}, e);
        return to && program_read(r->model->step.program, (ten){i}, 0, shape_count(t->sh), to, e);
    }
    return err_set(e, ERR_ARG, "the model keeps no activation \"%.60s\"", name);
}

vkdit_status vkdit_run_tap(vkdit_run *r, const char *name, vkdit_tensors *out, vkdit_error *error)
{
    struct err e = {0};
    struct tensor_list l = {0};
    if (!read_tap(r, name, &l, &e)) vkdit_tensors_free(&l.t);
    *out = l.t;
    return status_of(&e, error);
}

// --- trajectories -------------------------------------------------------------------------------------------------

static bool add_states(struct vkdit_run *r, struct tensor_list *l, const char *name, const float *from, uint32_t n,
                       bool stacked, struct err *e)
{
    uint64_t side = r->model->dit.side, dim[] = {n, r->images, r->model->dit.channels, side, side};
    float *to = list_add(l, name, VKDIT_F32, stacked ? 5 : 4, stacked ? dim : dim + 1, e);
    if (to) memcpy(to, from, n * r->values * sizeof *to);
    return to != NULL;
}

vkdit_status vkdit_run_trajectory(vkdit_run *r, vkdit_tensors *out, vkdit_error *error)
{
    struct err e = {0};
    struct tensor_list l = {0};
    const struct trajectory *k = &r->kept;
    if (!r->keep || k->n_x == 0) err_set(&e, ERR_ARG, "this run keeps no trajectory");
    bool ok = e.code == ERR_NONE && add_states(r, &l, "z", r->z, 1, false, &e) &&
              add_states(r, &l, "x", k->x, k->n_x, true, &e) &&
              add_states(r, &l, "final", k->x + (k->n_x - 1) * r->values, 1, false, &e);
    if (ok && k->n_x > 1 && !r->schedule.adaptive) ok = add_states(r, &l, "pred_xstart", k->x0, k->n_x - 1, true, &e);
    if (ok && k->n_noise) ok = add_states(r, &l, "noise", k->noise, k->n_noise, true, &e);
    int64_t *y = ok ? list_add(&l, "y", VKDIT_I64, 1, (uint64_t[]){r->images}, &e) : NULL;
    for (uint32_t i = 0; y && i < r->images; i++) y[i] = r->classes[i];
    if (e.code != ERR_NONE) vkdit_tensors_free(&l.t);
    *out = l.t;
    return status_of(&e, error);
}
