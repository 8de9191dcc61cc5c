// manual.c — the manual page, in man(7) troff, from the command and option tables. Knows no option by name.
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

// Text in which no character has a meaning to troff.
static void put(FILE *out, const char *text)
{
    for (bool start = true; *text; start = *text == '\n', text++) {
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void put_option(FILE *out, const struct option *o)
{
    fputs(".TP\n", out);
    if (o->letter) fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", out);
    put(out, o->name);
    fputs("\\fR", out);
    if (o->value) fprintf(out, o->without ? " [\\fI%s\\fR]" : " \\fI%s\\fR", o->value);
    fputc('\n', out);
    put(out, o->help);
    fputs(".\n", out);
    char *words = option_words(o);
    if (words) {
        fputs("One of: ", out);
        put(out, words);
        fputs(".\n", out);
    }
    free(words);
    if (o->env) fprintf(out, "When not given, the environment variable \\fB%s\\fR is read.\n", o->env);
    if (o->also) {
        fputs("Other spellings: ", out);
        put(out, o->also);
        fputs(".\n", out);
    }
}

static void put_examples(FILE *out, const char *examples)
{
    while (examples && *examples) {
        char text[400];
        const size_t line = strcspn(examples, "\n"), about = strcspn(examples, "\t");
        snprintf(text, sizeof text, "%.*s", (int)about, examples);
        fputs(".PP\n", out);
        put(out, text);
        fputs(":\n.PP\n.EX\n    ", out);
        snprintf(text, sizeof text, "%.*s", (int)(line - about - 1), examples + about + 1);
        put(out, text);
        fputs("\n.EE\n", out);
        examples += line + (examples[line] == '\n');
    }
}

static void put_command(FILE *out, const struct command *c)
{
    const char *group = NULL;
    fprintf(out, ".SH \"VKDIT %s\"\n", c->name);
    put(out, c->about);
    fprintf(out, ".\n.PP\n\\fBvkdit %s\\fR [options]", c->name);
    if (c->operand) fprintf(out, c->operand_needed ? " \\fI%s\\fR" : " [\\fI%s\\fR]", c->operand);
    fputc('\n', out);
    if (c->details) {
        fputs(".PP\n", out);
        put(out, c->details);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        if (!option_applies(o, c->bit) || o->commands == IN_EVERY) continue;
        if (group != o->group) fprintf(out, ".SS \"%s\"\n", o->group);
        group = o->group;
        put_option(out, o);
    }
    put_examples(out, c->examples);
}

void manual_print(FILE *out)
{
    fprintf(out, ".TH VKDIT 1 \"\" \"vkdit %s\" \"User commands\"\n", vkdit_version());
    fputs(".SH NAME\nvkdit \\- pictures from Diffusion Transformers, on any Vulkan device\n", out);
    fputs(".SH SYNOPSIS\n\\fBvkdit\\fR \\fICOMMAND\\fR [options]\n.SH DESCRIPTION\n", out);
    fputs(
        "Runs DiT and SiT checkpoints (safetensors, PyTorch files, diffusers folders) on the graphics processor\n"
        "through Vulkan, or on the processor where there is nothing better.\n"
        "Options and their values may be written as two words or joined by an equals sign; \\fB\\-\\-\\fR ends them.\n"
        ".PP\nThe commands are:\n",
        out);
    for (uint32_t i = 0; command_table[i]; i++) {
        fprintf(out, ".TP\n\\fB%s\\fR\n", command_table[i]->name);
        put(out, command_table[i]->about);
        fputc('\n', out);
    }
    fputs(".SH \"OPTIONS OF EVERY COMMAND\"\n", out);
    for (uint32_t i = 0; i < option_count(); i++)
        if (option_table[i].commands == IN_EVERY) put_option(out, option_table + i);
    for (uint32_t i = 0; command_table[i]; i++) put_command(out, command_table[i]);
    fputs(".SH \"EXIT STATUS\"\n.TP\n0\nsuccess\n.TP\n1\nfailure, told in one line on standard error\n"
          ".TP\n2\nthe command line makes no sense\n.TP\n130\ninterrupted; finished pictures are kept\n",
          out);
    fputs(".SH ENVIRONMENT\nVariables named with the options above, and\n.TP\n\\fBNO_COLOR\\fR\nno colours when set\n",
          out);
}
