// loader.h — the process's Vulkan entry points. Safe to call from several threads.
#ifndef VKDIT_LOADER_H
#define VKDIT_LOADER_H

#include "base/base.h"

#define VK_NO_PROTOTYPES
#include <volk.h>

bool loader_find(struct err *e);    // the loader itself: vkGetInstanceProcAddr, vkCreateInstance, ...
void loader_learn(VkInstance inst); // the instance level functions, from the first instance only

#endif
