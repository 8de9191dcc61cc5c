// cmd_help.c — vkdit help.
#include "cli/cli.h"
#include "cli/commands.h"

#include <string.h>

static int run(struct cli *c)
{
    if (c->s.man) {
        manual_print(stdout);
        return EXIT_OK;
    }
    if (!c->s.operands) {
        help_program(stdout, c->colour_out);
        return EXIT_OK;
    }
    const struct command *about = command_find(c->s.operand[0]);
    char text[160], got[60];
    snprintf(text, sizeof text, "no command \"%s\"; see \"vkdit help\"",
             text_clean(got, sizeof got, c->s.operand[0], strlen(c->s.operand[0])));
    if (!about) return cli_fail(c, EXIT_USAGE, text);
    help_command(stdout, about, c->colour_out);
    return EXIT_OK;
}

const struct command command_help = {
    .name = "help",
    .operand = "COMMAND",
    .about = "Explain the program or one of its commands",
    .bit = IN_HELP,
    .operand_words = "window generate trace eval inspect devices samplers models classes bench selftest tune "
                     "completions version help",
    .examples = "Read the manual page\tvkdit help --man | man -l -",
    .run = run,
};
