// draw.h — the whole interface: a picture is a function of a class, a seed and a size. Plain C types only, so that
// other languages can load the shared library.
#ifndef DRAW_DRAW_H
#define DRAW_DRAW_H

#include <stdint.h>

#if defined(__GNUC__)
#define DRAW_API __attribute__((visibility("default")))
#else
#define DRAW_API
#endif

DRAW_API int draw_classes(void);
DRAW_API const char *draw_name(int which); // NULL when there is no such class
// size 64..512; rgb holds size * size * 3 bytes, rows from the top. Returns 0, or -1 for a bad argument or no memory.
// Threads may draw at the same time.
DRAW_API int draw_picture(int which, uint64_t seed, int size, uint8_t *rgb);

#endif
