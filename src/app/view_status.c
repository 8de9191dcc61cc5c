// view_status.c — the line at the bottom: where it runs, how far it is, what each part costs. And the list of keys.
#include "app/window.h"

#include <math.h>

static const char *const doing[] = {"Ready", "Loading", "Preparing", "Running", "Decoding", "Measuring", "Benchmark"};

static void duration(char *out, size_t room, double s)
{
    if (s >= 60)
        snprintf(out, room, "%.0f:%02.0f min", floor(s / 60), fmod(s, 60));
    else
        snprintf(out, room, s >= 1 ? "%.1f s" : "%.0f ms", s >= 1 ? s : s * 1e3);
}

static int progress_text(const struct app *a, char *out, size_t room)
{
    const struct film_times *t = &a->now.times;
    char left[32];
    const double mean = a->now.step ? t->steps / a->now.step : 0;
    if (!a->now.step || mean <= 0) return snprintf(out, room, "   step 0/%u", a->now.steps);
    duration(left, sizeof left, (double)(a->now.steps - min_u32(a->now.step, a->now.steps)) * mean);
    return snprintf(out, room, "   step %u/%u   %.1f it/s   %s left", a->now.step, a->now.steps, 1 / mean, left);
}

// Of the shown run: what each part took by the clock and on the device, and what watching it cost.
static void cost_text(struct film *f, double first, char *out, size_t room)
{
    const struct film_times t = film_times_of(f);
    const double part[] = {
        t.elapsed, t.steps, t.device_steps, t.decode, t.device_decode, t.device_preview, first > 0 ? first : t.first};
    char text[COUNTOF(part)][32];
    if (t.steps <= 0) return;
    for (size_t i = 0; i < COUNTOF(part); i++) duration(text[i], sizeof text[i], part[i]);
    snprintf(out, room, "%s: transformer %s (GPU %s), VAE %s (GPU %s), preview %.1f %% (GPU %s), first seen after %s",
             text[0], text[1], text[2], text[3], text[4], 100 * (t.keep + t.preview_decode) / t.steps, text[5],
             text[6]);
}

static void size_text(char *out, size_t room, uint64_t bytes)
{
    if (bytes >= 1ull << 30)
        snprintf(out, room, "%.1f GiB", (double)bytes / (double)(1ull << 30));
    else
        snprintf(out, room, "%.0f MiB", (double)bytes / (double)(1ull << 20));
}

// Where it runs: device, arithmetic, memory that is held (before the first run: planned) and allowed.
static int place_text(const struct app *a, char *out, size_t room)
{
    char memory[32], budget[32];
    const struct work_state *n = &a->now;
    int at = snprintf(out, room, "%s   %s", doing[n->work], *n->device ? n->device : "no device");
    if (!n->ready) return at;
    at += snprintf(out + at, room - (size_t)at, ", %s", vkdit_arithmetic_name(n->info.precision, n->info.weights));
    if (!n->memory || !n->budget) return at;
    size_text(memory, sizeof memory, n->held ? n->held : n->memory);
    size_text(budget, sizeof budget, n->budget);
    return at + snprintf(out + at, room - (size_t)at, ", %s of %s", memory, budget);
}

void view_status(struct app *a)
{
    const struct rect r = a->place.status;
    const float s = ui_scale(), pad = 16 * s, y = r.y + 5 * s, size = 0.88F;
    char left[500], right[300] = "";
    struct film *f = app_film(a);
    const int n = place_text(a, left, sizeof left);
    if (a->now.work == WORK_RUNNING) progress_text(a, left + n, sizeof left - (size_t)n);
    if (f && film_end_of(f) != FILM_RUNNING)
        cost_text(f, a->shown + 1 == a->films ? a->first_preview : 0, right, sizeof right);
    ui_area("status", r, INK_PANEL, false);
    ui_words(r.x + pad, y, a->now.work ? INK_TEXT : INK_DIM, size, left);
    const float w = ui_words_width(size, right);
    if (*right && r.w > w + ui_words_width(size, left) + 4 * pad)
        ui_words(r.x + r.w - w - pad, y, INK_DIM, size, right);
    if (a->now.work == WORK_RUNNING && a->now.steps)
        ui_fill((struct rect){r.x, r.y, r.w * (float)a->now.step / (float)a->now.steps, 2 * s}, INK_ACCENT, 1, 0);
    ui_area_end();
}

void view_help(struct app *a)
{
    const float s = ui_scale(), row = 25 * s;
    int w, h;
    SDL_GetWindowSize(a->window, &w, &h);
    const float width = fminf((float)w - 20 * s, 600 * s),
                height = fminf((float)h - 20 * s, row * ((float)keys_count() + 4));
    const struct rect r = {((float)w - width) / 2, ((float)h - height) / 2, width, height};
    ui_area_front("help", r);
    ui_head("Keys");
    float y = r.y + 50 * s;
    for (uint32_t i = 0; i < keys_count(); i++, y += row) {
        const char *key, *what;
        keys_text(i, &key, &what);
        ui_words(r.x + 20 * s, y, INK_ACCENT, 1, key);
        ui_words(r.x + 110 * s, y, INK_TEXT, 1, what);
    }
    ui_words(r.x + 20 * s, y + 6 * s, INK_DIM, 0.9F,
             "Ctrl-click types a number into a slider. Dropping a file opens a model, or takes a picture's settings.");
    ui_area_end();
}
