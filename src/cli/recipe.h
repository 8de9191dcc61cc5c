// recipe.h — how a picture was made, as PNG text, and back. Knows nothing about running it.
#ifndef VKDIT_CLI_RECIPE_H
#define VKDIT_CLI_RECIPE_H

#include "cli/args.h"
#include "image/image.h"
#include "vkdit.h"

enum { RECIPE_TEXTS = 3 };

// Facts of one finished picture that are not settings.
struct recipe_facts {
    const vkdit_model_info *model;
    const char *device, *identity; // identity of the model file, may be ""
    const char *class_name;        // or NULL
    uint32_t index, images;        // place in its run
    uint32_t class_index, steps;
    uint32_t width, height;
    bool grid; // it shows the whole run
};

// Fills text[RECIPE_TEXTS]: "parameters" for people and other programs, "vkdit" for --from, "Software".
bool recipe_write(struct image_text *text, const struct settings *s, const struct recipe_facts *f, struct err *e);
void recipe_free(struct image_text *text);

// Reads the recipe of a picture into the settings that are not given otherwise. *root keeps the texts alive:
// json_decref it when the settings are no longer needed. *identity points into it, or is "".
bool recipe_read(struct settings *s, const char *png, json_t **root, const char **identity, struct err *e);

#endif
