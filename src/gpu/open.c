// open.c — from a wish to an open device, and back. The parts live in the other files of this folder.
#include "gpu/gpu_priv.h"

#include <stdlib.h>
#include <string.h>

static bool read_limited(VkInstance inst, VkPhysicalDevice phys, const char *limits, struct caps *c, struct err *e)
{
    if (!facts_read(inst, phys, 0, c, e)) return false;
    uint32_t api = c->api;
    if (!caps_limit(c, limits, e)) return false;
    if (c->api == api) return true;
    // a lower version has other ways to its features: ask again as that version
    return facts_read(inst, phys, c->api, c, e) && caps_limit(c, limits, e);
}

static bool read_all(VkInstance inst, const VkPhysicalDevice *phys, uint32_t n, const char *limits, struct caps *out,
                     struct err *e)
{
    for (uint32_t i = 0; i < n; i++)
        if (!read_limited(inst, phys[i], limits, &out[i], e)) return false;
    return true;
}

bool gpu_list(struct caps *out, uint32_t *n, const struct gpu_wish *w, struct err *e)
{
    struct gpu g = {0};
    VkPhysicalDevice *phys = NULL;
    uint32_t found = 0, room = *n;
    *n = 0;
    bool ok = instance_open(&g, NULL, e) && instance_devices(g.inst, &phys, &found, e);
    found = min_u32(found, room);
    ok = ok && read_all(g.inst, phys, found, w ? w->limits : NULL, out, e);
    if (ok) *n = found;
    free(phys);
    instance_close(&g);
    return ok;
}

static bool choose_device(struct gpu *g, const struct gpu_wish *w, struct err *e)
{
    VkPhysicalDevice *phys = NULL;
    uint32_t n = 0, index = 0;
    if (!instance_devices(g->inst, &phys, &n, e)) return false;
    struct caps *list = mem_zero(n, sizeof *list, e);
    bool ok = list && read_all(g->inst, phys, n, w->limits, list, e) &&
              gpu_choose(list, n, w->device, &index, g->why, sizeof g->why, e);
    if (ok) {
        g->caps = list[index];
        g->phys = phys[index];
    }
    free(list);
    free(phys);
    return ok;
}

static bool make_device(struct gpu *g, struct err *e)
{
    uint32_t bits, n_ext = 0;
    const char *ext[FEATURE_EXT_MAX];
    struct feature_set features;
    struct ext_list x;
    if (!facts_family(g->phys, &g->family, &bits)) return err_set(e, ERR_DEVICE, "no queue for compute");
    const void *next = features_for(&g->caps, &features, ext, &n_ext);
    if (!facts_ext(g->phys, &x, e)) return false;
    // the specification: where it is offered, it must be enabled
    if (ext_has(&x, "VK_KHR_portability_subset")) ext[n_ext++] = "VK_KHR_portability_subset";
    free(x.p);
    float priority = 0.5f;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = g->family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = next,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = n_ext,
                               .ppEnabledExtensionNames = ext};
    VkResult r = vkCreateDevice(g->phys, &info, NULL, &g->dev);
    if (r != VK_SUCCESS) {
        g->dev = NULL;
        return gpu_ok(g, r, "vkCreateDevice", e);
    }
    volkLoadDeviceTable(&g->vk, g->dev);
    return true;
}

// Heap sizes are the driver's business, except when a test forces one down.
static void set_heap_limit(struct gpu *g)
{
    vkGetPhysicalDeviceMemoryProperties(g->phys, &g->memory);
    uint64_t real = 0;
    for (uint32_t i = 0; i < g->caps.n_heap; i++)
        if (g->caps.heap[i].device_local && g->caps.heap[i].bytes > real) real = g->caps.heap[i].bytes;
    if (g->caps.heap_bytes < real) g->priv->heap_limit = g->caps.heap_bytes;
}

static bool open_parts(struct gpu *g, const struct gpu_wish *w, struct err *e)
{
    g->priv = mem_zero(1, sizeof *g->priv, e);
    if (!g->priv) return false;
    pthread_mutex_init(&g->priv->heard, NULL);
    g->priv->log = w->log;
    g->priv->user = w->user;
    g->priv->statistics = w->statistics;
    if (!instance_open(g, w, e) || !choose_device(g, w, e) || !make_device(g, e)) return false;
    set_heap_limit(g);
    if (!queue_open(g, e)) return false;
    cache_open(g, w->cache_dir);
    gpu_log(g->priv, 2, "device: %s (%s), because %s", g->caps.name, g->caps.driver_info, g->why);
    return true;
}

bool gpu_open(struct gpu *g, const struct gpu_wish *w, struct err *e)
{
    static const struct gpu_wish none = {0};
    *g = (struct gpu){0};
    if (open_parts(g, w ? w : &none, e)) return true;
    gpu_close(g);
    return false;
}

void gpu_close(struct gpu *g)
{
    if (g->dev) {
        g->vk.vkDeviceWaitIdle(g->dev); // a lost device answers at once
        cache_save(g);
        stages_close(g);
        pipelines_close(g);
        if (g->cache) g->vk.vkDestroyPipelineCache(g->dev, g->cache, NULL);
        queue_close(g);
        g->vk.vkDestroyDevice(g->dev, NULL);
    }
    instance_close(g);
    if (g->priv) pthread_mutex_destroy(&g->priv->heard);
    if (g->priv) free(g->priv->cache_path);
    free(g->priv);
    *g = (struct gpu){0};
}
