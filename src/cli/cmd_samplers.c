// cmd_samplers.c — vkdit samplers.
#include "cli/cli.h"
#include "cli/commands.h"

#include <string.h>

char *sampler_names(void)
{
    char *json = NULL, *names = NULL;
    if (vkdit_samplers_json(&json, NULL)) return NULL;
    json_t *list = json_loads(json, 0, NULL), *row;
    size_t i, at = 0;
    names = mem_zero(strlen(json) + 1, 1, NULL); // room for more than the names
    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        if (names && name) at += (size_t)snprintf(names + at, strlen(json) + 1 - at, "%s%s", at ? " " : "", name);
    }
    json_decref(list);
    vkdit_free(json);
    return names;
}

static int run(struct cli *c)
{
    vkdit_error error = {0};
    char *json;
    if (vkdit_samplers_json(&json, &error)) {
        struct err e = {0};
        err_api(&e, &error);
        return cli_fail_err(c, &e);
    }
    return cli_report(c, json);
}

const struct command command_samplers = {
    .name = "samplers",
    .about = "List the samplers and which models they drive",
    .bit = IN_SAMPLERS,
    .run = run,
};
