// text.c — UTF-8 to Latin-1 and back. Knows nothing about PNG.
#include "image/text.h"

#include <stdlib.h>
#include <string.h>

// Reads one character; 0 bytes when the sequence is broken.
static size_t utf8_next(const unsigned char *s, size_t n, uint32_t *code)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t want = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    if (!want || want > n) return 0;
    *code = want == 1 ? s[0] : s[0] & (0x7FU >> want);
    for (size_t i = 1; i < want; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
        *code = *code << 6 | (s[i] & 0x3FU);
    }
    const bool surrogate = *code >= 0xD800 && *code < 0xE000;
    return *code < smallest[want] || *code > 0x10FFFF || surrogate ? 0 : want;
}

bool text_fits_latin1(const char *utf8)
{
    const unsigned char *s = (const unsigned char *)utf8;
    uint32_t code = 0;
    for (size_t left = strlen(utf8), step; left; left -= step, s += step) {
        step = utf8_next(s, left, &code);
        const bool printable = (code >= 0x20 && code < 0x7F) || (code >= 0xA0 && code <= 0xFF);
        if (!step || !(printable || code == '\n' || code == '\t')) return false;
    }
    return true;
}

char *text_to_latin1(const char *utf8, struct err *e)
{
    const size_t bytes = strlen(utf8);
    char *out = mem_zero(bytes + 1, 1, e), *at = out;
    if (!out) return NULL;
    const unsigned char *s = (const unsigned char *)utf8;
    uint32_t code = 0;
    for (size_t left = bytes, step; left && (step = utf8_next(s, left, &code)); left -= step, s += step)
        *at++ = (char)code;
    return out;
}

static bool valid_utf8(const char *bytes, size_t n)
{
    uint32_t code = 0;
    for (size_t i = 0, step; i < n; i += step) {
        step = utf8_next((const unsigned char *)bytes + i, n - i, &code);
        if (!step) return false;
    }
    return true;
}

char *text_to_utf8(const char *bytes, size_t count, bool latin1, struct err *e)
{
    const size_t n = strnlen(bytes, count);
    const bool widen = latin1 || !valid_utf8(bytes, n);
    char *out = mem_zero(widen ? 2 * n + 1 : n + 1, 1, e), *at = out;
    for (size_t i = 0; out && i < n; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        if (widen && c >= 0x80) {
            *at++ = (char)(0xC0 | c >> 6);
            *at++ = (char)(0x80 | (c & 0x3F));
        } else {
            *at++ = (char)c;
        }
    }
    return out;
}
