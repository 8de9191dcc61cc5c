// film.h — everything that one run showed: the state and the estimate of every step, decoded pictures where there are
// any, and how the run was asked for. Written by the worker, read by the window. Knows nothing about devices.
#ifndef VKDIT_APP_FILM_H
#define VKDIT_APP_FILM_H

#include "app/board.h"
#include "app/likeness.h"
#include "image/image.h"
#include "vkdit.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

enum film_view { VIEW_ESTIMATE, VIEW_STATE, VIEW_DIFFERENCE, VIEW_COUNT };
// What there is of a frame: rough colours always, better ones later.
enum film_grade { GRADE_ROUGH, GRADE_SKETCH, GRADE_DECODED };
enum film_end { FILM_RUNNING, FILM_DONE, FILM_STOPPED, FILM_FAILED };

// A list of texts that several threads may hold.
struct names {
    atomic_uint users;
    uint32_t n;
    char **text;
};
struct names *names_new(uint32_t n, struct err *e); // empty texts, one user
struct names *names_hold(struct names *n);
void names_drop(struct names *n); // accepts NULL

// Frame 0 is the start, frame k what step k left behind. Latents never change once the frame is counted.
struct frame {
    float *x, *x0;           // [images][channels][h][w]; frame 0 has no estimate
    uint8_t *rough[2];       // state and estimate in rough colours, one RGB pixel a cell, one picture after another
    double signal, noise;    // x = signal * picture + noise * noise
    float *watched;          // the watched channel at this step, [images][patches]; or NULL
    uint32_t block, channel; // which it was
    float *added;            // what attention and MLP of each block added, [2 * depth], see BOARD_ADDED; or NULL
    uint8_t *sketch;         // the estimate by the tiny decoder, RGB, one picture after another; or NULL
    uint8_t *pixels; // the estimate (of the last frame: the result) decoded, RGB, one picture after another; or NULL
};

struct film_times {
    double elapsed, step;                       // whole run; its last step
    double first;                               // from being asked to the first estimate
    double steps, keep, decode, preview_decode; // seconds spent on: steps, reading latents, the end, decoded previews
    uint32_t decoded;                           // previews decoded
    // on the device: the transformer, the decoder at the end, decoded previews
    double device_steps, device_decode, device_preview;
};

struct film {
    atomic_uint users;
    pthread_mutex_t lock; // guards n, pixels, board, likeness, end, times
    uint32_t number;      // counted over the session
    json_t *options;      // what was asked for, by names of the option table; never changed
    char device[256], sampler[32], identity[64];
    vkdit_model_info info;
    uint32_t images, *classes;
    struct names *class_names; // of the pictures
    uint64_t values;           // of a latent batch
    struct frame *frame;
    uint32_t n, cap, steps;
    uint32_t width, height; // of a decoded picture
    enum film_end end;
    // Both guarded by lock until they are there, and never taken away again.
    struct board *board;       // its modulation; NULL: not wanted, too large, or made on the way
    struct likeness *likeness; // to other classes, when it was asked for
    struct film_times times;
    uint32_t parent, parent_step; // of a branch: the number of the film it left, and where
    bool part_way;                // the branch began at a level of its own: frames are not its sampler's steps
};

// A film with room for steps + 1 frames and one user.
struct film *film_new(uint32_t images, const vkdit_model_info *info, uint32_t steps, struct err *e);
struct film *film_hold(struct film *f);
void film_drop(struct film *f); // accepts NULL

// Takes what the frame points to over. False when there is no room for another; it is freed then.
bool film_add(struct film *f, const struct frame *frame, struct err *e);
// The first `n` frames of another film, copied.
bool film_copy(struct film *f, struct film *from, uint32_t n, struct err *e);
void film_give_pixels(struct film *f, uint32_t at, uint8_t *pixels); // takes them over
void film_give_sketch(struct film *f, uint32_t at, uint8_t *sketch); // likewise
void film_give_board(struct film *f, struct board *b);               // takes it over
const struct board *film_board(struct film *f);                      // or NULL; never taken away again
void film_give_likeness(struct film *f, struct likeness *l);         // takes it over
const struct likeness *film_likeness(struct film *f);                // or NULL
void film_finish(struct film *f, enum film_end end, const struct film_times *t);
uint32_t film_count(struct film *f);
enum film_end film_end_of(struct film *f);
struct film_times film_times_of(struct film *f);
enum film_grade film_grade(struct film *f, uint32_t at);
bool film_decoded(struct film *f, uint32_t at);
void frame_free(struct frame *f);
uint64_t film_bytes(struct film *f);
uint64_t film_seed(const struct film *f);

// What the canvas shows of frame `at`: all pictures as a grid, in the best there is or, without `fine`, in rough colours.
bool film_picture(struct film *f, uint32_t at, enum film_view view, bool fine, struct image *out,
                  enum film_grade *grade, struct err *e);
void film_grid(const struct film *f, uint32_t *columns, uint32_t *rows);
// |a - b| of two pictures of one size, brightened; and their peak signal-to-noise ratio in dB (infinite when equal).
bool film_compare(const struct image *a, const struct image *b, struct image *difference, double *psnr, struct err *e);

#endif
