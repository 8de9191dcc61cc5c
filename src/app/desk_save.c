// desk_save.c — pictures of a film to files and to the clipboard. Knows nothing about threads and windows.
#define _GNU_SOURCE // environ
#include "app/desk.h"
#include "base/file.h"
#include "cli/recipe.h"
#include "image/anim.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NUMBERS = 1000000, STRIP_COLUMNS = 10, STRIP_EDGE = 256, FRAME_MS = 90, LAST_MS = 1600 };

// --- the recipe ---------------------------------------------------------------------------------------------------

static void class_list(const struct film *f, char *out, size_t room)
{
    size_t at = 0;
    for (uint32_t i = 0; i < f->images && at + 12 < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%u", i ? "," : "", f->classes[i]);
}

// The film's options with everything said that was left open, as the command line says it.
static json_t *full_options(const struct film *f)
{
    char classes[4096];
    json_t *o = json_deep_copy(f->options);
    class_list(f, classes, sizeof classes);
    json_object_set_new(o, "class", json_string(classes));
    json_object_del(o, "batch");
    json_object_set_new(o, "sampler", json_string(f->sampler));
    if (!json_object_get(o, "seed")) json_object_set_new(o, "seed", json_integer(0));
    json_object_set_new(o, "precision", json_string(vkdit_arithmetic_name(f->info.precision, VKDIT_WEIGHTS_FULL)));
    if (f->info.synthetic && !json_object_get(o, "synthetic")) json_object_set_new(o, "synthetic", json_string("tiny"));
    return o;
}

static bool write_one(struct film *f, const struct image *im, uint32_t index, uint32_t at, const char *path,
                      struct err *e)
{
    struct image_text text[RECIPE_TEXTS + 1] = {{0}};
    struct settings s;
    char branch[160];
    const struct recipe_facts facts = {.model = &f->info,
                                       .device = f->device,
                                       .identity = f->identity,
                                       .class_name = f->class_names ? f->class_names->text[index] : NULL,
                                       .index = index,
                                       .images = f->images,
                                       .class_index = f->classes[index],
                                       .steps = at,
                                       .width = im->w,
                                       .height = im->h};
    json_t *options = full_options(f);
    bool ok = options && form_settings(options, NULL, &s, e) && recipe_write(text, &s, &facts, e);
    // what the options alone do not tell: a branch, or a step before the last
    snprintf(branch, sizeof branch, "branch of a run after its step %u; shows step %u of %u", f->parent_step, at,
             f->steps);
    const bool whole = !f->parent && at + 1 == film_count(f);
    text[RECIPE_TEXTS] = (struct image_text){(char *)(uintptr_t) "vkdit-branch", branch};
    ok = ok && png_write(path, im, text, RECIPE_TEXTS + !whole, false, e);
    recipe_free(text);
    json_decref(options);
    return ok;
}

// --- names --------------------------------------------------------------------------------------------------------

bool desk_free_name(const char *folder, const char *stem, const char *end, uint32_t *number, char *path, struct err *e)
{
    struct stat st;
    for (; *number < NUMBERS; ++*number) {
        const int n = snprintf(path, FORM_PATH, "%s/%s-%03u.%s", folder, stem, *number, end);
        if (n < 0 || n >= FORM_PATH) return err_set(e, ERR_ARG, "the folder's name is too long");
        if (lstat(path, &st)) return true;
    }
    return err_set(e, ERR_IO, "%s: no free number is left", folder);
}

static bool undecoded(const struct film *f, struct err *e)
{
    return err_set(e, ERR_UNSUPPORTED,
                   f->info.has_decoder ? "this step has not been decoded yet; wait for it to become sharp"
                                       : "the model has no decoder, so there are only rough colours");
}

bool desk_save(struct film *f, uint32_t at, const char *folder, char *path, uint32_t *saved, struct err *e)
{
    const size_t bytes = (size_t)f->width * f->height * 3;
    char name[FORM_PATH];
    uint32_t number = 1;
    if (!film_decoded(f, at)) return undecoded(f, e);
    if (!folder_make(folder, e)) return false;
    for (uint32_t i = 0; i < f->images; i++) {
        const struct image im = {f->width, f->height, f->frame[at].pixels + i * bytes};
        struct err one = {0};
        if (!desk_free_name(folder, "vkdit", "png", &number, name, e)) return false;
        if (!write_one(f, &im, i, at, name, &one)) return err_set(e, one.code, "%s", one.text);
        if (!i) memcpy(path, name, sizeof name);
        ++*saved;
    }
    return true;
}

// --- films --------------------------------------------------------------------------------------------------------

// A frame in the size that all frames of an export have.
static bool frame_picture(struct film *f, uint32_t at, uint32_t w, uint32_t h, struct image *out, struct err *e)
{
    struct image im = {0};
    enum film_grade grade;
    const bool ok = film_picture(f, at, VIEW_ESTIMATE, true, &im, &grade, e) && image_resize(out, &im, w, h, e);
    image_close(&im);
    return ok;
}

static bool export_strip(struct film *f, uint32_t n, uint32_t w, uint32_t h, const char *path, struct err *e)
{
    struct image *all = mem_zero(n, sizeof *all, e), whole = {0};
    bool ok = all != NULL;
    while (w > STRIP_EDGE || h > STRIP_EDGE) w = max_u32(1, w / 2), h = max_u32(1, h / 2);
    for (uint32_t i = 0; ok && i < n; i++) ok = frame_picture(f, i, w, h, all + i, e);
    ok = ok && image_grid(&whole, all, n, STRIP_COLUMNS, 2, e) && png_write(path, &whole, NULL, 0, false, e);
    for (uint32_t i = 0; all && i < n; i++) image_close(all + i);
    image_close(&whole);
    free(all);
    return ok;
}

static bool export_animation(struct film *f, uint32_t n, uint32_t w, uint32_t h, const char *path, struct err *e)
{
    struct anim *a = anim_open(path, w, h, e);
    bool ok = a != NULL;
    for (uint32_t i = 0; ok && i < n; i++) {
        struct image im = {0};
        ok = frame_picture(f, i, w, h, &im, e) && anim_add(a, &im, i + 1 < n ? FRAME_MS : LAST_MS, e);
        image_close(&im);
    }
    if (ok) return anim_write(a, false, e);
    anim_close(a);
    return false;
}

static const struct {
    const char *ending;
    bool (*write)(struct film *f, uint32_t n, uint32_t w, uint32_t h, const char *path, struct err *e);
} exports[] = {[EXPORT_STRIP] = {"png", export_strip},
               [EXPORT_WEBP] = {"webp", export_animation},
               [EXPORT_MP4] = {"mp4", export_animation}};

bool desk_export(struct film *f, enum export_kind kind, const char *folder, char *path, struct err *e)
{
    uint32_t columns, rows, number = 1;
    const uint32_t n = film_count(f), w = f->info.has_decoder ? f->width : f->info.latent_width;
    const uint32_t h = f->info.has_decoder ? f->height : f->info.latent_height;
    film_grid(f, &columns, &rows);
    if (!folder_make(folder, e) || !desk_free_name(folder, "vkdit-film", exports[kind].ending, &number, path, e))
        return false;
    return exports[kind].write(f, n, columns * w, rows * h, path, e);
}

// --- the clipboard ------------------------------------------------------------------------------------------------

// SDL's clipboard takes text only; the desktops' own little programs take pictures.
static bool hand_over(char *const *words, const char *file)
{
    posix_spawn_file_actions_t files;
    pid_t child;
    int status = 1;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, file, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const bool started = !posix_spawnp(&child, words[0], &files, NULL, words, environ);
    posix_spawn_file_actions_destroy(&files);
    if (started)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    return started && WIFEXITED(status) && !WEXITSTATUS(status);
}

bool desk_copy(struct film *f, uint32_t at, struct err *e)
{
    char *const wayland[] = {(char[]){"wl-copy"}, (char[]){"--type"}, (char[]){"image/png"}, NULL};
    char *const x11[] = {(char[]){"xclip"}, (char[]){"-selection"}, (char[]){"clipboard"},
                         (char[]){"-t"},    (char[]){"image/png"},  NULL};
    struct image im = {0};
    enum film_grade grade;
    char *folder = form_folder("XDG_CACHE_HOME", ".cache", "vkdit", e), *path = NULL;
    bool ok = folder && folder_make(folder, e) && (path = path_join(folder, "clipboard.png", e)) &&
              film_picture(f, at, VIEW_ESTIMATE, true, &im, &grade, e) && png_write(path, &im, NULL, 0, true, e);
    if (ok && !(getenv("WAYLAND_DISPLAY") && hand_over(wayland, path)) && !hand_over(x11, path))
        ok = err_set(e, ERR_UNSUPPORTED, "the package wl-clipboard (Wayland) or xclip (X11) is needed for pictures");
    image_close(&im);
    free(folder);
    free(path);
    return ok;
}
