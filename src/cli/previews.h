// previews.h — which picture of a forming latent a run can afford at a step. The window and the command line ask here.
#ifndef VKDIT_CLI_PREVIEWS_H
#define VKDIT_CLI_PREVIEWS_H

#include <stdbool.h>
#include <stdint.h>

// Kept as numbers in the window's state: new ones go to the end.
enum preview_kind { PREVIEW_AUTO, PREVIEW_ROUGH, PREVIEW_DECODER, PREVIEW_TINY, PREVIEW_COUNT };

struct preview_cost {
    bool has_decoder, has_tiny;
    double decoder, tiny; // seconds of one; 0: nobody knows yet
    double steps, spent;  // seconds of this run's steps and of its previews, so far
    uint32_t done;        // steps
};

// PREVIEW_AUTO keeps previews within 3 % of the steps' time: the whole decoder where that allows it every fourth step or
// more often, else the tiny one. What the model has not falls back to rough colours.
enum preview_kind preview_pick(enum preview_kind wanted, const struct preview_cost *c);

#endif
