// gpu_priv.h — what the files of this folder share and nobody else sees.
#ifndef VKDIT_GPU_PRIV_H
#define VKDIT_GPU_PRIV_H

#include "gpu/coopmat.h"
#include "gpu/gpu.h"

#include <pthread.h>
#include <stdatomic.h>

enum { GPU_LIST_MAX = 64, STAGE_COUNT = 2 };

// Vulkan returns VkResult everywhere; the only macro with hidden control flow.
#define TRY(g, call, e)                                                                                                \
    do {                                                                                                               \
        VkResult try_result = (call);                                                                                  \
        if (try_result != VK_SUCCESS) return gpu_ok(g, try_result, #call, e);                                          \
    } while (0)

struct ext_list {
    VkExtensionProperties *p;
    uint32_t n;
}; // device extensions; p is owned
bool ext_has(const struct ext_list *x, const char *name);

struct stage { // one half of the staging ring
    struct gpu_buf buf;
    VkCommandBuffer cmd;
    VkFence fence;
    bool busy; // submitted and not waited for
    void *dst; // where a finished download goes, NULL for uploads
    uint64_t bytes;
};

struct pipe_key {
    const struct blob *blob;
    uint32_t spec[PIPE_SPEC_MAX], n_spec, n_bind, texels, push_bytes, subgroup;
};
struct pipe_entry {
    struct pipe_key key;
    struct pipeline pipe;
};

struct gpu_private {
    void (*log)(void *user, int level, const char *line);
    void *user;
    VkDebugUtilsMessengerEXT messenger;
    pthread_mutex_t heard; // layers speak on the thread that called, and several may
    bool validation, statistics;
    uint64_t heap_limit; // 0 = the driver decides; otherwise a forced total for tests
    struct stage stage[STAGE_COUNT];
    uint64_t stage_bytes;      // of each half
    VkCommandBuffer tail;      // full barrier that ends every submission
    VkFence fence;             // for blocking submissions of this folder
    struct pipe_entry **pipes; // each allocated on its own, because callers keep pointers to them
    uint32_t n_pipes, cap_pipes;
    char *cache_path;     // NULL = no cache file
    uint64_t cache_bytes; // size of what was loaded, to know whether saving is worth it
    uint32_t pipes_new;
};

void gpu_log(const struct gpu_private *p, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// instance.c
bool instance_open(struct gpu *g, const struct gpu_wish *w, struct err *e); // fills g->inst and the messenger
void instance_close(struct gpu *g);
// All devices of the instance; *phys is owned by the caller.
bool instance_devices(VkInstance inst, VkPhysicalDevice **phys, uint32_t *n, struct err *e);

// facts.c; api_limit caps the version that is used (0 = none)
bool facts_read(VkInstance inst, VkPhysicalDevice phys, uint32_t api_limit, struct caps *c, struct err *e);
bool facts_ext(VkPhysicalDevice phys, struct ext_list *x, struct err *e);
bool facts_family(VkPhysicalDevice phys, uint32_t *family, uint32_t *timestamp_bits); // false: no compute queue

// features.c
struct feature_set;
void features_to_caps(VkPhysicalDevice phys, const struct ext_list *x, struct caps *c); // fills the feature bools
// The chain that enables exactly what c says, and the extensions that it needs.
const void *features_for(const struct caps *c, struct feature_set *f, const char **ext, uint32_t *n_ext);

// cache.c
void cache_open(struct gpu *g, const char *dir); // never fails: without a cache things are slower, not wrong
void cache_save(struct gpu *g);

// compile.c: all of them, or an error; *e is clear before
bool pipelines_make(struct gpu *g, struct pipe_entry *const *entry, uint32_t n, struct err *e);

// pipeline.c, upload.c, queue.c
bool pipeline_open(struct gpu *g, const struct pipe_key *k, struct pipeline *p, struct err *e); // from any thread
void pipelines_close(struct gpu *g);
void stages_close(struct gpu *g);
bool queue_open(struct gpu *g, struct err *e);
void queue_close(struct gpu *g);

// The feature structures of every version and extension that we know, linked as the device allows.
struct feature_set {
    VkPhysicalDeviceFeatures2 base;
    VkPhysicalDevice16BitStorageFeatures store16;
    VkPhysicalDevice8BitStorageFeatures store8;
    VkPhysicalDeviceShaderFloat16Int8Features math;
    VkPhysicalDeviceBufferDeviceAddressFeatures address;
    VkPhysicalDeviceScalarBlockLayoutFeatures scalar;
    VkPhysicalDeviceVulkanMemoryModelFeatures model;
    VkPhysicalDeviceSubgroupSizeControlFeatures pick;
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot;
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executable;
    struct coop1_features coop1;
    struct coop2_features coop2;
};
enum { FEATURE_EXT_MAX = 16 };

#endif
