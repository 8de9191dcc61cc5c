// test_gpu_memory.c — which memory a buffer gets, on made-up devices: with and without a window for the host into
// device memory, integrated ones, and when memory runs out. Needs no driver.
#include "check.h"
#include "gpu/gpu_priv.h"

#include <string.h>

enum {
    LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    HOST = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
};
#define GIB ((uint64_t)1 << 30)

static uint32_t asked[8], n_asked, full_types; // memory types in the order of the attempts; those that are full
static uint8_t backing[4096];

static VKAPI_ATTR VkResult VKAPI_CALL make(VkDevice d, const VkBufferCreateInfo *i, const VkAllocationCallbacks *a,
                                           VkBuffer *out)
{
    (void)d, (void)i, (void)a;
    *out = (VkBuffer)(uintptr_t)1;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL need(VkDevice d, VkBuffer b, VkMemoryRequirements *out)
{
    (void)d, (void)b;
    *out = (VkMemoryRequirements){.size = 4096, .alignment = 16, .memoryTypeBits = UINT32_MAX};
}

static VKAPI_ATTR VkResult VKAPI_CALL take(VkDevice d, const VkMemoryAllocateInfo *i, const VkAllocationCallbacks *a,
                                           VkDeviceMemory *out)
{
    (void)d, (void)a;
    if (n_asked < COUNTOF(asked)) asked[n_asked++] = i->memoryTypeIndex;
    if (full_types >> i->memoryTypeIndex & 1) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    *out = (VkDeviceMemory)(uintptr_t)2;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL bind(VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize at)
{
    (void)d, (void)b, (void)m, (void)at;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL map(VkDevice d, VkDeviceMemory m, VkDeviceSize a, VkDeviceSize n,
                                          VkMemoryMapFlags f, void **out)
{
    (void)d, (void)m, (void)a, (void)n, (void)f;
    *out = backing;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL drop_buffer(VkDevice d, VkBuffer b, const VkAllocationCallbacks *a)
{
    (void)d, (void)b, (void)a;
}

static VKAPI_ATTR void VKAPI_CALL drop_memory(VkDevice d, VkDeviceMemory m, const VkAllocationCallbacks *a)
{
    (void)d, (void)m, (void)a;
}

struct type {
    uint32_t heap, flags;
};

static struct gpu machine(enum caps_type kind, struct gpu_private *priv, const uint64_t *heaps,
                          const struct type *types, uint32_t n_types)
{
    struct gpu g = {.priv = priv, .caps = {.type = kind, .alloc_max = 4 * GIB, .heap_bytes = heaps[0]}};
    g.memory.memoryTypeCount = n_types;
    for (uint32_t i = 0; i < 3; i++) g.memory.memoryHeaps[i].size = heaps[i];
    for (uint32_t i = 0; i < n_types; i++)
        g.memory.memoryTypes[i] = (VkMemoryType){.propertyFlags = types[i].flags, .heapIndex = types[i].heap};
    g.vk.vkCreateBuffer = make;
    g.vk.vkGetBufferMemoryRequirements = need;
    g.vk.vkAllocateMemory = take;
    g.vk.vkBindBufferMemory = bind;
    g.vk.vkMapMemory = map;
    g.vk.vkDestroyBuffer = drop_buffer;
    g.vk.vkFreeMemory = drop_memory;
    return g;
}

// Opens one buffer and compares the type it got; UINT32_MAX = refused.
static void expect(struct gpu *g, enum gpu_where where, uint32_t full, uint32_t want, bool mapped)
{
    struct gpu_buf b;
    struct err e = {0};
    n_asked = 0;
    full_types = full;
    memset(backing, 0xaa, sizeof backing);
    bool ok = gpu_buf_open(g, &b, 4000, where, &e);
    CHECK(ok == (want != UINT32_MAX), "%s", ok ? "it was accepted" : e.text);
    if (ok) {
        CHECK(asked[n_asked - 1] == want, "type %u, wanted %u", asked[n_asked - 1], want);
        CHECK((b.map != NULL) == mapped, "mapped: %d", b.map != NULL);
        CHECK(where == GPU_DEVICE || !backing[3999], "not zero filled");
        CHECK(g->bytes_now == 4096 && g->bytes_peak == 4096, "accounting");
    } else {
        CHECK(e.code == ERR_MEMORY, "code %d", (int)e.code);
    }
    gpu_buf_close(g, &b);
    CHECK(g->bytes_now == 0, "accounting after close");
}

static void test_discrete(void)
{
    struct gpu_private priv = {0};
    const uint64_t small[] = {8 * GIB, 32 * GIB, 256 << 20};
    const struct type types[] = {{1, HOST}, {0, LOCAL}, {1, HOST | CACHED}, {2, LOCAL | HOST}};
    struct gpu g = machine(CAPS_DISCRETE, &priv, small, types, 4);
    expect(&g, GPU_DEVICE, 0, 1, false); // not the small window
    expect(&g, GPU_MAPPED, 0, 2, true);  // the host reads it back
    expect(&g, GPU_INPUT, 0, 3, true);   // the device reads it
    expect(&g, GPU_INPUT, 1 << 3, 2, true);
    expect(&g, GPU_DEVICE, 1 << 1, 3, true);
    expect(&g, GPU_DEVICE, 1 << 1 | 1 << 3, UINT32_MAX, false); // never silently in the slow memory of the host
    expect(&g, GPU_MAPPED, 1 << 2, 3, true);
    const struct type whole[] = {{1, HOST}, {0, LOCAL}, {1, HOST | CACHED}, {0, LOCAL | HOST}};
    g = machine(CAPS_DISCRETE, &priv, small, whole, 4);
    expect(&g, GPU_DEVICE, 0, 1, false); // also where the host sees all of it
    expect(&g, GPU_DEVICE, 1 << 1, 3, true);
    expect(&g, GPU_INPUT, 0, 3, true);
}

static void test_shared(void)
{
    struct gpu_private priv = {0};
    const uint64_t one[] = {16 * GIB, 0, 0};
    const struct type types[] = {{0, LOCAL | HOST}, {0, LOCAL | HOST | CACHED}};
    struct gpu g = machine(CAPS_INTEGRATED, &priv, one, types, 2);
    expect(&g, GPU_DEVICE, 0, 1, true);
    expect(&g, GPU_MAPPED, 0, 1, true);
    const uint64_t carved[] = {GIB, 8 * GIB, 0};
    const struct type apart[] = {{0, LOCAL}, {1, HOST}, {1, HOST | CACHED}};
    g = machine(CAPS_INTEGRATED, &priv, carved, apart, 3);
    expect(&g, GPU_DEVICE, 0, 0, false);
    expect(&g, GPU_DEVICE, 1 << 0, 1, true); // the rest of an integrated device's memory is as good
    const struct type odd[] = {{0, LOCAL | VK_MEMORY_PROPERTY_PROTECTED_BIT},
                               {0, LOCAL | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT}};
    g = machine(CAPS_INTEGRATED, &priv, one, odd, 2);
    expect(&g, GPU_DEVICE, 0, 1, false); // visible but not coherent: not mapped
    expect(&g, GPU_MAPPED, 0, UINT32_MAX, false);
}

int main(void)
{
    test_discrete();
    test_shared();
    return check_done();
}
