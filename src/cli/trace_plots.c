// trace_plots.c — the plots of a trace that need no running model. Knows nothing about how numbers were computed.
#include "board/mix.h"
#include "board/svg.h"
#include "cli/trace.h"
#include "image/label.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PANEL_W = 460, PANEL_H = 270, HEAD = 34, COSINE_MOST = 64, LISTED = 5 };

static const char t_name[] = "timestep t given to the model";

static struct plot_box panel(uint32_t i)
{
    return (struct plot_box){PANEL_W * (i % 3), HEAD + PANEL_H * (i / 3), PANEL_W, PANEL_H};
}

static void page(struct svg *s, const struct trace *x, uint32_t panels, const char *what, struct err *e)
{
    char title[300];
    snprintf(title, sizeof title, "%.100s: %.180s", x->g.subject.info.name, what);
    svg_open(s, PANEL_W * min_u32(panels, 3), HEAD + PANEL_H * ceil_div(panels, 3) + 10, title, e);
}

static double *room(uint64_t n, struct err *e)
{
    return mem_zero(n, sizeof(double), e);
}

// --- heat maps ----------------------------------------------------------------------------------------------------

static void heat_numbers(const struct trace *x, const struct stat_row *r, uint32_t k, double *v)
{
    for (uint32_t b = 0; b < x->depth; b++)
        for (uint32_t i = 0; i < x->evals; i++)
            v[(size_t)b * x->evals + i] = stat_value(trace_stat(x, 6 * b + k, i, 0), r);
}

// The same as pixels, for programs that take no SVG: one panel under the other.
struct pixels {
    struct image im;
    uint32_t cell_w, cell_h, high; // high: of a panel, heading included
};

enum { PNG_HEAD = 30, PNG_LABEL = 14, PNG_LEGEND = 110, PNG_GAP = 8 };

static void png_panel(const struct trace *x, struct pixels *p, uint32_t k, const double *v, const struct stat_row *r)
{
    double lo, hi;
    char text[80];
    const uint32_t y0 = PNG_HEAD + k * p->high + PNG_LABEL, wide = x->evals * p->cell_w, tall = x->depth * p->cell_h;
    heat_range(&(struct heat){.v = v, .rows = x->depth, .cols = x->evals, .diverging = r->diverging}, &lo, &hi);
    for (uint32_t i = 0; i < wide * tall; i++) {
        const uint32_t col = i % wide / p->cell_w, row = i / wide / p->cell_h;
        const struct rgb c = colour_of(v[(size_t)row * x->evals + col], lo, hi, 0, r->diverging);
        memcpy(p->im.rgb + ((size_t)(y0 + i / wide) * p->im.w + PNG_GAP + i % wide) * 3, &c, 3);
    }
    for (uint32_t i = 0; i < 12 * tall; i++) {
        const struct rgb c = colour_of(hi - (hi - lo) * (i / 12) / tall, lo, hi, 0, r->diverging);
        memcpy(p->im.rgb + ((size_t)(y0 + i / 12) * p->im.w + PNG_GAP + wide + 8 + i % 12) * 3, &c, 3);
    }
    image_label(&p->im, PNG_GAP, y0 - PNG_LABEL + 2, 2, slot_vectors[k]);
    snprintf(text, sizeof text, "%.3g", hi);
    image_label(&p->im, PNG_GAP + wide + 24, y0, 2, text);
    snprintf(text, sizeof text, "%.3g", lo);
    image_label(&p->im, PNG_GAP + wide + 24, y0 + tall - 10, 2, text);
}

static bool heat_png(struct trace *x, const struct stat_row *r, double *v, struct err *e)
{
    struct pixels p = {.cell_w = max_u32(3, ceil_div(300, x->evals)), .cell_h = max_u32(4, ceil_div(48, x->depth))};
    char name[TRACE_NAME], path[PATH_BYTES], keys[2][12] = {"Title", "Description"}, title[300], made[TRACE_LINE],
                                             text[120];
    p.high = PNG_LABEL + x->depth * p.cell_h + PNG_GAP;
    if (!image_open(&p.im, x->evals * p.cell_w + PNG_LEGEND + PNG_GAP, PNG_HEAD + 6 * p.high, e)) return false;
    memset(p.im.rgb, 255, (size_t)p.im.w * p.im.h * 3);
    snprintf(text, sizeof text, "%s, class %u, blocks down", r->name, x->condition[0]);
    image_label(&p.im, PNG_GAP, 4, 2, text);
    snprintf(text, sizeof text, "t from %.4g to %.4g across", x->t[0], x->t[x->evals - 1]);
    image_label(&p.im, PNG_GAP, 17, 2, text);
    for (uint32_t k = 0; k < 6; k++) {
        heat_numbers(x, r, k, v);
        png_panel(x, &p, k, v, r);
    }
    snprintf(made, sizeof made, "%.1800s; vkdit %s; model %s", x->command, vkdit_version(), x->model_hash);
    snprintf(title, sizeof title, "%s: %s", x->g.subject.info.name, r->about);
    snprintf(name, sizeof name, "heat_%s.png", r->name);
    const struct image_text texts[] = {{keys[0], title}, {keys[1], made}};
    const bool ok = trace_path(x, name, path, sizeof path, e) && png_write(path, &p.im, texts, 2, true, e);
    image_close(&p.im);
    return ok && trace_wrote(x, name, e);
}

static bool heat_page(struct trace *x, const struct stat_row *r, double *v, struct err *e)
{
    struct svg s;
    char name[TRACE_NAME], about[160];
    snprintf(about, sizeof about, "%s, class %u", r->about, x->condition[0]);
    page(&s, x, 6, about, e);
    for (uint32_t k = 0; k < 6; k++) {
        heat_numbers(x, r, k, v);
        plot_heat(
            &s, panel(k),
            &(struct heat){.title = slot_vectors[k],
                           .unit = strstr(r->name, "below") || !strcmp(r->name, "negative") ? "share" : "modulation",
                           .v = v,
                           .rows = x->depth,
                           .cols = x->evals,
                           .row = {"block", NULL},
                           .col = {t_name, x->t},
                           .diverging = r->diverging});
    }
    snprintf(name, sizeof name, "heat_%s.svg", r->name);
    return trace_save_plot(x, &s, name, e) && heat_png(x, r, v, e);
}

// --- bands --------------------------------------------------------------------------------------------------------

// Percentiles over the channels of all blocks at each time; the last two panels are the final layer's.
static bool bands_page(struct trace *x, struct err *e)
{
    struct svg s;
    double *all = room((uint64_t)x->depth * x->width + (uint64_t)STAT_QUANTILES * x->evals, e);
    if (!all) return false;
    double *q = all + (size_t)x->depth * x->width;
    page(&s, x, 8, "percentiles over channels (effective values), all blocks and the final layer", e);
    for (uint32_t k = 0; k < 8; k++) {
        const uint32_t first = k < 6 ? k : x->slots - 8 + k, blocks = k < 6 ? x->depth : 1;
        const bool scale = slot_is_scale(first, x->slots);
        for (uint32_t i = 0; i < x->evals; i++) {
            double one[STAT_QUANTILES];
            for (uint32_t b = 0; b < blocks; b++)
                for (uint32_t c = 0; c < x->width; c++)
                    all[(size_t)b * x->width + c] = (double)trace_row(x, i, 0, first + 6 * b)[c] + scale;
            quantiles_of(all, (uint64_t)blocks * x->width, one);
            for (int j = 0; j < STAT_QUANTILES; j++) q[(size_t)j * x->evals + i] = one[j];
        }
        const struct line line[] = {{"1-99 %", q + 6 * (size_t)x->evals, q, 4},
                                    {"5-95 %", q + 5 * (size_t)x->evals, q + x->evals, 4},
                                    {"25-75 %", q + 4 * (size_t)x->evals, q + 2 * (size_t)x->evals, 0},
                                    {"median", q + 3 * (size_t)x->evals, NULL, 6}};
        plot_lines(&s, panel(k),
                   &(struct lines){.title = k < 6    ? slot_vectors[k]
                                            : k == 6 ? "final.shift"
                                                     : "final.scale",
                                   .unit = scale ? "multiplier 1 + scale" : "modulation",
                                   .line = line,
                                   .n = 4,
                                   .points = x->evals,
                                   .x = {t_name, x->t}});
    }
    free(all);
    return trace_save_plot(x, &s, "bands.svg", e);
}

// --- likeness -----------------------------------------------------------------------------------------------------

static uint32_t cosine_steps(const struct trace *x, uint32_t *step)
{
    const uint32_t n = min_u32(x->evals, COSINE_MOST);
    for (uint32_t i = 0; i < n; i++) step[i] = n > 1 ? (uint32_t)((uint64_t)i * (x->evals - 1) / (n - 1)) : 0;
    return n;
}

// Mean over blocks of the cosine between the effective vectors of two times (same class), or classes (same time).
static bool cosine_page(struct trace *x, bool classes, struct err *e)
{
    struct svg s;
    uint32_t step[COSINE_MOST];
    const uint32_t times = cosine_steps(x, step), n = classes ? x->conds : times;
    double *v = room((uint64_t)n * n + n, e);
    if (!v) return false;
    double *at = v + (size_t)n * n;
    for (uint32_t i = 0; i < n; i++) at[i] = classes ? x->condition[i] : x->t[step[i]];
    page(&s, x, 6,
         classes ? "cosine between classes, mean over blocks and times (effective values)"
                 : "cosine between timesteps, mean over blocks (effective values)",
         e);
    for (uint32_t k = 0; k < 6; k++) {
        memset(v, 0, (size_t)n * n * sizeof *v);
        for (uint32_t i = 0; i < n * n; i++) {
            const uint32_t a = i / n, b = i % n, repeats = classes ? times : 1;
            for (uint32_t r = 0; a >= b && r < repeats; r++)
                for (uint32_t block = 0; block < x->depth; block++) {
                    const uint32_t slot = 6 * block + k;
                    const float *p = classes ? trace_row(x, step[r], a, slot) : trace_row(x, step[a], 0, slot),
                                *q = classes ? trace_row(x, step[r], b, slot) : trace_row(x, step[b], 0, slot);
                    v[a * n + b] += stat_cosine(p, q, x->width, k % 3 == 1) / (x->depth * (double)repeats);
                }
            v[b * n + a] = a >= b ? v[a * n + b] : v[b * n + a];
        }
        const char *axis = classes ? "class (the last is the null class, if the model has one)" : "timestep t";
        plot_heat(&s, panel(k),
                  &(struct heat){.title = slot_vectors[k],
                                 .unit = "cosine",
                                 .v = v,
                                 .rows = n,
                                 .cols = n,
                                 .row = {classes ? "class" : axis, at},
                                 .col = {axis, at}});
    }
    free(v);
    return trace_save_plot(x, &s, classes ? "cosine_class.svg" : "cosine_time.svg", e);
}

static bool by_block_page(struct trace *x, bool share, struct err *e)
{
    static const char *const names[] = {"timestep", "class", "both"};
    struct svg s;
    double *v = room(3ull * x->depth, e);
    if (!v) return false;
    page(&s, x, 6, share ? "share of the variance over timesteps and classes" : "effective rank over timesteps", e);
    for (uint32_t k = 0; k < 6; k++) {
        struct line line[3];
        for (uint32_t j = 0; j < 3; j++) {
            double *y = v + (size_t)j * x->depth;
            for (uint32_t b = 0; b < x->depth; b++) {
                const struct rank *r = &x->rank[(6 * b + k) * x->conds];
                y[b] = share    ? x->share[3 * (6 * b + k) + j]
                       : j == 0 ? r->effective
                       : j == 1 ? r->effective_centred
                                : r->participation_centred;
            }
            line[j] = (struct line){share    ? names[j]
                                    : j == 0 ? "as they are"
                                    : j == 1 ? "around mean"
                                             : "particip.",
                                    y, NULL, j};
        }
        plot_lines(&s, panel(k),
                   &(struct lines){.title = slot_vectors[k],
                                   .unit = share ? "share" : "dimensions",
                                   .line = line,
                                   .n = 3,
                                   .points = x->depth,
                                   .x = {"block", NULL},
                                   .from_zero = true});
    }
    free(v);
    return trace_save_plot(x, &s, share ? "variance.svg" : "rank.svg", e);
}

bool trace_plots(struct trace *x, struct err *e)
{
    double *v = room((uint64_t)x->depth * x->evals, e);
    bool ok = v != NULL;
    for (uint32_t r = 0; ok && r < stat_row_count(); r++)
        if (stat_rows[r].plotted) ok = heat_page(x, &stat_rows[r], v, e);
    free(v);
    return ok && bands_page(x, e) && cosine_page(x, false, e) && (x->conds < 2 || cosine_page(x, true, e)) &&
           (x->classes < 2 || by_block_page(x, true, e)) && by_block_page(x, false, e) && trace_strips(x, e);
}

// --- channel strips -----------------------------------------------------------------------------------------------

struct channel {
    uint32_t index;
    double key;
};

static int by_key(const void *a, const void *b)
{
    const struct channel *p = a, *q = b;
    return (p->key > q->key) - (p->key < q->key);
}

static struct channel *order_of(const struct trace *x, uint32_t slot, struct err *e)
{
    struct channel *c = mem_zero(x->width, sizeof *c, e);
    const bool scale = slot_is_scale(slot, x->slots);
    for (uint32_t k = 0; c && k < x->width; k++) {
        const double first = (double)trace_row(x, 0, 0, slot)[k], last = (double)trace_row(x, x->evals - 1, 0, slot)[k];
        double size = 0;
        for (uint32_t i = 0; i < x->evals; i++) size += fabs((double)trace_row(x, i, 0, slot)[k] + scale) / x->evals;
        c[k] = (struct channel){k, x->g.cli->s.sort == 0 ? k : x->g.cli->s.sort == 1 ? size : last - first};
    }
    if (c) qsort(c, x->width, sizeof *c, by_key);
    return c;
}

static void strip_lines(struct svg *s, const struct trace *x, uint32_t slot, struct plot_box f, bool rising, double *v,
                        struct err *e)
{
    const bool scale = slot_is_scale(slot, x->slots);
    struct line line[LISTED];
    char name[LISTED][24];
    struct channel *c = mem_zero(x->width, sizeof *c, e);
    if (!c) return;
    for (uint32_t k = 0; k < x->width; k++)
        c[k] = (struct channel){k, (rising ? -1.0 : 1.0) * ((double)trace_row(x, x->evals - 1, 0, slot)[k] -
                                                            (double)trace_row(x, 0, 0, slot)[k])};
    qsort(c, x->width, sizeof *c, by_key);
    const uint32_t n = min_u32(LISTED, x->width);
    for (uint32_t k = 0; k < n; k++) {
        double *y = v + (size_t)k * x->evals;
        for (uint32_t i = 0; i < x->evals; i++) y[i] = (double)trace_row(x, i, 0, slot)[c[k].index] + scale;
        snprintf(name[k], sizeof name[k], "ch. %u", c[k].index);
        line[k] = (struct line){name[k], y, NULL, k};
    }
    free(c);
    plot_lines(
        s, f,
        &(struct lines){.title = rising ? "rise most from high to low noise" : "fall most from high to low noise",
                        .unit = scale ? "multiplier 1 + scale" : "modulation",
                        .line = line,
                        .n = n,
                        .points = x->evals,
                        .x = {t_name, x->t}});
}

static bool strip_page(struct trace *x, uint32_t slot, struct err *e)
{
    static const char *const sorts[] = {"by index", "by mean size", "by change from high to low noise"};
    const bool scale = slot_is_scale(slot, x->slots);
    struct channel *c = order_of(x, slot, e);
    double *v = room((uint64_t)max_u32(x->width, LISTED) * x->evals, e);
    char name[TRACE_NAME], slot_text[32], title[200], axis[80];
    struct svg s;
    if (!c || !v) {
        free(c);
        free(v);
        return false;
    }
    for (uint32_t k = 0; k < x->width; k++)
        for (uint32_t i = 0; i < x->evals; i++)
            v[(size_t)k * x->evals + i] = (double)trace_row(x, i, 0, slot)[c[k].index] + scale;
    snprintf(title, sizeof title, "%s: %s, class %u", x->g.subject.info.name, slot_name(slot, x->slots, slot_text),
             x->condition[0]);
    snprintf(axis, sizeof axis, "channel, %s", sorts[x->g.cli->s.sort]);
    svg_open(&s, 1100, 640, title, e);
    plot_heat(&s, (struct plot_box){0, HEAD, 600, 600},
              &(struct heat){.title = scale ? "every channel over the run, around 1" : "every channel over the run",
                             .unit = scale ? "multiplier" : "modulation",
                             .v = v,
                             .rows = x->width,
                             .cols = x->evals,
                             .row = {axis, NULL},
                             .col = {t_name, x->t},
                             .diverging = true,
                             .rest = scale});
    strip_lines(&s, x, slot, (struct plot_box){600, HEAD, 500, 300}, true, v, e);
    strip_lines(&s, x, slot, (struct plot_box){600, HEAD + 300, 500, 300}, false, v, e);
    if (slot + 2 < x->slots)
        snprintf(name, sizeof name, "strip_block%u_%s.svg", slot / 6, slot_vectors[slot % 6]);
    else
        snprintf(name, sizeof name, "strip_%s.svg", slot + 1 == x->slots ? "final_scale" : "final_shift");
    free(c);
    free(v);
    return trace_save_plot(x, &s, name, e);
}

// "block[3].scale_msa" names slots as in the mixing board's language.
static bool strips_of(struct trace *x, const char *text, struct err *e)
{
    struct mix m = {0};
    char statement[200];
    snprintf(statement, sizeof statement, "%.180s*=1", text);
    const struct mix_shape shape = {x->evals, x->conds, x->slots, x->width, x->t, x->condition, MIX_NULL, x->conds};
    if (!mix_parse(&m, statement, e)) return err_in(e, "--strip");
    m.edit[0].verb = MIX_MUTE; // anything that is not at rest: the plan tells which slots are named
    struct mix_plan *p = mix_plan_make(&m, &shape, e);
    float *row = p ? mem_zero(x->width, sizeof *row, e) : NULL;
    bool ok = row || err_in(e, "--strip");
    for (uint32_t s = 0; ok && s < x->slots; s++)
        if (mix_plan_slot(p, x->table, 0, 0, s, row)) ok = strip_page(x, s, e);
    free(row);
    mix_plan_free(p);
    mix_close(&m);
    return ok;
}

bool trace_strips(struct trace *x, struct err *e)
{
    const struct texts *t = &x->g.cli->s.strip;
    if (!t->n) return strip_page(x, 6 * (x->depth / 2) + 1, e) && strip_page(x, 6 * (x->depth / 2) + 4, e);
    for (uint32_t i = 0; i < t->n; i++)
        if (!strips_of(x, t->item[i], e)) return false;
    return true;
}
