// cli.h — what all commands of the program share. Knows nothing about any one command.
#ifndef VKDIT_CLI_H
#define VKDIT_CLI_H

#include "cli/args.h"
#include "vkdit.h"

#include <stdio.h>

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

struct cli {
    struct settings s;
    const struct command *command;
    bool colour_out, colour_err; // may standard output / error carry colours
    double began;                // when the program started, by clock_seconds
    bool live;                   // standard error is a terminal that can redraw a line
};

// The whole program. Never ends the process.
int cli_main(int argc, char **argv);

// One line on standard error; not said under --quiet, detail only under --verbose. A line that is being
// redrawn is cleared first.
void cli_say(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_detail(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_warn(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// The one line of a failure, and the exit code that goes with it; a JSON event too when asked for.
int cli_fail(const struct cli *c, enum exit_code code, const char *text);
int cli_fail_err(const struct cli *c, const struct err *e);
bool err_api(struct err *e, const vkdit_error *a); // the library's error as ours; returns false

// JSON on standard output, one object per line; takes the reference. Nothing without --json.
void cli_event(const struct cli *c, json_t *object);
// A JSON document of the library: raw under --json, else as text. Frees it. Returns an exit code.
int cli_report(const struct cli *c, char *json);

const char *cli_bold(bool colour); // "" without colours
const char *cli_plain(bool colour);

// interrupt.c: Ctrl-C and friends raise a flag that the library's stop callbacks read.
void interrupt_watch(void);
int interrupt_asked(void *unused);

// report.c
void report_print(FILE *out, const json_t *value, int indent, bool colour);

// help.c, manual.c, complete.c: all from the option table
void help_program(FILE *out, bool colour);
void help_command(FILE *out, const struct command *c, bool colour);
void manual_print(FILE *out);
bool completions_print(FILE *out, const char *shell, struct err *e);
// Wrapped text, `indent` on every line but the first, which starts at column `at`.
void help_wrap(FILE *out, const char *text, int at, int indent, int columns);

#endif
