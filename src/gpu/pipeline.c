// pipeline.c — compute pipelines, made once per (shader, constants, interface) and found again. Knows no kernel.
#include "gpu/gpu_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void pipeline_close(struct gpu *g, struct pipeline *p)
{
    if (p->pipe) g->vk.vkDestroyPipeline(g->dev, p->pipe, NULL);
    if (p->layout) g->vk.vkDestroyPipelineLayout(g->dev, p->layout, NULL);
    if (p->sets) g->vk.vkDestroyDescriptorSetLayout(g->dev, p->sets, NULL);
    *p = (struct pipeline){0};
}

static bool open_layout(struct gpu *g, const struct pipe_key *k, struct pipeline *p, struct err *e)
{
    VkDescriptorSetLayoutBinding bind[32];
    for (uint32_t i = 0; i < k->n_bind; i++)
        bind[i] = (VkDescriptorSetLayoutBinding){.binding = i,
                                                 .descriptorType = k->texels >> i & 1
                                                                       ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                                                       : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                                 .descriptorCount = 1,
                                                 .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    VkDescriptorSetLayoutCreateInfo sets = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = k->n_bind, .pBindings = bind};
    if (k->n_bind) TRY(g, g->vk.vkCreateDescriptorSetLayout(g->dev, &sets, NULL, &p->sets), e);
    VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = k->push_bytes};
    VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                         .setLayoutCount = k->n_bind ? 1 : 0,
                                         .pSetLayouts = &p->sets,
                                         .pushConstantRangeCount = k->push_bytes ? 1 : 0,
                                         .pPushConstantRanges = &push};
    TRY(g, g->vk.vkCreatePipelineLayout(g->dev, &layout, NULL, &p->layout), e);
    return true;
}

static VkResult make_pipeline(struct gpu *g, const struct pipe_key *k, VkShaderModule module, struct pipeline *p)
{
    VkSpecializationMapEntry entry[PIPE_SPEC_MAX];
    for (uint32_t i = 0; i < k->n_spec; i++)
        entry[i] = (VkSpecializationMapEntry){.constantID = i, .offset = 4 * i, .size = 4};
    VkSpecializationInfo spec = {
        .mapEntryCount = k->n_spec, .pMapEntries = entry, .dataSize = 4 * (size_t)k->n_spec, .pData = k->spec};
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = k->subgroup};
    VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                  .pNext = k->subgroup ? &size : NULL,
                                                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                  .module = module,
                                                  .pName = "main",
                                                  .pSpecializationInfo = &spec},
                                        .layout = p->layout};
    if (g->priv->statistics && g->caps.executable_info) info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    return g->vk.vkCreateComputePipelines(g->dev, g->cache, 1, &info, NULL, &p->pipe);
}

bool pipeline_open(struct gpu *g, const struct pipe_key *k, struct pipeline *p, struct err *e)
{
    VkShaderModule module = VK_NULL_HANDLE;
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = k->blob->bytes, .pCode = k->blob->words};
    p->n_bind = k->n_bind;
    if (!open_layout(g, k, p, e)) return false;
    TRY(g, g->vk.vkCreateShaderModule(g->dev, &info, NULL, &module), e);
    VkResult r = make_pipeline(g, k, module, p);
    g->vk.vkDestroyShaderModule(g->dev, module, NULL);
    if (gpu_ok(g, r, "vkCreateComputePipelines", e)) return true;
    return err_in(e, k->blob->name);
}

static bool key_equal(const struct pipe_key *a, const struct pipe_key *b)
{
    return a->blob == b->blob && a->n_spec == b->n_spec && a->n_bind == b->n_bind && a->texels == b->texels &&
           a->push_bytes == b->push_bytes && a->subgroup == b->subgroup && !memcmp(a->spec, b->spec, sizeof a->spec);
}

// What the device must allow, said with numbers before the driver says it with a code.
static bool check_key(const struct gpu *g, const struct pipe_key *k, struct err *e)
{
    const struct caps *c = &g->caps;
    const char *name = k->blob->name;
    if (k->n_bind > 32 || (k->n_bind > c->bind_max))
        return err_set(e, ERR_UNSUPPORTED, "kernel %s binds %u buffers, this device allows %u", name, k->n_bind,
                       min_u32(c->bind_max, 32));
    if (k->push_bytes > c->push_max)
        return err_set(e, ERR_UNSUPPORTED, "kernel %s pushes %u bytes, this device allows %u", name, k->push_bytes,
                       c->push_max);
    if (k->subgroup && (k->subgroup < c->subgroup_min || k->subgroup > c->subgroup_max))
        return err_set(e, ERR_UNSUPPORTED, "kernel %s wants subgroups of %u, this device has %u to %u", name,
                       k->subgroup, c->subgroup_min, c->subgroup_max);
    if (k->subgroup && !c->subgroup_pick && k->subgroup != c->subgroup)
        return err_set(e, ERR_UNSUPPORTED, "kernel %s wants subgroups of %u, this device gives %u and no choice", name,
                       k->subgroup, c->subgroup);
    return true;
}

// Its entry, new ones not made yet.
static struct pipe_entry *find_or_add(struct gpu *g, const struct pipe_key *k, struct err *e)
{
    struct gpu_private *v = g->priv;
    for (uint32_t i = 0; i < v->n_pipes; i++)
        if (key_equal(&v->pipes[i]->key, k)) return v->pipes[i];
    if (g->lost) return gpu_ok(g, VK_ERROR_DEVICE_LOST, "vkCreateComputePipelines", e), NULL;
    if (!mem_grow(&v->pipes, &v->cap_pipes, v->n_pipes + 1, sizeof *v->pipes, e)) return NULL;
    struct pipe_entry *entry = mem_zero(1, sizeof *entry, e);
    if (!entry) return NULL;
    entry->key = *k;
    return v->pipes[v->n_pipes++] = entry;
}

static bool make_key(const struct gpu *g, const struct pipeline_wish *w, struct pipe_key *k, struct err *e)
{
    *k = (struct pipe_key){.blob = blob_find(w->shader),
                           .n_spec = w->n_spec,
                           .n_bind = w->n_bind,
                           .texels = w->texels,
                           .push_bytes = w->push_bytes,
                           .subgroup = w->subgroup};
    if (!k->blob) return err_set(e, ERR_ARG, "no shader is called \"%s\"", w->shader);
    if (w->n_spec > COUNTOF(k->spec))
        return err_set(e, ERR_ARG, "shader %s got %u constants, at most %u fit", w->shader, w->n_spec,
                       (unsigned)COUNTOF(k->spec));
    memcpy(k->spec, w->spec, 4 * (size_t)w->n_spec);
    if (!check_key(g, k, e)) return false;
    if (!g->caps.subgroup_pick) k->subgroup = 0; // the only size there is
    return true;
}

static void forget(struct gpu *g, struct pipe_entry *entry)
{
    pipeline_close(g, &entry->pipe);
    free(entry);
}

void pipelines_close(struct gpu *g)
{
    for (uint32_t i = 0; i < g->priv->n_pipes; i++) forget(g, g->priv->pipes[i]);
    free(g->priv->pipes);
    g->priv->pipes = NULL;
    g->priv->n_pipes = g->priv->cap_pipes = 0;
}

// Of those from the first on, only the ones that were made stay: whoever stopped the others may want them again.
static void keep_made(struct gpu *g, uint32_t first)
{
    struct gpu_private *v = g->priv;
    uint32_t kept = first;
    for (uint32_t i = first; i < v->n_pipes; i++) {
        if (v->pipes[i]->pipe.pipe)
            v->pipes[kept++] = v->pipes[i];
        else
            forget(g, v->pipes[i]);
    }
    v->n_pipes = kept;
    v->pipes_new += kept - first;
}

bool gpu_pipelines(struct gpu *g, const struct pipeline_wish *wish, uint32_t n, const struct pipeline **out,
                   struct err *e)
{
    struct gpu_private *v = g->priv;
    const uint32_t first = v->n_pipes;
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++) {
        struct pipe_key k;
        struct pipe_entry *entry = make_key(g, &wish[i], &k, e) ? find_or_add(g, &k, e) : NULL;
        ok = entry != NULL;
        out[i] = ok ? &entry->pipe : NULL;
    }
    ok = ok && (v->n_pipes == first || pipelines_make(g, v->pipes + first, v->n_pipes - first, e));
    keep_made(g, first);
    return ok;
}

static void print_statistic(const VkPipelineExecutableStatisticKHR *s, char *text, size_t room)
{
    char name[VK_MAX_DESCRIPTION_SIZE];
    text_clean(name, sizeof name, s->name, strnlen(s->name, sizeof s->name));
    switch (s->format) { // the format belongs to Vulkan, there is no table to put it in
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_BOOL32_KHR:
        snprintf(text, room, "%s = %u\n", name, s->value.b32);
        break;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR:
        snprintf(text, room, "%s = %lld\n", name, (long long)s->value.i64);
        break;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR:
        snprintf(text, room, "%s = %llu\n", name, (unsigned long long)s->value.u64);
        break;
    default: snprintf(text, room, "%s = %g\n", name, s->value.f64); break;
    }
}

bool gpu_pipeline_stats(struct gpu *g, const struct pipeline *p, char *text, size_t text_bytes, struct err *e)
{
    VkPipelineExecutableStatisticKHR list[64];
    uint32_t n = COUNTOF(list);
    if (!text_bytes) return err_set(e, ERR_ARG, "no room for pipeline statistics");
    text[0] = '\0';
    if (!g->priv->statistics || !g->caps.executable_info)
        return err_set(e, ERR_UNSUPPORTED, "pipeline statistics were not asked for, or %s has none", g->caps.name);
    for (uint32_t i = 0; i < n; i++)
        list[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    VkPipelineExecutableInfoKHR info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = p->pipe};
    VkResult r = g->vk.vkGetPipelineExecutableStatisticsKHR(g->dev, &info, &n, list);
    if (r != VK_SUCCESS && r != VK_INCOMPLETE) return gpu_ok(g, r, "vkGetPipelineExecutableStatisticsKHR", e);
    for (uint32_t i = 0; i < n; i++) {
        size_t used = strlen(text);
        print_statistic(&list[i], text + used, text_bytes - used);
    }
    return true;
}
