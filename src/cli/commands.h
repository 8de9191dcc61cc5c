// commands.h — the rows of the command table, one per file cmd_*.c.
#ifndef VKDIT_CLI_COMMANDS_H
#define VKDIT_CLI_COMMANDS_H

#include "cli/args.h"

extern const struct command command_generate, command_eval, command_inspect, command_devices, command_samplers,
    command_classes, command_models, command_trace, command_bench, command_selftest, command_tune, command_completions,
    command_version, command_help, command_window;

#endif
