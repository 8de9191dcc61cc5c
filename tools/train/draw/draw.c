// draw.c — sets up a canvas and a generator for one picture, lets the class draw, rounds to bytes.
#include "draw.h"

#include <stdlib.h>

#include "classes.h"

int draw_classes(void)
{
    return draw_class_count;
}

const char *draw_name(int which)
{
    return which >= 0 && which < draw_class_count ? draw_class_table[which].name : NULL;
}

static uint8_t to_byte(float v)
{
    return (uint8_t)(num_clamp(v, 0, 1) * 255 + 0.5f);
}

int draw_picture(int which, uint64_t seed, int size, uint8_t *rgb)
{
    if (which < 0 || which >= draw_class_count || size < 64 || size > CANVAS_MAX || !rgb) return -1;
    size_t pixels = (size_t)size * (size_t)size;
    struct canvas c = {.size = size, .pose = pose_identity()};
    c.pixel = calloc(pixels, sizeof *c.pixel);
    c.mask = calloc(pixels, sizeof *c.mask);
    if (!c.pixel || !c.mask) {
        free(c.pixel);
        free(c.mask);
        return -1;
    }
    struct scene s = {.c = &c, .r.key = num_hash(num_hash(seed) ^ (uint64_t)which * 0x9e3779b97f4a7c15u)};
    draw_class_table[which].draw(&s);
    unclip(&c);
    c.pose = pose_identity();
    scene_finish(&s);
    for (size_t i = 0; i < pixels; i++) {
        rgb[i * 3] = to_byte(c.pixel[i].r);
        rgb[i * 3 + 1] = to_byte(c.pixel[i].g);
        rgb[i * 3 + 2] = to_byte(c.pixel[i].b);
    }
    free(c.pixel);
    free(c.mask);
    return 0;
}
