// cache.c — the driver's pipeline cache in a file, one per device and driver version. A wrong, torn or foreign file
// is ignored: without a cache things are slower, not wrong, so nothing here fails.
#include "base/newfile.h"
#include "gpu/gpu_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CACHE_MAX = 256 << 20 };

struct cache_head { // our own, because drivers only check that the data is theirs, not that it is whole
    char magic[8];
    uint8_t uuid[16];
    uint32_t vendor, device, driver_version, zero;
    uint64_t bytes, sum;
};

static uint64_t checksum(const uint8_t *p, uint64_t n) // FNV-1a
{
    uint64_t h = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < n; i++) h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

static struct cache_head head_for(const struct gpu *g, const void *data, uint64_t bytes)
{
    struct cache_head h = {.magic = "VKDITPC",
                           .vendor = g->caps.vendor,
                           .device = g->caps.device,
                           .driver_version = g->caps.driver_version,
                           .bytes = bytes,
                           .sum = checksum(data, bytes)};
    h.magic[7] = 1; // version of this layout
    memcpy(h.uuid, g->caps.uuid, sizeof h.uuid);
    return h;
}

// The folder, made when missing; NULL when there is none to be had.
static char *cache_folder(const char *dir)
{
    char path[1024];
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int len;
    if (dir)
        len = snprintf(path, sizeof path, "%s", dir);
    else if (xdg && xdg[0] == '/')
        len = snprintf(path, sizeof path, "%s/vkdit", xdg);
    else if (home && home[0] == '/')
        len = snprintf(path, sizeof path, "%s/.cache/vkdit", home);
    else
        return NULL;
    if (len <= 0 || (size_t)len >= sizeof path) return NULL;
    for (char *s = path + 1; *s; s++) {
        if (*s != '/') continue;
        *s = '\0';
        mkdir(path, 0700);
        *s = '/';
    }
    if (mkdir(path, 0700) && errno != EEXIST) return NULL;
    return mem_text(path, NULL);
}

static char *cache_file(const struct gpu *g, const char *dir)
{
    char *folder = cache_folder(dir), hex[33];
    if (!folder) return NULL;
    for (uint32_t i = 0; i < 16; i++) snprintf(hex + 2 * i, 3, "%02x", g->caps.uuid[i]);
    size_t room = strlen(folder) + 80;
    char *path = mem_zero(room, 1, NULL);
    if (path) snprintf(path, room, "%s/%s-%08x.pipelines", folder, hex, g->caps.driver_version);
    free(folder);
    return path;
}

bool gpu_cache_file(const struct gpu *g, const char *suffix, char *path, size_t bytes)
{
    if (!g->priv->cache_path) return false;
    size_t stem = (size_t)(strrchr(g->priv->cache_path, '.') - g->priv->cache_path);
    int n = snprintf(path, bytes, "%.*s.%s", (int)stem, g->priv->cache_path, suffix);
    return n > 0 && (size_t)n < bytes;
}

static uint8_t *read_file(const char *path, uint64_t *bytes)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    struct stat st;
    uint8_t *data = NULL;
    *bytes = 0;
    if (!fstat(fileno(f), &st) && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= CACHE_MAX) {
        *bytes = (uint64_t)st.st_size;
        data = mem_zero(*bytes, 1, NULL);
        if (data && fread(data, 1, *bytes, f) != *bytes) *bytes = 0;
    }
    fclose(f);
    return data;
}

// The payload inside the file's bytes, or NULL when anything about it is wrong.
static const uint8_t *payload(const struct gpu *g, const uint8_t *file, uint64_t bytes)
{
    struct cache_head h;
    if (bytes < sizeof h) return NULL;
    memcpy(&h, file, sizeof h);
    if (h.bytes != bytes - sizeof h) return NULL;
    struct cache_head want = head_for(g, file + sizeof h, h.bytes);
    return memcmp(&h, &want, sizeof h) ? NULL : file + sizeof h;
}

static VkResult make_cache(struct gpu *g, const uint8_t *data, uint64_t bytes)
{
    VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, .initialDataSize = bytes, .pInitialData = data};
    VkResult r = g->vk.vkCreatePipelineCache(g->dev, &info, NULL, &g->cache);
    if (r != VK_SUCCESS) g->cache = VK_NULL_HANDLE;
    return r;
}

void cache_open(struct gpu *g, const char *dir)
{
    uint64_t bytes = 0;
    uint8_t *file = NULL;
    const uint8_t *data = NULL;
    if (!dir || *dir) g->priv->cache_path = cache_file(g, dir);
    if (g->priv->cache_path) file = read_file(g->priv->cache_path, &bytes);
    if (file) data = payload(g, file, bytes);
    if (file && !data) gpu_log(g->priv, 1, "the pipeline cache %s is damaged, it is ignored", g->priv->cache_path);
    if (data) g->priv->cache_bytes = bytes - sizeof(struct cache_head);
    if (data && make_cache(g, data, g->priv->cache_bytes) != VK_SUCCESS) data = NULL;
    if (!data) {
        g->priv->cache_bytes = 0;
        VkResult r = make_cache(g, NULL, 0);
        if (r != VK_SUCCESS) gpu_log(g->priv, 1, "no pipeline cache: vkCreatePipelineCache gave %d", (int)r);
    }
    free(file);
}

static bool write_file(const char *path, const struct cache_head *h, const void *data, struct err *e)
{
    struct newfile f;
    if (!newfile_open(&f, path, e)) return false;
    newfile_put(&f, h, sizeof *h);
    newfile_put(&f, data, h->bytes);
    return newfile_commit(&f, true, e);
}

void cache_save(struct gpu *g)
{
    size_t bytes = 0;
    if (!g->priv->cache_path || !g->cache || !g->priv->pipes_new || g->lost) return;
    if (g->vk.vkGetPipelineCacheData(g->dev, g->cache, &bytes, NULL) != VK_SUCCESS) return;
    // no growth: nothing new was compiled (SwiftShader adds a bare header of 32 bytes at every use)
    if ((g->priv->cache_bytes && bytes <= g->priv->cache_bytes + 32) || bytes > CACHE_MAX) return;
    uint8_t *data = mem_zero(bytes, 1, NULL);
    if (!data) return;
    if (g->vk.vkGetPipelineCacheData(g->dev, g->cache, &bytes, data) == VK_SUCCESS) {
        struct cache_head h = head_for(g, data, bytes);
        struct err why = {0};
        if (!write_file(g->priv->cache_path, &h, data, &why))
            gpu_log(g->priv, 1, "the pipeline cache is not kept: %s", why.text);
    }
    free(data);
}
