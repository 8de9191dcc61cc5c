// warm.c — drivers that compile for the CPU do so when a pipeline is first dispatched, one after the other. Here single
// workgroups are dispatched before the work itself, so that the compiled code is in the driver's cache when that comes.
// What they compute is not meant to be read.
#include "exec/program.h"

static const double compile_ratio = 10, compile_least = 0.02; // no workgroup takes 20 ms, every compilation does

static bool same_before(const struct program *x, enum rate r, uint32_t i)
{
    for (int q = 0; q <= (int)r; q++)
        for (uint32_t k = 0; k < (q == (int)r ? i : x->plan->n_seq[q]); k++)
            if (x->node[q][k].pipe == x->node[r][i].pipe) return true;
    return false;
}

// One workgroup of a dispatch, waited for.
static bool dispatch_one(struct program *x, VkCommandBuffer c, enum rate r, uint32_t i, double *seconds, struct err *e)
{
    struct gpu *g = x->gpu;
    const double start = clock_seconds();
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    if (!gpu_ok(g, g->vk.vkBeginCommandBuffer(c, &begin), "vkBeginCommandBuffer", e)) return false;
    program_barrier(x, c);
    program_dispatch(x, c, r, i, 1);
    const bool ok = gpu_ok(g, g->vk.vkEndCommandBuffer(c), "vkEndCommandBuffer", e) &&
                    gpu_submit(g, c, x->flight[0].fence, e) && gpu_wait(g, x->flight[0].fence, e);
    *seconds = clock_seconds() - start;
    return ok;
}

bool program_cold(struct program *x, enum rate r, bool *cold, struct err *e)
{
    VkCommandBuffer c = NULL;
    double first = 0, again = 0;
    *cold = false;
    if (x->plan->n_seq[r] == 0) return true;
    if (!program_settle(x, e) || !gpu_commands(x->gpu, 1, &c, e)) return false;
    const bool ok = dispatch_one(x, c, r, 0, &first, e) && dispatch_one(x, c, r, 0, &again, e);
    *cold = ok && first > compile_least && first > compile_ratio * again;
    x->gpu->vk.vkFreeCommandBuffers(x->gpu->dev, x->gpu->pool, 1, &c);
    return ok;
}

bool program_warm(struct program *x, bool (*stop)(void *user), void *user, struct err *e)
{
    VkCommandBuffer c = NULL;
    double seconds;
    bool ok = program_settle(x, e) && gpu_commands(x->gpu, 1, &c, e);
    for (int r = 0; r < RATE_COUNT; r++)
        for (uint32_t i = 0; ok && i < x->plan->n_seq[r]; i++) {
            if (same_before(x, (enum rate)r, i)) continue;
            if (stop && stop(user)) ok = err_set(e, ERR_CANCELLED, "stopped");
            ok = ok && dispatch_one(x, c, (enum rate)r, i, &seconds, e);
        }
    if (c) x->gpu->vk.vkFreeCommandBuffers(x->gpu->dev, x->gpu->pool, 1, &c);
    return ok;
}
