// cmd_window.c — vkdit window: opens it, when there is a screen. Knows nothing about what is in it.
#include "app/app.h"
#include "cli/commands.h"
#include "cli/subject.h"

static int run(struct cli *c)
{
    const char *why;
    char text[200];
    subject_take_operand(c);
    if (app_can_open(&why)) return app_run(c);
    snprintf(text, sizeof text, "%s; \"vkdit generate\" makes pictures without one", why);
    return cli_fail(c, EXIT_FAILED, text);
}

const struct command command_window = {
    .name = "window",
    .operand = "MODEL",
    .about = "Open the window",
    .bit = IN_WINDOW,
    .details = "Pictures appear while they are made, every step is kept to go back to, and a run can branch off at any "
               "of them. \"vkdit\" alone opens the window too, and \"vkdit MODEL\" opens it with that model. Settings "
               "of the last session are used again; options say otherwise. F1 shows the keys.",
    .examples = "Open the window\tvkdit\n"
                "With a model of your own\tvkdit model.safetensors\n"
                "Saving into a folder\tvkdit window --output pictures",
    .run = run,
};
