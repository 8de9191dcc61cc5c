// test_bench.c — a short benchmark end to end on the device under test: its rows, its gate, its fallbacks, its ending on
// request. What the numbers mean is the business of whoever runs it on a quiet machine.
#include "models/context.h"

#include "bench/gate.h"
#include "bench/reference.h"

#include <jansson.h>
#include <math.h>

struct seen {
    uint32_t rows, invalid, enough; // enough: stop after so many rows
    double done;
};

static int on_row(void *user, const vkdit_bench_row *r)
{
    struct seen *s = user;
    CHECK(r->group[0] && r->name[0] && r->unit[0] && r->samples > 0, "an incomplete row: %s %s", r->group, r->name);
    CHECK(r->done >= s->done - 0.2 && r->done <= 1, "progress went from %g to %g", s->done, r->done);
    s->done = r->done;
    s->invalid += !r->valid;
    return ++s->rows == s->enough;
}

static vkdit_bench_options short_options(struct seen *s, const char *groups)
{
    return (vkdit_bench_options){
        .size = VKDIT_BENCH_QUICK, .seconds = 60, .synthetic = "tiny", .only = groups, .row = on_row, .user = s};
}

// --- the whole ----------------------------------------------------------------------------------------------------

static void check_row(const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    const json_t *s = json_object_get(row, "seconds"), *samples = json_object_get(row, "samples");
    CHECK(json_array_size(samples) == (size_t)json_integer_value(json_object_get(s, "n")), "%s: raw samples", name);
    CHECK(json_array_size(samples) >= 10, "%s: %zu samples", name, json_array_size(samples));
    const double least = json_real_value(json_object_get(s, "least")), q1 = json_real_value(json_object_get(s, "q1"));
    const double median = json_real_value(json_object_get(s, "median")),
                 p95 = json_real_value(json_object_get(s, "p95"));
    CHECK(least > 0 && least <= q1 && q1 <= median && median <= p95, "%s: %g %g %g %g", name, least, q1, median, p95);
}

static void whole(const vkdit_options *device)
{
    struct seen s = {0};
    vkdit_error e = {0};
    char *json = NULL, *text = NULL;
    const vkdit_bench_options o = short_options(&s, "ceiling,kernel,sampling");
    CHECK(vkdit_bench(device, &o, &json, &e) == VKDIT_OK, "%s", e.message);
    CHECK(vkdit_bench_render(json ? json : "", "text", &text, &e) == VKDIT_OK, "its own document: %s", e.message);
    json_t *top = json_loads(json ? json : "", 0, NULL), *row;
    size_t i, kernels = 0, runs = 0;
    json_array_foreach(json_object_get(top, "rows"), i, row)
    {
        const char *group = json_string_value(json_object_get(row, "group"));
        const json_t *gate = json_object_get(row, "gate");
        kernels += !strcmp(group, "kernel");
        runs += !strcmp(group, "sampling");
        check_row(row);
        if (!strcmp(group, "kernel"))
            CHECK(json_is_true(json_object_get(gate, "valid")), "%s: %s",
                  json_string_value(json_object_get(row, "name")), json_string_value(json_object_get(gate, "checked")));
        if (!strcmp(group, "sampling"))
            CHECK(json_number_value(json_object_get(gate, "psnr_db")) > 25, "%g dB from the stored latent",
                  json_number_value(json_object_get(gate, "psnr_db")));
    }
    CHECK(kernels >= 10 && runs == 1, "%zu kernels, %zu runs", kernels, runs);
    CHECK(json_array_size(json_object_get(top, "rows")) == s.rows && s.invalid == 0, "%u rows told, %u invalid", s.rows,
          s.invalid);
    CHECK(!json_object_get(json_object_get(top, "machine"), "host"), "no host name");
    json_decref(top);
    vkdit_free(json);
    vkdit_free(text);
}

static void stops(const vkdit_options *device)
{
    struct seen s = {.enough = 2};
    vkdit_error e = {0};
    char *json = NULL;
    const vkdit_bench_options o = short_options(&s, "ceiling");
    CHECK(vkdit_bench(device, &o, &json, &e) == VKDIT_ERR_CANCELLED && !json && s.rows == 2, "%u rows, %s", s.rows,
          e.message);
}

// A device that lacks something must say what it ran instead; --strict makes that the end.
static void fallbacks(const vkdit_options *device)
{
    struct seen s = {0};
    vkdit_error e = {0};
    char *json = NULL;
    vkdit_options lesser = *device;
    lesser.limits = "no_addresses,no_subgroup_arith,no_coop,no_fp16";
    vkdit_bench_options o = short_options(&s, "kernel");
    o.seconds = 20;
    CHECK(vkdit_bench(&lesser, &o, &json, &e) == VKDIT_OK, "%s", e.message);
    json_t *top = json_loads(json ? json : "", 0, NULL);
    CHECK(json_array_size(json_object_get(top, "fallbacks")) > 0, "no fallback was told");
    CHECK(s.invalid == 0, "%u invalid rows", s.invalid);
    json_decref(top);
    vkdit_free(json);
    o.strict = 1;
    o.seconds = 60;
    CHECK(vkdit_bench(&lesser, &o, &json, &e) == VKDIT_ERR_DEVICE && strstr(e.message, "instead of"), "%s", e.message);
}

static void refuses(const vkdit_options *device)
{
    vkdit_error e = {0};
    char *json = NULL;
    vkdit_bench_options o = {.synthetic = "DiT-Z/9", .size = VKDIT_BENCH_QUICK, .only = "kernel"};
    CHECK(vkdit_bench(device, &o, &json, &e) != VKDIT_OK && !json && e.message[0], "an unknown shape");
    o = (vkdit_bench_options){.model = "no-such-file.safetensors", .size = VKDIT_BENCH_QUICK};
    CHECK(vkdit_bench(device, &o, &json, &e) == VKDIT_ERR_IO && strstr(e.message, "no-such-file"), "%s", e.message);
    o = (vkdit_bench_options){.size = (vkdit_bench_size)7};
    CHECK(vkdit_bench(device, &o, &json, &e) == VKDIT_ERR_ARGUMENT, "an unknown size");
}

// --- the gate -----------------------------------------------------------------------------------------------------

// Right on the inputs it was made for; wrong as soon as one of them is not what the oracle was told.
static void gate_of(struct gpu *g, const struct shape_op *s)
{
    struct err e = {0};
    struct graph graph;
    struct gate v = {0};
    ten out;
    bool half = !strncmp(shape_precision(s), "fp16", 4);
    graph_open(&graph, half ? DT_F16 : DT_F32, half ? DT_F16 : DT_F32, &e);
    struct plan *p = shape_emit(s, &graph, 1, &out) ? plan_make(&graph, &g->caps, &e) : NULL;
    struct program *x = p ? program_open(g, p, &e) : NULL;
    bool ok = x && gate_fill(s, x, &graph, &e) && program_run(x, RATE_STEP, NULL, NULL, &e) &&
              gate_check(s, x, out, &graph, &v, &e);
    CHECK(ok && v.checked && v.valid, "%s: %s, differs by %g of %g, %s", s->name, v.how ? v.how : "", v.difference,
          v.allowed, e.text);
    ten first = graph_find(&graph, "in0");
    uint64_t n = shape_count(s->in[0].sh);
    float *other = mem_zero(n, sizeof *other, &e);
    for (uint64_t i = 0; other && i < n; i++) other[i] = 0.25f;
    ok = ok && program_write(x, first, 0, n, other, &e) && program_run(x, RATE_STEP, NULL, NULL, &e) &&
         gate_check(s, x, out, &graph, &v, &e);
    CHECK(ok && v.checked && !v.valid, "%s: another input passed, %s %s", s->name, v.how ? v.how : "", e.text);
    free(other);
    program_close(x);
    plan_free(p);
    graph_close(&graph);
}

// With packed weights only the ops that have them.
static void gates(const vkdit_options *device, enum dtype weight)
{
    static const char *const ops[] = {"linear", "linear_gate", "attention", "layer_norm_mod", "norm_mod", "unpatchify"};
    struct err e = {0};
    struct gpu g;
    struct shape_list l = {0};
    struct gpu_wish w = {.device = device->device, .limits = device->limits};
    uint32_t tried = 0;
    bool open = gpu_open(&g, &w, &e) &&
                shapes_add(&l, &(struct shape_source){.model = "tiny", .images = 1, .weight = weight}, &e);
    CHECK(open, "%s", e.text);
    for (size_t i = 0; open && i < COUNTOF(ops); i++)
        for (uint32_t k = 0; k < l.n; k++) {
            if (strcmp(l.op[k].row->name, ops[i]) != 0 || (quant_is(weight) && l.op[k].in[1].dtype != weight)) continue;
            gate_of(&g, &l.op[k]);
            tried++;
            break;
        }
    CHECK(tried >= (quant_is(weight) ? 1 : 4), "only %u ops were tried", tried);
    shapes_close(&l);
    gpu_close(&g);
}

// Shapes of the real decoder are found without building it on a device; one small convolution is run.
static void convolutions(const vkdit_options *device)
{
    struct err e = {0};
    struct gpu g;
    struct shape_list l = {0};
    struct gpu_wish w = {.device = device->device, .limits = device->limits};
    bool open = gpu_open(&g, &w, &e) && shapes_add(&l, &(struct shape_source){.side = 256, .images = 1}, &e);
    CHECK(open && l.n > 20, "%u shapes, %s", l.n, e.text);
    const struct shape_op *least = NULL;
    for (uint32_t i = 0; i < l.n; i++)
        if (!strcmp(l.op[i].row->name, "conv") && (!least || l.op[i].work.flops < least->work.flops)) least = &l.op[i];
    CHECK(least != NULL, "no convolution");
    if (open && least) gate_of(&g, least);
    shapes_close(&l);
    gpu_close(&g);
}

static void references(void)
{
    const struct reference *r = reference_find("tiny", true);
    float x[2 * REFERENCE_VALUES];
    CHECK(r && !reference_find("tiny-nothing", true), "the table");
    for (uint32_t i = 0; r && i < COUNTOF(x); i++) x[i] = r->value[i / 2];
    CHECK(r && reference_psnr(r, x, COUNTOF(x)) == 999, "equal values");
    x[0] += 1;
    const double once = r ? reference_psnr(r, x, COUNTOF(x)) : 0;
    x[2] += 10;
    CHECK(once < 999 && r && reference_psnr(r, x, COUNTOF(x)) < once - 15, "%g dB", once);
    x[4] = NAN;
    CHECK(r && reference_psnr(r, x, COUNTOF(x)) == 0, "not a number");
}

static void selftest(const vkdit_options *device)
{
    vkdit_error e = {0};
    char *json = NULL;
    CHECK(vkdit_selftest(device, NULL, &json, &e) == VKDIT_OK, "%s", e.message);
    json_t *top = json_loads(json ? json : "", 0, NULL);
    CHECK(json_integer_value(json_object_get(top, "tried")) > 0 &&
              json_integer_value(json_object_get(top, "wrong")) == 0,
          "%s", json ? json : "nothing");
    json_decref(top);
    vkdit_free(json);
}

int main(void)
{
    vkdit_options device = context_options();
    vkdit *context = context_open();
    if (!context) return 77;
    vkdit_close(context);
    references();
    refuses(&device);
    stops(&device);
    gates(&device, DT_F32);
    gates(&device, DT_Q8);
    gates(&device, DT_Q4);
    convolutions(&device);
    whole(&device);
    fallbacks(&device);
    selftest(&device);
    return check_done();
}
