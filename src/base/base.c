// base.c — errors as values, cleaned text, checked memory.
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (!e || e->code != ERR_NONE) return false;
    e->code = code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    return false;
}

bool err_in(struct err *e, const char *name)
{
    if (!e || e->code == ERR_NONE) return false;
    char head[200], text[sizeof e->text];
    text_clean(head, sizeof head, name, strlen(name));
    memcpy(text, e->text, sizeof text);
    snprintf(e->text, sizeof e->text, "%s: %.*s", head, (int)(sizeof text - sizeof head - 2), text);
    return false;
}

bool err_memory(struct err *e, uint64_t bytes)
{
    return err_set(e, ERR_MEMORY, "out of memory (%.1f MiB wanted)", (double)bytes / 1048576.0);
}

// Length of the valid UTF-8 sequence at s (1..4), or 0.
static size_t utf8_length(const unsigned char *s, size_t n)
{
    if (n && s[0] < 0x80) return 1;
    size_t want = s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 0;
    if (s[0] >= 0xF5 || want == 0 || want > n) return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    uint32_t code = s[0] & (0x7Fu >> want);
    for (size_t i = 1; i < want; i++) code = code << 6 | (s[i] & 0x3Fu);
    bool overlong = (want == 3 && code < 0x800) || (want == 4 && (code < 0x10000 || code > 0x10FFFF));
    // surrogates are not text; U+0080..U+009F and the bidirectional overrides can drive a terminal
    bool unsafe = (code >= 0xD800 && code < 0xE000) || (code >= 0x80 && code < 0xA0) ||
                  (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    return overlong || unsafe ? 0 : want;
}

const char *text_clean(char *dst, size_t n, const char *src, size_t len)
{
    const unsigned char *s = (const unsigned char *)src;
    size_t at = 0, i = 0, last = 0; // last: where "..." still fits
    if (n == 0) return "";
    while (i < len) {
        size_t k = utf8_length(s + i, len - i);
        bool plain = k > 1 || (k == 1 && s[i] >= 0x20 && s[i] != 0x7F);
        size_t need = plain ? k : 4;
        if (at + need + 1 > n) break;
        if (at + 4 <= n) last = at;
        if (plain)
            memcpy(dst + at, s + i, k);
        else
            snprintf(dst + at, 5, "\\x%02X", s[i]);
        at += need;
        i += plain ? k : 1;
    }
    dst[at] = 0;
    if (i < len && n > 4) {
        if (at + 4 > n) at = last;
        memcpy(dst + at, "...", 4);
    }
    return dst;
}

void *mem_zero(uint64_t count, uint64_t size, struct err *e)
{
    uint64_t bytes;
    if (!mul_ok(count, size, &bytes) || bytes > PTRDIFF_MAX) {
        err_memory(e, UINT64_MAX);
        return NULL;
    }
    void *p = calloc(bytes ? (size_t)bytes : 1, 1);
    if (!p) err_memory(e, bytes);
    return p;
}

bool mem_grow(void *array, uint32_t *cap, uint32_t want, size_t size, struct err *e)
{
    if (want <= *cap) return true;
    uint64_t room = *cap ? *cap : 16;
    while (room < want) room *= 2;
    void *old;
    memcpy(&old, array, sizeof old);
    void *p = room <= UINT32_MAX && room * size <= PTRDIFF_MAX ? realloc(old, (size_t)(room * size)) : NULL;
    if (!p) return err_memory(e, room * size);
    memset((char *)p + (size_t)*cap * size, 0, (size_t)(room - *cap) * size);
    memcpy(array, &p, sizeof p);
    *cap = (uint32_t)room;
    return true;
}

bool text_ends(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

char *mem_text(const char *s, struct err *e)
{
    size_t n = strlen(s) + 1;
    char *p = mem_zero(n, 1, e);
    if (p) memcpy(p, s, n);
    return p;
}

double clock_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
