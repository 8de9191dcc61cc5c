// json_text.c — small helpers around jansson for the reports.
#include "engine/json_text.h"

#include <stdlib.h>
#include <string.h>

struct sink {
    char *text;
    uint32_t n, room;
    struct err *e;
};

// Once it fails it keeps failing: jansson's own buffer forgets a failure in the middle of an object's key.
static int sink_put(const char *bytes, size_t n, void *user)
{
    struct sink *s = user;
    if (s->e->code != ERR_NONE || n > INT32_MAX - s->n) return -1;
    if (!mem_grow(&s->text, &s->room, s->n + (uint32_t)n + 1, 1, s->e)) return -1;
    memcpy(s->text + s->n, bytes, n);
    s->n += (uint32_t)n;
    s->text[s->n] = 0;
    return 0;
}

bool json_give(json_t *j, char **out, struct err *e)
{
    struct sink s = {.e = e};
    bool ok = e->code == ERR_NONE && j && !json_dump_callback(j, sink_put, &s, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    ok = ok && e->code == ERR_NONE;
    json_decref(j);
    *out = ok ? s.text : NULL;
    if (!ok) free(s.text);
    return ok || err_memory(e, 0);
}

void json_put(json_t *object, const char *key, json_t *value, struct err *e)
{
    if (json_object_set_new(object, key, value)) err_memory(e, 0);
}

void json_add(json_t *array, json_t *value, struct err *e)
{
    if (json_array_append_new(array, value)) err_memory(e, 0);
}

json_t *json_clean(const char *text)
{
    char clean[400];
    return json_string(text_clean(clean, sizeof clean, text ? text : "", text ? strlen(text) : 0));
}
