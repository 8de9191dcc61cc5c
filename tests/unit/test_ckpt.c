// test_ckpt.c — legal checkpoints of every container: values, views, roots, metadata, shards, and the writer.
#include "check.h"
#include "scratch.h"
#include "weights/ckpt.h"

#include <zip.h>

static void *held; // ckpt_data's scratch, reused over the whole program as a caller would
static uint64_t held_bytes;

static bool fails(const char *path, const char *root, const char *want)
{
    struct ckpt c;
    struct err e = {0};
    const bool ok = ckpt_open(&c, path, root, &e);
    ckpt_close(&c);
    CHECK(!ok && strstr(e.text, want), "%s: got \"%s\", wanted \"%s\"", path, e.text, want);
    return !ok;
}

static void check_values(struct ckpt *c, const char *name, enum dtype type, uint32_t n, const double *want)
{
    struct err e = {0};
    float got[32];
    const struct ckpt_tensor *t = ckpt_find(c, name);
    CHECK(t && t->dtype == type && t->count == n, "%s: wrong type or count, or missing", name);
    if (!t || t->count != n) return;
    const void *data = ckpt_data(c, t, &held, &held_bytes, &e);
    CHECK(data, "%s", e.text);
    if (!data) return;
    convert_to_f32(got, data, t->dtype, n);
    for (uint32_t i = 0; i < n; i++)
        CHECK((double)got[i] == want[i], "%s[%u]: got %g, want %g", name, i, (double)got[i], want[i]);
}

static void check_shape(const struct ckpt *c, const char *name, uint32_t rank, uint64_t a, uint64_t b, bool contiguous)
{
    const struct ckpt_tensor *t = ckpt_find(c, name);
    CHECK(t && t->rank == rank && (rank < 1 || t->dim[0] == a) && (rank < 2 || t->dim[1] == b) &&
              t->contiguous == contiguous,
          "%s has another shape", name);
}

// The three containers of the same training checkpoint (tests/data/pt/make.py).
static void check_train(const char *file)
{
    char path[600];
    struct ckpt c;
    struct err e = {0};
    double iota[24], turned[24];
    for (int i = 0; i < 24; i++) {
        iota[i] = i;
        turned[i] = (i % 4) * 6 + i / 4;
    }
    snprintf(path, sizeof path, "%s/pt/%s", VKDIT_TEST_DATA, file);
    CHECK(ckpt_open(&c, path, NULL, &e), "%s", e.text);
    CHECK(c.n == 12, "%u tensors", c.n);
    check_values(&c, "plain", DT_F32, 6, (const double[]){0.5, 1.5, 2.5, 3.5, 4.5, 5.5});
    check_values(&c, "whole", DT_F32, 24, iota);
    check_values(&c, "row", DT_F32, 6, iota + 6);
    check_values(&c, "transposed", DT_F32, 24, turned);
    check_values(&c, "every_other", DT_F32, 12, (const double[]){1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23});
    check_values(&c, "parameter", DT_F16, 2, (const double[]){1, -2});
    check_values(&c, "scalar", DT_I64, 1, (const double[]){7});
    check_values(&c, "empty", DT_F32, 0, NULL);
    check_values(&c, "one", DT_F64, 1, (const double[]){3.25});
    check_values(&c, "bf16", DT_BF16, 2, (const double[]){1, -2});
    check_values(&c, "flag", DT_BOOL, 2, (const double[]){1, 0});
    check_values(&c, "byte", DT_U8, 2, (const double[]){1, 255});
    check_shape(&c, "transposed", 2, 6, 4, false);
    check_shape(&c, "whole", 2, 4, 6, true);
    check_shape(&c, "one", 2, 1, 1, true);
    check_shape(&c, "scalar", 0, 0, 0, true);
    static const struct ckpt_meta want[] = {{"root", "ema"},
                                            {"train_steps", "-400"},
                                            {"args.model", "DiT-S/2"},
                                            {"args.image_size", "256"},
                                            {"args.tf32", "true"}};
    for (uint32_t i = 0; i < COUNTOF(want); i++) {
        const char *got = ckpt_meta_find(&c, want[i].key);
        CHECK(got && !strcmp(got, want[i].value), "%s: got %s", want[i].key, got ? got : "nothing");
    }
    CHECK(!ckpt_meta_find(&c, "note"), "text with control bytes became metadata");
    ckpt_close(&c);
    CHECK(ckpt_open(&c, path, "model", &e), "%s", e.text);
    check_values(&c, "plain", DT_F32, 1, (const double[]){9});
    ckpt_close(&c);
    fails(path, "opt", "holds no tensors");
    fails(path, "nope", "has no dictionary \"nope\"; dictionaries found: model, ema, opt");
}

static void check_many(void)
{
    struct ckpt c;
    struct err e = {0};
    CHECK(ckpt_open(&c, VKDIT_TEST_DATA "/pt/many_legacy.pt", NULL, &e) && c.n == 1100, "%s", e.text);
    check_values(&c, "blocks.1099.weight", DT_F32, 1, (const double[]){1099});
    check_values(&c, "blocks.7.weight", DT_F32, 1, (const double[]){7});
    CHECK(!ckpt_find(&c, "blocks.7") && !ckpt_find(&c, ""), "a part of a name was found");
    ckpt_close(&c);
}

// ---- the writer ----

static void check_writer(struct scratch *s)
{
    static const uint8_t bytes[64] = {0x00, 0x3C, 1, 2, 3};
    static const struct st_out out[] = {
        {"b", DT_U8, 1, {3}, bytes},        {"a", DT_U8, 1, {1}, bytes},       {"half", DT_F16, 2, {1, 1}, bytes},
        {"wide", DT_F64, 2, {2, 2}, bytes}, {"none", DT_F32, 2, {0, 5}, NULL}, {"scalar", DT_I64, 0, {0}, bytes},
    };
    static const struct ckpt_meta meta[] = {{"config", "{\"a\": \"\\u00e9\"}"}, {"\xC3\xA9", "line\nbreak"}};
    const char *path = scratch_path(s, "out.safetensors");
    struct ckpt c;
    struct err e = {0};
    CHECK(safetensors_write(path, out, COUNTOF(out), meta, COUNTOF(meta), &e), "%s", e.text);
    CHECK(ckpt_open(&c, path, NULL, &e), "%s", e.text);
    CHECK(c.n == COUNTOF(out) && c.n_meta == 2, "%u tensors, %u notes", c.n, c.n_meta);
    for (uint32_t i = 0; i < COUNTOF(out); i++) {
        const struct ckpt_tensor *t = ckpt_find(&c, out[i].name);
        CHECK(t && t->dtype == out[i].dtype && t->rank == out[i].rank && !memcmp(t->dim, out[i].dim, sizeof t->dim),
              "%s", out[i].name);
        if (!t) continue;
        const uint8_t *data = ckpt_data(&c, t, &held, &held_bytes, &e);
        CHECK((uintptr_t)data % dtype_bytes(t->dtype) == 0, "%s is not aligned", t->name);
        CHECK(!memcmp(data, bytes, t->count * dtype_bytes(t->dtype)), "%s has other bytes", t->name);
    }
    for (uint32_t i = 0; i < COUNTOF(meta); i++) {
        const char *got = ckpt_meta_find(&c, meta[i].key);
        CHECK(got && !strcmp(got, meta[i].value), "%s", meta[i].key);
    }
    ckpt_close(&c);
}

static void check_writer_refusals(struct scratch *s)
{
    static const struct {
        struct st_out t[2];
        const char *want;
    } bad[] = {
        {{{"a", DT_U8, 0, {0}, ""}, {"a", DT_U8, 0, {0}, ""}}, "given twice"},
        {{{"a", DT_U8, 0, {0}, ""}, {"__metadata__", DT_U8, 0, {0}, ""}}, "no valid name"},
        {{{"\xFF", DT_U8, 0, {0}, ""}, {"b", DT_U8, 0, {0}, ""}}, "no valid name"},
        {{{"a", DT_F64, 2, {1u << 31, 1ull << 31}, ""}, {"b", DT_U8, 0, {0}, ""}}, "too large"},
        {{{"a", DT_U8, 1, {INT64_MAX}, ""}, {"b", DT_U8, 1, {5}, ""}}, "too large together"},
    };
    const char *path = scratch_path(s, "refused.safetensors");
    for (uint32_t i = 0; i < COUNTOF(bad); i++) {
        struct err e = {0};
        CHECK(!safetensors_write(path, bad[i].t, 2, NULL, 0, &e) && strstr(e.text, bad[i].want), "%u: %s", i, e.text);
    }
    CHECK(access(path, F_OK), "a refused file was written");
    struct err e = {0};
    CHECK(!safetensors_write("/nonexistent/x.safetensors", bad[0].t, 1, NULL, 0, &e) && e.code == ERR_IO, "%s", e.text);
    e = (struct err){0};
    CHECK(!safetensors_write("/dev/null", bad[0].t, 1, NULL, 0, &e) && e.code == ERR_IO, "%s", e.text);
}

// ---- shards ----

static void write_shard(struct scratch *s, const char *file, const char *name, float value)
{
    struct err e = {0};
    const struct st_out t = {name, DT_F32, 1, {1}, &value};
    CHECK(safetensors_write(scratch_path(s, file), &t, 1, NULL, 0, &e), "%s", e.text);
}

static void check_shards(struct scratch *s)
{
    struct ckpt c;
    struct err e = {0};
    write_shard(s, "m-1.safetensors", "a", 1);
    write_shard(s, "m-2.safetensors", "b", 2);
    write_shard(s, "m-3.safetensors", "a", 3);
    const char *path = scratch_text(s, "m.index.json",
                                    "{\"metadata\":{\"total_size\":8},\n \"weight_map\":{\"b\":\"m-2.safetensors\","
                                    "\"a\":\"m-1.safetensors\"}}\n");
    CHECK(ckpt_open(&c, path, NULL, &e) && c.n == 2, "%s", e.text);
    check_values(&c, "a", DT_F32, 1, (const double[]){1});
    check_values(&c, "b", DT_F32, 1, (const double[]){2});
    ckpt_close(&c);
    // torch archives as shards, as in *.bin.index.json
    struct err copy = {0};
    char link_target[600];
    snprintf(link_target, sizeof link_target, "%s/pt/train2.pt", VKDIT_TEST_DATA);
    CHECK(!symlink(link_target, scratch_path(s, "m-4.bin")), "no link");
    path = scratch_text(s, "bin.index.json", "{\"weight_map\":{\"b\":\"m-2.safetensors\",\"whole\":\"m-4.bin\"}}");
    CHECK(ckpt_open(&c, path, NULL, &copy) && c.n == 13 && ckpt_find(&c, "transposed"), "%s", copy.text);
    ckpt_close(&c);
    static const struct {
        const char *json, *want;
    } bad[] = {
        {"{\"weight_map\":{\"a\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\"}}", "tensor \"c\" is missing"},
        {"{\"weight_map\":{\"a\":\"m-1.safetensors\",\"b\":\"m-3.safetensors\"}}", "tensor \"a\" occurs twice"},
        {"{\"weight_map\":{\"a\":\"m-9.safetensors\"}}", "m-9.safetensors: cannot open"},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "not a plain file name"},
        {"{\"weight_map\":{\"a\":\"..\"}}", "not a plain file name"},
        {"{\"weight_map\":{\"a\":\"\"}}", "not a plain file name"},
        {"{\"weight_map\":{\"a\":7}}", "something else than text"},
        {"{\"weight_map\":[\"a\"]}", "'{' expected"},
        {"{\"weight_map\":{\"a\":\"bad.index.json\"}}", "is an index again"},
        {"{\"weight_map\":{}}", "no index of tensors"},
        {"{\"weight_map\":{\"a\":\"m-1.safetensors\"}", "expected"},
        {"{\"weight_map\":{\"a\":\"m-1.safetensors\"}} x", "text after its end"},
    };
    for (uint32_t i = 0; i < COUNTOF(bad); i++)
        fails(scratch_text(s, "bad.index.json", bad[i].json), NULL, bad[i].want);
}

// ---- containers that are legal zip, but not what torch writes ----

static void make_zip(const char *path, const char *const *name, uint32_t n, int method)
{
    remove(path);
    zip_t *z = zip_open(path, ZIP_CREATE, NULL);
    for (uint32_t i = 0; i < n; i++) {
        const int64_t at = zip_file_add(z, name[i], zip_source_buffer(z, "\x80\x02}.", 4, 0), 0);
        zip_set_file_compression(z, (uint64_t)at, method, 0);
    }
    CHECK(!zip_close(z), "libzip cannot write");
}

static void check_odd_files(struct scratch *s)
{
    const char *path = scratch_path(s, "odd.pt");
    make_zip(path, (const char *const[]){"a/data.pkl"}, 1, ZIP_CM_STORE);
    fails(path, NULL, "holds no tensors");
    make_zip(path, (const char *const[]){"a/data.pkl", "b/data.pkl"}, 2, ZIP_CM_STORE);
    fails(path, NULL, "two data.pkl");
    make_zip(path, (const char *const[]){"a/data.pkl"}, 1, ZIP_CM_DEFLATE);
    fails(path, NULL, "compressed");
    make_zip(path, (const char *const[]){"a/data.pkl", "/etc/x"}, 2, ZIP_CM_STORE);
    fails(path, NULL, "path out of the archive");
    fails(s->dir, NULL, "is a folder");
    fails(scratch_path(s, "absent"), NULL, "cannot open: No such file");
    CHECK(!mkfifo(scratch_path(s, "pipe"), 0600), "no fifo");
    fails(s->path, NULL, "not a regular file"); // and does not wait for a writer
    fails(scratch_text(s, "page", "<!DOCTYPE html><html>"), NULL, "web page");
    fails(scratch_text(s, "short", "abc"), NULL, "too few");
    fails(scratch_text(s, "text", "just some text, long enough"), NULL, "neither a PyTorch file nor safetensors");
}

// A safetensors file with this header and `bytes` of data.
static const char *raw_safetensors(struct scratch *s, const char *name, const char *json, size_t bytes)
{
    uint8_t file[512] = {0};
    const size_t n = strlen(json);
    file[0] = (uint8_t)n;
    file[1] = (uint8_t)(n >> 8);
    memcpy(file + 8, json, n);
    return scratch_file(s, name, file, 8 + n + bytes);
}

static void check_headers(struct scratch *s)
{
    static const struct {
        const char *json;
        size_t bytes;
        const char *want; // NULL: legal
    } cases[] = {
        {"{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "type F8_E4M3; known are"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"more\":[{}]}} \n ", 1, NULL},
        {" {\"w\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"e\":{\"dtype\":\"F32\",\"shape\":[0,9],"
         "\"data_offsets\":"
         "[3,3]}}",
         3, NULL},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"dtype\":\"U8\"}}", 1, "duplicate object key"},
        {"{\"__metadata__\":{\"a\":1},\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
         "else than text"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "two __metadata__"},
        {"{\"__metadata__\":{\"a\":\"b\"}}", 0, "holds no tensors"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "begins at 1, wanted 0"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "needs 1 bytes, data_offsets give it 2"},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "needs 1 elements of F32"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}x", 1, "text after its end"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},}", 1, "'\"' expected"},
        {"{,\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "'\"' expected"},
        {"{\"w\" {\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "':' expected"},
        {"{\"w\":[]}", 1, "not described by an object"},
        {"{\"w\\n\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "not plain text"},
        {"{\"w\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "type ?; known"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[true],\"data_offsets\":[0,1]}}", 1, "something else than whole numbers"},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[18446744073709551616],\"data_offsets\":[0,1]}}", 1, "too big integer"},
    };
    for (uint32_t i = 0; i < COUNTOF(cases); i++) {
        const char *path = raw_safetensors(s, "header.safetensors", cases[i].json, cases[i].bytes);
        struct ckpt c;
        struct err e = {0};
        if (cases[i].want) {
            fails(path, NULL, cases[i].want);
            continue;
        }
        CHECK(ckpt_open(&c, path, NULL, &e), "%s: %s", cases[i].json, e.text);
        ckpt_close(&c);
    }
}

int main(void)
{
    struct scratch s;
    scratch_open(&s);
    check_train("train2.pt");
    check_train("train4.pt");
    check_train("train_legacy.pt");
    check_many();
    check_writer(&s);
    check_writer_refusals(&s);
    check_shards(&s);
    check_odd_files(&s);
    check_headers(&s);
    scratch_close(&s);
    free(held);
    return check_done();
}
