// generate.h — what the parts of "vkdit generate" share: the job, the results, the previews.
#ifndef VKDIT_CLI_GENERATE_H
#define VKDIT_CLI_GENERATE_H

#include "cli/previews.h"
#include "cli/subject.h"
#include "image/image.h"

struct generation {
    struct cli *cli; // its settings are completed on the way, and then describe the run fully
    struct subject subject;
    json_t *recipe;            // of --from; settings point into it
    const char *identity_from; // of the model that --from names, "" when unknown

    vkdit_job job;
    uint32_t *classes, images, negative;
    char *class_list;           // the resolved classes as text, for the recipe
    bool drawn;                 // the seed picked the classes
    vkdit_tensors noise, start; // files of --noise and --init-image
    vkdit_tensor noise_use[2], init;
    void *init_data;

    vkdit_mix *mix; // --mix, NULL without
    char *mix_text; // all of it, for the recipe
    uint32_t *mix_classes;
    uint8_t *pixels; // the finished pictures, kept for --diff
    uint32_t width, height;

    vkdit_run *run;
    vkdit_progress at;
    struct progress progress;
    uint32_t previews;           // drawn
    double preview_seconds;      // spent on them
    double shown_at, preview_at; // when the last --show-steps picture was drawn, the last --preview written
    bool previewed;              // the first preview was told
    uint32_t seen;               // steps that were looked at: the device may be one further
    float *x, *x0;               // state and estimate after that one
    float *film;                 // the latents that --film keeps
    uint32_t n_film;

    bool introduced;        // the user was told what runs where
    uint32_t saved, number; // pictures written; last running number
    char **taken;           // names written by this process, kept under --force
    uint32_t n_taken, cap_taken;
};

// gen_job.c: settings -> job. Needs the open model. Checks everything that can be checked before the work starts.
bool job_prepare(struct generation *g, struct err *e);
// Classes for the seed of the settings, when nobody chose any.
bool job_draw_classes(struct generation *g, struct err *e);
// The job for its modulation table only: its conditions are these n classes, the first one's picture is not wanted.
vkdit_job job_for_table(const struct generation *g, const uint32_t *classes, uint32_t n);
void job_close(struct generation *g);
uint64_t latent_values(const struct generation *g); // of all pictures

// gen_save.c
bool save_check(struct generation *g, struct err *e); // before the work: can the results be written at all?
bool save_tensors(struct generation *g, const float *latent, struct err *e); // --latent-out, --trajectory
bool save_pictures(struct generation *g, const uint8_t *pixels, uint32_t w, uint32_t h, struct err *e);
bool save_wants_pictures(const struct generation *g);

// gen_film.c: --film
bool film_check(const struct generation *g, struct err *e);
bool film_keep(struct generation *g, struct err *e); // the start and every step that was seen
bool film_save(struct generation *g, struct err *e);

// gen_mix.c: --mix and --diff
bool mix_read_preset(vkdit_mix *mix, const char *path, struct err *e); // appends
// The language knows classes by number; whoever types knows them by name. Returns the text with numbers, for free().
typedef bool (*mix_find_class)(void *user, const char *name, uint32_t *index, struct err *e);
char *mix_number_classes(const char *text, mix_find_class find, void *user, struct err *e);
bool mix_prepare(struct generation *g, struct err *e); // needs the open model and the job
bool mix_apply(const struct generation *g, vkdit_run *run, struct err *e);
bool mix_compare(struct generation *g, struct err *e); // runs the job again without the mix
void mix_end(struct generation *g);

// gen_preview.c
void rough_colours(struct image *im, const float *latent, uint32_t channels); // of a model that brings no map
bool preview_wanted(const struct generation *g);
bool preview_step(struct generation *g, struct err *e);             // --show-steps and --preview, now and then
void preview_picture(struct generation *g, const struct image *im); // --show
// ERR_NUMERIC when a value is not finite or a picture's latent is all one value.
bool latent_sound(const float *latent, uint32_t images, uint64_t values, struct err *e);
bool pixels_sound(const uint8_t *pixels, uint32_t images, size_t bytes, struct err *e); // bytes of one picture

#endif
