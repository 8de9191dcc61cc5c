// commands.c — the command table and the walk from argv to a command's function. Knows no command by name
// except the two that are spelled as options.
#include "cli/commands.h"
#include "app/app.h"
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct command *const command_table[] = {
    &command_window,      &command_generate, &command_trace,   &command_eval,  &command_inspect,  &command_devices,
    &command_samplers,    &command_models,   &command_classes, &command_bench, &command_selftest, &command_tune,
    &command_completions, &command_version,  &command_help,    NULL,
};

const struct command *command_find(const char *name)
{
    for (uint32_t i = 0; command_table[i]; i++)
        if (!strcmp(command_table[i]->name, name)) return command_table[i];
    return NULL;
}

static bool unknown_command(const char *word, struct err *e)
{
    const char *names[16], *near;
    char got[60];
    uint32_t n = 0;
    while (command_table[n]) {
        names[n] = command_table[n]->name;
        n++;
    }
    near = nearest_name(word, names, n);
    text_clean(got, sizeof got, word, strlen(word));
    if (near) return err_set(e, ERR_ARG, "unknown command \"%s\"; did you mean %s?", got, near);
    return err_set(e, ERR_ARG, "unknown command \"%s\"; see \"vkdit help\"", got);
}

// A word that is no command but names something on disk is a model to open the window with.
static bool names_a_model(const char *word)
{
    return word[0] != '-' && !command_find(word) && !access(word, F_OK);
}

// "vkdit" is the window where there is a screen, and help where there is none; "vkdit MODEL" is the window too.
static const struct command *pick(int argc, char **argv, struct err *e)
{
    const char *why, *word = argc > 1 ? argv[1] : app_can_open(&why) ? "window" : "help";
    if (argc > 1 && names_a_model(word)) word = "window";
    if (!strcmp(word, "--help") || !strcmp(word, "-h")) word = "help";
    if (!strcmp(word, "--version") || !strcmp(word, "-V")) word = "version";
    if (!strcmp(word, "--list-devices")) word = "devices";
    const struct command *c = command_find(word);
    if (!c && word[0] == '-') err_set(e, ERR_ARG, "a command comes first, for example \"vkdit generate %.60s\"", word);
    if (!c) unknown_command(word, e);
    return c;
}

// Colours go where a terminal is, unless the user or NO_COLOR says otherwise; the picture drawing reads NO_COLOR itself.
static void settle_colours(struct cli *c)
{
    const char *never = getenv("NO_COLOR"), *term = getenv("TERM");
    const bool dumb = !term || !*term || !strcmp(term, "dumb");
    const bool allowed = c->s.colour == COLOUR_ALWAYS || (c->s.colour == COLOUR_AUTO && !(never && *never) && !dumb);
    const bool always = c->s.colour == COLOUR_ALWAYS;
    c->colour_out = allowed && (always || isatty(STDOUT_FILENO));
    c->colour_err = allowed && (always || isatty(STDERR_FILENO));
    c->live = !dumb && isatty(STDERR_FILENO);
    if (c->s.colour == COLOUR_NEVER) setenv("NO_COLOR", "1", 1);
    if (always) unsetenv("NO_COLOR");
}

// A program started without its standard streams would get their numbers for its first files, and write into them.
static void hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) == -1) return;
}

int cli_main(int argc, char **argv)
{
    struct cli c = {.began = clock_seconds()};
    struct err e = {0};
    hold_streams();
    signal(SIGPIPE, SIG_IGN); // a closed pipe and a file size limit are errors of the write, not the end
    signal(SIGXFSZ, SIG_IGN);
    c.command = pick(argc, argv, &e);
    const int skip = argc < 2 || names_a_model(argv[1]) ? 1 : 2; // words before the command's own
    const bool ok = c.command && args_parse(&c.s, c.command, argc - (argc < skip ? argc : skip), argv + skip, &e) &&
                    args_environment(&c.s, c.command, &e);
    settle_colours(&c);
    if (!ok) return cli_fail(&c, EXIT_USAGE, e.text);
    int code = EXIT_OK;
    const char *why;
    if (argc < 2 && !app_can_open(&why)) cli_say(&c, "%s; this is what there is without one", why);
    if (c.s.help && !c.s.version)
        help_command(stdout, c.command, c.colour_out);
    else
        code = (c.s.version ? &command_version : c.command)->run(&c);
    const bool written = !ferror(stdout) && !fflush(stdout);
    return written || code ? code : cli_fail(&c, EXIT_FAILED, "standard output: cannot write");
}
