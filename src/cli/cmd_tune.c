// cmd_tune.c — vkdit tune.
#include "cli/commands.h"
#include "cli/generate.h"

#include <string.h>

static void print_trials(const struct cli *c, const json_t *shape, const char *chosen)
{
    const json_t *trial;
    size_t i;
    json_array_foreach(json_object_get(shape, "trials"), i, trial)
    {
        const char *kernel = json_string_value(json_object_get(trial, "kernel"));
        const double seconds = json_number_value(json_object_get(trial, "seconds"));
        const bool right = json_is_true(json_object_get(trial, "right"));
        if (!kernel || (right && !c->s.verbose && (!chosen || strcmp(kernel, chosen) != 0))) continue;
        printf("  %-34s ", kernel);
        if (right)
            printf("%9.1f us%s\n", seconds * 1e6, chosen && !strcmp(kernel, chosen) ? "  chosen" : "");
        else
            printf("    wrong: not used\n");
    }
}

static void print(const struct cli *c, const char *json)
{
    json_t *top = json_loads(json, 0, NULL), *shape;
    const json_t *shapes = json_object_get(top, "shapes");
    size_t i;
    json_array_foreach(shapes, i, shape)
    {
        const json_t *chosen = json_object_get(shape, "kernel");
        printf("%s\n", json_string_value(json_object_get(shape, "shape")));
        print_trials(c, shape, json_string_value(chosen));
    }
    if (!json_array_size(shapes))
        cli_say(c, "nothing to choose: no more than one measured kernel fits this device at each of these shapes");
    else
        cli_say(c, "kept in %s", json_string_value(json_object_get(top, "file")));
    json_decref(top);
}

static bool tune(struct generation *g, struct err *e)
{
    vkdit_error error = {0};
    char *json = NULL;
    if (!subject_choose(&g->subject, g->cli, e) || !subject_open(&g->subject, e) || !job_prepare(g, e)) return false;
    progress_wipe(&g->subject.progress);
    if (vkdit_tune(g->subject.model, &g->job, interrupt_asked, NULL, &json, &error)) return err_api(e, &error);
    if (g->cli->s.json)
        puts(json);
    else
        print(g->cli, json);
    vkdit_free(json);
    return true;
}

static int run(struct cli *c)
{
    struct generation g = {.cli = c};
    struct err e = {0};
    interrupt_watch();
    subject_take_operand(c);
    if (!tune(&g, &e) && e.code == ERR_CANCELLED) snprintf(e.text, sizeof e.text, "interrupted");
    c->s.classes = NULL; // it was the job's
    subject_close(&g.subject);
    job_close(&g);
    return e.code ? cli_fail_err(c, &e) : EXIT_OK;
}

const struct command command_tune = {
    .name = "tune",
    .operand = "FILE",
    .about = "Measure again which kernels suit this device",
    .bit = IN_TUNE,
    .details =
        "For each product of a step that matters, every kernel that fits the device is run, compared with the plain "
        "one, and "
        "the fastest that is right is kept for later runs, in a file beside the pipeline cache. The first run on a "
        "GPU does this by itself; this does it again, after a driver changed say, and on CPU devices too. Shapes are "
        "those of "
        "the model, the number of pictures at once, guidance and precision.",
    .examples = "The model that ships\tvkdit tune\n"
                "All that was tried, for four pictures at once\tvkdit tune model-folder --batch 4 -v",
    .run = run,
};
