// desk_bench.c — a benchmark's document, its table and its charts as files. Knows nothing about threads.
#include "app/desk.h"
#include "base/newfile.h"
#include "cli/cli.h"

#include <string.h>

// The document's path with another ending.
static bool write_beside(const char *path, const char *ending, char *text, struct err *e)
{
    char name[FORM_PATH + 20];
    snprintf(name, sizeof name, "%.*s%s", (int)(strlen(path) - strlen(".json")), path, ending);
    const bool ok = newfile_text(name, text, false, e);
    vkdit_free(text);
    return ok;
}

bool desk_bench(const char *json, const char *folder, char *path, struct err *e)
{
    static const struct {
        const char *chart, *ending;
    } charts[] = {{"roofline", "-roofline.svg"}, {"bars", "-bars.svg"}};
    uint32_t number = 1;
    vkdit_error error = {0};
    char *text = NULL;
    if (!folder_make(folder, e) || !desk_free_name(folder, "vkdit-bench", "json", &number, path, e) ||
        !newfile_text(path, json, false, e))
        return false;
    if (vkdit_bench_render(json, "md", &text, &error)) return err_api(e, &error);
    if (!write_beside(path, ".md", text, e)) return false;
    for (size_t i = 0; i < COUNTOF(charts); i++) {
        const char *name = "this device";
        if (vkdit_bench_plot(&json, &name, 1, charts[i].chart, &text, &error)) return err_api(e, &error);
        if (!write_beside(path, charts[i].ending, text, e)) return false;
    }
    return true;
}
