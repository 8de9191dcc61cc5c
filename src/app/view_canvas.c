// view_canvas.c — the picture, as large as it can be; above it what went wrong, below it what was just done.
#include "app/window.h"

#include <math.h>
#include <string.h>

static const float gap = 14;

static struct rect fitted(struct rect room, uint32_t w, uint32_t h)
{
    const float scale = fminf(room.w / (float)w, room.h / (float)h);
    const float pw = floorf((float)w * scale), ph = floorf((float)h * scale);
    return (struct rect){floorf(room.x + (room.w - pw) / 2), floorf(room.y + (room.h - ph) / 2), pw, ph};
}

static void centred(struct rect r, float y, enum ui_ink ink, float size, const char *text)
{
    ui_words(r.x + (r.w - ui_words_width(size, text)) / 2, y, ink, size, text);
}

static struct rect inset(struct rect r, float by)
{
    return (struct rect){r.x + by, r.y + by, r.w - 2 * by, r.h - 2 * by};
}

// --- nothing to see yet -------------------------------------------------------------------------------------------

static void loading(struct app *a, struct rect r)
{
    char text[200];
    const float s = ui_scale(), y = r.y + r.h / 2, w = fminf(360 * s, r.w - 40 * s);
    const struct work_state *n = &a->now;
    const double part = n->total ? (double)n->done / (double)n->total : 0;
    if (!strcmp(n->what, "pipelines"))
        snprintf(text, sizeof text, "Making kernels, %llu of %llu", (unsigned long long)n->done,
                 (unsigned long long)n->total);
    else
        snprintf(text, sizeof text, n->total ? "Loading %s, %.0f of %.0f MiB" : "Loading", n->what,
                 (double)n->done / 1048576, (double)n->total / 1048576);
    centred(r, y - 34 * s, INK_TEXT, 1.1F, text);
    const struct rect bar = {r.x + (r.w - w) / 2, y, w, 6 * s};
    ui_fill(bar, INK_EDGE, 1, 3 * s);
    ui_fill((struct rect){bar.x, bar.y, bar.w * (float)part, bar.h}, INK_ACCENT, 1, 3 * s);
}

static void invitation(struct app *a, struct rect r)
{
    const float s = ui_scale(), y = r.y + r.h / 2;
    const bool preparing = a->now.work == WORK_PREPARING || a->now.work == WORK_RUNNING;
    if (a->now.work == WORK_LOADING || (!a->now.ready && !a->problem)) {
        loading(a, r);
        return;
    }
    if (preparing && a->now.done < a->now.total) { // pipelines that the driver has to compile, say
        loading(a, r);
        return;
    }
    if (preparing) {
        centred(r, y - 20 * s, INK_DIM, 1.2F, "Preparing");
        return;
    }
    centred(r, y - 44 * s, INK_TEXT, 1.7F, a->now.ready ? "Press Space to make a picture" : "Drop a model here");
    centred(r, y + 2 * s, INK_DIM, 1,
            a->now.ready ? "and watch it appear.  F1 shows all keys." : "or choose one at the right.");
    if (a->now.ready && a->now.info.synthetic)
        centred(r, y + 34 * s, INK_WARN, 1, "This model has random weights: its pictures mean nothing.");
}

// --- pictures -----------------------------------------------------------------------------------------------------

// Where it was drawn.
static struct rect picture(const struct shot *shot, struct rect room)
{
    if (!shot) return room;
    const struct rect r = fitted(room, shot->w, shot->h);
    ui_picture(shot->texture, r, 0);
    return r;
}

static void caption(struct rect r, const char *text)
{
    const float s = ui_scale(), w = ui_words_width(1, text);
    const struct rect back = {r.x + (r.w - w) / 2 - 10 * s, r.y + r.h - 30 * s, w + 20 * s, 26 * s};
    ui_fill(back, INK_SHADE, 0.72F, 5 * s);
    ui_words(back.x + 10 * s, back.y + 4 * s, INK_TEXT, 1, text);
}

// The same share of its way for both films, so that runs of different lengths scrub together.
static uint32_t matching(struct app *a, struct film *f, struct film *g)
{
    const uint32_t n = film_count(f), m = film_count(g), whole = max_u32(f->steps, n ? n - 1 : 0);
    const uint32_t other = max_u32(g->steps, m ? m - 1 : 0);
    const uint32_t at = whole ? (uint32_t)lround((double)a->at / whole * other) : 0;
    return m ? min_u32(at, m - 1) : 0;
}

static void name_of(struct film *f, char *out, size_t room)
{
    const char *name = f->class_names && f->class_names->n ? f->class_names->text[0] : NULL;
    char short_name[28];
    snprintf(short_name, sizeof short_name, "%s", name ? name : "");
    short_name[strcspn(short_name, ",")] = 0;
    snprintf(out, room, "Run %u%s%s", f->number, *short_name ? ", " : "", short_name);
}

static void side_by_side(struct app *a, struct film *f, struct film *g, struct rect r, uint32_t other_at)
{
    char text[80];
    const float half = (r.w - gap) / 2;
    const struct rect left = {r.x, r.y, half, r.h}, right = {r.x + half + gap, r.y, half, r.h};
    name_of(f, text, sizeof text);
    caption(picture(shot_film(a, a->canvas, f, a->at, a->view, true), left), text);
    name_of(g, text, sizeof text);
    caption(picture(shot_film(a, a->canvas + 1, g, other_at, a->view, true), right), text);
}

static void compared(struct app *a, struct film *f, struct film *g, struct rect r)
{
    char text[160], one[64], two[64];
    const uint32_t other_at = matching(a, f, g);
    const struct shot *difference = shot_difference(a, f, a->at, g, other_at);
    name_of(f, one, sizeof one);
    name_of(g, two, sizeof two);
    if (a->compare == COMPARE_SIDE) side_by_side(a, f, g, r, other_at);
    if (a->compare == COMPARE_DIFFERENCE) picture(difference, r);
    const bool second = (int)(clock_seconds() * 2) & 1;
    if (a->compare == COMPARE_FLICKER)
        picture(shot_film(a, a->canvas + second, second ? g : f, second ? other_at : a->at, a->view, true), r);
    if (a->compare == COMPARE_FLICKER) caption(r, second ? two : one);
    if (!difference)
        snprintf(text, sizeof text, "These runs have different sizes");
    else if (isinf(difference->psnr))
        snprintf(text, sizeof text, "%s and %s: equal", one, two);
    else
        snprintf(text, sizeof text, "%s and %s: PSNR %.1f dB%s", one, two, difference->psnr,
                 a->compare == COMPARE_DIFFERENCE ? ", difference x3" : "");
    const float s = ui_scale(), w = ui_words_width(1, text);
    ui_fill((struct rect){r.x + (r.w - w) / 2 - 10 * s, r.y, w + 20 * s, 26 * s}, INK_SHADE, 0.72F, 5 * s);
    centred(r, r.y + 4 * s, INK_TEXT, 1, text);
}

static void pictures(struct app *a, struct film *f, struct rect r)
{
    const struct shot *shot = NULL;
    if (a->compare && a->other < a->films && a->other != a->shown)
        compared(a, f, a->film[a->other], r);
    else
        view_watched(a, f, picture(shot = shot_film(a, a->canvas, f, a->at, a->view, true), r));
    // a rough estimate that is looked at deserves a decoded one, when the worker has time
    const bool still =
        !app_running(a) && f->info.has_decoder && a->view == VIEW_ESTIMATE && a->form.preview != PREVIEW_ROUGH;
    if (shot && shot->grade != GRADE_DECODED && still && a->at &&
        (a->asked_film != f->number || a->asked_at != a->at)) {
        a->asked_film = f->number;
        a->asked_at = a->at;
        worker_decode(a->worker, f, a->at);
    }
    if (shot && a->asked > 0 && a->at && f->number > a->asked_after) {
        a->first_preview = clock_seconds() - a->asked;
        a->asked = 0;
        app_event(a, json_pack("{ss, sf}", "event", "first_preview", "seconds", a->first_preview));
    }
}

// --- messages -----------------------------------------------------------------------------------------------------

static void problem(struct app *a)
{
    const float s = ui_scale();
    const struct rect c = a->place.canvas;
    const float w = fminf(c.w - 2 * gap, 620 * s);
    ui_area_front("problem", (struct rect){c.x + (c.w - w) / 2, c.y + gap, w, 172 * s});
    ui_say(INK_BAD, "This did not work");
    ui_tell(INK_TEXT, a->now.problem);
    if (*a->now.advice) ui_tell(INK_DIM, a->now.advice);
    if (ui_button("Close (Esc)", 0, TONE_PLAIN)) a->problem = false;
    ui_area_end();
}

static void toast(struct app *a, struct rect r)
{
    if (clock_seconds() > a->toast_until) return;
    caption((struct rect){r.x, r.y, r.w, r.h - 8 * ui_scale()}, a->toast);
}

void view_canvas(struct app *a)
{
    const struct rect r = a->place.canvas, inside = inset(r, gap * ui_scale());
    struct film *f = app_film(a);
    ui_area("canvas", r, INK_CANVAS, false);
    ui_spot("picture", r);
    if (ui_over() && ui_wheel() != 0 && f) do_scrub(a, ui_wheel() > 0 ? (a->at ? a->at - 1 : 0) : a->at + 1);
    if (f && film_count(f))
        pictures(a, f, inside);
    else
        invitation(a, r);
    if (f && a->now.work == WORK_LOADING) caption(inside, "Loading the model");
    toast(a, inside);
    ui_area_end();
    if (a->problem) problem(a);
}
