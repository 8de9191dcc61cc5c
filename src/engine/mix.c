// mix.c — mixes as public handles, and the mix of a run: the table as computed is kept, the device gets what differs.
// Knows nothing about what edits mean.
#include "board/mix.h"
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 }; // numbers that are collected before they are sent

struct vkdit_mix {
    struct mix m;
};

// --- lists of edits -----------------------------------------------------------------------------------------------

vkdit_status vkdit_mix_open(vkdit_mix **out, vkdit_error *error)
{
    struct err e = {0};
    *out = mem_zero(1, sizeof **out, &e);
    return status_of(&e, error);
}

vkdit_status vkdit_mix_copy(const vkdit_mix *mix, vkdit_mix **out, vkdit_error *error)
{
    struct err e = {0};
    *out = mem_zero(1, sizeof **out, &e);
    if (*out && !mix_copy(&(*out)->m, &mix->m, &e)) {
        vkdit_mix_close(*out);
        *out = NULL;
    }
    return status_of(&e, error);
}

void vkdit_mix_close(vkdit_mix *mix)
{
    if (!mix) return;
    mix_close(&mix->m);
    free(mix);
}

vkdit_status vkdit_mix_parse(vkdit_mix *mix, const char *text, vkdit_error *error)
{
    struct err e = {0};
    mix_parse(&mix->m, text, &e);
    return status_of(&e, error);
}

vkdit_status vkdit_mix_from_json(vkdit_mix *mix, const char *json, vkdit_error *error)
{
    struct err e = {0};
    mix_from_json(&mix->m, json, strlen(json), &e);
    return status_of(&e, error);
}

vkdit_status vkdit_mix_to_json(const vkdit_mix *mix, char **json, vkdit_error *error)
{
    struct err e = {0};
    *json = mix_to_json(&mix->m, &e);
    return status_of(&e, error);
}

uint32_t vkdit_mix_count(const vkdit_mix *mix)
{
    return mix ? mix->m.live : 0;
}

vkdit_status vkdit_mix_text(const vkdit_mix *mix, uint32_t index, char **text, vkdit_error *error)
{
    struct err e = {0};
    const uint32_t n = mix->m.live, first = index == VKDIT_MIX_ALL ? 0 : index,
                   last = index == VKDIT_MIX_ALL ? n : index + 1;
    *text = NULL;
    if (last > n) err_set(&e, ERR_ARG, "edit %u: the mix has %u", index, n);
    char *out = e.code == ERR_NONE ? mem_zero((uint64_t)n + 1, MIX_TEXT, &e) : NULL;
    for (uint32_t i = first, at = 0; out && i < last; i++) {
        if (i > first) memcpy(out + at, "; ", 3), at += 2;
        mix_text(&mix->m.edit[i], out + at, MIX_TEXT - 2);
        at += (uint32_t)strlen(out + at);
    }
    *text = out;
    return status_of(&e, error);
}

vkdit_status vkdit_mix_remove(vkdit_mix *mix, uint32_t index, vkdit_error *error)
{
    struct err e = {0};
    struct mix *m = &mix->m;
    if (index >= m->live) {
        err_set(&e, ERR_ARG, "edit %u: the mix has %u", index, m->live);
    } else {
        memmove(m->edit + index, m->edit + index + 1, (m->n - index - 1) * sizeof *m->edit);
        m->n--;
        m->live--;
    }
    return status_of(&e, error);
}

int vkdit_mix_undo(vkdit_mix *mix)
{
    if (!mix->m.live) return 0;
    mix->m.live--;
    return 1;
}

int vkdit_mix_redo(vkdit_mix *mix)
{
    if (mix->m.live == mix->m.n) return 0;
    mix->m.live++;
    return 1;
}

uint32_t vkdit_mix_classes(const vkdit_mix *mix, uint32_t null_class, uint32_t *classes, uint32_t room)
{
    return mix_classes(&mix->m, null_class, classes, room);
}

// --- tables -------------------------------------------------------------------------------------------------------

static struct mix_plan *plan_for(const vkdit_mix *mix, const vkdit_table_info *i, struct err *e)
{
    static const struct mix none = {0};
    const struct mix_shape s = {i->evals, i->conditions, i->slots,      i->width,
                                i->t,     i->condition,  i->null_class, i->null_condition};
    return mix_plan_make(mix ? &mix->m : &none, &s, e);
}

vkdit_status vkdit_mix_apply(const vkdit_mix *mix, const vkdit_table_info *info, const float *computed, float *edited,
                             vkdit_error *error)
{
    struct err e = {0};
    struct mix_plan *p = plan_for(mix, info, &e);
    const uint64_t slots = (uint64_t)info->evals * info->conditions * info->slots;
    if (p) memcpy(edited, computed, slots * info->width * sizeof *edited);
    for (uint64_t i = 0; p && i < slots; i++) {
        const uint64_t row = i / info->slots;
        mix_plan_slot(p, computed, (uint32_t)(row / info->conditions), (uint32_t)(row % info->conditions),
                      (uint32_t)(i % info->slots), edited + i * info->width);
    }
    mix_plan_free(p);
    return status_of(&e, error);
}

// The table as it is becomes what every mix of this run starts from.
static bool keep_computed(struct vkdit_run *r, const vkdit_table_info *i, struct err *e)
{
    const uint64_t slots = (uint64_t)i->evals * i->conditions * i->slots;
    vkdit_error error = {0};
    if (r->computed) return true;
    r->mixed = mem_zero(slots, 1, e);
    float *table = r->mixed ? mem_zero(slots * i->width, sizeof *table, e) : NULL;
    if (table && !vkdit_run_table_read(r, 0, 0, 0, slots, table, &error)) {
        r->computed = table;
        return true;
    }
    if (table) err_set(e, (enum err_code)error.status, "%s", error.message);
    free(r->mixed);
    r->mixed = NULL;
    free(table);
    return false;
}

// Sends runs of slots that are, or were, edited.
static bool send_slots(struct vkdit_run *r, const struct mix_plan *p, const vkdit_table_info *i, float *piece,
                       struct err *e)
{
    const uint64_t slots = (uint64_t)i->evals * i->conditions * i->slots, room = max_u32(PIECE / i->width, 1);
    uint64_t first = 0, n = 0;
    for (uint64_t at = 0; at < slots; at++) {
        const uint64_t row = at / i->slots;
        float *to = piece + n * i->width;
        const bool now = mix_plan_slot(p, r->computed, (uint32_t)(row / i->conditions), (uint32_t)(row % i->conditions),
                                       (uint32_t)(at % i->slots), to);
        const bool send = now || r->mixed[at];
        if (send && !now) memcpy(to, r->computed + at * i->width, i->width * sizeof *to);
        if (send && n++ == 0) first = at;
        if (n && (!send || n == room || at + 1 == slots)) {
            if (!run_write_table(r, first * i->width, n * i->width, piece, e)) return false;
            n = 0;
        }
        r->mixed[at] = now;
    }
    return true;
}

static bool apply(struct vkdit_run *r, const vkdit_mix *mix, struct err *e)
{
    vkdit_table_info i;
    vkdit_error error = {0};
    if (!vkdit_mix_count(mix) && !r->computed) return true; // nothing to do, and nothing to take back
    if (vkdit_run_table_info(r, &i, &error)) return err_set(e, (enum err_code)error.status, "%s", error.message);
    struct mix_plan *p = plan_for(mix, &i, e);
    float *piece = p ? mem_zero((uint64_t)max_u32(PIECE, i.width) + i.width, sizeof *piece, e) : NULL;
    const bool ok = piece && keep_computed(r, &i, e) && send_slots(r, p, &i, piece, e);
    free(piece);
    mix_plan_free(p);
    return ok;
}

bool run_mix_group(struct vkdit_run *r, struct err *e)
{
    free(r->computed); // of the group before
    free(r->mixed);
    r->computed = NULL;
    r->mixed = NULL;
    return apply(r, r->mix, e);
}

// Groups that are still to come get the mix when they are filled; what an edit says about the run's steps means nothing there.
static bool mix_adaptive(struct vkdit_run *r, const vkdit_mix *mix, struct err *e)
{
    vkdit_error error = {0};
    vkdit_mix *copy = NULL;
    for (uint32_t i = 0; i < vkdit_mix_count(mix); i++)
        if (mix->m.edit[i].verb == MIX_FREEZE || mix->m.edit[i].steps.n)
            return err_set(e, ERR_ARG,
                           "an adaptive sampler knows no steps in advance: \"freeze\" and steps need another sampler");
    if (mix && vkdit_mix_copy(mix, &copy, &error)) return err_set(e, (enum err_code)error.status, "%s", error.message);
    vkdit_mix_close(r->mix);
    r->mix = copy;
    return r->eval >= r->schedule.n || apply(r, r->mix, e);
}

vkdit_status vkdit_run_mix(vkdit_run *r, const vkdit_mix *mix, vkdit_error *error)
{
    struct err e = {0};
    if (r->schedule.adaptive)
        mix_adaptive(r, mix, &e);
    else
        apply(r, mix, &e);
    return status_of(&e, error);
}
