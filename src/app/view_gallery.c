// view_gallery.c — runs of this session and saved pictures: look, use their settings, drag them out, throw away.
#include "app/window.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 3 };

static void place_shot(const struct shot *s, struct rect r, bool chosen)
{
    const float big = (float)max_u32(s->w, s->h), w = r.w * (float)s->w / big, h = r.h * (float)s->h / big;
    ui_picture(s->texture, (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 2, w, h}, 0);
    if (chosen) ui_edge(r, INK_ACCENT, 2 * ui_scale(), 4 * ui_scale());
}

static float tile_edge(void)
{
    return (ui_left() - (COLUMNS - 1) * 8 * ui_scale()) / COLUMNS;
}

static void session(struct app *a)
{
    char id[32], tip[200];
    const float edge = tile_edge();
    uint32_t column = 0;
    for (uint32_t i = a->films; i-- > 0; column++) {
        struct film *f = a->film[i];
        struct rect r;
        bool seen;
        const uint32_t n = film_count(f);
        if (column % COLUMNS) ui_beside(8);
        snprintf(id, sizeof id, "run %u", f->number);
        if (ui_tile(id, edge, &r, &seen)) do_show(a, i);
        snprintf(tip, sizeof tip, "Run %u: %s, %u steps, seed %llu", f->number, f->sampler, n ? n - 1 : 0,
                 (unsigned long long)film_seed(f));
        ui_tip(tip);
        const struct shot *s = seen && n ? shot_thumb(a, a->run_thumb + i, f, n - 1, VIEW_ESTIMATE, 96) : NULL;
        if (s) place_shot(s, r, i == a->shown);
    }
}

static bool room_for_tiles(struct app *a, const struct gallery *g)
{
    if (a->tiles_of == a->news.generation && a->tile) return true;
    for (uint32_t i = 0; i < a->tiles; i++) shot_drop(a->tile + i);
    free(a->tile);
    a->tile = mem_zero(g->n, sizeof *a->tile, NULL);
    a->tiles = a->tile ? g->n : 0;
    a->tiles_of = a->news.generation;
    return a->tile != NULL;
}

static const struct gallery_item *chosen_item(const struct app *a)
{
    const struct gallery *g = a->news.gallery;
    for (uint32_t i = 0; g && i < g->n; i++)
        if (!strcmp(g->item[i].path, a->chosen)) return g->item + i;
    return NULL;
}

static void copy_path(struct app *a, const char *path)
{
    char *whole = realpath(path, NULL);
    const bool copied = whole && !SDL_SetClipboardText(whole);
    app_toast(a, copied ? "Copied the path" : "The path could not be copied");
    free(whole);
}

static void about(struct app *a, const struct gallery_item *it)
{
    char text[FORM_PATH + 60];
    const char *slash = strrchr(it->path, '/');
    snprintf(text, sizeof text, "%s, %ux%u", slash ? slash + 1 : it->path, it->w, it->h);
    ui_tell(INK_TEXT, text);
    ui_tell(INK_DIM, *it->parameters ? it->parameters : "The picture does not say how it was made.");
    ui_off(!*it->parameters);
    if (ui_button("Use these settings", -1, TONE_PLAIN)) {
        do_open(a, it->path);
        a->tab = TAB_MAKE;
    }
    ui_on();
    const float half = (ui_left() - 8 * ui_scale()) / 2;
    if (ui_button("Copy path", half, TONE_PLAIN)) copy_path(a, it->path);
    ui_tip("The file's place as text, to paste it into another program");
    ui_beside(8);
    if (ui_button("To the trash", half, TONE_PLAIN)) {
        clerk_trash(a->clerk, it->path, a->form.folder);
        *a->chosen = 0;
    }
    ui_space(4);
}

static void file_tip(struct app *a, const char *path)
{
    char tip[FORM_PATH + 200];
    const char *why;
    if (drag_can(a->window, &why))
        snprintf(tip, sizeof tip, "%s\nDrag it into a file manager or another program.", path);
    else
        snprintf(tip, sizeof tip, "%s\nIt cannot be dragged into another program: %s.", path, why);
    ui_tip(tip);
}

static void saved(struct app *a)
{
    const struct gallery *g = a->news.gallery;
    const float edge = tile_edge();
    char id[32];
    if (!g || !g->n) ui_tell(INK_DIM, "Ctrl+S saves the shown picture here.");
    if (!g || !room_for_tiles(a, g)) return;
    for (uint32_t i = 0; i < g->n; i++) {
        struct rect r;
        bool seen;
        if (i % COLUMNS) ui_beside(8);
        snprintf(id, sizeof id, "file %u", i);
        if (ui_tile(id, edge, &r, &seen)) snprintf(a->chosen, sizeof a->chosen, "%s", g->item[i].path);
        if (ui_pulled()) do_drag(a, g->item[i].path, &g->item[i].small);
        if (seen) file_tip(a, g->item[i].path);
        const struct shot *s = seen ? shot_image(a, a->tile + i, &g->item[i].small) : NULL;
        if (s) place_shot(s, r, !strcmp(a->chosen, g->item[i].path));
    }
}

void view_gallery(struct app *a)
{
    const struct gallery_item *it = chosen_item(a);
    if (a->films) {
        ui_say(INK_DIM, "This session");
        session(a);
        ui_space(4);
    }
    ui_say(INK_DIM, "Saved");
    ui_tip(a->form.folder);
    if (it) about(a, it);
    saved(a);
}
