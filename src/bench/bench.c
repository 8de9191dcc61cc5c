// bench.c — the benchmark from end to end: what is measured in which order, in which time, and the document that results.
// Knows nothing about how a group measures.
#include "bench/bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double iqr_limit = 0.03;

bool bench_half(const struct bench *b)
{
    if (b->o.precision != VKDIT_PRECISION_AUTO) return b->o.precision == VKDIT_PRECISION_F16;
    return b->gpu->caps.type != CAPS_CPU;
}

uint32_t bench_samples(const struct bench *b)
{
    static const uint32_t n[] = {[VKDIT_BENCH_DEFAULT] = 20, [VKDIT_BENCH_QUICK] = 10, [VKDIT_BENCH_FULL] = 50};
    return b->gpu->caps.type == CAPS_CPU ? 10 : n[b->o.size];
}

double bench_left(const struct bench *b)
{
    return b->limit * b->share - (clock_seconds() - b->started);
}

bool bench_stopped(void *bench)
{
    struct bench *b = bench;
    return b->o.stop && b->o.stop(b->o.user);
}

// Is the group in the comma list?
bool bench_wants(const struct bench *b, const char *group)
{
    size_t n = strlen(group);
    for (const char *at = b->o.only; at && *at; at += strcspn(at, ",")) {
        at += *at == ',';
        if (!strncmp(at, group, n) && (at[n] == ',' || !at[n])) return true;
    }
    return !b->o.only;
}

double bench_ceiling(const struct bench *b, enum probe_id p)
{
    return b->probe[p].measured ? b->probe[p].best : 0;
}

// --- rows ---------------------------------------------------------------------------------------------------------

void bench_warn(json_t *row, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    json_t *list = json_object_get(row, "warnings");
    if (!list) {
        list = json_array();
        json_object_set_new(row, "warnings", list);
    }
    json_array_append_new(list, json_string(text));
}

bool bench_put_samples(json_t *row, const double *seconds, uint32_t n, const char *clock, struct err *e)
{
    struct stats s;
    if (!stats_of(seconds, n, &s, e)) return false;
    json_t *o = json_object(), *list = json_array();
    json_put(o, "n", json_integer(n), e);
    json_put(o, "median", json_real(s.median), e);
    json_put(o, "least", json_real(s.least), e);
    json_put(o, "q1", json_real(s.q1), e);
    json_put(o, "q3", json_real(s.q3), e);
    json_put(o, "p95", json_real(s.p95), e);
    json_put(o, "iqr_percent", json_real(100 * s.iqr), e);
    json_put(o, "drift_percent", json_real(100 * s.drift), e);
    json_put(o, "clock", json_string(clock), e);
    for (uint32_t i = 0; i < n; i++) json_add(list, json_real(seconds[i]), e);
    json_put(row, "seconds", o, e);
    json_put(row, "samples", list, e);
    if (s.iqr > iqr_limit) bench_warn(row, "spread: the middle half of the samples is %.1f %% wide", 100 * s.iqr);
    if (s.drifts) bench_warn(row, "drift: %+.1f %% from the first third to the last", 100 * s.drift);
    if (n < 10) bench_warn(row, "only %u samples", n);
    return e->code == ERR_NONE;
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static double real_at(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static double progress(const struct bench *b)
{
    double t = isinf(b->limit) ? b->share : (clock_seconds() - b->started) / b->limit;
    return fmin(t, 1);
}

bool bench_row(struct bench *b, json_t *row, const char *unit, double value, struct err *e)
{
    char note[400] = "";
    size_t i, at = 0;
    json_t *warning;
    json_put(row, "unit", json_string(unit), e);
    json_put(row, "value", json_real(value), e);
    json_array_foreach(json_object_get(row, "warnings"), i, warning)
    {
        int n = snprintf(note + at, sizeof note - at, "%s%s", at ? "; " : "", json_string_value(warning));
        at = n > 0 && at + (size_t)n < sizeof note ? at + (size_t)n : sizeof note - 1;
    }
    const json_t *s = json_object_get(row, "seconds"), *gate = json_object_get(row, "gate");
    vkdit_bench_row r = {.group = text_at(row, "group"),
                         .name = text_at(row, "name"),
                         .kernel = text_at(row, "kernel"),
                         .unit = unit,
                         .value = value,
                         .median_seconds = real_at(s, "median"),
                         .iqr = real_at(s, "iqr_percent") / 100,
                         .p95_seconds = real_at(s, "p95"),
                         .samples = (uint32_t)json_integer_value(json_object_get(s, "n")),
                         .tflops = real_at(row, "tflops"),
                         .gbytes = real_at(row, "gbytes_per_second"),
                         .share = real_at(row, "percent_of_ceiling") / 100,
                         .valid = !json_is_false(json_object_get(gate, "valid")),
                         .note = note,
                         .done = progress(b)};
    int enough = e->code == ERR_NONE && b->o.row ? b->o.row(b->o.user, &r) : 0;
    json_add(b->rows, row, e);
    if (enough) return err_set(e, ERR_CANCELLED, "stopped");
    return e->code == ERR_NONE;
}

void bench_skip(struct bench *b, const char *group, const char *name, const char *why, struct err *e)
{
    json_t *o = json_object();
    json_put(o, "group", json_string(group), e);
    json_put(o, "name", json_string(name), e);
    json_put(o, "why", json_string(why), e);
    json_add(b->skipped, o, e);
}

bool bench_ceilings(struct bench *b, struct err *e)
{
    if (!probe_all(b->gpu, b->probe, bench_stopped, b, e)) return false;
    for (int i = 0; i < PROBE_COUNT && bench_wants(b, "ceiling"); i++) {
        const struct probe *p = &b->probe[i];
        if (!p->measured) {
            bench_skip(b, "ceiling", p->name, p->why, e);
            continue;
        }
        json_t *row = json_object();
        json_put(row, "group", json_string("ceiling"), e);
        json_put(row, "name", json_string(p->name), e);
        json_put(row, "what", json_string(p->why), e);
        if (!bench_put_samples(row, p->seconds, PROBE_SAMPLES, b->gpu->caps.timestamps ? "device" : "host", e) ||
            !bench_row(b, row, p->unit, p->best, e))
            return false;
    }
    return true;
}

// --- the document -------------------------------------------------------------------------------------------------

static json_t *settings_json(const struct bench *b, struct err *e)
{
    static const char *const sizes[] = {"default", "quick", "full"};
    json_t *o = json_object();
    const char *slash = b->o.model ? strrchr(b->o.model, '/') : NULL; // a folder may be named after a person
    json_put(o, "size", json_string(sizes[b->o.size]), e);
    json_put(o, "precision", json_string(bench_half(b) ? "fp16" : "fp32"), e);
    json_put(o, "weights", json_string(vkdit_weights_name(b->o.weights)), e);
    const char *model = b->o.model ? (slash && slash[1] ? slash + 1 : b->o.model) : b->o.synthetic;
    json_put(o, "model", json_clean(model ? model : "synthetic"), e);
    json_put(o, "limits", json_clean(b->device && b->device->limits ? b->device->limits : ""), e);
    json_put(o, "groups", json_clean(b->o.only ? b->o.only : "all"), e);
    return o;
}

static json_t *now_json(void)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)) return json_string("");
    return json_string(text);
}

static json_t *sensors_now(const struct bench *b, struct err *e)
{
    struct sensors s = machine_sensors(NULL, b->pci);
    return machine_sensors_json(&s, e);
}

static json_t *document(struct bench *b, json_t *before, struct err *e)
{
    json_t *o = json_object(), *sensors = json_object();
    json_put(o, "schema", json_string("vkdit-bench"), e);
    json_put(o, "schema_version", json_integer(BENCH_SCHEMA), e);
    json_put(o, "created", now_json(), e);
    json_put(o, "build", machine_build_json(e), e);
    json_put(o, "settings", settings_json(b, e), e);
    json_put(o, "machine", machine_json(NULL, e), e);
    json_put(o, "device", machine_device_json(b->gpu, NULL, e), e);
    json_put(sensors, "before", before, e);
    json_put(sensors, "after", sensors_now(b, e), e);
    json_put(o, "sensors", sensors, e);
    json_put(o, "peak_memory_bytes", json_integer((json_int_t)b->gpu->bytes_peak), e);
    json_put(o, "total_seconds", json_real(clock_seconds() - b->started), e);
    json_put(o, "rows", json_incref(b->rows), e);
    json_put(o, "skipped", json_incref(b->skipped), e);
    json_put(o, "fallbacks", json_incref(b->fallbacks), e);
    json_put(o, "warnings", json_incref(b->warnings), e);
    return o;
}

static void general_warnings(struct bench *b, struct err *e)
{
    if (!b->gpu->caps.timestamps)
        json_add(b->warnings, json_string("the device has no timestamps: host clocks, submissions included"), e);
    if (b->gpu->validation_errors) json_add(b->warnings, json_string("the validation layer complained"), e);
#ifndef __OPTIMIZE__
    json_add(b->warnings, json_string("this program was built without optimisation"), e);
#endif
}

static bool all_groups(struct bench *b, struct err *e)
{
    const struct {
        const char *name;
        double share; // of the time, everything up to here
        bool (*run)(struct bench *b, struct err *e);
    } groups[] = {{"ceiling", 0.1, bench_ceilings}, // always: everything else is held against them
                  {"start", 0.2, bench_start},
                  {"kernel", 0.6, bench_kernels},
                  {"models", 1.0, bench_models}};
    if (b->o.sustained_seconds > 0) return bench_sustained(b, e);
    for (size_t i = 0; i < COUNTOF(groups); i++) {
        b->share = groups[i].share;
        b->pace = 1;
        bool wanted = i == 0 || i == 3 || bench_wants(b, groups[i].name);
        bool own = b->o.model || b->o.synthetic; // a model of one's own: only that, unless asked
        if (own && i && i < 3) wanted = wanted && (b->o.only || (i == 2 && b->o.synthetic));
        if (wanted && !groups[i].run(b, e)) return false;
    }
    return true;
}

static bool bench(struct bench *b, char **json, struct err *e)
{
    static const double limits[] = {
        [VKDIT_BENCH_DEFAULT] = 240, [VKDIT_BENCH_QUICK] = 45, [VKDIT_BENCH_FULL] = INFINITY};
    if ((unsigned)b->o.size >= COUNTOF(limits)) return err_set(e, ERR_ARG, "no such benchmark size");
    b->gpu = &b->context->gpu;
    b->limit = b->o.seconds > 0 ? b->o.seconds : limits[b->o.size];
    machine_pci(b->gpu, b->pci, sizeof b->pci);
    json_t *before = sensors_now(b, e);
    general_warnings(b, e);
    if (!all_groups(b, e)) {
        json_decref(before);
        return false;
    }
    return json_give(document(b, before, e), json, e);
}

vkdit_status vkdit_bench(const vkdit_options *device, const vkdit_bench_options *options, char **json,
                         vkdit_error *error)
{
    struct err e = {0};
    struct bench b = {.device = device, .started = clock_seconds(), .share = 1, .pace = 1};
    *json = NULL;
    if (options) b.o = *options;
    b.rows = json_array();
    b.skipped = json_array();
    b.fallbacks = json_array();
    b.warnings = json_array();
    vkdit_status opened = vkdit_open(device, &b.context, error);
    if (opened == VKDIT_OK) bench(&b, json, &e);
    vkdit_close(b.context);
    json_decref(b.rows);
    json_decref(b.skipped);
    json_decref(b.fallbacks);
    json_decref(b.warnings);
    return opened != VKDIT_OK ? opened : status_of(&e, error);
}
