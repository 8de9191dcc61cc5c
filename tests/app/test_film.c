// test_film.c — frames and the pictures made of them: grids, views, copies, comparing; and animated WebP.
#include "app/film.h"
#include "check.h"
#include "image/anim.h"
#include "scratch.h"

#include <math.h>
#include <string.h>

static const vkdit_model_info tiny = {.latent_channels = 2, .latent_height = 3, .latent_width = 2, .image_scale = 2};

static uint8_t *filled(size_t n, uint8_t first)
{
    uint8_t *p = malloc(n);
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(first + i);
    return p;
}

static struct frame frame_of(uint8_t first)
{
    struct frame f = {.x = calloc(36, sizeof(float)), .x0 = calloc(36, sizeof(float))};
    f.x[0] = first;
    f.rough[0] = filled(3 * 18, first);
    f.rough[1] = filled(3 * 18, (uint8_t)(first + 10));
    return f;
}

static void frames(void)
{
    struct err e = {0};
    struct film *f = film_new(3, &tiny, 1, &e), *g;
    CHECK(f && f->cap == 2 && f->values == 36 && f->width == 4 && f->height == 6, "%s", e.text);
    struct frame one = frame_of(1), two = frame_of(100), three = frame_of(7);
    CHECK(film_add(f, &one, &e) && film_add(f, &two, &e) && film_count(f) == 2, "%s", e.text);
    CHECK(!film_add(f, &three, &e) && e.code, "a full film took a frame");
    struct image im;
    enum film_grade grade;
    e = (struct err){0};
    CHECK(film_picture(f, 1, VIEW_STATE, true, &im, &grade, &e) && grade == GRADE_ROUGH && im.w == 4 && im.h == 6, "%s",
          e.text);
    CHECK(im.rgb[0] == 100 && im.rgb[2 * 3] == 118 && im.rgb[3 * 4 * 3] == 136, "the grid is laid wrongly");
    CHECK(im.rgb[(3 * 4 + 2) * 3] == 0, "the place without a picture is not black");
    image_close(&im);
    CHECK(film_picture(f, 1, VIEW_DIFFERENCE, true, &im, &grade, &e) && im.rgb[0] == 30 && im.rgb[5] == 30,
          "difference of 10, three times: %d", im.rgb[0]);
    image_close(&im);
    film_give_sketch(f, 1, filled(3 * 4 * 6 * 3, 42));
    CHECK(film_picture(f, 1, VIEW_ESTIMATE, true, &im, &grade, &e) && grade == GRADE_SKETCH && !film_decoded(f, 1) &&
              im.w == 8 && im.h == 12 && im.rgb[0] == 42,
          "sketch");
    image_close(&im);
    film_give_pixels(f, 1, filled(3 * 4 * 6 * 3, 5));
    film_give_pixels(f, 1, filled(3 * 4 * 6 * 3, 99)); // the first ones stay
    CHECK(film_picture(f, 1, VIEW_ESTIMATE, true, &im, &grade, &e) && grade == GRADE_DECODED && im.w == 8 &&
              im.h == 12 && im.rgb[0] == 5,
          "decoded picture");
    image_close(&im);
    CHECK(!film_picture(f, 2, VIEW_STATE, true, &im, &grade, &e), "a frame that is not there");
    g = film_new(3, &tiny, 4, &e);
    e = (struct err){0};
    CHECK(film_copy(g, f, 2, &e) && film_count(g) == 2 && g->frame[1].x != f->frame[1].x && g->frame[1].x[0] == 100 &&
              film_decoded(g, 1) && g->frame[1].sketch[0] == 42,
          "%s", e.text);
    film_drop(film_hold(g));
    film_drop(g);
    film_drop(f);
    film_drop(NULL);
}

static void comparing(void)
{
    struct err e = {0};
    struct image a, b, c, d = {0};
    double psnr = 0;
    image_open(&a, 4, 4, &e);
    image_open(&b, 4, 4, &e);
    image_open(&c, 4, 5, &e);
    CHECK(film_compare(&a, &b, NULL, &psnr, &e) && isinf(psnr), "equal pictures: %g", psnr);
    memset(b.rgb, 10, 48);
    CHECK(film_compare(&a, &b, &d, &psnr, &e) && fabs(psnr - 20 * log10(25.5)) < 1e-9 && d.rgb[7] == 30, "%g", psnr);
    CHECK(!film_compare(&a, &c, NULL, &psnr, &e), "pictures of two sizes were compared");
    image_close(&a);
    image_close(&b);
    image_close(&c);
    image_close(&d);
}

static void animation(struct scratch *dir)
{
    struct err e = {0};
    struct image im, other;
    struct anim *a = anim_open(scratch_path(dir, "a.webp"), 16, 8, &e);
    if (!a) {
        CHECK(e.code == ERR_UNSUPPORTED, "%s", e.text);
        return;
    }
    image_open(&im, 16, 8, &e);
    image_open(&other, 8, 8, &e);
    for (int i = 0; i < 3; i++) {
        memset(im.rgb, 40 * i, 16 * 8 * 3);
        CHECK(anim_add(a, &im, 100, &e), "%s", e.text);
    }
    CHECK(!anim_add(a, &other, 100, &e), "a picture of another size was taken");
    e = (struct err){0};
    CHECK(anim_write(a, false, &e), "%s", e.text);
    char head[64] = "";
    FILE *f = fopen(scratch_path(dir, "a.webp"), "rb");
    CHECK(f && fread(head, 1, sizeof head, f) > 40 && !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "WEBPVP8X", 8) &&
              (head[20] & 2) && head[24] == 15 && head[27] == 7,
          "this is no animation of 16 x 8");
    if (f) fclose(f);
    CHECK(!anim_open("b.webp", 0, 4, &e) && !anim_open("b.webp", 1 << 20, 4, &e), "sizes that WebP has not");
    CHECK(anim_is("x.webp") && anim_is("x.mp4") && !anim_is("x.png") && !anim_open("x.png", 4, 4, &e), "formats");
    image_close(&im);
    image_close(&other);
}

int main(void)
{
    struct scratch dir;
    scratch_open(&dir);
    frames();
    comparing();
    animation(&dir);
    scratch_close(&dir);
    return check_done();
}
