// test_gpu_two.c — devices are independent: several open at once, in one thread and in several.
#include "gpu_probe.h"

#include <pthread.h>

struct worker {
    pthread_t thread;
    char device[16];
    struct err e;
    uint32_t validation_errors, done;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct gpu_wish wish = {.device = w->device, .cache_dir = ""};
    for (uint32_t round = 0; round < 3; round++) {
        struct gpu g;
        if (!gpu_open(&g, &wish, &w->e)) return NULL;
        struct probe p = {0};
        uint32_t y[PROBE_N + 1];
        for (uint32_t i = 0; i < 4; i++) {
            if (probe_steps(&g, &p, false, i, 0, y, &w->e)) w->done += y[5] == 105 + i;
            probe_close(&g, &p);
        }
        w->validation_errors += g.validation_errors;
        gpu_close(&g);
    }
    return NULL;
}

static void test_threads(uint32_t n_devices)
{
    struct worker w[4] = {0};
    for (uint32_t i = 0; i < COUNTOF(w); i++) {
        snprintf(w[i].device, sizeof w[i].device, "%u", i % n_devices);
        CHECK(!pthread_create(&w[i].thread, NULL, work, &w[i]), "no thread");
    }
    for (uint32_t i = 0; i < COUNTOF(w); i++) {
        pthread_join(w[i].thread, NULL);
        CHECK(w[i].done == 12, "thread %u did %u of 12 trips: %s", i, w[i].done, w[i].e.text);
    }
}

static void test_side_by_side(uint32_t n_devices)
{
    struct gpu a = {0}, b = {0};
    struct err e = {0};
    char last[16];
    snprintf(last, sizeof last, "%u", n_devices - 1);
    CHECK(probe_open(&a, (struct gpu_wish){.device = "0", .cache_dir = ""}, &e), "%s", e.text);
    CHECK(probe_open(&b, (struct gpu_wish){.device = last, .limits = "no_addresses", .cache_dir = ""}, &e), "%s",
          e.text);
    if (a.dev && b.dev) {
        CHECK(a.dev != b.dev, "one device twice");
        CHECK(probe_run(&a, a.caps.addresses, 1, 0, NULL, &e), "%s", e.text);
        CHECK(probe_run(&b, false, 2, 0, NULL, &e), "%s", e.text);
        b.lost = true; // one device's end is not the other's
        CHECK(!probe_run(&b, false, 3, 0, NULL, &e) && e.code == ERR_LOST, "a lost device works");
        e = (struct err){0};
        CHECK(probe_run(&a, false, 4, 0, NULL, &e), "%s", e.text);
    }
    gpu_close(&b);
    e = (struct err){0};
    if (a.dev) CHECK(probe_run(&a, false, 5, 0, NULL, &e), "after the other was closed: %s", e.text);
    CHECK(a.validation_errors == 0, "%u validation messages", a.validation_errors);
    gpu_close(&a);
}

int main(void)
{
    static struct caps list[16];
    uint32_t n = COUNTOF(list), usable = 0;
    struct err e = {0};
    // threads first: the loader is found by whoever comes first
    test_threads(1);
    if (!gpu_list(list, &n, NULL, &e) || !n) {
        printf("not tried: %s\n", e.text);
        return 77;
    }
    while (usable < n && !list[usable].refused[0]) usable++;
    if (usable > 1) test_threads(usable);
    if (usable) test_side_by_side(usable);
    return check_done();
}
