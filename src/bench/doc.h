// doc.h — a finished benchmark as read back from its document: checked once, then plain values. Knows no device.
#ifndef VKDIT_BENCH_DOC_H
#define VKDIT_BENCH_DOC_H

#include "base/base.h"

#include <jansson.h>

struct doc_row {
    const char *group, *name, *kernel, *unit; // of the document's JSON; "" when absent
    double value, median, p95, iqr_percent;
    double tflops, gbytes, percent, flops, bytes;
    const char *bound_by;
    bool judged, valid;
    const double *sample; // seconds, owned
    uint32_t n;
    const json_t *json;
};

struct doc {
    json_t *json;
    const char *name;   // what the caller calls it
    const char *device; // "NAME, DRIVER VERSION"
    char device_text[240];
    struct doc_row *row;
    uint32_t n;
};

bool doc_open(struct doc *d, const char *text, const char *name, struct err *e);
bool docs_open(struct doc *d, const char *const *json, const char *const *names, uint32_t n, struct err *e);
void doc_close(struct doc *d);
const struct doc_row *doc_find(const struct doc *d, const char *group, const char *name);
const char *doc_text(const json_t *object, const char *key); // "" when it is no string
double doc_real(const json_t *object, const char *key);      // 0 when it is no number

// Growing text.
struct text {
    char *at;
    size_t n, cap;
    struct err *e;
};
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_add_cell(struct text *t, const char *format, const char *value); // one value, escaped for "csv" or "md"
bool text_give(struct text *t, char **out);                                // false when memory ran out on the way

// A table in one of three formats: "text" (aligned), "csv", "md".
enum { TABLE_COLUMNS = 16, TABLE_CELL = 100 };
struct table {
    const char *format;
    uint32_t columns, rows, cap;
    char (*cell)[TABLE_CELL]; // rows x columns, the first row is the heading
    bool right[TABLE_COLUMNS];
    struct err *e;
};
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3))); // the next one
void table_print(struct table *t, struct text *out);                                          // and frees it
bool format_known(const char *format, struct err *e);

#endif
