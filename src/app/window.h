// window.h — private to the window: its state, and what its views share.
#ifndef VKDIT_APP_WINDOW_H
#define VKDIT_APP_WINDOW_H

#include "app/clerk.h"
#include "app/drag.h"
#include "app/ui.h"
#include "app/worker.h"
#include "board/patches.h"
#include "cli/cli.h"
#include "cli/recipe.h"

#include <SDL.h>

enum { APP_FILMS = 64, APP_QUERY = 128 };
enum compare { COMPARE_OFF, COMPARE_SIDE, COMPARE_DIFFERENCE, COMPARE_FLICKER, COMPARE_COUNT };
enum tab { TAB_MAKE, TAB_BOARD, TAB_GALLERY, TAB_BENCH };
enum board_page { PAGE_STEPS, PAGE_LIKENESS, PAGE_PATCHES, PAGE_WEIGHTS, PAGE_COUNT };
enum { BOARD_UNDO = 64, BOARD_PATCHES = 12, MIX_ROOM = 4096 };

// A picture on its way to the screen, and what it was made of.
struct shot {
    SDL_Texture *texture;
    uint32_t w, h; // of the picture
    uint32_t film, at, other, other_at;
    enum film_view view;
    enum film_grade grade;
    double psnr;
};

struct layout {
    struct rect canvas, board, strip, panel, status; // board: empty unless its tab is open
    struct rect bench;                               // in place of canvas and strip, when its tab is open
};

// What of the modulation is looked at, and the faders' hand.
struct board_view {
    uint32_t vector, block, block_to; // blocks block..block_to
    uint32_t channel, channel_to;     // the faders' channels
    enum board_page page;
    enum board_stat stat;
    enum board_order order;
    uint32_t hovered; // evaluation under the mouse; none: UINT32_MAX
    struct watch watch;
    struct shot map, channels, over, alike[2], patches, histograms[3];
    // what they were made of: film, vector, statistic, frames; film, slot, order; film, slot, (class table's) evaluation;
    // film, frame, block, channel; block
    uint32_t map_key[4], strip_key[3], alike_key[2][3], patches_key[5], histograms_key;
    struct cells cells; // of the map
    struct scale alike_scale[2];
    struct strip strip;
    const struct weights_page *drawn; // in the histograms
    uint32_t best_count;
    struct patch best[BOARD_PATCHES];
    struct edits edits;     // of the form's mix
    char *undo[BOARD_UNDO]; // texts of the mix, oldest first; `at` of them lead to the present one
    uint32_t n, at;
    bool gesture; // a fader is being moved: all of it is one change
    char *aside;  // the mix that the A/B key put away; NULL: none yet
    char preset[FORM_PATH], note[600];
    uint32_t other_class, frozen;
};

struct app {
    struct cli *cli;
    SDL_Window *window;
    SDL_Renderer *renderer;
    uint32_t wake_event;
    atomic_bool woken;
    struct form form;
    struct worker *worker;
    struct work_state now;
    struct clerk *clerk;
    struct clerk_news news;
    struct layout place;
    double began; // the program
    bool quit, shown_once, help, pressed;
    int redraw; // frames that are still to be drawn
    // since the present run began: frames that were drawn, the longest from when one was due until it was on the screen
    uint32_t frames_drawn;
    double frame_late;

    // runs of this session, oldest first; `shown` and `other` are places in it
    struct film *film[APP_FILMS];
    uint32_t films, shown, other;
    uint32_t at; // frame
    bool follow; // `at` goes with the run
    bool held;   // the mouse is held down on the thumbnails
    enum film_view view;
    enum compare compare;
    bool playing;
    double played;        // when the last frame was changed
    double asked;         // Generate was pressed; 0 once the first preview is on the screen
    uint32_t asked_after; // number of the newest run then
    double first_preview;
    json_t *last_options;  // of the newest run
    struct shot canvas[3]; // shown, other, their difference
    struct shot *thumb;    // of the shown film
    uint32_t thumbs, thumbs_film;
    uint32_t asked_film, asked_at;           // decoding was asked for
    struct shot run_thumb[APP_FILMS], *tile; // of the gallery
    uint32_t tiles;
    uint64_t tiles_of;      // generation of the news
    char chosen[FORM_PATH]; // file in the gallery
    struct drag *drag;      // NULL: none
    char dragged[FORM_PATH];
    bool pulled;              // a drag was begun since the mouse button is down
    struct film *export_film; // being decoded for an export
    enum export_kind export;
    uint32_t export_after; // decoding wishes that were served before

    enum tab tab;
    struct board_view board;
    struct bench_wish bench;
    char query[APP_QUERY], mix[MIX_ROOM], negative_query[APP_QUERY], seed[24], path[FORM_PATH];
    json_t *samplers;
    bool open_models;
    unsigned problems; // seen
    bool problem;      // a message is on the screen
    char toast[600];
    double toast_until;
    uint64_t said_step; // generation of the last event
};

// window.c: what can be done, by mouse, key or control
void do_generate(struct app *a);
void do_stop(struct app *a);
void do_branch(struct app *a);
void do_save(struct app *a);
void do_copy(struct app *a);
void do_export(struct app *a, enum export_kind kind);
void do_random(struct app *a);
void do_open(struct app *a, const char *path); // a model, or a picture whose settings are wanted
void do_compare(struct app *a);
void do_scrub(struct app *a, uint32_t at);
void do_show(struct app *a, uint32_t film);
void app_toast(struct app *a, const char *text);
bool app_running(const struct app *a);
struct film *app_film(const struct app *a);   // shown, or NULL
void app_event(struct app *a, json_t *event); // to standard output, when events were asked for

// dragging.c: a saved picture carried to another program
void do_drag(struct app *a, const char *path, const struct image *small); // as long as the mouse pulls at it
void dragging_follow(struct app *a);
bool dragging_cancel(struct app *a); // false when there is none

// shot.c: pictures as textures, kept until something else is wanted
const struct shot *shot_film(struct app *a, struct shot *s, struct film *f, uint32_t at, enum film_view view,
                             bool fine);
// At most `edge` pixels wide and high.
const struct shot *shot_thumb(struct app *a, struct shot *s, struct film *f, uint32_t at, enum film_view view,
                              uint32_t edge);
const struct shot *shot_image(struct app *a, struct shot *s, const struct image *im); // uploaded once
// Made anew, pixels stay squares. opacity: of each pixel, NULL: all of it.
const struct shot *shot_cells(struct app *a, struct shot *s, const struct image *im, const uint8_t *opacity);
const struct shot *shot_difference(struct app *a, struct film *f, uint32_t at, struct film *g, uint32_t g_at);
void shot_drop(struct shot *s);
void shots_drop(struct app *a);

// mixing.c: what the faders do to the form's mix
void mixing_put(struct app *a, const char *key, const char *statement); // see edits_put
void mixing_set(struct app *a, const char *text);                       // all of it
void mixing_type(struct app *a, const char *text);                      // by hand, with classes by name
void mixing_undo(struct app *a);
void mixing_redo(struct app *a);
void mixing_ab(struct app *a); // with and without the edits
void mixing_save(struct app *a);
void mixing_load(struct app *a);
void board_view_close(struct board_view *v);

// keys.c
void keys_press(struct app *a, const SDL_KeyboardEvent *key);
uint32_t keys_count(void);
void keys_text(uint32_t i, const char **key, const char **what);

// one view a file, each drawn into its place
void view_canvas(struct app *a);
void view_strip(struct app *a);
void view_panel(struct app *a);
// Within the panel: a label at the left; the control that follows takes the rest of the line.
void view_label(const char *text, const char *tip);
void view_gallery(struct app *a);                                // inside the panel
void view_board(struct app *a);                                  // beside the canvas
void view_faders(struct app *a);                                 // inside the panel
void view_watched(struct app *a, struct film *f, struct rect r); // over the picture
// the board's pages; only that of the weights may be without a film that has a board
void view_steps(struct app *a, struct film *f, struct rect in);
void view_likeness(struct app *a, struct film *f, struct rect in);
void view_patches(struct app *a, struct film *f, struct rect in);
void view_weights(struct app *a, struct film *f, struct rect in);

// view_board.c: what the pages share
const char *board_vector_words(uint32_t vector);
uint32_t board_present(const struct app *a, const struct film *f); // the evaluation that comes next at the shown step
void board_unseen(struct app *a);                                  // its tab is closed
void board_watch(struct app *a, uint32_t block, uint32_t channel);

// plots.c: a plot's room holds a title, the plot itself, and its axes and legend at `left` and `right`
#define PLOT_SMALL 0.86F
struct rect plot_room(struct rect room, float left, float right); // of the plot itself
void plot_title(struct rect room, const char *text, const char *unit);
void plot_time_axis(const struct board *b, struct rect r);
void plot_rows(struct rect r, uint32_t rows); // their numbers
uint32_t plot_stride(float row);              // every how many rows of this height there is room for a word
void plot_legend(struct rect r, const struct scale *s);
void plot_range(struct rect r, double low, double high); // the ends of an upright axis
void plot_now(struct rect r, uint32_t column, uint32_t columns);
uint32_t plot_place(float at, float from, float size, uint32_t n); // which of n
float plot_height(struct rect r, double v, double low, double high);
void plot_cell(struct image *im, uint32_t x, uint32_t y, double v, const struct scale *s);
void view_bench(struct app *a);       // in place of canvas and strip
void view_bench_panel(struct app *a); // inside the panel
void view_status(struct app *a);
void view_help(struct app *a);

#endif
