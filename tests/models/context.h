// context.h — what the model tests share: the device under test, and lists of tensors.
#ifndef VKDIT_TEST_CONTEXT_H
#define VKDIT_TEST_CONTEXT_H

#include "check.h"
#include "golden.h"
#include "vkdit.h"

#include <stdbool.h>

// VKDIT_DEVICE and VKDIT_LIMIT choose it, VKDIT_VALIDATION asks for the layer. NULL when there is no device.
static inline vkdit_options context_options(void)
{
    return (vkdit_options){.device = getenv("VKDIT_DEVICE"),
                           .limits = getenv("VKDIT_LIMIT"),
                           .validation = getenv("VKDIT_VALIDATION") != NULL};
}

static inline vkdit *context_open(void)
{
    vkdit *context;
    vkdit_error e;
    vkdit_options o = context_options();
    if (vkdit_open(&o, &context, &e) != VKDIT_OK) {
        printf("no device: %s\n", e.message);
        return NULL;
    }
    printf("%s\n", vkdit_device_name(context));
    return context;
}

static inline int context_done(vkdit *context)
{
    CHECK(vkdit_validation_errors(context) == 0, "%u validation messages", vkdit_validation_errors(context));
    vkdit_close(context);
    return check_done();
}

static inline uint64_t tensor_count(const vkdit_tensor *t)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->rank; i++) n *= t->dim[i];
    return n;
}

static inline const vkdit_tensor *tensor_find(const vkdit_tensors *l, const char *name)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (!strcmp(l->tensor[i].name, name)) return &l->tensor[i];
    return NULL;
}

#endif
