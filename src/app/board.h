// board.h — the modulation that a run had, and the edits that change it: what the mixing board shows and writes.
// Pure numbers and the language of --mix: knows no widgets and no threads.
#ifndef VKDIT_APP_BOARD_H
#define VKDIT_APP_BOARD_H

#include "base/base.h"
#include "board/stats.h"
#include "vkdit.h"

enum board_stat {
    BOARD_MEAN,
    BOARD_SIZE,
    BOARD_SPREAD,
    BOARD_LOW,
    BOARD_Q05,
    BOARD_MEDIAN,
    BOARD_Q95,
    BOARD_HIGH,
    BOARD_SILENT,
    BOARD_SHUT,
    BOARD_NEGATIVE,
    BOARD_ADDED, // of the running model, not of the table
    BOARD_STATS
};
struct board_stat_row {
    const char *name, *unit, *about;
};
extern const struct board_stat_row board_stats[BOARD_STATS];
enum board_order { ORDER_INDEX, ORDER_SIZE, ORDER_CHANGE, ORDER_COUNT };

// Six vectors of every block, then the two of the final layer, which is shown as one more row.
enum { BOARD_VECTORS = SLOT_VECTORS + 2 };
const char *board_vector_name(uint32_t vector);

// Effective values (1 + scale; shift; gate) of the first picture's class at each evaluation. Never changed once it was
// made.
struct board {
    uint32_t evals, blocks, width;
    double *t;    // timestep of each evaluation
    float *value; // [slot][eval][width], slots as in vkdit.h
};

// Reads the table of a run that was begun. NULL without an error when it is larger than `most` bytes.
struct board *board_read(vkdit_run *run, uint64_t most, struct err *e);
void board_close(struct board *b); // accepts NULL
uint32_t board_slots(const struct board *b);
uint64_t board_bytes(const struct board *b);                 // accepts NULL
uint32_t board_rows(const struct board *b, uint32_t vector); // blocks, or 1 for the final layer's
uint32_t board_slot(const struct board *b, uint32_t block, uint32_t vector);
bool board_slot_is_scale(const struct board *b, uint32_t slot);
const float *board_row(const struct board *b, uint32_t slot, uint32_t eval); // width values
// Not BOARD_ADDED. scratch: room for width numbers
double board_stat_at(const struct board *b, enum board_stat s, uint32_t slot, uint32_t eval, double *scratch);

// One statistic of one vector in all blocks at all evaluations, and the range to draw it in: from 0 on, or around rest.
// NAN: not known (yet).
struct scale {
    double low, high, rest;
    bool two_sided;
};
void scale_fit(struct scale *s, const double *v, uint64_t n); // low and high from the numbers
struct cells {
    uint32_t rows, columns;
    double *v; // [rows][columns]
    struct scale scale;
};
bool cells_make(struct cells *c, const struct board *b, enum board_stat s, uint32_t vector, struct err *e);
void cells_close(struct cells *c);

// One slot over time, made when it is looked at.
enum { STRIP_QUANTILES = 5 };
struct strip {
    uint32_t width, evals;
    float *quantile; // [STRIP_QUANTILES][eval]: 5 %, 25 %, 50 %, 75 %, 95 %
    uint32_t *order; // [width]: channels, as sorted
    uint32_t rising[6],
        falling[6]; // channels whose |value| grows and shrinks most from the first evaluation to the last
    float low, high;
};
bool strip_make(struct strip *s, const struct board *b, uint32_t slot, enum board_order order, struct err *e);
void strip_close(struct strip *s);

// --- edits: a text of --mix as a list of statements, one of which belongs to a fader ---
struct edits {
    char *text;  // that was read
    char **item; // its statements in the language's own spelling
    uint32_t n;
}; // {0}: nothing was read
// Reads the text unless it is the one that was read; one that is broken has no statements.
void edits_read(struct edits *l, const char *text);
void edits_close(struct edits *l);
bool edits_sound(const char *text, struct err *e);
// The value of the last statement that begins with `key` ("block[3].gate_mlp*="), else `rest`. A key ends where the value
// begins; without a value (key ends the statement) 1 when it is there.
double edits_value(const struct edits *l, const char *key, double rest);
bool edits_have(const struct edits *l, const char *key);
// The text with the statements that begin with `key` replaced by `statement` (NULL or "": taken out). NULL on failure.
char *edits_put(const char *text, const char *key, const char *statement, struct err *e);
// Presets, as --mix reads them. A file that is there is not replaced.
bool edits_save(const char *text, const char *path, struct err *e);
char *edits_load(const char *path, struct err *e);

#endif
