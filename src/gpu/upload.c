// upload.c — bytes between host memory and buffers: straight where mapped, through a two-part ring otherwise.
#include "gpu/gpu_priv.h"

#include <string.h>

enum { STAGE_BYTES = 8 << 20 };

static bool stage_open(struct gpu *g, struct stage *s, struct err *e)
{
    if (s->fence) return true;
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    g->priv->stage_bytes = min_u64(STAGE_BYTES, g->caps.alloc_max);
    if (g->priv->heap_limit) g->priv->stage_bytes = min_u64(g->priv->stage_bytes, g->priv->heap_limit / 64 + 1);
    if (!s->buf.buf && !gpu_buf_open(g, &s->buf, g->priv->stage_bytes, GPU_MAPPED, e)) return false;
    if (!s->cmd && !gpu_commands(g, 1, &s->cmd, e)) return false;
    TRY(g, g->vk.vkCreateFence(g->dev, &fence, NULL, &s->fence), e);
    return true;
}

void stages_close(struct gpu *g)
{
    for (uint32_t i = 0; g->priv && i < STAGE_COUNT; i++) {
        struct stage *s = &g->priv->stage[i];
        if (s->fence) g->vk.vkDestroyFence(g->dev, s->fence, NULL);
        gpu_buf_close(g, &s->buf); // the command buffer goes with its pool
        *s = (struct stage){0};
    }
}

static bool stage_finish(struct gpu *g, struct stage *s, struct err *e)
{
    if (!s->busy) return true;
    if (!gpu_wait(g, s->fence, e)) return false;
    s->busy = false;
    if (s->dst) memcpy(s->dst, s->buf.map, s->bytes);
    return true;
}

static bool stage_copy(struct gpu *g, struct stage *s, VkBuffer from, VkBuffer to, const VkBufferCopy *part,
                       struct err *e)
{
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                      .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    TRY(g, g->vk.vkBeginCommandBuffer(s->cmd, &begin), e);
    g->vk.vkCmdCopyBuffer(s->cmd, from, to, 1, part);
    TRY(g, g->vk.vkEndCommandBuffer(s->cmd), e);
    if (!gpu_submit(g, s->cmd, s->fence, e)) return false;
    s->busy = true;
    return true;
}

// One chunk: src is read now (upload), dst is written when the stage is finished (download).
static bool stage_move(struct gpu *g, struct stage *s, VkBuffer buf, uint64_t offset, const void *src, void *dst,
                       uint64_t bytes, struct err *e)
{
    if (!stage_open(g, s, e) || !stage_finish(g, s, e)) return false;
    s->dst = dst;
    s->bytes = bytes;
    if (src) {
        memcpy(s->buf.map, src, bytes);
        return stage_copy(g, s, s->buf.buf, buf, &(VkBufferCopy){.dstOffset = offset, .size = bytes}, e);
    }
    return stage_copy(g, s, buf, s->buf.buf, &(VkBufferCopy){.srcOffset = offset, .size = bytes}, e);
}

static bool move(struct gpu *g, VkBuffer buf, uint64_t offset, const uint8_t *src, uint8_t *dst, uint64_t bytes,
                 struct err *e)
{
    struct stage *ring = g->priv->stage;
    bool ok = stage_open(g, &ring[0], e);
    uint64_t chunk = g->priv->stage_bytes, at = 0;
    for (uint32_t i = 0; ok && at < bytes; i++, at += chunk)
        ok = stage_move(g, &ring[i % STAGE_COUNT], buf, offset + at, src ? src + at : NULL, dst ? dst + at : NULL,
                        min_u64(chunk, bytes - at), e);
    for (uint32_t i = 0; i < STAGE_COUNT; i++) {
        ok = stage_finish(g, &ring[i], e) && ok;
        ring[i].dst = NULL; // after a failure a stage may still be busy, but the caller's memory is the caller's again
    }
    return ok;
}

static bool check_span(const struct gpu_buf *b, uint64_t offset, uint64_t bytes, struct err *e)
{
    if (offset <= b->bytes && bytes <= b->bytes - offset) return true;
    return err_set(e, ERR_ARG, "bytes %llu to %llu are outside a buffer of %llu bytes", (unsigned long long)offset,
                   (unsigned long long)(offset + bytes), (unsigned long long)b->bytes);
}

bool gpu_upload(struct gpu *g, struct gpu_buf *b, uint64_t offset, const void *src, uint64_t bytes, struct err *e)
{
    if (!check_span(b, offset, bytes, e)) return false;
    if (g->lost) return gpu_ok(g, VK_ERROR_DEVICE_LOST, "upload", e);
    if (!bytes) return true;
    if (!b->map) return move(g, b->buf, offset, src, NULL, bytes, e);
    memcpy(b->map + offset, src, bytes);
    return true;
}

bool gpu_download(struct gpu *g, const struct gpu_buf *b, uint64_t offset, void *dst, uint64_t bytes, struct err *e)
{
    if (!check_span(b, offset, bytes, e)) return false;
    if (g->lost) return gpu_ok(g, VK_ERROR_DEVICE_LOST, "download", e);
    if (!bytes) return true;
    if (!b->map || b->slow_read) return move(g, b->buf, offset, NULL, dst, bytes, e);
    memcpy(dst, b->map + offset, bytes);
    return true;
}
