// json_write.c — a JSON value as text that is whole or absent. Knows nothing about what the documents mean.
#include "base/json.h"

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

char *json_text(const json_t *j, size_t flags, struct err *e)
{
    struct sink s = {.e = e};
    bool ok = e->code == ERR_NONE && j && !json_dump_callback(j, sink_put, &s, flags) && e->code == ERR_NONE;
    if (ok) return s.text;
    free(s.text);
    err_memory(e, 0);
    return NULL;
}
