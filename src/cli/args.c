// args.c — reads command lines, environment and recipes by the option table. Knows nothing about the values' meaning.
#include "cli/args.h"

#include <stdlib.h>
#include <string.h>

const char *word_next(const char *list, char *word, size_t room)
{
    if (!list) return NULL;
    list += strspn(list, " ");
    const size_t n = strcspn(list, " ");
    if (!n) return NULL;
    const size_t kept = n < room ? n : room - 1;
    memcpy(word, list, kept);
    memset(word + kept, 0, room - kept);
    return list + n;
}

// Does the option answer to this spelling, dashes included?
static bool option_has(const struct option *o, const char *spelling)
{
    if (spelling[0] == '-' && spelling[1] == '-' && !strcmp(o->name, spelling + 2)) return true;
    if (spelling[0] == '-' && o->letter && spelling[1] == o->letter && !spelling[2]) return true;
    char word[40];
    for (const char *at = word_next(o->also, word, sizeof word); at; at = word_next(at, word, sizeof word))
        if (!strcmp(word, spelling)) return true;
    return false;
}

static const struct option *find_spelling(const char *spelling, unsigned bits)
{
    for (uint32_t i = 0; i < option_count(); i++)
        if (option_applies(option_table + i, bits) && option_has(option_table + i, spelling)) return option_table + i;
    return NULL;
}

const struct option *option_find(const char *name, unsigned command_bits)
{
    for (uint32_t i = 0; i < option_count(); i++)
        if (option_applies(option_table + i, command_bits) && !strcmp(option_table[i].name, name))
            return option_table + i;
    return NULL;
}

char *option_words(const struct option *o)
{
    return o->words ? mem_text(o->words, NULL) : o->known ? o->known() : NULL;
}

enum origin option_origin(const struct settings *s, const char *name)
{
    const struct option *o = option_find(name, IN_EVERY);
    return o ? s->origin[o - option_table] : FROM_NOWHERE;
}

void option_resolve(struct settings *s, const char *name)
{
    const struct option *o = option_find(name, IN_EVERY);
    if (o && s->origin[o - option_table] == FROM_NOWHERE) s->origin[o - option_table] = FROM_ENVIRONMENT;
}

void option_forget(struct settings *s, const char *name)
{
    const struct option *o = option_find(name, IN_EVERY);
    if (o) s->origin[o - option_table] = FROM_NOWHERE;
}

static bool option_set(struct settings *s, const struct option *o, const char *text, enum origin origin, struct err *e)
{
    enum origin *known = &s->origin[o - option_table];
    for (uint32_t i = 0; i < option_count(); i++) // --sit and --dit are one value
        if (option_table[i].at == o->at && s->origin[i] > origin) return true;
    if (!o->kind->read(o, text, (char *)s + o->at, e)) return false;
    *known = origin;
    return true;
}

// Edit distance with swaps of neighbours, names up to 39 letters.
static uint32_t distance(const char *a, const char *b)
{
    uint32_t row[3][40];
    const uint32_t n = (uint32_t)strlen(b);
    if (n > 38 || strlen(a) > 38) return 99;
    for (uint32_t j = 0; j <= n; j++) row[0][j] = j;
    uint32_t i = 0;
    for (; a[i]; i++) {
        const uint32_t *above = row[i % 3], *two = row[(i + 2) % 3];
        uint32_t *now = row[(i + 1) % 3];
        now[0] = i + 1;
        for (uint32_t j = 0; j < n; j++) {
            const uint32_t change = above[j] + (a[i] != b[j]);
            now[j + 1] = min_u32(change, 1 + min_u32(above[j + 1], now[j]));
            if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j]) now[j + 1] = min_u32(now[j + 1], two[j - 1] + 1);
        }
    }
    return row[i % 3][n];
}

const char *nearest_name(const char *text, const char *const *names, uint32_t n)
{
    const char *best = NULL;
    uint32_t least = (uint32_t)strlen(text) / 3 + 2; // one slip in short words, more in long ones
    for (uint32_t i = 0; i < n; i++) {
        const size_t common = strlen(text);
        const bool begins = common >= 3 && !strncmp(names[i], text, common);
        const uint32_t d = begins ? 1 : distance(text, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best;
}

static bool unknown_option(const char *spelling, const struct command *command, struct err *e)
{
    char got[60], names[3 * MAX_OPTIONS][40];
    const char *list[3 * MAX_OPTIONS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        if (!option_applies(o, command->bit)) continue;
        snprintf(names[n++], sizeof names[0], "--%s", o->name);
        char word[40];
        for (const char *at = word_next(o->also, word, sizeof word); at && n < COUNTOF(names);
             at = word_next(at, word, sizeof word))
            if (word[1] == '-') memcpy(names[n++], word, sizeof word);
    }
    for (uint32_t i = 0; i < n; i++) list[i] = names[i];
    const char *near = nearest_name(spelling, list, n);
    text_clean(got, sizeof got, spelling, strlen(spelling));
    for (uint32_t i = 0; command_table[i]; i++)
        if (find_spelling(spelling, command_table[i]->bit))
            return err_set(e, ERR_ARG, "%s is an option of \"vkdit %s\", not of \"vkdit %s\"", got,
                           command_table[i]->name, command->name);
    if (near) return err_set(e, ERR_ARG, "unknown option %s; did you mean %s?", got, near);
    return err_set(e, ERR_ARG, "unknown option %s; see \"vkdit %s --help\"", got, command->name);
}

struct words {
    char **word;
    int n, at;
};

// The value after an option: "--name=value", "-mvalue", or the next word.
static const char *take_value(struct words *w, const struct option *o, const char *attached)
{
    if (attached) return attached;
    const bool next = w->at < w->n;
    if (o->without) // an optional value must not swallow an option
        return next && w->word[w->at][0] != '-' ? w->word[w->at++] : o->without;
    return next ? w->word[w->at++] : NULL;
}

static bool read_option(struct settings *s, struct words *w, const struct option *o, const char *spelling,
                        const char *attached, struct err *e)
{
    const char *text = NULL;
    if (o->kind->takes_value) {
        text = take_value(w, o, attached);
        if (!text) return err_set(e, ERR_ARG, "%s wants a value (%s)", spelling, o->value);
    } else if (attached) {
        return err_set(e, ERR_ARG, "%s takes no value", spelling);
    }
    struct err inner = {0};
    return option_set(s, o, text, FROM_COMMAND_LINE, &inner) || err_set(e, inner.code, "%s %s", spelling, inner.text);
}

static bool read_long(struct settings *s, struct words *w, const struct command *c, const char *word, struct err *e)
{
    char spelling[60];
    const size_t n = strcspn(word, "=");
    if (n >= sizeof spelling) return unknown_option(word, c, e);
    memcpy(spelling, word, n);
    spelling[n] = 0;
    const struct option *o = find_spelling(spelling, c->bit);
    if (!o) return unknown_option(spelling, c, e);
    return read_option(s, w, o, spelling, word[n] ? word + n + 1 : NULL, e);
}

// "-q", "-vv", "-qf", "-m FILE", "-mFILE".
static bool read_letters(struct settings *s, struct words *w, const struct command *c, const char *word, struct err *e)
{
    for (const char *at = word + 1; *at; at++) {
        const char spelling[3] = {'-', *at, 0};
        const struct option *o = find_spelling(spelling, c->bit);
        if (!o) return unknown_option(at == word + 1 && !word[2] ? spelling : word, c, e);
        const bool rest = o->kind->takes_value && at[1];
        if (!read_option(s, w, o, spelling, rest ? at + 1 + (at[1] == '=') : NULL, e)) return false;
        if (rest) break;
    }
    return true;
}

static bool read_operand(struct settings *s, const struct command *c, const char *word, struct err *e)
{
    char got[60];
    text_clean(got, sizeof got, word, strlen(word));
    if (!c->operand)
        return err_set(e, ERR_ARG, "\"vkdit %s\" takes no \"%s\"; options begin with a dash", c->name, got);
    if (s->operands == max_u32(c->operands_most, 1) || s->operands == MAX_OPERANDS)
        return err_set(e, ERR_ARG, "\"vkdit %s\" takes one %s, got also \"%s\"", c->name, c->operand, got);
    s->operand[s->operands++] = word;
    return true;
}

bool args_parse(struct settings *s, const struct command *command, int n, char **words, struct err *e)
{
    struct words w = {words, n, 0};
    bool options = true;
    while (w.at < n) {
        const char *word = words[w.at++];
        bool ok;
        if (options && !strcmp(word, "--")) {
            options = false;
            continue;
        }
        if (options && word[0] == '-' && word[1] == '-')
            ok = read_long(s, &w, command, word, e);
        else if (options && word[0] == '-' && word[1])
            ok = read_letters(s, &w, command, word, e);
        else
            ok = read_operand(s, command, word, e);
        if (!ok) return false;
    }
    if (command->operand_needed && !s->operands && !s->help && !s->version)
        return err_set(e, ERR_ARG, "\"vkdit %s\" wants a %s", command->name, command->operand);
    return true;
}

bool args_environment(struct settings *s, const struct command *command, struct err *e)
{
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        const char *text = o->env && option_applies(o, command->bit) ? getenv(o->env) : NULL;
        struct err inner = {0};
        if (text && *text && !option_set(s, o, text, FROM_ENVIRONMENT, &inner))
            return err_set(e, inner.code, "%s (environment) %s", o->env, inner.text);
    }
    return true;
}

json_t *args_recipe(const struct settings *s)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        if (!o->recipe || s->origin[i] == FROM_NOWHERE) continue;
        json_t *value = o->kind->keep(o, (const char *)s + o->at);
        if (value) json_object_set_new(object, o->name, value);
    }
    return object;
}

static bool read_recipe_value(struct settings *s, const struct option *o, const json_t *value, struct err *e)
{
    char number[40];
    const char *text = NULL;
    if (json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value))
        text = json_string_value(value);
    if (json_is_integer(value)) snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value)) snprintf(number, sizeof number, "%.17g", json_real_value(value));
    if (json_is_number(value)) text = number;
    const bool right = o->kind->takes_value ? text != NULL : json_is_true(value);
    struct err inner = {0};
    if (right && json_is_number(value) && o->kind == &kind_text) // its text would not outlive this function
        return err_set(e, ERR_FORMAT, "\"%s\" wants text, got a number", o->name);
    if (!right) return err_set(e, ERR_FORMAT, "\"%s\" has a value of the wrong type", o->name);
    return option_set(s, o, text, FROM_PICTURE, &inner) || err_set(e, ERR_FORMAT, "\"%s\" %s", o->name, inner.text);
}

bool args_from_recipe(struct settings *s, json_t *object, struct err *e)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        const struct option *o = option_find(name, IN_GENERATE);
        char got[60];
        if (!o || !o->recipe)
            return err_set(e, ERR_FORMAT, "unknown setting \"%s\"; was it made by a newer version?",
                           text_clean(got, sizeof got, name, strlen(name)));
        if (!read_recipe_value(s, o, value, e)) return false;
    }
    return true;
}
