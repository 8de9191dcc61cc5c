// desk.h — private to the clerk: what its tasks are made of. Knows nothing about threads.
#ifndef VKDIT_APP_DESK_H
#define VKDIT_APP_DESK_H

#include "app/clerk.h"

enum task_kind { TASK_SAVE, TASK_COPY, TASK_EXPORT, TASK_LOOK, TASK_TRASH, TASK_RECIPE, TASK_FOLDER, TASK_BENCH };

struct task {
    enum task_kind kind;
    struct film *film;
    uint32_t at;
    enum export_kind export;
    char folder[FORM_PATH], path[FORM_PATH];
    char *text; // a benchmark's document, the task's own
};

struct task_result {
    bool failed;
    char text[CLERK_TEXT], file[FORM_PATH];
    struct gallery *gallery;
    char *recipe;
    struct names *entries; // of the folder `file`
};

// Does it, and says what came of it. `old`: the gallery as it was, whose thumbnails are used again.
void desk_do(const struct task *t, const struct gallery *old, struct task_result *r);

// desk_save.c: pictures of a film with their recipe, under the next free name. *path gets the first.
bool desk_save(struct film *f, uint32_t at, const char *folder, char *path, uint32_t *saved, struct err *e);
bool desk_copy(struct film *f, uint32_t at, struct err *e);
bool desk_export(struct film *f, enum export_kind kind, const char *folder, char *path, struct err *e);
bool desk_free_name(const char *folder, const char *stem, const char *end, uint32_t *number, char *path,
                    struct err *e); // "stem-007.ending", the first from *number on that is not taken
// desk_bench.c: the document, a table and two charts, under the next free number. *path gets the document's.
bool desk_bench(const char *json, const char *folder, char *path, struct err *e);
// desk_gallery.c
struct gallery *desk_look(const char *folder, const struct gallery *old, struct err *e);
// desk_folder.c: folders ("name/") before files; out gets the folder's full path
struct names *desk_folder(const char *path, char out[FORM_PATH], struct err *e);
bool desk_trash(const char *path, struct err *e); // into the desktop's trash

#endif
