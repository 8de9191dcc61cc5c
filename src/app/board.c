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
    {"most", "", "The highest channel"},
    {"closed share", "%", "Share of channels whose effective value is below 0.05 in size: silent, or their gate shut"},
    {"negative share", "%", "Share of channels with a negative effective value: turned round"},
};
static const float closed_size = 0.05F;

uint32_t board_slots(const struct board *b)
{
    return SLOT_VECTORS * b->blocks + 2;
}

uint64_t board_bytes(const struct board *b)
{
    return b ? (uint64_t)board_slots(b) * b->evals * (b->width + BOARD_STATS) * sizeof(float) : 0;
}

bool board_slot_is_scale(const struct board *b, uint32_t slot)
{
    return slot_is_scale(slot, board_slots(b));
}

const float *board_row(const struct board *b, uint32_t slot, uint32_t eval)
{
    return b->value + ((uint64_t)slot * b->evals + eval) * b->width;
}

float board_stat_at(const struct board *b, enum board_stat s, uint32_t slot, uint32_t eval)
{
    return b->stat[((uint64_t)s * board_slots(b) + slot) * b->evals + eval];
}

double board_rest(const struct board *b, uint32_t slot, enum board_stat stat)
{
    const bool level = stat == BOARD_MEAN || stat == BOARD_SIZE || stat == BOARD_LOW || stat == BOARD_HIGH;
    return level && board_slot_is_scale(b, slot) ? 1 : 0;
}

// Not slot_stats_of: that sorts, which for every vector of a large model is seconds.
static void measure(const float *v, uint32_t n, float out[BOARD_STATS])
{
    double sum = 0, squares = 0, size = 0, low = INFINITY, high = -INFINITY;
    uint32_t closed = 0, negative = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += v[i];
        squares += (double)v[i] * v[i];
        size += fabs(v[i]);
        low = fmin(low, v[i]);
        high = fmax(high, v[i]);
        closed += fabsf(v[i]) < closed_size;
        negative += v[i] < 0;
    }
    const double mean = sum / n;
    out[BOARD_MEAN] = (float)mean;
    out[BOARD_SIZE] = (float)(size / n);
    out[BOARD_SPREAD] = (float)sqrt(fmax(0, squares / n - mean * mean));
    out[BOARD_LOW] = (float)low;
    out[BOARD_HIGH] = (float)high;
    out[BOARD_SILENT] = 100.0F * (float)closed / (float)n;
    out[BOARD_NEGATIVE] = 100.0F * (float)negative / (float)n;
}

// One evaluation's vectors into their places, as effective values.
static void take(struct board *b, uint32_t eval, const float *row)
{
    const uint32_t slots = board_slots(b);
    for (uint32_t slot = 0; slot < slots; slot++, row += b->width) {
        float *to = b->value + ((uint64_t)slot * b->evals + eval) * b->width, stat[BOARD_STATS];
        const float rest = board_slot_is_scale(b, slot) ? 1 : 0;
        for (uint32_t c = 0; c < b->width; c++) to[c] = row[c] + rest;
        measure(to, b->width, stat);
        for (uint32_t s = 0; s < BOARD_STATS; s++) b->stat[((uint64_t)s * slots + slot) * b->evals + eval] = stat[s];
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
    b->stat = mem_zero(rows * BOARD_STATS, sizeof *b->stat, e);
    if (b->t && b->value && b->stat) {
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
    free(b->stat);
    free(b);
}

void board_range(const struct board *b, enum board_stat s, uint32_t vector, double *low, double *high, bool *two_sided)
{
    const double rest = board_rest(b, vector, s);
    *two_sided = s == BOARD_MEAN || s == BOARD_LOW || s == BOARD_HIGH || (s == BOARD_SIZE && rest > 0);
    *low = INFINITY;
    *high = -INFINITY;
    for (uint32_t block = 0; block < b->blocks; block++)
        for (uint32_t eval = 0; eval < b->evals; eval++) {
            const double v = board_stat_at(b, s, block * SLOT_VECTORS + vector, eval);
            *low = fmin(*low, v);
            *high = fmax(*high, v);
        }
    if (*two_sided) {
        const double reach = fmax(fmax(*high - rest, rest - *low), 1e-6);
        *low = rest - reach;
        *high = rest + reach;
    } else {
        *low = 0;
        *high = fmax(*high, 1e-6);
    }
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
