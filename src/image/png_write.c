// png_write.c — a picture and its text to a PNG file or to standard output, through libspng.
// Knows nothing about what the text means.
#include "base/newfile.h"
#include "image/image.h"
#include "image/text.h"

#include <errno.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KEY = 79, MAX_CHUNK = 1 << 20 };

static bool fail(int code, struct err *e)
{
    return err_set(e, code == SPNG_EMEM ? ERR_MEMORY : ERR_ARG, "cannot make a PNG: %s", spng_strerror(code));
}

// tEXt when Latin-1 can say it, because every reader knows tEXt; iTXt otherwise.
static bool fill_chunk(struct spng_text *chunk, const struct image_text *t, struct err *e)
{
    const size_t key_bytes = strlen(t->key), bytes = strlen(t->value);
    if (!key_bytes || key_bytes > MAX_KEY || bytes > MAX_CHUNK)
        return err_set(e, ERR_ARG, "PNG text \"%.40s\" of %zu bytes: keys from 1 to 79 bytes, text up to 1 MiB", t->key,
                       bytes);
    memcpy(chunk->keyword, t->key, key_bytes);
    const bool latin1 = text_fits_latin1(t->value);
    chunk->type = latin1 ? SPNG_TEXT : SPNG_ITXT;
    chunk->text = latin1 ? text_to_latin1(t->value, e) : mem_text(t->value, e);
    if (!chunk->text) return false;
    chunk->length = strlen(chunk->text);
    chunk->language_tag = chunk->translated_keyword = chunk->text + chunk->length; // empty
    return true;
}

static void free_chunks(struct spng_text *chunk, uint32_t n)
{
    for (uint32_t i = 0; chunk && i < n; i++) free(chunk[i].text);
    free(chunk);
}

static bool encode(spng_ctx *png, const struct image *im, struct spng_text *chunk, uint32_t n, struct err *e)
{
    struct spng_ihdr head = {im->w, im->h, 8, SPNG_COLOR_TYPE_TRUECOLOR, 0, 0, 0};
    int code = spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
    if (!code) code = spng_set_ihdr(png, &head);
    if (!code && n) code = spng_set_text(png, chunk, n);
    const size_t bytes = (size_t)im->w * im->h * 3;
    if (!code) code = spng_encode_image(png, im->rgb, bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    return !code || fail(code, e);
}

static bool write_stdout(const void *data, size_t bytes, struct err *e)
{
    errno = 0;
    if (fwrite(data, 1, bytes, stdout) == bytes && !fflush(stdout)) return true;
    return err_set(e, ERR_IO, "standard output: cannot write: %s", strerror(errno ? errno : EIO));
}

static bool write_file(const char *path, const void *data, size_t bytes, bool replace, struct err *e)
{
    struct newfile f;
    if (!newfile_open(&f, path, e)) return false;
    newfile_put(&f, data, bytes);
    return newfile_commit(&f, replace, e);
}

bool png_write(const char *path, const struct image *im, const struct image_text *text, uint32_t n_text, bool replace,
               struct err *e)
{
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    if (!png) return err_memory(e, 1 << 16);
    struct spng_text *chunk = mem_zero(n_text, sizeof *chunk, e); // libspng keeps pointers into it until it is done
    bool ok = chunk;
    uint32_t n = 0;
    for (uint32_t i = 0; ok && i < n_text; i++)
        if (*text[i].value) ok = fill_chunk(chunk + n++, text + i, e); // libspng refuses empty text
    ok = ok && encode(png, im, chunk, n, e);
    size_t bytes = 0;
    int code = 0;
    void *data = ok ? spng_get_png_buffer(png, &bytes, &code) : NULL;
    if (ok && !data) fail(code, e);
    if (!data) err_in(e, path);
    ok = data && (strcmp(path, "-") ? write_file(path, data, bytes, replace, e) : write_stdout(data, bytes, e));
    free(data);
    spng_ctx_free(png);
    free_chunks(chunk, n_text);
    return ok;
}
