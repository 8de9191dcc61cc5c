// view_panel.c — the controls. Limits, words and explanations come from the option table.
#include "app/window.h"
#include "base/labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const float label_width = 92;

static const char *tip_of(const char *option)
{
    const struct option *o = option_find(option, IN_EVERY);
    return o ? o->help : "";
}

void view_label(const char *text, const char *tip)
{
    ui_say(INK_DIM, text);
    if (tip) ui_tip(tip);
    ui_beside(0);
    const float used = ui_words_width(1, text), want = label_width * ui_scale();
    if (used < want) {
        ui_gap(want - used);
        ui_beside(0);
    }
    ui_width(-1);
}

// `option`: what the table says of it.
static void label(const char *text, const char *option)
{
    view_label(text, option ? tip_of(option) : NULL);
}

// --- numbers ------------------------------------------------------------------------------------------------------

static void whole(struct app *a, const char *name, uint32_t usual, uint32_t high)
{
    const struct option *o = option_find(name, IN_GENERATE);
    uint32_t v = form_whole(&a->form, name, usual);
    char id[40];
    snprintf(id, sizeof id, "##%s", name);
    if (ui_whole(id, &v, o ? (uint32_t)o->min : 1, high, o ? (uint32_t)o->max : high, NULL))
        form_set_whole(&a->form, name, v);
    ui_tip(tip_of(name));
}

static void detail(struct app *a)
{
    const struct option *o = option_find("epsilon-scale", IN_GENERATE);
    const char *chosen = form_text(&a->form, "sampler");
    const bool advised = a->now.info.epsilon_scale > 0 && (!*chosen || !strcmp(chosen, a->now.sampler));
    double v = form_real(&a->form, "epsilon-scale", advised ? a->now.info.epsilon_scale : 1);
    if (ui_real("##epsilon", &v, 0.96, 1.08, o ? o->max : 2, "detail %.3f"))
        form_set_real(&a->form, "epsilon-scale", v);
    ui_tip(tip_of("epsilon-scale"));
}

// Of a row with two sliders, after its label.
static float half_row(void)
{
    return (ui_left() - 8 * ui_scale()) / 2;
}

static void steps(struct app *a)
{
    label("Steps", "steps");
    const float half = half_row();
    ui_width(half);
    whole(a, "steps", a->now.info.steps ? a->now.info.steps : 50, 250);
    ui_beside(8);
    ui_width(half);
    detail(a);
}

static void guidance(struct app *a)
{
    const struct option *o = option_find("cfg-scale", IN_GENERATE);
    const double own = a->now.info.cfg_scale > 0                     ? a->now.info.cfg_scale
                       : a->now.info.has_null_class || !a->now.ready ? 4
                                                                     : 1;
    double v = form_real(&a->form, "cfg-scale", own);
    label("Guidance", "cfg-scale");
    if (ui_real("##cfg", &v, 1, 12, o ? o->max : 12, v <= 1 ? "off" : "%.1f")) form_set_real(&a->form, "cfg-scale", v);
    ui_tip(tip_of("cfg-scale"));
}

static void interval(struct app *a)
{
    const vkdit_model_info *m = &a->now.info;
    const bool advised = a->now.ready && m->cfg_to > 0;
    const double own_from = advised ? m->cfg_from : 0, own_to = advised ? m->cfg_to : 1;
    double from = own_from, to = own_to;
    const char *text = form_text(&a->form, "cfg-interval");
    if (*text) sscanf(text, "%lf,%lf", &from, &to);
    label("between", "cfg-interval");
    const float half = half_row();
    ui_width(half);
    bool used = ui_real("##from", &from, 0, 1, 1, "%.2f");
    ui_tip("Guidance begins at this part of the run; 0 is its start");
    ui_beside(8);
    ui_width(half);
    used = ui_real("##to", &to, 0, 1, 1, "%.2f") || used;
    ui_tip("Guidance ends at this part of the run; 1 is its end");
    if (!used) return;
    char value[64];
    if (to <= from) to = fmin(1, from + 0.01), from = fmin(from, to - 0.01);
    snprintf(value, sizeof value, "%.4g,%.4g", from, to);
    const bool own = fabs(from - own_from) < 1e-4 && fabs(to - own_to) < 1e-4;
    form_set_text(&a->form, "cfg-interval", own ? NULL : value);
}

static void seed(struct app *a)
{
    char now[24];
    snprintf(now, sizeof now, "%llu", (unsigned long long)form_seed(&a->form));
    label("Seed", "seed");
    const float dice = 74 * ui_scale();
    ui_width(ui_left() - dice - 8 * ui_scale());
    if (ui_field_digits("##seed", a->seed, sizeof a->seed)) {
        form_set_seed(&a->form, strtoull(a->seed, NULL, 10));
        a->form.seed_random = false; // a number that was typed is meant
    } else if (!ui_held()) {
        snprintf(a->seed, sizeof a->seed, "%s", now);
    }
    ui_tip(tip_of("seed"));
    ui_beside(8);
    if (ui_button("Random", dice, TONE_PLAIN)) do_random(a);
    ui_tip("Another seed (R)");
    label("", NULL);
    bool fixed = !a->form.seed_random;
    if (ui_check("Keep this seed", &fixed)) a->form.seed_random = !fixed;
    ui_tip("Off: every picture gets a new seed");
}

// Faders as text, in the language of --mix.
static void mix(struct app *a)
{
    const char *now = form_text(&a->form, "mix");
    label("Mix", "mix");
    if (strlen(now) >= sizeof a->mix) { // typing would cut it off
        ui_say(INK_DIM, "too long to type: see the board");
        return;
    }
    if (ui_field("##mix", a->mix, sizeof a->mix, "edits of the modulation")) mixing_type(a, a->mix);
    if (!ui_held()) snprintf(a->mix, sizeof a->mix, "%s", form_text(&a->form, "mix"));
    ui_tip(tip_of("mix"));
}

// --- lists --------------------------------------------------------------------------------------------------------

static void class_text(const struct app *a, const char *value, char *out, size_t room)
{
    const struct names *c = a->now.classes;
    char *end;
    const unsigned long index = strtoul(value, &end, 10);
    if (*value && !*end && c && index < c->n && c->text[index])
        snprintf(out, room, "%s", c->text[index]);
    else
        snprintf(out, room, "%s", *value ? value : "");
    out[strcspn(out, ",")] = 0;
    if (strchr(value, ',')) snprintf(out, room, "%s", value); // several
}

// Type to search: by name or number; Enter takes the first that fits, or the text as it is when it has commas.
static void class_list(struct app *a, const char *option, const char *none, char *query, size_t room)
{
    char shown[160], row[200], first[32] = "";
    const struct names *c = a->now.classes;
    class_text(a, form_text(&a->form, option), shown, sizeof shown);
    snprintf(row, sizeof row, "##%s", option);
    if (!ui_list(row, *shown ? shown : none)) return;
    ui_width(-1);
    if (ui_appearing()) {
        *query = 0;
        ui_focus();
    }
    const bool entered = ui_field("##search", query, room, "Type a name or a number");
    if (ui_item(none, !*shown)) form_clear(&a->form, option);
    for (uint32_t i = 0; c && i < c->n; i++) {
        char number[16];
        snprintf(number, sizeof number, "%u", i);
        if (c->text[i])
            snprintf(row, sizeof row, "%s  %u", c->text[i], i);
        else
            snprintf(row, sizeof row, "class %u", i);
        if (!text_contains(row, query)) continue;
        if (!*first) snprintf(first, sizeof first, "%u", i);
        if (ui_item(row, !strcmp(form_text(&a->form, option), number))) form_set_text(&a->form, option, number);
    }
    if (entered && *query) {
        const bool list = strchr(query, ',') || !*first;
        form_set_text(&a->form, option, list ? query : first);
        ui_list_close();
    }
    ui_list_end();
}

struct size {
    uint32_t w, h;
};

// A model draws at one size so far; one that has several would list them in its info, and they would be listed here.
static uint32_t sizes_of(const struct app *a, struct size *of)
{
    const vkdit_model_info *m = &a->now.info;
    const uint32_t scale = m->image_scale ? m->image_scale : 8;
    of[0] = (struct size){m->latent_width * scale, m->latent_height * scale};
    return a->now.ready && of[0].w && of[0].h ? 1 : 0;
}

// Grey while there is nothing to choose. A size that was asked for and that the model has not can be taken back.
static void size(struct app *a)
{
    struct size of[1] = {{0}}, now = {0};
    char row[64] = "the model's own";
    const uint32_t n = sizes_of(a, of);
    const bool asked = form_size(&a->form, &now.w, &now.h);
    if (!now.w) now.w = of->w;
    if (!now.h) now.h = of->h;
    bool has = false;
    for (uint32_t i = 0; i < n; i++) has = has || (now.w == of[i].w && now.h == of[i].h);
    if (now.w && now.h) snprintf(row, sizeof row, "%u x %u%s", now.w, now.h, n && !has ? ", not this model's" : "");
    const bool choice = n > 1 || (n && asked && !has);
    label("Size", "size");
    ui_off(!choice);
    if (ui_list("##size", row)) {
        for (uint32_t i = 0; i < n; i++) {
            snprintf(row, sizeof row, "%u x %u", of[i].w, of[i].h);
            if (ui_item(row, has && now.w == of[i].w && now.h == of[i].h))
                form_set_size(&a->form, i ? of[i].w : 0, i ? of[i].h : 0);
        }
        ui_list_end();
    }
    ui_on();
    ui_tip(n > 1 ? tip_of("size") : "This model draws at one size: its positions are trained for that one.");
}

static void sampler(struct app *a)
{
    const char *family = a->now.info.is_sit ? "SiT" : "DiT", *chosen = form_text(&a->form, "sampler");
    json_t *row, *name;
    size_t i, k;
    char tip[300], own[80];
    snprintf(own, sizeof own, *a->now.sampler ? "the model's own, %s" : "the model's own", a->now.sampler);
    label("Sampler", "sampler");
    if (!ui_list("##sampler", *chosen ? chosen : own)) {
        ui_tip(tip_of("sampler"));
        return;
    }
    if (ui_item(own, !*chosen)) form_clear(&a->form, "sampler");
    json_array_foreach(a->samplers, i, row)
    {
        bool fits = !a->now.ready;
        const char *text = json_string_value(json_object_get(row, "name"));
        const char *about = json_string_value(json_object_get(row, "about"));
        json_array_foreach(json_object_get(row, "families"), k, name) fits =
            fits || !strcmp(json_string_value(name), family);
        ui_off(!fits);
        if (ui_item(text, !strcmp(chosen, text))) form_set_text(&a->form, "sampler", text);
        snprintf(tip, sizeof tip, "%s%s", about ? about : "",
                 fits ? ""
                 : a->now.info.is_sit
                     ? "\nNot for this model: it is a flow (SiT), this sampler is for noise prediction (DiT)."
                     : "\nNot for this model: it predicts noise (DiT), this sampler is for flows (SiT).");
        ui_tip(tip);
        ui_on();
    }
    ui_list_end();
}

// A list for an option that is one of a few words, the first of which is what happens without it.
static void choice(struct app *a, const char *name, const char *what, float width)
{
    const struct option *o = option_find(name, IN_GENERATE);
    char word[WORD_BYTES], first[WORD_BYTES], id[WORD_BYTES + 2], shown[2 * WORD_BYTES];
    word_next(o->words, first, sizeof first);
    const char *chosen = *form_text(&a->form, name) ? form_text(&a->form, name) : first;
    snprintf(id, sizeof id, "##%s", name);
    snprintf(shown, sizeof shown, "%s%s", chosen, what);
    ui_width(width);
    if (ui_list(id, shown)) {
        for (const char *at = word_next(o->words, word, sizeof word); at; at = word_next(at, word, sizeof word))
            if (ui_item(word, !strcmp(chosen, word)))
                form_set_text(&a->form, name, strcmp(word, first) != 0 ? word : NULL);
        ui_list_end();
    }
    ui_tip(tip_of(name));
}

static void arithmetic(struct app *a)
{
    label("Precision", "precision");
    const float room = ui_left() - 8 * ui_scale();
    choice(a, "precision", "", 0.4f * room);
    ui_beside(8);
    choice(a, "weights", " weights", 0.6f * room);
}

static void device(struct app *a)
{
    const struct names *d = a->now.devices;
    char row[300];
    label("Device", "device");
    if (ui_list("##device", *a->form.device ? a->form.device : *a->now.device ? a->now.device : "the best one")) {
        if (ui_item("the best one", !*a->form.device)) *a->form.device = 0;
        for (uint32_t i = 0; d && i < d->n; i++) {
            snprintf(row, sizeof row, "%s##%u", d->text[i] ? d->text[i] : "?", i);
            if (ui_item(row, d->text[i] && !strcmp(a->form.device, d->text[i])))
                snprintf(a->form.device, sizeof a->form.device, "%s", d->text[i] ? d->text[i] : "");
        }
        ui_list_end();
    }
    ui_tip(*a->now.reason ? a->now.reason : tip_of("device"));
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void enter_folder(struct app *a, const char *name)
{
    char path[2 * FORM_PATH];
    snprintf(path, sizeof path, "%s/%s", a->news.folder, name);
    clerk_folder(a->clerk, path);
}

// Where the chosen model lies, else at home.
static void first_folder(struct app *a, const char *chosen)
{
    char path[FORM_PATH];
    const char *home = getenv("HOME"), *slash = strrchr(chosen, '/');
    if (slash)
        snprintf(path, sizeof path, "%.*s", (int)(slash - chosen + 1), chosen);
    else
        snprintf(path, sizeof path, "%s", home && *home ? home : "/");
    clerk_folder(a->clerk, path);
}

// Through the folders: true when a file, or the folder itself, was chosen.
static bool browse(struct app *a, const char *chosen, char *wanted, size_t room)
{
    char row[340];
    bool opens = false;
    if (ui_appearing()) first_folder(a, chosen);
    ui_rule();
    ui_say(INK_DIM, *a->news.folder ? a->news.folder : "...");
    if (ui_step("../")) enter_folder(a, "..");
    for (uint32_t i = 0; a->news.entries && i < a->news.entries->n; i++) {
        const char *text = a->news.entries->text[i];
        snprintf(row, sizeof row, "%s##entry %u", text, i);
        if (strchr(text, '/')) {
            if (ui_step(row)) enter_folder(a, text);
        } else if (ui_item(row, false)) {
            opens = snprintf(wanted, room, "%s/%s", a->news.folder, text) > 0;
        }
    }
    if (a->news.entries && ui_item("Open this folder as a model", false))
        opens = snprintf(wanted, room, "%s", a->news.folder) > 0;
    ui_tip("A diffusers folder: transformer and vae side by side");
    return opens;
}

// The path field comes first: whoever opens the list wants another model. Opening comes last: it changes the texts that
// are still being listed.
static void model_choices(struct app *a, const char *chosen, const char *synthetic)
{
    char row[300], wanted[sizeof a->path] = "";
    ui_width(-1);
    if (ui_appearing()) ui_focus();
    const bool entered =
        ui_field("##path", a->path, sizeof a->path, "path of a model, or drop a file on the window") && *a->path;
    bool opens = entered;
    if (entered) snprintf(wanted, sizeof wanted, "%s", a->path);
    if (ui_item("the one that ships", !*chosen && !*synthetic)) opens = true;
    for (uint32_t i = 0; a->now.models && i < a->now.models->n; i++) {
        const char *text = a->now.models->text[i] ? a->now.models->text[i] : "";
        snprintf(row, sizeof row, "%.*s", (int)strcspn(text, "\t"), text);
        if (ui_item(row, !strcmp(chosen, row))) opens = snprintf(wanted, sizeof wanted, "%s", row) > 0;
        ui_tip(text + strcspn(text, "\t"));
    }
    for (uint32_t i = 0; i < FORM_RECENT && a->form.recent[i]; i++) {
        snprintf(row, sizeof row, "%s##%u", file_of(a->form.recent[i]), i);
        if (ui_item(row, !strcmp(chosen, a->form.recent[i])))
            opens = snprintf(wanted, sizeof wanted, "%s", a->form.recent[i]) > 0;
        ui_tip(a->form.recent[i]);
    }
    opens = browse(a, chosen, wanted, sizeof wanted) || opens;
    if (entered) ui_list_close();
    if (opens) do_open(a, wanted);
}

static void model(struct app *a)
{
    const char *chosen = form_text(&a->form, "model"), *synthetic = form_text(&a->form, "synthetic");
    label("Model", "model");
    if (a->open_models) ui_list_open("##model");
    a->open_models = false;
    const bool open = ui_list("##model", *chosen ? file_of(chosen) : *synthetic ? synthetic : "the one that ships");
    if (!open) ui_tip(*chosen ? chosen : tip_of("model"));
    if (!open) return;
    model_choices(a, chosen, synthetic);
    ui_list_end();
}

static void preview(struct app *a)
{
    static const char *const kinds[PREVIEW_COUNT] = {[PREVIEW_AUTO] = "automatic",
                                                     [PREVIEW_ROUGH] = "rough colours",
                                                     [PREVIEW_TINY] = "tiny decoder, every step",
                                                     [PREVIEW_DECODER] = "decoder, every step"};
    static const enum preview_kind order[] = {PREVIEW_AUTO, PREVIEW_ROUGH, PREVIEW_TINY, PREVIEW_DECODER};
    label("Preview", NULL);
    if (ui_list("##preview", kinds[a->form.preview])) {
        for (size_t i = 0; i < COUNTOF(order); i++) {
            const bool none = order[i] == PREVIEW_TINY && a->now.ready && !a->now.info.has_tiny;
            if (ui_item(kinds[order[i]], a->form.preview == order[i]) && !none) {
                a->form.preview = order[i];
                worker_preview(a->worker, order[i]);
            }
            if (none) ui_tip("this model brings no tiny decoder, and none was given with --tiny-vae");
        }
        ui_list_end();
    }
    ui_tip(
        "automatic: rough colours at every step, and as many decoded pictures as 3 % of the steps' time allow: by the "
        "whole decoder where it is fast enough, else by the tiny one");
}

// --- the whole ----------------------------------------------------------------------------------------------------

static void heading(struct app *a)
{
    char text[200];
    const vkdit_model_info *m = &a->now.info;
    const uint32_t scale = m->image_scale ? m->image_scale : 8;
    ui_head(a->now.ready ? m->name : a->now.work == WORK_LOADING ? "Loading" : "No model");
    if (a->now.ready)
        snprintf(text, sizeof text, "%.1f M parameters, %ux%u pixels%s", (double)m->parameters / 1e6,
                 m->latent_width * scale, m->latent_height * scale, m->synthetic ? ", random weights" : "");
    else
        snprintf(text, sizeof text, "vkdit %s", vkdit_version());
    ui_tell(INK_DIM, text);
}

static void main_button(struct app *a)
{
    if (app_running(a)) {
        if (ui_button("Stop  (Esc)", -1, TONE_BAD)) do_stop(a);
        ui_tip("Ends the run; what is there is kept");
        return;
    }
    ui_off(!a->now.ready && a->now.work == WORK_IDLE);
    if (ui_button("Generate  (Space)", -1, TONE_MAIN)) do_generate(a);
    ui_on();
}

static void tabs(struct app *a)
{
    const float part = (ui_left() - 12 * ui_scale()) / 4;
    if (ui_tab("Make", a->tab == TAB_MAKE, part)) a->tab = TAB_MAKE;
    ui_beside(4);
    if (ui_tab("Board", a->tab == TAB_BOARD, part)) a->tab = TAB_BOARD;
    ui_tip("The mixing board: what steers each block at each step, and faders for it (M)");
    ui_beside(4);
    if (ui_tab("Gallery", a->tab == TAB_GALLERY, part)) {
        a->tab = TAB_GALLERY;
        clerk_look(a->clerk, a->form.folder);
    }
    ui_tip("Pictures of this session and saved ones (G)");
    ui_beside(4);
    if (ui_tab("Bench", a->tab == TAB_BENCH, part)) a->tab = TAB_BENCH;
    ui_tip("How fast this device is");
}

static void make(struct app *a)
{
    label("Class", "class");
    class_list(a, "class", "the seed picks", a->query, sizeof a->query);
    label("Not", "negative-class");
    class_list(a, "negative-class", "no class", a->negative_query, sizeof a->negative_query);
    ui_space(2);
    seed(a);
    steps(a);
    guidance(a);
    interval(a);
    sampler(a);
    size(a);
    label("Batch", "batch");
    whole(a, "batch", 1, 16);
    mix(a);
    ui_rule();
    model(a);
    device(a);
    arithmetic(a);
    preview(a);
    ui_space(2);
    ui_check("Live: a new picture at every change", &a->form.live);
    ui_tip("While a slider moves, the newest setting wins; nothing queues up (L)");
    bool light = a->form.light;
    if (ui_check("Light colours", &light)) {
        a->form.light = light;
        ui_theme(!light);
    }
    ui_beside(8);
    if (ui_button("Keys (F1)", 0, TONE_QUIET)) a->help = true;
}

void view_panel(struct app *a)
{
    ui_area("panel", a->place.panel, INK_PANEL, true);
    heading(a);
    ui_space(2);
    main_button(a);
    ui_space(2);
    tabs(a);
    ui_space(4);
    if (a->tab == TAB_MAKE)
        make(a);
    else if (a->tab == TAB_BOARD)
        view_faders(a);
    else if (a->tab == TAB_BENCH)
        view_bench_panel(a);
    else
        view_gallery(a);
    ui_area_end();
}
