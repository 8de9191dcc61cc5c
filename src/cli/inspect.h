// inspect.h — the parts of "vkdit inspect" that are about the modulation's weights.
#ifndef VKDIT_CLI_INSPECT_H
#define VKDIT_CLI_INSPECT_H

#include "cli/cli.h"

// Both do everything, messages included, and return the exit code.
int inspect_modulation(struct cli *c, const vkdit_model_options *options);
int inspect_growth(struct cli *c);

#endif
