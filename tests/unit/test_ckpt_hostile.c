// test_ckpt_hostile.c — every malformed file ends as tests/data/hostile/expect.tsv says: one clear line naming the
// file, quickly, in little memory. `--make FOLDER` only writes the four large ones, for tests of the program.
#include "check.h"
#include "scratch.h"
#include "weights/ckpt.h"

#include <sys/resource.h>
#include <zip.h>

#define WITNESS "/tmp/vkdit_pwned" // what the malicious pickles would create

// ---- the large files ----

static void make_zip(const char *path, const void *pickle, size_t bytes)
{
    remove(path);
    zip_t *z = zip_open(path, ZIP_CREATE, NULL);
    const int64_t i = zip_file_add(z, "archive/data.pkl", zip_source_buffer(z, pickle, bytes, 0), 0);
    zip_set_file_compression(z, (uint64_t)i, ZIP_CM_STORE, 0);
    if (zip_close(z)) exit(EXIT_FAILURE);
}

static void make_pickle(struct scratch *s, const char *name, char first, size_t n_first, char then, size_t n_then)
{
    const size_t bytes = 2 + n_first + n_then + 1;
    char *pickle = malloc(bytes);
    memcpy(pickle, "\x80\x02", 2);
    memset(pickle + 2, first, n_first);
    memset(pickle + 2 + n_first, then, n_then);
    pickle[bytes - 1] = '.';
    make_zip(scratch_path(s, name), pickle, bytes);
    free(pickle);
}

static void make_safetensors(struct scratch *s, const char *name, const char *header)
{
    const size_t n = strlen(header);
    uint8_t *file = calloc(n + 8, 1);
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)n >> (8 * i));
    memcpy(file + 8, header, n);
    scratch_file(s, name, file, n + 8);
    free(file);
}

static void make_large(struct scratch *s)
{
    make_pickle(s, "pt_pickle_deep.pt", ']', 200000, 'a', 199999);
    make_pickle(s, "pt_pickle_many_marks.pt", '(', 1000000, 0, 0);
    char *text = calloc(2000000, 1), *at = text;
    for (int i = 0; i < 50000; i++) at += sprintf(at, "{\"a\":");
    memset(at, '}', 50000);
    make_safetensors(s, "st_json_deep_obj.safetensors", text);
    memset(text, 0, 2000000);
    at = text;
    for (int i = 0; i < 20000; i++)
        at += sprintf(at, "%c\"t%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", i ? ',' : '{', i);
    *at = '}';
    make_safetensors(s, "st_many_entries.safetensors", text);
    free(text);
}

// ---- opening ----

static bool read_all(struct ckpt *c, struct err *e)
{
    void *scratch = NULL;
    uint64_t bytes = 0, sum = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < c->n; i++) {
        const uint8_t *data = ckpt_data(c, &c->t[i], &scratch, &bytes, e);
        ok = data != NULL;
        for (uint64_t k = 0; ok && k < c->t[i].count * dtype_bytes(c->t[i].dtype); k++) sum += data[k];
        ok = ok && ckpt_find(c, c->t[i].name) == &c->t[i];
    }
    free(scratch);
    return ok && sum != UINT64_MAX;
}

static bool open_file(const char *path, struct err *e)
{
    struct ckpt c;
    const bool ok = ckpt_open(&c, path, NULL, e) && read_all(&c, e);
    ckpt_close(&c);
    return ok;
}

static bool open_any(const char *path, struct err *e)
{
    struct folder f;
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) return open_file(path, e);
    const bool ok = folder_open(&f, path, e) && f.transformer && open_file(f.transformer, e);
    folder_close(&f);
    return ok;
}

static long peak_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static bool one_clean_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F) return false;
    return text[0] != 0;
}

static void check_file(const char *path, const char *want)
{
    struct err e = {0};
    const long before = peak_kib();
    const double start = clock_seconds();
    const bool ok = open_any(path, &e);
    CHECK(clock_seconds() - start < 5, "%s took %.1f s", path, clock_seconds() - start);
    CHECK(peak_kib() - before < 100 * 1024, "%s took %ld KiB", path, peak_kib() - before);
    if (!strcmp(want, "ok")) {
        CHECK(ok, "%s", e.text);
        return;
    }
    CHECK(!ok, "%s was opened", path);
    CHECK(strstr(e.text, want), "%s: wanted \"%s\"", e.text, want);
    CHECK(!strncmp(e.text, path, strlen(path)) && one_clean_line(e.text), "%s", e.text);
}

static void check_table(struct scratch *s)
{
    char line[512], path[600];
    FILE *f = fopen(VKDIT_TEST_DATA "/hostile/expect.tsv", "r");
    CHECK(f, "the table of expectations is missing");
    while (f && fgets(line, sizeof line, f)) {
        char *name = strtok(line, "\t"), *model = strtok(NULL, "\t"), *want = strtok(NULL, "\n");
        if (line[0] == '#' || !model || !want) continue;
        snprintf(path, sizeof path, "%s/hostile/%s", VKDIT_TEST_DATA, name);
        check_file(access(path, R_OK) ? scratch_path(s, name) : path, want);
    }
    if (f) fclose(f);
}

// The legal variants hold the same tensors.
static void check_same(void)
{
    static const char *const variants[] = {"ok_valid.pt",
                                           "ok_legacy.pt",
                                           "ok_zip64.pt",
                                           "ok_metadata_and_order.safetensors",
                                           "ok_unaligned_header.safetensors",
                                           "st_is_zip.safetensors",
                                           "pt_is_safetensors.pt"};
    struct ckpt a, b;
    struct err e = {0};
    void *scratch_a = NULL, *scratch_b = NULL;
    uint64_t room_a = 0, room_b = 0;
    CHECK(ckpt_open(&a, VKDIT_TEST_DATA "/hostile/ok_valid.safetensors", NULL, &e), "%s", e.text);
    for (uint32_t v = 0; v < COUNTOF(variants); v++) {
        char path[600];
        snprintf(path, sizeof path, "%s/hostile/%s", VKDIT_TEST_DATA, variants[v]);
        CHECK(ckpt_open(&b, path, NULL, &e) && a.n == b.n, "%s %s", path, e.text);
        for (uint32_t i = 0; i < a.n && i < b.n; i++) {
            const void *x = ckpt_data(&a, &a.t[i], &scratch_a, &room_a, &e),
                       *y = ckpt_data(&b, &b.t[i], &scratch_b, &room_b, &e);
            const bool same = !strcmp(a.t[i].name, b.t[i].name) && a.t[i].dtype == b.t[i].dtype &&
                              a.t[i].rank == b.t[i].rank && !memcmp(a.t[i].dim, b.t[i].dim, sizeof a.t[i].dim) &&
                              !memcmp(x, y, a.t[i].count * dtype_bytes(a.t[i].dtype));
            CHECK(same, "%s: %s differs", variants[v], a.t[i].name);
        }
        ckpt_close(&b);
    }
    ckpt_close(&a);
    free(scratch_a);
    free(scratch_b);
}

int main(int argc, char **argv)
{
    struct scratch s = {0};
    if (argc == 3 && !strcmp(argv[1], "--make")) {
        snprintf(s.dir, sizeof s.dir, "%s", argv[2]);
        make_large(&s);
        return EXIT_SUCCESS;
    }
    remove(WITNESS);
    scratch_open(&s);
    make_large(&s);
    check_table(&s);
    check_same();
    scratch_close(&s);
    CHECK(access(WITNESS, F_OK), "a pickle was executed");
    return check_done();
}
