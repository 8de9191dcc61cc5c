// cmd_selftest.c — vkdit selftest.
#include "cli/cli.h"
#include "cli/commands.h"

#include <string.h>

static int on_row(void *user, const vkdit_bench_row *r)
{
    const struct cli *c = user;
    if (!r->valid)
        cli_warn(c, "%s: kernel %s is wrong: %.3g times the allowed difference%s%s", r->name, r->kernel, r->value,
                 *r->note ? ": " : "", r->note);
    else
        cli_detail(c, "%s: kernel %s is right, %.2g of the allowed difference, %.2f s", r->name, r->kernel, r->value,
                   r->median_seconds);
    return interrupt_asked(NULL);
}

static void print(const char *json)
{
    json_t *top = json_loads(json, 0, NULL);
    const char *device = json_string_value(json_object_get(top, "device"));
    const size_t left = json_array_size(json_object_get(top, "left_out_for_time"));
    printf("%s: %d kernels tried, %d wrong, %zu do not fit this device", device ? device : "device",
           (int)json_integer_value(json_object_get(top, "tried")),
           (int)json_integer_value(json_object_get(top, "wrong")), json_array_size(json_object_get(top, "do_not_fit")));
    if (left) printf(", %zu left out for time (the second time, compiled pipelines are found again)", left);
    printf(", %.1f s\n", json_real_value(json_object_get(top, "seconds")));
    json_decref(top);
}

static int wrong_kernels(const char *json)
{
    json_t *top = json_loads(json, 0, NULL);
    const int n = (int)json_integer_value(json_object_get(top, "wrong"));
    json_decref(top);
    return n;
}

static int run(struct cli *c)
{
    const vkdit_options o = {.device = c->s.device,
                             .limits = c->s.limit,
                             .cache_dir = c->s.cache && !strcmp(c->s.cache, "none") ? "" : c->s.cache,
                             .validation = c->s.validation};
    const vkdit_bench_options b = {.row = on_row, .stop = interrupt_asked, .user = c};
    vkdit_error error = {0};
    char *json;
    interrupt_watch();
    if (vkdit_selftest(&o, &b, &json, &error)) {
        struct err e = {0};
        err_api(&e, &error);
        return cli_fail_err(c, &e);
    }
    const int wrong = wrong_kernels(json);
    if (c->s.json)
        puts(json);
    else
        print(json);
    vkdit_free(json);
    if (!wrong) return EXIT_OK;
    return cli_fail(c, EXIT_FAILED,
                    "kernels are wrong on this device: do not trust its pictures, and please report it");
}

const struct command command_selftest = {
    .name = "selftest",
    .about = "Check every kernel on this device against its definition",
    .bit = IN_SELFTEST,
    .details = "Small shapes, about ten seconds at most, the same inputs and limits as the project's own tests.",
    .examples = "Which kernels, and how exact\tvkdit selftest -v",
    .run = run,
};
