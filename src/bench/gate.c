// gate.c — see gate.h. What can be cut how is said here by the ops' names; an op that is not named is checked whole, if
// that is affordable.
#include "bench/gate.h"

#include "bench/trial.h"
#include "kernels/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 6, CHUNK = 1 << 20, ROWS = 16, QUERIES = 12, PATCH_H = 6, PATCH_W = 8 };
static const double oracle_flops = 2e8;         // of one check, where there is a choice
static const uint64_t whole_values = 80u << 20; // the largest op that is checked whole

static void operand_name(char *out, size_t room, uint32_t k)
{
    snprintf(out, room, "in%u", k);
}

// Elements of operand k (n_in: an output of its own) as the device was given them.
static void values(const struct shape_op *s, uint32_t k, uint64_t first, uint64_t count, float *out)
{
    const struct shape_operand *a = k == s->n_in ? &s->out : &s->in[k];
    char name[16];
    operand_name(name, sizeof name, k);
    trial_values(s->row, name, a->dtype, a->sh, SEED + 977 * k, first, count, out);
}

// What the device makes of them, for the oracle.
static void stored_values(const struct shape_op *s, uint32_t k, float *out)
{
    const struct shape_operand *a = k < s->n_in ? &s->in[k] : &s->out;
    values(s, k, 0, shape_count(a->sh), out);
    if (quant_is(a->dtype)) quant_round(a->dtype, out, shape_count(a->sh));
}

// --- filling ------------------------------------------------------------------------------------------------------

static bool fill_weight(const struct shape_op *s, struct program *x, const struct graph *g, uint32_t k, struct err *e)
{
    uint64_t n = shape_count(s->in[k].sh);
    float *all = mem_zero(n, sizeof *all, e);
    bool ok = all != NULL;
    if (ok) values(s, k, 0, n, all);
    for (uint32_t c = 0; ok; c++) {
        char name[24];
        snprintf(name, sizeof name, "in%u.%u", k, c);
        ten t = graph_find(g, name);
        if (!t.id) break;
        ok = program_weight(x, t, all, DT_F32, e);
    }
    free(all);
    return ok;
}

static bool fill_tensor(const struct shape_op *s, struct program *x, ten t, uint32_t k, float *room, struct err *e)
{
    uint64_t n = shape_count(k == s->n_in ? s->out.sh : s->in[k].sh);
    for (uint64_t first = 0; first < n; first += CHUNK) {
        uint64_t count = min_u64(CHUNK, n - first);
        values(s, k, first, count, room);
        if (!program_write(x, t, first, count, room, e)) return false;
    }
    return true;
}

bool gate_fill(const struct shape_op *s, struct program *x, const struct graph *g, struct err *e)
{
    char name[16];
    float *room = mem_zero(CHUNK, sizeof *room, e);
    bool ok = room != NULL;
    for (uint32_t k = 0; ok && k < s->n_in; k++) {
        operand_name(name, sizeof name, k);
        if (s->in[k].kind == KIND_WEIGHT)
            ok = fill_weight(s, x, g, k, e);
        else if (s->in[k].kind != KIND_NONE)
            ok = fill_tensor(s, x, graph_find(g, name), k, room, e);
    }
    if (ok && s->alias == OUT_OWN) ok = fill_tensor(s, x, graph_find(g, "out"), s->n_in, room, e);
    free(room);
    return ok;
}

// --- a small tape of the same op ----------------------------------------------------------------------------------

struct twin {
    struct err *e;
    struct graph g;
    struct cpu *cpu;
    ten out;
};

static bool twin_open(struct twin *t, const struct shape_op *small, struct err *e)
{
    *t = (struct twin){.e = e};
    graph_open(&t->g, small->out.dtype == DT_F16 ? DT_F16 : DT_F32, DT_F32, e);
    if (shape_emit(small, &t->g, 1, &t->out)) t->cpu = cpu_open(&t->g, e);
    return t->cpu != NULL;
}

static void twin_close(struct twin *t)
{
    cpu_close(t->cpu);
    graph_close(&t->g);
}

static float *twin_input(struct twin *t, const struct shape_op *s, uint32_t k)
{
    char name[24];
    snprintf(name, sizeof name, k == s->n_in ? "out" : s->in[k].kind == KIND_WEIGHT ? "in%u.0" : "in%u", k);
    return cpu_data(t->cpu, graph_find(&t->g, name));
}

static void judge(struct gate *v, const struct graph *g, enum dtype d, const float *got, const float *want, uint64_t n)
{
    double away = trial_difference(d, got, want, n);
    v->allowed = trial_allowed(g, d);
    v->compared += n;
    if (away > v->difference) v->difference = away;
    v->checked = true;
    v->valid = v->difference <= v->allowed;
}

// --- whole --------------------------------------------------------------------------------------------------------

static bool compare_whole(struct twin *t, uint32_t id, struct program *x, ten device, struct gate *v, struct err *e)
{
    const struct tensor *a = &t->g.t[id];
    uint64_t n = shape_count(a->sh);
    float *got = mem_zero(n, sizeof *got, e);
    bool ok = got && program_read(x, device, 0, n, got, e);
    if (ok) judge(v, &t->g, a->dtype, got, cpu_data(t->cpu, (ten){id}), n);
    free(got);
    return ok;
}

static bool check_whole(const struct shape_op *s, struct program *x, ten out, const struct graph *g, struct gate *v,
                        struct err *e)
{
    struct twin t;
    bool ok = twin_open(&t, s, e);
    for (uint32_t k = 0; ok && k <= s->n_in; k++) {
        const struct shape_operand *a = k == s->n_in ? &s->out : &s->in[k];
        if (a->kind != KIND_NONE && (k < s->n_in || s->alias == OUT_OWN)) stored_values(s, k, twin_input(&t, s, k));
    }
    if (ok) cpu_run(t.cpu, RATE_STEP);
    ok = ok && compare_whole(&t, t.out.id, x, out, v, e);
    for (uint32_t k = 0; ok && k < s->n_in; k++) {
        char name[16];
        operand_name(name, sizeof name, k);
        if (s->row->also_writes >> k & 1)
            ok = compare_whole(&t, graph_find(&t.g, name).id, x, graph_find(g, name), v, e);
    }
    twin_close(&t);
    return ok;
}

// --- rows ---------------------------------------------------------------------------------------------------------

static bool is_rows(const struct shape_op *s, uint32_t k)
{
    const struct shape_operand *a = &s->in[k];
    return a->kind != KIND_NONE && a->kind != KIND_WEIGHT && a->dtype != DT_I32 && a->sh.items == s->out.sh.items &&
           a->sh.rows == s->out.sh.rows;
}

// Row r of the sample: the last one of each item (partial tiles are there), the first, then anywhere.
static uint32_t sampled_row(uint32_t item, uint32_t r, uint32_t rows)
{
    if (r < 2) return r == 0 ? rows - 1 : 0;
    return (uint32_t)(((uint64_t)item * 7919 + (uint64_t)r * 104729) % rows);
}

static void fill_rows(const struct shape_op *s, const struct shape_op *small, uint32_t k, float *out)
{
    uint32_t rows = small->in[k].sh.rows, cols = small->in[k].sh.cols;
    for (uint32_t i = 0; i < small->in[k].sh.items; i++)
        for (uint32_t r = 0; r < rows; r++) {
            uint64_t row = (uint64_t)i * s->in[k].sh.rows + sampled_row(i, r, s->in[k].sh.rows);
            values(s, k, row * cols, cols, out + ((uint64_t)i * rows + r) * cols);
        }
}

static bool check_rows(const struct shape_op *s, struct program *x, ten out, struct gate *v, struct err *e)
{
    struct shape_op small = *s;
    struct twin t;
    double each = s->work.flops / (double)shape_rows(s->out.sh);
    double room = oracle_flops / (each * s->out.sh.items + 1);
    uint32_t rows = min_u32(s->out.sh.rows, room > ROWS ? ROWS : room > 1 ? (uint32_t)room : 1), cols = s->out.sh.cols;
    small.out.sh.rows = rows;
    for (uint32_t k = 0; k < s->n_in; k++)
        if (is_rows(s, k)) small.in[k].sh.rows = rows;
    bool ok = twin_open(&t, &small, e);
    for (uint32_t k = 0; ok && k < s->n_in; k++) {
        if (s->in[k].kind == KIND_NONE) continue;
        float *p = twin_input(&t, s, k);
        if (is_rows(s, k))
            fill_rows(s, &small, k, p);
        else
            stored_values(s, k, p);
    }
    if (ok) cpu_run(t.cpu, RATE_STEP);
    uint64_t n = shape_count(small.out.sh);
    float *got = ok ? mem_zero(n, sizeof *got, e) : NULL;
    ok = got != NULL;
    for (uint32_t i = 0; ok && i < s->out.sh.items; i++)
        for (uint32_t r = 0; ok && r < rows; r++) {
            uint64_t row = (uint64_t)i * s->out.sh.rows + sampled_row(i, r, s->out.sh.rows);
            ok = program_read(x, out, row * cols, cols, got + ((uint64_t)i * rows + r) * cols, e);
        }
    if (ok) judge(v, &t.g, s->out.dtype, got, cpu_data(t.cpu, t.out), n);
    free(got);
    twin_close(&t);
    return ok;
}

// --- attention: a few queries of every head of the last item --------------------------------------------------------

static bool check_queries(const struct shape_op *s, struct program *x, ten out, struct gate *v, struct err *e)
{
    uint32_t tokens = s->out.sh.rows, width = s->out.sh.cols, dim = width / s->heads, item = s->out.sh.items - 1;
    uint64_t stride = 3ull * width;
    float *qkv = mem_zero(tokens * stride, sizeof *qkv, e);
    float *want = mem_zero(2ull * QUERIES * width, sizeof *want, e);
    double *p = mem_zero(tokens, sizeof *p, e);
    bool ok = qkv && want && p;
    if (ok) values(s, 0, item * tokens * stride, tokens * stride, qkv);
    for (uint32_t i = 0; ok && i < QUERIES; i++) {
        uint32_t row = sampled_row(item, i, tokens);
        float *w = want + (uint64_t)i * width, *got = want + (uint64_t)(QUERIES + i) * width;
        for (uint32_t h = 0; h < s->heads; h++)
            attention_query(qkv + row * stride + (uint64_t)h * dim, qkv + width + (uint64_t)h * dim, tokens, dim,
                            stride, p, w + (uint64_t)h * dim);
        for (uint32_t c = 0; c < width && s->out.dtype == DT_F16; c++) w[c] = half_to_float(half_from_float(w[c]));
        ok = program_read(x, out, ((uint64_t)item * tokens + row) * width, width, got, e);
    }
    if (ok) judge(v, NULL, s->out.dtype, want + (uint64_t)QUERIES * width, want, (uint64_t)QUERIES * width);
    free(qkv);
    free(want);
    free(p);
    return ok;
}

// --- convolution: patches of the last image -------------------------------------------------------------------------

struct patch {
    struct conv_shape big, small;
    uint32_t y, x;         // of the patch in the image
    uint32_t out_h, out_w; // of the patch's result
    uint32_t big_w;        // of the image's result
};

static uint32_t conv_out(uint32_t n, const struct conv_shape *c)
{
    return (n * c->up + c->pad_low + c->pad_high - c->kernel) / c->stride + 1;
}

// Does result line `o` of the patch see exactly what it sees in the whole image?
static bool sees_same(uint32_t o, uint32_t at, uint32_t size, uint32_t whole, const struct conv_shape *c)
{
    int64_t low = (int64_t)o * c->stride - c->pad_low, high = low + c->kernel - 1;
    return (low >= 0 || at == 0) && (high < (int64_t)size * c->up || at + size == whole);
}

static struct patch patch_of(const struct shape_op *s, bool corner)
{
    struct patch p;
    memcpy(&p.big, s->param, sizeof p.big); // the public part of the op's parameters comes first
    p.small = p.big;
    p.small.h = min_u32(p.big.h, PATCH_H);
    p.small.w = min_u32(p.big.w, PATCH_W);
    p.y = corner ? p.big.h - p.small.h : (p.big.h - p.small.h) / 2;
    p.x = corner ? p.big.w - p.small.w : (p.big.w - p.small.w) / 2;
    p.y -= p.y * p.big.up % p.big.stride;
    p.x -= p.x * p.big.up % p.big.stride;
    p.out_h = conv_out(p.small.h, &p.small);
    p.out_w = conv_out(p.small.w, &p.small);
    p.big_w = conv_out(p.big.w, &p.big);
    return p;
}

static bool patch_pixel(const struct patch *p, uint32_t i, uint64_t *big)
{
    uint32_t y = i / p->out_w, x = i % p->out_w;
    *big = (uint64_t)(y + p->y * p->big.up / p->big.stride) * p->big_w + x + p->x * p->big.up / p->big.stride;
    return sees_same(y, p->y, p->small.h, p->big.h, &p->big) && sees_same(x, p->x, p->small.w, p->big.w, &p->big);
}

enum { CONV_X, CONV_W, CONV_BIAS, CONV_RES };

static void fill_patch(const struct shape_op *s, const struct patch *p, struct twin *t)
{
    uint32_t c = s->in[CONV_X].sh.cols, item = s->out.sh.items - 1;
    float *x = twin_input(t, s, CONV_X);
    for (uint32_t i = 0; i < p->small.h * p->small.w; i++) {
        uint64_t pixel = (uint64_t)item * s->in[CONV_X].sh.rows + (uint64_t)(p->y + i / p->small.w) * p->big.w + p->x +
                         i % p->small.w;
        values(s, CONV_X, pixel * c, c, x + (uint64_t)i * c);
    }
    for (uint32_t k = CONV_W; k <= CONV_BIAS; k++)
        if (s->in[k].kind != KIND_NONE) values(s, k, 0, shape_count(s->in[k].sh), twin_input(t, s, k));
    if (s->in[CONV_RES].kind == KIND_NONE) return;
    float *res = twin_input(t, s, CONV_RES);
    for (uint32_t i = 0; i < p->out_h * p->out_w; i++) {
        uint64_t big, n = s->out.sh.cols;
        if (patch_pixel(p, i, &big)) values(s, CONV_RES, (item * (uint64_t)s->out.sh.rows + big) * n, n, res + i * n);
    }
}

static bool check_patch(const struct shape_op *s, struct program *x, ten out, bool corner, struct gate *v,
                        struct err *e)
{
    struct patch p = patch_of(s, corner);
    struct shape_op small = *s;
    struct twin t;
    memcpy(small.param, &p.small, sizeof p.small);
    small.in[CONV_X].sh = (struct shape){1, p.small.h * p.small.w, s->in[CONV_X].sh.cols};
    small.out.sh = (struct shape){1, p.out_h * p.out_w, s->out.sh.cols};
    if (s->in[CONV_RES].kind != KIND_NONE) small.in[CONV_RES].sh = small.out.sh;
    bool ok = twin_open(&t, &small, e);
    if (ok) fill_patch(s, &p, &t);
    if (ok) cpu_run(t.cpu, RATE_STEP);
    uint32_t n = s->out.sh.cols, used = 0, all = p.out_h * p.out_w;
    float *both = ok ? mem_zero(2ull * all * n, sizeof *both, e) : NULL;
    ok = both != NULL;
    for (uint32_t i = 0; ok && i < all; i++) {
        uint64_t big;
        if (!patch_pixel(&p, i, &big)) continue;
        memcpy(both + (uint64_t)used * n, cpu_data(t.cpu, t.out) + (uint64_t)i * n, n * sizeof *both);
        ok = program_read(x, out, ((s->out.sh.items - 1) * (uint64_t)s->out.sh.rows + big) * n, n,
                          both + (uint64_t)(all + used) * n, e);
        used++;
    }
    if (ok && used) judge(v, NULL, s->out.dtype, both + (uint64_t)all * n, both, (uint64_t)used * n);
    free(both);
    twin_close(&t);
    return ok;
}

// --- which --------------------------------------------------------------------------------------------------------

static bool starts(const struct shape_op *s, const char *name)
{
    return !strncmp(s->row->name, name, strlen(name));
}

static uint64_t all_values(const struct shape_op *s)
{
    uint64_t n = shape_count(s->out.sh);
    for (uint32_t k = 0; k < s->n_in; k++) n += shape_count(s->in[k].sh);
    return n;
}

bool gate_check(const struct shape_op *s, struct program *x, ten out, const struct graph *g, struct gate *v,
                struct err *e)
{
    *v = (struct gate){.how = "whole"};
    bool rows = starts(s, "linear") || starts(s, "norm") || (starts(s, "gn_apply") && s->out.sh.items == 1);
    if (rows && s->alias == OUT_FRESH) {
        v->how = "rows";
        return check_rows(s, x, out, v, e);
    }
    if (starts(s, "attention") && s->heads) {
        v->how = "queries";
        return check_queries(s, x, out, v, e);
    }
    if (starts(s, "conv")) {
        v->how = "pixels";
        return check_patch(s, x, out, true, v, e) && check_patch(s, x, out, false, v, e);
    }
    if (all_values(s) <= whole_values && s->work.flops < 4e9) return check_whole(s, x, out, g, v, e);
    v->how = "not checked: too large for the oracle";
    return true;
}
