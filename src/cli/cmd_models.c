// cmd_models.c — vkdit models.
#include "cli/cli.h"
#include "cli/commands.h"

#include <string.h>

static void print_models(const struct cli *c, const char *json)
{
    json_t *list = json_loads(json, 0, NULL), *row;
    size_t i;
    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *about = json_string_value(json_object_get(row, "about"));
        char clean[300];
        text_clean(clean, sizeof clean, about ? about : "", about ? strlen(about) : 0);
        printf("%-8s %s%s\n", name ? name : "", clean, i ? "" : " (default)");
    }
    if (!json_array_size(list)) cli_say(c, "no model is installed with this program; --assets names their folder");
    json_decref(list);
}

static int run(struct cli *c)
{
    vkdit_error error = {0};
    struct err e = {0};
    char *json = NULL;
    if (vkdit_models_json(c->s.assets, &json, &error)) {
        err_api(&e, &error);
        return cli_fail_err(c, &e);
    }
    if (c->s.json) return cli_report(c, json);
    print_models(c, json);
    vkdit_free(json);
    return EXIT_OK;
}

const struct command command_models = {
    .name = "models",
    .about = "List the models that ship with the program",
    .bit = IN_MODELS,
    .details = "Each can be named after -m; the first is what is used without -m.",
    .examples = "What there is\tvkdit models\nThe other one\tvkdit generate -m dit -c butterfly\n"
                "Its classes\tvkdit classes dit",
    .run = run,
};
