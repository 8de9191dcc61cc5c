// test_desk.c — what the window's clerk finds in a folder: what can be opened, folders first, nothing hidden.
#include "app/desk.h"
#include "check.h"
#include "scratch.h"

#include <string.h>
#include <sys/stat.h>

int main(void)
{
    struct scratch dir;
    struct err e = {0};
    char here[FORM_PATH], found[FORM_PATH] = "";
    static const char *const files[] = {"zebra.safetensors",   "a.PT",        "notes.txt",
                                        ".hidden.safetensors", "picture.png", "model.index.json",
                                        "config.json"};
    static const char *const want[] = {"Inner/",           "outer/",      "a.PT",
                                       "model.index.json", "picture.png", "zebra.safetensors"};
    scratch_open(&dir);
    snprintf(here, sizeof here, "%.1000s", scratch_path(&dir, "."));
    for (size_t i = 0; i < COUNTOF(files); i++) scratch_text(&dir, files[i], "x");
    CHECK(!mkdir(scratch_path(&dir, "outer"), 0777) && !mkdir(scratch_path(&dir, "Inner"), 0777) &&
              !mkdir(scratch_path(&dir, ".cache"), 0777),
          "folders");
    struct names *list = desk_folder(here, found, &e);
    CHECK(list && list->n == COUNTOF(want), "%u entries: %s", list ? list->n : 0, e.text);
    for (uint32_t i = 0; list && i < list->n && i < COUNTOF(want); i++)
        CHECK(!strcmp(list->text[i], want[i]), "entry %u is %s, wanted %s", i, list->text[i], want[i]);
    CHECK(*found == '/' && found[strlen(found) - 1] != '.', "the folder is called %s", found);
    names_drop(list);
    CHECK(!desk_folder(scratch_path(&dir, "nowhere"), found, &e) && strstr(e.text, "nowhere"), "no folder: \"%s\"",
          e.text);
    e = (struct err){0};
    CHECK(!desk_folder(scratch_path(&dir, "a.PT"), found, &e) && e.code == ERR_IO, "a file as a folder");
    remove(scratch_path(&dir, "outer"));
    remove(scratch_path(&dir, "Inner"));
    remove(scratch_path(&dir, ".cache"));
    scratch_close(&dir);
    return check_done();
}
