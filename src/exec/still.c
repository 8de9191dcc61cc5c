// still.c — copies of a tensor that replays leave behind for the host. Knows nothing about when they are made.
#include "exec/program.h"

static bool record(struct program *x, struct still *s, const struct gpu_buf *from, uint64_t offset, struct err *e)
{
    struct gpu *g = x->gpu;
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkBufferCopy part = {.srcOffset = offset, .size = s->copy.bytes};
    if (!gpu_commands(g, 1, &s->cmd, e) ||
        !gpu_ok(g, g->vk.vkBeginCommandBuffer(s->cmd, &begin), "vkBeginCommandBuffer", e))
        return false;
    VkMemoryBarrier replayed = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT};
    g->vk.vkCmdPipelineBarrier(s->cmd, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1,
                               &replayed, 0, NULL, 0, NULL);
    // none after it: a submission ends with one for everything
    g->vk.vkCmdCopyBuffer(s->cmd, from->buf, s->copy.buf, 1, &part);
    return gpu_ok(g, g->vk.vkEndCommandBuffer(s->cmd), "vkEndCommandBuffer", e);
}

bool program_stills_open(struct program *x, ten t, struct err *e)
{
    const struct tensor *a = &x->plan->g->t[t.id];
    const uint64_t bytes = shape_count(a->sh) * dtype_bytes(a->dtype);
    if (x->still[STILLS - 1].cmd) return true; // a program has one tensor that is worth it
    if (!program_settle(x, e)) return false;
    for (uint32_t i = 0; i < STILLS; i++)
        if (!gpu_buf_open(x->gpu, &x->still[i].copy, bytes, GPU_MAPPED, e) ||
            !record(x, &x->still[i], program_buffer(x, t.id), x->plan->place[t.id].offset, e))
            return program_stills_close(x), false;
    return true;
}

void program_stills_close(struct program *x)
{
    struct gpu *g = x->gpu;
    program_settle(x, NULL);
    for (uint32_t i = 0; i < STILLS; i++) {
        if (x->still[i].cmd) g->vk.vkFreeCommandBuffers(g->dev, g->pool, 1, &x->still[i].cmd);
        gpu_buf_close(g, &x->still[i].copy);
        x->still[i] = (struct still){0};
    }
}

const float *program_still(const struct program *x, uint32_t still)
{
    return x->still[still].made ? (const float *)x->still[still].copy.map : NULL;
}
