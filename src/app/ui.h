// ui.h — the widgets and shapes that the window is made of, as plain C. Dear ImGui is behind it and nowhere else.
// Knows nothing about pictures, models or runs. One window, one thread.
#ifndef VKDIT_UI_H
#define VKDIT_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct SDL_Window;
struct SDL_Renderer;
struct SDL_Texture;
union SDL_Event;

struct rect {
    float x, y, w, h;
};

enum ui_ink { // colours by role; the theme decides what they look like
    INK_TEXT,
    INK_DIM,
    INK_ACCENT,
    INK_GOOD,
    INK_WARN,
    INK_BAD,
    INK_PAPER, // behind everything
    INK_PANEL, // behind controls
    INK_CANVAS,
    INK_EDGE,
    INK_SHADE, // over what is behind a message
    INK_COUNT
};
enum ui_cursor { CURSOR_GIVES, CURSOR_KEEPS }; // what is carried may be let go here, or may not
enum ui_tone { TONE_PLAIN, TONE_MAIN, TONE_BAD, TONE_QUIET };

// --- the frame ---
// scale: how much larger than at 96 dots per inch; density: pixels for each unit of the window's coordinates.
bool ui_open(struct SDL_Window *window, struct SDL_Renderer *renderer, float scale, float density, bool dark);
void ui_close(void);
void ui_theme(bool dark);
void ui_event(const union SDL_Event *event);
void ui_begin(void);
void ui_end(struct SDL_Renderer *renderer); // draws
bool ui_typing(void);                       // a text field has the keyboard
bool ui_steering(void);                     // the keyboard moves between controls
bool ui_busy(void);                         // a control is held down: draw again soon
float ui_scale(void);
float ui_row(void); // height of a line with a control

// --- areas: a fixed rectangle that controls are put into, top to bottom ---
void ui_area(const char *id, struct rect r, enum ui_ink paper, bool scrolls);
void ui_area_end(void);
void ui_area_front(const char *id, struct rect r); // above everything else
float ui_left(void);                               // room to the right
void ui_beside(float gap);                         // the next control goes to the right of the last one
void ui_space(float height);
void ui_rule(void);
void ui_gap(float width);   // nothing, as wide as that
void ui_width(float width); // of the next control; negative: so much is left free at the right
void ui_off(bool off);      // until ui_on: shown, but cannot be used
void ui_on(void);
void ui_name(const char *id); // until ui_unname: ids are within this one
void ui_unname(void);

// --- controls; each returns true when it was used ---
void ui_say(enum ui_ink ink, const char *text);  // one line
void ui_tell(enum ui_ink ink, const char *text); // wrapped
void ui_head(const char *text);
bool ui_button(const char *text, float width, enum ui_tone tone);
bool ui_check(const char *text, bool *on);
// Ctrl-click types a number, which may go up to `most`; the slider itself ends at `high`.
bool ui_whole(const char *id, uint32_t *v, uint32_t low, uint32_t high, uint32_t most, const char *unit);
bool ui_real(const char *id, double *v, double low, double high, double most, const char *format);
bool ui_field(const char *id, char *text, size_t room, const char *hint); // true when Enter was pressed
bool ui_field_digits(const char *id, char *text, size_t room);
void ui_focus(void);                             // the next control gets the keyboard
bool ui_list(const char *id, const char *shown); // open? then items, then ui_list_end
bool ui_item(const char *text, bool chosen);
bool ui_step(const char *text); // an item that leaves the list open
void ui_list_end(void);
void ui_list_open(const char *id); // as if it had been clicked
void ui_list_close(void);          // from inside
bool ui_appearing(void);           // the list was opened just now
bool ui_tab(const char *text, bool chosen, float width);
void ui_tip(const char *text); // for the last control, when the mouse rests on it
void ui_bar(double fraction, float width, float height);

// --- shapes and places of our own ---
bool ui_spot(const char *id, struct rect r); // an invisible button over a rectangle; true when clicked
// An invisible square button in the flow of controls; *r gets its place, *seen whether any of it is visible.
bool ui_tile(const char *id, float edge, struct rect *r, bool *seen);
bool ui_over(void);                    // the mouse is over the last spot
bool ui_held(void);                    // the last spot is held down
bool ui_pulled(void);                  // and the mouse has moved away from where it was pressed
void ui_cursor(enum ui_cursor cursor); // in this frame
void ui_mouse(float *x, float *y);
float ui_wheel(void);
void ui_fill(struct rect r, enum ui_ink ink, float opacity, float rounding);
void ui_paint(struct rect r, uint8_t red, uint8_t green, uint8_t blue); // a colour of data, not of the theme
void ui_edge(struct rect r, enum ui_ink ink, float thickness, float rounding);
void ui_picture(struct SDL_Texture *t, struct rect r, float rounding);
void ui_wedge(struct rect r, enum ui_ink ink);                                  // a triangle that points to the right
void ui_words(float x, float y, enum ui_ink ink, float size, const char *text); // size 1 = the usual
float ui_words_width(float size, const char *text);
void ui_clip(struct rect r);
void ui_unclip(void);

#ifdef __cplusplus
}
#endif

#endif
