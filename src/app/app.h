// app.h — the window, as the command line sees it. Everything else of this folder is private to it.
#ifndef VKDIT_APP_H
#define VKDIT_APP_H

#include <stdbool.h>

struct cli;

// Is there a screen to open a window on, and was the program built with a window? `why` gets the reason if not.
bool app_can_open(const char **why);
// Opens the window with the settings of the command line over those of last time; returns when it is closed.
// The exit code of the program.
int app_run(struct cli *c);

#endif
