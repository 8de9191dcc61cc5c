// film.c — frames of a run and the pictures that can be made of them. Knows nothing about devices or windows.
#include "app/film.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct names *names_new(uint32_t n, struct err *e)
{
    struct names *list = mem_zero(1, sizeof *list, e);
    if (!list) return NULL;
    atomic_init(&list->users, 1);
    list->text = mem_zero(n, sizeof *list->text, e);
    list->n = list->text ? n : 0;
    return list;
}

struct names *names_hold(struct names *n)
{
    if (n) atomic_fetch_add(&n->users, 1);
    return n;
}

void names_drop(struct names *n)
{
    if (!n || atomic_fetch_sub(&n->users, 1) > 1) return;
    for (uint32_t i = 0; i < n->n; i++) free(n->text[i]);
    free(n->text);
    free(n);
}

struct film *film_new(uint32_t images, const vkdit_model_info *info, uint32_t steps, struct err *e)
{
    struct film *f = mem_zero(1, sizeof *f, e);
    if (!f) return NULL;
    atomic_init(&f->users, 1);
    pthread_mutex_init(&f->lock, NULL);
    f->info = *info;
    f->info.sampler = f->info.spacing = NULL; // the model's, which may be closed before the film
    f->images = images;
    f->steps = steps;
    f->cap = steps + 1;
    f->values = (uint64_t)images * info->latent_channels * info->latent_height * info->latent_width;
    f->width = info->latent_width * (info->image_scale ? info->image_scale : 8);
    f->height = info->latent_height * (info->image_scale ? info->image_scale : 8);
    f->frame = mem_zero(f->cap, sizeof *f->frame, e);
    f->classes = mem_zero(images, sizeof *f->classes, e);
    if (f->frame && f->classes) return f;
    film_drop(f);
    return NULL;
}

struct film *film_hold(struct film *f)
{
    if (f) atomic_fetch_add(&f->users, 1);
    return f;
}

void film_drop(struct film *f)
{
    if (!f || atomic_fetch_sub(&f->users, 1) > 1) return;
    for (uint32_t i = 0; f->frame && i < f->n; i++) frame_free(f->frame + i);
    board_close(f->board);
    likeness_close(f->likeness);
    names_drop(f->class_names);
    json_decref(f->options);
    free(f->frame);
    free(f->classes);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void frame_free(struct frame *f)
{
    free(f->x);
    free(f->x0);
    free(f->rough[0]);
    free(f->rough[1]);
    free(f->pixels);
    free(f->sketch);
    free(f->watched);
    free(f->added);
    *f = (struct frame){0};
}

bool film_add(struct film *f, const struct frame *frame, struct err *e)
{
    pthread_mutex_lock(&f->lock);
    const bool room = f->n < f->cap;
    if (room) f->frame[f->n++] = *frame;
    pthread_mutex_unlock(&f->lock);
    if (room) return true;
    struct frame unwanted = *frame;
    frame_free(&unwanted);
    return err_set(e, ERR_ARG, "the run has more than its %u steps", f->steps);
}

static void *copy_of(const void *from, uint64_t bytes, bool *ok, struct err *e)
{
    void *to = from ? mem_zero(bytes, 1, e) : NULL;
    if (to) memcpy(to, from, bytes);
    *ok = *ok && (to || !from);
    return to;
}

bool film_copy(struct film *f, struct film *from, uint32_t n, struct err *e)
{
    const uint64_t bytes = f->values * sizeof(float), rgb = (uint64_t)f->images * f->width * f->height * 3;
    const uint64_t cells = (uint64_t)f->images * f->info.latent_width * f->info.latent_height * 3;
    bool ok = f->values == from->values || err_set(e, ERR_ARG, "the films have different shapes");
    for (uint32_t i = 0; ok && i < n; i++) {
        pthread_mutex_lock(&from->lock);
        const struct frame old = from->frame[i]; // pixels are never taken away again
        pthread_mutex_unlock(&from->lock);
        struct frame made = {.signal = old.signal, .noise = old.noise};
        made.x = copy_of(old.x, bytes, &ok, e);
        made.x0 = copy_of(old.x0, bytes, &ok, e);
        made.rough[0] = copy_of(old.rough[0], cells, &ok, e);
        made.rough[1] = copy_of(old.rough[1], cells, &ok, e);
        made.pixels = copy_of(old.pixels, rgb, &ok, e);
        made.sketch = copy_of(old.sketch, rgb, &ok, e);
        if (ok)
            ok = film_add(f, &made, e);
        else
            frame_free(&made);
    }
    return ok;
}

static void give(struct film *f, uint32_t at, uint8_t **place, uint8_t *pixels)
{
    pthread_mutex_lock(&f->lock);
    if (at < f->n && !*place) {
        *place = pixels;
        pixels = NULL;
    }
    pthread_mutex_unlock(&f->lock);
    free(pixels);
}

void film_give_pixels(struct film *f, uint32_t at, uint8_t *pixels)
{
    give(f, at, &f->frame[at].pixels, pixels);
}

void film_give_sketch(struct film *f, uint32_t at, uint8_t *sketch)
{
    give(f, at, &f->frame[at].sketch, sketch);
}

void film_give_board(struct film *f, struct board *b)
{
    pthread_mutex_lock(&f->lock);
    f->board = b;
    pthread_mutex_unlock(&f->lock);
}

const struct board *film_board(struct film *f)
{
    pthread_mutex_lock(&f->lock);
    const struct board *b = f->board;
    pthread_mutex_unlock(&f->lock);
    return b;
}

void film_give_likeness(struct film *f, struct likeness *l)
{
    pthread_mutex_lock(&f->lock);
    if (!f->likeness) {
        f->likeness = l;
        l = NULL;
    }
    pthread_mutex_unlock(&f->lock);
    likeness_close(l);
}

const struct likeness *film_likeness(struct film *f)
{
    pthread_mutex_lock(&f->lock);
    const struct likeness *l = f->likeness;
    pthread_mutex_unlock(&f->lock);
    return l;
}

void film_finish(struct film *f, enum film_end end, const struct film_times *t)
{
    pthread_mutex_lock(&f->lock);
    f->end = end;
    f->times = *t;
    pthread_mutex_unlock(&f->lock);
}

uint32_t film_count(struct film *f)
{
    pthread_mutex_lock(&f->lock);
    const uint32_t n = f->n;
    pthread_mutex_unlock(&f->lock);
    return n;
}

enum film_end film_end_of(struct film *f)
{
    pthread_mutex_lock(&f->lock);
    const enum film_end end = f->end;
    pthread_mutex_unlock(&f->lock);
    return end;
}

struct film_times film_times_of(struct film *f)
{
    pthread_mutex_lock(&f->lock);
    const struct film_times t = f->times;
    pthread_mutex_unlock(&f->lock);
    return t;
}

enum film_grade film_grade(struct film *f, uint32_t at)
{
    enum film_grade grade = GRADE_ROUGH;
    pthread_mutex_lock(&f->lock);
    if (at < f->n && f->frame[at].sketch) grade = GRADE_SKETCH;
    if (at < f->n && f->frame[at].pixels) grade = GRADE_DECODED;
    pthread_mutex_unlock(&f->lock);
    return grade;
}

bool film_decoded(struct film *f, uint32_t at)
{
    return film_grade(f, at) == GRADE_DECODED;
}

uint64_t film_bytes(struct film *f)
{
    const uint64_t watched = (uint64_t)f->images * f->info.tokens * sizeof(float);
    return (uint64_t)f->cap * (f->values * 2 * sizeof(float) + watched) +
           (uint64_t)f->images * f->width * f->height * 3 * 2 + board_bytes(film_board(f)) +
           likeness_bytes(film_likeness(f));
}

uint64_t film_seed(const struct film *f)
{
    const json_t *v = json_object_get(f->options, "seed"); // text when it is too large for JSON
    return json_is_string(v) ? strtoull(json_string_value(v), NULL, 10) : (uint64_t)json_integer_value(v);
}

// --- pictures -----------------------------------------------------------------------------------------------------

void film_grid(const struct film *f, uint32_t *columns, uint32_t *rows)
{
    *columns = 1;
    while (*columns * *columns < f->images) ++*columns;
    *rows = ceil_div(f->images, *columns);
}

// Pictures of w x h, one after another, as a grid.
static bool lay_grid(const struct film *f, const uint8_t *pixels, uint32_t w, uint32_t h, struct image *out,
                     struct err *e)
{
    uint32_t columns, rows;
    film_grid(f, &columns, &rows);
    if (!image_open(out, columns * w, rows * h, e)) return false;
    for (uint32_t i = 0; i < f->images; i++)
        for (uint32_t y = 0; y < h; y++)
            memcpy(out->rgb + ((size_t)(i / columns * h + y) * out->w + i % columns * w) * 3,
                   pixels + ((size_t)i * h + y) * w * 3, (size_t)w * 3);
    return true;
}

static bool rough_picture(const struct film *f, const struct frame *at, enum film_view view, struct image *out,
                          struct err *e)
{
    const uint32_t w = f->info.latent_width, h = f->info.latent_height;
    const uint8_t *state = at->rough[0], *estimate = at->rough[1] ? at->rough[1] : state;
    if (!state) return err_set(e, ERR_ARG, "the frame has no colours");
    if (!lay_grid(f, view == VIEW_STATE ? state : estimate, w, h, out, e) || view != VIEW_DIFFERENCE) return out->rgb;
    struct image other = {0}, difference = {0};
    double psnr;
    const bool ok = lay_grid(f, state, w, h, &other, e) && film_compare(out, &other, &difference, &psnr, e);
    image_close(&other);
    image_close(out);
    *out = difference;
    return ok;
}

bool film_picture(struct film *f, uint32_t at, enum film_view view, bool fine, struct image *out,
                  enum film_grade *grade, struct err *e)
{
    *out = (struct image){0};
    pthread_mutex_lock(&f->lock);
    const bool there = at < f->n;
    const struct frame now = there ? f->frame[at] : (struct frame){0};
    pthread_mutex_unlock(&f->lock);
    if (!there) return err_set(e, ERR_ARG, "the film has no frame %u yet", at);
    const bool better = fine && view == VIEW_ESTIMATE; // what is there is never taken away again
    *grade = better && now.pixels ? GRADE_DECODED : better && now.sketch ? GRADE_SKETCH : GRADE_ROUGH;
    if (*grade == GRADE_ROUGH) return rough_picture(f, &now, view, out, e);
    return lay_grid(f, *grade == GRADE_DECODED ? now.pixels : now.sketch, f->width, f->height, out, e);
}

bool film_compare(const struct image *a, const struct image *b, struct image *difference, double *psnr, struct err *e)
{
    if (a->w != b->w || a->h != b->h) return err_set(e, ERR_ARG, "pictures of different sizes cannot be compared");
    if (difference && !image_open(difference, a->w, a->h, e)) return false;
    const size_t n = (size_t)a->w * a->h * 3;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const int d = (int)a->rgb[i] - (int)b->rgb[i];
        sum += (double)d * d;
        if (difference) difference->rgb[i] = (uint8_t)min_u32(255, (uint32_t)(d < 0 ? -d : d) * 3);
    }
    *psnr = sum > 0 ? 10 * log10(255.0 * 255.0 * (double)n / sum) : INFINITY;
    return true;
}
