// png_read.c — a picture and its text from a PNG file, through libspng, with limits on everything.
// Knows nothing about what the text means.
#include "image/image.h"
#include "image/text.h"

#include <errno.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_SIDE = 1 << 20,
    MAX_CHUNK = (1 << 20) + 4096, // text of 1 MiB and its keys
    MAX_CHUNKS_BYTES = 8 << 20,   // of all kept chunks, unpacked
};

static bool fail(int code, struct err *e)
{
    return err_set(e, code == SPNG_EMEM ? ERR_MEMORY : ERR_FORMAT, "not a sound PNG: %s", spng_strerror(code));
}

static bool read_pixels(spng_ctx *png, struct image *im, struct err *e)
{
    struct spng_ihdr head;
    int code = spng_get_ihdr(png, &head);
    if (code) return fail(code, e);
    if (!image_open(im, head.width, head.height, e)) return false;
    const size_t bytes = (size_t)im->w * im->h * 3;
    code = spng_decode_image(png, im->rgb, bytes, SPNG_FMT_RGB8, 0);
    if (!code) code = spng_decode_chunks(png); // text may follow the pixels
    return !code || fail(code, e);
}

static bool read_text(spng_ctx *png, struct image_text **text, uint32_t *n_text, struct err *e)
{
    uint32_t n = 0;
    int code = spng_get_text(png, NULL, &n);
    if (code == SPNG_ECHUNKAVAIL || (!code && !n)) return true;
    struct spng_text *chunk = code ? NULL : mem_zero(n, sizeof *chunk, e);
    *text = chunk ? mem_zero(n, sizeof **text, e) : NULL;
    if (*text) code = spng_get_text(png, chunk, &n);
    bool ok = *text && !code;
    for (uint32_t i = 0; ok && i < n; i++) {
        struct image_text *t = *text + (*n_text)++;
        t->key = text_to_utf8(chunk[i].keyword, sizeof chunk[i].keyword, true, e);
        t->value = text_to_utf8(chunk[i].text, chunk[i].length, chunk[i].type != SPNG_ITXT, e);
        ok = t->key && t->value;
    }
    free(chunk);
    return code ? fail(code, e) : ok;
}

static bool read_stream(FILE *file, struct image *im, struct image_text **text, uint32_t *n_text, struct err *e)
{
    spng_ctx *png = spng_ctx_new(0);
    if (!png) return err_memory(e, 1 << 16);
    int code = spng_set_png_file(png, file);
    if (!code) code = spng_set_image_limits(png, MAX_SIDE, MAX_SIDE);
    if (!code) code = spng_set_chunk_limits(png, MAX_CHUNK, MAX_CHUNKS_BYTES);
    const bool ok = code ? fail(code, e) : read_pixels(png, im, e) && (!text || read_text(png, text, n_text, e));
    spng_ctx_free(png);
    return ok;
}

bool png_read(const char *path, struct image *im, struct image_text **text, uint32_t *n_text, struct err *e)
{
    *im = (struct image){0};
    if (text) *text = NULL;
    if (n_text) *n_text = 0;
    struct stat st = {0};
    FILE *file = fopen(path, "rb");
    bool ok = file && !fstat(fileno(file), &st);
    if (!ok) err_set(e, ERR_IO, "cannot open: %s", strerror(errno));
    if (ok && S_ISDIR(st.st_mode)) ok = err_set(e, ERR_IO, "cannot open: it is a folder");
    ok = ok && read_stream(file, im, text, n_text, e);
    if (file) fclose(file);
    if (ok) return true;
    err_in(e, path);
    image_close(im);
    if (text) image_text_free(*text, *n_text);
    if (text) *text = NULL;
    if (n_text) *n_text = 0;
    return false;
}
