// cmd_generate.c — vkdit generate: opens, prepares, runs, saves. Knows nothing about names of files or classes.
#include "cli/commands.h"
#include "cli/generate.h"
#include "cli/recipe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void event_step(struct generation *g)
{
    const vkdit_progress *p = &g->at;
    json_t *event = json_pack("{ss, si, si, sf, sf, sf}", "event", "step", "step", (int)p->step, "evals", (int)p->evals,
                              "t", p->t, "seconds", p->step_seconds, "elapsed", p->elapsed_seconds);
    if (event && p->steps) json_object_set_new(event, "steps", json_integer(p->steps));
    cli_event(g->cli, event);
}

static bool peek(struct generation *g, uint32_t step, int *there, struct err *e)
{
    const uint64_t n = latent_values(g);
    vkdit_error error = {0};
    *there = 0;
    return (!vkdit_run_peek(g->run, step, 0, g->x, n, there, &error) &&
            (!*there || !vkdit_run_peek(g->run, step, 1, g->x0, n, there, &error))) ||
           err_api(e, &error);
}

// Every step that has been finished since, without waiting for one that has not.
static bool look(struct generation *g, struct err *e)
{
    while (g->job.keep_steps && g->seen < g->at.step) {
        int there;
        if (!peek(g, g->seen + 1, &there, e)) return false;
        if (!there) return true;
        g->seen++;
        if (!preview_step(g, e) || !film_keep(g, e)) return false;
    }
    return true;
}

// Nothing of a run has been seen yet but its start.
static bool look_at_start(struct generation *g, struct err *e)
{
    vkdit_error error = {0};
    if (!g->job.keep_steps) return true;
    if (!g->x) g->x = mem_zero(latent_values(g), sizeof *g->x, e);
    if (!g->x0) g->x0 = mem_zero(latent_values(g), sizeof *g->x0, e);
    if (!g->x || !g->x0) return false;
    g->seen = g->n_film = 0;
    if (vkdit_run_latent(g->run, 0, g->x, latent_values(g), &error)) return err_api(e, &error);
    return film_keep(g, e);
}

static bool run_steps(struct generation *g, struct err *e)
{
    int done = 0;
    progress_start(&g->progress, g->cli->s.quiet || g->cli->s.json, g->cli->live);
    if (!look_at_start(g, e)) return false;
    while (!done) {
        vkdit_error error = {0};
        if (vkdit_run_step(g->run, interrupt_asked, NULL, &done, &error) || (done && vkdit_run_wait(g->run, &error))) {
            progress_end(&g->progress);
            return err_api(e, &error);
        }
        vkdit_run_get_progress(g->run, &g->at);
        progress_show(&g->progress, "steps", g->at.step, g->at.steps, "it");
        event_step(g);
        if (!look(g, e)) {
            progress_end(&g->progress);
            return false;
        }
    }
    progress_end(&g->progress);
    if (g->previews && g->at.elapsed_seconds > 0)
        cli_detail(g->cli, "%u previews took %.2f ms each, %.1f %% of the steps' time", g->previews,
                   1e3 * g->preview_seconds / g->previews, 100 * g->preview_seconds / g->at.elapsed_seconds);
    return true;
}

static bool table_files(struct generation *g, struct err *e)
{
    const struct settings *s = &g->cli->s;
    vkdit_error error = {0};
    if (s->load_table && vkdit_run_table_load(g->run, s->load_table, &error)) return err_api(e, &error);
    if (!mix_apply(g, g->run, e)) return false;
    if (!s->save_table) return true;
    const bool replaced = !access(s->save_table, F_OK);
    if (vkdit_run_table_save(g->run, s->save_table, &error)) return err_api(e, &error);
    cli_say(g->cli, "%s %s", replaced ? "replaced" : "wrote", s->save_table);
    return true;
}

static bool decode_and_save(struct generation *g, struct err *e)
{
    vkdit_error error = {0};
    uint8_t *pixels = NULL;
    uint32_t w = 0, h = 0;
    if (!save_wants_pictures(g)) return true;
    cli_detail(g->cli, "last step: %u submissions, the longest %.1f ms on the device (short steps share one)",
               g->at.submissions, 1e3 * g->at.longest_submission);
    cli_detail(g->cli, "decoding");
    if (vkdit_run_decode(g->run, NULL, interrupt_asked, NULL, &pixels, &w, &h, &error)) return err_api(e, &error);
    const bool ok =
        pixels_sound(pixels, g->images, (size_t)w * h * 3, e) && save_pictures(g, pixels, w, h, e) && film_save(g, e);
    if (ok && g->cli->s.diff) {
        g->pixels = pixels;
        g->width = w, g->height = h;
    } else {
        vkdit_free(pixels);
    }
    return ok;
}

static bool finish(struct generation *g, struct err *e)
{
    const uint64_t values = latent_values(g);
    vkdit_error error = {0};
    float *latent = mem_zero(values, sizeof *latent, e);
    if (!latent) return false;
    const bool ok = (!vkdit_run_latent(g->run, 0, latent, values, &error) || err_api(e, &error)) &&
                    latent_sound(latent, g->images, values, e) && save_tensors(g, latent, e) && decode_and_save(g, e);
    free(latent);
    return ok;
}

static void event_start(struct generation *g)
{
    const vkdit_model_info *m = &g->subject.info;
    const char *reason = vkdit_device_reason(g->subject.context);
    json_t *classes = json_array();
    for (uint32_t i = 0; i < g->images; i++) json_array_append_new(classes, json_integer(g->classes[i]));
    cli_event(g->cli, json_pack("{ss, ss, ss, sb, sI, si, so, ss, si, so}", "event", "start", "version",
                                vkdit_version(), "model", m->name, "synthetic", m->synthetic, "parameters",
                                (json_int_t)m->parameters, "images", (int)g->images, "classes", classes, "sampler",
                                g->at.sampler, "steps", (int)g->at.steps, "seed", json_u64(g->job.seed)));
    cli_event(g->cli, json_pack("{ss, ss, ss, ss, ss}", "event", "device", "name",
                                vkdit_device_name(g->subject.context), "reason", reason ? reason : "", "precision",
                                vkdit_arithmetic_name(m->precision, VKDIT_WEIGHTS_FULL), "weights",
                                vkdit_weights_name(m->weights)));
}

static void follow_number(struct settings *s, const char *name, double *own, double advised)
{
    if (advised == 0 || option_origin(s, name)) return;
    *own = advised;
    option_resolve(s, name);
}

// What the model advises and nobody overrode becomes part of the recipe: another version of it may advise otherwise.
static void follow_advice(struct settings *s, const vkdit_model_info *m, bool counted)
{
    if (counted && m->steps && !option_origin(s, "steps")) {
        s->steps = m->steps;
        option_resolve(s, "steps");
    }
    if (m->has_null_class) follow_number(s, "cfg-scale", &s->cfg_scale, m->cfg_scale);
    if (m->cfg_channels && !option_origin(s, "cfg-channels")) {
        s->cfg_channels = m->cfg_channels;
        option_resolve(s, "cfg-channels");
    }
    if (m->cfg_to > 0 && !option_origin(s, "cfg-interval")) {
        s->cfg_interval[0] = m->cfg_from;
        s->cfg_interval[1] = m->cfg_to;
        option_resolve(s, "cfg-interval");
    }
    if (!m->sampler || !s->sampler || strcmp(s->sampler, m->sampler) != 0) return; // the rest is about that sampler
    if (m->spacing && !option_origin(s, "spacing")) {
        s->spacing = m->spacing;
        option_resolve(s, "spacing");
    }
    follow_number(s, "epsilon-scale", &s->epsilon_scale, m->epsilon_scale);
    follow_number(s, "shift", &s->shift, m->shift);
}

// Once the run is known to make sense: says what was chosen, and completes the settings that the recipe is made of.
static void introduce(struct generation *g)
{
    const vkdit_model_info *m = &g->subject.info;
    struct settings *s = &g->cli->s;
    vkdit_run_get_progress(g->run, &g->at);
    if (!option_origin(s, "sampler")) {
        s->sampler = g->at.sampler;
        option_resolve(s, "sampler");
    }
    follow_advice(s, m, g->at.steps > 0);
    if (!g->introduced && m->synthetic)
        cli_say(g->cli,
                "%s has random weights: the pictures only show that everything works; -m FILE takes a real model",
                m->name);
    const char *label = vkdit_class_name(g->subject.model, g->classes[0]);
    if (!g->introduced && g->drawn && label)
        cli_say(g->cli, "the seed picks class %u, %s%s: -c NAME takes another, \"vkdit classes\" lists them",
                g->classes[0], label, g->images > 1 ? " and those after it" : "");
    if (!g->introduced) {
        const char *reason = vkdit_device_reason(g->subject.context);
        cli_say(g->cli, "%s on %s, %s", m->name, vkdit_device_name(g->subject.context),
                vkdit_arithmetic_name(m->precision, m->weights));
        if (strstr(reason, "CPU device")) cli_say(g->cli, "this device was chosen because %s", reason);
    }
    cli_detail(g->cli, "classes %.200s, sampler %s, seed %llu", s->classes, g->at.sampler, (unsigned long long)s->seed);
    g->introduced = true;
    event_start(g);
}

static bool one_run(struct generation *g, struct err *e)
{
    vkdit_error error = {0};
    g->at = (vkdit_progress){0};
    g->job.seed = g->cli->s.seed;
    bool ok = !vkdit_run_begin(g->subject.model, &g->job, &g->run, &error) || err_api(e, &error);
    progress_wipe(&g->subject.progress);
    if (ok) introduce(g);
    ok = ok && table_files(g, e) && run_steps(g, e) && finish(g, e);
    vkdit_run_close(g->run);
    g->run = NULL;
    return ok && mix_compare(g, e);
}

// fp16 ran out of range: the same run at full precision. What the user gets is told, never guessed.
static bool retry_fp32(struct generation *g, struct err *e)
{
    cli_warn(g->cli, "%s; again at fp32", e->text);
    *e = (struct err){0};
    vkdit_model_close(g->subject.model);
    g->subject.model = NULL;
    g->subject.options.precision = VKDIT_PRECISION_F32;
    if (!subject_open(&g->subject, e)) return false;
    g->cli->s.precision = VKDIT_PRECISION_F32;
    return one_run(g, e);
}

static bool all_runs(struct generation *g, struct err *e)
{
    struct settings *s = &g->cli->s;
    const uint32_t count = s->count ? s->count : 1;
    for (uint32_t i = 0; i < count; i++, s->seed++) {
        const bool ok = job_draw_classes(g, e) && one_run(g, e);
        const bool again = !ok && e->code == ERR_NUMERIC && g->subject.info.precision == VKDIT_PRECISION_F16;
        if (!ok && !(again && retry_fp32(g, e))) return false;
    }
    return true;
}

// From here on the settings say exactly what is done, defaults included where they decide the picture.
static void complete_settings(struct generation *g)
{
    struct settings *s = &g->cli->s;
    s->precision = g->subject.info.precision;
    option_resolve(s, "precision");
    option_resolve(s, "seed");
    option_forget(s, g->subject.options.synthetic ? "model" : "synthetic"); // one may have come with --from
    if (g->subject.options.path == g->subject.shipped) {
        s->model = g->subject.shipped;
        option_resolve(s, "model");
    }
    if (g->subject.options.synthetic && !s->synthetic) {
        s->synthetic = g->subject.options.synthetic;
        option_resolve(s, "synthetic");
    }
}

static void check_identity(struct generation *g)
{
    char now[64];
    if (!g->identity_from || !*g->identity_from) return;
    if (strcmp(subject_identity(&g->subject, now, sizeof now), g->identity_from) && *now)
        cli_warn(g->cli, "%s is not the file that %s was made with", vkdit_model_path(g->subject.model),
                 g->cli->s.from);
}

static bool generate(struct generation *g, struct err *e)
{
    struct settings *s = &g->cli->s;
    const double began = clock_seconds();
    if (s->from && !recipe_read(s, s->from, &g->recipe, &g->identity_from, e)) return false;
    if (!subject_choose(&g->subject, g->cli, e) || !subject_open(&g->subject, e)) return false;
    check_identity(g);
    if (!job_prepare(g, e) || !mix_prepare(g, e) || !save_check(g, e)) return false;
    complete_settings(g);
    if (!all_runs(g, e) || !subject_validated(&g->subject, e)) return false;
    cli_event(g->cli,
              json_pack("{ss, si, sf}", "event", "done", "images", (int)g->saved, "seconds", clock_seconds() - began));
    return true;
}

static int run(struct cli *c)
{
    struct generation g = {.cli = c};
    struct err e = {0};
    interrupt_watch();
    if (!generate(&g, &e) && e.code == ERR_CANCELLED)
        snprintf(e.text, sizeof e.text, "interrupted; %u finished pictures were kept", g.saved);
    subject_close(&g.subject);
    const int code = e.code ? cli_fail_err(c, &e) : EXIT_OK;
    mix_end(&g);
    job_close(&g);
    return code;
}

const struct command command_generate = {
    .name = "generate",
    .about = "Make pictures",
    .bit = IN_GENERATE,
    .details = "Without a model, the one that comes with the program is used, and without that a tiny one with random "
               "weights, which says so. Pictures carry everything needed to make them again; existing files are never "
               "replaced unless --force is given.",
    .examples = "A picture from the model that ships\tvkdit generate -c butterfly --show\n"
                "From noise to picture\tvkdit generate -c fish --film film.png\n"
                "Four classes in one picture\tvkdit generate -m model-folder -c 207,360,387,974 --grid 2\n"
                "By name, with fewer steps, shown on the terminal\t"
                "vkdit generate -m model-folder -c \"golden retriever\" --sampler ddim --steps 50 --show\n"
                "The same picture again\tvkdit generate --from vkdit-001.png\n"
                "The same with stronger guidance\tvkdit generate --from vkdit-001.png --cfg-scale 6\n"
                "Half as much of the MLPs from the third block on, and what that changes\t"
                "vkdit generate --mix \"block[2:].gate_mlp*=0.5\" --diff diff.png\n"
                "Ten seeds, named by seed\tvkdit generate -s random --count 10 -o \"out/{seed}.png\"\n"
                "Into another program\tvkdit generate -o - | display -",
    .run = run,
};
