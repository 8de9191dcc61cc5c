// clerk.h — the thread that reads and writes files: saving, copying, exporting, the gallery. The window never waits
// for a disk. Knows nothing about windows and devices.
#ifndef VKDIT_APP_CLERK_H
#define VKDIT_APP_CLERK_H

#include "app/film.h"
#include "app/form.h"

enum export_kind { EXPORT_STRIP, EXPORT_WEBP, EXPORT_MP4 };
enum { CLERK_TEXT = 600, GALLERY_EDGE = 128, GALLERY_MAX = 500 };

// A saved picture.
struct gallery_item {
    char *path;
    int64_t time;
    uint32_t w, h;
    struct image small; // at most GALLERY_EDGE pixels wide and high
    char *parameters;   // for people; "" when it does not say
};
struct gallery { // newest first
    atomic_uint users;
    uint32_t n;
    struct gallery_item *item;
};
void gallery_drop(struct gallery *g);

// What was done; a copy, with the gallery held.
struct clerk_news {
    uint64_t generation;
    unsigned done;         // tasks
    bool failed;           // the last one
    char text[CLERK_TEXT]; // of the last one: "Saved /path"
    char file[FORM_PATH];  // that it wrote
    struct gallery *gallery;
    char *recipe;     // options as JSON, of the last picture that was asked for
    unsigned recipes; // counted
    char folder[FORM_PATH];
    struct names *entries; // of it: folders ("name/"), files that may be opened
};

struct clerk;
struct clerk *clerk_open(void (*wake)(void *user), void *user, struct err *e);
void clerk_close(struct clerk *c); // finishes what it was asked to write
bool clerk_read(struct clerk *c, struct clerk_news *n);
void clerk_news_drop(struct clerk_news *n);

// Tasks; false when too many are waiting. Paths are copied.
bool clerk_save(struct clerk *c, struct film *f, uint32_t at, const char *folder);
bool clerk_copy(struct clerk *c, struct film *f, uint32_t at); // to the clipboard
bool clerk_export(struct clerk *c, struct film *f, enum export_kind kind, const char *folder);
bool clerk_look(struct clerk *c, const char *folder); // reads the gallery
bool clerk_trash(struct clerk *c, const char *path, const char *folder);
bool clerk_bench(struct clerk *c, const char *json, const char *folder); // a benchmark's document, copied
bool clerk_folder(struct clerk *c, const char *path);                    // lists it, into the news
bool clerk_recipe(struct clerk *c, const char *path);                    // how a picture was made, into the news

#endif
