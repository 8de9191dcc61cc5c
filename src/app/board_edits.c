// board_edits.c — the text of --mix as a list of statements, so that a fader can find and replace its own.
#include "app/board.h"
#include "base/newfile.h"
#include "cli/generate.h"

#include <stdlib.h>
#include <string.h>

static vkdit_mix *open_mix(const char *text, struct err *e)
{
    vkdit_mix *m = NULL;
    vkdit_error error = {0};
    if (!vkdit_mix_open(&m, &error) && (!text || !*text || !vkdit_mix_parse(m, text, &error))) return m;
    err_api(e, &error);
    vkdit_mix_close(m);
    return NULL;
}

bool edits_sound(const char *text, struct err *e)
{
    vkdit_mix *m = open_mix(text, e);
    vkdit_mix_close(m);
    return m != NULL;
}

static char *text_of(const vkdit_mix *m, uint32_t i)
{
    char *text = NULL;
    vkdit_error error;
    return vkdit_mix_text(m, i, &text, &error) ? NULL : text;
}

void edits_close(struct edits *l)
{
    for (uint32_t i = 0; i < l->n; i++) vkdit_free(l->item[i]);
    free(l->item);
    free(l->text);
    *l = (struct edits){0};
}

void edits_read(struct edits *l, const char *text)
{
    struct err e = {0};
    if (l->text && !strcmp(l->text, text)) return;
    edits_close(l);
    l->text = mem_text(text, &e);
    vkdit_mix *m = open_mix(text, &e);
    const uint32_t n = m ? vkdit_mix_count(m) : 0;
    l->item = mem_zero(n, sizeof *l->item, &e);
    for (uint32_t i = 0; l->item && i < n && (l->item[i] = text_of(m, i)); i++) l->n++;
    vkdit_mix_close(m);
}

// A key ends before a value ("block.gate*=", "freeze block[3] t="), or it is a whole statement ("skip block[3]").
static bool belongs(const char *text, const char *key)
{
    const size_t n = strlen(key);
    return n && !strncmp(text, key, n) && (key[n - 1] == '=' || key[n - 1] == ' ' || !text[n]);
}

// The last one counts: it is the one that a fader wrote.
static const char *find(const struct edits *l, const char *key)
{
    for (uint32_t i = l->n; i-- > 0;)
        if (belongs(l->item[i], key)) return l->item[i];
    return NULL;
}

double edits_value(const struct edits *l, const char *key, double rest)
{
    const char *found = find(l, key);
    char *end;
    if (!found) return rest;
    const double v = strtod(found + strlen(key), &end);
    return end == found + strlen(key) ? 1 : v;
}

bool edits_have(const struct edits *l, const char *key)
{
    return find(l, key) != NULL;
}

char *edits_put(const char *text, const char *key, const char *statement, struct err *e)
{
    vkdit_error error = {0};
    vkdit_mix *m = open_mix(text, e);
    char *out = NULL;
    bool ok = m != NULL;
    for (uint32_t i = m ? vkdit_mix_count(m) : 0; ok && i-- > 0;) {
        char *one = text_of(m, i);
        if (one && belongs(one, key)) ok = !vkdit_mix_remove(m, i, &error);
        free(one);
    }
    if (ok && statement && *statement) ok = !vkdit_mix_parse(m, statement, &error);
    if (ok) ok = !vkdit_mix_text(m, VKDIT_MIX_ALL, &out, &error);
    if (!ok && m) err_api(e, &error);
    vkdit_mix_close(m);
    return out;
}

bool edits_save(const char *text, const char *path, struct err *e)
{
    vkdit_error error = {0};
    char *json = NULL;
    vkdit_mix *m = open_mix(text, e);
    bool ok = m && (!vkdit_mix_to_json(m, &json, &error) || err_api(e, &error));
    ok = ok && newfile_text(path, json, false, e);
    vkdit_free(json);
    vkdit_mix_close(m);
    return ok;
}

char *edits_load(const char *path, struct err *e)
{
    vkdit_mix *m = open_mix("", e);
    char *text = m && mix_read_preset(m, path, e) ? text_of(m, VKDIT_MIX_ALL) : NULL;
    vkdit_mix_close(m);
    return text;
}
