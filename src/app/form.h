// form.h — what the window asks for: values of the option table by name, and how it looked last time.
// Knows nothing about widgets; the table (cli/args.h) is the only judge of a value.
#ifndef VKDIT_APP_FORM_H
#define VKDIT_APP_FORM_H

#include "cli/args.h"
#include "cli/previews.h"
#include "vkdit.h"

enum { FORM_RECENT = 8, FORM_PATH = 1024 };

struct form {
    json_t *options; // recipe options that are set, {name: value}
    char device[128];
    char folder[FORM_PATH]; // where pictures are saved
    char *recent[FORM_RECENT];
    bool seed_random, live, light;
    uint32_t preview;
    uint32_t width, height; // of the window, 0: as usual
};

// Reads $XDG_CONFIG_HOME/vkdit/window.json; what is missing or unsound keeps its default, and `note` says so.
void form_open(struct form *f, char *note, size_t room);
bool form_save(const struct form *f, struct err *e);
void form_close(struct form *f);

// Options as settings. Texts point into `options`, which must stay alive. Every value is checked by the table.
bool form_settings(json_t *options, const char *device, struct settings *out, struct err *e);
// Of the settings: those that are set become options of the form.
void form_take(struct form *f, const struct settings *s);

const char *form_text(const struct form *f, const char *name); // "" when not set
uint32_t form_whole(const struct form *f, const char *name, uint32_t otherwise);
bool form_size(const struct form *f, uint32_t *w, uint32_t *h); // 0: not given; false when neither is
double form_real(const struct form *f, const char *name, double otherwise);
uint64_t form_seed(const struct form *f);
void form_set_text(struct form *f, const char *name, const char *text); // NULL or "" takes it away
void form_set_whole(struct form *f, const char *name, uint32_t v);
void form_set_size(struct form *f, uint32_t w, uint32_t h); // 0, 0: the model's own
void form_set_real(struct form *f, const char *name, double v);
void form_set_seed(struct form *f, uint64_t v);
void form_random_seed(struct form *f);
void form_clear(struct form *f, const char *name);
void form_use_model(struct form *f, const char *path); // also the first of the recent files

// A folder of the user: $variable or below $HOME; allocated.
char *form_folder(const char *variable, const char *below_home, const char *name, struct err *e);
bool folder_make(const char *path, struct err *e); // with its parents

#endif
