// pattern.c — names of output files from a pattern. Knows nothing about pictures.
#include "cli/pattern.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DIGITS = 20 };

struct text {
    char *at;
    size_t left;
};

static bool put(struct text *t, const char *s, size_t n, struct err *e)
{
    if (n >= t->left) return err_set(e, ERR_ARG, "the output name is longer than %d bytes", PATTERN_PATH - 1);
    memcpy(t->at, s, n);
    t->at += n;
    t->left -= n;
    *t->at = 0;
    return true;
}

static bool put_number(struct text *t, uint64_t v, int digits, struct err *e)
{
    char s[MAX_DIGITS + 4];
    const int n = snprintf(s, sizeof s, "%0*llu", digits, (unsigned long long)v);
    return put(t, s, (size_t)n, e);
}

// "%d", "%3d", "%03d", "%%"; *pattern stands on the percent sign and is moved behind the whole.
static bool put_percent(struct text *t, const char **pattern, uint32_t number, bool *numbered, struct err *e)
{
    const char *p = *pattern + 1;
    if (*p == '%') {
        *pattern = p + 1;
        return put(t, "%", 1, e);
    }
    int digits = 0;
    while (*p >= '0' && *p <= '9' && digits <= MAX_DIGITS) digits = digits * 10 + *p++ - '0';
    if (*p != 'd' || digits > MAX_DIGITS)
        return err_set(e, ERR_ARG, "output pattern: %%d or %%03d is the number, %%%% a percent sign; got \"%.8s\"",
                       *pattern);
    *numbered = true;
    *pattern = p + 1;
    return put_number(t, number, digits, e);
}

static bool put_field(struct text *t, const char **pattern, const struct pattern_fields *f, struct err *e)
{
    const char *p = *pattern + 1;
    if (*p == '{') {
        *pattern = p + 1;
        return put(t, "{", 1, e);
    }
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {{"seed}", f->seed}, {"class}", f->class_index}, {"step}", f->steps}, {"index}", f->index}};
    for (size_t i = 0; i < COUNTOF(fields); i++) {
        const size_t n = strlen(fields[i].name);
        if (strncmp(p, fields[i].name, n)) continue;
        *pattern = p + n;
        return put_number(t, fields[i].value, 0, e);
    }
    return err_set(e, ERR_ARG,
                   "output pattern: {seed}, {class}, {step} and {index} are known, {{ is a brace; got \"%.16s\"",
                   *pattern);
}

static bool expand(char *out, const char *pattern, const struct pattern_fields *f, bool *numbered, struct err *e)
{
    struct text t = {out, PATTERN_PATH};
    *out = 0;
    while (*pattern) {
        const size_t plain = strcspn(pattern, "%{");
        if (plain && !put(&t, pattern, plain, e)) return false;
        pattern += plain;
        const bool ok = *pattern == '%'   ? put_percent(&t, &pattern, f->number, numbered, e)
                        : *pattern == '{' ? put_field(&t, &pattern, f, e)
                                          : true;
        if (!ok) return false;
    }
    return *out || err_set(e, ERR_ARG, "the output name is empty");
}

bool pattern_check(const char *pattern, bool *numbered, struct err *e)
{
    char out[PATTERN_PATH];
    const struct pattern_fields none = {0};
    *numbered = false;
    return expand(out, pattern, &none, numbered, e);
}

bool pattern_expand(char *out, const char *pattern, const struct pattern_fields *f, struct err *e)
{
    bool numbered;
    return expand(out, pattern, f, &numbered, e);
}

bool pattern_suffix(char *out, const char *path, uint32_t number, struct err *e)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    if (!dot || dot == name) dot = name + strlen(name);
    const int n = snprintf(out, PATTERN_PATH, "%.*s-%u%s", (int)(dot - path), path, number, dot);
    return n < PATTERN_PATH || err_set(e, ERR_ARG, "the output name is longer than %d bytes", PATTERN_PATH - 1);
}
