// modulation.c — the report on the weights behind the modulation: histograms, moments, initialisation schemes.
// Knows nothing about runs and needs no device.
#include "board/hist.h"
#include "engine/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALPHA, GAMMA, BETA, FINAL_GAMMA, FINAL_BETA, KINDS, BINS = 201 };

static const char *const kind_names[KINDS] = {"alpha", "gamma", "beta", "final_gamma", "final_beta"};
// Row group k (of width rows) of a block's weight, and of the final layer's.
static const int block_kind[6] = {BETA, GAMMA, ALPHA, BETA, GAMMA, ALPHA}, final_kind[2] = {FINAL_BETA, FINAL_GAMMA};

struct study {
    const struct vkdit_model *m;
    uint32_t depth, width;
    float *w;                  // one weight, [6 * width][width]
    struct moments all[KINDS]; // of everything of a kind
    struct moments *block;     // [depth][3]: alpha, gamma, beta
    struct hist *hist;         // [KINDS] for all, then [depth][3]
    struct moments bias;       // of every modulation bias
    struct moments alpha_bias; // of the gates
    struct moments linear;     // the final layer's own weight and bias
    uint64_t zeros[KINDS];
    double range;
};

// --- reading ------------------------------------------------------------------------------------------------------

static bool read_rows(struct study *s, const char *scope, const char *leaf, uint32_t rows, uint32_t cols, struct err *e)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", scope, leaf);
    const struct shape sh = rows ? (struct shape){1, rows, cols} : (struct shape){1, 1, cols};
    return source_read(&s->m->dit_source, name, sh, s->w, e);
}

static uint64_t zeros_of(const float *v, uint64_t n)
{
    uint64_t zeros = 0;
    for (uint64_t i = 0; i < n; i++) zeros += v[i] == 0;
    return zeros;
}

static bool read_biases(struct study *s, struct err *e)
{
    char scope[32];
    for (uint32_t b = 0; b < s->depth; b++) {
        snprintf(scope, sizeof scope, "blocks.%u", b);
        if (!read_rows(s, scope, "adaLN_modulation.1.bias", 0, 6 * s->width, e)) return false;
        moments_add(&s->bias, s->w, 6ull * s->width);
        moments_add(&s->alpha_bias, s->w + 2ull * s->width, s->width);
        moments_add(&s->alpha_bias, s->w + 5ull * s->width, s->width);
    }
    const struct dit_config *d = &s->m->dit;
    const uint32_t out = d->patch * d->patch * d->out_channels;
    if (!read_rows(s, "final_layer", "adaLN_modulation.1.bias", 0, 2 * s->width, e)) return false;
    moments_add(&s->bias, s->w, 2ull * s->width);
    if (!read_rows(s, "final_layer", "linear.bias", 0, out, e)) return false;
    moments_add(&s->linear, s->w, out);
    if (!read_rows(s, "final_layer", "linear.weight", out, s->width, e)) return false;
    moments_add(&s->linear, s->w, (uint64_t)out * s->width);
    return true;
}

// Twice over the weights: moments first, for they give the histograms their range.
static bool read_weights(struct study *s, bool count, struct err *e)
{
    const uint64_t each = (uint64_t)s->width * s->width;
    char scope[32];
    for (uint32_t b = 0; b <= s->depth; b++) {
        const bool final = b == s->depth;
        snprintf(scope, sizeof scope, final ? "final_layer" : "blocks.%u", b);
        if (!read_rows(s, scope, "adaLN_modulation.1.weight", (final ? 2 : 6) * s->width, s->width, e)) return false;
        for (int k = 0; k < (final ? 2 : 6); k++) {
            const int kind = final ? final_kind[k] : block_kind[k];
            const float *rows = s->w + k * each;
            if (count) {
                hist_add(&s->hist[kind], rows, each);
                if (!final) hist_add(&s->hist[KINDS + 3 * b + (uint32_t)kind], rows, each);
                continue;
            }
            moments_add(&s->all[kind], rows, each);
            if (!final) moments_add(&s->block[3 * b + (uint32_t)kind], rows, each);
            s->zeros[kind] += zeros_of(rows, each);
        }
    }
    return true;
}

static bool study_open(struct study *s, const struct vkdit_model *m, struct err *e)
{
    const struct dit_config *d = &m->dit;
    *s = (struct study){.m = m, .depth = d->depth, .width = d->width};
    const uint64_t out = (uint64_t)d->patch * d->patch * d->out_channels * d->width, n = 6ull * d->width * d->width;
    s->w = mem_zero(out > n ? out : n, sizeof *s->w, e);
    s->block = mem_zero(3ull * d->depth, sizeof *s->block, e);
    s->hist = mem_zero(KINDS + 3ull * d->depth, sizeof *s->hist, e);
    if (!s->w || !s->block || !s->hist || !read_biases(s, e) || !read_weights(s, false, e)) return false;
    s->range = hist_range(s->all, KINDS);
    for (uint32_t i = 0; i < KINDS + 3 * d->depth; i++) hist_open(&s->hist[i], -s->range, s->range, BINS);
    return read_weights(s, true, e);
}

static void study_close(struct study *s)
{
    free(s->w);
    free(s->block);
    free(s->hist);
}

// --- judging ------------------------------------------------------------------------------------------------------

static bool is_zero(const struct moments *m)
{
    return m->low == 0 && m->high == 0;
}

static bool like_gauss(const struct moments *m) // as a fresh draw would be, four standard errors allowed
{
    const double n = (double)m->n, std = moments_std(m);
    return std > 0 && fabs(moments_kurtosis(m)) < 4 * sqrt(24 / n) && fabs(m->mean) < 4 * std / sqrt(n);
}

static bool like_uniform(const struct moments *m, double bound)
{
    return moments_std(m) > 0 && fabs(moments_kurtosis(m) + 1.2) < 0.05 && fabs(m->low) <= bound * 1.001 &&
           fabs(m->high) <= bound * 1.001 && m->high > 0.98 * bound;
}

static const char *scheme_of(const struct study *s, bool initial, char *text, size_t room)
{
    const struct moments *a = &s->all[ALPHA], *g = &s->all[GAMMA], *b = &s->all[BETA];
    const double xavier = sqrt(6.0 / (7.0 * s->width)); // of a [6d, d] matrix
    const bool others = is_zero(g) && is_zero(b);
    if (!initial)
        snprintf(text, room, "trained: the final layer or the biases have moved away from zero");
    else if (is_zero(a) && others)
        snprintf(text, room, "zero (adaLN-Zero): every block is the identity");
    else if (is_zero(a))
        snprintf(text, room, "gates zero, other weights not: every block is the identity, by no published scheme");
    else if (others && like_uniform(a, xavier))
        snprintf(text, room, "gates Xavier-uniform, the rest zero (adaLN-Step1 or Mix)");
    else if (others && like_gauss(a))
        snprintf(text, room, "gates Gaussian with deviation %.3g, the rest zero (Step1-Gaussian)", moments_std(a));
    else if (like_gauss(a) && like_gauss(g) && like_gauss(b))
        snprintf(text, room, "Gaussian (adaLN-Gaussian): deviations of gates %.3g, scales %.3g, shifts %.3g",
                 moments_std(a), moments_std(g), moments_std(b));
    else if (like_uniform(a, xavier) && like_uniform(g, xavier) && like_uniform(b, xavier))
        snprintf(text, room, "all Xavier-uniform (a plain linear layer)");
    else
        snprintf(text, room, "untrained, but not as any known scheme");
    return text;
}

// --- telling ------------------------------------------------------------------------------------------------------

static json_t *kind_json(const struct study *s, int k, struct err *e)
{
    const struct hist *h = &s->hist[k];
    json_t *o = json_object();
    json_put(o, "weights", json_string(kind_names[k]), e);
    json_put(o, "values", json_integer((json_int_t)h->m.n), e);
    json_put(o, "mean", json_real(h->m.mean), e);
    json_put(o, "std", json_real(moments_std(&h->m)), e);
    json_put(o, "excess_kurtosis", json_real(moments_kurtosis(&h->m)), e);
    json_put(o, "lowest", json_real(h->m.low), e);
    json_put(o, "highest", json_real(h->m.high), e);
    json_put(o, "zero_share", json_real(h->m.n ? (double)s->zeros[k] / (double)h->m.n : 0), e);
    json_put(o, "peak_density", json_real(hist_peak(h)), e);
    json_put(o, "entropy_nat", json_real(hist_entropy(h)), e);
    json_put(o, "gauss_distance", json_real(hist_gauss_distance(h)), e);
    return o;
}

static json_t *block_json(const struct study *s, uint32_t b, struct err *e)
{
    json_t *o = json_object();
    char key[40];
    json_put(o, "block", json_integer(b), e);
    for (int k = 0; k < 3; k++) {
        const struct moments *m = &s->block[3 * b + (uint32_t)k];
        snprintf(key, sizeof key, "%s_mean", kind_names[k]);
        json_put(o, key, json_real(m->mean), e);
        snprintf(key, sizeof key, "%s_std", kind_names[k]);
        json_put(o, key, json_real(moments_std(m)), e);
        snprintf(key, sizeof key, "%s_kurtosis", kind_names[k]);
        json_put(o, key, json_real(moments_kurtosis(m)), e);
    }
    return o;
}

static json_t *counts_json(const struct hist *h, struct err *e)
{
    json_t *a = json_array();
    for (uint32_t i = 0; i < h->bins; i++) json_add(a, json_integer((json_int_t)h->count[i]), e);
    return a;
}

static json_t *histograms_json(const struct study *s, struct err *e)
{
    json_t *o = json_object(), *blocks = json_array();
    json_put(o, "lowest_edge", json_real(-s->range), e);
    json_put(o, "highest_edge", json_real(s->range), e);
    json_put(o, "bins", json_integer(BINS), e);
    for (int k = 0; k < KINDS; k++) json_put(o, kind_names[k], counts_json(&s->hist[k], e), e);
    for (uint32_t b = 0; b < s->depth; b++) {
        json_t *one = json_object();
        for (uint32_t k = 0; k < 3; k++) json_put(one, kind_names[k], counts_json(&s->hist[KINDS + 3 * b + k], e), e);
        json_add(blocks, one, e);
    }
    json_put(o, "blocks", blocks, e);
    return o;
}

static json_t *study_json(const struct study *s, struct err *e)
{
    json_t *top = json_object(), *kinds = json_array(), *blocks = json_array();
    char text[160];
    const bool initial = is_zero(&s->linear) && is_zero(&s->bias);
    const bool identity = is_zero(&s->all[ALPHA]) && is_zero(&s->alpha_bias);
    for (int k = 0; k < KINDS; k++) json_add(kinds, kind_json(s, k, e), e);
    for (uint32_t b = 0; b < s->depth; b++) json_add(blocks, block_json(s, b, e), e);
    json_put(top, "file", json_clean(s->m->path ? s->m->path : "synthetic: seeded random weights"), e);
    json_put(top, "architecture", json_clean(s->m->name), e);
    json_put(top, "width", json_integer(s->width), e);
    json_put(top, "at_initialisation", json_boolean(initial), e);
    json_put(top, "blocks_are_the_identity", json_boolean(identity), e);
    json_put(top, "scheme", json_string(scheme_of(s, initial, text, sizeof text)), e);
    json_put(top, "bias_std", json_real(moments_std(&s->bias)), e);
    json_put(top, "modulation", kinds, e);
    json_put(top, "blocks", blocks, e);
    json_put(top, "histograms", histograms_json(s, e), e);
    return top;
}

vkdit_status vkdit_modulation_json(const vkdit_model_options *options, char **json, vkdit_error *error)
{
    struct err e = {0};
    struct study s = {0};
    vkdit_model *m;
    *json = NULL;
    const vkdit_status status = vkdit_model_open(NULL, options, &m, error);
    if (status != VKDIT_OK) return status;
    if (!m->has_dit) err_set(&e, ERR_MODEL, "%s holds no transformer", m->path ? m->path : "the model");
    json_t *top = e.code == ERR_NONE && study_open(&s, m, &e) ? study_json(&s, &e) : NULL;
    study_close(&s);
    vkdit_model_close(m);
    if (top && e.code == ERR_NONE)
        json_give(top, json, &e);
    else
        json_decref(top);
    return status_of(&e, error);
}
