// svg.h — plots as SVG text: a small writer, colours, and the few kinds of plot that the mixing board needs.
// Knows nothing about models. Every plot has a title, named axes with units, and a legend.
#ifndef VKDIT_BOARD_SVG_H
#define VKDIT_BOARD_SVG_H

#include "base/base.h"

struct svg {
    char *text;
    uint32_t n, room;
    struct err *e; // the first failure; after one, writing does nothing
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

void svg_open(struct svg *s, double w, double h, const char *title, struct err *e);
void svg_put(struct svg *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void svg_text(struct svg *s, double x, double y, enum svg_anchor anchor, double size, const char *text);
// Ends the drawing with a description (how it was made) and writes the file, replacing an older one.
bool svg_save(struct svg *s, const char *path, const char *description);
void svg_close(struct svg *s);

// Colours, computed with even steps of lightness in the OKLab space; the two ends differ for every kind of colour
// vision. Diverging: -1 blue, 0 white, 1 orange. Rising: 0 white, 1 dark blue.
struct rgb {
    uint8_t r, g, b;
};
struct rgb colour_diverging(double u);
struct rgb colour_rising(double u);
struct rgb colour_of(double v, double lo, double hi, double rest, bool diverging);
const char *colour_series(uint32_t i); // "#rrggbb", 7 that can be told apart, then again from the first

struct plot_box {
    double x, y, w, h; // of everything, labels and legend included
};

struct axis {
    const char *name;    // with its unit
    const double *value; // of each member, NULL: 0, 1, 2, ...
};

// rows x cols numbers as coloured cells. lo == hi: the range of the numbers, around rest when diverging.
struct heat {
    const char *title, *unit;
    const double *v; // [rows][cols]
    uint32_t rows, cols;
    struct axis row, col;
    bool diverging;
    double rest, lo, hi;
};
void plot_heat(struct svg *s, struct plot_box f, const struct heat *h);
void heat_range(const struct heat *h, double *lo, double *hi);

struct line {
    const char *name; // NULL: not in the legend
    const double *y;
    const double *low; // not NULL: a band from low to y instead of a line
    uint32_t colour;
};
struct lines {
    const char *title, *unit; // unit: the upright axis
    const struct line *line;
    uint32_t n, points;
    struct axis x;
    bool from_zero;
};
void plot_lines(struct svg *s, struct plot_box f, const struct lines *l);

// Densities one above the other, the first at the bottom; all on one scale.
struct ridge {
    const char *title, *unit, *row_name;
    const double *v; // [rows][bins]
    uint32_t rows, bins;
    double lo, hi;            // of the bins
    const char *const *label; // of each row
};
void plot_ridge(struct svg *s, struct plot_box f, const struct ridge *r);

#endif
