// likeness.c — reads a table of several classes and measures it.
#include "app/likeness.h"
#include "cli/cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t likeness_bytes(const struct likeness *l)
{
    return l ? (uint64_t)l->evals * l->classes * l->slots * l->width * sizeof *l->table : 0;
}

const float *likeness_row(const struct likeness *l, uint32_t eval, uint32_t class, uint32_t slot)
{
    return l->table + (((uint64_t)eval * l->classes + class) * l->slots + slot) * l->width;
}

static bool read_table(struct likeness *l, vkdit_run *run, struct err *e)
{
    const uint64_t rows = (uint64_t)l->classes * l->slots;
    vkdit_error error = {0};
    for (uint32_t i = 0; i < l->evals; i++)
        if (vkdit_run_table_read(run, i, 0, 0, rows, l->table + i * rows * l->width, &error)) return err_api(e, &error);
    return true;
}

static bool measure(struct likeness *l, int (*stop)(void *user), void *user, struct err *e)
{
    const uint64_t in_class = (uint64_t)l->slots * l->width, in_time = l->classes * in_class;
    for (uint32_t s = 0; s < l->slots; s++) {
        if (stop && stop(user)) return err_set(e, ERR_CANCELLED, "stopped");
        const float *first = likeness_row(l, 0, 0, s);
        stat_shares(first, l->evals, l->classes, in_time, in_class, l->width, l->share[s], NULL);
        if (!stat_rank(first, l->evals, in_time, l->width, l->rank + s, e)) return false;
    }
    return true;
}

struct likeness *likeness_read(vkdit_run *run, uint32_t classes, int (*stop)(void *user), void *user, struct err *e)
{
    vkdit_table_info info;
    vkdit_error error = {0};
    if (vkdit_run_table_info(run, &info, &error)) {
        err_api(e, &error);
        return NULL;
    }
    struct likeness *l = mem_zero(1, sizeof *l, e);
    if (!l) return NULL;
    l->evals = info.evals;
    l->classes = min_u32(classes, info.conditions);
    l->slots = info.slots;
    l->width = info.width;
    l->t = mem_zero(l->evals, sizeof *l->t, e);
    l->class = mem_zero(l->classes, sizeof *l->class, e);
    l->table = mem_zero((uint64_t)l->evals * l->classes * l->slots, l->width * sizeof *l->table, e);
    l->share = mem_zero(l->slots, sizeof *l->share, e);
    l->rank = mem_zero(l->slots, sizeof *l->rank, e);
    if (l->t && l->class && l->table && l->share && l->rank) {
        memcpy(l->t, info.t, l->evals * sizeof *l->t);
        memcpy(l->class, info.condition, l->classes * sizeof *l->class);
        if (read_table(l, run, e) && measure(l, stop, user, e)) return l;
    }
    likeness_close(l);
    return NULL;
}

struct likeness *likeness_none(const char *problem, struct err *e)
{
    struct likeness *l = mem_zero(1, sizeof *l, e);
    if (l) snprintf(l->problem, sizeof l->problem, "%s", problem);
    return l;
}

void likeness_close(struct likeness *l)
{
    if (!l) return;
    free(l->t);
    free(l->class);
    free(l->table);
    free(l->share);
    free(l->rank);
    free(l);
}

uint32_t likeness_eval(const struct likeness *l, double t)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < l->evals; i++)
        if (fabs(l->t[i] - t) < fabs(l->t[best] - t)) best = i;
    return best;
}

void likeness_of_classes(const struct likeness *l, uint32_t slot, uint32_t eval, double *out)
{
    const bool scale = slot_is_scale(slot, l->slots);
    for (uint32_t i = 0; i < l->classes; i++)
        for (uint32_t j = 0; j < l->classes; j++)
            out[i * l->classes + j] =
                stat_cosine(likeness_row(l, eval, i, slot), likeness_row(l, eval, j, slot), l->width, scale);
}
