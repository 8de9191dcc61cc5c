// branches.c — walks through the running model's blocks. Knows the taps' names, not the network.
#include "cli/branches.h"
#include "cli/cli.h"

static bool tap(vkdit_run *run, uint32_t block, const char *leaf, vkdit_tensors *out, struct err *e)
{
    char name[40];
    vkdit_error error = {0};
    snprintf(name, sizeof name, "block%u.%s", block, leaf);
    vkdit_tensors_free(out);
    return !vkdit_run_tap(run, name, out, &error) || err_api(e, &error);
}

bool branches_walk(vkdit_run *run, uint32_t depth, branch_look look, void *user, struct err *e)
{
    vkdit_tensors before = {0}, middle = {0}, after = {0};
    vkdit_error error = {0};
    bool ok = !vkdit_run_tap(run, "tokens_in", &before, &error) || err_api(e, &error);
    for (uint32_t b = 0; ok && b < depth; b++) {
        ok = tap(run, b, "after_attn", &middle, e) && tap(run, b, "out", &after, e) &&
             look(user, 2 * b, before.tensor->data, middle.tensor->data, e) &&
             look(user, 2 * b + 1, middle.tensor->data, after.tensor->data, e);
        const vkdit_tensors swap = before;
        before = after;
        after = swap;
    }
    vkdit_tensors_free(&before);
    vkdit_tensors_free(&middle);
    vkdit_tensors_free(&after);
    return ok;
}
