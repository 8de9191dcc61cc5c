// movie.h — pictures one after another as an MP4, by the program ffmpeg where it is installed.
#ifndef VKDIT_MOVIE_H
#define VKDIT_MOVIE_H

#include "image/image.h"

struct movie;

// Errors name `path`; without ffmpeg it is ERR_UNSUPPORTED.
struct movie *movie_open(const char *path, uint32_t w, uint32_t h, struct err *e);
bool movie_add(struct movie *m, const struct image *im, uint32_t milliseconds, struct err *e);
// The file appears under its name when all of it is written; closes m in every case.
bool movie_write(struct movie *m, bool replace, struct err *e);
void movie_close(struct movie *m); // drops what was written; accepts NULL

#endif
