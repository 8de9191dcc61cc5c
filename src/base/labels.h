// labels.h — finding one of a list of names by what a person types. Knows nothing about what is named.
#ifndef VKDIT_LABELS_H
#define VKDIT_LABELS_H

#include "base/base.h"

bool text_contains(const char *text, const char *part); // whatever the case; nothing is contained in everything
// A name may list synonyms between commas. One of them decides when it is typed whole, else the only name that holds the
// text; several are an error that lists them. Names may be NULL.
bool labels_find(char *const *label, uint32_t n, const char *text, uint32_t *index, struct err *e);

#endif
