// gen_job.c — from settings to a job: classes, sizes, noise, start picture. Knows nothing about results.
#include "cli/generate.h"

#include <stdlib.h>
#include <string.h>

static const char *word_or_null(const char *word)
{
    return *word ? word : NULL;
}

static bool add_class(struct generation *g, uint32_t *cap, uint32_t index, struct err *e)
{
    if (index >= g->subject.info.classes)
        return err_set(e, ERR_ARG, "class %u: this model has classes 0 to %u", index, g->subject.info.classes - 1);
    if (!mem_grow(&g->classes, cap, g->images + 1, sizeof *g->classes, e)) return false;
    g->classes[g->images++] = index;
    return true;
}

static bool find_class(struct generation *g, const char *text, uint32_t *index, struct err *e)
{
    vkdit_error error = {0};
    return !vkdit_class_find(g->subject.model, text, index, &error) || err_api(e, &error);
}

// "207,360", "golden retriever,cat". A name may hold commas itself, so the whole text is tried first.
static bool classes_from_text(struct generation *g, uint32_t *cap, const char *text, struct err *e)
{
    struct err whole = {0};
    uint32_t index;
    if (strchr(text, ',') && strspn(text, "0123456789, ") < strlen(text) && find_class(g, text, &index, &whole))
        return add_class(g, cap, index, e);
    for (const char *at = text; at;) {
        char one[200];
        at += strspn(at, " ");
        size_t n = strcspn(at, ",");
        const char *next = at[n] ? at + n + 1 : NULL;
        while (n && at[n - 1] == ' ') n--;
        if (!n || n >= sizeof one) return err_set(e, ERR_ARG, "--class wants numbers or names between its commas");
        memcpy(one, at, n);
        one[n] = 0;
        if (!find_class(g, one, &index, e) || !add_class(g, cap, index, e)) return false;
        at = next;
    }
    return true;
}

static const vkdit_tensor *tensor_named(const vkdit_tensors *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (!strcmp(list->tensor[i].name, name)) return list->tensor + i;
    return NULL;
}

static bool classes_from_tensor(struct generation *g, uint32_t *cap, const vkdit_tensor *y, struct err *e)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < y->rank; i++) n *= y->dim[i];
    if (y->rank != 1 || !n || n > 4096)
        return err_set(e, ERR_FORMAT, "%s: y wants one label for each picture", g->cli->s.noise);
    for (uint64_t i = 0; i < n; i++) {
        const int64_t v = y->type == VKDIT_I64   ? ((const int64_t *)y->data)[i]
                          : y->type == VKDIT_I32 ? ((const int32_t *)y->data)[i]
                                                 : -1;
        if (v < 0 || v > UINT32_MAX) return err_set(e, ERR_FORMAT, "%s: y wants whole numbers from 0", g->cli->s.noise);
        if (!add_class(g, cap, (uint32_t)v, e)) return false;
    }
    return true;
}

static void list_classes(struct generation *g)
{
    for (uint32_t i = 0, at = 0; i < g->images; i++)
        at += (uint32_t)snprintf(g->class_list + at, 12, "%s%u", i ? "," : "", g->classes[i]);
    g->cli->s.classes = g->class_list;
}

// The whole list, --batch times; afterwards the settings hold the resolved list and no --batch.
static bool repeat_classes(struct generation *g, uint32_t *cap, struct err *e)
{
    struct settings *s = &g->cli->s;
    const uint32_t n = g->images, batch = s->batch ? s->batch : 1;
    if ((uint64_t)n * batch > 4096)
        return err_set(e, ERR_ARG, "%u pictures in one run: at most 4096; see --count", n * batch);
    for (uint32_t i = n; i < n * batch; i++)
        if (!add_class(g, cap, g->classes[i % n], e)) return false;
    g->class_list = mem_zero(g->images, 12, e);
    if (!g->class_list) return false;
    list_classes(g);
    s->batch = 1;
    option_resolve(s, "class");
    return true;
}

// The seed picks: neighbouring seeds and pictures take neighbouring classes, so that a --count or --batch of all classes
// shows each once. Large models begin at everybody's golden retriever.
static uint32_t seeded_class(const struct generation *g, uint32_t i)
{
    const uint32_t n = g->subject.info.classes;
    return (uint32_t)(((n > 207 ? 207 : 0) + g->cli->s.seed % n + i) % n);
}

// As many as --batch says, or as --noise has starts for.
static bool default_classes(struct generation *g, uint32_t *cap, struct err *e)
{
    const vkdit_tensor *z = tensor_named(&g->noise, "z");
    const uint32_t batch = g->cli->s.batch ? g->cli->s.batch : 1;
    const uint64_t n = z && z->rank ? z->dim[0] : batch;
    bool ok = n <= 4096 || err_set(e, ERR_FORMAT, "%s: z is for more than 4096 pictures", g->cli->s.noise);
    for (uint64_t i = 0; ok && i < n; i++) ok = add_class(g, cap, seeded_class(g, (uint32_t)i), e);
    if (!z) g->cli->s.batch = 1;
    g->drawn = true;
    return ok && (n || err_set(e, ERR_FORMAT, "%s: z is for no picture", g->cli->s.noise));
}

bool job_draw_classes(struct generation *g, struct err *e)
{
    if (!g->drawn) return true;
    for (uint32_t i = 0; i < g->images; i++) {
        g->classes[i] = seeded_class(g, i);
        if (g->classes[i] >= g->subject.info.classes) return err_set(e, ERR_ARG, "the model has no classes");
    }
    list_classes(g);
    return true;
}

static bool prepare_classes(struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    const vkdit_tensor *y = tensor_named(&g->noise, "y");
    uint32_t cap = 0;
    bool ok;
    if (s->classes)
        ok = classes_from_text(g, &cap, s->classes, e);
    else if (y)
        ok = classes_from_tensor(g, &cap, y, e);
    else
        ok = default_classes(g, &cap, e);
    if (!ok || !repeat_classes(g, &cap, e)) return false;
    if (s->negative) {
        if (!find_class(g, s->negative, &g->negative, e)) return false;
        g->job.negative = &g->negative;
    }
    if (option_origin(s, "only") && s->only >= g->images)
        return err_set(e, ERR_ARG, "--only %u: the run has pictures 0 to %u", s->only, g->images - 1);
    return true;
}

static bool check_size(const struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    const vkdit_model_info *m = &g->subject.info;
    const uint32_t scale = m->image_scale ? m->image_scale : 8, w = m->latent_width * scale,
                   h = m->latent_height * scale;
    const uint32_t wanted_w = settings_width(s) ? settings_width(s) : w;
    const uint32_t wanted_h = settings_height(s) ? settings_height(s) : h;
    if (wanted_w == w && wanted_h == h) return true;
    return err_set(e, ERR_ARG, "%ux%u pixels: %s makes pictures of %ux%u only, its positions are trained for that size",
                   wanted_w, wanted_h, m->name, w, h);
}

static bool prepare_noise(struct generation *g, struct err *e)
{
    static const char *const names[] = {"z", "noise"};
    const char *path = g->cli->s.noise;
    vkdit_error error = {0};
    if (!path) return true;
    if (vkdit_tensors_read(path, &g->noise, &error)) return err_api(e, &error);
    for (size_t i = 0; i < COUNTOF(names); i++) {
        const vkdit_tensor *t = tensor_named(&g->noise, names[i]);
        if (t) g->noise_use[g->job.noise_count++] = *t;
    }
    g->job.noise = g->noise_use;
    return g->job.noise_count || err_set(e, ERR_FORMAT, "%s: holds neither \"z\" nor \"noise\"", path);
}

// The middle of the picture in the model's shape and size.
static bool fit_picture(struct image *im, uint32_t w, uint32_t h, struct err *e)
{
    struct image cut = {0}, sized = {0};
    if (im->w == w && im->h == h) return true;
    const bool wide = (uint64_t)im->w * h > (uint64_t)w * im->h;
    const uint32_t cw = wide ? max_u32(1, (uint32_t)((uint64_t)im->h * w / h)) : im->w;
    const uint32_t ch = wide ? im->h : max_u32(1, (uint32_t)((uint64_t)im->w * h / w));
    if (!image_open(&cut, cw, ch, e)) return false;
    for (uint32_t y = 0; y < ch; y++)
        memcpy(cut.rgb + (size_t)y * cw * 3, im->rgb + ((size_t)(y + (im->h - ch) / 2) * im->w + (im->w - cw) / 2) * 3,
               (size_t)cw * 3);
    const bool ok = image_resize(&sized, &cut, w, h, e);
    image_close(&cut);
    if (!ok) return false;
    image_close(im);
    *im = sized;
    return true;
}

static bool start_from_picture(struct generation *g, const char *path, struct err *e)
{
    const vkdit_model_info *m = &g->subject.info;
    const uint32_t w = m->latent_width * m->image_scale, h = m->latent_height * m->image_scale;
    struct image im;
    if (!m->has_encoder)
        return err_set(e, ERR_MODEL,
                       "--init-image: the model has no encoder for pictures; give one with --vae, or a latent");
    if (!png_read(path, &im, NULL, NULL, e)) return false;
    if (im.w != w || im.h != h) cli_say(g->cli, "%s: %ux%u is cut and resized to %ux%u", path, im.w, im.h, w, h);
    const size_t bytes = (size_t)w * h * 3;
    bool ok = fit_picture(&im, w, h, e);
    uint8_t *all = ok ? mem_zero(g->images, bytes, e) : NULL;
    for (uint32_t i = 0; all && i < g->images; i++) memcpy(all + i * bytes, im.rgb, bytes);
    image_close(&im);
    g->init_data = all;
    g->init = (vkdit_tensor){"image", VKDIT_U8, 4, {g->images, h, w, 3}, all};
    return all != NULL;
}

static bool prepare_start(struct generation *g, struct err *e)
{
    struct settings *s = &g->cli->s;
    vkdit_error error = {0};
    if (!s->init_image) {
        if (option_origin(s, "strength") == FROM_COMMAND_LINE)
            return err_set(e, ERR_ARG, "--strength needs --init-image");
        return true;
    }
    if (!option_origin(s, "strength")) {
        s->strength = 0.75;
        option_resolve(s, "strength");
    }
    if (text_ends(s->init_image, ".safetensors")) {
        if (vkdit_tensors_read(s->init_image, &g->start, &error)) return err_api(e, &error);
        const vkdit_tensor *t = tensor_named(&g->start, "latent");
        if (!t) return err_set(e, ERR_FORMAT, "%s: holds no \"latent\"", s->init_image);
        g->init = *t;
    } else if (!start_from_picture(g, s->init_image, e)) {
        return false;
    }
    g->job.init = &g->init;
    g->job.strength = s->strength;
    return true;
}

static void copy_settings(vkdit_job *job, const struct settings *s)
{
    job->sampler = s->sampler;
    job->steps = s->steps;
    job->cfg_scale = s->cfg_scale;
    job->cfg_channels = s->cfg_channels;
    job->cfg_from = s->cfg_interval[0];
    job->cfg_to = s->cfg_interval[1];
    job->rng = (vkdit_rng)s->rng;
    job->philox_threads = s->philox_threads;
    job->spacing = s->spacing;
    job->epsilon_scale = s->epsilon_scale;
    job->shift = s->shift;
    job->eta = s->eta;
    job->path = word_or_null(s->path);
    job->target = word_or_null(s->target);
    job->diffusion = word_or_null(s->diffusion);
    job->diffusion_norm = s->diffusion_norm;
    job->last_step = word_or_null(s->last_step);
    job->last_step_size = s->last_step_size;
    job->atol = s->atol;
    job->rtol = s->rtol;
    job->seed = s->seed;
    job->keep_trajectory = s->trajectory != NULL;
}

bool job_prepare(struct generation *g, struct err *e)
{
    const vkdit_model_info *m = &g->subject.info;
    if (!m->has_transformer) return err_set(e, ERR_MODEL, "%s: holds no transformer, only an autoencoder", m->name);
    if (!m->classes) return err_set(e, ERR_MODEL, "%s: the model has no classes", m->name);
    g->job = (vkdit_job){0};
    copy_settings(&g->job, &g->cli->s);
    if (!prepare_noise(g, e) || !prepare_classes(g, e) || !check_size(g, e) || !prepare_start(g, e)) return false;
    g->job.classes = g->classes;
    g->job.images = g->images;
    g->job.keep_steps = g->cli->s.film || preview_wanted(g);
    return true;
}

vkdit_job job_for_table(const struct generation *g, const uint32_t *classes, uint32_t n)
{
    vkdit_job job = g->job;
    job.classes = classes;
    job.images = 1;
    job.extra_classes = classes + 1;
    job.extra_count = n - 1;
    job.cfg_scale = 1;
    job.cfg_from = job.cfg_to = 0;
    job.init = NULL;
    job.strength = 0;
    job.noise_count = 0;
    job.keep_trajectory = job.keep_steps = 0;
    return job;
}

uint64_t latent_values(const struct generation *g)
{
    const vkdit_model_info *m = &g->subject.info;
    return (uint64_t)g->images * m->latent_channels * m->latent_height * m->latent_width;
}

void job_close(struct generation *g)
{
    vkdit_tensors_free(&g->noise);
    vkdit_tensors_free(&g->start);
    free(g->init_data);
    free(g->classes);
    free(g->class_list);
    free(g->film);
    free(g->x);
    free(g->x0);
    json_decref(g->recipe);
    for (uint32_t i = 0; i < g->n_taken; i++) free(g->taken[i]);
    free(g->taken);
}
