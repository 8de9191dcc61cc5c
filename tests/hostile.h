// hostile.h — the malformed files that are too large to be kept, the table of what must happen to each, and what an
// error message must look like. Shared by the tests of the readers and of the engine.
#ifndef VKDIT_HOSTILE_H
#define VKDIT_HOSTILE_H

#include "scratch.h"

#include <stdbool.h>
#include <stdint.h>
#include <zip.h>

#define HOSTILE_WITNESS "/tmp/vkdit_pwned" // what the malicious pickles would create

static inline void hostile_zip(const char *path, const void *pickle, size_t bytes)
{
    remove(path);
    zip_t *z = zip_open(path, ZIP_CREATE, NULL);
    const int64_t i = zip_file_add(z, "archive/data.pkl", zip_source_buffer(z, pickle, bytes, 0), 0);
    zip_set_file_compression(z, (uint64_t)i, ZIP_CM_STORE, 0);
    if (zip_close(z)) exit(EXIT_FAILURE);
}

static inline void hostile_pickle(struct scratch *s, const char *name, char first, size_t n_first, char then,
                                  size_t n_then)
{
    const size_t bytes = 2 + n_first + n_then + 1;
    char *pickle = malloc(bytes);
    memcpy(pickle, "\x80\x02", 2);
    memset(pickle + 2, first, n_first);
    memset(pickle + 2 + n_first, then, n_then);
    pickle[bytes - 1] = '.';
    hostile_zip(scratch_path(s, name), pickle, bytes);
    free(pickle);
}

static inline void hostile_safetensors(struct scratch *s, const char *name, const char *header)
{
    const size_t n = strlen(header);
    uint8_t *file = calloc(n + 8, 1);
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)n >> (8 * i));
    memcpy(file + 8, header, n);
    scratch_file(s, name, file, n + 8);
    free(file);
}

static inline void hostile_make(struct scratch *s)
{
    hostile_pickle(s, "pt_pickle_deep.pt", ']', 200000, 'a', 199999);
    hostile_pickle(s, "pt_pickle_many_marks.pt", '(', 1000000, 0, 0);
    char *text = calloc(2000000, 1), *at = text;
    for (int i = 0; i < 50000; i++) at += sprintf(at, "{\"a\":");
    memset(at, '}', 50000);
    hostile_safetensors(s, "st_json_deep_obj.safetensors", text);
    memset(text, 0, 2000000);
    at = text;
    for (int i = 0; i < 20000; i++)
        at += sprintf(at, "%c\"t%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", i ? ',' : '{', i);
    *at = '}';
    hostile_safetensors(s, "st_many_entries.safetensors", text);
    free(text);
}

struct hostile_row {
    char path[700];
    const char *model, *container; // columns of the table
};

// Calls back for every line of tests/data/hostile/expect.tsv; files that are not kept lie in s. Number of lines.
static inline unsigned hostile_each(struct scratch *s, void (*call)(const struct hostile_row *row, void *user),
                                    void *user)
{
    char line[512];
    unsigned n = 0;
    FILE *f = fopen(VKDIT_TEST_DATA "/hostile/expect.tsv", "r");
    while (f && fgets(line, sizeof line, f)) {
        struct hostile_row row;
        char *name = strtok(line, "\t");
        row.model = strtok(NULL, "\t");
        row.container = strtok(NULL, "\n");
        if (line[0] == '#' || !row.model || !row.container) continue;
        snprintf(row.path, sizeof row.path, "%s/hostile/%s", VKDIT_TEST_DATA, name);
        if (access(row.path, R_OK)) snprintf(row.path, sizeof row.path, "%s/%s", s->dir, name);
        call(&row, user);
        n++;
    }
    if (f) fclose(f);
    return n;
}

static inline bool hostile_clean_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F) return false;
    return text[0] != 0;
}

#endif
