// shipped.c — finds the models that come with the program. Which there are, and which is the default, says the list
// models.json in their folder; knows nothing about what is in a model.
#define _GNU_SOURCE // dladdr
#include "engine/shipped.h"
#include "base/file.h"
#include "base/json.h"
#include "engine/json_text.h"
#include "vkdit.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MAX = 1 << 16, MODELS_MAX = 64 };

static char *parent(char *path) // in place
{
    char *slash = path ? strrchr(path, '/') : NULL;
    if (slash) *slash = 0;
    return slash ? path : NULL;
}

// Folder of the library when it is a shared one, "" when that is not known.
static void library_folder(char *out)
{
    Dl_info info = {0};
    union {
        const char *(*function)(void);
        const void *address;
    } self = {vkdit_version};
    *out = 0;
    bool known = dladdr(self.address, &info) && info.dli_fname && strchr(info.dli_fname, '/');
    if (!known || !realpath(info.dli_fname, out) || !parent(out)) *out = 0;
}

static void program_folder(char *out)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = 0;
    if (!parent(out)) *out = 0;
}

static char *list_in(const char *folder, struct err *e)
{
    char *list = path_join(folder, "models.json", e);
    if (list && file_kind(list) == FILE_REGULAR) return list;
    free(list);
    return NULL;
}

// Path of the list; NULL when there is none.
static char *find_list(const char *folder, struct err *e)
{
    static const char *const places[] = {"../share/vkdit", "../../share/vkdit", "../assets", "../../assets"};
    char start[2][PATH_MAX];
    if (folder) return list_in(folder, e);
    library_folder(start[0]);
    program_folder(start[1]);
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; *start[s] && i < COUNTOF(places); i++) {
            char *there = path_join(start[s], places[i], e), *list = there ? list_in(there, e) : NULL;
            free(there);
            if (list) return list;
        }
    return NULL;
}

static bool plain_name(const json_t *v)
{
    const char *s = json_string_value(v);
    return s && *s && *s != '.' && strlen(s) == json_string_length(v) && strlen(s) < 100 && !strpbrk(s, "/\\");
}

static bool sound(json_t *list)
{
    size_t i;
    json_t *row;
    bool ok = json_is_array(list) && json_array_size(list) <= MODELS_MAX;
    json_array_foreach(list, i, row) ok = ok && plain_name(json_object_get(row, "name")) &&
                                          plain_name(json_object_get(row, "file")) &&
                                          json_is_string(json_object_get(row, "about"));
    return ok;
}

static json_t *read_list(const char *path, struct err *e)
{
    struct file f = {0};
    json_t *list = file_open(&f, path, e) ? json_read(f.data, f.bytes, LIST_MAX, e) : NULL;
    file_close(&f);
    if (list && !sound(list)) {
        err_set(e, ERR_FORMAT, "is no list of models with name, file and about");
        json_decref(list);
        list = NULL;
    }
    if (!list) err_in(e, path);
    return list;
}

// Path of a row's file, NULL when it is not there: an installation may leave models out.
static char *row_path(const char *folder, const json_t *row, struct err *e)
{
    char *path = path_join(folder, json_string_value(json_object_get(row, "file")), e);
    if (path && file_kind(path) == FILE_REGULAR) return path;
    free(path);
    return NULL;
}

static json_t *keep_present(json_t *all, const char *folder, struct err *e)
{
    json_t *list = json_array(), *row;
    size_t i;
    json_array_foreach(all, i, row)
    {
        char *path = row_path(folder, row, e);
        if (path) {
            json_put(row, "path", json_clean(path), e);
            json_add(list, json_incref(row), e);
        }
        free(path);
    }
    return list;
}

char *shipped_path(const char *folder, const char *name, struct err *e)
{
    char *list = find_list(folder, e), *path = NULL;
    json_t *all = list ? read_list(list, e) : NULL, *row;
    size_t i;
    const char *home = all ? parent(list) : NULL;
    json_array_foreach(all, i, row)
    {
        if (path || !home || (name && strcmp(name, json_string_value(json_object_get(row, "name"))))) continue;
        path = row_path(home, row, e);
    }
    json_decref(all);
    free(list);
    return path;
}

vkdit_status vkdit_models_json(const char *assets, char **json, vkdit_error *error)
{
    struct err e = {0};
    char *path = find_list(assets, &e);
    json_t *all = path ? read_list(path, &e) : NULL;
    *json = NULL;
    if (e.code == ERR_NONE) json_give(all ? keep_present(all, parent(path), &e) : json_array(), json, &e);
    json_decref(all);
    free(path);
    return status_of(&e, error);
}
