// test_hostile.c — every malformed file as a model: refused with one clear line that names it, or, where it is legal,
// a picture; never a picture from weights that are not finite. The program from the outside: hostile.sh.
#include "check.h"
#include "hostile.h"
#include "vkdit.h"

#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// A short run and its picture. The status that ended it.
static vkdit_status draw(vkdit_model *m, vkdit_error *e)
{
    uint32_t class = 1, width = 0, height = 0;
    uint8_t *pixels = NULL;
    int done = 0;
    vkdit_run *r = NULL;
    vkdit_job j = {.classes = &class, .images = 1, .steps = 2, .seed = 3};
    vkdit_status s = vkdit_run_begin(m, &j, &r, e);
    while (s == VKDIT_OK && !done) s = vkdit_run_step(r, NULL, NULL, &done, e);
    if (s == VKDIT_OK) s = vkdit_run_decode(r, NULL, NULL, NULL, &pixels, &width, &height, e);
    CHECK(s != VKDIT_OK || (done && pixels && width == 32 && height == 32), "%u x %u pixels", width, height);
    vkdit_free(pixels);
    vkdit_run_close(r);
    return s;
}

static void check_refusal(const char *path, const vkdit_error *e)
{
    CHECK(e->status != VKDIT_OK && hostile_clean_line(e->message), "%s: \"%s\"", path, e->message);
    CHECK(!strncmp(e->message, path, strlen(path)), "\"%s\" does not name %s", e->message, path);
    CHECK(strlen(e->message) > strlen(path) + 8, "\"%s\" gives no reason", e->message);
}

static void check_file(const struct hostile_row *row, void *user)
{
    vkdit_model *m = NULL;
    vkdit_error e = {0};
    const double start = seconds();
    const vkdit_model_options o = {
        .path = row->path, .heads = 2, .vae = VKDIT_TEST_DATA "/../../assets/vkdit-vae.safetensors"};
    vkdit_status s = vkdit_model_open(user, &o, &m, &e);
    CHECK((s == VKDIT_OK) == (m != NULL), "%s: status %d, model %p", row->path, (int)s, (void *)m);
    CHECK(seconds() - start < 5, "%s took %.1f s", row->path, seconds() - start);
    const char want = row->model[0];
    if (s != VKDIT_OK) {
        CHECK(want != 'o', "%s", e.message);
        check_refusal(row->path, &e);
        return;
    }
    CHECK(want != 'E', "%s was opened", row->path);
    s = draw(m, &e);
    CHECK(s == (want == 'W' ? VKDIT_ERR_NUMERIC : VKDIT_OK), "%s: status %d, %s", row->path, (int)s, e.message);
    vkdit_model_close(m);
}

int main(void)
{
    struct scratch s = {0};
    vkdit *context = NULL;
    vkdit_error e;
    vkdit_options o = {.device = getenv("VKDIT_DEVICE"), .limits = getenv("VKDIT_LIMIT"), .cache_dir = ""};
    if (vkdit_open(&o, &context, &e) != VKDIT_OK) {
        printf("no device: %s\n", e.message);
        return 77;
    }
    remove(HOSTILE_WITNESS);
    scratch_open(&s);
    hostile_make(&s);
    CHECK(hostile_each(&s, check_file, context) > 80, "the table of expectations is missing");
    scratch_close(&s);
    CHECK(access(HOSTILE_WITNESS, F_OK), "a pickle was executed");
    vkdit_close(context);
    return check_done();
}
