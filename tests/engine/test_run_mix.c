// test_run_mix.c — edits on a running model: at rest no bit changes, a closed gate is a missing block, a frozen
// modulation is the network at one timestep, a swapped class is that class.
#include "models/context.h"
#include "scratch.h"

enum { VALUES = 4 * 8 * 8, STEPS = 5 };

static const char *const dit = VKDIT_TEST_DATA "/dit/dit_toy.weights.safetensors";
static const char *const sit = VKDIT_TEST_DATA "/dit/sit_toy.weights.safetensors";
static const uint32_t class_3 = 3, class_7 = 7;

static vkdit_model *model_of(vkdit *context, const char *path, int is_sit)
{
    vkdit_error e;
    vkdit_model *m = NULL;
    const vkdit_model_options o = {.path = path, .is_sit = is_sit, .heads = 4, .precision = VKDIT_PRECISION_F32};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s", e.message);
    return m;
}

static vkdit_mix *mix_of(const char *text)
{
    vkdit_mix *mix = NULL;
    vkdit_error e;
    CHECK(vkdit_mix_open(&mix, &e) == VKDIT_OK && vkdit_mix_parse(mix, text, &e) == VKDIT_OK, "%s", e.message);
    return mix;
}

static void finish(vkdit_run *r, float *out)
{
    vkdit_error e;
    int done = 0;
    while (!done && vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK) {
    }
    CHECK(done && vkdit_run_latent(r, 0, out, VALUES, &e) == VKDIT_OK, "%s", e.message);
}

// The latent of a run under a mix (text, or NULL: none).
static void result(vkdit_model *m, vkdit_job job, const char *text, float *out)
{
    vkdit_error e;
    vkdit_run *r = NULL;
    uint32_t extra[4];
    vkdit_mix *mix = text ? mix_of(text) : NULL;
    if (mix) job.extra_count = vkdit_mix_classes(mix, 10, extra, 4);
    job.extra_classes = extra;
    memset(out, 0, VALUES * sizeof *out);
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK, "%s", e.message);
    if (r && mix) CHECK(vkdit_run_mix(r, mix, &e) == VKDIT_OK, "%s", e.message);
    if (r) finish(r, out);
    vkdit_run_close(r);
    vkdit_mix_close(mix);
}

static int same(const float *a, const float *b)
{
    return !memcmp(a, b, VALUES * sizeof *a);
}

static void rest(vkdit_model *m, const vkdit_job *job)
{
    float plain[VALUES], x[VALUES];
    result(m, *job, NULL, plain);
    result(m, *job, "block*=1; block.gamma*=1; final.shift+=0; blend block class=5 amount=0", x);
    CHECK(same(plain, x), "faders at rest changed the result");
    result(m, *job, "block[1].gate_mlp*=0.5", x);
    CHECK(!same(plain, x), "a fader changed nothing");
}

// Undo, redo and A/B on one run: what was taken back is gone to the last bit; the table can be read at every step.
static void taken_back(vkdit_model *m, const vkdit_job *job)
{
    float plain[VALUES], x[VALUES];
    vkdit_error e;
    vkdit_run *r = NULL;
    vkdit_table_info i;
    result(m, *job, NULL, plain);
    vkdit_mix *mix = mix_of("skip block[0]"), *other = NULL;
    CHECK(vkdit_mix_parse(mix, "freeze block t=0; final.gamma*=1.5", &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_mix_copy(mix, &other, &e) == VKDIT_OK && vkdit_mix_count(other) == 3, "%s", e.message);
    CHECK(vkdit_run_begin(m, job, &r, &e) == VKDIT_OK && vkdit_run_table_info(r, &i, &e) == VKDIT_OK, "%s", e.message);
    const uint64_t slots = (uint64_t)i.evals * i.conditions * i.slots, bytes = slots * i.width * sizeof(float);
    float *before = malloc(bytes), *mixed = malloc(bytes), *pure = malloc(bytes);
    CHECK(vkdit_run_table_read(r, 0, 0, 0, slots, before, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_mix(r, other, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_table_read(r, 0, 0, 0, slots, mixed, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_mix_apply(mix, &i, before, pure, &e) == VKDIT_OK, "%s", e.message);
    CHECK(!memcmp(mixed, pure, bytes) && memcmp(before, pure, bytes) != 0,
          "the run's table is not the pure function's");
    CHECK(vkdit_mix_undo(mix) && vkdit_mix_undo(mix) && vkdit_mix_undo(mix) && !vkdit_mix_undo(mix), "undo");
    CHECK(vkdit_run_mix(r, mix, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_table_read(r, 0, 0, 0, slots, mixed, &e) == VKDIT_OK && !memcmp(mixed, before, bytes),
          "undone edits left something in the table");
    CHECK(vkdit_mix_redo(mix) && vkdit_mix_count(mix) == 1 && vkdit_run_mix(r, mix, &e) == VKDIT_OK, "redo");
    CHECK(vkdit_run_mix(r, NULL, &e) == VKDIT_OK, "%s", e.message);
    finish(r, x);
    CHECK(same(plain, x), "A/B back to A is not A");
    vkdit_run_close(r);
    vkdit_mix_close(mix);
    vkdit_mix_close(other);
    free(before);
    free(mixed);
    free(pure);
}

// --- looking ------------------------------------------------------------------------------------------------------

// What a run keeps of a step is what one forward pass computes, and keeping it changes no bit of the result.
static void looked_at(vkdit_model *m, vkdit_job job)
{
    float plain[VALUES], x[VALUES], state[VALUES];
    vkdit_error e;
    vkdit_run *r = NULL;
    vkdit_tensors tap = {0}, out = {0};
    vkdit_progress at;
    int done = 0;
    const int32_t y = 3;
    result(m, job, NULL, plain);
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_tap(r, "block1.out", &tap, &e) == VKDIT_ERR_ARGUMENT && !tap.count, "a tap that was not asked for");
    vkdit_run_close(r);
    job.keep_activations = 1;
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_tap(r, "block1.out", &tap, &e) == VKDIT_ERR_ARGUMENT && !tap.count, "a tap before the first step");
    CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_latent(r, 0, state, VALUES, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_run_tap(r, "no such tap", &tap, &e) == VKDIT_ERR_ARGUMENT && !tap.count, "a tap that is not there");
    CHECK(vkdit_run_tap(r, "block1.mlp_in", &tap, &e) == VKDIT_OK && tap.count == 1, "%s", e.message);
    vkdit_run_get_progress(r, &at);
    while (!done && vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK) {
    }
    CHECK(vkdit_run_latent(r, 0, x, VALUES, &e) == VKDIT_OK && same(x, plain), "looking changed the result");
    vkdit_run_close(r);
    const float t = (float)at.t;
    const vkdit_tensor in[] = {
        {"x", VKDIT_F32, 4, {1, 4, 8, 8}, state}, {"t", VKDIT_F32, 1, {1}, &t}, {"y", VKDIT_I32, 1, {1}, &y}};
    CHECK(vkdit_eval(m, in, 3, 1, &out, &e) == VKDIT_OK, "%s", e.message);
    const vkdit_tensor *want = tensor_find(&out, "block1.mlp_in");
    CHECK(tap.count && want && tap.tensor[0].dim[0] == 2 && tap.tensor[0].dim[1] == 16, "the tap's shape");
    if (tap.count && want) {
        const double off = golden_error(tap.tensor[0].data, want->data, tensor_count(want));
        CHECK(off < 1e-5, "the tap is %g from a forward pass", off);
    }
    vkdit_tensors_free(&tap);
    vkdit_tensors_free(&out);
}

// --- a closed gate is a missing block -----------------------------------------------------------------------------

// The same checkpoint without block `gone`.
static void without_block(const char *from, const char *to, uint32_t gone)
{
    vkdit_tensors t;
    vkdit_error e;
    char names[128][80];
    vkdit_tensor kept[128];
    uint32_t n = 0;
    CHECK(vkdit_tensors_read(from, &t, &e) == VKDIT_OK, "%s", e.message);
    for (uint32_t i = 0; i < t.count && n < 128; i++) {
        uint32_t block = 0;
        char rest[64];
        const int found = sscanf(t.tensor[i].name, "blocks.%u.%63s", &block, rest);
        if (found == 2 && block == gone) continue;
        kept[n] = t.tensor[i];
        if (found == 2)
            snprintf(names[n], sizeof names[n], "blocks.%u.%s", block - (block > gone), rest);
        else
            snprintf(names[n], sizeof names[n], "%s", t.tensor[i].name);
        kept[n].name = names[n];
        n++;
    }
    CHECK(vkdit_tensors_write(to, kept, n, &e) == VKDIT_OK, "%s", e.message);
    vkdit_tensors_free(&t);
}

static void missing_block(vkdit *context, vkdit_model *whole, const vkdit_job *job)
{
    struct scratch s;
    scratch_open(&s);
    for (uint32_t gone = 0; gone < 3; gone++) {
        float skipped[VALUES], missing[VALUES];
        char text[40];
        snprintf(text, sizeof text, "skip block[%u]", gone);
        result(whole, *job, text, skipped);
        const char *path = scratch_path(&s, "less.safetensors");
        without_block(dit, path, gone);
        vkdit_model *less = model_of(context, path, 0);
        if (!less) break;
        result(less, *job, NULL, missing);
        uint32_t differ = 0;
        for (uint32_t i = 0; i < VALUES; i++) differ += skipped[i] != missing[i];
        CHECK(differ == 0, "block %u skipped: %u values differ from the network without it", gone, differ);
        vkdit_model_close(less);
    }
    scratch_close(&s);
}

// --- frozen modulation --------------------------------------------------------------------------------------------

// The network knows the time only through the table: frozen at t, every step is the network at t. By hand: Euler's
// method over vkdit_eval.
static void frozen(vkdit_model *m)
{
    const float zero = 0;
    float x[VALUES], want[VALUES], z[VALUES];
    vkdit_error e;
    vkdit_run *r = NULL;
    vkdit_table_info info;
    const vkdit_job job = {
        .classes = &class_3, .images = 1, .steps = STEPS, .sampler = "euler", .cfg_scale = 1, .seed = 5};
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK && vkdit_run_table_info(r, &info, &e) == VKDIT_OK, "%s",
          e.message);
    CHECK(vkdit_run_latent(r, 0, z, VALUES, &e) == VKDIT_OK, "%s", e.message);
    double t[STEPS + 1];
    for (uint32_t i = 0; i < STEPS; i++) t[i] = info.t[i];
    t[STEPS] = 2 * t[STEPS - 1] - t[STEPS - 2];
    vkdit_run_close(r);
    char text[80];
    snprintf(text, sizeof text, "freeze block t=%.17g; freeze final t=%.17g", t[2], t[2]);
    result(m, job, text, x);
    memcpy(want, z, sizeof want);
    const int32_t y = 3;
    const float at = (float)t[2];
    for (uint32_t i = 0; i < STEPS; i++) {
        const vkdit_tensor in[] = {
            {"x", VKDIT_F32, 4, {1, 4, 8, 8}, want}, {"t", VKDIT_F32, 1, {1}, &at}, {"y", VKDIT_I32, 1, {1}, &y}};
        vkdit_tensors out = {0};
        CHECK(vkdit_eval(m, in, 3, 0, &out, &e) == VKDIT_OK, "%s", e.message);
        const vkdit_tensor *v = tensor_find(&out, "out");
        for (uint32_t k = 0; v && k < VALUES; k++) want[k] += (float)(t[i + 1] - t[i]) * ((const float *)v->data)[k];
        vkdit_tensors_free(&out);
    }
    const double off = golden_error(x, want, VALUES);
    printf("frozen modulation: %.2g from the computation by hand\n", off);
    CHECK(off < 1e-5, "frozen modulation: %g from the computation by hand", off);
    float free_run[VALUES];
    result(m, job, NULL, free_run);
    CHECK(golden_error(x, free_run, VALUES) > 1e-3 + (double)zero, "freezing changed nothing");
}

// Rows of a frozen table are the reference's own vectors of that timestep and class.
static void frozen_rows(vkdit_model *m)
{
    struct golden g = golden_open("dit/dit_toy.io.safetensors");
    const float *gt = golden_f32(&g, "t", NULL);
    const int32_t *gy = golden_i32(&g, "y", NULL);
    vkdit_error e;
    vkdit_run *r = NULL;
    vkdit_table_info i;
    const uint32_t class = (uint32_t)gy[0];
    // every timestep of the schedule is a step, so that the golden's own is among them
    const vkdit_job job = {.classes = &class, .images = 1, .steps = 1000, .sampler = "ddpm"};
    CHECK(vkdit_run_begin(m, &job, &r, &e) == VKDIT_OK && vkdit_run_table_info(r, &i, &e) == VKDIT_OK, "%s", e.message);
    char text[60];
    snprintf(text, sizeof text, "freeze block t=%.9g", (double)gt[0]);
    vkdit_mix *mix = mix_of(text);
    CHECK(r && vkdit_run_mix(r, mix, &e) == VKDIT_OK, "%s", e.message);
    for (uint32_t b = 0; r && b < 3; b++) {
        char name[20];
        float row[6 * 64];
        snprintf(name, sizeof name, "block%u.mod", b);
        const float *want = golden_f32(&g, name, NULL);
        for (uint32_t eval = 0; eval < i.evals; eval += 333) {
            CHECK(vkdit_run_table_read(r, eval, 0, 6 * b, 6, row, &e) == VKDIT_OK, "%s", e.message);
            const double off = golden_error(row, want, 6 * 64);
            CHECK(off < 1e-5, "block %u, evaluation %u: %g from the golden's vectors", b, eval, off);
        }
    }
    vkdit_mix_close(mix);
    vkdit_run_close(r);
    golden_close(&g);
}

// --- other classes ------------------------------------------------------------------------------------------------

static void other_class(vkdit_model *m)
{
    float swapped[VALUES], native[VALUES], half[VALUES];
    vkdit_job a = {.classes = &class_3, .images = 1, .steps = STEPS, .seed = 5}, b = a;
    b.classes = &class_7;
    result(m, a, "swap block class=7; swap final class=7", swapped);
    result(m, b, NULL, native);
    const double off = golden_error(swapped, native, VALUES);
    printf("class 3 with the vectors of class 7: %.2g from class 7\n", off);
    CHECK(off < 1e-6, "class 3 with the vectors of class 7 is %g from class 7", off);
    result(m, a, "blend block class=7 amount=0.5; blend final class=7 amount=0.5", half);
    CHECK(golden_error(half, native, VALUES) > 1e-4, "half a blend is the other class");
    vkdit_error e;
    vkdit_run *r = NULL;
    const uint32_t wrong = 11, all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 3};
    vkdit_table_info i;
    a.extra_classes = &wrong, a.extra_count = 1;
    CHECK(vkdit_run_begin(m, &a, &r, &e) == VKDIT_ERR_ARGUMENT && strstr(e.message, "extra class 11"), "%s", e.message);
    a.extra_classes = all, a.extra_count = 13;
    CHECK(vkdit_run_begin(m, &a, &r, &e) == VKDIT_OK && vkdit_run_table_info(r, &i, &e) == VKDIT_OK, "%s", e.message);
    CHECK(i.conditions == 11 && i.condition[0] == 3 && i.condition[1] == 10 && i.null_condition == 1 &&
              i.null_class == 10,
          "%u conditions", i.conditions);
    vkdit_mix *mix = mix_of("swap block class=9; block[3]*=2");
    CHECK(vkdit_run_mix(r, mix, &e) == VKDIT_ERR_ARGUMENT && strstr(e.message, "block 3"), "%s", e.message);
    vkdit_mix_close(mix);
    vkdit_run_close(r);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    vkdit_model *m = model_of(context, dit, 0), *flow = model_of(context, sit, 1);
    const vkdit_job job = {.classes = &class_3, .images = 1, .steps = STEPS, .seed = 5};
    if (m && flow) {
        rest(m, &job);
        taken_back(m, &job);
        looked_at(m, job);
        missing_block(context, m, &job);
        frozen(flow);
        frozen_rows(m);
        other_class(m);
    }
    vkdit_model_close(m);
    vkdit_model_close(flow);
    return context_done(context);
}
