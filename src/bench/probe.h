// probe.h — ceilings of a device, measured: arithmetic, matrix units, memory traffic, the cost of a dispatch. Built-in
// shaders, no kernel of ours.
#ifndef VKDIT_BENCH_PROBE_H
#define VKDIT_BENCH_PROBE_H

#include "gpu/gpu.h"

enum probe_id {
    PROBE_FMA32,
    PROBE_FMA16,
    PROBE_MATRIX,
    PROBE_DOT8,
    PROBE_MATRIX8,
    PROBE_COPY,
    PROBE_DISPATCH,
    PROBE_COUNT
};
enum { PROBE_SAMPLES = 12 };

struct probe {
    const char *name, *unit; // "fma_fp32", "TFLOP/s"
    bool measured;
    char why[120];                 // why it was not measured; or what exactly was
    double seconds[PROBE_SAMPLES]; // device time of each sample
    double amount;                 // operations, bytes or dispatches of a sample
    double best;                   // in the unit, from the fastest sample: a ceiling is what was reached
};

// Fills out[PROBE_COUNT]. stop (may be NULL) is asked between probes. False only when the device fails.
bool probe_all(struct gpu *g, struct probe *out, bool (*stop)(void *user), void *user, struct err *e);
// What `seconds` of the probe's amount are worth in its unit.
double probe_value(const struct probe *p, double seconds);

#endif
