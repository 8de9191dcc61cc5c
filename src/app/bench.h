// bench.h — what a benchmark has measured so far, for a window to draw. A list is never changed once it was made: every
// row makes a longer one.
#ifndef VKDIT_APP_BENCH_H
#define VKDIT_APP_BENCH_H

#include "base/base.h"
#include "vkdit.h"

#include <stdatomic.h>

struct bench_line {
    char group[16], name[80], unit[16], note[120];
    double value, tflops, gbytes, share; // share: 0..1 of the ceiling that bounds it, 0 when there is none
    bool valid;
};

struct bench {
    atomic_uint users;
    uint32_t n;
    struct bench_line *line;
    double done;       // 0..1
    bool over;         // nothing more comes
    char *json;        // the document; NULL when it was stopped, or is not over
    char problem[300]; // why it ended before its time
};

struct bench *bench_new(struct err *e); // no lines yet, one user
// A copy with one more line (NULL: none), one user.
struct bench *bench_next(const struct bench *b, const vkdit_bench_row *row, struct err *e);
struct bench *bench_hold(struct bench *b);
void bench_drop(struct bench *b); // both accept NULL

#endif
