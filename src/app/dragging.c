// dragging.c — a picture of the gallery on its way into another program, as the window sees it. Knows nothing about how
// programs talk to each other: drag.h does.
#include "app/window.h"

void do_drag(struct app *a, const char *path, const struct image *small)
{
    struct err e = {0};
    const char *why;
    if (a->pulled || !drag_can(a->window, &why)) return;
    a->pulled = true; // once for each time that the button is pressed
    drag_close(a->drag);
    a->drag = drag_begin(a->window, path, small, &e);
    snprintf(a->dragged, sizeof a->dragged, "%s", path);
    if (a->drag) {
        app_event(a, json_pack("{ss, ss}", "event", "drag", "file", path));
        return;
    }
    err_in(&e, "The picture cannot be dragged");
    app_toast(a, e.text);
}

void dragging_follow(struct app *a)
{
    if (!ui_busy()) a->pulled = false;
    if (!a->drag) return;
    const enum drag_state state = drag_step(a->drag);
    if (state != DRAG_TAKEN && state != DRAG_KEPT) return;
    drag_close(a->drag);
    a->drag = NULL;
    a->redraw = a->redraw > 0 ? a->redraw : 1;
    app_event(a, json_pack("{ss, ss, sb}", "event", "dragged", "file", a->dragged, "taken", state == DRAG_TAKEN));
}

bool dragging_cancel(struct app *a)
{
    return a->drag && drag_cancel(a->drag);
}
