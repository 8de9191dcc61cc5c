// help.c — help on the terminal from the command and option tables. Knows no option by name.
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80, HELP_AT = 27 };

static int characters(const char *s, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++) n += (s[i] & 0xC0) != 0x80;
    return n;
}

void help_wrap(FILE *out, const char *text, int at, int indent, int columns)
{
    bool fresh = true; // nothing on this line yet
    while (*text) {
        const size_t n = strcspn(text, " \n");
        const int width = characters(text, n);
        if (!fresh && at + 1 + width > columns - 1) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            fresh = true;
        }
        fprintf(out, "%s%.*s", fresh ? "" : " ", (int)n, text);
        at += width + !fresh;
        fresh = false;
        text += n;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            fresh = true;
        }
        if (*text) text++;
    }
    fputc('\n', out);
}

static void print_examples(FILE *out, const char *examples, bool colour)
{
    if (!examples) return;
    fprintf(out, "\n%sExamples%s\n", cli_bold(colour), cli_plain(colour));
    while (*examples) {
        const size_t line = strcspn(examples, "\n"), about = strcspn(examples, "\t");
        fprintf(out, "  %.*s:\n      %.*s\n", (int)about, examples, (int)(line - about - 1), examples + about + 1);
        examples += line + (examples[line] == '\n');
    }
}

// "  -s, --seed N", then the help beside or below it.
static void print_option(FILE *out, const struct option *o)
{
    char head[80], tail[600], letter[4] = {'-', o->letter, ',', 0};
    int n = snprintf(head, sizeof head, "  %-3s --%s", o->letter ? letter : "", o->name);
    if (o->value && n < (int)sizeof head)
        snprintf(head + n, sizeof head - (size_t)n, o->without ? " [%s]" : " %s", o->value);
    fprintf(out, "%-*s", HELP_AT, head);
    if (strlen(head) > HELP_AT - 2) fprintf(out, "\n%*s", HELP_AT, "");
    n = snprintf(tail, sizeof tail, "%s", o->help);
    char *words = option_words(o);
    if (words) n += snprintf(tail + n, sizeof tail - (size_t)n, " (%s)", words);
    free(words);
    if (o->env) n += snprintf(tail + n, sizeof tail - (size_t)n, " [%s]", o->env);
    if (o->also) snprintf(tail + n, sizeof tail - (size_t)n, " {also %s}", o->also);
    help_wrap(out, tail, HELP_AT, HELP_AT, COLUMNS);
}

static void print_options(FILE *out, unsigned bit, bool colour)
{
    const char *group = NULL;
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        if (!option_applies(o, bit)) continue;
        if (group != o->group) fprintf(out, "\n%s%s%s\n", cli_bold(colour), o->group, cli_plain(colour));
        group = o->group;
        print_option(out, o);
    }
}

void help_command(FILE *out, const struct command *c, bool colour)
{
    const char *operand = c->operand ? c->operand : "";
    fprintf(out, "vkdit %s: %s\n\n", c->name, c->about);
    fprintf(out, "%sUsage%s\n  vkdit %s [options]%s%s%s%s\n", cli_bold(colour), cli_plain(colour), c->name,
            c->operand ? " " : "", c->operand && !c->operand_needed ? "[" : "", operand,
            c->operand && !c->operand_needed ? "]" : "");
    if (c->details) {
        fputc('\n', out);
        help_wrap(out, c->details, 0, 0, COLUMNS);
    }
    print_options(out, c->bit, colour);
    print_examples(out, c->examples, colour);
}

void help_program(FILE *out, bool colour)
{
    fprintf(out, "vkdit %s: pictures from Diffusion Transformers, on any Vulkan device\n\n", vkdit_version());
    fprintf(out, "%sUsage%s\n  vkdit COMMAND [options]\n\n%sCommands%s\n", cli_bold(colour), cli_plain(colour),
            cli_bold(colour), cli_plain(colour));
    for (uint32_t i = 0; command_table[i]; i++)
        fprintf(out, "  %-13s%s\n", command_table[i]->name, command_table[i]->about);
    fprintf(out, "\n\"vkdit COMMAND --help\" tells more. A first picture: vkdit generate --show\n");
}
