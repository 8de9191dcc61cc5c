// test_report.c — any JSON becomes readable text: nothing is lost, nothing in it reaches the terminal as a command.
#define _GNU_SOURCE
#include "check.h"
#include "cli/cli.h"

#include <string.h>

static char *report(const char *json)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    CHECK(value, "the test's own JSON: %s", json);
    report_print(f, value, 0, false);
    json_decref(value);
    fclose(f);
    return text;
}

static void test_holds(const char *json, const char *const *words, size_t n)
{
    char *text = report(json);
    for (size_t i = 0; i < n; i++) CHECK(strstr(text, words[i]), "\"%s\" is missing in:\n%s", words[i], text);
    for (const char *at = text; *at; at++)
        CHECK(*at == '\n' || (unsigned char)*at >= 0x20, "a control byte %d in:\n%s", *at, text);
    free(text);
}

#define HOLDS(json, ...)                                                                                               \
    do {                                                                                                               \
        static const char *const words[] = {__VA_ARGS__};                                                              \
        test_holds(json, words, COUNTOF(words));                                                                       \
    } while (0)

static void test_deep(void)
{
    char json[4001] = "", *text;
    for (int i = 0; i < 1000; i++) strcat(json, "[");
    for (int i = 0; i < 1000; i++) strcat(json, "]");
    text = report(json);
    CHECK(strstr(text, "..."), "deep nesting is cut short");
    free(text);
}

int main(void)
{
    HOLDS("{\"a_b\":1,\"size_bytes\":3145728,\"on\":true,\"off\":false,\"none\":null,\"x\":0.5}", "a b", "3.0 MiB",
          "yes", "no", "-", "0.5", "size");
    HOLDS("{\"outer\":{\"inner\":{\"leaf\":\"value\"}},\"list\":[1,2,3],\"empty\":[],\"nothing\":{}}", "outer\n",
          "inner\n", "leaf", "value", "1, 2, 3", "none");
    HOLDS("[{\"name\":\"one\",\"n\":1},{\"name\":\"twelve\",\"n\":12}]", "name    n\n", "one     1\n", "twelve  12\n");
    HOLDS("[{\"name\":\"one\"},{\"other\":2}]", "name  one", "other  2");
    HOLDS("{\"evil\\u001b[2J\":\"\\u001b]0;title\\u0007\\r\\n\"}", "\\x1B", "evil");
    HOLDS("[[[{\"k\":[{\"v\":[[1]]}]}]]]", "k");
    HOLDS("\"text\"", "text");
    HOLDS("[1,\"b\",null]", "1", "b", "-");
    test_deep();
    return check_done();
}
