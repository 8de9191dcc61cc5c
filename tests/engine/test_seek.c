// test_seek.c — a run that is put where another one was goes on exactly as that one did, what the progress says about
// the level of a state is true, and steps that are looked at while the device goes on are the steps that were done.
#include "base/base.h"
#include "models/context.h"

#include <math.h>
#include <string.h>

enum { ROOM = 2 * 4 * 32 * 32 };

static const uint32_t classes[2] = {1, 3};

struct states { // after every step
    float x[12][ROOM], x0[12][ROOM];
    uint32_t n, values;
};

static vkdit_model *open_model(vkdit *context, const char *path, int sit)
{
    vkdit_error e;
    vkdit_model *m = NULL;
    const vkdit_model_options o = {.path = path, .synthetic = "tiny", .is_sit = sit, .precision = VKDIT_PRECISION_F32};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s", e.message);
    return m;
}

static void run_all(vkdit_model *m, const vkdit_job *job, const struct states *from, uint32_t step, struct states *to)
{
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    vkdit_model_info info;
    vkdit_model_get_info(m, &info);
    to->values = job->images * info.latent_channels * info.latent_height * info.latent_width;
    CHECK(vkdit_run_begin(m, job, &r, &e) == VKDIT_OK, "%s", e.message);
    if (!r) return;
    int done = 0;
    if (from)
        CHECK(vkdit_run_seek(r, step, from->x[step], from->x0[step], to->values, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_latent(r, 0, to->x[step], to->values, &e) == VKDIT_OK, "%s", e.message);
    for (to->n = step; !done && to->n < 11;) {
        CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
        to->n++;
        CHECK(vkdit_run_latent(r, 0, to->x[to->n], to->values, &e) == VKDIT_OK, "%s", e.message);
        CHECK(vkdit_run_latent(r, 1, to->x0[to->n], to->values, &e) == VKDIT_OK, "%s", e.message);
    }
    vkdit_progress p;
    vkdit_run_get_progress(r, &p);
    CHECK(done && p.step == to->n && p.signal == 1 && p.noise == 0, "finished at step %u: signal %g, noise %g", p.step,
          p.signal, p.noise);
    vkdit_run_close(r);
}

static bool goes_on_alike(vkdit_model *m, vkdit_job job, uint32_t step)
{
    static struct states whole, part; // large
    run_all(m, &job, NULL, 0, &whole);
    run_all(m, &job, &whole, step, &part);
    return whole.n == part.n && whole.values == part.values &&
           !memcmp(whole.x[whole.n], part.x[part.n], whole.values * sizeof(float)) &&
           !memcmp(whole.x0[whole.n], part.x0[part.n], whole.values * sizeof(float));
}

// Looks at every step, at most one behind, and never waits before the end.
static void run_peeking(vkdit_model *m, vkdit_job job, struct states *to)
{
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    vkdit_model_info info;
    int done = 0, there = 0;
    job.keep_steps = 1;
    vkdit_model_get_info(m, &info);
    to->values = job.images * info.latent_channels * info.latent_height * info.latent_width;
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK, "%s", e.message);
    if (!r) return;
    CHECK(vkdit_run_peek(r, 1, 0, to->x[1], to->values, &there, &e) != VKDIT_OK, "step 1 was there before it was done");
    to->n = 0;
    for (uint32_t steps = 1; !done && steps <= 11; steps++) {
        CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
        if (done) CHECK(vkdit_run_wait(r, &e) == VKDIT_OK, "%s", e.message);
        for (there = 1; there && to->n < steps; to->n += there) {
            CHECK(vkdit_run_peek(r, to->n + 1, 0, to->x[to->n + 1], to->values, &there, &e) == VKDIT_OK, "%s",
                  e.message);
            if (there)
                CHECK(vkdit_run_peek(r, to->n + 1, 1, to->x0[to->n + 1], to->values, &there, &e) == VKDIT_OK && there,
                      "%s", e.message);
        }
        CHECK(to->n + 1 >= steps, "step %u was seen when %u were done", to->n, steps);
    }
    CHECK(vkdit_run_peek(r, to->n, 0, to->x[0], to->values - 1, &there, &e) != VKDIT_OK, "a short room was filled");
    CHECK(vkdit_run_peek(r, to->n - 2, 0, to->x[0], to->values, &there, &e) != VKDIT_OK, "an old step was given");
    vkdit_run_close(r);
}

static void seen_as_done(vkdit_model *m, vkdit_job job)
{
    static struct states done, seen; // large
    run_all(m, &job, NULL, 0, &done);
    run_peeking(m, job, &seen);
    CHECK(seen.n == done.n, "%u steps were seen, %u done", seen.n, done.n);
    for (uint32_t i = 1; i <= seen.n; i++)
        CHECK(!memcmp(seen.x[i], done.x[i], done.values * sizeof(float)) &&
                  !memcmp(seen.x0[i], done.x0[i], done.values * sizeof(float)),
              "%s: step %u looked different", job.sampler, i);
}

static void every_sampler(vkdit_model *m, const char *const *samplers, uint32_t n, vkdit_job job)
{
    for (uint32_t i = 0; i < n; i++) {
        job.sampler = samplers[i];
        CHECK(goes_on_alike(m, job, 3), "%s: differs after step 3", samplers[i]);
        seen_as_done(m, job);
    }
}

static void refused(vkdit_model *m, vkdit_job job, const char *sampler, const char *text)
{
    static float zero[ROOM];
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    job.sampler = sampler;
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK, "%s", e.message);
    vkdit_model_info info;
    vkdit_model_get_info(m, &info);
    const uint64_t n = (uint64_t)job.images * info.latent_channels * info.latent_height * info.latent_width;
    if (r)
        CHECK(vkdit_run_seek(r, 2, zero, zero, n, &e) != VKDIT_OK && strstr(e.message, text), "got \"%s\"", e.message);
    if (r) CHECK(vkdit_run_seek(r, 2, zero, zero, n - 1, &e) != VKDIT_OK, "a short state was taken");
    vkdit_run_close(r);
}

// A run that starts part way is put together from a known picture and known noise: does the level say how?
static void level_is_true(vkdit_model *m, const char *sampler)
{
    static float clean[ROOM], z[ROOM], x[ROOM];
    vkdit_model_info info;
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    vkdit_progress p = {0};
    vkdit_model_get_info(m, &info);
    const uint32_t n = info.latent_channels * info.latent_height * info.latent_width;
    for (uint32_t i = 0; i < n; i++) clean[i] = sinf((float)i), z[i] = cosf(3 * (float)i);
    const vkdit_tensor init = {
        "latent", VKDIT_F32, 4, {1, info.latent_channels, info.latent_height, info.latent_width}, clean};
    const vkdit_tensor noise = {"z", VKDIT_F32, 4, {1, info.latent_channels, info.latent_height, info.latent_width}, z};
    const vkdit_job job = {.classes = classes,
                           .images = 1,
                           .sampler = sampler,
                           .steps = 10,
                           .init = &init,
                           .strength = 0.6,
                           .noise = &noise,
                           .noise_count = 1};
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK, "%s", e.message);
    if (!r) return;
    vkdit_run_get_progress(r, &p);
    CHECK(vkdit_run_latent(r, 0, x, n, &e) == VKDIT_OK, "%s", e.message);
    double worst = 0;
    for (uint32_t i = 0; i < n; i++) worst = fmax(worst, fabs(p.signal * clean[i] + p.noise * z[i] - x[i]));
    CHECK(worst < 1e-5 && p.signal > 0 && p.noise > 0, "%s: signal %g, noise %g, off by %g", sampler, p.signal, p.noise,
          worst);
    vkdit_run_close(r);
}

int main(void)
{
    static const char *const dit[] = {"ddim", "ddpm", "dpmpp2m", "euler", "heun"}, *const sit[] = {"euler", "heun",
                                                                                                   "dpmpp2m",
                                                                                                   "sde-euler"};
    vkdit *context = context_open();
    if (!context) return check_done();
    vkdit_model *d = open_model(context, NULL, 0),
                *s = open_model(context, VKDIT_TEST_DATA "/dit/sit_toy.weights.safetensors", 1);
    const vkdit_job job = {.classes = classes, .images = 2, .steps = 8, .cfg_scale = 3, .seed = 11};
    every_sampler(d, dit, COUNTOF(dit), job);
    for (uint32_t i = 0; i < COUNTOF(dit); i++) level_is_true(d, dit[i]);
    vkdit_job noisy = job;
    noisy.eta = 0.7;
    noisy.rng = VKDIT_RNG_PHILOX;
    noisy.sampler = "ddim";
    CHECK(goes_on_alike(d, noisy, 5), "ddim with eta differs after step 5");
    noisy.rng = VKDIT_RNG_TORCH;
    CHECK(goes_on_alike(d, noisy, 0), "ddim with eta differs from the start");
    if (s) {
        every_sampler(s, sit, COUNTOF(sit), job);
        for (uint32_t i = 0; i < COUNTOF(sit); i++) level_is_true(s, sit[i]);
        refused(s, job, "dopri5", "chooses its steps");
        refused(s, job, "sde-heun", "carries noise");
    }
    vkdit_model_close(d);
    vkdit_model_close(s);
    return context_done(context);
}
