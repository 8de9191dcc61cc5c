// test_mix.c — the mixing board's language and its arithmetic on a small table, against values worked out here.
#include "board/mix.h"
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVALS = 4, CONDS = 3, DEPTH = 3, SLOTS = 6 * DEPTH + 2, WIDTH = 5, ALL = EVALS * CONDS * SLOTS * WIDTH };

static const double times[EVALS] = {999, 700, 301, 0};
static const uint32_t classes[CONDS] = {7, 10, 4}; // the picture's, the null class, a source of swaps
static const struct mix_shape shape = {EVALS, CONDS, SLOTS, WIDTH, times, classes, 10, 1};

static float table[ALL], edited[ALL];

static size_t at(uint32_t e, uint32_t c, uint32_t slot, uint32_t k)
{
    return (((size_t)e * CONDS + c) * SLOTS + slot) * WIDTH + k;
}

static void fill(void)
{
    for (size_t i = 0; i < ALL; i++) table[i] = (float)sin(0.37 * (double)i) * 1.7f;
}

// The edited table, and how many slots were touched; 0 and a message when the text is refused.
static uint32_t apply(const char *text, struct err *e)
{
    struct mix m = {0};
    uint32_t touched = 0;
    *e = (struct err){0};
    memcpy(edited, table, sizeof table);
    struct mix_plan *p = mix_parse(&m, text, e) ? mix_plan_make(&m, &shape, e) : NULL;
    for (uint32_t i = 0; p && i < EVALS * CONDS * SLOTS; i++)
        touched += mix_plan_slot(p, table, i / SLOTS / CONDS, i / SLOTS % CONDS, i % SLOTS, edited + i * WIDTH);
    mix_plan_free(p);
    mix_close(&m);
    return touched;
}

// --- arithmetic ---------------------------------------------------------------------------------------------------

// value(e, c, slot, k) must be what `want` computes for every number of the table
static void expect(const char *text, float (*want)(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v))
{
    struct err e;
    const uint32_t n = apply(text, &e);
    CHECK(n > 0, "%s: %s", text, e.text);
    uint32_t wrong = 0;
    for (size_t i = 0; i < ALL; i++) {
        const uint32_t k = i % WIDTH, slot = i / WIDTH % SLOTS, c = i / WIDTH / SLOTS % CONDS;
        const uint32_t eval = (uint32_t)(i / WIDTH / SLOTS / CONDS);
        const float v = want(eval, c, slot, k, table[i]);
        wrong += fabsf(edited[i] - v) > 1e-6f;
    }
    CHECK(wrong == 0, "%s: %u numbers are wrong", text, wrong);
}

static float half_gate(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e, (void)c, (void)k;
    return slot == 11 || slot == 17 ? 0.5f * v : v;
}

static float scale_halved(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e, (void)c, (void)k;
    return slot == 1 ? 0.5f * v : v;
}

static float gamma_doubled(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e, (void)c;
    return slot == 1 && (k == 0 || k == 3) ? 2 * (1 + v) - 1 : v;
}

static float silenced(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e, (void)c, (void)k;
    return slot == 10 ? -1 : v;
}

static float inverted(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)c, (void)k;
    return slot == 19 && e >= 2 ? -(1 + v) - 1 : v;
}

static float one_channel(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e, (void)c;
    const bool gate = slot < 18 && slot % 6 == 2;
    return gate && !(slot / 6 == 1 && k >= 1 && k < 4 && k % 2 == 1) ? 0 : v;
}

static float skipped(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e, (void)c, (void)k;
    return slot == 14 || slot == 17 ? 0 : v;
}

static float frozen(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)e;
    return slot < 6 ? table[at(2, c, slot, k)] : v; // 301 is nearest to 300
}

static float swapped(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    return c != 1 && slot >= 6 && slot < 18 ? table[at(e, 2, slot, k)] : v;
}

static float blended(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    return c == 0 && slot == 18 ? v + 0.25f * (table[at(e, 1, slot, k)] - v) : v;
}

static float added(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v)
{
    (void)k;
    return c == 1 && slot == 4 && e >= 1 && e <= 2 ? v + 0.125f : v;
}

static float then(uint32_t e, uint32_t c, uint32_t slot, uint32_t k, float v) // a gain after a freeze
{
    (void)v;
    return slot == 0 ? 2 * table[at(0, c, 0, k)] : table[at(e, c, slot, k)];
}

static void arithmetic(void)
{
    expect("block[1:3].gate_mlp*=0.5", half_gate);
    expect("block[0].scale_msa*=0.5", scale_halved);
    expect("block[0].gamma_msa[0,3]*=2", gamma_doubled);
    expect("mute block[1].gamma_mlp", silenced);
    expect("block[1].gamma_mlp=0", silenced);
    expect("block[1].scale_mlp=-1", silenced);
    expect("invert step[2:].final.gamma", inverted);
    expect("invert t[0:500].final.gamma", inverted);
    expect("solo block[1].gate_msa[1:4:2]", one_channel);
    expect("skip block[-1]", skipped);
    expect("block[2].gate=0", skipped);
    expect("freeze block[0] t=300", frozen);
    expect("freeze block[0] step=2", frozen);
    expect("swap block[1:] class=4", swapped);
    expect("blend class[7].final.shift class=null amount=0.25", blended);
    expect("null.step[1:3].block[0].scale_mlp+=0.125", added);
    expect("freeze block[0].shift_msa step=0; block[0].beta_msa*=2", then);
}

// --- at rest ------------------------------------------------------------------------------------------------------

static void rest(void)
{
    static const char *const texts[] = {
        "block.gamma*=1", "block*=1; final*=1", "block.shift+=0", "blend block class=3 amount=0", "# nothing\n;;", ""};
    struct err e;
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        CHECK(apply(texts[i], &e) == 0 && e.code == ERR_NONE, "%s touched something: %s", texts[i], e.text);
        CHECK(!memcmp(table, edited, sizeof table), "%s changed bits", texts[i]);
    }
    // a gain within a hair of one is not rounded away
    CHECK(apply("block[0].gamma_msa*=1.0000001", &e) == EVALS * CONDS, "%s", e.text);
}

// --- the language -------------------------------------------------------------------------------------------------

static void round_trip(void)
{
    static const char *const texts[] = {"block[8:16].gate_mlp*=0.5",
                                        "block[0,3,8:16,-2:].gamma_msa[::2]+=0.125",
                                        "final.scale=-0.75",
                                        "step[:10].t[100:500].class[3,5:7].block.shift[4]*=-2",
                                        "solo null.block[3].gate",
                                        "mute block.mlp",
                                        "invert all.block[1:4:2].gamma",
                                        "skip block[3]",
                                        "freeze block t=500.25",
                                        "freeze final step=3",
                                        "swap block[8:16].msa class=207",
                                        "blend step[5:].block class=null amount=0.1",
                                        "block*=1e-06"};
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        struct mix m = {0}, again = {0};
        struct err e = {0};
        char text[MIX_TEXT], second[MIX_TEXT];
        CHECK(mix_parse(&m, texts[i], &e) && m.live == 1, "%s", e.text);
        if (m.live == 1) mix_text(&m.edit[0], text, sizeof text);
        CHECK(!strcmp(text, texts[i]), "%s became %s", texts[i], text);
        CHECK(mix_parse(&again, text, &e) && again.live == 1, "%s", e.text);
        if (again.live == 1)
            CHECK(!strcmp(text, mix_text(&again.edit[0], second, sizeof second)), "%s became %s", text, second);
        mix_close(&m);
        mix_close(&again);
    }
}

static void refuses(const char *text, const char *why)
{
    struct err e;
    CHECK(apply(text, &e) == 0 && e.code != ERR_NONE, "%s was taken", text);
    CHECK(strstr(e.text, why) && !strchr(e.text, '\n'), "%s: wanted \"%s\", got \"%s\"", text, why, e.text);
}

static void nonsense(void)
{
    refuses("blok[1]*=2", "\"block\" or \"final\" wanted");
    refuses("block[1", "\"]\" or \",\" wanted");
    refuses("block[1].gate_mlp", "\"*=\"");
    refuses("block[1].gate_mlp*=", "a number wanted");
    refuses("block[1].gate_mlp*=nan", "a number wanted");
    refuses("block[1].gate_mlp*=1e9", "expected");
    refuses("block[1].gate_mlp*=2 3", "nothing more wanted");
    refuses("block[1].colour*=2", "a vector");
    refuses("final.gate*=2", "shift, scale or gamma");
    refuses("block[1.5]*=2", "whole number");
    refuses("block[3]*=2", "block 3: there are 3");
    refuses("block[0:4]*=2", "block 4");
    refuses("block[-4]*=2", "block -4");
    refuses("block[0].gate_mlp[5]*=2", "channel 5: there are 5");
    refuses("step[4].block*=2", "step 4: there are 4");
    refuses("freeze block step=4", "step 4");
    refuses("freeze block", "\"t=\" or \"step=\"");
    refuses("swap block class=5", "no class 5");
    refuses("class[5].block*=2", "none of the classes");
    refuses("skip block[1].gate", "whole blocks");
    refuses("blend block class=4", "\"amount=\"");
    refuses("block[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]*=2", "more than 16");
}

// --- lists and presets --------------------------------------------------------------------------------------------

static void presets(void)
{
    struct mix m = {0}, back = {0};
    struct err e = {0};
    CHECK(mix_parse(&m, "block[1:3].gate_mlp*=0.5; swap block class=4\nmute final", &e) && m.live == 3, "%s", e.text);
    uint32_t sources[4];
    CHECK(mix_classes(&m, 10, sources, 4) == 1 && sources[0] == 4, "sources of the swap");
    char *json = mix_to_json(&m, &e);
    CHECK(json && mix_from_json(&back, json, strlen(json), &e) && back.live == 3, "%s", e.text);
    CHECK(!memcmp(m.edit, back.edit, 3 * sizeof *m.edit), "the preset is another mix");
    static const char *const bad[] = {"{}",
                                      "[]",
                                      "{\"vkdit_mix\": 2, \"edits\": []}",
                                      "{\"vkdit_mix\": 1, \"edits\": [3]}",
                                      "{\"vkdit_mix\": 1, \"edits\": [\"block*=1\", \"nonsense\"]}",
                                      "{\"vkdit_mix\": 1, \"edits\": [], \"more\": 1}"};
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        struct err why = {0};
        CHECK(!mix_from_json(&back, bad[i], strlen(bad[i]), &why) && why.code != ERR_NONE, "%s was taken", bad[i]);
        CHECK(back.live == 3, "a refused preset left %u edits", back.live);
    }
    back.live = 1; // two were undone; a new one takes their place
    CHECK(mix_parse(&back, "skip block[0]", &e) && back.live == 2 && back.n == 2, "%u of %u", back.live, back.n);
    free(json);
    mix_close(&m);
    mix_close(&back);
}

int main(void)
{
    fill();
    arithmetic();
    rest();
    round_trip();
    nonsense();
    presets();
    return check_done();
}
