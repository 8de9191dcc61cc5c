// form.c — the window's settings: kept as options by name, read and written as JSON. Knows nothing about widgets.
#include "app/form.h"
#include "base/file.h"
#include "base/json.h"
#include "base/newfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { CONFIG_LIMIT = 1 << 20 };

// --- folders ------------------------------------------------------------------------------------------------------

char *form_folder(const char *variable, const char *below_home, const char *name, struct err *e)
{
    char path[FORM_PATH];
    const char *base = variable ? getenv(variable) : NULL, *home = getenv("HOME");
    if (base && *base == '/') return path_join(base, name, e);
    if (!home || *home != '/') {
        err_set(e, ERR_IO, "HOME is not set");
        return NULL;
    }
    snprintf(path, sizeof path, "%s/%s", home, below_home);
    return path_join(path, name, e);
}

bool folder_make(const char *path, struct err *e)
{
    char part[FORM_PATH];
    const size_t n = strlen(path);
    if (n >= sizeof part) return err_set(e, ERR_ARG, "the path is longer than %d bytes", FORM_PATH - 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] && path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0755) && errno != EEXIST) {
            err_set(e, ERR_IO, "the folder cannot be made: %s", strerror(errno));
            return err_in(e, path);
        }
    }
    return true;
}

static const char *const sizes[] = {"width", "height", "size"}; // options that say how large a picture is

// --- values -------------------------------------------------------------------------------------------------------

const char *form_text(const struct form *f, const char *name)
{
    const char *text = json_string_value(json_object_get(f->options, name));
    return text ? text : "";
}

uint32_t form_whole(const struct form *f, const char *name, uint32_t otherwise)
{
    const json_t *v = json_object_get(f->options, name);
    return json_is_integer(v) ? (uint32_t)json_integer_value(v) : otherwise;
}

bool form_size(const struct form *f, uint32_t *w, uint32_t *h)
{
    struct settings s;
    struct err e = {0};
    bool given = false;
    for (size_t i = 0; i < COUNTOF(sizes); i++) given = given || json_object_get(f->options, sizes[i]);
    if (!given || !form_settings(f->options, NULL, &s, &e)) return false;
    *w = settings_width(&s);
    *h = settings_height(&s);
    return true;
}

double form_real(const struct form *f, const char *name, double otherwise)
{
    const json_t *v = json_object_get(f->options, name);
    return json_is_number(v) ? json_number_value(v) : otherwise;
}

uint64_t form_seed(const struct form *f)
{
    const json_t *v = json_object_get(f->options, "seed");
    return json_is_string(v) ? strtoull(json_string_value(v), NULL, 10) : (uint64_t)json_integer_value(v);
}

void form_clear(struct form *f, const char *name)
{
    json_object_del(f->options, name);
}

void form_set_text(struct form *f, const char *name, const char *text)
{
    json_t *v = text && *text ? json_string(text) : NULL;
    if (v)
        json_object_set_new(f->options, name, v);
    else
        form_clear(f, name);
}

void form_set_whole(struct form *f, const char *name, uint32_t v)
{
    json_object_set_new(f->options, name, json_integer(v));
}

void form_set_size(struct form *f, uint32_t w, uint32_t h)
{
    char text[32];
    snprintf(text, sizeof text, "%ux%u", w, h);
    for (size_t i = 0; i < COUNTOF(sizes); i++) form_clear(f, sizes[i]);
    form_set_text(f, "size", w && h ? text : NULL);
}

void form_set_real(struct form *f, const char *name, double v)
{
    json_object_set_new(f->options, name, json_real(v));
}

void form_set_seed(struct form *f, uint64_t v)
{
    json_object_set_new(f->options, "seed", json_u64(v));
}

void form_random_seed(struct form *f)
{
    uint32_t v = 0;
    if (getrandom(&v, sizeof v, 0) == sizeof v) form_set_seed(f, v);
}

void form_use_model(struct form *f, const char *path)
{
    static const char *const about_the_old[] = {"synthetic", "vae", "root", "heads", "sit", "dit", "numerics"};
    for (size_t i = 0; i < COUNTOF(about_the_old); i++) form_clear(f, about_the_old[i]);
    form_set_size(f, 0, 0);
    form_set_text(f, "model", path);
    char *copy = strpbrk(path, "./") ? mem_text(path, NULL) : NULL; // not the name of one that ships
    if (!copy) return;
    uint32_t at = 0;
    while (at < FORM_RECENT - 1 && f->recent[at] && strcmp(f->recent[at], path) != 0) at++;
    free(f->recent[at]);
    memmove(f->recent + 1, f->recent, at * sizeof *f->recent);
    f->recent[0] = copy;
}

// --- settings -----------------------------------------------------------------------------------------------------

bool form_settings(json_t *options, const char *device, struct settings *out, struct err *e)
{
    *out = (struct settings){.quiet = true};
    if (!args_from_recipe(out, options, e)) return false;
    if (device && *device) {
        out->device = device;
        option_resolve(out, "device");
    }
    return true;
}

void form_take(struct form *f, const struct settings *s)
{
    json_t *given = args_recipe(s);
    if (json_object_get(given, "model")) form_use_model(f, json_string_value(json_object_get(given, "model")));
    if (given) json_object_update(f->options, given); // after what the old model's were cleared away
    if (json_object_get(given, "synthetic")) form_clear(f, "model");
    json_decref(given);
    if (option_origin(s, "preview-with")) f->preview = s->preview_with;
    if (s->device) snprintf(f->device, sizeof f->device, "%s", s->device);
    if (s->output && *s->output && strcmp(s->output, "-") != 0) snprintf(f->folder, sizeof f->folder, "%s", s->output);
}

// --- the file -----------------------------------------------------------------------------------------------------

static char *config_path(struct err *e)
{
    return form_folder("XDG_CONFIG_HOME", ".config", "vkdit/window.json", e);
}

static void read_config(struct form *f, const json_t *root)
{
    json_t *options = json_object_get(root, "options"), *recent = json_object_get(root, "recent"), *row;
    const char *device = json_string_value(json_object_get(root, "device"));
    size_t i;
    if (json_is_object(options)) json_object_update(f->options, options);
    if (device) snprintf(f->device, sizeof f->device, "%s", device);
    f->seed_random = json_is_true(json_object_get(root, "random_seed"));
    f->live = json_is_true(json_object_get(root, "live"));
    f->light = json_is_true(json_object_get(root, "light"));
    f->preview = (uint32_t)json_integer_value(json_object_get(root, "preview")) % PREVIEW_COUNT;
    f->width = (uint32_t)json_integer_value(json_object_get(root, "width"));
    f->height = (uint32_t)json_integer_value(json_object_get(root, "height"));
    json_array_foreach(recent, i, row)
    {
        if (i < FORM_RECENT && json_is_string(row)) f->recent[i] = mem_text(json_string_value(row), NULL);
    }
}

static bool load_config(struct form *f, struct err *e)
{
    char *path = config_path(e);
    struct file file = {0};
    bool ok = path != NULL;
    if (ok && file_kind(path) != FILE_ABSENT) {
        ok = file_open(&file, path, e);
        json_t *root = ok ? json_read(file.data, file.bytes, CONFIG_LIMIT, e) : NULL;
        struct settings s;
        ok = root && json_is_object(root);
        if (ok && json_object_get(root, "options") && !form_settings(json_object_get(root, "options"), NULL, &s, e)) {
            json_object_del(root, "options");
            ok = false;
        }
        if (root && json_is_object(root)) read_config(f, root);
        json_decref(root);
        file_close(&file);
        if (!ok) err_set(e, ERR_FORMAT, "not a JSON object"), err_in(e, path);
    }
    free(path);
    return ok;
}

void form_open(struct form *f, char *note, size_t room)
{
    struct err e = {0};
    *f = (struct form){.options = json_object(), .seed_random = true};
    *note = 0;
    if (!load_config(f, &e)) snprintf(note, room, "The settings of last time were not restored: %s", e.text);
    form_clear(f, "strength"); // a start picture is chosen anew each time
    form_clear(f, "init-image");
    struct err no_home = {0};
    char *folder = form_folder("XDG_PICTURES_DIR", "Pictures", "vkdit", &no_home);
    snprintf(f->folder, sizeof f->folder, "%s", folder ? folder : ".");
    free(folder);
}

bool form_save(const struct form *f, struct err *e)
{
    char *path = config_path(e), *slash = path ? strrchr(path, '/') : NULL;
    struct newfile file = {0};
    json_t *recent = json_array();
    for (uint32_t i = 0; i < FORM_RECENT && f->recent[i]; i++) json_array_append_new(recent, json_string(f->recent[i]));
    json_t *root = json_pack("{sO, ss, sb, sb, sb, si, si, si, so}", "options", f->options, "device", f->device,
                             "random_seed", f->seed_random, "live", f->live, "light", f->light, "preview",
                             (int)f->preview, "width", (int)f->width, "height", (int)f->height, "recent", recent);
    char *text = root ? json_text(root, JSON_INDENT(2), e) : NULL;
    bool ok = text && slash;
    if (ok) {
        *slash = 0;
        ok = folder_make(path, e);
        *slash = '/';
    }
    ok = ok && newfile_open(&file, path, e);
    if (ok) {
        newfile_put(&file, text, strlen(text));
        newfile_put(&file, "\n", 1);
        ok = newfile_commit(&file, true, e);
    }
    json_decref(root);
    free(text);
    free(path);
    return ok;
}

void form_close(struct form *f)
{
    json_decref(f->options);
    for (uint32_t i = 0; i < FORM_RECENT; i++) free(f->recent[i]);
    *f = (struct form){0};
}
