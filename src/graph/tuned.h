// tuned.h — which kernel was measured to be the fastest for an op's shapes on one device. Data only; measures nothing.
#ifndef VKDIT_TUNED_H
#define VKDIT_TUNED_H

#include "graph/graph.h"

enum { TUNED_KEY = 96, TUNED_MAX = 256 };

struct tuned_choice {
    char key[TUNED_KEY]; // of the op, see tuned_key
    char kernel[48];
    double seconds;
};

struct tuned {
    struct tuned_choice choice[TUNED_MAX];
    uint32_t n;
};

// "linear_gate 2x256x4608F16 1x1152x4608F16 -> 2x256x1152F32": all that the time of a kernel depends on.
void tuned_key(const struct graph *g, const struct op *o, char key[TUNED_KEY]);
const struct tuned_choice *tuned_find(const struct tuned *t, const char *key); // NULL when not measured
void tuned_forget(struct tuned *t, const char *key);
void tuned_put(struct tuned *t, const char *key, const char *kernel, double seconds); // forgotten when full

#endif
