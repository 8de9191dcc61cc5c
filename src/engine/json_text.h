// json_text.h — reports as JSON text: the last step of every *_json function.
#ifndef VKDIT_JSON_TEXT_H
#define VKDIT_JSON_TEXT_H

#include "engine/engine.h"

#include <jansson.h>

// Steals the reference to j; *out is for vkdit_free.
bool json_give(json_t *j, char **out, struct err *e);
// Sets a key; the value's reference is stolen, NULL values are ignored.
void json_put(json_t *object, const char *key, json_t *value);
// A string that jansson accepts whatever the bytes are.
json_t *json_clean(const char *text);

#endif
