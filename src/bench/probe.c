// probe.c — see probe.h. Each probe is repeated until it takes long enough to be timed, then sampled.
#include "bench/probe.h"
#include "kernels/coop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double sample_seconds = 0.02, sample_seconds_cpu = 0.03;
enum {
    FLOPS_PER_STEP = 8 * 2 * 2,
    STEPS = 16,
    STEPS_SHORT = 4,
    DOT_OPS_PER_STEP = 16 * 8,
    MATRICES_PER_TRIP = 4 * 4
}; // as the shaders unroll
enum { DISPATCHES = 200 };

// --- one timed submission -----------------------------------------------------------------------------------------

struct bed { // what all probes share
    struct gpu *g;
    struct gpu_buf x, y;
    VkDescriptorPool pool;
    VkDescriptorSet set;
    VkCommandBuffer cmd;
    VkFence fence;
    VkQueryPool clock;
};

struct shot { // one dispatch, repeated with barriers in between
    const struct pipeline *pipe;
    uint32_t groups, repeats;
    bool transfer; // the driver's own copy instead of a dispatch
    uint32_t push[4], n_push;
};

static bool shot_record(struct bed *b, const struct shot *s, struct err *e)
{
    struct gpu *g = b->g;
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                            VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    VkPipelineStageFlags stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    VkBufferCopy whole = {.size = b->x.bytes};
    if (!gpu_ok(g, g->vk.vkBeginCommandBuffer(b->cmd, &begin), "vkBeginCommandBuffer", e)) return false;
    if (b->clock) g->vk.vkCmdResetQueryPool(b->cmd, b->clock, 0, 2);
    g->vk.vkCmdBindPipeline(b->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, s->pipe->pipe);
    g->vk.vkCmdBindDescriptorSets(b->cmd, VK_PIPELINE_BIND_POINT_COMPUTE, s->pipe->layout, 0, 1, &b->set, 0, NULL);
    g->vk.vkCmdPushConstants(b->cmd, s->pipe->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, s->n_push * 4, s->push);
    if (b->clock) g->vk.vkCmdWriteTimestamp(b->cmd, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, b->clock, 0);
    for (uint32_t i = 0; i < s->repeats; i++) {
        g->vk.vkCmdPipelineBarrier(b->cmd, stages, stages, 0, 1, &all, 0, NULL, 0, NULL);
        if (s->transfer)
            g->vk.vkCmdCopyBuffer(b->cmd, b->x.buf, b->y.buf, 1, &whole);
        else
            g->vk.vkCmdDispatch(b->cmd, s->groups, 1, 1);
    }
    if (b->clock) g->vk.vkCmdWriteTimestamp(b->cmd, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, b->clock, 1);
    return gpu_ok(g, g->vk.vkEndCommandBuffer(b->cmd), "vkEndCommandBuffer", e);
}

static bool shot_time(struct bed *b, const struct shot *s, double *seconds, struct err *e)
{
    struct gpu *g = b->g;
    if (!shot_record(b, s, e)) return false;
    double start = clock_seconds();
    if (!gpu_submit(g, b->cmd, b->fence, e) || !gpu_wait(g, b->fence, e)) return false;
    *seconds = clock_seconds() - start;
    if (!b->clock) return true;
    uint64_t t[2] = {0};
    VkResult r = g->vk.vkGetQueryPoolResults(g->dev, b->clock, 0, 2, sizeof t, t, sizeof *t,
                                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    *seconds = t[1] > t[0] ? (double)(t[1] - t[0]) * g->caps.timestamp_ns * 1e-9 : 0;
    return gpu_ok(g, r, "vkGetQueryPoolResults", e);
}

// --- the bed ------------------------------------------------------------------------------------------------------

static bool bed_objects(struct bed *b, struct err *e)
{
    struct gpu *g = b->g;
    VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 1,
        .pPoolSizes = &(VkDescriptorPoolSize){VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2},
    };
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkQueryPoolCreateInfo clock = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP, .queryCount = 2};
    return gpu_ok(g, g->vk.vkCreateDescriptorPool(g->dev, &pool, NULL, &b->pool), "vkCreateDescriptorPool", e) &&
           gpu_commands(g, 1, &b->cmd, e) &&
           gpu_ok(g, g->vk.vkCreateFence(g->dev, &fence, NULL, &b->fence), "vkCreateFence", e) &&
           (!g->caps.timestamps ||
            gpu_ok(g, g->vk.vkCreateQueryPool(g->dev, &clock, NULL, &b->clock), "vkCreateQueryPool", e));
}

// A fresh set for a pipeline: one buffer (y) or two (x, y).
static bool bed_bind(struct bed *b, const struct pipeline *p, struct err *e)
{
    struct gpu *g = b->g;
    VkDescriptorSetAllocateInfo ask = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .descriptorPool = b->pool,
                                       .descriptorSetCount = 1,
                                       .pSetLayouts = &p->sets};
    if (!gpu_ok(g, g->vk.vkResetDescriptorPool(g->dev, b->pool, 0), "vkResetDescriptorPool", e) ||
        !gpu_ok(g, g->vk.vkAllocateDescriptorSets(g->dev, &ask, &b->set), "vkAllocateDescriptorSets", e))
        return false;
    VkDescriptorBufferInfo info[2] = {{b->x.buf, 0, b->x.bytes}, {b->y.buf, 0, b->y.bytes}};
    VkWriteDescriptorSet write[2];
    for (uint32_t k = 0; k < p->n_bind; k++)
        write[k] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                          .dstSet = b->set,
                                          .dstBinding = k,
                                          .descriptorCount = 1,
                                          .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                          .pBufferInfo = &info[p->n_bind == 1 ? 1 : k]};
    g->vk.vkUpdateDescriptorSets(g->dev, p->n_bind, write, 0, NULL);
    return true;
}

// Twice this passes through memory: more than any cache holds, where there is room.
static uint64_t copy_bytes(const struct caps *c)
{
    uint64_t bytes = c->type == CAPS_CPU ? 64ull << 20 : 512ull << 20;
    bytes = min_u64(bytes, min_u64(c->range_max, c->alloc_max));
    bytes = min_u64(bytes, c->heap_budget / 8);
    return bytes / 4096 * 4096;
}

static bool bed_open(struct bed *b, struct gpu *g, struct err *e)
{
    *b = (struct bed){.g = g};
    uint64_t bytes = copy_bytes(&g->caps);
    return gpu_buf_open(g, &b->x, bytes, GPU_DEVICE, e) && gpu_buf_open(g, &b->y, bytes, GPU_DEVICE, e) &&
           bed_objects(b, e);
}

static void bed_close(struct bed *b)
{
    struct gpu *g = b->g;
    if (b->pool) g->vk.vkDestroyDescriptorPool(g->dev, b->pool, NULL);
    if (b->cmd) g->vk.vkFreeCommandBuffers(g->dev, g->pool, 1, &b->cmd);
    if (b->fence) g->vk.vkDestroyFence(g->dev, b->fence, NULL);
    if (b->clock) g->vk.vkDestroyQueryPool(g->dev, b->clock, NULL);
    gpu_buf_close(g, &b->x);
    gpu_buf_close(g, &b->y);
}

// --- sampling -----------------------------------------------------------------------------------------------------

double probe_value(const struct probe *p, double seconds)
{
    if (!(seconds > 0)) return 0;
    double rate = p->amount / seconds;
    if (!strcmp(p->unit, "TFLOP/s") || !strcmp(p->unit, "TOP/s")) return rate * 1e-12;
    if (!strcmp(p->unit, "GB/s")) return rate * 1e-9;
    return 1e6 / rate; // microseconds each
}

// Raises *knob (trips of a loop, or repeats) until a sample is long enough; `each` is the amount per unit of it.
static bool sample(struct bed *b, struct shot *s, uint32_t *knob, double each, struct probe *p, struct err *e)
{
    double want = b->g->caps.type == CAPS_CPU ? sample_seconds_cpu : sample_seconds, seconds = 0, best = 0;
    if (!bed_bind(b, s->pipe, e) || !shot_time(b, s, &seconds, e)) return false; // warm-up
    for (;;) {
        if (!shot_time(b, s, &seconds, e)) return false;
        if (seconds >= want || *knob >= 1u << 24) break;
        double grow = seconds > 0 ? fmin(fmax(1.2 * want / seconds, 1.5), 8) : 8;
        *knob = (uint32_t)((double)*knob * grow) + 1;
    }
    for (uint32_t i = 0; i < PROBE_SAMPLES; i++) {
        if (!shot_time(b, s, &p->seconds[i], e)) return false;
        if (i == 0 || p->seconds[i] < best) best = p->seconds[i];
    }
    p->amount = each * *knob;
    p->best = probe_value(p, best);
    p->measured = best > 0;
    if (!p->measured) snprintf(p->why, sizeof p->why, "the device's clock does not advance");
    return true;
}

static uint32_t float_bits(float v)
{
    uint32_t w;
    memcpy(&w, &v, sizeof w);
    return w;
}

static uint32_t pick_threads(const struct caps *c)
{
    return c->type == CAPS_CPU ? max_u32(c->subgroup, 4) : min_u32(256, min_u32(c->threads_max, c->threads_x_max));
}

// Chains of arithmetic in registers: v = v * factor + term.
static bool probe_chains(struct bed *b, const char *shader, uint32_t factor, uint32_t term, double ops, struct probe *p,
                         struct err *e)
{
    struct gpu *g = b->g;
    uint32_t threads = pick_threads(&g->caps);
    struct shot s = {.groups = g->caps.type == CAPS_CPU ? 256 : 4096, .repeats = 1, .n_push = 3};
    s.push[0] = 16;
    s.push[1] = factor;
    s.push[2] = term;
    snprintf(p->why, sizeof p->why, "%u workgroups of %u, sixteen chains each", s.groups, threads);
    const struct pipeline_wish w = {.shader = shader, .spec = {0, threads}, .n_spec = 2, .n_bind = 1, .push_bytes = 12};
    return gpu_pipeline(g, &w, &s.pipe, e) && sample(b, &s, &s.push[0], (double)s.groups * threads * ops, p, e);
}

// On a CPU the shader of short trips may be the better one, see there.
static bool probe_fma(struct bed *b, const char *shader, const char *shader_short, struct probe *p, struct err *e)
{
    const uint32_t factor = float_bits(0.9995f), term = float_bits(0.0005f);
    struct probe other = *p;
    if (!probe_chains(b, shader, factor, term, FLOPS_PER_STEP * STEPS, p, e)) return false;
    if (b->g->caps.type != CAPS_CPU) return true;
    if (!probe_chains(b, shader_short, factor, term, FLOPS_PER_STEP * STEPS_SHORT, &other, e)) return false;
    if (other.best > p->best) *p = other;
    return true;
}

// Says why there is nothing to measure.
static bool none(struct probe *p, const char *why)
{
    snprintf(p->why, sizeof p->why, "%s", why);
    return true;
}

static bool probe_fma32(struct bed *b, struct probe *p, struct err *e)
{
    return probe_fma(b, "probe_fma", "probe_fma_short", p, e);
}

static bool probe_fma16(struct bed *b, struct probe *p, struct err *e)
{
    if (!b->g->caps.f16_math) return none(p, "the device has no 16-bit arithmetic");
    return probe_fma(b, "probe_fma_half", "probe_fma_half_short", p, e);
}

static bool probe_dot8(struct bed *b, struct probe *p, struct err *e)
{
    if (!b->g->caps.int_dot) return none(p, "the device offers no dot products of integers");
    return probe_chains(b, "probe_dot", 0x7f03fd81u, 12345, DOT_OPS_PER_STEP * STEPS, p, e);
}

static const struct coop_shape *best_shape(const struct caps *c, const char *factor, const char *sum)
{
    const struct coop_shape *best = NULL;
    for (uint32_t i = 0; c->coop1 && i < c->n_coop; i++) {
        const struct coop_shape *s = &c->coop[i];
        if (coop_multiplies(s, factor, sum) && s->of_subgroup &&
            (!best || s->m * s->n * s->k > best->m * best->n * best->k))
            best = s;
    }
    return best;
}

static bool probe_matrices(struct bed *b, const struct coop_shape *m, const char *shader, uint32_t factor,
                           const char *what, struct probe *p, struct err *e)
{
    struct gpu *g = b->g;
    if (g->caps.type == CAPS_CPU) // its compiler sees that the products repeat
        return none(p, "matrix units are emulated on a CPU");
    uint32_t lanes = max_u32(g->caps.subgroup, 1), subgroups = max_u32(1, min_u32(256, g->caps.threads_max) / lanes);
    const struct pipeline_wish w = {.shader = shader,
                                    .spec = {0, lanes * subgroups, m->m, m->n, m->k},
                                    .n_spec = 5,
                                    .n_bind = 1,
                                    .push_bytes = 8,
                                    .subgroup = g->caps.subgroup_pick ? lanes : 0};
    struct shot s = {.groups = 2048, .repeats = 1, .n_push = 2};
    s.push[0] = 4;
    s.push[1] = factor;
    double each = (double)s.groups * subgroups * MATRICES_PER_TRIP * 2.0 * m->m * m->n * m->k;
    snprintf(p->why, sizeof p->why, "%ux%ux%u, %s, %u subgroups of %u per workgroup", m->m, m->n, m->k, what, subgroups,
             lanes);
    return gpu_pipeline(g, &w, &s.pipe, e) && sample(b, &s, &s.push[0], each, p, e);
}

static bool probe_matrix(struct bed *b, struct probe *p, struct err *e)
{
    const struct coop_shape *m = b->g->caps.f16_math ? best_shape(&b->g->caps, "f16", "f32") : NULL;
    if (!m) return none(p, "the device offers no cooperative matrices of halves into F32");
    return probe_matrices(b, m, "probe_coop", float_bits(0.001f), "halves into F32", p, e);
}

static bool probe_matrix8(struct bed *b, struct probe *p, struct err *e)
{
    const struct coop_shape *m = b->g->caps.i8_math ? best_shape(&b->g->caps, "s8", "s32") : NULL;
    if (!m) return none(p, "the device offers no cooperative matrices of 8-bit integers into 32 bits");
    return probe_matrices(b, m, "probe_coop_int8", 3, "8-bit integers into 32 bits", p, e);
}

static bool probe_copy(struct bed *b, struct probe *p, struct err *e)
{
    struct gpu *g = b->g;
    uint32_t threads = pick_threads(&g->caps);
    const struct pipeline_wish w = {
        .shader = "probe_copy", .spec = {0, threads}, .n_spec = 2, .n_bind = 2, .push_bytes = 4};
    uint64_t count = b->x.bytes / 16;
    struct shot s = {.repeats = 1, .n_push = 1};
    s.groups = (uint32_t)min_u64(g->caps.type == CAPS_CPU ? 256 : 8192, ceil_div((uint32_t)count, threads));
    s.push[0] = (uint32_t)count;
    struct probe other = *p;
    if (!gpu_pipeline(g, &w, &s.pipe, e) || !sample(b, &s, &s.repeats, 2.0 * (double)b->x.bytes, p, e)) return false;
    s.transfer = true;
    s.repeats = 1;
    if (!sample(b, &s, &s.repeats, 2.0 * (double)b->x.bytes, &other, e)) return false;
    bool better = other.measured && other.best > p->best;
    if (better) *p = other;
    snprintf(p->why, sizeof p->why, "%llu MiB read and as many written, by %s", (unsigned long long)(b->x.bytes >> 20),
             better ? "vkCmdCopyBuffer" : "a shader");
    return true;
}

static bool probe_dispatch(struct bed *b, struct probe *p, struct err *e)
{
    struct gpu *g = b->g;
    const struct pipeline_wish w = {
        .shader = "probe_nothing", .spec = {0, pick_threads(&g->caps)}, .n_spec = 2, .n_bind = 1, .push_bytes = 4};
    struct shot s = {.groups = 1, .repeats = DISPATCHES, .n_push = 1};
    snprintf(p->why, sizeof p->why, "one workgroup and a barrier, recorded in a row");
    return gpu_pipeline(g, &w, &s.pipe, e) && sample(b, &s, &s.repeats, 1, p, e);
}

bool probe_all(struct gpu *g, struct probe *out, bool (*stop)(void *user), void *user, struct err *e)
{
    static const struct {
        const char *name, *unit;
        bool (*run)(struct bed *b, struct probe *p, struct err *e);
    } rows[PROBE_COUNT] = {
        [PROBE_FMA32] = {"fma_fp32", "TFLOP/s", probe_fma32},      [PROBE_FMA16] = {"fma_fp16", "TFLOP/s", probe_fma16},
        [PROBE_MATRIX] = {"matrix_fp16", "TFLOP/s", probe_matrix}, [PROBE_DOT8] = {"dot_int8", "TOP/s", probe_dot8},
        [PROBE_MATRIX8] = {"matrix_int8", "TOP/s", probe_matrix8}, [PROBE_COPY] = {"copy", "GB/s", probe_copy},
        [PROBE_DISPATCH] = {"dispatch", "us", probe_dispatch},
    };
    struct bed b;
    bool ok = bed_open(&b, g, e);
    for (int i = 0; i < PROBE_COUNT; i++) out[i] = (struct probe){.name = rows[i].name, .unit = rows[i].unit};
    for (int i = 0; ok && i < PROBE_COUNT; i++) {
        if (stop && stop(user)) ok = err_set(e, ERR_CANCELLED, "stopped");
        if (ok) ok = rows[i].run(&b, &out[i], e);
    }
    bed_close(&b);
    return ok;
}
