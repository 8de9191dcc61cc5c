// tune.h — measures, on the device itself, which of several kernels is the fastest for each shape of a tape.
#ifndef VKDIT_TUNE_H
#define VKDIT_TUNE_H

#include "exec/exec.h"
#include "graph/tuned.h"

static const double TUNE_FLOPS = 2e8;

// What was tried: for reports. error: against the plain kernel's result, relative to its largest value.
struct tune_trial {
    const char *key, *kernel;
    double seconds, error;
    bool right;
};

// Would this op be measured? key gets its name in `tuned`.
bool tune_concerns(const struct gpu *gpu, const struct graph *g, const struct op *o, double least_flops,
                   char key[TUNED_KEY]);

// For every op of rate STEP of at least that many operations (TUNE_FLOPS: less is over before it matters) that several measured kernels fit and that `t` does not know, the fastest of those whose
// result agrees with the plain kernel's. A kernel that fails or is wrong is passed over. tried may be NULL.
// Asks stop(user) between kernels; what was measured until then is kept.
bool tune_graph(struct gpu *gpu, const struct graph *g, double least_flops, struct tuned *t,
                void (*tried)(void *user, const struct tune_trial *trial), bool (*stop)(void *user), void *user,
                struct err *e);

#endif
