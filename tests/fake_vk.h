// fake_vk.h — every Vulkan call that can fail, behind a counter: the fail_at-th one answers fail_with. Works on volk's
// entry points, so it is for test programs only; call fake_vk_swap() after the first device was opened and closed.
#ifndef VKDIT_FAKE_VK_H
#define VKDIT_FAKE_VK_H

#include "gpu/gpu.h"

#include <stdatomic.h>
#include <string.h>

static atomic_uint calls; // pipelines are made by several threads
static uint32_t fail_at;  // 1 = the first call; 0 = none
static VkResult fail_with;
static bool failing_for_good;

static bool fails(void)
{
    const uint32_t now = atomic_fetch_add(&calls, 1) + 1;
    return now == fail_at || (fail_at && now > fail_at && failing_for_good);
}

#define FAKE(name, params, args)                                                                                       \
    static PFN_##name real_##name;                                                                                     \
    static VKAPI_ATTR VkResult VKAPI_CALL fake_##name params                                                           \
    {                                                                                                                  \
        return fails() ? fail_with : real_##name args;                                                                 \
    }

FAKE(vkCreateInstance, (const VkInstanceCreateInfo *a, const VkAllocationCallbacks *b, VkInstance *c), (a, b, c))
FAKE(vkEnumeratePhysicalDevices, (VkInstance a, uint32_t *b, VkPhysicalDevice *c), (a, b, c))
FAKE(vkEnumerateDeviceExtensionProperties, (VkPhysicalDevice a, const char *b, uint32_t *c, VkExtensionProperties *d),
     (a, b, c, d))
FAKE(vkCreateDevice, (VkPhysicalDevice a, const VkDeviceCreateInfo *b, const VkAllocationCallbacks *c, VkDevice *d),
     (a, b, c, d))
FAKE(vkAllocateCommandBuffers, (VkDevice a, const VkCommandBufferAllocateInfo *b, VkCommandBuffer *c), (a, b, c))
FAKE(vkAllocateDescriptorSets, (VkDevice a, const VkDescriptorSetAllocateInfo *b, VkDescriptorSet *c), (a, b, c))
FAKE(vkAllocateMemory, (VkDevice a, const VkMemoryAllocateInfo *b, const VkAllocationCallbacks *c, VkDeviceMemory *d),
     (a, b, c, d))
FAKE(vkBeginCommandBuffer, (VkCommandBuffer a, const VkCommandBufferBeginInfo *b), (a, b))
FAKE(vkBindBufferMemory, (VkDevice a, VkBuffer b, VkDeviceMemory c, VkDeviceSize d), (a, b, c, d))
FAKE(vkCreateBuffer, (VkDevice a, const VkBufferCreateInfo *b, const VkAllocationCallbacks *c, VkBuffer *d),
     (a, b, c, d))
FAKE(vkCreateBufferView, (VkDevice a, const VkBufferViewCreateInfo *b, const VkAllocationCallbacks *c, VkBufferView *d),
     (a, b, c, d))
FAKE(vkCreateCommandPool,
     (VkDevice a, const VkCommandPoolCreateInfo *b, const VkAllocationCallbacks *c, VkCommandPool *d), (a, b, c, d))
FAKE(vkCreateComputePipelines,
     (VkDevice a, VkPipelineCache b, uint32_t c, const VkComputePipelineCreateInfo *d, const VkAllocationCallbacks *f,
      VkPipeline *h),
     (a, b, c, d, f, h))
FAKE(vkCreateDescriptorPool,
     (VkDevice a, const VkDescriptorPoolCreateInfo *b, const VkAllocationCallbacks *c, VkDescriptorPool *d),
     (a, b, c, d))
FAKE(vkCreateDescriptorSetLayout,
     (VkDevice a, const VkDescriptorSetLayoutCreateInfo *b, const VkAllocationCallbacks *c, VkDescriptorSetLayout *d),
     (a, b, c, d))
FAKE(vkCreateFence, (VkDevice a, const VkFenceCreateInfo *b, const VkAllocationCallbacks *c, VkFence *d), (a, b, c, d))
FAKE(vkCreatePipelineCache,
     (VkDevice a, const VkPipelineCacheCreateInfo *b, const VkAllocationCallbacks *c, VkPipelineCache *d), (a, b, c, d))
FAKE(vkCreatePipelineLayout,
     (VkDevice a, const VkPipelineLayoutCreateInfo *b, const VkAllocationCallbacks *c, VkPipelineLayout *d),
     (a, b, c, d))
FAKE(vkCreateShaderModule,
     (VkDevice a, const VkShaderModuleCreateInfo *b, const VkAllocationCallbacks *c, VkShaderModule *d), (a, b, c, d))
FAKE(vkDeviceWaitIdle, (VkDevice a), (a))
FAKE(vkGetPipelineCacheData, (VkDevice a, VkPipelineCache b, size_t *c, void *d), (a, b, c, d))
FAKE(vkMapMemory, (VkDevice a, VkDeviceMemory b, VkDeviceSize c, VkDeviceSize d, VkMemoryMapFlags f, void **h),
     (a, b, c, d, f, h))
FAKE(vkQueueSubmit, (VkQueue a, uint32_t b, const VkSubmitInfo *c, VkFence d), (a, b, c, d))
FAKE(vkResetFences, (VkDevice a, uint32_t b, const VkFence *c), (a, b, c))
FAKE(vkCreateQueryPool, (VkDevice a, const VkQueryPoolCreateInfo *b, const VkAllocationCallbacks *c, VkQueryPool *d),
     (a, b, c, d))
FAKE(vkGetQueryPoolResults,
     (VkDevice a, VkQueryPool b, uint32_t c, uint32_t d, size_t f, void *h, VkDeviceSize i, VkQueryResultFlags j),
     (a, b, c, d, f, h, i, j))
// a recording that could not be ended is over all the same, and may begin anew
static PFN_vkEndCommandBuffer real_vkEndCommandBuffer;
static VKAPI_ATTR VkResult VKAPI_CALL fake_vkEndCommandBuffer(VkCommandBuffer a)
{
    VkResult r = real_vkEndCommandBuffer(a);
    return fails() ? fail_with : r;
}

// a fence that is not waited for is still in use: the real wait happens, its answer is replaced
static PFN_vkWaitForFences real_vkWaitForFences;
static VKAPI_ATTR VkResult VKAPI_CALL fake_vkWaitForFences(VkDevice a, uint32_t b, const VkFence *c, VkBool32 d,
                                                           uint64_t f)
{
    VkResult r = real_vkWaitForFences(a, b, c, d, f);
    return fails() ? fail_with : r;
}

static PFN_vkGetDeviceProcAddr real_vkGetDeviceProcAddr;

#define SWAP(fn)                                                                                                       \
    if (!strcmp(name, #fn)) {                                                                                          \
        real_##fn = (PFN_##fn)real_vkGetDeviceProcAddr(dev, name);                                                     \
        return (PFN_vkVoidFunction)fake_##fn;                                                                          \
    }

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fake_vkGetDeviceProcAddr(VkDevice dev, const char *name)
{
    SWAP(vkAllocateCommandBuffers)
    SWAP(vkAllocateDescriptorSets)
    SWAP(vkAllocateMemory)
    SWAP(vkBeginCommandBuffer)
    SWAP(vkBindBufferMemory)
    SWAP(vkCreateBuffer)
    SWAP(vkCreateBufferView)
    SWAP(vkCreateCommandPool)
    SWAP(vkCreateComputePipelines)
    SWAP(vkCreateDescriptorPool)
    SWAP(vkCreateDescriptorSetLayout)
    SWAP(vkCreateFence)
    SWAP(vkCreatePipelineCache)
    SWAP(vkCreatePipelineLayout)
    SWAP(vkCreateShaderModule)
    SWAP(vkCreateQueryPool)
    SWAP(vkDeviceWaitIdle)
    SWAP(vkEndCommandBuffer)
    SWAP(vkGetPipelineCacheData)
    SWAP(vkGetQueryPoolResults)
    SWAP(vkMapMemory)
    SWAP(vkQueueSubmit)
    SWAP(vkResetFences)
    SWAP(vkWaitForFences)
    return real_vkGetDeviceProcAddr(dev, name);
}

#define SWAP_GLOBAL(fn)                                                                                                \
    do {                                                                                                               \
        real_##fn = fn;                                                                                                \
        fn = fake_##fn;                                                                                                \
    } while (0)

static void fake_vk_swap(void)
{
    SWAP_GLOBAL(vkCreateInstance);
    SWAP_GLOBAL(vkEnumeratePhysicalDevices);
    SWAP_GLOBAL(vkEnumerateDeviceExtensionProperties);
    SWAP_GLOBAL(vkCreateDevice);
    SWAP_GLOBAL(vkGetDeviceProcAddr);
}

#endif
