// view_gallery.c — runs of this session and saved pictures: look, use their settings, throw away.
#include "app/window.h"

void view_gallery(struct app *a)
{
    (void)a;
}
