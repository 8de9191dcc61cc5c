// eval.c — one forward pass on given tensors, with every intermediate on request: parity made checkable.
#include "engine/engine.h"
#include "kernels/tick.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- transformer --------------------------------------------------------------------------------------------------

// Every batch item has its own timestep and class, so the table holds all pairs and item b reads row (b, b).
struct forward {
    struct vkdit_model *m;
    uint32_t images, copies, conds;
    float *x, *t, *y;
    float cfg;
    uint32_t cfg_channels;
    bool taps;
};

static void forward_close(struct forward *f)
{
    free(f->x);
    free(f->t);
    free(f->y);
}

static bool forward_open(struct forward *f, const vkdit_tensor *in, uint32_t n, struct err *e)
{
    const struct dit_config *d = &f->m->dit;
    const vkdit_tensor *x = list_find(in, n, "x"), *t = list_find(in, n, "t"), *y = list_find(in, n, "y");
    if (!x || !t || !y) return err_set(e, ERR_ARG, "the input needs tensors x, t and y");
    if (x->rank != 4 || x->dim[0] == 0 || x->dim[0] > 256 || x->dim[1] != d->channels || x->dim[2] != d->side ||
        x->dim[3] != d->side)
        return err_set(e, ERR_ARG, "x must have the shape [1..256, %u, %u, %u]", d->channels, d->side, d->side);
    f->images = (uint32_t)x->dim[0];
    f->x = list_floats(x, 0, e);
    f->t = list_floats(t, f->images, e);
    f->y = list_floats(y, f->images, e);
    if (!f->x || !f->t || !f->y) return false;
    for (uint32_t i = 0; i < f->images; i++)
        if (!(f->y[i] >= 0 && f->y[i] < (float)(d->classes + d->null_class)))
            return err_set(e, ERR_ARG, "y[%u] = %g: the model has classes 0..%u", i, (double)f->y[i],
                           d->classes - !d->null_class);
    const vkdit_tensor *cfg = list_find(in, n, "cfg_scale"), *channels = list_find(in, n, "cfg_channels");
    float *scale = cfg ? list_floats(cfg, 1, e) : NULL, *k = channels ? list_floats(channels, 1, e) : NULL;
    if (cfg && scale) f->cfg = scale[0];
    f->cfg_channels = dit_guided_channels(d, k && k[0] >= 1 ? (uint32_t)fminf(k[0], 4096) : 0);
    f->copies = cfg ? 2 : 1;
    free(scale);
    free(k);
    if (f->copies == 2 && !d->null_class)
        return err_set(e, ERR_ARG, "this model has no null class: guidance is not possible");
    f->conds = f->images + (f->copies == 2);
    return e->code == ERR_NONE;
}

static bool forward_run(struct forward *f, struct err *e)
{
    struct vkdit_model *m = f->m;
    struct dit_use use = {.images = f->images,
                          .copies = f->copies,
                          .evals = f->images,
                          .conds = f->conds,
                          .regs = 1,
                          .kind = DIT_FORWARD};
    if (!model_step(m, &use, f->taps, e)) return false;
    struct program *p = m->step.program;
    uint32_t n = f->images;
    int32_t *y = mem_zero(f->conds, sizeof *y, e), *cond = mem_zero(2ull * n, sizeof *cond, e);
    bool ok = y && cond;
    for (uint32_t i = 0; ok && i < f->conds; i++) y[i] = i < n ? (int32_t)f->y[i] : (int32_t)m->dit.classes;
    for (uint32_t i = 0; ok && i < f->copies * n; i++) cond[i] = (int32_t)(i % n * f->conds + (i < n ? i : n));
    struct tick now = {.in_scale = 1, .cfg = f->cfg};
    ok = ok && program_write(p, m->io.t, 0, n, f->t, e) && program_write(p, m->io.y, 0, f->conds, y, e) &&
         program_write(p, m->io.cond, 0, f->copies * n, cond, e) &&
         program_write(p, m->io.now, 0, TICK_WORDS, &now, e) &&
         program_write(p, m->io.regs, 0, (uint64_t)n * m->dit.channels * m->dit.side * m->dit.side, f->x, e) &&
         program_run(p, RATE_CONST, NULL, NULL, e) && program_run(p, RATE_RUN, NULL, NULL, e) &&
         program_run(p, RATE_STEP, NULL, NULL, e);
    free(y);
    free(cond);
    return ok;
}

// raw: copies*images x out_channels x cells -> out (conditional half only), and both guided halves as the reference returns them.
static bool give_outputs(struct forward *f, struct tensor_list *l, struct err *e)
{
    const struct dit_config *d = &f->m->dit;
    uint64_t cells = (uint64_t)d->side * d->side, each = d->out_channels * cells, batch = f->copies * f->images;
    uint64_t shown = d->sit ? d->channels : d->out_channels;
    float *raw = mem_zero(batch * each, sizeof *raw, e);
    bool ok = raw && program_read(f->m->step.program, f->m->io.out, 0, batch * each, raw, e);
    float *out = ok ? list_add(l, "out", VKDIT_F32, 4, (uint64_t[]){f->images, shown, d->side, d->side}, e) : NULL;
    for (uint32_t i = 0; out && i < f->images; i++)
        memcpy(out + i * shown * cells, raw + i * each, shown * cells * sizeof *out);
    ok = out != NULL;
    if (ok && d->sit && d->learned_var) {
        float *full =
            list_add(l, "out_full", VKDIT_F32, 4, (uint64_t[]){f->images, d->out_channels, d->side, d->side}, e);
        if (full) memcpy(full, raw, f->images * each * sizeof *full);
    }
    float *both = ok && f->copies == 2
                      ? list_add(l, "cfg_out", VKDIT_F32, 4, (uint64_t[]){batch, shown, d->side, d->side}, e)
                      : NULL;
    for (uint64_t i = 0; both && i < batch; i++)
        for (uint64_t k = 0; k < shown * cells; k++) {
            float c = raw[i % f->images * each + k], u = raw[(i % f->images + f->images) * each + k];
            both[i * shown * cells + k] = k / cells < f->cfg_channels ? u + f->cfg * (c - u) : raw[i * each + k];
        }
    free(raw);
    return e->code == ERR_NONE;
}

// Rows (b, b) of a tensor that holds one row per pair.
static bool give_pairs(struct forward *f, struct tensor_list *l, const char *name, ten t, uint64_t first, uint64_t rows,
                       uint64_t stride, struct err *e)
{
    uint64_t width = f->m->dit.width, dim[] = {f->images, rows, width};
    float *out = list_add(l, name, VKDIT_F32, rows > 1 ? 3 : 2, rows > 1 ? dim : (uint64_t[]){f->images, width}, e);
    for (uint32_t b = 0; out && b < f->images; b++)
        if (!program_read(f->m->step.program, t, ((uint64_t)b * f->conds + b) * stride + first, rows * width,
                          out + b * rows * width, e))
            return false;
    return out != NULL;
}

static bool give_table(struct forward *f, struct tensor_list *l, struct err *e)
{
    const struct dit_config *d = &f->m->dit;
    uint64_t stride = (uint64_t)dit_slots(d) * d->width;
    char name[32];
    for (uint32_t b = 0; b < d->depth; b++) {
        snprintf(name, sizeof name, "block%u.mod", b);
        if (!give_pairs(f, l, name, f->m->io.table, 6ull * b * d->width, 6, stride, e)) return false;
    }
    return give_pairs(f, l, "final.mod", f->m->io.table, 6ull * d->depth * d->width, 2, stride, e);
}

static bool give_taps(struct forward *f, struct tensor_list *l, struct err *e)
{
    struct graph *g = &f->m->step.g;
    for (uint32_t i = 1; i < g->n_t; i++) {
        const struct tensor *t = &g->t[i];
        if (t->kind != KIND_TEMP || !t->keep || !strcmp(t->name, "prediction")) continue;
        if (!strcmp(t->name, "c")) {
            if (!give_pairs(f, l, "c", (ten){i}, 0, 1, f->m->dit.width, e)) return false;
            continue;
        }
        bool flat = t->sh.rows == 1;
        uint64_t items = min_u32(t->sh.items, f->images), dim[] = {items, t->sh.rows, t->sh.cols},
                 two[] = {items, t->sh.cols};
        float *out = list_add(l, t->name, VKDIT_F32, flat ? 2 : 3, flat ? two : dim, e);
        if (!out || !program_read(f->m->step.program, (ten){i}, 0, items * t->sh.rows * t->sh.cols, out, e))
            return false;
    }
    return give_table(f, l, e);
}

static bool eval_transformer(struct vkdit_model *m, const vkdit_tensor *in, uint32_t n, bool taps,
                             struct tensor_list *l, struct err *e)
{
    struct forward f = {.m = m, .taps = taps};
    bool ok =
        forward_open(&f, in, n, e) && forward_run(&f, e) && give_outputs(&f, l, e) && (!taps || give_taps(&f, l, e));
    forward_close(&f);
    return ok;
}

// --- autoencoder --------------------------------------------------------------------------------------------------

static bool give_vae_taps(struct decoder *d, struct tensor_list *l, struct err *e)
{
    for (uint32_t i = 1; i < d->s.g.n_t; i++) {
        const struct tensor *t = &d->s.g.t[i];
        if (t->kind != KIND_TEMP || !t->keep ||
            (strncmp(t->name, "dec.", 4) && strncmp(t->name, "enc.", 4) && strncmp(t->name, "tiny.", 5)))
            continue;
        // pixels of a known aspect: height and width follow from the input's
        uint64_t h = d->h, w = d->w, n = t->sh.rows, side = 1;
        while (h * w * side * side < n && side < 4096) side *= 2;
        while (h * w > n && h > 1) h /= 2, w /= 2;
        h *= side, w *= side;
        float *rows = mem_zero(n * t->sh.cols, sizeof *rows, e),
              *out = rows ? list_add(l, t->name, VKDIT_F32, 4, (uint64_t[]){1, t->sh.cols, h, w}, e) : NULL;
        bool ok = out && h * w == n && program_read(d->s.program, (ten){i}, 0, n * t->sh.cols, rows, e);
        for (uint64_t p = 0; ok && p < n; p++)
            for (uint32_t c = 0; c < t->sh.cols; c++) out[c * n + p] = rows[p * t->sh.cols + c];
        free(rows);
        if (!ok) return err_set(e, ERR_ARG, "tap %s has %llu pixels", t->name, (unsigned long long)n);
    }
    return true;
}

static bool eval_decoder(struct vkdit_model *m, const vkdit_tensor *z, bool unscaled, bool taps, struct tensor_list *l,
                         struct err *e)
{
    if (!m->vae.decoder) return err_set(e, ERR_ARG, "this autoencoder has no decoder");
    if (z->rank != 4 || z->dim[0] == 0 || z->dim[0] > 256 || z->dim[1] != m->vae.latent || !z->dim[2] || !z->dim[3] ||
        z->dim[2] > 1024 || z->dim[3] > 1024)
        return err_set(e, ERR_ARG, "%s must have the shape [1..256, %u, h, w]", z->name, m->vae.latent);
    uint32_t h = (uint32_t)z->dim[2], w = (uint32_t)z->dim[3], s = vae_scale(&m->vae);
    uint64_t in = (uint64_t)m->vae.latent * h * w, px = (uint64_t)h * w * s * s;
    float *from = list_floats(z, 0, e);
    float *image = from ? list_add(l, "image", VKDIT_F32, 4, (uint64_t[]){z->dim[0], 3, h * s, w * s}, e) : NULL;
    uint8_t *rgb = image ? list_add(l, "rgb_u8", VKDIT_U8, 4, (uint64_t[]){z->dim[0], 3, h * s, w * s}, e) : NULL;
    uint32_t *rgba = rgb ? mem_zero(px, sizeof *rgba, e) : NULL;
    bool ok = rgba != NULL;
    struct decoder one = {.h = h, .w = w, .taps = taps, .unscaled = unscaled};
    if (ok && taps) {
        session_close(&m->decoder.s);
        m->decoder = one;
        ok = model_autoencoder(m, &m->decoder, e);
        m->decoder.taps = false; // the recorded tape serves plain decoding as well
    }
    for (uint64_t i = 0; ok && i < z->dim[0]; i++) {
        ok = model_decode(m, from + i * in, h, w, unscaled, rgba, image + i * 3 * px, NULL, NULL, e);
        for (uint64_t p = 0; ok && p < px; p++)
            for (int k = 0; k < 3; k++) rgb[(3 * i + (uint64_t)k) * px + p] = (uint8_t)(rgba[p] >> 8 * k);
    }
    ok = ok && (!taps || give_vae_taps(&m->decoder, l, e));
    free(from);
    free(rgba);
    return ok;
}

static bool eval_encoder(struct vkdit_model *m, const vkdit_tensor *x, bool taps, struct tensor_list *l, struct err *e)
{
    uint32_t s = vae_scale(&m->vae), c = m->vae.latent;
    if (!m->vae.encoder) return err_set(e, ERR_ARG, "this autoencoder has no encoder");
    if (x->rank != 4 || x->dim[0] != 1 || x->dim[1] != 3 || !x->dim[2] || !x->dim[3] || x->dim[2] % s ||
        x->dim[3] % s || x->dim[2] > 8192 || x->dim[3] > 8192)
        return err_set(e, ERR_ARG, "image must have the shape [1, 3, H, W], H and W multiples of %u", s);
    uint64_t h = x->dim[2] / s, w = x->dim[3] / s, n = c * h * w, dim[] = {1, c, h, w}, both[] = {1, 2 * c, h, w};
    float *from = list_floats(x, 0, e), *moments = from ? list_add(l, "moments", VKDIT_F32, 4, both, e) : NULL;
    bool ok = moments && model_encode(m, from, (uint32_t)x->dim[2], (uint32_t)x->dim[3], moments, taps, e);
    static const char *const names[] = {"mean", "logvar", "std", "latent_mean"};
    for (int k = 0; ok && k < 4; k++) {
        float *out = list_add(l, names[k], VKDIT_F32, 4, dim, e);
        ok = out != NULL;
        for (uint64_t i = 0; ok && i < n; i++) {
            float logvar = fminf(fmaxf(moments[n + i], -30.0f), 20.0f);
            out[i] = k == 0 ? moments[i] : k == 1 ? logvar : k == 2 ? expf(0.5f * logvar) : moments[i] * m->vae.scaling;
        }
    }
    ok = ok && (!taps || give_vae_taps(&m->encoder, l, e));
    free(from);
    return ok;
}

static bool eval_tiny(struct vkdit_model *m, const vkdit_tensor *z, bool taps, struct tensor_list *l, struct err *e)
{
    if (!m->has_tiny) return err_set(e, ERR_ARG, "the model has no tiny decoder");
    if (z->rank != 4 || z->dim[0] != 1 || z->dim[1] != m->tiny.latent || !z->dim[2] || !z->dim[3] || z->dim[2] > 1024 ||
        z->dim[3] > 1024)
        return err_set(e, ERR_ARG, "%s must have the shape [1, %u, h, w]", z->name, m->tiny.latent);
    uint32_t h = (uint32_t)z->dim[2], w = (uint32_t)z->dim[3], s = tiny_scale(&m->tiny);
    uint64_t px = (uint64_t)h * w * s * s, dim[] = {1, 3, h * s, w * s};
    float *from = list_floats(z, 0, e), *image = from ? list_add(l, "image", VKDIT_F32, 4, dim, e) : NULL;
    uint8_t *rgb = image ? list_add(l, "rgb_u8", VKDIT_U8, 4, dim, e) : NULL;
    uint32_t *rgba = rgb ? mem_zero(px, sizeof *rgba, e) : NULL;
    bool ok = rgba && model_sketch(m, from, h, w, taps, rgba, image, NULL, NULL, e);
    for (uint64_t p = 0; ok && p < px; p++)
        for (int k = 0; k < 3; k++) rgb[(uint64_t)k * px + p] = (uint8_t)(rgba[p] >> 8 * k);
    ok = ok && (!taps || give_vae_taps(&m->sketcher, l, e));
    free(from);
    free(rgba);
    return ok;
}

static bool eval_any(struct vkdit_model *m, const vkdit_tensor *in, uint32_t n, bool taps, struct tensor_list *l,
                     struct err *e)
{
    const vkdit_tensor *z = list_find(in, n, "z"), *latent = list_find(in, n, "latent"),
                       *image = list_find(in, n, "image"), *tiny = list_find(in, n, "tiny");
    if (!m->context) return err_set(e, ERR_ARG, "the model was opened without a device");
    if (m->has_dit && list_find(in, n, "x")) return eval_transformer(m, in, n, taps, l, e);
    if (tiny) return eval_tiny(m, tiny, taps, l, e);
    if (!m->has_vae) return err_set(e, ERR_ARG, "the input needs tensors x, t and y");
    if (z || latent) return eval_decoder(m, z ? z : latent, z != NULL, taps, l, e);
    if (image) return eval_encoder(m, image, taps, l, e);
    return err_set(e, ERR_ARG, "the input needs x, t and y for a transformer; z, latent or image for an autoencoder");
}

vkdit_status vkdit_eval(vkdit_model *model, const vkdit_tensor *in, uint32_t count, int taps, vkdit_tensors *out,
                        vkdit_error *error)
{
    struct err e = {0};
    struct tensor_list l = {0};
    if (!eval_any(model, in, count, taps != 0, &l, &e)) vkdit_tensors_free(&l.t);
    *out = l.t;
    return status_of(&e, error);
}
