// fuzz_cli_args.c — any bytes as a command line (words end with a NUL or a line feed) and as an output pattern.
#include "cli/args.h"
#include "cli/pattern.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *words[64], out[PATTERN_PATH];
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    int n = 0;
    for (size_t at = 0; at < size && n < 64; at += strlen(text + at) + 1) {
        char *end = strchr(text + at, '\n');
        if (end) *end = 0;
        words[n++] = text + at;
    }
    const struct command *command = n ? command_find(words[0]) : NULL;
    struct settings s = {0};
    struct err e = {0};
    if (command && args_parse(&s, command, n - 1, words + 1, &e)) {
        struct settings back = {0};
        json_t *recipe = args_recipe(&s);
        // what was accepted once is accepted again
        if (!args_from_recipe(&back, recipe, &e)) abort();
        json_decref(recipe);
    }
    const struct pattern_fields fields = {1, 2, 3, 4, 5};
    e = (struct err){0};
    if (n && pattern_expand(out, words[n - 1], &fields, &e) && strlen(out) >= PATTERN_PATH) abort();
    e = (struct err){0};
    if (n) pattern_suffix(out, words[n - 1], 7, &e);
    free(text);
    return 0;
}
