// test_gpu_basic.c — every device of this machine: facts, memory, transfers, kernels, and limits that are obeyed.
#include "gpu_probe.h"

static uint8_t pattern(uint64_t i)
{
    return (uint8_t)(i * 131 + (i >> 8) * 17 + 5);
}

// Bytes [offset, offset + n) come back, and their neighbours are left alone.
static void round_trip(struct gpu *g, struct gpu_buf *b, uint64_t offset, uint64_t n)
{
    struct err e = {0};
    uint8_t *in = malloc(n + 2), *out = calloc(n + 2, 1);
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < n; i++) in[i] = pattern(i + offset);
    memset(out, 0xee, n + 2);
    CHECK(gpu_upload(g, b, offset, in, n, &e), "%s", e.text);
    CHECK(gpu_download(g, b, offset, out + 1, n, &e), "%s", e.text);
    for (uint64_t i = 0; i < n; i++) wrong += out[i + 1] != in[i];
    CHECK(wrong == 0, "%llu of %llu bytes at %llu are wrong", (unsigned long long)wrong, (unsigned long long)n,
          (unsigned long long)offset);
    CHECK(out[0] == 0xee && out[n + 1] == 0xee, "bytes beside the download were written");
    free(in);
    free(out);
}

static void test_transfers(struct gpu *g, enum gpu_where where, bool hide_map)
{
    struct err e = {0};
    struct gpu_buf b;
    enum { SIZE = 20000003 };
    CHECK(gpu_buf_open(g, &b, SIZE, where, &e), "%s", e.text);
    if (!b.buf) return;
    CHECK(where != GPU_MAPPED || b.map, "a mapped buffer has no map");
    struct gpu_buf view = b;
    if (hide_map) view.map = NULL; // the way of a device without mappable memory
    round_trip(g, &view, 0, 1);
    round_trip(g, &view, 3, 4097);
    round_trip(g, &view, 1, SIZE - 2); // several chunks of the ring, the last one odd
    round_trip(g, &view, SIZE - 1, 1);
    round_trip(g, &view, SIZE, 0);
    uint8_t edge[2];
    CHECK(gpu_download(g, &view, 0, edge, 2, &e) && edge[1] == pattern(1), "a neighbour was written");
    CHECK(!gpu_upload(g, &view, SIZE - 1, edge, 2, &e) && e.code == ERR_ARG, "an overflowing upload was accepted");
    e = (struct err){0};
    CHECK(!gpu_download(g, &view, UINT64_MAX, edge, 2, &e) && e.code == ERR_ARG, "an overflowing offset was accepted");
    gpu_buf_close(g, &b);
    CHECK(!b.buf && !b.map, "close leaves a closed buffer");
    gpu_buf_close(g, &b);
}

static void test_zeroed(struct gpu *g)
{
    struct err e = {0};
    struct gpu_buf b;
    uint32_t dirty = 0;
    CHECK(gpu_buf_open(g, &b, 4099, GPU_MAPPED, &e), "%s", e.text);
    for (uint32_t i = 0; b.map && i < 4099; i++) dirty += b.map[i] != 0;
    CHECK(!dirty, "%u bytes of a new mapped buffer are not zero", dirty);
    gpu_buf_close(g, &b);
}

static void test_kernels(struct gpu *g)
{
    struct err e = {0};
    uint32_t size = 0;
    const struct caps *c = &g->caps;
    CHECK(probe_run(g, false, 11, 0, &size, &e), "%s", e.text);
    CHECK(size >= c->subgroup_min && size <= c->subgroup_max, "subgroup of %u, facts say %u to %u", size,
          c->subgroup_min, c->subgroup_max);
    for (uint32_t s = c->subgroup_min; c->subgroup_pick && s <= c->subgroup_max; s *= 2) {
        CHECK(probe_run(g, false, 12, s, &size, &e), "%s", e.text);
        CHECK(size == s, "asked for subgroups of %u, got %u", s, size);
    }
    CHECK(!probe_run(g, false, 12, c->subgroup_max * 2, NULL, &e) && e.code == ERR_UNSUPPORTED,
          "an impossible subgroup size was accepted");
    e = (struct err){0};
    if (c->addresses) CHECK(probe_run(g, true, 13, 0, NULL, &e), "%s", e.text);
    const struct pipeline *a = NULL, *b = NULL, *d = NULL;
    struct pipeline_wish w = {.shader = "test_copy", .spec = {1, 64}, .n_spec = 2, .n_bind = 2, .push_bytes = 8};
    CHECK(gpu_pipeline(g, &w, &a, &e), "%s", e.text);
    CHECK(gpu_pipeline(g, &w, &b, &e) && a == b, "the same pipeline was made twice");
    w.spec[0] = 2;
    CHECK(gpu_pipeline(g, &w, &d, &e) && a != d, "constants are ignored");
    w.shader = "no such";
    CHECK(!gpu_pipeline(g, &w, &d, &e) && strstr(e.text, "no such"), "%s", e.text);
}

struct listener {
    uint32_t asked, last, total, stop_at; // stop_at: of the questions; 0 never
};

static bool listen(void *user, uint32_t done, uint32_t total)
{
    struct listener *l = user;
    CHECK(done >= l->last && done <= total, "%u of %u after %u", done, total, l->last);
    l->last = done;
    l->total = total;
    return ++l->asked == l->stop_at;
}

// Several at once: in the order of the wishes, each once, all or none.
static void test_pipelines(struct gpu *g)
{
    enum { N = 40, KINDS = 20 };
    struct err e = {0};
    struct listener l = {0};
    struct pipeline_wish w[N];
    const struct pipeline *a[N], *b[N];
    for (uint32_t i = 0; i < N; i++)
        w[i] = (struct pipeline_wish){
            .shader = "test_copy", .spec = {100 + i % KINDS, 64}, .n_spec = 2, .n_bind = 2, .push_bytes = 8};
    g->making = listen;
    g->making_user = &l;
    l.stop_at = 1;
    CHECK(!gpu_pipelines(g, w, N, a, &e) && e.code == ERR_CANCELLED, "not stopped: %s", e.text);
    e = (struct err){0};
    l = (struct listener){0};
    w[N - 1].shader = "no such";
    CHECK(!gpu_pipelines(g, w, N, a, &e) && strstr(e.text, "no such") && l.asked == 0, "%s", e.text);
    e = (struct err){0};
    w[N - 1].shader = "test_copy";
    CHECK(gpu_pipelines(g, w, N, a, &e) && l.last > 0 && l.last == l.total && l.total <= KINDS, "%u of %u made: %s",
          l.last, l.total, e.text);
    for (uint32_t i = 0; i < N; i++) {
        CHECK(a[i] && a[i]->pipe && a[i] == a[i % KINDS], "pipeline %u", i);
        CHECK(i % KINDS == 0 || a[i] != a[i - 1], "two constants, one pipeline");
    }
    l = (struct listener){0};
    CHECK(gpu_pipelines(g, w, N, b, &e) && !memcmp(a, b, sizeof a) && l.asked == 0, "made again: %s", e.text);
    CHECK(gpu_pipelines(g, NULL, 0, NULL, &e), "none: %s", e.text);
    g->making = NULL;
}

static void test_facts(const struct caps *c)
{
    CHECK(c->name[0] && c->vendor_name[0] && c->driver_info[0], "names are empty");
    CHECK(c->n_heap > 0 && c->heap_bytes > 0 && c->heap_budget > 0, "no heap");
    CHECK(c->range_max >= 1 << 27 && c->alloc_max >= 1 << 30, "limits are below what Vulkan promises");
    CHECK(c->push_max >= 128 && c->bind_max >= 4 && c->threads_max >= 128 && c->shared_max >= 16384, "limits");
    CHECK(c->offset_align >= 1 && c->offset_align <= 256, "offset_align %u", c->offset_align);
    CHECK(c->subgroup >= 1 && c->subgroup_min <= c->subgroup && c->subgroup <= c->subgroup_max, "subgroup");
    CHECK(!c->coop1 || c->n_coop, "cooperative matrices without shapes");
}

static void test_device(const char *index, const char *limits)
{
    struct gpu g;
    struct err e = {0};
    bool ok = probe_open(&g, (struct gpu_wish){.device = index, .limits = limits, .cache_dir = ""}, &e);
    CHECK(ok, "device %s: %s", index, e.text);
    if (!ok) return;
    printf("device %s: %s, Vulkan 1.%u, limits \"%s\"\n", index, g.caps.name, VK_API_VERSION_MINOR(g.caps.api),
           limits ? limits : "");
    test_facts(&g.caps);
    test_zeroed(&g);
    test_transfers(&g, GPU_DEVICE, false);
    test_transfers(&g, GPU_MAPPED, false);
    test_transfers(&g, GPU_DEVICE, true);
    test_kernels(&g);
    test_pipelines(&g);
    CHECK(g.bytes_peak > 20000000, "the peak was not counted");
    CHECK(g.validation_errors == 0, "%u validation messages", g.validation_errors);
    gpu_close(&g);
    CHECK(!g.dev && !g.inst && !g.priv, "close leaves a closed gpu");
    gpu_close(&g);
}

static void test_limits(const char *index)
{
    struct gpu g;
    struct err e = {0};
    struct gpu_buf a = {0}, b = {0};
    struct gpu_wish w = {.device = index, .limits = "max_alloc=1M,heap=3M,max_push=4", .cache_dir = ""};
    CHECK(probe_open(&g, w, &e), "%s", e.text);
    if (!g.dev) return;
    CHECK(!gpu_buf_open(&g, &a, (1 << 20) + 1, GPU_DEVICE, &e), "max_alloc is not obeyed");
    CHECK(e.code == ERR_MEMORY && strstr(e.text, "1048577") && strstr(e.text, "1048576"), "%s", e.text);
    e = (struct err){0};
    struct gpu_buf held[4] = {0};
    uint32_t n = 0;
    while (n < 4 && gpu_buf_open(&g, &held[n], 1 << 20, GPU_DEVICE, &e)) n++;
    CHECK(n >= 2 && n <= 3, "%u MiB of a heap of 3 MiB", n);
    CHECK(e.code == ERR_MEMORY && strstr(e.text, "3145728"), "%s", e.text);
    for (uint32_t i = 0; i < n; i++) gpu_buf_close(&g, &held[i]);
    CHECK(g.bytes_now == 0, "%llu bytes are still counted", (unsigned long long)g.bytes_now);
    e = (struct err){0};
    CHECK(gpu_buf_open(&g, &b, 1 << 20, GPU_DEVICE, &e), "%s", e.text);
    b.map = NULL;
    round_trip(&g, &(struct gpu_buf){.buf = b.buf, .bytes = b.bytes}, 5, 300001); // a ring far smaller than the data
    CHECK(!probe_run(&g, false, 1, 0, NULL, &e) && strstr(e.text, "allows 4"), "%s", e.text);
    gpu_buf_close(&g, &b);
    CHECK(g.validation_errors == 0, "%u validation messages", g.validation_errors);
    gpu_close(&g);
}

int main(void)
{
    static struct caps list[16];
    static const char *const forced[] = {NULL, "api=1.2", "api=1.1", "no_addresses,no_subgroup_pick,no_fp16,no_int64"};
    uint32_t n = COUNTOF(list);
    struct err e = {0};
    if (!gpu_list(list, &n, NULL, &e)) {
        printf("not tried: %s\n", e.text);
        return 77;
    }
    for (uint32_t i = 0; i < n; i++) {
        char index[16];
        snprintf(index, sizeof index, "%u", i);
        if (list[i].refused[0]) continue;
        for (uint32_t k = 0; k < COUNTOF(forced); k++) test_device(index, forced[k]);
        test_limits(index);
    }
    struct gpu g;
    struct gpu_wish wrong = {.limits = "no_magic"};
    CHECK(!gpu_open(&g, &wrong, &e) && e.code == ERR_ARG, "an unknown limit was accepted");
    CHECK(!g.inst, "a failed open leaves nothing");
    gpu_close(&g);
    return check_done();
}
