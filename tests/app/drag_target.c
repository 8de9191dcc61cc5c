// drag_target.c — drag_target HOW X Y: a window that files can be dropped on, as a file manager has one (XDND version 5).
// Says "ready", then what was dropped, a line each; ends after one drop. HOW: "take"; "proxy", another window gets its
// messages; "refuse", until it is killed; "vanish", is gone when something is dropped.
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTER, POSITION, STATUS, LEAVE, DROP, FINISHED, SELECTION, AWARE, PROXY, COPY, URI_LIST, GOT, ATOMS };
static const char *const names[ATOMS] = {"XdndEnter", "XdndPosition",   "XdndStatus",    "XdndLeave",
                                         "XdndDrop",  "XdndFinished",   "XdndSelection", "XdndAware",
                                         "XdndProxy", "XdndActionCopy", "text/uri-list", "GOT"};

struct target {
    Display *x;
    Window window, mail;
    Atom atom[ATOMS];
    const char *how;
    int over;
};

static void say(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

static void put(struct target *t, Window w, int what, Atom type, unsigned long v)
{
    XChangeProperty(t->x, w, t->atom[what], type, 32, PropModeReplace, (const unsigned char *)&v, 1);
}

static void open_window(struct target *t, int x, int y)
{
    XSetWindowAttributes set = {.override_redirect = True, .background_pixel = 0x446688};
    for (int i = 0; i < ATOMS; i++) t->atom[i] = XInternAtom(t->x, names[i], False);
    t->window = XCreateWindow(t->x, DefaultRootWindow(t->x), x, y, 100, 100, 0, CopyFromParent, InputOutput,
                              CopyFromParent, CWOverrideRedirect | CWBackPixel, &set);
    t->mail = t->window;
    if (!strcmp(t->how, "proxy")) {
        t->mail = XCreateSimpleWindow(t->x, DefaultRootWindow(t->x), -5, -5, 1, 1, 0, 0, 0);
        put(t, t->window, PROXY, XA_WINDOW, t->mail);
        put(t, t->mail, PROXY, XA_WINDOW, t->mail);
    }
    put(t, t->mail, AWARE, XA_ATOM, 5);
    XSelectInput(t->x, t->window, ExposureMask);
    XMapRaised(t->x, t->window);
    XFlush(t->x);
}

static void tell(struct target *t, Window source, int what, long flags, Atom action)
{
    XEvent event = {
        .xclient = {
            .type = ClientMessage, .display = t->x, .window = source, .message_type = t->atom[what], .format = 32}};
    event.xclient.data.l[0] = (long)t->window;
    event.xclient.data.l[1] = flags;
    event.xclient.data.l[what == STATUS ? 4 : 2] = (long)action;
    XSendEvent(t->x, source, False, NoEventMask, &event);
    XFlush(t->x);
}

static void on_message(struct target *t, const XClientMessageEvent *m)
{
    const Window source = (Window)m->data.l[0];
    const int refuses = !strcmp(t->how, "refuse");
    if (m->window != t->window) return;
    if (m->message_type == t->atom[ENTER]) say("enter");
    if (m->message_type == t->atom[LEAVE]) say("leave");
    if (m->message_type == t->atom[POSITION]) tell(t, source, STATUS, !refuses, refuses ? None : t->atom[COPY]);
    if (m->message_type != t->atom[DROP]) return;
    if (!strcmp(t->how, "vanish")) {
        XDestroyWindow(t->x, t->window);
        XFlush(t->x);
        say("vanished");
        t->over = 1;
    } else {
        XConvertSelection(t->x, t->atom[SELECTION], t->atom[URI_LIST], t->atom[GOT], t->mail, (Time)m->data.l[2]);
        XFlush(t->x);
    }
}

static void on_content(struct target *t, const XSelectionEvent *s)
{
    Atom type;
    int format;
    unsigned long n, left;
    unsigned char *text = NULL;
    if (s->property)
        XGetWindowProperty(t->x, t->mail, s->property, 0, 4096, True, AnyPropertyType, &type, &format, &n, &left,
                           &text);
    printf("got %s", text ? (const char *)text : "nothing\n");
    fflush(stdout);
    if (text) XFree(text);
    tell(t, XGetSelectionOwner(t->x, t->atom[SELECTION]), FINISHED, 1, t->atom[COPY]);
    t->over = 1;
}

int main(int argc, char **argv)
{
    struct target t = {.x = XOpenDisplay(NULL), .how = argc == 4 ? argv[1] : ""};
    if (argc != 4 || !t.x) return 2;
    open_window(&t, atoi(argv[2]), atoi(argv[3]));
    while (!t.over) {
        XEvent event;
        XNextEvent(t.x, &event);
        if (event.type == Expose) say("ready");
        if (event.type == ClientMessage) on_message(&t, &event.xclient);
        if (event.type == SelectionNotify) on_content(&t, &event.xselection);
    }
    XCloseDisplay(t.x);
    return 0;
}
