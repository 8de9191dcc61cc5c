// drag_xcb.c — the source's side of XDND, version 5, on a connection of its own: what goes wrong with another program's
// windows arrives here as an event and never reaches SDL. The mouse is asked for rather than grabbed: SDL has it.
#include "app/drag.h"
#include "app/drag_ghost.h"
#include "base/file.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

enum { VERSION = 5, LEAST_VERSION = 3, DEEPEST = 64 };

static const double answer_seconds = 1, fetch_seconds = 10; // that another program gets

enum word {
    ENTER,
    POSITION,
    STATUS,
    LEAVE,
    DROP,
    FINISHED,
    SELECTION,
    AWARE,
    PROXY,
    COPY,
    TARGETS,
    URI_LIST, // and on: the kinds in which the file is offered
    UTF8,
    PLAIN,
    WORDS
};
static const char *const names[WORDS] = {"XdndEnter",    "XdndPosition",  "XdndStatus",  "XdndLeave", "XdndDrop",
                                         "XdndFinished", "XdndSelection", "XdndAware",   "XdndProxy", "XdndActionCopy",
                                         "TARGETS",      "text/uri-list", "UTF8_STRING", "text/plain"};

struct under {                 // the mouse, and willing to talk
    xcb_window_t window, mail; // mail: where its messages go; window is 0 when there is none
    uint32_t version;
};

struct drag {
    xcb_connection_t *x;
    xcb_window_t root, own, from, ghost; // own: the program's; from: who speaks
    xcb_atom_t atom[WORDS];
    xcb_timestamp_t since; // the selection is ours
    char *path, *uri;      // whole path; file:// and a line's end
    enum drag_state state;
    bool cancelled, dropped;
    int x_now, y_now;
    struct under under;
    bool owed, asked, welcome; // a position is to be told; was told and not answered; the last answer
    double until;              // when waiting for the other program ends
};

// --- words to and fro ---------------------------------------------------------------------------------------------

static void tell(struct drag *d, enum word what, uint32_t a, uint32_t b, uint32_t c, uint32_t e)
{
    const xcb_client_message_event_t m = {.response_type = XCB_CLIENT_MESSAGE,
                                          .format = 32,
                                          .window = d->under.window,
                                          .type = d->atom[what],
                                          .data.data32 = {d->from, a, b, c, e}};
    xcb_send_event(d->x, 0, d->under.mail, XCB_EVENT_MASK_NO_EVENT, (const char *)&m);
}

static void leave(struct drag *d)
{
    if (d->under.window) tell(d, LEAVE, 0, 0, 0, 0);
    d->under = (struct under){0};
    d->owed = d->asked = d->welcome = false;
}

static void enter(struct drag *d, const struct under *u)
{
    d->under = *u;
    tell(d, ENTER, min_u32(u->version, VERSION) << 24, d->atom[URI_LIST], d->atom[UTF8], d->atom[PLAIN]);
}

static void put_content(struct drag *d, const xcb_selection_request_event_t *r, xcb_atom_t to)
{
    const char *text = r->target == d->atom[URI_LIST] ? d->uri : d->path;
    if (r->target == d->atom[TARGETS])
        xcb_change_property(d->x, XCB_PROP_MODE_REPLACE, r->requestor, to, XCB_ATOM_ATOM, 32, WORDS - TARGETS,
                            d->atom + TARGETS);
    else
        xcb_change_property(d->x, XCB_PROP_MODE_REPLACE, r->requestor, to, r->target, 8, (uint32_t)strlen(text), text);
}

// Somebody asks for what is dragged, in one of the offered kinds.
static void on_request(struct drag *d, const xcb_selection_request_event_t *r)
{
    bool known = false;
    for (int i = TARGETS; i < WORDS; i++) known = known || r->target == d->atom[i];
    const xcb_atom_t to = r->property ? r->property : r->target; // old programs leave it to us
    if (known) put_content(d, r, to);
    const union {
        xcb_selection_notify_event_t notify;
        char bytes[32]; // every event has as many
    } event = {.notify = {.response_type = XCB_SELECTION_NOTIFY,
                          .time = r->time,
                          .requestor = r->requestor,
                          .selection = r->selection,
                          .target = r->target,
                          .property = known ? to : XCB_ATOM_NONE}};
    xcb_send_event(d->x, 0, r->requestor, XCB_EVENT_MASK_NO_EVENT, event.bytes);
}

static void on_message(struct drag *d, const xcb_client_message_event_t *m)
{
    const uint32_t *data = m->data.data32;
    if (!d->under.window || data[0] != d->under.window) return; // it was left meanwhile
    if (m->type == d->atom[STATUS]) {
        d->asked = false;
        d->welcome = data[1] & 1;
    }
    if (m->type == d->atom[FINISHED] && d->dropped) // before version 5 the end was all it said
        d->state = d->under.version < 5 || data[1] & 1 ? DRAG_TAKEN : DRAG_KEPT;
}

static void read_events(struct drag *d)
{
    for (xcb_generic_event_t *event; (event = xcb_poll_for_event(d->x)); free(event)) {
        switch (event->response_type & 0x7F) { // 0: a window that is gone, which the waiting ends
        case XCB_SELECTION_REQUEST: on_request(d, (const void *)event); break;
        case XCB_SELECTION_CLEAR: drag_cancel(d); break; // another drag has begun
        case XCB_CLIENT_MESSAGE: on_message(d, (const void *)event); break;
        default: break;
        }
    }
}

// --- under the mouse ----------------------------------------------------------------------------------------------

static uint32_t number_of(struct drag *d, xcb_window_t w, enum word property, xcb_atom_t type)
{
    uint32_t v = 0;
    xcb_get_property_reply_t *r =
        xcb_get_property_reply(d->x, xcb_get_property(d->x, 0, w, d->atom[property], type, 0, 1), NULL);
    if (r && r->format == 32 && xcb_get_property_value_length(r) == 4) memcpy(&v, xcb_get_property_value(r), 4);
    free(r);
    return v;
}

static bool willing(struct drag *d, xcb_window_t w, struct under *u)
{
    const xcb_window_t proxy = number_of(d, w, PROXY, XCB_ATOM_WINDOW);
    u->window = w;
    u->mail = proxy && number_of(d, proxy, PROXY, XCB_ATOM_WINDOW) == proxy ? proxy : w; // else it is a leftover
    u->version = number_of(d, u->mail, AWARE, XCB_ATOM_ATOM);
    return u->version >= LEAST_VERSION;
}

static xcb_window_t child_at(struct drag *d, xcb_window_t w, int x, int y)
{
    xcb_translate_coordinates_reply_t *r = xcb_translate_coordinates_reply(
        d->x, xcb_translate_coordinates(d->x, d->root, w, (int16_t)x, (int16_t)y), NULL);
    const xcb_window_t child = r ? r->child : XCB_WINDOW_NONE;
    free(r);
    return child;
}

// The outermost window there that takes drops, else what stands for the desktop. Our own window is nobody to give to.
static struct under look_under(struct drag *d, int x, int y)
{
    struct under u;
    xcb_window_t w = child_at(d, d->root, x, y);
    for (int depth = 0; w && depth < DEEPEST; depth++) {
        if (w == d->own) return (struct under){0};
        if (willing(d, w, &u)) return u;
        w = child_at(d, w, x, y);
    }
    return willing(d, d->root, &u) ? u : (struct under){0};
}

static void aim(struct drag *d, int x, int y)
{
    if (x == d->x_now && y == d->y_now) return;
    d->x_now = x;
    d->y_now = y;
    ghost_move(d->x, d->ghost, x, y); // first, so that it is not what lies under the mouse
    const struct under u = look_under(d, x, y);
    if (u.window != d->under.window) {
        leave(d);
        if (u.window) enter(d, &u);
    }
    d->owed = u.window != 0;
}

// --- the way ------------------------------------------------------------------------------------------------------

// False when there is no mouse to follow.
static bool ask_mouse(struct drag *d, int *x, int *y, bool *held)
{
    xcb_query_pointer_reply_t *r = xcb_query_pointer_reply(d->x, xcb_query_pointer(d->x, d->own), NULL);
    if (!r) return false;
    d->root = r->root;
    *x = r->root_x;
    *y = r->root_y;
    *held = r->mask & XCB_BUTTON_MASK_1;
    free(r);
    return true;
}

static void follow(struct drag *d)
{
    int x = 0, y = 0;
    bool held = false;
    if (!ask_mouse(d, &x, &y, &held)) {
        d->state = DRAG_KEPT;
        return;
    }
    if (!d->cancelled) aim(d, x, y);
    if (held) return;
    d->state = d->cancelled ? DRAG_KEPT : DRAG_GIVEN;
    d->until = clock_seconds() + answer_seconds;
    if (d->ghost) xcb_unmap_window(d->x, d->ghost);
}

// Its window is gone, and its last word is not on the way.
static bool vanished(struct drag *d)
{
    if (number_of(d, d->under.mail, AWARE, XCB_ATOM_ATOM)) return false;
    read_events(d);
    return d->state == DRAG_GIVEN;
}

static void drop(struct drag *d)
{
    tell(d, DROP, 0, d->since, 0, 0);
    d->dropped = true;
    d->until = clock_seconds() + fetch_seconds;
}

static void give(struct drag *d)
{
    const bool late = clock_seconds() > d->until;
    if (d->dropped) {
        if ((vanished(d) || late) && d->state == DRAG_GIVEN) d->state = DRAG_KEPT;
    } else if (late || !(d->owed || d->asked)) {
        if (d->welcome && !d->asked) {
            drop(d);
        } else {
            leave(d);
            d->state = DRAG_KEPT;
        }
    }
}

enum drag_state drag_step(struct drag *d)
{
    read_events(d);
    if (d->state == DRAG_HELD) follow(d);
    if (d->owed && !d->asked) { // one at a time: a slow program is not flooded
        tell(d, POSITION, 0, (uint32_t)d->x_now << 16 | (uint16_t)d->y_now, d->since, d->atom[COPY]);
        d->owed = false;
        d->asked = true;
    }
    if (d->state == DRAG_GIVEN) give(d);
    if (xcb_flush(d->x) <= 0) d->state = DRAG_KEPT; // the connection is gone
    return d->state;
}

bool drag_welcome(const struct drag *d)
{
    return d->welcome;
}

bool drag_cancel(struct drag *d)
{
    if (d->state != DRAG_HELD) return false;
    leave(d);
    d->cancelled = true;
    if (d->ghost) xcb_unmap_window(d->x, d->ghost);
    xcb_flush(d->x);
    return true;
}

// --- beginning and end --------------------------------------------------------------------------------------------

// 0 when the window is not on X11.
static xcb_window_t x_window(struct SDL_Window *window)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version)
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11) return 0;
    return (xcb_window_t)info.info.x11.window;
}

bool drag_can(struct SDL_Window *window, const char **why)
{
    *why = "this window is not on X11";
    return x_window(window) != 0;
}

static bool write_content(struct drag *d, const char *path, struct err *e)
{
    d->path = realpath(path, NULL);
    char *escaped = d->path ? path_percent(d->path, e) : NULL;
    const size_t room = escaped ? strlen(escaped) + sizeof "file://\r\n" : 0;
    d->uri = room ? mem_zero(room, 1, e) : NULL;
    if (d->uri) snprintf(d->uri, room, "file://%s\r\n", escaped);
    free(escaped);
    return d->uri || err_set(e, ERR_IO, "%s", strerror(errno));
}

static bool learn_words(struct drag *d)
{
    xcb_intern_atom_cookie_t asked[WORDS];
    bool ok = true;
    for (int i = 0; i < WORDS; i++) asked[i] = xcb_intern_atom(d->x, 0, (uint16_t)strlen(names[i]), names[i]);
    for (int i = 0; i < WORDS; i++) {
        xcb_intern_atom_reply_t *r = xcb_intern_atom_reply(d->x, asked[i], NULL);
        d->atom[i] = r ? r->atom : XCB_ATOM_NONE;
        ok = ok && r;
        free(r);
    }
    return ok;
}

// What is offered belongs to a point of the server's time, which it tells with a change of any property.
static bool own_selection(struct drag *d)
{
    const uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;
    d->from = xcb_generate_id(d->x);
    xcb_create_window(d->x, 0, d->from, d->root, -1, -1, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT,
                      XCB_CW_EVENT_MASK, &mask);
    xcb_change_property(d->x, XCB_PROP_MODE_REPLACE, d->from, d->atom[AWARE], XCB_ATOM_ATOM, 32, 0, NULL);
    xcb_flush(d->x);
    for (xcb_generic_event_t *event; !d->since && (event = xcb_wait_for_event(d->x)); free(event))
        if (event->response_type == XCB_PROPERTY_NOTIFY)
            d->since = ((const xcb_property_notify_event_t *)(const void *)event)->time;
    xcb_set_selection_owner(d->x, d->from, d->atom[SELECTION], d->since);
    return d->since != 0;
}

static bool take_up(struct drag *d, const struct image *small)
{
    int x, y;
    bool held;
    d->x = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(d->x) || !learn_words(d) || !ask_mouse(d, &x, &y, &held) || !own_selection(d))
        return false;
    d->x_now = x - 1; // wherever the mouse is, it has not been told
    d->y_now = y;
    d->ghost = small ? ghost_open(d->x, d->root, small) : XCB_WINDOW_NONE;
    return true;
}

struct drag *drag_begin(struct SDL_Window *window, const char *path, const struct image *small, struct err *e)
{
    struct drag *d = mem_zero(1, sizeof *d, e);
    if (!d) return NULL;
    const char *why;
    d->own = x_window(window);
    if (!drag_can(window, &why))
        err_set(e, ERR_UNSUPPORTED, "%s", why);
    else if (write_content(d, path, e) && !take_up(d, small))
        err_set(e, ERR_IO, "the X server does not answer");
    if (!e->code) return d;
    drag_close(d);
    return NULL;
}

void drag_close(struct drag *d)
{
    if (!d) return;
    if (d->x) {
        drag_cancel(d);
        // any answer: what was told last could be lost if the connection were closed before the server has read it
        free(xcb_get_input_focus_reply(d->x, xcb_get_input_focus(d->x), NULL));
        xcb_disconnect(d->x); // the windows go with it
    }
    free(d->path);
    free(d->uri);
    free(d);
}
