// test_json.c — walking a document gives what jansson reads, or what it says, also for strings that it does not read itself.
#include "base/json.h"
#include "check.h"

#include <string.h>

static void same_as_jansson(const char *text)
{
    struct err e = {0};
    json_error_t why;
    json_t *want = json_loads(text, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &why), *got = NULL;
    struct json_walk w = {.text = text, .bytes = strlen(text)};
    const bool ok = json_value(&w, 1 << 20, &got, &e);
    CHECK(ok == (want != NULL) && ok == (got != NULL) && ok == (e.code == ERR_NONE), "%s: %s, %s", text, e.text,
          why.text);
    CHECK(ok || (e.code == ERR_FORMAT && strstr(e.text, why.text)), "%s: %s, not %s", text, e.text, why.text);
    CHECK(!ok || (json_equal(want, got) && w.pos == (uint64_t)why.position), "%s: another value, or %llu bytes", text,
          (unsigned long long)w.pos);
    json_decref(want);
    json_decref(got);
}

static void limits(void)
{
    const char text[] = "\"12\\\"45\" ";
    for (uint64_t limit = 1; limit < sizeof text; limit++) {
        struct err e = {0};
        struct json_walk w = {.text = text, .bytes = sizeof text - 1};
        json_t *v = NULL;
        const bool ok = json_value(&w, limit, &v, &e);
        CHECK(ok == (limit >= 8) && ok == (v != NULL), "limit %llu: %s", (unsigned long long)limit, e.text);
        CHECK(!ok || !strcmp(json_string_value(v), "12\"45"), "another string");
        json_decref(v);
    }
}

static void members(void)
{
    const char text[] = " {\"a\\\"b\" : \"x\\ny\", \"c\":[1, \"\\\\\"] , \"d\":{}}  ";
    struct err e = {0};
    struct json_walk w = {.text = text, .bytes = sizeof text - 1};
    json_t *whole = json_read(text, sizeof text - 1, 1 << 20, &e), *key = NULL, *value = NULL;
    uint32_t n = 0;
    for (json_enter(&w, &e); json_key(&w, &key, &e) && key && json_value(&w, 1 << 20, &value, &e); n++) {
        CHECK(json_equal(value, json_object_get(whole, json_string_value(key))), "%s", json_string_value(key));
        json_decref(key);
        json_decref(value);
    }
    CHECK(n == 3 && json_ended(&w, &e), "%u members: %s", n, e.text);
    json_decref(whole);
}

int main(void)
{
    static const char *const text[] = {
        "\"\"",
        "\"plain\"",
        " \t\n\"after space\"",
        "\"a\\\"b\\\\c\\/d\\be\\ff\\ng\\rh\\ti\" rest",
        "\"\\\\\"\"",
        "\"\\u00e9\\n\"",
        "\"\\ud83d\\ude00\\\"\"",
        "\"\\ud83d\\n\"",
        "\"\\u0000\\n\"",
        "\"é\\n日本\"",
        "\"\xff\\n\"",
        "\"\xc3\\n\"",
        "\"\\x\"",
        "\"\\",
        "\"\\\"",
        "\"\\n",
        "\"\\n\x01\"",
        "\"\n\\n\"",
        "[\"\\n\"]",
        "{\"a\\n\": \"\\t\"}",
        "12",
        "nonsense",
        "",
        "\"",
        "\\n",
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) same_as_jansson(text[i]);
    limits();
    members();
    return check_done();
}
