// test_board_model.c — the mixing board's numbers on a real network against the reference: the atlas of modulation
// vectors, what each branch adds to the stream; and whether initialisation schemes are told apart.
#include "board/stats.h"
#include "models/context.h"
#include "scratch.h"

enum { DEPTH = 3, TIMES = 10, CLASSES = 5, WIDTH = 24, TOKENS = 16, IMAGES = 4 };

// The golden holds the weights under "w.NAME": written again as a checkpoint.
static const char *write_model(struct scratch *s, struct golden *g)
{
    static char names[64][80];
    static vkdit_tensor t[64];
    uint32_t n = 0;
    const char *key;
    json_t *value;
    vkdit_error e;
    json_object_foreach(g->header, key, value)
    {
        if (strncmp(key, "w.", 2) != 0 || n == 64) continue;
        snprintf(names[n], sizeof names[n], "%s", key + 2);
        t[n] = (vkdit_tensor){.name = names[n], .type = VKDIT_F32, .data = golden_f32(g, key, NULL)};
        t[n].rank = golden_shape(g, key, t[n].dim);
        n++;
    }
    const char *path = scratch_path(s, "atlas.safetensors");
    CHECK(vkdit_tensors_write(path, t, n, &e) == VKDIT_OK, "%s", e.message);
    return path;
}

static const float *tap(const vkdit_tensors *l, const char *pattern, uint32_t block)
{
    char name[40];
    snprintf(name, sizeof name, pattern, block);
    const vkdit_tensor *t = tensor_find(l, name);
    CHECK(t, "no tap %s", name);
    return t ? t->data : NULL;
}

// --- the atlas ----------------------------------------------------------------------------------------------------

static void atlas(vkdit_model *m, struct golden *g)
{
    enum { PAIRS = TIMES * CLASSES };
    const float *times = golden_f32(g, "in.t", NULL), *want = golden_f32(g, "out.vectors", NULL),
                *final = golden_f32(g, "out.final_shift_scale", NULL);
    static float x[PAIRS * 4 * 8 * 8], t[PAIRS], got[PAIRS * WIDTH], expected[PAIRS * WIDTH];
    int32_t y[PAIRS];
    vkdit_tensors out = {0};
    vkdit_error e;
    for (uint32_t i = 0; i < PAIRS; i++) t[i] = times[i / CLASSES], y[i] = (int32_t)(i % CLASSES);
    const vkdit_tensor in[] = {
        {"x", VKDIT_F32, 4, {PAIRS, 4, 8, 8}, x}, {"t", VKDIT_F32, 1, {PAIRS}, t}, {"y", VKDIT_I32, 1, {PAIRS}, y}};
    CHECK(vkdit_eval(m, in, 3, 1, &out, &e) == VKDIT_OK, "%s", e.message);
    double worst = 0;
    for (uint32_t slot = 0; slot < 6 * DEPTH + 2; slot++) {
        const bool last = slot >= 6 * DEPTH;
        const float *mod = tap(&out, last ? "final.mod" : "block%u.mod", slot / 6);
        const uint32_t strip = last ? 2 : 6, k = last ? slot - 6 * DEPTH : slot % 6;
        const float *from = last ? final + (size_t)k * PAIRS * WIDTH : want + (size_t)slot * PAIRS * WIDTH;
        for (uint32_t i = 0; mod && i < PAIRS * WIDTH; i++) {
            got[i] = mod[((size_t)(i / WIDTH) * strip + k) * WIDTH + i % WIDTH];
            expected[i] = from[i];
        }
        const double off = golden_error(got, expected, PAIRS * WIDTH);
        worst = off > worst ? off : worst;
        CHECK(off < 2e-5, "slot %u: %g from the reference", slot, off);
    }
    printf("atlas of %d vectors: %.2g from the reference\n", (6 * DEPTH + 2) * PAIRS, worst);
    vkdit_tensors_free(&out);
}

// --- what branches add --------------------------------------------------------------------------------------------

static void near(const char *what, double got, double want)
{
    CHECK(fabs(got - want) <= 1e-4 * fmax(fabs(want), 0.05), "%s: %.7g, wanted %.7g", what, got, want);
}

static void additions(vkdit_model *m, struct golden *g)
{
    vkdit_tensors out = {0};
    vkdit_error e;
    const vkdit_tensor in[] = {{"x", VKDIT_F32, 4, {IMAGES, 4, 8, 8}, golden_f32(g, "in.fwd_x", NULL)},
                               {"t", VKDIT_F32, 1, {IMAGES}, golden_f32(g, "in.fwd_t", NULL)},
                               {"y", VKDIT_I32, 1, {IMAGES}, golden_i32(g, "in.fwd_y", NULL)}};
    const double *r[2] = {golden_f64(g, "res.r_msa", NULL), golden_f64(g, "res.r_mlp", NULL)},
                 *token[2] = {golden_f64(g, "res.rtok_msa", NULL), golden_f64(g, "res.rtok_mlp", NULL)},
                 *cosine[2] = {golden_f64(g, "res.cos_msa", NULL), golden_f64(g, "res.cos_mlp", NULL)};
    CHECK(vkdit_eval(m, in, 3, 1, &out, &e) == VKDIT_OK, "%s", e.message);
    const float *before = tap(&out, "tokens_in", 0);
    for (uint32_t b = 0; before && b < DEPTH; b++) {
        const float *stage[3] = {before, tap(&out, "block%u.after_attn", b), tap(&out, "block%u.out", b)};
        for (uint32_t k = 0; k < 2 * IMAGES && stage[1] && stage[2]; k++) {
            const uint32_t branch = k / IMAGES, i = k % IMAGES;
            double scratch[WIDTH];
            struct addition a;
            stat_addition(stage[branch] + (size_t)i * TOKENS * WIDTH, stage[branch + 1] + (size_t)i * TOKENS * WIDTH,
                          TOKENS, WIDTH, scratch, &a);
            near("|gate f| / |x|", a.ratio, r[branch][b * IMAGES + i]);
            near("mean per token", a.token_ratio, token[branch][b * IMAGES + i]);
            near("cosine", a.cosine, cosine[branch][b * IMAGES + i]);
        }
        before = stage[2];
    }
    vkdit_tensors_free(&out);
}

// --- initialisation -----------------------------------------------------------------------------------------------

enum draw { ZERO, GAUSS, XAVIER };

static double uniform(uint64_t *state) // SplitMix64, in (0, 1)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static float drawn(enum draw d, double size, uint64_t *state)
{
    const double a = uniform(state), b = uniform(state);
    if (d == ZERO) return 0;
    return (float)(d == GAUSS ? size * sqrt(-2 * log(a)) * cos(6.283185307179586 * b) : size * (2 * a - 1));
}

// The untrained golden with other weights of the modulation: gates, scales, shifts. nudge: one number of the final
// layer has moved, as after the first step of training.
static void scheme(struct scratch *s, const enum draw draws[3], const double size[3], int nudge, const char *want,
                   int identity)
{
    static const int kind[6] = {2, 1, 0, 2, 1, 0};
    vkdit_tensors t;
    vkdit_error e;
    uint64_t state = 7;
    char *json = NULL;
    CHECK(vkdit_tensors_read(VKDIT_TEST_DATA "/dit/dit_zero.weights.safetensors", &t, &e) == VKDIT_OK, "%s", e.message);
    for (uint32_t i = 0; i < t.count; i++) {
        float *v = (float *)(uintptr_t)t.tensor[i].data;
        const uint64_t n = tensor_count(&t.tensor[i]);
        if (nudge && !strcmp(t.tensor[i].name, "final_layer.linear.weight")) v[3] = 1e-4F;
        if (strncmp(t.tensor[i].name, "blocks.", 7) || !strstr(t.tensor[i].name, "adaLN_modulation.1.weight")) continue;
        for (uint64_t k = 0; k < n; k++) {
            const int which = kind[k / (n / 6)];
            v[k] = drawn(draws[which], size[which], &state);
        }
    }
    const char *path = scratch_path(s, "scheme.safetensors");
    CHECK(vkdit_tensors_write(path, t.tensor, t.count, &e) == VKDIT_OK, "%s", e.message);
    vkdit_tensors_free(&t);
    const vkdit_model_options o = {.path = path, .heads = 2};
    CHECK(vkdit_modulation_json(&o, &json, &e) == VKDIT_OK, "%s", e.message);
    json_t *root = json ? json_loads(json, 0, NULL) : NULL;
    const char *said = json_string_value(json_object_get(root, "scheme"));
    CHECK(said && strstr(said, want), "wanted \"%s\", got \"%s\"", want, said ? said : "nothing");
    CHECK(json_is_true(json_object_get(root, "blocks_are_the_identity")) == identity, "%s: identity", want);
    CHECK(json_is_true(json_object_get(root, "at_initialisation")) == !nudge, "%s: at initialisation", want);
    const json_t *alpha = json_array_get(json_object_get(root, "modulation"), 0);
    const double std = json_number_value(json_object_get(alpha, "std"));
    if (draws[0] == GAUSS) CHECK(fabs(std / size[0] - 1) < 0.05, "deviation %g, drawn with %g", std, size[0]);
    json_decref(root);
    vkdit_free(json);
}

static void schemes(struct scratch *s)
{
    const double gauss[3] = {1e-3, 1e-3, 1e-3}, v2[3] = {8e-4, 1.2e-3, 8e-4}, bound = sqrt(6.0 / (7 * 32)),
                 xavier[3] = {bound, bound, bound};
    scheme(s, (enum draw[]){ZERO, ZERO, ZERO}, gauss, 0, "adaLN-Zero", 1);
    scheme(s, (enum draw[]){ZERO, ZERO, ZERO}, gauss, 1, "trained", 1);
    scheme(s, (enum draw[]){GAUSS, GAUSS, GAUSS}, gauss, 0, "adaLN-Gaussian", 0);
    scheme(s, (enum draw[]){GAUSS, GAUSS, GAUSS}, v2, 0, "scales 0.0011", 0);
    scheme(s, (enum draw[]){GAUSS, ZERO, ZERO}, gauss, 0, "Step1-Gaussian", 0);
    scheme(s, (enum draw[]){XAVIER, ZERO, ZERO}, xavier, 0, "Step1 or Mix", 0);
    scheme(s, (enum draw[]){XAVIER, XAVIER, XAVIER}, xavier, 0, "all Xavier", 0);
    scheme(s, (enum draw[]){ZERO, GAUSS, GAUSS}, gauss, 0, "gates zero", 1);
    scheme(s, (enum draw[]){GAUSS, GAUSS, GAUSS}, gauss, 1, "trained", 0);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    struct scratch s;
    scratch_open(&s);
    struct golden g = golden_open("board/modstats.safetensors");
    vkdit_model *m = NULL;
    vkdit_error e;
    const vkdit_model_options o = {.path = write_model(&s, &g), .heads = 3, .precision = VKDIT_PRECISION_F32};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s", e.message);
    if (m) {
        atlas(m, &g);
        additions(m, &g);
    }
    vkdit_model_close(m);
    schemes(&s);
    golden_close(&g);
    scratch_close(&s);
    return context_done(context);
}
