// main.c — the program vkdit-draw: one picture, a contact sheet, or a stream of records for a trainer.
#include <errno.h>
#include <spng.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

enum { SHEET_COLUMNS = 8, SHEET_GAP = 4 };

struct options {
    int which, size;
    uint64_t seed, seeds, raw;
    const char *out;
    bool has_raw, sheet;
};

static int fail(const char *what, const char *detail)
{
    fprintf(stderr, "vkdit-draw: %s: %s\n", what, detail);
    return 1;
}

static int usage(FILE *to)
{
    fputs("usage: vkdit-draw --class NAME|N [--seed S] [--size N] -o FILE.png   one picture\n"
          "       vkdit-draw --sheet [--seeds K] [--seed S] [--size N] -o FILE.png  every class, K = 8 seeds from S\n"
          "       vkdit-draw --raw COUNT [--class NAME|N] [--seed S] [--size N] records to stdout: class byte, RGB;\n"
          "                                                                     picture i has seed S+i, class i mod n\n"
          "       vkdit-draw --list                                             the classes\n"
          "size 64 to 512, default 128\n",
          to);
    return to == stdout ? 0 : 2;
}

static int write_png(const char *path, const uint8_t *rgb, uint32_t width, uint32_t height)
{
    FILE *f = fopen(path, "wb");
    if (!f) return fail(path, strerror(errno));
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    struct spng_ihdr header = {
        .width = width, .height = height, .bit_depth = 8, .color_type = SPNG_COLOR_TYPE_TRUECOLOR};
    int bad = png ? 0 : SPNG_EMEM;
    if (!bad) bad = spng_set_png_file(png, f);
    if (!bad) bad = spng_set_option(png, SPNG_IMG_COMPRESSION_LEVEL, 9);
    if (!bad) bad = spng_set_ihdr(png, &header);
    if (!bad) bad = spng_encode_image(png, rgb, (size_t)width * height * 3, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    spng_ctx_free(png);
    if (fclose(f) && !bad) return fail(path, strerror(errno));
    return bad ? fail(path, spng_strerror(bad)) : 0;
}

static int one_picture(const struct options *o)
{
    uint8_t *rgb = malloc((size_t)o->size * (size_t)o->size * 3);
    int rc = rgb && !draw_picture(o->which, o->seed, o->size, rgb)
                 ? write_png(o->out, rgb, (uint32_t)o->size, (uint32_t)o->size)
                 : fail("picture", "out of memory");
    free(rgb);
    return rc;
}

static int sheet(const struct options *o)
{
    size_t cell = (size_t)o->size + SHEET_GAP, line = cell * SHEET_COLUMNS + SHEET_GAP;
    int seeds = (int)o->seeds, cells = draw_classes() * seeds;
    size_t lines = cell * (size_t)((cells + SHEET_COLUMNS - 1) / SHEET_COLUMNS) + SHEET_GAP;
    size_t row = (size_t)o->size * 3;
    uint8_t *page = malloc(line * lines * 3), *rgb = malloc(row * (size_t)o->size);
    int rc = page && rgb ? 0 : fail("sheet", "out of memory");
    if (!rc) memset(page, 255, line * lines * 3);
    for (int i = 0; i < cells && !rc; i++) {
        size_t x = SHEET_GAP + cell * (size_t)(i % SHEET_COLUMNS), y = SHEET_GAP + cell * (size_t)(i / SHEET_COLUMNS);
        if (draw_picture(i / seeds, o->seed + (uint64_t)(i % seeds), o->size, rgb)) rc = fail("sheet", "out of memory");
        for (size_t k = 0; k < (size_t)o->size; k++) memcpy(page + ((y + k) * line + x) * 3, rgb + k * row, row);
    }
    if (!rc) rc = write_png(o->out, page, (uint32_t)line, (uint32_t)lines);
    free(page);
    free(rgb);
    return rc;
}

static int raw(const struct options *o)
{
    size_t bytes = (size_t)o->size * (size_t)o->size * 3;
    uint8_t *record = malloc(bytes + 1);
    int rc = record ? 0 : fail("raw", "out of memory");
    for (uint64_t i = 0; i < o->raw && !rc; i++) {
        int which = o->which >= 0 ? o->which : (int)(i % (uint64_t)draw_classes());
        record[0] = (uint8_t)which;
        if (draw_picture(which, o->seed + i, o->size, record + 1))
            rc = fail("raw", "out of memory");
        else if (fwrite(record, 1, bytes + 1, stdout) != bytes + 1)
            rc = fail("stdout", strerror(errno));
    }
    free(record);
    if (!rc && fflush(stdout)) rc = fail("stdout", strerror(errno));
    return rc;
}

static int list(void)
{
    for (int i = 0; i < draw_classes(); i++) printf("%2d  %s\n", i, draw_name(i));
    return 0;
}

static bool number(const char *text, uint64_t *out)
{
    char *end;
    if (!text || *text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return !errno && !*end;
}

static bool class_of(const char *text, int *out)
{
    uint64_t n;
    if (number(text, &n)) {
        *out = n < (uint64_t)draw_classes() ? (int)n : -1;
        return *out >= 0;
    }
    for (int i = 0; i < draw_classes(); i++) {
        if (strcmp(text, draw_name(i))) continue;
        *out = i;
        return true;
    }
    return false;
}

// Takes one option and its value; false when it is not understood.
static bool option(struct options *o, const char *name, const char *value)
{
    uint64_t n;
    if (!value) return false;
    if (!strcmp(name, "--class")) return class_of(value, &o->which);
    if (!strcmp(name, "--seed")) return number(value, &o->seed);
    if (!strcmp(name, "--raw")) return o->has_raw = number(value, &o->raw);
    if (!strcmp(name, "--size")) {
        if (!number(value, &n) || n < 64 || n > 512) return false;
        o->size = (int)n;
        return true;
    }
    if (!strcmp(name, "--seeds")) return number(value, &o->seeds) && o->seeds > 0 && o->seeds <= 64;
    if (!strcmp(name, "-o")) {
        o->out = value;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct options o = {.which = -1, .size = 128, .seeds = SHEET_COLUMNS};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) return usage(stdout);
        if (!strcmp(argv[i], "--list")) return list();
        if (!strcmp(argv[i], "--sheet")) {
            o.sheet = true;
        } else {
            if (!option(&o, argv[i], argv[i + 1])) {
                fail(argv[i], argv[i + 1] ? argv[i + 1] : "needs a value");
                return usage(stderr);
            }
            i++;
        }
    }
    if (o.has_raw) return raw(&o);
    if (!o.out) return usage(stderr);
    if (o.sheet) return sheet(&o);
    return o.which >= 0 ? one_picture(&o) : usage(stderr);
}
