// drag_none.c — stands in where the program is built without libxcb: nothing can be dragged out of the window.
#include "app/drag.h"

bool drag_can(struct SDL_Window *window, const char **why)
{
    (void)window;
    *why = "this program was built without libxcb";
    return false;
}

struct drag *drag_begin(struct SDL_Window *window, const char *path, const struct image *small, struct err *e)
{
    const char *why;
    (void)path, (void)small;
    drag_can(window, &why);
    err_set(e, ERR_UNSUPPORTED, "%s", why);
    return NULL;
}

enum drag_state drag_step(struct drag *d)
{
    (void)d;
    return DRAG_KEPT;
}

bool drag_welcome(const struct drag *d)
{
    (void)d;
    return false;
}

bool drag_cancel(struct drag *d)
{
    (void)d;
    return false;
}

void drag_close(struct drag *d)
{
    (void)d;
}
