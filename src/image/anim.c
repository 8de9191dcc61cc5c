// anim.c — animated WebP through libwebpmux. Knows nothing about where the pictures come from.
#include "image/anim.h"
#include "base/newfile.h"

#ifndef VKDIT_WEBP

struct anim *anim_open(uint32_t w, uint32_t h, struct err *e)
{
    (void)w, (void)h;
    err_set(e, ERR_UNSUPPORTED, "built without libwebp: animations cannot be written");
    return NULL;
}

bool anim_add(struct anim *a, const struct image *im, uint32_t milliseconds, struct err *e)
{
    (void)a, (void)im, (void)milliseconds;
    return err_set(e, ERR_UNSUPPORTED, "built without libwebp: animations cannot be written");
}

bool anim_write(struct anim *a, const char *path, bool replace, struct err *e)
{
    (void)a, (void)path, (void)replace;
    return err_set(e, ERR_UNSUPPORTED, "built without libwebp: animations cannot be written");
}

void anim_close(struct anim *a)
{
    (void)a;
}

#else

#include <stdlib.h>
#include <webp/encode.h>
#include <webp/mux.h>

enum { EDGE_MAX = 16383, QUALITY = 92 }; // the format's own limit; little is lost

struct anim {
    WebPAnimEncoder *encoder;
    WebPConfig config;
    uint32_t w, h;
    int time; // of the next picture, milliseconds
};

struct anim *anim_open(uint32_t w, uint32_t h, struct err *e)
{
    WebPAnimEncoderOptions options;
    if (!w || !h || w > EDGE_MAX || h > EDGE_MAX) {
        err_set(e, ERR_ARG, "an animation of %ux%u: WebP takes 1 to %d pixels each way", w, h, EDGE_MAX);
        return NULL;
    }
    struct anim *a = mem_zero(1, sizeof *a, e);
    if (!a) return NULL;
    a->w = w;
    a->h = h;
    const bool ok = WebPAnimEncoderOptionsInit(&options) && WebPConfigInit(&a->config);
    a->config.quality = QUALITY;
    a->config.method = 3;
    a->encoder = ok ? WebPAnimEncoderNew((int)w, (int)h, &options) : NULL;
    if (a->encoder) return a;
    err_set(e, ERR_MEMORY, "libwebp cannot begin an animation");
    free(a);
    return NULL;
}

bool anim_add(struct anim *a, const struct image *im, uint32_t milliseconds, struct err *e)
{
    WebPPicture p;
    if (im->w != a->w || im->h != a->h)
        return err_set(e, ERR_ARG, "a picture of %ux%u in an animation of %ux%u", im->w, im->h, a->w, a->h);
    if (!WebPPictureInit(&p)) return err_set(e, ERR_UNSUPPORTED, "another version of libwebp was compiled for");
    p.width = (int)im->w;
    p.height = (int)im->h;
    p.use_argb = 1;
    const bool ok =
        WebPPictureImportRGB(&p, im->rgb, (int)im->w * 3) && WebPAnimEncoderAdd(a->encoder, &p, a->time, &a->config);
    WebPPictureFree(&p);
    a->time += (int)milliseconds;
    return ok || err_set(e, ERR_MEMORY, "libwebp: %s", WebPAnimEncoderGetError(a->encoder));
}

bool anim_write(struct anim *a, const char *path, bool replace, struct err *e)
{
    WebPData data;
    struct newfile file = {0};
    WebPDataInit(&data);
    bool ok = WebPAnimEncoderAdd(a->encoder, NULL, a->time, NULL) && WebPAnimEncoderAssemble(a->encoder, &data);
    if (!ok) err_set(e, ERR_MEMORY, "libwebp: %s", WebPAnimEncoderGetError(a->encoder));
    ok = ok && newfile_open(&file, path, e);
    if (ok) {
        newfile_put(&file, data.bytes, data.size);
        ok = newfile_commit(&file, replace, e);
    }
    WebPDataClear(&data);
    anim_close(a);
    return ok;
}

void anim_close(struct anim *a)
{
    if (!a) return;
    WebPAnimEncoderDelete(a->encoder);
    free(a);
}

#endif
