// gpu.h — one Vulkan device: memory, pipelines, submissions. Knows nothing about tapes, tensors or models.
// No state outside these structs: two devices may be open at once, from two threads.
#ifndef VKDIT_GPU_H
#define VKDIT_GPU_H

#include "base/base.h"
#include "base/caps.h"

#define VK_NO_PROTOTYPES
#include <volk.h>

struct blob {
    const char *name;
    const uint32_t *words;
    size_t bytes;
};                                              // one compiled shader
const struct blob *blob_find(const char *name); // generated table; NULL when absent
const struct blob *blob_at(uint32_t i);         // NULL past the end

struct gpu_wish {
    const char *device;    // index, part of a name, or UUID; NULL or "" = the best one
    const char *limits;    // caps_limit spec; NULL = none
    const char *cache_dir; // pipeline cache folder; NULL = $XDG_CACHE_HOME/vkdit or ~/.cache/vkdit; "" = none
    bool validation;       // ask for VK_LAYER_KHRONOS_validation with synchronisation checks; errors are counted
    bool statistics;       // keep compiler statistics of pipelines (gpu_pipeline_stats); slower to make, not cached
    void (*log)(void *user, int level, const char *line); // 0 error, 1 warning, 2 info; may be NULL
    void *user;
};

// Fills out[] with the facts of every device, in driver order; *n is in: room, out: number found (<= room).
// Limits of the wish are applied. A device that cannot be opened is listed with the reason in `refused`.
bool gpu_list(struct caps *out, uint32_t *n, const struct gpu_wish *w, struct err *e);

// Which of n devices the wish names, and why in one sentence.
bool gpu_choose(const struct caps *list, uint32_t n, const char *wish, uint32_t *index, char *why, size_t why_bytes,
                struct err *e);

enum gpu_where {
    GPU_DEVICE, // fastest memory; mapped only if the device happens to allow it
    GPU_MAPPED, // host visible and coherent, always mapped, best for the host to read
    GPU_INPUT,  // the same, best for the device to read: in its own memory where the host can write there
};

struct gpu_buf {
    VkBuffer buf;
    VkDeviceMemory mem;
    uint64_t bytes;
    uint8_t *map;     // NULL when not host visible
    uint64_t address; // 0 without caps.addresses
    uint64_t taken;   // what it really costs
    bool slow_read;   // mapped, but not cached by the host: downloads go through the staging ring
};

struct pipeline {
    VkPipeline pipe;
    VkPipelineLayout layout;
    VkDescriptorSetLayout sets;
    uint32_t n_bind; // 0 for address kernels
};

struct gpu {
    struct caps caps; // after limits
    char why[200];    // why this device was chosen
    VkInstance inst;
    VkPhysicalDevice phys;
    VkDevice dev;
    struct VolkDeviceTable vk; // every device call goes through here; tests swap entries to inject failures
    VkQueue queue;
    uint32_t family;
    VkCommandPool pool;
    VkPipelineCache cache;
    VkPhysicalDeviceMemoryProperties memory;
    uint64_t bytes_now, bytes_peak; // device memory allocated by us
    uint32_t validation_errors;     // messages of severity warning or error since open
    bool lost;
    // asked while pipelines are made, which takes long where the driver has to compile them; true ends it
    bool (*making)(void *user, uint32_t done, uint32_t total);
    void *making_user;
    struct gpu_private *priv; // messenger, staging ring, pipeline list, cache path
};

// *g must stay where it is until gpu_close: the driver knows its address.
bool gpu_open(struct gpu *g, const struct gpu_wish *w, struct err *e);
void gpu_close(struct gpu *g); // accepts {0} and half-open

bool gpu_buf_open(struct gpu *g, struct gpu_buf *b, uint64_t bytes, enum gpu_where where,
                  struct err *e);                     // GPU_MAPPED and GPU_INPUT: zero filled
void gpu_buf_close(struct gpu *g, struct gpu_buf *b); // accepts {0}; nothing may still use it

// Host to device and back, through a staging ring when the buffer is not mapped. Blocking; any offset and size.
bool gpu_upload(struct gpu *g, struct gpu_buf *b, uint64_t offset, const void *src, uint64_t bytes, struct err *e);
bool gpu_download(struct gpu *g, const struct gpu_buf *b, uint64_t offset, void *dst, uint64_t bytes, struct err *e);

// What a pipeline is made from.
enum { PIPE_SPEC_MAX = 20 };
struct pipeline_wish {
    const char *shader;
    uint32_t spec[PIPE_SPEC_MAX], n_spec; // specialisation constants 0..n-1
    uint32_t n_bind, texels;              // bit k of texels: binding k is a texel buffer
    uint32_t push_bytes;
    uint32_t subgroup; // required size, 0 = whatever the device gives
};
// The pipelines of n wishes; each is made once, then found again. Several are made at once, by several threads, and
// g->making hears of it.
bool gpu_pipelines(struct gpu *g, const struct pipeline_wish *wish, uint32_t n, const struct pipeline **out,
                   struct err *e);
static inline bool gpu_pipeline(struct gpu *g, const struct pipeline_wish *wish, const struct pipeline **out,
                                struct err *e)
{
    return gpu_pipelines(g, wish, 1, out, e);
}

// The compiler's statistics of a pipeline as text lines "name = value" (registers, spills, ...); needs
// wish.statistics and caps.executable_info.
bool gpu_pipeline_stats(struct gpu *g, const struct pipeline *p, char *text, size_t text_bytes, struct err *e);

// n command buffers of the device's pool; they go with it, or by vkFreeCommandBuffers.
bool gpu_commands(struct gpu *g, uint32_t n, VkCommandBuffer *out, struct err *e);
// A submission ends with a full barrier: after gpu_wait the host sees what it wrote, and so does every later one.
bool gpu_submit(struct gpu *g, VkCommandBuffer cmd, VkFence fence, struct err *e);
// The same for several, at most SUBMIT_MAX, one after the other.
enum { SUBMIT_MAX = 20 };
bool gpu_submit_list(struct gpu *g, const VkCommandBuffer *cmd, uint32_t n, VkFence fence, struct err *e);
// The fence is reset by the submission that uses it next. Whatever gpu_wait returns, nothing is in flight afterwards.
bool gpu_wait(struct gpu *g, VkFence fence, struct err *e);

// The name of a file beside the pipeline cache, one per device and driver version; false when nothing is kept.
bool gpu_cache_file(const struct gpu *g, const char *suffix, char *path, size_t bytes);

// Turns a VkResult into an error with the call's name; remembers a lost device. True on success.
bool gpu_ok(struct gpu *g, VkResult r, const char *what, struct err *e);

#endif
