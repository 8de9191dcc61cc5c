// test_rng.c — torch's CPU stream to the last bit, CUDA's Philox to its published digits.
#include "check.h"
#include "golden.h"
#include "sample/sample.h"

static void compare_bits(const char *what, const float *got, const float *want, uint64_t n)
{
    uint64_t wrong = 0, first = 0;
    for (uint64_t i = n; i-- > 0;) {
        if (memcmp(got + i, want + i, sizeof *got)) wrong++, first = i;
    }
    CHECK(wrong == 0, "%s: %llu of %llu differ, first at %llu: got %.9g wanted %.9g", what, (unsigned long long)wrong,
          (unsigned long long)n, (unsigned long long)first, (double)got[first], (double)want[first]);
}

static void test_words(struct golden *g, uint64_t seed)
{
    char name[64];
    snprintf(name, sizeof name, "mt19937_u32.seed%llu.n1300", (unsigned long long)seed);
    const double *want = golden_f64(g, name, NULL);
    struct torch_rng r;
    torch_seed(&r, seed);
    for (int i = 0; i < 1300; i++) {
        uint32_t got = torch_word(&r);
        CHECK(got == (uint32_t)want[i], "seed %llu word %d: %08x", (unsigned long long)seed, i, got);
    }
}

// Every recorded randn.seedS.nN and rand.seedS.nN, found by walking the file.
static void test_recorded(struct golden *g)
{
    const char *name;
    json_t *entry;
    uint32_t seen = 0;
    json_object_foreach(g->header, name, entry)
    {
        unsigned long long seed, n;
        bool normal = sscanf(name, "randn.seed%llu.n%llu", &seed, &n) == 2;
        if (!normal && sscanf(name, "rand.seed%llu.n%llu", &seed, &n) != 2) continue;
        const float *want = golden_f32(g, name, NULL);
        float *got = calloc((size_t)n, sizeof *got);
        struct torch_rng r;
        torch_seed(&r, seed);
        (normal ? torch_randn : torch_rand)(&r, got, n);
        compare_bits(name, got, want, n);
        free(got);
        seen++;
    }
    CHECK(seen >= 19, "the file holds %u recorded draws", seen);
}

// Short requests keep a spare value between calls; long ones do not touch it.
static void test_mixed_calls(struct golden *g, uint64_t seed)
{
    char name[64];
    uint64_t calls = 0, total = 0, done = 0;
    snprintf(name, sizeof name, "calls.seed%llu", (unsigned long long)seed);
    const double *size = golden_f64(g, "calls.sizes", &calls);
    const float *want = golden_f32(g, name, &total);
    float *got = calloc((size_t)total, sizeof *got);
    struct torch_rng r;
    torch_seed(&r, seed);
    for (uint64_t i = 0; i < calls; done += (uint64_t)size[i++]) torch_randn(&r, got + done, (uint64_t)size[i]);
    CHECK(done == total, "calls add up to %llu", (unsigned long long)done);
    compare_bits(name, got, want, total);
    free(got);
}

// Seeds alone reproduce the start and every noise of the recorded runs.
static void test_trajectory(const char *file)
{
    struct golden g = golden_open(file);
    uint64_t nz = 0, dim[8], each;
    const float *z = golden_f32(&g, "z", &nz), *noise = golden_f32(&g, "noise", NULL);
    golden_shape(&g, "noise", dim);
    each = golden_count(&g, "noise") / dim[0];
    float *got = calloc((size_t)(nz + each), sizeof *got);
    struct torch_rng r;
    torch_seed(&r, strtoull(golden_meta(&g, "seed"), NULL, 10));
    torch_randn(&r, got, nz);
    compare_bits(file, got, z, nz);
    for (uint64_t s = 0; s < dim[0]; s++) {
        torch_randn(&r, got, each);
        compare_bits(file, got, noise + s * each, each);
    }
    free(got);
    golden_close(&g);
}

static void test_seed_low_word(void)
{
    struct torch_rng a, b;
    torch_seed(&a, (UINT64_C(1) << 32) + 7);
    torch_seed(&b, 7);
    CHECK(torch_word(&a) == torch_word(&b), "seed 2^32+7 is seed 7");
    torch_seed(&a, (uint64_t)-1);
    torch_seed(&b, 0xffffffffu);
    CHECK(torch_word(&a) == torch_word(&b), "seed -1 is seed 2^32-1");
    float none = 3;
    torch_randn(&a, &none, 0);
    CHECK(none == 3, "nothing asked, nothing written");
}

static void test_philox(void)
{
    static const uint32_t zero[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    static const float seed0[12] = {-0.92466259f, -0.42534415f, -2.6438457f,  0.14518388f,  -0.12086647f, -0.57972564f,
                                    -0.62285122f, -0.32838709f, -1.07454231f, -0.36314407f, -1.67105067f, 2.26550497f};
    uint32_t word[4];
    philox_words(0, 0, 0, word);
    CHECK(!memcmp(word, zero, sizeof zero), "zero key and counter: %08x %08x %08x %08x", word[0], word[1], word[2],
          word[3]);
    float got[12];
    uint64_t next = philox_randn(0, 0, 0, got, 12);
    CHECK(next == 1, "one wave advances the counter by 1");
    for (int i = 0; i < 12; i++)
        CHECK(fabsf(got[i] - seed0[i]) < 2e-6f, "value %d: %.8g wanted %.8g", i, (double)got[i], (double)seed0[i]);
}

// More values than threads: slots 1..3 of the same call, then the next counter.
static void test_philox_waves(void)
{
    enum { THREADS = 256, N = 4 * THREADS + 300 };
    static float all[N], other[N];
    CHECK(philox_randn(10, 5, THREADS, all, N) == 7, "two calls advance the counter by 2");
    philox_randn(10, 6, THREADS, other, 300);
    CHECK(!memcmp(all + 4 * THREADS, other, 300 * sizeof *all), "the second call is the next counter's first");
    double mean = 0, square = 0;
    for (int i = 0; i < N; i++) mean += all[i] / N, square += all[i] * all[i] / N;
    CHECK(fabs(mean) < 0.1 && fabs(square - 1) < 0.15, "mean %g, mean square %g", mean, square);
    uint32_t word[4];
    philox_words(10, 5, 17, word);
    float radius = sqrtf(-2 * logf((float)word[2] * 0x1p-32f + 0x1p-33f));
    float pair = hypotf(all[2 * THREADS + 17], all[3 * THREADS + 17]);
    CHECK(fabsf(radius - pair) < 1e-5f, "slots 2 and 3 come from the last two words: %g, %g", (double)radius,
          (double)pair);
}

int main(void)
{
    static const uint64_t seeds[] = {0, 42, 1234};
    struct golden g = golden_open("dit/torch_rng.safetensors");
    for (size_t i = 0; i < COUNTOF(seeds); i++) {
        test_words(&g, seeds[i]);
        test_mixed_calls(&g, seeds[i]);
    }
    test_recorded(&g);
    golden_close(&g);
    test_trajectory("dit/traj_ddpm8.safetensors");
    test_trajectory("dit/traj_ddim10.safetensors");
    test_seed_low_word();
    test_philox();
    test_philox_waves();
    return check_done();
}
