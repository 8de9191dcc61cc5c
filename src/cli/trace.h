// trace.h — what the parts of "vkdit trace" share: the table, its statistics, what the running model did, the files.
#ifndef VKDIT_CLI_TRACE_H
#define VKDIT_CLI_TRACE_H

#include "board/stats.h"
#include "cli/generate.h"

struct svg;

enum {
    TRACE_FILES = 1000,
    TRACE_COMMAND = 4000,
    TRACE_LINE = TRACE_COMMAND + 400,
    TRACE_NAME = 80,
    TRACE_STRIP = 6,
    TRACE_OBSERVED = 64,
    PATH_BYTES = 4200
};

struct trace_file {
    char name[TRACE_NAME], hash[65];
};

struct trace {
    struct generation g; // classes, sampler and the like are read and completed as for "vkdit generate"
    // the table, [evals][conds][slots][width]; the first `classes` conditions are those asked for, then the null class
    uint32_t evals, conds, slots, width, depth, classes;
    uint32_t steps; // of the sampler
    double *t;
    uint32_t *condition;
    float *table;
    struct slot_stats *stat; // [slots][evals][conds]
    struct rank *rank;       // [slots][conds]
    double *share;           // [slots][3]: time, class, both; over the classes asked for
    // the running model at `observed` steps, means over its pictures
    uint32_t observed;
    uint32_t step[TRACE_OBSERVED]; // evaluation
    struct addition *add;          // [2 * depth][TRACE_OBSERVED]: attention, MLP of block 0, ...
    double *frequency;             // [2 * depth][width]: mean frequency of each channel of what is modulated
    double *power;                 // [2 * depth][width]: and its power
    uint8_t *pictures;             // of the finished run
    uint32_t picture_w, picture_h;

    const char *folder;
    char command[TRACE_COMMAND], model_hash[80];
    struct trace_file *file;
    uint32_t n_files;
};

// trace_table.c
bool trace_table(struct trace *x, struct err *e); // computes everything that needs no running model
const float *trace_row(const struct trace *x, uint32_t eval, uint32_t cond, uint32_t slot);
const struct slot_stats *trace_stat(const struct trace *x, uint32_t slot, uint32_t eval, uint32_t cond);
bool trace_save(struct trace *x, struct err *e); // trace.safetensors

// Statistics as rows: where a number lies in struct slot_stats, and how it is shown.
struct stat_row {
    const char *name, *about;
    size_t at;
    bool diverging; // around 0; otherwise from low to high
    bool plotted;
};
extern const struct stat_row stat_rows[];
uint32_t stat_row_count(void);
static inline double stat_value(const struct slot_stats *s, const struct stat_row *r)
{
    return *(const double *)((const char *)s + r->at);
}

// trace_files.c: every file of the folder goes through here
bool trace_path(const struct trace *x, const char *name, char *out, size_t room, struct err *e);
bool trace_wrote(struct trace *x, const char *name, struct err *e);                    // hashes it
bool trace_save_plot(struct trace *x, struct svg *s, const char *name, struct err *e); // closes it too
bool trace_hash_model(struct trace *x, struct err *e);
void trace_command(struct trace *x);
bool trace_manifest(struct trace *x, struct err *e);
bool trace_tables(struct trace *x, struct err *e); // CSV

// trace_plots.c
bool trace_plots(struct trace *x, struct err *e);
bool trace_strips(struct trace *x, struct err *e); // --strip

// trace_observe.c
bool trace_observe(struct trace *x, struct err *e);       // --observe and --channel
bool trace_observe_plots(struct trace *x, struct err *e); // trace_frequency.c

#endif
