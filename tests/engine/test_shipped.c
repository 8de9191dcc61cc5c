// test_shipped.c — the models that come with the program, and what their files say about their use: found, named,
// followed, previewed; and nothing of it trusted. "test_shipped --make FOLDER" writes a small set for other tests.
#include "models/context.h"
#include "models/hints.h"
#include "scratch.h"
#include "weights/format.h"

#include <math.h>

#define LIST                                                                                                           \
    "[{\"name\": \"one\", \"file\": \"one.safetensors\", \"about\": \"a SiT\"},"                                       \
    " {\"name\": \"two\", \"file\": \"two.safetensors\", \"about\": \"the same, other advice\"},"                      \
    " {\"name\": \"gone\", \"file\": \"gone.safetensors\", \"about\": \"not installed\"}]"
#define NETWORK "\"kind\": \"sit\", \"heads\": 4, \"num_classes\": 10, \"input_size\": 8"
#define PREVIEW "\"preview\": {\"matrix\": [[0.5, 0, 0, 0], [0, 0.25, 0, 0], [0, 0, 0, -1]], \"bias\": [0, 0.5, -0.25]}"

static const char one_config[] =
    "{" NETWORK ", \"name\": \"The One\", \"vae\": \"vae.safetensors\", \"sampler\": \"heun\", \"steps\": 3, "
    "\"cfg_scale\": 2.5, \"cfg_channels\": 2, \"cfg_interval\": [0.25, 1], \"epsilon_scale\": 1.05, \"shift\": 2, "
    "\"labels\": [\"ant\", \"bee, wasp\", \"cat\", \"dog\", \"elk\", \"fox\", \"gnu\", \"hen\", \"ibex\", \"jay\"]}";
static const char two_config[] = "{" NETWORK ", \"vae\": \"../vae.safetensors\", \"sampler\": \"ddim\", \"steps\": 0, "
                                 "\"epsilon_scale\": 1.5, \"shift\": 3}";
static const char dit_config[] = "{\"kind\": \"dit\", \"heads\": 4, \"num_classes\": 10, \"input_size\": 8, "
                                 "\"sampler\": \"dpmpp2m\", \"epsilon_scale\": 1.25, \"shift\": 3}";
static const char vae_config[] = "{\"scaling_factor\": 0.5, \"norm_num_groups\": 32, " PREVIEW "}";

// A copy of a checkpoint with another "config".
static void rewrite(struct scratch *s, const char *name, const char *from, const char *config)
{
    struct ckpt c;
    struct err e = {0};
    const bool opened = ckpt_open(&c, from, NULL, &e);
    struct st_out *out = opened ? mem_zero(c.n, sizeof *out, &e) : NULL;
    for (uint32_t i = 0; out && i < c.n; i++) {
        void *scratch = NULL;
        uint64_t room = 0;
        const struct ckpt_tensor *t = &c.t[i];
        out[i] = (struct st_out){
            .name = t->name, .dtype = t->dtype, .rank = t->rank, .data = ckpt_data(&c, t, &scratch, &room, &e)};
        memcpy(out[i].dim, t->dim, sizeof out[i].dim);
        CHECK(!scratch, "%s: a mapped tensor was copied", from);
    }
    const struct ckpt_meta meta = {"config", config};
    CHECK(out && safetensors_write(scratch_path(s, name), out, c.n, &meta, 1, &e), "%s", e.text);
    free(out);
    ckpt_close(&c);
}

static void make_set(struct scratch *s)
{
    scratch_text(s, "models.json", LIST);
    rewrite(s, "one.safetensors", VKDIT_TEST_DATA "/dit/sit_toy.weights.safetensors", one_config);
    rewrite(s, "two.safetensors", VKDIT_TEST_DATA "/dit/sit_toy.weights.safetensors", two_config);
    rewrite(s, "dit.safetensors", VKDIT_TEST_DATA "/dit/dit_toy.weights.safetensors", dit_config);
    rewrite(s, "vae.safetensors", VKDIT_TEST_DATA "/dit/vae2.weights.safetensors", vae_config);
}

// --- hints --------------------------------------------------------------------------------------------------------

static struct hints hints_of(const char *config, uint32_t channels)
{
    struct ckpt c = {0};
    struct ckpt_meta meta = {"config", config};
    struct hints h;
    c.meta = &meta;
    c.n_meta = 1;
    hints_read(&h, &c, channels);
    return h;
}

static void reads_hints(void)
{
    struct hints h = hints_of(one_config, 4);
    CHECK(!strcmp(h.name, "The One") && !strcmp(h.vae, "vae.safetensors") && !strcmp(h.sampler, "heun") &&
              h.steps == 3 && h.cfg_scale == 2.5 && h.cfg_channels == 2 && h.cfg_from == 0.25 && h.cfg_to == 1 &&
              h.epsilon_scale == 1.05 && h.shift == 2 && !h.preview && !h.refused[0],
          "%s %s %s %u, refused: %s", h.name, h.vae, h.sampler, h.steps, h.refused);
    h = hints_of(vae_config, 4);
    CHECK(h.preview == 4 && h.matrix[2][3] == -1 && h.bias[1] == 0.5f && !h.refused[0], "refused: %s", h.refused);
    const float latent[8] = {1, -9, 1, 0, 0, 0, 0.5f, 0}; // channels of two cells
    uint8_t rgb[6];
    hints_preview(&h, latent, 2, rgb);
    CHECK(rgb[0] == 191 && rgb[1] == 223 && rgb[2] == 32 && rgb[3] == 0 && rgb[4] == 191 && rgb[5] == 96,
          "%u %u %u  %u %u %u", rgb[0], rgb[1], rgb[2], rgb[3], rgb[4], rgb[5]);
    const float far[4] = {1e30f, -1e30f, 0, -1e30f}, odd[4] = {NAN, 1, 1, 1};
    hints_preview(&h, far, 1, rgb);
    CHECK(rgb[0] == 255 && rgb[1] == 0 && rgb[2] == 255, "%u %u %u", rgb[0], rgb[1], rgb[2]);
    hints_preview(&h, odd, 1, rgb);
    CHECK(rgb[0] == 0 && rgb[1] == 0 && rgb[2] == 0, "%u %u %u", rgb[0], rgb[1], rgb[2]);
}

// Each is left out by itself; "" stands for a config that is not even an object.
static void refuses_hints(void)
{
    static const struct {
        const char *config, *key;
    } t[] = {
        {"[1, 2]", ""},
        {"{\"steps\": \"many\"}", "steps"},
        {"{\"steps\": -1}", "steps"},
        {"{\"steps\": 1e9}", "steps"},
        {"{\"steps\": 4294967297}", "steps"},
        {"{\"cfg_scale\": 1e300}", "cfg_scale"},
        {"{\"cfg_scale\": 0}", "cfg_scale"},
        {"{\"cfg_scale\": [2]}", "cfg_scale"},
        {"{\"cfg_channels\": 100}", "cfg_channels"},
        {"{\"cfg_interval\": [0.5]}", "cfg_interval"},
        {"{\"cfg_interval\": [0.9, 0.1]}", "cfg_interval"},
        {"{\"cfg_interval\": [-1, 2]}", "cfg_interval"},
        {"{\"epsilon_scale\": 3}", "epsilon_scale"},
        {"{\"epsilon_scale\": \"1\"}", "epsilon_scale"},
        {"{\"shift\": 0}", "shift"},
        {"{\"name\": \"a\\u001b[31m\"}", "name"},
        {"{\"name\": \"\"}", "name"},
        {"{\"sampler\": \"0123456789012345678901234567890123456789\"}", "sampler"},
        {"{\"vae\": \"../vae.safetensors\"}", "vae"},
        {"{\"vae\": \"/etc/passwd\"}", "vae"},
        {"{\"vae\": \"..\"}", "vae"},
        {"{\"vae\": 7}", "vae"},
        {"{\"preview\": {}}", "preview"},
        {"{\"preview\": {\"matrix\": [[1,1,1,1],[1,1,1,1]], \"bias\": [0,0,0]}}", "preview"},
        {"{\"preview\": {\"matrix\": [[1,1,1],[1,1,1],[1,1,1]], \"bias\": [0,0,0]}}", "preview"},
        {"{\"preview\": {\"matrix\": [[1,1,1,1],[1,1,1,1],[1,1,1,1e9]], \"bias\": [0,0,0]}}", "preview"},
        {"{\"preview\": {\"matrix\": [[1,1,1,1],[1,1,1,1],[1,1,1,1]], \"bias\": [0,0]}}", "preview"},
    };
    const struct hints none = {0};
    for (size_t i = 0; i < COUNTOF(t); i++) {
        struct hints h = hints_of(t[i].config, 4);
        CHECK(!strncmp(h.refused, t[i].key, strlen(t[i].key)) && !h.refused[0] == !t[i].key[0], "%s: refused \"%s\"",
              t[i].config, h.refused);
        CHECK(!h.name[0] && !h.vae[0] && !h.sampler[0] && h.steps == 0 && h.cfg_scale == 0 && h.cfg_channels == 0 &&
                  h.cfg_to == none.cfg_to && h.epsilon_scale == 0 && h.shift == 0 && h.preview == 0,
              "%s was followed", t[i].config);
    }
}

// --- lists --------------------------------------------------------------------------------------------------------

static void refuses_lists(struct scratch *s)
{
    static const char *const lists[] = {"{}",
                                        "[",
                                        "[1]",
                                        "[{\"name\": \"a\", \"file\": \"../a\", \"about\": \"\"}]",
                                        "[{\"name\": \"a/b\", \"file\": \"a\", \"about\": \"\"}]",
                                        "[{\"name\": \"a\", \"file\": \"a\"}]",
                                        "[{\"name\": \"\", \"file\": \"a\", \"about\": \"\"}]"};
    for (size_t i = 0; i < COUNTOF(lists); i++) {
        char *json = NULL;
        vkdit_error e = {0};
        scratch_text(s, "models.json", lists[i]);
        CHECK(vkdit_models_json(s->dir, &json, &e) == VKDIT_ERR_FORMAT && !json, "%s: status %d", lists[i], e.status);
        CHECK(!strncmp(e.message, s->dir, strlen(s->dir)) && !strchr(e.message, '\n'), "\"%s\"", e.message);
    }
}

static void lists(struct scratch *s)
{
    char *json = NULL;
    vkdit_error e = {0};
    CHECK(vkdit_models_json(s->dir, &json, &e) == VKDIT_OK, "%s", e.message);
    const char *one = json ? strstr(json, "\"one\"") : NULL, *two = json ? strstr(json, "\"two\"") : NULL;
    CHECK(one && two && one < two && !strstr(json, "gone") && strstr(json, "one.safetensors"), "%s", json);
    vkdit_free(json);
    CHECK(vkdit_models_json("/nonexistent", &json, &e) == VKDIT_OK && json && !strncmp(json, "[]", 2), "%s", e.message);
    vkdit_free(json);
}

// --- models -------------------------------------------------------------------------------------------------------

static char logged[600];

static void log_line(void *user, int level, const char *line)
{
    (void)user;
    if (level == 1) snprintf(logged, sizeof logged, "%s", line);
}

static vkdit_model *opened(vkdit *context, const char *assets, const char *path, vkdit_model_info *info)
{
    vkdit_model *m = NULL;
    vkdit_error e = {0};
    const vkdit_model_options o = {.path = path, .assets = assets};
    logged[0] = 0;
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_OK, "%s", e.message);
    *info = (vkdit_model_info){0};
    if (m) vkdit_model_get_info(m, info);
    return m;
}

static void names_models(vkdit *context, struct scratch *s)
{
    vkdit_model_info i;
    vkdit_error e = {0};
    uint32_t class = 99;
    vkdit_model *m = opened(context, s->dir, NULL, &i);
    CHECK(!strcmp(i.name, "The One") && !i.synthetic && i.has_decoder && i.has_preview && i.steps == 3 &&
              i.cfg_scale == 2.5 && i.sampler && !strcmp(i.sampler, "heun") && !logged[0],
          "%s: %s", i.name, logged);
    CHECK(!strcmp(vkdit_model_path(m), scratch_path(s, "one.safetensors")), "%s", vkdit_model_path(m));
    CHECK(vkdit_class_find(m, "wasp", &class, &e) == VKDIT_OK && class == 1, "%s", e.message);
    vkdit_model_close(m);
    m = opened(context, s->dir, "two", &i); // its advice is bad, the model is sound
    CHECK(!i.has_decoder && !i.sampler && i.steps == 0 && !i.has_preview && i.shift == 0 && i.epsilon_scale == 0,
          "bad advice was followed");
    CHECK(strstr(logged, "not all followed"), "\"%s\"", logged);
    vkdit_model_close(m);
    m = opened(context, NULL, scratch_path(s, "dit.safetensors"), &i);
    CHECK(i.sampler && i.shift == 0 && i.epsilon_scale == 1.25 && strstr(logged, "shift is for flows"), "\"%s\"",
          logged);
    vkdit_model_close(m);
    m = opened(context, "/nonexistent", NULL, &i);
    CHECK(i.synthetic && !vkdit_model_path(m), "%s", i.name);
    vkdit_model_close(m);
    const vkdit_model_options o = {.path = "three", .assets = s->dir};
    CHECK(vkdit_model_open(context, &o, &m, &e) == VKDIT_ERR_IO && !strncmp(e.message, "three", 5), "%s", e.message);
}

static void previews(vkdit_run *r)
{
    vkdit_error e = {0};
    uint8_t *got = NULL;
    uint32_t w = 0, h = 0;
    float latent[4 * 64], x0[4 * 64];
    uint8_t want[3 * 64];
    struct hints map = hints_of(vae_config, 4);
    CHECK(vkdit_run_latent(r, 0, latent, 256, &e) == VKDIT_OK, "%s", e.message);
    for (int step = 0; step < 2; step++) {
        const bool ok = !vkdit_run_preview(r, NULL, &got, &w, &h, &e);
        CHECK(ok && w == 8 && h == 8, "%s", e.message);
        hints_preview(&map, step ? x0 : latent, 64, want);
        CHECK(ok && !memcmp(got, want, sizeof want), "a preview is not the model's map of the %s",
              step ? "estimate" : "start");
        vkdit_free(got);
        int done;
        if (step) break;
        CHECK(vkdit_run_step(r, NULL, NULL, &done, &e) == VKDIT_OK && vkdit_run_latent(r, 1, x0, 256, &e) == VKDIT_OK,
              "%s", e.message);
    }
    CHECK(vkdit_run_preview(r, latent, &got, &w, &h, &e) == VKDIT_OK, "%s", e.message);
    hints_preview(&map, latent, 64, want);
    CHECK(got && !memcmp(got, want, sizeof want), "a given latent is not mapped");
    vkdit_free(got);
}

// A job that leaves everything open is the job that says what the model advises.
static void follows(vkdit *context, struct scratch *s)
{
    const uint32_t class = 3;
    vkdit_job j = {.classes = &class, .images = 1, .seed = 5};
    vkdit_model_info i;
    vkdit_progress p = {0};
    vkdit_error e = {0};
    vkdit_model *m = opened(context, s->dir, "one", &i);
    float x[4][4 * 64];
    for (int k = 0; m && k < 4; k++) {
        vkdit_run *r = NULL;
        CHECK(vkdit_run_begin(m, &j, &r, &e) == VKDIT_OK, "%s", e.message);
        if (!r) break;
        if (k == 0) previews(r);
        for (int done = 0; !done && !vkdit_run_step(r, NULL, NULL, &done, &e);) {
        }
        vkdit_run_get_progress(r, &p);
        CHECK(p.steps == 3 && !strcmp(p.sampler, "heun"), "%u steps of %s", p.steps, p.sampler);
        CHECK(vkdit_run_latent(r, 0, x[k], 256, &e) == VKDIT_OK, "%s", e.message);
        vkdit_run_close(r);
        j.sampler = "heun", j.steps = 3, j.cfg_scale = 2.5, j.cfg_channels = 2, j.cfg_from = 0.25, j.cfg_to = 1;
        j.epsilon_scale = k == 1 ? 1 : 1.05, j.shift = k == 2 ? 1 : 2;
    }
    CHECK(!memcmp(x[0], x[1], sizeof x[0]), "the advice is not what was done");
    CHECK(memcmp(x[0], x[2], sizeof x[0]), "the noise was divided by nothing");
    CHECK(memcmp(x[0], x[3], sizeof x[0]), "the times were not shifted");
    vkdit_model_close(m);
}

static void without_a_map(vkdit *context)
{
    const uint32_t class = 3;
    const vkdit_job j = {.classes = &class, .images = 1, .steps = 1};
    vkdit_model_info i;
    vkdit_error e = {0};
    vkdit_run *r = NULL;
    uint8_t *pixels = NULL;
    uint32_t w, h;
    vkdit_model *m = opened(context, NULL, VKDIT_TEST_DATA "/dit/sit_toy.weights.safetensors", &i);
    if (m && !vkdit_run_begin(m, &j, &r, &e))
        CHECK(vkdit_run_preview(r, NULL, &pixels, &w, &h, &e) == VKDIT_ERR_UNSUPPORTED && !pixels && !i.has_preview,
              "%s", e.message);
    vkdit_run_close(r);
    vkdit_model_close(m);
}

int main(int argc, char **argv)
{
    struct scratch s;
    if (argc == 3 && !strcmp(argv[1], "--make")) {
        snprintf(s.dir, sizeof s.dir, "%.200s", argv[2]);
        make_set(&s);
        return check_done();
    }
    scratch_open(&s);
    reads_hints();
    refuses_hints();
    refuses_lists(&s);
    make_set(&s);
    lists(&s);
    vkdit_options o = context_options();
    vkdit *context = NULL;
    o.log = log_line;
    if (vkdit_open(&o, &context, NULL) == VKDIT_OK) {
        names_models(context, &s);
        follows(context, &s);
        without_a_map(context);
        CHECK(vkdit_validation_errors(context) == 0, "%u validation messages", vkdit_validation_errors(context));
    }
    vkdit_close(context);
    scratch_close(&s);
    return check_done();
}
