// gen_mix.c — the mixing board in "vkdit generate": --mix reads edits, --diff runs without them and compares.
// Knows nothing about what an edit means.
#include "base/file.h"
#include "cli/generate.h"
#include "cli/recipe.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENLARGED = 4, GAP = 2 };

static bool is_preset(const char *text)
{
    return strlen(text) > 5 && text_ends(text, ".json");
}

bool mix_read_preset(vkdit_mix *mix, const char *path, struct err *e)
{
    struct file f = {0};
    vkdit_error error = {0};
    if (!file_open(&f, path, e)) return err_in(e, path);
    char *text = f.bytes < 1 << 20 ? mem_zero(f.bytes + 1, 1, e) : NULL;
    if (text) memcpy(text, f.data, f.bytes);
    bool ok = text != NULL;
    if (!text) err_set(e, ERR_FORMAT, "a preset of more than a megabyte");
    if (ok && strlen(text) != f.bytes) ok = err_set(e, ERR_FORMAT, "the preset holds a zero byte");
    if (ok && vkdit_mix_from_json(mix, text, &error)) ok = err_api(e, &error);
    free(text);
    file_close(&f);
    return ok || err_in(e, path);
}

// Where a class's name may stand: after "class=" to the statement's end or its amount, within "class[ ]". Returns its length;
// 0 when there is a number, a list, or "null".
static size_t name_length(const char *at, bool list)
{
    const char *amount = strstr(at, " amount");
    size_t n = strcspn(at, list ? "]" : ";\n\"#");
    if (!list && amount && amount < at + n) n = (size_t)(amount - at);
    while (n && at[n - 1] == ' ') n--;
    if (n == 4 && !strncmp(at, "null", n)) return 0;
    return isalpha((unsigned char)*at) ? n : 0;
}

char *mix_number_classes(const char *text, mix_find_class find, void *user, struct err *e)
{
    const size_t room = 12 * strlen(text) + 1;
    char *out = mem_zero(room, 1, e), *to = out;
    while (out && *text) {
        const bool list = !strncmp(text, "class[", 6), one = !strncmp(text, "class=", 6);
        const size_t n = list || one ? name_length(text + 6, list) : 0;
        char name[200];
        uint32_t index;
        if (!n || n >= sizeof name) {
            *to++ = *text++;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)n, text + 6);
        if (!find(user, name, &index, e)) {
            free(out);
            return NULL;
        }
        to += snprintf(to, room - (size_t)(to - out), "%.6s%u", text, index);
        text += 6 + n;
    }
    return out;
}

static bool find_class(void *model, const char *name, uint32_t *index, struct err *e)
{
    vkdit_error error = {0};
    return !vkdit_class_find(model, name, index, &error) || err_api(e, &error);
}

static bool parse_edits(struct generation *g, const char *text, struct err *e)
{
    vkdit_error error = {0};
    char *numbers = mix_number_classes(text, find_class, g->subject.model, e);
    const bool ok = numbers && (!vkdit_mix_parse(g->mix, numbers, &error) || err_api(e, &error));
    free(numbers);
    return ok;
}

static bool add_edits(struct generation *g, struct err *e)
{
    const struct texts *t = &g->cli->s.mix;
    for (uint32_t i = 0; i < t->n; i++) {
        if (is_preset(t->item[i])) {
            if (!mix_read_preset(g->mix, t->item[i], e)) return false;
        } else if (!parse_edits(g, t->item[i], e)) {
            return err_in(e, "--mix");
        }
    }
    return true;
}

// The settings then hold the edits themselves, also those of files: a picture repeats without them.
bool mix_prepare(struct generation *g, struct err *e)
{
    struct settings *s = &g->cli->s;
    vkdit_error error = {0};
    if (s->diff && !s->mix.n) return err_set(e, ERR_ARG, "--diff compares with the run without edits: give --mix");
    if (s->diff && !save_wants_pictures(g))
        return err_set(e, ERR_ARG, "--diff compares pictures, and the model has no autoencoder to make them");
    if (!s->mix.n) return true;
    if (vkdit_mix_open(&g->mix, &error)) return err_api(e, &error);
    if (!add_edits(g, e)) return false;
    if (vkdit_mix_text(g->mix, VKDIT_MIX_ALL, &g->mix_text, &error)) return err_api(e, &error);
    s->mix = (struct texts){.item = {g->mix_text}, .n = 1};
    const uint32_t null_class = g->subject.info.has_null_class ? g->subject.info.classes : UINT32_MAX;
    const uint32_t n = vkdit_mix_classes(g->mix, null_class, NULL, 0);
    g->mix_classes = mem_zero(n, sizeof *g->mix_classes, e);
    if (!g->mix_classes) return false;
    g->job.extra_classes = g->mix_classes;
    g->job.extra_count = min_u32(n, vkdit_mix_classes(g->mix, null_class, g->mix_classes, n));
    return true;
}

bool mix_apply(const struct generation *g, vkdit_run *run, struct err *e)
{
    vkdit_error error = {0};
    return !g->mix || !vkdit_run_mix(run, g->mix, &error) || err_api(e, &error);
}

// --- the difference -----------------------------------------------------------------------------------------------

static bool run_unedited(struct generation *g, uint8_t **pixels, struct err *e)
{
    vkdit_error error = {0};
    vkdit_progress at = {0};
    uint32_t w, h;
    int done = 0;
    if (vkdit_run_begin(g->subject.model, &g->job, &g->run, &error)) return err_api(e, &error);
    const char *table = g->cli->s.load_table;
    if (table && vkdit_run_table_load(g->run, table, &error)) return err_api(e, &error);
    progress_start(&g->progress, g->cli->s.quiet || g->cli->s.json, g->cli->live);
    while (!done) {
        if (vkdit_run_step(g->run, interrupt_asked, NULL, &done, &error)) {
            progress_end(&g->progress);
            return err_api(e, &error);
        }
        vkdit_run_get_progress(g->run, &at);
        progress_show(&g->progress, "unedited", at.step, at.steps, "it");
    }
    progress_end(&g->progress);
    return !vkdit_run_decode(g->run, NULL, interrupt_asked, NULL, pixels, &w, &h, &error) || err_api(e, &error);
}

// One row per picture: without the edits, with them, the difference enlarged.
static bool difference_picture(struct generation *g, const uint8_t *plain, struct image *out, struct err *e)
{
    const size_t bytes = (size_t)g->width * g->height * 3;
    struct image *part = mem_zero(3ull * g->images, sizeof *part, e);
    uint8_t *far = part ? mem_zero(g->images, bytes, e) : NULL;
    for (size_t i = 0; far && i < g->images * bytes; i++)
        far[i] = (uint8_t)min_u32(255, ENLARGED * (uint32_t)abs(plain[i] - g->pixels[i]));
    for (uint32_t i = 0; far && i < g->images; i++) {
        part[3 * i] = (struct image){g->width, g->height, (uint8_t *)(uintptr_t)plain + i * bytes};
        part[3 * i + 1] = (struct image){g->width, g->height, g->pixels + i * bytes};
        part[3 * i + 2] = (struct image){g->width, g->height, far + i * bytes};
    }
    const bool ok = far && image_grid(out, part, 3 * g->images, 3, GAP, e);
    free(far);
    free(part);
    return ok;
}

static bool write_difference(struct generation *g, const uint8_t *plain, struct err *e)
{
    struct image im = {0};
    char title[200], key[2][12] = {"Title", "Description"};
    snprintf(title, sizeof title, "unedited, edited, difference enlarged %d times", (int)ENLARGED);
    const struct image_text text[] = {{key[0], title}, {key[1], g->mix_text}};
    const bool ok = difference_picture(g, plain, &im, e) &&
                    png_write(g->cli->s.diff, &im, text, g->cli->s.no_metadata ? 0 : 2, true, e);
    image_close(&im);
    if (ok) cli_say(g->cli, "wrote %s (%s)", g->cli->s.diff, title);
    return ok;
}

static void tell_difference(struct generation *g, const uint8_t *plain)
{
    const size_t n = (size_t)g->images * g->width * g->height * 3;
    double square = 0;
    size_t differ = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)plain[i] - g->pixels[i];
        square += d * d;
        differ += plain[i] != g->pixels[i];
    }
    const double psnr = differ ? 10 * log10(255.0 * 255.0 * (double)n / square) : 0;
    if (differ)
        cli_say(g->cli, "difference from the unedited run: PSNR %.2f dB, %.1f %% of the values", psnr,
                100.0 * (double)differ / (double)n);
    else
        cli_say(g->cli, "no difference from the unedited run, to the last bit");
    json_t *event = json_pack("{ss, sf, ss}", "event", "difference", "share_of_values", (double)differ / (double)n,
                              "file", g->cli->s.diff);
    if (event && differ) json_object_set_new(event, "psnr_db", json_real(psnr));
    cli_event(g->cli, event);
}

bool mix_compare(struct generation *g, struct err *e)
{
    uint8_t *plain = NULL;
    if (!g->pixels) return true;
    const bool ok = run_unedited(g, &plain, e) && write_difference(g, plain, e);
    if (ok) tell_difference(g, plain);
    vkdit_run_close(g->run);
    g->run = NULL;
    vkdit_free(plain);
    vkdit_free(g->pixels);
    g->pixels = NULL;
    return ok;
}

void mix_end(struct generation *g)
{
    vkdit_free(g->pixels);
    vkdit_free(g->mix_text);
    free(g->mix_classes);
    vkdit_mix_close(g->mix);
}
