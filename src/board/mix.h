// mix.h — the mixing board's edits: a small language, and what they do to a modulation table.
// Pure functions over numbers: knows no device, no model and no file.
#ifndef VKDIT_BOARD_MIX_H
#define VKDIT_BOARD_MIX_H

#include "base/base.h"

enum { MIX_RANGES = 16, MIX_EDITS = 4096, MIX_TEXT = 1000, MIX_STRIP = 6, MIX_OPEN = INT32_MAX };
#define MIX_NULL UINT32_MAX // instead of a class: the null class

// "[0,3,8:16,-1]": as in Python, the end is left out and negative numbers count from the end. No range means all.
struct mix_range {
    int32_t from, to, stride;
    bool single;
};
struct mix_list {
    struct mix_range r[MIX_RANGES];
    uint32_t n;
};

enum mix_verb { MIX_GAIN, MIX_ADD, MIX_SET, MIX_MUTE, MIX_SOLO, MIX_INVERT, MIX_SKIP, MIX_FREEZE, MIX_SWAP, MIX_BLEND };
enum mix_who { WHO_DEFAULT, WHO_ALL, WHO_NULL, WHO_CLASSES };

struct mix_edit {
    enum mix_verb verb;
    // where in the run
    struct mix_list steps; // model evaluations, from 0
    double t_from, t_to;   // both ends belong to it
    bool has_t;
    enum mix_who who;
    struct mix_list classes;
    // which numbers
    bool final; // the final layer instead of blocks
    struct mix_list blocks, channels;
    uint32_t
        vectors;     // bit k: slot k of a block (shift, scale, gate of attention, then of the MLP); final: shift, scale
    bool multiplier; // scale vectors are taken as what channels are multiplied by, 1 + scale
    // what
    double value;   // gain, summand, value, or share of a blend
    double at;      // freeze: timestep, or evaluation
    bool at_step;   // freeze: `at` is an evaluation
    uint32_t other; // swap, blend: class, or MIX_NULL
};

struct mix { // {0} is an empty one
    struct mix_edit *edit;
    uint32_t n, live, cap; // the first `live` of n count; the others were undone
};

void mix_close(struct mix *m);
bool mix_copy(struct mix *to, const struct mix *from, struct err *e);
// Appends the edits of a text: statements between semicolons or line ends, "#" begins a remark. All of them or none.
bool mix_parse(struct mix *m, const char *text, struct err *e);
bool mix_add(struct mix *m, const struct mix_edit *edit, struct err *e); // forgets what was undone
// One edit as the language writes it; returns out.
const char *mix_text(const struct mix_edit *edit, char *out, size_t room);
// A preset: {"vkdit_mix": 1, "edits": ["statement", ...]}, as text for free(), and back (appends).
char *mix_to_json(const struct mix *m, struct err *e);
bool mix_from_json(struct mix *m, const void *text, uint64_t bytes, struct err *e);

// A table [evals][conds][slots][width]; slots as in vkdit.h, 6 for each block and 2 for the final layer.
struct mix_shape {
    uint32_t evals, conds, slots, width;
    const double *t;           // of each evaluation
    const uint32_t *condition; // class of each condition
    uint32_t null_class;       // its number, MIX_NULL when the model has none
    uint32_t null_cond;        // condition that guidance leads away from; conds when there is none
};

// One mix made ready for one shape.
struct mix_plan;
// False when an edit names what the table does not have (a block, a channel, a class).
struct mix_plan *mix_plan_make(const struct mix *m, const struct mix_shape *s, struct err *e);
void mix_plan_free(struct mix_plan *p);
// The edited slot into out, width numbers; false, and nothing written, when no edit touches it. `computed` is the
// whole table before any edit: the result depends on nothing else.
bool mix_plan_slot(const struct mix_plan *p, const float *computed, uint32_t eval, uint32_t cond, uint32_t slot,
                   float *out);
// Classes that swaps and blends take from, null class as null_class: written to out, at most room; returns how many.
uint32_t mix_classes(const struct mix *m, uint32_t null_class, uint32_t *out, uint32_t room);

#endif
