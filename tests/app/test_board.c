// test_board.c — what the mixing board shows and writes: its numbers are those of the table, computed again in another
// way; a fader's statement is found, replaced and taken out, and the others stay.
#include "app/board.h"
#include "app/likeness.h"
#include "check.h"
#include "cli/weights.h"
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
    double sum = 0, size = 0, closed = 0, negative = 0, far = 0, scratch[COUNTOF(row)];
    for (uint32_t c = 0; c < b->width; c++) {
        if (board_slot_is_scale(b, slot)) row[c] += 1;
        sum += row[c];
        size += fabs(row[c]);
        closed += fabs((double)row[c]) < 0.1;
        negative += row[c] < 0;
        far = fmax(far, fabs(row[c] - board_row(b, slot, eval)[c]));
    }
    const double n = b->width;
    CHECK(far == 0, "slot %u at %u is another vector", slot, eval);
    const double at[BOARD_STATS] = {[BOARD_MEAN] = sum / n,
                                    [BOARD_SIZE] = size / n,
                                    [BOARD_SILENT] = 100 * closed / n,
                                    [BOARD_NEGATIVE] = 100 * negative / n};
    static const enum board_stat sums[] = {BOARD_MEAN, BOARD_SIZE, BOARD_SILENT, BOARD_NEGATIVE};
    for (size_t i = 0; i < COUNTOF(sums); i++)
        CHECK(fabs(board_stat_at(b, sums[i], slot, eval, scratch) - at[sums[i]]) < 1e-5, "%s of slot %u at %u",
              board_stats[sums[i]].name, slot, eval);
    qsort(row, b->width, sizeof *row, ascending);
    const double middle = (b->width - 1) / 2.0;
    CHECK(board_stat_at(b, BOARD_LOW, slot, eval, scratch) == (double)row[0] &&
              board_stat_at(b, BOARD_HIGH, slot, eval, scratch) == (double)row[b->width - 1] &&
              fabs(board_stat_at(b, BOARD_MEDIAN, slot, eval, scratch) -
                   0.5 * ((double)row[(uint32_t)floor(middle)] + (double)row[(uint32_t)ceil(middle)])) < 1e-7,
          "ends and middle of slot %u at %u", slot, eval);
    CHECK(board_stat_at(b, BOARD_Q05, slot, eval, scratch) >= (double)row[b->width / 20 - 1] &&
              board_stat_at(b, BOARD_Q05, slot, eval, scratch) <= (double)row[b->width / 20 + 1],
          "5 %% of slot %u at %u", slot, eval);
}

static void check_cells(const struct board *b, uint32_t vector)
{
    struct cells c = {0};
    struct err e = {0};
    double scratch[512];
    for (enum board_stat s = 0; s < BOARD_ADDED; s++) {
        CHECK(cells_make(&c, b, s, vector, &e) && c.rows == board_rows(b, vector) && c.columns == b->evals, "%s",
              e.text);
        const uint32_t last = c.rows - 1;
        CHECK(c.v[last * c.columns + 2] == board_stat_at(b, s, board_slot(b, last, vector), 2, scratch),
              "the map shows another number");
        for (uint32_t i = 0; i < c.rows * c.columns; i++)
            CHECK(c.v[i] >= c.scale.low && c.v[i] <= c.scale.high, "a number outside of the map's range");
    }
    cells_close(&c);
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

// --- likeness -----------------------------------------------------------------------------------------------------

// Shares of the variance of one vector, by what the words mean: the parts of the total sum of squares.
static void check_shares(const struct likeness *l, uint32_t slot)
{
    double step = 0, class = 0, total = 0;
    for (uint32_t k = 0; k < l->width; k++) {
        double mean = 0;
        for (uint32_t i = 0; i < l->evals * l->classes; i++)
            mean += (double)likeness_row(l, i / l->classes, i % l->classes, slot)[k] / (l->evals * l->classes);
        for (uint32_t i = 0; i < l->evals; i++)
            for (uint32_t c = 0; c < l->classes; c++) {
                double of_step = 0, of_class = 0;
                for (uint32_t j = 0; j < l->classes; j++)
                    of_step += (double)likeness_row(l, i, j, slot)[k] / l->classes;
                for (uint32_t j = 0; j < l->evals; j++) of_class += (double)likeness_row(l, j, c, slot)[k] / l->evals;
                step += (of_step - mean) * (of_step - mean);
                class += (of_class - mean) * (of_class - mean);
                total +=
                    ((double)likeness_row(l, i, c, slot)[k] - mean) * ((double)likeness_row(l, i, c, slot)[k] - mean);
            }
    }
    CHECK(fabs(l->share[slot][0] - step / total) < 1e-6 && fabs(l->share[slot][1] - class / total) < 1e-6 &&
              fabs(l->share[slot][0] + l->share[slot][1] + l->share[slot][2] - 1) < 1e-9,
          "shares of slot %u: %g %g %g, wanted %g %g", slot, l->share[slot][0], l->share[slot][1], l->share[slot][2],
          step / total, class / total);
}

static int at_once(void *user)
{
    (void)user;
    return 1;
}

static void likeness(vkdit_model *m)
{
    static const uint32_t class[] = {3, 0, 7};
    const vkdit_job job = {
        .classes = class, .images = 1, .steps = 4, .cfg_scale = 1, .extra_classes = class + 1, .extra_count = 2};
    vkdit_run *run = NULL;
    vkdit_error error;
    struct err e = {0};
    CHECK(!vkdit_run_begin(m, &job, &run, &error), "%s", error.message);
    struct likeness *l = run ? likeness_read(run, 3, NULL, NULL, &e) : NULL;
    CHECK(l && l->classes == 3 && !memcmp(l->class, class, sizeof class), "%s", e.text);
    for (uint32_t slot = 0; l && slot < l->slots; slot += 5) {
        double cosine[9], far[9];
        check_shares(l, slot);
        likeness_of_classes(l, slot, 0, cosine);
        likeness_of_classes(l, slot, l->evals - 1, far);
        for (int i = 0; i < 3; i++)
            CHECK(fabs(cosine[4 * i] - 1) < 1e-12 && cosine[3 * i] == cosine[i] && cosine[1] < 1 - 1e-6,
                  "cosines of slot %u", slot);
        CHECK(memcmp(cosine, far, sizeof far) != 0, "slot %u is alike at all times", slot);
        CHECK(l->rank[slot].effective >= 1 && l->rank[slot].effective <= 4, "rank %g", l->rank[slot].effective);
    }
    CHECK(l && likeness_eval(l, l->t[2]) == 2 && likeness_eval(l, 1e9) == 0, "the nearest step");
    CHECK(run && !likeness_read(run, 3, at_once, NULL, &e) && e.code == ERR_CANCELLED, "it was not to be stopped");
    likeness_close(l);
    vkdit_run_close(run);
}

// --- weights ------------------------------------------------------------------------------------------------------

static void weights(void)
{
    const vkdit_model_options o = {.synthetic = "tiny"};
    struct weights w;
    struct growth g;
    struct err e = {0};
    vkdit_error error;
    char *json = NULL;
    CHECK(!vkdit_modulation_json(&o, &json, &error) && weights_take(&w, json, &e), "%s", e.text);
    for (uint32_t k = 0; k < WEIGHT_KINDS; k++) {
        double sum = 0, fit = 0;
        const double bin = (w.high - w.low) / w.bins;
        for (uint32_t i = 0; i < w.bins; i++) {
            sum += weights_density(&w, k)[i] * bin;
            fit += weights_fit(&w, k, i) * bin;
        }
        CHECK(fabs(sum - 1) < 1e-9 && fabs(fit - 1) < 1e-2, "%s: densities sum up to %g, the Gaussian to %g",
              weight_kinds[k], sum, fit);
    }
    CHECK(w.blocks == 4 && weights_block_density(&w, 3, 2)[w.bins / 2] > 0, "blocks");
    weights_close(&w);
    vkdit_free(json);
    CHECK(!growth_read(&g, VKDIT_TEST_DATA "/dit/dit_toy.io.safetensors", &e) && strstr(e.text, "growth log") &&
              strstr(e.text, "dit_toy"),
          "no log: \"%s\"", e.text);
    growth_close(&g);
}

// --- the whole ----------------------------------------------------------------------------------------------------

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
    for (uint32_t vector = 0; b && vector < BOARD_VECTORS; vector++) check_cells(b, vector);
    CHECK(run && !board_read(run, 100, &e) && !e.code, "a table over the limit was read");
    CHECK(b && board_bytes(b) >= 4ull * board_slots(b) * b->evals * b->width, "the size of a board");
    board_close(b);
    vkdit_run_close(run);
    if (m) likeness(m);
    vkdit_model_close(m);
    vkdit_close(context);
}

int main(void)
{
    struct scratch dir;
    scratch_open(&dir);
    edits();
    presets(&dir);
    weights();
    numbers();
    scratch_close(&dir);
    return check_done();
}
