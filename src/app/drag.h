// drag.h — a file that the mouse carries out of the window into another program. SDL 2 cannot begin that, so on X11 we
// speak its protocol ourselves; elsewhere there is none. Knows nothing about galleries. One thread, never waits for
// another program.
#ifndef VKDIT_APP_DRAG_H
#define VKDIT_APP_DRAG_H

#include "image/image.h"

struct SDL_Window;
struct drag;

enum drag_state {
    DRAG_HELD,  // the mouse button is down
    DRAG_GIVEN, // let go; the program under the mouse has the word
    DRAG_TAKEN, // over: that program has it
    DRAG_KEPT,  // over: nobody took it
};

// Can a file be dragged out of this window? `why` gets the reason if not.
bool drag_can(struct SDL_Window *window, const char **why);
// The mouse button is down on what stands for the file. small: shown beside the mouse, copied. NULL on failure.
struct drag *drag_begin(struct SDL_Window *window, const char *path, const struct image *small, struct err *e);
enum drag_state drag_step(struct drag *d); // to be called every few milliseconds until it is over
bool drag_welcome(const struct drag *d);   // what is under the mouse would take the file
bool drag_cancel(struct drag *d);          // nobody gets it; false when it was let go already
void drag_close(struct drag *d);           // accepts NULL

#endif
