// subject.h — the device and the model that a command works on. Knows nothing about what it does with them.
#ifndef VKDIT_CLI_SUBJECT_H
#define VKDIT_CLI_SUBJECT_H

#include "cli/cli.h"
#include "cli/progress.h"

struct subject {
    const struct cli *cli;
    vkdit *context;
    vkdit_model *model;
    vkdit_model_info info;
    vkdit_model_options options;
    struct progress progress; // of reading weights, which may go on after opening
    char shipped[104];        // name of the default model that ships, when that is used
};

// "vkdit inspect FILE" is "vkdit inspect --model FILE".
void subject_take_operand(struct cli *c);
// Which model: --model, --synthetic, $VKDIT_MODEL, the one that ships, or else a tiny synthetic DiT. Fills options.
bool subject_choose(struct subject *s, const struct cli *c, struct err *e);
// Opens device and model; interrupt-aware. Works again after subject_close, with options changed.
bool subject_open_device(struct subject *s, struct err *e);
bool subject_open(struct subject *s, struct err *e);
void subject_close(struct subject *s); // accepts {0}; keeps options
// Complaints of the validation layer are an error.
bool subject_validated(const struct subject *s, struct err *e);

// Size and a hash of the first MiB of a file as text, "" for a folder or a synthetic model: enough to notice
// that a picture was made with another file.
const char *subject_identity(const struct subject *s, char *out, size_t room);

#endif
