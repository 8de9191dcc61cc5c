// folder.h — the parts of a diffusers folder that can be read from memory, for tests.
#ifndef VKDIT_FOLDER_H
#define VKDIT_FOLDER_H

#include "weights/ckpt.h"

void folder_begin(struct folder *f); // everything not given
// Reads the i-th configuration file (model_index.json, transformer, vae, scheduler) from its text; i < FOLDER_FILES.
enum { FOLDER_FILES = 4 };
bool folder_parse(struct folder *f, uint32_t i, const void *text, uint64_t bytes, struct err *e);

#endif
