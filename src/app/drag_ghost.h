// drag_ghost.h — private to dragging on X11: a small picture that goes along with the mouse, over all windows.
#ifndef VKDIT_APP_DRAG_GHOST_H
#define VKDIT_APP_DRAG_GHOST_H

#include "image/image.h"

#include <xcb/xcb.h>

// A window with the picture, not on the screen yet; it goes with the connection. 0 where the screen's pixels are
// uncommon: the drag works without it.
xcb_window_t ghost_open(xcb_connection_t *x, xcb_window_t root, const struct image *small);
// Puts it beside the mouse, never under it.
void ghost_move(xcb_connection_t *x, xcb_window_t ghost, int mouse_x, int mouse_y);

#endif
