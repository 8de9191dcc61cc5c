// test_limits.c — devices that bind and allocate little, or have no optional feature at all: plans of full-size models
// stay within the limits, and small models give the numbers that they give without limits.
#include "engine/run.h"
#include "models/context.h"

#define FLOOR                                                                                                          \
    "no_addresses,no_fp16,no_16bit_storage,no_8bit_storage,no_subgroup_arith,no_subgroup_ballot,"                      \
    "no_subgroup_shuffle,no_subgroup_pick,no_scalar,no_int64,no_int_dot"

static vkdit *open_limited(const char *limits)
{
    vkdit *context = NULL;
    vkdit_error e;
    vkdit_options o = context_options();
    o.limits = limits;
    CHECK(vkdit_open(&o, &context, &e) == VKDIT_OK, "%s: %s", limits, e.message);
    return context;
}

// --- plans of full-size models ------------------------------------------------------------------------------------

static uint64_t bound_bytes(const struct plan *p, const struct dispatch *d, uint32_t k)
{
    const struct op *o = &p->g->op[d->op];
    const uint32_t t = k < o->n_in ? o->in[k] : o->out;
    const struct tensor *a = &p->g->t[t];
    if (!t) return 0;
    if (a->kind == KIND_WEIGHT) return p->place[t].bytes;
    const struct span all = {0, shape_count(a->sh)}, s = o->row->span ? o->row->span(p->g, o, k, d->shard) : all;
    CHECK(s.first + s.count <= all.count, "%s %s: operand %u ends at %llu of %llu", o->row->name, o->scope, k,
          (unsigned long long)(s.first + s.count), (unsigned long long)all.count);
    const uint64_t first = p->place[t].offset + s.first * dtype_bytes(a->dtype);
    return first % p->caps->offset_align + s.count * dtype_bytes(a->dtype);
}

static void check_plan(const char *what, const struct plan *p)
{
    uint64_t widest = 0, largest = 0;
    uint32_t dispatches = 0;
    for (int r = 0; r < RATE_COUNT; r++)
        for (uint32_t i = 0; i < p->n_seq[r]; i++, dispatches++) {
            const struct dispatch *d = &p->seq[r][i];
            for (uint32_t k = 0; k <= p->g->op[d->op].n_in && !d->kernel->addresses; k++) {
                const uint64_t bytes = bound_bytes(p, d, k);
                widest = bytes > widest ? bytes : widest;
            }
        }
    for (int s = 0; s < RATE_COUNT + 3; s++)
        for (uint32_t b = 0; b < p->n_block[s]; b++) largest = p->block[s][b] > largest ? p->block[s][b] : largest;
    CHECK(widest <= p->caps->range_max, "%s binds %llu bytes", what, (unsigned long long)widest);
    CHECK(largest <= p->caps->alloc_max, "%s allocates %llu bytes", what, (unsigned long long)largest);
    CHECK(p->temp_bytes * 4 < p->naive_bytes, "%s: temporaries take %llu bytes, %llu without reuse", what,
          (unsigned long long)p->temp_bytes, (unsigned long long)p->naive_bytes);
    printf("  %-34s %5u dispatches, binds %6.1f MiB, block %6.1f MiB, temporaries %7.1f MiB\n", what, dispatches,
           (double)widest / 1048576, (double)largest / 1048576, (double)p->temp_bytes / 1048576);
}

// How many of 50 evaluations' modulation the engine keeps on this device at once.
static uint32_t table_evals(vkdit *context, const struct dit_config *d, uint32_t conds, struct err *e)
{
    static struct sample_eval eval[50];
    struct vkdit_model m = {.context = context, .dit = *d};
    struct vkdit_run r = {.model = &m, .conds = conds, .schedule = {.n = COUNTOF(eval), .eval = eval}};
    run_open_table(&r, e);
    free(r.t);
    free(r.mirror);
    return r.chunk;
}

static void plan_model(vkdit *context, const char *name, uint32_t images, enum dtype store)
{
    struct err e = {0};
    struct dit_config d;
    struct dit_io io;
    struct session s = {0};
    char what[64];
    snprintf(what, sizeof what, "%s batch %u %s", name, images, dtype_name(store));
    CHECK(dit_config_named(&d, name, &e), "%s", e.text);
    const struct dit_use use = {.images = images,
                                .copies = 2,
                                .evals = table_evals(context, &d, images + 1, &e),
                                .conds = images + 1,
                                .regs = 2,
                                .guide_channels = 3,
                                .kind = DIT_STEP_NOISE};
    graph_open(&s.g, store, store, &e);
    s.net.g = &s.g;
    dit_build(&s.net, &d, &use, &io);
    if (e.code == ERR_NONE) s.plan = plan_make(&s.g, &context->gpu.caps, &e);
    // a tensor is one allocation, and every device offers 1 GiB at once; with less, a large batch is refused by name
    const bool too_large = context->gpu.caps.alloc_max < 1u << 30 && images == 8 && store == DT_F32;
    CHECK(s.plan || (too_large && strstr(e.text, "one tensor of 288.0 MiB")), "%s: %s", what, e.text);
    if (s.plan) check_plan(what, s.plan);
    session_close(&s);
}

// --- small models run ---------------------------------------------------------------------------------------------

struct numbers {
    vkdit_tensors forward, picture;
};

static bool compute(vkdit *context, struct numbers *n, uint32_t side)
{
    vkdit_model *toy = NULL, *tiny = NULL;
    vkdit_tensors io = {0};
    vkdit_error e;
    static float z[4 * 64 * 64];
    for (uint32_t i = 0; i < COUNTOF(z); i++) z[i] = sinf((float)i * 0.37f) + cosf((float)(i % 64) * 0.2f);
    const vkdit_tensor latent = {"latent", VKDIT_F32, 4, {1, 4, side, side}, z};
    vkdit_model_options o = {.path = VKDIT_TEST_DATA "/dit/dit_a.weights.safetensors",
                             .precision = VKDIT_PRECISION_F32};
    vkdit_status s = vkdit_tensors_read(VKDIT_TEST_DATA "/dit/dit_a.io.safetensors", &io, &e);
    if (s == VKDIT_OK) s = vkdit_model_open(context, &o, &toy, &e);
    vkdit_tensor given[3];
    const char *const names[] = {"x", "t", "y"};
    for (int i = 0; i < 3 && s == VKDIT_OK; i++) given[i] = *tensor_find(&io, names[i]);
    if (s == VKDIT_OK) s = vkdit_eval(toy, given, 3, 0, &n->forward, &e);
    if (s == VKDIT_OK) s = vkdit_model_open(context, &(vkdit_model_options){.synthetic = "tiny"}, &tiny, &e);
    if (s == VKDIT_OK) s = vkdit_eval(tiny, &latent, 1, 0, &n->picture, &e);
    CHECK(s == VKDIT_OK, "%s", e.message);
    vkdit_tensors_free(&io);
    vkdit_model_close(toy);
    vkdit_model_close(tiny);
    return s == VKDIT_OK;
}

static void free_numbers(struct numbers *n)
{
    vkdit_tensors_free(&n->forward);
    vkdit_tensors_free(&n->picture);
}

static void compare(const char *limits, const struct numbers *want, const struct numbers *got)
{
    const vkdit_tensor *a = tensor_find(&want->forward, "out"), *b = tensor_find(&got->forward, "out");
    const double off = golden_error(b->data, a->data, tensor_count(a));
    const vkdit_tensor *p = tensor_find(&want->picture, "rgb_u8"), *q = tensor_find(&got->picture, "rgb_u8");
    int worst = 0;
    for (uint64_t i = 0; i < tensor_count(p); i++) {
        const int d = abs(((const uint8_t *)p->data)[i] - ((const uint8_t *)q->data)[i]);
        worst = d > worst ? d : worst;
    }
    printf("%.60s: forward off by %.2g, %llu x %llu picture by %d levels\n", limits, off, (unsigned long long)p->dim[2],
           (unsigned long long)p->dim[3], worst);
    CHECK(off <= 5e-5 && worst <= 1, "%s: forward off by %g, picture by %d levels", limits, off, worst);
}

static const struct {
    const char *limits;
    bool run, large; // `large` plans the largest batches too
} cases[] = {
    {"max_storage_buffer_range=64M", false, true},
    {"max_storage_buffer_range=256M,max_alloc=256M", false, true},
    {"max_alloc=256M", false, true},
    {FLOOR, true, true},
    {"max_storage_buffer_range=64M,max_alloc=256M," FLOOR, false, true},
    {"max_storage_buffer_range=6M,max_alloc=64M", true, false}, // every large activation of the decoder is cut
};

int main(void)
{
    vkdit *context = context_open();
    if (!context) return 77;
    struct numbers want = {0};
    // 512 pixels, or fewer where a small picture already takes long
    const double start = clock_seconds();
    bool ok = compute(context, &want, 16);
    const uint32_t side = clock_seconds() - start > 4 ? 16 : 64;
    free_numbers(&want);
    ok = ok && compute(context, &want, side);
    for (size_t i = 0; ok && i < COUNTOF(cases); i++) {
        vkdit *limited = open_limited(cases[i].limits);
        if (!limited) continue;
        struct numbers got = {0};
        printf("%s\n", cases[i].limits);
        for (uint32_t images = 1; cases[i].large && images <= 8; images *= images == 1 ? 2 : 4)
            for (int half = 0; half < 2; half++) {
                plan_model(limited, "DiT-XL/2", images, half ? DT_F16 : DT_F32);
                plan_model(limited, "DiT-XL/2-512", images, half ? DT_F16 : DT_F32);
            }
        if (cases[i].run && compute(limited, &got, side)) compare(cases[i].limits, &want, &got);
        free_numbers(&got);
        CHECK(vkdit_validation_errors(limited) == 0, "%s: validation messages", cases[i].limits);
        vkdit_close(limited);
    }
    free_numbers(&want);
    return context_done(context);
}
