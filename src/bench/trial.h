// trial.h — one op on made-up inputs: the device against the oracle. Shared by the tests, the self test, tuning and the
// benchmark's correctness gate. Knows no particular model.
#ifndef VKDIT_BENCH_TRIAL_H
#define VKDIT_BENCH_TRIAL_H

#include "exec/exec.h"
#include "kernels/vocab.h"

// Element i of a made-up tensor comes from a counter-based generator, so that a failure comes back, and so that a few
// rows of a large tensor can be made without the others. Halves are rounded; tensors of ticks get plausible ticks.
// name: "in0" and so on, as in the ops' own cases.
void trial_values(const struct op_row *row, const char *name, enum dtype d, struct shape sh, uint32_t seed,
                  uint64_t first, uint64_t count, float *out);

// The largest difference, relative to the largest expected value; words must be equal.
double trial_difference(enum dtype d, const float *got, const float *want, uint64_t n);
double trial_allowed(const struct graph *g, enum dtype d); // g, the tape that it comes from, may be NULL

struct trial_storage {
    enum dtype act, weight;
    const char *name;
};
extern const struct trial_storage trial_storages[]; // ended by a NULL name

// One case of one op on the host: the tape, its inputs and what the oracles make of them.
struct trial {
    const struct op_row *row;
    const struct trial_storage *store;
    uint32_t number;
    struct graph g;
    struct cpu *inputs, *expected;
    ten out;
};

// False, without an error, when the op has no case of this number.
bool trial_open(struct trial *t, const struct op_row *row, const struct trial_storage *store, uint32_t number,
                struct err *e);
void trial_close(struct trial *t); // accepts {0}

// True when the kernel fits every op of its row on the tape.
bool trial_fits(const struct trial *t, const struct caps *c, const struct kernel_row *k);

struct trial_verdict {
    bool ok;
    double worst; // of all that the op writes, relative to what is allowed: 1 is the limit
    double worst_f32;
    const char *tensor; // where the worst was found
    double difference, allowed;
    bool sharded; // the plan cut the op
};
// Runs the tape with this kernel and compares everything that the op writes.
bool trial_kernel(const struct trial *t, struct gpu *dev, const struct kernel_row *k, struct trial_verdict *v,
                  struct err *e);

#endif
