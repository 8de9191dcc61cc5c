// cmd_inspect.c — vkdit inspect.
#include "cli/commands.h"
#include "cli/inspect.h"
#include "cli/subject.h"

static int run(struct cli *c)
{
    struct subject s;
    struct err e = {0}, no_device = {0};
    subject_take_operand(c);
    if (c->s.plot && !c->s.modulation && !c->s.growth)
        return cli_fail(c, EXIT_USAGE, "--plot draws what --modulation or --growth tell: give one of them");
    if (c->s.growth) return inspect_growth(c);
    if (!subject_choose(&s, c, &e)) return cli_fail_err(c, &e);
    if (c->s.modulation) return inspect_modulation(c, &s.options);
    // the memory plan needs a device; everything else can be said without one, unless one was asked for
    if (!subject_open_device(&s, &no_device) && (c->s.device || c->s.limit)) return cli_fail_err(c, &no_device);
    char *json = NULL;
    vkdit_error error = {0};
    if (vkdit_inspect_json(s.context, &s.options, &json, &error)) err_api(&e, &error);
    if (e.code == ERR_NONE && no_device.code) cli_warn(c, "no memory plan: %s", no_device.text);
    const int code = e.code ? cli_fail_err(c, &e) : cli_report(c, json);
    subject_close(&s);
    return code;
}

const struct command command_inspect = {
    .name = "inspect",
    .operand = "FILE",
    .about = "Tell what a checkpoint holds and what it takes to run it",
    .bit = IN_INSPECT,
    .details =
        "Architecture, parameters by part, element types, arithmetic per step, the memory plan, and tensors that "
        "are missing or of no use. Nothing in the file is executed.",
    .examples =
        "A single file\tvkdit inspect DiT-XL-2-256x256.pt\n"
        "The weights behind scales, shifts and gates\tvkdit inspect model-folder --modulation --plot weights.svg\n"
        "For a program\tvkdit inspect model-folder --json",
    .run = run,
};
