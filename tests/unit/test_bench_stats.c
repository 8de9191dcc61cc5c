// test_bench_stats.c — order statistics, drift and comparisons on lists whose answers are known.
#include "check.h"

#include "bench/stats.h"

#include <math.h>

static bool near(double a, double b, double room)
{
    return fabs(a - b) <= room;
}

static void order_statistics(void)
{
    struct err e = {0};
    struct stats s;
    const double one[] = {3}, list[] = {9, 1, 5, 3, 7, 2, 8, 4, 6, 10};
    CHECK(stats_of(one, 1, &s, &e) && s.median == 3 && s.iqr == 0 && s.p95 == 3 && !s.drifts, "a single sample");
    CHECK(stats_of(list, 10, &s, &e) && s.n == 10, "ten samples");
    CHECK(s.least == 1 && s.most == 10 && s.median == 5.5, "least %g, median %g, most %g", s.least, s.median, s.most);
    CHECK(near(s.q1, 3.25, 1e-12) && near(s.q3, 7.75, 1e-12), "quartiles %g %g", s.q1, s.q3); // numpy.percentile
    CHECK(near(s.p95, 9.55, 1e-12), "p95 %g", s.p95);
    CHECK(near(s.iqr, 4.5 / 5.5, 1e-12), "iqr %g", s.iqr);
    CHECK(!stats_of(list, 0, &s, &e) && e.code == ERR_ARG, "no samples are an error");
}

static void drift(void)
{
    struct err e = {0};
    struct stats s;
    double rising[60], noisy[60];
    for (int i = 0; i < 60; i++) {
        rising[i] = 1 + 0.002 * i;
        noisy[i] = 1 + 0.2 * ((i * 7919 % 61) / 61.0 - 0.5); // as wide, but going nowhere
    }
    CHECK(stats_of(rising, 60, &s, &e) && s.drifts && s.drift > 0.05, "a rise of %.3f was not noticed", s.drift);
    CHECK(stats_of(noisy, 60, &s, &e) && !s.drifts, "noise passed for a drift of %.3f", s.drift);
}

// Expected values from the textbook form: wins of a over b counted pair by pair, ties as halves, normal approximation.
static void mann_whitney(void)
{
    const double a[] = {1, 2, 3, 4, 5, 6, 7, 8}, b[] = {5, 6, 7, 8, 9, 10, 11, 12}, c[] = {1, 1, 2, 2, 3, 3};
    const double d[] = {2, 2, 3, 3, 4, 4};
    CHECK(near(stats_same(a, 8, b, 8), 0.0133130, 1e-6), "shifted lists: %.6f", stats_same(a, 8, b, 8));
    CHECK(near(stats_same(b, 8, a, 8), stats_same(a, 8, b, 8), 1e-12), "the test has two sides");
    CHECK(near(stats_same(c, 6, d, 6), 0.1133455, 1e-6), "with ties: %.6f", stats_same(c, 6, d, 6));
    CHECK(stats_same(a, 8, a, 8) > 0.9, "a list against itself: %.6f", stats_same(a, 8, a, 8));
    CHECK(stats_same(c, 0, d, 6) == 1 && stats_same(c, 1, c, 1) == 1, "nothing to tell from");
}

static void ratios(void)
{
    struct err e = {0};
    struct ratio r, again;
    double a[40], b[40];
    for (int i = 0; i < 40; i++) {
        a[i] = 2 + 0.01 * (i * 7919 % 41 / 41.0);
        b[i] = 1 + 0.01 * (i * 104729 % 43 / 43.0);
    }
    CHECK(stats_ratio(a, 40, b, 40, &r, &e), "%s", e.text);
    CHECK(near(r.value, 2.0, 0.02) && r.low <= r.value && r.value <= r.high && r.high - r.low < 0.03,
          "2 to 1 became %g [%g, %g]", r.value, r.low, r.high);
    CHECK(stats_ratio(a, 40, b, 40, &again, &e) && again.low == r.low && again.high == r.high, "not the same twice");
    CHECK(!stats_ratio(a, 40, b, 0, &r, &e), "nothing to divide by");
}

int main(void)
{
    order_statistics();
    drift();
    mann_whitney();
    ratios();
    return check_done();
}
