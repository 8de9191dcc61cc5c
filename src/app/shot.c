// shot.c — pictures of a film as textures of the screen, made again only when something else is wanted.
#include "app/window.h"

#include <stdlib.h>
#include <string.h>

void shot_drop(struct shot *s)
{
    if (s->texture) SDL_DestroyTexture(s->texture);
    *s = (struct shot){0};
}

void shots_drop(struct app *a)
{
    for (size_t i = 0; i < COUNTOF(a->canvas); i++) shot_drop(a->canvas + i);
    struct board_view *v = &a->board;
    struct shot *const of_board[] = {&v->map,     &v->channels,  &v->over,          v->alike,         v->alike + 1,
                                     &v->patches, v->histograms, v->histograms + 1, v->histograms + 2};
    for (size_t i = 0; i < COUNTOF(of_board); i++) shot_drop(of_board[i]);
    v->drawn = NULL;
    for (uint32_t i = 0; i < a->thumbs; i++) shot_drop(a->thumb + i);
    for (uint32_t i = 0; i < a->tiles; i++) shot_drop(a->tile + i);
    for (uint32_t i = 0; i < APP_FILMS; i++) shot_drop(a->run_thumb + i);
    free(a->thumb);
    free(a->tile);
    a->thumb = a->tile = NULL;
    a->thumbs = a->tiles = 0;
}

// opacity: of each pixel; NULL: all of it.
static bool upload_over(struct app *a, struct shot *s, const struct image *im, const uint8_t *opacity)
{
    void *to;
    int pitch;
    if (!s->texture || s->w != im->w || s->h != im->h) {
        shot_drop(s);
        s->texture = SDL_CreateTexture(a->renderer, SDL_PIXELFORMAT_ABGR8888, SDL_TEXTUREACCESS_STREAMING, (int)im->w,
                                       (int)im->h);
        if (!s->texture) return false;
        SDL_SetTextureScaleMode(s->texture, SDL_ScaleModeLinear);
        s->w = im->w;
        s->h = im->h;
    }
    if (SDL_LockTexture(s->texture, NULL, &to, &pitch)) return false;
    for (uint32_t y = 0; y < im->h; y++) {
        uint8_t *row = (uint8_t *)to + (size_t)y * (size_t)pitch;
        const uint8_t *from = im->rgb + (size_t)y * im->w * 3;
        for (uint32_t x = 0; x < im->w; x++, from += 3, row += 4) {
            memcpy(row, from, 3);
            row[3] = opacity ? opacity[(size_t)y * im->w + x] : 255;
        }
    }
    SDL_UnlockTexture(s->texture);
    return true;
}

static bool upload(struct app *a, struct shot *s, const struct image *im)
{
    return upload_over(a, s, im, NULL);
}

const struct shot *shot_thumb(struct app *a, struct shot *s, struct film *f, uint32_t at, enum film_view view,
                              uint32_t edge)
{
    struct image im = {0}, small = {0};
    struct err e = {0};
    const enum film_grade grade = view == VIEW_ESTIMATE ? film_grade(f, at) : GRADE_ROUGH;
    enum film_grade made;
    if (s->texture && s->film == f->number && s->at == at && s->view == view && s->grade == grade) return s;
    if (!film_picture(f, at, view, true, &im, &made, &e)) return NULL;
    const uint32_t most = max_u32(im.w, im.h), w = max_u32(1, im.w * edge / most), h = max_u32(1, im.h * edge / most);
    const bool ok = image_resize(&small, &im, w, h, &e) && upload(a, s, &small);
    image_close(&im);
    image_close(&small);
    s->film = f->number;
    s->at = at;
    s->view = view;
    s->grade = made;
    return ok ? s : NULL;
}

const struct shot *shot_image(struct app *a, struct shot *s, const struct image *im)
{
    return s->texture || upload(a, s, im) ? s : NULL;
}

const struct shot *shot_cells(struct app *a, struct shot *s, const struct image *im, const uint8_t *opacity)
{
    if (!upload_over(a, s, im, opacity)) return NULL;
    SDL_SetTextureScaleMode(s->texture, SDL_ScaleModeNearest);
    SDL_SetTextureBlendMode(s->texture, opacity ? SDL_BLENDMODE_BLEND : SDL_BLENDMODE_NONE);
    return s;
}

const struct shot *shot_film(struct app *a, struct shot *s, struct film *f, uint32_t at, enum film_view view, bool fine)
{
    struct image im = {0};
    struct err e = {0};
    const enum film_grade grade = fine && view == VIEW_ESTIMATE ? film_grade(f, at) : GRADE_ROUGH;
    if (s->texture && s->film == f->number && s->at == at && s->view == view && s->grade == grade && !s->other)
        return s;
    enum film_grade made;
    if (!film_picture(f, at, view, fine, &im, &made, &e)) return s->texture && s->film == f->number ? s : NULL;
    const bool ok = upload(a, s, &im);
    image_close(&im);
    s->film = f->number;
    s->at = at;
    s->view = view;
    s->grade = made;
    s->other = 0;
    return ok ? s : NULL;
}

// Decoded pictures are compared with decoded ones, rough with rough.
const struct shot *shot_difference(struct app *a, struct film *f, uint32_t at, struct film *g, uint32_t g_at)
{
    struct shot *s = a->canvas + 2;
    struct image one = {0}, two = {0}, difference = {0};
    struct err e = {0};
    const bool fine = a->view == VIEW_ESTIMATE && film_decoded(f, at) && film_decoded(g, g_at);
    double psnr = 0;
    enum film_grade made;
    if (s->texture && s->film == f->number && s->at == at && s->other == g->number && s->other_at == g_at &&
        s->view == a->view && s->grade == (fine ? GRADE_DECODED : GRADE_ROUGH))
        return s;
    const bool ok = film_picture(f, at, a->view, fine, &one, &made, &e) &&
                    film_picture(g, g_at, a->view, fine, &two, &made, &e) &&
                    film_compare(&one, &two, &difference, &psnr, &e) && upload(a, s, &difference);
    image_close(&one);
    image_close(&two);
    image_close(&difference);
    if (!ok) return NULL;
    s->film = f->number;
    s->at = at;
    s->other = g->number;
    s->other_at = g_at;
    s->view = a->view;
    s->grade = fine ? GRADE_DECODED : GRADE_ROUGH;
    s->psnr = psnr;
    return s;
}
