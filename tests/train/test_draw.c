// test_draw.c — the drawn data set: same bytes every time, every class itself, no picture flat, dark or blown out.
#include <math.h>
#include <string.h>

#include "check.h"
#include "draw.h"

enum { SIZE = 64, SEEDS = 6 };
static const uint64_t PINNED = 0x31093c62435b0529u;

static uint64_t hash(uint64_t h, const uint8_t *bytes, size_t n) // FNV-1a
{
    for (size_t i = 0; i < n; i++) h = (h ^ bytes[i]) * 0x100000001b3u;
    return h;
}

static void light(const uint8_t *rgb, size_t pixels, double *mean, double *spread)
{
    double sum = 0, square = 0;
    for (size_t i = 0; i < pixels; i++) {
        double y = 0.299 * rgb[i * 3] + 0.587 * rgb[i * 3 + 1] + 0.114 * rgb[i * 3 + 2];
        sum += y;
        square += y * y;
    }
    *mean = sum / (double)pixels;
    *spread = sqrt(square / (double)pixels - *mean * *mean);
}

static void check_pictures(void)
{
    static uint8_t rgb[SIZE * SIZE * 3], again[SIZE * SIZE * 3];
    static uint64_t seen[256 * SEEDS];
    size_t n = 0;
    uint64_t all = 0xcbf29ce484222325u;
    for (int k = 0; k < draw_classes(); k++) {
        double bright = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            double mean, spread;
            CHECK(!draw_picture(k, seed, SIZE, rgb), "%s seed %d", draw_name(k), (int)seed);
            light(rgb, (size_t)SIZE * SIZE, &mean, &spread);
            CHECK(spread > 12, "%s seed %d is flat: spread %.1f", draw_name(k), (int)seed, spread);
            CHECK(mean > 20 && mean < 235, "%s seed %d: mean %.1f", draw_name(k), (int)seed, mean);
            bright += mean / SEEDS;
            uint64_t h = hash(0xcbf29ce484222325u, rgb, sizeof rgb);
            for (size_t i = 0; i < n; i++) CHECK(seen[i] != h, "%s seed %d repeats a picture", draw_name(k), (int)seed);
            seen[n++] = h;
            all = hash(all, rgb, sizeof rgb);
        }
        CHECK(bright > 35 && bright < 220, "%s: mean of means %.1f", draw_name(k), bright);
        CHECK(!draw_picture(k, SEEDS - 1, SIZE, again) && !memcmp(rgb, again, sizeof rgb), "%s varies", draw_name(k));
    }
    // One number for all of them: changes only when a picture is changed on purpose. Then the sheet is drawn anew too.
    CHECK(all == PINNED, "pictures changed: %#llx", (unsigned long long)all);
}

// The same seed in another class must not share its composition's numbers, nor one seed the next one's.
static void check_variety(void)
{
    static uint8_t a[SIZE * SIZE * 3], b[SIZE * SIZE * 3];
    for (int k = 0; k < draw_classes(); k++) {
        double distance = 0;
        draw_picture(k, 1, SIZE, a);
        draw_picture(k, 2, SIZE, b);
        for (size_t i = 0; i < sizeof a; i++) distance += fabs((double)a[i] - b[i]) / (double)sizeof a;
        CHECK(distance > 8, "%s: two seeds differ by %.1f only", draw_name(k), distance);
    }
}

static void check_arguments(void)
{
    static uint8_t rgb[512 * 512 * 3];
    CHECK(draw_classes() >= 16, "%d classes", draw_classes());
    CHECK(!draw_name(-1) && !draw_name(draw_classes()), "a name for no class");
    for (int i = 0; i < draw_classes(); i++)
        for (int k = 0; k < i; k++) CHECK(strcmp(draw_name(i), draw_name(k)) != 0, "%s twice", draw_name(i));
    CHECK(draw_picture(-1, 0, 128, rgb) == -1 && draw_picture(draw_classes(), 0, 128, rgb) == -1, "no such class");
    CHECK(draw_picture(0, 0, 63, rgb) == -1 && draw_picture(0, 0, 513, rgb) == -1, "no such size");
    CHECK(draw_picture(0, 0, 128, NULL) == -1, "nowhere to draw");
    CHECK(!draw_picture(0, UINT64_MAX, 64, rgb) && !draw_picture(1, 1, 512, rgb) && !draw_picture(2, 1, 65, rgb),
          "sizes");
}

int main(void)
{
    check_arguments();
    check_pictures();
    check_variety();
    return check_done();
}
