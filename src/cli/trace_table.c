// trace_table.c — the modulation table of a schedule and a list of classes, its statistics, and their safetensors file.
// Knows nothing about plots.
#include "cli/npz.h"
#include "cli/trace.h"

#include <stdlib.h>
#include <string.h>

#define STAT(field) offsetof(struct slot_stats, field)

const struct stat_row stat_rows[] = {
    {"mean", "mean of the stored values", STAT(mean), true, true},
    {"mean_abs", "mean of their size", STAT(mean_abs), false, true},
    {"std", "standard deviation over channels", STAT(std), false, true},
    {"l2", "Euclidean norm", STAT(l2), false, false},
    {"max_abs", "largest size", STAT(max_abs), false, true},
    {"abs_q01", "1 % of |v|", STAT(abs_quantile[0]), false, false},
    {"abs_q05", "5 % of |v|", STAT(abs_quantile[1]), false, false},
    {"abs_q25", "25 % of |v|", STAT(abs_quantile[2]), false, false},
    {"abs_q50", "median of |v|", STAT(abs_quantile[3]), false, true},
    {"abs_q75", "75 % of |v|", STAT(abs_quantile[4]), false, false},
    {"abs_q95", "95 % of |v|", STAT(abs_quantile[5]), false, true},
    {"abs_q99", "99 % of |v|", STAT(abs_quantile[6]), false, false},
    {"q01", "1 % of the effective values", STAT(quantile[0]), true, false},
    {"q05", "5 % of the effective values", STAT(quantile[1]), true, false},
    {"q25", "25 % of the effective values", STAT(quantile[2]), true, false},
    {"q50", "median of the effective values", STAT(quantile[3]), true, false},
    {"q75", "75 % of the effective values", STAT(quantile[4]), true, false},
    {"q95", "95 % of the effective values", STAT(quantile[5]), true, false},
    {"q99", "99 % of the effective values", STAT(quantile[6]), true, false},
    {"below_0.01", "share of channels with an effective size below 0.01", STAT(below[0]), false, true},
    {"below_0.05", "share of channels with an effective size below 0.05", STAT(below[1]), false, false},
    {"below_0.1", "share of channels with an effective size below 0.1", STAT(below[2]), false, true},
    {"below_0.25", "share of channels with an effective size below 0.25", STAT(below[3]), false, false},
    {"negative", "share of channels with a negative effective value", STAT(negative), false, true},
};

uint32_t stat_row_count(void)
{
    return COUNTOF(stat_rows);
}

const float *trace_row(const struct trace *x, uint32_t eval, uint32_t cond, uint32_t slot)
{
    return x->table + (((size_t)eval * x->conds + cond) * x->slots + slot) * x->width;
}

const struct slot_stats *trace_stat(const struct trace *x, uint32_t slot, uint32_t eval, uint32_t cond)
{
    return &x->stat[((size_t)slot * x->evals + eval) * x->conds + cond];
}

// --- the table ----------------------------------------------------------------------------------------------------

// Each class once, and the null class after them: one picture is enough, the table is all that is wanted.
static uint32_t distinct(const struct trace *x, uint32_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->g.images; i++) {
        bool known = false;
        for (uint32_t k = 0; k < n; k++) known = known || out[k] == x->g.classes[i];
        if (!known) out[n++] = x->g.classes[i];
    }
    return n;
}

// The table with the edits of --mix, of the first `conds` conditions; those after them only lend their vectors.
static bool edit_table(struct trace *x, vkdit_table_info *i, uint32_t conds, struct err *e)
{
    vkdit_error error = {0};
    const uint64_t row = (uint64_t)i->slots * i->width;
    float *edited = mem_zero(row * i->evals * i->conditions, sizeof *edited, e);
    if (!edited) return false;
    i->null_condition = x->g.subject.info.has_null_class ? conds - 1 : i->conditions; // as a guided run has it
    const bool ok = !vkdit_mix_apply(x->g.mix, i, x->table, edited, &error) || err_api(e, &error);
    for (uint32_t k = 0; ok && k < i->evals; k++)
        memcpy(x->table + k * conds * row, edited + k * i->conditions * row, conds * row * sizeof *edited);
    x->conds = conds;
    free(edited);
    return ok;
}

static bool shape(struct trace *x, const vkdit_table_info *i, uint32_t evals, const uint32_t *condition, uint32_t conds,
                  struct err *e)
{
    x->evals = evals, x->conds = conds, x->slots = i->slots, x->width = i->width;
    x->depth = (i->slots - 2) / TRACE_STRIP;
    x->t = mem_zero(evals, sizeof *x->t, e);
    x->condition = mem_zero(conds, sizeof *x->condition, e);
    x->table = mem_zero((uint64_t)evals * conds * i->slots, i->width * sizeof *x->table, e);
    if (x->condition) memcpy(x->condition, condition, conds * sizeof *condition);
    return x->t && x->condition && x->table;
}

static bool read_table(struct trace *x, vkdit_run *run, uint32_t conds, struct err *e)
{
    vkdit_error error = {0};
    vkdit_table_info i;
    if (vkdit_run_table_info(run, &i, &error)) return err_api(e, &error);
    if (!shape(x, &i, i.evals, i.condition, i.conditions, e)) return false;
    memcpy(x->t, i.t, i.evals * sizeof *x->t);
    if (vkdit_run_table_read(run, 0, 0, 0, (uint64_t)i.evals * i.conditions * i.slots, x->table, &error))
        return err_api(e, &error);
    return !x->g.mix || edit_table(x, &i, conds, e);
}

// --- samplers that choose their steps -----------------------------------------------------------------------------

// The conditions that are wanted, of the evaluations that the run plans next.
static bool append(struct trace *x, vkdit_run *run, const vkdit_table_info *i, uint32_t *cap, struct err *e)
{
    const uint64_t row = (uint64_t)i->slots * i->width;
    vkdit_error error = {0};
    uint32_t t_cap = *cap;
    if (!mem_grow(&x->t, &t_cap, x->evals + i->evals, sizeof *x->t, e) ||
        !mem_grow(&x->table, cap, x->evals + i->evals, x->conds * row * sizeof *x->table, e))
        return false;
    for (uint32_t k = 0; k < i->evals; k++, x->evals++) {
        x->t[x->evals] = i->t[k];
        for (uint32_t c = 0; c < x->conds; c++) {
            uint32_t at = 0;
            while (at + 1 < i->conditions && i->condition[at] != x->condition[c]) at++;
            if (vkdit_run_table_read(run, k, at, 0, i->slots, x->table + ((uint64_t)x->evals * x->conds + c) * row,
                                     &error))
                return err_api(e, &error);
        }
    }
    return true;
}

// The model runs, and the table of each group of evaluations is read before it is used: with the mix already in it.
static bool follow(struct trace *x, vkdit_run *run, const uint32_t *list, uint32_t conds, struct err *e)
{
    vkdit_error error = {0};
    vkdit_table_info i;
    uint32_t cap = 0;
    int done = 0;
    if (!mix_apply(&x->g, run, e)) return false;
    progress_start(&x->g.progress, x->g.cli->s.quiet || x->g.cli->s.json, x->g.cli->live);
    for (x->steps = 0; !done; x->steps++) {
        if (vkdit_run_table_info(run, &i, &error)) return err_api(e, &error);
        vkdit_run_get_progress(run, &x->g.at);
        if (!x->steps && !shape(x, &i, 0, list, conds, e)) return false;
        if (x->g.at.evals == x->evals && !append(x, run, &i, &cap, e)) return false; // else they were read already
        if (vkdit_run_step(run, interrupt_asked, NULL, &done, &error)) return err_api(e, &error);
        progress_show(&x->g.progress, "steps", x->steps + 1, 0, "it");
    }
    progress_wipe(&x->g.progress);
    return true;
}

// The first run has a table, or turns out to have none in advance: then the job itself is run, with all conditions.
static bool begin_table(struct trace *x, uint32_t *list, uint32_t n, vkdit_run **run, struct err *e)
{
    vkdit_error error = {0};
    vkdit_job job = job_for_table(&x->g, list, n);
    if (vkdit_run_begin(x->g.subject.model, &job, run, &error)) return err_api(e, &error);
    progress_wipe(&x->g.subject.progress);
    vkdit_run_get_progress(*run, &x->g.at);
    x->steps = x->g.at.steps;
    if (x->steps) return true;
    vkdit_run_close(*run);
    *run = NULL;
    job = x->g.job;
    job.extra_classes = list;
    job.extra_count = n;
    return !vkdit_run_begin(x->g.subject.model, &job, run, &error) || err_api(e, &error);
}

static bool compute_table(struct trace *x, struct err *e)
{
    const vkdit_model_info *m = &x->g.subject.info;
    vkdit_run *run = NULL;
    const uint32_t lent = x->g.job.extra_count; // by classes that only the mix names
    uint32_t *list = mem_zero(x->g.images + 1ull + lent, sizeof *list, e);
    if (!list) return false;
    x->classes = distinct(x, list);
    uint32_t n = x->classes;
    if (m->has_null_class) list[n++] = m->classes;
    if (lent) memcpy(list + n, x->g.job.extra_classes, lent * sizeof *list);
    const bool ok =
        begin_table(x, list, n + lent, &run, e) && (x->steps ? read_table(x, run, n, e) : follow(x, run, list, n, e));
    if (ok && !option_origin(&x->g.cli->s, "sampler")) {
        x->g.cli->s.sampler = x->g.at.sampler;
        option_resolve(&x->g.cli->s, "sampler");
    }
    vkdit_run_close(run);
    free(list);
    return ok;
}

// --- statistics ---------------------------------------------------------------------------------------------------

static bool slot_statistics(struct trace *x, uint32_t slot, double *scratch, struct err *e)
{
    const bool scale = slot_is_scale(slot, x->slots);
    const uint64_t in_time = (uint64_t)x->conds * x->slots * x->width, in_class = (uint64_t)x->slots * x->width;
    for (uint32_t i = 0; i < x->evals; i++)
        for (uint32_t c = 0; c < x->conds; c++)
            slot_stats_of(trace_row(x, i, c, slot), x->width, scale, scratch,
                          &x->stat[((size_t)slot * x->evals + i) * x->conds + c]);
    for (uint32_t c = 0; c < x->conds; c++)
        if (!stat_rank(trace_row(x, 0, c, slot), x->evals, in_time, x->width, &x->rank[slot * x->conds + c], e))
            return false;
    stat_shares(trace_row(x, 0, 0, slot), x->evals, x->classes, in_time, in_class, x->width, x->share + 3 * slot, NULL);
    return true;
}

bool trace_table(struct trace *x, struct err *e)
{
    if (!compute_table(x, e)) return false;
    x->stat = mem_zero((uint64_t)x->slots * x->evals * x->conds, sizeof *x->stat, e);
    x->rank = mem_zero((uint64_t)x->slots * x->conds, sizeof *x->rank, e);
    x->share = mem_zero(3ull * x->slots, sizeof *x->share, e);
    double *scratch = mem_zero(x->width, sizeof *scratch, e);
    bool ok = x->stat && x->rank && x->share && scratch;
    progress_start(&x->g.progress, x->g.cli->s.quiet || x->g.cli->s.json, x->g.cli->live);
    for (uint32_t s = 0; ok && s < x->slots; s++) {
        ok = slot_statistics(x, s, scratch, e) && (!interrupt_asked(NULL) || err_set(e, ERR_CANCELLED, "interrupted"));
        progress_show(&x->g.progress, "statistics", s + 1, x->slots, "it");
    }
    progress_wipe(&x->g.progress);
    free(scratch);
    return ok;
}

// --- safetensors --------------------------------------------------------------------------------------------------

struct parts {
    vkdit_tensor t[64];
    uint32_t n;
    char name[64][40];
};

static void *add_part(struct parts *p, const char *name, vkdit_type type, uint32_t rank, const uint64_t *dim,
                      struct err *e)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < rank; i++) n *= dim[i];
    void *data = p->n + 1 < COUNTOF(p->t) ? mem_zero(n, type == VKDIT_U8 ? 1 : 4, e) : NULL;
    if (!data) return NULL;
    snprintf(p->name[p->n], sizeof p->name[0], "%s", name);
    vkdit_tensor *t = &p->t[p->n];
    *t = (vkdit_tensor){.name = p->name[p->n], .type = type, .rank = rank, .data = data};
    memcpy(t->dim, dim, rank * sizeof *dim);
    p->n++;
    return data;
}

static void add_stats(const struct trace *x, struct parts *p, struct err *e)
{
    char name[40];
    const uint64_t n = (uint64_t)x->slots * x->evals * x->conds, dim[] = {x->slots, x->evals, x->conds};
    for (uint32_t r = 0; r < stat_row_count(); r++) {
        snprintf(name, sizeof name, "stat.%s", stat_rows[r].name);
        float *to = add_part(p, name, VKDIT_F32, 3, dim, e);
        for (uint64_t i = 0; to && i < n; i++) to[i] = (float)stat_value(&x->stat[i], &stat_rows[r]);
    }
}

static void add_ranks(const struct trace *x, struct parts *p, struct err *e)
{
    const uint64_t n = (uint64_t)x->slots * x->conds, dim[] = {x->slots, x->conds}, three[] = {x->slots, 3};
    float *a = add_part(p, "rank.effective", VKDIT_F32, 2, dim, e),
          *b = add_part(p, "rank.effective_centred", VKDIT_F32, 2, dim, e),
          *c = add_part(p, "rank.participation_centred", VKDIT_F32, 2, dim, e),
          *share = add_part(p, "variance_share", VKDIT_F32, 2, three, e);
    for (uint64_t i = 0; a && b && c && i < n; i++) {
        a[i] = (float)x->rank[i].effective;
        b[i] = (float)x->rank[i].effective_centred;
        c[i] = (float)x->rank[i].participation_centred;
    }
    for (uint64_t i = 0; share && i < 3ull * x->slots; i++) share[i] = (float)x->share[i];
}

// What the running model showed.
static void add_observed(const struct trace *x, struct parts *p, struct err *e)
{
    const uint64_t branches = 2ull * x->depth, dim[] = {branches, x->observed}, wide[] = {branches, x->width};
    static const char *const names[] = {"added.ratio", "added.token_ratio", "added.cosine", "stream.rms",
                                        "stream.max_channel"};
    int32_t *step = add_part(p, "observed.step", VKDIT_I32, 1, (uint64_t[]){x->observed}, e);
    for (uint32_t i = 0; step && i < x->observed; i++) step[i] = (int32_t)x->step[i];
    for (int k = 0; k < 5; k++) {
        float *to = add_part(p, names[k], VKDIT_F32, 2, dim, e);
        for (uint64_t i = 0; to && i < branches * x->observed; i++) {
            const struct addition *a = &x->add[i / x->observed * TRACE_OBSERVED + i % x->observed];
            const double v[] = {a->ratio, a->token_ratio, a->cosine, a->rms, a->max_channel};
            to[i] = (float)v[k];
        }
    }
    float *f = add_part(p, "frequency.centroid", VKDIT_F32, 2, wide, e),
          *w = add_part(p, "frequency.power", VKDIT_F32, 2, wide, e);
    for (uint64_t i = 0; f && w && i < branches * x->width; i++) {
        f[i] = (float)x->frequency[i];
        w[i] = (float)x->power[i];
    }
}

static bool save_as(struct trace *x, const char *name, const struct parts *p, struct err *e)
{
    char path[PATH_BYTES];
    vkdit_error error = {0};
    if (!trace_path(x, name, path, sizeof path, e)) return false;
    const bool ok = strstr(name, ".npz") ? npz_write(path, p->t, p->n, e)
                                         : !vkdit_tensors_write(path, p->t, p->n, &error) || err_api(e, &error);
    return ok && trace_wrote(x, name, e);
}

bool trace_save(struct trace *x, struct err *e)
{
    struct parts p = {0};
    float *t = add_part(&p, "t", VKDIT_F32, 1, (uint64_t[]){x->evals}, e);
    int32_t *c = add_part(&p, "condition", VKDIT_I32, 1, (uint64_t[]){x->conds}, e);
    uint8_t *made = add_part(&p, "made_by", VKDIT_U8, 1, (uint64_t[]){strlen(x->command)}, e);
    for (uint32_t i = 0; t && i < x->evals; i++) t[i] = (float)x->t[i];
    for (uint32_t i = 0; c && i < x->conds; i++) c[i] = (int32_t)x->condition[i];
    if (made) memcpy(made, x->command, strlen(x->command));
    add_stats(x, &p, e);
    add_ranks(x, &p, e);
    if (x->add) add_observed(x, &p, e);
    const uint32_t owned = p.n;
    bool ok = e->code == ERR_NONE;
    if (ok) { // the table is the largest part: not copied
        p.t[p.n++] = (vkdit_tensor){"table", VKDIT_F32, 4, {x->evals, x->conds, x->slots, x->width}, x->table};
        ok = save_as(x, "trace.safetensors", &p, e) && (!x->g.cli->s.npz || save_as(x, "trace.npz", &p, e));
    }
    for (uint32_t i = 0; i < owned; i++) free((void *)(uintptr_t)p.t[i].data);
    return ok;
}
