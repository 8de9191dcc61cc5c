// test_gpu_inject.c — every call that can fail fails once, at every place: never a crash, one clear message, nothing
// left behind (the validation layer reports what is still alive when a device is destroyed; sanitizers see the host).
#include "gpu_probe.h"

#include <unistd.h>

static uint32_t calls, fail_at; // 1 = the first call; 0 = none
static VkResult fail_with;
static bool failing_for_good;

static bool fails(void)
{
    calls++;
    return calls == fail_at || (fail_at && calls > fail_at && failing_for_good);
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
FAKE(vkEndCommandBuffer, (VkCommandBuffer a), (a))
FAKE(vkGetPipelineCacheData, (VkDevice a, VkPipelineCache b, size_t *c, void *d), (a, b, c, d))
FAKE(vkMapMemory, (VkDevice a, VkDeviceMemory b, VkDeviceSize c, VkDeviceSize d, VkMemoryMapFlags f, void **h),
     (a, b, c, d, f, h))
FAKE(vkQueueSubmit, (VkQueue a, uint32_t b, const VkSubmitInfo *c, VkFence d), (a, b, c, d))
FAKE(vkResetFences, (VkDevice a, uint32_t b, const VkFence *c), (a, b, c))
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
    SWAP(vkCreateCommandPool)
    SWAP(vkCreateComputePipelines)
    SWAP(vkCreateDescriptorPool)
    SWAP(vkCreateDescriptorSetLayout)
    SWAP(vkCreateFence)
    SWAP(vkCreatePipelineCache)
    SWAP(vkCreatePipelineLayout)
    SWAP(vkCreateShaderModule)
    SWAP(vkDeviceWaitIdle)
    SWAP(vkEndCommandBuffer)
    SWAP(vkGetPipelineCacheData)
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

static void swap_globals(void)
{
    SWAP_GLOBAL(vkCreateInstance);
    SWAP_GLOBAL(vkEnumeratePhysicalDevices);
    SWAP_GLOBAL(vkEnumerateDeviceExtensionProperties);
    SWAP_GLOBAL(vkCreateDevice);
    SWAP_GLOBAL(vkGetDeviceProcAddr);
}

static uint32_t validation_messages;

static void count_validation(void *user, int level, const char *line)
{
    (void)user, (void)level;
    if (strncmp(line, "validation:", 11)) return;
    validation_messages++;
    fprintf(stderr, "%s\n", line);
}

// Everything this folder offers, once. True when it all worked.
static bool trip(struct gpu *g, const char *dir, bool validation, struct err *e)
{
    struct gpu_wish w = {.cache_dir = dir, .validation = validation, .log = count_validation};
    struct gpu_buf b = {0};
    uint8_t bytes[100] = {1, 2, 3}, back[100];
    bool ok =
        gpu_open(g, &w, e) && probe_run(g, false, 1, 0, NULL, e) && gpu_buf_open(g, &b, sizeof bytes, GPU_DEVICE, e);
    if (ok) {
        struct gpu_buf view = b;
        view.map = NULL;
        ok = gpu_upload(g, &view, 0, bytes, sizeof bytes, e) && gpu_download(g, &view, 0, back, sizeof back, e);
        CHECK(!ok || !memcmp(bytes, back, sizeof back), "bytes came back wrong");
    }
    if (g->dev) gpu_buf_close(g, &b);
    return ok;
}

static uint32_t last_call(const char *dir, bool validation)
{
    struct gpu g;
    struct err e = {0};
    calls = fail_at = 0;
    CHECK(trip(&g, dir, validation, &e), "without injection: %s", e.text);
    gpu_close(&g);
    return calls;
}

static void inject(const char *dir, bool validation, VkResult r, bool for_good, uint32_t total)
{
    for (uint32_t k = 1; k <= total; k++) {
        struct gpu g;
        struct err e = {0};
        calls = 0;
        fail_at = k;
        fail_with = r;
        failing_for_good = for_good;
        bool ok = trip(&g, dir, validation, &e), lost = g.lost;
        CHECK(ok == (e.code == ERR_NONE), "call %u, result %d: ok %d, message \"%s\"", k, (int)r, ok, e.text);
        CHECK(ok || (strlen(e.text) > 20 && !strchr(e.text, '\n')), "call %u: \"%s\"", k, e.text);
        if (!ok && r == VK_ERROR_DEVICE_LOST)
            CHECK(e.code == ERR_LOST && (lost || !g.dev), "call %u: code %d, lost %d", k, (int)e.code, lost);
        if (!ok && (r == VK_ERROR_OUT_OF_HOST_MEMORY || r == VK_ERROR_OUT_OF_DEVICE_MEMORY))
            CHECK(e.code == ERR_MEMORY, "call %u: code %d, %s", k, (int)e.code, e.text);
        gpu_close(&g);
        CHECK(g.bytes_now == 0, "call %u: memory is still counted", k);
    }
    fail_at = 0;
}

int main(void)
{
    char dir[] = "test_gpu_inject.XXXXXX";
    struct gpu g;
    struct err e = {0};
    bool validation = true;
    if (!mkdtemp(dir)) return 77;
    if (!gpu_open(&g, &(struct gpu_wish){.validation = true, .cache_dir = ""}, &e)) {
        validation = false;
        e = (struct err){0};
    }
    if (!validation && !gpu_open(&g, NULL, &e)) {
        printf("not tried: %s\n", e.text);
        return 77;
    }
    gpu_close(&g);
    swap_globals();
    uint32_t total = last_call(dir, validation);
    printf("%u calls can fail, validation %s\n", total, validation ? "on" : "off");
    CHECK(total > 30, "only %u calls were seen", total);
    inject(dir, validation, VK_ERROR_OUT_OF_DEVICE_MEMORY, false, total);
    inject(dir, validation, VK_ERROR_OUT_OF_HOST_MEMORY, false, total);
    inject(dir, validation, VK_ERROR_DEVICE_LOST, true, total);
    inject(dir, validation, VK_ERROR_UNKNOWN, false, total);
    CHECK(validation_messages == 0, "%u validation messages", validation_messages);
    CHECK(last_call(dir, validation) > 30, "nothing works afterwards");
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(!system(command), "%s", command);
    return check_done();
}
