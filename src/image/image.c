// image.c — pictures in memory: make, tile, resize. Knows nothing about files or terminals.
#include "image/image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3, MAX_PIXELS = 1 << 26 };

bool image_open(struct image *im, uint32_t w, uint32_t h, struct err *e)
{
    *im = (struct image){0};
    if (!w || !h || (uint64_t)w * h > MAX_PIXELS) {
        return err_set(e, ERR_ARG, "a picture of %ux%u pixels: sides from 1, at most 64 megapixels", w, h);
    }
    im->rgb = mem_zero((uint64_t)w * h, CHANNELS, e);
    if (!im->rgb) return false;
    im->w = w;
    im->h = h;
    return true;
}

void image_close(struct image *im)
{
    free(im->rgb);
    *im = (struct image){0};
}

void image_text_free(struct image_text *text, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free(text[i].key);
        free(text[i].value);
    }
    free(text);
}

static void paste(struct image *out, const struct image *in, uint32_t x, uint32_t y)
{
    for (uint32_t row = 0; row < in->h; row++)
        memcpy(out->rgb + ((size_t)(y + row) * out->w + x) * CHANNELS, in->rgb + (size_t)row * in->w * CHANNELS,
               (size_t)in->w * CHANNELS);
}

bool image_grid(struct image *out, const struct image *in, uint32_t n, uint32_t columns, uint32_t gap, struct err *e)
{
    *out = (struct image){0};
    if (!n || !columns) return err_set(e, ERR_ARG, "a grid of %u pictures in %u columns: both from 1", n, columns);
    for (uint32_t i = 1; i < n; i++)
        if (in[i].w != in[0].w || in[i].h != in[0].h)
            return err_set(e, ERR_ARG, "grid: picture %u is %ux%u, the first is %ux%u", i, in[i].w, in[i].h, in[0].w,
                           in[0].h);
    if (n == 1) gap = 0; // as torchvision: a single picture is not framed
    columns = min_u32(columns, n);
    const uint32_t rows = ceil_div(n, columns);
    const uint64_t w = (uint64_t)columns * ((uint64_t)in->w + gap) + gap;
    const uint64_t h = (uint64_t)rows * ((uint64_t)in->h + gap) + gap;
    if (w > MAX_PIXELS || h > MAX_PIXELS)
        return err_set(e, ERR_ARG, "a grid of %u pictures would be over 64 megapixels", n);
    if (!image_open(out, (uint32_t)w, (uint32_t)h, e)) return false;
    for (uint32_t i = 0; i < n; i++)
        paste(out, in + i, gap + i % columns * (in->w + gap), gap + i / columns * (in->h + gap));
    return true;
}

// Weights of a triangle filter for one axis: as wide as one source pixel when enlarging (bilinear),
// as wide as one target pixel when shrinking (so that every source pixel counts: area).
struct axis {
    uint32_t room;  // weights kept per target pixel
    uint32_t *from; // first source pixel of each target pixel
    float *weight;  // [target][room], sums to 1
};

static bool axis_open(struct axis *a, uint32_t in, uint32_t out, struct err *e)
{
    const double scale = (double)in / out, reach = scale > 1 ? scale : 1;
    a->room = (uint32_t)(2 * ceil(reach)) + 2;
    a->from = mem_zero(out, sizeof *a->from, e);
    a->weight = mem_zero((uint64_t)out * a->room, sizeof *a->weight, e);
    if (!a->from || !a->weight) return false;
    for (uint32_t i = 0; i < out; i++) {
        const double centre = (i + 0.5) * scale;
        const double low = floor(centre - reach), high = ceil(centre + reach);
        const uint32_t first = low < 0 ? 0 : (uint32_t)low;
        const uint32_t end = high > in ? in : (uint32_t)high;
        float *w = a->weight + (size_t)i * a->room;
        double sum = 0;
        for (uint32_t j = first; j < end && j - first < a->room; j++) {
            const double at = 1 - fabs(j + 0.5 - centre) / reach;
            w[j - first] = at > 0 ? (float)at : 0;
            sum += w[j - first];
        }
        for (uint32_t k = 0; k < a->room; k++) w[k] = (float)(w[k] / sum);
        a->from[i] = first;
    }
    return true;
}

static void axis_close(struct axis *a)
{
    free(a->from);
    free(a->weight);
}

// src [lines][in][inner] -> dst [lines][out][inner]: blends along the middle index.
static void axis_apply(const struct axis *a, float *dst, const float *src, size_t lines, uint32_t in, uint32_t out,
                       size_t inner)
{
    for (size_t l = 0; l < lines; l++)
        for (uint32_t i = 0; i < out; i++) {
            float *to = dst + (l * out + i) * inner;
            for (uint32_t k = 0; k < a->room && a->from[i] + k < in; k++) {
                const float w = a->weight[(size_t)i * a->room + k];
                const float *line = src + (l * in + a->from[i] + k) * inner;
                for (size_t j = 0; j < inner; j++) to[j] += w * line[j];
            }
        }
}

static bool resize_into(struct image *out, const struct image *in, struct axis *ax, struct axis *ay, struct err *e)
{
    if (!axis_open(ax, in->w, out->w, e) || !axis_open(ay, in->h, out->h, e)) return false;
    const uint64_t n_in = (uint64_t)in->w * in->h * CHANNELS, n_out = (uint64_t)out->w * out->h * CHANNELS;
    float *full = mem_zero(n_in, sizeof *full, e);
    float *wide = mem_zero((uint64_t)out->w * in->h * CHANNELS, sizeof *wide, e);
    float *done = mem_zero(n_out, sizeof *done, e);
    const bool ok = full && wide && done;
    if (ok) {
        for (uint64_t i = 0; i < n_in; i++) full[i] = in->rgb[i];
        axis_apply(ax, wide, full, in->h, in->w, out->w, CHANNELS);
        axis_apply(ay, done, wide, 1, in->h, out->h, (size_t)out->w * CHANNELS);
        for (uint64_t i = 0; i < n_out; i++) out->rgb[i] = (uint8_t)fminf(done[i] + 0.5F, 255);
    }
    free(full);
    free(wide);
    free(done);
    return ok;
}

bool image_resize(struct image *out, const struct image *in, uint32_t w, uint32_t h, struct err *e)
{
    if (!image_open(out, w, h, e)) return false;
    struct axis ax = {0}, ay = {0};
    const bool ok = resize_into(out, in, &ax, &ay, e);
    axis_close(&ax);
    axis_close(&ay);
    if (!ok) image_close(out);
    return ok;
}
