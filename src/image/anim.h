// anim.h — pictures in time as one animated WebP. Knows nothing about where they come from.
#ifndef VKDIT_ANIM_H
#define VKDIT_ANIM_H

#include "image/image.h"

struct anim;                                                   // all pictures have the size of the first
struct anim *anim_open(uint32_t w, uint32_t h, struct err *e); // ERR_UNSUPPORTED when built without libwebp
bool anim_add(struct anim *a, const struct image *im, uint32_t milliseconds, struct err *e);
// Writes the file, as png_write does: whole or not at all; replace=false fails when the name is taken. Closes.
bool anim_write(struct anim *a, const char *path, bool replace, struct err *e);
void anim_close(struct anim *a); // accepts NULL

#endif
