// drop_file.c — drop_file WINDOW FILE: drags a file onto a window and lets go, as a file manager does (XDND version 5).
#include <X11/Xlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTER, POSITION, STATUS, DROP, FINISHED, SELECTION, ACTION, URI_LIST, ATOMS };
static const char *const names[ATOMS] = {"XdndEnter",    "XdndPosition",  "XdndStatus",     "XdndDrop",
                                         "XdndFinished", "XdndSelection", "XdndActionCopy", "text/uri-list"};

struct drag {
    Display *x;
    Window from, to;
    Atom atom[ATOMS];
    char uri[4200];
};

static void tell(struct drag *d, int what, long a, long b, long c, long e)
{
    XEvent event = {.xclient = {.type = ClientMessage,
                                .display = d->x,
                                .window = d->to,
                                .message_type = d->atom[what],
                                .format = 32,
                                .data.l = {(long)d->from, a, b, c, e}}};
    XSendEvent(d->x, d->to, False, NoEventMask, &event);
    XFlush(d->x);
}

// The window asks for what is dragged.
static void answer(struct drag *d, const XSelectionRequestEvent *r)
{
    XEvent event = {.xselection = {.type = SelectionNotify,
                                   .display = d->x,
                                   .requestor = r->requestor,
                                   .selection = r->selection,
                                   .target = r->target,
                                   .property = r->property,
                                   .time = r->time}};
    XChangeProperty(d->x, r->requestor, r->property, r->target, 8, PropModeReplace, (const unsigned char *)d->uri,
                    (int)strlen(d->uri));
    XSendEvent(d->x, r->requestor, False, NoEventMask, &event);
    XFlush(d->x);
}

// Waits for a message of the window; serves its requests meanwhile.
static int await(struct drag *d, int what)
{
    for (int i = 0; i < 500; i++, usleep(10000))
        while (XPending(d->x)) {
            XEvent event;
            XNextEvent(d->x, &event);
            if (event.type == SelectionRequest) answer(d, &event.xselectionrequest);
            if (event.type == ClientMessage && event.xclient.message_type == d->atom[what]) return 1;
        }
    fprintf(stderr, "drop_file: no %s\n", names[what]);
    return 0;
}

int main(int argc, char **argv)
{
    struct drag d = {.x = XOpenDisplay(NULL)};
    if (argc != 3 || !d.x) return 2;
    d.to = (Window)strtoul(argv[1], NULL, 0);
    d.from = XCreateSimpleWindow(d.x, DefaultRootWindow(d.x), 0, 0, 1, 1, 0, 0, 0);
    for (int i = 0; i < ATOMS; i++) d.atom[i] = XInternAtom(d.x, names[i], False);
    snprintf(d.uri, sizeof d.uri, "file://%s\r\n", argv[2]);
    XSetSelectionOwner(d.x, d.atom[SELECTION], d.from, CurrentTime);
    tell(&d, ENTER, 5L << 24, (long)d.atom[URI_LIST], 0, 0);
    tell(&d, POSITION, 0, 300L << 16 | 300, CurrentTime, (long)d.atom[ACTION]);
    if (!await(&d, STATUS)) return 1;
    tell(&d, DROP, 0, CurrentTime, 0, 0);
    const int ok = await(&d, FINISHED);
    XCloseDisplay(d.x);
    return ok ? 0 : 1;
}
