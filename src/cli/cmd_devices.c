// cmd_devices.c — vkdit devices.
#include "cli/cli.h"
#include "cli/commands.h"

static int run(struct cli *c)
{
    const vkdit_options o = {.device = c->s.device, .limits = c->s.limit};
    vkdit_error error = {0};
    char *json;
    if (vkdit_devices_json(&o, &json, &error)) {
        struct err e = {0};
        err_api(&e, &error);
        return cli_fail_err(c, &e);
    }
    return cli_report(c, json);
}

const struct command command_devices = {
    .name = "devices",
    .about = "List the Vulkan devices, what they can do, and how they would be used",
    .bit = IN_DEVICES,
    .details = "Each device comes with its features and limits as far as they matter here, its memory, and the kernel "
               "variants that it would run, with the reason for each.",
    .examples = "Everything, for a program\tvkdit devices --json\n"
                "What would be used on a weaker machine\tvkdit devices --limit no_fp16,max_storage_buffer_range=64M",
    .run = run,
};
