// test_previews.c — who draws a preview: what was asked for if it is there, else what the run can afford.
#include "check.h"
#include "cli/previews.h"

// A second for each step. How often each kind comes in so many steps.
struct drawn {
    uint32_t times[PREVIEW_COUNT];
    double share;
};

static struct drawn run(struct preview_cost c, uint32_t steps)
{
    struct drawn d = {0};
    for (c.done = 1; c.done <= steps; c.done++) {
        c.steps = c.done;
        const enum preview_kind k = preview_pick(PREVIEW_AUTO, &c);
        d.times[k]++;
        c.spent += k == PREVIEW_DECODER ? c.decoder : k == PREVIEW_TINY ? c.tiny : 0;
    }
    d.share = c.spent / c.steps;
    return d;
}

static void asked_for(void)
{
    const struct preview_cost all = {.has_decoder = true, .has_tiny = true, .decoder = 9, .tiny = 9}, none = {0};
    CHECK(preview_pick(PREVIEW_DECODER, &all) == PREVIEW_DECODER && preview_pick(PREVIEW_TINY, &all) == PREVIEW_TINY &&
              preview_pick(PREVIEW_ROUGH, &all) == PREVIEW_ROUGH,
          "a wish is refused");
    for (enum preview_kind k = 0; k < PREVIEW_COUNT; k++)
        CHECK(preview_pick(k, &none) == PREVIEW_ROUGH, "kind %d of a model without decoders", (int)k);
}

static void by_cost(void)
{
    static const struct {
        const char *what;
        struct preview_cost cost;
        uint32_t decoder, tiny; // of 100 steps
    } cases[] = {
        {"a fast decoder: every step", {true, true, .decoder = 0.02, .tiny = 0.002}, 100, 0},
        {"one of three steps' worth: every third", {true, true, .decoder = 0.09, .tiny = 0.01}, 33, 0},
        {"a slow one: the tiny decoder at every step", {true, true, .decoder = 0.5, .tiny = 0.029}, 0, 100},
        {"both slow: the tiny one now and then", {true, true, .decoder = 5, .tiny = 0.3}, 0, 10},
        {"no tiny one: the decoder now and then", {true, false, .decoder = 0.5}, 6, 0},
        {"nobody knows yet: the tiny one", {true, true, .tiny = 0.02}, 0, 100},
        {"nothing is affordable", {true, true, .decoder = 50, .tiny = 5}, 0, 0},
        {"nothing is known", {true, true}, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct drawn d = run(cases[i].cost, 100);
        const uint32_t *t = d.times;
        CHECK(t[PREVIEW_DECODER] + 1 >= cases[i].decoder && t[PREVIEW_DECODER] <= cases[i].decoder + 1 &&
                  t[PREVIEW_TINY] + 1 >= cases[i].tiny && t[PREVIEW_TINY] <= cases[i].tiny + 1,
              "%s: whole %u, tiny %u times", cases[i].what, t[PREVIEW_DECODER], t[PREVIEW_TINY]);
        CHECK(d.share <= 0.03 + 1e-9, "%s: %.1f %% of the steps", cases[i].what, 100 * d.share);
    }
}

int main(void)
{
    asked_for();
    by_cost();
    return check_done();
}
