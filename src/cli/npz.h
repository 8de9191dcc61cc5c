// npz.h — tensors as a file that numpy.load reads. Knows nothing about what they mean.
#ifndef VKDIT_CLI_NPZ_H
#define VKDIT_CLI_NPZ_H

#include "base/base.h"
#include "vkdit.h"

// Replaces the file at `path` once all is written. The same tensors give the same bytes.
bool npz_write(const char *path, const vkdit_tensor *list, uint32_t n, struct err *e);

#endif
