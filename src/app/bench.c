// bench.c — lists of measurements. Knows nothing about threads and devices.
#include "app/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench *bench_new(struct err *e)
{
    struct bench *b = mem_zero(1, sizeof *b, e);
    if (b) atomic_init(&b->users, 1);
    return b;
}

static void line_of(struct bench_line *l, const vkdit_bench_row *r)
{
    *l = (struct bench_line){
        .value = r->value, .tflops = r->tflops, .gbytes = r->gbytes, .share = r->share, .valid = r->valid != 0};
    snprintf(l->group, sizeof l->group, "%s", r->group);
    snprintf(l->name, sizeof l->name, "%s", r->name);
    snprintf(l->unit, sizeof l->unit, "%s", r->unit);
    snprintf(l->note, sizeof l->note, "%s", r->note);
}

struct bench *bench_next(const struct bench *b, const vkdit_bench_row *row, struct err *e)
{
    struct bench *next = bench_new(e);
    if (next) next->line = mem_zero(b->n + 1ull, sizeof *next->line, e);
    if (!next || !next->line) {
        bench_drop(next);
        return NULL;
    }
    if (b->n) memcpy(next->line, b->line, b->n * sizeof *b->line);
    next->n = b->n;
    next->done = row ? row->done : b->done;
    if (row) line_of(next->line + next->n++, row);
    return next;
}

struct bench *bench_hold(struct bench *b)
{
    if (b) atomic_fetch_add(&b->users, 1);
    return b;
}

void bench_drop(struct bench *b)
{
    if (!b || atomic_fetch_sub(&b->users, 1) > 1) return;
    free(b->line);
    vkdit_free(b->json);
    free(b);
}
