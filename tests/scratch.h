// scratch.h — a folder of its own for a test's files. Knows nothing about what they hold.
#ifndef VKDIT_SCRATCH_H
#define VKDIT_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char dir[256], path[1200];
};

static inline void scratch_open(struct scratch *s)
{
    const char *base = getenv("TMPDIR");
    snprintf(s->dir, sizeof s->dir, "%.200s/vkdit-test-XXXXXX", base && base[0] ? base : "/tmp");
    if (!mkdtemp(s->dir)) {
        perror(s->dir);
        exit(EXIT_FAILURE);
    }
}

// Path of a file in the folder; valid until the next call.
static inline const char *scratch_path(struct scratch *s, const char *name)
{
    snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
    return s->path;
}

static inline const char *scratch_file(struct scratch *s, const char *name, const void *data, size_t bytes)
{
    FILE *f = fopen(scratch_path(s, name), "wb");
    if (!f || fwrite(data, 1, bytes, f) != bytes || fclose(f)) {
        perror(s->path);
        exit(EXIT_FAILURE);
    }
    return s->path;
}

static inline const char *scratch_text(struct scratch *s, const char *name, const char *text)
{
    return scratch_file(s, name, text, strlen(text));
}

static inline const char *scratch_folder(struct scratch *s, const char *name)
{
    mkdir(scratch_path(s, name), 0777);
    return s->path;
}

static inline void scratch_empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        char path[1400];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(path, sizeof path, "%.1000s/%s", dir, entry->d_name);
        struct stat st;
        if (!lstat(path, &st) && S_ISDIR(st.st_mode)) scratch_empty(path);
        remove(path);
    }
    if (d) closedir(d);
}

static inline void scratch_close(struct scratch *s)
{
    scratch_empty(s->dir);
    rmdir(s->dir);
}

#endif
