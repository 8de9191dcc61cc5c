// view_likeness.c — the board's second page: how alike one vector is at different steps and for different classes, how much
// of its variance is the step's and how much the class's, and over how many dimensions it moves.
#include "app/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS, CLASSES };

static uint32_t slot_of(const struct app *a, const struct film *f)
{
    return board_slot(f->board, a->board.block, a->board.vector);
}

// --- matrices of cosines ------------------------------------------------------------------------------------------

static void cosines_of_steps(const struct board *b, uint32_t slot, double *out)
{
    for (uint32_t i = 0; i < b->evals; i++)
        for (uint32_t j = 0; j <= i; j++) // the board's values are effective ones already
            out[i * b->evals + j] = out[j * b->evals + i] =
                stat_cosine(board_row(b, slot, i), board_row(b, slot, j), b->width, false);
}

static const struct shot *matrix_shot(struct app *a, int which, const double *v, uint32_t n)
{
    struct board_view *view = &a->board;
    struct scale *scale = view->alike_scale + which;
    struct err e = {0};
    *scale = (struct scale){.low = 1, .high = 1};
    for (uint32_t i = 0; i < n * n; i++) scale->low = fmin(scale->low, v[i]);
    scale->low = fmin(scale->low, 1 - 1e-6);
    struct image im = {n, n, mem_zero(3ull * n * n, 1, &e)};
    for (uint32_t i = 0; im.rgb && i < n * n; i++) plot_cell(&im, i % n, i / n, v[i], scale);
    const struct shot *s = im.rgb ? shot_cells(a, view->alike + which, &im, NULL) : NULL;
    image_close(&im);
    return s;
}

// Made again when something else is looked at. `eval`: of the table of classes.
static const struct shot *alike_shot(struct app *a, struct film *f, int which, const struct likeness *l, uint32_t eval)
{
    struct board_view *v = &a->board;
    const uint32_t slot = slot_of(a, f), n = which == STEPS ? f->board->evals : l->classes;
    const uint32_t key[3] = {f->number, slot, eval};
    struct err e = {0};
    if (v->alike[which].texture && !memcmp(key, v->alike_key[which], sizeof key)) return v->alike + which;
    memcpy(v->alike_key[which], key, sizeof key);
    double *cosine = mem_zero((uint64_t)n * n, sizeof *cosine, &e);
    if (!cosine) return NULL;
    if (which == STEPS)
        cosines_of_steps(f->board, slot, cosine);
    else
        likeness_of_classes(l, slot, eval, cosine);
    const struct shot *s = matrix_shot(a, which, cosine, n);
    free(cosine);
    return s;
}

static struct rect square(struct rect r)
{
    const float edge = fminf(r.w, r.h);
    return (struct rect){r.x, r.y, edge, edge};
}

static void steps_alike(struct app *a, struct film *f, struct rect room)
{
    const struct board *b = f->board;
    const struct rect r = square(plot_room(room, 30, 62));
    const struct shot *shot = alike_shot(a, f, STEPS, NULL, 0);
    char text[160];
    plot_title(room, "Steps", "cosine of each two");
    if (!shot) return;
    ui_picture(shot->texture, r, 0);
    plot_legend(r, a->board.alike_scale + STEPS);
    plot_time_axis(b, r);
    plot_now(r, board_present(a, f), b->evals);
    ui_spot("steps alike", r);
    if (!ui_over()) return;
    float x, y;
    ui_mouse(&x, &y);
    const uint32_t i = plot_place(y, r.y, r.h, b->evals), j = plot_place(x, r.x, r.w, b->evals), slot = slot_of(a, f);
    snprintf(text, sizeof text, "t = %.4g and t = %.4g: %.4f", b->t[i], b->t[j],
             stat_cosine(board_row(b, slot, i), board_row(b, slot, j), b->width, false));
    ui_tip(text);
}

static void class_word(const struct app *a, uint32_t class, char *out, size_t room)
{
    const struct names *c = a->now.classes;
    const char *name = c && class < c->n ? c->text[class] : NULL;
    if (name)
        snprintf(out, room, "%.*s", (int)strcspn(name, ","), name);
    else
        snprintf(out, room, "%u", class);
}

static void classes_alike(struct app *a, struct film *f, const struct likeness *l, struct rect room)
{
    const uint32_t eval = likeness_eval(l, f->board->t[board_present(a, f)]), slot = slot_of(a, f);
    const struct rect r = square(plot_room(room, 100, 62));
    const struct shot *shot = alike_shot(a, f, CLASSES, l, eval);
    char text[160], one[48], two[48];
    snprintf(text, sizeof text, "cosine of each two at t = %.4g", l->t[eval]);
    plot_title(room, "Classes", text);
    if (!shot) return;
    ui_picture(shot->texture, r, 0);
    plot_legend(r, a->board.alike_scale + CLASSES);
    const float s = ui_scale(), row = r.h / (float)l->classes;
    for (uint32_t i = 0; i < l->classes; i += plot_stride(row)) {
        class_word(a, l->class[i], one, sizeof one);
        const float w = fminf(ui_words_width(PLOT_SMALL, one), 96 * s);
        ui_clip((struct rect){r.x - 98 * s, r.y, 96 * s, r.h});
        ui_words(r.x - 4 * s - w, r.y + row * ((float)i + 0.5F) - 8 * s, INK_DIM, PLOT_SMALL, one);
        ui_unclip();
    }
    ui_spot("classes alike", r);
    if (!ui_over()) return;
    float x, y;
    ui_mouse(&x, &y);
    const uint32_t i = plot_place(y, r.y, r.h, l->classes), j = plot_place(x, r.x, r.w, l->classes);
    class_word(a, l->class[i], one, sizeof one);
    class_word(a, l->class[j], two, sizeof two);
    snprintf(text, sizeof text, "%s and %s: %.4f", one, two,
             stat_cosine(likeness_row(l, eval, i, slot), likeness_row(l, eval, j, slot), l->width,
                         slot_is_scale(slot, l->slots)));
    ui_tip(text);
}

// --- block by block -----------------------------------------------------------------------------------------------

static const struct {
    enum ui_ink ink;
    const char *name;
} causes[] = {{INK_ACCENT, "step"}, {INK_WARN, "class"}, {INK_DIM, "only both together"}};

static void shares(const struct app *a, const struct film *f, const struct likeness *l, struct rect room)
{
    const uint32_t rows = board_rows(f->board, a->board.vector);
    const struct rect r = plot_room(room, 44, 0);
    const float s = ui_scale(), w = r.w / (float)rows;
    char text[160];
    plot_title(room, "What varies", "share of the variance, by block");
    ui_fill(r, INK_PANEL, 1, 0);
    for (uint32_t b = 0; b < rows; b++) {
        const double *share = l->share[board_slot(f->board, b, a->board.vector)];
        double from = 0;
        for (size_t k = 0; k < COUNTOF(causes); k++) {
            const float top = plot_height(r, from + share[k], 0, 1), bottom = plot_height(r, from, 0, 1);
            ui_fill((struct rect){r.x + w * (float)b + 1, top, fmaxf(w - 2, 1), bottom - top}, causes[k].ink, 0.8F, 0);
            from += share[k];
        }
    }
    plot_range(r, 0, 1);
    float x = r.x;
    for (size_t k = 0; k < COUNTOF(causes); k++) {
        ui_fill((struct rect){x, r.y + r.h + 6 * s, 10 * s, 10 * s}, causes[k].ink, 0.8F, 0);
        ui_words(x + 14 * s, r.y + r.h + 2 * s, INK_DIM, PLOT_SMALL, causes[k].name);
        x += ui_words_width(PLOT_SMALL, causes[k].name) + 30 * s;
    }
    ui_spot("shares", r);
    if (!ui_over()) return;
    float mx, my;
    ui_mouse(&mx, &my);
    const uint32_t b = plot_place(mx, r.x, r.w, rows);
    const double *share = l->share[board_slot(f->board, b, a->board.vector)];
    snprintf(text, sizeof text, "block %u: step %.1f %%, class %.1f %%, only both together %.1f %%", b, 100 * share[0],
             100 * share[1], 100 * share[2]);
    ui_tip(text);
}

static void ranks(const struct app *a, const struct film *f, const struct likeness *l, struct rect room)
{
    const uint32_t rows = board_rows(f->board, a->board.vector);
    const struct rect r = plot_room(room, 44, 0);
    const float s = ui_scale(), w = r.w / (float)rows;
    double most = 1;
    char text[160];
    plot_title(room, "Effective rank", "by block");
    ui_fill(r, INK_PANEL, 1, 0);
    for (uint32_t b = 0; b < rows; b++)
        most = fmax(most, l->rank[board_slot(f->board, b, a->board.vector)].effective_centred);
    for (uint32_t b = 0; b < rows; b++) {
        const struct rank *rank = l->rank + board_slot(f->board, b, a->board.vector);
        const float y = plot_height(r, rank->effective_centred, 0, most);
        ui_fill((struct rect){r.x + w * (float)b + 1, y, fmaxf(w - 2, 1), r.y + r.h - y}, INK_GOOD, 0.8F, 0);
    }
    plot_range(r, 0, most);
    snprintf(text, sizeof text, "of at most %u", l->evals - 1);
    ui_words(r.x, r.y + r.h + 2 * s, INK_DIM, PLOT_SMALL, text);
    ui_spot("ranks", r);
    if (!ui_over()) return;
    float x, y;
    ui_mouse(&x, &y);
    const uint32_t b = plot_place(x, r.x, r.w, rows);
    const struct rank *rank = l->rank + board_slot(f->board, b, a->board.vector);
    snprintf(text, sizeof text, "block %u: %.2f dimensions around the mean, %.2f as they are", b,
             rank->effective_centred, rank->effective);
    ui_tip(text);
}

void view_likeness(struct app *a, struct film *f, struct rect in)
{
    const struct likeness *l = film_likeness(f);
    const float top = in.h * 0.53F, low = in.y + in.h * 0.55F, rest = in.h * 0.45F;
    const struct rect classes = {in.x, in.y, in.w * 0.7F, top}, rank = {in.x + in.w * 0.72F, in.y, in.w * 0.28F, top},
                      steps = {in.x, low, in.w * 0.44F, rest}, share = {in.x + in.w * 0.48F, low, in.w * 0.52F, rest};
    steps_alike(a, f, steps);
    if (!l && a->now.work == WORK_IDLE && !app_running(a)) worker_likeness(a->worker, f);
    if (!l || *l->problem) {
        plot_title(classes, "Classes", l ? l->problem : "measured when the run is over");
        return;
    }
    classes_alike(a, f, l, classes);
    shares(a, f, l, share);
    ranks(a, f, l, rank);
}
