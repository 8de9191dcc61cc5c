// choose.c — which device a wish names, and why, from facts alone. Makes no Vulkan call.
#include "gpu/gpu_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    uint32_t rank;
    const char *what;
} kinds[] = {
    [CAPS_OTHER] = {2, "a device of unknown kind"},    [CAPS_INTEGRATED] = {4, "an integrated GPU"},
    [CAPS_DISCRETE] = {5, "a discrete GPU"},           [CAPS_VIRTUAL] = {3, "a virtual GPU"},
    [CAPS_CPU] = {1, "a CPU device (software, slow)"},
};

static bool better(const struct caps *a, const struct caps *b)
{
    if (kinds[a->type].rank != kinds[b->type].rank) return kinds[a->type].rank > kinds[b->type].rank;
    return a->heap_bytes > b->heap_bytes;
}

static bool name_has(const char *name, const char *part)
{
    size_t n = strlen(part);
    for (; *name; name++) {
        size_t i = 0;
        while (i < n && name[i] && tolower((unsigned char)name[i]) == tolower((unsigned char)part[i])) i++;
        if (i == n) return true;
    }
    return false;
}

// 32 hexadecimal digits, dashes anywhere.
static bool read_uuid(const char *text, uint8_t out[16])
{
    uint32_t n = 0;
    for (; *text; text++) {
        if (*text == '-') continue;
        if (!isxdigit((unsigned char)*text) || n == 32) return false;
        int c = tolower((unsigned char)*text);
        uint8_t v = (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | v : v << 4);
        n++;
    }
    return n == 32;
}

// One or two digits are an index and nothing else; longer numbers are model names (4090).
static bool is_index(const char *text)
{
    size_t len = strlen(text);
    return (len == 1 || len == 2) && strspn(text, "0123456789") == len;
}

static bool none_matches(const struct caps *list, uint32_t n, const char *wish, struct err *e)
{
    char names[300] = "", shown[64];
    for (uint32_t i = 0; i < n; i++) {
        size_t used = strlen(names);
        if (used + 80 > sizeof names) break;
        snprintf(names + used, sizeof names - used, "%s%u: %.60s", i ? ", " : "", i, list[i].name);
    }
    return err_set(e, ERR_ARG, "no device is \"%s\" (index, part of a name, or UUID); there are %s",
                   text_clean(shown, sizeof shown, wish, strlen(wish)), names);
}

static bool take(const struct caps *list, uint32_t i, uint32_t *index, struct err *e)
{
    *index = i;
    if (!list[i].refused[0]) return true;
    return err_set(e, ERR_UNSUPPORTED, "device %u (%.100s) cannot be used: %s", i, list[i].name, list[i].refused);
}

static bool choose_best(const struct caps *list, uint32_t n, uint32_t *index, char *why, size_t why_bytes,
                        struct err *e)
{
    uint32_t best = UINT32_MAX, usable = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].refused[0]) continue;
        usable++;
        if (best == UINT32_MAX || better(&list[i], &list[best])) best = i;
    }
    if (best == UINT32_MAX)
        return err_set(e, ERR_UNSUPPORTED, "none of the %u Vulkan devices can be used; the first, %.100s: %s", n,
                       list[0].name, list[0].refused);
    const char *what = kinds[list[best].type].what;
    if (usable == 1)
        snprintf(why, why_bytes, "it is the only usable device: %s", what);
    else if (list[best].type == CAPS_CPU)
        snprintf(why, why_bytes, "it is %s, and nothing better exists here", what);
    else
        snprintf(why, why_bytes, "it is %s, the best of %u devices", what, usable);
    *index = best;
    return true;
}

static bool choose_by_name(const struct caps *list, uint32_t n, const char *wish, uint32_t *index, char *why,
                           size_t why_bytes, struct err *e)
{
    uint32_t best = UINT32_MAX, found = 0;
    char shown[64];
    for (uint32_t i = 0; i < n; i++) {
        if (!name_has(list[i].name, wish)) continue;
        found++;
        bool first = best == UINT32_MAX;
        if (first || (list[best].refused[0] && !list[i].refused[0]) ||
            (!list[i].refused[0] && better(&list[i], &list[best])))
            best = i;
    }
    if (best == UINT32_MAX) return none_matches(list, n, wish, e);
    text_clean(shown, sizeof shown, wish, strlen(wish));
    if (found == 1)
        snprintf(why, why_bytes, "its name has \"%s\" in it, as asked", shown);
    else
        snprintf(why, why_bytes,
                 "it is the best of %u devices with \"%s\" in the name; an index or UUID tells them apart", found,
                 shown);
    return take(list, best, index, e);
}

bool gpu_choose(const struct caps *list, uint32_t n, const char *wish, uint32_t *index, char *why, size_t why_bytes,
                struct err *e)
{
    uint8_t uuid[16];
    uint32_t i;
    if (!n)
        return err_set(e, ERR_DEVICE,
                       "no Vulkan device found: install a driver (Debian: mesa-vulkan-drivers, which "
                       "also runs on the CPU)");
    if (!wish || !*wish) return choose_best(list, n, index, why, why_bytes, e);
    if (is_index(wish)) {
        i = (uint32_t)strtoul(wish, NULL, 10);
        if (i >= n) return none_matches(list, n, wish, e);
        snprintf(why, why_bytes, "device %u was asked for: %s", i, kinds[list[i].type].what);
        return take(list, i, index, e);
    }
    if (read_uuid(wish, uuid)) {
        for (i = 0; i < n; i++) {
            if (memcmp(list[i].uuid, uuid, sizeof uuid)) continue;
            snprintf(why, why_bytes, "its UUID was asked for: %s", kinds[list[i].type].what);
            return take(list, i, index, e);
        }
        return none_matches(list, n, wish, e);
    }
    return choose_by_name(list, n, wish, index, why, why_bytes, e);
}
