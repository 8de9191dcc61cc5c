// trace_observe.c — the running model in a trace: what each branch adds to the stream, the spatial frequency of every
// channel, and what chosen channels hold over the picture.
#include "board/svg.h"
#include "cli/branches.h"
#include "cli/trace.h"
#include "cli/trace_channel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 64 };

// What is looked at, and room for it.
struct watch {
    struct trace *x;
    vkdit_run *run;
    uint32_t images, tokens;
    uint32_t at; // place in the list of observed steps
    struct channel_view *view;
    uint32_t views;
    float *normal;   // one image's tokens, normalised
    double *scratch; // width numbers, four times
};

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

static bool branch(void *user, uint32_t b, const float *before, const float *after, struct err *e)
{
    struct watch *w = user;
    struct trace *x = w->x;
    const uint32_t side = (uint32_t)lround(sqrt(w->tokens)), n = w->images;
    const uint64_t each = (uint64_t)w->tokens * x->width;
    struct addition *sum = &x->add[b * TRACE_OBSERVED + w->at];
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

static bool view(struct watch *w, struct channel_view *v, uint32_t k, struct err *e)
{
    vkdit_tensors tap = {0};
    vkdit_error error = {0};
    char name[40];
    snprintf(name, sizeof name, "block%u.%s", v->block, v->tap);
    if (vkdit_run_tap(w->run, name, &tap, &error)) return err_api(e, &error);
    channel_take(v, k, tap.tensor->data, w->images, w->tokens, w->x->width);
    vkdit_tensors_free(&tap);
    return true;
}

// The conditional half comes first, so the first `images` items are the ones wanted.
static bool look(struct watch *w, uint32_t k, struct err *e)
{
    w->at = k;
    bool ok = branches_walk(w->run, w->x->depth, branch, w, e);
    for (uint32_t v = 0; ok && v < w->views; v++) ok = view(w, w->view + v, k, e);
    return ok;
}

// The estimate of the picture at this step, behind the channels' overlays.
static bool background(struct watch *w, uint32_t k, struct err *e)
{
    const vkdit_model_info *m = &w->x->g.subject.info;
    const uint64_t n = (uint64_t)w->images * m->latent_channels * m->latent_height * m->latent_width;
    vkdit_error error = {0};
    uint8_t *pixels = NULL;
    uint32_t pw, ph;
    if (!w->views || !m->has_decoder) return true;
    float *x0 = mem_zero(n, sizeof *x0, e);
    bool ok = x0 && (!vkdit_run_latent(w->run, 1, x0, n, &error) || err_api(e, &error));
    // a flat estimate, early in a run: no picture behind the values
    ok = ok && (!vkdit_run_decode(w->run, x0, interrupt_asked, NULL, &pixels, &pw, &ph, &error) ||
                error.status == VKDIT_ERR_NUMERIC || err_api(e, &error));
    ok = ok && channel_background(w->view, w->views, k, pixels, pw, ph, e);
    vkdit_free(pixels);
    free(x0);
    return ok;
}

static bool is_chosen(const struct trace *x, uint32_t step)
{
    const uint32_t steps = x->steps;
    const uint32_t asked = min_u32(min_u32(x->g.cli->s.observe ? x->g.cli->s.observe : 8, TRACE_OBSERVED), steps);
    if (x->observed == asked) return false;
    return step == (asked > 1 ? (uint64_t)x->observed * (steps - 1) / (asked - 1) : 0);
}

static bool run_and_look(struct watch *w, struct err *e)
{
    struct trace *x = w->x;
    vkdit_error error = {0};
    int done = 0;
    progress_start(&x->g.progress, x->g.cli->s.quiet || x->g.cli->s.json, x->g.cli->live);
    for (uint32_t step = 0; !done; step++) {
        if (vkdit_run_step(w->run, interrupt_asked, NULL, &done, &error)) return err_api(e, &error);
        vkdit_run_get_progress(w->run, &x->g.at);
        progress_show(&x->g.progress, "steps", x->g.at.step, x->steps, "it");
        if (!is_chosen(x, step)) continue;
        x->step[x->observed] = x->g.at.evals - 1; // what is kept is the last evaluation's
        if (!look(w, x->observed, e) || !background(w, x->observed, e)) return false;
        x->observed++;
    }
    if (!w->views || !x->g.subject.info.has_decoder) return true;
    return !vkdit_run_decode(w->run, NULL, interrupt_asked, NULL, &x->pictures, &x->picture_w, &x->picture_h, &error) ||
           err_api(e, &error);
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

static bool watch_run(struct watch *w, struct err *e)
{
    vkdit_error error = {0};
    vkdit_job job = w->x->g.job;
    job.keep_activations = 1;
    if (vkdit_run_begin(w->x->g.subject.model, &job, &w->run, &error)) return err_api(e, &error);
    const bool ok = mix_apply(&w->x->g, w->run, e) && run_and_look(w, e);
    progress_end(&w->x->g.progress);
    vkdit_run_close(w->run);
    return ok;
}

bool trace_observe(struct trace *x, struct err *e)
{
    struct watch w = {.x = x};
    const struct settings *s = &x->g.cli->s;
    if (!s->observe && !s->channel.n) return true;
    if (x->g.images > MOST_IMAGES)
        return err_set(e, ERR_ARG, "--observe looks at no more than %d pictures", (int)MOST_IMAGES);
    bool ok = prepare(&w, e) && watch_run(&w, e);
    for (uint64_t i = 0; ok && i < 2ull * x->depth * x->width; i++)
        x->frequency[i] = x->power[i] > 0 ? x->frequency[i] / x->power[i] : 0;
    for (uint32_t v = 0; ok && v < w.views; v++) ok = channel_write(&w.view[v], x, e);
    for (uint32_t v = 0; v < s->channel.n && w.view; v++) channel_close(&w.view[v]);
    free(w.view);
    free(w.normal);
    free(w.scratch);
    return ok;
}
