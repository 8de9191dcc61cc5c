// view_bench.c — the benchmark: its choices in the panel; beside it every measurement as a bar, and the roofline.
#include "app/window.h"

#include <math.h>
#include <string.h>

static const char *const sizes[] = {
    [VKDIT_BENCH_DEFAULT] = "default", [VKDIT_BENCH_QUICK] = "quick", [VKDIT_BENCH_FULL] = "full"};

// --- the panel ----------------------------------------------------------------------------------------------------

static void choices(struct app *a)
{
    struct bench_wish *w = &a->bench;
    view_label("Size", "Quick takes less than a minute, the default some, full as long as it takes");
    if (ui_list("##size", sizes[w->size])) {
        for (uint32_t i = 0; i < COUNTOF(sizes); i++)
            if (ui_item(sizes[i], w->size == i)) w->size = (vkdit_bench_size)i;
        ui_list_end();
    }
    view_label("Of", "Published shapes with random weights, the same everywhere; or the model that is open");
    if (ui_list("##of", w->own ? "the open model" : "published shapes")) {
        if (ui_item("published shapes", !w->own)) w->own = false;
        if (ui_item("the open model", w->own)) w->own = true;
        ui_list_end();
    }
}

void view_bench_panel(struct app *a)
{
    const struct bench *b = a->now.bench;
    const bool runs = a->now.work == WORK_BENCH;
    choices(a);
    ui_space(4);
    if (runs) {
        if (ui_button("Stop the benchmark", -1, TONE_BAD)) do_stop(a);
        ui_space(4);
        ui_bar(b ? b->done : 0, ui_left(), 8 * ui_scale());
    } else if (ui_button("Measure", -1, TONE_PLAIN)) {
        worker_bench(a->worker, a->form.options, a->form.device, a->bench);
    }
    ui_space(4);
    ui_off(!b || !b->json);
    if (ui_button("Save the result", -1, TONE_PLAIN) && b && b->json) clerk_bench(a->clerk, b->json, a->form.folder);
    ui_on();
    ui_tip("The document, a table (Markdown), the roofline and the bars (SVG), into the folder of the pictures");
    ui_space(4);
    if (b && *b->problem) ui_tell(INK_WARN, b->problem);
    ui_tell(INK_DIM, "The open model is put away while it measures. Anything else that runs on this machine makes the "
                     "figures worse. \"vkdit bench\" does the same.");
}

// --- the roofline -------------------------------------------------------------------------------------------------

struct roof {
    double flops, bytes; // of the best ceilings, TFLOP/s and GB/s
    double x[2], y[2];   // ends of the axes: FLOP per byte, TFLOP/s
};

static bool is_point(const struct bench_line *l)
{
    return l->tflops > 0 && l->gbytes > 0 && l->valid && strcmp(l->group, "ceiling") != 0;
}

static double intensity(const struct bench_line *l)
{
    return l->tflops * 1e3 / l->gbytes;
}

static bool roof_of(const struct bench *b, struct roof *r)
{
    *r = (struct roof){.x = {0.25, 4096}, .y = {INFINITY, 0}};
    for (uint32_t i = 0; i < b->n; i++) {
        const struct bench_line *l = b->line + i;
        const bool ceiling = !strcmp(l->group, "ceiling");
        if (ceiling && !strcmp(l->unit, "TFLOP/s")) r->flops = fmax(r->flops, l->value);
        if (ceiling && !strcmp(l->unit, "GB/s")) r->bytes = fmax(r->bytes, l->value);
        if (is_point(l)) r->y[0] = fmin(r->y[0], l->tflops);
    }
    if (r->flops <= 0 || r->bytes <= 0) return false;
    r->y[0] = fmin(r->y[0], r->bytes * r->x[0] / 1e3) / 1.5;
    r->y[1] = r->flops * 1.5;
    return true;
}

static float along(double v, const double ends[2], float from, float size)
{
    return from + size * (float)(log(v / ends[0]) / log(ends[1] / ends[0]));
}

static void roofline(const struct bench *b, struct rect room)
{
    const struct rect r = plot_room(room, 56, 0);
    const float s = ui_scale();
    struct roof roof;
    char text[160];
    plot_title(room, "Roofline", "TFLOP/s over FLOP per byte; the line: what was measured as possible");
    ui_fill(r, INK_PANEL, 1, 0);
    if (!roof_of(b, &roof)) return;
    for (float x = 0; x < r.w; x += 2) {
        const double flop = roof.x[0] * pow(roof.x[1] / roof.x[0], (double)(x / r.w));
        const float y = r.h - along(fmin(roof.flops, roof.bytes * flop / 1e3), roof.y, 0, r.h);
        if (y <= r.h) ui_fill((struct rect){r.x + x, r.y + y, 2, 2 * s}, INK_TEXT, 1, 0);
    }
    float mx, my;
    const struct bench_line *near = NULL;
    ui_spot("roofline", r);
    ui_mouse(&mx, &my);
    for (uint32_t i = 0; i < b->n; i++) {
        const struct bench_line *l = b->line + i;
        if (!is_point(l)) continue;
        const float x = along(fmin(fmax(intensity(l), roof.x[0]), roof.x[1]), roof.x, r.x, r.w),
                    y = r.y + r.h - along(l->tflops, roof.y, 0, r.h), e = 3 * s;
        ui_fill((struct rect){x - e, y - e, 2 * e, 2 * e}, INK_ACCENT, 0.8F, e);
        if (fabsf(x - mx) < 6 * s && fabsf(y - my) < 6 * s) near = l;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "%.3g", roof.x[i]);
        ui_words(r.x + (r.w - ui_words_width(PLOT_SMALL, text)) * (float)i, r.y + r.h + 2 * s, INK_DIM, PLOT_SMALL,
                 text);
    }
    plot_range(r, roof.y[0], roof.y[1]);
    if (!near || !ui_over()) return;
    snprintf(text, sizeof text, "%s: %.4g TFLOP/s, %.3g FLOP/byte, %.0f %% of its ceiling", near->name, near->tflops,
             intensity(near), 100 * near->share);
    ui_tip(text);
}

// --- the bars -----------------------------------------------------------------------------------------------------

// A place in the flow, so that the list scrolls; what is drawn there stands in columns.
static void bar(const struct bench_line *l, uint32_t i)
{
    char id[24], value[40];
    struct rect r;
    bool seen;
    const float s = ui_scale(), full = 120 * s;
    snprintf(id, sizeof id, "row %u", i);
    ui_tile(id, 15 * s, &r, &seen);
    if (!seen) return;
    snprintf(value, sizeof value, "%.4g", l->value);
    const float x = r.x + full + 90 * s;
    ui_fill((struct rect){r.x, r.y + 4 * s, full, 8 * s}, INK_PANEL, 1, 4 * s);
    if (l->share > 0)
        ui_fill((struct rect){r.x, r.y + 4 * s, full * (float)fmin(l->share, 1), 8 * s}, INK_ACCENT, 1, 4 * s);
    ui_words(x - ui_words_width(1, value), r.y, INK_TEXT, 1, value);
    ui_words(x + 8 * s, r.y, INK_DIM, 1, l->unit);
    ui_words(x + 90 * s, r.y, l->valid ? INK_TEXT : INK_BAD, 1, l->name);
    const char *more = l->valid ? l->note : "INVALID: the result is wrong";
    ui_words(x + 100 * s + ui_words_width(1, l->name), r.y, l->valid ? INK_WARN : INK_BAD, PLOT_SMALL, more);
}

static void bars(const struct bench *b, struct rect r)
{
    const char *group = "";
    ui_area("bars", r, INK_CANVAS, true);
    ui_say(INK_DIM, "Bars: how much of the ceiling that bounds it is reached");
    for (uint32_t i = 0; i < b->n; i++) {
        if (strcmp(group, b->line[i].group) != 0) ui_say(INK_TEXT, b->line[i].group);
        group = b->line[i].group;
        bar(b->line + i, i);
    }
    ui_area_end();
}

static void introduce(struct rect r)
{
    ui_words(r.x, r.y, INK_TEXT, 1.2F, "Benchmark");
    ui_words(r.x, r.y + 34 * ui_scale(), INK_DIM, 1,
             "How fast this device is at the work of a Diffusion Transformer, every result checked.");
}

void view_bench(struct app *a)
{
    const struct bench *b = a->now.bench;
    const struct rect r = a->place.bench;
    const float pad = 14 * ui_scale(), top = b ? floorf(r.h * 0.42F) : r.h;
    const struct rect in = {r.x + pad, r.y + pad, r.w - 2 * pad, top - pad};
    ui_area("bench", (struct rect){r.x, r.y, r.w, top}, INK_CANVAS, false);
    if (b)
        roofline(b, in);
    else
        introduce(in);
    ui_area_end();
    if (b) bars(b, (struct rect){r.x, r.y + top, r.w, r.h - top});
}
