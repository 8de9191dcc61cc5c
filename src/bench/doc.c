// doc.c — see doc.h. Documents come from other people: nothing in them is trusted.
#include "bench/doc.h"

#include "base/json.h"
#include "bench/bench.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOC_BYTES = 64 << 20, ROWS_MAX = 10000, SAMPLES_MAX = 1000000 };

const char *doc_text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

double doc_real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static bool bad(struct err *e, uint32_t i, const char *what)
{
    return err_set(e, ERR_FORMAT, "row %u: %s", i, what);
}

static bool read_samples(struct doc_row *r, const json_t *list, uint32_t i, struct err *e)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > SAMPLES_MAX) return bad(e, i, "wants a list of samples");
    double *v = mem_zero(n, sizeof *v, e);
    if (!v) return false;
    r->sample = v;
    for (size_t k = 0; k < n; k++) {
        v[k] = json_number_value(json_array_get(list, k));
        if (!json_is_number(json_array_get(list, k)) || !(v[k] >= 0) || !isfinite(v[k]))
            return bad(e, i, "a sample is not a time");
    }
    r->n = (uint32_t)n;
    return true;
}

static bool read_row(struct doc *d, uint32_t i, struct err *e)
{
    const json_t *j = json_array_get(json_object_get(d->json, "rows"), i), *s = json_object_get(j, "seconds");
    const json_t *gate = json_object_get(j, "gate");
    static const char *const texts[] = {"group", "name", "unit"};
    for (size_t k = 0; k < COUNTOF(texts); k++)
        if (!doc_text(j, texts[k])[0]) return bad(e, i, "wants texts \"group\", \"name\" and \"unit\"");
    if (!json_is_number(json_object_get(j, "value"))) return bad(e, i, "wants a number \"value\"");
    if (!json_is_object(s)) return bad(e, i, "wants an object \"seconds\"");
    struct doc_row *r = &d->row[i];
    *r = (struct doc_row){.group = doc_text(j, "group"),
                          .name = doc_text(j, "name"),
                          .kernel = doc_text(j, "kernel"),
                          .unit = doc_text(j, "unit"),
                          .value = doc_real(j, "value"),
                          .median = doc_real(s, "median"),
                          .p95 = doc_real(s, "p95"),
                          .iqr_percent = doc_real(s, "iqr_percent"),
                          .tflops = doc_real(j, "tflops"),
                          .gbytes = doc_real(j, "gbytes_per_second"),
                          .percent = doc_real(j, "percent_of_ceiling"),
                          .flops = doc_real(j, "flops"),
                          .bytes = doc_real(j, "bytes"),
                          .bound_by = doc_text(j, "bound_by"),
                          .judged = json_is_boolean(json_object_get(gate, "valid")),
                          .valid = !json_is_false(json_object_get(gate, "valid")),
                          .json = j};
    return read_samples(r, json_object_get(j, "samples"), i, e);
}

static bool check_head(struct doc *d, struct err *e)
{
    const json_t *version = json_object_get(d->json, "schema_version"), *rows = json_object_get(d->json, "rows");
    if (strcmp(doc_text(d->json, "schema"), "vkdit-bench") != 0)
        return err_set(e, ERR_FORMAT, "not a result of \"vkdit bench --json\"");
    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return err_set(e, ERR_FORMAT, "no schema version");
    if (json_integer_value(version) > BENCH_SCHEMA)
        return err_set(e, ERR_UNSUPPORTED, "schema version %lld, this program knows %d",
                       (long long)json_integer_value(version), (int)BENCH_SCHEMA);
    static const char *const objects[] = {"build", "settings", "machine", "device"};
    for (size_t i = 0; i < COUNTOF(objects); i++)
        if (!json_is_object(json_object_get(d->json, objects[i])))
            return err_set(e, ERR_FORMAT, "wants an object \"%s\"", objects[i]);
    static const char *const lists[] = {"rows", "skipped", "fallbacks", "warnings"};
    for (size_t i = 0; i < COUNTOF(lists); i++)
        if (!json_is_array(json_object_get(d->json, lists[i])))
            return err_set(e, ERR_FORMAT, "wants a list \"%s\"", lists[i]);
    if (json_array_size(rows) > ROWS_MAX) return err_set(e, ERR_FORMAT, "more than %u rows", (unsigned)ROWS_MAX);
    return true;
}

static bool read_doc(struct doc *d, const char *text, struct err *e)
{
    d->json = json_read(text, strlen(text), DOC_BYTES, e);
    if (!d->json || !check_head(d, e)) return false;
    const json_t *device = json_object_get(d->json, "device");
    snprintf(d->device_text, sizeof d->device_text, "%.100s, %.40s %.60s", doc_text(device, "name"),
             doc_text(device, "driver"), doc_text(device, "driver_version"));
    d->device = d->device_text;
    uint32_t n = (uint32_t)json_array_size(json_object_get(d->json, "rows"));
    d->row = mem_zero(n, sizeof *d->row, e);
    if (!d->row) return false;
    d->n = n;
    for (uint32_t i = 0; i < n; i++)
        if (!read_row(d, i, e)) return false;
    return true;
}

bool doc_open(struct doc *d, const char *text, const char *name, struct err *e)
{
    *d = (struct doc){.name = name ? name : ""};
    if (read_doc(d, text, e)) return true;
    doc_close(d);
    return name ? err_in(e, name) : false;
}

void doc_close(struct doc *d)
{
    for (uint32_t i = 0; i < d->n; i++) free((void *)(uintptr_t)d->row[i].sample);
    free(d->row);
    json_decref(d->json);
    *d = (struct doc){0};
}

const struct doc_row *doc_find(const struct doc *d, const char *group, const char *name)
{
    for (uint32_t i = 0; i < d->n; i++)
        if (!strcmp(d->row[i].name, name) && !strcmp(d->row[i].group, group)) return &d->row[i];
    return NULL;
}

// --- text ---------------------------------------------------------------------------------------------------------

static bool text_room(struct text *t, size_t more)
{
    if (t->e->code != ERR_NONE) return false;
    if (t->n + more + 1 <= t->cap) return true;
    size_t cap = 2 * (t->n + more + 1);
    char *p = realloc(t->at, cap);
    if (!p) return err_memory(t->e, cap);
    t->at = p;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && text_room(t, (size_t)n)) t->n += (size_t)vsnprintf(t->at + t->n, (size_t)n + 1, fmt, again);
    va_end(again);
}

void text_add_cell(struct text *t, const char *format, const char *value)
{
    bool csv = !strcmp(format, "csv"), md = !strcmp(format, "md");
    bool quote = csv && strpbrk(value, ",\"\n\r") != NULL;
    if (quote) text_add(t, "\"");
    for (const char *s = value; *s; s++) {
        if (quote && *s == '"') text_add(t, "\"");
        if (md && strchr("|\\<>*_`", *s)) text_add(t, "\\");
        text_add(t, "%c", md && *s == '\n' ? ' ' : *s);
    }
    if (quote) text_add(t, "\"");
}

bool text_give(struct text *t, char **out)
{
    text_add(t, "%s", "");
    *out = t->e->code == ERR_NONE ? t->at : NULL;
    if (!*out) free(t->at);
    t->at = NULL;
    return *out != NULL;
}

bool format_known(const char *format, struct err *e)
{
    static const char *const known[] = {"text", "csv", "md"};
    for (size_t i = 0; format && i < COUNTOF(known); i++)
        if (!strcmp(format, known[i])) return true;
    return err_set(e, ERR_ARG, "unknown format (known: text, csv, md)");
}

// --- tables -------------------------------------------------------------------------------------------------------

void table_cell(struct table *t, const char *fmt, ...)
{
    char raw[200];
    va_list ap;
    if (!mem_grow(&t->cell, &t->cap, t->rows + 1, sizeof *t->cell, t->e)) return; // rows counts cells until printed
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    text_clean(t->cell[t->rows++], TABLE_CELL, raw, strlen(raw));
}

static uint32_t letters(const char *s) // of UTF-8 text
{
    uint32_t n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void print_aligned(const struct table *t, uint32_t lines, struct text *out)
{
    uint32_t width[TABLE_COLUMNS] = {0};
    for (uint32_t i = 0; i < lines * t->columns; i++)
        width[i % t->columns] = max_u32(width[i % t->columns], letters(t->cell[i]));
    for (uint32_t i = 0; i < lines * t->columns; i++) {
        uint32_t c = i % t->columns, pad = width[c] - letters(t->cell[i]);
        bool last = c + 1 == t->columns;
        if (t->right[c])
            text_add(out, "%*s%s", (int)pad, "", t->cell[i]);
        else
            text_add(out, "%s%*s", t->cell[i], last ? 0 : (int)pad, "");
        text_add(out, last ? "\n" : "  ");
    }
}

static void print_md(const struct table *t, uint32_t lines, struct text *out)
{
    for (uint32_t l = 0; l < lines; l++) {
        text_add(out, "|");
        for (uint32_t c = 0; c < t->columns; c++) {
            text_add(out, " ");
            text_add_cell(out, "md", t->cell[l * t->columns + c]);
            text_add(out, " |");
        }
        text_add(out, "\n");
        if (l) continue;
        text_add(out, "|");
        for (uint32_t c = 0; c < t->columns; c++) text_add(out, t->right[c] ? "---:|" : "---|");
        text_add(out, "\n");
    }
}

void table_print(struct table *t, struct text *out)
{
    uint32_t lines = t->columns ? t->rows / t->columns : 0;
    if (!strcmp(t->format, "md"))
        print_md(t, lines, out);
    else if (!strcmp(t->format, "text"))
        print_aligned(t, lines, out);
    for (uint32_t i = 0; !strcmp(t->format, "csv") && i < lines * t->columns; i++) {
        text_add_cell(out, "csv", t->cell[i]);
        text_add(out, (i + 1) % t->columns ? "," : "\n");
    }
    free(t->cell);
    t->cell = NULL;
    t->rows = t->cap = 0;
}
