// shipped.h — private to engine/: the models that come with the program.
#ifndef VKDIT_SHIPPED_H
#define VKDIT_SHIPPED_H

#include "base/base.h"

// Path of the shipped model called `name` (NULL: the default), allocated; NULL, mostly without an error, when there is
// none. `folder` NULL: the one beside the library or the program, as built or as installed.
char *shipped_path(const char *folder, const char *name, struct err *e);

#endif
