// desk_folder.c — what can be opened in a folder: its folders, and files that may be models. Knows nothing about threads.
#include "app/desk.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MOST_ENTRIES = 2000 };

// Also the pictures whose settings can be used.
static bool may_be_opened(const char *name)
{
    static const char *const ends[] = {".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".index.json", ".png"};
    const size_t n = strlen(name);
    for (size_t i = 0; i < COUNTOF(ends); i++) {
        const size_t m = strlen(ends[i]);
        if (n > m && !strcasecmp(name + n - m, ends[i])) return true;
    }
    return false;
}

static int folders_first(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    const bool p = strchr(x, '/') != NULL, q = strchr(y, '/') != NULL;
    return p != q ? (p ? -1 : 1) : strcasecmp(x, y);
}

// The name as it is listed, or NULL: hidden, neither a folder nor a file of a known kind.
static char *entry(const char *folder, const char *name, struct err *e)
{
    char path[FORM_PATH + 300], text[300];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (*name == '.' || stat(path, &st)) return NULL;
    if (!S_ISDIR(st.st_mode) && !(S_ISREG(st.st_mode) && may_be_opened(name))) return NULL;
    snprintf(text, sizeof text, "%s%s", name, S_ISDIR(st.st_mode) ? "/" : "");
    return mem_text(text, e);
}

static bool take_all(DIR *d, const char *folder, struct names *list, struct err *e)
{
    uint32_t n = 0;
    for (const struct dirent *at; n < list->n && (at = readdir(d));) {
        char *text = entry(folder, at->d_name, e);
        if (text) list->text[n++] = text;
    }
    list->n = n;
    qsort(list->text, n, sizeof *list->text, folders_first);
    return !e->code;
}

struct names *desk_folder(const char *path, char out[FORM_PATH], struct err *e)
{
    char *real = realpath(*path ? path : ".", NULL);
    DIR *d = real ? opendir(real) : NULL;
    struct names *list = NULL;
    if (!d) err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    if (d) list = names_new(MOST_ENTRIES, e);
    if (list && !take_all(d, real, list, e)) {
        names_drop(list);
        list = NULL;
    }
    if (list) snprintf(out, FORM_PATH, "%s", real);
    if (d) closedir(d);
    free(real);
    return list;
}
