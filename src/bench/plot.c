// plot.c — benchmark documents drawn: the roofline with every kernel on it, and bars. Knows no device.
#include "bench/doc.h"
#include "board/svg.h"
#include "engine/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCS_MAX = 6, BARS_MAX = 40, OPS_MAX = 12 };

// Text of unknown origin inside an element.
static void escaped(struct svg *s, const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c == '<' || *c == '>' || *c == '&')
            svg_put(s, "&#%d;", *c);
        else
            svg_put(s, "%c", *c);
}

struct area {
    double x, y, w, h;
};

// --- the roofline -------------------------------------------------------------------------------------------------

struct scale { // logarithmic, from decades below to decades above
    double low, high;
    double from, size; // in the drawing; a negative size runs upwards
};

static double place(const struct scale *s, double v)
{
    double t = (log10(v) - s->low) / (s->high - s->low);
    return s->from + fmin(fmax(t, 0), 1) * s->size;
}

static void grid(struct svg *s, const struct scale *x, const struct scale *y, struct area a)
{
    char text[32];
    for (double d = x->low; d <= x->high; d++) {
        double at = place(x, pow(10, d));
        svg_put(s, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", at, at, a.y, a.y + a.h);
        snprintf(text, sizeof text, "%g", pow(10, d));
        svg_text(s, at, a.y + a.h + 16, SVG_MIDDLE, 11, text);
    }
    for (double d = y->low; d <= y->high; d++) {
        double at = place(y, pow(10, d));
        svg_put(s, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", a.x, a.x + a.w, at, at);
        snprintf(text, sizeof text, "%g", pow(10, d));
        svg_text(s, a.x - 6, at + 4, SVG_END, 11, text);
    }
    svg_text(s, a.x + a.w / 2, a.y + a.h + 34, SVG_MIDDLE, 12, "arithmetic per byte moved, FLOP/B");
    svg_put(s, "<g transform=\"translate(%.1f %.1f) rotate(-90)\">", a.x - 46, a.y + a.h / 2);
    svg_text(s, 0, 0, SVG_MIDDLE, 12, "speed, TFLOP/s");
    svg_put(s, "</g>\n");
}

static bool has_point(const struct doc_row *r)
{
    return !strcmp(r->group, "kernel") && r->flops > 0 && r->bytes > 0 && r->tflops > 0;
}

static double ceiling(const struct doc *d, const char *name)
{
    const struct doc_row *r = doc_find(d, "ceiling", name);
    return r ? r->value : 0;
}

// Decades that hold everything.
static void ranges(const struct doc *d, struct scale *x, struct scale *y)
{
    static const char *const roofs[] = {"fma_fp32", "fma_fp16", "matrix_fp16"};
    *x = (struct scale){.low = 0, .high = 1};
    *y = (struct scale){.low = -1, .high = 0};
    for (size_t i = 0; i < COUNTOF(roofs); i++)
        if (ceiling(d, roofs[i]) > 0) y->high = fmax(y->high, ceil(log10(ceiling(d, roofs[i]))));
    for (uint32_t i = 0; i < d->n; i++) {
        const struct doc_row *r = &d->row[i];
        if (!has_point(r)) continue;
        double at = log10(r->flops / r->bytes), up = log10(r->tflops);
        x->low = fmin(x->low, floor(at));
        x->high = fmax(x->high, ceil(at));
        y->low = fmax(fmin(y->low, floor(up)), -6);
        y->high = fmax(y->high, ceil(up));
    }
}

static void roofs(struct svg *s, const struct doc *d, const struct scale *x, const struct scale *y, struct area a)
{
    static const struct {
        const char *name, *label;
    } list[] = {{"fma_fp32", "fp32 FMA"}, {"fma_fp16", "fp16 FMA"}, {"matrix_fp16", "matrix units, fp16"}};
    double slope = ceiling(d, "copy") * 1e-3, top = 0; // TFLOP/s per FLOP/B
    char text[80];
    for (size_t i = 0; i < COUNTOF(list); i++) {
        double v = ceiling(d, list[i].name), from = slope > 0 ? v / slope : pow(10, x->low);
        if (!(v > 0)) continue;
        svg_put(s, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#555\" stroke-width=\"1.5\"/>\n",
                place(x, from), a.x + a.w, place(y, v), place(y, v));
        snprintf(text, sizeof text, "%s: %.3g TFLOP/s", list[i].label, v);
        svg_text(s, a.x + a.w - 4, place(y, v) - 4, SVG_END, 11, text);
        top = fmax(top, v);
    }
    if (!(slope > 0)) return;
    double left = fmax(pow(10, x->low), pow(10, y->low) / slope), right = top > 0 ? top / slope : pow(10, x->high);
    svg_put(s, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#555\" stroke-width=\"1.5\"/>\n",
            place(x, left), place(x, right), place(y, left * slope), place(y, right * slope));
    snprintf(text, sizeof text, "memory: %.4g GB/s", slope * 1e3);
    svg_text(s, place(x, right) + 2, place(y, right * slope) + 30, SVG_START, 11, text);
}

static uint32_t op_index(const char **ops, uint32_t *n, const char *op)
{
    for (uint32_t i = 0; i < *n; i++)
        if (!strcmp(ops[i], op)) return i;
    if (*n == OPS_MAX) return OPS_MAX - 1;
    ops[*n] = op;
    return (*n)++;
}

static void points(struct svg *s, const struct doc *d, const struct scale *x, const struct scale *y, struct area a)
{
    const char *ops[OPS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        const struct doc_row *r = &d->row[i];
        if (!has_point(r)) continue;
        const char *colour = colour_series(op_index(ops, &n, doc_text(r->json, "op")));
        svg_put(s, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\">",
                place(x, r->flops / r->bytes), place(y, r->tflops), colour, r->valid ? "0.55" : "0", colour);
        svg_put(s, "<title>");
        escaped(s, r->name);
        svg_put(s, ": %.3g TFLOP/s, %.3g %% of %s%s</title></circle>\n", r->tflops, r->percent,
                !strcmp(r->bound_by, "copy") ? "memory" : "its ceiling", r->valid ? "" : ", INVALID");
    }
    for (uint32_t i = 0; i < n; i++) {
        double at = a.y + 14 + 16.0 * i;
        svg_put(s, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", a.x + a.w + 16, at - 4, colour_series(i));
        svg_text(s, a.x + a.w + 26, at, SVG_START, 11, ops[i]);
    }
}

static void roofline(struct svg *s, const struct doc *d, struct err *e)
{
    char title[320];
    struct area a = {70, 50, 640, 440};
    struct scale x, y;
    snprintf(title, sizeof title, "Roofline: %s", d->device);
    svg_open(s, 860, 550, title, e);
    ranges(d, &x, &y);
    x.from = a.x, x.size = a.w;
    y.from = a.y + a.h, y.size = -a.h;
    grid(s, &x, &y, a);
    roofs(s, d, &x, &y, a);
    points(s, d, &x, &y, a);
    svg_put(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"#888\"/>\n", a.x, a.y,
            a.w, a.h);
}

// --- bars ---------------------------------------------------------------------------------------------------------

struct bar_set {
    const struct doc_row *row[BARS_MAX]; // of the first document
    uint32_t n;
};

static void wanted(const struct doc *d, bool kernels, struct bar_set *b)
{
    for (uint32_t i = 0; i < d->n && b->n < BARS_MAX; i++) {
        const char *g = d->row[i].group;
        bool mine =
            kernels ? !strcmp(g, "kernel") : !strcmp(g, "sampling") || !strcmp(g, "forward") || !strcmp(g, "start");
        if (mine) b->row[b->n++] = &d->row[i];
    }
}

static void one_bar(struct svg *s, const struct doc_row *r, double longest, struct area a, uint32_t colour)
{
    char text[80];
    double w = longest > 0 ? r->median / longest * a.w : 0, left = a.x + fmin(w, a.w);
    svg_put(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", a.x, a.y, fmax(w, 1), a.h,
            colour_series(colour));
    snprintf(text, sizeof text, "%.4g %.20s%s", r->value, r->unit, r->valid ? "" : " INVALID");
    svg_text(s, left + 5, a.y + a.h - 2, SVG_START, 10, text);
}

// Rows of one document among each other are scaled to the longest of all kernels, else every row to its own longest:
// a small model's step would not be visible beside a large one's.
static void bars(struct svg *s, const struct doc *d, uint32_t n, bool kernels, struct err *e)
{
    struct bar_set b = {.n = 0};
    wanted(&d[0], kernels, &b);
    double step = 14.0 * n + 10, longest_of_all = 0;
    svg_open(s, 900, 90 + step * b.n + 16.0 * n,
             kernels ? "Kernels: time, shorter is faster"
                     : "Runs: time, shorter is faster. Bars of a row are scaled to its longest",
             e);
    for (uint32_t i = 0; i < n; i++) {
        char text[340];
        svg_put(s, "<rect x=\"12\" y=\"%.1f\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", 34 + 16.0 * i,
                colour_series(i));
        snprintf(text, sizeof text, "%.90s: %.230s", d[i].name, d[i].device);
        svg_text(s, 28, 43 + 16.0 * i, SVG_START, 11, text);
    }
    for (uint32_t r = 0; r < b.n; r++) longest_of_all = fmax(longest_of_all, b.row[r]->median);
    for (uint32_t r = 0; r < b.n; r++) {
        double y = 50 + 16.0 * n + step * r, longest = kernels && n == 1 ? longest_of_all : 0;
        svg_text(s, 330, y + step / 2, SVG_END, 11, b.row[r]->name);
        for (uint32_t i = 0; i < n && !(kernels && n == 1); i++) {
            const struct doc_row *o = doc_find(&d[i], b.row[r]->group, b.row[r]->name);
            if (o) longest = fmax(longest, o->median);
        }
        for (uint32_t i = 0; i < n; i++) {
            const struct doc_row *o = doc_find(&d[i], b.row[r]->group, b.row[r]->name);
            if (o) one_bar(s, o, longest, (struct area){338, y + 14.0 * i, 440, 12}, i);
        }
    }
    if (!b.n) svg_text(s, 28, 70 + 16.0 * n, SVG_START, 12, "no such rows in the first document");
}

// --- the whole ----------------------------------------------------------------------------------------------------

static bool draw(const struct doc *d, uint32_t n, const char *chart, char **out, struct err *e)
{
    struct svg s = {0};
    if (!strcmp(chart, "roofline"))
        roofline(&s, &d[0], e);
    else if (!strcmp(chart, "bars") || !strcmp(chart, "kernels"))
        bars(&s, d, n, !strcmp(chart, "kernels"), e);
    else
        return err_set(e, ERR_ARG, "unknown chart '%.40s' (known: roofline, bars, kernels)", chart);
    svg_put(&s, "</svg>\n");
    if (e->code == ERR_NONE) {
        *out = s.text;
        return true;
    }
    svg_close(&s);
    return false;
}

vkdit_status vkdit_bench_plot(const char *const *json, const char *const *names, uint32_t count, const char *chart,
                              char **svg, vkdit_error *error)
{
    struct err e = {0};
    struct doc d[DOCS_MAX] = {{0}};
    *svg = NULL;
    if (count < 1 || count > DOCS_MAX)
        err_set(&e, ERR_ARG, "a plot takes 1 to %d results, got %u", (int)DOCS_MAX, count);
    else if (docs_open(d, json, names, count, &e))
        draw(d, count, chart ? chart : "roofline", svg, &e);
    for (uint32_t i = 0; i < DOCS_MAX; i++) doc_close(&d[i]);
    return status_of(&e, error);
}
