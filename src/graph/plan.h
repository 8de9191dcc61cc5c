// plan.h — turns a tape into something a recorder can replay: kernel per op, shards, memory places,
// barriers, weight layouts. Pure function of (tape, caps); knows no Vulkan.
#ifndef VKDIT_PLAN_H
#define VKDIT_PLAN_H

#include "graph/graph.h"

struct dispatch {
    uint32_t op;
    const struct kernel_row *kernel;
    struct shard shard;
    bool barrier;   // an earlier dispatch of this rate must finish first
    double seconds; // predicted, from the op's work and a rough rate of the device's class
};

struct place {
    uint32_t block;
    uint64_t offset, bytes;
}; // inside the kind's set of blocks

struct plan {
    const struct graph *g;
    const struct caps *caps;
    struct place *place;   // by tensor id; TEMP, STATE, INPUT and WEIGHT each have own blocks
    struct layout *layout; // by tensor id; weights only
    struct dispatch *seq[RATE_COUNT];
    uint32_t n_seq[RATE_COUNT];
    // bytes of each memory block. Weights are split by rate of first use: those that only RUN ops read
    // (adaLN matrices) sit apart so that they can be dropped once the table is filled.
    uint64_t *block[RATE_COUNT + 3]; // TEMP blocks, INPUT, STATE, WEIGHT by rate: see enum place_set
    uint32_t n_block[RATE_COUNT + 3];
    uint64_t temp_bytes, naive_bytes, weight_bytes[RATE_COUNT];
    uint32_t barriers[RATE_COUNT];
};

enum place_set { SET_TEMP, SET_INPUT, SET_STATE, SET_WEIGHT }; // SET_WEIGHT + rate

enum place_set plan_set(const struct plan *p, uint32_t tensor);
struct plan *plan_make(const struct graph *g, const struct caps *c, struct err *e);
// The same with `kernel` wherever its op offers it (tests and tuning); an op that it does not fit is an error.
struct plan *plan_make_forced(const struct graph *g, const struct caps *c, const struct kernel_row *kernel,
                              struct err *e);
void plan_free(struct plan *p);
void plan_dump(const struct plan *p, void *file);
// The first kernel that fits, or NULL.
const struct kernel_row *plan_kernel(const struct graph *g, const struct caps *c, const struct op *o);
// Bytes a weight takes in device memory under a layout.
uint64_t layout_bytes(struct layout l, struct shape sh, enum dtype d);
// Converts and reorders a matrix: src is the checkpoint's row-major data of src_type.
void layout_pack(struct layout l, struct shape sh, enum dtype dst_type, void *dst, enum dtype src_type,
                 const void *src);

#endif
