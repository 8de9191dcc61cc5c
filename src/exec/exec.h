// exec.h — interpreters of a planned tape: the Vulkan program (recorded once, replayed by submission) and the
// CPU executor (the oracles run in order, the reference for whole models).
#ifndef VKDIT_EXEC_H
#define VKDIT_EXEC_H

#include "gpu/gpu.h"
#include "graph/plan.h"

struct program; // device memory, pipelines, descriptor sets and command buffers of one plan

// Tells gpu.making how far it is. Weights are empty until program_weight.
struct program *program_open(struct gpu *g, const struct plan *p, struct err *e);
void program_close(struct program *x); // accepts NULL

// Fills one weight from row-major data of any type; packs it as the plan says.
bool program_weight(struct program *x, ten t, const void *src, enum dtype type, struct err *e);
// Frees / re-creates the device memory of weights that only `rate` ops read.
void program_drop_weights(struct program *x, enum rate r);
bool program_has_weights(const struct program *x, enum rate r);
bool program_keep_weights(struct program *x, enum rate r, struct err *e); // true when already there

// Host access between submissions; offset and count in elements of the tensor's own dtype... as floats for F32,
// I32 as int32. F16 tensors are converted.
bool program_write(struct program *x, ten t, uint64_t first, uint64_t count, const void *src, struct err *e);
bool program_read(struct program *x, ten t, uint64_t first, uint64_t count, void *dst, struct err *e);

// Replays everything of one rate. Cut into submissions of about `target` seconds by measured time.
// stop(user) is asked between submissions; true ends early with ERR_CANCELLED.
bool program_run(struct program *x, enum rate r, bool (*stop)(void *user), void *user, struct err *e);
// The same for programs that are one submission: returns with it in flight, when the one before is finished, so that the
// device need not wait for the host. Short ones without a still wait until there are several to submit together, as long as
// the device is busy. What it wrote is seen by every other call here, which waits for it; its error is the next call's.
// Other programs run as program_run.
// `still` >= 0: it also leaves that still, see below; -1: none.
bool program_run_ahead(struct program *x, enum rate r, int still, bool (*stop)(void *user), void *user, struct err *e);
// Waits for what that left in flight. Reading, writing and recording do it by themselves.
bool program_settle(struct program *x, struct err *e);
// Stills: copies of a tensor as a replay left it, made on the device, so that the host can look at one replay's result while
// the next is under way and changes it.
enum { STILLS = 2 };
bool program_stills_open(struct program *x, ten t, struct err *e); // room for them; true when it is there already
// The values of one, in memory that the host sees; NULL while the replay that makes it is under way, or when there was none.
const float *program_still(const struct program *x, uint32_t still);
struct program_stats {
    double seconds,
        longest; // device time of the last finished run, of its longest submission; wall time without timestamps
    uint32_t submissions, replays; // of the last run; in the longest submission
};
struct program_stats program_stats(const struct program *x, enum rate r);

// Device times of every dispatch in `replays` replays of `r`: seconds[replay * n_seq[r] + dispatch]. Submitted as
// program_run does it, with a timestamp after each dispatch, so that the times of a replay add up to its length; that
// a timestamp waits for what came before makes it longer than a plain one (on an H100 by about 9 us for each dispatch when
// queries were still reset between them: for a kernel's own time run many and divide). What a dispatch is: plan->seq[r][i]: its
// kernel's name, and its op (shapes, work, scope). An error when the device has no timestamps.
bool program_profile(struct program *x, enum rate r, uint32_t replays, double *seconds, struct err *e);

// Has the driver still to compile the pipelines of this program? Tells by dispatching a workgroup of r's first one twice.
bool program_cold(struct program *x, enum rate r, bool *cold, struct err *e);
// Makes it compile all of them. What it leaves in the program's memory is not defined.
bool program_warm(struct program *x, bool (*stop)(void *user), void *user, struct err *e);

// --- CPU ---
struct cpu; // float storage for every tensor
struct cpu *cpu_open(const struct graph *g, struct err *e);
void cpu_close(struct cpu *x);
float *cpu_data(struct cpu *x, ten t); // F16 tensors are held as floats, rounded after each op; I32 as int bits
void cpu_run(struct cpu *x, enum rate r);

#endif
