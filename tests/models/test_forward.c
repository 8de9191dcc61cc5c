// test_forward.c — whole networks against the reference's tensors: output, every block, every modulation vector.
#include "models/context.h"

// Every output whose name the golden file knows is compared; returns how many were.
static unsigned compare(const char *what, const vkdit_tensors *out, struct golden *g, double limit)
{
    unsigned n = 0;
    double worst = 0;
    const char *worst_name = "-";
    for (uint32_t i = 0; i < out->count; i++) {
        const vkdit_tensor *t = &out->tensor[i];
        if (t->type != VKDIT_F32 || !golden_has(g, t->name)) continue;
        uint64_t have;
        const float *want = golden_f32(g, t->name, &have);
        CHECK(have == tensor_count(t), "%s: %s has %llu values, the golden %llu", what, t->name,
              (unsigned long long)tensor_count(t), (unsigned long long)have);
        if (have != tensor_count(t)) continue;
        double e = golden_error(t->data, want, have), bar = !strcmp(t->name, "t_freq") ? 1e-4 : limit;
        CHECK(e <= bar, "%s: %s is off by %.3g, allowed %.3g", what, t->name, e, bar);
        if (e > worst) worst = e, worst_name = t->name;
        n++;
    }
    printf("%-28s %3u tensors, worst relative error %.2g (%s)\n", what, n, worst, worst_name);
    return n;
}

static vkdit_status forward(vkdit *context, const char *weights, const char *io, vkdit_precision precision,
                            const float *cfg, float channels, vkdit_tensors *out, vkdit_error *e)
{
    char path[1024];
    vkdit_tensors in;
    vkdit_model *model;
    snprintf(path, sizeof path, "%s/dit/%s.weights.safetensors", VKDIT_TEST_DATA, weights);
    vkdit_status s = vkdit_model_open(context, &(vkdit_model_options){.path = path, .precision = precision}, &model, e);
    if (s != VKDIT_OK) return s;
    snprintf(path, sizeof path, "%s/dit/%s.io.safetensors", VKDIT_TEST_DATA, io);
    s = vkdit_tensors_read(path, &in, e);
    vkdit_tensor given[8];
    uint32_t n = 0;
    for (uint32_t i = 0; i < in.count; i++)
        if (!strcmp(in.tensor[i].name, "x") || !strcmp(in.tensor[i].name, "t") || !strcmp(in.tensor[i].name, "y"))
            given[n++] = in.tensor[i];
    if (cfg) {
        given[n++] = (vkdit_tensor){.name = "cfg_scale", .rank = 1, .dim = {1}, .data = cfg};
        given[n++] = (vkdit_tensor){.name = "cfg_channels", .rank = 1, .dim = {1}, .data = &channels};
    }
    if (s == VKDIT_OK) s = vkdit_eval(model, given, n, cfg == NULL, out, e);
    vkdit_tensors_free(&in);
    vkdit_model_close(model);
    return s;
}

static void one(vkdit *context, const char *weights, const char *io, unsigned at_least)
{
    char name[128];
    vkdit_tensors out = {0};
    vkdit_error e;
    snprintf(name, sizeof name, "dit/%s.io.safetensors", io);
    struct golden g = golden_open(name);
    vkdit_status s = forward(context, weights, io, VKDIT_PRECISION_F32, NULL, 3, &out, &e);
    CHECK(s == VKDIT_OK, "%s: %s", io, e.message);
    if (s == VKDIT_OK) CHECK(compare(io, &out, &g, 5e-5) >= at_least, "%s: too few tensors compared", io);
    vkdit_tensors_free(&out);
    // half precision: only the prediction is held to a bar
    s = forward(context, weights, io, VKDIT_PRECISION_F16, NULL, 3, &out, &e);
    CHECK(s == VKDIT_OK, "%s fp16: %s", io, e.message);
    uint64_t have = 0;
    for (uint32_t i = 0; s == VKDIT_OK && i < out.count; i++)
        if (!strcmp(out.tensor[i].name, "out")) {
            double off = golden_error(out.tensor[i].data, golden_f32(&g, "out", &have), tensor_count(&out.tensor[i]));
            printf("%-28s fp16 prediction off by %.2g\n", io, off);
            CHECK(off <= 1e-2, "%s fp16: off by %.3g", io, off);
        }
    CHECK(have > 0, "%s fp16: no prediction", io);
    vkdit_tensors_free(&out);
    golden_close(&g);
}

static void guided(vkdit *context, const char *weights, float cfg, float channels, const char *want)
{
    char name[128];
    vkdit_tensors out = {0};
    vkdit_error e;
    snprintf(name, sizeof name, "dit/%s.io.safetensors", weights);
    struct golden g = golden_open(name);
    vkdit_status s = forward(context, weights, weights, VKDIT_PRECISION_F32, &cfg, channels, &out, &e);
    CHECK(s == VKDIT_OK, "%s: %s", weights, e.message);
    for (uint32_t i = 0; s == VKDIT_OK && i < out.count; i++) {
        if (strcmp(out.tensor[i].name, "cfg_out") != 0) continue;
        uint64_t have;
        const float *ref = golden_f32(&g, want, &have);
        CHECK(have == tensor_count(&out.tensor[i]), "%s %s: size", weights, want);
        double off = golden_error(out.tensor[i].data, ref, have);
        printf("%-28s %s off by %.2g\n", weights, want, off);
        CHECK(off <= 5e-5, "%s %s: off by %.3g", weights, want, off);
    }
    vkdit_tensors_free(&out);
    golden_close(&g);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    one(context, "dit_a", "dit_a", 20);
    one(context, "dit_a", "dit_a_edge", 10);
    one(context, "dit_b", "dit_b", 15);
    one(context, "dit_nosigma", "dit_nosigma", 12);
    one(context, "dit_toy", "dit_toy", 4);
    one(context, "sit_a", "sit_a", 15);
    one(context, "sit_a", "sit_a_edge", 10);
    one(context, "sit_toy", "sit_toy", 4);
    one(context, "dit_zero", "dit_zero", 5);
    guided(context, "dit_a", 4.0f, 3, "cfg4.out");
    guided(context, "dit_a", 1.5f, 99, "cfg1.5.out_all_channels");
    guided(context, "sit_a", 4.0f, 3, "cfg4.out");
    return context_done(context);
}
