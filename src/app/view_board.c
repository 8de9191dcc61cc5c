// view_board.c — the mixing board's plots beside the picture: which page is open, and what the pages share.
#include "app/window.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name, *tip;
    void (*view)(struct app *a, struct film *f, struct rect in);
} pages[PAGE_COUNT] = {
    {"Steps", "Every block and every channel at every step", view_steps},
    {"Likeness", "How alike the steps and the classes are, and how much varies at all", view_likeness},
    {"Patches", "Where in the pictures the watched channel is strongest", view_patches},
    {"Weights", "The weights behind the modulation, and how they grew in training", view_weights},
};

const char *board_vector_words(uint32_t vector)
{
    static const char *const words[BOARD_VECTORS] = {"shift of attention",
                                                     "scale of attention",
                                                     "gate of attention",
                                                     "shift of MLP",
                                                     "scale of MLP",
                                                     "gate of MLP",
                                                     "shift",
                                                     "scale"};
    return words[vector];
}

uint32_t board_present(const struct app *a, const struct film *f)
{
    const uint32_t steps = max_u32(1, f->steps);
    return min_u32(f->board->evals - 1, (uint32_t)((uint64_t)a->at * f->board->evals / steps));
}

void board_watch(struct app *a, uint32_t block, uint32_t channel)
{
    struct watch *w = &a->board.watch;
    w->on = true;
    w->block = block;
    w->channel = channel;
    worker_watch(a->worker, *w);
    app_event(a, json_pack("{ss, si, si}", "event", "watch", "block", (int)block, "channel", (int)channel));
}

static void seen(struct app *a, bool now)
{
    if (!a->worker || a->board.watch.board == now) return; // the window's first picture comes before its threads
    a->board.watch.board = now;
    worker_watch(a->worker, a->board.watch);
}

void board_unseen(struct app *a)
{
    seen(a, false);
}

static void tabs(struct app *a)
{
    const float width = fminf(84 * ui_scale(), (ui_left() - 3 * 4 * ui_scale()) / PAGE_COUNT);
    for (uint32_t i = 0; i < PAGE_COUNT; i++) {
        if (i) ui_beside(4);
        if (ui_tab(pages[i].name, a->board.page == i, width)) {
            a->board.page = (enum board_page)i;
            app_event(a, json_pack("{ss, ss}", "event", "page", "name", pages[i].name));
        }
        ui_tip(pages[i].tip);
    }
}

void view_board(struct app *a)
{
    const struct rect r = a->place.board;
    const float s = ui_scale(), pad = 14 * s, head = 34 * s;
    const struct rect in = {r.x + pad, r.y + pad + head, r.w - 2 * pad, r.h - 2 * pad - head};
    struct film *f = app_film(a);
    ui_area("board", r, INK_CANVAS, false);
    tabs(a);
    seen(a, true);
    if (a->board.page == PAGE_WEIGHTS || (f && film_board(f))) {
        pages[a->board.page].view(a, f, in);
    } else {
        ui_words(in.x, in.y, INK_TEXT, 1.2F, "The mixing board");
        ui_words(in.x, in.y + 34 * s, INK_DIM, 1,
                 !f ? "Press Space: the board fills before the first step."
                    : "This run's modulation was not kept: it is large and the board was closed, or too large, or its\n"
                      "sampler chooses its own steps.");
    }
    ui_area_end();
}
