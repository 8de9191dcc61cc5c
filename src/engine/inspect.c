// inspect.c — the report on a checkpoint: architecture, parameters, types, cost, memory plan, loose ends.
#include "engine/json_text.h"
#include "models/names.h"
#include "weights/format.h"

#include <stdlib.h>
#include <string.h>

// --- parameters and types -----------------------------------------------------------------------------------------

static const char *part_of(const char *name)
{
    static const struct {
        const char *has, *part;
    } rows[] = {{"adaLN_modulation", "modulation (adaLN)"},
                {"norm1.linear", "modulation (adaLN)"},
                {"proj_out_1", "modulation (adaLN)"},
                {"timestep_embedder", "embedders"},
                {"class_embedder", "embedders"},
                {"t_embedder", "embedders"},
                {"y_embedder", "embedders"},
                {"x_embedder", "embedders"},
                {"pos_embed", "embedders"},
                {"final_layer", "final layer"},
                {"proj_out_2", "final layer"},
                {"encoder.", "encoder"},
                {"decoder.", "decoder"},
                {"post_quant_conv", "decoder"},
                {"quant_conv", "encoder"},
                {"attn", "attention"},
                {"mlp", "MLP"},
                {".ff.", "MLP"}};
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (strstr(name, rows[i].has)) return rows[i].part;
    return "other";
}

static void add_to(json_t *o, const char *key, uint64_t n, struct err *e)
{
    json_put(o, key, json_integer(json_integer_value(json_object_get(o, key)) + (json_int_t)n), e);
}

static void tensors_json(json_t *o, const struct ckpt *c, struct err *e)
{
    json_t *parts = json_object(), *types = json_object();
    uint64_t all = 0, bytes = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        if (strcmp(c->t[i].name, "pos_embed") != 0) { // a table that anybody can compute, not a parameter
            add_to(parts, part_of(c->t[i].name), c->t[i].count, e);
            all += c->t[i].count;
        }
        add_to(types, dtype_name(c->t[i].dtype), 1, e);
        bytes += c->t[i].count * dtype_bytes(c->t[i].dtype);
    }
    json_put(o, "tensors", json_integer(c->n), e);
    json_put(o, "tensors_by_type", types, e);
    json_put(o, "tensor_bytes", json_integer((json_int_t)bytes), e);
    json_put(o, "parameters", json_integer((json_int_t)all), e);
    json_put(o, "parameters_by_part", parts, e);
}

// --- loose ends ---------------------------------------------------------------------------------------------------

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Names of the file that no weight of the tape comes from, and weights that the file lacks.
static void loose_ends(json_t *o, const struct source *s, const struct net *n, struct err *e)
{
    json_t *unused = json_array(), *missing = json_array();
    uint32_t used = 0, cap = 0;
    char **names = NULL;
    for (uint32_t i = 0; i < n->n_use; i++) {
        struct name_parts p;
        if (!name_resolve(s->ckpt, n->use[i].name, &p)) json_add(missing, json_clean(n->use[i].name), e);
        for (uint32_t k = 0; k < p.n; k++)
            if (mem_grow(&names, &cap, used + 1, sizeof *names, e)) {
                names[used] = mem_text(p.name[k], e);
                used += names[used] != NULL;
            }
    }
    if (used) qsort(names, used, sizeof *names, by_text);
    for (uint32_t i = 0; i < s->ckpt->n; i++) {
        const char *name = s->ckpt->t[i].name;
        if (!strcmp(name, "pos_embed") || (used && bsearch(&name, names, used, sizeof *names, by_text))) continue;
        json_add(unused, json_clean(name), e);
    }
    for (uint32_t i = 0; i < used; i++) free(names[i]);
    free(names);
    json_put(o, "unused", unused, e);
    json_put(o, "missing", missing, e);
}

// --- memory -------------------------------------------------------------------------------------------------------

static json_t *memory_json(const struct plan *p, struct err *e)
{
    uint64_t fixed = 0;
    for (int s = SET_INPUT; s <= SET_STATE; s++)
        for (uint32_t b = 0; b < p->n_block[s]; b++) fixed += p->block[s][b];
    json_t *o = json_object();
    json_put(o, "weights_step_bytes", json_integer((json_int_t)p->weight_bytes[RATE_STEP]), e);
    json_put(o, "weights_before_first_step_bytes", json_integer((json_int_t)p->weight_bytes[RATE_RUN]), e);
    json_put(o, "state_and_table_bytes", json_integer((json_int_t)fixed), e);
    json_put(o, "temporaries_bytes", json_integer((json_int_t)p->temp_bytes), e);
    json_put(o, "temporaries_without_reuse_bytes", json_integer((json_int_t)p->naive_bytes), e);
    json_put(o, "dispatches_per_step", json_integer(p->n_seq[RATE_STEP]), e);
    json_put(o, "barriers_per_step", json_integer(p->barriers[RATE_STEP]), e);
    return o;
}

// Plans one guided picture of 50 steps (or one decode) on the context's device and lists what it would take.
static void plan_json(json_t *o, struct vkdit_model *m, bool dit, const char *key, const struct source *s,
                      struct err *e)
{
    enum dtype wide = m->context ? source_storage(s, &m->context->gpu.caps) : DT_F32;
    struct session t = {0};
    struct dit_use use = {.images = 1,
                          .copies = m->dit.null_class ? 2 : 1,
                          .evals = 50,
                          .conds = 2,
                          .regs = 2,
                          .guide_channels = m->dit.null_class ? 3 : 0,
                          .kind = DIT_STEP};
    struct dit_io io;
    struct vae_io vio;
    graph_open(&t.g, dit ? model_act(m) : DT_F32, dit ? model_weight(m) : wide, e);
    t.net.g = &t.g;
    uint32_t side = m->has_dit ? m->dit.side : 32;
    if (dit)
        dit_build(&t.net, &m->dit, &use, &io);
    else if (m->vae.decoder)
        vae_build_decoder(&t.net, &m->vae, side, side, false, &vio);
    if (!dit && m->vae.encoder)
        vae_build_encoder(&t.net, &m->vae, side * vae_scale(&m->vae), side * vae_scale(&m->vae), &vio);
    if (e->code == ERR_NONE && s->ckpt) loose_ends(o, s, &t.net, e);
    if (e->code == ERR_NONE && m->context) t.plan = plan_make(&t.g, &m->context->gpu.caps, e);
    if (t.plan) json_put(o, key, memory_json(t.plan, e), e);
    session_close(&t);
}

// --- the report ---------------------------------------------------------------------------------------------------

static json_t *transformer_json(struct vkdit_model *m, struct err *e)
{
    const struct dit_config *d = &m->dit;
    json_t *o = json_object();
    json_put(o, "architecture", json_clean(m->name), e);
    json_put(o, "family", json_string(d->sit ? "SiT (flow matching)" : "DiT (noise prediction)"), e);
    json_put(o, "blocks", json_integer(d->depth), e);
    json_put(o, "width", json_integer(d->width), e);
    json_put(o, "heads", json_integer(d->heads), e);
    json_put(o, "head_size", json_integer(d->width / d->heads), e);
    json_put(o, "mlp_width", json_integer(d->mlp), e);
    json_put(o, "patch", json_integer(d->patch), e);
    json_put(o, "latent", json_pack("[i,i,i]", (int)d->channels, (int)d->side, (int)d->side), e);
    json_put(o, "tokens", json_integer((d->side / d->patch) * (d->side / d->patch)), e);
    json_put(o, "classes", json_integer(d->classes), e);
    json_put(o, "null_class", json_boolean(d->null_class), e);
    json_put(o, "learned_variance", json_boolean(d->learned_var), e);
    json_put(o, "numerics", json_string(d->diffusers ? "diffusers" : "original"), e);
    json_put(o, "gflop_per_forward", json_real(dit_flops(d, 1) / 1e9), e);
    json_put(o, "gflop_per_guided_step", json_real(dit_flops(d, 2) / 1e9), e);
    if (m->dit_source.ckpt) {
        json_put(o, "format", json_string(m->dit_source.ckpt->format->name), e);
        tensors_json(o, m->dit_source.ckpt, e);
    } else {
        json_put(o, "parameters", json_integer((json_int_t)m->parameters), e);
    }
    plan_json(o, m, true, "memory_one_guided_picture_50_steps", &m->dit_source, e);
    return o;
}

static json_t *autoencoder_json(struct vkdit_model *m, struct err *e)
{
    const struct vae_config *v = &m->vae;
    json_t *o = json_object(), *base = json_array();
    for (uint32_t i = 0; i < v->levels; i++) json_add(base, json_integer(v->base[i]), e);
    uint32_t side = m->has_dit ? m->dit.side : 32;
    json_put(o, "channels_per_level", base, e);
    json_put(o, "layers_per_level", json_integer(v->layers), e);
    json_put(o, "latent_channels", json_integer(v->latent), e);
    json_put(o, "norm_groups", json_integer(v->groups), e);
    json_put(o, "scaling_factor", json_real((double)v->scaling), e);
    json_put(o, "pixels_per_latent_cell", json_integer(vae_scale(v)), e);
    json_put(o, "encoder", json_boolean(v->encoder), e);
    json_put(o, "decoder", json_boolean(v->decoder), e);
    json_put(o, "gflop_per_decode", json_real(vae_flops(v, side, side) / 1e9), e);
    if (m->vae_source.ckpt) {
        json_put(o, "format", json_string(m->vae_source.ckpt->format->name), e);
        tensors_json(o, m->vae_source.ckpt, e);
    }
    plan_json(o, m, false, "memory_one_picture", &m->vae_source, e);
    return o;
}

vkdit_status vkdit_inspect_json(vkdit *context, const vkdit_model_options *options, char **json, vkdit_error *error)
{
    struct err e = {0};
    vkdit_model *m;
    *json = NULL;
    vkdit_status s = vkdit_model_open(context, options, &m, error);
    if (s != VKDIT_OK) return s;
    json_t *top = json_object();
    json_put(top, "file", json_clean(m->path ? m->path : "synthetic: seeded random weights"), &e);
    json_put(top, "precision", json_string(vkdit_arithmetic_name(m->precision, VKDIT_WEIGHTS_FULL)), &e);
    json_put(top, "weights", json_string(vkdit_weights_name(m->weights)), &e);
    if (context) json_put(top, "planned_for", json_clean(context->gpu.caps.name), &e);
    if (m->has_dit) json_put(top, "transformer", transformer_json(m, &e), &e);
    if (m->has_vae) json_put(top, "autoencoder", autoencoder_json(m, &e), &e);
    vkdit_model_close(m);
    if (e.code == ERR_NONE)
        json_give(top, json, &e);
    else
        json_decref(top);
    return status_of(&e, error);
}
