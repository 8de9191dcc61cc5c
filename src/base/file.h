// file.h — a whole file mapped for reading. Knows nothing about what is in it; newfile.h is the writing half.
#ifndef VKDIT_FILE_H
#define VKDIT_FILE_H

#include "base/base.h"

struct file { // {0} is a closed file
    const uint8_t
        *data; // never NULL while open, page aligned; the file may change under it only if someone else writes
    uint64_t bytes;
    void *map; // NULL when the bytes are borrowed or the file is empty
};

// Maps a regular file (a pipe or a device is refused, so that opening never blocks). Errors give the reason only;
// the caller adds the name.
bool file_open(struct file *f, const char *path, struct err *e);
// The same view of bytes that somebody else owns.
struct file file_borrow(const void *data, uint64_t bytes);
// Lets go of the physical memory behind a range that was read; the data stays valid and is read again on demand.
void file_forget(const struct file *f, uint64_t offset, uint64_t bytes);
void file_close(struct file *f); // accepts {0}

enum file_kind { FILE_ABSENT, FILE_REGULAR, FILE_FOLDER, FILE_OTHER };
enum file_kind file_kind(const char *path); // links are followed

// "folder/name", allocated; NULL on failure.
char *path_join(const char *folder, const char *name, struct err *e);
// As addresses (file://...) want it: every byte but letters, digits and /._- is %XX. Allocated; NULL on failure.
char *path_percent(const char *path, struct err *e);

#endif
