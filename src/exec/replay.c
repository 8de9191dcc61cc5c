// replay.c — submits recorded dispatches, cut by measured time: long enough to hide the cost of a submission, short
// enough that no watchdog fires, a desktop stays alive and a cancel is answered at once.
#include "exec/program.h"

#include <stdlib.h>

static const double target_seconds = 0.05, never_seconds = 0.25;

// --- what is submitted around replays ------------------------------------------------------------------------------

// The time when everything submitted before is finished, taken twice: before the replays and after them.
static bool record_clock(struct program *x, uint32_t flight, struct err *e)
{
    struct gpu *g = x->gpu;
    struct flight *f = &x->flight[flight];
    const VkCommandBuffer cmd[] = {f->before, f->after};
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    for (uint32_t i = 0; i < COUNTOF(cmd); i++) {
        if (!gpu_ok(g, g->vk.vkBeginCommandBuffer(cmd[i], &begin), "vkBeginCommandBuffer", e)) return false;
        if (i == 0) g->vk.vkCmdResetQueryPool(cmd[i], x->clock, 2 * flight, 2);
        g->vk.vkCmdWriteTimestamp(cmd[i], VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, x->clock, 2 * flight + i);
        if (!gpu_ok(g, g->vk.vkEndCommandBuffer(cmd[i]), "vkEndCommandBuffer", e)) return false;
    }
    return true;
}

bool program_flights_open(struct program *x, struct err *e)
{
    struct gpu *g = x->gpu;
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkQueryPoolCreateInfo clock = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                   .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                   .queryCount = 2 * COUNTOF(x->flight)};
    if (g->caps.timestamps &&
        !gpu_ok(g, g->vk.vkCreateQueryPool(g->dev, &clock, NULL, &x->clock), "vkCreateQueryPool", e))
        return false;
    for (uint32_t i = 0; i < COUNTOF(x->flight); i++) {
        struct flight *f = &x->flight[i];
        if (!gpu_ok(g, g->vk.vkCreateFence(g->dev, &fence, NULL, &f->fence), "vkCreateFence", e)) return false;
        if (x->clock &&
            !(gpu_commands(g, 1, &f->before, e) && gpu_commands(g, 1, &f->after, e) && record_clock(x, i, e)))
            return false;
    }
    return true;
}

static void flights_close(struct program *x)
{
    struct gpu *g = x->gpu;
    if (x->clock) g->vk.vkDestroyQueryPool(g->dev, x->clock, NULL);
    for (uint32_t i = 0; i < COUNTOF(x->flight); i++) {
        struct flight *f = &x->flight[i];
        if (f->fence) g->vk.vkDestroyFence(g->dev, f->fence, NULL);
        if (f->before) g->vk.vkFreeCommandBuffers(g->dev, g->pool, 1, &f->before);
        if (f->after) g->vk.vkFreeCommandBuffers(g->dev, g->pool, 1, &f->after);
    }
}

// --- cutting and recording ----------------------------------------------------------------------------------------

// While a profile is taken: the time when everything before is finished. Segment s of a program has one more of these
// than it has dispatches, so dispatch i lies between marks i + s and i + s + 1.
static void mark(struct program *x, VkCommandBuffer c, uint32_t at)
{
    if (x->marks) x->gpu->vk.vkCmdWriteTimestamp(c, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, x->marks, at);
}

// Of what is submitted before it, everything is finished first; what comes after it has the barrier of its own
// submission or replay. So the same commands may be in flight several times, one after the other.
static bool record(struct program *x, enum rate r, uint32_t s, struct err *e)
{
    struct gpu *g = x->gpu;
    VkCommandBuffer c = x->replay[r].cmd[s];
    struct segment seg = x->replay[r].segment[s];
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                      .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    if (!gpu_ok(g, g->vk.vkBeginCommandBuffer(c, &begin), "vkBeginCommandBuffer", e)) return false;
    if (x->marks) g->vk.vkCmdResetQueryPool(c, x->marks, seg.first + s, seg.count + 1); // not between the dispatches
    program_barrier(x, c);
    mark(x, c, seg.first + s);
    for (uint32_t i = seg.first; i < seg.first + seg.count; i++) {
        if (i > seg.first && x->plan->seq[r][i].barrier) program_barrier(x, c);
        program_dispatch(x, c, r, i, UINT32_MAX);
        mark(x, c, i + s + 1);
    }
    return gpu_ok(g, g->vk.vkEndCommandBuffer(c), "vkEndCommandBuffer", e);
}

// Measured seconds per predicted second: this program's, else another one's, else a guess that errs towards short
// submissions (a CPU's rate is known well, a GPU may be far slower than the planner thinks).
static double expected_scale(const struct program *x, enum rate r)
{
    if (x->replay[r].scale > 0) return x->replay[r].scale;
    for (int other = RATE_COUNT - 1; other >= 0; other--)
        if (x->replay[other].scale > 0) return x->replay[other].scale;
    return x->gpu->caps.type == CAPS_CPU ? 1.0 : 4.0;
}

// Greedy: a segment ends when the next dispatch would pass the target.
bool program_cut(struct program *x, enum rate r, struct err *e)
{
    struct replay *p = &x->replay[r];
    if (!program_settle(x, e)) return false;
    double scale = expected_scale(x, r), sum = 0;
    p->n_segment = 0;
    p->recut = true; // until every segment is recorded: half of them must never be submitted
    for (uint32_t i = 0; i < x->plan->n_seq[r]; i++) {
        double cost = x->plan->seq[r][i].seconds * scale;
        if (i == 0 || sum + cost > target_seconds) {
            p->segment[p->n_segment++] = (struct segment){i, 0};
            sum = 0;
        }
        p->segment[p->n_segment - 1].count++;
        sum += cost;
    }
    for (uint32_t s = 0; s < p->n_segment; s++)
        if (!record(x, r, s, e)) return false;
    p->recut = false;
    return true;
}

bool program_replay_open(struct program *x, enum rate r, struct err *e)
{
    struct replay *p = &x->replay[r];
    const uint32_t n = x->plan->n_seq[r];
    if (n == 0) return true;
    p->cmd = mem_zero(n, sizeof *p->cmd, e);
    p->segment = mem_zero(n, sizeof *p->segment, e);
    if (!p->cmd || !p->segment || !gpu_commands(x->gpu, n, p->cmd, e)) return false;
    p->room = n;
    return program_cut(x, r, e);
}

void program_replay_close(struct program *x)
{
    struct gpu *g = x->gpu;
    x->held.replays = 0; // nobody will see what they make
    program_settle(x, NULL);
    for (int r = 0; r < RATE_COUNT; r++) {
        if (x->replay[r].room) g->vk.vkFreeCommandBuffers(g->dev, g->pool, x->replay[r].room, x->replay[r].cmd);
        free(x->replay[r].cmd);
        free(x->replay[r].segment);
    }
    flights_close(x);
}

// --- running ------------------------------------------------------------------------------------------------------

static bool device_seconds(struct program *x, uint32_t flight, double *seconds, struct err *e)
{
    struct gpu *g = x->gpu;
    uint64_t t[2] = {0};
    VkResult r = g->vk.vkGetQueryPoolResults(g->dev, x->clock, 2 * flight, 2, sizeof t, t, sizeof *t,
                                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    if (!gpu_ok(g, r, "vkGetQueryPoolResults", e)) return false;
    *seconds = t[1] > t[0] ? (double)(t[1] - t[0]) * g->caps.timestamp_ns * 1e-9 : 0;
    return true;
}

enum { TOGETHER_MAX = 16, AROUND = 3 }; // replays of a submission, and what else is in one

_Static_assert((int)TOGETHER_MAX + (int)AROUND <= (int)SUBMIT_MAX, "a submission takes fewer command buffers");

static bool submit(struct program *x, enum rate r, uint32_t s, uint32_t replays, uint32_t flight, int still,
                   struct err *e)
{
    struct flight *f = &x->flight[flight];
    VkCommandBuffer list[TOGETHER_MAX + AROUND];
    uint32_t n = 0;
    if (f->before) list[n++] = f->before;
    for (uint32_t i = 0; i < replays; i++) list[n++] = x->replay[r].cmd[s];
    if (still >= 0) list[n++] = x->still[still].cmd;
    if (f->after) list[n++] = f->after;
    f->rate = r;
    f->replays = replays;
    f->still = still;
    if (still >= 0) x->still[still].made = false;
    f->start = clock_seconds();
    f->busy = gpu_submit_list(x->gpu, list, n, f->fence, e);
    return f->busy;
}

static bool wait(struct program *x, uint32_t flight, double *seconds, struct err *e)
{
    struct flight *f = &x->flight[flight];
    *seconds = 0;
    if (!f->busy) return true;
    f->busy = false; // also when the wait fails: then nothing is in flight either
    if (!gpu_wait(x->gpu, f->fence, e)) return false;
    if (f->still >= 0) x->still[f->still].made = true;
    *seconds = clock_seconds() - f->start;
    return !x->clock || device_seconds(x, flight, seconds, e);
}

static bool submit_segment(struct program *x, enum rate r, uint32_t s, int still, double *seconds, struct err *e)
{
    return submit(x, r, s, 1, 0, still, e) && wait(x, 0, seconds, e);
}

// Only a clear misjudgement is worth recording again: far too long, or several where one would do.
static void judge(struct replay *p, double total, double predicted, double longest)
{
    bool long_one = longest > never_seconds / 2, crumbs = p->n_segment > 1 && total / p->n_segment < target_seconds / 4;
    double scale = predicted > 0 ? total / predicted : 0;
    p->recut = scale > 0 && (long_one || crumbs) && (p->scale == 0 || scale > 1.5 * p->scale || scale < p->scale / 1.5);
    if (p->recut || p->scale == 0) p->scale = scale;
}

static void judge_single(struct program *x, const struct flight *f, double seconds)
{
    struct replay *p = &x->replay[f->rate];
    double predicted = 0;
    for (uint32_t i = 0; i < x->plan->n_seq[f->rate]; i++) predicted += x->plan->seq[f->rate][i].seconds;
    p->seconds = seconds / f->replays;
    p->longest = seconds;
    p->replays = f->replays;
    judge(p, p->seconds, predicted, p->seconds);
}

// What is in flight is a program of one submission, once or several times.
static bool collect(struct program *x, uint32_t flight, struct err *e)
{
    double seconds;
    if (!x->flight[flight].busy) return true;
    if (!wait(x, flight, &seconds, e)) return false;
    judge_single(x, &x->flight[flight], seconds);
    return true;
}

static uint32_t other_flight(const struct program *x)
{
    return (x->next_flight + 1) % COUNTOF(x->flight);
}

// Submits what is held, and waits for what was submitted before it.
static bool release(struct program *x, int still, struct err *e)
{
    const uint32_t now = x->next_flight, replays = x->held.replays;
    if (replays == 0) return true;
    x->held.replays = 0;
    if (!submit(x, x->held.rate, 0, replays, now, still, e)) return false;
    x->next_flight = other_flight(x);
    return collect(x, x->next_flight, e);
}

bool program_settle(struct program *x, struct err *e)
{
    const bool released = release(x, -1, e);
    return collect(x, other_flight(x), released ? e : NULL) && released;
}

static bool run_now(struct program *x, enum rate r, int still, bool (*stop)(void *user), void *user, struct err *e)
{
    struct replay *p = &x->replay[r];
    if (!program_settle(x, e)) return false;
    // the first run of a program is cut by what another one showed on this device
    if ((p->recut || p->scale == 0) && !program_cut(x, r, e)) return false;
    double total = 0, predicted = 0, longest = 0;
    for (uint32_t s = 0; s < p->n_segment; s++) {
        double seconds = 0;
        if (stop && stop(user)) return err_set(e, ERR_CANCELLED, "stopped");
        if (!submit_segment(x, r, s, s + 1 < p->n_segment ? -1 : still, &seconds, e)) return false;
        total += seconds;
        if (seconds > longest) longest = seconds;
        for (uint32_t i = 0; i < p->segment[s].count; i++)
            predicted += x->plan->seq[r][p->segment[s].first + i].seconds;
    }
    judge(p, total, predicted, longest);
    p->seconds = total;
    p->longest = longest;
    p->replays = 1;
    return true;
}

bool program_run(struct program *x, enum rate r, bool (*stop)(void *user), void *user, struct err *e)
{
    return run_now(x, r, -1, stop, user, e);
}

// As many as take about as long as a submission should.
static uint32_t together(const struct replay *p)
{
    const double n = p->seconds > 0 ? target_seconds / p->seconds : 1;
    return n < 1 ? 1 : n > TOGETHER_MAX ? TOGETHER_MAX : (uint32_t)n;
}

static bool finished(const struct program *x, const struct flight *f)
{
    return f->busy && x->gpu->vk.vkGetFenceStatus(x->gpu->dev, f->fence) != VK_NOT_READY;
}

bool program_run_ahead(struct program *x, enum rate r, int still, bool (*stop)(void *user), void *user, struct err *e)
{
    struct replay *p = &x->replay[r];
    if (p->recut || p->scale == 0 || p->n_segment != 1) return run_now(x, r, still, stop, user, e);
    if (stop && stop(user)) return err_set(e, ERR_CANCELLED, "stopped");
    if (x->held.rate != r && !release(x, -1, e)) return false;
    const uint32_t last = other_flight(x);
    if (finished(x, &x->flight[last]) && !collect(x, last, e)) return false;
    x->held.rate = r;
    x->held.replays++;
    // held back only while the device is busy: a submission costs the host more than all else in a step
    if (still < 0 && x->held.replays < together(p) && x->flight[last].busy) return true;
    return release(x, still, e);
}

struct program_stats program_stats(const struct program *x, enum rate r)
{
    const struct replay *p = &x->replay[r];
    return (struct program_stats){p->seconds, p->longest, p->n_segment, p->replays};
}

// --- profiling ----------------------------------------------------------------------------------------------------

static bool read_marks(struct program *x, enum rate r, double *seconds, struct err *e)
{
    struct gpu *g = x->gpu;
    struct replay *p = &x->replay[r];
    uint32_t n = x->plan->n_seq[r] + p->n_segment;
    uint64_t *t = mem_zero(n, sizeof *t, e);
    if (!t) return false;
    VkResult got = g->vk.vkGetQueryPoolResults(g->dev, x->marks, 0, n, n * sizeof *t, t, sizeof *t,
                                               VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    bool ok = gpu_ok(g, got, "vkGetQueryPoolResults", e);
    for (uint32_t s = 0; ok && s < p->n_segment; s++)
        for (uint32_t i = p->segment[s].first; i < p->segment[s].first + p->segment[s].count; i++)
            seconds[i] = t[i + s + 1] > t[i + s] ? (double)(t[i + s + 1] - t[i + s]) * g->caps.timestamp_ns * 1e-9 : 0;
    free(t);
    return ok;
}

static bool record_all(struct program *x, enum rate r, struct err *e)
{
    x->replay[r].recut = true; // until everything is recorded
    for (uint32_t s = 0; s < x->replay[r].n_segment; s++)
        if (!record(x, r, s, e)) return false;
    x->replay[r].recut = false;
    return true;
}

bool program_profile(struct program *x, enum rate r, uint32_t replays, double *seconds, struct err *e)
{
    struct gpu *g = x->gpu;
    uint32_t n = x->plan->n_seq[r];
    if (!x->clock) return err_set(e, ERR_UNSUPPORTED, "the device has no timestamps");
    if (n == 0) return true;
    if (!program_settle(x, e)) return false;
    if (x->replay[r].recut && !program_cut(x, r, e)) return false;
    VkQueryPoolCreateInfo marks = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                   .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                   .queryCount = n + x->replay[r].n_segment};
    bool ok = gpu_ok(g, g->vk.vkCreateQueryPool(g->dev, &marks, NULL, &x->marks), "vkCreateQueryPool", e) &&
              record_all(x, r, e);
    for (uint32_t k = 0; ok && k < replays; k++) {
        double unused;
        for (uint32_t s = 0; ok && s < x->replay[r].n_segment; s++) ok = submit_segment(x, r, s, -1, &unused, e);
        ok = ok && read_marks(x, r, seconds + (size_t)k * n, e);
    }
    if (x->marks) g->vk.vkDestroyQueryPool(g->dev, x->marks, NULL);
    x->marks = VK_NULL_HANDLE;
    x->replay[r].recut = true; // what is recorded writes into the pool that is gone
    return ok && record_all(x, r, e);
}
