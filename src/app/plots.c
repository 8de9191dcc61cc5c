// plots.c — axes, legends and colours that the board's pages share. Knows numbers, not what they mean.
#include "app/window.h"
#include "board/svg.h"

#include <math.h>
#include <string.h>

void plot_cell(struct image *im, uint32_t x, uint32_t y, double v, const struct scale *s)
{
    const struct rgb c = isnan(v) ? (struct rgb){112, 112, 112} : colour_of(v, s->low, s->high, s->rest, s->two_sided);
    memcpy(im->rgb + ((size_t)y * im->w + x) * 3, &c, 3);
}

void plot_title(struct rect r, const char *text, const char *unit)
{
    const float x = ui_words_width(0.95F, text) + 10 * ui_scale();
    ui_words(r.x, r.y, INK_TEXT, 0.95F, text);
    if (x + ui_words_width(PLOT_SMALL, unit) <= r.w) ui_words(r.x + x, r.y + 1, INK_DIM, PLOT_SMALL, unit);
}

struct rect plot_room(struct rect r, float left, float right)
{
    const float s = ui_scale();
    return (struct rect){r.x + left * s, r.y + 26 * s, r.w - (left + right) * s, r.h - 50 * s};
}

void plot_time_axis(const struct board *b, struct rect r)
{
    char text[48];
    const float s = ui_scale(), y = r.y + r.h + 2 * s;
    const struct {
        float at;
        uint32_t eval;
    } mark[] = {{0, 0}, {0.5F, b->evals / 2}, {1, b->evals - 1}};
    const bool narrow = r.w < 260 * s; // the middle would run into the ends
    for (size_t i = 0; i < COUNTOF(mark); i += narrow ? 2 : 1) {
        snprintf(text, sizeof text,
                 i == 0   ? "noise, t = %.3g"
                 : i == 2 ? "picture, t = %.3g"
                          : "t = %.3g",
                 b->t[mark[i].eval]);
        const float w = ui_words_width(PLOT_SMALL, text);
        ui_words(r.x + r.w * mark[i].at - w * mark[i].at, y, INK_DIM, PLOT_SMALL, text);
    }
}

void plot_legend(struct rect beside, const struct scale *c)
{
    char text[32];
    const float s = ui_scale();
    const struct rect r = {beside.x + beside.w + 10 * s, beside.y, 10 * s, beside.h};
    enum { PARTS = 32 };
    static const double places[] = {1, 0.5, 0};
    for (int i = 0; i < PARTS; i++) {
        const double v = c->high - (c->high - c->low) * (i + 0.5) / PARTS;
        const struct rgb ink = colour_of(v, c->low, c->high, c->rest, c->two_sided);
        ui_paint((struct rect){r.x, r.y + r.h * (float)i / PARTS, r.w, r.h / PARTS + 1}, ink.r, ink.g, ink.b);
    }
    for (size_t i = 0; i < COUNTOF(places); i++) {
        snprintf(text, sizeof text, "%.3g", c->low + (c->high - c->low) * places[i]);
        ui_words(r.x + 14 * s, r.y + (r.h - 14 * s) * (float)(1 - places[i]), INK_DIM, PLOT_SMALL, text);
    }
}

void plot_now(struct rect r, uint32_t column, uint32_t columns)
{
    const float w = r.w / (float)columns;
    ui_edge((struct rect){r.x + w * (float)column - 1, r.y - 2, fmaxf(w, 3) + 2, r.h + 4}, INK_ACCENT, 2 * ui_scale(),
            0);
}

uint32_t plot_place(float at, float from, float size, uint32_t n)
{
    const float part = (at - from) / size * (float)n;
    return part <= 0 ? 0 : min_u32(n - 1, (uint32_t)part);
}

float plot_height(struct rect r, double v, double low, double high)
{
    return r.y + r.h * (float)((high - v) / (high - low));
}

void plot_range(struct rect r, double low, double high)
{
    char text[32];
    const float s = ui_scale();
    snprintf(text, sizeof text, "%.2g", high);
    ui_words(r.x - 6 * s - ui_words_width(PLOT_SMALL, text), r.y - 2 * s, INK_DIM, PLOT_SMALL, text);
    snprintf(text, sizeof text, "%.2g", low);
    ui_words(r.x - 6 * s - ui_words_width(PLOT_SMALL, text), r.y + r.h - 15 * s, INK_DIM, PLOT_SMALL, text);
}

uint32_t plot_stride(float row)
{
    const float stride = ceilf(13 * ui_scale() / fmaxf(row, 0.1F));
    return stride <= 1 ? 1 : stride <= 2 ? 2 : (uint32_t)ceilf(stride / 4) * 4;
}

void plot_rows(struct rect r, uint32_t rows)
{
    char text[16];
    const float s = ui_scale(), row = r.h / (float)rows;
    for (uint32_t i = 0; i < rows; i += plot_stride(row)) {
        snprintf(text, sizeof text, "%u", i);
        ui_words(r.x - 6 * s - ui_words_width(PLOT_SMALL, text), r.y + row * ((float)i + 0.5F) - 8 * s, INK_DIM,
                 PLOT_SMALL, text);
    }
}
