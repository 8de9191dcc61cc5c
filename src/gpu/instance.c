// instance.c — a Vulkan instance, and the validation messenger when it is wished. Knows nothing about devices.
#include "gpu/gpu_priv.h"
#include "gpu/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"

void gpu_log(const struct gpu_private *p, int level, const char *fmt, ...)
{
    if (!p || !p->log) return;
    char raw[2048], line[2200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(raw, sizeof raw, fmt, args);
    va_end(args);
    p->log(p->user, level, text_clean(line, sizeof line, raw, strlen(raw)));
}

static VKAPI_ATTR VkBool32 VKAPI_CALL heard(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                            VkDebugUtilsMessageTypeFlagsEXT types,
                                            const VkDebugUtilsMessengerCallbackDataEXT *data, void *user)
{
    struct gpu *g = user;
    (void)types;
    // volk's own: its table of device functions asks for one that belongs to the instance, and never calls it
    if (data->pMessage && strstr(data->pMessage, "vkGetDeviceProcAddr(): pName is trying to grab")) return VK_FALSE;
    pthread_mutex_lock(&g->priv->heard);
    g->validation_errors++;
    gpu_log(g->priv, severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT ? 0 : 1, "validation: %s",
            data->pMessage ? data->pMessage : "(no text)");
    pthread_mutex_unlock(&g->priv->heard);
    return VK_FALSE;
}

static bool layer_present(bool *present, struct err *e)
{
    uint32_t n = 0;
    *present = false;
    if (vkEnumerateInstanceLayerProperties(&n, NULL) != VK_SUCCESS || !n) return true;
    VkLayerProperties *list = mem_zero(n, sizeof *list, e);
    if (!list) return false;
    vkEnumerateInstanceLayerProperties(&n, list); // VK_INCOMPLETE is fine: what came is valid
    for (uint32_t i = 0; i < n; i++) *present |= !strcmp(list[i].layerName, VALIDATION_LAYER);
    free(list);
    return true;
}

static bool extension_present(const char *name, bool *present, struct err *e)
{
    uint32_t n = 0;
    *present = false;
    if (vkEnumerateInstanceExtensionProperties(NULL, &n, NULL) != VK_SUCCESS || !n) return true;
    VkExtensionProperties *list = mem_zero(n, sizeof *list, e);
    if (!list) return false;
    vkEnumerateInstanceExtensionProperties(NULL, &n, list);
    for (uint32_t i = 0; i < n; i++) *present |= !strcmp(list[i].extensionName, name);
    free(list);
    return true;
}

static VkDebugUtilsMessengerCreateInfoEXT messenger_info(struct gpu *g)
{
    return (VkDebugUtilsMessengerCreateInfoEXT){.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
                                                .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                                                                   VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
                                                // not GENERAL: that is the loader talking about other people's drivers
                                                .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                                                               VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
                                                .pfnUserCallback = heard,
                                                .pUserData = g};
}

static bool messenger_open(struct gpu *g, struct err *e)
{
    PFN_vkCreateDebugUtilsMessengerEXT create =
        (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(g->inst, "vkCreateDebugUtilsMessengerEXT");
    if (!create) return err_set(e, ERR_DEVICE, "the Vulkan loader lacks vkCreateDebugUtilsMessengerEXT");
    VkDebugUtilsMessengerCreateInfoEXT info = messenger_info(g);
    return gpu_ok(g, create(g->inst, &info, NULL, &g->priv->messenger), "vkCreateDebugUtilsMessengerEXT", e);
}

static bool instance_create(struct gpu *g, bool validation, bool portability, struct err *e)
{
    static const VkValidationFeatureEnableEXT checks[] = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
    VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info(g);
    VkValidationFeaturesEXT features = {.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
                                        .pNext = &messenger,
                                        .enabledValidationFeatureCount = COUNTOF(checks),
                                        .pEnabledValidationFeatures = checks};
    VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                             .pApplicationName = "vkdit",
                             .pEngineName = "vkdit",
                             .apiVersion = VK_API_VERSION_1_3};
    const char *layers[] = {VALIDATION_LAYER}, *ext[2];
    uint32_t n_ext = 0;
    if (validation) ext[n_ext++] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    if (portability) ext[n_ext++] = "VK_KHR_portability_enumeration";
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pNext = validation ? &features : NULL,
                                 .flags = portability ? 1 : 0, // VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR
                                 .pApplicationInfo = &app,
                                 .enabledLayerCount = validation ? 1 : 0,
                                 .ppEnabledLayerNames = layers,
                                 .enabledExtensionCount = n_ext,
                                 .ppEnabledExtensionNames = ext};
    VkResult r = vkCreateInstance(&info, NULL, &g->inst);
    if (r == VK_SUCCESS) return true;
    g->inst = NULL;
    if (r == VK_ERROR_INCOMPATIBLE_DRIVER)
        return err_set(e, ERR_DEVICE, "no Vulkan driver on this system: install mesa-vulkan-drivers or the vendor's");
    return gpu_ok(g, r, "vkCreateInstance", e);
}

bool instance_open(struct gpu *g, const struct gpu_wish *w, struct err *e)
{
    bool layer = false, portability = false;
    if (!loader_find(e)) return false;
    bool validation = w && w->validation;
    if (validation && !layer_present(&layer, e)) return false;
    if (validation && !layer)
        return err_set(e, ERR_UNSUPPORTED,
                       "validation was asked for, but the layer " VALIDATION_LAYER
                       " is not installed (Debian: vulkan-validationlayers)");
    if (!extension_present("VK_KHR_portability_enumeration", &portability, e)) return false;
    if (!instance_create(g, validation, portability, e)) return false;
    loader_learn(g->inst);
    return !validation || messenger_open(g, e);
}

void instance_close(struct gpu *g)
{
    if (!g->inst) return;
    if (g->priv && g->priv->messenger) {
        PFN_vkDestroyDebugUtilsMessengerEXT destroy =
            (PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(g->inst, "vkDestroyDebugUtilsMessengerEXT");
        if (destroy) destroy(g->inst, g->priv->messenger, NULL);
        g->priv->messenger = VK_NULL_HANDLE;
    }
    vkDestroyInstance(g->inst, NULL);
    g->inst = NULL;
}

bool instance_devices(VkInstance inst, VkPhysicalDevice **phys, uint32_t *n, struct err *e)
{
    *phys = NULL;
    *n = 0;
    VkResult r = vkEnumeratePhysicalDevices(inst, n, NULL);
    if (r == VK_SUCCESS && *n) {
        *n = min_u32(*n, GPU_LIST_MAX);
        *phys = mem_zero(*n, sizeof **phys, e);
        if (!*phys) return false;
        r = vkEnumeratePhysicalDevices(inst, n, *phys);
    }
    if (r == VK_SUCCESS || r == VK_INCOMPLETE) return true;
    free(*phys);
    *phys = NULL;
    *n = 0;
    // some drivers answer so when their hardware is absent
    if (r == VK_ERROR_INITIALIZATION_FAILED || r == VK_ERROR_INCOMPATIBLE_DRIVER) return true;
    return gpu_ok(NULL, r, "vkEnumeratePhysicalDevices", e);
}
