// ckpt.h — a checkpoint: names, shapes, types and bytes, whatever the file format.
// Knows nothing about models or devices. Nothing in a file is trusted, nothing is executed.
#ifndef VKDIT_CKPT_H
#define VKDIT_CKPT_H

#include "base/base.h"
#include "base/dtype.h"

enum { CKPT_RANK = 8 };

struct ckpt_tensor {
    const char *name; // valid UTF-8 without NUL, owned by the ckpt
    enum dtype dtype;
    uint32_t rank;
    uint64_t dim[CKPT_RANK];
    uint64_t count;             // elements
    uint64_t stride[CKPT_RANK]; // elements; contiguous unless a .pt view says otherwise
    uint32_t source;            // format's own: file or archive member
    uint64_t offset;            // byte offset inside the source
    bool contiguous;
};

struct ckpt_meta {
    const char *key, *value;
};

struct ckpt {
    const struct ckpt_format *format;
    char *path;
    struct ckpt_tensor *t; // sorted by name, names unique
    uint32_t n;
    struct ckpt_meta *meta; // safetensors __metadata__; scalars of a train checkpoint where useful
    uint32_t n_meta;
    struct ckpt_private *priv;
};

// Opens a file (safetensors, torch zip, torch legacy: by content, not by name), or one sharded set by its
// *.index.json. Errors name the file and the reason. `root` picks a sub-dictionary of a .pt ("ema", "model",
// "state_dict"; NULL = ema if present, else model, else state_dict, else the dictionary itself).
bool ckpt_open(struct ckpt *c, const char *path, const char *root, struct err *e);
void ckpt_close(struct ckpt *c);                                             // accepts {0}
const struct ckpt_tensor *ckpt_find(const struct ckpt *c, const char *name); // binary search; NULL when absent
const char *ckpt_meta_find(const struct ckpt *c, const char *key);

// Row-major contiguous bytes of the tensor in its own dtype: a pointer into the mapped file when possible,
// otherwise *scratch is (re)allocated and filled. The caller frees *scratch once at the end.
const void *ckpt_data(struct ckpt *c, const struct ckpt_tensor *t, void **scratch, uint64_t *scratch_bytes,
                      struct err *e);

// Writer, for traces, eval outputs and tables: safetensors, written to a temporary file and renamed.
struct st_out {
    const char *name;
    enum dtype dtype;
    uint32_t rank;
    uint64_t dim[CKPT_RANK];
    const void *data;
};
bool safetensors_write(const char *path, const struct st_out *t, uint32_t n, const struct ckpt_meta *meta,
                       uint32_t n_meta, struct err *e);

// A diffusers folder: which component files exist, and the JSON of each, parsed with limits.
struct folder {
    char *path;
    char *transformer, *vae; // weight file or index.json of each, NULL when absent
    struct folder_config {   // 0 / NULL / NaN = not given
        char *class_name;
        uint32_t heads, head_dim, layers, patch, sample, in_channels, out_channels, classes;
        float norm_eps;
    } dit;
    struct {
        float scaling;
        uint32_t groups, latent;
    } vae_config;
    struct {
        char *class_name;
        char *prediction;
        char *spacing;
        uint32_t train_steps;
        double beta_start, beta_end;
        char *beta_schedule;
    } scheduler;
    char **labels; // id2label, synonyms as written; by class id
    uint32_t n_labels;
};
bool folder_open(struct folder *f, const char *path, struct err *e);
void folder_close(struct folder *f);

#endif
