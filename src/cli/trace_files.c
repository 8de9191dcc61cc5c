// trace_files.c — the folder of a trace: names, hashes, the manifest, tables as CSV. Knows nothing about plots.
#include "base/file.h"
#include "base/json.h"
#include "base/newfile.h"
#include "base/sha256.h"
#include "board/svg.h"
#include "cli/trace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool trace_path(const struct trace *x, const char *name, char *out, size_t room, struct err *e)
{
    const int n = snprintf(out, room, "%s/%s", x->folder, name);
    return (n > 0 && (size_t)n < room) || err_set(e, ERR_ARG, "the name of the folder is too long");
}

static bool hash_file(const char *path, char out[65], struct err *e)
{
    struct file f = {0};
    struct sha256 s;
    if (!file_open(&f, path, e)) return err_in(e, path);
    sha256_open(&s);
    for (uint64_t at = 0; at < f.bytes;) {
        const uint64_t n = min_u64(f.bytes - at, 1 << 24);
        sha256_add(&s, f.data + at, n);
        file_forget(&f, at, n);
        at += n;
    }
    file_close(&f);
    sha256_text(&s, out);
    return true;
}

bool trace_wrote(struct trace *x, const char *name, struct err *e)
{
    char path[PATH_BYTES];
    if (x->n_files == TRACE_FILES) return err_set(e, ERR_ARG, "a trace of more than %d files", (int)TRACE_FILES);
    struct trace_file *f = &x->file[x->n_files];
    snprintf(f->name, sizeof f->name, "%s", name);
    if (!trace_path(x, name, path, sizeof path, e) || !hash_file(path, f->hash, e)) return false;
    x->n_files++;
    cli_detail(x->g.cli, "wrote %s", path);
    return true;
}

bool trace_save_plot(struct trace *x, struct svg *s, const char *name, struct err *e)
{
    char path[PATH_BYTES], made[TRACE_LINE];
    snprintf(made, sizeof made, "%s; vkdit %s; model %s", x->command, vkdit_version(), x->model_hash);
    const bool ok = trace_path(x, name, path, sizeof path, e) && svg_save(s, path, made);
    svg_close(s);
    return ok && trace_wrote(x, name, e);
}

// A folder is known by its transformer's weights.
bool trace_hash_model(struct trace *x, struct err *e)
{
    static const char *const inside[] = {"transformer/diffusion_pytorch_model.safetensors",
                                         "transformer/diffusion_pytorch_model.safetensors.index.json",
                                         "transformer/diffusion_pytorch_model.bin"};
    const char *path = vkdit_model_path(x->g.subject.model); // of the file, also for a model that ships
    char hash[65] = "", file[PATH_BYTES];
    if (!path) {
        snprintf(x->model_hash, sizeof x->model_hash, "synthetic");
        return true;
    }
    if (file_kind(path) == FILE_REGULAR) {
        if (!hash_file(path, hash, e)) return false;
    } else {
        for (size_t i = 0; i < COUNTOF(inside) && !*hash; i++) {
            snprintf(file, sizeof file, "%s/%s", path, inside[i]);
            if (file_kind(file) == FILE_REGULAR && !hash_file(file, hash, e)) return false;
        }
    }
    snprintf(x->model_hash, sizeof x->model_hash, "sha256:%s", *hash ? hash : "unknown");
    return true;
}

// The options that decide what is computed, as one would type them.
void trace_command(struct trace *x)
{
    const struct settings *s = &x->g.cli->s;
    size_t at = (size_t)snprintf(x->command, sizeof x->command, "vkdit trace");
    for (uint32_t i = 0; i < option_count() && at < sizeof x->command; i++) {
        const struct option *o = option_table + i;
        if (!(o->commands & IN_TRACE) || o->commands == IN_EVERY || s->origin[i] == FROM_NOWHERE) continue;
        if (!strcmp(o->name, "output") || !strcmp(o->name, "json") || !strcmp(o->name, "cache") ||
            !strcmp(o->name, "assets"))
            continue; // where things lie, not what is computed
        json_t *v = o->kind->keep(o, (const char *)s + o->at);
        char text[2100] = ""; // a mix may be long
        if (json_is_string(v)) snprintf(text, sizeof text, " '%.2000s'", json_string_value(v));
        if (json_is_integer(v)) snprintf(text, sizeof text, " %lld", (long long)json_integer_value(v));
        if (json_is_real(v)) snprintf(text, sizeof text, " %.17g", json_real_value(v));
        if (v) at += (size_t)snprintf(x->command + at, sizeof x->command - at, " --%s%s", o->name, text);
        json_decref(v);
    }
}

bool trace_manifest(struct trace *x, struct err *e)
{
    struct newfile f = {0};
    char path[PATH_BYTES];
    json_t *files = json_array(), *t = json_array(), *classes = json_array();
    for (uint32_t i = 0; i < x->n_files; i++)
        json_array_append_new(files, json_pack("{ss, ss}", "name", x->file[i].name, "sha256", x->file[i].hash));
    for (uint32_t i = 0; i < x->evals; i++) json_array_append_new(t, json_real(x->t[i]));
    for (uint32_t i = 0; i < x->conds; i++) json_array_append_new(classes, json_integer(x->condition[i]));
    json_t *root = json_pack("{si, ss, ss, ss, ss, ss, sb, so, so, so}", "vkdit_trace", 1, "version", vkdit_version(),
                             "command", x->command, "model", x->g.subject.info.name, "model_hash", x->model_hash,
                             "device", vkdit_device_name(x->g.subject.context), "has_null_class", x->conds > x->classes,
                             "conditions", classes, "t", t, "files", files);
    char *text = json_text(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9), e);
    json_decref(root);
    bool ok = text && trace_path(x, "trace.json", path, sizeof path, e) && newfile_open(&f, path, e);
    if (ok) {
        newfile_put(&f, text, strlen(text));
        newfile_put(&f, "\n", 1);
        ok = newfile_commit(&f, true, e);
    }
    free(text);
    return ok;
}

// --- tables -------------------------------------------------------------------------------------------------------

struct csv {
    struct trace *x;
    struct newfile f;
    const char *name;
};

static void put(struct csv *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct csv *c, const char *fmt, ...)
{
    char text[TRACE_LINE];
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0) newfile_put(&c->f, text, min_u32((uint32_t)n, sizeof text - 1));
}

static bool csv_open(struct csv *c, struct trace *x, const char *name, struct err *e)
{
    char path[PATH_BYTES];
    *c = (struct csv){.x = x, .name = name};
    if (!trace_path(x, name, path, sizeof path, e) || !newfile_open(&c->f, path, e)) return false;
    put(c, "# %s; vkdit %s; model %s\n", x->command, vkdit_version(), x->model_hash);
    return true;
}

static bool csv_close(struct csv *c, struct err *e)
{
    return newfile_commit(&c->f, true, e) && trace_wrote(c->x, c->name, e);
}

static bool stats_table(struct trace *x, struct err *e)
{
    struct csv c;
    char name[32];
    if (!csv_open(&c, x, "stats.csv", e)) return false;
    put(&c, "vector,evaluation,t,class");
    for (uint32_t r = 0; r < stat_row_count(); r++) put(&c, ",%s", stat_rows[r].name);
    for (uint32_t s = 0; s < x->slots; s++)
        for (uint32_t i = 0; i < x->evals; i++)
            for (uint32_t k = 0; k < x->conds; k++) {
                put(&c, "\n%s,%u,%.9g,%u", slot_name(s, x->slots, name), i, x->t[i], x->condition[k]);
                for (uint32_t r = 0; r < stat_row_count(); r++)
                    put(&c, ",%.6g", stat_value(trace_stat(x, s, i, k), &stat_rows[r]));
            }
    put(&c, "\n");
    return csv_close(&c, e);
}

static bool vectors_table(struct trace *x, struct err *e)
{
    struct csv c;
    char name[32];
    if (!csv_open(&c, x, "vectors.csv", e)) return false;
    put(&c, "vector,share_time,share_class,share_both,class,rank,rank_centred,participation_centred\n");
    for (uint32_t s = 0; s < x->slots; s++)
        for (uint32_t k = 0; k < x->conds; k++) {
            const struct rank *r = &x->rank[s * x->conds + k];
            const double *share = x->share + 3 * s;
            put(&c, "%s,%.6g,%.6g,%.6g,%u,%.6g,%.6g,%.6g\n", slot_name(s, x->slots, name), share[0], share[1], share[2],
                x->condition[k], r->effective, r->effective_centred, r->participation_centred);
        }
    return csv_close(&c, e);
}

// Every channel at both ends of the run, for the first class: sorted by change this is the list of those that rise
// and those that fall.
static bool channels_table(struct trace *x, struct err *e)
{
    struct csv c;
    char name[32];
    if (!csv_open(&c, x, "channels.csv", e)) return false;
    put(&c, "vector,channel,first,last,change,lowest,highest\n");
    for (uint32_t s = 0; s < x->slots; s++)
        for (uint32_t k = 0; k < x->width; k++) {
            const double rest = slot_is_scale(s, x->slots);
            const double first = (double)trace_row(x, 0, 0, s)[k] + rest,
                         last = (double)trace_row(x, x->evals - 1, 0, s)[k] + rest;
            double low = first, high = first;
            for (uint32_t i = 1; i < x->evals; i++) {
                const double v = (double)trace_row(x, i, 0, s)[k] + rest;
                low = v < low ? v : low;
                high = v > high ? v : high;
            }
            put(&c, "%s,%u,%.6g,%.6g,%.6g,%.6g,%.6g\n", slot_name(s, x->slots, name), k, first, last, last - first, low,
                high);
        }
    return csv_close(&c, e);
}

static bool observed_table(struct trace *x, struct err *e)
{
    struct csv c;
    if (!csv_open(&c, x, "observed.csv", e)) return false;
    put(&c, "block,branch,evaluation,t,added_ratio,added_token_ratio,cosine,stream_rms,stream_max_channel\n");
    for (uint32_t b = 0; b < 2 * x->depth; b++)
        for (uint32_t i = 0; i < x->observed; i++) {
            const struct addition *a = &x->add[b * TRACE_OBSERVED + i];
            put(&c, "%u,%s,%u,%.9g,%.6g,%.6g,%.6g,%.6g,%.6g\n", b / 2, b % 2 ? "mlp" : "attention", x->step[i],
                x->t[x->step[i]], a->ratio, a->token_ratio, a->cosine, a->rms, a->max_channel);
        }
    return csv_close(&c, e);
}

bool trace_tables(struct trace *x, struct err *e)
{
    return stats_table(x, e) && vectors_table(x, e) && channels_table(x, e) && (!x->add || observed_table(x, e));
}
