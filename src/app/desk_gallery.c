// desk_gallery.c — the folder of saved pictures as thumbnails, and the desktop's trash. Knows nothing about threads.
#include "app/desk.h"
#include "base/file.h"
#include "base/newfile.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

// --- looking ------------------------------------------------------------------------------------------------------

static const struct gallery_item *known(const struct gallery *old, const char *path, int64_t time)
{
    for (uint32_t i = 0; old && i < old->n; i++)
        if (old->item[i].time == time && !strcmp(old->item[i].path, path)) return old->item + i;
    return NULL;
}

static bool shrink(struct gallery_item *it, const struct image *im, struct err *e)
{
    const uint32_t edge = max_u32(im->w, im->h), to = min_u32(edge, GALLERY_EDGE);
    it->w = im->w;
    it->h = im->h;
    return image_resize(&it->small, im, max_u32(1, (uint32_t)((uint64_t)im->w * to / edge)),
                        max_u32(1, (uint32_t)((uint64_t)im->h * to / edge)), e);
}

static bool read_item(struct gallery_item *it, const struct gallery *old, struct err *e)
{
    const struct gallery_item *same = known(old, it->path, it->time);
    struct image im = {0};
    struct image_text *text = NULL;
    uint32_t n = 0;
    if (same) {
        it->w = same->w;
        it->h = same->h;
        it->parameters = mem_text(same->parameters, e);
        return it->parameters && image_resize(&it->small, &same->small, same->small.w, same->small.h, e);
    }
    if (!png_read(it->path, &im, &text, &n, e)) return false;
    const char *about = "";
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(text[i].key, "parameters")) about = text[i].value;
    it->parameters = mem_text(about, e);
    const bool ok = it->parameters && shrink(it, &im, e);
    image_close(&im);
    image_text_free(text, n);
    return ok;
}

static int newer_first(const void *a, const void *b)
{
    const struct gallery_item *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? 1 : -1;
    return strcmp(y->path, x->path);
}

static bool list_folder(struct gallery *g, const char *folder, struct err *e)
{
    DIR *d = opendir(folder);
    uint32_t cap = 0;
    bool ok = true;
    if (!d) return errno == ENOENT || err_set(e, ERR_IO, "%s", strerror(errno));
    for (const struct dirent *entry; ok && (entry = readdir(d));) {
        const size_t n = strlen(entry->d_name);
        struct stat st;
        if (n < 5 || entry->d_name[0] == '.' || strcasecmp(entry->d_name + n - 4, ".png") != 0) continue;
        ok = mem_grow(&g->item, &cap, g->n + 1, sizeof *g->item, e);
        char *path = ok ? path_join(folder, entry->d_name, e) : NULL;
        if (path && !stat(path, &st) && S_ISREG(st.st_mode))
            g->item[g->n++] = (struct gallery_item){.path = path, .time = (int64_t)st.st_mtime};
        else
            free(path);
    }
    closedir(d);
    return ok;
}

struct gallery *desk_look(const char *folder, const struct gallery *old, struct err *e)
{
    struct gallery *g = mem_zero(1, sizeof *g, e);
    if (!g) return NULL;
    atomic_init(&g->users, 1);
    list_folder(g, folder, e);
    if (g->n) qsort(g->item, g->n, sizeof *g->item, newer_first);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        struct err one = {0}; // a file that is no picture is left out
        struct gallery_item it = g->item[i];
        if (kept < GALLERY_MAX && read_item(&it, old, &one)) {
            g->item[kept++] = it;
        } else {
            free(it.path);
            free(it.parameters);
            image_close(&it.small);
        }
    }
    g->n = kept;
    return g;
}

// --- throwing away ------------------------------------------------------------------------------------------------

// The name inside the trash: the file's own, or with a number.
static char *trash_name(const char *trash, const char *name, struct err *e)
{
    char path[FORM_PATH], tried[300];
    struct stat st;
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(tried, sizeof tried, i ? "%.200s.%u" : "%.200s", name, i);
        if (snprintf(path, sizeof path, "%s/files/%s", trash, tried) >= FORM_PATH) break;
        if (lstat(path, &st)) return mem_text(tried, e);
    }
    err_set(e, ERR_IO, "the trash has no free name");
    return NULL;
}

static bool write_info(const char *trash, const char *name, const char *path, struct err *e)
{
    char at[FORM_PATH + 400], text[32];
    struct newfile file = {0};
    struct tm local;
    const time_t now = time(NULL);
    char *escaped = path_percent(path, e);
    snprintf(at, sizeof at, "%s/info/%s.trashinfo", trash, name);
    if (!escaped || !newfile_open(&file, at, e)) {
        free(escaped);
        return false;
    }
    newfile_put(&file, "[Trash Info]\nPath=", 18);
    newfile_put(&file, escaped, strlen(escaped));
    free(escaped);
    localtime_r(&now, &local);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local);
    newfile_put(&file, "\nDeletionDate=", 14);
    newfile_put(&file, text, strlen(text));
    newfile_put(&file, "\n", 1);
    return newfile_commit(&file, false, e);
}

bool desk_trash(const char *path, struct err *e)
{
    char from[FORM_PATH * 4], to[FORM_PATH + 400], part[FORM_PATH + 16];
    char *trash = form_folder("XDG_DATA_HOME", ".local/share", "Trash", e);
    char *whole = realpath(path, NULL), *name = NULL;
    bool ok = trash && (whole || err_set(e, ERR_IO, "%s", strerror(errno)));
    if (ok) snprintf(from, sizeof from, "%s", whole);
    static const char *const parts[] = {"files", "info"};
    for (size_t i = 0; ok && i < COUNTOF(parts); i++) {
        snprintf(part, sizeof part, "%s/%s", trash, parts[i]);
        ok = folder_make(part, e);
    }
    ok = ok && (name = trash_name(trash, strrchr(from, '/') + 1, e)) && write_info(trash, name, from, e);
    if (ok) {
        snprintf(to, sizeof to, "%s/files/%s", trash, name);
        ok = !rename(from, to) || err_set(e, ERR_IO, "%s", strerror(errno));
        if (!ok) {
            snprintf(to, sizeof to, "%s/info/%s.trashinfo", trash, name);
            remove(to);
        }
    }
    free(trash);
    free(whole);
    free(name);
    return ok;
}
