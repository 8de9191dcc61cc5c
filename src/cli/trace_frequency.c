// trace_frequency.c — plots of the running model in a trace; among them whether scales prefer coarse channels at high
// noise and fine ones at low noise. Knows nothing about runs.
#include "base/newfile.h"
#include "board/svg.h"
#include "cli/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PANEL_W = 460, PANEL_H = 270, HEAD = 34 };

static struct plot_box panel(uint32_t i)
{
    return (struct plot_box){PANEL_W * (i % 3), HEAD + PANEL_H * (i / 3), PANEL_W, PANEL_H};
}

static bool additions_page(struct trace *x, struct err *e)
{
    static const char *const titles[] = {"attention: |gate * f| / |x|",
                                         "MLP: |gate * f| / |x|",
                                         "attention: cosine of gate * f and x",
                                         "MLP: cosine of gate * f and x",
                                         "stream: root mean square before attention",
                                         "stream: largest channel before attention"};
    static const char *const units[] = {"ratio", "ratio", "cosine", "cosine", "rms", "rms"};
    double *v = mem_zero((uint64_t)x->depth * x->observed + x->observed, sizeof *v, e);
    char title[200];
    struct svg s;
    if (!v) return false;
    double *t = v + (size_t)x->depth * x->observed;
    for (uint32_t k = 0; k < x->observed; k++) t[k] = x->t[x->step[k]];
    snprintf(title, sizeof title, "%s: what the branches add, mean over %u pictures", x->g.subject.info.name,
             x->g.images);
    svg_open(&s, 3 * PANEL_W, HEAD + 2 * PANEL_H + 10, title, e);
    for (uint32_t p = 0; p < 6; p++) {
        for (uint32_t i = 0; i < x->depth * x->observed; i++) {
            const uint32_t b = i / x->observed, branch = p < 4 ? p % 2 : 0;
            const struct addition *a = &x->add[(2 * b + branch) * TRACE_OBSERVED + i % x->observed];
            v[i] = p < 2 ? a->ratio : p < 4 ? a->cosine : p == 4 ? a->rms : a->max_channel;
        }
        plot_heat(&s, panel(p % 2 * 3 + p / 2),
                  &(struct heat){.title = titles[p],
                                 .unit = units[p],
                                 .v = v,
                                 .rows = x->depth,
                                 .cols = x->observed,
                                 .row = {"block", NULL},
                                 .col = {"timestep t given to the model", t},
                                 .diverging = p / 2 == 1});
    }
    free(v);
    return trace_save_plot(x, &s, "added.svg", e);
}

// --- coarse and fine ----------------------------------------------------------------------------------------------

// Mean frequency of what the scale of a branch passes on: channels weigh with their power times the multiplier's
// square. Power and frequency are those of the normalised input over all observed steps, so that only the scale moves.
static double passed(const struct trace *x, uint32_t branch, const float *scale)
{
    double power = 0, moment = 0;
    for (uint32_t c = 0; c < x->width; c++) {
        const double g = scale ? 1 + (double)scale[c] : 1, p = g * g * x->power[branch * x->width + c];
        power += p;
        moment += p * x->frequency[branch * x->width + c];
    }
    return power > 0 ? moment / power : 0;
}

struct story {
    double rest, first, last; // frequency passed on without modulation, at the first and at the last evaluation
    double rank;              // Spearman: change of the multiplier's size against the channel's frequency
};

static bool tell(const struct trace *x, uint32_t branch, struct story *out, struct err *e)
{
    const uint32_t slot = 6 * (branch / 2) + (branch % 2 ? 4 : 1);
    const float *first = trace_row(x, 0, 0, slot), *last = trace_row(x, x->evals - 1, 0, slot);
    double *change = mem_zero(x->width, sizeof *change, e);
    if (!change) return false;
    for (uint32_t c = 0; c < x->width; c++) change[c] = fabs(1 + (double)last[c]) - fabs(1 + (double)first[c]);
    *out = (struct story){passed(x, branch, NULL), passed(x, branch, first), passed(x, branch, last),
                          stat_spearman(change, x->frequency + (size_t)branch * x->width, x->width, e)};
    free(change);
    return e->code == ERR_NONE;
}

static bool story_table(struct trace *x, double *rank, struct err *e)
{
    struct newfile f = {0};
    char path[PATH_BYTES], line[TRACE_LINE];
    if (!trace_path(x, "frequency.csv", path, sizeof path, e) || !newfile_open(&f, path, e)) return false;
    int n = snprintf(line, sizeof line,
                     "# %s; vkdit %s; model %s\nblock,branch,frequency_at_rest,frequency_first,frequency_last,"
                     "spearman_change_frequency\n",
                     x->command, vkdit_version(), x->model_hash);
    newfile_put(&f, line, (size_t)n);
    for (uint32_t b = 0; b < 2 * x->depth; b++) {
        struct story s;
        if (!tell(x, b, &s, e)) break;
        rank[b % 2 * x->depth + b / 2] = s.rank;
        n = snprintf(line, sizeof line, "%u,%s,%.6g,%.6g,%.6g,%.6g\n", b / 2, b % 2 ? "mlp" : "attention", s.rest,
                     s.first, s.last, s.rank);
        newfile_put(&f, line, (size_t)n);
    }
    if (e->code != ERR_NONE) newfile_close(&f);
    return e->code == ERR_NONE && newfile_commit(&f, true, e) && trace_wrote(x, "frequency.csv", e);
}

static bool frequency_page(struct trace *x, struct err *e)
{
    double *v = mem_zero((uint64_t)x->depth * x->evals + 2ull * x->depth, sizeof *v, e);
    char title[240];
    struct svg s;
    if (!v) return false;
    double *rank = v + (size_t)x->depth * x->evals;
    bool ok = story_table(x, rank, e);
    snprintf(title, sizeof title, "%s: spatial frequency of what the scales pass on, against no modulation, class %u",
             x->g.subject.info.name, x->condition[0]);
    svg_open(&s, 3 * PANEL_W, HEAD + PANEL_H + 10, title, e);
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t b = 0; b < x->depth; b++) {
            const double rest = passed(x, 2 * b + k, NULL);
            for (uint32_t i = 0; i < x->evals; i++)
                v[(size_t)b * x->evals + i] =
                    rest > 0 ? passed(x, 2 * b + k, trace_row(x, i, 0, 6 * b + (k ? 4 : 1))) / rest : 1;
        }
        plot_heat(&s, panel(k),
                  &(struct heat){.title = k ? "scale_mlp" : "scale_msa",
                                 .unit = "frequency / rest",
                                 .v = v,
                                 .rows = x->depth,
                                 .cols = x->evals,
                                 .row = {"block", NULL},
                                 .col = {"timestep t given to the model", x->t},
                                 .diverging = true,
                                 .rest = 1});
    }
    const struct line line[] = {{"attention", rank, NULL, 0}, {"MLP", rank + x->depth, NULL, 1}};
    plot_lines(&s, panel(2),
               &(struct lines){.title = "do fine channels gain towards low noise?",
                               .unit = "rank correlation",
                               .line = line,
                               .n = 2,
                               .points = x->depth,
                               .x = {"block", NULL},
                               .from_zero = true});
    free(v);
    if (!ok) svg_close(&s);
    return ok && trace_save_plot(x, &s, "frequency.svg", e);
}

bool trace_observe_plots(struct trace *x, struct err *e)
{
    return !x->add || (additions_page(x, e) && frequency_page(x, e));
}
