// facts.c — Vulkan's properties as struct caps. Enables nothing and decides nothing.
#include "gpu/gpu_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ext_has(const struct ext_list *x, const char *name)
{
    for (uint32_t i = 0; i < x->n; i++)
        if (!strcmp(x->p[i].extensionName, name)) return true;
    return false;
}

bool facts_ext(VkPhysicalDevice phys, struct ext_list *x, struct err *e)
{
    *x = (struct ext_list){0};
    VkResult r = vkEnumerateDeviceExtensionProperties(phys, NULL, &x->n, NULL);
    if (r != VK_SUCCESS) return gpu_ok(NULL, r, "vkEnumerateDeviceExtensionProperties", e);
    x->p = mem_zero(x->n, sizeof *x->p, e);
    if (!x->p) return false;
    r = vkEnumerateDeviceExtensionProperties(phys, NULL, &x->n, x->p);
    if (r == VK_SUCCESS || r == VK_INCOMPLETE) return true;
    free(x->p);
    *x = (struct ext_list){0};
    return gpu_ok(NULL, r, "vkEnumerateDeviceExtensionProperties", e);
}

bool facts_family(VkPhysicalDevice phys, uint32_t *family, uint32_t *timestamp_bits)
{
    VkQueueFamilyProperties list[32];
    uint32_t n = COUNTOF(list), best = UINT32_MAX;
    vkGetPhysicalDeviceQueueFamilyProperties(phys, &n, list);
    for (uint32_t i = 0; i < n; i++) {
        if (!list[i].queueCount || !(list[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
        // a queue without graphics leaves the desktop's alone
        bool apart = !(list[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) && list[i].timestampValidBits;
        if (best == UINT32_MAX || (apart && list[best].queueFlags & VK_QUEUE_GRAPHICS_BIT)) best = i;
    }
    if (best == UINT32_MAX) return false;
    *family = best;
    *timestamp_bits = list[best].timestampValidBits;
    return true;
}

static void read_vendor(struct caps *c)
{
    static const struct {
        uint32_t id;
        const char *name;
    } vendors[] = {
        {0x1002, "AMD"},      {0x10de, "NVIDIA"},    {0x8086, "Intel"},       {0x13b5, "Arm"},
        {0x5143, "Qualcomm"}, {0x106b, "Apple"},     {0x1010, "Imagination"}, {0x14e4, "Broadcom"},
        {0x1ae0, "Google"},   {0x1414, "Microsoft"}, {0x10005, "Mesa"},       {0x19e5, "Huawei"},
    };
    snprintf(c->vendor_name, sizeof c->vendor_name, "0x%x", c->vendor);
    for (uint32_t i = 0; i < COUNTOF(vendors); i++)
        if (vendors[i].id == c->vendor) snprintf(c->vendor_name, sizeof c->vendor_name, "%s", vendors[i].name);
}

static void read_basics(const VkPhysicalDeviceProperties *p, struct caps *c)
{
    static const enum caps_type types[] = {CAPS_OTHER, CAPS_INTEGRATED, CAPS_DISCRETE, CAPS_VIRTUAL, CAPS_CPU};
    const VkPhysicalDeviceLimits *l = &p->limits;
    text_clean(c->name, sizeof c->name, p->deviceName, strnlen(p->deviceName, sizeof p->deviceName));
    c->vendor = p->vendorID;
    c->device = p->deviceID;
    c->driver_version = p->driverVersion;
    c->type = (uint32_t)p->deviceType < COUNTOF(types) ? types[p->deviceType] : CAPS_OTHER;
    read_vendor(c);
    c->range_max = l->maxStorageBufferRange;
    c->texels = l->maxTexelBufferElements >= l->maxStorageBufferRange / 4;
    c->offset_align = (uint32_t)l->minStorageBufferOffsetAlignment;
    if (c->texels) c->offset_align = max_u32(c->offset_align, (uint32_t)l->minTexelBufferOffsetAlignment);
    c->shared_max = l->maxComputeSharedMemorySize;
    c->threads_max = l->maxComputeWorkGroupInvocations;
    c->threads_x_max = min_u32(l->maxComputeWorkGroupSize[0], c->threads_max);
    c->push_max = l->maxPushConstantsSize;
    memcpy(c->groups_max, l->maxComputeWorkGroupCount, sizeof c->groups_max);
    c->bind_max = min_u32(l->maxPerStageDescriptorStorageBuffers, l->maxDescriptorSetStorageBuffers);
    c->timestamp_ns = l->timestampPeriod;
}

struct properties {
    VkPhysicalDeviceProperties2 base;
    VkPhysicalDeviceIDProperties id;
    VkPhysicalDeviceMaintenance3Properties limits;
    VkPhysicalDeviceSubgroupProperties subgroup;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDeviceSubgroupSizeControlProperties pick;
    VkPhysicalDeviceMaintenance4Properties limits4;
    struct coop1_properties coop1;
    struct coop2_properties coop2;
};

static void chain(struct properties *p, void *member, VkStructureType type, bool present)
{
    VkBaseOutStructure *s = member;
    if (!present) return;
    s->sType = type;
    s->pNext = p->base.pNext;
    p->base.pNext = s;
}

static void query_properties(VkPhysicalDevice phys, const struct caps *c, const struct ext_list *x,
                             struct properties *p)
{
    *p = (struct properties){.base = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2}};
    chain(p, &p->id, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES, true);
    chain(p, &p->limits, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES, true);
    chain(p, &p->subgroup, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, true);
    chain(p, &p->driver, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
          c->api >= VK_API_VERSION_1_2 || ext_has(x, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME));
    chain(p, &p->pick, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES,
          c->api >= VK_API_VERSION_1_3 || ext_has(x, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME));
    chain(p, &p->limits4, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES,
          c->api >= VK_API_VERSION_1_3 || ext_has(x, VK_KHR_MAINTENANCE_4_EXTENSION_NAME));
    chain(p, &p->coop1, (VkStructureType)COOP1_PROPERTIES, ext_has(x, COOP1_EXTENSION));
    chain(p, &p->coop2, (VkStructureType)COOP2_PROPERTIES, ext_has(x, COOP2_EXTENSION));
    vkGetPhysicalDeviceProperties2(phys, &p->base);
}

static void read_subgroups(const struct properties *p, struct caps *c)
{
    VkSubgroupFeatureFlags ops = p->subgroup.supportedOperations;
    bool compute = p->subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT;
    c->subgroup = c->subgroup_min = c->subgroup_max = max_u32(p->subgroup.subgroupSize, 1);
    c->subgroup_arith = compute && ops & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    c->subgroup_ballot = compute && ops & VK_SUBGROUP_FEATURE_BALLOT_BIT;
    c->subgroup_shuffle = compute && ops & VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    if (!compute || !(p->pick.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT)) c->subgroup_pick = false;
    if (!p->pick.minSubgroupSize) return;
    c->subgroup_min = p->pick.minSubgroupSize;
    c->subgroup_max = p->pick.maxSubgroupSize;
}

static void read_names(const struct properties *p, struct caps *c)
{
    memcpy(c->uuid, p->id.deviceUUID, sizeof c->uuid);
    c->driver_id = p->driver.driverID;
    text_clean(c->driver_name, sizeof c->driver_name, p->driver.driverName,
               strnlen(p->driver.driverName, sizeof p->driver.driverName));
    text_clean(c->driver_info, sizeof c->driver_info, p->driver.driverInfo,
               strnlen(p->driver.driverInfo, sizeof p->driver.driverInfo));
    // its CPU driver called itself version 0.0.1 until after Mesa 25.0
    if (sscanf(c->driver_info, "Mesa %u", &c->mesa) != 1) c->mesa = 0;
    uint32_t v = c->driver_version;
    if (!c->driver_info[0])
        snprintf(c->driver_info, sizeof c->driver_info, "%u.%u.%u", VK_API_VERSION_MAJOR(v), VK_API_VERSION_MINOR(v),
                 VK_API_VERSION_PATCH(v));
}

static void read_heaps(VkPhysicalDevice phys, struct caps *c)
{
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 m = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                           .pNext = c->memory_budget ? &budget : NULL};
    vkGetPhysicalDeviceMemoryProperties2(phys, &m);
    const VkPhysicalDeviceMemoryProperties *p = &m.memoryProperties;
    c->n_heap = min_u32(p->memoryHeapCount, COUNTOF(c->heap));
    for (uint32_t i = 0; i < c->n_heap; i++) {
        struct caps_heap *h = &c->heap[i];
        h->bytes = p->memoryHeaps[i].size;
        h->budget = c->memory_budget && budget.heapBudget[i] ? min_u64(budget.heapBudget[i], h->bytes) : h->bytes;
        h->device_local = p->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT;
        for (uint32_t t = 0; t < p->memoryTypeCount; t++)
            if (p->memoryTypes[t].heapIndex == i)
                h->host_visible |= (p->memoryTypes[t].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) != 0;
        if (h->device_local && h->bytes > c->heap_bytes) {
            c->heap_bytes = h->bytes;
            c->heap_budget = h->budget;
        }
    }
}

static void type_name(int32_t type, char out[6])
{
    static const char names[][6] = {"f16", "f32", "f64", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64"};
    const char *name = type >= 0 && (uint32_t)type < COUNTOF(names) ? names[type] : "?";
    if (type == 1000141000) name = "bf16";
    if (type == 1000491002) name = "e4m3";
    if (type == 1000491003) name = "e5m2";
    snprintf(out, 6, "%s", name);
}

static void coop_types(struct coop_shape *s, int32_t a, int32_t b, int32_t c, int32_t r)
{
    type_name(a, s->a);
    type_name(b, s->b);
    type_name(c, s->c);
    type_name(r, s->r);
}

// Shapes; without any the feature is of no use.
static void read_coop(VkInstance inst, VkPhysicalDevice phys, const struct properties *p, struct caps *c)
{
    struct coop1_shape list[128];
    uint32_t n = COUNTOF(list);
    coop1_shapes_fn get =
        (coop1_shapes_fn)vkGetInstanceProcAddr(inst, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    if (!(p->coop1.stages & VK_SHADER_STAGE_COMPUTE_BIT) || !get) c->coop1 = false;
    if (c->coop1) {
        for (uint32_t i = 0; i < n; i++) list[i] = (struct coop1_shape){.sType = (VkStructureType)COOP1_SHAPE};
        VkResult r = get(phys, &n, list);
        if (r != VK_SUCCESS && r != VK_INCOMPLETE) n = 0;
        for (uint32_t i = 0; i < n && c->n_coop < COUNTOF(c->coop); i++) {
            struct coop_shape *s = &c->coop[c->n_coop++];
            *s = (struct coop_shape){
                .m = list[i].m, .n = list[i].n, .k = list[i].k, .of_subgroup = list[i].scope == COOP_SCOPE_SUBGROUP};
            coop_types(s, list[i].a, list[i].b, list[i].c, list[i].result);
        }
        c->coop1 = c->n_coop > 0;
    }
}

// The same of the second extension, whose shapes are steps.
static void read_coop2(VkInstance inst, VkPhysicalDevice phys, const struct properties *p, struct caps *c)
{
    struct coop2_shape list[256];
    uint32_t n = COUNTOF(list);
    coop2_shapes_fn get = (coop2_shapes_fn)vkGetInstanceProcAddr(
        inst, "vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV");
    c->coop2_max = p->coop2.size_max;
    if (c->coop1 && c->coop2 && get) {
        for (uint32_t i = 0; i < n; i++) list[i] = (struct coop2_shape){.sType = (VkStructureType)COOP2_SHAPE};
        VkResult r = get(phys, &n, list);
        if (r != VK_SUCCESS && r != VK_INCOMPLETE) n = 0;
        for (uint32_t i = 0; i < n && c->n_coop2 < COUNTOF(c->coop2_step); i++) {
            struct coop_shape *s = &c->coop2_step[c->n_coop2++];
            *s = (struct coop_shape){.m = list[i].m,
                                     .n = list[i].n,
                                     .k = list[i].k,
                                     .of_subgroup = list[i].scope == COOP_SCOPE_SUBGROUP,
                                     .of_group = list[i].scope == COOP_SCOPE_GROUP,
                                     .threads = list[i].invocations};
            coop_types(s, list[i].a, list[i].b, list[i].c, list[i].result);
        }
    }
    c->coop2 = c->n_coop2 > 0;
    c->coop2_group &= c->coop2;
}

bool facts_read(VkInstance inst, VkPhysicalDevice phys, uint32_t api_limit, struct caps *c, struct err *e)
{
    VkPhysicalDeviceProperties basic;
    uint32_t family, timestamp_bits = 0;
    *c = (struct caps){0};
    vkGetPhysicalDeviceProperties(phys, &basic);
    read_basics(&basic, c);
    c->api = basic.apiVersion;
    if (api_limit) c->api = min_u32(c->api, api_limit);
    if (basic.apiVersion < VK_API_VERSION_1_1) {
        snprintf(c->refused, sizeof c->refused, "it offers Vulkan %u.%u, and 1.1 is needed",
                 VK_API_VERSION_MAJOR(c->api), VK_API_VERSION_MINOR(c->api));
        return true;
    }
    struct ext_list x;
    struct properties p;
    if (!facts_ext(phys, &x, e)) return false;
    features_to_caps(phys, &x, c);
    query_properties(phys, c, &x, &p);
    free(x.p);
    read_names(&p, c);
    read_subgroups(&p, c);
    c->alloc_max = p.limits.maxMemoryAllocationSize;
    if (p.limits4.maxBufferSize) c->alloc_max = min_u64(c->alloc_max, p.limits4.maxBufferSize);
    read_heaps(phys, c);
    read_coop(inst, phys, &p, c);
    read_coop2(inst, phys, &p, c);
    if (!facts_family(phys, &family, &timestamp_bits))
        snprintf(c->refused, sizeof c->refused, "it has no queue for compute");
    c->timestamps = timestamp_bits > 0 && c->timestamp_ns > 0;
    return true;
}
