// caps.h — what a device can do, as plain facts. Filled by gpu/facts.c, forced down by tests
// (VKDIT_LIMIT), read by kernel selection and by the planner. Has no behaviour of its own.
#ifndef VKDIT_CAPS_H
#define VKDIT_CAPS_H

#include "base/base.h"

enum caps_type { CAPS_OTHER, CAPS_INTEGRATED, CAPS_DISCRETE, CAPS_VIRTUAL, CAPS_CPU };

// Sizes of matrices that the hardware multiplies, or of which those that the driver takes are multiples.
struct coop_shape {
    uint32_t m, n, k;
    char a[6], b[6], c[6], r[6]; // "f16", "f32", "s8", "u8", "s32", "u32", "bf16"
    bool of_subgroup, of_group;  // who holds a matrix: a subgroup, or a workgroup of `threads`
    uint32_t threads;
};

struct caps_heap {          // one memory heap
    uint64_t bytes, budget; // budget = bytes when the driver does not tell
    bool device_local, host_visible;
};

struct caps {
    char refused[96]; // why this device cannot be opened at all; "" = it can
    char name[256], vendor_name[32], driver_name[64], driver_info[128];
    uint8_t uuid[16];
    uint32_t vendor, device, api, driver_version; // as Vulkan gives them
    uint32_t driver_id;                           // VkDriverId, 0 when unknown
    uint32_t mesa;                                // Mesa's major version, 0 when the driver is not Mesa's
    enum caps_type type;

    // features: each is true only when the device has it and it has been enabled
    bool f16_math;  // float16 arithmetic in shaders
    bool f16_store; // 16-bit storage buffers
    bool i8_store;  // 8-bit storage buffers
    bool i8_math;
    bool int_dot; // integer dot product
    bool int64;
    bool addresses; // buffer device addresses (and 64-bit integers in push constants)
    bool texels;    // texel buffers of 32-bit words as large as range_max
    bool scalar_layout;
    bool memory_budget;
    bool subgroup_arith, subgroup_ballot, subgroup_shuffle; // in compute
    bool subgroup_pick; // the size can be required (VK_EXT_subgroup_size_control, full subgroups)
    bool coop1;         // KHR_cooperative_matrix (+ vulkan memory model)
    bool coop2;         // NV_cooperative_matrix2: matrices of other sizes than the hardware's
    bool coop2_group;   // the same: of workgroups, loaded as parts of a tensor
    bool timestamps;
    bool executable_info; // VK_KHR_pipeline_executable_properties

    uint32_t subgroup, subgroup_min, subgroup_max;
    struct coop_shape coop[32], coop2_step[64]; // of coop1 the sizes, of coop2 what divides them
    uint32_t n_coop, n_coop2;
    uint32_t coop2_max; // the most rows or columns of a matrix of coop2

    // limits
    uint64_t range_max;               // maxStorageBufferRange
    uint64_t alloc_max;               // maxMemoryAllocationSize
    uint64_t heap_bytes, heap_budget; // the largest device-local heap
    struct caps_heap heap[16];
    uint32_t n_heap;
    uint32_t offset_align; // minStorageBufferOffsetAlignment
    uint32_t shared_max, threads_max, threads_x_max, push_max;
    uint32_t groups_max[3];
    uint32_t bind_max; // storage buffers that one kernel may bind
    double timestamp_ns;

    const struct tuned *tuned; // what was measured on this device (graph/tuned.h), NULL = nothing; not owned
};

// "max_storage_buffer_range=64M,no_fp16,subgroup=4": only ever removes or lowers.
// A subgroup size that the device cannot be asked for switches the subgroup features off.
// Unknown words are an error that lists the known ones.
bool caps_limit(struct caps *c, const char *spec, struct err *e);
// Every word that caps_limit understands, for help texts and tests; NULL after the last.
const char *caps_limit_word(uint32_t i);

#endif
