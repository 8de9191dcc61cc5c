// json_text.c — small helpers around jansson for the reports.
#include "engine/json_text.h"
#include "base/json.h"

#include <string.h>

bool json_give(json_t *j, char **out, struct err *e)
{
    *out = json_text(j, JSON_INDENT(2) | JSON_REAL_PRECISION(9), e);
    json_decref(j);
    return *out != NULL;
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
