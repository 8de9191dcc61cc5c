/* vkdit.h — Diffusion Transformers on any Vulkan device: the public C API.
 *
 * Rules that hold everywhere:
 *  - Handles are opaque. `close` functions accept NULL.
 *  - A function that can fail returns a vkdit_status and fills *error (may be NULL) with one line of text.
 *  - A context and everything made from it belong to one thread at a time; two contexts are independent.
 *  - Nothing aborts, exits, prints or keeps global state. Options start from {0}: zero means "the default".
 *  - Strings are UTF-8. Strings returned by `char **` are freed with vkdit_free.
 */
#ifndef VKDIT_H
#define VKDIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VKDIT_API __attribute__((visibility("default")))
#else
#define VKDIT_API
#endif

#define VKDIT_VERSION_MAJOR 0
#define VKDIT_VERSION_MINOR 1
#define VKDIT_VERSION_PATCH 0

typedef enum vkdit_status {
    VKDIT_OK,
    VKDIT_ERR_ARGUMENT,    /* the call makes no sense */
    VKDIT_ERR_IO,          /* the system refused a file */
    VKDIT_ERR_FORMAT,      /* a file is not what it claims to be */
    VKDIT_ERR_MODEL,       /* a sound file that is not a model we can run */
    VKDIT_ERR_UNSUPPORTED, /* understood, but not available here */
    VKDIT_ERR_MEMORY,      /* host or device memory is exhausted */
    VKDIT_ERR_DEVICE,      /* no device, or the driver refused a call */
    VKDIT_ERR_LOST,        /* the device was lost: close the context and open a new one */
    VKDIT_ERR_CANCELLED,   /* a callback asked to stop */
    VKDIT_ERR_NUMERIC      /* the result is not finite, or flat */
} vkdit_status;

typedef struct vkdit_error {
    vkdit_status status;
    char message[512];
} vkdit_error;

typedef struct vkdit vkdit;             /* a context: one opened device */
typedef struct vkdit_model vkdit_model; /* weights on a device: a transformer, an autoencoder, or both */
typedef struct vkdit_run vkdit_run;     /* one generation, step by step */

VKDIT_API const char *vkdit_version(void);
VKDIT_API const char *vkdit_status_name(vkdit_status status);
VKDIT_API void vkdit_free(void *memory);

/* ---- devices ---- */

typedef struct vkdit_options {
    const char *device;    /* index, part of a name, or UUID; NULL = the best one (a CPU device only when alone) */
    const char *limits;    /* force features and limits down, e.g. "max_storage_buffer_range=64M,no_fp16" */
    const char *cache_dir; /* pipeline cache; NULL = the user's cache folder, "" = none */
    int validation;        /* ask for the Khronos validation layer; see vkdit_validation_errors */
    void (*log)(void *user, int level, const char *line); /* 0 error, 1 warning, 2 information */
    void *user;
} vkdit_options;

VKDIT_API vkdit_status vkdit_open(const vkdit_options *options, vkdit **out, vkdit_error *error);
VKDIT_API void vkdit_close(vkdit *context);
VKDIT_API const char *vkdit_device_name(const vkdit *context);
VKDIT_API const char *vkdit_device_reason(const vkdit *context); /* why this device, one sentence */
VKDIT_API unsigned vkdit_validation_errors(const vkdit *context);
/* Every device of the machine as a JSON document: facts, limits, and the kernel variants each would run and why. */
VKDIT_API vkdit_status vkdit_devices_json(const vkdit_options *options, char **json, vkdit_error *error);

/* ---- models ---- */

typedef enum vkdit_precision { VKDIT_PRECISION_AUTO, VKDIT_PRECISION_F32, VKDIT_PRECISION_F16 } vkdit_precision;
/* How the transformer keeps the matrices of its blocks on the device: as the precision says, or packed in 8 or 4 bits with a
 * scale for each 64 weights. Packed weights take less memory and lose a little; the arithmetic stays that of the precision. */
typedef enum vkdit_weights { VKDIT_WEIGHTS_FULL, VKDIT_WEIGHTS_Q8, VKDIT_WEIGHTS_Q4 } vkdit_weights;
typedef enum vkdit_numerics { VKDIT_NUMERICS_AUTO, VKDIT_NUMERICS_ORIGINAL, VKDIT_NUMERICS_DIFFUSERS } vkdit_numerics;

typedef struct vkdit_model_options {
    const char
        *path; /* checkpoint file, sharded index, diffusers folder, or the name of a model that ships with vkdit */
    const char *synthetic; /* without path: "DiT-S/2" ... "SiT-XL/2-512" (published shapes), "tiny": seeded random
                            * weights. Neither: the default model that ships, or "tiny" where none is installed */
    const char *vae;       /* autoencoder file or folder; NULL = the one inside the folder, or that the file names */
    const char
        *tiny_vae;    /* tiny decoder for vkdit_sketch, in TAESD's layout; NULL = the one that the autoencoder names */
    const char *root; /* sub-dictionary of a .pt: "ema", "model", ...; NULL = ema when present */
    uint32_t heads;   /* attention heads when the file cannot say; 0 = derive */
    int is_sit;       /* 1: the checkpoint is a SiT, -1: a DiT, 0: derive (metadata, file name) */
    vkdit_precision precision;
    vkdit_numerics numerics;
    /* Called while something is read, in bytes, and while "pipelines" are made, counted: at first use, when the driver may
     * have to compile them. A non-zero return cancels. */
    int (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
    void *user;
    const char *assets; /* folder of the models that ship; NULL = found beside the library or the program */
    vkdit_weights weights;
} vkdit_model_options;

typedef struct vkdit_model_info {
    char name[64]; /* e.g. "DiT-XL/2 256x256" */
    uint32_t depth, width, heads, patch, tokens;
    uint32_t latent_channels, latent_height, latent_width;
    uint32_t classes; /* without the null class */
    int has_null_class, has_transformer, has_decoder, has_encoder, learned_variance, is_sit, synthetic;
    uint32_t image_scale;      /* pixels per latent cell */
    vkdit_precision precision; /* what is used */
    uint64_t parameters;
    int has_preview; /* vkdit_run_preview works */
    int has_tiny;    /* vkdit_sketch works */
    /* what a job that leaves these open gets; 0 or NULL: no advice, the job's own default */
    const char *sampler, *spacing; /* live as long as the model */
    uint32_t steps, cfg_channels;
    double cfg_scale, cfg_from, cfg_to;
    vkdit_weights weights;
    double epsilon_scale, shift;
} vkdit_model_info;
/* "fp32", "fp16", "fp32 q8", ... and "full", "q8", "q4"; they live for ever. */
VKDIT_API const char *vkdit_arithmetic_name(vkdit_precision precision, vkdit_weights weights);
VKDIT_API const char *vkdit_weights_name(vkdit_weights weights);

VKDIT_API vkdit_status vkdit_model_open(vkdit *context, const vkdit_model_options *options, vkdit_model **out,
                                        vkdit_error *error);
VKDIT_API void vkdit_model_close(vkdit_model *model);
VKDIT_API void vkdit_model_get_info(const vkdit_model *model, vkdit_model_info *info);
/* What it costs: device times of what ran last and is done, wall times where the device has no timestamps, 0: nothing yet;
 * device memory that the model's context holds, and the most that it held. */
typedef struct vkdit_usage {
    double transformer_seconds; /* one evaluation */
    double decoder_seconds;     /* one picture */
    double sketch_seconds;      /* one picture by the tiny decoder; an estimate before its first */
    uint64_t memory, memory_peak;
} vkdit_usage;
VKDIT_API void vkdit_model_usage(const vkdit_model *model, vkdit_usage *usage);
/* Where its weights came from: a path, or NULL for a synthetic model. */
VKDIT_API const char *vkdit_model_path(const vkdit_model *model);
/* The models that ship, as a JSON list of {"name", "file", "about", "path"}, the default first; [] when none is installed.
 * assets as in vkdit_model_options. */
VKDIT_API vkdit_status vkdit_models_json(const char *assets, char **json, vkdit_error *error);
/* Name of a class, or NULL. Index of a class by number or (part of a) name; several matches are an error that lists them. */
VKDIT_API const char *vkdit_class_name(const vkdit_model *model, uint32_t index);
VKDIT_API vkdit_status vkdit_class_find(const vkdit_model *model, const char *text, uint32_t *index,
                                        vkdit_error *error);
/* What a checkpoint holds, as JSON: architecture, parameters by part, types, GFLOP per step, memory plan per heap,
 * unused and missing tensors. context may be NULL (then without the memory plan). */
VKDIT_API vkdit_status vkdit_inspect_json(vkdit *context, const vkdit_model_options *options, char **json,
                                          vkdit_error *error);

/* The weights behind the modulation, as JSON: for W_alpha (gates), W_gamma (scales), W_beta (shifts) of all blocks and of
 * each, and of the final layer: moments, fitted Gaussian, histogram; and whether the checkpoint is at its initialisation,
 * under which scheme, as far as the numbers tell. Needs no device. docs/mixing-board.md names every member. */
VKDIT_API vkdit_status vkdit_modulation_json(const vkdit_model_options *options, char **json, vkdit_error *error);

/* ---- tensors handed over and back ---- */

typedef enum vkdit_type { VKDIT_F32, VKDIT_I64, VKDIT_I32, VKDIT_U8 } vkdit_type;
typedef struct vkdit_tensor {
    const char *name;
    vkdit_type type;
    uint32_t rank;
    uint64_t dim[8];
    const void *data;
} vkdit_tensor;
typedef struct vkdit_tensors { /* owned by the library; vkdit_tensors_free */
    vkdit_tensor *tensor;
    uint32_t count;
} vkdit_tensors;
VKDIT_API void vkdit_tensors_free(vkdit_tensors *list);

/* One forward pass. Transformer: x, t, y (and cfg_scale) -> out (cfg_out), with taps every intermediate that the
 * golden files name. Autoencoder: z or latent -> image; image -> moments, mean, logvar, latent. Tiny
 * decoder: tiny, a latent -> image (0..1). */
VKDIT_API vkdit_status vkdit_eval(vkdit_model *model, const vkdit_tensor *in, uint32_t count, int taps,
                                  vkdit_tensors *out, vkdit_error *error);
/* safetensors files of such lists */
VKDIT_API vkdit_status vkdit_tensors_read(const char *path, vkdit_tensors *out, vkdit_error *error);
VKDIT_API vkdit_status vkdit_tensors_write(const char *path, const vkdit_tensor *list, uint32_t count,
                                           vkdit_error *error);

/* ---- generation ---- */

typedef enum vkdit_rng { VKDIT_RNG_TORCH, VKDIT_RNG_PHILOX } vkdit_rng;

typedef struct vkdit_job {
    const uint32_t *classes; /* one per image */
    uint32_t images;
    const char *sampler;      /* NULL = the model's default */
    uint32_t steps;           /* 0 = the sampler's default */
    double cfg_scale;         /* 0 = the model's default; 1 = off */
    uint32_t cfg_channels;    /* 0 = the family's own (DiT and SiT: 3), otherwise so many, 99 = all */
    double cfg_from, cfg_to;  /* guidance interval as fractions of the run, 0..1; both 0 = whole run, or as the
                                 model advises. Evaluations outside it cost half as much */
    const uint32_t *negative; /* class used instead of the null class, or NULL */
    uint64_t seed;            /* image i of a batch continues the stream, as torch does */
    vkdit_rng rng;
    uint32_t philox_threads; /* threads of the imitated GPU; 0 = one wave */
    const char *spacing;     /* timestep spacing, NULL = the sampler's own */
    double eta;              /* DDIM */
    double epsilon_scale;    /* divides the noise that the model finds, 0.5..2; 0 = 1, or as the model advises */
    double shift;            /* SiT: above 1 smaller steps where noise is high; 0 = 1, or as the model advises */
    const char *path;        /* SiT: "linear", "gvp", "vp" */
    const char *target;      /* SiT: "velocity", "noise", "score" */
    const char *diffusion;   /* SiT SDE: "sigma", "sbdm", "linear", "decreasing", "increasing-decreasing", "constant" */
    double diffusion_norm;   /* 0 = 1 */
    const char *last_step;   /* SiT SDE: "mean", "euler", "tweedie", "none" */
    double last_step_size;   /* 0 = 0.04 */
    double atol, rtol;       /* dopri5; 0 = 1e-6, 1e-3 */
    const vkdit_tensor *init;  /* "latent" [N,C,h,w] (scaled) or "image" u8 [N,H,W,3] to start from, with strength */
    double strength;           /* 0 = 1 */
    const vkdit_tensor *noise; /* optional "z" [N,...], "noise" [S,>=N,...]: used instead of drawing */
    uint32_t noise_count;
    int keep_trajectory;  /* keep x_t, x0 estimates and noises of every step for vkdit_run_trajectory */
    int keep_modulation;  /* keep the adaLN weights on the device after the table is filled */
    int keep_activations; /* keep every intermediate of a step for vkdit_run_tap: more device memory; work only where a
                             guided run has evaluations without guidance, of which both halves are then computed */
    int keep_steps;       /* keep copies of the last two steps' results for vkdit_run_peek */
    const uint32_t *extra_classes; /* further conditions for the modulation table, which no picture uses: what mixes */
    uint32_t extra_count;          /* take from, or what is to be looked at; the null class may be among them */
} vkdit_job;

typedef struct vkdit_progress {
    uint32_t step, steps; /* finished steps, all steps (0 = unknown in advance) */
    uint32_t evals;       /* model evaluations so far */
    double t;             /* timestep given to the model */
    double step_seconds;  /* wall time of this step's call: 0 or so for all but the last of steps submitted together */
    double elapsed_seconds;
    const char *sampler;       /* the one in use, also when the job left it open */
    uint32_t submissions;      /* of the last evaluation */
    double longest_submission; /* its longest one, seconds on the device; with the steps that shared it */
    double signal, noise;      /* level of the state: x = signal * picture + noise * noise; both 0 = unknown */
} vkdit_progress;

/* begin: plans, computes the modulation table. step: one sampler step; *done is set after the last.
 * `stop` (may be NULL) is asked between submissions; non-zero ends the call with VKDIT_ERR_CANCELLED and
 * leaves the run at its last finished step. A model serves one run at a time: beginning another one, or vkdit_eval on
 * a transformer, takes over its state, and the older run then refuses to go on. Close runs before their model. */
VKDIT_API vkdit_status vkdit_run_begin(vkdit_model *model, const vkdit_job *job, vkdit_run **out, vkdit_error *error);
VKDIT_API vkdit_status vkdit_run_step(vkdit_run *run, int (*stop)(void *user), void *user, int *done,
                                      vkdit_error *error);
/* Puts the run where another one was after `step` steps: x is its state, x0 its estimate after that step (not read when
 * step is 0). With the same job the run goes on exactly as that one did; with another class, guidance or sampler of
 * the same level it branches off. Random numbers go on as if the steps had been done here. Refused for adaptive
 * samplers and for those that carry noise from step to step, and together with keep_trajectory. */
VKDIT_API vkdit_status vkdit_run_seek(vkdit_run *run, uint32_t step, const float *x, const float *x0, uint64_t values,
                                      vkdit_error *error);
/* A step may still be under way on the device when vkdit_run_step returns, so that the next one can queue behind it; without
 * keep_steps several steps of a few milliseconds may wait until they make one submission. This waits for them, and the wait
 * counts as the last step's time. Whatever reads results waits by itself. */
VKDIT_API vkdit_status vkdit_run_wait(vkdit_run *run, vkdit_error *error);
VKDIT_API void vkdit_run_get_progress(const vkdit_run *run, vkdit_progress *progress);
/* Current state x_t, or the estimate x0 of the finished latent: float [N][C][h][w]. */
VKDIT_API vkdit_status vkdit_run_latent(vkdit_run *run, int x0, float *out, uint64_t values, vkdit_error *error);
/* The same as it was after `step` steps, without waiting for a step that is under way: *there is 0 while that is the one
 * asked for. Needs keep_steps, and one of the last two steps. After each vkdit_run_step, and once more after vkdit_run_wait at
 * the end, ask for every step that you have not seen, until one is not there: the device then never waits for you. (Adaptive
 * samplers keep the last step only.) */
VKDIT_API vkdit_status vkdit_run_peek(vkdit_run *run, uint32_t step, int x0, float *out, uint64_t values, int *there,
                                      vkdit_error *error);
/* Decodes a latent (NULL = the current x) to 8-bit RGB [N][H][W][3]; *pixels is freed with vkdit_free. */
VKDIT_API vkdit_status vkdit_run_decode(vkdit_run *run, const float *latent, int (*stop)(void *user), void *user,
                                        uint8_t **pixels, uint32_t *width, uint32_t *height, vkdit_error *error);
/* An instant preview, one pixel per latent cell: a latent (NULL = the estimate of the finished picture, before the first
 * step the current x) through the model's linear map to 8-bit RGB [N][h][w][3]; *pixels is freed with vkdit_free.
 * VKDIT_ERR_UNSUPPORTED when the model brings no such map: see has_preview. */
VKDIT_API vkdit_status vkdit_run_preview(vkdit_run *run, const float *latent, uint8_t **pixels, uint32_t *width,
                                         uint32_t *height, vkdit_error *error);
/* Latents [images][C][h][w] through the tiny decoder to 8-bit RGB [images][H][W][3]: a little blurred, in a fraction of the
 * decoder's time. `stop` as in vkdit_run_step; *pixels is freed with vkdit_free. Needs no run, and ends none. */
VKDIT_API vkdit_status vkdit_sketch(vkdit_model *model, const float *latent, uint32_t images, int (*stop)(void *user),
                                    void *user, uint8_t **pixels, uint32_t *width, uint32_t *height,
                                    vkdit_error *error);
/* An intermediate of the last evaluation, by the names that vkdit_eval gives with taps ("tokens_in", "block3.attn_in",
 * "block3.after_attn", "block3.mlp_in", "block3.out"): one float tensor [items][rows][channels]; the first half of the
 * items of a guided run is the conditional one. Needs keep_activations; a run that does not ask for it pays nothing. */
VKDIT_API vkdit_status vkdit_run_tap(vkdit_run *run, const char *name, vkdit_tensors *out, vkdit_error *error);
/* The kept trajectory: z, y, x [S+1,N,...], noise, pred_xstart, final, in the layout of docs/numerics.md. */
VKDIT_API vkdit_status vkdit_run_trajectory(vkdit_run *run, vkdit_tensors *out, vkdit_error *error);
VKDIT_API void vkdit_run_close(vkdit_run *run);

/* ---- the modulation table ----
 * All of a run's adaLN vectors, complete before the first step: [evals][conditions][slots][width] floats.
 * An adaptive sampler does not know its evaluations in advance: its table is that of the few that are planned next, other
 * ones after each step and none (evals 0) when the run is done; it can be neither saved nor loaded.
 * Slots 6b..6b+5 are block b's shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp, gate_mlp; the last two
 * are the final layer's shift and scale. Conditions are the distinct classes of the job, then the null class (when the
 * run is guided), then extra_classes that are not among them yet. */
typedef struct vkdit_table_info {
    uint32_t evals, conditions, slots, width;
    const double *t;           /* timestep of each evaluation */
    const uint32_t *condition; /* class of each condition; the null class has the number after the last class */
    uint32_t null_class;       /* that number; UINT32_MAX when the model has none */
    uint32_t null_condition;   /* the condition that guidance leads away from; = conditions when there is none */
} vkdit_table_info;
VKDIT_API vkdit_status vkdit_run_table_info(vkdit_run *run, vkdit_table_info *info, vkdit_error *error);
/* Copies `count` whole slots starting at [eval][condition][slot], which may run on into later conditions and evals.
 * Writing takes effect at the next step; writing what was read changes no bit of the result. */
VKDIT_API vkdit_status vkdit_run_table_read(vkdit_run *run, uint32_t eval, uint32_t condition, uint32_t slot,
                                            uint64_t count, float *out, vkdit_error *error);
VKDIT_API vkdit_status vkdit_run_table_write(vkdit_run *run, uint32_t eval, uint32_t condition, uint32_t slot,
                                             uint64_t count, const float *in, vkdit_error *error);
/* Saves / loads the whole table as safetensors ("table", "t", "condition"). */
VKDIT_API vkdit_status vkdit_run_table_save(vkdit_run *run, const char *path, vkdit_error *error);
VKDIT_API vkdit_status vkdit_run_table_load(vkdit_run *run, const char *path, vkdit_error *error);

/* ---- the mixing board ----
 * A mix is an ordered list of edits of such a table, written in the language of docs/mixing-board.md. It belongs to no
 * context, model or run. Edits are always applied to the table as it was computed, never to their own result: removing
 * an edit takes its effect back exactly, and an empty mix, or one with every fader at rest, changes no bit. */
typedef struct vkdit_mix vkdit_mix;
VKDIT_API vkdit_status vkdit_mix_open(vkdit_mix **out, vkdit_error *error); /* an empty one */
VKDIT_API vkdit_status vkdit_mix_copy(const vkdit_mix *mix, vkdit_mix **out, vkdit_error *error);
VKDIT_API void vkdit_mix_close(vkdit_mix *mix);
/* Appends the edits of a text ("block[8:16].gate_mlp*=0.5; mute block[3].gate"), or those of a preset: all or none. */
VKDIT_API vkdit_status vkdit_mix_parse(vkdit_mix *mix, const char *text, vkdit_error *error);
VKDIT_API vkdit_status vkdit_mix_from_json(vkdit_mix *mix, const char *json, vkdit_error *error);
VKDIT_API vkdit_status vkdit_mix_to_json(const vkdit_mix *mix, char **json, vkdit_error *error);
VKDIT_API uint32_t vkdit_mix_count(const vkdit_mix *mix); /* edits in force */
/* Edit `index` (VKDIT_MIX_ALL: all of them, "; " between) in the language; parsing it gives the same edit. */
#define VKDIT_MIX_ALL UINT32_MAX
VKDIT_API vkdit_status vkdit_mix_text(const vkdit_mix *mix, uint32_t index, char **text, vkdit_error *error);
VKDIT_API vkdit_status vkdit_mix_remove(vkdit_mix *mix, uint32_t index, vkdit_error *error);
/* Takes the last edit back / puts it in again, as often as there are edits; 0 when there is nothing to do. Appending an
 * edit forgets those that were taken back. */
VKDIT_API int vkdit_mix_undo(vkdit_mix *mix);
VKDIT_API int vkdit_mix_redo(vkdit_mix *mix);
/* The classes that swaps and blends take from, for vkdit_job.extra_classes: at most `room` are written, all are
 * counted. null_class as in vkdit_table_info; vkdit_model_info.classes for models that have one. */
VKDIT_API uint32_t vkdit_mix_classes(const vkdit_mix *mix, uint32_t null_class, uint32_t *classes, uint32_t room);
/* Pure numbers: the table `computed` with the edits into `edited`, both whole tables of the shape that info tells. */
VKDIT_API vkdit_status vkdit_mix_apply(const vkdit_mix *mix, const vkdit_table_info *info, const float *computed,
                                       float *edited, vkdit_error *error);
/* Makes the mix (NULL: none) the one in force for the run: takes effect at the next step. The first call keeps a copy
 * of the table on the host; vkdit_run_table_write and _load change that copy too. Only vectors that differ are sent. With
 * an adaptive sampler, edits that freeze or that name steps are refused. */
VKDIT_API vkdit_status vkdit_run_mix(vkdit_run *run, const vkdit_mix *mix, vkdit_error *error);

/* ---- measuring ---- */

typedef enum vkdit_bench_size { VKDIT_BENCH_DEFAULT, VKDIT_BENCH_QUICK, VKDIT_BENCH_FULL } vkdit_bench_size;

/* One finished measurement. Texts live as long as the call. Zero: does not apply, or not known. */
typedef struct vkdit_bench_row {
    const char *group;  /* "ceiling", "start", "kernel", "forward", "sampling", "sustained", "selftest" */
    const char *name;   /* what was done, e.g. "linear 2x256x1152 > 3456 fp16" */
    const char *kernel; /* variants that ran, "" when that means nothing */
    const char *unit;   /* of value: "TFLOP/s", "GB/s", "us", "ms", "ms/step" */
    double value;       /* the figure of this row, from the median */
    double median_seconds, iqr, p95_seconds; /* iqr: relative to the median */
    uint32_t samples;
    double tflops, gbytes, share; /* share: 0..1 of the ceiling that bounds it */
    int valid;                    /* 0: the result was wrong, or was not right enough */
    const char *note;             /* warnings, "" when there are none */
    double done;                  /* 0..1 of the whole benchmark, about */
} vkdit_bench_row;

typedef struct vkdit_bench_options {
    vkdit_bench_size size;
    double seconds;          /* about how long it may take; 0 = as the size says: 45, 240, no limit */
    const char *model, *vae; /* a model of yours instead of the synthetic ones, and its autoencoder */
    const char *synthetic;   /* or one synthetic model: "DiT-XL/2", "tiny" */
    const char *assets;      /* where the models that ship lie, as in vkdit_model_options */
    vkdit_precision precision;
    const char *only;                                   /* groups, comma separated; NULL = all */
    double sustained_seconds;                           /* > 0: nothing but one model, stepping for so long */
    int strict;                                         /* a fallback is an error */
    int (*row)(void *user, const vkdit_bench_row *row); /* may be NULL; a non-zero return ends the benchmark */
    int (*stop)(void *user);                            /* may be NULL; asked often, non-zero ends it */
    void *user;
    vkdit_weights weights;
} vkdit_bench_options;

/* Measures the device and gives a JSON document, docs/benchmark.md has its schema. Nothing else should run meanwhile.
 * Wrong results are rows marked invalid, not errors of the call. */
VKDIT_API vkdit_status vkdit_bench(const vkdit_options *device, const vkdit_bench_options *options, char **json,
                                   vkdit_error *error);
/* Such a document as "text", "csv" or "md". An error when it is not one, or is of a newer schema. */
VKDIT_API vkdit_status vkdit_bench_render(const char *json, const char *format, char **text, vkdit_error *error);
/* Two or more documents side by side, as ratios to the first with their 95 % intervals: "text", "csv", "md". */
VKDIT_API vkdit_status vkdit_bench_compare(const char *const *json, const char *const *names, uint32_t count,
                                           const char *format, char **text, vkdit_error *error);
/* Documents drawn as SVG: "roofline" (of the first) or "bars". */
VKDIT_API vkdit_status vkdit_bench_plot(const char *const *json, const char *const *names, uint32_t count,
                                        const char *chart, char **svg, vkdit_error *error);
/* Measures again which kernels suit this device at the shapes of such a job (the table that a first run on a GPU makes by
 * itself), keeps the choices for later runs, and tells as JSON what was tried: {"device", "file", "shapes": [{"shape",
 * "kernel", "seconds", "trials": [{"kernel", "seconds", "error", "right"}]}]}. Runs of the model end. Also on CPU devices, which otherwise
 * take the first kernel that fits. */
VKDIT_API vkdit_status vkdit_tune(vkdit_model *model, const vkdit_job *job, int (*stop)(void *user), void *user,
                                  char **json, vkdit_error *error);
/* Every kernel that fits the device against its definition, on small shapes. */
VKDIT_API vkdit_status vkdit_selftest(const vkdit_options *device, const vkdit_bench_options *options, char **json,
                                      vkdit_error *error);

/* ---- samplers ---- */
/* Every sampler as JSON: name, aliases, families, stochastic or not, options. */
VKDIT_API vkdit_status vkdit_samplers_json(char **json, vkdit_error *error);

#ifdef __cplusplus
}
#endif
#endif
