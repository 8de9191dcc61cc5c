// meta.c — reads the "config" entry of a checkpoint's metadata.
#include "models/meta.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct meta meta_open(const struct ckpt *c)
{
    const char *text = ckpt_meta_find(c, "config");
    struct meta m = {text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL};
    if (m.json && !json_is_object((json_t *)m.json)) meta_close(&m);
    return m;
}

void meta_close(struct meta *m)
{
    json_decref(m->json);
    m->json = NULL;
}

double meta_number(const struct meta *m, const char *key, double otherwise)
{
    json_t *v = json_object_get(m->json, key);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

uint32_t meta_u32(const struct meta *m, const char *key, uint32_t otherwise)
{
    json_t *v = json_object_get(m->json, key);
    json_int_t i = json_is_integer(v) ? json_integer_value(v) : -1;
    return i >= 0 && i <= INT32_MAX ? (uint32_t)i : otherwise;
}

const char *meta_text(const struct meta *m, const char *key)
{
    return json_string_value(json_object_get(m->json, key));
}

const char *meta_item(const struct meta *m, const char *key, uint32_t i)
{
    json_t *v = json_object_get(m->json, key);
    if (json_is_array(v)) return json_string_value(json_array_get(v, i));
    char digits[16];
    snprintf(digits, sizeof digits, "%u", i);
    return json_string_value(json_object_get(v, digits));
}
