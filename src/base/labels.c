// labels.c — names and parts of them.
#include "base/labels.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool text_contains(const char *text, const char *part)
{
    const size_t n = strlen(part);
    for (; n && *text; text++)
        if (!strncasecmp(text, part, n)) return true;
    return !n;
}

static bool equal_synonym(const char *label, const char *text, size_t n)
{
    while (*label) {
        size_t len = strcspn(label, ",");
        if (len == n && !strncasecmp(label, text, n)) return true;
        label += len + (label[len] == ',');
        label += strspn(label, " ");
    }
    return false;
}

bool labels_find(char *const *label, uint32_t n, const char *text, uint32_t *index, struct err *e)
{
    char shown[300] = "", clean[80];
    uint32_t found = 0, at = 0;
    for (uint32_t i = 0; i < n; i++)
        if (label[i] && equal_synonym(label[i], text, strlen(text))) return *index = i, true;
    for (uint32_t i = 0; i < n; i++) {
        if (!label[i] || !text_contains(label[i], text)) continue;
        *index = i;
        if (found++ < 6 && at + 60 < sizeof shown)
            at += (uint32_t)snprintf(shown + at, sizeof shown - at, "%s%u %.40s", found > 1 ? "; " : "", i, label[i]);
    }
    text_clean(clean, sizeof clean, text, strlen(text));
    if (found == 1) return true;
    if (found) return err_set(e, ERR_ARG, "class '%s' is ambiguous (%u matches): %s", clean, found, shown);
    return err_set(e, ERR_ARG, "no class is called '%s'%s", clean,
                   n && label[0] ? "" : " (the model carries no class names: give a number)");
}
