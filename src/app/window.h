// window.h — private to the window: its state, and what its views share.
#ifndef VKDIT_APP_WINDOW_H
#define VKDIT_APP_WINDOW_H

#include "app/clerk.h"
#include "app/ui.h"
#include "app/worker.h"
#include "cli/cli.h"
#include "cli/recipe.h"

#include <SDL.h>

enum { APP_FILMS = 64, APP_QUERY = 128 };
enum compare { COMPARE_OFF, COMPARE_SIDE, COMPARE_DIFFERENCE, COMPARE_FLICKER, COMPARE_COUNT };
enum tab { TAB_MAKE, TAB_BOARD, TAB_GALLERY };
enum { BOARD_UNDO = 64, MIX_ROOM = 4096 };

// A picture on its way to the screen, and what it was made of.
struct shot {
    SDL_Texture *texture;
    uint32_t w, h; // of the picture
    uint32_t film, at, other, other_at;
    enum film_view view;
    bool decoded;
    double psnr;
};

struct layout {
    struct rect canvas, board, strip, panel, status; // board: empty unless its tab is open
};

// What of the modulation is looked at, and the faders' hand.
struct board_view {
    uint32_t vector, block, block_to; // blocks block..block_to
    uint32_t channel, channel_to;     // the faders' channels; both 0: all
    enum board_stat stat;
    enum board_order order;
    struct shot map, channels, over;
    struct watch watch;
    uint32_t map_key[3], strip_key[3]; // film, vector and statistic; film, slot and order
    struct strip strip;
    struct edits edits;     // of the form's mix
    char *undo[BOARD_UNDO]; // texts of the mix, oldest first; `at` of them lead to the present one
    uint32_t n, at;
    bool gesture;         // a fader is being moved: all of it is one change
    char aside[MIX_ROOM]; // the mix that the A/B key put away
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
    uint64_t tiles_of;        // generation of the news
    char chosen[FORM_PATH];   // file in the gallery
    struct film *export_film; // being decoded for an export
    enum export_kind export;
    uint32_t export_after; // decoding wishes that were served before

    enum tab tab;
    struct board_view board;
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
void view_status(struct app *a);
void view_help(struct app *a);

#endif
