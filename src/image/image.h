// image.h — pictures in and out: PNG with text, grids, terminal. Pixels are 8-bit RGB, row-major, top first.
#ifndef VKDIT_IMAGE_H
#define VKDIT_IMAGE_H

#include "base/base.h"

struct image {
    uint32_t w, h;
    uint8_t *rgb;
};
struct image_text {
    char *key, *value;
}; // Latin-1 keys <= 79 bytes, UTF-8 values (iTXt when needed)

bool image_open(struct image *im, uint32_t w, uint32_t h, struct err *e); // black
void image_close(struct image *im);
// Writes to a temporary file beside `path`, flushes it and renames. replace=false fails when path exists
// (atomically: link, not rename). path "-" = standard output. Text with an empty value is left out.
bool png_write(const char *path, const struct image *im, const struct image_text *text, uint32_t n_text, bool replace,
               struct err *e);
// Bounded reader: 8/16-bit, grey/RGB/palette/alpha are turned into RGB; at most 64 Mpixel; text chunks up to 1 MiB.
bool png_read(const char *path, struct image *im, struct image_text **text, uint32_t *n_text, struct err *e);
void image_text_free(struct image_text *text, uint32_t n);
// n pictures of one size in rows of `columns`, `gap` black pixels around and between (torchvision's save_image).
bool image_grid(struct image *out, const struct image *in, uint32_t n, uint32_t columns, uint32_t gap, struct err *e);
bool image_resize(struct image *out, const struct image *in, uint32_t w, uint32_t h, struct err *e); // area / bilinear
// Draws on a terminal as wide as `cells` columns (0 = ask the terminal). False with ERR_UNSUPPORTED when built without chafa.
bool image_show(const struct image *im, uint32_t cells, void *file, struct err *e);

#endif
