// mixing.c — what the faders do to the form's mix: one change after another, taken back and done again, put aside.
#include "app/window.h"

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
    const char *now = form_text(&a->form, "mix");
    char put_away[MIX_ROOM];
    if (!*now && !*a->board.aside) {
        app_toast(a, "No edits: move a fader first");
        return;
    }
    if (strlen(now) >= sizeof put_away) return;
    snprintf(put_away, sizeof put_away, "%s", now);
    mixing_set(a, a->board.aside);
    snprintf(a->board.aside, sizeof a->board.aside, "%s", put_away);
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
    edits_close(&v->edits);
}
