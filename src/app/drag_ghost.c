// drag_ghost.c — the picture beside the mouse. It is the background of its window: the X server alone keeps it drawn.
#include "app/drag_ghost.h"

#include <stdlib.h>

enum { BESIDE = 14 }; // pixels from the mouse

static const xcb_screen_t *screen_of(xcb_connection_t *x, xcb_window_t root)
{
    xcb_screen_iterator_t at = xcb_setup_roots_iterator(xcb_get_setup(x));
    while (at.rem && at.data->root != root) xcb_screen_next(&at);
    return at.rem ? at.data : NULL;
}

// The colours of the screen when a pixel is four bytes and each colour one of them; NULL otherwise.
static const xcb_visualtype_t *four_bytes(xcb_connection_t *x, const xcb_screen_t *screen)
{
    xcb_format_iterator_t format = xcb_setup_pixmap_formats_iterator(xcb_get_setup(x));
    while (format.rem && format.data->depth != screen->root_depth) xcb_format_next(&format);
    if (!format.rem || format.data->bits_per_pixel != 32) return NULL;
    for (xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen); d.rem; xcb_depth_next(&d))
        for (xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data); v.rem; xcb_visualtype_next(&v))
            if (v.data->visual_id == screen->root_visual && v.data->_class == XCB_VISUAL_CLASS_TRUE_COLOR &&
                v.data->bits_per_rgb_value == 8)
                return v.data;
    return NULL;
}

static void put_pixel(uint8_t *to, const uint8_t *rgb, const xcb_visualtype_t *v, bool least_first)
{
    const uint32_t pixel =
        rgb[0] * (v->red_mask / 255) + rgb[1] * (v->green_mask / 255) + rgb[2] * (v->blue_mask / 255);
    for (uint32_t i = 0; i < 4; i++) to[least_first ? i : 3 - i] = (uint8_t)(pixel >> 8 * i);
}

static xcb_pixmap_t paint(xcb_connection_t *x, const xcb_screen_t *screen, const xcb_visualtype_t *v,
                          const struct image *im)
{
    const uint32_t n = im->w * im->h;
    uint8_t *pixels = mem_zero(n, 4, NULL);
    if (!pixels) return 0;
    const bool least_first = xcb_get_setup(x)->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST;
    for (uint32_t i = 0; i < n; i++) put_pixel(pixels + 4 * i, im->rgb + 3 * i, v, least_first);
    const xcb_pixmap_t painted = xcb_generate_id(x);
    const xcb_gcontext_t brush = xcb_generate_id(x);
    xcb_create_pixmap(x, screen->root_depth, painted, screen->root, (uint16_t)im->w, (uint16_t)im->h);
    xcb_create_gc(x, brush, painted, 0, NULL);
    xcb_put_image(x, XCB_IMAGE_FORMAT_Z_PIXMAP, painted, brush, (uint16_t)im->w, (uint16_t)im->h, 0, 0, 0,
                  screen->root_depth, 4 * n, pixels);
    xcb_free_gc(x, brush);
    free(pixels);
    return painted;
}

xcb_window_t ghost_open(xcb_connection_t *x, xcb_window_t root, const struct image *small)
{
    const xcb_screen_t *screen = screen_of(x, root);
    const xcb_visualtype_t *v = screen ? four_bytes(x, screen) : NULL;
    const xcb_pixmap_t painted = v && small->rgb ? paint(x, screen, v, small) : 0;
    if (!painted) return 0;
    const xcb_window_t ghost = xcb_generate_id(x);
    const uint32_t values[] = {painted, 1}; // override: no window manager decorates it
    xcb_create_window(x, XCB_COPY_FROM_PARENT, ghost, root, 0, 0, (uint16_t)small->w, (uint16_t)small->h, 0,
                      XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
                      XCB_CW_BACK_PIXMAP | XCB_CW_OVERRIDE_REDIRECT, values);
    xcb_free_pixmap(x, painted); // the window keeps it
    return ghost;
}

void ghost_move(xcb_connection_t *x, xcb_window_t ghost, int mouse_x, int mouse_y)
{
    if (!ghost) return;
    const uint32_t place[] = {(uint32_t)(mouse_x + BESIDE), (uint32_t)(mouse_y + BESIDE), XCB_STACK_MODE_ABOVE};
    xcb_configure_window(x, ghost, XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_STACK_MODE, place);
    xcb_map_window(x, ghost);
}
