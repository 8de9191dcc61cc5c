// run.c — one generation: what is asked is checked and completed here, then each step replays the recorded tape.
#include "engine/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES_MAX = 1024, STEPS_MAX = 100000, EXTRA_MAX = 4096 };

// --- from a job to a schedule -------------------------------------------------------------------------------------

struct word {
    const char *name;
    int value;
};

static bool lookup(const struct word *words, const char *what, const char *text, int *out, struct err *e)
{
    *out = 0;
    if (!text) return true;
    for (const struct word *w = words; w->name; w++)
        if (!strcmp(w->name, text)) return *out = w->value, true;
    char known[200];
    size_t at = 0;
    for (const struct word *w = words; w->name && at < sizeof known; w++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", w == words ? "" : ", ", w->name);
    return err_set(e, ERR_ARG, "unknown %s '%.40s' (known: %s)", what, text, known);
}

static const struct word paths[] = {{"linear", PATH_LINEAR}, {"gvp", PATH_GVP}, {"vp", PATH_VP}, {0}};
static const struct word targets[] = {{"velocity", FLOW_VELOCITY}, {"noise", FLOW_NOISE}, {"score", FLOW_SCORE}, {0}};

static const char *default_sampler(const struct vkdit_model *m)
{
    if (m->hints.sampler[0]) return m->hints.sampler;
    return m->dit.sit ? "euler" : "ddim";
}

// Spacing, epsilon scale and shift are advice about one sampler.
static bool advice_holds(const struct vkdit_model *m, const vkdit_job *j)
{
    return !j->sampler || !strcmp(j->sampler, m->hints.sampler);
}

static double default_cfg(const struct vkdit_model *m)
{
    if (!m->dit.null_class) return 1.0;
    return m->hints.cfg_scale > 0 ? m->hints.cfg_scale : 4.0;
}

static bool make_spec(const struct vkdit_model *m, const vkdit_job *j, struct sample_spec *s, struct err *e)
{
    int path, target;
    if (!lookup(paths, "path", j->path, &path, e) || !lookup(targets, "target", j->target, &target, e)) return false;
    const struct folder *f = m->has_folder ? &m->folder : NULL;
    const bool advised = advice_holds(m, j);
    *s = (struct sample_spec){
        .sampler = j->sampler ? j->sampler : default_sampler(m),
        .steps = j->steps         ? j->steps
                 : m->hints.steps ? m->hints.steps
                                  : 50,
        .family = m->dit.sit ? FAMILY_FLOW : FAMILY_DDPM,
        .spacing = j->spacing                       ? j->spacing
                   : advised && m->hints.spacing[0] ? m->hints.spacing
                                                    : NULL,
        .eta = j->eta,
        .learned_var = m->dit.learned_var && !m->dit.sit,
        .diffusers = m->dit.diffusers,
        .path = (enum path)path,
        .target = (enum flow_target)target,
        .shift = j->shift == 0 && advised ? m->hints.shift : j->shift,
        .diffusion = j->diffusion,
        .diffusion_norm = j->diffusion_norm,
        .last_step = j->last_step,
        .last_step_size = j->last_step_size,
        .atol = j->atol,
        .rtol = j->rtol,
        .cfg = j->cfg_scale > 0 ? j->cfg_scale : default_cfg(m),
        .epsilon_scale = j->epsilon_scale == 0 && advised ? m->hints.epsilon_scale : j->epsilon_scale,
        .strength = j->strength > 0 ? j->strength : 1.0,
    };
    bool own = j->cfg_from != 0 || j->cfg_to != 0; // both 0 means everywhere, or as the model advises
    double from = own ? j->cfg_from : m->hints.cfg_from, to = own ? j->cfg_to : m->hints.cfg_to;
    if (from != 0 || to != 0) s->cfg_lo = 1 - to, s->cfg_hi = fmax(1 - from, 1e-300);
    if (f && f->scheduler.train_steps && !m->dit.sit)
        s->train_steps = f->scheduler.train_steps, s->beta_start = f->scheduler.beta_start,
        s->beta_end = f->scheduler.beta_end;
    return true;
}

static bool check_job(const struct vkdit_model *m, const vkdit_job *j, struct err *e)
{
    if (!m->context) return err_set(e, ERR_ARG, "the model was opened without a device");
    if (!m->has_dit)
        return err_set(e, ERR_ARG, "%s holds no transformer: nothing to sample from", m->path ? m->path : "the model");
    if (!j || j->images == 0 || j->images > IMAGES_MAX || !j->classes)
        return err_set(e, ERR_ARG, "the number of images must be 1..%u, with a class for each", (unsigned)IMAGES_MAX);
    for (uint32_t i = 0; i < j->images; i++)
        if (j->classes[i] >= m->dit.classes + m->dit.null_class)
            return err_set(e, ERR_ARG, "class %u: the model has classes 0..%u", j->classes[i], m->dit.classes - 1);
    if (j->negative && *j->negative >= m->dit.classes)
        return err_set(e, ERR_ARG, "negative class %u: the model has classes 0..%u", *j->negative, m->dit.classes - 1);
    if (j->extra_count > EXTRA_MAX || (j->extra_count && !j->extra_classes))
        return err_set(e, ERR_ARG, "at most %u extra classes", (unsigned)EXTRA_MAX);
    for (uint32_t i = 0; i < j->extra_count; i++)
        if (j->extra_classes[i] >= m->dit.classes + m->dit.null_class)
            return err_set(e, ERR_ARG, "extra class %u: the model has classes 0..%u", j->extra_classes[i],
                           m->dit.classes - 1);
    if (j->cfg_scale < 0 || !isfinite(j->cfg_scale))
        return err_set(e, ERR_ARG, "guidance scale %g: expected a number from 0 up", j->cfg_scale);
    if (j->cfg_scale > 1 && !m->dit.null_class && !j->negative)
        return err_set(e, ERR_ARG, "this model has no null class: guidance needs a negative class");
    if (j->steps > STEPS_MAX) return err_set(e, ERR_ARG, "%u steps: at most %u", j->steps, (unsigned)STEPS_MAX);
    if (!(j->strength >= 0 && j->strength <= 1)) return err_set(e, ERR_ARG, "strength %g: expected 0..1", j->strength);
    if (!(j->cfg_from >= 0 && j->cfg_to <= 1 && (j->cfg_to == 0 || j->cfg_from <= j->cfg_to)))
        return err_set(e, ERR_ARG, "guidance interval %g..%g: expected 0 <= from <= to <= 1", j->cfg_from, j->cfg_to);
    return true;
}

// --- conditions ---------------------------------------------------------------------------------------------------

static uint32_t add_condition(struct vkdit_run *r, uint32_t class)
{
    for (uint32_t i = 0; i < r->conds; i++)
        if (r->condition[i] == class) return i;
    r->condition[r->conds] = class;
    return r->conds++;
}

static bool make_conditions(struct vkdit_run *r, const vkdit_job *j, struct err *e)
{
    r->condition = mem_zero((uint64_t)j->images + 1 + j->extra_count, sizeof *r->condition, e);
    r->item_cond = mem_zero(2ull * j->images, sizeof *r->item_cond, e);
    r->classes = mem_zero(j->images, sizeof *r->classes, e);
    if (!r->condition || !r->item_cond || !r->classes) return false;
    for (uint32_t i = 0; i < j->images; i++) {
        r->classes[i] = (int32_t)j->classes[i];
        r->item_cond[i] = add_condition(r, j->classes[i]);
    }
    r->null_cond = UINT32_MAX;
    if (r->copies == 2) {
        uint32_t pictures = r->conds, null = add_condition(r, j->negative ? *j->negative : r->model->dit.classes);
        for (uint32_t i = 0; i < j->images; i++) r->item_cond[j->images + i] = null;
        if (null == pictures) r->null_cond = null;
    }
    for (uint32_t i = 0; i < j->extra_count; i++) add_condition(r, j->extra_classes[i]);
    r->null_cond = min_u32(r->null_cond, r->conds);
    return true;
}

// --- start --------------------------------------------------------------------------------------------------------

// The clean latent that an init image or latent gives, scaled.
static bool init_latent(struct vkdit_run *r, const vkdit_tensor *init, float *clean, struct err *e)
{
    struct vkdit_model *m = r->model;
    if (!tensor_check(init, e)) return false;
    if (strcmp(init->name, "image") != 0) {
        float *given = list_floats(init, 0, e);
        uint64_t n = 1;
        for (uint32_t i = 0; given && i < init->rank; i++) n *= init->dim[i];
        if (given && n != r->values && n != r->image_values) {
            free(given);
            return err_set(e, ERR_ARG, "the init latent has %llu values, expected %llu", (unsigned long long)n,
                           (unsigned long long)r->values);
        }
        for (uint64_t i = 0; given && i < r->values; i++) clean[i] = given[i % n];
        free(given);
        return given != NULL;
    }
    uint32_t side = m->dit.side * vae_scale(&m->vae);
    if (!m->has_vae || !m->vae.encoder)
        return err_set(e, ERR_UNSUPPORTED, "an init image needs an autoencoder with an encoder");
    if (init->rank != 4 || init->dim[0] == 0 || init->dim[1] != side || init->dim[2] != side || init->dim[3] != 3 ||
        init->type != VKDIT_U8)
        return err_set(e, ERR_ARG, "the init image must be %u x %u pixels, 8-bit RGB", side, side);
    uint64_t pixels = (uint64_t)side * side, cells = (uint64_t)m->dit.side * m->dit.side;
    float *image = mem_zero(3 * pixels, sizeof *image, e), *moments = mem_zero(2 * r->image_values, sizeof *moments, e);
    bool ok = image && moments;
    for (uint32_t i = 0; ok && i < r->images; i++) {
        const uint8_t *rgb = (const uint8_t *)init->data + (init->dim[0] > i ? i : 0) * 3 * pixels;
        for (uint64_t p = 0; p < 3 * pixels; p++) image[p % 3 * pixels + p / 3] = (float)rgb[p] / 127.5f - 1.0f;
        ok = model_encode(m, image, side, side, moments, false, e);
        for (uint64_t k = 0; ok && k < m->vae.latent * cells; k++)
            clean[i * r->image_values + k] = moments[k] * m->vae.scaling;
    }
    free(image);
    free(moments);
    return ok;
}

static bool start_state(struct vkdit_run *r, const vkdit_job *j, struct err *e)
{
    const struct schedule *s = &r->schedule;
    struct program *x = r->model->step.program;
    float *start = mem_zero(r->values, sizeof *start, e);
    const float *noise = r->first_noise;
    bool ok = start != NULL;
    if (ok && j->init) ok = init_latent(r, j->init, start, e);
    for (uint64_t i = 0; ok && i < r->values; i++)
        start[i] = (float)(s->start_signal * start[i] * (j->init != NULL) + s->start_noise * r->z[i]);
    float *reg = ok ? mem_zero(r->state_values, sizeof *reg, e) : NULL;
    for (uint32_t k = 0; reg && k < s->n_regs; k++) {
        for (uint64_t i = 0; i < r->state_values; i++)
            reg[i] = (float)(s->init[k][0] * start[i % r->values] + (noise ? s->init[k][1] * noise[i % r->values] : 0));
        ok = ok && program_write(x, r->model->io.regs, k * r->state_values, r->state_values, reg, e);
    }
    ok = ok && reg;
    free(reg);
    free(start);
    return ok;
}

// Outside the guidance interval: half of a guided evaluation is enough.
static bool unguided(const struct schedule *s, uint32_t eval)
{
    return s->tick[eval].cfg == 1;
}

static bool leaves_guidance(const struct schedule *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (unguided(s, i)) return true;
    return false;
}

static bool begin(struct vkdit_run *r, const vkdit_job *j, struct err *e)
{
    struct vkdit_model *m = r->model;
    struct sample_spec spec;
    if (!check_job(m, j, e) || !make_spec(m, j, &spec, e) || !schedule_make(&r->schedule, &spec, e)) return false;
    r->sampler = sampler_find(spec.sampler);
    if (spec.strength < 1 && !j->init) return err_set(e, ERR_ARG, "a strength below 1 needs an init image or latent");
    r->images = j->images;
    r->copies = spec.cfg != 1.0 ? 2 : 1;
    r->image_values = (uint64_t)m->dit.channels * m->dit.side * m->dit.side;
    r->values = r->images * r->image_values;
    bool both = r->schedule.adaptive && r->copies == 2;
    r->state_values = both ? 2 * r->values : r->values;
    r->keep = j->keep_trajectory != 0;
    if (!make_conditions(r, j, e) || !run_open_noise(r, j, e) || !run_open_table(r, e)) return false;
    struct dit_use use = {
        .images = r->images,
        .copies = r->copies,
        .evals = r->chunk,
        .conds = r->conds,
        .regs = r->schedule.n_regs,
        .both = both,
        .guide_channels = r->copies == 2
                              ? dit_guided_channels(&m->dit, j->cfg_channels ? j->cfg_channels : m->hints.cfg_channels)
                              : 0};
    use.plain = r->copies == 2 && !both && !j->keep_activations && leaves_guidance(&r->schedule);
    use.kind = !schedule_uses_noise(&r->schedule) ? DIT_STEP : run_host_draws(r) ? DIT_STEP_NOISE : DIT_STEP_PHILOX;
    if (!model_step(m, &use, j->keep_activations != 0, e)) return false;
    r->user = m->step_user;
    r->peek = j->keep_steps && !r->schedule.adaptive;
    if (r->peek && !program_stills_open(m->step.program, m->io.regs, e)) return false;
    int32_t *y = (int32_t *)r->condition, *cond = (int32_t *)r->item_cond;
    if (!program_write(m->step.program, m->io.y, 0, r->conds, y, e) ||
        !program_write(m->step.program, m->io.cond, 0, r->copies * r->images, cond, e) || !start_state(r, j, e))
        return false;
    r->first = UINT32_MAX;
    if (!r->schedule.adaptive && !run_fill_table(r, 0, e)) return false;
    // a third of the weights is not needed any more
    if (!r->schedule.adaptive && !j->keep_modulation) program_drop_weights(m->step.program, RATE_RUN);
    r->counter_dirty = true;
    return !r->keep || run_keep_state(r, e);
}

vkdit_status vkdit_run_begin(vkdit_model *model, const vkdit_job *job, vkdit_run **out, vkdit_error *error)
{
    struct err e = {0};
    *out = mem_zero(1, sizeof **out, &e);
    if (*out) {
        (*out)->model = model;
        begin(*out, job, &e);
    }
    if (e.code != ERR_NONE) {
        vkdit_run_close(*out);
        *out = NULL;
    }
    return status_of(&e, error);
}

void vkdit_run_close(vkdit_run *r)
{
    if (!r) return;
    schedule_free(&r->schedule);
    vkdit_mix_close(r->mix);
    void *owned[] = {r->condition, r->item_cond, r->classes, r->z,       r->draw,       r->first_noise, r->given_noise,
                     r->mirror,    r->t,         r->kept.x,  r->kept.x0, r->kept.noise, r->computed,    r->mixed};
    for (size_t i = 0; i < COUNTOF(owned); i++) free(owned[i]);
    free(r);
}

// --- steps --------------------------------------------------------------------------------------------------------

bool run_asked_to_stop(void *user)
{
    struct stopper *s = user;
    return s->stop && s->stop(s->user);
}

// Evaluation r->eval on the device. A cancelled one leaves the registers as they were.
static bool one_eval(struct vkdit_run *r, struct stopper *s, struct err *e)
{
    struct vkdit_model *m = r->model;
    const struct sample_eval *ev = &r->schedule.eval[r->eval];
    if (!run_need_table(r, r->eval, e)) return false;
    const bool used = m->use.kind == DIT_STEP_NOISE;
    if (ev->draws && run_host_draws(r) && (used || r->keep || r->given_noise)) {
        // an evaluation that was cancelled is repeated with the noise it had
        if (!r->drawn && !run_draw(r, r->draw, e)) return false;
        r->drawn = true;
        if (used && !program_write(m->step.program, m->io.noise, 0, r->values, r->draw, e)) return false;
    }
    int32_t at = (int32_t)(r->eval - r->first);
    if (r->counter_dirty && !program_write(m->step.program, m->io.counter, 0, 1, &at, e)) return false;
    r->counter_dirty = true;
    const uint32_t after = r->step + 1;
    m->step_rate = m->use.plain && unguided(&r->schedule, r->eval) ? RATE_PLAIN : RATE_STEP;
    const int still = r->peek && ev->ends_step ? (int)(after % STILLS) : -1;
    if (!program_run_ahead(m->step.program, m->step_rate, still, run_asked_to_stop, s, e)) return false;
    if (still >= 0) r->still_of[still] = after;
    r->counter_dirty = r->drawn = false;
    r->last_t = ev->t;
    r->evals_done++;
    r->x0_known = true;
    return true;
}

static bool next_group(struct vkdit_run *r, struct err *e)
{
    uint64_t n = r->schedule.n_regs * r->state_values;
    float *regs = mem_zero(n, sizeof *regs, e);
    uint32_t evals = 0;
    bool ok = regs && program_read(r->model->step.program, r->model->io.regs, 0, n, regs, e) &&
              schedule_next(&r->schedule, regs, r->state_values, &evals, &r->done, e) &&
              program_write(r->model->step.program, r->model->io.regs, 0, n, regs, e);
    free(regs);
    r->eval = 0;
    r->schedule.n = evals;
    r->counter_dirty = true;
    ok = ok && (!r->keep || run_keep_points(r, e));
    for (uint32_t i = 0; ok && i < evals; i++) r->t[i] = r->schedule.eval[i].t;
    return ok && (r->done || (run_fill_table(r, 0, e) && run_mix_group(r, e)));
}

bool run_need_group(struct vkdit_run *r, struct err *e)
{
    return !r->schedule.adaptive || r->done || r->eval < r->schedule.n || next_group(r, e);
}

bool run_current(const struct vkdit_run *r, struct err *e)
{
    return r->user == r->model->step_user ||
           err_set(e, ERR_ARG, "another run or evaluation of this model was begun since: this run cannot go on");
}

static bool one_step(struct vkdit_run *r, struct stopper *s, struct err *e)
{
    if (!run_current(r, e)) return false;
    if (!run_need_group(r, e)) return false;
    while (!r->done && r->eval < r->schedule.n) {
        if (!one_eval(r, s, e)) return false;
        bool ends = r->schedule.eval[r->eval].ends_step;
        r->eval++;
        if (ends) break;
    }
    if (r->schedule.adaptive) return run_need_group(r, e);
    r->done = r->eval >= r->schedule.n;
    return true;
}

vkdit_status vkdit_run_step(vkdit_run *r, int (*stop)(void *user), void *user, int *done, vkdit_error *error)
{
    struct err e = {0};
    struct stopper s = {stop, user};
    double start = clock_seconds();
    bool was_done = r->done, ok = was_done || one_step(r, &s, &e);
    r->step_seconds = clock_seconds() - start;
    r->seconds += r->step_seconds;
    if (ok && !was_done) {
        r->step++;
        if (r->keep && !r->schedule.adaptive) run_keep_state(r, &e);
    }
    if (done) *done = r->done;
    return status_of(&e, error);
}

vkdit_status vkdit_run_wait(vkdit_run *r, vkdit_error *error)
{
    struct err e = {0};
    double start = clock_seconds();
    if (run_current(r, &e)) program_settle(r->model->step.program, &e);
    double waited = clock_seconds() - start;
    r->step_seconds += waited;
    r->seconds += waited;
    return status_of(&e, error);
}

// Level of the state as it is now; a finished one is all picture.
static void level_of(const struct vkdit_run *r, double *signal, double *noise)
{
    const bool known = !r->schedule.adaptive && r->eval < r->schedule.n;
    *signal = known ? r->schedule.eval[r->eval].signal : r->done ? 1 : 0;
    *noise = known ? r->schedule.eval[r->eval].noise : 0;
}

void vkdit_run_get_progress(const vkdit_run *r, vkdit_progress *p)
{
    struct program_stats last = program_stats(r->model->step.program, r->model->step_rate);
    *p = (vkdit_progress){.step = r->step,
                          .steps = r->schedule.adaptive ? 0 : r->schedule.steps,
                          .evals = r->evals_done,
                          .t = r->last_t,
                          .step_seconds = r->step_seconds,
                          .elapsed_seconds = r->seconds,
                          .sampler = r->sampler->name,
                          .submissions = last.submissions,
                          .longest_submission = last.longest};
    level_of(r, &p->signal, &p->noise);
}
