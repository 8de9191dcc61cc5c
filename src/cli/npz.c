// npz.c — a zip archive, not compressed, of arrays in numpy's own format (version 1.0): a short text that tells type and
// shape, then the numbers.
#include "cli/npz.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { HEAD = 256, DOS_DATE = (1980 - 1980) << 9 | 1 << 5 | 1 }; // no time of its own: 1980-01-01

static uint64_t bytes_of(const vkdit_tensor *t)
{
    static const uint64_t size[] = {[VKDIT_F32] = 4, [VKDIT_I64] = 8, [VKDIT_I32] = 4, [VKDIT_U8] = 1};
    uint64_t n = size[t->type];
    for (uint32_t i = 0; i < t->rank; i++) n *= t->dim[i];
    return n;
}

// The text fills `HEAD` bytes with spaces, so that the numbers begin at a multiple of 64.
static void head_of(const vkdit_tensor *t, char out[HEAD])
{
    static const char *const types[] = {
        [VKDIT_F32] = "<f4", [VKDIT_I64] = "<i8", [VKDIT_I32] = "<i4", [VKDIT_U8] = "|u1"};
    char text[HEAD];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", types[t->type]);
    for (uint32_t i = 0; i < t->rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%llu,", (unsigned long long)t->dim[i]);
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    memset(out, ' ', HEAD);
    memcpy(out, "\x93NUMPY\x01", 8); // and a zero: version 1.0
    out[8] = (char)((HEAD - 10) & 255);
    out[9] = (char)((HEAD - 10) >> 8);
    memcpy(out + 10, text, (size_t)n);
    out[HEAD - 1] = '\n';
}

static bool add(zip_t *z, const vkdit_tensor *t, char *head)
{
    char name[100];
    zip_buffer_fragment_t part[] = {{(zip_uint8_t *)head, HEAD}, {(zip_uint8_t *)(uintptr_t)t->data, bytes_of(t)}};
    zip_source_t *s = zip_source_buffer_fragment(z, part, COUNTOF(part), 0);
    snprintf(name, sizeof name, "%.90s.npy", t->name);
    head_of(t, head);
    const zip_int64_t at = s ? zip_file_add(z, name, s, ZIP_FL_ENC_UTF_8) : -1;
    if (s && at < 0) zip_source_free(s);
    return at >= 0 && !zip_set_file_compression(z, (zip_uint64_t)at, ZIP_CM_STORE, 0) &&
           !zip_file_set_dostime(z, (zip_uint64_t)at, 0, DOS_DATE, 0);
}

bool npz_write(const char *path, const vkdit_tensor *list, uint32_t n, struct err *e)
{
    zip_error_t why;
    int code = 0;
    char *heads = mem_zero(n, HEAD, e);
    if (!heads) return false;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    bool ok = z != NULL;
    if (!z) {
        zip_error_init_with_code(&why, code);
        err_set(e, ERR_IO, "%s: %s", path, zip_error_strerror(&why));
        zip_error_fini(&why);
    }
    for (uint32_t i = 0; ok && i < n; i++) ok = add(z, list + i, heads + (size_t)i * HEAD);
    if (ok) ok = !zip_close(z); // writes beside `path`, then gives it the name
    if (z && !ok) {
        err_set(e, ERR_IO, "%s: %s", path, zip_strerror(z));
        zip_discard(z);
    }
    free(heads);
    return ok;
}
