// view_weights.c — the board's page about the weights behind the modulation: histograms with their fitted Gaussians, those of
// one block, and how they grew over training.
#include "app/window.h"
#include "board/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_ALL, ROW_BLOCK, ROW_GROWTH, ROW_COUNT };

static const float gap = 8; // between two columns
static const struct rgb bar = {92, 148, 222}, curve = {236, 140, 58};

// One row of the page as one picture: a histogram beside the other, each `column` wide.
struct canvas {
    struct image im;
    uint8_t *opacity;
    uint32_t column;
};

static void dot(struct canvas *c, uint32_t x, uint32_t y, struct rgb ink)
{
    memcpy(c->im.rgb + ((size_t)y * c->im.w + x) * 3, &ink, 3);
    c->opacity[(size_t)y * c->im.w + x] = 255;
}

static uint32_t height_of(double v, double most, uint32_t room)
{
    return most > 0 ? min_u32(room, (uint32_t)(v / most * room + 0.5)) : 0;
}

static double peak_of(const double *v, uint32_t n)
{
    double most = 0;
    for (uint32_t i = 0; i < n; i++) most = fmax(most, v[i]);
    return most;
}

// The bins that a plot shows, from `low` to `high`.
struct span {
    uint32_t first, bins;
    double low, high;
};

static struct span whole(uint32_t bins, double low, double high)
{
    return (struct span){0, bins, low, high};
}

// Where nearly all weights of a kind are: the histogram's own range, which lies around 0, holds the furthest of all kinds.
static struct span span_of(const struct weights *w, uint32_t kind)
{
    const double bin = (w->high - w->low) / w->bins, reach = fabs(w->kind[kind].mean) + 5 * w->kind[kind].std + 2 * bin;
    const uint32_t half = min_u32(w->bins / 2, (uint32_t)(reach / bin)), first = w->bins / 2 - half;
    return (struct span){first, w->bins - 2 * first, w->low + first * bin, w->high - first * bin};
}

// The largest of the bins that a column of pixels stands for.
static double bin_at(const struct canvas *c, const double *v, const struct span *s, uint32_t x)
{
    const uint32_t from = (uint32_t)((uint64_t)x * s->bins / c->column),
                   to = (uint32_t)((uint64_t)(x + 1) * s->bins / c->column);
    return peak_of(v + s->first + from, max_u32(1, to - from));
}

static void histogram(struct canvas *c, uint32_t x0, const double *density, const struct span *span)
{
    const double most = peak_of(density + span->first, span->bins);
    for (uint32_t x = 0; x < c->column; x++)
        for (uint32_t h = 0; h < height_of(bin_at(c, density, span, x), most, c->im.h); h++)
            dot(c, x0 + x, c->im.h - 1 - h, bar);
}

// In the histogram's own scale, cut off where it goes beyond.
static void gaussian(struct canvas *c, uint32_t x0, const struct weights *w, uint32_t kind, const struct span *span)
{
    const double most = peak_of(weights_density(w, kind), w->bins);
    uint32_t before = 0;
    for (uint32_t x = 0; x < c->column; x++) {
        const uint32_t bin = span->first + (uint32_t)((uint64_t)x * span->bins / c->column);
        const uint32_t h = height_of(weights_fit(w, kind, bin), most, c->im.h - 1);
        for (uint32_t y = min_u32(h, before); y <= max_u32(h, before); y++) dot(c, x0 + x, c->im.h - 1 - y, curve);
        before = h;
    }
}

// The first time at the bottom, each a curve of its own over the one behind it.
static void ridges(struct canvas *c, uint32_t x0, const struct growth *g, uint32_t kind)
{
    const double *v = growth_density(g, kind);
    const struct span span = whole(g->bins, g->low, g->high);
    const uint32_t step = max_u32(1, c->im.h / (g->times + 2)), room = 3 * step;
    for (uint32_t t = g->times; t-- > 0;)
        for (uint32_t x = 0; x < c->column && t * step < c->im.h; x++) {
            const uint32_t foot = c->im.h - 1 - t * step;
            const uint32_t h = height_of(bin_at(c, v + (size_t)t * g->bins, &span, x), 1, room);
            for (uint32_t y = 0; y <= h && y <= foot; y++)
                dot(c, x0 + x, foot - y, y && y == h ? curve : colour_rising(0.45 + 0.5 * t / g->times));
        }
}

static void row_shot(struct app *a, uint32_t row, const struct weights_page *p, struct rect r)
{
    const struct weights *w = &p->weights;
    const uint32_t kinds = row == ROW_BLOCK ? WEIGHT_BLOCK_KINDS : WEIGHT_KINDS, width = (uint32_t)r.w,
                   height = (uint32_t)r.h, block = min_u32(a->board.block, max_u32(w->blocks, 1) - 1);
    struct err e = {0};
    struct canvas c = {{width, height, mem_zero(3ull * width * height, 1, &e)},
                       mem_zero((uint64_t)width * height, 1, &e),
                       (uint32_t)(r.w / WEIGHT_KINDS - gap * ui_scale())};
    for (uint32_t k = 0; c.im.rgb && c.opacity && k < kinds; k++) {
        const uint32_t x0 = k * (width / WEIGHT_KINDS);
        const struct span span = span_of(w, k);
        if (row == ROW_ALL) histogram(&c, x0, weights_density(w, k), &span);
        if (row == ROW_ALL && w->kind[k].std > 0) gaussian(&c, x0, w, k, &span);
        if (row == ROW_BLOCK && w->blocks) histogram(&c, x0, weights_block_density(w, block, k), &span);
        if (row == ROW_GROWTH) ridges(&c, x0, &p->growth, k);
    }
    if (c.im.rgb && c.opacity) shot_cells(a, a->board.histograms + row, &c.im, c.opacity);
    image_close(&c.im);
    free(c.opacity);
}

// Drawn anew when another model, block or size is looked at.
static void draw_row(struct app *a, uint32_t row, const struct weights_page *p, struct rect r)
{
    char text[24];
    struct shot *shot = a->board.histograms + row;
    const float s = ui_scale(), column = floorf(r.w / WEIGHT_KINDS), w = column - gap * s;
    if (w < 8 || r.h < 8) return;
    if (a->board.drawn != p || a->board.histograms_key != a->board.block || shot->w != (uint32_t)r.w ||
        shot->h != (uint32_t)r.h)
        row_shot(a, row, p, r);
    for (uint32_t k = 0; k < (row == ROW_BLOCK ? WEIGHT_BLOCK_KINDS : WEIGHT_KINDS); k++) {
        const float x = r.x + column * (float)k;
        const struct span span =
            row == ROW_GROWTH ? whole(p->growth.bins, p->growth.low, p->growth.high) : span_of(&p->weights, k);
        ui_fill((struct rect){x, r.y, w, r.h}, INK_PANEL, 1, 0);
        snprintf(text, sizeof text, "%.2g", span.low);
        ui_words(x, r.y + r.h + 2 * s, INK_DIM, PLOT_SMALL, text);
        snprintf(text, sizeof text, "%.2g", span.high);
        ui_words(x + w - ui_words_width(PLOT_SMALL, text), r.y + r.h + 2 * s, INK_DIM, PLOT_SMALL, text);
    }
    if (shot->texture) ui_picture(shot->texture, (struct rect){r.x, r.y, (float)shot->w, (float)shot->h}, 0);
}

static void facts(const struct weights *w, struct rect r)
{
    static const char *const names[WEIGHT_KINDS] = {"gates", "scales", "shifts", "final scale", "final shift"};
    const float s = ui_scale(), column = r.w / WEIGHT_KINDS;
    char text[80];
    for (uint32_t k = 0; k < WEIGHT_KINDS; k++) {
        const float x = r.x + column * (float)k;
        ui_words(x, r.y, INK_TEXT, 0.95F, names[k]);
        snprintf(text, sizeof text, "mean %.1e", w->kind[k].mean);
        ui_words(x, r.y + 18 * s, INK_DIM, PLOT_SMALL, text);
        snprintf(text, sizeof text, "std %.2e", w->kind[k].std);
        ui_words(x, r.y + 34 * s, INK_DIM, PLOT_SMALL, text);
        snprintf(text, sizeof text, "kurtosis %+.2f", w->kind[k].kurtosis);
        ui_words(x, r.y + 50 * s, INK_DIM, PLOT_SMALL, text);
    }
}

static void growth(struct app *a, const struct weights_page *p, struct rect r)
{
    const struct growth *g = &p->growth;
    char text[160];
    if (!g->times) {
        plot_title(r, "Over training", "no log lies beside this model");
        return;
    }
    snprintf(text, sizeof text, "from iteration %lld (bottom) to %lld, %u times, each row to its own peak",
             (long long)g->iteration[0], (long long)g->iteration[g->times - 1], g->times);
    plot_title(r, "Over training", text);
    draw_row(a, ROW_GROWTH, p, plot_room(r, 0, 0));
}

void view_weights(struct app *a, struct film *f, struct rect in)
{
    struct board_view *v = &a->board;
    const struct weights_page *p = a->now.weights;
    const float s = ui_scale(), third = (in.h - 92 * s) / ROW_COUNT;
    char text[120];
    (void)f;
    if (!p && a->now.ready && a->now.work == WORK_IDLE) worker_weights(a->worker);
    if (!p || *p->problem) {
        plot_title(in, "Weights behind the modulation", p ? p->problem : "being read");
        v->drawn = NULL;
        return;
    }
    const struct weights *w = &p->weights;
    struct rect r = {in.x, in.y + 92 * s, in.w, third};
    plot_title(in, "Weights behind the modulation", w->scheme);
    facts(w, (struct rect){in.x, in.y + 24 * s, in.w, 68 * s});
    plot_title(r, "All blocks, final layer", "histogram (blue) and the Gaussian of its mean and deviation (orange)");
    draw_row(a, ROW_ALL, p, plot_room(r, 0, 0));
    r.y += third;
    snprintf(text, sizeof text, "Block %u", min_u32(v->block, max_u32(w->blocks, 1) - 1));
    plot_title(r, text, "the block of the faders: gates, scales, shifts");
    draw_row(a, ROW_BLOCK, p, plot_room(r, 0, 0));
    r.y += third;
    growth(a, p, r);
    v->drawn = p;
    v->histograms_key = v->block;
}
