// window.c — opens the window, waits for events, draws when something changed. Knows nothing about how pictures are
// made or files written: the worker and the clerk do that.
#include "app/window.h"
#include "app/app.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_WIDTH = 1280, USUAL_HEIGHT = 820, LEAST_WIDTH = 860, LEAST_HEIGHT = 480, SETTLE = 3 };

static const double frame_seconds = 1.0 / 60, idle_ms = 10000;
static const int drag_ms = 10; // the mouse is followed outside of the window, where no event tells of it

// --- layout -------------------------------------------------------------------------------------------------------

static void lay_out(struct app *a)
{
    int w, h;
    SDL_GetWindowSize(a->window, &w, &h);
    const float s = ui_scale(), width = (float)w, height = (float)h;
    const float panel = (width < 1100 * s ? 300 : 340) * s, status = 28 * s;
    float strip = 184 * s;
    if (strip > (height - status) * 0.4F) strip = (height - status) * 0.4F;
    const float left = width - panel, picture = a->tab == TAB_BOARD ? floorf(left * 0.38F) : left;
    const struct layout now = {.canvas = {0, 0, picture, height - status - strip},
                               .board = {picture, 0, left - picture, height - status - strip},
                               .strip = {0, height - status - strip, width - panel, strip},
                               .panel = {width - panel, 0, panel, height - status},
                               .status = {0, height - status, width, status},
                               .bench = {0, 0, left, height - status}};
    if (memcmp(&now, &a->place, sizeof now) != 0)
        app_event(a, json_pack("{ss, s[ffff], s[ffff], s[ffff], s[ffff]}", "event", "layout", "board", now.board.x,
                               now.board.y, now.board.w, now.board.h, "canvas", now.canvas.x, now.canvas.y,
                               now.canvas.w, now.canvas.h, "strip", now.strip.x, now.strip.y, now.strip.w, now.strip.h,
                               "panel", now.panel.x, now.panel.y, now.panel.w, now.panel.h));
    a->place = now;
}

static void draw(struct app *a)
{
    lay_out(a);
    ui_begin();
    if (a->tab == TAB_BENCH)
        view_bench(a);
    else
        view_canvas(a);
    if (a->tab == TAB_BOARD)
        view_board(a);
    else
        board_unseen(a);
    if (a->tab != TAB_BENCH) view_strip(a);
    view_panel(a);
    view_status(a);
    if (a->help) view_help(a);
    if (a->drag) ui_cursor(drag_welcome(a->drag) ? CURSOR_GIVES : CURSOR_KEEPS);
    ui_end(a->renderer);
    SDL_RenderPresent(a->renderer);
    if (a->shown_once) return;
    a->shown_once = true;
    app_event(a, json_pack("{ss, sf}", "event", "window", "seconds", clock_seconds() - a->began));
}

// --- news from the other threads ----------------------------------------------------------------------------------

static void wake(void *user)
{
    struct app *a = user;
    SDL_Event event = {.type = a->wake_event};
    if (!atomic_exchange(&a->woken, true)) SDL_PushEvent(&event);
}

static void add_film(struct app *a, struct film *f)
{
    if (a->films && a->film[a->films - 1] == f) return;
    uint64_t bytes = film_bytes(f);
    for (uint32_t i = 0; i < a->films; i++) bytes += film_bytes(a->film[i]);
    while (a->films == APP_FILMS || (a->films > 1 && bytes > 1ull << 30)) { // a session may be long
        bytes -= film_bytes(a->film[0]);
        film_drop(a->film[0]);
        memmove(a->film, a->film + 1, --a->films * sizeof *a->film);
        if (a->other) a->other--;
        if (a->shown) a->shown--;
    }
    const bool newest = a->shown + 1 >= a->films;
    a->film[a->films++] = film_hold(f);
    if (newest) {
        a->other = a->films > 1 ? a->films - 2 : 0;
        a->shown = a->films - 1;
        a->follow = true;
        a->playing = false;
    }
    app_event(a, json_pack("{ss, si, ss, si, si}", "event", "start", "run", (int)f->number, "sampler", f->sampler,
                           "steps", (int)f->steps, "parent", (int)f->parent));
}

static bool of_run(enum work work)
{
    return work == WORK_RUNNING || work == WORK_PREPARING || work == WORK_DECODING;
}

static void say_progress(struct app *a, const struct work_state *before)
{
    static const char *const ends[] = {"", "done", "stopped", "failed"};
    struct film *f = a->now.film;
    if (a->now.ready && a->now.opened != before->opened)
        app_event(a, json_pack("{ss, ss, ss, sf}", "event", "model", "name", a->now.info.name, "device", a->now.device,
                               "seconds", clock_seconds() - a->began));
    if (a->now.work == WORK_RUNNING && a->now.step != before->step)
        app_event(a, json_pack("{ss, si, si}", "event", "step", "step", (int)a->now.step, "steps", (int)a->now.steps));
    if (f && of_run(before->work) && a->now.work == WORK_IDLE && film_end_of(f) != FILM_RUNNING) {
        const struct film_times t = film_times_of(f);
        app_event(a, json_pack("{ss, si, si, sf, sf, sf, si, sf, si}", "event", ends[film_end_of(f)], "run",
                               (int)f->number, "frames", (int)film_count(f), "seconds", t.elapsed, "step_seconds",
                               t.steps, "preview_seconds", t.keep + t.preview_decode, "drawn", (int)a->frames_drawn,
                               "late_seconds", a->frame_late, "previews", (int)t.decoded));
    }
}

static void export_when_ready(struct app *a);

// Of a picture that was dropped or chosen in the gallery: its options instead of those of the form.
static void use_recipe(struct app *a, const char *text)
{
    json_t *options = json_loads(text, 0, NULL);
    struct settings s;
    struct err e = {0};
    if (options && form_settings(options, NULL, &s, &e)) {
        json_object_clear(a->form.options); // all of it decides the picture, also what is left open
        form_take(&a->form, &s);
        a->form.seed_random = false;
        worker_load(a->worker, a->form.options, a->form.device);
    }
    json_decref(options);
}

static void take_news(struct app *a)
{
    struct work_state before = a->now; // numbers only: what it points to may be dropped by the next line
    atomic_store(&a->woken, false);
    if (worker_read(a->worker, &a->now)) {
        if (a->now.film) add_film(a, a->now.film);
        say_progress(a, &before);
    }
    if (a->now.bench && a->now.bench->over && a->now.work != WORK_BENCH && before.work == WORK_BENCH)
        app_event(a, json_pack("{ss, si, ss}", "event", "bench", "rows", (int)a->now.bench->n, "problem",
                               a->now.bench->problem));
    if (a->now.problems != a->problems) {
        a->problems = a->now.problems;
        a->problem = true;
        a->asked = 0;
        app_event(a, json_pack("{ss, ss}", "event", "problem", "message", a->now.problem));
    }
    const unsigned done = a->news.done, recipes = a->news.recipes;
    const struct names *entries = a->news.entries;
    const struct gallery *gallery = a->news.gallery;
    if (clerk_read(a->clerk, &a->news) && a->news.done != done && *a->news.text) {
        app_toast(a, a->news.text);
        app_event(a, json_pack("{ss, ss, ss}", "event", a->news.failed ? "failed_file" : "file", "message",
                               a->news.text, "file", a->news.file));
    }
    if (a->news.entries != entries)
        app_event(a, json_pack("{ss, ss, si}", "event", "folder", "path", a->news.folder, "entries",
                               (int)a->news.entries->n));
    if (a->news.gallery != gallery)
        app_event(a, json_pack("{ss, si}", "event", "gallery", "pictures", (int)a->news.gallery->n));
    if (a->news.recipes != recipes && a->news.recipe) use_recipe(a, a->news.recipe);
    export_when_ready(a);
    struct film *f = app_film(a);
    if (f && a->follow && !a->playing && film_count(f)) a->at = film_count(f) - 1;
    a->redraw = SETTLE;
}

// --- what can be done ---------------------------------------------------------------------------------------------

struct film *app_film(const struct app *a)
{
    return a->shown < a->films ? a->film[a->shown] : NULL;
}

bool app_running(const struct app *a)
{
    return of_run(a->now.work) || a->now.work == WORK_BENCH || a->asked > 0;
}

void app_toast(struct app *a, const char *text)
{
    snprintf(a->toast, sizeof a->toast, "%s", text);
    a->toast_until = clock_seconds() + 4;
    a->redraw = SETTLE;
}

void app_event(struct app *a, json_t *event)
{
    cli_event(a->cli, event);
}

static void begin_with(struct app *a, json_t *options, struct film *from, uint32_t at)
{
    a->asked = clock_seconds();
    a->frames_drawn = 0;
    a->frame_late = 0;
    a->asked_after = a->films ? a->film[a->films - 1]->number : 0;
    a->shown = a->films ? a->films - 1 : 0; // the new one will be shown
    a->problem = false;
    json_t *asked = json_deep_copy(options);
    json_decref(a->last_options);
    a->last_options = asked;
    worker_start(a->worker, asked, a->form.device, from, at);
}

static void begin(struct app *a, struct film *from, uint32_t at)
{
    begin_with(a, a->form.options, from, at);
}

void do_generate(struct app *a)
{
    if (a->form.seed_random) form_random_seed(&a->form);
    begin(a, NULL, 0);
}

void do_stop(struct app *a)
{
    a->asked = 0;
    worker_stop(a->worker);
}

void do_branch(struct app *a)
{
    struct film *f = app_film(a);
    if (f && a->at && f->steps && !app_running(a)) begin(a, f, a->at);
}

void do_random(struct app *a)
{
    form_random_seed(&a->form);
}

void do_save(struct app *a)
{
    struct film *f = app_film(a);
    if (!f || !film_count(f))
        app_toast(a, "There is no picture to save yet");
    else
        clerk_save(a->clerk, f, a->at, a->form.folder);
}

void do_copy(struct app *a)
{
    struct film *f = app_film(a);
    if (!f || !film_count(f))
        app_toast(a, "There is no picture to copy yet");
    else
        clerk_copy(a->clerk, f, a->at);
}

// Every frame is decoded first, by the worker; then the clerk writes (export_when_ready).
static void ask_export(struct app *a, struct film *f, enum export_kind kind)
{
    film_drop(a->export_film);
    a->export_film = film_hold(f);
    a->export = kind;
    a->export_after = a->now.decodes;
    app_toast(a, "Decoding every step for the film");
    worker_decode(a->worker, f, WORKER_ALL);
}

static void export_when_ready(struct app *a)
{
    struct film *f = a->export_film;
    if (!f) return;
    uint32_t left = 0;
    for (uint32_t i = 0; i < film_count(f); i++) left += !film_decoded(f, i);
    if (left && a->now.decodes == a->export_after) return;
    clerk_export(a->clerk, f, a->export, a->form.folder);
    film_drop(f);
    a->export_film = NULL;
}

void do_export(struct app *a, enum export_kind kind)
{
    struct film *f = app_film(a);
    if (!f || film_count(f) < 2 || film_end_of(f) == FILM_RUNNING)
        app_toast(a, "There is no finished film to export yet");
    else
        ask_export(a, f, kind);
}

void do_open(struct app *a, const char *path)
{
    a->problem = false;
    if (text_ends(path, ".png")) {
        clerk_recipe(a->clerk, path);
        return;
    }
    form_use_model(&a->form, path);
    worker_load(a->worker, a->form.options, a->form.device);
}

void do_compare(struct app *a)
{
    a->compare = a->films > 1 ? (enum compare)((a->compare + 1) % COMPARE_COUNT) : COMPARE_OFF;
    if (a->other == a->shown || a->other >= a->films) a->other = a->shown ? a->shown - 1 : 1;
}

void do_scrub(struct app *a, uint32_t at)
{
    struct film *f = app_film(a);
    const uint32_t n = f ? film_count(f) : 0;
    if (!n) return;
    const uint32_t before = a->at;
    a->at = min_u32(at, n - 1);
    a->follow = a->at == n - 1;
    a->playing = false;
    a->redraw = SETTLE;
    if (a->at != before)
        app_event(a, json_pack("{ss, si, si}", "event", "shown", "run", (int)f->number, "step", (int)a->at));
}

void do_show(struct app *a, uint32_t film)
{
    if (film >= a->films || film == a->shown) return;
    a->other = a->shown;
    a->shown = film;
    do_scrub(a, UINT32_MAX);
    app_event(a, json_pack("{ss, si, si}", "event", "shown", "run", (int)a->film[film]->number, "step", (int)a->at));
}

// --- events -------------------------------------------------------------------------------------------------------

static void on_key(struct app *a, const SDL_Event *event)
{
    const SDL_KeyboardEvent *key = &event->key;
    const SDL_Keycode code = key->keysym.sym;
    const bool control = key->keysym.mod & KMOD_CTRL;
    const bool to_controls = ui_typing() || ui_steering() || code == SDLK_TAB || code == SDLK_LCTRL ||
                             code == SDLK_RCTRL || code == SDLK_LSHIFT || code == SDLK_RSHIFT;
    if (to_controls || key->type == SDL_KEYUP) ui_event(event);
    // older versions of the widgets see keys as states: a press must be drawn before its release is told
    a->pressed = to_controls && key->type == SDL_KEYDOWN && (control || code <= SDLK_SPACE || code >= SDLK_DELETE);
    if (key->type == SDL_KEYUP || ui_typing()) return;
    if (ui_steering() && !control && (code < SDLK_F1 || code > SDLK_F12)) return; // the keyboard is in the controls
    keys_press(a, key);
}

static void on_event(struct app *a, const SDL_Event *event)
{
    a->redraw = SETTLE;
    if (event->type == a->wake_event) {
        take_news(a);
        return;
    }
    switch (event->type) {
    case SDL_QUIT: a->quit = true; break;
    case SDL_DROPFILE:
        do_open(a, event->drop.file);
        SDL_free(event->drop.file);
        break;
    case SDL_KEYDOWN:
    case SDL_KEYUP: on_key(a, event); break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET: shots_drop(a); break;
    default: ui_event(event);
    }
}

// Live: the newest settings win, whatever is going on.
static void live(struct app *a)
{
    if (!a->form.live || !a->last_options || json_equal(a->form.options, a->last_options)) return;
    begin(a, NULL, 0);
}

// A fader that was moved during a run takes effect at the next step: the run goes on as a branch of itself.
static void steer(struct app *a)
{
    struct film *f = a->now.film;
    const char *before = json_string_value(json_object_get(a->last_options, "mix")), *now = form_text(&a->form, "mix");
    const bool runs = a->now.work == WORK_RUNNING && f && film_end_of(f) == FILM_RUNNING && a->asked <= 0;
    if (a->form.live || !runs || !f->steps || film_count(f) < 2 || ui_busy() || !strcmp(before ? before : "", now))
        return;
    json_t *options = json_deep_copy(a->last_options); // what else was changed waits for the next run
    if (*now)
        json_object_set_new(options, "mix", json_string(now));
    else
        json_object_del(options, "mix");
    if (options) begin_with(a, options, f, film_count(f) - 1);
    json_decref(options);
}

static void advance_film(struct app *a)
{
    struct film *f = app_film(a);
    const double now = clock_seconds(), pace = f && f->cap > 60 ? 0.04 : 0.1;
    if (!a->playing || !f || now - a->played < pace) return;
    a->played = now;
    a->redraw = 1;
    if (a->at + 1 < film_count(f))
        a->at++;
    else
        a->playing = film_end_of(f) == FILM_RUNNING;
    a->follow = a->at + 1 >= film_count(f);
}

// How long nothing has to be drawn unless something happens.
static int patience(const struct app *a)
{
    const double left = a->toast_until - clock_seconds();
    if (a->redraw > 0) return 0;
    if (a->drag) return drag_ms;
    if (a->playing || ui_busy()) return 25;
    if (a->compare == COMPARE_FLICKER) return 250;
    if (ui_typing()) return 400; // the cursor blinks
    return left > 0 ? (int)(left * 1000) + 20 : (int)idle_ms;
}

static void loop(struct app *a)
{
    double drawn = 0;
    while (!a->quit) {
        SDL_Event event;
        const bool toast = a->toast_until > clock_seconds();
        a->pressed = false;
        bool more = SDL_WaitEventTimeout(&event, patience(a));
        while (more) {
            on_event(a, &event);
            more = !a->pressed && SDL_PollEvent(&event);
        }
        if (interrupt_asked(NULL)) a->quit = true;
        advance_film(a);
        dragging_follow(a);
        if (a->compare == COMPARE_FLICKER || ui_typing() || ui_busy() || (toast && a->toast_until <= clock_seconds()))
            a->redraw = a->redraw > 0 ? a->redraw : 1;
        if (SDL_GetWindowFlags(a->window) & (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED)) a->redraw = 0; // may never end
        if (a->redraw <= 0) continue;
        const double due = fmax(drawn + frame_seconds, clock_seconds()), rest = due - clock_seconds();
        if (rest > 0) SDL_Delay((uint32_t)(rest * 1000));
        a->redraw--;
        drawn = clock_seconds();
        draw(a);
        a->frames_drawn++;
        a->frame_late = fmax(a->frame_late, clock_seconds() - due);
        live(a);
        steer(a);
    }
}

// --- opening ------------------------------------------------------------------------------------------------------

bool app_can_open(const char **why)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY"), *driver = getenv("SDL_VIDEODRIVER");
    const bool screen = (x && *x) || (wayland && *wayland) || (driver && *driver);
    *why = "there is no display to open a window on";
    return screen;
}

static float display_scale(SDL_Window *window)
{
    float dpi = 96;
    const char *asked = getenv("GDK_SCALE");
    if (asked && atof(asked) >= 1) return (float)atof(asked);
    if (SDL_GetDisplayDPI(SDL_GetWindowDisplayIndex(window), NULL, &dpi, NULL) || dpi < 130) return 1;
    const float scale = (float)(int)(dpi / 96 * 4) / 4;
    return scale > 3 ? 3 : scale;
}

static bool open_window(struct app *a, struct err *e)
{
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); // interrupt.c has them
    // drawing in software must not go through OpenGL in software: that alone takes longer than all the rest
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    if (SDL_Init(SDL_INIT_VIDEO)) return err_set(e, ERR_UNSUPPORTED, "no window: %s", SDL_GetError());
    a->wake_event = SDL_RegisterEvents(1);
    const int w = a->form.width >= LEAST_WIDTH ? (int)a->form.width : USUAL_WIDTH;
    const int h = a->form.height >= LEAST_HEIGHT ? (int)a->form.height : USUAL_HEIGHT;
    a->window = SDL_CreateWindow("vkdit", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, w, h,
                                 SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (!a->window) return err_set(e, ERR_UNSUPPORTED, "no window: %s", SDL_GetError());
    SDL_SetWindowMinimumSize(a->window, LEAST_WIDTH, LEAST_HEIGHT);
    a->renderer = SDL_CreateRenderer(a->window, -1, SDL_RENDERER_PRESENTVSYNC);
    if (!a->renderer) a->renderer = SDL_CreateRenderer(a->window, -1, SDL_RENDERER_SOFTWARE);
    if (!a->renderer) return err_set(e, ERR_UNSUPPORTED, "nothing can be drawn: %s", SDL_GetError());
    int out = w, width = w;
    SDL_GetRendererOutputSize(a->renderer, &out, NULL);
    SDL_GetWindowSize(a->window, &width, NULL);
    const float density = width ? (float)out / (float)width : 1;
    SDL_EventState(SDL_DROPFILE, SDL_ENABLE);
    return ui_open(a->window, a->renderer, density > 1 ? 1 : display_scale(a->window), density, !a->form.light) ||
           err_set(e, ERR_UNSUPPORTED, "no font can be drawn: %s", SDL_GetError());
}

static bool open_threads(struct app *a, struct err *e)
{
    const struct settings *s = &a->cli->s;
    const struct worker_setup setup = {.cache = s->cache && !strcmp(s->cache, "none") ? "" : s->cache,
                                       .limit = s->limit,
                                       .assets = s->assets,
                                       .tiny_vae = s->tiny_vae,
                                       .validation = s->validation,
                                       .wake = wake,
                                       .user = a};
    a->worker = worker_open(&setup, e);
    a->clerk = a->worker ? clerk_open(wake, a, e) : NULL;
    if (!a->clerk) return false;
    worker_preview(a->worker, (enum preview_kind)a->form.preview);
    worker_load(a->worker, a->form.options, a->form.device);
    return true;
}

static void read_samplers(struct app *a)
{
    char *json = NULL;
    if (vkdit_samplers_json(&json, NULL)) return;
    a->samplers = json_loads(json, 0, NULL);
    vkdit_free(json);
}

// Returns how often the validation layer complained.
static unsigned close_app(struct app *a)
{
    struct err e = {0};
    if (a->window) {
        int w, h;
        SDL_GetWindowSize(a->window, &w, &h);
        a->form.width = (uint32_t)w;
        a->form.height = (uint32_t)h;
        SDL_HideWindow(a->window); // what is left to do needs no eyes
        if (!form_save(&a->form, &e)) cli_warn(a->cli, "the settings were not kept: %s", e.text);
    }
    const unsigned complaints = worker_close(a->worker);
    clerk_close(a->clerk);
    drag_close(a->drag);
    work_state_drop(&a->now);
    clerk_news_drop(&a->news);
    board_view_close(&a->board);
    shots_drop(a);
    for (uint32_t i = 0; i < a->films; i++) film_drop(a->film[i]);
    film_drop(a->export_film);
    ui_close();
    if (a->renderer) SDL_DestroyRenderer(a->renderer);
    if (a->window) SDL_DestroyWindow(a->window);
    SDL_Quit();
    json_decref(a->samplers);
    json_decref(a->last_options);
    form_close(&a->form);
    return complaints;
}

int app_run(struct cli *c)
{
    struct err e = {0};
    char note[600];
    struct app *a = mem_zero(1, sizeof *a, &e);
    if (!a) return cli_fail_err(c, &e);
    a->cli = c;
    a->began = clock_seconds();
    a->board.vector = SLOT_VECTORS - 1; // how much each MLP adds, loudest channels apart
    a->board.stat = BOARD_SIZE;
    a->bench.size = VKDIT_BENCH_QUICK;
    a->board.order = ORDER_CHANGE;
    a->board.channel_to = UINT32_MAX; // all of them, however many a model has
    atomic_init(&a->woken, false);
    form_open(&a->form, note, sizeof note);
    form_take(&a->form, &c->s);
    if (option_origin(&c->s, "seed")) a->form.seed_random = false;
    interrupt_watch();
    bool ok = open_window(a, &e);
    if (ok) draw(a); // before anything else is done
    ok = ok && open_threads(a, &e);
    if (ok) {
        read_samplers(a);
        if (*note) app_toast(a, note);
        a->redraw = SETTLE;
        loop(a);
    }
    const unsigned complaints = close_app(a);
    free(a);
    if (ok && complaints) ok = err_set(&e, ERR_DEVICE, "the validation layer complained %u times", complaints);
    return ok ? EXIT_OK : cli_fail_err(c, &e);
}
