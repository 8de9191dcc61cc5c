// test_vae.c — the autoencoder and a whole diffusers folder against the reference: latents, stages, pixels.
#include "models/context.h"
#include "weights/ckpt.h"

static unsigned worst_level(const uint8_t *got, const float *want, uint64_t n)
{
    unsigned worst = 0;
    for (uint64_t i = 0; i < n; i++) {
        unsigned d = (unsigned)fabs((double)got[i] - want[i]);
        if (d > worst) worst = d;
    }
    return worst;
}

static void compare(const char *what, const vkdit_tensors *out, struct golden *g)
{
    double worst = 0;
    unsigned n = 0, levels = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        const vkdit_tensor *t = &out->tensor[i];
        const char *name = t->name;
        if (!golden_has(g, name)) continue;
        uint64_t have;
        const float *want = golden_f32(g, name, &have);
        CHECK(have == tensor_count(t), "%s: %s has %llu values, the golden %llu", what, name,
              (unsigned long long)tensor_count(t), (unsigned long long)have);
        if (have != tensor_count(t)) continue;
        n++;
        if (t->type == VKDIT_U8) {
            levels = worst_level(t->data, want, have);
            CHECK(levels <= 1, "%s: a pixel is off by %u levels", what, levels);
        } else {
            double e = golden_error(t->data, want, have);
            CHECK(e <= 5e-5, "%s: %s off by %.3g", what, name, e);
            if (e > worst) worst = e;
        }
    }
    printf("%-24s %2u tensors, worst relative error %.2g, pixels within %u\n", what, n, worst, levels);
    CHECK(n >= 2, "%s: too few tensors compared", what);
}

static void eval(vkdit *context, const char *what, const char *path, struct golden *g, const char *golden_name,
                 const char *input)
{
    vkdit_model *m;
    vkdit_error e;
    vkdit_tensors out = {0};
    CHECK(vkdit_model_open(context, &(vkdit_model_options){.path = path}, &m, &e) == VKDIT_OK, "%s: %s", what,
          e.message);
    if (e.status != VKDIT_OK) return;
    uint64_t n;
    uint64_t shape[8];
    golden_shape(g, golden_name, shape);
    vkdit_tensor in = {.name = input,
                       .rank = 4,
                       .dim = {shape[0], shape[1], shape[2], shape[3]},
                       .data = golden_f32(g, golden_name, &n)};
    vkdit_status s = vkdit_eval(m, &in, 1, 1, &out, &e);
    CHECK(s == VKDIT_OK, "%s: %s", what, e.message);
    if (s == VKDIT_OK) compare(what, &out, g);
    vkdit_tensors_free(&out);
    vkdit_model_close(m);
}

static void autoencoder(vkdit *context, const char *weights, const char *io)
{
    char path[1024], name[128], what[64];
    snprintf(path, sizeof path, "%s/dit/%s.safetensors", VKDIT_TEST_DATA, weights);
    snprintf(name, sizeof name, "dit/%s.safetensors", io);
    struct golden g = golden_open(name);
    snprintf(what, sizeof what, "%s z", io);
    eval(context, what, path, &g, "z", "z");
    snprintf(what, sizeof what, "%s latent", io);
    eval(context, what, path, &g, "latent", "latent");
    golden_close(&g);
}

// --- CompVis names ------------------------------------------------------------------------------------------------

static void compvis_name(char *to, size_t room, const char *from, unsigned levels)
{
    unsigned at, k;
    int used = 0;
    if (sscanf(from, "decoder.up_blocks.%u.resnets.%u.%n", &at, &k, &used) == 2 && used)
        snprintf(to, room, "first_stage_model.decoder.up.%u.block.%u.%s", levels - 1 - at, k, from + used);
    else if (sscanf(from, "decoder.up_blocks.%u.upsamplers.0.%n", &at, &used) == 1 && used)
        snprintf(to, room, "first_stage_model.decoder.up.%u.upsample.%s", levels - 1 - at, from + used);
    else if (sscanf(from, "decoder.mid_block.resnets.%u.%n", &at, &used) == 1 && used)
        snprintf(to, room, "first_stage_model.decoder.mid.block_%u.%s", at + 1, from + used);
    else
        snprintf(to, room, "first_stage_model.%s", from);
    static const char *const words[][2] = {{"mid_block.attentions.0.group_norm", "mid.attn_1.norm"},
                                           {"mid_block.attentions.0.to_q", "mid.attn_1.q"},
                                           {"mid_block.attentions.0.to_k", "mid.attn_1.k"},
                                           {"mid_block.attentions.0.to_v", "mid.attn_1.v"},
                                           {"mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"},
                                           {"conv_norm_out", "norm_out"},
                                           {"conv_shortcut", "nin_shortcut"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *hit = strstr(to, words[i][0]), tail[200];
        if (!hit) continue;
        snprintf(tail, sizeof tail, "%s", hit + strlen(words[i][0]));
        snprintf(hit, room - (size_t)(hit - to), "%s%s", words[i][1], tail);
    }
}

// The same weights under the other published names, inside a whole checkpoint, must give the same picture.
static void compvis(vkdit *context)
{
    char path[1024], names[256][160];
    struct err e = {0};
    struct ckpt c;
    struct st_out out[256];
    void *data[256] = {0};
    uint64_t room;
    snprintf(path, sizeof path, "%s/dit/vae2.weights.safetensors", VKDIT_TEST_DATA);
    CHECK(ckpt_open(&c, path, NULL, &e) && c.n <= 256, "%s", e.text);
    for (uint32_t i = 0; i < c.n; i++) {
        void *scratch = NULL;
        const struct ckpt_tensor *t = &c.t[i];
        const void *raw = ckpt_data(&c, t, &scratch, &room, &e);
        data[i] = malloc((size_t)(t->count * dtype_bytes(t->dtype)));
        memcpy(data[i], raw, (size_t)(t->count * dtype_bytes(t->dtype)));
        free(scratch);
        compvis_name(names[i], sizeof names[i], t->name, 4);
        out[i] = (struct st_out){.name = names[i], .dtype = t->dtype, .rank = t->rank, .data = data[i]};
        memcpy(out[i].dim, t->dim, sizeof out[i].dim);
        if (strstr(names[i], "attn_1") && t->rank == 2) out[i].rank = 4, out[i].dim[2] = out[i].dim[3] = 1;
    }
    CHECK(safetensors_write("compvis.safetensors", out, c.n, NULL, 0, &e), "%s", e.text);
    for (uint32_t i = 0; i < c.n; i++) free(data[i]);
    ckpt_close(&c);
    struct golden g = golden_open("dit/vae2.io.safetensors");
    eval(context, "CompVis names", "compvis.safetensors", &g, "z", "z");
    golden_close(&g);
    remove("compvis.safetensors");
}

// --- a diffusers folder -------------------------------------------------------------------------------------------

static void pipeline(vkdit *context, const char *name, const char *sampler, uint32_t steps, double cfg, uint64_t seed)
{
    char path[1024], file[128];
    uint32_t classes[8], w, h;
    uint64_t n, have;
    vkdit_error e;
    vkdit_model *m;
    vkdit_run *r;
    snprintf(path, sizeof path, "%s/dit/pipe_tiny", VKDIT_TEST_DATA);
    snprintf(file, sizeof file, "dit/pipe_tiny.%s.io.safetensors", name);
    struct golden g = golden_open(file);
    const float *y = golden_f32(&g, "class_labels", &n);
    for (uint64_t i = 0; i < n; i++) classes[i] = (uint32_t)y[i];
    CHECK(vkdit_model_open(context, &(vkdit_model_options){.path = path, .precision = VKDIT_PRECISION_F32}, &m, &e) ==
              VKDIT_OK,
          "%s: %s", name, e.message);
    if (e.status != VKDIT_OK) return;
    vkdit_job j = {
        .classes = classes, .images = (uint32_t)n, .sampler = sampler, .steps = steps, .cfg_scale = cfg, .seed = seed};
    CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK, "%s: %s", name, e.message);
    for (int done = 0; e.status == VKDIT_OK && !done;)
        CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK, "%s: %s", name, e.message);
    float latent[512];
    uint8_t *rgb = NULL;
    if (r && vkdit_run_latent(r, 0, latent, n * 256, &e) == VKDIT_OK &&
        vkdit_run_decode(r, NULL, NULL, NULL, &rgb, &w, &h, &e) == VKDIT_OK) {
        double off = golden_error(latent, golden_f32(&g, "final_latent", &have), n * 256);
        unsigned levels = worst_level(rgb, golden_f32(&g, "rgb_u8_nhwc", &have), n * w * h * 3);
        printf("pipeline %-16s latent off by %.2g, pixels within %u\n", name, off, levels);
        CHECK(off <= 5e-4, "%s: latent off by %.3g", name, off);
        CHECK(levels <= 1, "%s: a pixel is off by %u levels", name, levels);
    } else {
        CHECK(false, "%s: %s", name, e.message);
    }
    vkdit_free(rgb);
    vkdit_run_close(r);
    vkdit_model_close(m);
    golden_close(&g);
}

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    autoencoder(context, "vae2.weights", "vae2.io"); // the encoder: test_trained.c
    compvis(context);
    pipeline(context, "ddim10", "ddim", 10, 4.0, 33);
    pipeline(context, "ddim5_nocfg", "ddim", 5, 1.0, 3);
    pipeline(context, "dpmpp10", "dpmpp2m", 10, 4.0, 33);
    return context_done(context);
}
