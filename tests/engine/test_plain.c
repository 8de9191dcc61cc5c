// test_plain.c — outside its guidance interval a run computes the conditional half alone, and nothing else differs: against
// the same run with both halves, for every kind of noise and both precisions, and with its state taken up on the way.
#include "engine/run.h"
#include "models/context.h"

#include <math.h>

enum { IMAGES = 2, ROOM = IMAGES * 4 * 32 * 32 };

static const uint32_t classes[IMAGES] = {1, 3};

struct outcome {
    float x[ROOM];
    uint32_t plain, steps;             // evaluations of the conditional half alone, steps
    uint64_t temp_bytes, weight_bytes; // of the program
    uint32_t dispatches, of_plain;     // of its parts
    double seconds, of_plain_seconds;  // of the last evaluation of each part
};

// seek: the state is read and put back before every step.
static void run_job(vkdit_model *m, const vkdit_job *j, bool seek, struct outcome *o)
{
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    *o = (struct outcome){0};
    CHECK(vkdit_run_begin(m, j, &r, &e) == VKDIT_OK, "%s", e.message);
    for (int done = 0; r && !done; o->steps++) {
        if (seek && o->steps) {
            vkdit_run_latent(r, 0, o->x, r->values, &e);
            CHECK(vkdit_run_seek(r, o->steps, o->x, NULL, r->values, &e) == VKDIT_OK, "%s", e.message);
        }
        CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
        if (e.status != VKDIT_OK) break;
        o->plain += m->step_rate == RATE_PLAIN;
    }
    if (r) CHECK(vkdit_run_latent(r, 0, o->x, r->values, &e) == VKDIT_OK, "%s", e.message);
    if (r) {
        const struct plan *p = m->step.plan;
        o->temp_bytes = p->temp_bytes;
        for (int k = 0; k < RATE_COUNT; k++) o->weight_bytes += p->weight_bytes[k];
        o->dispatches = p->n_seq[RATE_STEP];
        o->of_plain = p->n_seq[RATE_PLAIN];
        o->seconds = program_stats(m->step.program, RATE_STEP).seconds;
        o->of_plain_seconds = program_stats(m->step.program, RATE_PLAIN).seconds;
    }
    vkdit_run_close(r);
}

static void compare(vkdit_model *m, vkdit_job j, const char *what, uint32_t plain, double bar)
{
    static struct outcome half, whole;
    char name[100];
    snprintf(name, sizeof name, "%s, %s", what, j.sampler);
    run_job(m, &j, false, &half);
    j.keep_activations = 1; // which wants both halves of every evaluation
    run_job(m, &j, false, &whole);
    const double off = golden_error(half.x, whole.x, ROOM);
    printf("%-24s %u of %u evaluations plain, %.2g from both halves\n", name, half.plain, half.steps, off);
    CHECK(off <= bar, "%s: %g from both halves", name, off);
    CHECK(half.plain == plain && whole.plain == 0 && whole.of_plain == 0, "%s: %u and %u evaluations were plain", name,
          half.plain, whole.plain);
    CHECK(half.of_plain > 0 && half.of_plain < half.dispatches && half.dispatches == whole.dispatches,
          "%s: %u dispatches, %u plain ones, %u with both halves", name, half.dispatches, half.of_plain,
          whole.dispatches);
    CHECK(half.weight_bytes == whole.weight_bytes, "%s: another %lld bytes of weights", name,
          (long long)(half.weight_bytes - whole.weight_bytes));
    CHECK(half.seconds > 0 && half.of_plain_seconds > 0, "%s: no time measured", name);
    CHECK(half.temp_bytes <= whole.temp_bytes, "%s: more room for intermediates", name);
}

static vkdit_model *open_model(vkdit *context, vkdit_precision precision, int sit)
{
    vkdit_error e;
    vkdit_model *m = NULL;
    const vkdit_model_options o = {.synthetic = "tiny", .precision = precision, .is_sit = sit};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s", e.message);
    return m;
}

// Of 8 timesteps from 999 to 0 three lie in 300..800, of 8 flow times from 1 to 1/8 four lie in 0.3..0.8.
static const vkdit_job banded = {
    .classes = classes, .images = IMAGES, .steps = 8, .seed = 5, .cfg_scale = 3, .cfg_from = 0.2, .cfg_to = 0.7};

static void noises(vkdit *context)
{
    vkdit_model *dit = open_model(context, VKDIT_PRECISION_F32, 0);
    vkdit_job j = banded;
    j.sampler = "ddpm"; // with learned variance
    if (dit) compare(dit, j, "fp32", 5, 1e-5);
    j.rng = VKDIT_RNG_PHILOX;
    if (dit) compare(dit, j, "fp32, philox", 5, 1e-5);
    vkdit_model_close(dit);
}

static void halves(vkdit *context)
{
    vkdit_model *sit = open_model(context, VKDIT_PRECISION_F16, 1);
    vkdit_job j = banded;
    j.images = 1, j.sampler = "euler";
    if (sit) compare(sit, j, "fp16", 4, 2e-3);
    vkdit_model_close(sit);
}

// Runs that need no second part have none; a state can be taken up in either part.
static void flows(vkdit *context)
{
    static struct outcome o, again;
    vkdit_model *m = open_model(context, VKDIT_PRECISION_F32, 1);
    if (!m) return;
    vkdit_job j = banded;
    j.sampler = "dpmpp2m";
    compare(m, j, "fp32", 4, 1e-5);
    j = (vkdit_job){.classes = classes, .images = 1, .steps = 4, .sampler = "euler", .cfg_scale = 3};
    run_job(m, &j, false, &o);
    CHECK(o.plain == 0 && o.of_plain == 0, "guided throughout, with %u plain dispatches", o.of_plain);
    j.cfg_scale = 1;
    run_job(m, &j, false, &o);
    CHECK(o.plain == 0 && o.of_plain == 0, "never guided, with %u plain dispatches", o.of_plain);
    j.cfg_scale = 3, j.cfg_from = 0.2, j.cfg_to = 0.7;
    run_job(m, &j, false, &o);
    run_job(m, &j, true, &again);
    CHECK(o.plain > 0 && again.plain == o.plain && golden_error(o.x, again.x, ROOM) == 0,
          "taken up at every step: %g from the run in one go", golden_error(o.x, again.x, ROOM));
    j.sampler = "dopri5"; // chooses its evaluations on the way
    run_job(m, &j, false, &o);
    CHECK(o.plain == 0 && o.of_plain == 0, "dopri5 with %u plain dispatches", o.of_plain);
    vkdit_model_close(m);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    noises(context);
    halves(context);
    flows(context);
    return context_done(context);
}
