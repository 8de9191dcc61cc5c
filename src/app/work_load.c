// work_load.c — the worker opens devices and models, and says how far it is. Knows nothing about runs.
#include "app/work.h"

#include <stdlib.h>
#include <string.h>

// What a person can do about a failure of this kind.
const char *work_advice(enum err_code code)
{
    switch (code) {
    case ERR_IO: return "Check that the file exists and can be read, or choose another model.";
    case ERR_FORMAT:
    case ERR_MODEL: return "Choose another model: the file may be damaged, incomplete, or of another kind.";
    case ERR_MEMORY:
        return "Try a smaller batch, precision fp16, weights q8 or q4, or another device; close what else uses the "
               "GPU.";
    case ERR_DEVICE: return "Choose another device, or update its driver; \"vkdit devices\" says what was found.";
    case ERR_LOST: return "The driver reset the device. It is opened again by itself; if it stays so, lower the batch.";
    case ERR_NUMERIC: return "Set the precision to fp32 and try again.";
    case ERR_ARG: return "Change the setting that is named and try again.";
    default: return "";
    }
}

// --- keys: what must be equal for an open model to serve ----------------------------------------------------------

static char *key_of(json_t *options, struct err *e)
{
    static const char *const names[] = {"model", "synthetic", "vae",       "tiny-vae", "root",   "heads",
                                        "sit",   "dit",       "precision", "numerics", "weights"};
    json_t *part = json_object();
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (json_object_get(options, names[i])) json_object_set(part, names[i], json_object_get(options, names[i]));
    char *text = json_dumps(part, JSON_SORT_KEYS);
    json_decref(part);
    if (!text) err_memory(e, 1000);
    return text;
}

static void close_model(struct worker *w)
{
    vkdit_model_close(w->subject.model);
    w->subject.model = NULL;
    free(w->model_key);
    w->model_key = NULL;
    pthread_mutex_lock(&w->lock);
    w->said.ready = false;
    weights_page_drop(w->said.weights);
    w->said.weights = NULL;
    pthread_mutex_unlock(&w->lock);
}

void work_unload(struct worker *w)
{
    close_model(w);
    if (w->subject.context) w->complaints += vkdit_validation_errors(w->subject.context);
    vkdit_close(w->subject.context);
    w->subject.context = NULL;
    free(w->device_key);
    w->device_key = NULL;
}

// --- opening ------------------------------------------------------------------------------------------------------

static int on_load(void *user, const char *what, uint64_t done, uint64_t total)
{
    struct worker *w = user;
    pthread_mutex_lock(&w->lock);
    snprintf(w->said.what, sizeof w->said.what, "%s", what ? what : "weights");
    w->said.done = done;
    w->said.total = total;
    work_publish(w);
    return work_unwanted(w);
}

static uint64_t local_budget(const json_t *device)
{
    const json_t *heap;
    size_t i;
    uint64_t most = 0;
    json_array_foreach(json_object_get(device, "heaps"), i, heap)
    {
        const uint64_t budget = (uint64_t)json_integer_value(json_object_get(heap, "budget_bytes"));
        if (json_is_true(json_object_get(heap, "device_local")) && budget > most) most = budget;
    }
    return most;
}

// Names of all devices; the budget of the one that is open.
static struct names *list_devices(const struct worker *w, uint64_t *budget)
{
    vkdit_error error;
    char *json = NULL;
    const vkdit_options o = {.limits = w->setup.limit};
    *budget = 0;
    if (vkdit_devices_json(&o, &json, &error)) return NULL;
    json_t *root = json_loads(json, 0, NULL), *list = json_object_get(root, "devices"), *row;
    vkdit_free(json);
    struct names *names = names_new((uint32_t)json_array_size(list), NULL);
    size_t i;
    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        if (names && i < names->n) names->text[i] = mem_text(name ? name : "?", NULL);
        if (name && !strcmp(name, vkdit_device_name(w->subject.context))) *budget = local_budget(row);
    }
    json_decref(root);
    return names;
}

static struct names *shipped_models(const struct worker *w)
{
    char *json = NULL;
    if (vkdit_models_json(w->setup.assets, &json, NULL)) return NULL;
    json_t *list = json_loads(json, 0, NULL), *row;
    vkdit_free(json);
    struct names *names = names_new((uint32_t)json_array_size(list), NULL);
    size_t i;
    json_array_foreach(list, i, row)
    {
        char text[300];
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *about = json_string_value(json_object_get(row, "about"));
        snprintf(text, sizeof text, "%s\t%s", name ? name : "", about ? about : "");
        if (names && i < names->n) names->text[i] = mem_text(text, NULL);
    }
    json_decref(list);
    return names;
}

static bool open_device(struct worker *w, const char *device, struct err *e)
{
    if (w->device_key && strcmp(w->device_key, device) != 0) work_unload(w);
    if (w->subject.context) return true;
    snprintf(w->device, sizeof w->device, "%s", device);
    w->cli.s.device = *w->device ? w->device : NULL;
    w->cli.s.cache = w->setup.cache;
    w->cli.s.limit = w->setup.limit;
    w->cli.s.validation = w->setup.validation;
    w->subject.cli = &w->cli;
    if (!subject_open_device(&w->subject, e)) return false;
    w->device_key = mem_text(device, e);
    uint64_t budget;
    struct names *devices = list_devices(w, &budget), *models = shipped_models(w);
    const char *reason = vkdit_device_reason(w->subject.context);
    pthread_mutex_lock(&w->lock);
    snprintf(w->said.device, sizeof w->said.device, "%s", vkdit_device_name(w->subject.context));
    snprintf(w->said.reason, sizeof w->said.reason, "%s", reason ? reason : "");
    names_drop(w->said.devices);
    w->said.devices = devices;
    names_drop(w->said.models);
    w->said.models = models;
    w->said.budget = budget;
    work_publish(w);
    return w->device_key != NULL;
}

static struct names *class_names(const struct worker *w)
{
    const uint32_t n = w->subject.info.classes;
    struct names *names = names_new(n, NULL);
    for (uint32_t i = 0; names && i < names->n; i++) {
        const char *name = vkdit_class_name(w->subject.model, i);
        names->text[i] = name ? mem_text(name, NULL) : NULL;
    }
    return names;
}

static uint64_t planned_part(const json_t *part, const char *name)
{
    static const char *const sizes[] = {"weights_step_bytes", "state_and_table_bytes", "temporaries_bytes"};
    const json_t *plan = json_object_get(part, name);
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNTOF(sizes); i++) sum += (uint64_t)json_integer_value(json_object_get(plan, sizes[i]));
    return sum;
}

static uint64_t planned_memory(struct worker *w)
{
    vkdit_error error;
    char *json = NULL;
    if (vkdit_inspect_json(w->subject.context, &w->subject.options, &json, &error)) return 0;
    json_t *root = json_loads(json, 0, NULL);
    vkdit_free(json);
    const uint64_t sum = planned_part(json_object_get(root, "transformer"), "memory_one_guided_picture_50_steps") +
                         planned_part(json_object_get(root, "autoencoder"), "memory_one_picture");
    json_decref(root);
    return sum;
}

static bool open_model(struct worker *w, struct err *e)
{
    vkdit *context = w->subject.context;
    vkdit_error error = {0};
    const bool chosen = subject_choose(&w->subject, &w->cli, e);
    w->subject.context = context;
    if (!chosen) return false;
    w->subject.options.progress = on_load;
    w->subject.options.user = w;
    if (vkdit_model_open(context, &w->subject.options, &w->subject.model, &error)) return err_api(e, &error);
    vkdit_model_get_info(w->subject.model, &w->subject.info);
    subject_identity(&w->subject, w->identity, sizeof w->identity);
    w->decode_seconds = 0;
    struct names *classes = class_names(w);
    const uint64_t memory = planned_memory(w);
    pthread_mutex_lock(&w->lock);
    names_drop(w->said.classes);
    w->said.classes = classes;
    w->said.memory = memory;
    w->said.info = w->subject.info;
    snprintf(w->said.sampler, sizeof w->said.sampler, "%s", w->subject.info.sampler ? w->subject.info.sampler : "");
    w->said.info.sampler = w->said.info.spacing = NULL; // the model's, which may be closed before this is read
    w->said.ready = true;
    w->said.opened++;
    work_publish(w);
    return true;
}

bool work_load(struct worker *w, json_t *options, const char *device, struct err *e)
{
    struct settings s;
    char *key = key_of(options, e);
    bool ok = key && form_settings(options, device, &s, e);
    if (ok) {
        json_incref(options);
        json_decref(w->options);
        w->options = options;
        w->cli.s = s;
        w->cli.s.assets = w->setup.assets;
        w->cli.s.tiny_vae = w->setup.tiny_vae;
    }
    const bool open =
        ok && w->model_key && !strcmp(key, w->model_key) && w->device_key && !strcmp(device, w->device_key);
    if (!ok || open) {
        free(key);
        return ok;
    }
    work_say(w, WORK_LOADING);
    close_model(w);
    ok = open_device(w, device, e) && open_model(w, e);
    if (ok)
        w->model_key = key;
    else
        free(key);
    if (!ok) close_model(w);
    return ok;
}
