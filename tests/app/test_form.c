// test_form.c — the window's settings: what is kept comes back, the option table judges every value, a damaged file is
// told about and does no harm.
#include "app/form.h"
#include "check.h"
#include "scratch.h"

#include <string.h>

static void kept_settings(struct scratch *dir)
{
    struct form f, g;
    struct err e = {0};
    char note[600];
    form_open(&f, note, sizeof note);
    CHECK(!*note && f.seed_random && !json_object_size(f.options), "a first start: \"%s\"", note);
    form_set_whole(&f, "steps", 33);
    form_set_real(&f, "cfg-scale", 2.5);
    form_set_text(&f, "class", "1,2");
    form_set_seed(&f, UINT64_MAX);
    form_set_text(&f, "cfg-interval", "0.25,0.5");
    form_use_model(&f, "/some/model.safetensors");
    form_use_model(&f, "/another.pt");
    form_use_model(&f, "/some/model.safetensors");
    f.live = f.light = true;
    f.preview = PREVIEW_DECODER;
    f.width = 1000;
    CHECK(form_save(&f, &e), "%s", e.text);
    form_open(&g, note, sizeof note);
    CHECK(!*note, "%s", note);
    CHECK(form_whole(&g, "steps", 0) == 33 && form_real(&g, "cfg-scale", 0) == 2.5 && form_seed(&g) == UINT64_MAX,
          "numbers did not come back");
    CHECK(!strcmp(form_text(&g, "class"), "1,2") && g.live && g.light && g.preview == PREVIEW_DECODER &&
              g.width == 1000,
          "texts and switches did not come back");
    CHECK(g.recent[0] && !strcmp(g.recent[0], "/some/model.safetensors") && g.recent[1] &&
              !strcmp(g.recent[1], "/another.pt") && !g.recent[2],
          "recent files");
    struct settings s;
    CHECK(form_settings(g.options, "1", &s, &e), "%s", e.text);
    CHECK(s.steps == 33 && s.seed == UINT64_MAX && s.cfg_interval[0] == 0.25 && !strcmp(s.device, "1") &&
              !strcmp(s.model, "/some/model.safetensors"),
          "the settings are others");
    form_close(&f);
    form_close(&g);
    (void)dir;
}

// A size belongs to the model it was asked of; what comes along with a model stays.
static void sizes(void)
{
    struct form f = {.options = json_object()};
    struct settings s = {0};
    struct err e = {0};
    uint32_t w = 0, h = 0;
    char line[] = "--model m.pt --vae v.safetensors -W 300", *words[8];
    int n = 0;
    CHECK(!form_size(&f, &w, &h), "a size out of nothing");
    form_set_size(&f, 512, 256);
    CHECK(form_size(&f, &w, &h) && w == 512 && h == 256, "%ux%u", w, h);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) words[n++] = word;
    CHECK(args_parse(&s, command_find("window"), n, words, &e), "%s", e.text);
    form_take(&f, &s);
    CHECK(form_size(&f, &w, &h) && w == 300 && !h, "%ux%u", w, h);
    CHECK(!strcmp(form_text(&f, "vae"), "v.safetensors"), "the autoencoder was lost");
    form_use_model(&f, "other.pt");
    CHECK(!form_size(&f, &w, &h) && !*form_text(&f, "vae"), "the old model's");
    form_close(&f);
}

static void bad_values(void)
{
    static const char *const bad[] = {"{\"steps\": 0}",      "{\"steps\": \"many\"}",
                                      "{\"cfg-scale\": -1}", "{\"precision\": \"fp7\"}",
                                      "{\"unknown\": 1}",    "{\"cfg-interval\": \"0.5,0.25\"}",
                                      "{\"model\": 7}",      "{\"seed\": -1}"};
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        json_t *o = json_loads(bad[i], 0, NULL);
        struct settings s;
        struct err e = {0};
        CHECK(!form_settings(o, NULL, &s, &e) && *e.text && !strchr(e.text, '\n'), "%s was taken", bad[i]);
        json_decref(o);
    }
}

static void damaged_files(struct scratch *dir)
{
    static const char *const files[] = {"",
                                        "{",
                                        "[]",
                                        "7",
                                        "{\"options\": {\"steps\": 0}, \"light\": true}",
                                        "{\"options\": 3}",
                                        "{\"recent\": {\"a\": 1}, \"preview\": 99, \"device\": 4}"};
    char path[1200];
    snprintf(path, sizeof path, "%s/vkdit/window.json", dir->dir);
    for (size_t i = 0; i < COUNTOF(files); i++) {
        struct form f;
        struct settings s;
        struct err e = {0};
        char note[600];
        FILE *file = fopen(path, "w");
        if (!file || fputs(files[i], file) < 0 || fclose(file)) {
            CHECK(false, "%s cannot be written", path);
            return;
        }
        form_open(&f, note, sizeof note);
        CHECK((*note != 0) == (i < 5), "%s: note \"%s\"", files[i], note);
        CHECK(form_settings(f.options, NULL, &s, &e) && f.preview < PREVIEW_COUNT, "%s: %s", files[i], e.text);
        form_close(&f);
    }
}

int main(void)
{
    struct scratch dir;
    scratch_open(&dir);
    setenv("XDG_CONFIG_HOME", dir.dir, 1);
    kept_settings(&dir);
    sizes();
    bad_values();
    damaged_files(&dir);
    scratch_close(&dir);
    return check_done();
}
