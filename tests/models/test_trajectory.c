// test_trajectory.c — whole sampling runs against the reference's: every state, every estimate of the clean latent,
// from the recorded start and from the seed alone. Also: cancelling, repeating, editing the modulation table.
#include "models/context.h"

struct one {
    const char *file, *weights, *sampler, *spacing;
    uint32_t steps;
    double cfg;
    uint32_t channels;
    uint64_t seed;
};

static const struct one cases[] = {
    {"traj_ddpm8", "dit_toy", "ddpm", NULL, 8, 4.0, 3, 0},
    {"traj_ddpm25", "dit_toy", "ddpm", NULL, 25, 1.5, 3, 42},
    {"traj_ddim10", "dit_toy", "ddim", NULL, 10, 4.0, 3, 1234},
    {"traj_ddim10_strided", "dit_toy", "ddim", "ddim", 10, 1.5, 3, 5},
    {"traj_ddim_diffusers10", "dit_toy", "ddim", "leading", 10, 4.0, 99, 6},
    {"traj_dpmpp2m_10", "dit_toy", "dpmpp2m", NULL, 10, 4.0, 99, 7},
    {"traj_dpmpp2m_10_cfg3", "dit_toy", "dpmpp2m", NULL, 10, 4.0, 3, 7},
    {"traj_euler_diffusers10", "dit_toy", "euler", NULL, 10, 1.5, 99, 8},
    {"traj_sit_euler10", "sit_toy", "euler", NULL, 10, 4.0, 3, 9},
    {"traj_sit_euler_points10", "sit_toy", "euler", "points", 10, 1.5, 3, 9},
    {"traj_sit_heun10", "sit_toy", "heun", NULL, 10, 1.5, 3, 10},
};

static vkdit_model *open_model(vkdit *context, const char *weights, vkdit_precision p)
{
    char path[1024];
    vkdit_error e;
    vkdit_model *m;
    snprintf(path, sizeof path, "%s/dit/%s.weights.safetensors", VKDIT_TEST_DATA, weights);
    if (vkdit_model_open(context, &(vkdit_model_options){.path = path, .precision = p}, &m, &e) == VKDIT_OK) return m;
    fprintf(stderr, "%s\n", e.message);
    return NULL;
}

static int stop_now(void *user)
{
    int *left = user;
    return --*left < 0;
}

// Runs to the end; a run that is interrupted after `patience` questions goes on afterwards.
static vkdit_status run_all(vkdit_run *r, int patience, vkdit_error *e)
{
    int done = 0, left = patience;
    while (!done) {
        vkdit_status s = vkdit_run_step(r, patience ? stop_now : NULL, &left, &done, e);
        if (s == VKDIT_ERR_CANCELLED && patience) {
            patience = 0;
            continue;
        }
        if (s != VKDIT_OK) return s;
    }
    return VKDIT_OK;
}

static vkdit_status generate(vkdit_model *m, const vkdit_job *j, int patience, vkdit_tensors *out, vkdit_error *e)
{
    vkdit_run *r;
    vkdit_status s = vkdit_run_begin(m, j, &r, e);
    if (s == VKDIT_OK) s = run_all(r, patience, e);
    if (s == VKDIT_OK) s = vkdit_run_trajectory(r, out, e);
    vkdit_run_close(r);
    return s;
}

static void compare(const struct one *c, const vkdit_tensors *out, struct golden *g, const char *how)
{
    uint64_t have;
    const float *x = golden_f32(g, "x", &have);
    const vkdit_tensor *mine = tensor_find(out, "x");
    CHECK(mine && tensor_count(mine) == have, "%s %s: x has the wrong size", c->file, how);
    if (!mine || tensor_count(mine) != have) return;
    uint64_t each = have / mine->dim[0];
    double worst = 0, last = 0;
    for (uint64_t k = 0; k < mine->dim[0]; k++) {
        last = golden_error((const float *)mine->data + k * each, x + k * each, each);
        if (last > worst) worst = last;
    }
    printf("%-26s %-14s last state off by %.2g, worst %.2g\n", c->file, how, last, worst);
    CHECK(last <= 5e-4, "%s %s: last state off by %.3g", c->file, how, last);
    CHECK(worst <= 5e-4, "%s %s: worst state off by %.3g", c->file, how, worst);
    const vkdit_tensor *x0 = tensor_find(out, "pred_xstart");
    const char *name = golden_has(g, "pred_xstart") ? "pred_xstart" : golden_has(g, "x0") ? "x0" : NULL;
    if (!name) return;
    const float *want = golden_f32(g, name, &have);
    CHECK(x0 && tensor_count(x0) == have, "%s %s: estimates missing", c->file, how);
    if (x0 && tensor_count(x0) == have)
        CHECK(golden_error(x0->data, want, have) <= 5e-4, "%s %s: estimates off by %.3g", c->file, how,
              golden_error(x0->data, want, have));
}

static void one(vkdit *context, const struct one *c)
{
    char name[128];
    uint32_t classes[8] = {0};
    uint64_t n, nz;
    vkdit_error e;
    snprintf(name, sizeof name, "dit/%s.safetensors", c->file);
    struct golden g = golden_open(name);
    const float *y = golden_f32(&g, "y", &n);
    for (uint64_t i = 0; i < n; i++) classes[i] = (uint32_t)y[i];
    vkdit_tensor given[2] = {{.name = "z", .rank = 4, .dim = {n, 4, 8, 8}, .data = golden_f32(&g, "z", &nz)}};
    uint32_t n_given = 1;
    if (golden_has(&g, "noise")) {
        const float *noise = golden_f32(&g, "noise", &nz);
        given[n_given++] =
            (vkdit_tensor){.name = "noise", .rank = 5, .dim = {c->steps, nz / c->steps / 256, 4, 8, 8}, .data = noise};
    }
    vkdit_model *m = open_model(context, c->weights, VKDIT_PRECISION_F32);
    CHECK(m != NULL, "%s", c->weights);
    vkdit_job j = {.classes = classes,
                   .images = (uint32_t)n,
                   .sampler = c->sampler,
                   .spacing = c->spacing,
                   .steps = c->steps,
                   .cfg_scale = c->cfg,
                   .cfg_channels = c->channels,
                   .seed = c->seed,
                   .keep_trajectory = 1};
    const struct {
        const char *how;
        bool given;
        int patience;
    } ways[] = {{"given noise", true, 0}, {"seed alone", false, 0}, {"interrupted", false, 3}};
    for (int k = 0; m && k < 3; k++) {
        vkdit_tensors out = {0};
        j.noise = ways[k].given ? given : NULL;
        j.noise_count = ways[k].given ? n_given : 0;
        vkdit_status s = generate(m, &j, ways[k].patience, &out, &e);
        CHECK(s == VKDIT_OK, "%s %s: %s", c->file, ways[k].how, e.message);
        if (s == VKDIT_OK) compare(c, &out, &g, ways[k].how);
        vkdit_tensors_free(&out);
    }
    vkdit_model_close(m);
    golden_close(&g);
}

// --- properties that need no reference ----------------------------------------------------------------------------

static float *final_of(vkdit_model *m, vkdit_job *j)
{
    static float last[8][256];
    static int at;
    vkdit_tensors out = {0};
    vkdit_error e;
    j->keep_trajectory = 1;
    vkdit_status s = generate(m, j, 0, &out, &e);
    CHECK(s == VKDIT_OK, "%s", e.message);
    float *to = last[at++ % 8];
    if (s == VKDIT_OK) memcpy(to, tensor_find(&out, "final")->data, sizeof last[0]);
    vkdit_tensors_free(&out);
    return to;
}

static void repeats(vkdit *context)
{
    vkdit_model *m = open_model(context, "dit_toy", VKDIT_PRECISION_F32);
    uint32_t class = 3;
    vkdit_job j = {.classes = &class, .images = 1, .sampler = "ddpm", .steps = 6, .seed = 11};
    float first[256];
    memcpy(first, final_of(m, &j), sizeof first);
    for (int i = 0; i < 19; i++) CHECK(!memcmp(first, final_of(m, &j), sizeof first), "run %d of 20 differs", i + 2);
    j.rng = VKDIT_RNG_PHILOX;
    memcpy(first, final_of(m, &j), sizeof first);
    CHECK(!memcmp(first, final_of(m, &j), sizeof first), "the device's random numbers differ between runs");
    vkdit_model_close(m);
}

// Reading the whole table and writing it back changes no bit; another gate does.
static void edits(vkdit *context)
{
    vkdit_model *m = open_model(context, "dit_toy", VKDIT_PRECISION_F32);
    uint32_t class = 3;
    vkdit_job j = {.classes = &class, .images = 1, .steps = 5, .seed = 11, .keep_trajectory = 1};
    float plain[256], got[256];
    memcpy(plain, final_of(m, &j), sizeof plain);
    for (int change = 0; change < 2; change++) {
        vkdit_run *r;
        vkdit_error e;
        vkdit_table_info info;
        CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK, "%s", e.message);
        CHECK(vkdit_run_table_info(r, &info, &e) == VKDIT_OK && info.conditions == 2 && info.evals == 5, "table shape");
        uint64_t slots = (uint64_t)info.evals * info.conditions * info.slots;
        float *table = malloc(slots * info.width * sizeof *table);
        CHECK(vkdit_run_table_read(r, 0, 0, 0, slots, table, &e) == VKDIT_OK, "%s", e.message);
        for (uint64_t i = 0; change && i < info.width; i++)
            table[2 * info.width + i] = 0; // block 0's gate, first evaluation
        CHECK(vkdit_run_table_write(r, 0, 0, 0, slots, table, &e) == VKDIT_OK, "%s", e.message);
        CHECK(vkdit_run_table_read(r, 4, 1, info.slots - 1, 2, table, &e) == VKDIT_ERR_ARGUMENT,
              "reading past the end was allowed");
        CHECK(run_all(r, 0, &e) == VKDIT_OK, "%s", e.message);
        CHECK(vkdit_run_latent(r, 0, got, 256, &e) == VKDIT_OK, "%s", e.message);
        if (change)
            CHECK(memcmp(got, plain, sizeof got) != 0, "a closed gate changed nothing");
        else
            CHECK(!memcmp(got, plain, sizeof got), "an identity edit changed the result");
        free(table);
        vkdit_run_close(r);
    }
    vkdit_model_close(m);
}

// A device that binds only 128 KiB, the least that these weights whole need: the table is computed in chunks, tensors are cut; the numbers stay.
static void small_bindings(void)
{
    vkdit_options o = context_options();
    vkdit *context;
    vkdit_error e;
    o.limits = "max_storage_buffer_range=128K";
    CHECK(vkdit_open(&o, &context, &e) == VKDIT_OK, "%s", e.message);
    if (e.status != VKDIT_OK) return;
    one(context, &cases[1]);
    one(context, &cases[10]);
    edits(context);
    CHECK(vkdit_validation_errors(context) == 0, "%u validation messages", vkdit_validation_errors(context));
    vkdit_close(context);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) one(context, &cases[i]);
    repeats(context);
    edits(context);
    small_bindings();
    return context_done(context);
}
