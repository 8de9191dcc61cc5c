// gen_film.c — the stages from noise to picture, as a strip or in time. Keeps latents while the run goes on, decodes them at its end.
#include "cli/generate.h"
#include "image/anim.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 8, ANIMATED = 24, GAP = 2, FRAME_MS = 90, LAST_MS = 1600 };

static bool animated(const struct generation *g)
{
    return g->cli->s.film && anim_is(g->cli->s.film);
}

static uint32_t frames(const struct generation *g)
{
    return g->cli->s.film_frames ? g->cli->s.film_frames : animated(g) ? ANIMATED : FRAMES;
}

bool film_check(const struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    if (!s->film) return s->film_frames == 0 || err_set(e, ERR_ARG, "--film-frames needs --film");
    if (g->images != 1) return err_set(e, ERR_ARG, "--film shows one picture, this run has %u", g->images);
    if (!g->subject.info.has_decoder)
        return err_set(e, ERR_MODEL, "--film: the model has no autoencoder to decode with");
    if (!s->force && !access(s->film, F_OK)) return err_set(e, ERR_IO, "%s exists; --force replaces it", s->film);
    return true;
}

// Frame k of n shows the state after k / (n - 1) of the steps.
bool film_keep(struct generation *g, struct err *e)
{
    const uint32_t n = frames(g), steps = g->at.steps;
    if (!g->cli->s.film) return true;
    if (!steps) return err_set(e, ERR_ARG, "--film needs a sampler with a fixed number of steps");
    if (!g->film) g->film = mem_zero(n, latent_values(g) * sizeof *g->film, e);
    if (!g->film) return false;
    for (; g->n_film < n && (uint64_t)g->n_film * steps <= (uint64_t)g->seen * (n - 1); g->n_film++)
        memcpy(g->film + g->n_film * latent_values(g), g->x, latent_values(g) * sizeof *g->film);
    return true;
}

static bool decode(struct generation *g, uint32_t i, struct image *im, struct err *e)
{
    vkdit_error error = {0};
    uint8_t *pixels = NULL;
    uint32_t w, h;
    if (vkdit_run_decode(g->run, g->film + i * latent_values(g), interrupt_asked, NULL, &pixels, &w, &h, &error))
        return err_api(e, &error);
    const bool ok = image_open(im, w, h, e);
    if (ok) memcpy(im->rgb, pixels, (size_t)w * h * 3);
    vkdit_free(pixels);
    return ok;
}

static bool write_strip(const struct generation *g, const struct image *frame, struct err *e)
{
    struct image strip = {0};
    const bool ok = image_grid(&strip, frame, g->n_film, g->n_film, GAP, e) &&
                    png_write(g->cli->s.film, &strip, NULL, 0, g->cli->s.force, e);
    image_close(&strip);
    return ok;
}

static bool write_animation(const struct generation *g, const struct image *frame, struct err *e)
{
    struct anim *a = anim_open(g->cli->s.film, frame->w, frame->h, e);
    bool ok = a != NULL;
    for (uint32_t i = 0; ok && i < g->n_film; i++)
        ok = anim_add(a, frame + i, i + 1 < g->n_film ? FRAME_MS : LAST_MS, e);
    if (ok) return anim_write(a, g->cli->s.force, e);
    anim_close(a);
    return false;
}

bool film_save(struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    struct image *frame = s->film ? mem_zero(g->n_film, sizeof *frame, e) : NULL;
    if (!s->film) return true;
    bool ok = frame != NULL;
    for (uint32_t i = 0; ok && i < g->n_film; i++) ok = decode(g, i, &frame[i], e);
    ok = ok && (animated(g) ? write_animation(g, frame, e) : write_strip(g, frame, e));
    for (uint32_t i = 0; frame && i < g->n_film; i++) image_close(&frame[i]);
    free(frame);
    if (!ok) return false;
    cli_say(g->cli, "wrote %s (%u stages)", s->film, g->n_film);
    cli_event(g->cli, json_pack("{ss, ss, si}", "event", "film", "file", s->film, "stages", (int)g->n_film));
    return true;
}
