// cmd_classes.c — vkdit classes.
#include "cli/commands.h"
#include "cli/subject.h"

#include <string.h>

static void print_classes(const struct cli *c, const vkdit_model *model, uint32_t n)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        char clean[400];
        const char *name = vkdit_class_name(model, i);
        if (c->s.json)
            json_array_append_new(list, name ? json_string(name) : json_null());
        else
            printf("%4u  %s\n", i, name ? text_clean(clean, sizeof clean, name, strlen(name)) : "-");
    }
    cli_event(c, list);
}

static int run(struct cli *c)
{
    struct subject s;
    struct err e = {0};
    subject_take_operand(c);
    if (subject_choose(&s, c, &e) && subject_open(&s, &e)) print_classes(c, s.model, s.info.classes);
    subject_close(&s);
    return e.code ? cli_fail_err(c, &e) : EXIT_OK;
}

const struct command command_classes = {
    .name = "classes",
    .operand = "FILE",
    .about = "List the classes that a model can draw",
    .bit = IN_CLASSES,
    .details = "The names come with the model: a diffusers folder brings them, a bare checkpoint does not.",
    .examples = "Find a number by name\tvkdit classes model-folder | grep retriever",
    .run = run,
};
