// memory.c — buffers and the memory under them, one allocation each. Knows nothing about what they hold.
#include "gpu/gpu_priv.h"

#include <string.h>

enum { HOST_COHERENT = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT };

static bool type_mappable(VkMemoryPropertyFlags f)
{
    return (f & HOST_COHERENT) == HOST_COHERENT;
}

// Higher is better, 0 = cannot be used.
static uint32_t type_score(const struct gpu *g, const VkMemoryType *t, enum gpu_where where)
{
    VkMemoryPropertyFlags f = t->propertyFlags;
    bool local = f & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, cached = f & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    if (f & (VK_MEMORY_PROPERTY_PROTECTED_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT |
             VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD))
        return 0;
    if (where == GPU_MAPPED) // the host reads it back, so cached memory first
        return type_mappable(f) ? 1 + 2 * cached + local : 0;
    if (where == GPU_INPUT) // kernels read it in every dispatch: not across the bus
        return type_mappable(f) ? 1 + cached + 2 * local : 0;
    if (!local) return g->caps.type == CAPS_DISCRETE ? 0 : 1; // an integrated device may go beyond its carve-out
    // a small window into device memory (no resizable BAR) is not the place for weights
    bool whole = g->memory.memoryHeaps[t->heapIndex].size >= g->caps.heap_bytes / 2;
    // a discrete device's memory is filled through the staging ring: a mapping of it is nothing that kernels need
    if (g->caps.type == CAPS_DISCRETE) return 8 + 4 * whole + !type_mappable(f);
    return 8 + 4 * whole + (whole && type_mappable(f)) * (1 + cached);
}

// The best type of `allowed` that is not in `tried`; UINT32_MAX when none is left.
static uint32_t type_pick(const struct gpu *g, uint32_t allowed, uint32_t tried, enum gpu_where where)
{
    uint32_t best = UINT32_MAX, best_score = 0;
    for (uint32_t i = 0; i < g->memory.memoryTypeCount; i++) {
        if (!(allowed >> i & 1) || (tried >> i & 1)) continue;
        uint32_t score = type_score(g, &g->memory.memoryTypes[i], where);
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

static bool check_limits(const struct gpu *g, uint64_t bytes, struct err *e)
{
    if (bytes > g->caps.alloc_max)
        return err_set(e, ERR_MEMORY,
                       "a buffer of %llu bytes is above the device's limit of %llu bytes for one allocation",
                       (unsigned long long)bytes, (unsigned long long)g->caps.alloc_max);
    uint64_t limit = g->priv->heap_limit;
    if (limit && (g->bytes_now > limit || bytes > limit - g->bytes_now))
        return err_set(e, ERR_MEMORY,
                       "a buffer of %llu bytes does not fit: %llu of the %llu bytes of device memory are taken",
                       (unsigned long long)bytes, (unsigned long long)g->bytes_now, (unsigned long long)limit);
    return true;
}

static VkResult allocate(struct gpu *g, struct gpu_buf *b, const VkMemoryRequirements *need, uint32_t type)
{
    VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                       .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .pNext = g->caps.addresses ? &flags : NULL,
                                 .allocationSize = need->size,
                                 .memoryTypeIndex = type};
    return g->vk.vkAllocateMemory(g->dev, &info, NULL, &b->mem);
}

static bool back_with_memory(struct gpu *g, struct gpu_buf *b, enum gpu_where where, struct err *e)
{
    VkMemoryRequirements need;
    g->vk.vkGetBufferMemoryRequirements(g->dev, b->buf, &need);
    uint32_t tried = 0, type;
    VkResult r = VK_ERROR_OUT_OF_DEVICE_MEMORY;
    do {
        type = type_pick(g, need.memoryTypeBits, tried, where);
        if (type == UINT32_MAX) break;
        tried |= 1u << type;
        r = allocate(g, b, &need, type);
    } while (r == VK_ERROR_OUT_OF_DEVICE_MEMORY);
    if (r == VK_ERROR_OUT_OF_DEVICE_MEMORY || r == VK_ERROR_OUT_OF_HOST_MEMORY)
        return err_set(
            e, ERR_MEMORY,
            "no memory for a buffer of %llu MiB on %s (%llu MiB taken by this program): take a smaller batch, "
            "fp16 or packed weights, or close other programs that use the device",
            (unsigned long long)(need.size >> 20), g->caps.name, (unsigned long long)(g->bytes_now >> 20));
    if (r != VK_SUCCESS) return gpu_ok(g, r, "vkAllocateMemory", e);
    b->taken = need.size;
    g->bytes_now += need.size;
    if (g->bytes_now > g->bytes_peak) g->bytes_peak = g->bytes_now;
    TRY(g, g->vk.vkBindBufferMemory(g->dev, b->buf, b->mem, 0), e);
    VkMemoryPropertyFlags f = g->memory.memoryTypes[type].propertyFlags;
    b->slow_read = type_mappable(f) && !(f & VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    if (!type_mappable(f)) return true;
    void *map = NULL;
    TRY(g, g->vk.vkMapMemory(g->dev, b->mem, 0, VK_WHOLE_SIZE, 0, &map), e);
    b->map = map;
    return true;
}

// Mesa's CPU driver compiles a kernel again for texel buffers whose size is a power of two: here none is.
static uint64_t buffer_size(const struct gpu *g, uint64_t bytes)
{
    uint64_t size = align_up(bytes ? bytes : 1, 16);
    bool power = (size & (size - 1)) == 0;
    return g->caps.type == CAPS_CPU && g->caps.texels && power ? size + 16 : size;
}

static bool open_parts(struct gpu *g, struct gpu_buf *b, enum gpu_where where, struct err *e)
{
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .size = buffer_size(g, b->bytes),
                               .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    if (g->caps.addresses) info.usage |= VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
    TRY(g, g->vk.vkCreateBuffer(g->dev, &info, NULL, &b->buf), e);
    if (!back_with_memory(g, b, where, e)) return false;
    if (where != GPU_DEVICE) memset(b->map, 0, info.size);
    if (!g->caps.addresses) return true;
    VkBufferDeviceAddressInfo at = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = b->buf};
    b->address = g->caps.api >= VK_API_VERSION_1_2 ? g->vk.vkGetBufferDeviceAddress(g->dev, &at)
                                                   : g->vk.vkGetBufferDeviceAddressKHR(g->dev, &at);
    return true;
}

bool gpu_buf_open(struct gpu *g, struct gpu_buf *b, uint64_t bytes, enum gpu_where where, struct err *e)
{
    *b = (struct gpu_buf){.bytes = bytes};
    if (g->lost) return gpu_ok(g, VK_ERROR_DEVICE_LOST, "vkCreateBuffer", e);
    if (check_limits(g, bytes, e) && open_parts(g, b, where, e)) return true;
    gpu_buf_close(g, b);
    return false;
}

void gpu_buf_close(struct gpu *g, struct gpu_buf *b)
{
    // freeing memory unmaps it
    if (b->buf) g->vk.vkDestroyBuffer(g->dev, b->buf, NULL);
    if (b->mem) g->vk.vkFreeMemory(g->dev, b->mem, NULL);
    g->bytes_now -= b->taken;
    *b = (struct gpu_buf){0};
}
