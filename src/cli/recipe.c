// recipe.c — how a picture was made, as PNG text, and back. Knows nothing about running it.
#include "cli/recipe.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, PARAMETERS = 2000 };

static json_t *recipe_json(const struct settings *s, const struct recipe_facts *f)
{
    json_t *image = json_pack("{si, si, si, si}", "of", (int)f->images, "width", (int)f->width, "height",
                              (int)f->height, "steps", (int)f->steps);
    if (!f->grid) {
        json_object_set_new(image, "index", json_integer(f->index));
        json_object_set_new(image, "class", json_integer(f->class_index));
        if (f->class_name) json_object_set_new(image, "class_name", json_string(f->class_name));
    }
    json_t *model = json_pack("{ss, sb, sI, ss}", "name", f->model->name, "synthetic", f->model->synthetic,
                              "parameters", (json_int_t)f->model->parameters, "identity", f->identity);
    return json_pack("{si, ss, so, so, so, ss, ss}", "format", FORMAT, "version", vkdit_version(), "options",
                     args_recipe(s), "image", image, "model", model, "device", f->device, "precision",
                     vkdit_arithmetic_name(f->model->precision, VKDIT_WEIGHTS_FULL));
}

// The form that many picture tools read: a description, then "Key: value, ...".
static void parameters(char *out, const struct settings *s, const struct recipe_facts *f)
{
    int n = f->grid ? snprintf(out, PARAMETERS, "classes %.600s\n", s->classes)
                    : snprintf(out, PARAMETERS, "class %u%s%.200s%s\n", f->class_index, f->class_name ? " (" : "",
                               f->class_name ? f->class_name : "", f->class_name ? ")" : "");
    if (s->negative) n += snprintf(out + n, (size_t)(PARAMETERS - n), "Negative prompt: class %.100s\n", s->negative);
    if (f->steps) n += snprintf(out + n, (size_t)(PARAMETERS - n), "Steps: %u, ", f->steps);
    n += snprintf(out + n, (size_t)(PARAMETERS - n), "Sampler: %.60s, ", s->sampler ? s->sampler : "default");
    if (s->cfg_scale > 0) n += snprintf(out + n, (size_t)(PARAMETERS - n), "CFG scale: %g, ", s->cfg_scale);
    if (s->init_image) n += snprintf(out + n, (size_t)(PARAMETERS - n), "Denoising strength: %g, ", s->strength);
    n += snprintf(out + n, (size_t)(PARAMETERS - n), "Seed: %" PRIu64 ", Size: %ux%u, Model: %s%s, ", s->seed, f->width,
                  f->height, f->model->name, f->model->synthetic ? " (synthetic random weights)" : "");
    snprintf(out + n, (size_t)(PARAMETERS - n), "RNG: %s, Precision: %s, Version: vkdit %s",
             s->rng == VKDIT_RNG_PHILOX ? "philox" : "torch",
             vkdit_arithmetic_name(f->model->precision, f->model->weights), vkdit_version());
}

static bool set_text(struct image_text *t, const char *key, char *value, struct err *e)
{
    t->key = mem_text(key, e);
    t->value = value;
    return t->key && t->value;
}

bool recipe_write(struct image_text *text, const struct settings *s, const struct recipe_facts *f, struct err *e)
{
    char people[PARAMETERS], clean[2 * PARAMETERS], software[64];
    memset(text, 0, RECIPE_TEXTS * sizeof *text);
    parameters(people, s, f);
    // line by line: cleaning turns line feeds into escapes
    size_t at = 0;
    for (const char *line = people; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        text_clean(clean + at, sizeof clean - at, line, strcspn(line, "\n"));
        at += strlen(clean + at);
        if (strchr(line, '\n')) clean[at++] = '\n';
    }
    clean[at] = 0;
    json_t *root = recipe_json(s, f);
    char *json = root ? json_text(root, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII, e) : NULL;
    json_decref(root);
    snprintf(software, sizeof software, "vkdit %s", vkdit_version());
    if (!json) return err_set(e, ERR_ARG, "the settings cannot be written as JSON: is every name UTF-8?");
    const bool ok = set_text(text, "parameters", mem_text(clean, e), e);
    return set_text(text + 1, "vkdit", json, e) && set_text(text + 2, "Software", mem_text(software, e), e) && ok;
}

void recipe_free(struct image_text *text)
{
    for (uint32_t i = 0; i < RECIPE_TEXTS; i++) {
        free(text[i].key);
        free(text[i].value);
    }
}

static bool use_recipe(struct settings *s, json_t *root, const char **identity, struct err *e)
{
    json_t *options = json_object_get(root, "options"), *image = json_object_get(root, "image");
    const json_t *format = json_object_get(root, "format");
    if (!json_is_object(options) || !json_is_integer(format))
        return err_set(e, ERR_FORMAT, "its vkdit text is not a recipe");
    if (json_integer_value(format) != FORMAT)
        return err_set(e, ERR_FORMAT, "its recipe has format %" JSON_INTEGER_FORMAT ", this program reads %d",
                       json_integer_value(format), FORMAT);
    // a picture from a batch is repeated with its batch, which shares one random stream; only it is saved.
    // Other classes or another grid on the command line ask for something else.
    const json_t *index = json_object_get(image, "index");
    const bool same_run = option_origin(s, "class") < FROM_COMMAND_LINE &&
                          option_origin(s, "batch") < FROM_COMMAND_LINE && option_origin(s, "grid") < FROM_COMMAND_LINE;
    if (!args_from_recipe(s, options, e)) return false;
    if (json_is_integer(index) && same_run && json_integer_value(index) >= 0 && json_integer_value(index) <= 1000000 &&
        option_origin(s, "only") < FROM_PICTURE) {
        s->only = (uint32_t)json_integer_value(index);
        option_resolve(s, "only");
    }
    const char *text = json_string_value(json_object_get(json_object_get(root, "model"), "identity"));
    *identity = text ? text : "";
    return true;
}

bool recipe_read(struct settings *s, const char *png, json_t **root, const char **identity, struct err *e)
{
    struct image im;
    struct image_text *text;
    uint32_t n;
    *root = NULL;
    *identity = "";
    if (!png_read(png, &im, &text, &n, e)) return false;
    image_close(&im);
    const char *json = NULL;
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(text[i].key, "vkdit")) json = text[i].value;
    json_error_t why = {.line = 0};
    if (json) *root = json_loads(json, JSON_REJECT_DUPLICATES, &why);
    bool ok = *root != NULL;
    if (!json) err_set(e, ERR_FORMAT, "the picture does not say how it was made");
    if (json && !ok) err_set(e, ERR_FORMAT, "its vkdit text is not sound JSON: %.100s", why.text);
    ok = ok && use_recipe(s, *root, identity, e);
    image_text_free(text, n);
    if (!ok) err_in(e, png);
    return ok;
}
