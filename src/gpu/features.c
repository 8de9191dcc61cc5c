// features.c — the one table between Vulkan's feature bits and struct caps; it reads and enables them.
// Knows nothing about limits, queues or memory.
#include "gpu/gpu_priv.h"

#include <string.h>

struct link_row { // one feature structure
    VkStructureType type;
    size_t at;       // in struct feature_set
    uint32_t core;   // version that made it core, 0 = never
    const char *ext; // extension that offers it below that version
};

#define LINK(member, type, core, ext)                                                                                  \
    {                                                                                                                  \
        (VkStructureType)(type), offsetof(struct feature_set, member), core, ext                                       \
    }
#define V11 VK_API_VERSION_1_1
#define V12 VK_API_VERSION_1_2
#define V13 VK_API_VERSION_1_3

static const struct link_row links[] = {
    LINK(store16, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES, V11, NULL),
    LINK(store8, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES, V12, "VK_KHR_8bit_storage"),
    LINK(math, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, V12, "VK_KHR_shader_float16_int8"),
    LINK(address, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES, V12,
         "VK_KHR_buffer_device_address"),
    LINK(scalar, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SCALAR_BLOCK_LAYOUT_FEATURES, V12, "VK_EXT_scalar_block_layout"),
    LINK(model, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, V12, "VK_KHR_vulkan_memory_model"),
    LINK(pick, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES, V13, "VK_EXT_subgroup_size_control"),
    LINK(dot, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES, V13,
         "VK_KHR_shader_integer_dot_product"),
    LINK(executable, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR, 0,
         "VK_KHR_pipeline_executable_properties"),
    LINK(coop1, COOP1_FEATURES, 0, COOP1_EXTENSION),
    LINK(coop2, COOP2_FEATURES, 0, COOP2_EXTENSION),
};

struct bit_row { // a fact needs every one of its bits
    size_t caps, bit;
};

#define BIT(fact, member)                                                                                              \
    {                                                                                                                  \
        offsetof(struct caps, fact), offsetof(struct feature_set, member)                                              \
    }

static const struct bit_row bits[] = {
    BIT(f16_math, math.shaderFloat16),
    BIT(f16_store, store16.storageBuffer16BitAccess),
    BIT(i8_store, store8.storageBuffer8BitAccess),
    BIT(i8_math, math.shaderInt8),
    BIT(int_dot, dot.shaderIntegerDotProduct),
    BIT(int64, base.features.shaderInt64),
    BIT(addresses, address.bufferDeviceAddress),
    BIT(scalar_layout, scalar.scalarBlockLayout),
    BIT(subgroup_pick, pick.subgroupSizeControl),
    BIT(subgroup_pick, pick.computeFullSubgroups),
    BIT(executable_info, executable.pipelineExecutableInfo),
    BIT(coop1, coop1.matrix),
    BIT(coop1, model.vulkanMemoryModel),
    BIT(coop2, coop1.matrix),
    BIT(coop2, model.vulkanMemoryModel),
    BIT(coop2, coop2.flexible),
    BIT(coop2_group, coop2.workgroup),
    BIT(coop2_group, coop2.addressing),
};

static VkBool32 *bit_in(struct feature_set *f, size_t at)
{
    return (VkBool32 *)((uint8_t *)f + at);
}
static bool *fact_in(struct caps *c, size_t at)
{
    return (bool *)((uint8_t *)c + at);
}

static void link_in(struct feature_set *f, const struct link_row *r)
{
    VkBaseOutStructure *s = (VkBaseOutStructure *)((uint8_t *)f + r->at);
    s->sType = r->type;
    s->pNext = f->base.pNext;
    f->base.pNext = s;
}

static bool link_needs_ext(const struct link_row *r, uint32_t api)
{
    return !r->core || api < r->core;
}

void features_to_caps(VkPhysicalDevice phys, const struct ext_list *x, struct caps *c)
{
    struct feature_set f = {0};
    f.base.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    for (uint32_t i = 0; i < COUNTOF(links); i++)
        if (!link_needs_ext(&links[i], c->api) || ext_has(x, links[i].ext)) link_in(&f, &links[i]);
    vkGetPhysicalDeviceFeatures2(phys, &f.base);
    for (uint32_t i = 0; i < COUNTOF(bits); i++) *fact_in(c, bits[i].caps) = true;
    for (uint32_t i = 0; i < COUNTOF(bits); i++)
        if (!*bit_in(&f, bits[i].bit)) *fact_in(c, bits[i].caps) = false;
    c->memory_budget = ext_has(x, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
}

// The structure that holds the feature bit at this offset; NULL for the core 1.0 bits.
static const struct link_row *link_of(size_t at)
{
    const struct link_row *best = NULL;
    for (uint32_t i = 0; i < COUNTOF(links); i++)
        if (links[i].at <= at && (!best || links[i].at > best->at)) best = &links[i];
    return best;
}

const void *features_for(const struct caps *c, struct feature_set *f, const char **ext, uint32_t *n_ext)
{
    bool used[COUNTOF(links)] = {0};
    memset(f, 0, sizeof *f);
    f->base.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    for (uint32_t i = 0; i < COUNTOF(bits); i++) {
        if (!*(const bool *)((const uint8_t *)c + bits[i].caps)) continue;
        *bit_in(f, bits[i].bit) = VK_TRUE;
        const struct link_row *r = link_of(bits[i].bit);
        if (r) used[r - links] = true;
    }
    *n_ext = 0;
    for (uint32_t i = 0; i < COUNTOF(links); i++) {
        if (!used[i]) continue;
        link_in(f, &links[i]);
        if (link_needs_ext(&links[i], c->api)) ext[(*n_ext)++] = links[i].ext;
    }
    if (c->memory_budget) ext[(*n_ext)++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
    return &f->base;
}
