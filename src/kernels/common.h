// common.h — small helpers shared by the op rows: operands by position, spans of shards, group counts, test inputs.
// Knows no particular op.
#ifndef VKDIT_KERNELS_COMMON_H
#define VKDIT_KERNELS_COMMON_H

#include "kernels/tick.h"
#include "kernels/vocab.h"

// Operand k as a tensor; t[0] (shape 0) when absent. k == n_in is the output.
static inline const struct tensor *op_operand(const struct graph *g, const struct op *o, uint32_t k)
{
    return &g->t[k < o->n_in ? o->in[k] : o->out];
}
static inline const struct tensor *op_output(const struct graph *g, const struct op *o)
{
    return &g->t[o->out];
}
static inline bool op_has(const struct op *o, uint32_t k)
{
    return k < o->n_in && o->in[k] != 0;
}
static inline bool is_half(const struct tensor *t)
{
    return t->dtype == DT_F16;
}
static inline bool same_shape(struct shape a, struct shape b)
{
    return a.items == b.items && a.rows == b.rows && a.cols == b.cols;
}

// Elements of a whole tensor, of some of its flattened rows, of some of its items.
struct span span_whole(const struct tensor *t);
struct span span_rows(const struct tensor *t, struct shard s);
struct span span_items(const struct tensor *t, struct shard s);

// Creates op.out as a TEMP of this type and shape, or checks the one that is there.
bool infer_out(struct graph *g, struct op *o, enum dtype d, struct shape sh);
// "in3 is F32 1x4x7, wanted F32 or F16 1x5x7"
bool infer_want(struct graph *g, const struct op *o, uint32_t k, enum dtype d, struct shape sh);
bool infer_floats(struct graph *g, const struct op *o, uint32_t k); // F32 or F16
// Records "what: in0 [1 2 3] F32, in1 [4 5 6] F16" about operands a and b. Returns false.
bool infer_clash(struct graph *g, const struct op *o, uint32_t a, uint32_t b, const char *what);
bool infer_now(struct graph *g, const struct op *o, uint32_t k); // one struct tick, in a tensor of words
// Operands k, k+1, k+2 are the table, now and cond of modulation vectors of `cols` elements in slot `slot` for the items
// of operand 0.
bool infer_mod(struct graph *g, const struct op *o, uint32_t k, uint32_t conds, uint32_t slot, uint32_t cols);
// Storage of an activation of this shape: the graph's, or F32 where halves would not pair up.
enum dtype act_dtype(const struct graph *g, struct shape sh);
// The definitions of the activation functions.
double act_value(double v, enum act a);

// For oracles: the tick that operand `now` holds, and the modulation vector of an item (see struct mod).
struct tick tick_of(struct cview now);
const float *mod_of(const struct cview table_now_cond[3], uint32_t conds, uint32_t slot, uint32_t item);

// The definition of attention for one query of one head: keys, and `stride`/3 floats behind them the values, `stride`
// floats from token to token. p: room for `tokens` numbers.
void attention_query(const float *q, const float *keys, uint32_t tokens, uint32_t dim, uint64_t stride, double *p,
                     float *out);

// Every operand moved once, `per_element` operations for each element of the output.
struct work work_each(const struct graph *g, const struct op *o, double per_element);

// Split units: rows or items of the output. span_rows_of cuts the first n_split operands and the output by rows alike
// and gives the others whole.
uint32_t split_rows(const struct graph *g, const struct op *o);
uint32_t split_items(const struct graph *g, const struct op *o);
struct span span_rows_of(const struct graph *g, const struct op *o, uint32_t k, struct shard s, uint32_t n_split);

// Spreads `total` workgroups over x and y; a shader finds its number as y * gl_NumWorkGroups.x + x and returns when it
// is past the end, which it knows from its own sizes.
void launch_groups(const struct caps *c, struct launch *l, uint64_t total);
void launch_push(struct launch *l, uint32_t word); // next word after the operand table
void launch_push_float(struct launch *l, float v);
void launch_spec(struct launch *l, uint32_t word); // next specialisation constant
// Clears l and sets the constants that shaders/inc/operand.glsl declares: which operands are halves, and the
// workgroup size.
void launch_open(const struct graph *g, const struct op *o, struct launch *l, uint32_t threads);
// The grid of an elementwise kernel (shaders/inc/each.glsl), with its first push word: `count` elements of the output.
// On a CPU device a workgroup gets enough elements to be worth starting.
void launch_each(const struct caps *c, const struct graph *g, const struct op *o, struct launch *l, uint64_t count);
bool has_lanes(const struct caps *c);   // a CPU device with subgroups of 4, 8 or 16
bool has_pairs(const struct caps *c);   // what blobs built with PAIRS need: addresses and 64-bit integers
bool on_lavapipe(const struct caps *c); // Mesa's CPU driver
// It unrolls no loop whose bounds are specialisation constants (see shaders/inc/operand.glsl), so sums kept in arrays lie in
// memory there: tiles with barriers are two to four times as fast, blobs with literal bounds ten to seventy times.
bool on_swiftshader(const struct caps *c);
// It loads a storage buffer lane by lane in a loop before version 25, which takes nine tenths of a matrix product's time;
// a texel fetch is one gather, or for a texel of four words eight loads and a transposition. Later versions gather from
// buffers too, and 25.0 needs three times as long to compile fetches.
bool texels_pay(const struct caps *c);
// From version 26 on a load whose address is the same in every lane brings one value, not one for each lane.
bool uniforms_pay(const struct caps *c);
// Whether a kernel of tiles (shaders/inc/panels.glsl) loads its rows of k like that, and its weights of this type in lines;
// and how those weights, in panels of so many rows, then lie in memory.
void launch_trips(const struct caps *c, struct launch *l, uint32_t k, enum dtype d); // its constants UNIFORM and REST
struct layout panel_layout(const struct caps *c, uint32_t panel, uint32_t k, enum dtype d);
bool fits_always(const struct caps *c, const struct graph *g, const struct op *o);

// Test inputs: tensor "in<k>". The runner fills floats with -1..1 and integers with 1, 2, 0, 1, 2, 0, ...
// A tensor as wide as a struct tick is filled with plausible ticks whose indices lie below 2.
ten case_input(struct graph *g, uint32_t k, enum dtype d, struct shape sh);
ten case_weight(struct graph *g, uint32_t k, enum dtype d, struct shape sh); // same, KIND_WEIGHT: may be repacked
ten case_now(struct graph *g, uint32_t k);                                   // one tick, KIND_STATE
// "in<k>" .. "in<k+2>": table, now and cond for `items` items; conds 3, slots 4.
struct mod case_mod(struct graph *g, uint32_t k, uint32_t items, uint32_t cols, uint32_t slot);
ten case_act(struct graph *g, uint32_t k, struct shape sh);                 // an activation in the graph's storage
ten case_state(struct graph *g, uint32_t k, enum dtype d, struct shape sh); // same, KIND_STATE

#endif
