// graph.h — the tape: a straight line of ops over statically shaped tensors.
// Knows shapes, rates and lifetimes; knows nothing about any particular op, and nothing about Vulkan.
#ifndef VKDIT_GRAPH_H
#define VKDIT_GRAPH_H

#include "base/base.h"
#include "base/caps.h"
#include "base/dtype.h"
#include "base/quant.h"

typedef struct {
    uint32_t id;
} ten; // a tensor on the tape; {0} is poison: every op on it yields poison

// How often a value can change. An op's rate is the highest of its inputs and its output, and at least graph_least's.
// PLAIN is STEP for evaluations that need less: it is replayed in place of STEP, on the same weights and states.
enum rate { RATE_CONST, RATE_RUN, RATE_STEP, RATE_PLAIN, RATE_COUNT };

enum kind {
    KIND_NONE,
    KIND_WEIGHT, // read only, comes from a checkpoint by name
    KIND_INPUT,  // written by the host, mapped memory
    KIND_STATE,  // survives between replays; the host reads and writes it between submissions
    KIND_TEMP,   // lives from its first write to its last read; memory is reused
};

// Everything is items x rows x cols, cols contiguous: a batch of token (or pixel) lists, channel last.
// Latents are the exception that NCHW order makes: items = images, rows = channels, cols = pixels.
struct shape {
    uint32_t items, rows, cols;
};

static inline uint64_t shape_count(struct shape s)
{
    return (uint64_t)s.items * s.rows * s.cols;
}
static inline uint64_t shape_rows(struct shape s)
{
    return (uint64_t)s.items * s.rows;
}

// As rows of the checkpoint's order.
static inline uint64_t shape_bytes(struct shape s, enum dtype d)
{
    return quant_is(d) ? quant_bytes(d, shape_rows(s), s.cols) : shape_count(s) * dtype_bytes(d);
}

struct tensor {
    const char *name; // the checkpoint's own path for weights, scope path otherwise; owned by the graph
    struct shape sh;
    // DT_F32, DT_F16 (cols must be even; always read and written as packed pairs) or DT_I32; weights of products also
    // DT_Q8 or DT_Q4 (base/quant.h)
    enum dtype dtype;
    enum kind kind;
    enum rate rate;   // rate of the op that writes it
    enum rate reader; // highest rate of the ops that read it; STEP for those of PLAIN
    bool keep;        // a TEMP that must outlive its last reader (taps, outputs)
};

enum { OP_IN = 8, OP_PARAM_BYTES = 64 };

struct op {
    const struct op_row *row;
    enum rate rate;
    uint32_t in[OP_IN]; // tensor ids; 0 = operand absent (allowed where the row says so)
    uint32_t n_in;
    uint32_t out; // may name an existing INPUT/STATE tensor, or one of `in` (updated in place)
    _Alignas(8) uint8_t param[OP_PARAM_BYTES];
    const char *scope; // where the model was when it emitted this: "blocks.3.attn"
};

// A part of an op that one dispatch computes, in the op's own split unit (see op_row.split_count).
struct shard {
    uint32_t first, count;
};

struct graph;

struct cview {
    const float *p;
    struct shape sh;
}; // oracle operands are always expanded to floats
struct mview {
    float *p;
    struct shape sh;
};
struct work {
    double flops, bytes;
}; // arithmetic and least memory traffic of an op
struct span {
    uint64_t first, count;
}; // elements

enum { SPEC_MAX = 20, PUSH_WORDS = 16, BIND_MAX = 8 };

// What one dispatch needs besides its operands.
struct launch {
    uint32_t groups[3];
    uint32_t spec[SPEC_MAX], n_spec;   // specialisation constants 0..n-1
    uint32_t push[PUSH_WORDS], n_push; // words that follow the operand table in the push block
    uint32_t subgroup;                 // required subgroup size, 0 = whatever the device gives
};

// How a kernel wants a weight laid out in device memory.
// LAYOUT_ROWS is the checkpoint's [n][k]. LAYOUT_PANELS stores panels of `panel` rows, each panel
// k-major with `group` consecutive k kept together: [n/panel][k/group][panel][group], zero padded
// to whole panels and groups. With `lanes`, of every 2 * lanes rows of a panel first the even ones lie there, then the odd
// ones: what so many lanes want at once, each a pair of rows, is two lines.
enum layout_kind { LAYOUT_ROWS, LAYOUT_PANELS };
struct layout {
    enum layout_kind kind;
    uint32_t panel, group, lanes;
};

// One way to run an op on a device.
//
// Operands: bindings 0..n_in-1 are op.in[] (absent ones are bound to operand 0), binding n_in is op.out.
// In a descriptor kernel the push block starts with one uint per binding: the element offset of the
// operand inside the bound range (32-bit words for F32/I32, pairs for F16), because Vulkan aligns ranges.
// In an `addresses` kernel it starts with one 64-bit address per binding instead, and nothing is bound.
struct kernel_row {
    const char *name;   // unique, e.g. "linear_bcast_f16"; shown by `vkdit devices`
    const char *shader; // blob name (shaders/MANIFEST)
    bool addresses;
    uint32_t texels;   // bit k: binding k, which is only read, is a texel buffer of 32-bit words,
    uint32_t fours;    // or, with this bit too, of four F32 elements or two words of smaller ones
    const char *needs; // one phrase for people: why a device may not run it
    bool uncut;        // cannot run a part of the op, of whatever size
    bool measured;     // one of several that suit the same devices: which is best at a shape is measured (exec/tune.h)
    bool (*fits)(const struct caps *c, const struct graph *g, const struct op *o);
    void (*pack)(const struct caps *c, const struct graph *g, const struct op *o, struct shard s, struct launch *l);
    struct layout (*weight_layout)(const struct caps *c, const struct graph *g, const struct op *o,
                                   uint32_t operand); // NULL: rows
    // A kernel in two dispatches: `then` follows, after a barrier. Both find scratch(...) bytes behind the output, which
    // begin at the next multiple of 256; the op is never cut. Only for outputs that are TEMP.
    const struct kernel_row *then;
    uint64_t (*scratch)(const struct graph *g, const struct op *o);
};

// Everything the project knows about an op, in one row.
struct op_row {
    const char *name;
    // Checks the inputs and creates op.out when it is 0. On failure records an error that names both shapes.
    bool (*infer)(struct graph *g, struct op *o);
    // The definition, in plain C over floats. out may alias an input only for ops that update in place.
    void (*oracle)(const struct graph *g, const struct op *o, const struct cview *in, struct mview out);
    struct work (*work)(const struct graph *g, const struct op *o);
    // Splitting: number of units (rows, items, image lines), and the elements of operand k (n_in = the output)
    // that a shard touches. NULL span = whole operand. split_count NULL = cannot be split.
    uint32_t (*split_count)(const struct graph *g, const struct op *o);
    struct span (*span)(const struct graph *g, const struct op *o, uint32_t operand, struct shard s);
    uint32_t split_align; // shards start at multiples of this many units (0 = 1), except the last end
    const struct kernel_row *const *kernels; // best first, NULL ended; the first that fits is used
    // Emits test case i on a fresh graph (inputs as KIND_INPUT tensors named "in0", ...); false when i is past the end.
    bool (*cases)(struct graph *g, uint32_t i, ten *out);
    uint32_t also_writes; // bit k: operand k is written too (besides the output)
};

struct graph {
    struct err *err;  // the first failure of any builder call; then everything is poison
    struct tensor *t; // t[0] is the poison tensor
    struct op *op;
    uint32_t n_t, cap_t, n_op, cap_op;
    enum dtype act;                 // storage of activations between ops (the residual stream is always F32)
    enum dtype weight;              // storage of matrices (biases and tables are always F32)
    enum dtype run_act, run_weight; // the run's own storage, which graph_exact(g, false) returns to
    enum rate least;                // of what is emitted
    char scope[128];
    bool taps;    // keep what graph_tap names
    char **names; // owned strings
    uint32_t n_names, cap_names;
};

void graph_open(struct graph *g, enum dtype act, enum dtype weight, struct err *e);
void graph_close(struct graph *g); // accepts {0}

// "blocks.%u.attn": prefix of the names created after it. An empty string resets.
void graph_scope(struct graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Scope + "." + leaf as an owned string.
const char *graph_name(struct graph *g, const char *leaf);

ten graph_tensor(struct graph *g, enum kind k, enum rate r, enum dtype d, struct shape sh, const char *name);
ten graph_emit(struct graph *g, const struct op_row *row, const ten *in, uint32_t n_in, const void *param,
               size_t param_bytes, ten out);
// What is built until the next call keeps full precision (activations and matrices F32), or the run's storage again.
void graph_exact(struct graph *g, bool exact);
// What is built until the next call has at least this rate.
void graph_least(struct graph *g, enum rate least);
// Gives a TEMP the name of a tap ("block%u.out") and keeps it, when taps are on; otherwise does nothing.
void graph_tap(struct graph *g, ten t, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
ten graph_find(const struct graph *g, const char *name); // {0} when absent
static inline const struct tensor *graph_at(const struct graph *g, ten t)
{
    return &g->t[t.id];
}
static inline uint64_t tensor_bytes(const struct tensor *t)
{
    return shape_bytes(t->sh, t->dtype);
}
// For infer functions: records "op NAME in SCOPE: <text>" and returns false.
bool graph_fail(struct graph *g, const struct op *o, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void graph_dump(const struct graph *g, void *file); // FILE*; the tape as text, one op a line

#endif
