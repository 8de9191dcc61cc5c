// ggml_shapes.c — times ggml at shapes given on the command line, through its public functions. Built and run by
// tools/rivals/ggml against a ggml that lies elsewhere; no part of vkdit.
//   ggml_shapes vulkan|cpu ROUNDS SHAPE...
//   linear:ROWS:IN:OUT:TYPE[:sums32]   rows of floats through a matrix of f32 or f16; sums32: sums must be floats
//   attention:ITEMS:TOKENS:HEADS:WIDTH:TYPE:flash|plain   TYPE of keys and values; plain: products and a softmax
// One line each: shape, seconds of the first run, median seconds of ROUNDS more, worst error relative to the largest value.
#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml-vulkan.h>
#include <ggml.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHECKED = 64, LONGEST = 200 };

struct shape {
    int items, tokens, heads, width; // attention
    int rows, in, out;               // linear
    enum ggml_type type;
    bool attention, flash, sums32;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool read_shape(const char *text, struct shape *s)
{
    char type[8] = "", way[8] = "";
    *s = (struct shape){0};
    const int found = sscanf(text, "linear:%d:%d:%d:%3[^:]:%7s", &s->rows, &s->in, &s->out, type, way);
    s->sums32 = found == 5 && !strcmp(way, "sums32");
    if (found < 4) {
        if (sscanf(text, "attention:%d:%d:%d:%d:%3[^:]:%7s", &s->items, &s->tokens, &s->heads, &s->width, type, way) != 6)
            return false;
        s->attention = true;
        s->flash = !strcmp(way, "flash");
    }
    s->type = strcmp(type, "f16") ? GGML_TYPE_F32 : GGML_TYPE_F16;
    return true;
}

// The same numbers on every run: -0.5..0.5, as halves can hold them.
static float value(unsigned i)
{
    i = (i + 1) * 2654435761u;
    return (float)((int)(i >> 22) - 512) / 1024.0f;
}

static void fill(struct ggml_tensor *t)
{
    const size_t n = (size_t)ggml_nelements(t);
    float *f = malloc(n * sizeof *f);
    ggml_fp16_t *h = malloc(n * sizeof *h);
    for (size_t i = 0; i < n; i++) f[i] = value((unsigned)i);
    ggml_fp32_to_fp16_row(f, h, (int64_t)n);
    ggml_backend_tensor_set(t, t->type == GGML_TYPE_F16 ? (void *)h : f, 0, ggml_nbytes(t));
    free(f);
    free(h);
}

// Every tensor is filled from the start of the same list, so any element is known without reading it back.
static double linear_at(const struct shape *s, int row, int col)
{
    double sum = 0;
    for (int k = 0; k < s->in; k++)
        sum += (double)value((unsigned)(row * s->in + k)) * value((unsigned)(col * s->in + k));
    return sum;
}

static double attention_at(const struct shape *s, int query, int channel) // of the first item's first head
{
    double *p = malloc((size_t)s->tokens * sizeof *p), top = -INFINITY, sum = 0, out = 0;
    for (int k = 0; k < s->tokens; k++) {
        p[k] = 0;
        for (int c = 0; c < s->width; c++)
            p[k] += (double)value((unsigned)(query * s->width + c)) * value((unsigned)(k * s->width + c));
        p[k] /= sqrt(s->width);
        top = fmax(top, p[k]);
    }
    for (int k = 0; k < s->tokens; k++) {
        const double e = exp(p[k] - top);
        sum += e;
        out += e * value((unsigned)(k * s->width + channel));
    }
    free(p);
    return out / sum;
}

static double worst_error(const struct shape *s, struct ggml_tensor *out)
{
    double worst = 0, largest = 0;
    for (int i = 0; i < CHECKED; i++) {
        // linear: ne = {out, rows}. flash: ne = {width, heads, tokens, items}; plain: {width, tokens, heads, items}
        const int row = i * 7 % (s->attention ? s->tokens : s->rows), col = i * 13 % (s->attention ? s->width : s->out);
        const size_t at = s->attention ? (size_t)col + (size_t)s->width * (size_t)row * (size_t)(s->flash ? s->heads : 1)
                                       : (size_t)col + (size_t)s->out * (size_t)row;
        const double want = s->attention ? attention_at(s, row, col) : linear_at(s, row, col);
        float got;
        ggml_backend_tensor_get(out, &got, at * sizeof got, sizeof got);
        worst = fmax(worst, isfinite(got) ? fabs(got - want) : INFINITY);
        largest = fmax(largest, fabs(want));
    }
    return worst / largest;
}

// Operands are made first, in an order that the two ways of attention share; values lie transposed for the plain one.
static struct ggml_tensor *build(struct ggml_context *c, const struct shape *s)
{
    if (!s->attention) {
        struct ggml_tensor *w = ggml_new_tensor_2d(c, s->type, s->in, s->out);
        struct ggml_tensor *x = ggml_new_tensor_2d(c, GGML_TYPE_F32, s->in, s->rows);
        struct ggml_tensor *y = ggml_mul_mat(c, w, x);
        if (s->sums32) ggml_mul_mat_set_prec(y, GGML_PREC_F32);
        return y;
    }
    const float scale = 1.0f / sqrtf((float)s->width);
    struct ggml_tensor *q = ggml_new_tensor_4d(c, GGML_TYPE_F32, s->width, s->tokens, s->heads, s->items);
    struct ggml_tensor *k = ggml_new_tensor_4d(c, s->type, s->width, s->tokens, s->heads, s->items);
    struct ggml_tensor *v = ggml_new_tensor_4d(c, s->type, s->width, s->tokens, s->heads, s->items);
    if (s->flash) return ggml_flash_attn_ext(c, q, k, v, NULL, scale, 0, 0);
    struct ggml_tensor *p = ggml_soft_max_ext(c, ggml_mul_mat(c, k, q), NULL, scale, 0);
    return ggml_mul_mat(c, ggml_cont(c, ggml_transpose(c, v)), p);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool compute(ggml_backend_t backend, struct ggml_cgraph *g, double *seconds)
{
    const double start = now();
    const bool ok = ggml_backend_graph_compute(backend, g) == GGML_STATUS_SUCCESS;
    *seconds = now() - start;
    return ok;
}

static bool measure(ggml_backend_t backend, const char *text, int rounds)
{
    struct shape s;
    if (!read_shape(text, &s)) return fprintf(stderr, "not a shape: %s\n", text), false;
    const struct ggml_init_params room = {.mem_size = 1 << 20, .no_alloc = true};
    struct ggml_context *c = ggml_init(room);
    struct ggml_tensor *out = build(c, &s);
    struct ggml_cgraph *g = ggml_new_graph(c);
    ggml_build_forward_expand(g, out);
    bool ok = true;
    for (int i = 0; i < ggml_graph_n_nodes(g); i++)
        ok = ok && ggml_backend_supports_op(backend, ggml_graph_node(g, i));
    struct ggml_backend_buffer *memory = ok ? ggml_backend_alloc_ctx_tensors(c, backend) : NULL;
    if (!memory) {
        printf("%s unsupported\n", text);
        ggml_free(c);
        return true;
    }
    for (struct ggml_tensor *t = ggml_get_first_tensor(c); t; t = ggml_get_next_tensor(c, t))
        if (t->op == GGML_OP_NONE) fill(t);
    double first, *each = malloc((size_t)rounds * sizeof *each);
    ok = compute(backend, g, &first);
    for (int i = 0; i < rounds; i++) ok = ok && compute(backend, g, &each[i]);
    qsort(each, (size_t)rounds, sizeof *each, ascending);
    if (ok) printf("%s %.6f %.6f %.1e\n", text, first, each[rounds / 2], worst_error(&s, out));
    fflush(stdout);
    free(each);
    ggml_backend_buffer_free(memory);
    ggml_free(c);
    return ok;
}

int main(int argc, char **argv)
{
    const int rounds = argc > 3 ? atoi(argv[2]) : 0;
    if (rounds < 1 || rounds > LONGEST) return fprintf(stderr, "usage: ggml_shapes vulkan|cpu ROUNDS SHAPE...\n"), 2;
    ggml_backend_t backend = strcmp(argv[1], "cpu") ? ggml_backend_vk_init(0) : ggml_backend_cpu_init();
    if (!backend) return fprintf(stderr, "ggml finds no such device\n"), 1;
    if (!strcmp(argv[1], "cpu")) ggml_backend_cpu_set_n_threads(backend, (int)sysconf(_SC_NPROCESSORS_ONLN));
    bool ok = true;
    for (int i = 3; ok && i < argc; i++) ok = measure(backend, argv[i], rounds);
    ggml_backend_free(backend);
    return !ok;
}
