// bench.h — private to bench/: one benchmark in progress, and how its parts hand in rows.
#ifndef VKDIT_BENCH_BENCH_H
#define VKDIT_BENCH_BENCH_H

#include "bench/machine.h"
#include "bench/probe.h"
#include "bench/stats.h"
#include "engine/json_text.h"
#include "engine/run.h"

enum { BENCH_SCHEMA = 1 };

struct bench {
    vkdit *context;
    struct gpu *gpu;
    const vkdit_options *device;
    vkdit_bench_options o;
    struct probe probe[PROBE_COUNT];
    char pci[32];
    double started, limit; // seconds; limit is INFINITY without one
    double share;          // the group at work should end when so much of the limit has passed
    double pace;           // measured seconds per predicted second, of what has been done
    json_t *rows, *skipped, *fallbacks, *warnings;
};

bool bench_half(const struct bench *b); // does the transformer keep halves here?
uint32_t bench_samples(const struct bench *b);
double bench_left(const struct bench *b); // seconds of the group at work
bool bench_stopped(void *bench);          // a program's stop callback
bool bench_wants(const struct bench *b, const char *group);
// What the probe reached, 0 when it was not measured.
double bench_ceiling(const struct bench *b, enum probe_id p);

// {"n", "median", ...} of samples taken in this order, and the list itself under row["samples"]; warnings too.
bool bench_put_samples(json_t *row, const double *seconds, uint32_t n, const char *clock, struct err *e);
void bench_warn(json_t *row, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Hands a row in: steals it, tells the caller. `unit` and `value` are its figure.
bool bench_row(struct bench *b, json_t *row, const char *unit, double value, struct err *e);
void bench_skip(struct bench *b, const char *group, const char *name, const char *why, struct err *e);

bool bench_ceilings(struct bench *b, struct err *e);
bool bench_start(struct bench *b, struct err *e);
bool bench_kernels(struct bench *b, struct err *e);
bool bench_models(struct bench *b, struct err *e);
bool bench_sustained(struct bench *b, struct err *e);

#endif
