// test_board.c — what the mixing board shows and writes: its numbers are those of the table, computed again in another
// way; a fader's statement is found, replaced and taken out, and the others stay.
#include "app/board.h"
#include "check.h"
#include "scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- edits --------------------------------------------------------------------------------------------------------

static void put(const char *text, const char *key, const char *statement, const char *want)
{
    struct err e = {0};
    char *got = edits_put(text, key, statement, &e);
    CHECK(got && !strcmp(got, want), "\"%s\" and \"%s\" for %s: \"%s\" (%s)", text, statement ? statement : "", key,
          got ? got : "", e.text);
    vkdit_free(got);
}

static void edits(void)
{
    static const char text[] = "block[3].gate_mlp*=0.5; skip block[1]; block[3:5].gate_mlp*=0.25";
    struct edits l = {0};
    edits_read(&l, text);
    CHECK(edits_value(&l, "block[3].gate_mlp*=", 1) == 0.5, "the fader's value");
    CHECK(edits_value(&l, "block[3:5].gate_mlp*=", 1) == 0.25, "the other fader's value");
    CHECK(edits_value(&l, "block[4].gate_mlp*=", 1) == 1, "a fader at rest");
    CHECK(edits_have(&l, "skip block[1]") && !edits_have(&l, "skip block"), "a statement is its whole self");
    CHECK(l.n == 3 && !strcmp(l.item[1], "skip block[1]"), "the list of statements");
    edits_read(&l, "freeze block[2] step=7");
    CHECK(edits_have(&l, "freeze block[2] step=") && edits_value(&l, "freeze block[2] step=", 0) == 7, "a frozen step");
    edits_read(&l, "block[3");
    CHECK(l.n == 0, "a broken text has %u statements", l.n);
    edits_close(&l);
    put("", "block[3].gate_mlp*=", "block[3].gate_mlp*=0.5", "block[3].gate_mlp*=0.5");
    put(text, "skip block[1]", NULL, "block[3].gate_mlp*=0.5; block[3:5].gate_mlp*=0.25");
    put(text, "block[3].gate_mlp*=", "block[3].gate_mlp*=2",
        "skip block[1]; block[3:5].gate_mlp*=0.25; block[3].gate_mlp*=2");
    put("skip block[1]", "skip block[1]", NULL, "");
    struct err e = {0};
    CHECK(!edits_put("block[3", "skip block", NULL, &e) && *e.text, "a broken text was taken");
}

static void presets(struct scratch *dir)
{
    struct err e = {0};
    char path[1200];
    snprintf(path, sizeof path, "%s", scratch_path(dir, "half.json"));
    CHECK(edits_save("block.gate_mlp*=0.5", path, &e), "%s", e.text);
    char *back = edits_load(path, &e);
    CHECK(back && !strcmp(back, "block.gate_mlp*=0.5"), "came back as \"%s\": %s", back ? back : "", e.text);
    vkdit_free(back);
    scratch_text(dir, "bad.json", "{\"vkdit_mix\": 1, \"edits\": [\"block[\"]}");
    snprintf(path, sizeof path, "%s", scratch_path(dir, "bad.json"));
    e = (struct err){0};
    CHECK(!edits_load(path, &e) && strstr(e.text, "bad.json"), "a broken preset: \"%s\"", e.text);
}

// --- numbers ------------------------------------------------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void check_slot(vkdit_run *run, const struct board *b, uint32_t slot, uint32_t eval)
{
    vkdit_error error;
    float row[512];
    CHECK(b->width <= COUNTOF(row) && !vkdit_run_table_read(run, eval, 0, slot, 1, row, &error), "a table too wide");
    double sum = 0, size = 0, closed = 0, far = 0;
    for (uint32_t c = 0; c < b->width; c++) {
        if (board_slot_is_scale(b, slot)) row[c] += 1;
        sum += row[c];
        size += fabs(row[c]);
        closed += fabs(row[c]) < 0.05;
        far = fmax(far, fabs(row[c] - board_row(b, slot, eval)[c]));
    }
    const double n = b->width;
    CHECK(far == 0, "slot %u at %u is another vector", slot, eval);
    CHECK(fabs(board_stat_at(b, BOARD_MEAN, slot, eval) - sum / n) < 1e-5 &&
              fabs(board_stat_at(b, BOARD_SIZE, slot, eval) - size / n) < 1e-5 &&
              fabs(board_stat_at(b, BOARD_SILENT, slot, eval) - 100 * closed / n) < 1e-3,
          "statistics of slot %u at %u", slot, eval);
    qsort(row, b->width, sizeof *row, ascending);
    CHECK(board_stat_at(b, BOARD_LOW, slot, eval) == row[0] &&
              board_stat_at(b, BOARD_HIGH, slot, eval) == row[b->width - 1],
          "ends of slot %u at %u", slot, eval);
}

static void check_strip(const struct board *b, uint32_t slot)
{
    struct strip s = {0};
    struct err e = {0};
    for (enum board_order order = 0; order < ORDER_COUNT; order++) {
        CHECK(strip_make(&s, b, slot, order, &e), "%s", e.text);
        uint64_t seen = 0;
        for (uint32_t i = 0; i < s.width; i++) seen += s.order[i];
        CHECK(seen == (uint64_t)s.width * (s.width - 1) / 2, "order %d is no order of the channels", (int)order);
        double before = 0;
        for (uint32_t i = 0; order == ORDER_SIZE && i < s.width; i++) {
            double size = 0;
            for (uint32_t k = 0; k < s.evals; k++) size += fabs((double)board_row(b, slot, k)[s.order[i]]);
            CHECK(size >= before - 1e-5, "channel %u is out of the order of sizes", s.order[i]);
            before = size;
        }
        for (uint32_t k = 0; k < s.evals; k++)
            for (int q = 1; q < 5; q++)
                CHECK(s.quantile[(uint32_t)q * s.evals + k] >= s.quantile[(uint32_t)(q - 1) * s.evals + k],
                      "quantiles");
    }
    const float *first = board_row(b, slot, 0), *last = board_row(b, slot, b->evals - 1);
    const uint32_t up = s.rising[0], down = s.falling[0];
    for (uint32_t c = 0; c < s.width; c++)
        CHECK(fabsf(last[c]) - fabsf(first[c]) <= fabsf(last[up]) - fabsf(first[up]) &&
                  fabsf(last[c]) - fabsf(first[c]) >= fabsf(last[down]) - fabsf(first[down]),
              "channel %u moves further than %u and %u", c, up, down);
    strip_close(&s);
}

static void numbers(void)
{
    vkdit *context = NULL;
    vkdit_model *m = NULL;
    vkdit_run *run = NULL;
    vkdit_error error;
    struct err e = {0};
    const uint32_t class = 1;
    const vkdit_job job = {.classes = &class, .images = 1, .steps = 5, .cfg_scale = 2};
    const vkdit_model_options o = {.synthetic = "tiny"};
    if (vkdit_open(NULL, &context, &error)) {
        printf("no device: %s\n", error.message);
        return;
    }
    CHECK(!vkdit_model_open(context, &o, &m, &error) && !vkdit_run_begin(m, &job, &run, &error), "%s", error.message);
    struct board *b = run ? board_read(run, 1 << 24, &e) : NULL;
    CHECK(b != NULL, "%s", e.text);
    for (uint32_t slot = 0; b && slot < board_slots(b); slot++) {
        for (uint32_t k = 0; k < b->evals; k++) check_slot(run, b, slot, k);
        check_strip(b, slot);
    }
    CHECK(run && !board_read(run, 100, &e) && !e.code, "a table over the limit was read");
    CHECK(b && board_bytes(b) > 4ull * board_slots(b) * b->evals * b->width, "the size of a board");
    board_close(b);
    vkdit_run_close(run);
    vkdit_model_close(m);
    vkdit_close(context);
}

int main(void)
{
    struct scratch dir;
    scratch_open(&dir);
    edits();
    presets(&dir);
    numbers();
    scratch_close(&dir);
    return check_done();
}
