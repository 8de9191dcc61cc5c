// view_patches.c — the watched channel: on every patch over the picture, and the patches on which it is strongest.
#include "app/window.h"
#include "board/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 4, ROWS = BOARD_PATCHES / COLUMNS };

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

// Patches a side; 0 when nothing was watched at the shown step.
static uint32_t side_of(const struct app *a, const struct film *f)
{
    const uint32_t side = (uint32_t)lround(sqrt(f->info.tokens));
    return f->frame[a->at].watched && side * side == f->info.tokens ? side : 0;
}

// Patches in the colours of their values; the stronger a value, the less of the picture is left.
void view_watched(struct app *a, struct film *f, struct rect r)
{
    const struct frame *now = f->frame + a->at;
    const uint32_t side = side_of(a, f);
    uint32_t columns, rows;
    struct err e = {0};
    char text[80];
    if (a->tab != TAB_BOARD || !a->board.watch.on || !side) return;
    film_grid(f, &columns, &rows);
    const uint32_t w = columns * side, h = rows * side;
    const double most = loudest(f, now);
    const struct scale scale = {-1, 1, 0, true};
    struct image im = {w, h, mem_zero(3ull * w * h, 1, &e)};
    uint8_t *opacity = mem_zero((uint64_t)w * h, 1, &e);
    for (uint32_t p = 0; im.rgb && opacity && p < w * h; p++) {
        const uint32_t i = p / w / side * columns + p % w / side;
        if (i >= f->images) continue;
        const double u = now->watched[(uint64_t)i * side * side + p / w % side * side + p % w % side] / most;
        plot_cell(&im, p % w, p / w, u, &scale);
        opacity[p] = (uint8_t)(255 * fmin(1, 0.15 + 0.85 * fabs(u)));
    }
    const struct shot *s = im.rgb && opacity ? shot_cells(a, &a->board.over, &im, opacity) : NULL;
    if (s) ui_picture(s->texture, r, 0);
    snprintf(text, sizeof text, "block %u, channel %u into the MLP: up to %.3g", now->block, now->channel, most);
    ui_words(r.x, r.y - 20 * ui_scale(), INK_DIM, PLOT_SMALL, text);
    image_close(&im);
    free(opacity);
}

// --- the page -----------------------------------------------------------------------------------------------------

static const struct shot *patches_shot(struct app *a, struct film *f, uint32_t side)
{
    struct board_view *v = &a->board;
    const struct frame *now = f->frame + a->at;
    const bool decoded = film_decoded(f, a->at) && f->width == f->height;
    const uint32_t key[5] = {f->number, a->at, now->block, now->channel, decoded};
    struct err e = {0};
    if (v->patches.texture && !memcmp(key, v->patches_key, sizeof key)) return &v->patches;
    memcpy(v->patches_key, key, sizeof key);
    const struct patch_pictures from = {decoded         ? now->pixels
                                        : now->rough[1] ? now->rough[1]
                                                        : now->rough[0],
                                        decoded ? f->width : f->info.latent_width, side};
    const uint32_t edge = 3 * (from.edge / side);
    struct image im;
    if (!from.rgb || !image_open(&im, COLUMNS * edge, ROWS * edge, &e)) return NULL;
    v->best_count = patches_best(now->watched, f->images, f->info.tokens, v->best, BOARD_PATCHES);
    for (uint32_t i = 0; i < v->best_count; i++)
        patch_cut(&from, v->best + i, im.rgb, im.w, i % COLUMNS * edge, i / COLUMNS * edge);
    const struct shot *s = shot_cells(a, &v->patches, &im, NULL);
    image_close(&im);
    return s;
}

static void no_patches(struct app *a, struct rect in)
{
    const float s = ui_scale();
    const char *const line[] = {
        a->board.watch.on ? "This step was made without watching the channel." : "No channel is watched.",
        "Click a channel on the page Steps, or tick \"Watch channel\" at the right, and press Space:",
        "the patches on which it is strongest appear here. A batch has more of them."};
    for (size_t i = 0; i < COUNTOF(line); i++)
        ui_words(in.x, in.y + 26 * s * (float)i, i ? INK_DIM : INK_TEXT, 1, line[i]);
}

void view_patches(struct app *a, struct film *f, struct rect in)
{
    const struct frame *now = f->frame + a->at;
    const uint32_t side = side_of(a, f);
    const struct shot *shot = side ? patches_shot(a, f, side) : NULL;
    char text[160];
    if (!shot) {
        no_patches(a, in);
        return;
    }
    snprintf(text, sizeof text, "Block %u, channel %u into the MLP", now->block, now->channel);
    plot_title(in, text, "the patches with its largest values at this step, with their neighbours");
    const float s = ui_scale(), top = 28 * s, edge = fminf(in.w / COLUMNS, (in.h - top) / ROWS);
    const struct rect r = {in.x, in.y + top, edge * COLUMNS, edge * ROWS};
    ui_picture(shot->texture, r, 0);
    for (uint32_t i = 0; i < a->board.best_count; i++) {
        const struct patch *p = a->board.best + i;
        const struct rect cell = {r.x + edge * (float)(i % COLUMNS), r.y + edge * (float)(i / COLUMNS), edge, edge};
        ui_edge(cell, INK_CANVAS, 3 * s, 0);
        ui_edge((struct rect){cell.x + edge / 3, cell.y + edge / 3, edge / 3, edge / 3}, INK_ACCENT, 1.5F * s, 0);
        snprintf(text, sizeof text, f->images > 1 ? "%.3g, picture %u" : "%.3g", (double)p->value, p->image + 1);
        const float w = ui_words_width(PLOT_SMALL, text) + 8 * s;
        ui_fill((struct rect){cell.x + 3 * s, cell.y + edge - 21 * s, w, 18 * s}, INK_CANVAS, 0.85F, 2 * s);
        ui_words(cell.x + 7 * s, cell.y + edge - 20 * s, INK_TEXT, PLOT_SMALL, text);
    }
}
