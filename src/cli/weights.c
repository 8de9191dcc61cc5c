// weights.c — reports and training logs as arrays. Nothing in a file is trusted.
#include "cli/weights.h"
#include "cli/cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 400, MOST_BINS = 4096 };

const char *const weight_kinds[WEIGHT_KINDS] = {"alpha", "gamma", "beta", "final_gamma", "final_beta"};
const char *const weight_titles[WEIGHT_KINDS] = {"gates of all blocks (alpha)", "scales of all blocks (gamma)",
                                                 "shifts of all blocks (beta)", "scale of the final layer",
                                                 "shift of the final layer"};

// --- the report ---------------------------------------------------------------------------------------------------

static void take_counts(double *to, const json_t *counts, uint32_t bins, double width)
{
    double all = 0;
    for (size_t i = 0; i < bins; i++) all += (double)json_integer_value(json_array_get(counts, i));
    for (size_t i = 0; i < bins; i++)
        to[i] = all > 0 ? (double)json_integer_value(json_array_get(counts, i)) / all / width : 0;
}

static double real_of(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static bool take_report(struct weights *w, const json_t *report, struct err *e)
{
    const json_t *h = json_object_get(report, "histograms"), *blocks = json_object_get(h, "blocks");
    const char *scheme = json_string_value(json_object_get(report, "scheme"));
    snprintf(w->scheme, sizeof w->scheme, "%s", scheme ? scheme : "");
    w->blocks = (uint32_t)json_array_size(blocks);
    w->bins = (uint32_t)json_array_size(json_object_get(h, weight_kinds[0]));
    w->low = real_of(h, "lowest_edge");
    w->high = real_of(h, "highest_edge");
    w->density = mem_zero((WEIGHT_KINDS + (uint64_t)WEIGHT_BLOCK_KINDS * w->blocks) * w->bins, sizeof *w->density, e);
    if (!w->density) return false;
    const double width = (w->high - w->low) / max_u32(1, w->bins);
    for (uint32_t k = 0; k < WEIGHT_KINDS; k++) {
        const json_t *facts = json_array_get(json_object_get(report, "modulation"), k);
        w->kind[k].mean = real_of(facts, "mean");
        w->kind[k].std = real_of(facts, "std");
        w->kind[k].kurtosis = real_of(facts, "excess_kurtosis");
        take_counts(w->density + (size_t)k * w->bins, json_object_get(h, weight_kinds[k]), w->bins, width);
    }
    for (uint32_t i = 0; i < w->blocks * WEIGHT_BLOCK_KINDS; i++)
        take_counts(
            w->density + (size_t)(WEIGHT_KINDS + i) * w->bins,
            json_object_get(json_array_get(blocks, i / WEIGHT_BLOCK_KINDS), weight_kinds[i % WEIGHT_BLOCK_KINDS]),
            w->bins, width);
    return true;
}

bool weights_take(struct weights *w, const char *json, struct err *e)
{
    *w = (struct weights){0};
    json_t *report = json_loads(json, 0, NULL);
    const bool ok = report ? take_report(w, report, e) : err_set(e, ERR_MEMORY, "the report cannot be read back");
    json_decref(report);
    return ok;
}

void weights_close(struct weights *w)
{
    free(w->density);
    *w = (struct weights){0};
}

const double *weights_density(const struct weights *w, uint32_t kind)
{
    return w->density + (size_t)kind * w->bins;
}

const double *weights_block_density(const struct weights *w, uint32_t block, uint32_t kind)
{
    return w->density + (size_t)(WEIGHT_KINDS + block * WEIGHT_BLOCK_KINDS + kind) * w->bins;
}

double weights_fit(const struct weights *w, uint32_t kind, uint32_t bin)
{
    const double std = w->kind[kind].std, x = w->low + (w->high - w->low) * (bin + 0.5) / w->bins;
    const double z = std > 0 ? (x - w->kind[kind].mean) / std : 0;
    return std > 0 ? exp(-0.5 * z * z) / (std * sqrt(2 * 3.14159265358979)) : 0;
}

// --- growth -------------------------------------------------------------------------------------------------------

struct log {
    vkdit_tensors file;
    const vkdit_tensor *iteration, *edges, *counts, *moments;
};

static const vkdit_tensor *part(const struct log *l, const char *name, vkdit_type type, uint32_t rank)
{
    for (uint32_t i = 0; i < l->file.count; i++) {
        const vkdit_tensor *t = &l->file.tensor[i];
        if (!strcmp(t->name, name)) return t->type == type && t->rank == rank ? t : NULL;
    }
    return NULL;
}

static bool check(struct log *l, struct growth *g, struct err *e)
{
    l->iteration = part(l, "iteration", VKDIT_I64, 1);
    l->edges = part(l, "edges", VKDIT_F32, 1);
    l->counts = part(l, "counts", VKDIT_I32, 3);
    l->moments = part(l, "moments", VKDIT_F32, 3);
    if (!l->iteration || !l->edges || !l->counts || !l->moments)
        return err_set(e, ERR_FORMAT, "a growth log has iteration, edges, counts and moments");
    const uint64_t t = l->iteration->dim[0], b = l->edges->dim[0] - 1;
    if (!t || t > MOST_ROWS || l->edges->dim[0] < 2 || b > MOST_BINS || l->counts->dim[0] != t ||
        l->counts->dim[1] != WEIGHT_KINDS || l->counts->dim[2] != b || l->moments->dim[0] != t ||
        l->moments->dim[1] != WEIGHT_KINDS || l->moments->dim[2] != 4)
        return err_set(e, ERR_FORMAT, "a growth log of %llu times and %llu bins: the shapes do not agree",
                       (unsigned long long)t, (unsigned long long)b);
    const float *edge = l->edges->data;
    if (!isfinite(edge[0]) || !isfinite(edge[b]) || !(edge[0] < edge[b]))
        return err_set(e, ERR_FORMAT, "a growth log whose bin edges do not rise");
    g->times = (uint32_t)t;
    g->bins = (uint32_t)b;
    g->low = (double)edge[0];
    g->high = (double)edge[b];
    return true;
}

static bool take_log(struct growth *g, const struct log *l, struct err *e)
{
    const int32_t *count = l->counts->data;
    const float *moments = l->moments->data;
    g->iteration = mem_zero(g->times, sizeof *g->iteration, e);
    g->density = mem_zero((uint64_t)WEIGHT_KINDS * g->times * g->bins, sizeof *g->density, e);
    g->std = mem_zero((uint64_t)WEIGHT_KINDS * g->times, sizeof *g->std, e);
    if (!g->iteration || !g->density || !g->std) return false;
    memcpy(g->iteration, l->iteration->data, g->times * sizeof *g->iteration);
    for (uint32_t t = 0; t < g->times; t++)
        for (uint32_t k = 0; k < WEIGHT_KINDS; k++) {
            const int32_t *row = count + ((size_t)t * WEIGHT_KINDS + k) * g->bins;
            double *to = g->density + ((size_t)k * g->times + t) * g->bins, peak = 0;
            for (uint32_t i = 0; i < g->bins; i++) peak = fmax(peak, row[i]);
            for (uint32_t i = 0; i < g->bins; i++) to[i] = peak > 0 ? row[i] / peak : 0;
            g->std[(size_t)k * g->times + t] = (double)moments[((size_t)t * WEIGHT_KINDS + k) * 4 + 1];
        }
    return true;
}

bool growth_read(struct growth *g, const char *path, struct err *e)
{
    struct log l = {0};
    vkdit_error error = {0};
    *g = (struct growth){0};
    bool ok = !vkdit_tensors_read(path, &l.file, &error) || err_api(e, &error);
    if (ok) ok = (check(&l, g, e) || err_in(e, path)) && take_log(g, &l, e);
    vkdit_tensors_free(&l.file);
    if (!ok) growth_close(g);
    return ok;
}

void growth_close(struct growth *g)
{
    free(g->iteration);
    free(g->density);
    free(g->std);
    *g = (struct growth){0};
}

const double *growth_density(const struct growth *g, uint32_t kind)
{
    return g->density + (size_t)kind * g->times * g->bins;
}
