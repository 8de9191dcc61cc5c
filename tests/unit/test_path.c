// test_path.c — paths as text: joined, and escaped as addresses want them.
#include "base/file.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

static void joined(const char *folder, const char *name, const char *wanted)
{
    struct err e = {0};
    char *got = path_join(folder, name, &e);
    CHECK(got && !strcmp(got, wanted), "%s and %s: got %s, wanted %s", folder, name, got, wanted);
    free(got);
}

static void escaped(const char *path, const char *wanted)
{
    struct err e = {0};
    char *got = path_percent(path, &e);
    CHECK(got && !strcmp(got, wanted), "%s: got %s, wanted %s", path, got, wanted);
    free(got);
}

int main(void)
{
    joined("a", "b", "a/b");
    joined("a/", "b", "a/b");
    escaped("", "");
    escaped("/a-b_c.9/Z", "/a-b_c.9/Z");
    escaped("/a b", "/a%20b");
    escaped("%#?&\n", "%25%23%3F%26%0A");
    escaped("\xC3\xA9\xFF", "%C3%A9%FF"); // bytes, whatever they mean
    return check_done();
}
