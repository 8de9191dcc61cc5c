// coopmat.h — cooperative matrix structures, declared here because the headers of Debian 12 (1.3.239) predate
// them: a binary built there still uses the extension on newer drivers. Layouts and numbers are the registry's.
#ifndef VKDIT_COOPMAT_H
#define VKDIT_COOPMAT_H

#define VK_NO_PROTOTYPES
#include <volk.h>

#define COOP1_EXTENSION "VK_KHR_cooperative_matrix"
#define COOP2_EXTENSION "VK_NV_cooperative_matrix2"

enum coop_stype {
    COOP1_FEATURES = 1000506000,
    COOP1_SHAPE = 1000506001,
    COOP1_PROPERTIES = 1000506002,
    COOP2_FEATURES = 1000593000,
    COOP2_SHAPE = 1000593001,
    COOP2_PROPERTIES = 1000593002,
};

enum { COOP_SCOPE_GROUP = 2, COOP_SCOPE_SUBGROUP = 3 }; // VkScopeKHR

struct coop1_features { // VkPhysicalDeviceCooperativeMatrixFeaturesKHR
    VkStructureType sType;
    void *pNext;
    VkBool32 matrix, robust;
};

struct coop1_properties { // VkPhysicalDeviceCooperativeMatrixPropertiesKHR
    VkStructureType sType;
    void *pNext;
    VkShaderStageFlags stages;
};

struct coop1_shape { // VkCooperativeMatrixPropertiesKHR
    VkStructureType sType;
    void *pNext;
    uint32_t m, n, k;
    int32_t a, b, c, result; // VkComponentTypeKHR
    VkBool32 saturating;
    int32_t scope; // VkScopeKHR
};

struct coop2_features { // VkPhysicalDeviceCooperativeMatrix2FeaturesNV
    VkStructureType sType;
    void *pNext;
    VkBool32 workgroup, flexible, reductions, conversions, per_element, addressing, block_loads;
};

struct coop2_properties { // VkPhysicalDeviceCooperativeMatrix2PropertiesNV
    VkStructureType sType;
    void *pNext;
    uint32_t group_threads_max, size_max, group_shared;
};

struct coop2_shape { // VkCooperativeMatrixFlexibleDimensionsPropertiesNV
    VkStructureType sType;
    void *pNext;
    uint32_t m, n, k;        // granularities
    int32_t a, b, c, result; // VkComponentTypeKHR
    VkBool32 saturating;
    int32_t scope; // VkScopeKHR
    uint32_t invocations;
};

// vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV
typedef VkResult(VKAPI_PTR *coop2_shapes_fn)(VkPhysicalDevice phys, uint32_t *count, struct coop2_shape *shapes);
// vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR
typedef VkResult(VKAPI_PTR *coop1_shapes_fn)(VkPhysicalDevice phys, uint32_t *count, struct coop1_shape *shapes);

#endif
