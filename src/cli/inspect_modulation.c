// inspect_modulation.c — histograms of the modulation's weights: as text, as plots, and over training.
// Knows nothing about how the weights are read.
#include "board/svg.h"
#include "cli/inspect.h"
#include "cli/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 67 };

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
    for (int k = 0; k < 3; k++) printf("  %11s std %9s", weight_kinds[k], "kurtosis");
    printf("%s\n", cli_plain(c->colour_out));
    json_array_foreach(list, i, o)
    {
        char key[40];
        printf("  %-6zu", i);
        for (int k = 0; k < 3; k++) {
            snprintf(key, sizeof key, "%s_std", weight_kinds[k]);
            printf("  %15.3e", real_of(o, key));
            snprintf(key, sizeof key, "%s_kurtosis", weight_kinds[k]);
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
    for (int k = 0; k < WEIGHT_KINDS; k++) print_spark(json_object_get(h, weight_kinds[k]), weight_kinds[k]);
    json_decref(h);
    json_decref(all);
    json_decref(blocks);
}

// --- plots --------------------------------------------------------------------------------------------------------

static void plot_kind(struct svg *s, struct plot_box f, const struct weights *w, uint32_t k, double *room)
{
    double *x = room, *zero = room + w->bins, *fit = room + 2 * w->bins;
    char title[160];
    for (uint32_t i = 0; i < w->bins; i++) {
        x[i] = w->low + (w->high - w->low) * (i + 0.5) / w->bins;
        zero[i] = 0;
        fit[i] = weights_fit(w, k, i);
    }
    snprintf(title, sizeof title, "%s: mean %.2e, std %.3e, excess kurtosis %.2f", weight_titles[k], w->kind[k].mean,
             w->kind[k].std, w->kind[k].kurtosis);
    const struct line line[] = {{"weights", weights_density(w, k), zero, 0}, {"Gaussian", fit, NULL, 1}};
    plot_lines(s, f,
               &(struct lines){.title = title,
                               .unit = "density (1 / weight)",
                               .line = line,
                               .n = w->kind[k].std > 0 ? 2 : 1,
                               .points = w->bins,
                               .x = {"weight", x},
                               .from_zero = true});
}

static bool plot_blocks(struct svg *s, struct plot_box f, const struct weights *w, uint32_t k, struct err *e)
{
    double *v = mem_zero((uint64_t)w->blocks * w->bins, sizeof *v, e);
    char(*name)[12] = mem_zero(w->blocks, sizeof *name, e);
    const char **label = mem_zero(w->blocks, sizeof *label, e);
    char title[60];
    for (uint32_t b = 0; v && name && label && b < w->blocks; b++) {
        memcpy(v + (size_t)b * w->bins, weights_block_density(w, b, k), w->bins * sizeof *v);
        snprintf(name[b], sizeof name[b], "%u", b);
        label[b] = name[b];
    }
    snprintf(title, sizeof title, "%s by block, density", weight_kinds[k]);
    if (e->code == ERR_NONE)
        plot_ridge(s, f,
                   &(struct ridge){.title = title,
                                   .unit = "weight",
                                   .row_name = "block",
                                   .v = v,
                                   .rows = w->blocks,
                                   .bins = w->bins,
                                   .lo = w->low,
                                   .hi = w->high,
                                   .label = label});
    free(v);
    free(name);
    free(label);
    return e->code == ERR_NONE;
}

static bool plot_weights(const struct cli *c, const json_t *report, const struct weights *w, struct err *e)
{
    double *room = mem_zero(3ull * w->bins, sizeof *room, e);
    struct svg s;
    char title[200], made[400];
    if (!room) return false;
    snprintf(title, sizeof title, "Weights of the modulation: %.100s",
             json_string_value(json_object_get(report, "architecture")));
    svg_open(&s, 1200, 30 + WEIGHT_KINDS * 200 + 30, title, e);
    for (uint32_t k = 0; k < WEIGHT_KINDS; k++) plot_kind(&s, (struct plot_box){0, 30 + 200 * k, 700, 200}, w, k, room);
    for (uint32_t k = 0; k < WEIGHT_BLOCK_KINDS; k++)
        plot_blocks(&s, (struct plot_box){700, 30 + 333 * k, 500, 333}, w, k, e);
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
    struct weights w;
    json_t *report = json_loads(json, 0, NULL);
    const bool ok = weights_take(&w, json, &e) && (!c->s.plot || plot_weights(c, report, &w, &e));
    if (ok && c->s.json) puts(json);
    if (ok && !c->s.json) print_text(c, report);
    json_decref(report);
    weights_close(&w);
    vkdit_free(json);
    return ok ? EXIT_OK : cli_fail_err(c, &e);
}

// --- growth -------------------------------------------------------------------------------------------------------

static bool plot_growth(const struct cli *c, const struct growth *g, struct err *e)
{
    double *x = mem_zero(g->times, sizeof *x, e);
    char(*name)[24] = mem_zero(g->times, sizeof *name, e);
    const char **label = mem_zero(g->times, sizeof *label, e);
    struct svg s = {0};
    struct line line[WEIGHT_KINDS];
    bool ok = x && name && label;
    for (uint32_t t = 0; ok && t < g->times; t++) {
        snprintf(name[t], sizeof name[t], "%lld", (long long)g->iteration[t]);
        label[t] = name[t];
        x[t] = (double)g->iteration[t];
    }
    if (ok) svg_open(&s, 1400, 900, "Weights of the modulation over training", e);
    for (uint32_t k = 0; ok && k < WEIGHT_KINDS; k++) {
        plot_ridge(&s, (struct plot_box){460 * (k % 3), 30 + 420 * (k / 3), 470, 420},
                   &(struct ridge){.title = weight_titles[k],
                                   .unit = "weight (each row to its own peak)",
                                   .row_name = "iteration",
                                   .v = growth_density(g, k),
                                   .rows = g->times,
                                   .bins = g->bins,
                                   .lo = g->low,
                                   .hi = g->high,
                                   .label = label});
        line[k] = (struct line){weight_kinds[k], g->std + (size_t)k * g->times, NULL, k};
    }
    if (ok)
        plot_lines(&s, (struct plot_box){920, 450, 470, 420},
                   &(struct lines){.title = "standard deviation",
                                   .unit = "weight",
                                   .line = line,
                                   .n = WEIGHT_KINDS,
                                   .points = g->times,
                                   .x = {"iteration (logged ones, evenly spaced)", x},
                                   .from_zero = true});
    char made[600];
    snprintf(made, sizeof made, "vkdit %s inspect --growth %.500s", vkdit_version(), c->s.growth);
    ok = ok && svg_save(&s, c->s.plot, made);
    svg_close(&s);
    free(x);
    free(name);
    free(label);
    return ok;
}

int inspect_growth(struct cli *c)
{
    struct growth g = {0};
    struct err e = {0};
    if (!c->s.plot) return cli_fail(c, EXIT_USAGE, "--growth draws: say where with --plot FILE.svg");
    if (growth_read(&g, c->s.growth, &e) && plot_growth(c, &g, &e))
        cli_say(c, "wrote %s: %u times, %u bins", c->s.plot, g.times, g.bins);
    growth_close(&g);
    return e.code ? cli_fail_err(c, &e) : EXIT_OK;
}
