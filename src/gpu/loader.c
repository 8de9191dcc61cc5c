// loader.c — finds the system's Vulkan loader, through volk. The one place with process-wide state: volk keeps the
// loader's entry points in variables. They are written once, under a lock, and never change afterwards, because the
// loader hands out the same trampolines for every instance; device calls go through each gpu's own table.
#define VOLK_IMPLEMENTATION
#include "gpu/loader.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool loader_find(struct err *e)
{
    pthread_mutex_lock(&lock);
    VkResult r = vkGetInstanceProcAddr ? VK_SUCCESS : volkInitialize();
    pthread_mutex_unlock(&lock);
    if (r != VK_SUCCESS)
        return err_set(e, ERR_DEVICE, "no Vulkan loader (libvulkan.so.1) on this system: install libvulkan1");
    if (!vkEnumerateInstanceVersion)
        return err_set(e, ERR_DEVICE, "the Vulkan loader is of version 1.0, version 1.1 or newer is needed");
    return true;
}

void loader_learn(VkInstance inst)
{
    pthread_mutex_lock(&lock);
    if (!vkGetDeviceProcAddr) volkLoadInstanceOnly(inst);
    pthread_mutex_unlock(&lock);
}
