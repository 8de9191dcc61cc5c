// engine.h — private to engine/: what the opaque handles of the public header are.
#ifndef VKDIT_ENGINE_H
#define VKDIT_ENGINE_H

#include "engine/warm.h"
#include "exec/exec.h"
#include "graph/tuned.h"
#include "models/dit.h"
#include "models/hints.h"
#include "models/tiny.h"
#include "models/vae.h"
#include "sample/sample.h"
#include "vkdit.h"

struct vkdit {
    struct gpu gpu;
    struct tuned tuned;       // what gpu.caps.tuned points to
    struct tuning *tuning;    // a caller wants to measure again, see tuning.c; NULL: what is not known is measured
    bool validation, limited; // as the caller wished
    void (*log)(void *user, int level, const char *line);
    void *user;
};

// Which kernels were found to suit this device: kept from earlier runs; measured for the ops of a tape that matter.
void tuning_load(struct vkdit *c);
void tuning_measure(struct vkdit *c, const struct graph *g);

// Where weights come from: a checkpoint, or a seeded generator.
struct source {
    struct ckpt *ckpt;            // NULL: synthetic
    const struct dit_config *dit; // synthetic only: aligns the two ends of the network, so that states stay bounded
    uint64_t seed;
    int (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
    void *user;
    const char *what;
};

// Does every weight of the list exist with the right shape? Names the first that does not. Touches no device.
// How a network's matrices are best kept under F32 arithmetic: as halves when the file has nothing else, which loses
// nothing and halves the traffic.
enum dtype source_storage(const struct source *s, const struct caps *c);
bool source_check(const struct source *s, const struct net *n, struct err *e);
// Fills the weights that ops of the given rates read (bit mask).
bool source_load(const struct source *s, const struct net *n, struct program *x, uint32_t rates, struct err *e);

// One weight on the host, as floats, under the tape's name.
bool source_read(const struct source *s, const char *name, struct shape sh, float *out, struct err *e);

// One planned and recorded tape with its weights in place.
struct session {
    struct graph g;
    struct net net;
    struct plan *plan;
    struct program *program;
};
void session_close(struct session *s);
// Plan and program, after the graph is built. `told` (may be NULL) hears how many pipelines are made.
bool session_record(struct session *s, struct gpu *gpu, const struct source *told, struct err *e);

enum coder { CODER_DECODE, CODER_ENCODE, CODER_TINY };

struct decoder {
    struct session s;
    struct vae_io io;
    enum coder what;
    uint32_t h, w;
    bool taps, unscaled, open;
};

struct vkdit_model {
    vkdit *context;
    struct ckpt dit_file, vae_file, tiny_file;
    struct folder folder;
    bool has_folder, has_dit, has_vae, has_tiny, synthetic;
    struct dit_config dit;
    struct vae_config vae;
    struct tiny_config tiny;
    vkdit_precision precision;
    vkdit_weights weights;
    uint64_t parameters; // of the transformer
    struct source dit_source, vae_source, tiny_source;
    char *name, *path;
    struct hints hints; // of the transformer's file; the preview is the autoencoder's
    char **labels;      // class names, owned
    uint32_t n_labels;
    // the recorded step, kept for the next run of the same shape
    struct session step;
    struct dit_use use;
    struct dit_io io;
    bool step_open, step_taps;
    uint32_t step_user;  // who used it last, counted: a run that is not the last one has lost its state
    enum rate step_rate; // what the last evaluation replayed: RATE_STEP or RATE_PLAIN
    struct decoder decoder, encoder, sketcher;
    struct warmer warmer;
};

// How the transformer's tape stores activations and matrices on the model's device.
enum dtype model_act(const struct vkdit_model *m);
enum dtype model_weight(const struct vkdit_model *m);
enum dtype weights_type(vkdit_weights w, enum dtype full);
// The recorded tape for `use`, made or found; adaLN weights are present afterwards.
bool model_step(struct vkdit_model *m, const struct dit_use *use, bool taps, struct err *e);
// Scaled latent (or z when unscaled) -> picture. bytes and/or image may be NULL. image: [3][H][W].
bool model_decode(struct vkdit_model *m, const float *latent, uint32_t h, uint32_t w, bool unscaled, uint32_t *rgba,
                  float *image, bool (*stop)(void *), void *user, struct err *e);
// The same by the tiny decoder; bytes only.
bool model_sketch(struct vkdit_model *m, const float *latent, uint32_t h, uint32_t w, bool taps, uint32_t *rgba,
                  float *image, bool (*stop)(void *), void *user, struct err *e);
// image [3][H][W] in -1..1 -> moments [2*latent][h][w]
bool model_encode(struct vkdit_model *m, const float *image, uint32_t height, uint32_t width, float *moments, bool taps,
                  struct err *e);
// Its tape alone, for a device with such capabilities.
bool autoencoder_build(const struct vkdit_model *m, struct decoder *d, const struct caps *c, struct err *e);
bool model_autoencoder(struct vkdit_model *m, struct decoder *d, struct err *e); // (re)opens for d's h, w and flags

// Public status from an error, which is copied out.
vkdit_status status_of(const struct err *e, vkdit_error *out);

// Growing list of named tensors that the caller will own.
struct tensor_list {
    vkdit_tensors t;
    uint32_t cap;
};
// Adds a zeroed tensor and returns its memory (float, int32 or byte), NULL with the error recorded.
void *list_add(struct tensor_list *l, const char *name, vkdit_type type, uint32_t rank, const uint64_t *dim,
               struct err *e);
const vkdit_tensor *list_find(const vkdit_tensor *t, uint32_t n, const char *name);
// Is it sound enough to be read? A caller made it.
bool tensor_check(const vkdit_tensor *t, struct err *e);
// Values of a tensor as floats / as class numbers; checks the count when count is not 0.
float *list_floats(const vkdit_tensor *t, uint64_t count, struct err *e);

#endif
