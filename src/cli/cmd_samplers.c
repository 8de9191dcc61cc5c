// cmd_samplers.c — vkdit samplers.
#include "cli/cli.h"
#include "cli/commands.h"

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
