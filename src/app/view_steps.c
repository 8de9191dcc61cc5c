// view_steps.c — the board's first page: all blocks over all steps, one vector's channels over the steps, its spread, and
// its channels now. Draws what board.h prepared.
#include "app/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNEL_ROWS = 220 }; // more channels than this share rows of the channels' plot

// --- the map ------------------------------------------------------------------------------------------------------

// What the blocks added is known step by step, and only of steps that were measured.
static bool added_cells(struct cells *c, struct film *f, uint32_t vector, struct err *e)
{
    const uint32_t rows = board_rows(f->board, vector), steps = max_u32(1, f->steps), n = film_count(f);
    cells_close(c);
    *c = (struct cells){.rows = rows, .columns = steps, .v = mem_zero((uint64_t)rows * steps, sizeof *c->v, e)};
    for (uint32_t i = 0; c->v && i < rows * steps; i++) {
        const uint32_t at = i % steps + 1, branch = 2 * (i / steps) + (vector >= SLOT_VECTORS / 2);
        const float *added = at < n ? f->frame[at].added : NULL;
        c->v[i] = added && vector < SLOT_VECTORS ? (double)added[branch] : NAN;
    }
    if (c->v) scale_fit(&c->scale, c->v, (uint64_t)rows * steps);
    return c->v != NULL;
}

static const struct shot *map_shot(struct app *a, struct film *f)
{
    struct board_view *v = &a->board;
    const bool added = v->stat == BOARD_ADDED;
    const uint32_t key[4] = {f->number, v->vector, (uint32_t)v->stat, added ? film_count(f) : 0};
    struct err e = {0};
    if (v->map.texture && !memcmp(key, v->map_key, sizeof key)) return &v->map;
    memcpy(v->map_key, key, sizeof key);
    if (!(added ? added_cells(&v->cells, f, v->vector, &e) : cells_make(&v->cells, f->board, v->stat, v->vector, &e)))
        return NULL;
    const struct cells *c = &v->cells;
    struct image im = {c->columns, c->rows, mem_zero(3ull * c->columns * c->rows, 1, &e)};
    for (uint32_t i = 0; im.rgb && i < c->columns * c->rows; i++)
        plot_cell(&im, i % c->columns, i / c->columns, c->v[i], &c->scale);
    const struct shot *s = im.rgb ? shot_cells(a, &v->map, &im, NULL) : NULL;
    image_close(&im);
    return s;
}

static void map_tip(struct app *a, struct film *f, uint32_t row, uint32_t column)
{
    struct board_view *v = &a->board;
    const struct cells *c = &v->cells;
    const double at = c->v[row * c->columns + column];
    char text[240], value[48], place[32], when[48] = "";
    snprintf(place, sizeof place, v->vector < SLOT_VECTORS ? "block %u" : "final layer", row);
    snprintf(value, sizeof value, isnan(at) ? "not measured" : "%.4g%s", at, board_stats[v->stat].unit);
    if (v->stat != BOARD_ADDED) {
        v->hovered = column;
        snprintf(when, sizeof when, ", t = %.4g", f->board->t[column]);
    }
    snprintf(text, sizeof text, "%s, step %u%s: %s %s (at rest %.0f)\nClick: its channels", place, column, when,
             board_stats[v->stat].name, value, c->scale.rest);
    ui_tip(text);
}

static void map_title(const struct app *a, struct rect room)
{
    char text[200];
    const struct board_stat_row *s = board_stats + a->board.stat;
    snprintf(text, sizeof text, "%s, %s%s%s", board_vector_words(a->board.vector), s->name, *s->unit ? ", " : "",
             s->unit);
    plot_title(room, a->board.vector < SLOT_VECTORS ? "Every block at every step" : "The final layer at every step",
               text);
}

static void map(struct app *a, struct film *f, struct rect room)
{
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const struct cells *c = &v->cells;
    const struct rect r = plot_room(room, 30, 62);
    const struct shot *shot = map_shot(a, f);
    map_title(a, room);
    if (!shot) return;
    ui_picture(shot->texture, r, 0);
    const float row = r.h / (float)c->rows, s = ui_scale();
    plot_rows(r, c->rows);
    plot_time_axis(b, r);
    plot_legend(r, &c->scale);
    const uint32_t from = min_u32(v->block, c->rows - 1), to = min_u32(max_u32(v->block_to, from), c->rows - 1);
    ui_edge((struct rect){r.x - 2, r.y + row * (float)from, r.w + 4, row * (float)(to - from + 1)}, INK_TEXT, 1.5F * s,
            0);
    plot_now(r, v->stat == BOARD_ADDED ? min_u32(max_u32(a->at, 1), c->columns) - 1 : board_present(a, f), c->columns);
    float x, y;
    const bool clicked = ui_spot("map", r);
    ui_mouse(&x, &y);
    const uint32_t block = plot_place(y, r.y, r.h, c->rows);
    if (clicked && v->vector < SLOT_VECTORS) {
        v->block = v->block_to = block;
        app_event(a, json_pack("{ss, si}", "event", "block", "block", (int)block));
    }
    if (ui_over()) map_tip(a, f, block, plot_place(x, r.x, r.w, c->columns));
}

// --- one vector ---------------------------------------------------------------------------------------------------

static bool strip_ready(struct app *a, struct film *f, bool *fresh)
{
    struct board_view *v = &a->board;
    const uint32_t slot = board_slot(f->board, v->block, v->vector), key[3] = {f->number, slot, (uint32_t)v->order};
    struct err e = {0};
    *fresh = !v->strip.order || memcmp(key, v->strip_key, sizeof key) != 0;
    if (!*fresh) return true;
    memcpy(v->strip_key, key, sizeof key);
    return strip_make(&v->strip, f->board, slot, v->order, &e);
}

// Colours tell most channels apart; the few that go further have the last colour.
static struct scale channels_scale(const struct strip *st, double rest)
{
    double reach = 1e-6;
    for (uint32_t k = 0; k < st->evals; k++)
        reach = fmax(reach, 1.5 * fmax(fabs(st->quantile[k] - rest), fabs(st->quantile[4 * st->evals + k] - rest)));
    reach = fmin(reach, fmax(fmax(st->high - rest, rest - st->low), 1e-6));
    return (struct scale){rest - reach, rest + reach, rest, true};
}

// Channels downwards, steps to the right. Where there are more channels than rows, a row shows the loudest of its.
static const struct shot *channels_shot(struct app *a, struct film *f, bool fresh, const struct scale *scale)
{
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const uint32_t slot = board_slot(b, v->block, v->vector), rows = min_u32(b->width, CHANNEL_ROWS);
    const double rest = scale->rest;
    struct err e = {0};
    if (v->channels.texture && !fresh) return &v->channels;
    struct image im = {b->evals, rows, mem_zero(3ull * b->evals * rows, 1, &e)};
    for (uint32_t y = 0; im.rgb && y < rows; y++)
        for (uint32_t x = 0; x < b->evals; x++) {
            const float *now = board_row(b, slot, x);
            double most = rest;
            for (uint32_t c = (uint32_t)((uint64_t)y * b->width / rows); c < (uint64_t)(y + 1) * b->width / rows; c++)
                if (fabs(now[v->strip.order[c]] - rest) >= fabs(most - rest)) most = now[v->strip.order[c]];
            plot_cell(&im, x, y, most, scale);
        }
    const struct shot *s = im.rgb ? shot_cells(a, &v->channels, &im, NULL) : NULL;
    image_close(&im);
    return s;
}

static void channel_tip(struct app *a, const struct board *b, uint32_t slot, uint32_t channel, uint32_t eval)
{
    char text[200];
    const bool final = slot + 2 >= board_slots(b);
    a->board.hovered = eval;
    snprintf(text, sizeof text, "channel %u, step %u, t = %.4g: %.4g\nfirst %.4g, last %.4g%s", channel, eval,
             b->t[eval], (double)board_row(b, slot, eval)[channel], (double)board_row(b, slot, 0)[channel],
             (double)board_row(b, slot, b->evals - 1)[channel], final ? "" : "\nClick: watch it over the picture");
    ui_tip(text);
}

static void channels(struct app *a, struct film *f, struct rect room, bool fresh)
{
    static const char *const orders[ORDER_COUNT] = {"by number", "by size", "by change over the run"};
    struct board_view *v = &a->board;
    const struct board *b = f->board;
    const struct rect r = plot_room(room, 30, 62);
    const uint32_t slot = board_slot(b, v->block, v->vector);
    const struct scale scale = channels_scale(&v->strip, board_slot_is_scale(b, slot) ? 1 : 0);
    char text[200], head[80];
    snprintf(text, sizeof text, "%u channels %s, %s", b->width, orders[v->order],
             scale.rest > 0 ? "1 + scale: 1 passes, 0 is silent" : "0 is rest");
    if (v->vector < SLOT_VECTORS)
        snprintf(head, sizeof head, "Block %u, %s", slot / SLOT_VECTORS, board_vector_words(v->vector));
    else
        snprintf(head, sizeof head, "Final layer, %s", v->vector == SLOT_VECTORS ? "shift" : "scale");
    plot_title(room, head, text);
    const struct shot *shot = channels_shot(a, f, fresh, &scale);
    if (shot) ui_picture(shot->texture, r, 0);
    plot_legend(r, &scale);
    plot_time_axis(b, r);
    plot_now(r, board_present(a, f), b->evals);
    float x, y;
    const bool clicked = ui_spot("channels", r);
    ui_mouse(&x, &y);
    const uint32_t channel = v->strip.order[plot_place(y, r.y, r.h, b->width)];
    if (clicked && v->vector < SLOT_VECTORS) board_watch(a, slot / SLOT_VECTORS, channel);
    if (ui_over()) channel_tip(a, b, slot, channel, plot_place(x, r.x, r.w, b->evals));
}

// --- spread over the steps, and the channels now ------------------------------------------------------------------

static void bands(struct app *a, struct film *f, struct rect room)
{
    const struct strip *st = &a->board.strip;
    const struct board *b = f->board;
    const struct rect r = plot_room(room, 44, 0);
    const float s = ui_scale(), w = r.w / (float)st->evals;
    const double rest = board_slot_is_scale(b, board_slot(b, a->board.block, a->board.vector)) ? 1 : 0;
    const double low = fmin(st->low, rest), high = fmax(fmax(st->high, rest), low + 1e-6);
    plot_title(room, "Spread", "90 %, 50 % of channels; median");
    ui_fill(r, INK_PANEL, 1, 0);
    for (uint32_t k = 0; k < st->evals; k++) {
        float y[5];
        for (int q = 0; q < 5; q++) y[q] = plot_height(r, st->quantile[(uint32_t)q * st->evals + k], low, high);
        const float x = r.x + w * (float)k;
        ui_fill((struct rect){x, y[4], w + 0.5F, y[0] - y[4]}, INK_ACCENT, 0.25F, 0);
        ui_fill((struct rect){x, y[3], w + 0.5F, y[1] - y[3]}, INK_ACCENT, 0.4F, 0);
        ui_fill((struct rect){x, y[2] - s, w + 0.5F, 2 * s}, INK_TEXT, 1, 0);
    }
    ui_fill((struct rect){r.x, plot_height(r, rest, low, high), r.w, 1}, INK_DIM, 1, 0);
    plot_range(r, low, high);
    plot_time_axis(b, r);
    plot_now(r, board_present(a, f), st->evals);
}

// At the step under the mouse, else at the shown one.
static void bars(struct app *a, struct film *f, struct rect room)
{
    const struct strip *st = &a->board.strip;
    const struct board *b = f->board;
    const bool hovered = a->board.hovered < b->evals;
    const uint32_t slot = board_slot(b, a->board.block, a->board.vector),
                   eval = hovered ? a->board.hovered : board_present(a, f);
    const struct rect r = plot_room(room, 44, 0);
    const float w = r.w / (float)b->width, *now = board_row(b, slot, eval);
    const double rest = board_slot_is_scale(b, slot) ? 1 : 0;
    const double low = fmin(st->low, rest), high = fmax(fmax(st->high, rest), low + 1e-6);
    char text[64];
    snprintf(text, sizeof text, "step %u, t = %.4g", eval, b->t[eval]);
    plot_title(room, hovered ? "Channels under the mouse" : "Channels now", text);
    ui_fill(r, INK_PANEL, 1, 0);
    const float base = plot_height(r, rest, low, high);
    for (uint32_t c = 0; c < b->width; c++) {
        const float y = plot_height(r, now[st->order[c]], low, high);
        ui_fill((struct rect){r.x + w * (float)c, fminf(y, base), fmaxf(w, 1), fabsf(y - base) + 1},
                now[st->order[c]] < rest ? INK_GOOD : INK_WARN, 1, 0);
    }
    plot_range(r, low, high);
}

static void movers(const struct strip *st, struct rect r)
{
    char up[120] = "rise: ", down[120] = "fall: ";
    for (size_t i = 0; i < COUNTOF(st->rising); i++) {
        snprintf(up + strlen(up), sizeof up - strlen(up), "%s%u", i ? ", " : "", st->rising[i]);
        snprintf(down + strlen(down), sizeof down - strlen(down), "%s%u", i ? ", " : "", st->falling[i]);
    }
    const float s = ui_scale(), gap = 24 * s;
    ui_words(r.x, r.y, INK_DIM, PLOT_SMALL, "From noise to picture, channels that");
    const float x = r.x + ui_words_width(PLOT_SMALL, "From noise to picture, channels that") + 8 * s;
    ui_words(x, r.y, INK_TEXT, PLOT_SMALL, up);
    ui_words(x + ui_words_width(PLOT_SMALL, up) + gap, r.y, INK_TEXT, PLOT_SMALL, down);
}

void view_steps(struct app *a, struct film *f, struct rect in)
{
    bool fresh;
    const float s = ui_scale(), h = in.h - 26 * s;
    a->board.hovered = UINT32_MAX;
    map(a, f, (struct rect){in.x, in.y, in.w, h * 0.36F});
    if (!strip_ready(a, f, &fresh)) return;
    channels(a, f, (struct rect){in.x, in.y + h * 0.37F, in.w, h * 0.36F}, fresh);
    bands(a, f, (struct rect){in.x, in.y + h * 0.74F, in.w * 0.48F, h * 0.26F});
    bars(a, f, (struct rect){in.x + in.w * 0.52F, in.y + h * 0.74F, in.w * 0.48F, h * 0.26F});
    movers(&a->board.strip, (struct rect){in.x, in.y + h + 6 * s, in.w, 20 * s});
}
