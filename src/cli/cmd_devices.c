// cmd_devices.c — vkdit devices.
#include "cli/cli.h"
#include "cli/commands.h"

#include <string.h>

// One row per operation, a column per storage type; the rejected variants and their reasons only on request.
static json_t *kernels_by_op(json_t *kernels)
{
    json_t *list = json_array(), *kernel, *row = NULL;
    size_t i;
    json_array_foreach(kernels, i, kernel)
    {
        const char *op = json_string_value(json_object_get(kernel, "op"));
        const char *storage = json_string_value(json_object_get(kernel, "storage"));
        const char *known = row ? json_string_value(json_object_get(row, "op")) : NULL;
        if (!op || !storage) continue;
        if (!known || strcmp(known, op)) json_array_append_new(list, row = json_pack("{ss}", "op", op));
        json_object_set(row, storage, json_object_get(kernel, "kernel"));
    }
    return list;
}

static void print_device(const struct cli *c, json_t *device, const json_t *chosen, const char *reason)
{
    char name[400];
    const char *text = json_string_value(json_object_get(device, "name"));
    const json_int_t index = json_integer_value(json_object_get(device, "index"));
    text_clean(name, sizeof name, text ? text : "", text ? strlen(text) : 0);
    printf("%s%d: %s%s\n", cli_bold(c->colour_out), (int)index, name, cli_plain(c->colour_out));
    if (json_is_integer(chosen) && json_integer_value(chosen) == index)
        printf("  would be used: %s\n", reason ? reason : "");
    json_object_del(device, "name");
    json_object_del(device, "index");
    if (!c->s.verbose) json_object_set_new(device, "kernels", kernels_by_op(json_object_get(device, "kernels")));
    report_print(stdout, device, 2, c->colour_out);
    putchar('\n');
}

static void print_devices(const struct cli *c, const char *json)
{
    json_t *top = json_loads(json, 0, NULL), *device;
    const json_t *chosen = json_object_get(top, "chosen");
    const char *reason = json_string_value(json_object_get(top, "reason"));
    size_t i;
    json_array_foreach(json_object_get(top, "devices"), i, device) print_device(c, device, chosen, reason);
    if (!json_is_integer(chosen)) printf("none would be used: %s\n", reason ? reason : "there is no device");
    if (!c->s.verbose && i) printf("\"vkdit devices -v\" also tells which faster kernels were passed over, and why.\n");
    json_decref(top);
}

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
    if (c->s.json) return cli_report(c, json);
    print_devices(c, json);
    vkdit_free(json);
    return EXIT_OK;
}

const struct command command_devices = {
    .name = "devices",
    .about = "List the devices, what they can do, how they would be used",
    .bit = IN_DEVICES,
    .details = "Each device comes with its features and limits as far as they matter here, its memory, and the kernel "
               "variants that it would run.",
    .examples = "Everything, for a program\tvkdit devices --json\n"
                "What would be used on a weaker machine\tvkdit devices --limit no_fp16,max_storage_buffer_range=64M",
    .run = run,
};
