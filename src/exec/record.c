// record.c — a planned tape on a Vulkan device: buffers, pipelines, descriptor sets and command buffers are all made
// here, before the first replay. Knows which operands a dispatch binds; knows no particular op and no model.
#include "exec/program.h"

#include <stdlib.h>
#include <string.h>

// --- memory -------------------------------------------------------------------------------------------------------

static bool open_set(struct program *x, int set, struct err *e)
{
    const struct plan *p = x->plan;
    if (p->n_block[set] == 0) return true;
    x->block[set] = mem_zero(p->n_block[set], sizeof *x->block[set], e);
    if (!x->block[set]) return false;
    x->n_block[set] = p->n_block[set];
    for (uint32_t b = 0; b < p->n_block[set]; b++)
        if (!gpu_buf_open(x->gpu, &x->block[set][b], p->block[set][b], set == SET_INPUT ? GPU_INPUT : GPU_DEVICE, e))
            return false;
    return true;
}

static void close_set(struct program *x, int set)
{
    for (uint32_t b = 0; b < x->n_block[set]; b++) gpu_buf_close(x->gpu, &x->block[set][b]);
    free(x->block[set]);
    x->block[set] = NULL;
    x->n_block[set] = 0;
}

struct gpu_buf *program_buffer(const struct program *x, uint32_t tensor)
{
    return &x->block[plan_set(x->plan, tensor)][x->plan->place[tensor].block];
}

// --- operands -----------------------------------------------------------------------------------------------------

enum { TEXEL_BYTES = 16 }; // of the largest texel, see texel_format; buffers end at a multiple

struct operand {
    struct gpu_buf *buf;
    uint64_t first, bytes;
    uint32_t word;
};

// The byte range that binding k of a dispatch sees. Ranges start aligned; `word` is what was aligned away. An absent
// operand sees operand 0: the output's aligned range can reach into what another shard writes.
static struct operand operand_of(const struct program *x, const struct dispatch *d, uint32_t k)
{
    const struct op *o = &x->plan->g->op[d->op];
    uint32_t which = k == o->n_in || o->in[k] ? k : 0;
    uint32_t t = which < o->n_in ? o->in[which] : o->out;
    const struct tensor *a = &x->plan->g->t[t];
    const struct place *at = &x->plan->place[t];
    struct span s = {0, shape_count(a->sh)};
    if (o->row->span && a->kind != KIND_WEIGHT) s = o->row->span(x->plan->g, o, which, d->shard);
    uint64_t align = d->kernel->addresses ? 4 : x->gpu->caps.offset_align;
    uint64_t first = at->offset + s.first * dtype_bytes(a->dtype), low = first / align * align;
    uint64_t bytes = a->kind == KIND_WEIGHT ? at->bytes : s.count * dtype_bytes(a->dtype);
    if (which == o->n_in && d->kernel->scratch) bytes = at->bytes;
    bytes = align_up(first - low + bytes, d->kernel->texels >> k & 1 ? TEXEL_BYTES : 4);
    return (struct operand){program_buffer(x, t), low, bytes, (uint32_t)((first - low) / 4)};
}

static uint32_t bindings(const struct program *x, const struct dispatch *d)
{
    return x->plan->g->op[d->op].n_in + 1;
}

static bool add_view(struct program *x, const struct operand *v, VkFormat format, VkBufferView *out, struct err *e)
{
    VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                   .buffer = v->buf->buf,
                                   .format = format,
                                   .offset = v->first,
                                   .range = v->bytes};
    if (!mem_grow(&x->view, &x->cap_view, x->n_view + 1, sizeof *x->view, e)) return false;
    if (!gpu_ok(x->gpu, x->gpu->vk.vkCreateBufferView(x->gpu->dev, &info, NULL, out), "vkCreateBufferView", e))
        return false;
    x->view[x->n_view++] = *out;
    return true;
}

static VkFormat texel_format(const struct program *x, const struct dispatch *d, uint32_t k)
{
    if (!(d->kernel->fours >> k & 1)) return VK_FORMAT_R32_UINT;
    const struct graph *g = x->plan->g;
    enum dtype type = g->t[g->op[d->op].in[k]].dtype;
    return type == DT_F32 ? VK_FORMAT_R32G32B32A32_UINT : VK_FORMAT_R32G32_UINT;
}

static bool write_set(struct program *x, const struct dispatch *d, VkDescriptorSet set, struct err *e)
{
    VkDescriptorBufferInfo info[OP_IN + 1];
    VkBufferView view[OP_IN + 1];
    VkWriteDescriptorSet write[OP_IN + 1];
    uint32_t n = bindings(x, d);
    for (uint32_t k = 0; k < n; k++) {
        struct operand v = operand_of(x, d, k);
        bool texels = d->kernel->texels >> k & 1;
        if (texels && !add_view(x, &v, texel_format(x, d, k), &view[k], e)) return false;
        info[k] = (VkDescriptorBufferInfo){v.buf->buf, v.first, v.bytes};
        write[k] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                          .dstSet = set,
                                          .dstBinding = k,
                                          .descriptorCount = 1,
                                          .descriptorType = texels ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                                                   : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                          .pBufferInfo = &info[k],
                                          .pTexelBufferView = &view[k]};
    }
    x->gpu->vk.vkUpdateDescriptorSets(x->gpu->dev, n, write, 0, NULL);
    return true;
}

// The push block: operand table, then the kernel's own words. Returns its size in bytes.
static uint32_t push_block(const struct program *x, const struct dispatch *d, const struct launch *l, uint32_t *block)
{
    uint32_t n = bindings(x, d), at = 0;
    for (uint32_t k = 0; k < n; k++) {
        struct operand v = operand_of(x, d, k);
        if (d->kernel->addresses) {
            uint64_t address = v.buf->address + v.first + 4ull * v.word;
            block[at++] = (uint32_t)address;
            block[at++] = (uint32_t)(address >> 32);
        } else {
            block[at++] = v.word;
        }
    }
    memcpy(block + at, l->push, l->n_push * sizeof *l->push);
    return (at + l->n_push) * 4;
}

// --- dispatches ---------------------------------------------------------------------------------------------------

static void launch_of(const struct program *x, const struct dispatch *d, struct launch *l)
{
    const struct plan *p = x->plan;
    *l = (struct launch){.groups = {1, 1, 1}};
    d->kernel->pack(&x->gpu->caps, p->g, &p->g->op[d->op], d->shard, l);
}

_Static_assert((int)SPEC_MAX <= (int)PIPE_SPEC_MAX, "a launch has more constants than a pipeline");

// The pipeline that a dispatch wants, after a look at what else the device must allow.
static bool wish_of(const struct program *x, const struct dispatch *d, struct pipeline_wish *w, struct err *e)
{
    struct launch l;
    uint32_t block[2 * (OP_IN + 1) + PUSH_WORDS];
    launch_of(x, d, &l);
    *w = (struct pipeline_wish){.shader = d->kernel->shader,
                                .n_spec = l.n_spec,
                                .n_bind = d->kernel->addresses ? 0 : bindings(x, d),
                                .texels = d->kernel->texels,
                                .push_bytes = push_block(x, d, &l, block),
                                .subgroup = l.subgroup};
    memcpy(w->spec, l.spec, sizeof *l.spec * l.n_spec);
    const char *scope = x->plan->g->op[d->op].scope;
    if (w->push_bytes > x->gpu->caps.push_max)
        return err_set(e, ERR_UNSUPPORTED, "%s: kernel %s needs %u bytes of push constants, the device has %u", scope,
                       d->kernel->name, w->push_bytes, x->gpu->caps.push_max);
    for (int k = 0; k < 3; k++)
        if (l.groups[k] == 0 || l.groups[k] > x->gpu->caps.groups_max[k])
            return err_set(e, ERR_UNSUPPORTED,
                           "%s: kernel %s needs %u workgroups in dimension %d, the device allows %u", scope,
                           d->kernel->name, l.groups[k], k, x->gpu->caps.groups_max[k]);
    return true;
}

// Those of all rates together, so that as many as possible are made at once.
static bool open_pipelines(struct program *x, struct err *e)
{
    uint32_t total = 0, n = 0;
    for (int r = 0; r < RATE_COUNT; r++) total += x->plan->n_seq[r];
    struct pipeline_wish *wish = mem_zero(total, sizeof *wish, e);
    const struct pipeline **made = mem_zero(total, sizeof *made, e);
    bool ok = wish && made;
    for (int r = 0; r < RATE_COUNT; r++)
        for (uint32_t i = 0; ok && i < x->plan->n_seq[r]; i++) ok = wish_of(x, &x->plan->seq[r][i], &wish[n++], e);
    ok = ok && gpu_pipelines(x->gpu, wish, n, made, e);
    n = 0;
    for (int r = 0; ok && r < RATE_COUNT; r++) {
        x->node[r] = mem_zero(x->plan->n_seq[r], sizeof *x->node[r], e);
        ok = x->node[r] != NULL;
        for (uint32_t i = 0; ok && i < x->plan->n_seq[r]; i++) x->node[r][i].pipe = made[n++];
    }
    free(wish);
    free(made);
    return ok;
}

static bool open_node(struct program *x, const struct dispatch *d, struct node *n, struct err *e)
{
    if (d->kernel->addresses) return true;
    VkDescriptorSetAllocateInfo ask = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .descriptorPool = x->descriptors,
                                       .descriptorSetCount = 1,
                                       .pSetLayouts = &n->pipe->sets};
    return gpu_ok(x->gpu, x->gpu->vk.vkAllocateDescriptorSets(x->gpu->dev, &ask, &n->set), "vkAllocateDescriptorSets",
                  e) &&
           write_set(x, d, n->set, e);
}

static bool open_descriptors(struct program *x, struct err *e)
{
    uint32_t sets = 0, buffers = 0, texels = 0;
    for (int r = 0; r < RATE_COUNT; r++)
        for (uint32_t i = 0; i < x->plan->n_seq[r]; i++) {
            if (x->plan->seq[r][i].kernel->addresses) continue;
            sets++;
            buffers += bindings(x, &x->plan->seq[r][i]);
            for (uint32_t k = 0; k < BIND_MAX; k++) texels += x->plan->seq[r][i].kernel->texels >> k & 1;
        }
    if (sets == 0) return true;
    VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = sets,
        .poolSizeCount = texels ? 2 : 1,
        .pPoolSizes = (VkDescriptorPoolSize[]){{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, buffers},
                                               {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, texels}},
    };
    return gpu_ok(x->gpu, x->gpu->vk.vkCreateDescriptorPool(x->gpu->dev, &info, NULL, &x->descriptors),
                  "vkCreateDescriptorPool", e);
}

void program_barrier(struct program *x, VkCommandBuffer c)
{
    VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    x->gpu->vk.vkCmdPipelineBarrier(c, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1,
                                    &all, 0, NULL, 0, NULL);
}

void program_dispatch(struct program *x, VkCommandBuffer c, enum rate r, uint32_t i, uint32_t groups_max)
{
    const struct VolkDeviceTable *vk = &x->gpu->vk;
    const struct dispatch *d = &x->plan->seq[r][i];
    const struct node *n = &x->node[r][i];
    struct launch l;
    uint32_t block[2 * (OP_IN + 1) + PUSH_WORDS];
    launch_of(x, d, &l);
    uint32_t push = push_block(x, d, &l, block);
    vk->vkCmdBindPipeline(c, VK_PIPELINE_BIND_POINT_COMPUTE, n->pipe->pipe);
    if (n->set) vk->vkCmdBindDescriptorSets(c, VK_PIPELINE_BIND_POINT_COMPUTE, n->pipe->layout, 0, 1, &n->set, 0, NULL);
    vk->vkCmdPushConstants(c, n->pipe->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push, block);
    vk->vkCmdDispatch(c, min_u32(l.groups[0], groups_max), min_u32(l.groups[1], groups_max),
                      min_u32(l.groups[2], groups_max));
}

// --- weights ------------------------------------------------------------------------------------------------------

bool program_weight(struct program *x, ten t, const void *src, enum dtype type, struct err *e)
{
    const struct tensor *w = &x->plan->g->t[t.id];
    const struct place *at = &x->plan->place[t.id];
    if (!program_settle(x, e)) return false;
    if (at->bytes == 0) return true; // nothing reads it
    if (x->n_block[plan_set(x->plan, t.id)] == 0)
        return err_set(e, ERR_ARG, "%s: its memory has been dropped", w->name);
    struct layout l = x->plan->layout[t.id];
    uint64_t bytes = layout_bytes(l, w->sh, w->dtype);
    struct gpu_buf *b = program_buffer(x, t.id);
    if (b->map) {
        layout_pack(l, w->sh, w->dtype, b->map + at->offset, type, src);
        return true;
    }
    void *packed = malloc((size_t)bytes);
    if (!packed) return err_memory(e, bytes);
    layout_pack(l, w->sh, w->dtype, packed, type, src);
    bool ok = gpu_upload(x->gpu, b, at->offset, packed, bytes, e);
    free(packed);
    return ok;
}

void program_drop_weights(struct program *x, enum rate r)
{
    program_settle(x, NULL); // a failure is the next call's: the device is lost
    close_set(x, (int)SET_WEIGHT + (int)r);
}

bool program_has_weights(const struct program *x, enum rate r)
{
    int set = (int)SET_WEIGHT + (int)r;
    return x->n_block[set] == x->plan->n_block[set];
}

bool program_keep_weights(struct program *x, enum rate r, struct err *e)
{
    int set = (int)SET_WEIGHT + (int)r;
    if (program_has_weights(x, r)) return true;
    if (!open_set(x, set, e)) return false;
    for (uint32_t i = 0; i < x->plan->n_seq[r]; i++)
        if (x->node[r][i].set && !write_set(x, &x->plan->seq[r][i], x->node[r][i].set, e)) return false;
    return program_cut(x, r, e);
}

// --- open and close -----------------------------------------------------------------------------------------------

static bool open_rate(struct program *x, enum rate r, struct err *e)
{
    for (uint32_t i = 0; i < x->plan->n_seq[r]; i++)
        if (!open_node(x, &x->plan->seq[r][i], &x->node[r][i], e)) return false;
    return program_replay_open(x, r, e);
}

struct program *program_open(struct gpu *g, const struct plan *p, struct err *e)
{
    struct program *x = mem_zero(1, sizeof *x, e);
    if (!x) return NULL;
    x->gpu = g;
    x->plan = p;
    bool ok = open_descriptors(x, e) && program_flights_open(x, e);
    for (int s = 0; ok && s < PROGRAM_SETS; s++) ok = open_set(x, s, e);
    ok = ok && open_pipelines(x, e);
    for (int r = 0; ok && r < RATE_COUNT; r++) ok = open_rate(x, (enum rate)r, e);
    if (ok) return x;
    program_close(x);
    return NULL;
}

void program_close(struct program *x)
{
    if (!x) return;
    program_replay_close(x);
    program_stills_close(x);
    if (x->descriptors) x->gpu->vk.vkDestroyDescriptorPool(x->gpu->dev, x->descriptors, NULL);
    for (uint32_t i = 0; i < x->n_view; i++) x->gpu->vk.vkDestroyBufferView(x->gpu->dev, x->view[i], NULL);
    free(x->view);
    for (int s = 0; s < PROGRAM_SETS; s++) close_set(x, s);
    for (int r = 0; r < RATE_COUNT; r++) free(x->node[r]);
    free(x);
}

// --- host access --------------------------------------------------------------------------------------------------

static bool in_bounds(const struct program *x, ten t, uint64_t first, uint64_t count, struct err *e)
{
    uint64_t end, all = shape_count(x->plan->g->t[t.id].sh);
    if (t.id && x->plan->place[t.id].bytes && add_ok(first, count, &end) && end <= all) return true;
    return err_set(e, ERR_ARG, "%s: elements %llu+%llu of %llu", t.id ? x->plan->g->t[t.id].name : "no tensor",
                   (unsigned long long)first, (unsigned long long)count, (unsigned long long)all);
}

bool program_write(struct program *x, ten t, uint64_t first, uint64_t count, const void *src, struct err *e)
{
    if (!in_bounds(x, t, first, count, e) || !program_settle(x, e)) return false;
    const struct tensor *a = &x->plan->g->t[t.id];
    uint64_t at = x->plan->place[t.id].offset + first * dtype_bytes(a->dtype);
    struct gpu_buf *b = program_buffer(x, t.id);
    if (a->dtype != DT_F16) return gpu_upload(x->gpu, b, at, src, count * 4, e);
    uint16_t *half = mem_zero(count, 2, e);
    if (!half) return false;
    convert_to_f16(half, src, DT_F32, count);
    bool ok = gpu_upload(x->gpu, b, at, half, count * 2, e);
    free(half);
    return ok;
}

bool program_read(struct program *x, ten t, uint64_t first, uint64_t count, void *dst, struct err *e)
{
    if (!in_bounds(x, t, first, count, e) || !program_settle(x, e)) return false;
    const struct tensor *a = &x->plan->g->t[t.id];
    uint64_t at = x->plan->place[t.id].offset + first * dtype_bytes(a->dtype);
    struct gpu_buf *b = program_buffer(x, t.id);
    if (a->dtype != DT_F16) return gpu_download(x->gpu, b, at, dst, count * 4, e);
    uint16_t *half = mem_zero(count, 2, e);
    bool ok = half && gpu_download(x->gpu, b, at, half, count * 2, e);
    if (ok) convert_to_f32(dst, half, DT_F16, count);
    free(half);
    return ok;
}
