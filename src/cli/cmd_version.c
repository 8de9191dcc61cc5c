// cmd_version.c — vkdit version.
#include "cli/cli.h"
#include "cli/commands.h"

static int run(struct cli *c)
{
    (void)c;
    printf("vkdit %s\n", vkdit_version());
    return EXIT_OK;
}

const struct command command_version = {
    .name = "version",
    .about = "Print the version",
    .bit = IN_OTHER,
    .run = run,
};
