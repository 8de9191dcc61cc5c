// trace_observe.c — the running model in a trace: what each branch adds to the stream, the spatial frequency of every
// channel, and what chosen channels hold over the picture. Knows the taps' names, not the network.
#include "board/svg.h"
#include "cli/trace.h"
#include "cli/trace_channel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 64 };

// One run, and what its steps looked like.
struct watch {
    struct trace *x;
    vkdit_tensors kept; // the trajectory
    uint32_t images, tokens, steps;
    struct channel_view *view;
    uint32_t views;
    float *normal;   // one image's tokens, normalised
    double *scratch; // width numbers, four times
};

// --- the run ------------------------------------------------------------------------------------------------------

static const vkdit_tensor *found(const vkdit_tensors *l, const char *name, struct err *e)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (!strcmp(l->tensor[i].name, name)) return &l->tensor[i];
    err_set(e, ERR_ARG, "the model gave no \"%s\" to look at", name);
    return NULL;
}

static bool run_whole(struct trace *x, vkdit_run *run, struct err *e)
{
    vkdit_error error = {0};
    int done = 0;
    progress_start(&x->g.progress, x->g.cli->s.quiet || x->g.cli->s.json, x->g.cli->live);
    while (!done) {
        if (vkdit_run_step(run, interrupt_asked, NULL, &done, &error)) {
            progress_end(&x->g.progress);
            return err_api(e, &error);
        }
        vkdit_run_get_progress(run, &x->g.at);
        progress_show(&x->g.progress, "steps", x->g.at.step, x->g.at.steps, "it");
    }
    progress_end(&x->g.progress);
    return true;
}

static bool check_sampler(const struct trace *x, struct err *e)
{
    const char *s = x->g.cli->s.sampler;
    if (x->g.images > MOST_IMAGES)
        return err_set(e, ERR_ARG, "--observe looks at no more than %d pictures", (int)MOST_IMAGES);
    if (x->g.subject.info.is_sit || !s || (strcmp(s, "euler") && strcmp(s, "heun"))) return true;
    return err_set(e, ERR_ARG, "--observe: the states of %s are scaled before the model sees them; take ddim or ddpm",
                   s);
}

// Pictures of the estimates at the observed steps, for the channels' overlays.
static bool decode_estimates(struct watch *w, vkdit_run *run, struct err *e)
{
    struct trace *x = w->x;
    vkdit_error error = {0};
    uint32_t pw, ph;
    if (!x->g.subject.info.has_decoder || !w->views) return true;
    if (vkdit_run_decode(run, NULL, interrupt_asked, NULL, &x->pictures, &x->picture_w, &x->picture_h, &error))
        return err_api(e, &error);
    const vkdit_tensor *x0 = found(&w->kept, "pred_xstart", e);
    const uint64_t each = x0 ? x0->dim[1] * x0->dim[2] * x0->dim[3] * x0->dim[4] : 0;
    for (uint32_t k = 0; x0 && k < x->observed; k++) {
        const uint32_t step = (uint32_t)((uint64_t)x->step[k] * w->steps / x->evals);
        uint8_t *pixels = NULL;
        if (vkdit_run_decode(run, (const float *)x0->data + step * each, interrupt_asked, NULL, &pixels, &pw, &ph,
                             &error)) {
            if (error.status != VKDIT_ERR_NUMERIC) return err_api(e, &error); // a flat estimate: no picture below
            error = (vkdit_error){0};
        }
        const bool ok = channel_background(w->view, w->views, k, pixels, pw, ph, e);
        vkdit_free(pixels);
        if (!ok) return false;
    }
    return x0 != NULL;
}

static bool make_run(struct watch *w, struct err *e)
{
    struct trace *x = w->x;
    vkdit_run *run = NULL;
    vkdit_error error = {0};
    vkdit_job job = x->g.job;
    job.keep_trajectory = 1;
    bool ok = !vkdit_run_begin(x->g.subject.model, &job, &run, &error) || err_api(e, &error);
    ok = ok && run_whole(x, run, e) && (!vkdit_run_trajectory(run, &w->kept, &error) || err_api(e, &error));
    const vkdit_tensor *states = ok ? found(&w->kept, "x", e) : NULL;
    if (states) w->steps = (uint32_t)states->dim[0] - 1;
    const uint32_t asked = x->g.cli->s.observe ? x->g.cli->s.observe : 8;
    x->observed = min_u32(min_u32(asked, TRACE_OBSERVED), w->steps);
    for (uint32_t k = 0; k < x->observed; k++) { // the first evaluation of each step looked at
        const uint32_t step = x->observed > 1 ? (uint32_t)((uint64_t)k * (w->steps - 1) / (x->observed - 1)) : 0;
        x->step[k] = (uint32_t)((uint64_t)step * x->evals / w->steps);
    }
    ok = ok && states && decode_estimates(w, run, e);
    vkdit_run_close(run);
    return ok;
}

// --- looking ------------------------------------------------------------------------------------------------------

// LayerNorm without weights, as the blocks apply it before they modulate.
static void normalise(const float *x, uint32_t tokens, uint32_t width, float *out)
{
    for (uint32_t i = 0; i < tokens; i++, x += width, out += width) {
        double mean = 0, square = 0;
        for (uint32_t k = 0; k < width; k++) mean += (double)x[k] / width;
        for (uint32_t k = 0; k < width; k++) square += ((double)x[k] - mean) * ((double)x[k] - mean) / width;
        for (uint32_t k = 0; k < width; k++) out[k] = (float)(((double)x[k] - mean) / sqrt(square + 1e-6));
    }
}

static bool branch(struct watch *w, uint32_t b, uint32_t k, const float *before, const float *after, struct err *e)
{
    struct trace *x = w->x;
    const uint32_t side = (uint32_t)lround(sqrt(w->tokens)), n = w->images;
    const uint64_t each = (uint64_t)w->tokens * x->width;
    struct addition *sum = &x->add[b * x->observed + k];
    double *centroid = w->scratch + x->width, *power = centroid + x->width;
    for (uint32_t i = 0; i < n; i++) {
        struct addition a;
        stat_addition(before + i * each, after + i * each, w->tokens, x->width, w->scratch, &a);
        sum->ratio += a.ratio / n, sum->token_ratio += a.token_ratio / n, sum->cosine += a.cosine / n;
        sum->rms += a.rms / n, sum->max_channel += a.max_channel / n;
        normalise(before + i * each, w->tokens, x->width, w->normal);
        if (!stat_frequency(w->normal, side, x->width, centroid, power, e)) return false;
        for (uint32_t c = 0; c < x->width; c++) {
            x->frequency[b * x->width + c] += centroid[c] * power[c];
            x->power[b * x->width + c] += power[c];
        }
    }
    return true;
}

static bool look(struct watch *w, uint32_t k, const vkdit_tensors *taps, struct err *e)
{
    char name[40];
    const vkdit_tensor *before = found(taps, "tokens_in", e);
    for (uint32_t b = 0; before && b < w->x->depth; b++) {
        snprintf(name, sizeof name, "block%u.after_attn", b);
        const vkdit_tensor *middle = found(taps, name, e);
        snprintf(name, sizeof name, "block%u.out", b);
        const vkdit_tensor *after = middle ? found(taps, name, e) : NULL;
        if (!after || !branch(w, 2 * b, k, before->data, middle->data, e) ||
            !branch(w, 2 * b + 1, k, middle->data, after->data, e))
            return false;
        before = after;
    }
    for (uint32_t v = 0; before && v < w->views; v++) {
        const vkdit_tensor *t = found(taps, channel_tap(&w->view[v], name), e);
        if (!t) return false;
        channel_take(&w->view[v], k, t->data, w->images, w->tokens, w->x->width);
    }
    return before != NULL;
}

static bool look_at_step(struct watch *w, uint32_t k, struct err *e)
{
    struct trace *x = w->x;
    const vkdit_tensor *states = found(&w->kept, "x", e);
    if (!states) return false;
    const uint64_t step = (uint64_t)x->step[k] * w->steps / x->evals, n = w->images,
                   each = states->dim[2] * states->dim[3] * states->dim[4];
    float *t = mem_zero(n, sizeof *t, e);
    int32_t *y = mem_zero(n, sizeof *y, e);
    vkdit_error error = {0};
    vkdit_tensors taps = {0};
    bool ok = t && y;
    for (uint32_t i = 0; ok && i < n; i++) t[i] = (float)x->t[x->step[k]], y[i] = (int32_t)x->g.classes[i];
    const vkdit_tensor in[] = {{"x",
                                VKDIT_F32,
                                4,
                                {n, states->dim[2], states->dim[3], states->dim[4]},
                                (const float *)states->data + step * n * each},
                               {"t", VKDIT_F32, 1, {n}, t},
                               {"y", VKDIT_I32, 1, {n}, y}};
    ok = ok && (!vkdit_eval(x->g.subject.model, in, 3, 1, &taps, &error) || err_api(e, &error)) && look(w, k, &taps, e);
    vkdit_tensors_free(&taps);
    free(t);
    free(y);
    return ok && (!interrupt_asked(NULL) || err_set(e, ERR_CANCELLED, "interrupted"));
}

static bool prepare(struct watch *w, struct err *e)
{
    struct trace *x = w->x;
    const vkdit_model_info *m = &x->g.subject.info;
    w->images = x->g.images;
    w->tokens = m->tokens;
    w->view = mem_zero(x->g.cli->s.channel.n, sizeof *w->view, e);
    w->normal = mem_zero((uint64_t)m->tokens * m->width, sizeof *w->normal, e);
    w->scratch = mem_zero(4ull * m->width, sizeof *w->scratch, e);
    x->frequency = mem_zero(2ull * x->depth * x->width, sizeof *x->frequency, e);
    x->power = mem_zero(2ull * x->depth * x->width, sizeof *x->power, e);
    x->add = mem_zero(2ull * x->depth * TRACE_OBSERVED, sizeof *x->add, e);
    if (!w->view || !w->normal || !w->scratch || !x->frequency || !x->power || !x->add) return false;
    for (; w->views < x->g.cli->s.channel.n; w->views++)
        if (!channel_open(&w->view[w->views], x, x->g.cli->s.channel.item[w->views], w->images, w->tokens, e))
            return false;
    return true;
}

bool trace_observe(struct trace *x, struct err *e)
{
    struct watch w = {.x = x};
    const struct settings *s = &x->g.cli->s;
    if (!s->observe && !s->channel.n) return true;
    bool ok = check_sampler(x, e) && prepare(&w, e) && make_run(&w, e);
    progress_start(&x->g.progress, s->quiet || s->json, x->g.cli->live);
    for (uint32_t k = 0; ok && k < x->observed; k++) {
        ok = look_at_step(&w, k, e);
        progress_show(&x->g.progress, "looking", k + 1, x->observed, "it");
    }
    progress_wipe(&x->g.progress);
    for (uint64_t i = 0; ok && i < 2ull * x->depth * x->width; i++)
        x->frequency[i] = x->power[i] > 0 ? x->frequency[i] / x->power[i] : 0;
    for (uint32_t v = 0; ok && v < w.views; v++) ok = channel_write(&w.view[v], x, e);
    for (uint32_t v = 0; v < s->channel.n && w.view; v++) channel_close(&w.view[v]);
    vkdit_tensors_free(&w.kept);
    free(w.view);
    free(w.normal);
    free(w.scratch);
    return ok;
}
