// board.c — the modulation table of a run, turned into what a mixing board can draw without thinking again.
#include "app/board.h"
#include "board/stats.h"
#include "cli/cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct board_stat_row board_stats[BOARD_STATS] = {
    {"mean", "", "Mean over the channels"},
    {"mean size", "", "Mean distance from 0 over the channels: how loud the vector is"},
    {"spread", "", "Standard deviation over the channels"},
    {"least", "", "The lowest channel"},
    {"5 %", "", "5 % of the channels are below it"},
    {"median", "", "Half of the channels are below it"},
    {"95 %", "", "5 % of the channels are above it"},
    {"most", "", "The highest channel"},
    {"silenced share", "%",
     "Share of channels whose effective value is below 0.1 in size: for scales, |1 + scale| < 0.1"},
    {"shut share", "%", "Share of channels whose effective value is below 0.01 in size: a gate that is shut"},
    {"negative share", "%", "Share of channels with a negative effective value: turned round"},
    {"added", "",
     "What attention (first three vectors) or the MLP adds to the stream, through its gate, as a share of the "
     "stream's size. Measured while the model runs, from the next run on: each step reads every block's output"},
};

const char *board_vector_name(uint32_t vector)
{
    return vector < SLOT_VECTORS ? slot_vectors[vector] : vector == SLOT_VECTORS ? "final.shift" : "final.scale";
}

uint32_t board_slots(const struct board *b)
{
    return SLOT_VECTORS * b->blocks + 2;
}

uint64_t board_bytes(const struct board *b)
{
    return b ? (uint64_t)board_slots(b) * b->evals * b->width * sizeof(float) : 0;
}

bool board_slot_is_scale(const struct board *b, uint32_t slot)
{
    return slot_is_scale(slot, board_slots(b));
}

const float *board_row(const struct board *b, uint32_t slot, uint32_t eval)
{
    return b->value + ((uint64_t)slot * b->evals + eval) * b->width;
}

uint32_t board_rows(const struct board *b, uint32_t vector)
{
    return vector < SLOT_VECTORS ? b->blocks : 1;
}

uint32_t board_slot(const struct board *b, uint32_t block, uint32_t vector)
{
    return vector < SLOT_VECTORS ? min_u32(block, b->blocks - 1) * SLOT_VECTORS + vector
                                 : b->blocks * SLOT_VECTORS + vector - SLOT_VECTORS;
}

// --- statistics ---------------------------------------------------------------------------------------------------

static double mean_of(const float *v, uint32_t n, bool size)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += size ? fabs((double)v[i]) : (double)v[i];
    return sum / n;
}

static double spread_of(const float *v, uint32_t n)
{
    const double mean = mean_of(v, n, false);
    double squares = 0;
    for (uint32_t i = 0; i < n; i++) squares += ((double)v[i] - mean) * ((double)v[i] - mean);
    return sqrt(squares / n);
}

static double end_of(const float *v, uint32_t n, double sign)
{
    double most = -INFINITY;
    for (uint32_t i = 0; i < n; i++) most = fmax(most, sign * (double)v[i]);
    return sign * most;
}

// Percent of the channels between two values.
static double share_of(const float *v, uint32_t n, double above, double below)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) count += (double)v[i] > above && (double)v[i] < below;
    return 100.0 * count / n;
}

static double quantile_at(const float *v, uint32_t n, double at, double *scratch)
{
    for (uint32_t i = 0; i < n; i++) scratch[i] = (double)v[i];
    return quantile_of(scratch, n, at);
}

double board_stat_at(const struct board *b, enum board_stat s, uint32_t slot, uint32_t eval, double *scratch)
{
    const float *v = board_row(b, slot, eval);
    const uint32_t n = b->width;
    switch (s) {
    case BOARD_MEAN: return mean_of(v, n, false);
    case BOARD_SIZE: return mean_of(v, n, true);
    case BOARD_SPREAD: return spread_of(v, n);
    case BOARD_LOW: return end_of(v, n, -1);
    case BOARD_Q05: return quantile_at(v, n, 0.05, scratch);
    case BOARD_MEDIAN: return quantile_at(v, n, 0.5, scratch);
    case BOARD_Q95: return quantile_at(v, n, 0.95, scratch);
    case BOARD_HIGH: return end_of(v, n, 1);
    case BOARD_SILENT: return share_of(v, n, -0.1, 0.1);
    case BOARD_SHUT: return share_of(v, n, -0.01, 0.01);
    case BOARD_NEGATIVE: return share_of(v, n, -INFINITY, 0);
    default: return NAN;
    }
}

void scale_fit(struct scale *s, const double *v, uint64_t n)
{
    s->low = INFINITY;
    s->high = -INFINITY;
    for (uint64_t i = 0; i < n; i++) {
        s->low = fmin(s->low, v[i]); // passes NAN over
        s->high = fmax(s->high, v[i]);
    }
    if (s->two_sided) {
        const double reach = fmax(fmax(s->high - s->rest, s->rest - s->low), 1e-6);
        s->low = s->rest - reach;
        s->high = s->rest + reach;
    } else {
        s->low = 0;
        s->high = fmax(s->high, 1e-6);
    }
}

bool cells_make(struct cells *c, const struct board *b, enum board_stat s, uint32_t vector, struct err *e)
{
    cells_close(c);
    const bool one_sided = s == BOARD_SPREAD || s >= BOARD_SILENT,
               scale = board_slot_is_scale(b, board_slot(b, 0, vector));
    c->rows = board_rows(b, vector);
    c->columns = b->evals;
    c->scale = (struct scale){.rest = scale && !one_sided, .two_sided = !one_sided && (s != BOARD_SIZE || scale)};
    c->v = mem_zero((uint64_t)c->rows * c->columns, sizeof *c->v, e);
    double *scratch = mem_zero(b->width, sizeof *scratch, e);
    for (uint32_t i = 0; c->v && scratch && i < c->rows * c->columns; i++)
        c->v[i] = board_stat_at(b, s, board_slot(b, i / c->columns, vector), i % c->columns, scratch);
    const bool ok = c->v && scratch;
    free(scratch);
    if (ok) scale_fit(&c->scale, c->v, (uint64_t)c->rows * c->columns);
    return ok;
}

void cells_close(struct cells *c)
{
    free(c->v);
    *c = (struct cells){0};
}

// --- reading ------------------------------------------------------------------------------------------------------

// One evaluation's vectors into their places, as effective values.
static void take(struct board *b, uint32_t eval, const float *row)
{
    for (uint32_t slot = 0; slot < board_slots(b); slot++, row += b->width) {
        float *to = b->value + ((uint64_t)slot * b->evals + eval) * b->width;
        const float rest = board_slot_is_scale(b, slot) ? 1 : 0;
        for (uint32_t c = 0; c < b->width; c++) to[c] = row[c] + rest;
    }
}

static bool read_all(struct board *b, vkdit_run *run, struct err *e)
{
    const uint32_t slots = board_slots(b);
    vkdit_error error = {0};
    float *row = mem_zero((uint64_t)slots * b->width, sizeof *row, e);
    bool ok = row != NULL;
    for (uint32_t eval = 0; ok && eval < b->evals; eval++) {
        if (vkdit_run_table_read(run, eval, 0, 0, slots, row, &error))
            ok = err_api(e, &error);
        else
            take(b, eval, row);
    }
    free(row);
    return ok;
}

struct board *board_read(vkdit_run *run, uint64_t most, struct err *e)
{
    vkdit_table_info info;
    vkdit_error error = {0};
    if (vkdit_run_table_info(run, &info, &error)) return NULL; // an adaptive sampler has none
    const uint64_t rows = (uint64_t)info.slots * info.evals;
    if (rows * info.width * sizeof(float) > most || info.slots < 2 + SLOT_VECTORS) return NULL;
    struct board *b = mem_zero(1, sizeof *b, e);
    if (!b) return NULL;
    b->evals = info.evals;
    b->blocks = (info.slots - 2) / SLOT_VECTORS;
    b->width = info.width;
    b->t = mem_zero(b->evals, sizeof *b->t, e);
    b->value = mem_zero(rows * b->width, sizeof *b->value, e);
    if (b->t && b->value) {
        memcpy(b->t, info.t, b->evals * sizeof *b->t);
        if (read_all(b, run, e)) return b;
    }
    board_close(b);
    return NULL;
}

void board_close(struct board *b)
{
    if (!b) return;
    free(b->t);
    free(b->value);
    free(b);
}

// --- one slot over time -------------------------------------------------------------------------------------------

struct ranked {
    float by;
    uint32_t channel;
};

static int rising(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->by != y->by ? (x->by > y->by) - (x->by < y->by) : (x->channel > y->channel) - (x->channel < y->channel);
}

static void quantiles(struct strip *s, const struct board *b, uint32_t slot, double *scratch)
{
    s->low = INFINITY;
    s->high = -INFINITY;
    for (uint32_t eval = 0; eval < s->evals; eval++) {
        double q[STAT_QUANTILES]; // of 1 %, 5 %, ..., 95 %, 99 %
        for (uint32_t c = 0; c < s->width; c++) scratch[c] = (double)board_row(b, slot, eval)[c];
        quantiles_of(scratch, s->width, q);
        for (uint32_t k = 0; k < STRIP_QUANTILES; k++) s->quantile[k * s->evals + eval] = (float)q[1 + k];
        s->low = fminf(s->low, (float)scratch[0]); // it was sorted
        s->high = fmaxf(s->high, (float)scratch[s->width - 1]);
    }
}

bool strip_make(struct strip *s, const struct board *b, uint32_t slot, enum board_order order, struct err *e)
{
    strip_close(s);
    s->width = b->width;
    s->evals = b->evals;
    s->quantile = mem_zero((uint64_t)STRIP_QUANTILES * b->evals, sizeof *s->quantile, e);
    s->order = mem_zero(b->width, sizeof *s->order, e);
    double *scratch = mem_zero(b->width, sizeof *scratch, e);
    struct ranked *list = mem_zero(b->width, sizeof *list, e);
    const bool ok = s->quantile && s->order && scratch && list;
    if (ok) {
        const float *first = board_row(b, slot, 0), *last = board_row(b, slot, b->evals - 1);
        quantiles(s, b, slot, scratch);
        for (uint32_t c = 0; c < b->width; c++) list[c] = (struct ranked){fabsf(last[c]) - fabsf(first[c]), c};
        qsort(list, b->width, sizeof *list, rising);
        for (uint32_t i = 0; i < COUNTOF(s->rising); i++) {
            s->falling[i] = list[min_u32(i, b->width - 1)].channel;
            s->rising[i] = list[b->width - 1 - min_u32(i, b->width - 1)].channel;
        }
        for (uint32_t c = 0; order == ORDER_SIZE && c < b->width; c++) {
            list[c] = (struct ranked){0, c};
            for (uint32_t k = 0; k < b->evals; k++) list[c].by += fabsf(board_row(b, slot, k)[c]);
        }
        if (order == ORDER_SIZE) qsort(list, b->width, sizeof *list, rising);
        for (uint32_t c = 0; c < b->width; c++) s->order[c] = order == ORDER_INDEX ? c : list[c].channel;
    }
    free(scratch);
    free(list);
    return ok;
}

void strip_close(struct strip *s)
{
    free(s->quantile);
    free(s->order);
    *s = (struct strip){0};
}
