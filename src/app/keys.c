// keys.c — what each key does; the list that F1 shows is the table itself. Knows nothing about how things are drawn.
#include "app/window.h"

static void play(struct app *a)
{
    struct film *f = app_film(a);
    a->playing = !a->playing && f;
    if (a->playing && f && a->at + 1 >= film_count(f)) a->at = 0;
    a->played = clock_seconds();
}

static void step_back(struct app *a)
{
    if (a->at) do_scrub(a, a->at - 1);
}
static void step_on(struct app *a)
{
    do_scrub(a, a->at + 1);
}
static void first(struct app *a)
{
    do_scrub(a, 0);
}
static void last(struct app *a)
{
    do_scrub(a, UINT32_MAX);
}
static void older(struct app *a)
{
    if (a->shown) do_show(a, a->shown - 1);
}
static void newer(struct app *a)
{
    if (a->shown + 1 < a->films) do_show(a, a->shown + 1);
}
static void next_view(struct app *a)
{
    a->view = (enum film_view)((a->view + 1) % VIEW_COUNT);
}
static void live(struct app *a)
{
    a->form.live = !a->form.live;
    app_toast(a, a->form.live ? "Live: every change makes a new picture" : "Live is off");
}
static void theme(struct app *a)
{
    a->form.light = !a->form.light;
    ui_theme(!a->form.light);
}
static void help(struct app *a)
{
    a->help = !a->help;
}
static void gallery(struct app *a)
{
    a->tab = a->tab == TAB_GALLERY ? TAB_MAKE : TAB_GALLERY;
    if (a->tab == TAB_GALLERY) clerk_look(a->clerk, a->form.folder);
}
static void board(struct app *a)
{
    a->tab = a->tab == TAB_BOARD ? TAB_MAKE : TAB_BOARD;
}
static void model(struct app *a)
{
    a->tab = TAB_MAKE;
    a->open_models = true;
}
static void strip(struct app *a)
{
    do_export(a, EXPORT_STRIP);
}
static void animation(struct app *a)
{
    do_export(a, EXPORT_WEBP);
}

static void movie(struct app *a)
{
    do_export(a, EXPORT_MP4);
}

static void stop(struct app *a)
{
    if (a->help)
        a->help = false;
    else if (a->problem)
        a->problem = false;
    else if (!dragging_cancel(a))
        do_stop(a);
}
static void full(struct app *a)
{
    const bool is = SDL_GetWindowFlags(a->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
    SDL_SetWindowFullscreen(a->window, is ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}
static void quit(struct app *a)
{
    a->quit = true;
}

static const struct key {
    SDL_Keycode code;
    bool control;
    const char *shown, *what;
    void (*act)(struct app *a);
} keys[] = {
    {SDLK_SPACE, false, "Space", "Make a picture", do_generate},
    {SDLK_ESCAPE, false, "Esc", "Stop; close a message; put back what is dragged", stop},
    {SDLK_r, false, "R", "Another seed", do_random},
    {SDLK_s, true, "Ctrl+S", "Save what is shown", do_save},
    {SDLK_c, true, "Ctrl+C", "Copy what is shown", do_copy},
    {SDLK_LEFT, false, "Left", "One step back (or the mouse wheel)", step_back},
    {SDLK_RIGHT, false, "Right", "One step on", step_on},
    {SDLK_HOME, false, "Home", "To the first step", first},
    {SDLK_END, false, "End", "To the last step", last},
    {SDLK_UP, false, "Up", "The run before", older},
    {SDLK_DOWN, false, "Down", "The run after", newer},
    {SDLK_p, false, "P", "Play the film", play},
    {SDLK_v, false, "V", "Estimate, noisy state, or their difference", next_view},
    {SDLK_b, false, "B", "Branch: go on from the shown step with the present settings", do_branch},
    {SDLK_c, false, "C", "Compare with the run before: side by side, difference, flicker", do_compare},
    {SDLK_l, false, "L", "Live: make a picture at every change", live},
    {SDLK_e, true, "Ctrl+E", "Export the film as a strip (PNG)", strip},
    {SDLK_w, true, "Ctrl+W", "Export the film as an animation (WebP)", animation},
    {SDLK_m, true, "Ctrl+M", "Export the film as a movie (MP4, needs ffmpeg)", movie},
    {SDLK_o, true, "Ctrl+O", "Open a model", model},
    {SDLK_g, false, "G", "Gallery", gallery},
    {SDLK_m, false, "M", "Mixing board", board},
    {SDLK_x, false, "X", "With and without the board's edits (A/B)", mixing_ab},
    {SDLK_z, true, "Ctrl+Z", "Take the last edit of the board back", mixing_undo},
    {SDLK_y, true, "Ctrl+Y", "Do it again", mixing_redo},
    {SDLK_t, false, "T", "Dark or light", theme},
    {SDLK_TAB, false, "Tab", "Into the controls; arrows move, Space chooses, Esc leaves", NULL},
    {SDLK_F1, false, "F1", "This list", help},
    {SDLK_F11, false, "F11", "Full screen", full},
    {SDLK_q, true, "Ctrl+Q", "Quit", quit},
};

uint32_t keys_count(void)
{
    return COUNTOF(keys);
}

void keys_text(uint32_t i, const char **key, const char **what)
{
    *key = keys[i].shown;
    *what = keys[i].what;
}

void keys_press(struct app *a, const SDL_KeyboardEvent *key)
{
    const bool control = key->keysym.mod & (KMOD_CTRL | KMOD_GUI);
    if (key->keysym.mod & KMOD_ALT) return;
    for (size_t i = 0; i < COUNTOF(keys); i++)
        if (keys[i].code == key->keysym.sym && keys[i].control == control && keys[i].act) keys[i].act(a);
}
