// queue.c — submissions, waiting, and what a VkResult means to a person. Knows nothing about what is submitted.
#include "gpu/gpu_priv.h"

#include <string.h>

struct result_row {
    VkResult r;
    const char *name;
    enum err_code code;
    const char *advice;
};

static const struct result_row results[] = {
    {VK_ERROR_OUT_OF_HOST_MEMORY, "VK_ERROR_OUT_OF_HOST_MEMORY", ERR_MEMORY,
     "the host ran out of memory: close other programs or take a smaller model"},
    {VK_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY", ERR_MEMORY,
     "the device ran out of memory: take a smaller batch, fp16 or packed weights, or close other programs that use it"},
    {VK_ERROR_OUT_OF_POOL_MEMORY, "VK_ERROR_OUT_OF_POOL_MEMORY", ERR_MEMORY, "a descriptor pool is full"},
    {VK_ERROR_TOO_MANY_OBJECTS, "VK_ERROR_TOO_MANY_OBJECTS", ERR_MEMORY, "the driver allows no more allocations"},
    {VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST", ERR_LOST,
     "the device was lost (reset or unplugged): open it again; if it repeats, update the driver"},
    {VK_ERROR_INITIALIZATION_FAILED, "VK_ERROR_INITIALIZATION_FAILED", ERR_DEVICE, "the driver could not start"},
    {VK_ERROR_MEMORY_MAP_FAILED, "VK_ERROR_MEMORY_MAP_FAILED", ERR_MEMORY, "the driver could not map device memory"},
    {VK_ERROR_LAYER_NOT_PRESENT, "VK_ERROR_LAYER_NOT_PRESENT", ERR_UNSUPPORTED, "a layer is not installed"},
    {VK_ERROR_EXTENSION_NOT_PRESENT, "VK_ERROR_EXTENSION_NOT_PRESENT", ERR_DEVICE,
     "the driver refuses an extension that it lists: update the driver"},
    {VK_ERROR_FEATURE_NOT_PRESENT, "VK_ERROR_FEATURE_NOT_PRESENT", ERR_DEVICE,
     "the driver refuses a feature that it lists: update the driver"},
    {VK_ERROR_INCOMPATIBLE_DRIVER, "VK_ERROR_INCOMPATIBLE_DRIVER", ERR_DEVICE, "no usable Vulkan driver"},
    {VK_TIMEOUT, "VK_TIMEOUT", ERR_DEVICE, "the device did not finish in time"},
};

bool gpu_ok(struct gpu *g, VkResult r, const char *what, struct err *e)
{
    if (r == VK_SUCCESS) return true;
    const struct result_row *row = NULL;
    for (uint32_t i = 0; i < COUNTOF(results) && !row; i++)
        if (results[i].r == r) row = &results[i];
    if (g && r == VK_ERROR_DEVICE_LOST) g->lost = true;
    // only the call's own name: the text may be a whole expression
    const char *name = what;
    for (const char *s = what; *s && *s != '('; s++)
        if (*s == '.' || *s == '>') name = s + 1;
    int len = (int)strcspn(name, "(");
    if (!row) return err_set(e, ERR_DEVICE, "%.*s failed with VkResult %d: update the driver", len, name, (int)r);
    return err_set(e, row->code, "%.*s failed with %s: %s", len, name, row->name, row->advice);
}

bool gpu_commands(struct gpu *g, uint32_t n, VkCommandBuffer *out, struct err *e)
{
    VkCommandBufferAllocateInfo ask = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                       .commandPool = g->pool,
                                       .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                       .commandBufferCount = n};
    TRY(g, g->vk.vkAllocateCommandBuffers(g->dev, &ask, out), e);
    return true;
}

static bool record_tail(struct gpu *g, struct err *e)
{
    VkCommandBuffer cmd = VK_NULL_HANDLE;
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                      .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT |
                                            VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT};
    if (!gpu_commands(g, 1, &cmd, e)) return false;
    TRY(g, g->vk.vkBeginCommandBuffer(cmd, &begin), e);
    g->vk.vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                               VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &all, 0, NULL, 0,
                               NULL);
    TRY(g, g->vk.vkEndCommandBuffer(cmd), e);
    g->priv->tail = cmd;
    return true;
}

// Records nothing: a driver without hardware can compile, but its command buffers are stubs.
bool queue_open(struct gpu *g, struct err *e)
{
    g->vk.vkGetDeviceQueue(g->dev, g->family, 0, &g->queue);
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                    .queueFamilyIndex = g->family};
    TRY(g, g->vk.vkCreateCommandPool(g->dev, &pool, NULL, &g->pool), e);
    return true;
}

void queue_close(struct gpu *g)
{
    // the pool takes its command buffers with it
    if (g->pool) g->vk.vkDestroyCommandPool(g->dev, g->pool, NULL);
    g->pool = VK_NULL_HANDLE;
}

bool gpu_submit_list(struct gpu *g, const VkCommandBuffer *cmd, uint32_t n, VkFence fence, struct err *e)
{
    VkCommandBuffer list[SUBMIT_MAX + 1];
    if (g->lost) return gpu_ok(g, VK_ERROR_DEVICE_LOST, "vkQueueSubmit", e);
    if (!g->priv->tail && !record_tail(g, e)) return false;
    if (n > SUBMIT_MAX)
        return err_set(e, ERR_ARG, "%u command buffers in a submission, at most %u", n, (unsigned)SUBMIT_MAX);
    memcpy(list, cmd, n * sizeof *cmd);
    list[n] = g->priv->tail;
    VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = n + 1, .pCommandBuffers = list};
    // here and not after the wait: a wait that failed must not leave a fence that answers the next one at once
    TRY(g, g->vk.vkResetFences(g->dev, 1, &fence), e);
    TRY(g, g->vk.vkQueueSubmit(g->queue, 1, &info, fence), e);
    return true;
}

bool gpu_submit(struct gpu *g, VkCommandBuffer cmd, VkFence fence, struct err *e)
{
    return gpu_submit_list(g, &cmd, 1, fence, e);
}

enum { LOST_WAIT = 1000000000 }; // nanoseconds

bool gpu_wait(struct gpu *g, VkFence fence, struct err *e)
{
    // no timeout of ours: the driver's watchdog knows better, and a CPU device may be slow for good reasons. A lost device
    // answers at once, or soon.
    VkResult r = g->vk.vkWaitForFences(g->dev, 1, &fence, VK_TRUE, g->lost ? LOST_WAIT : UINT64_MAX);
    // callers free and use again what they submitted: after a failure, too, nothing may be in flight
    if (r != VK_SUCCESS && r != VK_ERROR_DEVICE_LOST) g->vk.vkDeviceWaitIdle(g->dev);
    return gpu_ok(g, g->lost ? VK_ERROR_DEVICE_LOST : r, "vkWaitForFences", e);
}
