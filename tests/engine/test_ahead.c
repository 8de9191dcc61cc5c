// test_ahead.c — steps that are submitted together are the steps that were waited for one by one, whatever interrupts them.
#include "engine/run.h"
#include "models/context.h"

enum { VALUES = 4 * 8 * 8, STEPS = 60, SPOILED = 4 };

static const char *const dit = VKDIT_TEST_DATA "/dit/dit_toy.weights.safetensors";

// How a run is stepped: what is done after every `every`th step.
struct manner {
    const char *name;
    uint32_t every;
    void (*act)(vkdit_run *r);
    bool alone; // then no two steps may share a submission
};

static void check(vkdit_status s, const vkdit_error *e)
{
    CHECK(s == VKDIT_OK, "%s", e->message);
}

static void wait_for_it(vkdit_run *r)
{
    vkdit_error e = {0};
    check(vkdit_run_wait(r, &e), &e);
}

static void read_it(vkdit_run *r)
{
    float x[VALUES];
    vkdit_error e = {0};
    check(vkdit_run_latent(r, 1, x, VALUES, &e), &e);
}

static int now(void *user)
{
    (void)user;
    return 1;
}

static void cancel_one(vkdit_run *r)
{
    vkdit_progress before, after;
    vkdit_error e = {0};
    int done;
    vkdit_run_get_progress(r, &before);
    CHECK(vkdit_run_step(r, now, NULL, &done, &e) == VKDIT_ERR_CANCELLED, "a step was not cancelled: %s", e.message);
    vkdit_run_get_progress(r, &after);
    CHECK(before.step == after.step, "cancelled at step %u, at %u afterwards", before.step, after.step);
}

static void nothing(vkdit_run *r)
{
    (void)r;
}

// Spoils the table where the steps so far have read it: they must have been submitted before that.
static void spoil_past(vkdit_run *r)
{
    vkdit_table_info info;
    vkdit_progress p;
    vkdit_error e = {0};
    check(vkdit_run_table_info(r, &info, &e), &e);
    vkdit_run_get_progress(r, &p);
    float *slot = calloc(info.width, sizeof *slot);
    for (uint32_t i = 0; i < info.width; i++) slot[i] = 1e3f;
    for (uint32_t i = p.evals - SPOILED; i < p.evals; i++) check(vkdit_run_table_write(r, i, 0, 0, 1, slot, &e), &e);
    free(slot);
}

// Returns how many steps shared a submission, at most.
static uint32_t run_once(vkdit_model *m, const vkdit_job *job, const struct manner *how, float *out)
{
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    uint32_t most = 0;
    memset(out, 0, VALUES * sizeof *out);
    check(vkdit_run_begin(m, job, &r, &e), &e);
    for (int done = 0, i = 1; r && !done && i <= STEPS; i++) {
        check(vkdit_run_step(r, NULL, NULL, &done, &e), &e);
        if (!done && i % (int)how->every == 0) how->act(r);
        const uint32_t n = program_stats(m->step.program, m->step_rate).replays;
        if (n > most) most = n;
    }
    if (r) check(vkdit_run_latent(r, 0, out, VALUES, &e), &e);
    vkdit_run_close(r);
    return most;
}

// Twice, since the statistics are at first those of the run before.
static uint32_t run(vkdit_model *m, const vkdit_job *job, const struct manner *how, float *out)
{
    run_once(m, job, how, out);
    return run_once(m, job, how, out);
}

// A run that is given up while steps of it are held disturbs neither the next one nor the closing of the model.
static void give_up(vkdit_model *m, const vkdit_job *job, uint32_t steps)
{
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    int done = 0;
    check(vkdit_run_begin(m, job, &r, &e), &e);
    for (uint32_t i = 0; r && i < steps; i++) check(vkdit_run_step(r, NULL, NULL, &done, &e), &e);
    vkdit_run_close(r);
}

static void every_manner(vkdit_model *m, vkdit_job job)
{
    static const struct manner manners[] = {
        {"waited for each", 1, wait_for_it, true},      {"looked at none", 1, nothing},
        {"waited for every fifth", 5, wait_for_it},     {"read every seventh", 7, read_it},
        {"cancelled after every third", 3, cancel_one}, {"spoilt behind it", SPOILED, spoil_past}};
    float want[VALUES], got[VALUES];
    for (uint32_t i = 0; i < COUNTOF(manners); i++) {
        give_up(m, &job, 5 + i);
        const uint32_t n = run(m, &job, &manners[i], i ? got : want);
        const double step = program_stats(m->step.program, m->step_rate).seconds;
        printf("%-28s up to %2u steps together, %.2f ms each\n", manners[i].name, n, step * 1e3);
        CHECK(i == 0 || !memcmp(got, want, sizeof want), "%s: another latent", manners[i].name);
        CHECK(!manners[i].alone || n == 1, "%s: %u steps shared a submission", manners[i].name, n);
        CHECK(manners[i].alone || n > 1 || step > 0.01, "%s: short steps shared no submission", manners[i].name);
    }
    job.keep_steps = 1;
    CHECK(run(m, &job, &manners[1], got) == 1, "steps that are kept shared a submission");
    CHECK(!memcmp(got, want, sizeof want), "steps that are kept: another latent");
    give_up(m, &job, 9);
}

int main(void)
{
    static const uint32_t class_3 = 3;
    vkdit *context = context_open();
    if (!context) return 77;
    vkdit_error e;
    vkdit_model *m = NULL;
    const vkdit_model_options o = {.path = dit, .heads = 4, .precision = VKDIT_PRECISION_F32};
    check(vkdit_model_open(context, &o, &m, &e), &e);
    vkdit_job job = {.classes = &class_3, .images = 1, .steps = STEPS, .cfg_scale = 2, .seed = 7};
    if (m) every_manner(m, job);
    job.cfg_from = 0.2, job.cfg_to = 0.6; // two programs take turns
    if (m) every_manner(m, job);
    vkdit_model_close(m);
    return context_done(context);
}
