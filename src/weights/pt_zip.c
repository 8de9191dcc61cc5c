// pt_zip.c — torch.save since version 1.6: a zip archive "NAME/data.pkl", "NAME/data/KEY" with every member stored.
// libzip reads the directory; the data is used where it lies in the mapped file. Nothing is ever extracted.
// Knows nothing about pickle opcodes.
#include "weights/pt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { MEMBERS_MAX = 1 << 20 };

// What libzip reads from. libzip keeps the place of a member's data to itself (the local header before it has its own
// length), so the source notes where the first read goes.
struct tape {
    const struct file *f;
    uint64_t pos, first_read;
    zip_error_t error;
};

#define NOT_READ UINT64_MAX

struct member {
    const char *name; // libzip's
    uint64_t index, bytes;
};

struct archive {
    struct tape tape;
    zip_t *zip;
    struct member *member; // sorted by name
    uint32_t n;
    uint32_t prefix; // bytes of "NAME/"
    const struct member *pickle;
};

static bool sniff(const struct file *f)
{
    return f->bytes >= 4 && (!memcmp(f->data, "PK\3\4", 4) || !memcmp(f->data, "PK\5\6", 4));
}

static int64_t tape_read(struct tape *t, void *data, uint64_t bytes)
{
    const uint64_t n = min_u64(bytes, t->f->bytes - t->pos);
    if (t->first_read == NOT_READ) t->first_read = t->pos;
    memcpy(data, t->f->data + t->pos, (size_t)n);
    t->pos += n;
    return (int64_t)n;
}

static int64_t tape_stat(struct tape *t, void *data)
{
    zip_stat_t *st = data;
    zip_stat_init(st);
    st->valid = ZIP_STAT_SIZE;
    st->size = t->f->bytes;
    return sizeof *st;
}

static int64_t tape_seek(struct tape *t, void *data, uint64_t bytes)
{
    const int64_t to = zip_source_seek_compute_offset(t->pos, t->f->bytes, data, bytes, &t->error);
    if (to < 0) return -1;
    t->pos = (uint64_t)to;
    return 0;
}

static int64_t tape_command(void *user, void *data, uint64_t bytes, zip_source_cmd_t command)
{
    struct tape *t = user;
    switch (command) { // clang-format off
    case ZIP_SOURCE_OPEN: t->pos = 0; return 0;
    case ZIP_SOURCE_READ: return tape_read(t, data, bytes);
    case ZIP_SOURCE_STAT: return tape_stat(t, data);
    case ZIP_SOURCE_SEEK: return tape_seek(t, data, bytes);
    case ZIP_SOURCE_TELL: return (int64_t)t->pos;
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&t->error, data, bytes);
    case ZIP_SOURCE_CLOSE: case ZIP_SOURCE_FREE: return 0;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_STAT, ZIP_SOURCE_SEEK,
                                              ZIP_SOURCE_TELL, ZIP_SOURCE_ERROR, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE, -1);
    default: zip_error_set(&t->error, ZIP_ER_OPNOTSUPP, 0); return -1;
    } // clang-format on
}

static bool fail(zip_error_t *why, const char *what, struct err *e)
{
    const bool memory = zip_error_code_zip(why) == ZIP_ER_MEMORY;
    const char *text = memory ? "out of memory" : zip_error_strerror(why);
    return err_set(e, memory ? ERR_MEMORY : ERR_FORMAT, "%s: %s", what, text);
}

static bool zip_begin(struct archive *a, const struct file *f, struct err *e)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_error_init(&a->tape.error);
    a->tape.f = f;
    zip_source_t *source = zip_source_function_create(tape_command, &a->tape, &why);
    a->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    if (!a->zip) {
        fail(&why, "damaged zip archive", e);
        zip_source_free(source);
    }
    zip_error_fini(&why);
    return a->zip != NULL;
}

static void zip_end(struct archive *a)
{
    if (a->zip) zip_discard(a->zip);
    zip_error_fini(&a->tape.error);
    free(a->member);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static bool read_member(struct archive *a, uint64_t index, struct err *e)
{
    zip_stat_t st;
    const uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(a->zip, index, ZIP_FL_ENC_RAW, &st) || (st.valid & wanted) != wanted)
        return fail(zip_get_error(a->zip), "damaged zip archive", e);
    const char *shown = SHOWN(st.name, strlen(st.name));
    if (strstr(st.name, "..") || st.name[0] == '/')
        return err_set(e, ERR_FORMAT, "zip member \"%s\" is a path out of the archive", shown);
    if (st.comp_method != ZIP_CM_STORE ||
        (st.valid & ZIP_STAT_ENCRYPTION_METHOD && st.encryption_method != ZIP_EM_NONE))
        return err_set(e, ERR_UNSUPPORTED, "zip member \"%s\" is compressed or encrypted; torch.save writes neither",
                       shown);
    if (st.size != st.comp_size || st.size > a->tape.f->bytes)
        return err_set(e, ERR_FORMAT, "zip member \"%s\" claims %llu bytes, the whole file has %llu", shown,
                       (unsigned long long)st.size, (unsigned long long)a->tape.f->bytes);
    a->member[a->n++] = (struct member){st.name, index, st.size};
    return true;
}

static const char *file_part(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? slash + 1 : name;
}

static bool read_directory(struct archive *a, struct err *e)
{
    const int64_t n = zip_get_num_entries(a->zip, 0);
    if (n < 0 || n > MEMBERS_MAX) return err_set(e, ERR_FORMAT, "zip archive of %lld members", (long long)n);
    a->member = mem_zero((uint64_t)n, sizeof *a->member, e);
    if (!a->member) return false;
    for (int64_t i = 0; i < n; i++)
        if (!read_member(a, (uint64_t)i, e)) return false;
    if (n) qsort(a->member, a->n, sizeof *a->member, by_name);
    for (uint32_t i = 0; i < a->n; i++) {
        const char *name = a->member[i].name;
        if (i && !strcmp(a->member[i - 1].name, name))
            return err_set(e, ERR_FORMAT, "zip member \"%s\" occurs twice", SHOWN(name, strlen(name)));
        if (strcmp(file_part(name), "data.pkl")) continue;
        if (a->pickle) return err_set(e, ERR_FORMAT, "zip archive with two data.pkl");
        a->pickle = &a->member[i];
        a->prefix = (uint32_t)(file_part(name) - name);
    }
    return a->pickle || err_set(e, ERR_FORMAT, "zip archive without data.pkl: not written by torch.save");
}

// The place of a member's bytes in the file, learnt from libzip and compared with what libzip reads there.
static bool member_place(struct archive *a, const struct member *m, struct pt_place *place, struct err *e)
{
    uint8_t head[64];
    const uint64_t want = min_u64(m->bytes, sizeof head);
    *place = (struct pt_place){0, m->bytes};
    zip_file_t *file = zip_fopen_index(a->zip, m->index, 0);
    if (!file) return fail(zip_get_error(a->zip), "damaged zip archive", e);
    a->tape.first_read = NOT_READ;
    const int64_t got = want ? zip_fread(file, head, want) : 0;
    zip_fclose(file);
    if (want == 0) return true;
    const uint64_t at = a->tape.first_read, end = a->tape.f->bytes;
    if (got != (int64_t)want || at > end || m->bytes > end - at || memcmp(a->tape.f->data + at, head, (size_t)want))
        return err_set(e, ERR_FORMAT, "zip member \"%s\" does not lie where the archive says",
                       SHOWN(m->name, strlen(m->name)));
    place->offset = at;
    return true;
}

static const struct member *find(const struct archive *a, const char *folder, const char *name, size_t bytes)
{
    char path[512];
    const int n = snprintf(path, sizeof path, "%.*s%s%.*s", (int)a->prefix, a->pickle->name, folder, (int)bytes, name);
    const struct member key = {.name = path};
    return n > 0 && (size_t)n < sizeof path ? bsearch(&key, a->member, a->n, sizeof key, by_name) : NULL;
}

static bool locate(void *container, const struct pickle_storage *claim, struct pt_place *place, struct err *e)
{
    struct archive *a = container;
    const bool plain = claim->key_bytes < 256 && !memchr(claim->key, 0, claim->key_bytes);
    const struct member *m = plain ? find(a, "data/", claim->key, claim->key_bytes) : NULL;
    if (!m) return err_set(e, ERR_FORMAT, "storage \"%s\" is not in the archive", SHOWN(claim->key, claim->key_bytes));
    return member_place(a, m, place, e);
}

static bool check_byteorder(struct archive *a, struct err *e)
{
    struct pt_place place;
    const struct member *m = find(a, "", "byteorder", 9);
    if (!m) return true; // older writers say nothing and mean little
    if (!member_place(a, m, &place, e)) return false;
    return (place.bytes == 6 && !memcmp(a->tape.f->data + place.offset, "little", 6)) ||
           err_set(e, ERR_UNSUPPORTED, "was written on a big-endian machine");
}

static bool open_zip(struct ckpt *c, uint32_t source, const char *root, struct err *e)
{
    struct archive a = {0};
    struct pickle p = {0};
    struct pickle_value top = {0};
    struct pt_place at = {0};
    const struct file *f = ckpt_file(c, source);
    const bool ok = zip_begin(&a, f, e) && read_directory(&a, e) && check_byteorder(&a, e) &&
                    member_place(&a, a.pickle, &at, e) && pickle_load(&p, f->data + at.offset, at.bytes, &top, e) &&
                    pt_add(c, source, &p, top, root, locate, &a, e);
    pickle_close(&p);
    zip_end(&a);
    return ok;
}

const struct ckpt_format format_pt_zip = {"PyTorch", sniff, open_zip};
