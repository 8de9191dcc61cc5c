// gpu_sweep.c — candidates of the matrix products and of attention at the shapes of DiT models, timed by device
// timestamps and compared with sampled values in double precision. Run by tools/gpu-report; no test.
//   gpu_sweep            every candidate       gpu_sweep facts      what the driver says of its matrix units
//   gpu_sweep TEXT...    candidates or shapes whose names contain one of the texts
// PART=I/N only compiles every Nth candidate, which fills the driver's cache from many processes; with STATISTICS=1 it
// prints what the compiler says of them.
// A product is done with as many different weights as outgrow a cache, one after another, as a network does it.
#include "exec/program.h"
#include "kernels/common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 10, SAMPLES = 300, OPS_MAX = 64 };
static const double beyond_cache = 80e6; // bytes of weights in turn: H100's second level holds 50 MiB

// --- candidates ----------------------------------------------------------------------------------------------------

// as in linear_coop.comp
static const struct candidate {
    uint32_t bm, bn, bk, wm, wn, stages, slices, depth;
} candidates[] = {
    {64, 64, 64, 32, 32, 2, 1, 1},   {64, 64, 64, 32, 32, 2, 1, 2},   {64, 64, 64, 32, 32, 2, 2, 1},
    {64, 64, 64, 32, 32, 2, 2, 2},   {64, 64, 128, 32, 32, 1, 2, 1},  {64, 64, 128, 32, 32, 1, 2, 2},
    {64, 64, 128, 32, 32, 1, 4, 1},  {64, 64, 128, 32, 32, 1, 4, 2},  {64, 96, 64, 32, 48, 1, 2, 2},
    {32, 64, 128, 32, 32, 1, 4, 1},  {128, 64, 64, 32, 32, 1, 1, 1},  {128, 64, 64, 32, 32, 1, 1, 2},
    {128, 64, 64, 64, 32, 1, 2, 2},  {64, 128, 64, 32, 32, 1, 1, 2},  {64, 128, 64, 32, 64, 1, 2, 2},
    {128, 128, 32, 64, 32, 2, 1, 1}, {128, 128, 32, 64, 32, 2, 1, 2}, {128, 128, 64, 64, 32, 1, 1, 1},
    {128, 128, 64, 64, 32, 1, 1, 2}, {128, 128, 64, 32, 32, 1, 1, 1}, {128, 128, 64, 32, 32, 1, 1, 2},
    {128, 144, 64, 64, 48, 1, 1, 1}, {256, 128, 32, 64, 64, 1, 1, 1}, {256, 64, 32, 64, 32, 1, 1, 2},
};

static const struct product {
    const char *name;
    uint32_t items, rows, k, n;
    bool gate;
    enum act act;
} products[] = {
    {"XL/2 fc2", 2, 256, 4608, 1152, true, ACT_NONE},  {"XL/2 fc1", 2, 256, 1152, 4608, false, ACT_GELU_TANH},
    {"XL/2 qkv", 2, 256, 1152, 3456, false, ACT_NONE}, {"XL/2 proj", 2, 256, 1152, 1152, true, ACT_NONE},
    {"4096^3", 1, 4096, 4096, 4096, false, ACT_NONE},  {"B/2 fc1", 2, 256, 768, 3072, false, ACT_GELU_TANH},
    {"B/2 fc2", 2, 256, 3072, 768, true, ACT_NONE},    {"S/2 fc1", 2, 256, 384, 1536, false, ACT_GELU_TANH},
    {"S/2 fc2", 2, 256, 1536, 384, true, ACT_NONE},
};

extern const struct op_row op_linear_row, op_linear_gate_row, op_attention_row; // kernels/table.c

struct sweep {
    struct gpu gpu;
    double *times;
    const char *const *filter;
    int n_filter;
    uint32_t part, parts, turn; // compile only, every parts-th; parts 0: time everything
};

static bool wanted(const struct sweep *s, const char *text)
{
    for (int i = 0; i < s->n_filter; i++)
        if (strstr(text, s->filter[i])) return true;
    return s->n_filter == 0;
}

static uint32_t noise(uint32_t *state) // xorshift
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static float uniform(uint32_t *state) // a multiple of 1/1024: exact in halves
{
    return (float)((int32_t)(noise(state) >> 20) - 2048) / 2048.0f;
}

// --- forcing a candidate onto a plan -------------------------------------------------------------------------------

// A kernel's functions know nothing but the op, so the candidate under test is what this file holds.
static const struct candidate *current;
static const struct kernel_row *base; // the row whose launch is varied

static uint32_t subgroup_of(const struct caps *c)
{
    return c->vendor == 0x8086 ? c->subgroup_min : c->subgroup;
}

static void forced_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                        struct launch *l)
{
    const struct candidate *t = current;
    struct shape y = op_output(g, o)->sh;
    base->pack(c, g, o, s, l);
    l->spec[1] = t->slices * (t->bm / t->wm) * (t->bn / t->wn) * subgroup_of(c);
    const uint32_t first[] = {t->bm, t->bn, t->bk, t->wm, t->wn};
    memcpy(&l->spec[5], first, sizeof first);
    l->spec[13] = t->stages;
    l->spec[14] = s.count % t->bm == 0 && y.cols % t->bn == 0 && y.rows % t->bm == 0;
    l->spec[15] = t->slices;
    l->spec[16] = t->depth;
    launch_groups(c, l, (uint64_t)ceil_div(s.count, t->bm) * ceil_div(y.cols, t->bn));
}

static const struct kernel_row *row_named(const struct op_row *row, const char *name)
{
    for (const struct kernel_row *const *k = row->kernels; *k; k++)
        if (!strcmp((*k)->name, name)) return *k;
    return NULL;
}

static bool candidate_fits(const struct caps *c, const struct candidate *t)
{
    uint32_t tiles = (t->bm / t->wm) * (t->bn / t->wn), threads = t->slices * tiles * subgroup_of(c);
    uint32_t shared = t->stages * (t->bm + t->bn) * (t->bk / 8 + 1) * 16;
    shared += (t->slices > 1 ? (t->slices - 1) * tiles : tiles) * 16 * 16 * 4;
    return c->coop1 && threads <= c->threads_max && shared <= c->shared_max;
}

// --- one run -------------------------------------------------------------------------------------------------------

struct run {
    struct graph g;
    struct plan *plan;
    struct program *program;
    ten x, res, gate_table, w[OPS_MAX], y;
    uint32_t n;
    float *hx, *hw, *hres, *hgate, *hy; // of the last op
};

static bool run_build(struct run *r, const struct product *p, bool compile_only, struct err *e)
{
    double bytes = 2.0 * p->k * p->n;
    r->n = compile_only ? 1 : (uint32_t)fmin(OPS_MAX, ceil(beyond_cache / bytes));
    graph_open(&r->g, DT_F16, DT_F16, e);
    r->x = case_state(&r->g, 0, DT_F16, (struct shape){p->items, p->rows, p->k});
    struct shape y = {p->items, p->rows, p->n};
    struct mod gate = {0};
    if (p->gate) {
        r->res = case_state(&r->g, 3, DT_F32, y);
        gate = case_mod(&r->g, 4, p->items, p->n, 1);
        r->gate_table = gate.table;
    }
    ten bias = case_weight(&r->g, 2, DT_F32, (struct shape){1, 1, p->n});
    for (uint32_t i = 0; i < r->n; i++) {
        r->w[i] = case_weight(&r->g, 1, DT_F16, (struct shape){1, p->n, p->k});
        r->y = p->gate ? op_linear_gate(&r->g, r->x, r->w[i], bias, gate, r->res)
                       : op_linear(&r->g, r->x, r->w[i], bias, p->act);
    }
    if (e->code != ERR_NONE) return false;
    r->g.t[r->y.id].keep = true;
    return true;
}

static bool run_fill(struct run *r, const struct product *p, struct err *e)
{
    uint64_t nx = (uint64_t)p->items * p->rows * p->k, nw = (uint64_t)p->n * p->k;
    uint64_t ny = (uint64_t)p->items * p->rows * p->n;
    uint32_t state = 3;
    r->hx = mem_zero(nx, 4, e);
    r->hw = mem_zero(nw, 4, e);
    r->hres = mem_zero(ny, 4, e);
    r->hy = mem_zero(ny, 4, e);
    uint16_t *half = mem_zero(nw, 2, e);
    if (!r->hx || !r->hw || !r->hres || !r->hy || !half) return free(half), false;
    for (uint64_t i = 0; i < nx; i++) r->hx[i] = uniform(&state);
    for (uint64_t i = 0; i < nw; i++) r->hw[i] = uniform(&state), half[i] = half_from_float(r->hw[i]);
    for (uint64_t i = 0; i < ny; i++) r->hres[i] = uniform(&state);
    bool ok = program_write(r->program, r->x, 0, nx, r->hx, e);
    for (uint32_t i = 0; ok && i < r->n; i++) ok = program_weight(r->program, r->w[i], half, DT_F16, e);
    free(half);
    ok = ok && program_weight(r->program, graph_find(&r->g, "in2"), r->hres, DT_F32, e);
    if (ok && p->gate) {
        uint64_t n = shape_count(graph_at(&r->g, r->gate_table)->sh);
        r->hgate = mem_zero(n, 4, e);
        for (uint64_t i = 0; r->hgate && i < n; i++) r->hgate[i] = uniform(&state);
        const struct tick tick = {0};
        const uint32_t cond[8] = {1, 2, 1, 2};
        ok = r->hgate && program_write(r->program, r->gate_table, 0, n, r->hgate, e) &&
             program_write(r->program, graph_find(&r->g, "in5"), 0, TICK_WORDS, &tick, e) &&
             program_write(r->program, graph_find(&r->g, "in6"), 0, p->items, cond, e) &&
             program_write(r->program, r->res, 0, ny, r->hres, e);
    }
    return ok;
}

static double expected(const struct run *r, const struct product *p, uint64_t row, uint32_t col)
{
    double v = r->hres[col]; // the bias
    for (uint32_t k = 0; k < p->k; k++) v += (double)r->hx[row * p->k + k] * r->hw[(uint64_t)col * p->k + k];
    v = act_value(v, p->act);
    if (!p->gate) return v;
    uint32_t slots = graph_at(&r->g, r->gate_table)->sh.rows, cond = row / p->rows % 2 ? 2 : 1;
    return r->hres[row * p->n + col] + v * r->hgate[((uint64_t)cond * slots + 1) * p->n + col];
}

// In a part: true when another process compiles the next candidate.
static bool others_turn(struct sweep *s)
{
    return s->parts && s->turn++ % s->parts != s->part;
}

// The largest difference among samples, relative to the largest value.
static bool error_of(struct run *r, const struct product *p, double *error, struct err *e)
{
    uint64_t rows = (uint64_t)p->items * p->rows, ny = rows * p->n;
    uint32_t state = 11;
    double most = 0, size = 1e-9;
    if (!program_read(r->program, r->y, 0, ny, r->hy, e)) return false;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t row = i == 0 ? 0 : i == 1 ? rows - 1 : noise(&state) % rows;
        uint32_t col = i == 0 ? 0 : i == 1 ? p->n - 1 : noise(&state) % p->n;
        double want = expected(r, p, row, col), d = fabs(r->hy[row * p->n + col] - want);
        if (!(d <= most)) most = d;
        if (fabs(want) > size) size = fabs(want);
    }
    *error = most / size;
    return true;
}

static void run_close(struct run *r)
{
    program_close(r->program);
    plan_free(r->plan);
    graph_close(&r->g);
    free(r->hx);
    free(r->hw);
    free(r->hres);
    free(r->hgate);
    free(r->hy);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct timing {
    double median, least, compile;
};

static bool run_time(struct run *r, struct timing *t, struct err *e)
{
    double seconds[REPEATS];
    for (int i = -3; i < REPEATS; i++) {
        if (!program_run(r->program, RATE_STEP, NULL, NULL, e)) return false;
        if (i >= 0) seconds[i] = program_stats(r->program, RATE_STEP).seconds / r->n;
    }
    qsort(seconds, REPEATS, sizeof *seconds, by_value);
    t->median = seconds[REPEATS / 2];
    t->least = seconds[0];
    return true;
}

// "name = value" lines that tell of registers, memory and spills, on one line.
static void print_statistics(struct sweep *s, const struct program *x)
{
    char text[8192];
    struct err e = {0};
    if (!x || !s->gpu.caps.executable_info ||
        !gpu_pipeline_stats(&s->gpu, x->node[RATE_STEP][0].pipe, text, sizeof text, &e))
        return;
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));)
        if (strstr(line, "egister") || strstr(line, "hared") || strstr(line, "pill") || strstr(line, "tack") ||
            strstr(line, "ocal"))
            printf("%s; ", line);
}

static bool report_part(struct sweep *s, struct run *r, const char *shape, const char *name)
{
    if (getenv("STATISTICS")) {
        printf("%s, %s: ", shape, name);
        print_statistics(s, r->program);
        printf("\n");
        fflush(stdout);
    }
    run_close(r);
    return true;
}

static bool try_product(struct sweep *s, const struct product *p, const struct candidate *t, const char *name,
                        const struct kernel_row *row, struct err *e)
{
    struct run r = {0};
    struct timing time = {0};
    double error = 0, flops = 2.0 * p->items * p->rows * p->k * p->n;
    if (others_turn(s)) return true;
    bool ok = run_build(&r, p, s->parts > 0, e);
    r.plan = ok ? plan_make_forced(&r.g, &s->gpu.caps, row, e) : NULL;
    struct kernel_row forced = *row;
    if (t && r.plan) {
        current = t;
        base = row;
        forced.name = name;
        forced.pack = forced_pack;
        for (uint32_t i = 0; i < r.plan->n_seq[RATE_STEP]; i++) r.plan->seq[RATE_STEP][i].kernel = &forced;
    }
    double start = clock_seconds();
    r.program = r.plan ? program_open(&s->gpu, r.plan, e) : NULL;
    time.compile = clock_seconds() - start;
    if (s->parts) return report_part(s, &r, p->name, name);
    ok = r.program && run_fill(&r, p, e) && run_time(&r, &time, e) && error_of(&r, p, &error, e);
    if (ok)
        printf("| %s | %s | %.2f | %.2f | %.1f | %.1e%s | %.2f ", p->name, name, time.median * 1e6, time.least * 1e6,
               flops / time.median * 1e-12, error, error < 2e-3 ? "" : " WRONG", time.compile);
    else
        printf("| %s | %s | failed: %s | | | | ", p->name, name, e->text);
    printf("|\n");
    fflush(stdout);
    run_close(&r);
    return ok;
}

static void sweep_products(struct sweep *s)
{
    for (uint32_t i = 0; i < COUNTOF(products) && !s->gpu.lost; i++) {
        const struct product *p = &products[i];
        const struct op_row *row = p->gate ? &op_linear_gate_row : &op_linear_row;
        const struct kernel_row *coop = row_named(row, "linear_coop");
        for (uint32_t c = 0; c < COUNTOF(candidates) && !s->gpu.lost; c++) {
            const struct candidate *t = &candidates[c];
            struct err e = {0};
            char name[80], key[120];
            snprintf(name, sizeof name, "linear_coop %ux%ux%u w%ux%u s%u k%u d%u", t->bm, t->bn, t->bk, t->wm, t->wn,
                     t->stages, t->slices, t->depth);
            snprintf(key, sizeof key, "%s, %s", p->name, name);
            if (!wanted(s, key) || !coop || !candidate_fits(&s->gpu.caps, t)) continue;
            try_product(s, p, t, name, coop, &e);
        }
        for (const struct kernel_row *const *k = row->kernels; *k && !s->gpu.lost; k++) {
            struct err e = {0};
            char key[120];
            snprintf(key, sizeof key, "%s, %s", p->name, (*k)->name);
            if (wanted(s, key) && !(*k)->addresses && !(*k)->measured) try_product(s, p, NULL, (*k)->name, *k, &e);
        }
    }
}

// --- attention -----------------------------------------------------------------------------------------------------

static const struct attention_candidate {
    uint32_t waves, keys, matrices; // as in attention.c
} attention_candidates[] = {{4, 64, 1}, {2, 64, 1}, {1, 64, 1}, {8, 64, 1},  {4, 32, 1},  {2, 32, 1},
                            {2, 64, 2}, {4, 32, 2}, {4, 64, 2}, {4, 128, 1}, {2, 128, 1}, {1, 64, 2}};
static const struct attention_shape {
    const char *name;
    uint32_t items, tokens, heads, dim;
} attentions[] = {
    {"XL/2 attention", 2, 256, 16, 72}, {"B/2 attention", 2, 256, 12, 64}, {"XL/2-512 attention", 2, 1024, 16, 72}};
static const struct attention_candidate *current_attention;

static void forced_attention(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                             struct launch *l)
{
    const struct attention_candidate *t = current_attention;
    base->pack(c, g, o, s, l);
    struct shape y = op_output(g, o)->sh;
    uint32_t queries = t->waves * t->matrices * l->spec[5], heads = y.cols / l->spec[2];
    l->spec[1] = t->waves * l->spec[4];
    l->spec[3] = t->keys;
    l->spec[8] = t->matrices;
    launch_groups(c, l, (uint64_t)s.count * heads * ceil_div(min_u32(y.rows, 128), queries));
}

static double attention_expected(const float *qkv, const struct attention_shape *a, uint64_t row, uint32_t col)
{
    uint32_t width = a->heads * a->dim, head = col / a->dim;
    const float *item = qkv + row / a->tokens * a->tokens * 3 * width + (uint64_t)head * a->dim;
    const float *q = item + row % a->tokens * 3 * width;
    double total = 0, v = 0;
    for (uint32_t j = 0; j < a->tokens; j++) {
        const float *k = item + (uint64_t)j * 3 * width + width;
        double dot = 0;
        for (uint32_t d = 0; d < a->dim; d++) dot += (double)q[d] * k[d];
        dot = exp(dot / sqrt(a->dim));
        total += dot;
        v += dot * k[width + col % a->dim];
    }
    return v / total;
}

static bool time_attention(struct sweep *s, const struct attention_shape *a, const struct attention_candidate *t,
                           const struct kernel_row *row, const char *name, struct err *e)
{
    enum { COUNT = 28 };
    if (others_turn(s)) return true;
    struct run r = {.n = s->parts ? 1 : COUNT};
    struct timing time = {0};
    uint32_t width = a->heads * a->dim, state = 5;
    uint64_t n = (uint64_t)a->items * a->tokens * 3 * width, ny = n / 3;
    graph_open(&r.g, DT_F16, DT_F16, e);
    r.x = case_state(&r.g, 0, DT_F16, (struct shape){a->items, a->tokens, 3 * width});
    for (uint32_t i = 0; i < r.n; i++) r.y = op_attention(&r.g, r.x, a->heads);
    r.g.t[r.y.id].keep = true;
    r.hx = mem_zero(n, 4, e);
    r.hy = mem_zero(ny, 4, e);
    for (uint64_t i = 0; r.hx && i < n; i++) r.hx[i] = 4 * uniform(&state);
    r.plan = e->code == ERR_NONE ? plan_make_forced(&r.g, &s->gpu.caps, row, e) : NULL;
    struct kernel_row forced = *row;
    if (t && r.plan) {
        current_attention = t;
        base = row;
        forced.pack = forced_attention;
        for (uint32_t i = 0; i < r.plan->n_seq[RATE_STEP]; i++) r.plan->seq[RATE_STEP][i].kernel = &forced;
    }
    double start = clock_seconds(), most = 0;
    r.program = r.plan ? program_open(&s->gpu, r.plan, e) : NULL;
    time.compile = clock_seconds() - start;
    if (s->parts) return report_part(s, &r, a->name, name);
    bool ok = r.program && program_write(r.program, r.x, 0, n, r.hx, e) && run_time(&r, &time, e) &&
              program_read(r.program, r.y, 0, ny, r.hy, e);
    for (uint32_t i = 0; ok && i < SAMPLES; i++) {
        uint64_t line = i == 0 ? (uint64_t)a->items * a->tokens - 1 : noise(&state) % ((uint64_t)a->items * a->tokens);
        uint32_t col = i == 0 ? width - 1 : noise(&state) % width;
        double d = fabs(r.hy[line * width + col] - attention_expected(r.hx, a, line, col));
        if (!(d <= most)) most = d;
    }
    double flops = 4.0 * a->items * a->heads * a->tokens * a->tokens * a->dim;
    if (ok)
        printf("| %s | %s | %.2f | %.2f | %.1f | %.1e%s | %.2f ", a->name, name, time.median * 1e6, time.least * 1e6,
               flops / time.median * 1e-12, most, most < 5e-3 ? "" : " WRONG", time.compile);
    else
        printf("| %s | %s | failed: %s | | | | ", a->name, name, e->text);
    printf("|\n");
    fflush(stdout);
    run_close(&r);
    return ok;
}

static bool attention_fits(const struct caps *c, const struct attention_candidate *t, uint32_t dim)
{
    uint32_t lanes = subgroup_of(c), rows = t->matrices * 16, queries = t->waves * rows, line = (dim + 15) / 16 * 2 + 1;
    uint32_t s_line = max_u32(t->keys / 4 + 1, line),
             shared = (2 * t->keys * line + queries * s_line) * 16 + queries * 4;
    return c->type != CAPS_CPU && lanes % rows == 0 && shared <= c->shared_max && t->waves * lanes <= c->threads_max;
}

static void sweep_attention(struct sweep *s)
{
    const struct op_row *row = &op_attention_row;
    const struct kernel_row *coop = row_named(row, "attention_coop");
    for (uint32_t i = 0; i < COUNTOF(attentions) && !s->gpu.lost; i++) {
        const struct attention_shape *a = &attentions[i];
        for (uint32_t c = 0; c < COUNTOF(attention_candidates) && !s->gpu.lost; c++) {
            const struct attention_candidate *t = &attention_candidates[c];
            struct err e = {0};
            char name[80], key[120];
            snprintf(name, sizeof name, "attention_coop %u subgroups, %u keys, %u", t->waves, t->keys, t->matrices);
            snprintf(key, sizeof key, "%s, %s", a->name, name);
            if (wanted(s, key) && coop && attention_fits(&s->gpu.caps, t, a->dim))
                time_attention(s, a, t, coop, name, &e);
        }
        for (const struct kernel_row *const *k = row->kernels; *k && !s->gpu.lost; k++) {
            struct err e = {0};
            char key[120];
            snprintf(key, sizeof key, "%s, %s", a->name, (*k)->name);
            if (wanted(s, key) && !(*k)->addresses) time_attention(s, a, NULL, *k, (*k)->name, &e);
        }
    }
}

// --- facts ---------------------------------------------------------------------------------------------------------

static void facts(const struct sweep *s)
{
    const struct caps *c = &s->gpu.caps;
    printf("%s, %s %s; shared %u, threads %u, subgroup %u (%u..%u), coop1 %d, coop2 %d, of workgroups %d, at most %u, "
           "executable info %d, timestamp %.3g ns\n",
           c->name, c->driver_name, c->driver_info, c->shared_max, c->threads_max, c->subgroup, c->subgroup_min,
           c->subgroup_max, c->coop1, c->coop2, c->coop2_group, c->coop2_max, c->executable_info, c->timestamp_ns);
    for (uint32_t i = 0; i < c->n_coop; i++)
        printf("coop1 %ux%ux%u %s %s %s -> %s%s\n", c->coop[i].m, c->coop[i].n, c->coop[i].k, c->coop[i].a,
               c->coop[i].b, c->coop[i].c, c->coop[i].r, c->coop[i].of_subgroup ? "" : " (wider than a subgroup)");
    for (uint32_t i = 0; i < c->n_coop2; i++) {
        const struct coop_shape *m = &c->coop2_step[i];
        printf("coop2 steps %ux%ux%u %s %s %s -> %s, of a %s, %u threads\n", m->m, m->n, m->k, m->a, m->b, m->c, m->r,
               m->of_subgroup ? "subgroup"
               : m->of_group  ? "workgroup"
                              : "wider scope",
               m->threads);
    }
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct gpu_wish wish = {.device = getenv("VKDIT_DEVICE"),
                            .limits = getenv("VKDIT_LIMIT"),
                            .cache_dir = "",
                            .statistics = getenv("STATISTICS") != NULL};
    struct sweep *s = calloc(1, sizeof *s);
    bool ok = s && gpu_open(&s->gpu, &wish, &e);
    if (!ok) {
        printf("no device: %s\n", e.text);
    } else if (argc > 1 && !strcmp(argv[1], "facts")) {
        facts(s);
    } else {
        s->filter = (const char *const *)argv + 1;
        s->n_filter = argc - 1;
        if (getenv("PART") && sscanf(getenv("PART"), "%u/%u", &s->part, &s->parts) != 2) s->parts = 0;
        if (!s->parts)
            printf("| product | candidate | us median | us least | TFLOP/s | error | compile s "
                   "|\n|---|---|---|---|---|---|---|\n");
        sweep_attention(s);
        sweep_products(s);
    }
    if (s) gpu_close(&s->gpu);
    free(s);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
