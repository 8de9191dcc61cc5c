// text.h — the two encodings of PNG text chunks. Knows nothing about PNG itself.
#ifndef VKDIT_IMAGE_TEXT_H
#define VKDIT_IMAGE_TEXT_H

#include "base/base.h"

// True when every character of the UTF-8 text is printable Latin-1, a line feed or a tab.
bool text_fits_latin1(const char *utf8);
// Both give new memory, NULL with the error when there is none. The text must fit.
char *text_to_latin1(const char *utf8, struct err *e);
// Bytes up to `bytes` or the first NUL. Anything that is not valid UTF-8 is taken for Latin-1.
char *text_to_utf8(const char *bytes, size_t count, bool latin1, struct err *e);

#endif
