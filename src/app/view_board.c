// view_board.c — the mixing board's plots beside the picture: all blocks over all steps, one vector's channels over the
// steps, its spread, and its channels now. Draws what board.h prepared.
#include "app/window.h"
#include "board/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float small = 0.86F;
enum { CHANNEL_ROWS = 220 }; // more channels than this share rows of the channels' plot

static const char *const vector_words[SLOT_VECTORS] = {"shift of attention", "scale of attention", "gate of attention",
                                                       "shift of MLP",       "scale of MLP",       "gate of MLP"};

// The evaluation that comes next at the shown step.
static uint32_t present(const struct app *a, struct film *f)
{
    const struct board *b = f->board;
    const uint32_t steps = max_u32(1, f->steps);
    return min_u32(b->evals - 1, (uint32_t)((uint64_t)a->at * b->evals / steps));
}

static uint32_t slot_of(const struct app *a, const struct board *b)
{
    return min_u32(a->board.block, b->blocks - 1) * SLOT_VECTORS + a->board.vector;
}

static void put_cell(struct image *im, uint32_t x, uint32_t y, double v, double low, double high, double rest, bool two)
{
    const struct rgb c = colour_of(v, low, high, rest, two);
    memcpy(im->rgb + ((size_t)y * im->w + x) * 3, &c, 3);
}

// --- frames, axes, legends ----------------------------------------------------------------------------------------

static void title(struct rect r, const char *text, const char *unit)
{
    ui_words(r.x, r.y, INK_TEXT, 0.95F, text);
    ui_words(r.x + ui_words_width(0.95F, text) + 10 * ui_scale(), r.y + 1, INK_DIM, small, unit);
}

static void time_axis(const struct board *b, struct rect r)
{
    char text[48];
    const float s = ui_scale(), y = r.y + r.h + 2 * s;
    const struct {
        float at;
        uint32_t eval;
    } mark[] = {{0, 0}, {0.5F, b->evals / 2}, {1, b->evals - 1}};
    for (size_t i = 0; i < COUNTOF(mark); i++) {
        snprintf(text, sizeof text,
                 i == 0   ? "noise, t = %.3g"
                 : i == 2 ? "picture, t = %.3g"
                          : "t = %.3g",
                 b->t[mark[i].eval]);
        const float w = ui_words_width(small, text);
        ui_words(r.x + r.w * mark[i].at - w * mark[i].at, y, INK_DIM, small, text);
    }
}

static void legend(struct rect r, double low, double high, double rest, bool two_sided)
{
    char text[32];
    const float s = ui_scale();
    enum { PARTS = 32 };
    static const double places[] = {1, 0.5, 0};
    for (int i = 0; i < PARTS; i++) {
        const double v = high - (high - low) * (i + 0.5) / PARTS;
        const struct rgb c = colour_of(v, low, high, rest, two_sided);
        ui_paint((struct rect){r.x, r.y + r.h * (float)i / PARTS, 10 * s, r.h / PARTS + 1}, c.r, c.g, c.b);
    }
    for (size_t i = 0; i < COUNTOF(places); i++) {
        snprintf(text, sizeof text, "%.3g", low + (high - low) * places[i]);
        ui_words(r.x + 14 * s, r.y + (r.h - 14 * s) * (float)(1 - places[i]), INK_DIM, small, text);
    }
}

static void now_mark(struct rect r, uint32_t eval, uint32_t evals)
{
    const float w = r.w / (float)evals;
    ui_edge((struct rect){r.x + w * (float)eval - 1, r.y - 2, fmaxf(w, 3) + 2, r.h + 4}, INK_ACCENT, 2 * ui_scale(), 0);
}

static uint32_t cell_at(float at, float from, float size, uint32_t n)
{
    const float part = (at - from) / size * (float)n;
    return part <= 0 ? 0 : min_u32(n - 1, (uint32_t)part);
}

// --- the map ------------------------------------------------------------------------------------------------------

static const struct shot *map_shot(struct app *a, struct film *f, double low, double high, bool two_sided)
{
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const uint32_t key[3] = {f->number, v->vector, (uint32_t)v->stat};
    struct err e = {0};
    if (v->map.texture && !memcmp(key, v->map_key, sizeof key)) return &v->map;
    struct image im = {b->evals, b->blocks, mem_zero(3ull * b->evals * b->blocks, 1, &e)};
    for (uint32_t i = 0; im.rgb && i < b->evals * b->blocks; i++)
        put_cell(&im, i % b->evals, i / b->evals,
                 board_stat_at(b, v->stat, i / b->evals * SLOT_VECTORS + v->vector, i % b->evals), low, high,
                 board_rest(b, v->vector, v->stat), two_sided);
    const struct shot *s = im.rgb ? shot_cells(a, &v->map, &im, NULL) : NULL;
    image_close(&im);
    memcpy(v->map_key, key, sizeof key);
    return s;
}

static void map(struct app *a, struct film *f, struct rect room)
{
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const float s = ui_scale(), left = 30 * s, right = 62 * s;
    const struct rect r = {room.x + left, room.y + 26 * s, room.w - left - right, room.h - 50 * s};
    char text[200];
    double low, high;
    bool two;
    board_range(b, v->stat, v->vector, &low, &high, &two);
    const double rest = board_rest(b, v->vector, v->stat);
    snprintf(text, sizeof text, "%s, %s%s%s", vector_words[v->vector], board_stats[v->stat].name,
             *board_stats[v->stat].unit ? ", " : "", board_stats[v->stat].unit);
    title(room, "Every block at every step", text);
    const struct shot *shot = map_shot(a, f, low, high, two);
    if (shot) ui_picture(shot->texture, r, 0);
    const float row = r.h / (float)b->blocks;
    for (uint32_t i = 0; i<b->blocks; i += b->blocks> 14 ? 4 : 1) {
        snprintf(text, sizeof text, "%u", i);
        ui_words(r.x - 6 * s - ui_words_width(small, text), r.y + row * ((float)i + 0.5F) - 8 * s, INK_DIM, small,
                 text);
    }
    time_axis(b, r);
    legend((struct rect){r.x + r.w + 10 * s, r.y, right - 10 * s, r.h}, low, high, rest, two);
    const uint32_t from = min_u32(v->block, b->blocks - 1), to = min_u32(max_u32(v->block_to, from), b->blocks - 1);
    ui_edge((struct rect){r.x - 2, r.y + row * (float)from, r.w + 4, row * (float)(to - from + 1)}, INK_TEXT, 1.5F * s,
            0);
    now_mark(r, present(a, f), b->evals);
    if (ui_spot("map", r)) {
        float x, y;
        ui_mouse(&x, &y);
        v->block = v->block_to = cell_at(y, r.y, r.h, b->blocks);
        app_event(a, json_pack("{ss, si}", "event", "block", "block", (int)v->block));
    }
    if (!ui_over()) return;
    float x, y;
    ui_mouse(&x, &y);
    const uint32_t block = cell_at(y, r.y, r.h, b->blocks), eval = cell_at(x, r.x, r.w, b->evals);
    snprintf(text, sizeof text, "block %u, step %u, t = %.4g: %s %.4g%s (at rest %.0f)\nClick: its channels", block,
             eval, b->t[eval], board_stats[v->stat].name,
             (double)board_stat_at(b, v->stat, block * SLOT_VECTORS + v->vector, eval), board_stats[v->stat].unit,
             rest);
    ui_tip(text);
}

// --- one vector ---------------------------------------------------------------------------------------------------

static bool strip_ready(struct app *a, struct film *f, bool *fresh)
{
    struct board_view *v = &a->board;
    const uint32_t slot = slot_of(a, f->board), key[3] = {f->number, slot, (uint32_t)v->order};
    struct err e = {0};
    *fresh = !v->strip.order || memcmp(key, v->strip_key, sizeof key) != 0;
    if (!*fresh) return true;
    memcpy(v->strip_key, key, sizeof key);
    return strip_make(&v->strip, f->board, slot, v->order, &e);
}

// Colours tell most channels apart; the few that go further have the last colour.
static double reach_of(const struct strip *st, double rest)
{
    double reach = 1e-6;
    for (uint32_t k = 0; k < st->evals; k++)
        reach = fmax(reach, 1.5 * fmax(fabs(st->quantile[k] - rest), fabs(st->quantile[4 * st->evals + k] - rest)));
    return fmin(reach, fmax(fmax(st->high - rest, rest - st->low), 1e-6));
}

// Channels downwards, steps to the right. Where there are more channels than rows, a row shows the loudest of its.
static const struct shot *channels_shot(struct app *a, struct film *f, bool fresh, double rest)
{
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const uint32_t slot = slot_of(a, b), rows = min_u32(b->width, CHANNEL_ROWS);
    const double reach = reach_of(&v->strip, rest);
    struct err e = {0};
    if (v->channels.texture && !fresh) return &v->channels;
    struct image im = {b->evals, rows, mem_zero(3ull * b->evals * rows, 1, &e)};
    for (uint32_t y = 0; im.rgb && y < rows; y++)
        for (uint32_t x = 0; x < b->evals; x++) {
            const float *now = board_row(b, slot, x);
            double most = rest;
            for (uint32_t c = (uint32_t)((uint64_t)y * b->width / rows); c < (uint64_t)(y + 1) * b->width / rows; c++)
                if (fabs(now[v->strip.order[c]] - rest) >= fabs(most - rest)) most = now[v->strip.order[c]];
            put_cell(&im, x, y, most, rest - reach, rest + reach, rest, true);
        }
    const struct shot *s = im.rgb ? shot_cells(a, &v->channels, &im, NULL) : NULL;
    image_close(&im);
    return s;
}

static void channels(struct app *a, struct film *f, struct rect room, bool fresh)
{
    static const char *const orders[ORDER_COUNT] = {"by number", "by size", "by change over the run"};
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const float s = ui_scale(), right = 62 * s;
    const struct rect r = {room.x + 30 * s, room.y + 26 * s, room.w - 30 * s - right, room.h - 50 * s};
    const uint32_t slot = slot_of(a, b);
    const double rest = board_slot_is_scale(b, slot) ? 1 : 0, reach = reach_of(&v->strip, rest);
    char text[200];
    snprintf(text, sizeof text, "%u channels %s, %s", b->width, orders[v->order],
             rest > 0 ? "1 + scale: 1 passes, 0 is silent" : "0 is rest");
    char head[80];
    snprintf(head, sizeof head, "Block %u, %s", slot / SLOT_VECTORS, vector_words[v->vector]);
    title(room, head, text);
    const struct shot *shot = channels_shot(a, f, fresh, rest);
    if (shot) ui_picture(shot->texture, r, 0);
    legend((struct rect){r.x + r.w + 10 * s, r.y, right - 10 * s, r.h}, rest - reach, rest + reach, rest, true);
    time_axis(b, r);
    now_mark(r, present(a, f), b->evals);
    float x, y;
    const bool clicked = ui_spot("channels", r);
    ui_mouse(&x, &y);
    if (clicked) {
        v->watch = (struct watch){true, slot / SLOT_VECTORS, v->strip.order[cell_at(y, r.y, r.h, b->width)]};
        worker_watch(a->worker, v->watch);
        app_event(a, json_pack("{ss, si, si}", "event", "watch", "block", (int)v->watch.block, "channel",
                               (int)v->watch.channel));
    }
    if (!ui_over()) return;
    const uint32_t at = cell_at(y, r.y, r.h, b->width), eval = cell_at(x, r.x, r.w, b->evals);
    const uint32_t c = v->strip.order[at];
    snprintf(text, sizeof text,
             "channel %u, step %u, t = %.4g: %.4g\nfirst %.4g, last %.4g\nClick: watch it over the picture", c, eval,
             b->t[eval], (double)board_row(b, slot, eval)[c], (double)board_row(b, slot, 0)[c],
             (double)board_row(b, slot, b->evals - 1)[c]);
    ui_tip(text);
}

// --- spread over the steps, and the channels now ------------------------------------------------------------------

static float height_of(struct rect r, double v, double low, double high)
{
    return r.y + r.h * (float)((high - v) / (high - low));
}

static void scale_words(struct rect r, double low, double high)
{
    char text[32];
    const float s = ui_scale();
    snprintf(text, sizeof text, "%.2g", high);
    ui_words(r.x - 6 * s - ui_words_width(small, text), r.y - 2 * s, INK_DIM, small, text);
    snprintf(text, sizeof text, "%.2g", low);
    ui_words(r.x - 6 * s - ui_words_width(small, text), r.y + r.h - 15 * s, INK_DIM, small, text);
}

static void bands(struct app *a, struct film *f, struct rect room)
{
    const struct strip *st = &a->board.strip;
    const struct board *b = f->board;
    const float s = ui_scale(), w = (room.w - 44 * s) / (float)st->evals;
    const struct rect r = {room.x + 44 * s, room.y + 26 * s, room.w - 44 * s, room.h - 50 * s};
    const double rest = board_slot_is_scale(b, slot_of(a, b)) ? 1 : 0;
    const double low = fmin(st->low, rest), high = fmax(fmax(st->high, rest), low + 1e-6);
    title(room, "Spread", "90 %, 50 % of channels; median");
    ui_fill(r, INK_PANEL, 1, 0);
    for (uint32_t k = 0; k < st->evals; k++) {
        float y[5];
        for (int q = 0; q < 5; q++) y[q] = height_of(r, st->quantile[(uint32_t)q * st->evals + k], low, high);
        const float x = r.x + w * (float)k;
        ui_fill((struct rect){x, y[4], w + 0.5F, y[0] - y[4]}, INK_ACCENT, 0.25F, 0);
        ui_fill((struct rect){x, y[3], w + 0.5F, y[1] - y[3]}, INK_ACCENT, 0.4F, 0);
        ui_fill((struct rect){x, y[2] - s, w + 0.5F, 2 * s}, INK_TEXT, 1, 0);
    }
    ui_fill((struct rect){r.x, height_of(r, rest, low, high), r.w, 1}, INK_DIM, 1, 0);
    scale_words(r, low, high);
    time_axis(b, r);
    now_mark(r, present(a, f), st->evals);
}

static void bars(struct app *a, struct film *f, struct rect room)
{
    const struct strip *st = &a->board.strip;
    const struct board *b = f->board;
    const uint32_t slot = slot_of(a, b), eval = present(a, f);
    const float s = ui_scale(), w = (room.w - 44 * s) / (float)b->width, *now = board_row(b, slot, eval);
    const struct rect r = {room.x + 44 * s, room.y + 26 * s, room.w - 44 * s, room.h - 50 * s};
    const double rest = board_slot_is_scale(b, slot) ? 1 : 0;
    const double low = fmin(st->low, rest), high = fmax(fmax(st->high, rest), low + 1e-6);
    char text[64];
    snprintf(text, sizeof text, "step %u, t = %.4g", eval, b->t[eval]);
    title(room, "Channels now", text);
    ui_fill(r, INK_PANEL, 1, 0);
    const float base = height_of(r, rest, low, high);
    for (uint32_t c = 0; c < b->width; c++) {
        const float y = height_of(r, now[st->order[c]], low, high);
        ui_fill((struct rect){r.x + w * (float)c, fminf(y, base), fmaxf(w, 1), fabsf(y - base) + 1},
                now[st->order[c]] < rest ? INK_GOOD : INK_WARN, 1, 0);
    }
    scale_words(r, low, high);
}

static void movers(const struct strip *st, struct rect r)
{
    char up[120] = "rise: ", down[120] = "fall: ";
    for (size_t i = 0; i < COUNTOF(st->rising); i++) {
        snprintf(up + strlen(up), sizeof up - strlen(up), "%s%u", i ? ", " : "", st->rising[i]);
        snprintf(down + strlen(down), sizeof down - strlen(down), "%s%u", i ? ", " : "", st->falling[i]);
    }
    const float s = ui_scale(), gap = 24 * s;
    ui_words(r.x, r.y, INK_DIM, small, "From noise to picture, channels that");
    const float x = r.x + ui_words_width(small, "From noise to picture, channels that") + 8 * s;
    ui_words(x, r.y, INK_TEXT, small, up);
    ui_words(x + ui_words_width(small, up) + gap, r.y, INK_TEXT, small, down);
}

// --- the watched channel ------------------------------------------------------------------------------------------

static double loudest(struct film *f, const struct frame *now)
{
    double most = 1e-6;
    const uint32_t n = film_count(f);
    for (uint32_t k = 0; k < n; k++)
        for (uint64_t i = 0; f->frame[k].watched && i < (uint64_t)f->images * f->info.tokens; i++)
            if (f->frame[k].block == now->block && f->frame[k].channel == now->channel)
                most = fmax(most, fabs((double)f->frame[k].watched[i]));
    return most;
}

// Patches in the colours of their values; the stronger a value, the less of the picture is left.
void view_watched(struct app *a, struct film *f, struct rect r)
{
    const struct frame *now = f->frame + a->at;
    const uint32_t side = (uint32_t)lround(sqrt(f->info.tokens));
    uint32_t columns, rows;
    struct err e = {0};
    char text[80];
    if (a->tab != TAB_BOARD || !a->board.watch.on || !now->watched || side * side != f->info.tokens) return;
    film_grid(f, &columns, &rows);
    const uint32_t w = columns * side, h = rows * side;
    const double most = loudest(f, now);
    struct image im = {w, h, mem_zero(3ull * w * h, 1, &e)};
    uint8_t *opacity = mem_zero((uint64_t)w * h, 1, &e);
    for (uint32_t p = 0; im.rgb && opacity && p < w * h; p++) {
        const uint32_t i = p / w / side * columns + p % w / side;
        if (i >= f->images) continue;
        const double u = now->watched[(uint64_t)i * side * side + p / w % side * side + p % w % side] / most;
        put_cell(&im, p % w, p / w, u, -1, 1, 0, true);
        opacity[p] = (uint8_t)(255 * fmin(1, 0.15 + 0.85 * fabs(u)));
    }
    const struct shot *s = im.rgb && opacity ? shot_cells(a, &a->board.over, &im, opacity) : NULL;
    if (s) ui_picture(s->texture, r, 0);
    snprintf(text, sizeof text, "block %u, channel %u into the MLP: up to %.3g", now->block, now->channel, most);
    ui_words(r.x, r.y - 20 * ui_scale(), INK_DIM, small, text);
    image_close(&im);
    free(opacity);
}

// --- the whole ----------------------------------------------------------------------------------------------------

void view_board(struct app *a)
{
    const struct rect r = a->place.board;
    const float s = ui_scale(), pad = 14 * s;
    const struct rect in = {r.x + pad, r.y + pad, r.w - 2 * pad, r.h - 2 * pad};
    struct film *f = app_film(a);
    bool fresh;
    ui_area("board", r, INK_CANVAS, false);
    if (!f || !f->board) {
        ui_words(in.x, in.y, INK_TEXT, 1.2F, "The mixing board");
        ui_words(in.x, in.y + 34 * s, INK_DIM, 1,
                 !f ? "Press Space: the board fills before the first step."
                    : "This run's modulation is not at hand: it is too large, or its sampler chooses its own steps.");
        ui_area_end();
        return;
    }
    const float h = in.h - 26 * s;
    map(a, f, (struct rect){in.x, in.y, in.w, h * 0.36F});
    if (strip_ready(a, f, &fresh)) {
        channels(a, f, (struct rect){in.x, in.y + h * 0.37F, in.w, h * 0.36F}, fresh);
        bands(a, f, (struct rect){in.x, in.y + h * 0.74F, in.w * 0.48F, h * 0.26F});
        bars(a, f, (struct rect){in.x + in.w * 0.52F, in.y + h * 0.74F, in.w * 0.48F, h * 0.26F});
        movers(&a->board.strip, (struct rect){in.x, in.y + h + 6 * s, in.w, 20 * s});
    }
    ui_area_end();
}
