// kinds.c — the kinds of option values: strict readers and their JSON. Knows nothing about particular options.
#include "cli/args.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static bool flag_read(const struct option *o, const char *text, void *to, struct err *e)
{
    (void)text, (void)e;
    if (o->constant)
        *(int32_t *)to = o->constant;
    else
        *(bool *)to = true;
    return true;
}

static json_t *flag_keep(const struct option *o, const void *from)
{
    const bool set = o->constant ? *(const int32_t *)from == o->constant : *(const bool *)from;
    return set ? json_true() : NULL;
}

static bool counter_read(const struct option *o, const char *text, void *to, struct err *e)
{
    (void)o, (void)text, (void)e;
    ++*(uint32_t *)to;
    return true;
}

static json_t *counter_keep(const struct option *o, const void *from)
{
    (void)o;
    return json_integer(*(const uint32_t *)from);
}

static bool text_read(const struct option *o, const char *text, void *to, struct err *e)
{
    (void)o;
    if (!*text) return err_set(e, ERR_ARG, "wants a value, got nothing");
    *(const char **)to = text;
    return true;
}

static json_t *text_keep(const struct option *o, const void *from)
{
    (void)o;
    const char *text = *(const char *const *)from;
    return text ? json_string(text) : NULL;
}

// Each time it is given adds one text.
static bool texts_read(const struct option *o, const char *text, void *to, struct err *e)
{
    (void)o;
    struct texts *t = to;
    if (!*text) return err_set(e, ERR_ARG, "wants a value, got nothing");
    if (t->n == MAX_TEXTS) return err_set(e, ERR_ARG, "is given more than %d times", (int)MAX_TEXTS);
    t->item[t->n++] = text;
    return true;
}

static json_t *texts_keep(const struct option *o, const void *from)
{
    (void)o;
    const struct texts *t = from;
    size_t bytes = 1;
    for (uint32_t i = 0; i < t->n; i++) bytes += strlen(t->item[i]) + 2;
    char *all = mem_zero(bytes, 1, NULL);
    for (uint32_t i = 0; all && i < t->n; i++)
        snprintf(all + strlen(all), bytes - strlen(all), "%s%s", i ? "; " : "", t->item[i]);
    json_t *kept = all && *all ? json_string(all) : NULL;
    free(all);
    return kept;
}

// Finds `text` among the words, ignoring case. Returns its place and the table's own spelling, or -1.
static int word_place(const struct option *o, const char *text, char *word, size_t room)
{
    int place = 0;
    for (const char *at = word_next(o->words, word, room); at; at = word_next(at, word, room), place++)
        if (!strcasecmp(word, text)) return place;
    return -1;
}

static bool no_such_word(const struct option *o, const char *text, struct err *e)
{
    char got[60];
    return err_set(e, ERR_ARG, "wants one of: %s; got \"%s\"", o->words,
                   text_clean(got, sizeof got, text, strlen(text)));
}

static bool choice_read(const struct option *o, const char *text, void *to, struct err *e)
{
    char word[WORD_BYTES];
    const int place = word_place(o, text, word, sizeof word);
    if (place < 0) return no_such_word(o, text, e);
    *(uint32_t *)to = (uint32_t)place;
    return true;
}

static json_t *choice_keep(const struct option *o, const void *from)
{
    char word[WORD_BYTES] = "";
    uint32_t left = *(const uint32_t *)from;
    for (const char *at = word_next(o->words, word, sizeof word); at && left--; at = word_next(at, word, sizeof word)) {
    }
    return json_string(word);
}

// Words reach the library as text, in the table's spelling.
static bool word_read(const struct option *o, const char *text, void *to, struct err *e)
{
    char word[WORD_BYTES];
    if (word_place(o, text, word, sizeof word) < 0) return no_such_word(o, text, e);
    memcpy(to, word, sizeof word);
    return true;
}

static json_t *word_keep(const struct option *o, const void *from)
{
    (void)o;
    return *(const char *)from ? json_string(from) : NULL;
}

static bool number_from(const char *text, double *out)
{
    char *end;
    if (!strpbrk(text, "0123456789") || strpbrk(text, "xXpP") || *text == ' ') return false;
    errno = 0;
    *out = strtod(text, &end);
    return !*end && end != text && !errno && isfinite(*out);
}

static bool whole_from(const char *text, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return !*end && !errno;
}

static bool bad_number(const struct option *o, const char *what, const char *text, struct err *e)
{
    char got[60];
    text_clean(got, sizeof got, text, strlen(text));
    return err_set(e, ERR_ARG, "wants %s from %.10g to %.10g, got \"%s\"", what, o->min, o->max, got);
}

static bool u32_read(const struct option *o, const char *text, void *to, struct err *e)
{
    uint64_t v;
    if (!whole_from(text, &v) || (double)v < o->min || (double)v > o->max)
        return bad_number(o, "a whole number", text, e);
    *(uint32_t *)to = (uint32_t)v;
    return true;
}

static json_t *u32_keep(const struct option *o, const void *from)
{
    (void)o;
    return json_integer(*(const uint32_t *)from);
}

// "256x128", or one number for both.
static bool size_read(const struct option *o, const char *text, void *to, struct err *e)
{
    char first[12] = "";
    const char *x = strpbrk(text, "xX");
    uint64_t side[2] = {0, 0};
    if (x && (size_t)(x - text) < sizeof first) memcpy(first, text, (size_t)(x - text));
    const bool ok = x ? whole_from(first, side) && whole_from(x + 1, side + 1) : whole_from(text, side);
    if (!x) side[1] = side[0];
    for (int i = 0; i < 2; i++)
        if (!ok || (double)side[i] < o->min || (double)side[i] > o->max)
            return bad_number(o, "WIDTHxHEIGHT, each", text, e);
    for (int i = 0; i < 2; i++) ((uint32_t *)to)[i] = (uint32_t)side[i];
    return true;
}

static json_t *size_keep(const struct option *o, const void *from)
{
    (void)o;
    const uint32_t *side = from;
    return json_sprintf("%ux%u", side[0], side[1]);
}

// A number, or "random": drawn here, so that everything later sees the number. 32 bits stay easy to type.
static bool seed_read(const struct option *o, const char *text, void *to, struct err *e)
{
    (void)o;
    uint64_t v;
    if (!strcmp(text, "random")) {
        uint32_t drawn;
        if (getrandom(&drawn, sizeof drawn, 0) != sizeof drawn)
            return err_set(e, ERR_IO, "no random numbers: %s", strerror(errno));
        v = drawn;
    } else if (!whole_from(text, &v)) {
        char got[60];
        text_clean(got, sizeof got, text, strlen(text));
        return err_set(e, ERR_ARG, "wants a whole number below 2^64 or \"random\", got \"%s\"", got);
    }
    *(uint64_t *)to = v;
    return true;
}

json_t *json_u64(uint64_t v)
{
    return v <= INT64_MAX ? json_integer((json_int_t)v) : json_sprintf("%llu", (unsigned long long)v);
}

static json_t *seed_keep(const struct option *o, const void *from)
{
    (void)o;
    return json_u64(*(const uint64_t *)from);
}

static bool real_read(const struct option *o, const char *text, void *to, struct err *e)
{
    double v;
    if (!number_from(text, &v) || v < o->min || v > o->max) return bad_number(o, "a number", text, e);
    *(double *)to = v;
    return true;
}

static json_t *real_keep(const struct option *o, const void *from)
{
    (void)o;
    return json_real(*(const double *)from);
}

static bool interval_read(const struct option *o, const char *text, void *to, struct err *e)
{
    char first[40] = "";
    const char *comma = strchr(text, ',');
    if (comma && (size_t)(comma - text) < sizeof first) memcpy(first, text, (size_t)(comma - text));
    double a, b;
    if (!comma || !number_from(first, &a) || !number_from(comma + 1, &b) || a < o->min || b > o->max || a >= b)
        return bad_number(o, "two numbers A,B with A < B", text, e);
    ((double *)to)[0] = a;
    ((double *)to)[1] = b;
    return true;
}

static json_t *interval_keep(const struct option *o, const void *from)
{
    (void)o;
    const double *v = from;
    return json_sprintf("%.17g,%.17g", v[0], v[1]);
}

const struct option_kind kind_flag = {false, flag_read, flag_keep};
const struct option_kind kind_counter = {false, counter_read, counter_keep};
const struct option_kind kind_text = {true, text_read, text_keep};
const struct option_kind kind_texts = {true, texts_read, texts_keep};
const struct option_kind kind_word = {true, word_read, word_keep};
const struct option_kind kind_choice = {true, choice_read, choice_keep};
const struct option_kind kind_u32 = {true, u32_read, u32_keep};
const struct option_kind kind_size = {true, size_read, size_keep};
const struct option_kind kind_seed = {true, seed_read, seed_keep};
const struct option_kind kind_real = {true, real_read, real_keep};
const struct option_kind kind_interval = {true, interval_read, interval_keep};
