// model.c — opening a model: files, configuration, labels; the recorded step that runs share.
#include "base/file.h"
#include "base/labels.h"
#include "engine/engine.h"
#include "engine/shipped.h"
#include "models/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

// --- sessions -----------------------------------------------------------------------------------------------------

void session_close(struct session *s)
{
    program_close(s->program);
    plan_free(s->plan);
    net_close(&s->net);
    graph_close(&s->g);
    *s = (struct session){0};
}

static bool making(void *source, uint32_t done, uint32_t total)
{
    const struct source *s = source;
    return s && s->progress && s->progress(s->user, "pipelines", done, total);
}

bool session_record(struct session *s, struct gpu *gpu, const struct source *told, struct err *e)
{
    gpu->making = making;
    gpu->making_user = (void *)(uintptr_t)told;
    s->plan = plan_make(&s->g, &gpu->caps, e);
    s->program = s->plan ? program_open(gpu, s->plan, e) : NULL;
    gpu->making = NULL;
    return s->program != NULL;
}

static bool host_weights(struct vkdit_model *m, struct err *e)
{
    float freqs[128];
    const struct tensor *p = graph_at(&m->step.g, m->io.pos);
    dit_freqs(&m->dit, freqs);
    if (!program_weight(m->step.program, m->io.freqs, freqs, DT_F32, e)) return false;
    if (m->dit.stored_pos) {
        void *scratch = NULL;
        uint64_t room = 0;
        const struct ckpt_tensor *t = ckpt_find(&m->dit_file, "pos_embed");
        const void *raw = ckpt_data(&m->dit_file, t, &scratch, &room, e);
        bool ok = raw && program_weight(m->step.program, m->io.pos, raw, t->dtype, e);
        free(scratch);
        return ok;
    }
    float *pos = mem_zero(shape_count(p->sh), sizeof *pos, e);
    if (!pos) return false;
    dit_positions(&m->dit, pos);
    bool ok = program_weight(m->step.program, m->io.pos, pos, DT_F32, e);
    free(pos);
    return ok;
}

enum dtype weights_type(vkdit_weights w, enum dtype full)
{
    return w == VKDIT_WEIGHTS_Q8 ? DT_Q8 : w == VKDIT_WEIGHTS_Q4 ? DT_Q4 : full;
}

enum dtype model_act(const struct vkdit_model *m)
{
    return m->precision == VKDIT_PRECISION_F16 ? DT_F16 : DT_F32;
}

enum dtype model_weight(const struct vkdit_model *m)
{
    bool wide = model_act(m) == DT_F32 && m->context;
    return weights_type(m->weights, wide ? source_storage(&m->dit_source, &m->context->gpu.caps) : model_act(m));
}

bool model_step(struct vkdit_model *m, const struct dit_use *use, bool taps, struct err *e)
{
    m->step_user++;
    if (m->step_open && m->step_taps == taps && !memcmp(use, &m->use, sizeof *use)) {
        if (program_has_weights(m->step.program, RATE_RUN)) return true;
        if (program_keep_weights(m->step.program, RATE_RUN, e) && host_weights(m, e) &&
            source_load(&m->dit_source, &m->step.net, m->step.program, 1u << RATE_RUN, e))
            return true;
        program_drop_weights(m->step.program, RATE_RUN); // half-filled memory must not pass for weights
        return false;
    }
    session_close(&m->step);
    m->step_open = false;
    struct graph *g = &m->step.g;
    graph_open(g, model_act(m), model_weight(m), e);
    g->taps = taps;
    m->step.net.g = g;
    m->use = *use;
    m->step_taps = taps;
    m->step_rate = RATE_STEP;
    dit_build(&m->step.net, &m->dit, use, &m->io);
    if (e->code == ERR_NONE) tuning_measure(m->context, g);
    m->step_open = e->code == ERR_NONE && session_record(&m->step, &m->context->gpu, &m->dit_source, e);
    if (m->step_open) warm_start(m, &m->warmer, m->step.program);
    m->step_open =
        m->step_open && host_weights(m, e) && source_load(&m->dit_source, &m->step.net, m->step.program, 7, e);
    if (!m->step_open) session_close(&m->step);
    return m->step_open;
}

// --- opening ------------------------------------------------------------------------------------------------------

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool mentions_sit(const char *path)
{
    const char *base = strrchr(path, '/');
    for (base = base ? base + 1 : path; *base; base++)
        if (!strncasecmp(base, "sit", 3)) return true;
    return false;
}

enum part { PART_DIT, PART_DECODER, PART_ENCODER, PART_TINY, PARTS };

static bool has_part(const struct vkdit_model *m, enum part p)
{
    if (p == PART_DIT) return m->has_dit;
    if (p == PART_TINY) return m->has_tiny;
    return m->has_vae && (p == PART_DECODER ? m->vae.decoder : m->vae.encoder);
}

static void build_part(struct vkdit_model *m, enum part p, struct net *n)
{
    struct dit_use use = {.images = 1, .copies = 1, .evals = 1, .conds = 1, .regs = 1};
    struct dit_io dit;
    struct vae_io vae;
    if (p == PART_DIT) {
        dit_build(n, &m->dit, &use, &dit);
    } else if (p == PART_DECODER) {
        vae_build_decoder(n, &m->vae, 8, 8, false, &vae); // any size has the same weights
    } else if (p == PART_TINY) {
        tiny_build(n, &m->tiny, 8, 8, &vae);
    } else {
        uint32_t side = 8 * vae_scale(&m->vae);
        vae_build_encoder(n, &m->vae, side, side, &vae);
    }
}

// Every weight is looked for, and counted, before a byte goes to the device.
static bool check_weights(struct vkdit_model *m, struct err *e)
{
    for (enum part p = PART_DIT; p < PARTS && e->code == ERR_NONE; p++) {
        const struct source *source = p == PART_DIT    ? &m->dit_source
                                      : p == PART_TINY ? &m->tiny_source
                                                       : &m->vae_source;
        struct session s = {0};
        if (!has_part(m, p)) continue;
        graph_open(&s.g, DT_F32, DT_F32, e);
        s.net.g = &s.g;
        build_part(m, p, &s.net);
        if (e->code == ERR_NONE && source->ckpt) source_check(source, &s.net, e);
        for (uint32_t i = 0; p == PART_DIT && i < s.net.n_use; i++)
            m->parameters += shape_count(graph_at(&s.g, s.net.use[i].t)->sh);
        if (e->code != ERR_NONE) err_in(e, source->ckpt ? source->ckpt->path : "synthetic model");
        session_close(&s);
    }
    return e->code == ERR_NONE;
}

static bool add_label(struct vkdit_model *m, uint32_t i, const char *text, struct err *e)
{
    char clean[200];
    m->labels[i] = mem_text(text_clean(clean, sizeof clean, text, strlen(text)), e);
    return m->labels[i] != NULL;
}

static bool read_labels(struct vkdit_model *m, struct err *e)
{
    if (!m->has_dit) return true;
    struct meta meta = m->dit_source.ckpt ? meta_open(m->dit_source.ckpt) : (struct meta){0};
    m->labels = mem_zero(m->dit.classes, sizeof *m->labels, e);
    bool ok = m->labels != NULL;
    if (ok) m->n_labels = m->dit.classes;
    for (uint32_t i = 0; ok && i < m->n_labels; i++) {
        const char *name =
            m->has_folder && i < m->folder.n_labels ? m->folder.labels[i] : meta_item(&meta, "labels", i);
        if (name) ok = add_label(m, i, name, e);
    }
    meta_close(&meta);
    return ok;
}

static bool open_vae_file(struct vkdit_model *m, const char *path, const struct folder *f, struct err *e)
{
    if (!ckpt_open(&m->vae_file, path, NULL, e)) return false;
    if (!vae_config_read(&m->vae, &m->vae_file, f, e)) return err_in(e, path);
    m->has_vae = true;
    m->vae_source.ckpt = &m->vae_file;
    return true;
}

// A file that another one names beside itself; NULL when it is not there: one that was moved without it is still a model.
static char *neighbour(const char *of, const char *name, struct err *e)
{
    const char *slash = strrchr(of, '/');
    char folder[1024];
    int n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - of) : 1, slash ? of : ".");
    if (!name[0] || n >= (int)sizeof folder) return NULL;
    char *path = path_join(n ? folder : "/", name, e);
    if (path && file_kind(path) == FILE_REGULAR) return path;
    free(path);
    return NULL;
}

static bool open_neighbour(struct vkdit_model *m, struct err *e)
{
    char *path = neighbour(m->path, m->hints.vae, e);
    bool ok = path ? open_vae_file(m, path, NULL, e) : e->code == ERR_NONE;
    free(path);
    return ok;
}

// The tiny decoder: asked for, or named by the autoencoder, whose latents it learned.
static bool open_tiny(struct vkdit_model *m, const vkdit_model_options *o, struct err *e)
{
    struct hints vae = {0};
    if (!o->tiny_vae && m->has_vae && !m->synthetic) hints_read(&vae, &m->vae_file, m->vae.latent);
    char *path = o->tiny_vae ? mem_text(o->tiny_vae, e) : vae.tiny[0] ? neighbour(m->vae_file.path, vae.tiny, e) : NULL;
    bool ok = e->code == ERR_NONE;
    if (path) {
        ok = ckpt_open(&m->tiny_file, path, o->root, e) &&
             (tiny_config_read(&m->tiny, &m->tiny_file, e) || err_in(e, path));
        m->has_tiny = ok;
        m->tiny_source.ckpt = &m->tiny_file;
    }
    free(path);
    return ok;
}

static bool open_vae(struct vkdit_model *m, const vkdit_model_options *o, struct err *e)
{
    if (!o->vae && !m->has_folder && m->hints.vae[0]) return open_neighbour(m, e);
    if (!o->vae) return !m->has_folder || !m->folder.vae || open_vae_file(m, m->folder.vae, &m->folder, e);
    if (!is_folder(o->vae)) return open_vae_file(m, o->vae, NULL, e);
    struct folder f = {0};
    bool ok = folder_open(&f, o->vae, e);
    if (ok && !f.vae) ok = err_set(e, ERR_MODEL, "%.200s: no autoencoder weights in this folder", o->vae);
    ok = ok && open_vae_file(m, f.vae, &f, e);
    folder_close(&f);
    return ok;
}

static bool open_file(struct vkdit_model *m, const vkdit_model_options *o, const char *path, struct err *e)
{
    if (!ckpt_open(&m->dit_file, path, o->root, e)) return false;
    bool dit = dit_sniff(&m->dit_file);
    if (!dit && vae_sniff(&m->dit_file) && !o->vae) {
        ckpt_close(&m->dit_file);
        return open_vae_file(m, path, NULL, e);
    }
    if (!dit_config_read(&m->dit, &m->dit_file, m->has_folder ? &m->folder : NULL, o->heads, e)) return err_in(e, path);
    m->has_dit = true;
    m->dit_source.ckpt = &m->dit_file;
    hints_read(&m->hints, &m->dit_file, m->dit.channels);
    if (o->is_sit)
        m->dit.sit = o->is_sit > 0;
    else if (!m->dit.sit && !m->has_folder && !ckpt_meta_find(&m->dit_file, "config"))
        m->dit.sit = mentions_sit(path);
    return true;
}

static bool open_synthetic(struct vkdit_model *m, const vkdit_model_options *o, struct err *e)
{
    m->synthetic = m->has_dit = m->has_vae = true;
    m->vae = (struct vae_config){
        .levels = 4, .base = {16, 32, 32, 32}, .layers = 1, .latent = 4, .groups = 8, .scaling = 1.0f, .decoder = true};
    m->dit_source = (struct source){.dit = &m->dit, .seed = 1};
    m->vae_source = (struct source){.seed = 2};
    if (!dit_config_named(&m->dit, o->synthetic ? o->synthetic : "tiny", e)) return false;
    if (o->is_sit) m->dit.sit = o->is_sit > 0;
    return true;
}

// What the options name: a file or folder, or else a model that ships. Without a word: the default one, if any.
static bool find_path(struct vkdit_model *m, const vkdit_model_options *o, struct err *e)
{
    if (o->path && (file_kind(o->path) != FILE_ABSENT || strchr(o->path, '/')))
        m->path = mem_text(o->path, e);
    else if (o->path || !o->synthetic)
        m->path = shipped_path(o->assets, o->path, e);
    if (o->path && !m->path) m->path = mem_text(o->path, e); // opening it says what is wrong
    return e->code == ERR_NONE;
}

// Advice that cannot be followed is left out; the preview belongs to the latent, so the autoencoder's file has it.
static void settle_hints(struct vkdit_model *m)
{
    struct hints *h = &m->hints, vae = {0};
    const struct sampler_row *row = h->sampler[0] ? sampler_find(h->sampler) : NULL;
    if (h->sampler[0] && (!row || !(row->families & (m->dit.sit ? FAMILY_FLOW : FAMILY_DDPM)))) {
        snprintf(h->refused, sizeof h->refused, "sampler is none of this model's");
        h->sampler[0] = h->spacing[0] = 0;
    }
    if (h->shift != 0 && !m->dit.sit) {
        snprintf(h->refused, sizeof h->refused, "shift is for flows");
        h->shift = 0;
    }
    if ((h->shift != 0 || h->epsilon_scale != 0) && (!h->sampler[0] || row->adaptive)) {
        if (!h->refused[0])
            snprintf(h->refused, sizeof h->refused, "epsilon_scale and shift need a sampler with steps");
        h->shift = h->epsilon_scale = 0;
    }
    if (m->has_vae) hints_read(&vae, &m->vae_file, m->vae.latent);
    if (vae.preview) {
        h->preview = vae.preview;
        memcpy(h->matrix, vae.matrix, sizeof h->matrix);
        memcpy(h->bias, vae.bias, sizeof h->bias);
    }
    const char *refused = h->refused[0] ? h->refused : vae.refused;
    char line[200];
    if (!refused[0] || !m->context || !m->context->log) return;
    snprintf(line, sizeof line, "what the model's file says about its use is not all followed: %s", refused);
    m->context->log(m->context->user, 1, line);
}

static bool open_files(struct vkdit_model *m, const vkdit_model_options *o, struct err *e)
{
    if (!find_path(m, o, e)) return false;
    if (!m->path) return open_synthetic(m, o, e);
    const char *weights = m->path;
    if (is_folder(m->path)) {
        if (!folder_open(&m->folder, m->path, e)) return false;
        m->has_folder = true;
        weights = m->folder.transformer;
        if (!weights && !m->folder.vae) return err_set(e, ERR_MODEL, "%.200s: no weights in this folder", m->path);
    }
    return (!weights || open_file(m, o, weights, e)) && (m->has_vae || open_vae(m, o, e));
}

static vkdit_precision precision_of(const vkdit *c, vkdit_precision asked)
{
    if (asked != VKDIT_PRECISION_AUTO) return asked;
    return c && c->gpu.caps.type != CAPS_CPU ? VKDIT_PRECISION_F16 : VKDIT_PRECISION_F32;
}

static bool consistent(const struct vkdit_model *m, struct err *e)
{
    if (m->has_dit && m->has_vae && m->dit.channels != m->vae.latent)
        return err_set(e, ERR_MODEL, "the transformer makes %u latent channels, the autoencoder reads %u",
                       m->dit.channels, m->vae.latent);
    if (m->has_tiny && m->has_dit && m->dit.channels != m->tiny.latent)
        return err_set(e, ERR_MODEL, "the transformer makes %u latent channels, the tiny decoder reads %u",
                       m->dit.channels, m->tiny.latent);
    if (m->has_tiny && m->has_vae && tiny_scale(&m->tiny) != vae_scale(&m->vae))
        return err_set(e, ERR_MODEL, "the autoencoder draws %u pixels a latent cell, the tiny decoder %u",
                       vae_scale(&m->vae), tiny_scale(&m->tiny));
    return true;
}

static bool fill_model(struct vkdit_model *m, const vkdit_model_options *o, struct err *e)
{
    char name[64] = "autoencoder";
    if ((unsigned)o->precision > VKDIT_PRECISION_F16 || (unsigned)o->weights > VKDIT_WEIGHTS_Q4)
        return err_set(e, ERR_ARG, "precision %d, weights %d: no such thing", (int)o->precision, (int)o->weights);
    if (!open_files(m, o, e) || !open_tiny(m, o, e)) return false;
    if (o->numerics != VKDIT_NUMERICS_AUTO) m->dit.diffusers = o->numerics == VKDIT_NUMERICS_DIFFUSERS;
    m->precision = precision_of(m->context, o->precision);
    m->weights = o->weights;
    static const char *const what[] = {"transformer", "autoencoder", "tiny decoder"};
    struct source *all[] = {&m->dit_source, &m->vae_source, &m->tiny_source};
    for (size_t i = 0; i < COUNTOF(all); i++) {
        all[i]->progress = o->progress;
        all[i]->user = o->user;
        all[i]->what = what[i];
    }
    if (!m->synthetic) settle_hints(m);
    if (m->has_dit) dit_config_name(&m->dit, name, sizeof name);
    if (m->has_dit && m->hints.name[0]) snprintf(name, sizeof name, "%s", m->hints.name);
    m->name = mem_text(name, e);
    return m->name && consistent(m, e) && check_weights(m, e) && read_labels(m, e);
}

vkdit_status vkdit_model_open(vkdit *context, const vkdit_model_options *options, vkdit_model **out, vkdit_error *error)
{
    struct err e = {0};
    vkdit_model_options none = {0};
    *out = mem_zero(1, sizeof **out, &e);
    if (*out) {
        (*out)->context = context;
        fill_model(*out, options ? options : &none, &e);
    }
    if (e.code != ERR_NONE) {
        vkdit_model_close(*out);
        *out = NULL;
    }
    return status_of(&e, error);
}

void vkdit_model_close(vkdit_model *m)
{
    if (!m) return;
    warm_end(&m->warmer, false);
    session_close(&m->step);
    session_close(&m->decoder.s);
    session_close(&m->encoder.s);
    session_close(&m->sketcher.s);
    ckpt_close(&m->dit_file);
    ckpt_close(&m->vae_file);
    ckpt_close(&m->tiny_file);
    folder_close(&m->folder);
    for (uint32_t i = 0; i < m->n_labels; i++) free(m->labels[i]);
    free(m->labels);
    free(m->name);
    free(m->path);
    free(m);
}

// --- questions ----------------------------------------------------------------------------------------------------

// As much arithmetic in as much time as the transformer's; drivers that run on the CPU compile first.
static double sketch_estimate(const struct vkdit_model *m, double transformer)
{
    const double compile = m->context->gpu.caps.type == CAPS_CPU ? 1 : 0;
    return compile + transformer * tiny_flops(&m->tiny, m->dit.side, m->dit.side) /
                         dit_flops(&m->dit, m->use.images * (m->step_rate == RATE_PLAIN ? 1 : m->use.copies));
}

void vkdit_model_usage(const vkdit_model *m, vkdit_usage *u)
{
    const struct gpu *g = &m->context->gpu;
    *u = (vkdit_usage){.memory = g->bytes_now, .memory_peak = g->bytes_peak};
    if (m->step_open) u->transformer_seconds = program_stats(m->step.program, m->step_rate).seconds;
    for (enum rate r = 0; m->decoder.open && r < RATE_COUNT; r++)
        u->decoder_seconds += program_stats(m->decoder.s.program, r).seconds;
    for (enum rate r = 0; m->sketcher.open && r < RATE_COUNT; r++)
        u->sketch_seconds += program_stats(m->sketcher.s.program, r).seconds;
    if (m->has_tiny && m->has_dit && m->step_open && u->sketch_seconds == 0)
        u->sketch_seconds = sketch_estimate(m, u->transformer_seconds);
}

void vkdit_model_get_info(const vkdit_model *m, vkdit_model_info *info)
{
    const struct dit_config *d = &m->dit;
    *info = (vkdit_model_info){.depth = d->depth,
                               .width = d->width,
                               .heads = d->heads,
                               .patch = d->patch,
                               .latent_channels = m->has_dit ? d->channels : m->vae.latent,
                               .latent_height = d->side,
                               .latent_width = d->side,
                               .classes = d->classes,
                               .has_null_class = d->null_class,
                               .has_transformer = m->has_dit,
                               .has_decoder = m->has_vae && m->vae.decoder,
                               .has_encoder = m->has_vae && m->vae.encoder,
                               .learned_variance = d->learned_var,
                               .is_sit = d->sit,
                               .synthetic = m->synthetic,
                               .image_scale = m->has_vae ? vae_scale(&m->vae) : 8,
                               .precision = m->precision,
                               .weights = m->weights,
                               .parameters = m->parameters,
                               .has_preview = m->hints.preview > 0,
                               .has_tiny = m->has_dit && m->has_tiny,
                               .sampler = m->hints.sampler[0] ? m->hints.sampler : NULL,
                               .spacing = m->hints.spacing[0] ? m->hints.spacing : NULL,
                               .steps = m->hints.steps,
                               .cfg_channels = m->hints.cfg_channels,
                               .cfg_scale = m->hints.cfg_scale,
                               .cfg_from = m->hints.cfg_from,
                               .cfg_to = m->hints.cfg_to,
                               .epsilon_scale = m->hints.epsilon_scale,
                               .shift = m->hints.shift};
    if (d->patch) info->tokens = (d->side / d->patch) * (d->side / d->patch);
    snprintf(info->name, sizeof info->name, "%s", m->name);
}

const char *vkdit_model_path(const vkdit_model *m)
{
    return m->path;
}

const char *vkdit_class_name(const vkdit_model *m, uint32_t index)
{
    return index < m->n_labels ? m->labels[index] : NULL;
}

static bool find_class(const vkdit_model *m, const char *text, uint32_t *index, struct err *e)
{
    size_t n = strlen(text), digits = strspn(text, "0123456789");
    if (n == 0) return err_set(e, ERR_ARG, "empty class name");
    if (digits == n && n < 9) {
        *index = (uint32_t)strtoul(text, NULL, 10);
        if (*index < m->dit.classes) return true;
        return err_set(e, ERR_ARG, "class %u: the model has classes 0..%u", *index, m->dit.classes - 1);
    }
    return labels_find(m->labels, m->n_labels, text, index, e);
}

vkdit_status vkdit_class_find(const vkdit_model *m, const char *text, uint32_t *index, vkdit_error *error)
{
    struct err e = {0};
    find_class(m, text, index, &e);
    return status_of(&e, error);
}
