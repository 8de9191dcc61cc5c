// gate.h — is what a kernel wrote right? A large op is checked on some of its rows, heads or pixels: the same op on a
// small tape, computed by the oracle from the same made-up inputs.
#ifndef VKDIT_BENCH_GATE_H
#define VKDIT_BENCH_GATE_H

#include "bench/shapes.h"
#include "exec/exec.h"

struct gate {
    bool checked, valid;
    const char *how;   // "whole", "rows", "heads", "pixels"; or why it was not checked
    uint64_t compared; // values
    double difference, allowed;
};

// Fills the inputs of shape_emit's tape on the device.
bool gate_fill(const struct shape_op *s, struct program *x, const struct graph *g, struct err *e);
// Compares what the op has written, after exactly one run, with the oracle.
bool gate_check(const struct shape_op *s, struct program *x, ten out, const struct graph *g, struct gate *v,
                struct err *e);

#endif
