// replay.c — submits recorded dispatches, cut by measured time: long enough to hide the cost of a submission, short
// enough that no watchdog fires, a desktop stays alive and a cancel is answered at once.
#include "exec/program.h"

#include <stdlib.h>

static const double target_seconds = 0.05, never_seconds = 0.25;

bool program_fence_open(struct program *x, struct err *e)
{
    struct gpu *g = x->gpu;
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    for (uint32_t i = 0; i < COUNTOF(x->flight); i++)
        if (!gpu_ok(g, g->vk.vkCreateFence(g->dev, &fence, NULL, &x->flight[i].fence), "vkCreateFence", e))
            return false;
    if (!g->caps.timestamps) return true;
    VkQueryPoolCreateInfo clock = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                   .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                   .queryCount = 2 * COUNTOF(x->flight)};
    return gpu_ok(g, g->vk.vkCreateQueryPool(g->dev, &clock, NULL, &x->clock), "vkCreateQueryPool", e);
}

// --- cutting and recording ----------------------------------------------------------------------------------------

// While a profile is taken: the time when everything before is finished. Segment s of a program has one more of these
// than it has dispatches, so dispatch i lies between marks i + s and i + s + 1.
static void mark(struct program *x, VkCommandBuffer c, uint32_t at)
{
    if (x->marks) x->gpu->vk.vkCmdWriteTimestamp(c, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, x->marks, at);
}

static bool record_as(struct program *x, enum rate r, uint32_t s, uint32_t flight, struct err *e)
{
    struct gpu *g = x->gpu;
    VkCommandBuffer c = x->replay[r].cmd[s + flight];
    struct segment seg = x->replay[r].segment[s];
    uint32_t query = 2 * flight;
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    if (!gpu_ok(g, g->vk.vkBeginCommandBuffer(c, &begin), "vkBeginCommandBuffer", e)) return false;
    if (x->clock) {
        g->vk.vkCmdResetQueryPool(c, x->clock, query, 2);
        g->vk.vkCmdWriteTimestamp(c, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, x->clock, query);
    }
    if (x->marks) g->vk.vkCmdResetQueryPool(c, x->marks, seg.first + s, seg.count + 1); // not between the dispatches
    program_barrier(x, c); // whatever was submitted before comes before everything in here
    mark(x, c, seg.first + s);
    for (uint32_t i = seg.first; i < seg.first + seg.count; i++) {
        if (i > seg.first && x->plan->seq[r][i].barrier) program_barrier(x, c);
        program_dispatch(x, c, r, i, UINT32_MAX);
        mark(x, c, i + s + 1);
    }
    // results are read by the host after the fence, through mapped memory or a transfer
    VkMemoryBarrier host = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                            .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                            .dstAccessMask = VK_ACCESS_HOST_READ_BIT | VK_ACCESS_HOST_WRITE_BIT |
                                             VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    g->vk.vkCmdPipelineBarrier(c, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                               VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &host, 0, NULL, 0,
                               NULL);
    if (x->clock) g->vk.vkCmdWriteTimestamp(c, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, x->clock, query + 1);
    return gpu_ok(g, g->vk.vkEndCommandBuffer(c), "vkEndCommandBuffer", e);
}

// A program of one submission is recorded twice, so that one can be in flight while the other is submitted.
static bool record(struct program *x, enum rate r, uint32_t s, struct err *e)
{
    return record_as(x, r, s, 0, e) && (x->replay[r].n_segment > 1 || record_as(x, r, s, 1, e));
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
    struct gpu *g = x->gpu;
    struct replay *p = &x->replay[r];
    uint32_t n = x->plan->n_seq[r], room = n + 1;
    if (n == 0) return true;
    p->cmd = mem_zero(room, sizeof *p->cmd, e);
    p->segment = mem_zero(n, sizeof *p->segment, e);
    if (!p->cmd || !p->segment) return false;
    VkCommandBufferAllocateInfo ask = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = g->pool, .commandBufferCount = room};
    if (!gpu_ok(g, g->vk.vkAllocateCommandBuffers(g->dev, &ask, p->cmd), "vkAllocateCommandBuffers", e)) return false;
    p->room = room;
    return program_cut(x, r, e);
}

void program_replay_close(struct program *x)
{
    struct gpu *g = x->gpu;
    program_settle(x, NULL);
    for (int r = 0; r < RATE_COUNT; r++) {
        if (x->replay[r].room) g->vk.vkFreeCommandBuffers(g->dev, g->pool, x->replay[r].room, x->replay[r].cmd);
        free(x->replay[r].cmd);
        free(x->replay[r].segment);
    }
    if (x->clock) g->vk.vkDestroyQueryPool(g->dev, x->clock, NULL);
    for (uint32_t i = 0; i < COUNTOF(x->flight); i++)
        if (x->flight[i].fence) g->vk.vkDestroyFence(g->dev, x->flight[i].fence, NULL);
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

static bool submit(struct program *x, enum rate r, uint32_t s, uint32_t flight, int still, struct err *e)
{
    struct flight *f = &x->flight[flight];
    f->rate = r;
    f->still = still;
    if (still >= 0) x->still[still].made = false;
    f->start = clock_seconds();
    f->busy = gpu_submit_two(x->gpu, x->replay[r].cmd[s + flight], still < 0 ? VK_NULL_HANDLE : x->still[still].cmd,
                             f->fence, e);
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
    return submit(x, r, s, 0, still, e) && wait(x, 0, seconds, e);
}

// Only a clear misjudgement is worth recording again: far too long, or several where one would do.
static void judge(struct replay *p, double total, double predicted, double longest)
{
    bool long_one = longest > never_seconds / 2, crumbs = p->n_segment > 1 && total / p->n_segment < target_seconds / 4;
    double scale = predicted > 0 ? total / predicted : 0;
    p->recut = scale > 0 && (long_one || crumbs) && (p->scale == 0 || scale > 1.5 * p->scale || scale < p->scale / 1.5);
    if (p->recut || p->scale == 0) p->scale = scale;
}

static void judge_single(struct program *x, enum rate r, double seconds)
{
    struct replay *p = &x->replay[r];
    double predicted = 0;
    for (uint32_t i = 0; i < x->plan->n_seq[r]; i++) predicted += x->plan->seq[r][i].seconds;
    judge(p, seconds, predicted, seconds);
    p->seconds = p->longest = seconds;
}

// Whatever is in flight is of one rate, and a program of one submission.
bool program_settle(struct program *x, struct err *e)
{
    bool ok = true;
    for (uint32_t k = 0; k < COUNTOF(x->flight); k++) { // the older one first
        uint32_t i = (x->next_flight + k) % COUNTOF(x->flight);
        double seconds;
        if (!x->flight[i].busy) continue;
        bool done = wait(x, i, &seconds, e);
        if (done) judge_single(x, x->flight[i].rate, seconds);
        ok = ok && done;
    }
    return ok;
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
    return true;
}

bool program_run(struct program *x, enum rate r, bool (*stop)(void *user), void *user, struct err *e)
{
    return run_now(x, r, -1, stop, user, e);
}

bool program_run_ahead(struct program *x, enum rate r, int still, bool (*stop)(void *user), void *user, struct err *e)
{
    struct replay *p = &x->replay[r];
    uint32_t now = x->next_flight, other = (now + 1) % COUNTOF(x->flight);
    double seconds;
    if (p->recut || p->scale == 0 || p->n_segment != 1) return run_now(x, r, still, stop, user, e);
    if (stop && stop(user)) return err_set(e, ERR_CANCELLED, "stopped");
    if (x->flight[other].busy && x->flight[other].rate != r && !program_settle(x, e)) return false;
    if (!submit(x, r, 0, now, still, e)) return false;
    x->next_flight = other;
    if (!x->flight[other].busy) return true;
    if (!wait(x, other, &seconds, e)) return false;
    judge_single(x, r, seconds);
    return true;
}

struct program_stats program_stats(const struct program *x, enum rate r)
{
    const struct replay *p = &x->replay[r];
    return (struct program_stats){p->seconds, p->longest, p->n_segment};
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
