// load.c — from a checkpoint's tensors (or a seeded generator) to device memory, one tensor at a time.
#include "engine/engine.h"
#include "models/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- checkpoints --------------------------------------------------------------------------------------------------

// Do the parts, put below one another, have the tape's shape?
static bool parts_fit(const struct source *s, const struct weight_use *u, const struct shape sh, struct name_parts *p,
                      struct err *e)
{
    if (!name_resolve(s->ckpt, u->name, p)) return err_set(e, ERR_MODEL, "tensor %s is missing", u->name);
    uint64_t rows = 0, want_rows = sh.rows > 1 ? sh.rows : sh.cols;
    bool ok = true;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct ckpt_tensor *t = ckpt_find(s->ckpt, p->name[i]);
        ok = ok && t->rank >= 1 && t->dim[0] > 0 &&
             (sh.rows > 1 ? t->count / t->dim[0] == sh.cols : t->count == t->dim[0]);
        rows += t->rank ? t->dim[0] : 0;
        ok = ok && t->dtype != DT_I64 && t->dtype != DT_I32 && t->dtype != DT_BOOL;
    }
    if (ok && rows == want_rows) return true;
    const struct ckpt_tensor *t = ckpt_find(s->ckpt, p->name[0]);
    char got[96] = "";
    for (uint32_t i = 0, at = 0; i < t->rank && at < sizeof got - 24; i++)
        at += (uint32_t)snprintf(got + at, sizeof got - at, "%s%llu", i ? "," : "", (unsigned long long)t->dim[i]);
    if (sh.rows > 1)
        return err_set(e, ERR_MODEL, "%s has shape [%s] (%s), expected %u rows of %u", p->name[0], got,
                       dtype_name(t->dtype), sh.rows, sh.cols);
    return err_set(e, ERR_MODEL, "%s has shape [%s] (%s), expected %u values", p->name[0], got, dtype_name(t->dtype),
                   sh.cols);
}

bool source_check(const struct source *s, const struct net *n, struct err *e)
{
    struct name_parts p;
    for (uint32_t i = 0; i < n->n_use; i++)
        if (s->ckpt && !parts_fit(s, &n->use[i], graph_at(n->g, n->use[i].t)->sh, &p, e)) return false;
    return true;
}

enum dtype source_storage(const struct source *s, const struct caps *c)
{
    bool wide = c->type == CAPS_CPU && c->subgroup > 4; // SwiftShader's literal kernels mix no types
    for (uint32_t i = 0; wide && s->ckpt && i < s->ckpt->n; i++)
        wide = s->ckpt->t[i].dtype == DT_F16 || s->ckpt->t[i].rank < 2 || !strcmp(s->ckpt->t[i].name, "pos_embed");
    return wide && s->ckpt ? DT_F16 : DT_F32;
}

struct scratch {
    void *file;
    uint64_t file_bytes;
    float *whole;
    uint64_t whole_values;
};

static float *scratch_floats(struct scratch *k, uint64_t values, struct err *e)
{
    if (values > k->whole_values) {
        free(k->whole);
        k->whole = mem_zero(values, sizeof(float), e);
        k->whole_values = k->whole ? values : 0;
    }
    return k->whole;
}

// [cout][cin][kernel cells] -> [cout][kernel cells][cin]
static void kernel_last(float *dst, const float *src, uint64_t cout, uint64_t cin, uint64_t cells)
{
    for (uint64_t o = 0; o < cout; o++)
        for (uint64_t i = 0; i < cin; i++)
            for (uint64_t k = 0; k < cells; k++) dst[(o * cells + k) * cin + i] = src[(o * cin + i) * cells + k];
}

static bool load_kernel(const struct source *s, const struct ckpt_tensor *t, struct program *x, ten at,
                        struct scratch *k, struct err *e)
{
    const void *raw = ckpt_data(s->ckpt, t, &k->file, &k->file_bytes, e);
    float *both = raw ? scratch_floats(k, 2 * t->count, e) : NULL;
    if (!both) return false;
    convert_to_f32(both, raw, t->dtype, t->count);
    kernel_last(both + t->count, both, t->dim[0], t->dim[1], t->count / t->dim[0] / t->dim[1]);
    return program_weight(x, at, both + t->count, DT_F32, e);
}

static bool load_parts(const struct source *s, const struct name_parts *p, struct program *x, ten at, uint64_t count,
                       struct scratch *k, struct err *e)
{
    float *whole = scratch_floats(k, count, e);
    if (!whole) return false;
    uint64_t done = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        const struct ckpt_tensor *t = ckpt_find(s->ckpt, p->name[i]);
        const void *raw = ckpt_data(s->ckpt, t, &k->file, &k->file_bytes, e);
        if (!raw) return false;
        convert_to_f32(whole + done, raw, t->dtype, t->count);
        done += t->count;
    }
    return program_weight(x, at, whole, DT_F32, e);
}

static bool load_one(const struct source *s, const struct weight_use *u, const struct tensor *w, struct program *x,
                     struct scratch *k, struct err *e)
{
    struct name_parts p;
    if (!parts_fit(s, u, w->sh, &p, e)) return false;
    const struct ckpt_tensor *t = ckpt_find(s->ckpt, p.name[0]);
    if (u->form == FORM_KERNEL && t->rank == 4 && t->dim[2] * t->dim[3] > 1) return load_kernel(s, t, x, u->t, k, e);
    if (p.n > 1) return load_parts(s, &p, x, u->t, shape_count(w->sh), k, e);
    const void *raw = ckpt_data(s->ckpt, t, &k->file, &k->file_bytes, e);
    return raw && program_weight(x, u->t, raw, t->dtype, e);
}

// --- synthetic weights --------------------------------------------------------------------------------------------

static uint64_t mix(uint64_t z) // SplitMix64
{
    z += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}

// Roughly normal with the given deviation: the sum of four 16-bit uniforms of one word.
static float draw(uint64_t seed, uint64_t i, float deviation)
{
    uint64_t w = mix(seed + i);
    float sum = (float)(w & 0xFFFF) + (float)(w >> 16 & 0xFFFF) + (float)(w >> 32 & 0xFFFF) + (float)(w >> 48);
    return (sum / 65536.0f - 2.0f) * 1.7320508f * deviation;
}

static uint64_t name_seed(uint64_t seed, const char *name)
{
    for (; *name; name++) seed = mix(seed ^ (unsigned char)*name);
    return seed;
}

static float patch_weight(const struct source *s, uint64_t row, uint64_t col)
{
    uint32_t inputs = s->dit->channels * s->dit->patch * s->dit->patch;
    return draw(name_seed(s->seed, "patch"), row * inputs + col, 1.0f / sqrtf((float)inputs));
}

// A random network whose last layer undoes its first: the prediction leans towards its own (normalised) input, as a
// trained denoiser's does at high noise, so that sampling with random weights neither explodes nor dies.
static float final_weight(const struct source *s, uint64_t row, uint64_t col)
{
    const struct dit_config *d = s->dit;
    uint64_t area = (uint64_t)d->patch * d->patch, ch = row % d->out_channels, at = row / d->out_channels;
    if (ch >= d->channels) return draw(name_seed(s->seed, "variance"), row * d->width + col, 0.02f);
    return patch_weight(s, col, ch * area + at) * (float)(area * d->channels) / (float)d->width;
}

// How far the values of a weight spread; 0: it is all ones.
static float spread(const struct weight_use *u, struct shape sh)
{
    if (strstr(u->name, "norm") && strstr(u->name, "weight")) return 0;
    if (sh.rows == 1) return 0.02f;
    if (strstr(u->name, "embedding_table")) return 1.0f;
    return (strstr(u->name, "adaLN") ? 0.5f : 1.0f) / sqrtf((float)sh.cols);
}

static void synthetic_values(const struct source *s, const struct weight_use *u, struct shape sh, float *out)
{
    uint64_t n = shape_count(sh), seed = name_seed(s->seed, u->name);
    float deviation = spread(u, sh);
    bool patch = s->dit && !strcmp(u->name, "x_embedder.proj.weight");
    bool final = s->dit && !strcmp(u->name, "final_layer.linear.weight");
    for (uint64_t i = 0; i < n && (patch || final); i++)
        out[i] = (patch ? patch_weight : final_weight)(s, i / sh.cols, i % sh.cols);
    for (uint64_t i = 0; i < n && !patch && !final; i++) out[i] = deviation > 0 ? draw(seed, i, deviation) : 1.0f;
}

static bool load_synthetic(const struct source *s, const struct weight_use *u, const struct tensor *w,
                           struct program *x, struct scratch *k, struct err *e)
{
    float *values = scratch_floats(k, shape_count(w->sh), e);
    if (!values) return false;
    synthetic_values(s, u, w->sh, values);
    return program_weight(x, u->t, values, DT_F32, e);
}

// --- one by name --------------------------------------------------------------------------------------------------

bool source_read(const struct source *s, const char *name, struct shape sh, float *out, struct err *e)
{
    const struct weight_use u = {.name = name};
    struct name_parts p;
    void *scratch = NULL;
    uint64_t room = 0;
    bool ok = !s->ckpt || parts_fit(s, &u, sh, &p, e);
    if (!s->ckpt) synthetic_values(s, &u, sh, out);
    for (uint32_t i = 0; ok && s->ckpt && i < p.n; i++) {
        const struct ckpt_tensor *t = ckpt_find(s->ckpt, p.name[i]);
        const void *raw = ckpt_data(s->ckpt, t, &scratch, &room, e);
        ok = raw != NULL;
        if (ok) convert_to_f32(out, raw, t->dtype, t->count);
        out += t->count;
    }
    free(scratch);
    return ok;
}

// --- all of them --------------------------------------------------------------------------------------------------

bool source_load(const struct source *s, const struct net *n, struct program *x, uint32_t rates, struct err *e)
{
    struct scratch k = {0};
    uint64_t total = 0, done = 0;
    bool ok = true;
    for (uint32_t i = 0; i < n->n_use; i++)
        if (rates >> graph_at(n->g, n->use[i].t)->reader & 1) total += tensor_bytes(graph_at(n->g, n->use[i].t));
    for (uint32_t i = 0; ok && i < n->n_use; i++) {
        const struct tensor *w = graph_at(n->g, n->use[i].t);
        if (!(rates >> w->reader & 1)) continue;
        if (s->progress && s->progress(s->user, s->what, done, total))
            ok = err_set(e, ERR_CANCELLED, "stopped");
        else if (!s->ckpt)
            ok = load_synthetic(s, &n->use[i], w, x, &k, e);
        else
            ok = load_one(s, &n->use[i], w, x, &k, e);
        done += tensor_bytes(w);
    }
    if (ok && s->progress) s->progress(s->user, s->what, total, total);
    free(k.file);
    free(k.whole);
    return ok;
}
