// common.h — what the files of this folder share: operands of an op, shape checks, launches, shards.
// Knows no particular op.
#ifndef VKDIT_KERNELS_COMMON_H
#define VKDIT_KERNELS_COMMON_H

#include "kernels/vocab.h"

// Operand k of an op; k = n_in is the output.
static inline uint32_t operand_id(const struct op *o, uint32_t k)
{
    return k < o->n_in ? o->in[k] : o->out;
}
static inline const struct tensor *operand(const struct graph *g, const struct op *o, uint32_t k)
{
    return &g->t[operand_id(o, k)];
}

// --- infer --------------------------------------------------------------------------------------------------------

// False without a message when one of the first n operands is absent (poison: the error is already recorded).
bool have_operands(const struct op *o, uint32_t n);
// Creates the output, or checks the one that the caller named.
bool make_out(struct graph *g, struct op *o, enum dtype d, struct shape sh);
// Records "op: what: A [1 2 3], B [4 5 6]" about operands a and b. Returns false.
bool fail_shapes(struct graph *g, const struct op *o, uint32_t a, uint32_t b, const char *what);
// Storage of an activation of this shape: the graph's, or F32 where halves would not pair up.
enum dtype act_dtype(const struct graph *g, struct shape sh);
bool same_shape(struct shape a, struct shape b);
bool is_float(const struct tensor *t);

// --- work ---------------------------------------------------------------------------------------------------------

// Every operand moved once, `per_element` operations for each element of the output.
struct work work_each(const struct graph *g, const struct op *o, double per_element);

// --- pack ---------------------------------------------------------------------------------------------------------

bool fits_always(const struct caps *c, const struct graph *g, const struct op *o);
void push_u32(struct launch *l, uint32_t v);
void push_f32(struct launch *l, float v);
void spec_u32(struct launch *l, uint32_t v);
// Specialisation constants 0 and 1 of every kernel: which operands are halves, and the workgroup size.
void launch_open(const struct graph *g, const struct op *o, struct launch *l, uint32_t threads);
// A one-dimensional grid for kernels of inc/each.glsl, with their first push word: `count` elements.
// On a CPU device a workgroup gets enough elements to be worth starting.
void launch_each(const struct caps *c, const struct graph *g, const struct op *o, struct launch *l, uint64_t count);

// --- shards -------------------------------------------------------------------------------------------------------

uint32_t split_rows(const struct graph *g, const struct op *o);  // rows of the output, over all items
uint32_t split_items(const struct graph *g, const struct op *o); // items of the output
struct span whole(const struct tensor *t);
struct span rows_span(const struct tensor *t, struct shard s);  // rows s of t, over all items
struct span items_span(const struct tensor *t, struct shard s); // items s of t
// For ops whose first n_split operands and output are cut alike, and whose other operands are read whole.
struct span span_rows_of(const struct graph *g, const struct op *o, uint32_t k, struct shard s, uint32_t n_split);

// --- cases --------------------------------------------------------------------------------------------------------

// Operands of test cases. An index tensor is named "in0<37": its values must lie below 37.
ten case_act(struct graph *g, uint32_t k, struct shape sh);                  // activation, KIND_INPUT
ten case_f32(struct graph *g, uint32_t k, struct shape sh);                  // F32, KIND_INPUT
ten case_weight(struct graph *g, uint32_t k, struct shape sh, enum dtype d); // KIND_WEIGHT
ten case_index(struct graph *g, uint32_t k, uint32_t count, uint32_t below);
ten case_state(struct graph *g, uint32_t k, struct shape sh); // F32, KIND_STATE
ten case_now(struct graph *g, uint32_t k);                    // one tick, named "tickK"

// The definitions of the activation functions.
double act_value(double v, enum act a);

#endif
