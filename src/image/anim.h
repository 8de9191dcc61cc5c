// anim.h — pictures in time as one file: an animated WebP, or an MP4. Knows nothing about where they come from.
#ifndef VKDIT_ANIM_H
#define VKDIT_ANIM_H

#include "image/image.h"

struct anim; // all pictures have the size that it was opened with

bool anim_is(const char *path); // does its ending name one of the formats?
// The ending tells the format; ERR_UNSUPPORTED when built without libwebp, or where ffmpeg is not installed.
struct anim *anim_open(const char *path, uint32_t w, uint32_t h, struct err *e);
bool anim_add(struct anim *a, const struct image *im, uint32_t milliseconds, struct err *e);
// Writes the file, as png_write does: whole or not at all; replace=false fails when the name is taken. Closes.
bool anim_write(struct anim *a, bool replace, struct err *e);
void anim_close(struct anim *a); // accepts NULL

// A format: one file, and a row of the table in anim.c. add gets pictures of the right size only; write does not close.
struct anim_format {
    const char *ending;
    void *(*open)(const char *path, uint32_t w, uint32_t h, struct err *e);
    bool (*add)(void *state, const struct image *im, uint32_t milliseconds, struct err *e);
    bool (*write)(void *state, const char *path, bool replace, struct err *e);
    void (*close)(void *state);
};
extern const struct anim_format anim_webp, anim_movie;

#endif
