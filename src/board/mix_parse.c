// mix_parse.c — the language of the mixing board, read and written. Knows nothing about tables.
#include "board/mix.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- words --------------------------------------------------------------------------------------------------------

// First names first: they are what mix_text writes.
static const struct vector_name {
    const char *name;
    uint32_t vectors;
    bool multiplier;
} block_vectors[] =
    {
        {"shift_msa", 1, false},  {"scale_msa", 2, false},  {"gate_msa", 4, false}, {"shift_mlp", 8, false},
        {"scale_mlp", 16, false}, {"gate_mlp", 32, false},  {"gamma_msa", 2, true}, {"gamma_mlp", 16, true},
        {"shift", 9, false},      {"scale", 18, false},     {"gate", 36, false},    {"gamma", 18, true},
        {"msa", 7, false},        {"mlp", 56, false},       {"beta_msa", 1, false}, {"alpha_msa", 4, false},
        {"beta_mlp", 8, false},   {"alpha_mlp", 32, false}, {"beta", 9, false},     {"alpha", 36, false},
},
  final_vectors[] = {{"shift", 1, false}, {"scale", 2, false}, {"gamma", 2, true}, {"beta", 1, false}};

static const struct verb_name {
    const char *name;
    enum mix_verb verb;
} verbs[] = {{"mute", MIX_MUTE},     {"solo", MIX_SOLO}, {"invert", MIX_INVERT}, {"skip", MIX_SKIP},
             {"freeze", MIX_FREEZE}, {"swap", MIX_SWAP}, {"blend", MIX_BLEND}};

static const struct vector_name *vectors_of(bool final, uint32_t *n)
{
    *n = final ? COUNTOF(final_vectors) : COUNTOF(block_vectors);
    return final ? final_vectors : block_vectors;
}

static uint32_t all_vectors(bool final)
{
    return final ? 3 : 63;
}

// --- reading ------------------------------------------------------------------------------------------------------

struct reader {
    const char *at, *end;
    struct err *e;
};

static bool wanted(struct reader *r, const char *what)
{
    char got[60];
    text_clean(got, sizeof got, r->at, (size_t)(r->end - r->at));
    return err_set(r->e, ERR_ARG, "%s wanted, got %s%s%s", what, *got ? "\"" : "", *got ? got : "the end",
                   *got ? "\"" : "");
}

static void blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t')) r->at++;
}

static bool take(struct reader *r, const char *text)
{
    blanks(r);
    const size_t n = strlen(text);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0) return false;
    r->at += n;
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

// The next word without taking it; its length.
static size_t word_ahead(struct reader *r)
{
    blanks(r);
    size_t n = 0;
    while (r->at + n < r->end && is_letter(r->at[n])) n++;
    return n;
}

static bool take_word(struct reader *r, const char *word)
{
    const size_t n = word_ahead(r);
    if (n != strlen(word) || memcmp(r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

static bool number(struct reader *r, double low, double high, double *out)
{
    char text[48];
    size_t n = 0;
    blanks(r);
    while (r->at + n < r->end && n + 1 < sizeof text && memchr("+-.0123456789eE", r->at[n], 15)) n++;
    memcpy(text, r->at, n);
    text[n] = 0;
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    if (!n || end == text || errno || !isfinite(*out)) return wanted(r, "a number");
    if (*out < low || *out > high) return err_set(r->e, ERR_ARG, "%.30s: expected %g to %g", text, low, high);
    r->at += end - text;
    return true;
}

static bool whole(struct reader *r, int32_t low, int32_t *out)
{
    double v;
    if (!number(r, low, 1e8, &v)) return false;
    if (v != floor(v)) return err_set(r->e, ERR_ARG, "%g: a whole number wanted", v);
    *out = (int32_t)v;
    return true;
}

static bool has_number(struct reader *r)
{
    blanks(r);
    return r->at < r->end && memchr("+-0123456789", *r->at, 12);
}

// "3", "8:16", ":4", "2:", "0:28:2"
static bool range(struct reader *r, struct mix_range *g)
{
    *g = (struct mix_range){0, MIX_OPEN, 1, false};
    const bool first = has_number(r);
    if (first && !whole(r, -100000000, &g->from)) return false;
    if (!take(r, ":")) {
        g->single = true;
        return first || wanted(r, "a number or a range");
    }
    if (has_number(r) && !whole(r, -100000000, &g->to)) return false;
    if (take(r, ":") && !whole(r, 1, &g->stride)) return false;
    return true;
}

// "[...]"; nothing, or "[*]", is all.
static bool list(struct reader *r, struct mix_list *l)
{
    l->n = 0;
    if (!take(r, "[")) return true;
    if (take(r, "*")) return take(r, "]") || wanted(r, "\"]\"");
    do {
        if (l->n == MIX_RANGES) return err_set(r->e, ERR_ARG, "more than %d ranges between brackets", (int)MIX_RANGES);
        if (!range(r, &l->r[l->n++])) return false;
    } while (take(r, ","));
    return take(r, "]") || wanted(r, "\"]\" or \",\"");
}

static bool interval(struct reader *r, struct mix_edit *d)
{
    d->has_t = true;
    if (!take(r, "[")) return wanted(r, "\"[\"");
    if (!number(r, -1e6, 1e6, &d->t_from)) return false;
    d->t_to = d->t_from;
    if (take(r, ":") && !number(r, -1e6, 1e6, &d->t_to)) return false;
    if (d->t_from > d->t_to) {
        const double swap = d->t_from;
        d->t_from = d->t_to, d->t_to = swap;
    }
    return take(r, "]") || wanted(r, "\"]\"");
}

// "step[0:10]." "t[0:500]." "class[207]." "null." "all.", any of them, in this order or another
static bool scopes(struct reader *r, struct mix_edit *d)
{
    for (;;) {
        if (take_word(r, "step")) {
            if (!list(r, &d->steps)) return false;
        } else if (take_word(r, "t")) {
            if (!interval(r, d)) return false;
        } else if (take_word(r, "class")) {
            d->who = WHO_CLASSES;
            if (!list(r, &d->classes)) return false;
        } else if (take_word(r, "null")) {
            d->who = WHO_NULL;
        } else if (take_word(r, "all")) {
            d->who = WHO_ALL;
        } else {
            return true;
        }
        if (!take(r, ".")) return wanted(r, "\".\"");
    }
}

static bool vector(struct reader *r, struct mix_edit *d)
{
    uint32_t n;
    const struct vector_name *names = vectors_of(d->final, &n);
    for (uint32_t i = 0; i < n; i++)
        if (take_word(r, names[i].name)) {
            d->vectors = names[i].vectors;
            d->multiplier = names[i].multiplier;
            return true;
        }
    return wanted(r, d->final ? "shift, scale or gamma" : "a vector, such as scale_msa or gate_mlp,");
}

static bool place(struct reader *r, struct mix_edit *d)
{
    if (!scopes(r, d)) return false;
    if (take_word(r, "final"))
        d->final = true;
    else if (!take_word(r, "block"))
        return wanted(r, "\"block\" or \"final\"");
    if (!d->final && !list(r, &d->blocks)) return false;
    d->vectors = all_vectors(d->final);
    if (!take(r, ".")) return true;
    return vector(r, d) && list(r, &d->channels);
}

static bool other_class(struct reader *r, struct mix_edit *d)
{
    int32_t index = 0;
    if (!take_word(r, "class")) return wanted(r, "\"class=\"");
    if (!take(r, "=")) return wanted(r, "\"=\"");
    if (take_word(r, "null"))
        d->other = MIX_NULL;
    else if (whole(r, 0, &index))
        d->other = (uint32_t)index;
    return r->e->code == ERR_NONE;
}

static bool verb_rest(struct reader *r, struct mix_edit *d)
{
    d->value = d->verb == MIX_INVERT ? -1 : d->verb == MIX_SWAP ? 1 : 0;
    switch (d->verb) {
    case MIX_FREEZE:
        d->at_step = take_word(r, "step");
        if (!d->at_step && !take_word(r, "t")) return wanted(r, "\"t=\" or \"step=\"");
        if (!take(r, "=")) return wanted(r, "\"=\"");
        return number(r, d->at_step ? 0 : -1e6, 1e6, &d->at) &&
               (!d->at_step || d->at == floor(d->at) || err_set(r->e, ERR_ARG, "%g: a whole number wanted", d->at));
    case MIX_SWAP: return other_class(r, d);
    case MIX_BLEND:
        if (!other_class(r, d)) return false;
        if (!take_word(r, "amount")) return wanted(r, "\"amount=\"");
        return take(r, "=") ? number(r, -10, 10, &d->value) : wanted(r, "\"=\"");
    case MIX_SKIP:
        if (d->final || d->vectors != all_vectors(false))
            return err_set(r->e, ERR_ARG, "skip takes whole blocks: skip block[3]");
        d->vectors = 36;
        return true;
    default: return true;
    }
}

static bool statement(struct reader *r, struct mix_edit *d)
{
    *d = (struct mix_edit){.verb = MIX_GAIN};
    for (size_t i = 0; i < COUNTOF(verbs); i++)
        if (take_word(r, verbs[i].name)) {
            d->verb = verbs[i].verb;
            return place(r, d) && verb_rest(r, d);
        }
    if (!place(r, d)) return false;
    if (take(r, "*="))
        d->verb = MIX_GAIN;
    else if (take(r, "+="))
        d->verb = MIX_ADD;
    else if (take(r, "="))
        d->verb = MIX_SET;
    else
        return wanted(r, "\"*=\", \"+=\" or \"=\"");
    return number(r, -1e6, 1e6, &d->value);
}

static bool parse_all(struct mix *m, const char *text, struct err *e)
{
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, ";\n#");
        struct reader r = {at, at + n, e};
        struct mix_edit d;
        char shown[120];
        blanks(&r);
        if (r.at < r.end && *r.at != '\r') {
            bool ok = statement(&r, &d);
            while (r.at < r.end && (*r.at == ' ' || *r.at == '\t' || *r.at == '\r')) r.at++;
            if (ok && r.at < r.end) ok = wanted(&r, "nothing more");
            if (!ok) return err_in(e, text_clean(shown, sizeof shown, at, n));
            if (!mix_add(m, &d, e)) return false;
        }
        at += n;
        if (*at == '#') at += strcspn(at, "\n");
        if (*at) at++;
    }
    return true;
}

bool mix_parse(struct mix *m, const char *text, struct err *e)
{
    struct mix more = {0};
    bool ok = parse_all(&more, text, e);
    for (uint32_t i = 0; ok && i < more.n; i++) ok = mix_add(m, &more.edit[i], e);
    mix_close(&more);
    return ok;
}

// --- writing ------------------------------------------------------------------------------------------------------

struct writer {
    char *out;
    size_t room, at;
};

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int n = w->at < w->room ? vsnprintf(w->out + w->at, w->room - w->at, fmt, ap) : 0;
    va_end(ap);
    if (n > 0) w->at += (size_t)n;
}

// As short as a number can be and still be read back as itself.
static void put_number(struct writer *w, double v)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    put(w, "%s", text);
}

static void put_list(struct writer *w, const struct mix_list *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct mix_range *g = &l->r[i];
        put(w, "%s", i ? "," : "[");
        if (g->single || g->from) put(w, "%d", g->from);
        if (!g->single) put(w, ":");
        if (!g->single && g->to != MIX_OPEN) put(w, "%d", g->to);
        if (g->stride != 1) put(w, ":%d", g->stride);
    }
    if (l->n) put(w, "]");
}

static void put_place(struct writer *w, const struct mix_edit *d)
{
    if (d->steps.n) put(w, "step"), put_list(w, &d->steps), put(w, ".");
    if (d->has_t) put(w, "t["), put_number(w, d->t_from), put(w, ":"), put_number(w, d->t_to), put(w, "].");
    if (d->who == WHO_NULL) put(w, "null.");
    if (d->who == WHO_ALL) put(w, "all.");
    if (d->who == WHO_CLASSES) put(w, "class"), put_list(w, &d->classes), put(w, ".");
    put(w, d->final ? "final" : "block");
    put_list(w, &d->blocks);
    uint32_t n;
    const struct vector_name *names = vectors_of(d->final, &n);
    if (d->verb == MIX_SKIP) return;
    for (uint32_t i = 0; i < n && d->vectors != all_vectors(d->final); i++)
        if (names[i].vectors == d->vectors && names[i].multiplier == d->multiplier) {
            put(w, ".%s", names[i].name);
            break;
        }
    put_list(w, &d->channels);
}

const char *mix_text(const struct mix_edit *d, char *out, size_t room)
{
    struct writer w = {out, room, 0};
    if (room) *out = 0;
    for (size_t i = 0; i < COUNTOF(verbs); i++)
        if (verbs[i].verb == d->verb) put(&w, "%s ", verbs[i].name);
    put_place(&w, d);
    if (d->verb == MIX_GAIN || d->verb == MIX_ADD || d->verb == MIX_SET)
        put(&w, "%s", d->verb == MIX_GAIN ? "*=" : d->verb == MIX_ADD ? "+=" : "="), put_number(&w, d->value);
    if (d->verb == MIX_FREEZE) put(&w, d->at_step ? " step=" : " t="), put_number(&w, d->at);
    if ((d->verb == MIX_SWAP || d->verb == MIX_BLEND) && d->other == MIX_NULL) put(&w, " class=null");
    if ((d->verb == MIX_SWAP || d->verb == MIX_BLEND) && d->other != MIX_NULL) put(&w, " class=%u", d->other);
    if (d->verb == MIX_BLEND) put(&w, " amount="), put_number(&w, d->value);
    return out;
}
