// mixing.c — what the faders do to the form's mix: one change after another, taken back and done again, put aside.
#include "app/window.h"
#include "base/labels.h"
#include "cli/generate.h"

#include <stdlib.h>
#include <string.h>

static void forget_from(struct board_view *v, uint32_t at)
{
    for (uint32_t i = at; i < v->n; i++) free(v->undo[i]);
    v->n = min_u32(v->n, at);
}

// The present text is remembered, once for all of a gesture.
static void remember(struct app *a)
{
    struct board_view *v = &a->board;
    struct err e = {0};
    if (v->gesture && v->at && v->at == v->n) return;
    forget_from(v, v->at);
    if (v->n == BOARD_UNDO) {
        free(v->undo[0]);
        memmove(v->undo, v->undo + 1, --v->n * sizeof *v->undo);
    }
    v->undo[v->n] = mem_text(form_text(&a->form, "mix"), &e);
    if (v->undo[v->n]) v->n++;
    v->at = v->n;
}

static void use(struct app *a, const char *text)
{
    form_set_text(&a->form, "mix", text);
    a->board.note[0] = 0;
    a->redraw = 3;
    app_event(a, json_pack("{ss, ss}", "event", "mix", "text", text));
}

void mixing_set(struct app *a, const char *text)
{
    if (!strcmp(text, form_text(&a->form, "mix"))) return;
    remember(a);
    use(a, text);
}

void mixing_put(struct app *a, const char *key, const char *statement)
{
    struct err e = {0};
    char *text = edits_put(form_text(&a->form, "mix"), key, statement, &e);
    if (text)
        mixing_set(a, text);
    else
        snprintf(a->board.note, sizeof a->board.note, "%s", e.text);
    vkdit_free(text);
}

static bool find_class(void *user, const char *name, uint32_t *index, struct err *e)
{
    const struct names *c = user;
    return labels_find(c ? c->text : NULL, c ? c->n : 0, name, index, e);
}

// Whoever types uses names, and makes mistakes: the text is kept, so that it can be mended.
void mixing_type(struct app *a, const char *text)
{
    struct err e = {0};
    char *numbers = mix_number_classes(text, find_class, a->now.classes, &e);
    if (numbers) edits_sound(numbers, &e);
    mixing_set(a, numbers ? numbers : text);
    if (e.code) app_toast(a, e.text);
    free(numbers);
}

// Texts change places with the present one, so that the way back is kept.
static void exchange(struct app *a, uint32_t at)
{
    struct board_view *v = &a->board;
    struct err e = {0};
    char *now = mem_text(form_text(&a->form, "mix"), &e);
    if (!now) return;
    use(a, v->undo[at]);
    free(v->undo[at]);
    v->undo[at] = now;
}

void mixing_undo(struct app *a)
{
    if (a->board.at) exchange(a, --a->board.at);
}

void mixing_redo(struct app *a)
{
    if (a->board.at < a->board.n) exchange(a, a->board.at++);
}

void mixing_ab(struct app *a)
{
    struct err e = {0};
    char *put_away = mem_text(form_text(&a->form, "mix"), &e);
    if (!put_away) return;
    if (!*put_away && !a->board.aside) {
        app_toast(a, "No edits: move a fader first");
        free(put_away);
        return;
    }
    mixing_set(a, a->board.aside ? a->board.aside : "");
    free(a->board.aside);
    a->board.aside = put_away;
    app_toast(a, *put_away ? "A: without the edits" : "B: with the edits");
}

void mixing_save(struct app *a)
{
    struct err e = {0};
    if (edits_save(form_text(&a->form, "mix"), a->board.preset, &e))
        snprintf(a->board.note, sizeof a->board.note, "Saved: %.250s", a->board.preset);
    else
        snprintf(a->board.note, sizeof a->board.note, "%s", e.text);
}

void mixing_load(struct app *a)
{
    struct err e = {0};
    char *text = edits_load(a->board.preset, &e);
    if (text)
        mixing_set(a, text);
    else
        snprintf(a->board.note, sizeof a->board.note, "%s", e.text);
    vkdit_free(text);
}

void board_view_close(struct board_view *v)
{
    forget_from(v, 0);
    strip_close(&v->strip);
    cells_close(&v->cells);
    edits_close(&v->edits);
    free(v->aside);
}
