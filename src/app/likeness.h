// likeness.h — how alike a model's modulation is at different steps and for different classes, and how much of it varies at
// all. Pure numbers: knows no widgets and no threads.
#ifndef VKDIT_APP_LIKENESS_H
#define VKDIT_APP_LIKENESS_H

#include "board/stats.h"
#include "vkdit.h"

// Either all of it or why there is none. Of a run whose conditions are classes, without the edits of a mix. Never changed once it was made.
struct likeness {
    uint32_t evals, classes, slots, width;
    double *t;          // timestep of each evaluation
    uint32_t *class;    // [classes]
    float *table;       // [eval][class][slot][width], stored values
    double (*share)[3]; // [slot]: of the variance, the timestep's, the class's, only both together's
    struct rank *rank;  // [slot]: of the first class over the steps
    char problem[300];
};

// The first `classes` conditions of a run that was begun. stop (may be NULL) is asked now and then.
struct likeness *likeness_read(vkdit_run *run, uint32_t classes, int (*stop)(void *user), void *user, struct err *e);
struct likeness *likeness_none(const char *problem, struct err *e);
void likeness_close(struct likeness *l); // accepts NULL
uint64_t likeness_bytes(const struct likeness *l);
const float *likeness_row(const struct likeness *l, uint32_t eval, uint32_t class, uint32_t slot);
uint32_t likeness_eval(const struct likeness *l, double t); // the nearest one
// Cosines of one vector's effective values, [classes][classes], at one step.
void likeness_of_classes(const struct likeness *l, uint32_t slot, uint32_t eval, double *out);

#endif
