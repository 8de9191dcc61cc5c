// desk.c — the clerk's tasks by kind, and what is said about them. Knows nothing about threads.
#include "app/desk.h"
#include "base/json.h"
#include "cli/recipe.h"

#include <string.h>

static void fail(struct task_result *r, const char *what, const struct err *e)
{
    r->failed = true;
    snprintf(r->text, sizeof r->text, "%s: %s", what, e->text);
}

static void save(const struct task *t, struct task_result *r)
{
    struct err e = {0};
    uint32_t saved = 0;
    if (!desk_save(t->film, t->at, t->folder, r->file, &saved, &e))
        fail(r, "Not saved", &e);
    else if (saved == 1)
        snprintf(r->text, sizeof r->text, "Saved %.500s", r->file);
    else
        snprintf(r->text, sizeof r->text, "Saved %u pictures, the first as %.500s", saved, r->file);
}

static void copy(const struct task *t, struct task_result *r)
{
    struct err e = {0};
    if (desk_copy(t->film, t->at, &e))
        snprintf(r->text, sizeof r->text, "Copied");
    else
        fail(r, "Not copied", &e);
}

static void export(const struct task *t, struct task_result *r)
{
    struct err e = {0};
    if (desk_export(t->film, t->export, t->folder, r->file, &e))
        snprintf(r->text, sizeof r->text, "Saved %.500s", r->file);
    else
        fail(r, "Not exported", &e);
}

static void look(const struct task *t, const struct gallery *old, struct task_result *r)
{
    struct err e = {0};
    r->gallery = desk_look(t->folder, old, &e);
}

static void trash(const struct task *t, const struct gallery *old, struct task_result *r)
{
    struct err e = {0};
    if (desk_trash(t->path, &e))
        snprintf(r->text, sizeof r->text, "Moved to the trash");
    else
        fail(r, "Not moved to the trash", &e);
    look(t, old, r);
}

static void recipe(const struct task *t, struct task_result *r)
{
    struct settings s = {.quiet = true};
    struct err e = {0};
    json_t *root = NULL;
    const char *identity;
    const bool ok = recipe_read(&s, t->path, &root, &identity, &e);
    json_t *options = ok ? args_recipe(&s) : NULL;
    r->recipe = options ? json_text(options, 0, &e) : NULL;
    json_decref(options);
    json_decref(root);
    if (r->recipe)
        snprintf(r->text, sizeof r->text, "The settings of the picture are used");
    else
        fail(r, "The settings are not used", &e);
}

static void folder(const struct task *t, struct task_result *r)
{
    struct err e = {0};
    r->entries = desk_folder(t->path, r->file, &e);
    if (!r->entries) fail(r, "Not opened", &e);
}

static void bench(const struct task *t, struct task_result *r)
{
    struct err e = {0};
    if (desk_bench(t->text, t->folder, r->file, &e))
        snprintf(r->text, sizeof r->text, "Saved %.500s and its table and charts", r->file);
    else
        fail(r, "Not saved", &e);
}

void desk_do(const struct task *t, const struct gallery *old, struct task_result *r)
{
    switch (t->kind) {
    case TASK_SAVE: save(t, r); break;
    case TASK_COPY: copy(t, r); break;
    case TASK_EXPORT: export(t, r); break;
    case TASK_LOOK: look(t, old, r); break;
    case TASK_TRASH: trash(t, old, r); break;
    case TASK_RECIPE: recipe(t, r); break;
    case TASK_FOLDER: folder(t, r); break;
    case TASK_BENCH: bench(t, r); break;
    }
    if (!r->failed && (t->kind == TASK_SAVE)) look(t, old, r);
}
