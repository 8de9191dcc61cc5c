// gen_save.c — results to files: names that are free, pictures with their recipe, grids, tensors.
// Knows nothing about how the results were made.
#include "cli/generate.h"
#include "cli/pattern.h"
#include "cli/recipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GRID_GAP = 2, MAX_NUMBER = 1000000 };

static const char default_name[] = "vkdit-%03d.png";

bool save_wants_pictures(const struct generation *g)
{
    return g->subject.info.has_decoder;
}

static bool to_stdout(const struct generation *g)
{
    return g->cli->s.output && !strcmp(g->cli->s.output, "-");
}

static bool is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

// The pattern, with the usual names when it is a folder.
static bool pattern_of(const struct generation *g, char *out, struct err *e)
{
    const char *o = g->cli->s.output ? g->cli->s.output : default_name;
    const size_t n = strlen(o);
    const bool slash = n && o[n - 1] == '/';
    const int used = slash || is_folder(o) ? snprintf(out, PATTERN_PATH, "%s%s%s", o, slash ? "" : "/", default_name)
                                           : snprintf(out, PATTERN_PATH, "%s", o);
    return used < PATTERN_PATH || err_set(e, ERR_ARG, "the output pattern is longer than %d bytes", PATTERN_PATH - 1);
}

// Finding out after an hour of work that the folder does not exist would be unkind.
static bool check_folder(const char *path, struct err *e)
{
    char folder[PATTERN_PATH];
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof folder) return err_set(e, ERR_ARG, "the output name is longer than %d bytes", PATTERN_PATH - 1);
    memcpy(folder, path, n);
    folder[n] = 0;
    const char *where = !slash ? "." : n ? folder : "/";
    if (!access(where, W_OK) && is_folder(where)) return true;
    err_set(e, ERR_IO, "cannot write into folder %s: %s", where,
            is_folder(where) ? strerror(errno) : "there is no such folder");
    return err_in(e, path);
}

static bool check_stdout(const struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    const bool one = g->images == 1 || option_origin(s, "only") || s->grid;
    if (s->json) return err_set(e, ERR_ARG, "--json and --output - both want standard output");
    if (!one || s->count > 1)
        return err_set(e, ERR_ARG, "standard output takes one picture: ask for one class, or use --grid");
    if (isatty(STDOUT_FILENO))
        return err_set(e, ERR_ARG, "--output - would write a PNG to the terminal; redirect it, or use --show");
    return true;
}

bool save_check(struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    const char *const files[] = {s->latent_out, s->trajectory, s->save_table, s->film, s->preview, s->diff};
    char pattern[PATTERN_PATH];
    bool numbered, any = false;
    for (size_t i = 0; i < COUNTOF(files); i++) {
        any = any || (files[i] && i < 3); // the others are pictures too
        if (files[i] && !check_folder(files[i], e)) return false;
        if (files[i] && s->count > 1)
            return err_set(e, ERR_ARG, "%s would be written by each of %u runs", files[i], s->count);
    }
    if (!save_wants_pictures(g) && !any)
        return err_set(e, ERR_MODEL, "%s has no autoencoder to make pictures: give one with --vae, or use --latent-out",
                       g->subject.info.name);
    if (!film_check(g, e)) return false;
    if (!save_wants_pictures(g)) return true;
    if (to_stdout(g)) return check_stdout(g, e);
    return pattern_of(g, pattern, e) && pattern_check(pattern, &numbered, e) && check_folder(pattern, e);
}

// --- names ---

static bool name_is_taken(const struct generation *g, const char *path)
{
    struct stat st;
    if (!g->cli->s.force) return !lstat(path, &st);
    for (uint32_t i = 0; i < g->n_taken; i++) // pictures of one call never replace each other
        if (!strcmp(g->taken[i], path)) return true;
    return false;
}

static bool remember_name(struct generation *g, const char *path, struct err *e)
{
    if (!g->cli->s.force) return true;
    if (!mem_grow(&g->taken, &g->cap_taken, g->n_taken + 1, sizeof *g->taken, e)) return false;
    g->taken[g->n_taken] = mem_text(path, e);
    return g->taken[g->n_taken++] != NULL;
}

// The next free name: a numbered pattern counts on, another gets a number appended. *moved: it is not the name asked for.
static bool free_name(struct generation *g, struct pattern_fields f, char *path, bool *moved, struct err *e)
{
    char pattern[PATTERN_PATH], plain[PATTERN_PATH];
    bool numbered;
    *moved = false;
    if (!pattern_of(g, pattern, e) || !pattern_check(pattern, &numbered, e)) return false;
    while (numbered && g->number < MAX_NUMBER) {
        f.number = ++g->number;
        if (!pattern_expand(path, pattern, &f, e)) return false;
        if (!name_is_taken(g, path)) return true;
    }
    if (!pattern_expand(plain, pattern, &f, e)) return false;
    memcpy(path, plain, sizeof plain);
    for (uint32_t n = 1; name_is_taken(g, path); n++) {
        *moved = true;
        if (n == MAX_NUMBER || numbered) return err_set(e, ERR_IO, "%s: no free number is left", plain);
        if (!pattern_suffix(path, plain, n, e)) return false;
    }
    return true;
}

// --- pictures ---

static bool write_picture(struct generation *g, const struct image *im, const struct image_text *text,
                          struct pattern_fields f, char *path, struct err *e)
{
    const uint32_t n_text = g->cli->s.no_metadata ? 0 : RECIPE_TEXTS;
    bool moved;
    struct stat st;
    if (to_stdout(g)) {
        memcpy(path, "-", 2);
        return png_write(path, im, text, n_text, true, e);
    }
    for (uint32_t tries = 0; tries < 100; tries++) {
        struct err one = {0};
        if (!free_name(g, f, path, &moved, e)) return false;
        if (png_write(path, im, text, n_text, g->cli->s.force, &one)) {
            if (moved) cli_say(g->cli, "the name asked for is taken, a free number is appended (--force replaces)");
            return remember_name(g, path, e);
        }
        // somebody else may have taken the free name in between: look for the next
        if (g->cli->s.force || lstat(path, &st)) return err_set(e, one.code, "%s", one.text);
    }
    return err_set(e, ERR_IO, "%s: other programs take every free name", path);
}

static void announce(struct generation *g, const char *path, const struct recipe_facts *f)
{
    const char *synthetic = f->model->synthetic ? ", random weights: it means nothing" : "";
    if (f->grid)
        cli_say(g->cli, "wrote %s (%u pictures%s)", path, f->images, synthetic);
    else
        cli_say(g->cli, "wrote %s (class %u%s%s%s)", path, f->class_index, f->class_name ? " " : "",
                f->class_name ? f->class_name : "", synthetic);
    const double since = clock_seconds() - g->cli->began;
    cli_detail(g->cli, "saved %.2f s after the start of the program", since);
    json_t *event =
        json_pack("{ss, ss, so, si, si, sf}", "event", "image", "file", path, "seed", json_u64(g->cli->s.seed), "width",
                  (int)f->width, "height", (int)f->height, "since_start", since);
    if (event && !f->grid) {
        json_object_set_new(event, "index", json_integer(f->index));
        json_object_set_new(event, "class", json_integer(f->class_index));
        if (f->class_name) json_object_set_new(event, "class_name", json_string(f->class_name));
    }
    cli_event(g->cli, event);
}

static bool save_one(struct generation *g, const struct image *im, uint32_t index, bool grid, struct err *e)
{
    char path[PATTERN_PATH], identity[64];
    struct image_text text[RECIPE_TEXTS];
    const struct recipe_facts facts = {.model = &g->subject.info,
                                       .device = vkdit_device_name(g->subject.context),
                                       .identity = subject_identity(&g->subject, identity, sizeof identity),
                                       .class_name = vkdit_class_name(g->subject.model, g->classes[index]),
                                       .index = index,
                                       .images = g->images,
                                       .class_index = g->classes[index],
                                       .steps = g->at.step,
                                       .width = im->w,
                                       .height = im->h,
                                       .grid = grid};
    const struct pattern_fields fields = {g->cli->s.seed, g->classes[index], g->at.step, index, 0};
    const bool ok = recipe_write(text, &g->cli->s, &facts, e) && write_picture(g, im, text, fields, path, e);
    recipe_free(text);
    if (!ok) return false;
    g->saved++;
    announce(g, path, &facts);
    preview_picture(g, im);
    return true;
}

static bool save_grid(struct generation *g, const struct image *pictures, struct err *e)
{
    struct image whole = {0};
    const bool ok =
        image_grid(&whole, pictures, g->images, g->cli->s.grid, GRID_GAP, e) && save_one(g, &whole, 0, true, e);
    image_close(&whole);
    return ok;
}

bool save_pictures(struct generation *g, const uint8_t *pixels, uint32_t w, uint32_t h, struct err *e)
{
    const struct settings *s = &g->cli->s;
    struct image *pictures = mem_zero(g->images, sizeof *pictures, e);
    if (!pictures) return false;
    for (uint32_t i = 0; i < g->images; i++) // views: the pixels stay the caller's
        pictures[i] = (struct image){w, h, (uint8_t *)(uintptr_t)pixels + (size_t)i * w * h * 3};
    bool ok = true;
    if (s->grid) ok = save_grid(g, pictures, e);
    for (uint32_t i = 0; ok && !s->grid && i < g->images; i++)
        if (!option_origin(s, "only") || s->only == i) ok = save_one(g, pictures + i, i, false, e);
    free(pictures);
    return ok;
}

// --- tensors ---

static bool write_tensors(struct generation *g, const char *path, const vkdit_tensor *list, uint32_t n, struct err *e)
{
    vkdit_error error = {0};
    const bool replaced = !access(path, F_OK);
    if (vkdit_tensors_write(path, list, n, &error)) return err_api(e, &error);
    cli_say(g->cli, "%s %s", replaced ? "replaced" : "wrote", path);
    cli_event(g->cli, json_pack("{ss, ss, si}", "event", "tensors", "file", path, "tensors", (int)n));
    return true;
}

static bool save_trajectory(struct generation *g, struct err *e)
{
    vkdit_tensors list = {0};
    vkdit_error error = {0};
    if (vkdit_run_trajectory(g->run, &list, &error)) return err_api(e, &error);
    const bool ok = write_tensors(g, g->cli->s.trajectory, list.tensor, list.count, e);
    vkdit_tensors_free(&list);
    return ok;
}

bool save_tensors(struct generation *g, const float *latent, struct err *e)
{
    const vkdit_model_info *m = &g->subject.info;
    const struct settings *s = &g->cli->s;
    const vkdit_tensor t = {
        "latent", VKDIT_F32, 4, {g->images, m->latent_channels, m->latent_height, m->latent_width}, latent};
    return (!s->latent_out || write_tensors(g, s->latent_out, &t, 1, e)) && (!s->trajectory || save_trajectory(g, e));
}
