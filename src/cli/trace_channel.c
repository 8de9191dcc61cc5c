// trace_channel.c — one channel of one block over the pictures: overlays, the patches it likes best, numbers as CSV.
// Knows nothing about runs.
#include "cli/trace_channel.h"
#include "base/newfile.h"
#include "board/patches.h"
#include "board/svg.h"
#include "image/label.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 6, BEST = 8, GAP = 2, LEAST_CELL = 8, LEFT = 70, TOP = 20 };

bool channel_open(struct channel_view *v, const struct trace *x, const char *place, uint32_t images, uint32_t tokens,
                  struct err *e)
{
    int end = 0;
    *v = (struct channel_view){.images = images, .tokens = tokens};
    const int n = sscanf(place, "block[%u].%15[a-z_][%u]%n", &v->block, v->tap, &v->channel, &end);
    if (n != 3 || place[end])
        return err_set(e, ERR_ARG, "--channel wants a place such as \"block[5].mlp_in[12]\", got \"%.60s\"", place);
    if (strcmp(v->tap, "attn_in") && strcmp(v->tap, "mlp_in") && strcmp(v->tap, "out"))
        return err_set(e, ERR_ARG, "--channel %.60s: attn_in, mlp_in or out wanted", place);
    if (v->block >= x->depth || v->channel >= x->width)
        return err_set(e, ERR_ARG, "--channel %.60s: the model has %u blocks of %u channels", place, x->depth,
                       x->width);
    v->value = mem_zero((uint64_t)TRACE_OBSERVED * images * tokens, sizeof *v->value, e);
    return v->value != NULL;
}

void channel_close(struct channel_view *v)
{
    free(v->value);
    for (uint32_t k = 0; k < TRACE_OBSERVED; k++) image_close(&v->picture[k]);
}

void channel_take(struct channel_view *v, uint32_t step, const float *tap, uint32_t images, uint32_t tokens,
                  uint32_t width)
{
    for (uint64_t i = 0; i < (uint64_t)images * tokens; i++)
        v->value[(uint64_t)step * images * tokens + i] = tap[i * width + v->channel];
}

bool channel_background(struct channel_view *v, uint32_t n, uint32_t step, const uint8_t *pixels, uint32_t w,
                        uint32_t h, struct err *e)
{
    for (uint32_t k = 0; pixels && k < n; k++) {
        const uint32_t shown = min_u32(v[k].images, SHOWN);
        struct image part[SHOWN];
        for (uint32_t i = 0; i < shown; i++)
            part[i] = (struct image){w, h, (uint8_t *)(uintptr_t)pixels + (size_t)i * w * h * 3};
        image_close(&v[k].picture[step]);
        if (!image_grid(&v[k].picture[step], part, shown, shown, 0, e)) return false;
    }
    return true;
}

// --- overlays -----------------------------------------------------------------------------------------------------

static double largest(const struct channel_view *v, uint32_t steps)
{
    double most = 0;
    for (uint64_t i = 0; i < (uint64_t)steps * v->images * v->tokens; i++) most = fmax(most, fabs((double)v->value[i]));
    return most;
}

// Left: the picture, grey, under the channel's values; the stronger a value, the less of the picture is left.
static void overlay(struct image *im, const struct image *under, const float *value, uint32_t x0, uint32_t y0,
                    uint32_t cell, uint32_t side, uint32_t column, double most)
{
    for (uint32_t p = 0; p < cell * side * cell * side; p++) {
        const uint32_t px = p % (cell * side), py = p / (cell * side);
        const double u = most > 0 ? (double)value[py / cell * side + px / cell] / most : 0;
        const struct rgb c = colour_diverging(u);
        const uint8_t over[] = {c.r, c.g, c.b};
        uint8_t *to = im->rgb + ((size_t)(y0 + py) * im->w + x0 + px) * 3;
        const uint8_t *from =
            under->rgb ? under->rgb + ((size_t)py * under->w + (size_t)column * cell * side + px) * 3 : NULL;
        const double grey = from ? (from[0] + from[1] + from[2]) / 3.0 : 0, share = from ? 0.25 + 0.75 * fabs(u) : 1;
        for (int k = 0; k < 3; k++) to[k] = (uint8_t)lround(share * over[k] + (1 - share) * grey);
    }
}

static void caption(const struct channel_view *v, const struct trace *x, const char *what, double most, char *out,
                    size_t room)
{
    size_t at = (size_t)snprintf(out, room, "block[%u].%s[%u]: %s; rows: t =", v->block, v->tap, v->channel, what);
    for (uint32_t k = 0; k < x->observed && at < room; k++)
        at += (size_t)snprintf(out + at, room - at, " %.4g", x->t[x->step[k]]);
    if (at < room)
        snprintf(out + at, room - at, "; largest size %.4g; %.900s; model %s", most, x->command, x->model_hash);
}

static bool write_png(struct channel_view *v, struct trace *x, const struct image *im, const char *kind,
                      const char *what, double most, struct err *e)
{
    char name[TRACE_NAME], path[PATH_BYTES], key[] = "Description", text[1600];
    snprintf(name, sizeof name, "channel_block%u_%s_%u%s.png", v->block, v->tap, v->channel, kind);
    caption(v, x, what, most, text, sizeof text);
    return trace_path(x, name, path, sizeof path, e) &&
           png_write(path, im, &(struct image_text){key, text}, 1, true, e) && trace_wrote(x, name, e);
}

// Which channel this is, the timestep of each row, and the colours' range.
static void annotate(struct image *im, const struct channel_view *v, const struct trace *x, uint32_t pixels,
                     double most)
{
    char text[80];
    snprintf(text, sizeof text, "block[%u].%s[%u]", v->block, v->tap, v->channel);
    image_label(im, GAP, 4, 2, text);
    for (uint32_t k = 0; k < x->observed; k++) {
        snprintf(text, sizeof text, "t %.4g", x->t[x->step[k]]);
        image_label(im, GAP, TOP + k * (pixels + GAP) + pixels / 2, 2, text);
    }
    if (most <= 0) return;
    const uint32_t y = im->h - 18, wide = min_u32(im->w - LEFT - 80, 200);
    for (uint32_t i = 0; i < 12 * wide; i++) {
        const struct rgb c = colour_diverging(2.0 * (i % wide) / wide - 1);
        memcpy(im->rgb + ((size_t)(y + i / wide) * im->w + LEFT + i % wide) * 3, &c, 3);
    }
    snprintf(text, sizeof text, "-%.3g", most);
    image_label(im, GAP, y + 1, 2, text);
    image_label(im, LEFT + wide + 6, y + 1, 2, text + 1);
}

static bool write_overlays(struct channel_view *v, struct trace *x, double most, struct err *e)
{
    const uint32_t side = (uint32_t)lround(sqrt(v->tokens)), shown = min_u32(v->images, SHOWN);
    const uint32_t pixels = v->picture[0].rgb ? v->picture[0].h : side * LEAST_CELL;
    struct image im;
    if (!image_open(&im, LEFT + max_u32(shown * (pixels + GAP), 240), TOP + x->observed * (pixels + GAP) + 24, e))
        return false;
    memset(im.rgb, 255, (size_t)im.w * im.h * 3);
    for (uint32_t k = 0; k < x->observed; k++)
        for (uint32_t i = 0; i < shown; i++)
            overlay(&im, &v->picture[k], v->value + ((size_t)k * v->images + i) * v->tokens, LEFT + i * (pixels + GAP),
                    TOP + k * (pixels + GAP), pixels / side, side, i, most);
    annotate(&im, v, x, pixels, most);
    const bool ok =
        write_png(v, x, &im, "", "blue negative, white 0, orange positive, over the estimate of the picture", most, e);
    image_close(&im);
    return ok;
}

// --- the patches it likes best ------------------------------------------------------------------------------------

static bool write_best(struct channel_view *v, struct trace *x, double most, struct err *e)
{
    const uint32_t side = (uint32_t)lround(sqrt(v->tokens)), best = min_u32(BEST, v->images * v->tokens);
    if (!x->pictures) return true;
    const uint32_t pixels = 3 * (x->picture_w / side);
    const struct patch_pictures from = {x->pictures, x->picture_w, side};
    struct patch p[BEST];
    struct image im = {0};
    bool ok = image_open(&im, LEFT + max_u32(best * (pixels + GAP), 240), TOP + x->observed * (pixels + GAP), e);
    if (ok) memset(im.rgb, 255, (size_t)im.w * im.h * 3);
    for (uint32_t k = 0; ok && k < x->observed; k++) {
        const uint32_t n = patches_best(v->value + (size_t)k * v->images * v->tokens, v->images, v->tokens, p, best);
        for (uint32_t i = 0; i < n; i++)
            patch_cut(&from, p + i, im.rgb, im.w, LEFT + i * (pixels + GAP), TOP + k * (pixels + GAP));
    }
    if (ok) annotate(&im, v, x, pixels, 0);
    ok = ok &&
         write_png(v, x, &im, "_top", "patches of the finished pictures with the largest values, best first", most, e);
    image_close(&im);
    return ok;
}

// --- numbers ------------------------------------------------------------------------------------------------------

static bool write_numbers(struct channel_view *v, struct trace *x, struct err *e)
{
    const uint32_t side = (uint32_t)lround(sqrt(v->tokens));
    char name[TRACE_NAME], path[PATH_BYTES], line[TRACE_LINE];
    struct newfile f = {0};
    snprintf(name, sizeof name, "channel_block%u_%s_%u.csv", v->block, v->tap, v->channel);
    if (!trace_path(x, name, path, sizeof path, e) || !newfile_open(&f, path, e)) return false;
    int n = snprintf(line, sizeof line, "# %s; vkdit %s; model %s\nevaluation,t,image,class,row,column,value\n",
                     x->command, vkdit_version(), x->model_hash);
    newfile_put(&f, line, (size_t)n);
    for (uint64_t i = 0; i < (uint64_t)x->observed * v->images * v->tokens; i++) {
        const uint32_t token = (uint32_t)(i % v->tokens), image = (uint32_t)(i / v->tokens % v->images),
                       k = (uint32_t)(i / v->tokens / v->images);
        n = snprintf(line, sizeof line, "%u,%.9g,%u,%u,%u,%u,%.6g\n", x->step[k], x->t[x->step[k]], image,
                     x->g.classes[image], token / side, token % side, (double)v->value[i]);
        newfile_put(&f, line, (size_t)n);
    }
    return newfile_commit(&f, true, e) && trace_wrote(x, name, e);
}

bool channel_write(struct channel_view *v, struct trace *x, struct err *e)
{
    const double most = largest(v, x->observed);
    return write_overlays(v, x, most, e) && write_best(v, x, most, e) && write_numbers(v, x, e);
}
