// test_options.c — the option table keeps its promises: names are unique, everything is documented everywhere,
// values are read strictly, settings survive the way into a recipe and back; names of output files.
#define _GNU_SOURCE
#include "check.h"
#include "cli/cli.h"
#include "cli/pattern.h"
#include "cli/recipe.h"

#include <string.h>
#include <unistd.h>

// Everything a printer writes, as text. Freed by the caller.
struct capture {
    char *text;
    size_t n;
    FILE *f;
};

static FILE *capture_open(struct capture *c)
{
    return c->f = open_memstream(&c->text, &c->n);
}

static const char *capture_end(struct capture *c)
{
    fclose(c->f);
    return c->text;
}

static bool spelled_twice(const char *spelling, const struct option *first)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        if (!(o->commands & first->commands)) continue;
        char word[40];
        snprintf(word, sizeof word, "--%s", o->name);
        n += !strcmp(word, spelling);
        n += o->letter && spelling[1] == o->letter && !spelling[2];
        for (const char *at = word_next(o->also, word, sizeof word); at; at = word_next(at, word, sizeof word))
            n += !strcmp(word, spelling);
    }
    return n != 1;
}

static void test_table(void)
{
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        char word[40];
        snprintf(word, sizeof word, "--%s", o->name);
        CHECK(!spelled_twice(word, o), "%s is not unique", word);
        if (o->letter) CHECK(!spelled_twice((char[]){'-', o->letter, 0}, o), "-%c is not unique", o->letter);
        for (const char *at = word_next(o->also, word, sizeof word); at; at = word_next(at, word, sizeof word))
            CHECK(!spelled_twice(word, o), "%s is not unique", word);
        CHECK(o->help && strlen(o->help) > 5 && o->help[strlen(o->help) - 1] != '.', "--%s: help", o->name);
        CHECK(o->kind && o->group && o->commands && o->at < sizeof(struct settings), "--%s: incomplete", o->name);
        CHECK(o->kind->takes_value == (o->value != NULL), "--%s: placeholder", o->name);
        const bool number = o->kind == &kind_u32 || o->kind == &kind_real || o->kind == &kind_interval;
        CHECK(!number || o->min < o->max, "--%s: empty range", o->name);
        CHECK((o->kind == &kind_choice || o->kind == &kind_word) == (o->words != NULL), "--%s: words", o->name);
        CHECK(!o->recipe || o->commands & IN_GENERATE, "--%s: recipe", o->name);
    }
    CHECK(!strcmp(option_find("precision", IN_EVERY)->words, "auto fp32 fp16"), "order of vkdit_precision");
    CHECK(!strcmp(option_find("weights", IN_EVERY)->words, "full q8 q4"), "order of vkdit_weights");
    CHECK(!strcmp(option_find("numerics", IN_EVERY)->words, "auto original diffusers"), "order of vkdit_numerics");
    CHECK(!strcmp(option_find("rng", IN_EVERY)->words, "torch philox"), "order of vkdit_rng");
}

static void test_documents(void)
{
    struct capture man = {0}, bash = {0}, zsh = {0}, fish = {0}, help = {0};
    struct err e = {0};
    manual_print(capture_open(&man));
    CHECK(completions_print(capture_open(&bash), "bash", &e), "%s", e.text);
    CHECK(completions_print(capture_open(&zsh), "zsh", &e), "%s", e.text);
    CHECK(completions_print(capture_open(&fish), "fish", &e), "%s", e.text);
    CHECK(!completions_print(stdout, "tcsh", &e), "tcsh");
    for (uint32_t i = 0; command_table[i]; i++)
        help_command(help.f ? help.f : capture_open(&help), command_table[i], false);
    help_program(help.f, false);
    const char *m = capture_end(&man), *b = capture_end(&bash), *z = capture_end(&zsh), *f = capture_end(&fish);
    const char *h = capture_end(&help);
    for (uint32_t i = 0; i < option_count(); i++) {
        const struct option *o = option_table + i;
        char name[60], troff[120] = "", *to = troff;
        snprintf(name, sizeof name, "--%s", o->name);
        for (const char *at = name; *at; at++) to += sprintf(to, *at == '-' ? "\\-" : "%c", *at);
        CHECK(strstr(m, troff), "the manual lacks %s", name);
        CHECK(strstr(b, name) && strstr(z, name) && strstr(h, name), "bash, zsh or the help lacks %s", name);
        snprintf(name, sizeof name, "-l %s", o->name);
        CHECK(strstr(f, name), "fish lacks %s", name);
        if (o->env) CHECK(strstr(m, o->env) && strstr(h, o->env), "%s is not documented", o->env);
    }
    for (uint32_t i = 0; command_table[i]; i++) {
        const char *name = command_table[i]->name;
        CHECK(strstr(m, name) && strstr(b, name) && strstr(z, name) && strstr(f, name) && strstr(h, name), "%s", name);
        CHECK(strstr(command_find("help")->operand_words, name), "vkdit help does not offer %s", name);
        for (uint32_t k = 0; k < i; k++)
            CHECK(!(command_table[i]->bit & command_table[k]->bit) || command_table[i]->bit == IN_OTHER,
                  "%s shares its bit", name);
    }
    for (const char *at = h; *at;) { // examples may be long, everything else fits 80 columns
        const size_t n = strcspn(at, "\n");
        CHECK(n <= 80 || !strncmp(at, "      vkdit", 11), "too wide: %.*s", (int)n, at);
        at += n + (at[n] == '\n');
    }
    free(man.text), free(bash.text), free(zsh.text), free(fish.text), free(help.text);
}

// Splits at spaces and parses. Texts stay alive in `line`.
static bool parse(struct settings *s, const char *command, char *line, struct err *e)
{
    char *words[40];
    int n = 0;
    for (char *w = strtok(line, " "); w && n < 40; w = strtok(NULL, " ")) words[n++] = w;
    *s = (struct settings){0};
    *e = (struct err){0};
    return args_parse(s, command_find(command), n, words, e);
}

static void test_accepted(void)
{
    struct settings s;
    struct err e;
    char a[] = "--steps=25 --cfg 3.5 -s 18446744073709551615 -c207,360 -vvq --grid -o x --cfg-interval 0.25,0.5";
    CHECK(parse(&s, "generate", a, &e), "%s", e.text);
    CHECK(s.steps == 25 && s.cfg_scale == 3.5 && s.seed == UINT64_MAX && !strcmp(s.classes, "207,360"), "values");
    CHECK(s.verbose == 2 && s.quiet && s.grid == 4 && !strcmp(s.output, "x"), "flags");
    CHECK(s.cfg_interval[0] == 0.25 && s.cfg_interval[1] == 0.5, "interval");
    char b[] = "--grid 3 --ckpt m.pt --num-sampling-steps 9 -S 1 --precision FP16 --diffusion-form SBDM --sit";
    CHECK(parse(&s, "generate", b, &e), "%s", e.text);
    CHECK(s.grid == 3 && !strcmp(s.model, "m.pt") && s.steps == 9 && s.seed == 1 && s.precision == 2, "aliases");
    CHECK(!strcmp(s.diffusion, "sbdm") && s.family == 1, "words");
    char c[] = "-q -- -file";
    CHECK(parse(&s, "inspect", c, &e) && s.operands == 1 && !strcmp(s.operand[0], "-file"), "-- %s", e.text);
    char f[] = "--size 256x128", g[] = "--image-size 512 -W 64";
    CHECK(parse(&s, "generate", f, &e) && settings_width(&s) == 256 && settings_height(&s) == 128, "%s", e.text);
    CHECK(parse(&s, "window", g, &e) && settings_width(&s) == 64 && settings_height(&s) == 512, "%s", e.text);
    char d[] = "-s random";
    CHECK(parse(&s, "generate", d, &e) && s.seed <= UINT32_MAX, "random");
}

static void test_refused(void)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"--steps 10x", "10x"},
        {"--steps -1", "-1"},
        {"--steps 0", "from 1"},
        {"--steps", "value"},
        {"--steps=", "got \"\""},
        {"--steps 4294967297", "from 1"},
        {"--seed 1e3", "1e3"},
        {"--seed 18446744073709551616", "2^64"},
        {"--seed -1", "-1"},
        {"--cfg nan", "nan"},
        {"--cfg 0x10", "0x10"},
        {"--cfg inf", "inf"},
        {"--cfg-interval 0.5", "A,B"},
        {"--cfg-interval 0.5,0.5", "A < B"},
        {"--cfg-interval 0,2", "from 0"},
        {"--size 256x", "WIDTHxHEIGHT"},
        {"--size x256", "WIDTHxHEIGHT"},
        {"--size 0x256", "from 1"},
        {"--size 256x256x3", "256x256x3"},
        {"--size 99999999999999999999x1", "65536"},
        {"--size big", "big"},
        {"--precision fp8", "auto fp32 fp16"},
        {"--quiet=1", "no value"},
        {"--stepps 3", "--steps?"},
        {"--cgf 2", "--cfg"},
        {"-Z", "-Z"},
        {"word", "dash"},
        {"--taps", "vkdit eval"},
        {"--model=", "nothing"},
        {"--zzzzzzzzzzzz", "--help"},
    };
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char line[100];
        struct settings s;
        struct err e;
        snprintf(line, sizeof line, "%s", rows[i].line);
        CHECK(!parse(&s, "generate", line, &e), "%s was accepted", rows[i].line);
        CHECK(strstr(e.text, rows[i].says), "%s: %s", rows[i].line, e.text);
    }
}

static void test_environment(void)
{
    struct settings s;
    struct err e;
    setenv("VKDIT_DEVICE", "third", 1);
    setenv("VKDIT_MODEL", "", 1);
    char given[] = "--device mine", none[] = "-q";
    CHECK(parse(&s, "generate", given, &e) && args_environment(&s, command_find("generate"), &e), "%s", e.text);
    CHECK(!strcmp(s.device, "mine"), "the command line is stronger");
    CHECK(parse(&s, "generate", none, &e) && args_environment(&s, command_find("generate"), &e), "%s", e.text);
    CHECK(s.device && !strcmp(s.device, "third") && !s.model, "the environment fills in; empty is unset");
    unsetenv("VKDIT_DEVICE");
    unsetenv("VKDIT_MODEL");
}

static void test_recipe(void)
{
    struct settings s, back;
    struct err e;
    char line[] =
        "-m m.pt --steps 25 --cfg 3.3 -s 18446744073709551615 -c 1,2 --cfg-interval 0.1,0.7 --rng philox --sit "
        "--last-step Tweedie --eta 0.3 --sampler ddim --device x -o y --size 256x128 --epsilon-scale 1.02 "
        "--flow-shift 1.5";
    CHECK(parse(&s, "generate", line, &e), "%s", e.text);
    json_t *recipe = args_recipe(&s);
    CHECK(!json_object_get(recipe, "device") && !json_object_get(recipe, "output"), "only what decides the picture");
    char stronger[] = "--steps 7 --dit";
    CHECK(parse(&back, "generate", stronger, &e) && args_from_recipe(&back, recipe, &e), "%s", e.text);
    CHECK(back.steps == 7 && back.family == -1, "the command line is stronger");
    CHECK(back.cfg_scale == 3.3 && back.seed == UINT64_MAX && !strcmp(back.classes, "1,2") && back.rng == 1, "values");
    CHECK(back.cfg_interval[0] == 0.1 && back.cfg_interval[1] == 0.7 && back.epsilon_scale == 1.02 &&
              back.shift == 1.5 && !strcmp(back.last_step, "tweedie"),
          "values");
    CHECK(back.size[0] == 256 && back.size[1] == 128, "the size");
    CHECK(!strcmp(back.model, "m.pt") && back.eta == 0.3 && !back.device && !back.output, "values");
    json_decref(recipe);
    static const char *const bad[] = {"{\"steps\":\"x\"}", "{\"steps\":1.5}", "{\"steps\":[1]}", "{\"output\":\"a\"}",
                                      "{\"nothing\":1}",   "{\"model\":1}",   "{\"sit\":false}", "{\"cfg-scale\":-1}"};
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        json_t *object = json_loads(bad[i], 0, NULL);
        e = (struct err){0};
        back = (struct settings){0};
        CHECK(object && !args_from_recipe(&back, object, &e) && e.code == ERR_FORMAT, "%s: %s", bad[i], e.text);
        json_decref(object);
    }
}

static void test_picture(void)
{
    struct settings s, back;
    struct err e;
    char line[100], png[] = "/tmp/vkdit-recipe-XXXXXX.png";
    close(mkstemps(png, 4));
    const vkdit_model_info model = {.name = "a\nb", .synthetic = 1};
    struct recipe_facts facts = {.model = &model,
                                 .device = "d\303\251",
                                 .identity = "12-ab",
                                 .index = 1,
                                 .images = 2,
                                 .class_index = 5,
                                 .class_name = "c\303\241t, \"x\"",
                                 .width = 2,
                                 .height = 2};
    struct image_text text[RECIPE_TEXTS];
    struct image im;
    const char *identity;
    json_t *root;
    for (int grid = 0; grid < 2; grid++) {
        facts.grid = grid;
        snprintf(line, sizeof line, "--synthetic tiny -c 3,5 -s 7 --steps 4 %s", grid ? "--grid 2" : "");
        CHECK(parse(&s, "generate", line, &e), "%s", e.text);
        CHECK(recipe_write(text, &s, &facts, &e) && image_open(&im, 2, 2, &e), "%s", e.text);
        CHECK(strstr(text[0].value, "Seed: 7") && strstr(text[0].value, "\nSteps") == NULL, "%s", text[0].value);
        CHECK(png_write(png, &im, text, RECIPE_TEXTS, true, &e), "%s", e.text);
        recipe_free(text);
        image_close(&im);
        back = (struct settings){0};
        CHECK(recipe_read(&back, png, &root, &identity, &e), "%s", e.text);
        CHECK(back.seed == 7 && back.steps == 4 && !strcmp(back.classes, "3,5") && !strcmp(identity, "12-ab"),
              "values");
        CHECK(grid ? !option_origin(&back, "only") && back.grid == 2 : back.only == 1 && option_origin(&back, "only"),
              "only");
        json_decref(root);
    }
    CHECK(image_open(&im, 2, 2, &e) && png_write(png, &im, NULL, 0, true, &e), "%s", e.text);
    image_close(&im);
    CHECK(!recipe_read(&back, png, &root, &identity, &e) && strstr(e.text, "does not say"), "%s", e.text);
    unlink(png);
}

static void test_pattern(void)
{
    const struct pattern_fields f = {12345678901234567890U, 207, 50, 3, 7};
    static const struct {
        const char *pattern, *path;
    } rows[] = {{"a.png", "a.png"},
                {"%03d.png", "007.png"},
                {"%d-%%-{seed}_{class}.{step}.{index}{{", "7-%-12345678901234567890_207.50.3{"},
                {"{x}", NULL},
                {"%s", NULL},
                {"%0999999d", NULL},
                {"%", NULL},
                {"{", NULL},
                {"{seed", NULL},
                {"", NULL}};
    char out[PATTERN_PATH], long_one[2000];
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct err e = {0};
        const bool ok = pattern_expand(out, rows[i].pattern, &f, &e);
        CHECK(ok == (rows[i].path != NULL), "\"%s\": %s", rows[i].pattern, e.text);
        if (ok && rows[i].path) CHECK(!strcmp(out, rows[i].path), "\"%s\" became %s", rows[i].pattern, out);
        CHECK(ok || e.code == ERR_ARG, "no error");
    }
    struct err e = {0};
    memset(long_one, 'a', sizeof long_one);
    long_one[sizeof long_one - 1] = 0;
    CHECK(!pattern_expand(out, long_one, &f, &e), "too long");
    e = (struct err){0};
    CHECK(pattern_suffix(out, "a.b/c.png", 2, &e) && !strcmp(out, "a.b/c-2.png"), "%s", out);
    CHECK(pattern_suffix(out, "a.b/c", 2, &e) && !strcmp(out, "a.b/c-2"), "%s", out);
    CHECK(pattern_suffix(out, ".png", 10, &e) && !strcmp(out, ".png-10"), "%s", out);
    bool numbered;
    CHECK(pattern_check("%03d", &numbered, &e) && numbered && pattern_check("{index}", &numbered, &e) && !numbered,
          "numbered");
}

static void test_near(void)
{
    static const char *const names[] = {"generate", "eval", "inspect", "devices"};
    CHECK(!strcmp(nearest_name("generte", names, 4), "generate"), "a letter left out");
    CHECK(!strcmp(nearest_name("gen", names, 4), "generate"), "a beginning");
    CHECK(!strcmp(nearest_name("eavl", names, 4), "eval"), "a swap");
    CHECK(!nearest_name("xyzzy", names, 4) && !nearest_name("", names, 4), "nothing is near");
}

int main(void)
{
    test_table();
    test_documents();
    test_accepted();
    test_refused();
    test_environment();
    test_recipe();
    test_picture();
    test_pattern();
    test_near();
    return check_done();
}
