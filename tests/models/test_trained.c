// test_trained.c — the models that ship against tensors made in double precision by tools/train/golden.py: one
// evaluation of each transformer, one guided run, the autoencoder both ways. A trained network is less forgiving than
// random weights: its activations span decades.
#include "models/context.h"

static const char *asset(char *to, size_t room, const char *name)
{
    snprintf(to, room, "%s/../../assets/vkdit-%s.safetensors", VKDIT_TEST_DATA, name);
    return to;
}

static struct golden golden_model(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "model/%s.safetensors", name);
    return golden_open(path);
}

static vkdit_model *open_model(vkdit *context, const char *name, vkdit_precision p, vkdit_weights w)
{
    char path[1024];
    vkdit_model *m;
    vkdit_error e;
    vkdit_model_options o = {.path = asset(path, sizeof path, name), .precision = p, .weights = w};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s: %s", path, e.message);
    return m;
}

static vkdit_tensor given(struct golden *g, const char *name, const char *as)
{
    vkdit_tensor t = {.name = as};
    uint64_t n;
    t.rank = golden_shape(g, name, t.dim);
    t.data = golden_f32(g, name, &n);
    return t;
}

static void near(const char *what, const vkdit_tensors *out, const char *mine, struct golden *g, const char *theirs,
                 double bar)
{
    uint64_t have;
    const float *want = golden_f32(g, theirs, &have);
    const vkdit_tensor *t = tensor_find(out, mine);
    CHECK(t && t->type == VKDIT_F32 && tensor_count(t) == have, "%s: %s is missing or has another size", what, mine);
    if (!t || tensor_count(t) != have) return;
    double e = golden_error(t->data, want, have);
    printf("%-16s %-8s relative error %.2g\n", what, mine, e);
    CHECK(e <= bar, "%s: %s off by %.3g, bar %.3g", what, mine, e, bar);
}

static void transformer(vkdit *context, const char *name, vkdit_precision p, vkdit_weights w, double bar)
{
    struct golden g = golden_model(name);
    vkdit_model *m = open_model(context, name, p, w);
    vkdit_tensor in[] = {given(&g, "x", "x"), given(&g, "t", "t"), given(&g, "y", "y")};
    vkdit_tensors out = {0};
    vkdit_error e;
    vkdit_status s = m ? vkdit_eval(m, in, 3, 0, &out, &e) : VKDIT_ERR_IO;
    CHECK(s == VKDIT_OK, "%s: %s", name, m ? e.message : "not opened");
    char what[40];
    snprintf(what, sizeof what, "%s %s", name, vkdit_arithmetic_name(p, w));
    if (s == VKDIT_OK) near(what, &out, "out", &g, "out", bar);
    vkdit_tensors_free(&out);
    vkdit_model_close(m);
    golden_close(&g);
}

static void autoencoder(vkdit *context)
{
    struct golden g = golden_model("vae");
    vkdit_model *m = open_model(context, "vae", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_FULL);
    const vkdit_tensor in[] = {given(&g, "z", "z"), given(&g, "enc.image", "image")};
    for (int k = 0; m && k < 2; k++) {
        vkdit_tensors out = {0};
        vkdit_error e;
        vkdit_status s = vkdit_eval(m, &in[k], 1, 0, &out, &e);
        CHECK(s == VKDIT_OK, "vae: %s", e.message);
        if (s == VKDIT_OK && k == 0) near("vae decoder", &out, "image", &g, "image", 5e-5);
        if (s == VKDIT_OK && k == 1) {
            near("vae encoder", &out, "moments", &g, "enc.moments", 5e-5);
            near("vae encoder", &out, "mean", &g, "enc.mean", 5e-5);
            near("vae encoder", &out, "logvar", &g, "enc.logvar", 5e-5);
        }
        vkdit_tensors_free(&out);
    }
    vkdit_model_close(m);
    golden_close(&g);
}

// Eight guided Euler steps from recorded noise.
static void flow(vkdit *context)
{
    struct golden g = golden_model("sit-euler8");
    vkdit_model *m = open_model(context, "sit", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_FULL);
    vkdit_tensor z = given(&g, "z", "z");
    uint64_t n, have;
    const float *y = golden_f32(&g, "y", &n), *want = golden_f32(&g, "final", &have);
    uint32_t classes[4] = {0};
    for (uint64_t i = 0; i < n && i < 4; i++) classes[i] = (uint32_t)y[i];
    vkdit_job j = {.classes = classes,
                   .images = (uint32_t)n,
                   .sampler = "euler",
                   .steps = 8,
                   .cfg_scale = 2,
                   .cfg_to = 1, // throughout, whatever the file advises
                   .cfg_channels = 99,
                   .noise = &z,
                   .noise_count = 1};
    vkdit_run *r = NULL;
    vkdit_error e;
    float *latent = malloc((size_t)have * sizeof *latent);
    vkdit_status s = m ? vkdit_run_begin(m, &j, &r, &e) : VKDIT_ERR_IO;
    for (int done = 0; s == VKDIT_OK && !done;) s = vkdit_run_step(r, NULL, NULL, &done, &e);
    if (s == VKDIT_OK) s = vkdit_run_latent(r, 0, latent, have, &e);
    CHECK(s == VKDIT_OK, "run: %s", m ? e.message : "not opened");
    if (s == VKDIT_OK) {
        double off = golden_error(latent, want, have);
        printf("%-16s %-8s relative error %.2g\n", "sit, 8 steps", "final", off);
        CHECK(off <= 5e-4, "guided run off by %.3g", off);
    }
    free(latent);
    vkdit_run_close(r);
    vkdit_model_close(m);
    golden_close(&g);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    transformer(context, "sit", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_FULL, 5e-5);
    transformer(context, "dit", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_FULL, 5e-5);
    transformer(context, "sit", VKDIT_PRECISION_F16, VKDIT_WEIGHTS_FULL, 1e-2);
    transformer(context, "dit", VKDIT_PRECISION_F16, VKDIT_WEIGHTS_FULL, 1e-2);
    transformer(context, "sit", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_Q8, 2e-2);
    transformer(context, "dit", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_Q8, 2e-2);
    transformer(context, "sit", VKDIT_PRECISION_F16, VKDIT_WEIGHTS_Q4, 2e-1);
    transformer(context, "dit", VKDIT_PRECISION_F32, VKDIT_WEIGHTS_Q4, 2e-1);
    autoencoder(context);
    flow(context);
    return context_done(context);
}
