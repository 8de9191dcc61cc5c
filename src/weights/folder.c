// folder.c — a diffusers folder: which files exist, and what their JSON says. Knows nothing about tensors, nor what
// the numbers are good for; it only keeps each within sane bounds.
#include "weights/folder.h"

#include "base/file.h"
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    JSON_MAX = 1 << 20, // published model_index.json files, with a thousand labels, have 36 KiB
    LABELS_MAX = 1 << 16,
};

// Preference order; full precision before the fp16 variant.
static const char *const weight_names[] = {
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.bin.index.json",
    "diffusion_pytorch_model.fp16.safetensors",
};

struct field { // one member of a JSON object and where it goes
    const char *key;
    size_t offset;
    enum { COUNT, REAL32, REAL64, TEXT } type;
    uint32_t most; // of a count; the least is 1
};

#define FIELD(member) offsetof(struct folder, member)

static const struct field transformer_fields[] = {
    {"_class_name", FIELD(dit.class_name), TEXT},
    {"num_attention_heads", FIELD(dit.heads), COUNT, 1 << 12},
    {"attention_head_dim", FIELD(dit.head_dim), COUNT, 1 << 12},
    {"num_layers", FIELD(dit.layers), COUNT, 1 << 12},
    {"patch_size", FIELD(dit.patch), COUNT, 1 << 10},
    {"sample_size", FIELD(dit.sample), COUNT, 1 << 14},
    {"in_channels", FIELD(dit.in_channels), COUNT, 1 << 14},
    {"out_channels", FIELD(dit.out_channels), COUNT, 1 << 14},
    {"num_embeds_ada_norm", FIELD(dit.classes), COUNT, 1 << 24},
    {"norm_eps", FIELD(dit.norm_eps), REAL32},
};

static const struct field vae_fields[] = {
    {"scaling_factor", FIELD(vae_config.scaling), REAL32},
    {"norm_num_groups", FIELD(vae_config.groups), COUNT, 1 << 12},
    {"latent_channels", FIELD(vae_config.latent), COUNT, 1 << 12},
};

static const struct field scheduler_fields[] = {
    {"_class_name", FIELD(scheduler.class_name), TEXT},
    {"prediction_type", FIELD(scheduler.prediction), TEXT},
    {"timestep_spacing", FIELD(scheduler.spacing), TEXT},
    {"num_train_timesteps", FIELD(scheduler.train_steps), COUNT, 1 << 20},
    {"beta_start", FIELD(scheduler.beta_start), REAL64},
    {"beta_end", FIELD(scheduler.beta_end), REAL64},
    {"beta_schedule", FIELD(scheduler.beta_schedule), TEXT},
};

static bool read_count(uint32_t *out, const json_t *v, const struct field *field, struct err *e)
{
    const json_int_t i = json_integer_value(v);
    if (!json_is_integer(v) || i < 1 || i > (json_int_t)field->most)
        return err_set(e, ERR_MODEL, "%s is not a whole number from 1 to %u", field->key, field->most);
    *out = (uint32_t)i;
    return true;
}

static bool read_real(double *out, const json_t *v, const struct field *field, struct err *e)
{
    *out = json_number_value(v);
    return (json_is_number(v) && *out > 0 && *out < 1e6) ||
           err_set(e, ERR_MODEL, "%s is not a positive number", field->key);
}

static bool read_text(char **out, const json_t *v, const struct field *field, struct err *e)
{
    if (!json_is_string(v)) return err_set(e, ERR_MODEL, "%s is not text", field->key);
    free(*out);
    *out = mem_text(json_string_value(v), e);
    return *out != NULL;
}

static bool read_field(void *at, const json_t *v, const struct field *field, struct err *e)
{
    double real;
    switch (field->type) {
    case COUNT: return read_count(at, v, field, e);
    case TEXT: return read_text(at, v, field, e);
    case REAL64: return read_real(at, v, field, e);
    case REAL32:
        if (!read_real(&real, v, field, e)) return false;
        *(float *)at = (float)real;
        return true;
    }
    return false;
}

static bool read_fields(struct folder *f, const json_t *object, const struct field *field, uint32_t n, struct err *e)
{
    for (uint32_t i = 0; i < n; i++) {
        const json_t *v = json_object_get(object, field[i].key);
        if (!v || json_is_null(v)) continue; // null means: the default
        if (!read_field((char *)f + field[i].offset, v, &field[i], e)) return false;
    }
    return true;
}

static bool read_transformer(struct folder *f, const json_t *object, struct err *e)
{
    return read_fields(f, object, transformer_fields, COUNTOF(transformer_fields), e);
}

static bool read_vae(struct folder *f, const json_t *object, struct err *e)
{
    return read_fields(f, object, vae_fields, COUNTOF(vae_fields), e);
}

static bool read_scheduler(struct folder *f, const json_t *object, struct err *e)
{
    return read_fields(f, object, scheduler_fields, COUNTOF(scheduler_fields), e);
}

// "0".."65535", nothing else.
static bool class_id(const char *text, uint32_t *id)
{
    *id = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9' || (*id = *id * 10 + (uint32_t)(*c - '0')) >= LABELS_MAX) return false;
    }
    return text[0] && (text[0] != '0' || !text[1]);
}

static bool read_labels(struct folder *f, json_t *labels, struct err *e)
{
    const char *key;
    json_t *value;
    uint32_t id, cap = 0;
    if (!json_is_object(labels) || f->labels) return err_set(e, ERR_MODEL, "id2label is not an object");
    json_object_foreach(labels, key, value)
    {
        if (!class_id(key, &id) || !json_is_string(value))
            return err_set(e, ERR_MODEL, "id2label: \"%s\" is not a class below %d with a name",
                           text_clean((char[40]){0}, 40, key, strlen(key)), LABELS_MAX);
        if (!mem_grow(&f->labels, &cap, id + 1, sizeof *f->labels, e)) return false;
        f->n_labels = max_u32(f->n_labels, id + 1);
        f->labels[id] = mem_text(json_string_value(value), e);
        if (!f->labels[id]) return false;
    }
    return true;
}

static bool read_index(struct folder *f, const json_t *object, struct err *e)
{
    json_t *labels = json_object_get(object, "id2label");
    return !labels || json_is_null(labels) || read_labels(f, labels, e);
}

static const struct folder_file {
    const char *path;
    bool (*read)(struct folder *f, const json_t *object, struct err *e);
} files[FOLDER_FILES] = {
    {"model_index.json", read_index},
    {"transformer/config.json", read_transformer},
    {"vae/config.json", read_vae},
    {"scheduler/scheduler_config.json", read_scheduler},
};

static bool parse_with(struct folder *f, bool (*read)(struct folder *, const json_t *, struct err *), const void *text,
                       uint64_t bytes, struct err *e)
{
    json_t *object = json_read(text, bytes, JSON_MAX, e);
    if (!object) return false;
    const bool ok = json_is_object(object) ? read(f, object, e) : err_set(e, ERR_FORMAT, "is not a JSON object");
    json_decref(object);
    return ok;
}

bool folder_parse(struct folder *f, uint32_t i, const void *text, uint64_t bytes, struct err *e)
{
    return parse_with(f, files[i].read, text, bytes, e) || err_in(e, files[i].path);
}

void folder_begin(struct folder *f)
{
    *f = (struct folder){0};
    f->dit.norm_eps = f->vae_config.scaling = NAN;
    f->scheduler.beta_start = f->scheduler.beta_end = (double)NAN;
}

// Reads a configuration file if it exists.
static bool read_file(struct folder *f, const struct folder_file *file, bool *found, struct err *e)
{
    struct file text = {0};
    char *path = path_join(f->path, file->path, e);
    if (!path) return false;
    *found = file_kind(path) != FILE_ABSENT;
    const bool ok = !*found || (file_open(&text, path, e) && parse_with(f, file->read, text.data, text.bytes, e));
    file_close(&text);
    free(path);
    return ok || err_in(e, file->path);
}

// The weight file of a component ("" is the folder itself); *out stays NULL when there is no such folder.
static bool find_weights(struct folder *f, const char *component, char **out, struct err *e)
{
    char *folder = component[0] ? path_join(f->path, component, e) : mem_text(f->path, e);
    if (!folder) return false;
    const bool present = file_kind(folder) == FILE_FOLDER;
    bool ok = true;
    for (uint32_t i = 0; present && ok && !*out && i < COUNTOF(weight_names); i++) {
        char *path = path_join(folder, weight_names[i], e);
        ok = path != NULL;
        if (ok && file_kind(path) != FILE_ABSENT)
            *out = path;
        else
            free(path);
    }
    free(folder);
    if (ok && present && !*out)
        ok = err_set(e, ERR_MODEL, "%s%sholds no weights (%s or .bin wanted)", component, component[0] ? "/ " : "",
                     weight_names[0]);
    return ok;
}

// A folder that is one component: config.json and weights.
static bool read_component(struct folder *f, const json_t *object, struct err *e)
{
    const char *name = json_string_value(json_object_get(object, "_class_name"));
    return name && strstr(name, "Autoencoder") ? read_vae(f, object, e) : read_transformer(f, object, e);
}

static bool open_component(struct folder *f, struct err *e)
{
    static const struct folder_file config = {"config.json", read_component};
    bool found;
    if (!read_file(f, &config, &found, e)) return false;
    if (!found) return err_set(e, ERR_MODEL, "is a folder without model_index.json or config.json");
    return find_weights(f, "", f->vae_config.latent ? &f->vae : &f->transformer, e);
}

static bool open_all(struct folder *f, struct err *e)
{
    bool found;
    if (file_kind(f->path) != FILE_FOLDER) return err_set(e, ERR_IO, "is no folder, or cannot be opened");
    if (!read_file(f, &files[0], &found, e)) return false;
    if (!found) return open_component(f, e);
    for (uint32_t i = 1; i < FOLDER_FILES; i++)
        if (!read_file(f, &files[i], &found, e)) return false;
    if (!find_weights(f, "transformer", &f->transformer, e) || !find_weights(f, "vae", &f->vae, e)) return false;
    return f->transformer || f->vae || err_set(e, ERR_MODEL, "has neither transformer/ nor vae/");
}

bool folder_open(struct folder *f, const char *path, struct err *e)
{
    folder_begin(f);
    f->path = mem_text(path, e);
    if (f->path && open_all(f, e)) return true;
    folder_close(f);
    return err_in(e, path);
}

void folder_close(struct folder *f)
{
    for (uint32_t i = 0; i < f->n_labels; i++) free(f->labels[i]);
    free(f->labels);
    free(f->path);
    free(f->transformer);
    free(f->vae);
    free(f->dit.class_name);
    free(f->scheduler.class_name);
    free(f->scheduler.prediction);
    free(f->scheduler.spacing);
    free(f->scheduler.beta_schedule);
    *f = (struct folder){0};
}
