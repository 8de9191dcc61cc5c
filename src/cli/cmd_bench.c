// cmd_bench.c — vkdit bench: measure, or look at what was measured. The numbers are the library's business.
#include "base/file.h"
#include "base/newfile.h"
#include "cli/cli.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_ROOM = 1024, DEVICES = 32 };

static int fail_api(const struct cli *c, const vkdit_error *a)
{
    struct err e = {0};
    err_api(&e, a);
    return cli_fail_err(c, &e);
}

static const char *format_of(const struct cli *c)
{
    return c->s.csv ? "csv" : c->s.md ? "md" : "text";
}

// --- files --------------------------------------------------------------------------------------------------------

// A result is a JSON document of a few hundred kilobytes.
static char *load(const char *path, struct err *e)
{
    struct file f = {0};
    char *text = NULL;
    if (!file_open(&f, path, e)) {
        err_in(e, path);
        return NULL;
    }
    if (memchr(f.data, 0, f.bytes))
        err_set(e, ERR_FORMAT, "%.300s: not a result of \"vkdit bench --json\"", path);
    else
        text = mem_zero(f.bytes + 1, 1, e);
    if (text) memcpy(text, f.data, f.bytes);
    file_close(&f);
    return text;
}

struct loaded {
    char *text[MAX_OPERANDS];
    const char *name[MAX_OPERANDS];
    uint32_t n;
};

static bool load_all(struct loaded *l, const struct cli *c, struct err *e)
{
    *l = (struct loaded){.n = 0};
    for (uint32_t i = 1; i < c->s.operands; i++) {
        const char *slash = strrchr(c->s.operand[i], '/');
        l->name[l->n] = slash && slash[1] ? slash + 1 : c->s.operand[i];
        l->text[l->n] = load(c->s.operand[i], e);
        if (!l->text[l->n++]) return false;
    }
    return l->n > 0 || err_set(e, ERR_ARG, "\"vkdit bench %s\" wants result files", c->s.operand[0]);
}

static void unload(struct loaded *l)
{
    for (uint32_t i = 0; i < l->n; i++) free(l->text[i]);
}

// --- looking at results -------------------------------------------------------------------------------------------

static int give(struct cli *c, char *text)
{
    struct err e = {0};
    bool ok = true;
    if (c->s.save)
        ok = newfile_text(c->s.save, text, false, &e);
    else
        fputs(text, stdout);
    vkdit_free(text);
    return ok ? EXIT_OK : cli_fail_err(c, &e);
}

static int run_compare(struct cli *c, struct loaded *l)
{
    vkdit_error a = {0};
    char *text;
    if (vkdit_bench_compare((const char *const *)l->text, l->name, l->n, format_of(c), &text, &a))
        return fail_api(c, &a);
    return give(c, text);
}

static int run_plot(struct cli *c, struct loaded *l)
{
    vkdit_error a = {0};
    char *text;
    const char *chart = c->s.chart[0] ? c->s.chart : "roofline";
    if (vkdit_bench_plot((const char *const *)l->text, l->name, l->n, chart, &text, &a)) return fail_api(c, &a);
    return give(c, text);
}

static int run_show(struct cli *c, struct loaded *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        vkdit_error a = {0};
        char *text;
        if (vkdit_bench_render(l->text[i], format_of(c), &text, &a)) return fail_api(c, &a);
        if (l->n > 1 && !c->s.csv) printf("%s%s\n\n", i ? "\n" : "", l->name[i]);
        fputs(text, stdout);
        vkdit_free(text);
    }
    return EXIT_OK;
}

static int look(struct cli *c)
{
    static const struct {
        const char *word;
        int (*run)(struct cli *c, struct loaded *l);
    } actions[] = {{"compare", run_compare}, {"plot", run_plot}, {"show", run_show}};
    struct loaded l;
    struct err e = {0};
    for (size_t i = 0; i < COUNTOF(actions); i++) {
        if (strcmp(c->s.operand[0], actions[i].word) != 0) continue;
        const int code = load_all(&l, c, &e) ? actions[i].run(c, &l) : cli_fail_err(c, &e);
        unload(&l);
        return code;
    }
    char text[160], got[60];
    snprintf(text, sizeof text, "\"vkdit bench\" knows compare, plot and show, not \"%s\"",
             text_clean(got, sizeof got, c->s.operand[0], strlen(c->s.operand[0])));
    return cli_fail(c, EXIT_USAGE, text);
}

// --- measuring ----------------------------------------------------------------------------------------------------

static int on_row(void *user, const vkdit_bench_row *r)
{
    const struct cli *c = user;
    char speed[80] = "";
    if (r->tflops > 0 && r->share > 0)
        snprintf(speed, sizeof speed, "  %.4g TFLOP/s, %.0f %% of its ceiling", r->tflops, 100 * r->share);
    if (!c->s.quiet)
        cli_say(c, "%3.0f %%  %-44s %10.4g %-9s%s%s%s%s", 100 * r->done, r->name, r->value, r->unit, speed,
                r->valid ? "" : "  INVALID", *r->note ? "  " : "", r->note);
    return interrupt_asked(NULL);
}

static void log_line(void *user, int level, const char *text)
{
    const struct cli *c = user;
    if (level <= 1)
        cli_warn(c, "%s", text);
    else
        cli_detail(c, "%s", text);
}

static uint32_t invalid_rows(const char *json)
{
    uint32_t n = 0;
    json_t *top = json_loads(json, 0, NULL), *row;
    size_t i;
    json_array_foreach(json_object_get(top, "rows"), i, row) n +=
        json_is_false(json_object_get(json_object_get(row, "gate"), "valid"));
    json_decref(top);
    return n;
}

// "result.json" of device 1 is "result-1.json".
static void numbered(char *out, const char *path, uint32_t number)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (dot && slash && dot < slash) dot = NULL;
    const int stem = (int)(dot && dot != path ? (size_t)(dot - path) : strlen(path));
    snprintf(out, PATH_ROOM, "%.*s-%u%.40s", stem, path, number, path + stem);
}

static vkdit_options device_options(const struct cli *c, const char *device)
{
    return (vkdit_options){.device = device,
                           .limits = c->s.limit,
                           .cache_dir = c->s.cache && !strcmp(c->s.cache, "none") ? "" : c->s.cache,
                           .validation = c->s.validation,
                           .log = log_line,
                           .user = (void *)(uintptr_t)c};
}

static vkdit_bench_options bench_options(struct cli *c)
{
    bool own = option_origin(&c->s, "model") == FROM_COMMAND_LINE; // not one that lies in the environment
    return (vkdit_bench_options){.size = c->s.quick  ? VKDIT_BENCH_QUICK
                                         : c->s.full ? VKDIT_BENCH_FULL
                                                     : VKDIT_BENCH_DEFAULT,
                                 .seconds = c->s.seconds,
                                 .model = own ? c->s.model : NULL,
                                 .vae = c->s.vae,
                                 .synthetic = c->s.synthetic,
                                 .assets = c->s.assets,
                                 .precision = (vkdit_precision)c->s.precision,
                                 .weights = (vkdit_weights)c->s.weights,
                                 .only = c->s.groups,
                                 .sustained_seconds = c->s.sustained,
                                 .strict = c->s.strict,
                                 .row = on_row,
                                 .stop = interrupt_asked,
                                 .user = c};
}

static int print_result(struct cli *c, const char *json, const char *path)
{
    vkdit_error a = {0};
    struct err e = {0};
    char *text;
    if (path && !newfile_text(path, json, false, &e)) return cli_fail_err(c, &e);
    if (c->s.json) {
        puts(json);
    } else {
        if (vkdit_bench_render(json, format_of(c), &text, &a)) return fail_api(c, &a);
        fputs(text, stdout);
        vkdit_free(text);
    }
    const uint32_t wrong = invalid_rows(json);
    if (!wrong) return EXIT_OK;
    char line[100];
    snprintf(line, sizeof line, "%u results are wrong on this device: see the rows marked INVALID", wrong);
    return cli_fail(c, EXIT_FAILED, line);
}

static int measure(struct cli *c, const char *device, const char *path)
{
    const vkdit_options o = device_options(c, device);
    const vkdit_bench_options b = bench_options(c);
    vkdit_error a = {0};
    char *json;
    if (vkdit_bench(&o, &b, &json, &a)) return fail_api(c, &a);
    const int code = print_result(c, json, path);
    vkdit_free(json);
    return code;
}

// Devices that cannot be opened are said and passed over.
static int measure_all(struct cli *c)
{
    const vkdit_options o = {.limits = c->s.limit};
    vkdit_error a = {0};
    char *json, number[24], path[PATH_ROOM];
    if (vkdit_devices_json(&o, &json, &a)) return fail_api(c, &a);
    json_t *top = json_loads(json, 0, NULL), *device;
    size_t i;
    int code = EXIT_OK;
    vkdit_free(json);
    if (c->s.json) printf("[\n");
    bool first = true;
    json_array_foreach(json_object_get(top, "devices"), i, device)
    {
        const char *refused = json_string_value(json_object_get(device, "refused"));
        if (refused) cli_warn(c, "device %zu cannot be used: %s", i, refused);
        if (refused || code == EXIT_INTERRUPTED) continue;
        snprintf(number, sizeof number, "%zu", i);
        if (c->s.save) numbered(path, c->s.save, (uint32_t)i);
        if (!first) printf(c->s.json ? ",\n" : "\n");
        first = false;
        const int one = measure(c, number, c->s.save ? path : NULL);
        if (one) code = one;
    }
    if (c->s.json) printf("]\n");
    json_decref(top);
    return code;
}

static int check_words(const struct cli *c)
{
    if (c->s.synthetic && option_origin(&c->s, "model") == FROM_COMMAND_LINE)
        return cli_fail(c, EXIT_USAGE, "--model and --synthetic exclude each other");
    if (c->s.quick && c->s.full) return cli_fail(c, EXIT_USAGE, "--quick and --full exclude each other");
    if (c->s.json + c->s.csv + c->s.md > 1) return cli_fail(c, EXIT_USAGE, "--json, --csv and --md exclude each other");
    if (c->s.all_devices && c->s.device)
        return cli_fail(c, EXIT_USAGE, "--device and --all-devices exclude each other");
    struct stat st;
    if (c->s.save && !c->s.all_devices && !stat(c->s.save, &st)) { // not after five minutes
        char text[400];
        snprintf(text, sizeof text, "%.300s: exists already", c->s.save);
        return cli_fail(c, EXIT_FAILED, text);
    }
    return EXIT_OK;
}

static int run(struct cli *c)
{
    const int bad = check_words(c);
    if (bad) return bad;
    if (c->s.operands) return look(c);
    interrupt_watch();
    return c->s.all_devices ? measure_all(c) : measure(c, c->s.device, c->s.save);
}

const struct command command_bench = {
    .name = "bench",
    .operand = "compare|plot|show FILE...",
    .operands_most = MAX_OPERANDS,
    .about = "Measure a device, check every result, compare and draw",
    .bit = IN_BENCH,
    .details =
        "Without a model: seeded random weights in published shapes, nothing is downloaded. First the ceilings of the "
        "device, then start, kernels, forward passes and whole sampling runs, each checked for right results. What "
        "would not fit in the time is left out and listed. \"compare\" takes results of --json or --save and tells "
        "how many times as fast the others are as the first, and how sure that is; \"plot\" draws them as SVG; "
        "\"show\" prints them as a table.",
    .examples = "Under a minute\tvkdit bench --quick\n"
                "Keep the result\tvkdit bench --save my-gpu.json\n"
                "Two drivers side by side\tvkdit bench compare old.json new.json\n"
                "The roofline\tvkdit bench plot my-gpu.json --save roofline.svg\n"
                "Ten minutes of load\tvkdit bench --sustained",
    .run = run,
};
