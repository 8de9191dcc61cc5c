// context.c — opening a device for a caller, and turning internal errors into public ones.
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)ERR_NUMERIC == (int)VKDIT_ERR_NUMERIC && (int)ERR_ARG == (int)VKDIT_ERR_ARGUMENT, "same order");

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)

const char *vkdit_version(void)
{
    return TEXT(VKDIT_VERSION_MAJOR) "." TEXT(VKDIT_VERSION_MINOR) "." TEXT(VKDIT_VERSION_PATCH);
}

const char *vkdit_status_name(vkdit_status status)
{
    static const char *const names[] = {"ok",     "argument", "io",   "format",    "model",  "unsupported",
                                        "memory", "device",   "lost", "cancelled", "numeric"};
    return (unsigned)status < COUNTOF(names) ? names[status] : "unknown";
}

const char *vkdit_arithmetic_name(vkdit_precision precision, vkdit_weights weights)
{
    static const char *const names[][3] = {
        {"auto", "auto q8", "auto q4"}, {"fp32", "fp32 q8", "fp32 q4"}, {"fp16", "fp16 q8", "fp16 q4"}};
    bool known = (unsigned)precision < COUNTOF(names) && (unsigned)weights < COUNTOF(names[0]);
    return known ? names[precision][weights] : "unknown";
}

const char *vkdit_weights_name(vkdit_weights weights)
{
    static const char *const names[] = {"full", "q8", "q4"};
    return (unsigned)weights < COUNTOF(names) ? names[weights] : "unknown";
}

void vkdit_free(void *memory)
{
    free(memory);
}

vkdit_status status_of(const struct err *e, vkdit_error *out)
{
    if (out) {
        out->status = (vkdit_status)e->code;
        snprintf(out->message, sizeof out->message, "%s", e->code == ERR_NONE ? "" : e->text);
    }
    return (vkdit_status)e->code;
}

static struct gpu_wish wish_of(const vkdit_options *o)
{
    if (!o) return (struct gpu_wish){0};
    return (struct gpu_wish){.device = o->device,
                             .limits = o->limits,
                             .cache_dir = o->cache_dir,
                             .validation = o->validation != 0,
                             .log = o->log,
                             .user = o->user};
}

vkdit_status vkdit_open(const vkdit_options *options, vkdit **out, vkdit_error *error)
{
    struct err e = {0};
    struct gpu_wish w = wish_of(options);
    *out = mem_zero(1, sizeof **out, &e);
    if (*out && gpu_open(&(*out)->gpu, &w, &e)) {
        (*out)->log = w.log;
        (*out)->user = w.user;
        (*out)->validation = w.validation;
        (*out)->limited = w.limits && *w.limits;
        tuning_load(*out);
        return status_of(&e, error);
    }
    vkdit_close(*out);
    *out = NULL;
    return status_of(&e, error);
}

void vkdit_close(vkdit *context)
{
    if (!context) return;
    gpu_close(&context->gpu);
    free(context);
}

const char *vkdit_device_name(const vkdit *context)
{
    return context->gpu.caps.name;
}
const char *vkdit_device_reason(const vkdit *context)
{
    return context->gpu.why;
}
unsigned vkdit_validation_errors(const vkdit *context)
{
    return context->gpu.validation_errors;
}
