// plan.c — kernel per op, shards, memory places and barriers. A pure function of the tape and the caps.
#include "graph/plan.h"
#include "graph/tuned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_ALIGN = 256, SETS = RATE_COUNT + 3 };
static const uint64_t block_cap = 1ull << 30; // every Vulkan device can allocate this much at once
static const double shard_seconds = 0.1;      // one dispatch should not hold a desktop longer than this

// What was measured to be the fastest, where something was.
static const struct kernel_row *measured_kernel(const struct graph *g, const struct caps *c, const struct op *o)
{
    char key[TUNED_KEY];
    if (!c->tuned) return NULL;
    tuned_key(g, o, key);
    const struct tuned_choice *choice = tuned_find(c->tuned, key);
    for (const struct kernel_row *const *k = o->row->kernels; choice && k && *k; k++)
        if (!strcmp((*k)->name, choice->kernel)) return !(*k)->fits || (*k)->fits(c, g, o) ? *k : NULL;
    return NULL;
}

const struct kernel_row *plan_kernel(const struct graph *g, const struct caps *c, const struct op *o)
{
    const struct kernel_row *measured = measured_kernel(g, c, o);
    if (measured) return measured;
    for (const struct kernel_row *const *k = o->row->kernels; k && *k; k++)
        if (!(*k)->fits || (*k)->fits(c, g, o)) return *k;
    return NULL;
}

static const struct kernel_row *pick(const struct plan *p, const struct op *o, const struct kernel_row *forced)
{
    for (const struct kernel_row *const *k = o->row->kernels; forced && k && *k; k++)
        if (*k == forced) return !forced->fits || forced->fits(p->caps, p->g, o) ? forced : NULL;
    return plan_kernel(p->g, p->caps, o);
}

// --- shards -------------------------------------------------------------------------------------------------------

static struct span operand_span(const struct graph *g, const struct op *o, uint32_t k, struct shard s)
{
    if (o->row->span) return o->row->span(g, o, k, s);
    return (struct span){0, shape_count(g->t[k < o->n_in ? o->in[k] : o->out].sh)};
}

static uint64_t weight_row_bytes(const struct plan *p, uint32_t t)
{
    const struct tensor *w = &p->g->t[t];
    return layout_bytes(p->layout[t], w->sh, w->dtype);
}

// Bytes of operand k that a dispatch of shard s binds.
static uint64_t bound_bytes(const struct plan *p, const struct op *o, uint32_t k, struct shard s)
{
    uint32_t t = k < o->n_in ? o->in[k] : o->out;
    if (!t) return 0;
    const struct tensor *a = &p->g->t[t];
    if (a->kind == KIND_WEIGHT) return weight_row_bytes(p, t);
    return operand_span(p->g, o, k, s).count * dtype_bytes(a->dtype) + p->caps->offset_align;
}

static bool shards_fit(const struct plan *p, const struct op *o, uint32_t total, uint32_t each, uint32_t *bad)
{
    for (uint32_t first = 0; first < total; first += each) {
        struct shard s = {first, min_u32(each, total - first)};
        for (uint32_t k = 0; k <= o->n_in; k++)
            if (bound_bytes(p, o, k, s) > p->caps->range_max) {
                *bad = k < o->n_in ? o->in[k] : o->out;
                return false;
            }
        if (each > total - first) break; // first + each could wrap
    }
    return true;
}

static double predict(const struct plan *p, const struct op *o)
{
    struct work w = o->row->work ? o->row->work(p->g, o) : (struct work){0};
    bool cpu = p->caps->type == CAPS_CPU;
    return w.flops / (cpu ? 20e9 : 2e12) + w.bytes / (cpu ? 8e9 : 100e9);
}

// The largest equal shards that every operand's range, the dispatch time and the op's alignment allow.
static bool shard_size(const struct plan *p, const struct op *o, const struct kernel_row *k, uint32_t *total,
                       uint32_t *each, struct err *e)
{
    uint32_t align = o->row->split_align ? o->row->split_align : 1, bad = 0;
    *total = o->row->split_count ? o->row->split_count(p->g, o) : 1;
    double pieces = predict(p, o) / shard_seconds;
    uint32_t parts = pieces > 1 ? (uint32_t)(pieces > 4096 ? 4096 : pieces) + 1 : 1;
    for (;; parts++) {
        *each = (uint32_t)align_up(ceil_div(*total, parts), align);
        if (k->addresses || shards_fit(p, o, *total, *each, &bad)) return true;
        if (*each <= align) break;
        if (parts >= 64) parts += parts / 8;
    }
    return err_set(e, ERR_UNSUPPORTED, "%s: %s takes %.1f MiB, more than the device's %.1f MiB per binding",
                   o->row->name, p->g->t[bad].name, (double)tensor_bytes(&p->g->t[bad]) / 1048576.0,
                   (double)p->caps->range_max / 1048576.0);
}

// --- weights ------------------------------------------------------------------------------------------------------

static bool choose_layout(struct plan *p, const struct op *o, const struct kernel_row *k, bool *chosen, struct err *e)
{
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t t = o->in[i];
        if (!t || p->g->t[t].kind != KIND_WEIGHT) continue;
        struct layout l = k->weight_layout ? k->weight_layout(p->caps, p->g, o, i) : (struct layout){0};
        if (chosen[t] && memcmp(&l, &p->layout[t], sizeof l) != 0)
            return err_set(e, ERR_UNSUPPORTED, "%s: two kernels want different layouts of %s", o->row->name,
                           p->g->t[t].name);
        p->layout[t] = l;
        chosen[t] = true;
    }
    return true;
}

static bool append(struct plan *p, enum rate r, uint32_t *cap, struct dispatch d, struct err *e)
{
    if (!mem_grow(&p->seq[r], cap, p->n_seq[r] + 1, sizeof d, e)) return false;
    p->seq[r][p->n_seq[r]++] = d;
    return true;
}

static bool schedule(struct plan *p, const struct kernel_row *forced, bool *chosen, struct err *e)
{
    uint32_t cap[RATE_COUNT] = {0};
    for (uint32_t i = 0; i < p->g->n_op; i++) {
        const struct op *o = &p->g->op[i];
        const struct kernel_row *k = pick(p, o, forced);
        if (!k) return err_set(e, ERR_UNSUPPORTED, "%s: no kernel fits this device and operand types", o->row->name);
        uint32_t total, each;
        if (!choose_layout(p, o, k, chosen, e) || !shard_size(p, o, k, &total, &each, e)) return false;
        if ((k->then || k->uncut) && each < total)
            return err_set(e, ERR_UNSUPPORTED, "%s: kernel %s cannot be cut", o->row->name, k->name);
        if (k->then &&
            !append(p, o->rate, &cap[o->rate], (struct dispatch){i, k, {0, total}, false, predict(p, o) * 0.9}, e))
            return false;
        if (k->then) {
            p->place[o->out].bytes = k->scratch(p->g, o); // taken into account when the place is found
            struct dispatch last = {i, k->then, {0, total}, true, predict(p, o) * 0.1};
            if (!append(p, o->rate, &cap[o->rate], last, e)) return false;
            continue;
        }
        for (uint32_t first = 0; first < total; first += each) {
            struct shard s = {first, min_u32(each, total - first)};
            struct dispatch d = {i, k, s, false, predict(p, o) * s.count / total};
            if (!append(p, o->rate, &cap[o->rate], d, e)) return false;
            if (each > total - first) break;
        }
    }
    return true;
}

// --- places -------------------------------------------------------------------------------------------------------

struct life {
    uint32_t tensor, first, last;
    enum rate rate;
    bool always;
    uint64_t bytes;
};

enum place_set plan_set(const struct plan *p, uint32_t tensor)
{
    const struct tensor *t = &p->g->t[tensor];
    switch (t->kind) {
    case KIND_INPUT: return SET_INPUT;
    case KIND_STATE: return SET_STATE;
    case KIND_WEIGHT: return (enum place_set)((int)SET_WEIGHT + (int)t->reader);
    default: return SET_TEMP;
    }
}

// When each tensor is alive, in op numbers. A value read at a higher rate than it is written must survive replays.
static void find_lives(const struct plan *p, struct life *life)
{
    const struct graph *g = p->g;
    for (uint32_t i = 0; i < g->n_t; i++) {
        uint64_t bytes = align_up(tensor_bytes(&g->t[i]), PLACE_ALIGN) + p->place[i].bytes; // so far: the scratch
        life[i] = (struct life){i, UINT32_MAX, 0, g->t[i].rate, g->t[i].keep, align_up(bytes, PLACE_ALIGN)};
    }
    for (uint32_t i = 0; i < g->n_op; i++) {
        const struct op *o = &g->op[i];
        for (uint32_t k = 0; k <= o->n_in; k++) {
            struct life *l = &life[k < o->n_in ? o->in[k] : o->out];
            if (l->first == UINT32_MAX) l->first = i;
            l->last = i;
            if (o->rate > g->t[l->tensor].rate) l->always = true;
        }
    }
}

static bool together(const struct life *a, const struct life *b)
{
    if (a->always || b->always) return true;
    return a->rate == b->rate && a->first <= b->last && b->first <= a->last;
}

static int by_size(const void *a, const void *b)
{
    const struct life *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->tensor < y->tensor ? -1 : x->tensor > y->tensor;
}

static bool too_large(const struct plan *p, uint32_t t, uint64_t bytes, struct err *e)
{
    return err_set(e, ERR_MEMORY, "%s: one tensor of %.1f MiB, but the device allocates at most %.1f MiB at once",
                   p->g->t[t].name, (double)bytes / 1048576.0, (double)p->caps->alloc_max / 1048576.0);
}

static bool block_grow(struct plan *p, int set, uint32_t block, uint64_t end, struct err *e)
{
    if (block == p->n_block[set]) {
        uint32_t cap = p->n_block[set];
        if (!mem_grow(&p->block[set], &cap, block + 1, sizeof *p->block[set], e)) return false;
        p->block[set][p->n_block[set]++] = 0;
    }
    if (end > p->block[set][block]) p->block[set][block] = end;
    return true;
}

// First fit, largest first: the lowest place free of everything alive at the same time.
static bool place_temp(struct plan *p, const struct life *l, const struct life *placed, uint32_t n, struct err *e)
{
    uint64_t cap = min_u64(p->caps->alloc_max, block_cap);
    if (l->bytes > cap) return too_large(p, l->tensor, l->bytes, e);
    for (uint32_t block = 0;; block++) {
        uint64_t at = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (uint32_t i = 0; i < n; i++) {
                const struct place *q = &p->place[placed[i].tensor];
                if (q->block != block || !together(l, &placed[i])) continue;
                if (at < q->offset + q->bytes && q->offset < at + l->bytes) {
                    at = q->offset + q->bytes;
                    moved = true;
                }
            }
        }
        if (at + l->bytes > cap) continue;
        p->place[l->tensor] = (struct place){block, at, l->bytes};
        return block_grow(p, SET_TEMP, block, at + l->bytes, e);
    }
}

// Everything else is laid end to end; nothing dies before the program does.
static bool place_fixed(struct plan *p, uint32_t t, struct err *e)
{
    const struct tensor *a = &p->g->t[t];
    uint64_t cap = min_u64(p->caps->alloc_max, block_cap);
    uint64_t bytes = a->kind == KIND_WEIGHT ? layout_bytes(p->layout[t], a->sh, a->dtype) : tensor_bytes(a);
    bytes = align_up(bytes, PLACE_ALIGN);
    enum place_set set = plan_set(p, t);
    if (bytes > cap) return too_large(p, t, bytes, e);
    uint32_t block = p->n_block[set] ? p->n_block[set] - 1 : 0;
    uint64_t at = p->n_block[set] ? p->block[set][block] : 0;
    if (at + bytes > cap) {
        block++;
        at = 0;
    }
    p->place[t] = (struct place){block, at, bytes};
    if (a->kind == KIND_WEIGHT) p->weight_bytes[set - SET_WEIGHT] += bytes;
    return block_grow(p, (int)set, block, at + bytes, e);
}

static bool place_all(struct plan *p, struct life *life, struct err *e)
{
    find_lives(p, life);
    for (uint32_t i = 1; i < p->g->n_t; i++)
        if (p->g->t[i].kind != KIND_TEMP && life[i].first != UINT32_MAX && !place_fixed(p, i, e)) return false;
    uint32_t n = 0;
    for (uint32_t i = 1; i < p->g->n_t; i++)
        if (p->g->t[i].kind == KIND_TEMP && life[i].first != UINT32_MAX) life[n++] = life[i];
    qsort(life, n, sizeof *life, by_size);
    for (uint32_t i = 0; i < n; i++) {
        p->naive_bytes += life[i].bytes;
        if (!place_temp(p, &life[i], life, i, e)) return false;
    }
    for (uint32_t b = 0; b < p->n_block[SET_TEMP]; b++) p->temp_bytes += p->block[SET_TEMP][b];
    return true;
}

// --- barriers -----------------------------------------------------------------------------------------------------

struct touch {
    enum place_set set;
    struct place at;
    bool write;
    uint32_t op;
};

static bool clash(const struct touch *a, const struct touch *b)
{
    return (a->write || b->write) && a->op != b->op && a->set == b->set && a->at.block == b->at.block &&
           a->at.offset < b->at.offset + b->at.bytes && b->at.offset < a->at.offset + a->at.bytes;
}

static uint32_t touches(const struct plan *p, uint32_t op, struct touch *out)
{
    const struct op *o = &p->g->op[op];
    uint32_t n = 0;
    for (uint32_t k = 0; k <= o->n_in; k++) {
        uint32_t t = k < o->n_in ? o->in[k] : o->out;
        bool write = k == o->n_in || (o->row->also_writes >> k & 1);
        if (t && (write || p->g->t[t].kind != KIND_WEIGHT))
            out[n++] = (struct touch){plan_set(p, t), p->place[t], write, op};
    }
    return n;
}

static bool find_barriers(struct plan *p, enum rate r, struct err *e)
{
    struct touch *open = NULL;
    uint32_t n = 0, cap = 0;
    for (uint32_t i = 0; i < p->n_seq[r]; i++) {
        struct touch mine[OP_IN + 1];
        uint32_t m = touches(p, p->seq[r][i].op, mine);
        for (uint32_t a = 0; a < n && !p->seq[r][i].barrier; a++)
            for (uint32_t b = 0; b < m; b++) p->seq[r][i].barrier |= clash(&open[a], &mine[b]);
        if (p->seq[r][i].barrier) {
            p->barriers[r]++;
            n = 0;
        }
        if (!mem_grow(&open, &cap, n + m, sizeof *open, e)) {
            free(open);
            return false;
        }
        for (uint32_t b = 0; b < m; b++) open[n++] = mine[b];
    }
    free(open);
    return true;
}

// --- the plan -----------------------------------------------------------------------------------------------------

struct plan *plan_make_forced(const struct graph *g, const struct caps *c, const struct kernel_row *kernel,
                              struct err *e)
{
    if (g->err->code != ERR_NONE) {
        if (e != g->err) err_set(e, g->err->code, "%s", g->err->text);
        return NULL;
    }
    struct plan *p = mem_zero(1, sizeof *p, e);
    if (!p) return NULL;
    *p = (struct plan){.g = g, .caps = c};
    p->place = mem_zero(g->n_t, sizeof *p->place, e);
    p->layout = mem_zero(g->n_t, sizeof *p->layout, e);
    struct life *life = mem_zero(g->n_t, sizeof *life, e);
    bool *chosen = mem_zero(g->n_t, sizeof *chosen, e);
    bool ok = p->place && p->layout && life && chosen && schedule(p, kernel, chosen, e) && place_all(p, life, e);
    for (int r = 0; ok && r < RATE_COUNT; r++) ok = find_barriers(p, (enum rate)r, e);
    free(life);
    free(chosen);
    if (ok) return p;
    plan_free(p);
    return NULL;
}

struct plan *plan_make(const struct graph *g, const struct caps *c, struct err *e)
{
    return plan_make_forced(g, c, NULL, e);
}

void plan_free(struct plan *p)
{
    if (!p) return;
    for (int i = 0; i < SETS; i++) free(p->block[i]);
    for (int r = 0; r < RATE_COUNT; r++) free(p->seq[r]);
    free(p->place);
    free(p->layout);
    free(p);
}

void plan_dump(const struct plan *p, void *file)
{
    static const char *const rates[] = {"const", "run", "step", "plain"};
    FILE *f = file;
    for (int r = 0; r < RATE_COUNT; r++) {
        fprintf(f, "%s: %u dispatches, %u barriers\n", rates[r], p->n_seq[r], p->barriers[r]);
        for (uint32_t i = 0; i < p->n_seq[r]; i++) {
            const struct dispatch *d = &p->seq[r][i];
            const struct op *o = &p->g->op[d->op];
            fprintf(f, "  %s %-24s %u+%u -> %s\n", d->barrier ? "|" : " ", d->kernel->name, d->shard.first,
                    d->shard.count, p->g->t[o->out].name);
        }
    }
    fprintf(f, "temporaries %.2f MiB (%.2f without reuse), weights %.2f + %.2f + %.2f MiB\n",
            (double)p->temp_bytes / 1048576.0, (double)p->naive_bytes / 1048576.0,
            (double)p->weight_bytes[0] / 1048576.0, (double)p->weight_bytes[1] / 1048576.0,
            (double)p->weight_bytes[2] / 1048576.0);
}
