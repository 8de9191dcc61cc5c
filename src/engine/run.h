// run.h — private to engine/: one generation in progress.
#ifndef VKDIT_RUN_H
#define VKDIT_RUN_H

#include "engine/engine.h"

struct trajectory {
    float *x, *x0, *noise;
    uint32_t n_x, n_noise;
}; // one state per step and one more

struct vkdit_run {
    struct vkdit_model *model;
    uint32_t user; // the model's step_user that this run is
    struct schedule schedule;
    const struct sampler_row *sampler;
    uint32_t images, copies, conds;
    uint32_t *condition;           // class of each condition: the distinct classes, the negative ones, the null class
    uint32_t *item_cond;           // condition of each batch item, copies * images
    int32_t *classes;              // as asked, for the trajectory
    uint64_t values, image_values; // of a latent batch, of one latent
    uint64_t state_values;         // of one register: the batch, or both guidance halves of it

    // random numbers
    vkdit_rng rng;
    struct torch_rng torch;
    uint64_t seed, philox_offset;
    uint32_t philox_threads;
    float *z, *draw;    // start, and room for one (doubled) draw
    float *first_noise; // drawn before the first evaluation, by samplers that want it
    float *given_noise; // from the caller: given_draws x given_stride
    uint64_t given_stride;
    uint32_t given_draws, draws;

    // the modulation table: `chunk` evaluations are on the device at once
    uint32_t chunk, first; // first: evaluation of the table's row 0; UINT32_MAX before the first fill
    float *mirror;         // the whole table on the host, when it does not fit on the device at once
    double *t;             // timestep of every evaluation
    uint32_t null_cond;    // condition that guidance leads away from and no picture has; conds when there is none
    float *computed;       // the whole table before any mix, from the first mix on
    uint8_t *mixed;        // for every slot: does it hold an edit?
    vkdit_mix *mix;        // adaptive: in force for the groups that are still to come

    uint32_t eval, step; // what comes next
    uint32_t evals_done;
    bool done, counter_dirty, x0_known;
    bool z_given;
    bool drawn; // `draw` holds the noise of an evaluation that did not finish
    double step_seconds, seconds;
    double last_t;
    struct trajectory kept;
    bool keep;
    bool peek;                 // every step leaves a still
    uint32_t still_of[STILLS]; // after how many steps each was made; 0: not yet
};

// The caller's question between submissions, in the form that programs ask it.
struct stopper {
    int (*stop)(void *user);
    void *user;
};
bool run_asked_to_stop(void *stopper);

// Computes the table's rows for the evaluations from `first` on; writes their ticks.
bool run_fill_table(struct vkdit_run *r, uint32_t first, struct err *e);
// Makes sure that evaluation `eval` is on the device.
bool run_need_table(struct vkdit_run *r, uint32_t eval, struct err *e);
bool run_open_table(struct vkdit_run *r, struct err *e);
bool run_write_table(struct vkdit_run *r, uint64_t first, uint64_t n, const float *in, struct err *e); // no copy kept
bool run_write_ticks(struct vkdit_run *r, uint32_t first, uint32_t n, struct err *e);

// Adaptive: a group of evaluations is planned and its table filled, unless the run is done.
bool run_need_group(struct vkdit_run *r, struct err *e);
bool run_mix_group(struct vkdit_run *r, struct err *e); // the mix in force, on a table that was just filled

bool run_host_draws(const struct vkdit_run *r); // rather than the device
// Draws (or takes) one noise tensor of the run's shape into out; copies decides how much of the stream is used up.
bool run_draw(struct vkdit_run *r, float *out, struct err *e);
bool run_open_noise(struct vkdit_run *r, const vkdit_job *job, struct err *e);
// The stream as it is when `evals` evaluations have been done.
bool run_seek_noise(struct vkdit_run *r, uint32_t evals, struct err *e);

// False when another run or evaluation of the model has taken its registers since.
bool run_current(const struct vkdit_run *r, struct err *e);
bool run_keep_state(struct vkdit_run *r, struct err *e);  // x (and x0) into the trajectory
bool run_keep_points(struct vkdit_run *r, struct err *e); // what an adaptive sampler passed
uint64_t run_table_row(const struct vkdit_run *r);        // values of one (evaluation, condition)

#endif
