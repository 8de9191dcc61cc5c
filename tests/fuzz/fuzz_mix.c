// fuzz_mix.c — the mixing board's language, presets, and what any accepted mix does to a small table. First byte: which.
#include "board/mix.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVALS = 3, CONDS = 3, DEPTH = 2, SLOTS = 6 * DEPTH + 2, WIDTH = 4 };

static void apply(const struct mix *m)
{
    static const double t[EVALS] = {999, 500, 0};
    static const uint32_t condition[CONDS] = {3, 10, 7};
    static const float table[EVALS * CONDS * SLOTS * WIDTH];
    const struct mix_shape shape = {EVALS, CONDS, SLOTS, WIDTH, t, condition, 10, 1};
    struct err e = {0};
    float out[WIDTH];
    struct mix_plan *p = mix_plan_make(m, &shape, &e);
    if (!p && (e.code == ERR_NONE || strpbrk(e.text, "\n\r\033"))) abort();
    for (uint32_t i = 0; p && i < EVALS * CONDS * SLOTS; i++)
        mix_plan_slot(p, table, i / SLOTS / CONDS, i / SLOTS % CONDS, i % SLOTS, out);
    mix_plan_free(p);
}

// What is accepted can be written and read back, as the same edit.
static void round_trip(const struct mix *m)
{
    for (uint32_t i = 0; i < m->live && i < 50; i++) {
        struct mix again = {0};
        struct err e = {0};
        char text[MIX_TEXT], second[MIX_TEXT];
        mix_text(&m->edit[i], text, sizeof text);
        if (!mix_parse(&again, text, &e) || again.live != 1) abort();
        if (strcmp(text, mix_text(&again.edit[0], second, sizeof second)) != 0) abort();
        mix_close(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mix m = {0};
    struct err e = {0};
    if (size == 0) return 0;
    char *text = malloc(size);
    if (!text) return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    const bool ok = data[0] % 2 ? mix_from_json(&m, text, size - 1, &e) : mix_parse(&m, text, &e);
    if (ok != (e.code == ERR_NONE) || (!ok && (m.n || strpbrk(e.text, "\n\r\033")))) abort();
    round_trip(&m);
    apply(&m);
    mix_close(&m);
    free(text);
    return 0;
}
