// randn.c — normal deviates by Philox4x32-10, element for element what a CUDA launch draws. Knows no seed policy:
// key, counter and thread count come from the tick.
#include "kernels/common.h"

#include <math.h>

static bool randn_infer(struct graph *g, struct op *o)
{
    if (!infer_now(g, o, 0)) return false;
    const struct tensor *noise = op_output(g, o);
    if (o->out == 0 || noise->dtype != DT_F32) return graph_fail(g, o, "the noise is not an F32 tensor");
    return true;
}

static void philox(uint32_t c[4], const uint32_t seed[2])
{
    uint32_t key[2] = {seed[0], seed[1]};
    for (uint32_t round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ key[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ key[1],
                            (uint32_t)a};
        for (uint32_t i = 0; i < 4; i++) c[i] = next[i];
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
}

static void randn_oracle(const struct graph *g, const struct op *o, const struct cview *in, struct mview out)
{
    (void)g, (void)o;
    struct tick now = tick_of(in[0]);
    uint64_t n = shape_count(out.sh), threads = max_u32(now.subsequences, 1);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t call = now.offset[0] + ((uint64_t)now.offset[1] << 32) + i / threads / 4;
        uint32_t slot = i / threads % 4, c[4] = {(uint32_t)call, (uint32_t)(call >> 32), (uint32_t)(i % threads), 0};
        philox(c, now.seed);
        // both are rounded to F32 where the device rounds them: part of the definition
        float u = (float)c[slot / 2 * 2] * 0x1p-32f + 0x1p-33f;
        float v = (float)c[slot / 2 * 2 + 1] * 1.4629180792671596e-9f + 7.3145903963357980e-10f;
        out.p[i] = (float)(sqrt(-2 * log(u)) * (slot % 2 ? cos(v) : sin(v)));
    }
}

static struct work randn_work(const struct graph *g, const struct op *o)
{
    return work_each(g, o, 150);
}

static void randn_pack(const struct caps *c, const struct graph *g, const struct op *o, struct shard s,
                       struct launch *l)
{
    (void)s;
    launch_each(c, g, o, l, shape_count(op_output(g, o)->sh));
}

static bool randn_cases(struct graph *g, uint32_t i, ten *out)
{
    static const struct shape shapes[] = {{1, 1, 1}, {1, 4, 17}, {3, 4, 1031}};
    if (i >= COUNTOF(shapes)) return false;
    ten now = case_now(g, 0);
    *out = op_randn(g, now, case_state(g, 1, DT_F32, shapes[i]));
    return true;
}

static const struct kernel_row randn_kernel = {
    .name = "randn", .shader = "randn", .needs = "nothing", .fits = fits_always, .pack = randn_pack};
const struct op_row op_randn_row = {
    .name = "randn",
    .infer = randn_infer,
    .oracle = randn_oracle,
    .work = randn_work,
    .kernels = (const struct kernel_row *const[]){&randn_kernel, NULL},
    .cases = randn_cases,
};

ten op_randn(struct graph *g, ten now, ten noise)
{
    return graph_emit(g, &op_randn_row, &now, 1, NULL, 0, noise);
}
