// test_board_stats.c — statistics of the mixing board against an independent computation (float64, numpy): moments,
// histograms, quantiles, ranks, cosines, shares of variance; and against cases with a known answer.
#include "board/hist.h"
#include "board/patches.h"
#include "board/stats.h"
#include "check.h"
#include "golden.h"

#include <stdbool.h>

enum { DEPTH = 3, SLOTS = 6, TIMES = 10, CLASSES = 5, WIDTH = 24, TABLE = 6 * DEPTH + 2 };

static double worst;

static void near(const char *what, double got, double want, double relative)
{
    const double off = fabs(got - want), bar = relative * fmax(fabs(want), 1e-3);
    worst = fmax(worst, off / fmax(fabs(want), 1e-3));
    CHECK(off <= bar, "%s: %.9g, wanted %.9g", what, got, want);
}

// --- histograms ---------------------------------------------------------------------------------------------------

static void histogram(struct golden *g, const char *name)
{
    char key[60];
    uint64_t n, bins;
    snprintf(key, sizeof key, "in.%s", name);
    const float *v = golden_f32(g, key, &n);
    snprintf(key, sizeof key, "out.%s.counts", name);
    const int32_t *counts = golden_i32(g, key, &bins);
    snprintf(key, sizeof key, "out.%s.density", name);
    const double *density = golden_f64(g, key, NULL);
    snprintf(key, sizeof key, "out.%s.scalars", name);
    const double *want = golden_f64(g, key, NULL);
    static struct hist h;
    hist_open(&h, -0.05, 0.05, (uint32_t)bins);
    hist_add(&h, v, n / 3); // in parts, as a file is read
    hist_add(&h, v + n / 3, n - n / 3);
    uint64_t moved = 0;
    for (uint32_t i = 0; i < bins; i++) {
        moved += (uint64_t)llabs((long long)h.count[i] - counts[i]);
        if ((long long)h.count[i] == counts[i]) near("density", hist_density(&h, i), density[i], 1e-5);
    }
    CHECK(moved <= 4, "%s: %llu values are in another bin", name, (unsigned long long)moved); // on an edge, in float
    near("mean", h.m.mean, want[0], 1e-4);
    near("std", moments_std(&h.m), want[1], 1e-5);
    near("entropy", hist_entropy(&h), want[2], 1e-3);
    near("differential entropy", hist_entropy(&h) + log(0.1 / (double)bins), want[3], 1e-3);
    near("peak", hist_peak(&h), want[4], 1e-4);
    near("excess kurtosis", moments_kurtosis(&h.m), want[5], 1e-4);
    printf("%-10s std %.4g, excess kurtosis %.4g, distance to its Gaussian %.4f\n", name, moments_std(&h.m),
           moments_kurtosis(&h.m), hist_gauss_distance(&h));
    if (!strcmp(name, "bimodal")) CHECK(hist_gauss_distance(&h) > 0.1, "two modes look like one Gaussian");
    // one bin holds most of a narrow Gaussian, so only the wide ones say something here
    if (!strcmp(name, "xavier")) CHECK(hist_gauss_distance(&h) > 0.02, "a uniform looks like a Gaussian");
}

static void histograms(void)
{
    struct golden g = golden_open("board/hist_unit.safetensors");
    static const char *const names[] = {"bimodal", "gauss1e-3", "mixture", "xavier", "zeros"};
    for (size_t i = 0; i < COUNTOF(names); i++) histogram(&g, names[i]);
    golden_close(&g);
    const struct moments parts[] = {{.n = 4, .mean = 0, .m2 = 4 * 1e-6, .low = -0.003, .high = 0.003}};
    near("range", hist_range(parts, 1), 0.005, 1e-9);
    near("range of nothing", hist_range(parts, 0), 0.05, 1e-9);
}

// --- statistics of vectors ----------------------------------------------------------------------------------------

static size_t entry(uint32_t b, uint32_t s, uint32_t t, uint32_t c)
{
    return (((size_t)b * SLOTS + s) * TIMES + t) * CLASSES + c;
}

static void one_vector(struct golden *g, const float *v, size_t at, bool scale)
{
    double scratch[WIDTH];
    struct slot_stats s;
    slot_stats_of(v, WIDTH, scale, scratch, &s);
    near("mean", s.mean, golden_f64(g, "stat.mean", NULL)[at], 1e-4);
    near("std", s.std, golden_f64(g, "stat.std_pop", NULL)[at], 1e-4);
    near("l2", s.l2, golden_f64(g, "stat.l2", NULL)[at], 1e-4);
    near("absmax", s.max_abs, golden_f64(g, "stat.absmax", NULL)[at], 1e-4);
    near("sign flips", s.negative, golden_f64(g, "stat.frac_sign_flip", NULL)[at], 1e-4);
}

static void vectors(void)
{
    for (uint32_t b = 0; b < DEPTH; b++)
        for (uint32_t s = 0; s < SLOTS; s++) { // a golden gives each array out once: it holds at most 512
            struct golden g = golden_open("board/modstats.safetensors");
            const float *all = golden_f32(&g, "out.vectors", NULL);
            const double *abs_q = golden_f64(&g, "stat.abs_quantiles", NULL),
                         *below = golden_f64(&g, "stat.frac_silenced", NULL);
            const size_t plane = (size_t)DEPTH * SLOTS * TIMES * CLASSES;
            const bool scale = slot_is_scale(6 * b + s, TABLE);
            CHECK(scale == (s == 1 || s == 4), "slot %u", s);
            for (uint32_t k = 0; k < TIMES * CLASSES; k++) {
                const size_t at = entry(b, s, k / CLASSES, k % CLASSES);
                double scratch[WIDTH];
                struct slot_stats st;
                slot_stats_of(all + at * WIDTH, WIDTH, scale, scratch, &st);
                for (int q = 0; q < STAT_QUANTILES; q++)
                    near("quantile", st.abs_quantile[q], abs_q[(size_t)q * plane + at], 1e-4);
                for (int q = 0; q < STAT_LIMITS; q++)
                    near("share below", st.below[q], below[(size_t)q * plane + at], 1e-4);
                if (k % 7 == 0) one_vector(&g, all + at * WIDTH, at, scale);
            }
            golden_close(&g);
        }
}

// Selecting finds what sorting finds, also among equal numbers.
static void selection(void)
{
    uint32_t x = 1;
    for (uint32_t round = 0; round < 500; round++) {
        double v[60], sorted[60], q[STAT_QUANTILES];
        const uint32_t n = 1 + round % 60;
        for (uint32_t i = 0; i < n; i++) v[i] = sorted[i] = (double)((x = x * 1103515245 + 12345) >> 16 & 15) / 4 - 1;
        quantiles_of(sorted, n, q);
        for (uint32_t k = 0; k < STAT_QUANTILES; k++)
            CHECK(quantile_of(v, n, stat_quantiles[k]) == q[k], "quantile %g of %u numbers", stat_quantiles[k], n);
    }
}

static void patches(void)
{
    const float value[8] = {1, 5, 5, -9, 0, 7, 2, 5};
    static const uint32_t order[] = {5, 1, 2, 7};
    struct patch best[8];
    CHECK(patches_best(value, 2, 4, best, 4) == 4, "four of eight");
    for (uint32_t i = 0; i < COUNTOF(order); i++)
        CHECK(best[i].image * 4 + best[i].token == order[i] && best[i].value == value[order[i]], "place %u", i);
    CHECK(patches_best(value, 2, 4, best, 9) == 8 && best[7].value == -9, "all of them");

    uint8_t rgb[2 * 4 * 4 * 3], cut[6 * 6 * 3];
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)i;
    memset(cut, 255, sizeof cut);
    const struct patch_pictures from = {rgb, 4, 2};
    patch_cut(&from, &(struct patch){0, 1, 3}, cut, 6, 0, 0); // the last corner of the second picture
    CHECK(cut[0] == rgb[4 * 4 * 3] && cut[(3 * 6 + 3) * 3 + 2] == rgb[sizeof rgb - 1], "the patch and its neighbours");
    CHECK(cut[4 * 3] == 255 && cut[4 * 6 * 3] == 255, "outside of the picture");
}

static void over_time(void)
{
    struct golden g = golden_open("board/modstats.safetensors");
    const float *all = golden_f32(&g, "out.vectors", NULL);
    const double *cos_t = golden_f64(&g, "stat.cos_timesteps", NULL), *cos_c = golden_f64(&g, "stat.cos_classes", NULL),
                 *erank = golden_f64(&g, "stat.erank_t", NULL),
                 *centred = golden_f64(&g, "stat.erank_t_centered", NULL),
                 *part = golden_f64(&g, "stat.participation_t_centered", NULL),
                 *share = golden_f64(&g, "stat.var_share", NULL),
                 *share_k = golden_f64(&g, "stat.var_share_per_channel", NULL);
    for (uint32_t i = 0; i < DEPTH * SLOTS; i++) {
        const float *v = all + (size_t)i * TIMES * CLASSES * WIDTH;
        const bool scale = i % 3 == 1;
        for (uint32_t c = 0; c < CLASSES; c++) {
            struct err e = {0};
            struct rank r;
            CHECK(stat_rank(v + c * WIDTH, TIMES, CLASSES * WIDTH, WIDTH, &r, &e), "%s", e.text);
            near("effective rank", r.effective, erank[i * CLASSES + c], 1e-3);
            near("effective rank, centred", r.effective_centred, centred[i * CLASSES + c], 1e-3);
            near("participation", r.participation_centred, part[i * CLASSES + c], 1e-3);
            for (uint32_t k = 0; k < TIMES * TIMES; k++)
                near("cosine of times",
                     stat_cosine(v + (k / TIMES * CLASSES + c) * WIDTH, v + (k % TIMES * CLASSES + c) * WIDTH, WIDTH,
                                 scale),
                     cos_t[((size_t)i * CLASSES + c) * TIMES * TIMES + k], 1e-4);
        }
        for (uint32_t k = 0; k < TIMES * CLASSES * CLASSES; k++) {
            const float *row = v + (size_t)(k / CLASSES / CLASSES) * CLASSES * WIDTH;
            near("cosine of classes",
                 stat_cosine(row + k / CLASSES % CLASSES * WIDTH, row + k % CLASSES * WIDTH, WIDTH, scale),
                 cos_c[(size_t)i * TIMES * CLASSES * CLASSES + k], 1e-4);
        }
        double pooled[3], channel[3 * WIDTH];
        stat_shares(v, TIMES, CLASSES, CLASSES * WIDTH, WIDTH, WIDTH, pooled, channel);
        for (uint32_t k = 0; k < 3; k++) {
            near("share of variance", pooled[k], share[k * DEPTH * SLOTS + i], 1e-4);
            for (uint32_t w = 0; w < WIDTH; w++)
                near("share of a channel", channel[k * WIDTH + w], share_k[((size_t)k * DEPTH * SLOTS + i) * WIDTH + w],
                     1e-3);
        }
    }
    golden_close(&g);
}

// --- known answers ------------------------------------------------------------------------------------------------

static void known(void)
{
    struct err e = {0};
    double eigen[40], matrix[40 * 40];
    for (uint32_t i = 0; i < 40 * 40; i++)
        matrix[i] = i / 40 == i % 40 ? 2 : abs((int)(i / 40) - (int)(i % 40)) == 1 ? -1 : 0;
    CHECK(eigenvalues(matrix, 40, eigen, &e), "%s", e.text);
    for (uint32_t i = 0; i < 40; i++) // of a string with fixed ends
        near("eigenvalue", eigen[i], 2 - 2 * cos(3.14159265358979 * (i + 1) / 41), 1e-10);
    for (uint32_t i = 0; i < 9; i++) matrix[i] = 5; // rank one
    CHECK(eigenvalues(matrix, 3, eigen, &e) && fabs(eigen[0]) < 1e-12 && fabs(eigen[2] - 15) < 1e-12, "%g %g", eigen[0],
          eigen[2]);
    matrix[0] = 7;
    CHECK(eigenvalues(matrix, 1, eigen, &e) && eigen[0] == 7, "one by one");

    enum { SIDE = 8 };
    float x[SIDE * SIDE * 3];
    double centroid[3], weight[3];
    for (uint32_t i = 0; i < SIDE * SIDE; i++) {
        x[3 * i] = 4;                                                        // constant
        x[3 * i + 1] = (float)sin(2 * 3.14159265358979 * (i % SIDE) / SIDE); // one period across
        x[3 * i + 2] = (i / SIDE + i % SIDE) % 2 ? 1 : -1;                   // a chessboard
    }
    CHECK(stat_frequency(x, SIDE, 3, centroid, weight, &e), "%s", e.text);
    CHECK(centroid[0] == 0 || weight[0] < 1e-9, "a constant has frequency %g", centroid[0]);
    near("one period", centroid[1], 0.25 / sqrt(2), 1e-9);
    near("chessboard", centroid[2], 1, 1e-9);

    const double a[] = {1, 2, 3, 4, 5}, b[] = {10, 100, 1000, 10000, 100000}, c[] = {5, 4, 3, 2, 1},
                 d[] = {1, 1, 2, 2, 3};
    near("Spearman", stat_spearman(a, b, 5, &e), 1, 1e-12);
    near("Spearman", stat_spearman(a, c, 5, &e), -1, 1e-12);
    near("Spearman with ties", stat_spearman(a, d, 5, &e), 0.9486832980505138, 1e-9);

    const float before[] = {3, 4, 0, 0}, after[] = {3, 4.5F, 0, 0};
    double scratch[2];
    struct addition add;
    stat_addition(before, after, 2, 2, scratch, &add);
    near("added", add.ratio, 0.1, 1e-6);
    near("added per token", add.token_ratio, 0.05, 1e-6);
    near("cosine", add.cosine, 0.8, 1e-6);
    char name[32];
    CHECK(!strcmp(slot_name(11, TABLE, name), "block[1].gate_mlp"), "%s", name);
    CHECK(!strcmp(slot_name(19, TABLE, name), "final.scale") && slot_is_scale(19, TABLE) && !slot_is_scale(18, TABLE),
          "%s", name);
}

int main(void)
{
    selection();
    patches();
    histograms();
    vectors();
    over_time();
    known();
    printf("largest relative difference %.2g\n", worst);
    return check_done();
}
