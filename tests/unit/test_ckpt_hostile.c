// test_ckpt_hostile.c — every malformed file ends as tests/data/hostile/expect.tsv says: one clear line naming the
// file, quickly, in little memory. `--make FOLDER` only writes the four large ones, for tests of the program.
#include "check.h"
#include "hostile.h"
#include "weights/ckpt.h"

#include <sys/resource.h>

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

static void check_file(const struct hostile_row *row, void *user)
{
    const char *path = row->path, *want = row->container;
    (void)user;
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
    const bool any = !strcmp(want, "any"); // newer versions of libzip refuse what older ones repair
    if (any && ok) return;
    CHECK(!ok, "%s was opened", path);
    CHECK(any || strstr(e.text, want), "%s: wanted \"%s\"", e.text, want);
    CHECK(!strncmp(e.text, path, strlen(path)) && hostile_clean_line(e.text), "%s", e.text);
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
        hostile_make(&s);
        return EXIT_SUCCESS;
    }
    remove(HOSTILE_WITNESS);
    scratch_open(&s);
    hostile_make(&s);
    CHECK(hostile_each(&s, check_file, NULL) > 80, "the table of expectations is missing");
    check_same();
    scratch_close(&s);
    CHECK(access(HOSTILE_WITNESS, F_OK), "a pickle was executed");
    return check_done();
}
