// test_gpu_inject.c — every call that can fail fails once, at every place: never a crash, one clear message, nothing
// left behind (the validation layer reports what is still alive when a device is destroyed; sanitizers see the host).
#include "fake_vk.h"
#include "gpu_probe.h"

#include <unistd.h>

static uint32_t validation_messages;

static void count_validation(void *user, int level, const char *line)
{
    (void)user, (void)level;
    if (strncmp(line, "validation:", 11)) return;
    validation_messages++;
    fprintf(stderr, "%s\n", line);
}

// Everything this folder offers, once. True when it all worked.
static bool trip(struct gpu *g, const char *dir, bool validation, struct err *e)
{
    struct gpu_wish w = {.cache_dir = dir, .validation = validation, .log = count_validation};
    struct gpu_buf b = {0};
    uint8_t bytes[100] = {1, 2, 3}, back[100];
    bool ok =
        gpu_open(g, &w, e) && probe_run(g, false, 1, 0, NULL, e) && gpu_buf_open(g, &b, sizeof bytes, GPU_DEVICE, e);
    if (ok) {
        struct gpu_buf view = b;
        view.map = NULL;
        ok = gpu_upload(g, &view, 0, bytes, sizeof bytes, e) && gpu_download(g, &view, 0, back, sizeof back, e);
        CHECK(!ok || !memcmp(bytes, back, sizeof back), "bytes came back wrong");
    }
    if (g->dev) gpu_buf_close(g, &b);
    return ok;
}

static uint32_t last_call(const char *dir, bool validation)
{
    struct gpu g;
    struct err e = {0};
    calls = fail_at = 0;
    CHECK(trip(&g, dir, validation, &e), "without injection: %s", e.text);
    gpu_close(&g);
    return calls;
}

static void inject(const char *dir, bool validation, VkResult r, bool for_good, uint32_t total)
{
    for (uint32_t k = 1; k <= total; k++) {
        struct gpu g;
        struct err e = {0};
        calls = 0;
        fail_at = k;
        fail_with = r;
        failing_for_good = for_good;
        bool ok = trip(&g, dir, validation, &e), lost = g.lost;
        CHECK(ok == (e.code == ERR_NONE), "call %u, result %d: ok %d, message \"%s\"", k, (int)r, ok, e.text);
        CHECK(ok || (strlen(e.text) > 20 && !strchr(e.text, '\n')), "call %u: \"%s\"", k, e.text);
        if (!ok && r == VK_ERROR_DEVICE_LOST)
            CHECK(e.code == ERR_LOST && (lost || !g.dev), "call %u: code %d, lost %d", k, (int)e.code, lost);
        if (!ok && (r == VK_ERROR_OUT_OF_HOST_MEMORY || r == VK_ERROR_OUT_OF_DEVICE_MEMORY))
            CHECK(e.code == ERR_MEMORY, "call %u: code %d, %s", k, (int)e.code, e.text);
        gpu_close(&g);
        CHECK(g.bytes_now == 0, "call %u: memory is still counted", k);
    }
    fail_at = 0;
}

int main(void)
{
    char dir[] = "test_gpu_inject.XXXXXX";
    struct gpu g;
    struct err e = {0};
    bool validation = true;
    if (!mkdtemp(dir)) return 77;
    if (!gpu_open(&g, &(struct gpu_wish){.validation = true, .cache_dir = ""}, &e)) {
        validation = false;
        e = (struct err){0};
    }
    if (!validation && !gpu_open(&g, NULL, &e)) {
        printf("not tried: %s\n", e.text);
        return 77;
    }
    gpu_close(&g);
    fake_vk_swap();
    uint32_t total = last_call(dir, validation);
    printf("%u calls can fail, validation %s\n", total, validation ? "on" : "off");
    CHECK(total > 30, "only %u calls were seen", total);
    inject(dir, validation, VK_ERROR_OUT_OF_DEVICE_MEMORY, false, total);
    inject(dir, validation, VK_ERROR_OUT_OF_HOST_MEMORY, false, total);
    inject(dir, validation, VK_ERROR_DEVICE_LOST, true, total);
    inject(dir, validation, VK_ERROR_UNKNOWN, false, total);
    CHECK(validation_messages == 0, "%u validation messages", validation_messages);
    CHECK(last_call(dir, validation) > 30, "nothing works afterwards");
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(!system(command), "%s", command);
    return check_done();
}
