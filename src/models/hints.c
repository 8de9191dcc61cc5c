// hints.c — reads the hints of a checkpoint's "config" entry; see docs/model-files.md for what they mean.
#include "models/hints.h"
#include "models/meta.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 100000 };

static void refuse(struct hints *h, const char *key, const char *why)
{
    snprintf(h->refused, sizeof h->refused, "%s %s", key, why);
}

static bool plain(const char *s, size_t n, size_t room)
{
    bool ok = n > 0 && n < room;
    for (size_t i = 0; ok && i < n; i++) ok = (unsigned char)s[i] >= ' ' && s[i] != 127;
    return ok;
}

static void take_text(struct hints *h, json_t *config, const char *key, char *out, size_t room)
{
    json_t *v = json_object_get(config, key);
    if (!v) return;
    if (json_is_string(v) && plain(json_string_value(v), json_string_length(v), room))
        memcpy(out, json_string_value(v), json_string_length(v) + 1);
    else
        refuse(h, key, "is no short text");
}

static bool number_in(const json_t *v, double low, double high, double *out)
{
    double d = json_is_number(v) ? json_number_value(v) : NAN;
    if (!(d >= low && d <= high)) return false;
    *out = d;
    return true;
}

static void take_number(struct hints *h, json_t *config, const char *key, double low, double high, double *out)
{
    json_t *v = json_object_get(config, key);
    if (v && !number_in(v, low, high, out)) refuse(h, key, "is no number that makes sense");
}

static void take_count(struct hints *h, json_t *config, const char *key, uint32_t high, uint32_t *out)
{
    json_t *v = json_object_get(config, key);
    double d = 0;
    if (!v) return;
    if (json_is_integer(v) && number_in(v, 1, high, &d))
        *out = (uint32_t)d;
    else
        refuse(h, key, "is no whole number that makes sense");
}

// A name beside the file itself: it must not lead anywhere else.
static void take_neighbour(struct hints *h, json_t *config, const char *key, char *out, size_t room)
{
    take_text(h, config, key, out, room);
    if (!strpbrk(out, "/\\") && strcmp(out, ".") && strcmp(out, "..")) return;
    out[0] = 0;
    refuse(h, key, "is not a plain file name");
}

static void take_interval(struct hints *h, json_t *config)
{
    json_t *v = json_object_get(config, "cfg_interval");
    double from, to;
    if (!v) return;
    if (json_array_size(v) == 2 && number_in(json_array_get(v, 0), 0, 1, &from) &&
        number_in(json_array_get(v, 1), 0, 1, &to) && from < to) {
        h->cfg_from = from;
        h->cfg_to = to;
    } else {
        refuse(h, "cfg_interval", "is not two growing fractions");
    }
}

static bool take_row(const json_t *row, uint32_t n, float *out)
{
    double d = 0;
    bool ok = json_array_size(row) == n;
    for (uint32_t i = 0; ok && i < n; i++) {
        ok = number_in(json_array_get(row, i), -1e4, 1e4, &d);
        out[i] = (float)d;
    }
    return ok;
}

static void take_preview(struct hints *h, json_t *config, uint32_t channels)
{
    json_t *v = json_object_get(config, "preview"), *matrix = json_object_get(v, "matrix");
    if (!v) return;
    bool ok = channels > 0 && channels <= HINTS_CHANNELS && json_array_size(matrix) == 3 &&
              take_row(json_object_get(v, "bias"), 3, h->bias);
    for (uint32_t i = 0; ok && i < 3; i++) ok = take_row(json_array_get(matrix, i), channels, h->matrix[i]);
    if (ok)
        h->preview = channels;
    else
        refuse(h, "preview", "is not 3 rows of one number per latent channel and 3 offsets");
}

void hints_read(struct hints *h, const struct ckpt *c, uint32_t channels)
{
    struct meta m = meta_open(c);
    json_t *config = m.json;
    *h = (struct hints){0};
    take_text(h, config, "name", h->name, sizeof h->name);
    take_neighbour(h, config, "vae", h->vae, sizeof h->vae);
    take_neighbour(h, config, "tiny_vae", h->tiny, sizeof h->tiny);
    take_text(h, config, "sampler", h->sampler, sizeof h->sampler);
    take_text(h, config, "spacing", h->spacing, sizeof h->spacing);
    take_count(h, config, "steps", STEPS_MAX, &h->steps);
    take_count(h, config, "cfg_channels", 99, &h->cfg_channels);
    take_number(h, config, "cfg_scale", 1e-6, 1000, &h->cfg_scale);
    take_interval(h, config);
    take_number(h, config, "epsilon_scale", 0.5, 2, &h->epsilon_scale);
    take_number(h, config, "shift", 0.01, 100, &h->shift);
    take_preview(h, config, channels);
    meta_close(&m);
}

void hints_preview(const struct hints *h, const float *latent, uint64_t cells, uint8_t *rgb)
{
    for (uint64_t i = 0; i < cells; i++)
        for (uint32_t c = 0; c < 3; c++) {
            float v = h->bias[c];
            for (uint32_t k = 0; k < h->preview; k++) v += h->matrix[c][k] * latent[k * cells + i];
            v = v * 127.5f + 128.0f;                               // -1..1, rounded
            rgb[i * 3 + c] = (uint8_t)(v > 0 ? fminf(v, 255) : 0); // not a number: black
        }
}
