// json_text.c — small helpers around jansson for the reports.
#include "engine/json_text.h"

#include <string.h>

bool json_give(json_t *j, char **out, struct err *e)
{
    *out = j ? json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(j);
    return *out || err_memory(e, 0);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (value) json_object_set_new(object, key, value);
}

json_t *json_clean(const char *text)
{
    char clean[400];
    return json_string(text_clean(clean, sizeof clean, text ? text : "", text ? strlen(text) : 0));
}
