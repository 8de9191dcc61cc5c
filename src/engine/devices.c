// devices.c — the report on every device: facts, limits, and the kernel that each op would use there.
#include "engine/json_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEVICES_MAX = 32 };

static json_t *uuid_json(const uint8_t id[16])
{
    char text[40];
    int at = 0;
    for (int i = 0; i < 16; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                       id[i]);
    return json_string(text);
}

static const char *type_name(enum caps_type t)
{
    static const char *const names[] = {"other", "integrated GPU", "discrete GPU", "virtual GPU", "CPU"};
    return names[t];
}

static json_t *version_json(uint32_t v)
{
    char text[40];
    snprintf(text, sizeof text, "%u.%u.%u", VK_API_VERSION_MAJOR(v), VK_API_VERSION_MINOR(v), VK_API_VERSION_PATCH(v));
    return json_string(text);
}

static json_t *heaps_json(const struct caps *c, struct err *e)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->n_heap; i++) {
        json_t *h = json_object();
        json_put(h, "size_bytes", json_integer((json_int_t)c->heap[i].bytes), e);
        json_put(h, "budget_bytes", json_integer((json_int_t)c->heap[i].budget), e);
        json_put(h, "device_local", json_boolean(c->heap[i].device_local), e);
        json_add(list, h, e);
    }
    return list;
}

static json_t *features_json(const struct caps *c, struct err *e)
{
    const struct {
        const char *name;
        bool on;
    } rows[] = {{"fp16_arithmetic", c->f16_math},
                {"storage_16bit", c->f16_store},
                {"storage_8bit", c->i8_store},
                {"int8_arithmetic", c->i8_math},
                {"integer_dot_product", c->int_dot},
                {"int64", c->int64},
                {"buffer_addresses", c->addresses},
                {"scalar_layout", c->scalar_layout},
                {"subgroup_arithmetic", c->subgroup_arith},
                {"subgroup_ballot", c->subgroup_ballot},
                {"subgroup_shuffle", c->subgroup_shuffle},
                {"subgroup_size_control", c->subgroup_pick},
                {"cooperative_matrix", c->coop1},
                {"cooperative_matrix_2", c->coop2},
                {"cooperative_matrix_2_workgroup", c->coop2_group},
                {"memory_budget", c->memory_budget},
                {"timestamps", c->timestamps}};
    json_t *o = json_object();
    for (size_t i = 0; i < COUNTOF(rows); i++) json_put(o, rows[i].name, json_boolean(rows[i].on), e);
    return o;
}

static json_t *limits_json(const struct caps *c, struct err *e)
{
    json_t *o = json_object();
    json_put(o, "storage_binding_bytes", json_integer((json_int_t)c->range_max), e);
    json_put(o, "allocation_bytes", json_integer((json_int_t)c->alloc_max), e);
    json_put(o, "shared_memory_bytes", json_integer(c->shared_max), e);
    json_put(o, "push_constant_bytes", json_integer(c->push_max), e);
    json_put(o, "offset_alignment", json_integer(c->offset_align), e);
    json_put(o, "workgroup_invocations", json_integer(c->threads_max), e);
    json_put(o, "subgroup_size", json_integer(c->subgroup), e);
    json_put(o, "subgroup_sizes", json_pack("[i,i]", (int)c->subgroup_min, (int)c->subgroup_max), e);
    return o;
}

static json_t *coop_json(const struct caps *c, struct err *e)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->n_coop; i++) {
        char text[96];
        const struct coop_shape *s = &c->coop[i];
        snprintf(text, sizeof text, "%ux%ux%u %s*%s+%s->%s%s", s->m, s->n, s->k, s->a, s->b, s->c, s->r,
                 s->of_subgroup ? "" : " (not subgroup)");
        json_add(list, json_string(text), e);
    }
    return list;
}

// --- kernels ------------------------------------------------------------------------------------------------------

// One op is judged by its first test case of each storage type, at this device: a real tape, not a promise.
static json_t *kernel_json(const struct caps *c, const struct op_row *row, enum dtype d, struct err *e)
{
    struct err why = {0};
    struct graph g;
    ten out;
    json_t *o = NULL;
    graph_open(&g, d, d, &why);
    if (row->cases && row->cases(&g, 0, &out) && why.code == ERR_NONE && g.n_op) {
        const struct op *op = &g.op[g.n_op - 1];
        const struct kernel_row *best = plan_kernel(&g, c, op);
        json_t *passed = json_array();
        for (const struct kernel_row *const *k = row->kernels; k && *k && *k != best; k++) {
            char text[200];
            if ((*k)->measured && k != row->kernels && k[-1]->measured) continue; // one stands for its family
            snprintf(text, sizeof text, "%s (needs %s)", (*k)->name, (*k)->needs ? (*k)->needs : "something else");
            json_add(passed, json_string(text), e);
        }
        o = json_object();
        json_put(o, "op", json_string(row->name), e);
        json_put(o, "storage", json_string(d == DT_F16 ? "fp16" : "fp32"), e);
        json_put(o, "kernel", json_string(best ? best->name : "none"), e);
        json_put(o, "passed_over", passed, e);
    }
    graph_close(&g);
    if (why.code == ERR_MEMORY) err_set(e, ERR_MEMORY, "%s", why.text); // any other reason: no such case
    return o;
}

static json_t *kernels_json(const struct caps *c, struct err *e)
{
    json_t *list = json_array();
    for (const struct op_row *const *row = op_table; *row; row++)
        for (int half = 0; half < 2; half++) {
            json_t *k = kernel_json(c, *row, half ? DT_F16 : DT_F32, e);
            if (k) json_add(list, k, e);
        }
    return list;
}

static json_t *device_json(const struct caps *c, uint32_t index, struct err *e)
{
    json_t *o = json_object();
    json_put(o, "index", json_integer(index), e);
    json_put(o, "name", json_clean(c->name), e);
    json_put(o, "vendor", json_clean(c->vendor_name), e);
    json_put(o, "type", json_string(type_name(c->type)), e);
    json_put(o, "uuid", uuid_json(c->uuid), e);
    json_put(o, "driver", json_clean(c->driver_name), e);
    json_put(o, "driver_version", json_clean(c->driver_info), e);
    json_put(o, "vulkan", version_json(c->api), e);
    if (c->refused[0]) {
        json_put(o, "refused", json_clean(c->refused), e);
        return o;
    }
    json_put(o, "heaps", heaps_json(c, e), e);
    json_put(o, "features", features_json(c, e), e);
    json_put(o, "limits", limits_json(c, e), e);
    json_put(o, "cooperative_matrix_shapes", coop_json(c, e), e);
    json_put(o, "kernels", kernels_json(c, e), e);
    return o;
}

static bool devices(const vkdit_options *options, char **json, struct err *e)
{
    struct gpu_wish w = {0};
    if (options)
        w = (struct gpu_wish){
            .device = options->device, .limits = options->limits, .log = options->log, .user = options->user};
    struct caps *list = mem_zero(DEVICES_MAX, sizeof *list, e);
    uint32_t n = DEVICES_MAX, chosen = 0;
    char why[200] = "";
    bool ok = list && gpu_list(list, &n, &w, e);
    json_t *all = json_array(), *top = json_object();
    for (uint32_t i = 0; ok && i < n; i++) json_add(all, device_json(&list[i], i, e), e);
    json_put(top, "devices", all, e);
    struct err none = {0};
    if (ok && gpu_choose(list, n, w.device, &chosen, why, sizeof why, &none)) {
        json_put(top, "chosen", json_integer(chosen), e);
        json_put(top, "reason", json_clean(why), e);
    } else if (ok) {
        json_put(top, "reason", json_clean(none.text), e);
    }
    free(list);
    return json_give(top, json, e);
}

vkdit_status vkdit_devices_json(const vkdit_options *options, char **json, vkdit_error *error)
{
    struct err e = {0};
    *json = NULL;
    devices(options, json, &e);
    return status_of(&e, error);
}

vkdit_status vkdit_samplers_json(char **json, vkdit_error *error)
{
    struct err err = {0}, *e = &err;
    json_t *list = json_array();
    for (const struct sampler_row *const *r = sampler_table; *r; r++) {
        json_t *o = json_object(), *families = json_array();
        if ((*r)->families & FAMILY_DDPM) json_add(families, json_string("DiT"), e);
        if ((*r)->families & FAMILY_FLOW) json_add(families, json_string("SiT"), e);
        json_put(o, "name", json_string((*r)->name), e);
        json_put(o, "alias", json_string((*r)->alias ? (*r)->alias : ""), e);
        json_put(o, "families", families, e);
        json_put(o, "stochastic", json_boolean((*r)->stochastic), e);
        json_put(o, "adaptive", json_boolean((*r)->adaptive), e);
        json_put(o, "about", json_string((*r)->about), e);
        json_add(list, o, e);
    }
    *json = NULL;
    json_give(list, json, e);
    return status_of(e, error);
}
