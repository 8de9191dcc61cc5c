// json.c — jansson with limits. Knows nothing about what the documents mean.
#include "base/json.h"

#include <string.h>

// jansson itself refuses nesting beyond 2048, invalid UTF-8, lone surrogates, NUL bytes and numbers out of range.
static json_t *parse(const char *text, uint64_t bytes, uint64_t limit, size_t flags, uint64_t base, uint64_t *taken,
                     struct err *e)
{
    const bool cut = bytes > limit;
    json_error_t why;
    json_t *value = json_loadb(text, (size_t)(cut ? limit : bytes), flags | JSON_REJECT_DUPLICATES, &why);
    if (value) {
        *taken = (uint64_t)why.position;
        return value;
    }
    const uint64_t at = base + (why.position > 0 ? (uint64_t)why.position : 0);
    char clean[120];
    if (json_error_code(&why) == json_error_out_of_memory || !why.text[0]) // jansson has no words for it
        err_set(e, ERR_MEMORY, "out of memory while reading JSON");
    else if (cut && (uint64_t)why.position >= limit)
        err_set(e, ERR_FORMAT, "JSON value at byte %llu is longer than %llu bytes", (unsigned long long)base,
                (unsigned long long)limit);
    else
        err_set(e, ERR_FORMAT, "invalid JSON at byte %llu: %s", (unsigned long long)at,
                text_clean(clean, sizeof clean, why.text, strlen(why.text)));
    return NULL;
}

json_t *json_read(const void *text, uint64_t bytes, uint64_t limit, struct err *e)
{
    uint64_t taken;
    if (bytes > limit) {
        err_set(e, ERR_FORMAT, "%llu bytes of JSON, at most %llu are read", (unsigned long long)bytes,
                (unsigned long long)limit);
        return NULL;
    }
    return parse(text, bytes, bytes, 0, 0, &taken, e);
}

static char peek(struct json_walk *w) // the next byte that is no white space; 0 at the end
{
    while (w->pos < w->bytes && w->text[w->pos] && strchr(" \t\r\n", w->text[w->pos])) w->pos++;
    return w->pos < w->bytes ? w->text[w->pos] : 0;
}

static bool expect(struct json_walk *w, char c, struct err *e)
{
    if (peek(w) != c)
        return err_set(e, ERR_FORMAT, "invalid JSON at byte %llu: '%c' expected", (unsigned long long)w->pos, c);
    w->pos++;
    return true;
}

bool json_enter(struct json_walk *w, struct err *e)
{
    w->comma = false;
    return expect(w, '{', e);
}

bool json_key(struct json_walk *w, json_t **key, struct err *e)
{
    *key = NULL;
    if (peek(w) == '}') {
        w->pos++;
        w->comma = true; // the object was itself a member
        return true;
    }
    if (w->comma && !expect(w, ',', e)) return false;
    w->comma = true;
    if (peek(w) != '"') return expect(w, '"', e);
    if (!json_value(w, 1 << 16, key, e)) return false;
    if (expect(w, ':', e)) return true;
    json_decref(*key);
    *key = NULL;
    return false;
}

// jansson passes over a lack of memory while it collects a string's bytes: then some are missing, or, in an escape, it
// aborts. So a string with escapes is read here; NULL, and jansson's, when it is no string, has none, or rarer ones (\u).
static json_t *escaped_string(const char *text, const char *end, uint64_t *taken, struct err *e)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *s = text;
    uint64_t escapes = 0;
    if (s == end || *s++ != '"') return NULL;
    for (; s < end && *s != '"'; s++)
        if (*s == '\\' && ++escapes && (++s == end || !*s || !strchr(from, *s))) return NULL;
    if (s >= end || !escapes) return NULL;
    char *bytes = mem_zero((uint64_t)(s - text), 1, e), *out = bytes;
    for (const char *c = text + 1; bytes && c < s; c++) {
        if ((unsigned char)*c < 0x20) break; // jansson says what is wrong with it
        *out++ = *c == '\\' ? to[strchr(from, *++c) - from] : *c;
    }
    const bool whole = bytes && (uint64_t)(out - bytes) + escapes + 1 == (uint64_t)(s - text);
    json_t *value = whole ? json_stringn(bytes, (size_t)(out - bytes)) : NULL;
    if (value) *taken = (uint64_t)(s + 1 - text);
    free(bytes);
    return value;
}

bool json_value(struct json_walk *w, uint64_t limit, json_t **value, struct err *e)
{
    uint64_t taken = 0;
    peek(w);
    const char *text = w->text + w->pos;
    const uint64_t left = min_u64(w->bytes - w->pos, limit);
    *value = escaped_string(text, text + left, &taken, e);
    if (!*value && e->code == ERR_NONE)
        *value = parse(text, w->bytes - w->pos, limit, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, w->pos, &taken, e);
    w->pos += taken;
    if (!json_is_string(*value) || memchr(text, '\\', (size_t)taken)) return *value != NULL;
    if (json_string_length(*value) + 2 == taken) return true;
    json_decref(*value);
    *value = NULL;
    return err_set(e, ERR_MEMORY, "out of memory while reading JSON");
}

bool json_ended(struct json_walk *w, struct err *e)
{
    peek(w);
    return w->pos == w->bytes ||
           err_set(e, ERR_FORMAT, "invalid JSON at byte %llu: text after its end", (unsigned long long)w->pos);
}
