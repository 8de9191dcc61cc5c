// test_ckpt_folder.c — diffusers folders: what is found, which file is preferred, what is refused.
#include "check.h"
#include "scratch.h"
#include "weights/ckpt.h"

#include <math.h>

#define ST  "diffusion_pytorch_model.safetensors"
#define BIN "diffusion_pytorch_model.bin"

static void refuse(struct scratch *s, const char *want)
{
    struct folder f;
    struct err e = {0};
    CHECK(!folder_open(&f, s->dir, &e) && strstr(e.text, want), "got \"%s\", wanted \"%s\"", e.text, want);
    CHECK(!strncmp(e.text, s->dir, strlen(s->dir)), "%s does not name the folder", e.text);
    folder_close(&f);
}

static bool ends(const char *text, const char *end)
{
    return text && strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

static void check_published(struct scratch *s)
{
    struct folder f;
    struct err e = {0};
    scratch_text(
        s, "model_index.json",
        "{\"_class_name\":\"DiTPipeline\",\"id2label\":{\"2\":\"great white shark, white shark\",\"0\":\"tench, "
        "Tinca tinca\"},\"vae\":[\"diffusers\",\"AutoencoderKL\"]}");
    scratch_folder(s, "transformer");
    scratch_text(
        s, "transformer/config.json",
        "{\"_class_name\":\"Transformer2DModel\",\"num_attention_heads\":16,\"attention_head_dim\":72,\"in_channels\":"
        "4,"
        "\"out_channels\":null,\"num_layers\":28,\"sample_size\":32,\"patch_size\":2,\"num_embeds_ada_norm\":1000,"
        "\"norm_eps\":1e-05,\"cross_attention_dim\":null}");
    scratch_text(s, "transformer/" BIN, "x");
    scratch_folder(s, "vae");
    scratch_text(s, "vae/config.json",
                 "{\"_class_name\":\"AutoencoderKL\",\"latent_channels\":4,\"norm_num_groups\":32}");
    scratch_text(s, "vae/" BIN, "x");
    scratch_folder(s, "scheduler");
    scratch_text(
        s, "scheduler/scheduler_config.json",
        "{\"_class_name\":\"DDIMScheduler\",\"beta_end\":0.02,\"beta_schedule\":\"linear\",\"beta_start\":0.0001,"
        "\"num_train_timesteps\":1000,\"prediction_type\":\"epsilon\",\"trained_betas\":null}");
    CHECK(folder_open(&f, s->dir, &e), "%s", e.text);
    CHECK(ends(f.transformer, "/transformer/" BIN) && ends(f.vae, "/vae/" BIN), "%s %s", f.transformer, f.vae);
    CHECK(f.dit.heads == 16 && f.dit.head_dim == 72 && f.dit.layers == 28 && f.dit.patch == 2 && f.dit.sample == 32 &&
              f.dit.in_channels == 4 && f.dit.out_channels == 0 && f.dit.classes == 1000 && f.dit.norm_eps == 1e-5f,
          "the transformer's configuration");
    CHECK(isnan(f.vae_config.scaling) && f.vae_config.groups == 32 && f.vae_config.latent == 4,
          "the autoencoder's configuration");
    CHECK(f.scheduler.train_steps == 1000 && f.scheduler.beta_end == 0.02 && f.scheduler.beta_start == 0.0001 &&
              !f.scheduler.spacing && ends(f.scheduler.beta_schedule, "linear") &&
              ends(f.scheduler.prediction, "epsilon"),
          "the scheduler's configuration");
    CHECK(f.n_labels == 3 && ends(f.labels[0], "tench, Tinca tinca") && !f.labels[1] &&
              ends(f.labels[2], "white shark"),
          "labels");
    folder_close(&f);
}

static void check_preference(struct scratch *s)
{
    static const char *const better[] = {BIN ".index.json", BIN, ST ".index.json", ST};
    struct folder f;
    struct err e = {0};
    char path[600];
    remove(scratch_path(s, "transformer/" BIN));
    scratch_text(s, "transformer/diffusion_pytorch_model.fp16.safetensors", "x");
    CHECK(folder_open(&f, s->dir, &e) && ends(f.transformer, ".fp16.safetensors"), "%s", e.text);
    folder_close(&f);
    for (uint32_t i = 0; i < COUNTOF(better); i++) {
        snprintf(path, sizeof path, "transformer/%s", better[i]);
        scratch_text(s, path, "x");
        CHECK(folder_open(&f, s->dir, &e) && ends(f.transformer, better[i]), "%s instead of %s", f.transformer,
              better[i]);
        folder_close(&f);
    }
    snprintf(path, sizeof path, "%s/vae", s->dir); // a component alone
    CHECK(folder_open(&f, path, &e) && !f.transformer && ends(f.vae, "/vae/" BIN) && f.vae_config.latent == 4, "%s",
          e.text);
    folder_close(&f);
    snprintf(path, sizeof path, "%s/transformer", s->dir);
    CHECK(folder_open(&f, path, &e) && !f.vae && ends(f.transformer, ST) && f.dit.heads == 16, "%s", e.text);
    folder_close(&f);
}

static void check_refusals(struct scratch *s)
{
    static const struct {
        const char *file, *json, *want;
    } bad[] = {
        {"model_index.json", "{\"id2label\":{\"0\":\"a\"", "model_index.json: invalid JSON"},
        {"model_index.json", "[]", "is not a JSON object"},
        {"model_index.json", "{\"id2label\":[]}", "id2label is not an object"},
        {"model_index.json", "{\"id2label\":{\"x\":\"a\"}}", "\"x\" is not a class"},
        {"model_index.json", "{\"id2label\":{\"\":\"a\"}}", "\"\" is not a class"},
        {"model_index.json", "{\"id2label\":{\"00\":\"a\"}}", "\"00\" is not a class"},
        {"model_index.json", "{\"id2label\":{\"-1\":\"a\"}}", "\"-1\" is not a class"},
        {"model_index.json", "{\"id2label\":{\"4294967296\":\"a\"}}", "is not a class"},
        {"model_index.json", "{\"id2label\":{\"65536\":\"a\"}}", "is not a class"},
        {"model_index.json", "{\"id2label\":{\"0\":1}}", "\"0\" is not a class"},
        {"model_index.json", "{\"id2label\":{\"0\":\"a\",\"0\":\"b\"}}", "duplicate object key"},
        {"transformer/config.json", "{\"num_layers\":-1}",
         "config.json: num_layers is not a whole number from 1 to 4096"},
        {"transformer/config.json", "{\"num_layers\":2.5}", "num_layers"},
        {"transformer/config.json", "{\"patch_size\":\"2\"}", "patch_size"},
        {"transformer/config.json", "{\"norm_eps\":-1}", "norm_eps is not a positive number"},
        {"transformer/config.json", "{\"norm_eps\":true}", "norm_eps is not a positive number"},
        {"transformer/config.json", "{\"_class_name\":3}", "_class_name is not text"},
        {"vae/config.json", "{\"scaling_factor\":1e300}", "vae/config.json: scaling_factor"},
        {"scheduler/scheduler_config.json", "{\"num_train_timesteps\":0}", "num_train_timesteps"},
        {"scheduler/scheduler_config.json", "", "scheduler/scheduler_config.json: invalid JSON"},
    };
    for (uint32_t i = 0; i < COUNTOF(bad); i++) {
        scratch_text(s, bad[i].file, bad[i].json);
        refuse(s, bad[i].want);
        scratch_text(s, bad[i].file, "{}");
    }
    char *large = calloc((1 << 20) + 2, 1);
    memset(large, ' ', (1 << 20) + 1);
    scratch_text(s, "vae/config.json", large);
    refuse(s, "at most 1048576 are read");
    free(large);
    scratch_text(s, "vae/config.json", "{}");
    remove(scratch_path(s, "vae/" BIN));
    refuse(s, "vae/ holds no weights");
    remove(scratch_path(s, "model_index.json"));
    refuse(s, "without model_index.json");
    struct folder f;
    struct err e = {0};
    CHECK(!folder_open(&f, "/nonexistent", &e) && e.code == ERR_IO, "%s", e.text);
    folder_close(&f);
}

int main(void)
{
    struct scratch s;
    scratch_open(&s);
    check_published(&s);
    check_preference(&s);
    check_refusals(&s);
    scratch_close(&s);
    return check_done();
}
