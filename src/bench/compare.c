// compare.c — benchmark documents side by side: ratios to the first, with the doubt that their samples leave.
#include "bench/doc.h"
#include "bench/stats.h"
#include "engine/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCS_MAX = 16 };
static const double chance = 0.01;

// "linear ... fp16", "linear ... fp32" and "linear ... fp32 q8" are the same work: compared when the very same row is
// missing.
static size_t bare(const char *name)
{
    static const char *const ends[] = {" q8", " q4", " fp16", " fp32"};
    size_t n = strlen(name);
    for (size_t i = 0; i < COUNTOF(ends); i++) {
        const size_t k = strlen(ends[i]);
        if (n > k && !memcmp(name + n - k, ends[i], k)) n -= k;
    }
    return n;
}

static const struct doc_row *partner(const struct doc *d, const struct doc_row *r)
{
    const struct doc_row *same = doc_find(d, r->group, r->name);
    for (uint32_t i = 0; !same && i < d->n; i++) {
        size_t n = bare(r->name);
        if (bare(d->row[i].name) == n && !strncmp(d->row[i].name, r->name, n) && !strcmp(d->row[i].group, r->group))
            same = &d->row[i];
    }
    return same;
}

// Samples as seconds for the same amount of work. A ceiling's samples are as long as the probe found convenient.
static double *costs(const struct doc_row *r, struct err *e)
{
    double *v = mem_zero(r->n, sizeof *v, e), scale = 1, least = doc_real(json_object_get(r->json, "seconds"), "least");
    bool rate = !strcmp(r->unit, "TFLOP/s") || !strcmp(r->unit, "TOP/s") || !strcmp(r->unit, "GB/s");
    if (!strcmp(r->group, "ceiling") && r->value > 0 && least > 0)
        scale = rate ? 1 / (r->value * least) : r->value / least;
    for (uint32_t i = 0; v && i < r->n; i++) v[i] = r->sample[i] * scale;
    return v;
}

struct verdict {
    struct ratio r; // how many times as fast as the first
    double p;
    const char *word;
};

static bool judge(const struct doc_row *a, const struct doc_row *b, struct verdict *v, struct err *e)
{
    double *x = costs(a, e), *y = costs(b, e);
    bool ok = x && y && stats_ratio(x, a->n, y, b->n, &v->r, e);
    if (ok) {
        v->p = stats_same(x, a->n, y, b->n);
        bool sure = v->p < chance && (v->r.low > 1 || v->r.high < 1);
        v->word = !sure ? "same" : v->r.value > 1 ? "faster" : "slower";
        if ((a->judged && !a->valid) || (b->judged && !b->valid)) v->word = "INVALID";
    }
    free(x);
    free(y);
    return ok;
}

struct mean { // geometric, of a group
    const char *group;
    double sum[DOCS_MAX];
    uint32_t n[DOCS_MAX];
};
enum { GROUPS_MAX = 12 };

static struct mean *mean_of(struct mean *list, const char *group)
{
    for (uint32_t i = 0; i < GROUPS_MAX; i++) {
        if (!list[i].group) list[i].group = group;
        if (!strcmp(list[i].group, group)) return &list[i];
    }
    return NULL;
}

static void headings(struct table *t, const struct doc *d, uint32_t n)
{
    t->columns = 3 + 3 * (n - 1);
    if (t->columns > TABLE_COLUMNS) t->columns = TABLE_COLUMNS;
    table_cell(t, "row");
    table_cell(t, "unit");
    table_cell(t, "%.90s", d[0].name);
    t->right[2] = true;
    for (uint32_t i = 1; i < n; i++) {
        table_cell(t, "%.90s", d[i].name);
        table_cell(t, "times as fast");
        table_cell(t, "verdict");
        t->right[3 * i] = t->right[3 * i + 1] = true;
    }
}

static bool other(struct table *t, const struct doc_row *a, const struct doc_row *b, struct mean *m, uint32_t i,
                  struct err *e)
{
    struct verdict v;
    if (!b) {
        for (int k = 0; k < 3; k++) table_cell(t, "%s", "-");
        return true;
    }
    if (!judge(a, b, &v, e)) return false;
    table_cell(t, "%.4g", b->value);
    table_cell(t, "%.3f [%.3f, %.3f]", v.r.value, v.r.low, v.r.high);
    table_cell(t, "%s", v.word);
    if (m && v.r.value > 0 && strcmp(v.word, "INVALID") != 0) {
        m->sum[i] += log(v.r.value);
        m->n[i]++;
    }
    return true;
}

static void means(struct text *out, const struct doc *d, uint32_t n, const struct mean *list)
{
    for (uint32_t g = 0; g < GROUPS_MAX && list[g].group; g++)
        for (uint32_t i = 1; i < n; i++)
            if (list[g].n[i])
                text_add(out, "%s: %s is %.3f times as fast as %s (geometric mean of %u rows)\n", list[g].group,
                         d[i].name, exp(list[g].sum[i] / list[g].n[i]), d[0].name, list[g].n[i]);
}

static bool compare(const struct doc *d, uint32_t n, const char *format, char **out, struct err *e)
{
    struct text text = {.e = e};
    struct table t = {.format = format, .e = e};
    struct mean list[GROUPS_MAX] = {{0}};
    bool ok = true, csv = !strcmp(format, "csv");
    for (uint32_t i = 0; !csv && i < n; i++)
        text_add(&text, "%s%s: %s\n", !strcmp(format, "md") ? "- " : "", d[i].name, d[i].device);
    if (!csv) text_add(&text, "\n");
    headings(&t, d, n);
    for (uint32_t r = 0; ok && r < d[0].n; r++) {
        const struct doc_row *a = &d[0].row[r];
        table_cell(&t, "%.95s", a->name);
        table_cell(&t, "%.30s", a->unit);
        table_cell(&t, "%.4g", a->value);
        for (uint32_t i = 1; ok && i < n; i++) ok = other(&t, a, partner(&d[i], a), mean_of(list, a->group), i, e);
    }
    table_print(&t, &text);
    if (!csv) {
        text_add(&text, "\nfaster, slower: Mann-Whitney p < %g and the 95 %% interval of the ratio leaves 1 out\n",
                 chance);
        means(&text, d, n, list);
    }
    bool given = text_give(&text, out);
    return ok && given;
}

bool docs_open(struct doc *d, const char *const *json, const char *const *names, uint32_t n, struct err *e)
{
    for (uint32_t i = 0; i < n; i++)
        if (!doc_open(&d[i], json[i], names[i], e)) return false;
    return true;
}

vkdit_status vkdit_bench_compare(const char *const *json, const char *const *names, uint32_t count, const char *format,
                                 char **out, vkdit_error *error)
{
    enum { MOST = (TABLE_COLUMNS - 3) / 3 + 1 };
    struct err e = {0};
    struct doc d[MOST] = {{0}};
    *out = NULL;
    if (count < 2 || count > MOST)
        err_set(&e, ERR_ARG, "a comparison takes 2 to %d results, got %u", (int)MOST, count);
    else if (format_known(format, &e) && docs_open(d, json, names, count, &e))
        compare(d, count, format, out, &e);
    for (uint32_t i = 0; i < MOST; i++) doc_close(&d[i]);
    if (e.code != ERR_NONE) {
        free(*out);
        *out = NULL;
    }
    return status_of(&e, error);
}
