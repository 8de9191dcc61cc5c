// pattern.h — names of output files from a pattern. Knows nothing about pictures.
#ifndef VKDIT_CLI_PATTERN_H
#define VKDIT_CLI_PATTERN_H

#include "base/base.h"

enum { PATTERN_PATH = 1024 };

struct pattern_fields {
    uint64_t seed;
    uint32_t class_index, steps, index; // index: place in the run, from 0
    uint32_t number;                    // running number of %d
};

// Does the pattern make sense? *numbered: it holds %d or %03d.
bool pattern_check(const char *pattern, bool *numbered, struct err *e);
// %d %03d %% {seed} {class} {step} {index} {{ are replaced. out: PATTERN_PATH bytes.
bool pattern_expand(char *out, const char *pattern, const struct pattern_fields *f, struct err *e);
// "a/b.png", 2 -> "a/b-2.png"
bool pattern_suffix(char *out, const char *path, uint32_t number, struct err *e);

#endif
