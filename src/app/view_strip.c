// view_strip.c — the film below the picture: a track to scrub on, every step's thumbnail, what to do with it.
#include "app/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const views[] = {"Estimate", "Noisy", "Difference"};
static const char *const views_tip[] = {"What the finished picture would look like, as far as the model can tell (V)",
                                        "The state that is worked on, noise and all (V)",
                                        "How far the state is from the estimate (V)"};
static const char *const compares[] = {"Compare", "Side by side", "Differing", "Flicker"};

// "Run 3, maple tree": the first of the names that a class has.
static void run_name(const struct film *f, char *out, size_t room)
{
    const char *name = f->class_names && f->class_names->n ? f->class_names->text[0] : NULL;
    if (name)
        snprintf(out, room, "Run %u, %.*s", f->number, (int)strcspn(name, ","), name);
    else
        snprintf(out, room, "Run %u", f->number);
}

static float thumb_edge(void)
{
    return 76 * ui_scale();
}

// --- buttons ------------------------------------------------------------------------------------------------------

static void buttons(struct app *a, struct film *f, uint32_t n)
{
    const float s = ui_scale();
    const bool some = f && n;
    char text[160];
    ui_off(!some);
    if (ui_button(a->playing ? "Pause##play" : "Play##play", 66 * s, TONE_PLAIN)) {
        a->playing = !a->playing;
        if (a->playing && a->at + 1 >= n) a->at = 0;
    }
    ui_tip("Play the film (P)");
    for (int i = 0; i < VIEW_COUNT; i++) {
        ui_beside(i ? 2 : 14);
        if (ui_tab(views[i], a->view == (enum film_view)i, 0)) a->view = (enum film_view)i;
        ui_tip(views_tip[i]);
    }
    ui_on();
    ui_beside(14);
    ui_off(!some || !a->at || !f->steps || app_running(a));
    if (ui_button("Branch here", 0, TONE_PLAIN)) do_branch(a);
    ui_tip("Go on from the shown step with the present settings: another class, guidance, sampler, or seed (B)");
    ui_on();
    ui_beside(4);
    ui_off(a->films < 2);
    if (ui_tab(compares[a->compare], a->compare, 0)) do_compare(a);
    ui_tip(
        "Compare the shown run with the one before: side by side, difference, flicker (C). Up and Down choose the run");
    ui_on();
    ui_beside(4);
    ui_off(!some || film_end_of(f) == FILM_RUNNING);
    if (ui_button("Strip", 0, TONE_QUIET)) do_export(a, EXPORT_STRIP);
    ui_tip("Save every step side by side as one PNG (Ctrl+E)");
    ui_beside(0);
    if (ui_button("Animation", 0, TONE_QUIET)) do_export(a, EXPORT_WEBP);
    ui_tip("Save the film as an animated WebP (Ctrl+W)");
    ui_beside(0);
    if (ui_button("Movie", 0, TONE_QUIET)) do_export(a, EXPORT_MP4);
    ui_tip("Save the film as an MP4, where ffmpeg is installed (Ctrl+M)");
    ui_on();
    if (!some) return;
    const struct frame *now = f->frame + min_u32(a->at, n - 1);
    char name[80];
    run_name(f, name, sizeof name);
    snprintf(text, sizeof text, now->signal > 0 ? "%s   step %u of %u   noise %.0f %%" : "%s   step %u of %u", name,
             a->at, f->steps ? f->steps : n - 1, 100 * now->noise / (now->signal + now->noise));
    ui_beside(16);
    if (ui_left() > ui_words_width(1, text)) ui_say(INK_DIM, text);
}

// --- the track ----------------------------------------------------------------------------------------------------

static void track(struct app *a, struct film *f, uint32_t n, struct rect r)
{
    const float s = ui_scale(), mid = r.y + r.h / 2;
    const uint32_t steps = max_u32(f->steps, n - 1);
    const float done = r.w * (float)(n - 1) / (float)max_u32(steps, 1),
                at = r.w * (float)a->at / (float)max_u32(steps, 1);
    ui_spot("track", r);
    if (ui_held() && steps) {
        float x, y;
        ui_mouse(&x, &y);
        const float part = fminf(1, fmaxf(0, (x - r.x) / r.w));
        do_scrub(a, min_u32((uint32_t)lroundf(part * (float)steps), n - 1));
    }
    const bool over = ui_over() || ui_held();
    ui_fill((struct rect){r.x, mid - 2 * s, r.w, 4 * s}, INK_EDGE, 0.7F, 2 * s);
    ui_fill((struct rect){r.x, mid - 2 * s, done, 4 * s}, INK_ACCENT, 0.55F, 2 * s);
    const float knob = (over ? 8 : 6) * s;
    ui_fill((struct rect){r.x + at - knob, mid - knob, 2 * knob, 2 * knob}, INK_ACCENT, 1, knob);
    if (f->parent_step) // where it left its parent
        ui_fill(
            (struct rect){r.x + r.w * (float)f->parent_step / (float)max_u32(steps, 1) - s, mid - 8 * s, 2 * s, 16 * s},
            INK_WARN, 1, 0);
}

// --- thumbnails ---------------------------------------------------------------------------------------------------

static bool room_for_thumbs(struct app *a, struct film *f)
{
    if (a->thumbs_film == f->number && a->thumbs == f->cap) return true;
    for (uint32_t i = 0; i < a->thumbs; i++) shot_drop(a->thumb + i);
    free(a->thumb);
    a->thumb = mem_zero(f->cap, sizeof *a->thumb, NULL);
    a->thumbs = a->thumb ? f->cap : 0;
    a->thumbs_film = f->number;
    return a->thumb != NULL;
}

static void thumb(struct app *a, struct film *f, uint32_t i, struct rect r)
{
    char text[16];
    const float s = ui_scale();
    const bool now = i == a->at;
    const struct shot *shot = shot_thumb(a, a->thumb + i, f, i, a->view, (uint32_t)r.w);
    if (shot) {
        const float w = (float)shot->w, h = (float)shot->h;
        ui_picture(shot->texture, (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 2, w, h}, 0);
    }
    if (now) ui_edge((struct rect){r.x - 2 * s, r.y - 2 * s, r.w + 4 * s, r.h + 4 * s}, INK_ACCENT, 2 * s, 5 * s);
    snprintf(text, sizeof text, "%u", i);
    ui_words(r.x + (r.w - ui_words_width(0.75F, text)) / 2, r.y + r.h + 4 * s, now ? INK_TEXT : INK_DIM, 0.75F, text);
}

static void thumbnails(struct app *a, struct film *f, uint32_t n, struct rect r)
{
    const float edge = thumb_edge(), pitch = edge + 8 * ui_scale(), all = pitch * (float)n;
    float left = 0, x, y;
    if (!room_for_thumbs(a, f)) return;
    if (all > r.w) left = fminf(all - r.w, fmaxf(0, pitch * ((float)a->at + 0.5F) - r.w / 2));
    ui_spot("thumbs", r);
    ui_mouse(&x, &y);
    if (ui_over() && ui_wheel() != 0) do_scrub(a, ui_wheel() > 0 ? (a->at ? a->at - 1 : 0) : a->at + 1);
    const float place = (x - r.x + left) / pitch;
    const bool click = ui_held();
    ui_clip(r);
    for (uint32_t i = (uint32_t)(left / pitch); i < n && pitch * (float)i - left < r.w; i++)
        thumb(a, f, i, (struct rect){r.x + pitch * (float)i - left, r.y + 3 * ui_scale(), edge, edge});
    ui_unclip();
    // a held mouse moves the strip below itself: only the press chooses
    if (click && place >= 0 && !a->playing && !a->held) do_scrub(a, min_u32((uint32_t)place, n - 1));
    a->held = click;
}

void view_strip(struct app *a)
{
    const struct rect r = a->place.strip;
    const float s = ui_scale(), pad = 16 * s;
    struct film *f = app_film(a);
    const uint32_t n = f ? film_count(f) : 0;
    ui_area("strip", r, INK_PAPER, false);
    buttons(a, f, n);
    if (n) {
        track(a, f, n, (struct rect){r.x + pad, r.y + 52 * s, r.w - 2 * pad, 20 * s});
        thumbnails(a, f, n, (struct rect){r.x + pad, r.y + 78 * s, r.w - 2 * pad, thumb_edge() + 24 * s});
    } else {
        ui_space(26);
        ui_say(INK_DIM, "Every step of the run will be kept here, to go back to.");
    }
    ui_area_end();
}
