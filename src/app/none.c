// none.c — stands in for the window where the program is built without one.
#include "app/app.h"
#include "cli/cli.h"

bool app_can_open(const char **why)
{
    *why = "this program was built without a window (SDL2 and Dear ImGui were missing)";
    return false;
}

int app_run(struct cli *c)
{
    return cli_fail(c, EXIT_FAILED, "no window");
}
