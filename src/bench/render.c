// render.c — a document as a table for people, for spreadsheets, for a page. Knows no device.
#include "bench/doc.h"
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

static void number(struct table *t, double v)
{
    if (v == 0)
        table_cell(t, "%s", "");
    else if (v >= 100)
        table_cell(t, "%.0f", v);
    else if (v >= 10)
        table_cell(t, "%.1f", v);
    else
        table_cell(t, "%.3g", v);
}

static void notes(struct table *t, const struct doc_row *r)
{
    char text[200] = "";
    const json_t *gate = json_object_get(r->json, "gate"), *list = json_object_get(r->json, "warnings"), *w;
    size_t i, at = 0;
    if (r->judged && !r->valid) at = (size_t)snprintf(text, sizeof text, "INVALID");
    if (json_is_number(json_object_get(gate, "psnr_db")))
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.0f dB", at ? "; " : "", doc_real(gate, "psnr_db"));
    json_array_foreach(list, i, w)
    {
        const char *s = json_string_value(w);
        if (s && at < sizeof text - 1) {
            int n = snprintf(text + at, sizeof text - at, "%s%.*s", at ? "; " : "", (int)strcspn(s, ":"), s);
            at = at + (size_t)n < sizeof text ? at + (size_t)n : sizeof text - 1;
        }
    }
    table_cell(t, "%.95s", text);
}

static void heading(struct table *t)
{
    static const char *const names[] = {"group",   "name", "value",        "unit",  "IQR %",  "p95 ms", "n",
                                        "TFLOP/s", "GB/s", "% of ceiling", "bound", "kernel", "notes"};
    static const bool right[] = {false, false, true, false, true, true, true, true, true, true, false, false, false};
    t->columns = COUNTOF(names);
    for (uint32_t i = 0; i < t->columns; i++) {
        table_cell(t, "%s", names[i]);
        t->right[i] = right[i];
    }
}

static void line(struct table *t, const struct doc_row *r)
{
    table_cell(t, "%.40s", r->group);
    table_cell(t, "%.95s", r->name);
    number(t, r->value);
    table_cell(t, "%.30s", r->unit);
    table_cell(t, "%.1f", r->iqr_percent);
    number(t, r->p95 * 1e3);
    table_cell(t, "%u", r->n);
    number(t, r->tflops);
    number(t, r->gbytes);
    number(t, r->percent);
    table_cell(t, "%.40s", r->bound_by);
    table_cell(t, "%.60s", r->kernel);
    notes(t, r);
}

static void fact(struct text *out, const char *format, const char *name, const char *value)
{
    bool md = !strcmp(format, "md");
    text_add(out, md ? "- %s: " : "%-10s ", name);
    text_add_cell(out, format, value);
    text_add(out, "\n");
}

static void say_number_or_text(char *out, size_t room, const json_t *object, const char *key, const char *unit)
{
    const json_t *v = json_object_get(object, key);
    if (json_is_number(v))
        snprintf(out, room, "%.4g %s", json_number_value(v), unit);
    else
        snprintf(out, room, "%.40s", json_is_string(v) ? json_string_value(v) : "not available");
}

static void sensors(const struct doc *d, const char *format, struct text *out)
{
    const json_t *s = json_object_get(json_object_get(d->json, "sensors"), "after");
    char text[240], a[48], b[48], c[48];
    say_number_or_text(a, sizeof a, s, "core_mhz", "MHz");
    say_number_or_text(b, sizeof b, s, "watts", "W");
    say_number_or_text(c, sizeof c, s, "celsius", "degrees Celsius");
    snprintf(text, sizeof text, "clock %s, power %s, temperature %s", a, b, c);
    fact(out, format, "sensors", text);
}

static void head(const struct doc *d, const char *format, struct text *out)
{
    const json_t *m = json_object_get(d->json, "machine"), *v = json_object_get(d->json, "device");
    const json_t *b = json_object_get(d->json, "build"), *s = json_object_get(d->json, "settings");
    char text[400];
    fact(out, format, "device", d->device);
    snprintf(text, sizeof text, "Vulkan %.20s, resizable BAR: %.20s, PCIe link: %.60s", doc_text(v, "vulkan"),
             doc_text(v, "resizable_bar"), doc_text(v, "pcie_link"));
    fact(out, format, "", text);
    snprintf(text, sizeof text, "%.80s, %.100s, %.80s", doc_text(m, "system"), doc_text(m, "kernel"),
             doc_text(m, "cpu"));
    fact(out, format, "machine", text);
    sensors(d, format, out);
    snprintf(text, sizeof text, "vkdit %.20s, %.60s%s", doc_text(b, "version"), doc_text(b, "compiler"),
             json_is_true(json_object_get(b, "optimised")) ? "" : ", NOT OPTIMISED");
    fact(out, format, "build", text);
    snprintf(text, sizeof text, "%.20s, transformer in %.10s, model: %.80s, %.40s, %.0f s", doc_text(s, "size"),
             doc_text(s, "precision"), doc_text(s, "model"), doc_text(d->json, "created"),
             doc_real(d->json, "total_seconds"));
    fact(out, format, "run", text);
    text_add(out, "\n");
}

// What makes sampling rows worth reading, one line each.
static void pictures(const struct doc *d, const char *format, struct text *out)
{
    char text[300], joules[60], first[24];
    for (uint32_t i = 0; i < d->n; i++) {
        const json_t *j = d->row[i].json;
        if (strcmp(d->row[i].group, "sampling") != 0) continue;
        say_number_or_text(joules, sizeof joules, j, "joules_per_image", "J");
        snprintf(first, sizeof first, "%.3g", doc_real(j, "first_preview_seconds"));
        snprintf(
            text, sizeof text,
            "%.90s: %.4g it/s, %.4g images/min at %.0f steps (%.4g at 50), first preview %s s after start, %.0f MiB, "
            "energy per image: %s",
            d->row[i].name + strlen("sampling "), doc_real(j, "its_per_second"), doc_real(j, "images_per_minute"),
            doc_real(j, "steps"), doc_real(j, "images_per_minute_50_steps"), first,
            doc_real(j, "peak_memory_bytes") / 1048576, joules);
        text_add(out, !strcmp(format, "md") ? "- " : "");
        text_add_cell(out, format, text);
        text_add(out, "\n");
    }
}

static void tail(const struct doc *d, const char *format, struct text *out)
{
    static const char *const lists[] = {"fallbacks", "warnings"};
    const json_t *item;
    size_t i;
    text_add(out, "\n");
    pictures(d, format, out);
    for (size_t k = 0; k < COUNTOF(lists); k++) json_array_foreach(json_object_get(d->json, lists[k]), i, item)
        {
            char text[300];
            if (json_is_string(item))
                snprintf(text, sizeof text, "warning: %.200s", json_string_value(item));
            else
                snprintf(text, sizeof text, "fallback: %.90s ran as %.40s instead of %.40s (needs %.80s)",
                         doc_text(item, "name"), doc_text(item, "kernel"), doc_text(item, "instead_of"),
                         doc_text(item, "needs"));
            text_add(out, !strcmp(format, "md") ? "- " : "");
            text_add_cell(out, format, text);
            text_add(out, "\n");
        }
    uint32_t wrong = 0;
    for (uint32_t r = 0; r < d->n; r++) wrong += d->row[r].judged && !d->row[r].valid;
    text_add(out, "%u rows, %u invalid, %zu left out\n", d->n, wrong,
             json_array_size(json_object_get(d->json, "skipped")));
}

static bool render(const struct doc *d, const char *format, char **out, struct err *e)
{
    struct text text = {.e = e};
    struct table t = {.format = format, .e = e};
    bool csv = !strcmp(format, "csv");
    if (!csv) head(d, format, &text);
    heading(&t);
    for (uint32_t i = 0; i < d->n; i++) line(&t, &d->row[i]);
    table_print(&t, &text);
    if (!csv) tail(d, format, &text);
    return text_give(&text, out);
}

vkdit_status vkdit_bench_render(const char *json, const char *format, char **out, vkdit_error *error)
{
    struct err e = {0};
    struct doc d = {0};
    *out = NULL;
    if (format_known(format, &e) && doc_open(&d, json, NULL, &e)) render(&d, format, out, &e);
    doc_close(&d);
    return status_of(&e, error);
}
