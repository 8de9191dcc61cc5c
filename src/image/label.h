// label.h — small plain text in pictures: numbers and lower-case words, 3 x 5 dots a letter. Knows no fonts.
#ifndef VKDIT_IMAGE_LABEL_H
#define VKDIT_IMAGE_LABEL_H

#include "image/image.h"

enum { LABEL_WIDTH = 4, LABEL_HEIGHT = 5 }; // dots a letter takes, the gap included

// Black, from (x, y) on, each dot `scale` pixels square; what does not fit the picture is left out. Upper case is
// drawn as lower case, unknown letters as gaps.
void image_label(struct image *im, uint32_t x, uint32_t y, uint32_t scale, const char *text);
uint32_t image_label_width(const char *text, uint32_t scale);

#endif
