// inspect_modulation.c — histograms of the modulation's weights: as text, as plots, and over training.
// Knows nothing about how the weights are read.
#include "board/svg.h"
#include "cli/inspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 5, COLUMNS = 67, MOST_ROWS = 400, MOST_BINS = 4096 };

static const char *const kinds[KINDS] = {"alpha", "gamma", "beta", "final_gamma", "final_beta"};
static const char *const titles[KINDS] = {"gates of all blocks (alpha)", "scales of all blocks (gamma)",
                                          "shifts of all blocks (beta)", "scale of the final layer",
                                          "shift of the final layer"};

// --- text ---------------------------------------------------------------------------------------------------------

// A histogram in one line: eight heights per column.
static void print_spark(const json_t *counts, const char *name)
{
    static const char *const bar[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const size_t bins = json_array_size(counts);
    double column[COLUMNS] = {0}, most = 0;
    for (size_t i = 0; i < bins; i++)
        column[i * COLUMNS / bins] += (double)json_integer_value(json_array_get(counts, i));
    for (int i = 0; i < COLUMNS; i++) most = fmax(most, column[i]);
    printf("  %-12s |", name);
    for (int i = 0; i < COLUMNS; i++) {
        const int h = most > 0 ? (int)ceil(8 * column[i] / most - 1e-3) : 0;
        fputs(bar[h < 0 ? 0 : h > 8 ? 8 : h], stdout);
    }
    printf("|\n");
}

static double real_of(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static void print_kinds(const struct cli *c, const json_t *list)
{
    const json_t *o;
    size_t i;
    printf("%s  %-12s %10s %10s %9s %9s %10s %10s %6s%s\n", cli_bold(c->colour_out), "weights", "mean", "std",
           "kurtosis", "to Gauss", "lowest", "highest", "zeros", cli_plain(c->colour_out));
    json_array_foreach(list, i, o) printf(
        "  %-12s %10.2e %10.3e %9.3f %9.4f %10.2e %10.2e %5.1f%%\n", json_string_value(json_object_get(o, "weights")),
        real_of(o, "mean"), real_of(o, "std"), real_of(o, "excess_kurtosis"), real_of(o, "gauss_distance"),
        real_of(o, "lowest"), real_of(o, "highest"), 100 * real_of(o, "zero_share"));
}

static void print_blocks(const struct cli *c, const json_t *list)
{
    const json_t *o;
    size_t i;
    printf("%s  %-6s", cli_bold(c->colour_out), "block");
    for (int k = 0; k < 3; k++) printf("  %11s std %9s", kinds[k], "kurtosis");
    printf("%s\n", cli_plain(c->colour_out));
    json_array_foreach(list, i, o)
    {
        char key[40];
        printf("  %-6zu", i);
        for (int k = 0; k < 3; k++) {
            snprintf(key, sizeof key, "%s_std", kinds[k]);
            printf("  %15.3e", real_of(o, key));
            snprintf(key, sizeof key, "%s_kurtosis", kinds[k]);
            printf(" %9.3f", real_of(o, key));
        }
        printf("\n");
    }
}

static void print_text(const struct cli *c, json_t *report)
{
    json_t *h = json_incref(json_object_get(report, "histograms"));
    json_t *all = json_incref(json_object_get(report, "modulation")),
           *blocks = json_incref(json_object_get(report, "blocks"));
    json_object_del(report, "histograms");
    json_object_del(report, "modulation");
    json_object_del(report, "blocks");
    report_print(stdout, report, 0, c->colour_out);
    print_kinds(c, all);
    print_blocks(c, blocks);
    printf("%shistograms from %g to %g%s\n", cli_bold(c->colour_out),
           json_real_value(json_object_get(h, "lowest_edge")), json_real_value(json_object_get(h, "highest_edge")),
           cli_plain(c->colour_out));
    for (int k = 0; k < KINDS; k++) print_spark(json_object_get(h, kinds[k]), kinds[k]);
    json_decref(h);
    json_decref(all);
    json_decref(blocks);
}

// --- plots --------------------------------------------------------------------------------------------------------

static void densities(double *to, const json_t *counts, double lo, double hi)
{
    const size_t n = json_array_size(counts);
    double all = 0;
    for (size_t i = 0; i < n; i++) all += (double)json_integer_value(json_array_get(counts, i));
    for (size_t i = 0; i < n; i++)
        to[i] = all > 0 ? (double)json_integer_value(json_array_get(counts, i)) / all / ((hi - lo) / (double)n) : 0;
}

static void plot_kind(struct svg *s, struct plot_box f, const json_t *report, int k, double *room)
{
    const json_t *h = json_object_get(report, "histograms"),
                 *facts = json_array_get(json_object_get(report, "modulation"), (size_t)k);
    const double lo = json_real_value(json_object_get(h, "lowest_edge")),
                 hi = json_real_value(json_object_get(h, "highest_edge"));
    const double mean = json_real_value(json_object_get(facts, "mean")),
                 std = json_real_value(json_object_get(facts, "std"));
    const uint32_t n = (uint32_t)json_array_size(json_object_get(h, kinds[k]));
    double *x = room, *y = room + n, *zero = room + 2 * n, *fit = room + 3 * n;
    char title[160];
    densities(y, json_object_get(h, kinds[k]), lo, hi);
    for (uint32_t i = 0; i < n; i++) {
        x[i] = lo + (hi - lo) * (i + 0.5) / n;
        zero[i] = 0;
        const double z = std > 0 ? (x[i] - mean) / std : 0;
        fit[i] = std > 0 ? exp(-0.5 * z * z) / (std * sqrt(2 * 3.14159265358979)) : 0;
    }
    snprintf(title, sizeof title, "%s: mean %.2e, std %.3e, excess kurtosis %.2f", titles[k], mean, std,
             json_real_value(json_object_get(facts, "excess_kurtosis")));
    const struct line line[] = {{"weights", y, zero, 0}, {"Gaussian", fit, NULL, 1}};
    plot_lines(s, f,
               &(struct lines){.title = title,
                               .unit = "density (1 / weight)",
                               .line = line,
                               .n = std > 0 ? 2 : 1,
                               .points = n,
                               .x = {"weight", x},
                               .from_zero = true});
}

static bool plot_blocks(struct svg *s, struct plot_box f, const json_t *report, int k, struct err *e)
{
    const json_t *h = json_object_get(report, "histograms"), *blocks = json_object_get(h, "blocks");
    const double lo = json_real_value(json_object_get(h, "lowest_edge")),
                 hi = json_real_value(json_object_get(h, "highest_edge"));
    const uint32_t rows = (uint32_t)json_array_size(blocks),
                   bins = (uint32_t)json_array_size(json_object_get(h, kinds[k]));
    double *v = mem_zero((uint64_t)rows * bins, sizeof *v, e);
    char(*name)[12] = mem_zero(rows, sizeof *name, e);
    const char **label = mem_zero(rows, sizeof *label, e);
    char title[60];
    for (uint32_t b = 0; v && name && label && b < rows; b++) {
        densities(v + (size_t)b * bins, json_object_get(json_array_get(blocks, b), kinds[k]), lo, hi);
        snprintf(name[b], sizeof name[b], "%u", b);
        label[b] = name[b];
    }
    snprintf(title, sizeof title, "%s by block, density", kinds[k]);
    if (e->code == ERR_NONE)
        plot_ridge(s, f,
                   &(struct ridge){.title = title,
                                   .unit = "weight",
                                   .row_name = "block",
                                   .v = v,
                                   .rows = rows,
                                   .bins = bins,
                                   .lo = lo,
                                   .hi = hi,
                                   .label = label});
    free(v);
    free(name);
    free(label);
    return e->code == ERR_NONE;
}

static bool plot_weights(const struct cli *c, const json_t *report, struct err *e)
{
    const json_t *h = json_object_get(report, "histograms");
    double *room = mem_zero(4ull * json_array_size(json_object_get(h, kinds[0])), sizeof *room, e);
    struct svg s;
    char title[200], made[400];
    if (!room) return false;
    snprintf(title, sizeof title, "Weights of the modulation: %.100s",
             json_string_value(json_object_get(report, "architecture")));
    svg_open(&s, 1200, 30 + KINDS * 200 + 30, title, e);
    for (int k = 0; k < KINDS; k++) plot_kind(&s, (struct plot_box){0, 30 + 200 * k, 700, 200}, report, k, room);
    for (int k = 0; k < 3; k++) plot_blocks(&s, (struct plot_box){700, 30 + 333 * k, 500, 333}, report, k, e);
    snprintf(made, sizeof made, "vkdit %s inspect --modulation of %.300s", vkdit_version(),
             json_string_value(json_object_get(report, "file")));
    const bool ok = svg_save(&s, c->s.plot, made);
    svg_close(&s);
    free(room);
    if (ok) cli_say(c, "wrote %s", c->s.plot);
    return ok;
}

int inspect_modulation(struct cli *c, const vkdit_model_options *options)
{
    struct err e = {0};
    vkdit_error error = {0};
    char *json = NULL;
    if (vkdit_modulation_json(options, &json, &error)) {
        err_api(&e, &error);
        return cli_fail_err(c, &e);
    }
    json_t *report = json_loads(json, 0, NULL);
    if (!report) err_set(&e, ERR_MEMORY, "the report cannot be read back");
    const bool ok = report && (!c->s.plot || plot_weights(c, report, &e));
    if (ok && c->s.json) puts(json);
    if (ok && !c->s.json) print_text(c, report);
    json_decref(report);
    vkdit_free(json);
    return ok ? EXIT_OK : cli_fail_err(c, &e);
}

// --- growth -------------------------------------------------------------------------------------------------------

struct growth {
    vkdit_tensors file;
    const vkdit_tensor *iteration, *edges, *counts, *moments;
    uint32_t times, bins;
};

static const vkdit_tensor *part(const struct growth *g, const char *name, vkdit_type type, uint32_t rank)
{
    for (uint32_t i = 0; i < g->file.count; i++) {
        const vkdit_tensor *t = &g->file.tensor[i];
        if (!strcmp(t->name, name)) return t->type == type && t->rank == rank ? t : NULL;
    }
    return NULL;
}

static bool growth_check(struct growth *g, struct err *e)
{
    g->iteration = part(g, "iteration", VKDIT_I64, 1);
    g->edges = part(g, "edges", VKDIT_F32, 1);
    g->counts = part(g, "counts", VKDIT_I32, 3);
    g->moments = part(g, "moments", VKDIT_F32, 3);
    if (!g->iteration || !g->edges || !g->counts || !g->moments)
        return err_set(e, ERR_FORMAT, "a growth log has iteration, edges, counts and moments");
    const uint64_t t = g->iteration->dim[0], b = g->edges->dim[0] - 1;
    if (!t || t > MOST_ROWS || g->edges->dim[0] < 2 || b > MOST_BINS || g->counts->dim[0] != t ||
        g->counts->dim[1] != KINDS || g->counts->dim[2] != b || g->moments->dim[0] != t ||
        g->moments->dim[1] != KINDS || g->moments->dim[2] != 4)
        return err_set(e, ERR_FORMAT, "a growth log of %llu times and %llu bins: the shapes do not agree",
                       (unsigned long long)t, (unsigned long long)b);
    const float *edge = g->edges->data;
    if (!isfinite(edge[0]) || !isfinite(edge[b]) || !(edge[0] < edge[b]))
        return err_set(e, ERR_FORMAT, "a growth log whose bin edges do not rise");
    g->times = (uint32_t)t;
    g->bins = (uint32_t)b;
    return true;
}

static void growth_densities(const struct growth *g, int k, double width, double *v)
{
    const int32_t *count = g->counts->data;
    for (uint32_t t = 0; t < g->times; t++) {
        const int32_t *row = count + ((size_t)t * KINDS + (size_t)k) * g->bins;
        double all = 0;
        for (uint32_t i = 0; i < g->bins; i++) all += row[i];
        for (uint32_t i = 0; i < g->bins; i++) v[(size_t)t * g->bins + i] = all > 0 ? row[i] / all / width : 0;
    }
}

// A spike at zero (weights that have not moved) would flatten everything else: rows are scaled to their own peak.
static void to_own_peak(double *v, uint32_t rows, uint32_t bins)
{
    for (uint32_t r = 0; r < rows; r++) {
        double peak = 0;
        for (uint32_t i = 0; i < bins; i++) peak = fmax(peak, v[(size_t)r * bins + i]);
        for (uint32_t i = 0; peak > 0 && i < bins; i++) v[(size_t)r * bins + i] /= peak;
    }
}

static bool plot_growth(const struct cli *c, const struct growth *g, struct err *e)
{
    const float *edge = g->edges->data, *moments = g->moments->data;
    const int64_t *iteration = g->iteration->data;
    const double lo = (double)edge[0], hi = (double)edge[g->bins];
    double *v = mem_zero((uint64_t)g->times * (g->bins + KINDS + 1), sizeof *v, e);
    char(*name)[24] = mem_zero(g->times, sizeof *name, e);
    const char **label = mem_zero(g->times, sizeof *label, e);
    struct svg s = {0};
    bool ok = v && name && label;
    for (uint32_t t = 0; ok && t < g->times; t++) {
        snprintf(name[t], sizeof name[t], "%lld", (long long)iteration[t]);
        label[t] = name[t];
    }
    if (ok) svg_open(&s, 1400, 900, "Weights of the modulation over training", e);
    for (int k = 0; ok && k < KINDS; k++) {
        growth_densities(g, k, (hi - lo) / g->bins, v);
        to_own_peak(v, g->times, g->bins);
        plot_ridge(&s, (struct plot_box){460 * (k % 3), 30 + 420 * (k / 3), 470, 420},
                   &(struct ridge){.title = titles[k],
                                   .unit = "weight (each row to its own peak)",
                                   .row_name = "iteration",
                                   .v = v,
                                   .rows = g->times,
                                   .bins = g->bins,
                                   .lo = lo,
                                   .hi = hi,
                                   .label = label});
    }
    struct line line[KINDS];
    double *x = v + (size_t)g->times * g->bins;
    for (uint32_t t = 0; ok && t < g->times; t++) x[t] = (double)iteration[t];
    for (uint32_t k = 0; ok && k < KINDS; k++) {
        double *y = x + (size_t)g->times * (k + 1);
        for (uint32_t t = 0; t < g->times; t++) y[t] = (double)moments[((size_t)t * KINDS + k) * 4 + 1];
        line[k] = (struct line){kinds[k], y, NULL, k};
    }
    if (ok)
        plot_lines(&s, (struct plot_box){920, 450, 470, 420},
                   &(struct lines){.title = "standard deviation",
                                   .unit = "weight",
                                   .line = line,
                                   .n = KINDS,
                                   .points = g->times,
                                   .x = {"iteration (logged ones, evenly spaced)", x},
                                   .from_zero = true});
    char made[600];
    snprintf(made, sizeof made, "vkdit %s inspect --growth %.500s", vkdit_version(), c->s.growth);
    ok = ok && svg_save(&s, c->s.plot, made);
    svg_close(&s);
    free(v);
    free(name);
    free(label);
    return ok;
}

int inspect_growth(struct cli *c)
{
    struct growth g = {0};
    struct err e = {0};
    vkdit_error error = {0};
    if (!c->s.plot) return cli_fail(c, EXIT_USAGE, "--growth draws: say where with --plot FILE.svg");
    if (vkdit_tensors_read(c->s.growth, &g.file, &error))
        err_api(&e, &error);
    else if (!growth_check(&g, &e))
        err_in(&e, c->s.growth);
    else if (plot_growth(c, &g, &e))
        cli_say(c, "wrote %s: %u times, %u bins", c->s.plot, g.times, g.bins);
    vkdit_tensors_free(&g.file);
    return e.code ? cli_fail_err(c, &e) : EXIT_OK;
}
