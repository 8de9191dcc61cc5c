// test_validation_control.c — the negative control of "validation is silent": a wrong call and a missing barrier must
// both be noticed. Without this, silence could mean that the layer was never there.
#include "check.h"
#include "gpu/gpu.h"

#include <string.h>

static void ignore(void *user, int level, const char *line)
{
    (void)user, (void)level, (void)line;
}

// A buffer without usage flags breaks a rule that every version of the layer knows.
static void wrong_call(struct gpu *g)
{
    uint32_t before = g->validation_errors;
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = 16};
    VkBuffer buf = VK_NULL_HANDLE;
    if (g->vk.vkCreateBuffer(g->dev, &info, NULL, &buf) == VK_SUCCESS) g->vk.vkDestroyBuffer(g->dev, buf, NULL);
    CHECK(g->validation_errors > before, "the layer overlooked a buffer without usage");
}

// Two fills of the same bytes in one command buffer, with nothing between them.
static void missing_barrier(struct gpu *g)
{
    struct err e = {0};
    struct gpu_buf b = {0};
    VkCommandBuffer cmd;
    VkCommandBufferAllocateInfo ask = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = g->pool, .commandBufferCount = 1};
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    if (!gpu_buf_open(g, &b, 256, GPU_DEVICE, &e) || g->vk.vkAllocateCommandBuffers(g->dev, &ask, &cmd)) {
        CHECK(false, "could not begin: %s", e.text);
        return;
    }
    g->vk.vkBeginCommandBuffer(cmd, &begin);
    g->vk.vkCmdFillBuffer(cmd, b.buf, 0, 256, 1);
    uint32_t before = g->validation_errors;
    g->vk.vkCmdFillBuffer(cmd, b.buf, 0, 256, 2);
    g->vk.vkEndCommandBuffer(cmd);
    CHECK(g->validation_errors > before, "the layer overlooked a missing barrier");
    g->vk.vkFreeCommandBuffers(g->dev, g->pool, 1, &cmd);
    gpu_buf_close(g, &b);
}

int main(void)
{
    struct gpu g = {0};
    struct err e = {0};
    struct gpu_wish wish = {.validation = true, .cache_dir = "", .log = ignore};
    if (!gpu_open(&g, &wish, &e)) {
        printf("not tried: %s\n", e.text);
        return 77;
    }
    CHECK(g.validation_errors == 0, "%u messages before anything was done", g.validation_errors);
    wrong_call(&g);
    missing_barrier(&g);
    gpu_close(&g);
    return check_done();
}
