// progress.h — how far something is, on standard error. Knows nothing about what is being done.
#ifndef VKDIT_CLI_PROGRESS_H
#define VKDIT_CLI_PROGRESS_H

#include "base/base.h"

struct progress {
    bool quiet, live; // live: one line that is redrawn; otherwise a sparse line now and then
    double began, drawn;
    uint64_t done_drawn;
    bool shown; // a live line is on the screen
};

void progress_start(struct progress *p, bool quiet, bool live);
// total 0: not known in advance. unit: "it" for steps; "B" for bytes. done == total always draws.
void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t total, const char *unit);
void progress_end(struct progress *p);  // leaves the last line standing
void progress_wipe(struct progress *p); // takes it away

#endif
