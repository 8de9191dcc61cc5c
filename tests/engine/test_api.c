// test_api.c — the public header as a stranger uses it: misuse is refused with a reason, what it promises holds.
// Wrong numbers are the business of the model tests; here runs are compared with other runs.
#include "models/context.h"
#include "scratch.h"

#include <pthread.h>

enum { VALUES = 4 * 16 * 16, ROOM = 8 * VALUES }; // at most 8 images of 16 x 16 cells

static vkdit_model *model_of(vkdit *context, const char *path, int sit)
{
    vkdit_error e;
    vkdit_model *m = NULL;
    const vkdit_model_options o = {.path = path, .is_sit = sit, .precision = VKDIT_PRECISION_F32};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s", e.message);
    return m;
}

static uint32_t each_of(const vkdit_model *m)
{
    vkdit_model_info i;
    vkdit_model_get_info(m, &i);
    return i.latent_channels * i.latent_height * i.latent_width;
}

static vkdit_status finish(vkdit_run *r, vkdit_error *e)
{
    vkdit_status s = VKDIT_OK;
    for (int done = 0; !done && s == VKDIT_OK;) s = vkdit_run_step(r, NULL, NULL, &done, e);
    return s;
}

// The whole run's latent; zeros when it failed.
static vkdit_status run_job(vkdit_model *m, const vkdit_job *j, float *out, vkdit_error *e)
{
    vkdit_run *r;
    memset(out, 0, ROOM * sizeof *out);
    vkdit_status s = vkdit_run_begin(m, j, &r, e);
    if (s == VKDIT_OK) s = finish(r, e);
    if (s == VKDIT_OK) s = vkdit_run_latent(r, 0, out, (uint64_t)j->images * each_of(m), e);
    vkdit_run_close(r);
    return s;
}

static bool same(const float *a, const float *b)
{
    return !memcmp(a, b, ROOM * sizeof *a);
}

static const uint32_t classes[8] = {1, 3, 0, 2, 1, 0, 2, 3};

// --- misuse -------------------------------------------------------------------------------------------------------

static void refused(vkdit_model *m, vkdit_job j, vkdit_status want, const char *text)
{
    vkdit_run *r = NULL;
    vkdit_error e = {0};
    const vkdit_status s = vkdit_run_begin(m, &j, &r, &e);
    CHECK(s == want && e.status == want && !r, "wanted \"%s\": status %d, %s", text, (int)s, e.message);
    CHECK(strstr(e.message, text) && !strchr(e.message, '\n'), "wanted \"%s\", got \"%s\"", text, e.message);
    CHECK(vkdit_run_begin(m, &j, &r, NULL) == want && !r, "without a place for the message");
    vkdit_run_close(r);
}

static void refuses(vkdit_model *m, vkdit_model *sit)
{
    const uint32_t wrong = 4000, one = 1;
    float z[VALUES] = {0};
    const vkdit_tensor few = {"z", VKDIT_F32, 1, {5}, z}, nameless = {NULL, VKDIT_F32, 1, {5}, z},
                       deep = {"latent", VKDIT_F32, 9, {1, 1, 1, 1, 1, 1, 1, 1}, z},
                       hollow = {"latent", VKDIT_F32, 1, {4}, NULL},
                       picture = {"image", VKDIT_U8, 4, {0, 8, 8, 3}, NULL},
                       wrap = {"noise", VKDIT_F32, 4, {1, 1ull << 32, 1ull << 32, 4}, z};
    const vkdit_job ok = {.classes = &one, .images = 1, .steps = 2};
    vkdit_job j;
#define REFUSE(model, status, text, ...)                                                                               \
    j = ok;                                                                                                            \
    __VA_ARGS__;                                                                                                       \
    refused(model, j, VKDIT_ERR_##status, text)
    REFUSE(m, ARGUMENT, "number of images", j.images = 0);
    REFUSE(m, ARGUMENT, "number of images", j.images = 4000000);
    REFUSE(m, ARGUMENT, "number of images", j.classes = NULL);
    REFUSE(m, ARGUMENT, "class 4000", j.classes = &wrong);
    REFUSE(m, ARGUMENT, "negative class 4000", j.negative = &wrong);
    REFUSE(m, ARGUMENT, "nonsense", j.sampler = "nonsense");
    REFUSE(m, ARGUMENT, "steps", j.steps = 200000);
    REFUSE(m, ARGUMENT, "guidance scale", j.cfg_scale = -1);
    REFUSE(m, ARGUMENT, "guidance scale", j.cfg_scale = NAN);
    REFUSE(m, ARGUMENT, "guidance interval", j.cfg_from = 0.7; j.cfg_to = 0.2);
    REFUSE(m, ARGUMENT, "epsilon scale", j.epsilon_scale = 2.5);
    REFUSE(m, ARGUMENT, "epsilon scale", j.epsilon_scale = NAN);
    REFUSE(m, ARGUMENT, "shift", j.shift = 1000);
    REFUSE(m, ARGUMENT, "strength", j.strength = 2);
    REFUSE(m, ARGUMENT, "strength", j.strength = NAN);
    REFUSE(m, ARGUMENT, "needs an init", j.strength = 0.5);
    REFUSE(m, ARGUMENT, "5 values", j.noise = &few; j.noise_count = 1);
    REFUSE(m, ARGUMENT, "5 values", j.init = &(vkdit_tensor){"latent", VKDIT_F32, 1, {5}, z});
    REFUSE(m, ARGUMENT, "needs a name", j.init = &nameless);
    REFUSE(m, ARGUMENT, "needs a name", j.init = &deep);
    REFUSE(m, ARGUMENT, "needs a name", j.init = &hollow);
    REFUSE(m, ARGUMENT, "needs a name", j.init = &(vkdit_tensor){"latent", (vkdit_type)77, 1, {5}, z});
    REFUSE(m, ARGUMENT, "per draw", j.noise = &wrap; j.noise_count = 1);
    REFUSE(m, UNSUPPORTED, "encoder", j.init = &picture);
    REFUSE(m, ARGUMENT, "spacing", j.spacing = "nonsense");
    REFUSE(sit, ARGUMENT, "unknown path", j.path = "nonsense");
    REFUSE(sit, ARGUMENT, "unknown target", j.target = "nonsense");
    REFUSE(m, ARGUMENT, "dopri5", j.sampler = "dopri5");
    REFUSE(sit, ARGUMENT, "ddim", j.sampler = "ddim");
#undef REFUSE
}

static void opening(vkdit *context)
{
    vkdit *other = NULL;
    vkdit_model *m = NULL;
    vkdit_run *r = NULL;
    vkdit_error e;
    CHECK(vkdit_open(&(vkdit_options){.device = "no such device"}, &other, &e) != VKDIT_OK && !other && e.message[0],
          "a device that does not exist was opened");
    CHECK(vkdit_open(&(vkdit_options){.limits = "nonsense"}, &other, &e) == VKDIT_ERR_ARGUMENT, "%s", e.message);
    CHECK(vkdit_model_open(context, NULL, &m, &e) == VKDIT_OK, "%s", e.message); // the default
    vkdit_model_close(m);
    CHECK(vkdit_model_open(context, &(vkdit_model_options){.synthetic = "DiT-Q/9"}, &m, &e) == VKDIT_ERR_ARGUMENT && !m,
          "%s", e.message);
    CHECK(vkdit_model_open(context, &(vkdit_model_options){.weights = (vkdit_weights)7}, &m, &e) ==
                  VKDIT_ERR_ARGUMENT &&
              !m,
          "weights of no known kind: %s", e.message);
    CHECK(!strcmp(vkdit_arithmetic_name(VKDIT_PRECISION_F16, VKDIT_WEIGHTS_Q4), "fp16 q4") &&
              !strcmp(vkdit_weights_name((vkdit_weights)7), "unknown"),
          "names of arithmetic");
    CHECK(vkdit_model_open(context, &(vkdit_model_options){.path = "/nowhere/at all"}, &m, &e) == VKDIT_ERR_IO && !m,
          "%s", e.message);
    CHECK(strstr(e.message, "/nowhere/at all"), "%s", e.message);
    CHECK(vkdit_model_open(NULL, NULL, &m, &e) == VKDIT_OK, "%s", e.message); // enough to look at
    const vkdit_job j = {.classes = classes, .images = 1};
    CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_ERR_ARGUMENT && !r, "%s", e.message);
    vkdit_model_close(m);
    vkdit_close(NULL);
    vkdit_model_close(NULL);
    vkdit_run_close(NULL);
    vkdit_tensors_free(NULL);
    vkdit_free(NULL);
    CHECK(!strcmp(vkdit_status_name((vkdit_status)99), "unknown"), "status 99");
}

// The older run of two must not touch the younger one's state.
static void two_runs(vkdit_model *m)
{
    vkdit_run *a, *b;
    vkdit_error e;
    int done = 0;
    float x[ROOM], alone[ROOM];
    vkdit_job j = {.classes = classes, .images = 1, .steps = 3}, k = {.classes = classes, .images = 2, .steps = 4};
    CHECK(run_job(m, &k, alone, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_begin(m, &j, &a, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_step(a, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_begin(m, &k, &b, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_step(a, NULL, NULL, &done, &e) == VKDIT_ERR_ARGUMENT, "the older run went on");
    CHECK(vkdit_run_latent(a, 0, x, each_of(m), &e) == VKDIT_ERR_ARGUMENT, "the older run gave something");
    CHECK(vkdit_run_table_read(a, 0, 0, 0, 1, x, &e) == VKDIT_ERR_ARGUMENT, "the older run's table was read");
    memset(x, 0, sizeof x);
    CHECK(finish(b, &e) == VKDIT_OK && vkdit_run_latent(b, 0, x, 2ull * each_of(m), &e) == VKDIT_OK, "%s", e.message);
    CHECK(same(x, alone), "the younger run was disturbed");
    CHECK(vkdit_run_step(b, NULL, NULL, &done, &e) == VKDIT_OK && done, "stepping past the end");
    CHECK(vkdit_run_latent(b, 0, x, 7, &e) == VKDIT_ERR_ARGUMENT, "a wrong room was accepted");
    vkdit_run_close(a);
    vkdit_run_close(b);
}

// --- cancelling ---------------------------------------------------------------------------------------------------

struct patience {
    int left, asked;
    uint64_t pipelines; // the most that were told of at once
};

static int lose_patience(void *user)
{
    struct patience *p = user;
    p->asked++;
    return p->left-- <= 0;
}

static int lose_patience_loading(void *user, const char *what, uint64_t done, uint64_t total)
{
    struct patience *p = user;
    CHECK(what && done <= total, "%s: %llu of %llu", what, (unsigned long long)done, (unsigned long long)total);
    if (what && !strcmp(what, "pipelines") && total > p->pipelines) p->pipelines = total;
    return lose_patience(user);
}

// Opens the model and begins a run; true when patience did not run out before.
static bool load(vkdit *context, vkdit_precision precision, struct patience *p)
{
    const int left = p->left;
    vkdit_model *m = NULL;
    vkdit_run *r = NULL;
    vkdit_error e;
    const vkdit_model_options o = {.path = VKDIT_TEST_DATA "/dit/dit_toy.weights.safetensors",
                                   .precision = precision,
                                   .progress = lose_patience_loading,
                                   .user = p};
    const vkdit_job j = {.classes = classes, .images = 1, .steps = 2};
    vkdit_status s = vkdit_model_open(context, &o, &m, &e);
    if (s == VKDIT_OK) s = vkdit_run_begin(m, &j, &r, &e);
    CHECK(s == (r ? VKDIT_OK : VKDIT_ERR_CANCELLED), "cancelled at %d: status %d, %s", left, (int)s, e.message);
    vkdit_run_close(r);
    vkdit_model_close(m);
    return s == VKDIT_OK;
}

static void cancel_loading(void)
{
    vkdit *context = context_open(); // of its own, where no pipeline is made yet
    uint32_t cancelled = 0;
    uint64_t made = 0;
    for (bool loaded = false; !loaded && cancelled < 600;) {
        struct patience p = {.left = (int)cancelled};
        loaded = load(context, VKDIT_PRECISION_F32, &p);
        cancelled += !loaded;
        made = p.pipelines > made ? p.pipelines : made; // the first time that any were told of: all
    }
    CHECK(cancelled > 10 && cancelled < 599, "%u cancelled", cancelled);
    struct patience p = {.left = 10000};
    load(context, VKDIT_PRECISION_F16, &p); // which needs others
    made += p.pipelines;
    CHECK(made > 20, "%llu pipelines were told of", (unsigned long long)made);
    vkdit_close(context);
}

// Stopped again and again, a run ends where an undisturbed one does.
static void cancel_steps(vkdit_model *m, const char *sampler)
{
    float want[ROOM], x[ROOM] = {0};
    vkdit_run *r;
    vkdit_error e;
    const vkdit_job j = {.classes = classes, .images = 2, .steps = 4, .sampler = sampler, .seed = 9};
    CHECK(run_job(m, &j, want, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK, "%s", e.message);
    uint32_t cancelled = 0;
    for (int done = 0, k = 0; !done && r;) { // ever more patient with one step, which a slow device does in many parts
        struct patience p = {.left = k};
        vkdit_progress before, after;
        vkdit_run_get_progress(r, &before);
        const vkdit_status s = vkdit_run_step(r, lose_patience, &p, &done, &e);
        vkdit_run_get_progress(r, &after);
        CHECK(s == VKDIT_OK || s == VKDIT_ERR_CANCELLED, "%s: %s", sampler, e.message);
        CHECK(after.step == before.step + (s == VKDIT_OK), "%s: step %u after %u", sampler, after.step, before.step);
        cancelled += s == VKDIT_ERR_CANCELLED;
        k = s == VKDIT_ERR_CANCELLED ? 2 * k + 1 : 0;
        if (s != VKDIT_OK && s != VKDIT_ERR_CANCELLED) break;
    }
    CHECK(cancelled > 0 && vkdit_run_latent(r, 0, x, 2ull * each_of(m), &e) == VKDIT_OK, "%s", e.message);
    CHECK(same(x, want), "%s: %u interruptions changed the result", sampler, cancelled);
    vkdit_run_close(r);
}

// --- two at once --------------------------------------------------------------------------------------------------

struct worker {
    float x[ROOM];
    uint64_t seed;
    vkdit_status status;
    vkdit_error e;
};

static void *work(void *user)
{
    struct worker *w = user;
    vkdit *context = NULL;
    vkdit_model *m = NULL;
    const vkdit_options o = context_options();
    const vkdit_job j = {.classes = classes, .images = 2, .steps = 4, .sampler = "ddpm", .seed = w->seed};
    w->status = vkdit_open(&o, &context, &w->e);
    if (w->status == VKDIT_OK)
        w->status = vkdit_model_open(context, &(vkdit_model_options){.synthetic = "tiny"}, &m, &w->e);
    if (w->status == VKDIT_OK) w->status = run_job(m, &j, w->x, &w->e);
    vkdit_model_close(m);
    vkdit_close(context);
    return NULL;
}

static void threads(void)
{
    static struct worker alone[2], together[2];
    pthread_t id[2];
    for (int i = 0; i < 2; i++) {
        alone[i].seed = together[i].seed = 20 + (uint64_t)i;
        work(&alone[i]);
        CHECK(alone[i].status == VKDIT_OK, "%s", alone[i].e.message);
    }
    for (int i = 0; i < 2; i++) CHECK(!pthread_create(&id[i], NULL, work, &together[i]), "no thread");
    for (int i = 0; i < 2; i++) {
        pthread_join(id[i], NULL);
        CHECK(together[i].status == VKDIT_OK, "%s", together[i].e.message);
        CHECK(same(alone[i].x, together[i].x), "thread %d: another result than alone", i);
    }
    CHECK(!same(alone[0].x, alone[1].x), "the seed changed nothing");
}

// --- promises -----------------------------------------------------------------------------------------------------

// Guidance outside its interval is a plain conditional step; the whole interval is guidance as ever.
static void interval(vkdit_model *m)
{
    float plain[ROOM], guided[ROOM], x[ROOM];
    vkdit_error e;
    vkdit_job j = {.classes = classes, .images = 1, .steps = 5, .cfg_scale = 1};
    CHECK(run_job(m, &j, plain, &e) == VKDIT_OK, "%s", e.message);
    j.cfg_scale = 4;
    CHECK(run_job(m, &j, guided, &e) == VKDIT_OK && !same(plain, guided), "guidance changed nothing");
    j.cfg_to = 1;
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK && same(x, guided), "the whole interval is not the whole run");
    j.cfg_from = j.cfg_to = 1; // only the very end lies inside, and not the whole run
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK && !same(x, guided) && !same(x, plain), "the end alone");
    j.cfg_from = j.cfg_to = 0.99; // no step lies inside
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK, "%s", e.message);
    const double off = golden_error(x, plain, each_of(m));
    printf("outside the guidance interval: %.2g from the plain run\n", off);
    CHECK(off < 1e-5, "outside the interval: %g from the plain run", off);
    j.cfg_from = 0.4, j.cfg_to = 0.7;
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK && !same(x, plain) && !same(x, guided), "half an interval");
    j = (vkdit_job){.classes = classes, .images = 1, .steps = 5, .negative = &classes[2]};
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK && !same(x, guided), "the negative class changed nothing");
    j.negative = classes; // guided away from itself: (1 + s) c - s c
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK && golden_error(x, plain, each_of(m)) < 1e-5, "its own negative: %g",
          golden_error(x, plain, each_of(m)));
}

static void noise_and_start(vkdit_model *m)
{
    float torch[ROOM], x[ROOM], init[VALUES];
    vkdit_error e;
    vkdit_job j = {.classes = classes, .images = 1, .steps = 6, .seed = 4};
    const uint32_t n = each_of(m);
    CHECK(run_job(m, &j, torch, &e) == VKDIT_OK, "%s", e.message);
    j.rng = VKDIT_RNG_PHILOX;
    CHECK(run_job(m, &j, x, &e) == VKDIT_OK && !same(x, torch), "Philox draws as torch's CPU does");
    j.rng = VKDIT_RNG_TORCH;
    for (uint32_t i = 0; i < n; i++) init[i] = sinf((float)i * 0.1f);
    j.init = &(vkdit_tensor){"latent", VKDIT_F32, 4, {1, 4, n / 4, 1}, init};
    j.strength = 1e-6;
    CHECK(run_job(m, &j, x, &e) == VKDIT_ERR_ARGUMENT && strstr(e.message, "strength"), "%s", e.message);
    double last = 0;
    for (int k = 1; k <= 6; k++) { // the state before the first step: the less strength, the nearer to the init latent
        vkdit_run *r = NULL;
        j.strength = k / 6.0;
        CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK && vkdit_run_latent(r, 0, x, n, &e) == VKDIT_OK, "%s",
              e.message);
        vkdit_progress p;
        vkdit_run_get_progress(r, &p);
        CHECK(p.steps == (uint32_t)k, "strength %g does %u of 6 steps", j.strength, p.steps);
        const double off = golden_error(x, init, n);
        CHECK(off > last, "strength %g begins %g from the init latent, less strength %g", j.strength, off, last);
        last = off;
        vkdit_run_close(r);
    }
}

// The cells of one picture's noise are whole blocks of torch's generator, so a batch draws what single runs draw when
// each is given its part; the arithmetic of an image does not depend on its neighbours.
static void batch(vkdit_model *m, const char *sampler)
{
    float all[ROOM], one[ROOM], z[ROOM];
    vkdit_run *r;
    vkdit_error e;
    const uint32_t n = each_of(m), images = 4;
    vkdit_job j = {.classes = classes, .images = images, .steps = 4, .sampler = sampler, .seed = 2};
    CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_latent(r, 0, z, (uint64_t)images * n, &e) == VKDIT_OK, "%s", e.message);
    vkdit_run_close(r);
    CHECK(run_job(m, &j, all, &e) == VKDIT_OK, "%s", e.message);
    double worst = 0;
    for (uint32_t i = 0; i < images; i++) {
        const vkdit_tensor start = {"z", VKDIT_F32, 1, {n}, z + i * n};
        j.classes = &classes[i];
        j.images = 1;
        j.noise = &start;
        j.noise_count = 1;
        CHECK(run_job(m, &j, one, &e) == VKDIT_OK, "%s", e.message);
        worst = fmax(worst, golden_error(one, all + i * n, n));
    }
    printf("%s: a batch of %u is %.2g from single runs\n", sampler, images, worst);
    CHECK(worst <= 1e-6, "%s: a batch of %u is %g from single runs", sampler, images, worst);
}

// A table that was saved and loaded into another run gives the same picture; one of another shape is refused.
static void table(vkdit_model *m)
{
    struct scratch s;
    float want[ROOM], x[ROOM] = {0};
    vkdit_run *r;
    vkdit_error e;
    vkdit_table_info info;
    vkdit_job j = {.classes = classes, .images = 2, .steps = 4};
    scratch_open(&s);
    const char *path = scratch_path(&s, "table.safetensors");
    CHECK(run_job(m, &j, want, &e) == VKDIT_OK, "%s", e.message);
    vkdit_usage use;
    vkdit_model_usage(m, &use);
    CHECK(use.transformer_seconds > 0 && use.transformer_seconds < 60 && use.memory > 0 &&
              use.memory <= use.memory_peak,
          "usage: %g s, %llu of %llu bytes", use.transformer_seconds, (unsigned long long)use.memory,
          (unsigned long long)use.memory_peak);
    CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK && vkdit_run_table_save(r, path, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_table_info(r, &info, &e) == VKDIT_OK && info.conditions == 3 && info.evals == 4, "%s", e.message);
    float *zeros = calloc((size_t)info.slots * info.width, sizeof *zeros);
    for (uint32_t i = 0; i < info.evals; i++)
        CHECK(vkdit_run_table_write(r, i, 0, 0, info.slots, zeros, &e) == VKDIT_OK, "%s", e.message);
    free(zeros);
    CHECK(vkdit_run_table_load(r, path, &e) == VKDIT_OK && finish(r, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_latent(r, 0, x, 2ull * each_of(m), &e) == VKDIT_OK && same(x, want), "the loaded table differs");
    vkdit_run_close(r);
    j.steps = 5;
    CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_table_load(r, path, &e) == VKDIT_ERR_ARGUMENT && strstr(e.message, path), "%s", e.message);
    CHECK(vkdit_run_table_load(r, "/nowhere", &e) == VKDIT_ERR_IO, "%s", e.message);
    vkdit_run_close(r);
    scratch_close(&s);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    vkdit_model *m = model_of(context, VKDIT_TEST_DATA "/dit/dit_toy.weights.safetensors", 0),
                *sit = model_of(context, VKDIT_TEST_DATA "/dit/sit_toy.weights.safetensors", 1);
    if (m && sit) {
        opening(context);
        refuses(m, sit);
        two_runs(m);
        cancel_loading();
        cancel_steps(m, "ddpm");
        cancel_steps(m, "ddim");
        cancel_steps(sit, "heun");
        interval(m);
        noise_and_start(m);
        batch(m, "ddim");
        batch(sit, "euler");
        batch(sit, "heun");
        table(m);
        threads();
    }
    vkdit_model_close(m);
    vkdit_model_close(sit);
    return context_done(context);
}
