// test_image.c — pictures: PNG round trips and hostile PNGs, no overwriting, grids, resizing, terminal output.
#define _GNU_SOURCE
#include "base/newfile.h"
#include "check.h"
#include "image/image.h"
#include "png_crc.h"

#include <signal.h>
#include <spng.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/vkdit-test-image-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][200];
    static unsigned turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static struct image noise(uint32_t w, uint32_t h)
{
    struct image im;
    struct err e = {0};
    CHECK(image_open(&im, w, h, &e), "%s", e.text);
    uint32_t state = w * 7919 + h;
    for (size_t i = 0; i < (size_t)w * h * 3; i++) {
        state = state * 1664525 + 1013904223;
        im.rgb[i] = (uint8_t)(state >> 24);
    }
    return im;
}

static bool same(const struct image *a, const struct image *b)
{
    return a->w == b->w && a->h == b->h && !memcmp(a->rgb, b->rgb, (size_t)a->w * a->h * 3);
}

static void test_round_trip(void)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 37}, {61, 1}, {256, 256}, {33, 17}};
    struct image_text text[] = {{"vkdit", "{\"seed\":1}"},
                                {"parameters", "gr\303\274n\nSteps: 3"},
                                {"Title", "\346\274\242\345\255\227 \360\237\220\210"},
                                {"Empty", ""}}; // left out
    for (size_t i = 0; i < COUNTOF(sizes); i++) {
        struct err e = {0};
        struct image im = noise(sizes[i][0], sizes[i][1]), back;
        struct image_text *got;
        uint32_t n;
        CHECK(png_write(in_folder("round.png"), &im, text, COUNTOF(text), true, &e), "%s", e.text);
        CHECK(png_read(in_folder("round.png"), &back, &got, &n, &e), "%s", e.text);
        CHECK(same(&im, &back), "%ux%u pixels differ", im.w, im.h);
        CHECK(n == COUNTOF(text) - 1, "%u texts", n);
        for (uint32_t k = 0; k < n && n < COUNTOF(text); k++) {
            CHECK(!strcmp(got[k].key, text[k].key), "key %s", got[k].key);
            CHECK(!strcmp(got[k].value, text[k].value), "value %s", got[k].value);
        }
        image_text_free(got, n);
        image_close(&im);
        image_close(&back);
    }
}

// The bytes of a file, to look for chunk names.
static bool file_holds(const char *path, const char *what)
{
    char bytes[4096];
    FILE *f = fopen(path, "rb");
    const size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f) fclose(f);
    return n && memmem(bytes, n, what, strlen(what));
}

static void test_chunk_kind(void)
{
    struct err e = {0};
    struct image im = noise(2, 2);
    struct image_text latin = {"k", "caf\303\251"}, wide = {"k", "\342\202\254"};
    CHECK(png_write(in_folder("latin.png"), &im, &latin, 1, true, &e), "%s", e.text);
    CHECK(file_holds(in_folder("latin.png"), "tEXt") && file_holds(in_folder("latin.png"), "caf\351"), "Latin-1 text");
    CHECK(png_write(in_folder("wide.png"), &im, &wide, 1, true, &e), "%s", e.text);
    CHECK(file_holds(in_folder("wide.png"), "iTXt"), "UTF-8 text");
    image_close(&im);
}

static uint32_t files_in_folder(void)
{
    char command[300];
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *p = popen(command, "r");
    unsigned n = 0;
    CHECK(p && fscanf(p, "%u", &n) == 1, "cannot list");
    if (p) pclose(p);
    return n;
}

static void test_no_overwrite(void)
{
    struct err e = {0};
    struct image a = noise(5, 4), b = noise(4, 5), back;
    const char *path = in_folder("once.png");
    CHECK(png_write(path, &a, NULL, 0, false, &e), "%s", e.text);
    const uint32_t before = files_in_folder();
    CHECK(!png_write(path, &b, NULL, 0, false, &e) && strstr(e.text, "once.png"), "not refused: %s", e.text);
    CHECK(files_in_folder() == before, "something was left behind");
    e = (struct err){0};
    CHECK(png_read(path, &back, NULL, NULL, &e) && same(&a, &back), "the first picture was harmed: %s", e.text);
    image_close(&back);
    CHECK(png_write(path, &b, NULL, 0, true, &e), "%s", e.text);
    CHECK(png_read(path, &back, NULL, NULL, &e) && same(&b, &back), "not replaced: %s", e.text);
    image_close(&back);
    image_close(&a);
    image_close(&b);
}

static void test_write_errors(void)
{
    struct image im = noise(300, 300);
    static const char *const bad[] = {"/nonexistent-folder/a.png", "/dev/null", "/tmp"};
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        struct err e = {0};
        CHECK(!png_write(bad[i], &im, NULL, 0, true, &e) && e.code == ERR_IO && strstr(e.text, bad[i]), "%s: %s",
              bad[i], e.text);
    }
    struct stat st;
    CHECK(!stat("/dev/null", &st) && S_ISCHR(st.st_mode), "/dev/null was replaced");

    // a full disk, by way of the file size limit
    const uint32_t before = files_in_folder();
    struct rlimit old, tiny;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    tiny = (struct rlimit){10000, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tiny);
    struct err e = {0};
    CHECK(!png_write(in_folder("full.png"), &im, NULL, 0, false, &e) && e.code == ERR_IO, "%s", e.text);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK(files_in_folder() == before, "a failed write left something behind");
    image_close(&im);
}

// --- hostile PNGs, made chunk by chunk ---
struct bytes {
    uint8_t at[1 << 17];
    size_t n;
};

static void put(struct bytes *b, const void *data, size_t n)
{
    memcpy(b->at + b->n, data, n);
    b->n += n;
}

static void put_u32(struct bytes *b, uint32_t v)
{
    put(b, (uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 4);
}

static void chunk(struct bytes *b, const char *type, const void *data, size_t n)
{
    put_u32(b, (uint32_t)n);
    const size_t from = b->n;
    put(b, type, 4);
    put(b, data, n);
    put_u32(b, crc(b->at + from, n + 4));
}

// A zlib stream of one stored block.
static void pixels(struct bytes *b, const void *data, uint16_t n)
{
    static struct bytes z;
    z.n = 0;
    put(&z, "\x78\x01\x01", 3);
    put(&z, (uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)}, 4);
    put(&z, data, n);
    uint32_t s1 = 1, s2 = 0;
    for (uint16_t i = 0; i < n; i++) {
        s1 = (s1 + ((const uint8_t *)data)[i]) % 65521;
        s2 = (s2 + s1) % 65521;
    }
    put_u32(&z, s2 << 16 | s1);
    chunk(b, "IDAT", z.at, z.n);
}

static void head(struct bytes *b, uint32_t w, uint32_t h, uint8_t depth, uint8_t colour)
{
    struct bytes d = {.n = 0};
    b->n = 0;
    put(b, "\x89PNG\r\n\x1a\n", 8);
    put_u32(&d, w);
    put_u32(&d, h);
    put(&d, (uint8_t[]){depth, colour, 0, 0, 0}, 5);
    chunk(b, "IHDR", d.at, d.n);
}

static bool read_back(const struct bytes *b, struct image *im, struct image_text **text, uint32_t *n, struct err *e)
{
    const char *path = in_folder("made.png");
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(b->at, 1, b->n, f) == b->n, "cannot write");
    if (f) fclose(f);
    *e = (struct err){0};
    const bool ok = png_read(path, im, text, n, e);
    CHECK(ok || strstr(e->text, "made.png"), "the error does not name the file: %s", e->text);
    return ok;
}

static void test_formats(void)
{
    static struct bytes b;
    struct image im;
    struct err e;
    // grey 16 bit: 2 pixels, 0xFFFF and 0x8000
    head(&b, 2, 1, 16, 0);
    pixels(&b, "\0\xFF\xFF\x80\x00", 5);
    chunk(&b, "IEND", "", 0);
    CHECK(read_back(&b, &im, NULL, NULL, &e), "%s", e.text);
    CHECK(im.rgb && im.rgb[0] == 255 && im.rgb[2] == 255 && (im.rgb[3] == 128 || im.rgb[3] == 127), "grey16");
    image_close(&im);
    // palette, 2 bit
    head(&b, 3, 1, 2, 3);
    chunk(&b, "PLTE", "\x01\x02\x03\x04\x05\x06\x07\x08\x09", 9);
    pixels(&b, "\0\x18", 2); // 0, 1, 2
    chunk(&b, "IEND", "", 0);
    CHECK(read_back(&b, &im, NULL, NULL, &e), "%s", e.text);
    for (uint8_t i = 0; im.rgb && i < 9; i++) CHECK(im.rgb[i] == i + 1, "palette byte %u is %u", i, im.rgb[i]);
    image_close(&im);
    // RGBA
    head(&b, 1, 1, 8, 6);
    pixels(&b, "\0\x0A\x0B\x0C\x80", 5);
    chunk(&b, "IEND", "", 0);
    CHECK(read_back(&b, &im, NULL, NULL, &e), "%s", e.text);
    CHECK(im.rgb && im.rgb[0] == 10 && im.rgb[2] == 12, "rgba");
    image_close(&im);
}

// Text that is small in the file and 4 MiB when unpacked: refused, or read without it.
static void test_text_bomb(void)
{
    struct spng_text bomb = {.keyword = "vkdit", .type = SPNG_ZTXT, .length = 4 << 20};
    bomb.text = malloc(bomb.length + 1);
    memset(bomb.text, 'a', bomb.length);
    bomb.text[bomb.length] = 0;
    struct spng_ihdr ihdr = {1, 1, 8, SPNG_COLOR_TYPE_GRAYSCALE, 0, 0, 0};
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    FILE *f = fopen(in_folder("bomb.png"), "wb");
    CHECK(!spng_set_png_file(png, f) && !spng_set_ihdr(png, &ihdr) && !spng_set_text(png, &bomb, 1) &&
              !spng_encode_image(png, "\7", 1, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE),
          "cannot make the bomb");
    spng_ctx_free(png);
    fclose(f);
    free(bomb.text);
    struct image im;
    struct image_text *text;
    uint32_t n;
    struct err e = {0};
    if (png_read(in_folder("bomb.png"), &im, &text, &n, &e))
        for (uint32_t i = 0; i < n; i++) CHECK(strlen(text[i].value) <= 2 << 20, "a text bomb went through");
    else
        CHECK(strstr(e.text, "bomb.png"), "%s", e.text);
    image_text_free(text, n);
    image_close(&im);
}

static void test_hostile(void)
{
    static struct bytes b;
    static char zeros[4 << 20];
    struct image im;
    struct image_text *text;
    uint32_t n;
    struct err e;
    // a picture that claims to be huge
    head(&b, 1 << 20, 1 << 20, 8, 2);
    chunk(&b, "IDAT", "", 0);
    chunk(&b, "IEND", "", 0);
    CHECK(!read_back(&b, &im, &text, &n, &e) && strstr(e.text, "megapixels"), "huge: %s", e.text);
    // text after the pixels, in Latin-1; iTXt that is not UTF-8
    head(&b, 1, 1, 8, 0);
    pixels(&b, "\0\x05", 2);
    chunk(&b, "tEXt", "a\0\xE9\x01", 4);
    chunk(&b, "iTXt", "b\0\0\0\0\0\xFF\xFE", 8);
    chunk(&b, "IEND", "", 0);
    if (read_back(&b, &im, &text, &n, &e))
        for (uint32_t i = 0; i < n; i++) CHECK((uint8_t)text[i].value[0] == 0xC3, "text %u is not UTF-8", i);
    image_text_free(text, n);
    image_close(&im);
    // cut short at every byte
    head(&b, 4, 4, 8, 2);
    pixels(&b, zeros, 52);
    chunk(&b, "IEND", "", 0);
    for (const size_t whole = b.n; b.n > 0;) {
        b.n--;
        if (b.n < whole - 12) CHECK(!read_back(&b, &im, &text, &n, &e), "cut at %zu of %zu was accepted", b.n, whole);
    }
    e = (struct err){0};
    CHECK(!png_read(in_folder("nothing.png"), &im, &text, &n, &e) && e.code == ERR_IO, "missing file");
    e = (struct err){0};
    CHECK(!png_read("/tmp", &im, &text, &n, &e) && strstr(e.text, "folder"), "%s", e.text);
}

static void test_grid(void)
{
    struct err e = {0};
    struct image in[5], out;
    for (uint32_t i = 0; i < 5; i++) {
        CHECK(image_open(in + i, 3, 2, &e), "%s", e.text);
        memset(in[i].rgb, (int)(10 * (i + 1)), 18);
    }
    CHECK(image_grid(&out, in, 5, 4, 2, &e), "%s", e.text);
    CHECK(out.w == 4 * 5 + 2 && out.h == 2 * 4 + 2, "grid is %ux%u", out.w, out.h);
    CHECK(out.rgb[0] == 0 && out.rgb[(2 * out.w + 2) * 3] == 10, "first");
    CHECK(out.rgb[(2 * out.w + 5) * 3] == 0 && out.rgb[(3 * out.w + 7) * 3] == 20, "second");
    CHECK(out.rgb[(6 * out.w + 2) * 3] == 50 && out.rgb[(6 * out.w + 7) * 3] == 0, "last row");
    image_close(&out);
    CHECK(image_grid(&out, in, 1, 4, 2, &e) && out.w == 3 && out.h == 2, "one picture has no frame");
    image_close(&out);
    CHECK(!image_grid(&out, in, 0, 4, 2, &e), "empty grid");
    for (uint32_t i = 0; i < 5; i++) image_close(in + i);
}

static void test_resize(void)
{
    struct err e = {0};
    static const uint32_t sizes[][2] = {{1, 1}, {7, 5}, {64, 64}, {130, 3}};
    struct image in = noise(31, 17), out;
    double mean = 0;
    for (size_t i = 0; i < 31 * 17 * 3; i++) mean += in.rgb[i];
    mean /= 31 * 17 * 3;
    for (size_t i = 0; i < COUNTOF(sizes); i++) {
        CHECK(image_resize(&out, &in, sizes[i][0], sizes[i][1], &e), "%s", e.text);
        double m = 0;
        for (size_t k = 0; k < (size_t)out.w * out.h * 3; k++) m += out.rgb[k];
        m /= (double)out.w * out.h * 3;
        CHECK(m > mean - 20 && m < mean + 20, "brightness %g became %g", mean, m);
        image_close(&out);
    }
    CHECK(image_resize(&out, &in, 31, 17, &e) && same(&in, &out), "same size is the same picture");
    image_close(&out);
    memset(in.rgb, 77, 31 * 17 * 3);
    CHECK(image_resize(&out, &in, 50, 9, &e), "%s", e.text);
    for (size_t k = 0; k < 50 * 9 * 3; k++)
        if (out.rgb[k] != 77) CHECK(out.rgb[k] == 77, "flat picture changed at %zu to %u", k, out.rgb[k]);
    image_close(&out);
    CHECK(!image_resize(&out, &in, 0, 5, &e), "no width");
    image_close(&in);
}

static void test_show(void)
{
    struct err e = {0};
    struct image im = noise(16, 16);
    char *text = NULL;
    size_t n = 0;
    FILE *f = fopen(in_folder("screen"), "w+b");
    if (!image_show(&im, 20, f, &e)) {
        CHECK(e.code == ERR_UNSUPPORTED, "%s", e.text);
    } else {
        n = (size_t)ftell(f);
        rewind(f);
        text = calloc(1, n + 1);
        CHECK(text && fread(text, 1, n, f) == n, "cannot read back");
        uint32_t lines = 0;
        for (size_t i = 0; text && i < n; i++) lines += text[i] == '\n';
        CHECK(n > 20 && lines >= 5 && lines <= 22, "%zu bytes in %u lines", n, lines);
    }
    free(text);
    fclose(f);
    image_close(&im);
}

int main(void)
{
    CHECK(mkdtemp(folder), "no folder");
    test_round_trip();
    test_chunk_kind();
    test_no_overwrite();
    test_write_errors();
    test_formats();
    test_text_bomb();
    test_hostile();
    test_grid();
    test_resize();
    test_show();
    char command[300];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(!system(command), "cannot clean up");
    return check_done();
}
