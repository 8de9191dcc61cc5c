// plot.c — heat maps, lines and ridges. Knows nothing about where their numbers come from.
#include "board/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 64, LEFT = 64, RIGHT = 74, TOP = 40, BOTTOM = 40 };

static double position(const struct axis *a, uint32_t i)
{
    return a->value ? a->value[i] : (double)i;
}

static void number_label(struct svg *s, double x, double y, enum svg_anchor anchor, double v)
{
    char text[32];
    const bool whole = fabs(v) >= 1000 && fabs(v) < 1e6 && v == round(v);
    snprintf(text, sizeof text, whole ? "%.0f" : "%.3g", v == 0 ? 0.0 : v);
    svg_text(s, x, y, anchor, 10, text);
}

static struct plot_box inner(struct plot_box f)
{
    return (struct plot_box){f.x + LEFT, f.y + TOP, f.w - LEFT - RIGHT, f.h - TOP - BOTTOM};
}

static void outline(struct svg *s, struct plot_box p)
{
    svg_put(s, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"none\" stroke=\"#888\"/>\n", p.x, p.y,
            p.w, p.h);
}

static void names(struct svg *s, struct plot_box f, struct plot_box p, const char *title, const char *across,
                  const char *up)
{
    svg_text(s, p.x, f.y + 28, SVG_START, 12, title);
    svg_text(s, p.x + p.w / 2, p.y + p.h + 30, SVG_MIDDLE, 11, across);
    svg_put(s, "<g transform=\"translate(%.2f %.2f) rotate(-90)\">", f.x + 14, p.y + p.h / 2);
    svg_text(s, 0, 0, SVG_MIDDLE, 11, up);
    svg_put(s, "</g>\n");
}

// A few members of the axis, named by their values.
static void member_ticks(struct svg *s, struct plot_box p, const struct axis *a, uint32_t n, bool across)
{
    const uint32_t most = across ? 6 : 8, every = n > most ? (n + most - 1) / most : 1;
    for (uint32_t i = 0; i < n; i += every) {
        const double at = (i + 0.5) / n;
        if (across)
            number_label(s, p.x + at * p.w, p.y + p.h + 14, SVG_MIDDLE, position(a, i));
        else
            number_label(s, p.x - 5, p.y + at * p.h + 3, SVG_END, position(a, i));
    }
}

// --- heat maps ----------------------------------------------------------------------------------------------------

void heat_range(const struct heat *h, double *lo, double *hi)
{
    *lo = h->lo, *hi = h->hi;
    if (h->lo != h->hi) return;
    *lo = INFINITY, *hi = -INFINITY;
    for (uint64_t i = 0; i < (uint64_t)h->rows * h->cols; i++)
        if (isfinite(h->v[i])) *lo = fmin(*lo, h->v[i]), *hi = fmax(*hi, h->v[i]);
    if (!(*lo <= *hi)) *lo = *hi = 0;
    const double far = fmax(*hi - h->rest, h->rest - *lo);
    if (h->diverging) *lo = h->rest - far, *hi = h->rest + far;
    if (*lo == *hi) *hi = *lo + 1;
}

static uint32_t level_of(double v, double lo, double hi)
{
    const double at = isfinite(v) ? (v - lo) / (hi - lo) * LEVELS : 0;
    return (uint32_t)fmin(fmax(at, 0), LEVELS - 1);
}

// All cells of one colour are one path, and neighbours in a row one rectangle: files stay small.
static void cells(struct svg *s, const struct heat *h, double lo, double hi)
{
    for (uint32_t level = 0; level < LEVELS; level++) {
        bool any = false;
        for (uint32_t r = 0; r < h->rows; r++)
            for (uint32_t c = 0, n; c < h->cols; c += n) {
                const double *row = h->v + (uint64_t)r * h->cols;
                n = 1;
                if (level_of(row[c], lo, hi) != level) continue;
                while (c + n < h->cols && level_of(row[c + n], lo, hi) == level) n++;
                const struct rgb k = colour_of(lo + (level + 0.5) / LEVELS * (hi - lo), lo, hi, h->rest, h->diverging);
                if (!any) svg_put(s, "<path fill=\"#%02x%02x%02x\" d=\"", k.r, k.g, k.b);
                svg_put(s, "M%u %uh%uv1h-%uz", c, r, n, n);
                any = true;
            }
        if (any) svg_put(s, "\"/>\n");
    }
}

static void legend(struct svg *s, struct plot_box p, const struct heat *h, double lo, double hi)
{
    const double x = p.x + p.w + 10, w = 12;
    for (uint32_t i = 0; i < LEVELS; i++) {
        const struct rgb k = colour_of(lo + (i + 0.5) / LEVELS * (hi - lo), lo, hi, h->rest, h->diverging);
        svg_put(s, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.0f\" height=\"%.2f\" fill=\"#%02x%02x%02x\"/>", x,
                p.y + p.h * (1 - (i + 1.0) / LEVELS), w, p.h / LEVELS + 0.3, k.r, k.g, k.b);
    }
    number_label(s, x + w + 4, p.y + 8, SVG_START, hi);
    number_label(s, x + w + 4, p.y + p.h / 2 + 3, SVG_START, (lo + hi) / 2);
    number_label(s, x + w + 4, p.y + p.h, SVG_START, lo);
    svg_text(s, p.x + p.w + RIGHT - 4, p.y - 6, SVG_END, 10, h->unit);
}

void plot_heat(struct svg *s, struct plot_box f, const struct heat *h)
{
    const struct plot_box p = inner(f);
    double lo, hi;
    heat_range(h, &lo, &hi);
    names(s, f, p, h->title, h->col.name, h->row.name);
    svg_put(s, "<g shape-rendering=\"crispEdges\" transform=\"translate(%.2f %.2f) scale(%.6g %.6g)\">\n", p.x, p.y,
            p.w / fmax(h->cols, 1), p.h / fmax(h->rows, 1));
    cells(s, h, lo, hi);
    svg_put(s, "</g>\n");
    outline(s, p);
    member_ticks(s, p, &h->col, h->cols, true);
    member_ticks(s, p, &h->row, h->rows, false);
    legend(s, p, h, lo, hi);
}

// 1, 2 or 5 times a power of ten, at least v.
static double round_step(double v)
{
    const double ten = pow(10, floor(log10(v)));
    return v <= ten ? ten : v <= 2 * ten ? 2 * ten : v <= 5 * ten ? 5 * ten : 10 * ten;
}

// --- lines --------------------------------------------------------------------------------------------------------

static void lines_range(const struct lines *l, double *lo, double *hi)
{
    *lo = INFINITY, *hi = -INFINITY;
    for (uint32_t k = 0; k < l->n; k++)
        for (uint32_t i = 0; i < l->points; i++) {
            const double y = l->line[k].y[i], low = l->line[k].low ? l->line[k].low[i] : y;
            if (isfinite(y)) *lo = fmin(*lo, fmin(y, low)), *hi = fmax(*hi, fmax(y, low));
        }
    if (!(*lo <= *hi)) *lo = 0, *hi = 1;
    if (l->from_zero) *lo = fmin(*lo, 0), *hi = fmax(*hi, 0);
    const double room = *hi > *lo ? 0.04 * (*hi - *lo) : 0.5;
    *hi += room;
    if (!l->from_zero || *lo < 0) *lo -= room;
}

static void one_line(struct svg *s, struct plot_box p, const struct lines *l, const struct line *line, double lo,
                     double hi)
{
    const double across = p.w / fmax(l->points - 1.0, 1), up = p.h / (hi - lo);
    svg_put(s,
            line->low ? "<path fill=\"%s\" fill-opacity=\"0.25\" d=\"M"
                      : "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" d=\"M",
            colour_series(line->colour));
    for (uint32_t i = 0; i < l->points; i++)
        svg_put(s, "%.2f %.2f ", p.x + across * i, p.y + p.h - up * ((isfinite(line->y[i]) ? line->y[i] : lo) - lo));
    for (uint32_t i = l->points; line->low && i-- > 0;)
        svg_put(s, "%.2f %.2f ", p.x + across * i, p.y + p.h - up * (line->low[i] - lo));
    svg_put(s, "\"/>\n");
}

void plot_lines(struct svg *s, struct plot_box f, const struct lines *l)
{
    const struct plot_box p = inner(f);
    double lo, hi;
    uint32_t named = 0;
    lines_range(l, &lo, &hi);
    names(s, f, p, l->title, l->x.name, l->unit);
    outline(s, p);
    if (lo < 0 && hi > 0)
        svg_put(s, "<path stroke=\"#bbb\" d=\"M%.2f %.2fh%.2f\"/>\n", p.x, p.y + p.h * hi / (hi - lo), p.w);
    for (uint32_t k = 0; k < l->n; k++) {
        one_line(s, p, l, &l->line[k], lo, hi);
        if (!l->line[k].name) continue;
        const double y = p.y + 8 + 14 * named++;
        svg_put(s, "<rect x=\"%.2f\" y=\"%.2f\" width=\"8\" height=\"8\" fill=\"%s\"%s/>", p.x + p.w + 6, y - 7,
                colour_series(l->line[k].colour), l->line[k].low ? " fill-opacity=\"0.3\"" : "");
        svg_text(s, p.x + p.w + 17, y, SVG_START, 9.5, l->line[k].name);
    }
    const double step = round_step((hi - lo) / 4);
    for (double v = ceil(lo / step) * step; v <= hi; v += step)
        number_label(s, p.x - 5, p.y + p.h * (hi - v) / (hi - lo) + 3, SVG_END, fabs(v) < step * 1e-6 ? 0 : v);
    const uint32_t last = l->points ? l->points - 1 : 0;
    for (uint32_t i = 0; i <= 4; i++) {
        const uint32_t at = last * i / 4;
        if (i && at == last * (i - 1) / 4) continue;
        number_label(s, p.x + p.w * at / fmax(last, 1), p.y + p.h + 14, SVG_MIDDLE, position(&l->x, at));
    }
}

// --- ridges -------------------------------------------------------------------------------------------------------

void plot_ridge(struct svg *s, struct plot_box f, const struct ridge *r)
{
    const struct plot_box p = inner(f);
    double peak = 0;
    for (uint64_t i = 0; i < (uint64_t)r->rows * r->bins; i++) peak = fmax(peak, r->v[i]);
    char scale[80];
    snprintf(scale, sizeof scale, "highest %.4g", peak);
    names(s, f, p, r->title, r->unit, r->row_name);
    svg_text(s, p.x + p.w, p.y - 6, SVG_END, 10, scale);
    const double step = p.h / (r->rows + 3.0), tall = 4 * step, every = ceil(r->rows / 24.0);
    for (uint32_t k = r->rows; k-- > 0;) { // from the back: what is in front covers it
        const double base = p.y + p.h - step * k;
        svg_put(s,
                "<path fill=\"#9cc5e0\" fill-opacity=\"0.85\" stroke=\"#0a4a75\" stroke-width=\"0.7\" d=\"M%.2f %.2f",
                p.x, base);
        const double *v = r->v + (uint64_t)k * r->bins, up = peak > 0 ? tall / peak : 0;
        for (uint32_t i = 0; i < r->bins; i++) // points on a level stretch are left out
            if (!i || i + 1 == r->bins || fabs(v[i] - v[i - 1]) * up > 0.05 || fabs(v[i] - v[i + 1]) * up > 0.05)
                svg_put(s, "L%.1f %.1f", p.x + p.w * (i + 0.5) / r->bins, base - up * v[i]);
        svg_put(s, "L%.2f %.2fz\"/>\n", p.x + p.w, base);
        if (fmod(k, every) == 0) svg_text(s, p.x - 4, base + 1, SVG_END, 9, r->label[k]);
    }
    for (uint32_t i = 0; i <= 4; i++)
        number_label(s, p.x + p.w * i / 4, p.y + p.h + 14, SVG_MIDDLE, r->lo + (r->hi - r->lo) * i / 4);
}
