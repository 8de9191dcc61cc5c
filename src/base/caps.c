// caps.c — forces the facts of a device down for tests. Knows nothing about Vulkan.
#include "base/caps.h"

#include <stdio.h>
#include <string.h>

enum word_kind { WORD_OFF, WORD_SIZE64, WORD_SIZE32, WORD_SUBGROUP, WORD_API };

struct word {
    const char *name;
    enum word_kind kind;
    size_t at[3]; // members of struct caps that it lowers; the others may be 0
};

#define AT(m) offsetof(struct caps, m)

static const struct word words[] = {
    {"max_storage_buffer_range", WORD_SIZE64, {AT(range_max)}},
    {"max_alloc", WORD_SIZE64, {AT(alloc_max)}},
    {"heap", WORD_SIZE64, {AT(heap_bytes), AT(heap_budget)}},
    {"max_shared", WORD_SIZE32, {AT(shared_max)}},
    {"max_push", WORD_SIZE32, {AT(push_max)}},
    {"max_threads", WORD_SIZE32, {AT(threads_max), AT(threads_x_max)}},
    {"max_bindings", WORD_SIZE32, {AT(bind_max)}},
    {"subgroup", WORD_SUBGROUP, {0}},
    {"api", WORD_API, {0}},
    {"no_fp16", WORD_OFF, {AT(f16_math)}},
    {"no_16bit_storage", WORD_OFF, {AT(f16_store)}},
    {"no_8bit_storage", WORD_OFF, {AT(i8_store)}},
    {"no_int8", WORD_OFF, {AT(i8_math)}},
    {"no_int_dot", WORD_OFF, {AT(int_dot)}},
    {"no_int64", WORD_OFF, {AT(int64)}},
    {"no_addresses", WORD_OFF, {AT(addresses)}},
    {"no_texels", WORD_OFF, {AT(texels)}},
    {"no_scalar", WORD_OFF, {AT(scalar_layout)}},
    {"no_subgroup_arith", WORD_OFF, {AT(subgroup_arith)}},
    {"no_subgroup_ballot", WORD_OFF, {AT(subgroup_ballot)}},
    {"no_subgroup_shuffle", WORD_OFF, {AT(subgroup_shuffle)}},
    {"no_subgroup_pick", WORD_OFF, {AT(subgroup_pick)}},
    {"no_coop", WORD_OFF, {AT(coop1), AT(coop2), AT(coop2_group)}},
    {"no_coop2", WORD_OFF, {AT(coop2), AT(coop2_group)}},
    {"no_timestamps", WORD_OFF, {AT(timestamps)}},
    {"no_memory_budget", WORD_OFF, {AT(memory_budget)}},
    {"no_executable_info", WORD_OFF, {AT(executable_info)}},
};

const char *caps_limit_word(uint32_t i)
{
    return i < COUNTOF(words) ? words[i].name : NULL;
}

static bool unknown_word(const char *text, size_t len, struct err *e)
{
    char known[400] = "", shown[40];
    for (size_t i = 0, used = 0; i < COUNTOF(words) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s%s", i ? " " : "", words[i].name,
                                 words[i].kind == WORD_OFF ? "" : "=");
    return err_set(e, ERR_ARG, "limit \"%s\" is unknown; known: %s", text_clean(shown, sizeof shown, text, len), known);
}

// Digits and an optional K, M or G; "1.1" (the api word) is handled by its own reader.
static bool read_size(const char *text, size_t len, uint64_t *out)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
        if (!mul_ok(v, 10, &v) || !add_ok(v, (uint64_t)(text[i] - '0'), &v)) return false;
    if (!i) return false;
    uint64_t unit = 1;
    if (i < len) {
        static const char suffix[] = "KMG";
        const char *at = memchr(suffix, text[i] & ~0x20, 3);
        if (!at || i + 1 != len) return false;
        unit = (uint64_t)1 << (10 * (at - suffix + 1));
    }
    return mul_ok(v, unit, out) && *out > 0;
}

static void limit_subgroup(struct caps *c, uint64_t size)
{
    if (size >= c->subgroup) return;
    bool possible = c->subgroup_pick && size >= c->subgroup_min && (size & (size - 1)) == 0;
    if (possible) {
        c->subgroup = c->subgroup_min = c->subgroup_max = (uint32_t)size;
    } else {
        c->subgroup_arith = c->subgroup_ballot = c->subgroup_shuffle = c->subgroup_pick = false;
        c->coop1 = c->coop2 = c->coop2_group = false;
    }
}

static bool limit_api(struct caps *c, const char *text, size_t len)
{
    if (len != 3 || text[0] != '1' || text[1] != '.' || text[2] < '1' || text[2] > '9') return false;
    uint32_t api = (1u << 22) | (uint32_t)(text[2] - '0') << 12; // as VK_MAKE_API_VERSION packs it
    c->api = min_u32(c->api, api);
    return true;
}

static void lower(struct caps *c, const struct word *w, uint64_t v)
{
    for (uint32_t i = 0; i < COUNTOF(w->at) && (i == 0 || w->at[i]); i++) {
        uint8_t *at = (uint8_t *)c + w->at[i];
        if (w->kind == WORD_OFF) *(bool *)at = false;
        if (w->kind == WORD_SIZE64) *(uint64_t *)at = min_u64(*(uint64_t *)at, v);
        if (w->kind == WORD_SIZE32) *(uint32_t *)at = (uint32_t)min_u64(*(uint32_t *)at, v);
    }
}

static bool limit_one(struct caps *c, const char *text, size_t len, struct err *e)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    const struct word *w = NULL;
    for (uint32_t i = 0; i < COUNTOF(words) && !w; i++)
        if (strlen(words[i].name) == name_len && !memcmp(words[i].name, text, name_len)) w = &words[i];
    if (!w) return unknown_word(text, len, e);
    if (w->kind == WORD_OFF && equals) return err_set(e, ERR_ARG, "limit \"%s\" takes no value", w->name);
    uint64_t v = 0;
    const char *value = equals ? equals + 1 : text + len;
    size_t value_len = len - (size_t)(value - text);
    char shown[40];
    text_clean(shown, sizeof shown, value, value_len);
    if (w->kind == WORD_API) {
        if (limit_api(c, value, value_len)) return true;
        return err_set(e, ERR_ARG, "limit \"api\" wants 1.1, 1.2 or 1.3, got \"%s\"", shown);
    }
    if (w->kind != WORD_OFF && !read_size(value, value_len, &v))
        return err_set(e, ERR_ARG, "limit \"%s\" wants a number above 0 (K, M, G allowed), got \"%s\"", w->name, shown);
    if (w->kind == WORD_SUBGROUP) limit_subgroup(c, v);
    lower(c, w, v);
    return true;
}

bool caps_limit(struct caps *c, const char *spec, struct err *e)
{
    while (spec && *spec) {
        size_t len = strcspn(spec, ",");
        if (len && !limit_one(c, spec, len, e)) return false;
        spec += len + (spec[len] == ',');
    }
    return true;
}
