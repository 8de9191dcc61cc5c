// view_faders.c — the mixing board's hands: which blocks and channels, a fader for each vector, what takes their place,
// and the list of all edits. Writes the form's mix, in the language of --mix.
#include "app/window.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_ROOM = 160 };

// A scale's fader moves what channels are multiplied by, so that 0 is silence.
static const struct {
    const char *name, *shown;
} faders[BOARD_VECTORS] = {{"shift_msa", "shift attn"},    {"gamma_msa", "gamma attn"},   {"gate_msa", "gate attn"},
                           {"shift_mlp", "shift MLP"},     {"gamma_mlp", "gamma MLP"},    {"gate_mlp", "gate MLP"},
                           {"final.shift", "shift final"}, {"final.gamma", "gamma final"}};

// --- places as text, spelled as the language spells them ----------------------------------------------------------

static void range_text(uint32_t from, uint32_t to, uint32_t n, char *out, size_t room)
{
    if (from == 0 && to + 1 >= n)
        *out = 0;
    else if (from == to)
        snprintf(out, room, "[%u]", from);
    else if (from == 0)
        snprintf(out, room, "[:%u]", to + 1);
    else
        snprintf(out, room, "[%u:%u]", from, to + 1);
}

static void block_text(const struct app *a, char *out, size_t room)
{
    char range[40];
    range_text(a->board.block, a->board.block_to, a->now.info.depth, range, sizeof range);
    snprintf(out, room, "block%s", range);
}

static void place_text(const struct app *a, uint32_t vector, char *out, size_t room)
{
    char block[48], channels[40];
    const struct board_view *v = &a->board;
    block_text(a, block, sizeof block);
    range_text(v->channel, v->channel_to, a->now.info.width, channels, sizeof channels);
    if (vector < SLOT_VECTORS)
        snprintf(out, room, "%s.%s%s", block, faders[vector].name, channels);
    else
        snprintf(out, room, "%s%s", faders[vector].name, channels);
}

static const char *mix_of(const struct app *a)
{
    return form_text(&a->form, "mix");
}

// --- what is looked at, and where the faders act ------------------------------------------------------------------

// What the blocks add is measured only while somebody looks at it.
static void choose_stat(struct app *a, enum board_stat stat)
{
    struct board_view *v = &a->board;
    v->stat = stat;
    if (v->watch.added == (stat == BOARD_ADDED)) return;
    v->watch.added = stat == BOARD_ADDED;
    worker_watch(a->worker, v->watch);
}

static void choices(struct app *a)
{
    static const char *const orders[ORDER_COUNT] = {"by number", "by size", "by change"};
    struct board_view *v = &a->board;
    view_label("Vector", "Which of the six vectors of a block, or of the final layer's two, the plots show");
    if (ui_list("##vector", board_vector_name(v->vector))) {
        for (uint32_t i = 0; i < BOARD_VECTORS; i++)
            if (ui_item(board_vector_name(i), v->vector == i)) v->vector = i;
        ui_list_end();
    }
    view_label("Shows", board_stats[v->stat].about);
    if (ui_list("##stat", board_stats[v->stat].name)) {
        for (uint32_t i = 0; i < BOARD_STATS; i++) {
            if (ui_item(board_stats[i].name, v->stat == i)) choose_stat(a, (enum board_stat)i);
            ui_tip(board_stats[i].about);
        }
        ui_list_end();
    }
    view_label("Channels", "How the channels are sorted");
    if (ui_list("##order", orders[v->order])) {
        for (uint32_t i = 0; i < ORDER_COUNT; i++)
            if (ui_item(orders[i], v->order == i)) v->order = (enum board_order)i;
        ui_list_end();
    }
}

static void pair(const char *name, const char *tip, uint32_t *from, uint32_t *to, uint32_t most)
{
    char id[40];
    const float gap = 8;
    view_label(name, tip);
    const float half = (ui_left() - gap * ui_scale()) / 2;
    ui_width(half);
    snprintf(id, sizeof id, "##%s from", name);
    if (ui_whole(id, from, 0, most, most, NULL) && *to < *from) *to = *from;
    ui_tip(tip);
    ui_beside(gap);
    ui_width(half);
    snprintf(id, sizeof id, "##%s to", name);
    if (ui_whole(id, to, 0, most, most, NULL) && *from > *to) *from = *to;
    ui_tip(tip);
}

static void where(struct app *a)
{
    struct board_view *v = &a->board;
    const uint32_t blocks = max_u32(1, a->now.info.depth), width = max_u32(1, a->now.info.width);
    v->block = min_u32(v->block, blocks - 1);
    v->block_to = min_u32(max_u32(v->block_to, v->block), blocks - 1);
    pair("Blocks", "The faders act on the blocks from the first to the second number; a click on the map picks one",
         &v->block, &v->block_to, blocks - 1);
    v->channel = min_u32(v->channel, width - 1);
    v->channel_to = min_u32(max_u32(v->channel_to, v->channel), width - 1);
    pair("Channels ", "The faders act on these channels only, from the first number to the second", &v->channel,
         &v->channel_to, width - 1);
}

// --- faders -------------------------------------------------------------------------------------------------------

static void toggle(struct app *a, const char *verb, const char *shown, const char *place, const char *tip)
{
    char statement[KEY_ROOM];
    snprintf(statement, sizeof statement, "%s %s", verb, place);
    const bool on = edits_have(&a->board.edits, statement);
    if (ui_tab(shown, on, 26 * ui_scale())) mixing_put(a, statement, on ? NULL : statement);
    ui_tip(tip);
}

static void fader(struct app *a, uint32_t vector)
{
    char place[KEY_ROOM - 40], key[KEY_ROOM], statement[KEY_ROOM + 40];
    place_text(a, vector, place, sizeof place);
    snprintf(key, sizeof key, "%s*=", place);
    double gain = edits_value(&a->board.edits, key, 1);
    const double before = gain;
    ui_name(faders[vector].name);
    view_label(faders[vector].shown, "Gain: 0 silences, 1 is rest, 2 doubles. Ctrl-click types a number");
    ui_width(ui_left() - 3 * 26 * ui_scale() - 3 * 4 * ui_scale());
    if (ui_real("##gain", &gain, 0, 2, 10, "%.2f") && gain != before) {
        snprintf(statement, sizeof statement, "%s%.4g", key, gain);
        mixing_put(a, key, gain == 1 ? NULL : statement);
        a->board.gesture = true;
    }
    ui_tip(place);
    ui_beside(4);
    toggle(a, "mute", "M", place, "Mute: as a gain of 0");
    ui_beside(4);
    toggle(a, "solo", "S", place, "Solo: this vector is silent in all other blocks and channels");
    ui_beside(4);
    toggle(a, "invert", "I", place, "Invert: as a gain of -1");
    ui_unname();
}

static void replacements(struct app *a)
{
    struct board_view *v = &a->board;
    char block[48], key[KEY_ROOM], statement[KEY_ROOM + 40], shown[80];
    block_text(a, block, sizeof block);
    snprintf(key, sizeof key, "skip %s", block);
    bool on = edits_have(&a->board.edits, key);
    if (ui_check("Skip these blocks", &on)) mixing_put(a, key, on ? key : NULL);
    ui_tip("Both gates 0: exactly as if the blocks were not there");
    snprintf(key, sizeof key, "freeze %s step=", block);
    on = edits_have(&a->board.edits, key);
    if (on) v->frozen = (uint32_t)edits_value(&a->board.edits, key, 0);
    if (ui_check("Freeze at step", &on)) {
        snprintf(statement, sizeof statement, "%s%u", key, v->frozen);
        mixing_put(a, key, on ? statement : NULL);
    }
    ui_tip("At every step the vectors of this one");
    ui_beside(8);
    ui_width(-1);
    const uint32_t last = max_u32(1, form_whole(&a->form, "steps", a->now.info.steps ? a->now.info.steps : 50)) - 1;
    if (ui_whole("##frozen", &v->frozen, 0, last, last, NULL) && on) {
        snprintf(statement, sizeof statement, "%s%u", key, v->frozen);
        mixing_put(a, key, statement);
        a->board.gesture = true;
    }
    const struct names *c = a->now.classes;
    const char *name = c && v->other_class < c->n && c->text[v->other_class] ? c->text[v->other_class] : NULL;
    snprintf(shown, sizeof shown, "class %u", v->other_class);
    if (name) snprintf(shown, sizeof shown, "%.*s", (int)strcspn(name, ","), name);
    view_label("Blend with", "The vectors of another class, in part or all of them");
    if (ui_list("##other", shown)) {
        for (uint32_t i = 0; c && i < c->n; i++) {
            snprintf(shown, sizeof shown, "%s  %u", c->text[i] ? c->text[i] : "class", i);
            if (ui_item(shown, v->other_class == i)) v->other_class = i;
        }
        ui_list_end();
    }
    snprintf(key, sizeof key, "blend %s class=%u amount=", block, v->other_class);
    double share = edits_value(&a->board.edits, key, 0);
    view_label("Share", "0 is rest, 1 swaps the classes");
    if (ui_real("##share", &share, 0, 1, 1, "%.2f")) {
        snprintf(statement, sizeof statement, "%s%.4g", key, share);
        mixing_put(a, key, share == 0 ? NULL : statement);
        a->board.gesture = true;
    }
}

// --- one channel over the picture ---------------------------------------------------------------------------------

static void watched(struct app *a)
{
    struct watch *w = &a->board.watch;
    bool changed = ui_check("Watch channel", &w->on);
    ui_tip("Shows what a channel, where it enters the first block's MLP, is on each patch, over the picture, from the "
           "next "
           "run on. A click on a channel in its plot picks it");
    ui_beside(8);
    ui_width(-1);
    const uint32_t most = max_u32(1, a->now.info.width) - 1;
    changed = ui_whole("##watched", &w->channel, 0, most, most, NULL) || changed;
    if (!changed) return;
    if (w->on) w->block = a->board.block;
    worker_watch(a->worker, *w);
}

// --- all edits ----------------------------------------------------------------------------------------------------

static void edits(struct app *a)
{
    const float s = ui_scale(), third = (ui_left() - 16 * s) / 3;
    ui_off(!a->board.at);
    if (ui_button("Undo", third, TONE_PLAIN)) mixing_undo(a);
    ui_on();
    ui_tip("Ctrl+Z");
    ui_beside(8);
    ui_off(a->board.at >= a->board.n);
    if (ui_button("Redo", third, TONE_PLAIN)) mixing_redo(a);
    ui_on();
    ui_tip("Ctrl+Y");
    ui_beside(8);
    if (ui_button(a->board.aside && *a->board.aside ? "A | b" : "a | B", third, TONE_PLAIN)) mixing_ab(a);
    ui_tip("With and without the edits (X). With Live on, the picture is made again at once; C compares the two");
    if (!*mix_of(a)) ui_tell(INK_DIM, "All faders at rest: the picture is the model's own, to the last bit.");
    for (uint32_t i = 0; i < a->board.edits.n; i++) {
        char id[32];
        const char *one = a->board.edits.item[i];
        snprintf(id, sizeof id, "x##edit %u", i);
        if (ui_button(id, 26 * s, TONE_QUIET)) mixing_put(a, one, NULL);
        ui_tip("Take this edit out");
        ui_beside(6);
        ui_say(INK_TEXT, one);
    }
    if (*mix_of(a) && ui_button("All to rest", 0, TONE_QUIET)) mixing_set(a, "");
}

static void presets(struct app *a)
{
    const float s = ui_scale();
    ui_width(ui_left() - 2 * 60 * s - 2 * 6 * s);
    ui_field("##preset", a->board.preset, sizeof a->board.preset, "preset.json");
    ui_tip("A preset's file, as --mix FILE reads it");
    ui_beside(6);
    ui_off(!*a->board.preset || !*mix_of(a));
    if (ui_button("Save", 60 * s, TONE_PLAIN)) mixing_save(a);
    ui_on();
    ui_beside(6);
    ui_off(!*a->board.preset);
    if (ui_button("Load", 60 * s, TONE_PLAIN)) mixing_load(a);
    ui_on();
    if (*a->board.note) ui_tell(INK_DIM, a->board.note);
}

void view_faders(struct app *a)
{
    if (!ui_busy()) a->board.gesture = false;
    edits_read(&a->board.edits, mix_of(a));
    choices(a);
    ui_space(2);
    ui_rule();
    ui_space(2);
    where(a);
    for (uint32_t i = 0; i < BOARD_VECTORS; i++) fader(a, i);
    replacements(a);
    watched(a);
    ui_space(2);
    ui_rule();
    ui_space(2);
    edits(a);
    presets(a);
    ui_check("Live: a new picture at every change", &a->form.live);
}
