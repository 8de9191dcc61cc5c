// anim_webp.c — animated WebP through libwebpmux.
#include "base/newfile.h"
#include "image/anim.h"

#ifndef VKDIT_WEBP

static void *webp_open(const char *path, uint32_t w, uint32_t h, struct err *e)
{
    (void)path, (void)w, (void)h;
    err_set(e, ERR_UNSUPPORTED, "built without libwebp: animations cannot be written");
    return NULL;
}

const struct anim_format anim_webp = {.ending = ".webp", .open = webp_open};

#else

#include <stdlib.h>
#include <webp/encode.h>
#include <webp/mux.h>

enum { EDGE_MAX = 16383, QUALITY = 92 }; // the format's own limit; little is lost

struct webp {
    WebPAnimEncoder *encoder;
    WebPConfig config;
    int time; // of the next picture, milliseconds
};

static void *webp_open(const char *path, uint32_t w, uint32_t h, struct err *e)
{
    WebPAnimEncoderOptions options;
    (void)path;
    if (!w || !h || w > EDGE_MAX || h > EDGE_MAX) {
        err_set(e, ERR_ARG, "an animation of %ux%u: WebP takes 1 to %d pixels each way", w, h, EDGE_MAX);
        return NULL;
    }
    struct webp *a = mem_zero(1, sizeof *a, e);
    if (!a) return NULL;
    const bool ok = WebPAnimEncoderOptionsInit(&options) && WebPConfigInit(&a->config);
    a->config.quality = QUALITY;
    a->config.method = 3;
    a->encoder = ok ? WebPAnimEncoderNew((int)w, (int)h, &options) : NULL;
    if (a->encoder) return a;
    err_set(e, ERR_MEMORY, "libwebp cannot begin an animation");
    free(a);
    return NULL;
}

static bool webp_add(void *state, const struct image *im, uint32_t milliseconds, struct err *e)
{
    struct webp *a = state;
    WebPPicture p;
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

static bool webp_write(void *state, const char *path, bool replace, struct err *e)
{
    struct webp *a = state;
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
    return ok;
}

static void webp_close(void *state)
{
    struct webp *a = state;
    WebPAnimEncoderDelete(a->encoder);
    free(a);
}

const struct anim_format anim_webp = {".webp", webp_open, webp_add, webp_write, webp_close};

#endif
