// run_table.c — the modulation table of a run: filled before the first step, readable, savable, editable.
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

enum { ADAPTIVE_CHUNK = 8 };

uint64_t run_table_row(const struct vkdit_run *r)
{
    return (uint64_t)dit_slots(&r->model->dit) * r->model->dit.width;
}

static uint64_t row_offset(const struct vkdit_run *r, uint32_t eval, uint32_t cond)
{
    return ((uint64_t)eval * r->conds + cond) * run_table_row(r);
}

// How many evaluations fit on the device at once. The whole table must be one binding.
bool run_open_table(struct vkdit_run *r, struct err *e)
{
    const struct caps *c = &r->model->context->gpu.caps;
    uint64_t row = r->conds * run_table_row(r) * sizeof(float);
    uint64_t room = min_u64(min_u64(c->range_max, c->alloc_max), 512ull << 20) - 4096;
    // the widest strip, all rows of a chunk by 6*width, must be bindable too; it is never larger than the table
    if (row > room)
        return err_set(e, ERR_UNSUPPORTED,
                       "one evaluation's modulation (%.1f MiB for %u conditions) is more than the device binds at once",
                       (double)row / 1048576.0, r->conds);
    uint64_t evals = r->schedule.adaptive ? ADAPTIVE_CHUNK : r->schedule.n;
    r->chunk = (uint32_t)min_u64(evals, room / row);
    r->t = mem_zero(evals, sizeof *r->t, e);
    if (!r->t) return false;
    if (r->schedule.adaptive)
        return r->chunk >= ADAPTIVE_CHUNK ||
               err_set(e, ERR_UNSUPPORTED, "the device binds too little at once for an adaptive sampler");
    for (uint32_t i = 0; i < r->schedule.n; i++) r->t[i] = r->schedule.eval[i].t;
    if (r->chunk == r->schedule.n) return true;
    r->mirror = mem_zero(r->schedule.n * r->conds * run_table_row(r), sizeof(float), e);
    return r->mirror != NULL;
}

bool run_write_ticks(struct vkdit_run *r, uint32_t first, uint32_t n, struct err *e)
{
    for (uint32_t i = 0; i < n; i++) r->schedule.tick[first + i].mod = i;
    return program_write(r->model->step.program, r->model->io.ticks, 0, (uint64_t)n * TICK_WORDS,
                         &r->schedule.tick[first], e);
}

static bool compute_chunk(struct vkdit_run *r, uint32_t first, uint32_t n, struct err *e)
{
    struct vkdit_model *m = r->model;
    float *t = mem_zero(r->chunk, sizeof *t, e);
    if (!t) return false;
    for (uint32_t i = 0; i < r->chunk; i++) t[i] = (float)r->schedule.eval[first + min_u32(i, n - 1)].t;
    bool ok = program_write(m->step.program, m->io.t, 0, r->chunk, t, e) &&
              program_run(m->step.program, RATE_CONST, NULL, NULL, e) &&
              program_run(m->step.program, RATE_RUN, NULL, NULL, e);
    free(t);
    return ok;
}

static bool use_chunk(struct vkdit_run *r, uint32_t first, uint32_t n, struct err *e)
{
    r->first = first;
    r->counter_dirty = true;
    return run_write_ticks(r, first, n, e);
}

bool run_fill_table(struct vkdit_run *r, uint32_t first, struct err *e)
{
    uint32_t n = min_u32(r->chunk, r->schedule.n - first);
    if (!r->mirror) return compute_chunk(r, first, n, e) && use_chunk(r, first, n, e);
    // too long for the device: everything is computed now and kept on the host
    for (uint32_t at = 0; at < r->schedule.n; at += r->chunk) {
        uint32_t k = min_u32(r->chunk, r->schedule.n - at);
        if (!compute_chunk(r, at, k, e) || !program_read(r->model->step.program, r->model->io.table, 0,
                                                         row_offset(r, k, 0), r->mirror + row_offset(r, at, 0), e))
            return false;
    }
    return run_need_table(r, first, e);
}

bool run_need_table(struct vkdit_run *r, uint32_t eval, struct err *e)
{
    if (r->first != UINT32_MAX && eval >= r->first && eval - r->first < r->chunk) return true;
    uint32_t first = eval / r->chunk * r->chunk, n = min_u32(r->chunk, r->schedule.n - first);
    return program_write(r->model->step.program, r->model->io.table, 0, row_offset(r, n, 0),
                         r->mirror + row_offset(r, first, 0), e) &&
           use_chunk(r, first, n, e);
}

// --- for people ---------------------------------------------------------------------------------------------------

// An adaptive sampler's table is that of the evaluations that are planned.
static bool table_span(struct vkdit_run *r, uint32_t eval, uint32_t cond, uint32_t slot, uint64_t count,
                       uint64_t *first, uint64_t *n, struct err *e)
{
    uint32_t slots = dit_slots(&r->model->dit), width = r->model->dit.width;
    if (!run_current(r, e) || !run_need_group(r, e)) return false;
    uint64_t at = ((uint64_t)eval * r->conds + cond) * slots + slot, all = (uint64_t)r->schedule.n * r->conds * slots;
    if ((eval >= r->schedule.n && count) || cond >= r->conds || slot >= slots || count > all - at)
        return err_set(e, ERR_ARG, "table slot [%u][%u][%u]+%llu is outside [%u][%u][%u]", eval, cond, slot,
                       (unsigned long long)count, r->schedule.n, r->conds, slots);
    *first = at * width;
    *n = count * width;
    return true;
}

static bool whole_table(const struct vkdit_run *r, struct err *e)
{
    return !r->schedule.adaptive ||
           err_set(e, ERR_UNSUPPORTED, "an adaptive sampler has no table in advance: its timesteps are not known yet");
}

vkdit_status vkdit_run_table_info(vkdit_run *r, vkdit_table_info *info, vkdit_error *error)
{
    struct err e = {0};
    uint64_t first = 0, n = 0;
    if (table_span(r, 0, 0, 0, 0, &first, &n, &e))
        *info = (vkdit_table_info){.evals = r->schedule.n,
                                   .conditions = r->conds,
                                   .slots = dit_slots(&r->model->dit),
                                   .width = r->model->dit.width,
                                   .t = r->t,
                                   .condition = r->condition,
                                   .null_class = r->model->dit.null_class ? r->model->dit.classes : UINT32_MAX,
                                   .null_condition = r->null_cond};
    return status_of(&e, error);
}

vkdit_status vkdit_run_table_read(vkdit_run *r, uint32_t eval, uint32_t condition, uint32_t slot, uint64_t count,
                                  float *out, vkdit_error *error)
{
    struct err e = {0};
    uint64_t first = 0, n = 0;
    if (table_span(r, eval, condition, slot, count, &first, &n, &e)) {
        if (r->mirror)
            memcpy(out, r->mirror + first, n * sizeof *out);
        else
            program_read(r->model->step.program, r->model->io.table, first, n, out, &e);
    }
    return status_of(&e, error);
}

bool run_write_table(struct vkdit_run *r, uint64_t first, uint64_t n, const float *in, struct err *e)
{
    if (!r->mirror) return program_write(r->model->step.program, r->model->io.table, first, n, in, e);
    memcpy(r->mirror + first, in, n * sizeof *in);
    r->first = UINT32_MAX; // the device's copy is stale
    return true;
}

// What a person writes is what later mixes start from.
static bool table_write(struct vkdit_run *r, uint64_t first, uint64_t n, const float *in, struct err *e)
{
    if (r->computed) memcpy(r->computed + first, in, n * sizeof *in);
    return run_write_table(r, first, n, in, e);
}

vkdit_status vkdit_run_table_write(vkdit_run *r, uint32_t eval, uint32_t condition, uint32_t slot, uint64_t count,
                                   const float *in, vkdit_error *error)
{
    struct err e = {0};
    uint64_t first = 0, n = 0;
    if (table_span(r, eval, condition, slot, count, &first, &n, &e)) table_write(r, first, n, in, &e);
    return status_of(&e, error);
}

vkdit_status vkdit_run_table_save(vkdit_run *r, const char *path, vkdit_error *error)
{
    struct err e = {0};
    struct tensor_list l = {0};
    vkdit_table_info i;
    if (!whole_table(r, &e)) return status_of(&e, error);
    vkdit_status s = vkdit_run_table_info(r, &i, error);
    if (s != VKDIT_OK) return s;
    float *t = list_add(&l, "t", VKDIT_F32, 1, (uint64_t[]){i.evals}, &e);
    int32_t *c = list_add(&l, "condition", VKDIT_I32, 1, (uint64_t[]){i.conditions}, &e);
    float *table = list_add(&l, "table", VKDIT_F32, 4, (uint64_t[]){i.evals, i.conditions, i.slots, i.width}, &e);
    if (t && c && table) {
        for (uint32_t k = 0; k < i.evals; k++) t[k] = (float)i.t[k];
        for (uint32_t k = 0; k < i.conditions; k++) c[k] = (int32_t)i.condition[k];
        s = vkdit_run_table_read(r, 0, 0, 0, (uint64_t)i.evals * i.conditions * i.slots, table, error);
        if (s == VKDIT_OK) s = vkdit_tensors_write(path, l.t.tensor, l.t.count, error);
    } else {
        s = status_of(&e, error);
    }
    vkdit_tensors_free(&l.t);
    return s;
}

static bool load_table(struct vkdit_run *r, const vkdit_tensors *file, struct err *e)
{
    uint64_t first = 0, n = 0, all = (uint64_t)r->schedule.n * r->conds * dit_slots(&r->model->dit);
    const vkdit_tensor *t = list_find(file->tensor, file->count, "table");
    if (!whole_table(r, e)) return false;
    if (!t || t->type != VKDIT_F32) return err_set(e, ERR_FORMAT, "no float tensor \"table\"");
    if (!table_span(r, 0, 0, 0, all, &first, &n, e)) return false;
    const uint64_t want[] = {r->schedule.n, r->conds, dit_slots(&r->model->dit), r->model->dit.width};
    if (t->rank != 4 || memcmp(t->dim, want, sizeof want) != 0)
        return err_set(e, ERR_ARG, "the table's shape is not [%u, %u, %u, %u] as this run's", r->schedule.n, r->conds,
                       dit_slots(&r->model->dit), r->model->dit.width);
    return table_write(r, 0, n, t->data, e);
}

vkdit_status vkdit_run_table_load(vkdit_run *r, const char *path, vkdit_error *error)
{
    struct err e = {0};
    vkdit_tensors file;
    vkdit_status s = vkdit_tensors_read(path, &file, error);
    if (s != VKDIT_OK) return s;
    if (!load_table(r, &file, &e)) err_in(&e, path);
    vkdit_tensors_free(&file);
    return status_of(&e, error);
}
