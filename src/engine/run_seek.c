// run_seek.c — puts a run at a step that another run has reached. Knows nothing about who asks.
#include "engine/run.h"

#include <math.h>
#include <string.h>

static bool check_seek(const struct vkdit_run *r, uint32_t step, uint64_t values, struct err *e)
{
    if (r->schedule.adaptive)
        return err_set(e, ERR_UNSUPPORTED, "sampler %s chooses its steps on the way: none can be gone back to",
                       r->sampler->name);
    if (r->schedule.init_draws)
        return err_set(e, ERR_UNSUPPORTED, "sampler %s carries noise from step to step: a state alone does not go on",
                       r->sampler->name);
    if (r->keep) return err_set(e, ERR_ARG, "a run that keeps its trajectory cannot go to another step");
    if (step > r->schedule.steps) return err_set(e, ERR_ARG, "step %u: the run has %u", step, r->schedule.steps);
    if (values != r->values)
        return err_set(e, ERR_ARG, "a state of %llu values, the run has %llu", (unsigned long long)values,
                       (unsigned long long)r->values);
    return run_current(r, e);
}

static bool write_register(struct vkdit_run *r, uint32_t reg, const float *x, struct err *e)
{
    for (uint64_t i = 0; i < r->values; i++)
        if (!isfinite(x[i])) return err_set(e, ERR_NUMERIC, "the state to go on from is not finite");
    return program_write(r->model->step.program, r->model->io.regs, reg * r->state_values, r->values, x, e);
}

static bool seek(struct vkdit_run *r, uint32_t step, const float *x, const float *x0, uint64_t values, struct err *e)
{
    uint32_t eval = 0;
    if (!check_seek(r, step, values, e)) return false;
    while (eval < r->schedule.n && r->schedule.eval[eval].step < step) eval++;
    if (!run_seek_noise(r, eval, e) || !write_register(r, 0, x, e)) return false;
    if (step && x0 && !write_register(r, r->schedule.x0_reg, x0, e)) return false;
    r->eval = eval;
    r->step = step;
    r->done = eval >= r->schedule.n;
    r->x0_known = step && x0;
    r->counter_dirty = true;
    memset(r->still_of, 0, sizeof r->still_of);
    return true;
}

vkdit_status vkdit_run_seek(vkdit_run *r, uint32_t step, const float *x, const float *x0, uint64_t values,
                            vkdit_error *error)
{
    struct err e = {0};
    seek(r, step, x, x0, values, &e);
    return status_of(&e, error);
}
