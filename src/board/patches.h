// patches.h — the patches of pictures on which a channel is strongest. Pure numbers and pixels.
#ifndef VKDIT_BOARD_PATCHES_H
#define VKDIT_BOARD_PATCHES_H

#include "base/base.h"

struct patch {
    float value;
    uint32_t image, token;
};

// Those with the largest of the values [images][tokens], largest first; returns how many, at most n.
uint32_t patches_best(const float *value, uint32_t images, uint32_t tokens, struct patch *out, uint32_t n);

// Square pictures of RGB, one after another, cut into side x side patches.
struct patch_pictures {
    const uint8_t *rgb;
    uint32_t edge, side;
};
// The patch in the middle of its eight neighbours, three patches wide and high, to (x0, y0) of a picture `width` wide. What
// would lie outside its picture is left as it is.
void patch_cut(const struct patch_pictures *from, const struct patch *p, uint8_t *to, uint32_t width, uint32_t x0,
               uint32_t y0);

#endif
