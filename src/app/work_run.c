// work_run.c — the worker makes pictures: begins, branches, steps, keeps every step, decodes. Knows nothing about files.
#include "app/work.h"
#include "cli/branches.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ADAPTIVE_FRAMES = 1000, RETRIES = 2, BOARD_BYTES = 200 << 20, UNSEEN_BYTES = 8 << 20 };

struct running {
    struct worker *w;
    struct generation g;
    struct film *film;
    struct film_times times;
    vkdit_progress at;
    uint32_t seen; // steps that are in the film: the device may be one further
    struct level {
        double signal, noise;
    } level[2]; // of the states after the last two steps
    double asked;
    json_t *options; // with what a retry changed
    // a branch that starts at another level than its parent was: estimate and noise of the parent's frame
    float *clean, *z;
    vkdit_tensor noise;
};

// --- showing ------------------------------------------------------------------------------------------------------

static void show(struct running *r, enum work work)
{
    struct worker *w = r->w;
    vkdit_usage use = {0};
    if (w->subject.model) vkdit_model_usage(w->subject.model, &use);
    pthread_mutex_lock(&w->lock);
    w->said.work = work;
    w->said.held = use.memory;
    w->said.step = r->seen;
    w->said.steps = r->at.steps;
    w->said.times = r->times;
    if (r->film && w->said.film != r->film) { // until there is another, the last one stays
        film_drop(w->said.film);
        w->said.film = film_hold(r->film);
    }
    work_publish(w);
}

// --- decoding -----------------------------------------------------------------------------------------------------

// All pictures of a latent batch as one block of RGB; NULL when it was not wanted any more or makes no picture.
static uint8_t *decode(struct worker *w, const struct film *f, const float *latent, double *device, struct err *e)
{
    const vkdit_model_info *m = &f->info;
    const uint64_t each = f->values / f->images, pixels = (uint64_t)f->width * f->height;
    const double began = clock_seconds();
    uint8_t *rgb = mem_zero(f->images, 3 * pixels, e);
    for (uint32_t i = 0; rgb && !e->code && i < f->images; i++) {
        const vkdit_tensor z = {
            "latent", VKDIT_F32, 4, {1, m->latent_channels, m->latent_height, m->latent_width}, latent + i * each};
        vkdit_tensors out = {0};
        vkdit_error error = {0};
        if (work_unwanted(w)) err_set(e, ERR_CANCELLED, "stopped");
        if (!e->code && vkdit_eval(w->subject.model, &z, 1, 0, &out, &error)) err_api(e, &error);
        for (uint32_t k = 0; k < out.count; k++) {
            if (strcmp(out.tensor[k].name, "rgb_u8") != 0) continue;
            const uint8_t *from = out.tensor[k].data;
            for (uint64_t p = 0; p < 3 * pixels; p++) rgb[(i * pixels + p % pixels) * 3 + p / pixels] = from[p];
        }
        vkdit_tensors_free(&out);
        vkdit_usage use;
        vkdit_model_usage(w->subject.model, &use);
        *device += use.decoder_seconds;
    }
    if (rgb && !e->code) w->decode_seconds = clock_seconds() - began;
    if (!e->code) return rgb;
    free(rgb);
    return NULL;
}

static void decode_frame(struct worker *w, struct film *f, uint32_t at)
{
    struct err e = {0};
    const bool fits = w->subject.model && w->subject.info.has_decoder &&
                      w->subject.info.latent_channels == f->info.latent_channels &&
                      !strcmp(w->subject.info.name, f->info.name);
    if (!fits || at >= film_count(f) || film_decoded(f, at) || work_unwanted(w)) return;
    const struct frame *now = f->frame + at;
    double device = 0;
    uint8_t *rgb = decode(w, f, now->x0 ? now->x0 : now->x, &device, &e);
    if (rgb) film_give_pixels(f, at, rgb);
    pthread_mutex_lock(&w->lock);
    work_publish(w);
}

void work_serve_decode(struct worker *w, struct film *f, uint32_t at)
{
    const uint32_t n = film_count(f);
    for (uint32_t i = 0; at == WORKER_ALL && i < n; i++) decode_frame(w, f, i);
    if (at != WORKER_ALL) decode_frame(w, f, at);
    pthread_mutex_lock(&w->lock);
    w->said.decodes++;
    work_publish(w);
}

static int unwanted(void *worker)
{
    return work_unwanted(worker);
}

static uint8_t *sketch(struct running *r, const float *latent)
{
    vkdit_error error = {0};
    vkdit_usage use;
    uint8_t *rgb = NULL, *own = NULL;
    uint32_t w, h;
    struct err e = {0};
    if (vkdit_sketch(r->w->subject.model, latent, r->film->images, unwanted, r->w, &rgb, &w, &h, &error)) return NULL;
    const uint64_t bytes = 3ull * w * h * r->film->images;
    if (w == r->film->width && h == r->film->height) own = mem_zero(bytes, 1, &e);
    if (own) memcpy(own, rgb, bytes);
    vkdit_free(rgb);
    vkdit_model_usage(r->w->subject.model, &use);
    r->times.device_preview += use.sketch_seconds * r->film->images;
    return own;
}

// Between two steps: a decoded estimate, when it was asked for, or when it costs next to nothing.
static void preview(struct running *r, uint32_t at)
{
    struct worker *w = r->w;
    const vkdit_model_info *m = &w->subject.info;
    const double began = clock_seconds();
    struct err e = {0};
    vkdit_usage use;
    vkdit_model_usage(w->subject.model, &use);
    const struct preview_cost cost = {.has_decoder = m->has_decoder,
                                      .has_tiny = m->has_tiny,
                                      .decoder = w->decode_seconds,
                                      .tiny = use.sketch_seconds * r->film->images,
                                      .steps = r->times.steps,
                                      .spent = r->times.preview_decode,
                                      .done = r->at.step};
    const enum preview_kind kind = preview_pick((enum preview_kind)atomic_load(&w->preview), &cost);
    if (kind == PREVIEW_ROUGH) return;
    uint8_t *rgb = kind == PREVIEW_TINY ? sketch(r, r->film->frame[at].x0)
                                        : decode(w, r->film, r->film->frame[at].x0, &r->times.device_preview, &e);
    r->times.preview_decode += clock_seconds() - began;
    if (!rgb) return; // stopped, or not a picture yet
    r->times.decoded++;
    if (kind == PREVIEW_TINY)
        film_give_sketch(r->film, at, rgb);
    else
        film_give_pixels(r->film, at, rgb);
}

// --- frames -------------------------------------------------------------------------------------------------------

// Rough colours, one pixel a latent cell: by the model's own map, or a guess at what most autoencoders do.
static uint8_t *colours(struct running *r, const float *latent, struct err *e)
{
    const struct film *f = r->film;
    const vkdit_model_info *m = &f->info;
    const uint64_t each = f->values / f->images, cells = (uint64_t)m->latent_width * m->latent_height;
    vkdit_error error = {0};
    uint8_t *mapped = NULL, *rgb = mem_zero(f->images, 3 * cells, e);
    uint32_t w, h;
    if (rgb && m->has_preview) {
        if (vkdit_run_preview(r->g.run, latent, &mapped, &w, &h, &error)) err_api(e, &error);
        if (mapped) memcpy(rgb, mapped, f->images * 3 * cells);
        vkdit_free(mapped);
    }
    for (uint32_t i = 0; rgb && !m->has_preview && i < f->images; i++) {
        struct image im = {m->latent_width, m->latent_height, rgb + i * 3 * cells};
        rough_colours(&im, latent + i * each, m->latent_channels);
    }
    return rgb;
}

// The state after a step, 0 is the start; *there is false while the device is still at it.
static bool read_frame(struct running *r, uint32_t step, struct frame *f, int *there, struct err *e)
{
    const uint64_t n = r->film->values;
    const struct level at = r->level[step % COUNTOF(r->level)];
    vkdit_error error = {0};
    *f = (struct frame){.signal = at.signal, .noise = at.noise, .x = mem_zero(n, sizeof *f->x, e)};
    f->x0 = step ? mem_zero(n, sizeof *f->x0, e) : NULL;
    if (!f->x || (step && !f->x0)) return false;
    *there = 1;
    if (step ? vkdit_run_peek(r->g.run, step, 0, f->x, n, there, &error)
             : vkdit_run_latent(r->g.run, 0, f->x, n, &error))
        return err_api(e, &error);
    if (!*there) return true;
    if (step && vkdit_run_peek(r->g.run, step, 1, f->x0, n, there, &error)) return err_api(e, &error);
    f->rough[0] = colours(r, f->x, e);
    f->rough[1] = step ? colours(r, f->x0, e) : NULL;
    return !e->code && f->rough[0] && (f->rough[1] || !step);
}

static struct watch watch_of(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    const struct watch now = w->watch;
    pthread_mutex_unlock(&w->lock);
    return now;
}

// What a channel is on each patch. The conditional half of a guided batch comes first.
static bool read_watched(struct running *r, struct frame *f, struct err *e)
{
    const struct watch watch = watch_of(r->w);
    const vkdit_model_info *m = &r->film->info;
    const uint64_t patches = (uint64_t)r->film->images * m->tokens;
    vkdit_tensors out = {0};
    vkdit_error error = {0};
    char name[40];
    if (!watch.on || !r->g.job.keep_activations || watch.block >= m->depth || watch.channel >= m->width) return true;
    snprintf(name, sizeof name, "block%u.mlp_in", watch.block);
    if (vkdit_run_tap(r->g.run, name, &out, &error)) return err_api(e, &error);
    f->watched = mem_zero(patches, sizeof *f->watched, e);
    for (uint64_t i = 0; f->watched && i < patches; i++)
        f->watched[i] = ((const float *)out.tensor->data)[i * m->width + watch.channel];
    f->block = watch.block;
    f->channel = watch.channel;
    vkdit_tensors_free(&out);
    return f->watched != NULL;
}

struct adding {
    const struct film *film;
    float *added;
    double *scratch;
};

// The mean over the pictures.
static bool add_branch(void *user, uint32_t branch, const float *before, const float *after, struct err *e)
{
    const struct adding *x = user;
    const vkdit_model_info *m = &x->film->info;
    const uint64_t each = (uint64_t)m->tokens * m->width;
    (void)e;
    for (uint32_t i = 0; i < x->film->images; i++) {
        struct addition a;
        stat_addition(before + i * each, after + i * each, m->tokens, m->width, x->scratch, &a);
        x->added[branch] += (float)(a.ratio / x->film->images);
    }
    return true;
}

static bool read_added(struct running *r, struct frame *f, struct err *e)
{
    const vkdit_model_info *m = &r->film->info;
    if (!watch_of(r->w).added || !r->g.job.keep_activations) return true;
    f->added = mem_zero(2ull * m->depth, sizeof *f->added, e);
    struct adding x = {r->film, f->added, mem_zero(m->width, sizeof *x.scratch, e)};
    const bool ok = f->added && x.scratch && branches_walk(r->g.run, m->depth, add_branch, &x, e);
    free(x.scratch);
    return ok;
}

static bool watching(const struct running *r)
{
    const struct watch watch = watch_of(r->w);
    return (watch.on || watch.added) && r->g.job.keep_activations;
}

static bool keep(struct running *r, uint32_t step, int *there, struct err *e)
{
    const double began = clock_seconds();
    struct frame f;
    bool ok = read_frame(r, step, &f, there, e);
    // intermediates are those of the last step: whoever looks at them has waited for it
    if (ok && *there && step && step == r->at.step) ok = read_watched(r, &f, e) && read_added(r, &f, e);
    if (ok && *there && r->film->n < r->film->cap) // an adaptive sampler may go on longer than its film
        ok = film_add(r->film, &f, e);
    else
        frame_free(&f);
    r->times.keep += clock_seconds() - began;
    return ok;
}

// Every step that has been finished since, without waiting for one that has not.
static bool keep_finished(struct running *r, struct err *e)
{
    for (int there = 1; there && r->seen < r->at.step; r->seen += (uint32_t)there)
        if (!keep(r, r->seen + 1, &there, e)) return false;
    return true;
}

// A small table costs nothing worth telling; a large one is read only when somebody looks. An adaptive sampler's is never
// whole.
static bool read_board(struct running *r, struct err *e)
{
    if (!r->at.steps || film_board(r->film)) return true;
    struct board *b = board_read(r->g.run, watch_of(r->w).board ? BOARD_BYTES : UNSEEN_BYTES, e);
    if (b) film_give_board(r->film, b);
    return !e->code;
}

static bool describe(struct running *r, struct err *e)
{
    struct film *f = r->film;
    struct worker *w = r->w;
    f->number = ++w->films;
    f->options = json_incref(r->options);
    snprintf(f->device, sizeof f->device, "%s", vkdit_device_name(w->subject.context));
    snprintf(f->sampler, sizeof f->sampler, "%s", r->at.sampler);
    snprintf(f->identity, sizeof f->identity, "%s", w->identity);
    memcpy(f->classes, r->g.classes, f->images * sizeof *f->classes);
    f->class_names = names_new(f->images, e);
    for (uint32_t i = 0; f->class_names && i < f->images; i++) {
        const char *name = vkdit_class_name(w->subject.model, f->classes[i]);
        f->class_names->text[i] = name ? mem_text(name, e) : NULL;
    }
    return f->class_names && !e->code && read_board(r, e);
}

// --- beginning ----------------------------------------------------------------------------------------------------

static void look_at(struct running *r)
{
    vkdit_run_get_progress(r->g.run, &r->at);
    r->seen = r->at.step;
    r->level[r->at.step % COUNTOF(r->level)] = (struct level){r->at.signal, r->at.noise};
}

static bool begin(struct running *r, struct err *e)
{
    vkdit_error error = {0};
    vkdit_run_close(r->g.run);
    r->g.run = NULL;
    const struct watch watch = watch_of(r->w);
    r->g.job.keep_activations = watch.on || watch.added;
    r->g.job.keep_steps = 1;
    if (vkdit_run_begin(r->w->subject.model, &r->g.job, &r->g.run, &error)) return err_api(e, &error);
    look_at(r);
    return mix_apply(&r->g, r->g.run, e);
}

static bool new_film(struct running *r, uint32_t before, struct err *e)
{
    const uint32_t steps = r->at.steps ? r->at.steps + before : ADAPTIVE_FRAMES;
    r->film = film_new(r->g.images, &r->w->subject.info, steps, e);
    if (r->film && !r->at.steps) r->film->steps = 0;
    return r->film && describe(r, e);
}

static bool same_value(json_t *a, json_t *b, const char *name)
{
    json_t *x = json_object_get(a, name), *y = json_object_get(b, name);
    return x == y || (x && y && json_equal(x, y));
}

// Would the new run have visited the same levels with the same numbers? Then its state can simply be put in.
static bool same_course(const struct running *r, const struct film *from)
{
    static const char *const names[] = {"seed", "spacing", "shift",      "path",    "target",
                                        "eta",  "rng",     "init-image", "strength"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (!same_value(r->options, from->options, names[i])) return false;
    return !strcmp(from->sampler, r->at.sampler) && from->steps == r->at.steps && !from->part_way;
}

// Another sampler, number of steps or seed: the new run starts part way, from the estimate and the noise that the old
// state was made of, or from new noise when the seed is new.
static bool begin_part_way(struct running *r, const struct film *from, uint32_t at, struct err *e)
{
    const struct frame *f = from->frame + at;
    const vkdit_model_info *m = &from->info;
    const uint32_t wanted = r->at.steps, kept = (uint32_t)lround((double)(from->steps - at) / from->steps * wanted);
    if (!f->x0 || f->noise <= 0 || !wanted)
        return err_set(e, ERR_UNSUPPORTED, "this step cannot be branched off with another sampler or seed");
    r->clean = mem_zero(from->values, sizeof *r->clean, e);
    r->z = mem_zero(from->values, sizeof *r->z, e);
    if (!r->clean || !r->z) return false;
    memcpy(r->clean, f->x0, from->values * sizeof *r->clean);
    for (uint64_t i = 0; i < from->values; i++) r->z[i] = (float)((f->x[i] - f->signal * f->x0[i]) / f->noise);
    r->g.init = (vkdit_tensor){
        "latent", VKDIT_F32, 4, {from->images, m->latent_channels, m->latent_height, m->latent_width}, r->clean};
    r->noise = r->g.init;
    r->noise.name = "z";
    r->noise.data = r->z;
    r->g.job.init = &r->g.init;
    r->g.job.strength = fmin(1, (max_u32(kept, 1) + 0.01) / wanted);
    if (same_value(r->options, from->options, "seed")) {
        r->g.job.noise = &r->noise;
        r->g.job.noise_count = 1;
    }
    return begin(r, e);
}

static bool check_parent(const struct running *r, const struct film *from, uint32_t at, struct err *e)
{
    const vkdit_model_info *a = &from->info, *b = &r->w->subject.info;
    if (from->images != r->g.images || a->latent_channels != b->latent_channels || a->latent_width != b->latent_width ||
        a->latent_height != b->latent_height)
        return err_set(e, ERR_ARG, "a branch needs the batch and the picture size of the run that it leaves");
    return (at && from->steps) || err_set(e, ERR_ARG, "a branch leaves a run after one of its steps");
}

static bool begin_branch(struct running *r, struct film *from, uint32_t at, struct err *e)
{
    vkdit_error error = {0};
    if (!check_parent(r, from, at, e)) return false;
    const bool alike = same_course(r, from);
    if (alike && vkdit_run_seek(r->g.run, at, from->frame[at].x, from->frame[at].x0, from->values, &error))
        return err_api(e, &error);
    if (!alike && !begin_part_way(r, from, at, e)) return false;
    look_at(r);
    if (!new_film(r, alike ? 0 : at, e)) return false;
    r->film->parent = from->number;
    r->film->parent_step = at;
    r->film->part_way = !alike || from->part_way;
    return film_copy(r->film, from, at + 1, e);
}

static bool start(struct running *r, const struct wishes *wish, struct err *e)
{
    struct worker *w = r->w;
    if (!work_load(w, r->options, wish->device, e)) return false;
    show(r, WORK_PREPARING);
    r->g = (struct generation){.cli = &w->cli, .subject = w->subject};
    if (!job_prepare(&r->g, e) || !mix_prepare(&r->g, e) || !begin(r, e)) return false;
    if (wish->from) return begin_branch(r, wish->from, wish->at, e);
    int there;
    return new_film(r, 0, e) && keep(r, 0, &there, e);
}

// --- stepping -----------------------------------------------------------------------------------------------------

// One that was under way when the run was stopped is a good one.
static bool keep_under_way(struct running *r, struct err *e)
{
    vkdit_error error = {0};
    return !vkdit_run_wait(r->g.run, &error) && keep_finished(r, e);
}

// The next step is under way before the last one is looked at, unless somebody watches what is inside the model.
static bool one_step(struct running *r, int *done, struct err *e)
{
    vkdit_error error = {0};
    vkdit_usage use;
    struct err kept = {0};
    if (vkdit_run_step(r->g.run, work_unwanted, r->w, done, &error)) {
        if (error.status == VKDIT_ERR_CANCELLED) keep_under_way(r, &kept);
        return err_api(e, &error);
    }
    if ((*done || watching(r)) && vkdit_run_wait(r->g.run, &error)) return err_api(e, &error);
    const uint32_t evals = r->at.evals;
    vkdit_run_get_progress(r->g.run, &r->at);
    r->level[r->at.step % COUNTOF(r->level)] = (struct level){r->at.signal, r->at.noise};
    vkdit_model_usage(r->w->subject.model, &use);
    r->times.device_steps += use.transformer_seconds * (r->at.evals - evals); // those of a step take equally long
    r->times.steps += r->at.step_seconds;
    r->times.step = r->at.step_seconds;
    if (!keep_finished(r, e)) return false;
    if (r->times.first <= 0 && r->seen) r->times.first = clock_seconds() - r->asked;
    r->times.elapsed = clock_seconds() - r->asked;
    return true;
}

static void serve_decode_wish(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct film *f = w->wishes.decode;
    const uint32_t at = w->wishes.decode_at;
    w->wishes.decode = NULL;
    pthread_mutex_unlock(&w->lock);
    if (f) work_serve_decode(w, f, at);
    film_drop(f);
}

static bool all_steps(struct running *r, struct err *e)
{
    int done = 0;
    show(r, WORK_RUNNING);
    while (!done) {
        const uint32_t seen = r->seen;
        if (!one_step(r, &done, e) || !read_board(r, e)) return false;
        if (!done && r->seen > seen) preview(r, r->film->n - 1);
        show(r, WORK_RUNNING);
        serve_decode_wish(r->w);
    }
    return true;
}

static bool finish(struct running *r, struct err *e)
{
    const double began = clock_seconds();
    if (!r->w->subject.info.has_decoder) return true;
    show(r, WORK_DECODING);
    const struct frame *last = r->film->frame + r->film->n - 1;
    if (!latent_sound(last->x, r->film->images, r->film->values, e)) return false;
    uint8_t *rgb = decode(r->w, r->film, last->x, &r->times.device_decode, e);
    if (!rgb) return false;
    r->times.decode = clock_seconds() - began;
    r->times.elapsed = clock_seconds() - r->asked;
    film_give_pixels(r->film, r->film->n - 1, rgb);
    return true;
}

// --- when it goes wrong -------------------------------------------------------------------------------------------

static void tidy(struct running *r)
{
    vkdit_run_close(r->g.run);
    r->g.run = NULL;
    r->w->cli.s.classes = NULL; // it was the job's
    r->w->cli.s.mix = (struct texts){0};
    mix_end(&r->g);
    job_close(&r->g);
    free(r->clean);
    free(r->z);
    r->g = (struct generation){0};
    r->clean = r->z = NULL;
}

// The device is opened again and the run goes on after its last good step, in the same film.
static bool resume(struct running *r, const struct wishes *wish, struct err *e)
{
    struct film *film = r->film;
    const uint32_t at = film ? film->n - 1 : 0;
    vkdit_error error = {0};
    tidy(r);
    work_unload(r->w);
    if (!film) return start(r, wish, e);
    if (!work_load(r->w, r->options, wish->device, e)) return false;
    r->g = (struct generation){.cli = &r->w->cli, .subject = r->w->subject};
    if (!job_prepare(&r->g, e) || !mix_prepare(&r->g, e) || !begin(r, e)) return false;
    if (vkdit_run_seek(r->g.run, at, film->frame[at].x, film->frame[at].x0, film->values, &error))
        return err_api(e, &error);
    look_at(r);
    return true;
}

// fp16 ran out of range: all of it again at full precision, as the command line does.
static bool again_at_fp32(struct running *r, const struct wishes *wish, struct err *e)
{
    tidy(r);
    film_finish(r->film, FILM_FAILED, &r->times);
    film_drop(r->film);
    r->film = NULL;
    json_t *options = json_deep_copy(r->options);
    json_object_set_new(options, "precision", json_string("fp32"));
    json_decref(r->options);
    r->options = options;
    return start(r, wish, e);
}

static bool recover(struct running *r, const struct wishes *wish, struct err *e, uint32_t tries)
{
    const struct err why = *e;
    const bool lost = why.code == ERR_LOST,
               range = why.code == ERR_NUMERIC && r->film && r->w->subject.info.precision == VKDIT_PRECISION_F16;
    if (tries >= RETRIES || (!lost && !range)) return false;
    struct err told = why;
    snprintf(told.text, sizeof told.text, "%s",
             lost ? "The device was lost; it is opened again and the run goes on."
                  : "fp16 ran out of range; the run is done again at fp32.");
    work_problem(r->w, &told, work_advice(why.code));
    *e = (struct err){0};
    return lost ? resume(r, wish, e) : again_at_fp32(r, wish, e);
}

void work_run(struct worker *w, const struct wishes *wish)
{
    struct running r = {.w = w, .asked = wish->asked, .options = json_incref(wish->options)};
    struct err e = {0};
    bool ok = start(&r, wish, &e);
    for (uint32_t tries = 0;; tries++) {
        ok = ok && all_steps(&r, &e) && finish(&r, &e);
        if (ok || !recover(&r, wish, &e, tries)) break;
        ok = true;
    }
    const bool stopped = e.code == ERR_CANCELLED;
    if (r.film) film_finish(r.film, ok ? FILM_DONE : stopped ? FILM_STOPPED : FILM_FAILED, &r.times);
    if (!ok && !stopped) work_problem(w, &e, work_advice(e.code));
    if (e.code == ERR_LOST) {
        tidy(&r);
        work_unload(w);
    }
    show(&r, WORK_IDLE);
    tidy(&r);
    film_drop(w->film);
    w->film = r.film;
    json_decref(r.options);
}
