// sample.h — schedules, samplers and random numbers: numbers only, in double precision.
// Knows nothing about models, devices or files.
#ifndef VKDIT_SAMPLE_H
#define VKDIT_SAMPLE_H

#include "base/base.h"
#include "kernels/tick.h"

enum path { PATH_LINEAR, PATH_GVP, PATH_VP };
enum flow_target { FLOW_VELOCITY, FLOW_NOISE, FLOW_SCORE };
enum family { FAMILY_DDPM = 1, FAMILY_FLOW = 2 }; // bit mask: which schedules a sampler can drive

// Everything that decides a trajectory except the model, the seed and the start. Zero or NULL is the default of
// every number but steps, eta and cfg. What a sampler would ignore is refused, so leave what was not asked for at zero.
struct sample_spec {
    const char *sampler; // row name or alias
    uint32_t steps;      // updates of x. Spacing "points" counts a flow's grid points instead, as SiT does
    enum family family;
    // DDPM
    uint32_t train_steps; // 1000
    double beta_start, beta_end;
    // DDPM: "even" (DiT "N"), "ddim" ("ddimN"), "leading", "trailing", "linspace", or a list "10,15,20"; flow: "points"
    const char *spacing;
    double eta;       // DDIM
    bool learned_var; // the model gives variance channels
    bool diffusers;   // the folder's pipeline numerics instead of the original's
    // flow
    enum path path;
    enum flow_target target;
    double shift;          // 1 = even steps; more: smaller ones where there is much noise
    const char *diffusion; // "sbdm","sigma","linear","decreasing","increasing-decreasing","constant"
    double diffusion_norm;
    const char *last_step; // "mean","euler","tweedie","none"
    double last_step_size;
    double atol, rtol; // dopri5
    // guidance
    double cfg;            // inside the band, 1 outside
    double cfg_lo, cfg_hi; // band of the share of noise, 1 = pure noise, 0 = clean; both 0 = everywhere
    double epsilon_scale;  // 1 = the noise that the model finds is taken as it is; otherwise it is divided by this
    double strength;       // 1 = from pure noise; less starts part way (init image)
};

struct sample_eval {      // host-side facts of one evaluation, for progress, traces and the table
    double t;             // what the model's timestep embedder receives
    uint32_t step;        // the step it belongs to
    bool ends_step;       // the state after this evaluation is x[step + 1]
    bool draws;           // one noise tensor is drawn for this evaluation's update (even if its factor is 0)
    double signal, noise; // the level of register 0 before it: x = signal * picture + noise * noise
};

struct schedule {
    struct tick *tick; // n evaluations
    struct sample_eval *eval;
    uint32_t n, steps;
    uint32_t n_regs;
    uint32_t x0_reg; // register that holds the estimate of the finished image after each evaluation
    // x_start = start_signal * clean + start_noise * z; no signal when strength is 1
    double start_signal, start_noise;
    bool init_draws;           // one noise tensor is drawn before the first evaluation (SDE Heun)
    double init[TICK_REGS][2]; // register r starts as init[r][0] * x_start + init[r][1] * that noise
    bool adaptive;             // dopri5: n = 0 here, ticks are made group by group by schedule_next
    const float *points;       // adaptive: states at the n_points grid times the last accepted step passed, in order
    uint32_t n_points;
    void *state; // adaptive controller
};

struct sampler_row {
    const char *name, *alias, *about;
    uint32_t families; // mask of enum family
    bool stochastic, adaptive;
    const char *default_spacing;
    bool (*fill)(const struct sample_spec *s, struct schedule *out, struct err *e);
};
extern const struct sampler_row *const sampler_table[]; // NULL ended

const struct sampler_row *sampler_find(const char *name);
// Refuses a pair that makes no sense, with the reason and the samplers that would work.
bool sampler_check(const struct sampler_row *r, const struct sample_spec *s, struct err *e);
bool schedule_make(struct schedule *out, const struct sample_spec *s, struct err *e);
void schedule_free(struct schedule *s);
// Does any update use noise? If none does, what is drawn for the stream's sake need not reach the device.
bool schedule_uses_noise(const struct schedule *s);

// Adaptive samplers: fills tick[0..*n) and eval[0..*n) of the next group of evaluations. `regs` is a host copy of all
// n_regs registers after the last one, register major, `values` floats each (all images of the batch, whose errors
// are judged together: to step exactly like the reference under guidance, give both halves). It is rewritten:
// copy it back to the device before the group runs, and also when *done, when register 0 is the finished x.
bool schedule_next(struct schedule *s, float *regs, uint64_t values, uint32_t *n, bool *done, struct err *e);

// --- random numbers ---
struct torch_rng {
    uint32_t mt[624];
    uint32_t at;
    bool have_next;
    double next;
};
// torch.manual_seed; the next word of the stream; torch.rand(n); torch.randn(n) on a CPU with AVX2 or AVX512, to the bit.
void torch_seed(struct torch_rng *r, uint64_t seed);
uint32_t torch_word(struct torch_rng *r);
void torch_rand(struct torch_rng *r, float *out, uint64_t n);
void torch_randn(struct torch_rng *r, float *out, uint64_t n);
// CUDA's torch.randn(n), to about 1e-6. offset: the counter word, as in struct tick; threads: blocks * 256 of the
// imitated GPU's launch, 0 = one wave. Returns the offset of the next call.
uint64_t philox_randn(uint64_t seed, uint64_t offset, uint32_t threads, float *out, uint64_t n);
// The four words of one counter, for whoever checks another implementation.
void philox_words(uint64_t seed, uint64_t offset, uint64_t subsequence, uint32_t word[4]);

#endif
