// test_tuning.c — what was measured on a device is read back from its file; a torn, old or foreign file is as none.
#include "check.h"
#include "scratch.h"

#include "engine/engine.h"

#include <string.h>

static vkdit *open_with(const char *dir, char *path, size_t bytes)
{
    vkdit *c = NULL;
    vkdit_error e;
    vkdit_options o = {.device = getenv("VKDIT_DEVICE"), .cache_dir = dir};
    if (vkdit_open(&o, &c, &e) != VKDIT_OK) {
        printf("no device: %s\n", e.message);
        return NULL;
    }
    CHECK(gpu_cache_file(&c->gpu, "tuning", path, bytes), "no name for the file");
    return c;
}

// Writes head and body where the device's file belongs, opens the device and says how many choices it knows.
static uint32_t read_back(struct scratch *s, const char *head, const char *body, struct tuned *out)
{
    char path[1200], text[4096];
    vkdit *c = open_with(s->dir, path, sizeof path);
    if (!c) return UINT32_MAX;
    int n = snprintf(text, sizeof text, "%s%s", head, body);
    vkdit_close(c);
    scratch_file(s, strrchr(path, '/') + 1, text, (size_t)n);
    c = open_with(s->dir, path, sizeof path);
    *out = c->tuned;
    CHECK(c->gpu.caps.tuned == &c->tuned, "the planner does not see it");
    vkdit_close(c);
    return out->n;
}

int main(void)
{
    struct scratch s;
    char path[1200], head[700];
    struct tuned *t = calloc(1, sizeof *t);
    scratch_open(&s);
    vkdit *c = open_with(s.dir, path, sizeof path);
    if (c && t) {
        snprintf(head, sizeof head, "vkdit tuning 1 %s %s %s\n", vkdit_version(), c->gpu.caps.name,
                 c->gpu.caps.driver_info);
        CHECK(c->tuned.n == 0, "%u choices without a file", c->tuned.n);
        static const char *const good = "1.5e-05 linear_coop linear 1x2x3F16 1x4x3F16 -> 1x2x4F16\n"
                                        "2e-05 attention_coop attention 1x2x9F16 -> 1x2x3F16\n";
        CHECK(read_back(&s, head, good, t) == 2, "%u choices", t->n);
        const struct tuned_choice *found = tuned_find(t, "linear 1x2x3F16 1x4x3F16 -> 1x2x4F16");
        CHECK(found && !strcmp(found->kernel, "linear_coop") && found->seconds == 1.5e-5, "not found again");
        CHECK(read_back(&s, "vkdit tuning 1 0.0.0 another device\n", good, t) == 0, "a foreign file was read");
        CHECK(read_back(&s, "", good, t) == 0, "a file without a head was read");
        static const char *const torn = "nan linear_coop linear 1\n-1 linear_coop linear 2\n1e-5 linear_coop\n"
                                        "1e-5\n\n\x01\xff garbage\n3e-05 linear_coop linear 3";
        CHECK(read_back(&s, head, torn, t) == 1 && !strcmp(t->choice[0].key, "linear 3"), "%u choices of a torn file",
              t->n);
        char wide[2000];
        memset(wide, 'x', sizeof wide - 1);
        memcpy(wide, "1e-05 k ", 8);
        wide[sizeof wide - 1] = '\0';
        CHECK(read_back(&s, head, wide, t) == 0, "a key that is too long was read");
    }
    vkdit_close(c);
    free(t);
    scratch_close(&s);
    return check_done();
}
