// test_inject.c — the k-th allocation, then the k-th Vulkan call, fails inside every function of the public header:
// one clear message or a right result, nothing left behind, and the same context still makes the same picture.
#include "check.h"
#include "engine/run.h"
#include "fake_alloc.h"
#include "fake_vk.h"
#include "scratch.h"

#include <math.h>

#define DATA VKDIT_TEST_DATA

struct world { // what lives from one attempt to the next
    struct scratch scratch;
    vkdit *context;
    vkdit_model *model;
    vkdit_run *run;
    uint64_t digest; // of everything that an act gave out
};

// An act: prepared without faults, done with one.
struct deed {
    const char *name;
    const char *path; // model; NULL: synthetic "tiny"
    vkdit_status (*prepare)(struct world *w, vkdit_error *e);
    vkdit_status (*act)(struct world *w, vkdit_error *e);
    bool opens_context, sit, sketches;
    uint32_t slow; // tried so many times less often
};

static void digest(struct world *w, const void *data, uint64_t bytes)
{
    const uint8_t *p = data;
    for (uint64_t i = 0; i < bytes; i++) w->digest = (w->digest ^ p[i]) * 0x100000001b3u;
}

static void digest_list(struct world *w, const vkdit_tensors *l)
{
    static const uint64_t size[] = {4, 8, 4, 1};
    for (uint32_t i = 0; i < l->count; i++) {
        uint64_t n = size[l->tensor[i].type];
        for (uint32_t k = 0; k < l->tensor[i].rank; k++) n *= l->tensor[i].dim[k];
        digest(w, l->tensor[i].name, strlen(l->tensor[i].name));
        digest(w, l->tensor[i].data, n);
    }
}

static void close_run(struct world *w)
{
    vkdit_run_close(w->run);
    w->run = NULL;
}

static void close_model(struct world *w)
{
    close_run(w);
    vkdit_model_close(w->model);
    w->model = NULL;
}

static void close_context(struct world *w)
{
    close_model(w);
    vkdit_close(w->context);
    w->context = NULL;
}

static vkdit_status open_context(struct world *w, vkdit_error *e)
{
    vkdit_options o = {.device = getenv("VKDIT_DEVICE"), .limits = getenv("VKDIT_LIMIT"), .cache_dir = w->scratch.dir};
    return w->context ? VKDIT_OK : vkdit_open(&o, &w->context, e);
}

static const char *model_path;
static bool model_sit, model_sketches;

static vkdit_status open_model(struct world *w, vkdit_error *e)
{
    vkdit_status s = open_context(w, e);
    vkdit_model_options o = {.path = model_path,
                             .synthetic = model_path ? NULL : "tiny",
                             .is_sit = model_sit,
                             .tiny_vae = model_sketches ? DATA "/model/tiny.weights.safetensors" : NULL,
                             .precision = VKDIT_PRECISION_F32};
    return s != VKDIT_OK || w->model ? s : vkdit_model_open(w->context, &o, &w->model, e);
}

// --- acts ---------------------------------------------------------------------------------------------------------

static vkdit_status nothing(struct world *w, vkdit_error *e)
{
    (void)w;
    *e = (vkdit_error){0};
    return VKDIT_OK;
}

static vkdit_status need_context(struct world *w, vkdit_error *e)
{
    close_model(w);
    return open_context(w, e);
}

static vkdit_status act_open(struct world *w, vkdit_error *e)
{
    vkdit_status s = open_context(w, e);
    if (s == VKDIT_OK) digest(w, vkdit_device_name(w->context), strlen(vkdit_device_name(w->context)));
    return s;
}

static vkdit_status act_devices(struct world *w, vkdit_error *e)
{
    char *json;
    vkdit_status s = vkdit_devices_json(NULL, &json, e);
    if (s == VKDIT_OK) digest(w, json, strlen(json) > 100 ? 100 : 0); // budgets change all the time
    vkdit_free(json);
    return s;
}

static vkdit_status act_model(struct world *w, vkdit_error *e)
{
    vkdit_model_info info;
    vkdit_status s = open_model(w, e);
    if (s != VKDIT_OK) return s;
    vkdit_model_get_info(w->model, &info);
    digest(w, info.name, strlen(info.name));
    for (uint32_t i = 0; i < info.classes; i++)
        if (vkdit_class_name(w->model, i)) digest(w, vkdit_class_name(w->model, i), 3);
    return s;
}

// A model without anything recorded.
static vkdit_status need_model(struct world *w, vkdit_error *e)
{
    close_run(w);
    vkdit_status s = open_model(w, e);
    if (s != VKDIT_OK) return s;
    session_close(&w->model->step);
    session_close(&w->model->decoder.s);
    session_close(&w->model->encoder.s);
    w->model->step_open = w->model->decoder.open = w->model->encoder.open = false;
    return s;
}

static vkdit_status begin(struct world *w, vkdit_job j, vkdit_error *e)
{
    uint32_t classes[2] = {1, 3};
    close_run(w);
    j.classes = classes;
    j.images = j.images ? j.images : 2;
    j.seed = 5;
    return vkdit_run_begin(w->model, &j, &w->run, e);
}

static vkdit_status act_begin(struct world *w, vkdit_error *e)
{
    return begin(w, (vkdit_job){.sampler = "ddpm", .steps = 3, .keep_trajectory = 1}, e);
}

static vkdit_status act_begin_plain(struct world *w, vkdit_error *e)
{
    return begin(w, (vkdit_job){.steps = 2}, e);
}

// The step is recorded, its modulation weights were dropped.
static vkdit_status need_dropped(struct world *w, vkdit_error *e)
{
    vkdit_status s = open_model(w, e);
    return s == VKDIT_OK ? act_begin(w, e) : s;
}

static vkdit_status need_run(struct world *w, vkdit_error *e)
{
    vkdit_status s = open_model(w, e);
    vkdit_job j = {.sampler = "ddpm", .steps = 3, .keep_trajectory = 1, .keep_modulation = 1};
    if (model_sit) j.sampler = "dopri5", j.images = 1;
    return s == VKDIT_OK ? begin(w, j, e) : s;
}

static vkdit_status act_steps(struct world *w, vkdit_error *e)
{
    float x[2048];
    vkdit_status s = VKDIT_OK;
    for (int done = 0; !done && s == VKDIT_OK;) s = vkdit_run_step(w->run, NULL, NULL, &done, e);
    if (s == VKDIT_OK) s = vkdit_run_latent(w->run, 0, x, w->run->values, e);
    if (s == VKDIT_OK) digest(w, x, w->run->values * sizeof *x);
    return s;
}

static vkdit_status act_begin_peeking(struct world *w, vkdit_error *e)
{
    return begin(w, (vkdit_job){.sampler = "euler", .steps = 4, .keep_steps = 1}, e);
}

// Room for what is looked at is still to be made.
static vkdit_status need_unrecorded(struct world *w, vkdit_error *e)
{
    vkdit_status s = open_model(w, e);
    if (s != VKDIT_OK) return s;
    close_run(w);
    session_close(&w->model->step);
    w->model->step_open = false;
    return s;
}

static vkdit_status need_peeking(struct world *w, vkdit_error *e)
{
    vkdit_status s = need_unrecorded(w, e);
    return s == VKDIT_OK ? act_begin_peeking(w, e) : s;
}

static vkdit_status act_peek(struct world *w, vkdit_error *e)
{
    float x[2048];
    uint32_t seen = 0, steps = 0;
    vkdit_status s = VKDIT_OK;
    for (int done = 0; !done && s == VKDIT_OK;) {
        s = vkdit_run_step(w->run, NULL, NULL, &done, e);
        if (s == VKDIT_OK && done) s = vkdit_run_wait(w->run, e);
        steps++;
        for (int there = 1; there && s == VKDIT_OK && seen < steps; seen += (uint32_t)there) {
            s = vkdit_run_peek(w->run, seen + 1, 1, x, w->run->values, &there, e);
            if (s == VKDIT_OK && there) digest(w, x, w->run->values * sizeof *x);
        }
    }
    return s;
}

static vkdit_status need_sketcher(struct world *w, vkdit_error *e)
{
    vkdit_status s = open_model(w, e);
    if (s != VKDIT_OK) return s;
    session_close(&w->model->sketcher.s);
    w->model->sketcher.open = false;
    return s;
}

static vkdit_status act_sketch(struct world *w, vkdit_error *e)
{
    static float latent[4096];
    uint8_t *pixels;
    uint32_t width, height;
    for (uint32_t i = 0; i < COUNTOF(latent); i++) latent[i] = sinf((float)i);
    vkdit_status s = vkdit_sketch(w->model, latent, 1, NULL, NULL, &pixels, &width, &height, e);
    if (s == VKDIT_OK) digest(w, pixels, (uint64_t)3 * width * height);
    vkdit_free(pixels);
    return s;
}

static vkdit_status need_finished(struct world *w, vkdit_error *e)
{
    vkdit_status s = need_run(w, e);
    if (s == VKDIT_OK) s = act_steps(w, e);
    session_close(&w->model->decoder.s);
    w->model->decoder.open = false;
    return s;
}

static vkdit_status act_decode(struct world *w, vkdit_error *e)
{
    uint8_t *pixels;
    uint32_t width, height;
    vkdit_status s = vkdit_run_decode(w->run, NULL, NULL, NULL, &pixels, &width, &height, e);
    if (s == VKDIT_OK) digest(w, pixels, (uint64_t)6 * width * height);
    vkdit_free(pixels);
    return s;
}

static vkdit_status act_trajectory(struct world *w, vkdit_error *e)
{
    vkdit_tensors l;
    vkdit_status s = vkdit_run_trajectory(w->run, &l, e);
    digest_list(w, &l);
    vkdit_tensors_free(&l);
    return s;
}

static vkdit_status act_table(struct world *w, vkdit_error *e)
{
    char path[600];
    float slot[8192];
    vkdit_table_info info;
    snprintf(path, sizeof path, "%s/table.safetensors", w->scratch.dir);
    vkdit_status s = vkdit_run_table_save(w->run, path, e);
    if (s == VKDIT_OK) s = vkdit_run_table_load(w->run, path, e);
    if (s == VKDIT_OK) s = vkdit_run_table_info(w->run, &info, e);
    if (s == VKDIT_OK) s = vkdit_run_table_read(w->run, 1, 1, 2, 1, slot, e);
    if (s == VKDIT_OK) digest(w, slot, info.width * sizeof *slot);
    if (s == VKDIT_OK) s = vkdit_run_table_write(w->run, 1, 1, 2, 1, slot, e);
    return s;
}

static vkdit_status act_inspect(struct world *w, vkdit_error *e)
{
    char *json;
    vkdit_status s = vkdit_inspect_json(w->context, &(vkdit_model_options){.path = model_path}, &json, e);
    if (s == VKDIT_OK) digest(w, json, strlen(json));
    vkdit_free(json);
    return s;
}

static vkdit_status act_samplers(struct world *w, vkdit_error *e)
{
    char *json;
    vkdit_status s = vkdit_samplers_json(&json, e);
    if (s == VKDIT_OK) digest(w, json, strlen(json));
    vkdit_free(json);
    return s;
}

static vkdit_status act_eval(struct world *w, vkdit_error *e)
{
    static float x[2048];
    for (uint32_t i = 0; i < 2048; i++) x[i] = (float)i * 1e-3f - 1;
    const uint64_t side = w->model->dit.side, channels = w->model->dit.channels;
    const float t = 7, cfg = 2;
    const int64_t y = 2;
    const vkdit_tensor in[] = {{"x", VKDIT_F32, 4, {1, channels, side, side}, x},
                               {"t", VKDIT_F32, 1, {1}, &t},
                               {"y", VKDIT_I64, 1, {1}, &y},
                               {"cfg_scale", VKDIT_F32, 0, {0}, &cfg}};
    vkdit_tensors out;
    vkdit_status s = vkdit_eval(w->model, in, 4, 1, &out, e);
    digest_list(w, &out);
    vkdit_tensors_free(&out);
    return s;
}

static vkdit_status act_encode(struct world *w, vkdit_error *e)
{
    static float image[3 * 32 * 32];
    for (uint32_t i = 0; i < 3 * 32 * 32; i++) image[i] = sinf((float)i);
    vkdit_tensors out;
    vkdit_status s = vkdit_eval(w->model, &(vkdit_tensor){"image", VKDIT_F32, 4, {1, 3, 32, 32}, image}, 1, 1, &out, e);
    digest_list(w, &out);
    vkdit_tensors_free(&out);
    return s;
}

static vkdit_status act_files(struct world *w, vkdit_error *e)
{
    char path[600];
    static const float data[6] = {1, 2, 3, 4, 5, 6};
    static const vkdit_tensor list[] = {{"a", VKDIT_F32, 2, {2, 3}, data}, {"b", VKDIT_F32, 1, {4}, data}};
    vkdit_tensors back = {0};
    snprintf(path, sizeof path, "%s/list.safetensors", w->scratch.dir);
    vkdit_status s = vkdit_tensors_write(path, list, 2, e);
    if (s == VKDIT_OK) s = vkdit_tensors_read(path, &back, e);
    digest_list(w, &back);
    vkdit_tensors_free(&back);
    return s;
}

static const struct deed acts[] = {
    {"open", .prepare = nothing, .act = act_open, .opens_context = true, .slow = 3},
    {"devices", .prepare = nothing, .act = act_devices},
    {"samplers", .prepare = nothing, .act = act_samplers},
    {"tensor files", .prepare = nothing, .act = act_files},
    {"model tiny", .prepare = need_context, .act = act_model},
    {"model file", DATA "/dit/dit_toy.weights.safetensors", need_context, act_model},
    {"model folder", DATA "/dit/pipe_tiny", need_context, act_model},
    {"inspect", DATA "/dit/pipe_tiny", need_context, act_inspect},
    {"begin", .prepare = need_model, .act = act_begin},
    {"begin folder", DATA "/dit/pipe_tiny", need_model, act_begin_plain},
    {"begin again", .prepare = need_dropped, .act = act_begin},
    {"steps", .prepare = need_run, .act = act_steps},
    {"steps dopri5", .prepare = need_run, .act = act_steps, .sit = true, .slow = 9},
    {"begin peeking", .prepare = need_unrecorded, .act = act_begin_peeking},
    {"peek", .prepare = need_peeking, .act = act_peek},
    {"model with sketcher", .prepare = need_context, .act = act_model, .sketches = true},
    {"sketch", .prepare = need_sketcher, .act = act_sketch, .sketches = true, .slow = 3},
    {"decode", .prepare = need_finished, .act = act_decode, .slow = 5},
    {"trajectory", .prepare = need_finished, .act = act_trajectory},
    {"table", .prepare = need_run, .act = act_table},
    {"eval", .prepare = need_model, .act = act_eval},
    {"encode", DATA "/dit/pipe_tiny", need_model, act_encode},
};

// --- faults -------------------------------------------------------------------------------------------------------

struct fault {
    const char *name;
    VkResult result; // VK_SUCCESS: an allocation fails
    bool for_good;
    vkdit_status want; // VKDIT_OK: any but success
};

static const struct fault faults[] = {
    {"allocation", VK_SUCCESS, false, VKDIT_OK},
    {"out of device memory", VK_ERROR_OUT_OF_DEVICE_MEMORY, false, VKDIT_ERR_MEMORY},
    {"out of host memory", VK_ERROR_OUT_OF_HOST_MEMORY, false, VKDIT_ERR_MEMORY},
    {"device lost", VK_ERROR_DEVICE_LOST, true, VKDIT_ERR_LOST},
};

static void arm(const struct fault *f, uint32_t k)
{
    alloc_calls = 0;
    calls = 0;
    alloc_fail_at = f->result ? 0 : k;
    fail_at = f->result ? k : 0;
    fail_with = f->result;
    failing_for_good = f->for_good;
}

// Was there a k-th call?
static bool disarm(const struct fault *f, uint32_t k)
{
    const bool hit = f->result ? calls >= k : alloc_calls >= k;
    alloc_fail_at = fail_at = 0;
    return hit;
}

// The same small picture with everything the device does on the way; 0 when it failed.
static uint64_t picture(struct world *w)
{
    struct world v = {.scratch = w->scratch, .context = w->context};
    const char *path = model_path;
    const bool sit = model_sit;
    vkdit_error e = {0};
    model_path = NULL;
    model_sit = false;
    vkdit_status s = open_model(&v, &e);
    if (s == VKDIT_OK) s = act_begin(&v, &e);
    if (s == VKDIT_OK) s = act_steps(&v, &e);
    CHECK(s == VKDIT_OK, "%s", e.message);
    close_model(&v);
    model_path = path;
    model_sit = sit;
    return s == VKDIT_OK ? v.digest : 0;
}

struct tally {
    uint32_t tried, failed, odd;
};

static void judge(const struct deed *a, const struct fault *f, uint32_t k, vkdit_status s, const vkdit_error *e)
{
    CHECK(s == e->status, "%s, %s %u: returned %d, recorded %d", a->name, f->name, k, (int)s, (int)e->status);
    CHECK(strlen(e->message) > 10 && !strchr(e->message, '\n'), "%s, %s %u: \"%s\"", a->name, f->name, k, e->message);
    CHECK(f->want == VKDIT_OK || s == f->want, "%s, %s %u: status %d, %s", a->name, f->name, k, (int)s, e->message);
}

// Fails call k of the act. False when there is no such call.
static bool attempt(struct world *w, const struct deed *a, const struct fault *f, uint32_t k, uint64_t want,
                    struct tally *t)
{
    vkdit_error e = {0};
    vkdit_status s = a->prepare(w, &e);
    CHECK(s == VKDIT_OK, "%s, %s %u: cannot be prepared: %s", a->name, f->name, k, e.message);
    if (s != VKDIT_OK) return false;
    w->digest = 0;
    arm(f, k);
    s = a->act(w, &e);
    const bool hit = disarm(f, k);
    t->tried += hit;
    t->failed += hit && s != VKDIT_OK;
    t->odd += hit && s != VKDIT_OK && !f->result && s != VKDIT_ERR_MEMORY;
    if (s != VKDIT_OK)
        judge(a, f, k, s, &e);
    else
        CHECK(w->digest == want, "%s, %s %u: succeeded with another result", a->name, f->name, k);
    if (f->for_good && s != VKDIT_OK && w->model)
        CHECK(act_begin_plain(w, &e) == VKDIT_ERR_LOST, "%s, %s %u: went on: %s", a->name, f->name, k, e.message);
    if (a->opens_context) close_context(w);
    if (f->for_good && w->context) {
        close_model(w);
        w->context->gpu.lost = false; // it was a pretence; a new context would have to compile everything again
    }
    return hit;
}

// How many calls are let pass between two failures: none for a short act, and none with "all" as an argument.
static uint32_t stride(uint32_t total, uint32_t most)
{
    return most ? (total - !!total) / most + 1 : 1;
}

static uint32_t count_calls(struct world *w, const struct deed *a, const struct fault *f, uint64_t *result)
{
    vkdit_error e = {0};
    vkdit_status s = a->prepare(w, &e);
    w->digest = 0;
    arm(f, 0);
    if (s == VKDIT_OK) s = a->act(w, &e);
    const uint32_t n = f->result ? calls : alloc_calls;
    CHECK(s == VKDIT_OK, "%s without a fault: %s", a->name, e.message);
    *result = w->digest;
    if (a->opens_context) close_context(w);
    return n;
}

// How much there is time for: `most` failures of an act, a picture after every so many of them.
struct pace {
    uint32_t most, picture;
};

static void inject(struct world *w, const struct deed *a, const struct fault *f, uint64_t want, struct pace p)
{
    struct tally t = {0};
    uint64_t result;
    const double start = clock_seconds();
    if (a->opens_context) close_context(w);
    count_calls(w, a, f, &result); // from here on the context holds every pipeline
    const uint32_t total = count_calls(w, a, f, &result), most = p.most / (1 + a->slow),
                   step = stride(total, p.most ? max_u32(most, 1) : 0);
    close_model(w);
    const int64_t before = alloc_live;
    for (uint32_t k = 1; k <= total; k += step) {
        attempt(w, a, f, k, result, &t);
        if (!a->opens_context && t.tried % p.picture == p.picture - 1)
            CHECK(picture(w) == want, "%s, %s %u: the next picture differs", a->name, f->name, k);
    }
    close_model(w);
    CHECK(alloc_live == before, "%s, %s: %lld allocations left behind", a->name, f->name,
          (long long)(alloc_live - before));
    printf("%-14s %-21s %5u calls, every %3u., %3u of %3u failed, %3u not called a lack of memory, %.1f s\n", a->name,
           f->name, total, step, t.failed, t.tried, t.odd, clock_seconds() - start);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const int64_t before = alloc_live;
    struct world w = {0};
    vkdit_error e = {0};
    scratch_open(&w.scratch);
    fake_alloc_start();
    if (open_context(&w, &e) != VKDIT_OK) {
        printf("no device: %s\n", e.message);
        scratch_close(&w.scratch);
        return 77;
    }
    close_context(&w);
    fake_vk_swap();
    CHECK(open_context(&w, &e) == VKDIT_OK, "%s", e.message);
    const uint64_t want = picture(&w);
    const double start = clock_seconds();
    CHECK(picture(&w) == want, "the picture cannot be repeated");
    const double seconds = clock_seconds() - start; // some devices (and busy machines) need long for a picture
    const bool slow = seconds > 0.3;
    struct pace pace = {(uint32_t)fmin(60, 6 + 3 / seconds), slow ? 1000 : 10};
    if (argc > 1 && !strcmp(argv[1], "all")) pace.most = 0;
    printf("about %u failures of each kind for each act\n", pace.most);
    for (size_t i = 0; i < COUNTOF(acts); i++) {
        if (argc > 2 && strcmp(argv[2], acts[i].name)) continue;
        model_path = acts[i].path;
        model_sit = acts[i].sit;
        model_sketches = acts[i].sketches;
        for (size_t k = 0; k < COUNTOF(faults); k++) inject(&w, &acts[i], &faults[k], want, pace);
        CHECK(open_context(&w, &e) == VKDIT_OK && (slow || picture(&w) == want), "%s: the last picture differs",
              acts[i].name);
    }
    CHECK(picture(&w) == want, "the last picture differs");
    close_context(&w);
    CHECK(alloc_live == before, "%lld allocations left behind", (long long)(alloc_live - before));
    scratch_close(&w.scratch);
    return check_done();
}
