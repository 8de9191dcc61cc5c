// gen_preview.c — looks at a forming latent: for the terminal and a file, and for values that make no sense.
#include "cli/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREVIEW_CELLS = 48 };

// Pictures are drawn where no data flows.
static FILE *screen(const struct generation *g)
{
    const struct settings *s = &g->cli->s;
    const bool taken = s->json || (s->output && s->output[0] == '-' && !s->output[1]);
    return taken ? stderr : stdout;
}

void preview_picture(struct generation *g, const struct image *im)
{
    struct err e = {0};
    if (!g->cli->s.show) return;
    fflush(stderr);
    if (!image_show(im, 0, screen(g), &e)) cli_warn(g->cli, "%s", e.text);
}

// A linear guess at what the SD autoencoder would make of four latent channels: rough colours, no detail,
// thousands of times cheaper. Found by others by regression over many pictures.
static const float channel_rgb[4][3] = {
    {0.298F, 0.207F, 0.208F}, {0.187F, 0.286F, 0.173F}, {-0.158F, 0.189F, 0.264F}, {-0.184F, -0.271F, -0.473F}};

void rough_colours(struct image *im, const float *latent, uint32_t channels)
{
    const size_t cells = (size_t)im->w * im->h;
    for (size_t i = 0; i < cells; i++)
        for (uint32_t c = 0; c < 3; c++) {
            float v = 0;
            for (uint32_t k = 0; k < 4 && k < channels; k++) v += channel_rgb[k][c] * latent[k * cells + i];
            v = v * 127.5F + 127.5F;
            im->rgb[i * 3 + c] = (uint8_t)(v > 0 ? fminf(v, 255) : 0); // not a number: black
        }
}

// One pixel per latent cell.
static bool rough_pixels(struct generation *g, struct image *im, struct err *e)
{
    const vkdit_model_info *m = &g->subject.info;
    vkdit_error error = {0};
    uint8_t *pixels = NULL;
    uint32_t w, h;
    if (!image_open(im, m->latent_width, m->latent_height, e)) return false;
    if (!m->has_preview) return rough_colours(im, g->x0, m->latent_channels), true;
    if (vkdit_run_preview(g->run, g->x0, &pixels, &w, &h, &error)) return err_api(e, &error);
    memcpy(im->rgb, pixels, (size_t)im->w * im->h * 3);
    vkdit_free(pixels);
    return true;
}

// By one of the decoders, in the size of the finished picture.
static bool decoded_pixels(struct generation *g, enum preview_kind kind, struct image *im, struct err *e)
{
    vkdit_error error = {0};
    uint8_t *pixels = NULL;
    uint32_t w = 0, h = 0;
    if (kind == PREVIEW_TINY ? vkdit_sketch(g->subject.model, g->x0, 1, interrupt_asked, NULL, &pixels, &w, &h, &error)
                             : vkdit_run_decode(g->run, g->x0, interrupt_asked, NULL, &pixels, &w, &h, &error))
        return err_api(e, &error);
    const bool ok = image_open(im, w, h, e);
    if (ok) memcpy(im->rgb, pixels, (size_t)w * h * 3);
    vkdit_free(pixels);
    return ok;
}

// The first picture of the run as it forms.
static bool preview_pixels(struct generation *g, struct image *im, struct err *e)
{
    const vkdit_model_info *m = &g->subject.info;
    const double began = clock_seconds();
    vkdit_usage use;
    vkdit_model_usage(g->subject.model, &use);
    const struct preview_cost cost = {.has_decoder = m->has_decoder,
                                      .has_tiny = m->has_tiny,
                                      .decoder =
                                          use.decoder_seconds * g->images, // a run's pictures are decoded together
                                      .tiny = use.sketch_seconds,
                                      .steps = g->at.elapsed_seconds,
                                      .spent = g->preview_seconds,
                                      .done = g->at.step};
    const enum preview_kind kind = preview_pick((enum preview_kind)g->cli->s.preview_with, &cost);
    const bool ok = kind == PREVIEW_ROUGH ? rough_pixels(g, im, e) : decoded_pixels(g, kind, im, e);
    g->preview_seconds += clock_seconds() - began;
    g->previews++;
    return ok;
}

// In the size of the finished picture, smoothly enlarged.
static bool preview_file(struct generation *g, const struct image *im, struct err *e)
{
    struct image large = {0};
    const vkdit_model_info *m = &g->subject.info;
    const bool ok = image_resize(&large, im, m->latent_width * m->image_scale, m->latent_height * m->image_scale, e) &&
                    png_write(g->cli->s.preview, &large, NULL, 0, true, e);
    image_close(&large);
    return ok;
}

static void tell_first(struct generation *g)
{
    const double since = clock_seconds() - g->cli->began;
    cli_detail(g->cli, "first preview %.2f s after the start of the program", since);
    cli_event(g->cli, json_pack("{ss, si, sf}", "event", "preview", "step", (int)g->seen, "since_start", since));
    g->previewed = true;
}

static bool wants_screen(const struct generation *g)
{
    return g->cli->s.show_steps && !g->cli->s.quiet;
}

static bool wants_telling(const struct generation *g)
{
    return !g->previewed && (g->cli->s.json || g->cli->s.verbose);
}

bool preview_wanted(const struct generation *g)
{
    return wants_screen(g) || g->cli->s.preview || wants_telling(g);
}

bool preview_step(struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    const double now = clock_seconds(), show_every = 1.0, write_every = 0.25;
    const bool last = g->at.steps && g->seen == g->at.steps;
    const bool show = wants_screen(g) && (last || now - g->shown_at >= show_every);
    const bool write = s->preview && (last || now - g->preview_at >= write_every);
    struct err one = {0};
    struct image im = {0};
    if (!show && !write && !wants_telling(g)) return true;
    bool ok = preview_pixels(g, &im, &one) && (!write || preview_file(g, &im, e));
    if (ok && write) g->preview_at = clock_seconds();
    if (ok && !g->previewed) tell_first(g);
    if (ok && show) {
        progress_wipe(&g->progress);
        ok = image_show(&im, PREVIEW_CELLS, screen(g), &one);
        g->shown_at = clock_seconds();
    }
    image_close(&im);
    if (!ok && show && e->code == ERR_NONE) {
        cli_warn(g->cli, "--show-steps: %s", one.text);
        g->cli->s.show_steps = false; // once is enough
    } else if (!ok && write && e->code == ERR_NONE) {
        err_set(e, one.code, "%s", one.text);
    }
    return e->code == ERR_NONE;
}

bool pixels_sound(const uint8_t *pixels, uint32_t images, size_t bytes, struct err *e)
{
    for (uint32_t i = 0; i < images; i++) {
        const uint8_t *p = pixels + i * bytes;
        size_t k = 3;
        while (k < bytes && p[k] == p[k % 3]) k++;
        if (bytes > 3 && k >= bytes) return err_set(e, ERR_NUMERIC, "picture %u: every pixel has one colour", i);
    }
    return true;
}

bool latent_sound(const float *latent, uint32_t images, uint64_t values, struct err *e)
{
    const uint64_t each = values / images;
    for (uint32_t i = 0; i < images; i++) {
        const float *x = latent + i * each;
        float low = x[0], high = x[0];
        for (uint64_t k = 0; k < each; k++) {
            if (!isfinite(x[k])) return err_set(e, ERR_NUMERIC, "picture %u: the latent is not finite", i);
            low = fminf(low, x[k]);
            high = fmaxf(high, x[k]);
        }
        if (each > 1 && high - low < 1e-6F) return err_set(e, ERR_NUMERIC, "picture %u: the latent is flat", i);
    }
    return true;
}
