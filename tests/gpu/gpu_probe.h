// gpu_probe.h — a whole trip through the device layer, for the tests beside it: buffers, upload, kernel, download.
#ifndef GPU_PROBE_H
#define GPU_PROBE_H

#include "check.h"
#include "gpu/gpu.h"

#include <string.h>

enum { PROBE_N = 1000 };

struct probe { // everything that a trip holds; {0} is closed
    struct gpu_buf x, y;
    VkDescriptorPool pool;
    VkFence fence;
    const struct pipeline *pipe;
    VkDescriptorSet set;
    VkCommandBuffer cmd;
};

static inline void probe_close(struct gpu *g, struct probe *p)
{
    if (p->fence) g->vk.vkDestroyFence(g->dev, p->fence, NULL);
    if (p->pool) g->vk.vkDestroyDescriptorPool(g->dev, p->pool, NULL);
    if (p->cmd) g->vk.vkFreeCommandBuffers(g->dev, g->pool, 1, &p->cmd);
    gpu_buf_close(g, &p->x);
    gpu_buf_close(g, &p->y);
    *p = (struct probe){0};
}

static inline bool probe_bind(struct gpu *g, struct probe *p, struct err *e)
{
    VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2};
    VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1, .poolSizeCount = 1, .pPoolSizes = &size};
    if (!gpu_ok(g, g->vk.vkCreateDescriptorPool(g->dev, &pool, NULL, &p->pool), "vkCreateDescriptorPool", e))
        return false;
    VkDescriptorSetAllocateInfo ask = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .descriptorPool = p->pool,
                                       .descriptorSetCount = 1,
                                       .pSetLayouts = &p->pipe->sets};
    if (!gpu_ok(g, g->vk.vkAllocateDescriptorSets(g->dev, &ask, &p->set), "vkAllocateDescriptorSets", e)) return false;
    VkDescriptorBufferInfo bufs[2] = {{p->x.buf, 0, VK_WHOLE_SIZE}, {p->y.buf, 0, VK_WHOLE_SIZE}};
    VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                  .dstSet = p->set,
                                  .descriptorCount = 2,
                                  .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                  .pBufferInfo = bufs};
    g->vk.vkUpdateDescriptorSets(g->dev, 1, &write, 0, NULL);
    return true;
}

static inline bool probe_record(struct gpu *g, struct probe *p, bool addresses, uint32_t factor, struct err *e)
{
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    if (!gpu_commands(g, 1, &p->cmd, e)) return false;
    if (!gpu_ok(g, g->vk.vkBeginCommandBuffer(p->cmd, &begin), "vkBeginCommandBuffer", e)) return false;
    g->vk.vkCmdBindPipeline(p->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, p->pipe->pipe);
    struct {
        uint64_t at[2];
        uint32_t n, factor;
    } push = {{p->x.address, p->y.address}, PROBE_N, factor};
    if (addresses) {
        g->vk.vkCmdPushConstants(p->cmd, p->pipe->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, &push);
    } else {
        g->vk.vkCmdPushConstants(p->cmd, p->pipe->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 8, &push.n);
        g->vk.vkCmdBindDescriptorSets(p->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, p->pipe->layout, 0, 1, &p->set, 0, NULL);
    }
    g->vk.vkCmdDispatch(p->cmd, ceil_div(PROBE_N, 64), 1, 1);
    return gpu_ok(g, g->vk.vkEndCommandBuffer(p->cmd), "vkEndCommandBuffer", e);
}

static inline bool probe_steps(struct gpu *g, struct probe *p, bool addresses, uint32_t add, uint32_t subgroup,
                               uint32_t *out, struct err *e)
{
    uint32_t x[PROBE_N];
    const struct pipeline_wish w = {.shader = addresses ? "test_copy_address" : "test_copy",
                                    .spec = {add, 64},
                                    .n_spec = 2,
                                    .n_bind = addresses ? 0 : 2,
                                    .push_bytes = addresses ? 24 : 8,
                                    .subgroup = subgroup};
    for (uint32_t i = 0; i < PROBE_N; i++) x[i] = i * 7;
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    return gpu_buf_open(g, &p->x, sizeof x, GPU_DEVICE, e) && gpu_buf_open(g, &p->y, sizeof x + 4, GPU_MAPPED, e) &&
           gpu_upload(g, &p->x, 0, x, sizeof x, e) && gpu_pipeline(g, &w, &p->pipe, e) &&
           (addresses || probe_bind(g, p, e)) && probe_record(g, p, addresses, 3, e) &&
           gpu_ok(g, g->vk.vkCreateFence(g->dev, &fence, NULL, &p->fence), "vkCreateFence", e) &&
           gpu_submit(g, p->cmd, p->fence, e) && gpu_wait(g, p->fence, e) &&
           gpu_download(g, &p->y, 0, out, sizeof x + 4, e);
}

// y = 3 x + add on the device; *size (may be NULL) gets the subgroup size that the kernel saw.
static inline bool probe_run(struct gpu *g, bool addresses, uint32_t add, uint32_t subgroup, uint32_t *size,
                             struct err *e)
{
    struct probe p = {0};
    uint32_t y[PROBE_N + 1] = {0}, wrong = 0;
    bool ok = probe_steps(g, &p, addresses, add, subgroup, y, e);
    for (uint32_t i = 0; ok && i < PROBE_N; i++) wrong += y[i] != i * 21 + add;
    if (ok) CHECK(wrong == 0, "%u of %u values are wrong", wrong, (unsigned)PROBE_N);
    if (ok && size) *size = y[PROBE_N];
    probe_close(g, &p);
    return ok;
}

// Prints what the device layer says; with validation the messages appear in the test's output.
static inline void probe_log(void *user, int level, const char *line)
{
    (void)user;
    if (level < 2) fprintf(stderr, "%s\n", line);
}

// Opens with validation where the layer is installed, without otherwise.
static inline bool probe_open(struct gpu *g, struct gpu_wish w, struct err *e)
{
    w.validation = true;
    if (!w.log) w.log = probe_log;
    if (gpu_open(g, &w, e)) return true;
    if (e->code != ERR_UNSUPPORTED || !strstr(e->text, "validation")) return false;
    *e = (struct err){0};
    w.validation = false;
    return gpu_open(g, &w, e);
}

#endif
