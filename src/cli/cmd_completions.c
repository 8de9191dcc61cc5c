// cmd_completions.c — vkdit completions.
#include "cli/cli.h"
#include "cli/commands.h"

static int run(struct cli *c)
{
    struct err e = {0};
    return completions_print(stdout, c->s.operand[0], &e) ? EXIT_OK : cli_fail_err(c, &e);
}

const struct command command_completions = {
    .name = "completions",
    .operand = "SHELL",
    .about = "Print completions for bash, zsh or fish",
    .bit = IN_OTHER,
    .operand_needed = true,
    .operand_words = "bash zsh fish",
    .examples = "Use them in this shell\tsource <(vkdit completions bash)",
    .run = run,
};
