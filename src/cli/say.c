// say.c — lines for people on standard error, events for programs on standard output. Knows no command.
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *cli_bold(bool colour)
{
    return colour ? "\033[1m" : "";
}
const char *cli_plain(bool colour)
{
    return colour ? "\033[0m" : "";
}

static void line(const struct cli *c, const char *kind, const char *fmt, va_list ap)
{
    char text[1024], clean[1200];
    vsnprintf(text, sizeof text, fmt, ap);
    text_clean(clean, sizeof clean, text, strlen(text)); // names from files must not drive the terminal
    fprintf(stderr, "%svkdit: %s%s\n", c->live ? "\r\033[K" : "", kind, clean);
}

void cli_say(const struct cli *c, const char *fmt, ...)
{
    if (c->s.quiet) return;
    va_list ap;
    va_start(ap, fmt);
    line(c, "", fmt, ap);
    va_end(ap);
}

void cli_detail(const struct cli *c, const char *fmt, ...)
{
    if (c->s.quiet || !c->s.verbose) return;
    va_list ap;
    va_start(ap, fmt);
    line(c, "", fmt, ap);
    va_end(ap);
}

void cli_warn(const struct cli *c, const char *fmt, ...)
{
    if (c->s.quiet) return;
    va_list ap;
    va_start(ap, fmt);
    line(c, "warning: ", fmt, ap);
    va_end(ap);
}

static const char *code_word(enum exit_code code)
{
    return code == EXIT_USAGE ? "usage" : code == EXIT_INTERRUPTED ? "interrupted" : "failure";
}

int cli_fail(const struct cli *c, enum exit_code code, const char *text)
{
    char clean[1200];
    text_clean(clean, sizeof clean, text, strlen(text));
    fprintf(stderr, "%s%s%svkdit:%s %s\n", c->live ? "\r\033[K" : "", cli_bold(c->colour_err),
            c->colour_err ? "\033[31m" : "", cli_plain(c->colour_err), clean);
    cli_event(c, json_pack("{ss, ss, ss, si}", "event", "error", "kind", code_word(code), "message", clean, "exit",
                           (int)code));
    return code;
}

int cli_fail_err(const struct cli *c, const struct err *e)
{
    if (e->code == ERR_CANCELLED) return cli_fail(c, EXIT_INTERRUPTED, *e->text ? e->text : "interrupted");
    return cli_fail(c, e->code == ERR_ARG ? EXIT_USAGE : EXIT_FAILED, e->text);
}

bool err_api(struct err *e, const vkdit_error *a)
{
    // the public codes mirror ours, value for value
    return err_set(e, (enum err_code)a->status, "%s", *a->message ? a->message : vkdit_status_name(a->status));
}

void cli_event(const struct cli *c, json_t *object)
{
    if (c->s.json && object) {
        json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
        fputc('\n', stdout);
        fflush(stdout);
    }
    json_decref(object);
}

int cli_report(const struct cli *c, char *json)
{
    if (c->s.json) {
        fputs(json, stdout);
        if (json[0] && json[strlen(json) - 1] != '\n') fputc('\n', stdout);
    } else {
        json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
        report_print(stdout, value, 0, c->colour_out);
        json_decref(value);
    }
    vkdit_free(json);
    return EXIT_OK;
}
