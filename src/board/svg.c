// svg.c — the writer behind the plots, and the colours. Knows nothing about what is drawn.
#include "board/svg.h"
#include "base/newfile.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void svg_put(struct svg *s, const char *fmt, ...)
{
    char piece[2000];
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(piece, sizeof piece, fmt, ap);
    va_end(ap);
    if (s->e->code != ERR_NONE) return;
    if (n < 0 || n >= (int)sizeof piece || s->n > INT32_MAX - sizeof piece) {
        err_set(s->e, ERR_ARG, "a drawing is too large");
    } else if (mem_grow(&s->text, &s->room, s->n + (uint32_t)n + 1, 1, s->e)) {
        memcpy(s->text + s->n, piece, (size_t)n + 1);
        s->n += (uint32_t)n;
    }
}

// Text of unknown origin: clean UTF-8, markup escaped.
static void put_escaped(struct svg *s, const char *text)
{
    char clean[1600], out[16];
    text_clean(clean, sizeof clean, text, strlen(text));
    for (const char *c = clean; *c; c++) {
        snprintf(out, sizeof out, "%c", *c);
        svg_put(s, "%s", *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '&' ? "&amp;" : *c == '"' ? "&quot;" : out);
    }
}

void svg_open(struct svg *s, double w, double h, const char *title, struct err *e)
{
    *s = (struct svg){.e = e};
    svg_put(s,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
            "font-family=\"sans-serif\" fill=\"#222\">\n<title>",
            w, h, w, h);
    put_escaped(s, title);
    svg_put(s, "</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n");
    svg_text(s, 12, 22, SVG_START, 15, title);
}

void svg_text(struct svg *s, double x, double y, enum svg_anchor anchor, double size, const char *text)
{
    static const char *const names[] = {"start", "middle", "end"};
    svg_put(s, "<text x=\"%.4g\" y=\"%.4g\" font-size=\"%.3g\" text-anchor=\"%s\">", x, y, size, names[anchor]);
    put_escaped(s, text);
    svg_put(s, "</text>\n");
}

bool svg_save(struct svg *s, const char *path, const char *description)
{
    struct newfile f = {0};
    svg_put(s, "<desc>");
    put_escaped(s, description);
    svg_put(s, "</desc>\n</svg>\n");
    if (s->e->code != ERR_NONE || !newfile_open(&f, path, s->e)) return false;
    newfile_put(&f, s->text, s->n);
    return newfile_commit(&f, true, s->e);
}

void svg_close(struct svg *s)
{
    free(s->text);
    *s = (struct svg){0};
}

// --- colours ------------------------------------------------------------------------------------------------------

static uint8_t to_byte(double linear)
{
    const double v = fmin(fmax(linear, 0), 1);
    return (uint8_t)lround(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055));
}

// Ottosson's OKLab, lightness and chroma at a hue (radians), to sRGB.
static struct rgb oklch(double light, double chroma, double hue)
{
    const double a = chroma * cos(hue), b = chroma * sin(hue);
    const double l = pow(light + 0.3963377774 * a + 0.2158037573 * b, 3),
                 m = pow(light - 0.1055613458 * a - 0.0638541728 * b, 3),
                 n = pow(light - 0.0894841775 * a - 1.2914855480 * b, 3);
    return (struct rgb){to_byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * n),
                        to_byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * n),
                        to_byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * n)};
}

struct rgb colour_diverging(double u)
{
    const double x = fmin(fabs(u), 1);
    return oklch(0.98 - 0.50 * x, 0.125 * x, u < 0 ? 4.45 : 0.92);
}

struct rgb colour_rising(double u)
{
    const double x = fmin(fmax(u, 0), 1);
    return oklch(0.98 - 0.68 * x, 0.11 * sin(3.14159265 * (0.1 + 0.75 * x)) * fmin(1, 4 * x), 4.45 - 0.5 * (1 - x));
}

struct rgb colour_of(double v, double lo, double hi, double rest, bool diverging)
{
    if (!diverging) return colour_rising(hi > lo ? (v - lo) / (hi - lo) : 0);
    const double far = fmax(hi - rest, rest - lo);
    return colour_diverging(far > 0 ? (v - rest) / far : 0);
}

// Okabe and Ito's set.
const char *colour_series(uint32_t i)
{
    static const char *const names[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"};
    return names[i % COUNTOF(names)];
}
