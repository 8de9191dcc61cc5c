// newfile.h — a file that appears under its name only when it is complete.
// Knows nothing about what is written.
#ifndef VKDIT_NEWFILE_H
#define VKDIT_NEWFILE_H

#include "base/base.h"

#include <stdio.h>

struct newfile {
    FILE *stream;     // write here, or better with newfile_put; NULL when closed
    char *path, *tmp; // the name it will get, and the name it has until then (same folder, same file system)
    int code;         // errno of the first failed newfile_put
};

// Creates the temporary file beside `path`. Errors name `path`; devices and pipes are refused.
bool newfile_open(struct newfile *f, const char *path, struct err *e);
// Appends; a failure is remembered and reported, with its true reason, by newfile_commit.
void newfile_put(struct newfile *f, const void *data, size_t bytes);
// Flushes to disk and gives the file its name. replace=false fails, atomically, when the name is taken.
// Closes f in every case; on failure (a full disk, say) nothing is left behind.
bool newfile_commit(struct newfile *f, bool replace, struct err *e);
// All of it at once.
bool newfile_text(const char *path, const char *text, bool replace, struct err *e);
void newfile_close(struct newfile *f); // drops what was written; accepts {0} and a committed file

#endif
