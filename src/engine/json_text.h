// json_text.h — reports as JSON text: the last step of every *_json function.
#ifndef VKDIT_JSON_TEXT_H
#define VKDIT_JSON_TEXT_H

#include "engine/engine.h"

#include <jansson.h>

// Steals the reference to j; *out is for vkdit_free. Nothing is given when an error is recorded already.
bool json_give(json_t *j, char **out, struct err *e);
// Sets a key / adds a member; the value's reference is stolen. NULL, from jansson without memory, is recorded: a report
// must not lose a line in silence.
void json_put(json_t *object, const char *key, json_t *value, struct err *e);
void json_add(json_t *array, json_t *value, struct err *e);
// A string that jansson accepts whatever the bytes are.
json_t *json_clean(const char *text);

#endif
