// branches.h — the stream of the running model before and after each branch: attention and MLP of every block.
#ifndef VKDIT_CLI_BRANCHES_H
#define VKDIT_CLI_BRANCHES_H

#include "base/base.h"
#include "vkdit.h"

// Branch 2 * block is the attention of a block, 2 * block + 1 its MLP; [items][tokens][width], of a guided run the
// conditional half first. Returning false ends the walk.
typedef bool (*branch_look)(void *user, uint32_t branch, const float *before, const float *after, struct err *e);
// After a step of a run that keeps activations.
bool branches_walk(vkdit_run *run, uint32_t depth, branch_look look, void *user, struct err *e);

#endif
