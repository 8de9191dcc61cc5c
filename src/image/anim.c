// anim.c — which format a path asks for; what all formats have in common.
#include "image/anim.h"

#include <stdlib.h>

static const struct anim_format *const formats[] = {&anim_webp, &anim_movie};

struct anim {
    const struct anim_format *format;
    void *state; // the format's
    char *path;
    uint32_t w, h;
};

static const struct anim_format *format_of(const char *path)
{
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (text_ends(path, formats[i]->ending)) return formats[i];
    return NULL;
}

bool anim_is(const char *path)
{
    return format_of(path) != NULL;
}

struct anim *anim_open(const char *path, uint32_t w, uint32_t h, struct err *e)
{
    struct anim *a = mem_zero(1, sizeof *a, e);
    if (!a) return NULL;
    a->format = format_of(path);
    a->path = mem_text(path, e);
    a->w = w;
    a->h = h;
    if (!a->format) err_set(e, ERR_ARG, "%s: its ending names no format of animations", path);
    if (a->format && a->path) a->state = a->format->open(path, w, h, e);
    if (a->state) return a;
    anim_close(a);
    return NULL;
}

bool anim_add(struct anim *a, const struct image *im, uint32_t milliseconds, struct err *e)
{
    if (im->w != a->w || im->h != a->h)
        return err_set(e, ERR_ARG, "a picture of %ux%u in an animation of %ux%u", im->w, im->h, a->w, a->h);
    return a->format->add(a->state, im, milliseconds, e);
}

bool anim_write(struct anim *a, bool replace, struct err *e)
{
    const bool ok = a->format->write(a->state, a->path, replace, e);
    anim_close(a);
    return ok;
}

void anim_close(struct anim *a)
{
    if (!a) return;
    if (a->state) a->format->close(a->state);
    free(a->path);
    free(a);
}
