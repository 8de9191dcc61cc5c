// shapes.h — the distinct ops of real models, found by walking their tapes, and a tape of any one of them.
// Knows models by their configurations; knows no device.
#ifndef VKDIT_BENCH_SHAPES_H
#define VKDIT_BENCH_SHAPES_H

#include "graph/graph.h"

enum { SHAPE_USERS = 6 };
enum shape_out { OUT_FRESH = -1, OUT_OWN = -2 }; // else the number of the input that is updated in place

struct shape_operand {
    struct shape sh;
    enum dtype dtype;
    enum kind kind; // KIND_NONE: absent
};

struct shape_user {
    char model[40]; // "DiT-XL/2 256 b1"
    uint32_t count; // times in one step
};

struct shape_op {
    const struct op_row *row;
    _Alignas(8) uint8_t param[OP_PARAM_BYTES];
    struct shape_operand in[OP_IN], out;
    uint32_t n_in;
    int alias; // where the output is: enum shape_out or an operand
    uint32_t heads;
    struct work work;
    struct shape_user user[SHAPE_USERS];
    uint32_t n_user, n_more; // those that found no room
    char name[96];           // unique in its list
};

struct shape_list {
    struct shape_op *op;
    uint32_t n, cap;
};

struct shape_source {
    const char *model; // "DiT-XL/2", or NULL for the decoder of the Stable Diffusion autoencoder
    uint32_t side;     // pixels per edge: 256 or 512; 0: as the name says
    uint32_t images;
    enum dtype act, weight; // storage; the autoencoder keeps full precision
};

// Adds what one step of such a run (with guidance: twice the images) is made of, and its once-per-run matrix products.
bool shapes_add(struct shape_list *l, const struct shape_source *s, struct err *e);
void shapes_close(struct shape_list *l);

// Emits `copies` ops of this shape, each with weights of its own, everything else shared, onto an empty tape.
// *out: what the last one writes. The tensors are named "in0" and so on; copy c's weights "in1.c".
bool shape_emit(const struct shape_op *s, struct graph *g, uint32_t copies, ten *out);
uint64_t shape_op_bytes(const struct shape_op *s, uint32_t copies); // device memory of that tape, about
const char *shape_precision(const struct shape_op *s); // vkdit_arithmetic_name() by its matrix or its first operand

#endif
