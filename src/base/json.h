// json.h — reading JSON that nobody vouches for (bounded memory, bounded depth, duplicates refused), writing it whole.
// Parsing itself is jansson's; knows nothing about what the documents mean.
#ifndef VKDIT_JSON_H
#define VKDIT_JSON_H

#include "base/base.h"

#include <jansson.h>

// A whole document of at most `limit` bytes. NULL with the reason and the place on failure; freed with json_decref.
json_t *json_read(const void *text, uint64_t bytes, uint64_t limit, struct err *e);

// The value as text with jansson's JSON_... flags, for free(); NULL with the reason when memory runs out.
char *json_text(const json_t *j, size_t flags, struct err *e);

// Walks the members of one large object, so that only one member is in memory at a time:
//   struct json_walk w = {text, bytes};
//   for (json_enter(&w, e); json_key(&w, &key, e) && key; json_decref(key)) json_value(&w, limit, &value, e) ...
// A value may itself be entered, with the same walk, instead of being read. Duplicate keys are the caller's to find.
struct json_walk {
    const char *text;
    uint64_t bytes, pos;
    bool comma; // a member came before
};

bool json_enter(struct json_walk *w, struct err *e);             // takes "{"
bool json_key(struct json_walk *w, json_t **key, struct err *e); // takes `"key":`; NULL and "}" at the end
bool json_value(struct json_walk *w, uint64_t limit, json_t **value,
                struct err *e);                      // takes a value of at most `limit` bytes
bool json_ended(struct json_walk *w, struct err *e); // nothing but white space is left

#endif
