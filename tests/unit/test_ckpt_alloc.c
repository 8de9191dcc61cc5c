// test_ckpt_alloc.c — the k-th allocation fails, for every k: opening ends in one message, nothing leaks, and the next
// attempt works. The allocator is replaced for the whole process, so jansson and libzip fail as well.
#include "check.h"
#include "scratch.h"
#include "weights/ckpt.h"

#include <errno.h>

#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define REPLACED 0 // the sanitizer owns malloc
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REPLACED 0
#endif
#endif
#ifndef REPLACED
#define REPLACED 1
#endif

static uint64_t calls, fail_at; // allocations so far; the one to refuse (0: none)
static int64_t live;            // allocations minus frees
static bool failed, own_only;   // own_only: only allocations made by this program itself are refused

#if REPLACED
#pragma GCC visibility push(default) // the libraries must find ours
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

extern char __executable_start, etext; // the linker's: this program's code lies between them

static bool refuse(const void *caller)
{
    const uintptr_t at = (uintptr_t)caller;
    if (own_only && (at < (uintptr_t)&__executable_start || at >= (uintptr_t)&etext)) return false;
    if (++calls != fail_at) return false;
    failed = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    void *p = refuse(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
    live += p != NULL;
    return p;
}

void *calloc(size_t n, size_t size)
{
    void *p = refuse(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
    live += p != NULL;
    return p;
}

void *realloc(void *old, size_t n)
{
    void *p = refuse(__builtin_return_address(0)) ? NULL : __libc_realloc(old, n);
    live += p != NULL && old == NULL;
    return p;
}

void free(void *p)
{
    live -= p != NULL;
    __libc_free(p);
}
#pragma GCC visibility pop
#endif

static bool open_ckpt(const char *path, struct err *e)
{
    struct ckpt c;
    void *scratch = NULL;
    uint64_t bytes = 0;
    bool ok = ckpt_open(&c, path, NULL, e);
    for (uint32_t i = 0; ok && i < c.n; i++) ok = ckpt_data(&c, &c.t[i], &scratch, &bytes, e) != NULL;
    ckpt_close(&c);
    free(scratch);
    return ok;
}

static bool open_folder(const char *path, struct err *e)
{
    struct folder f;
    const bool ok = folder_open(&f, path, e) && f.n_labels == 4;
    folder_close(&f);
    return ok;
}

static bool write_file(const char *path, struct err *e)
{
    static const float data[3];
    static const struct st_out out[] = {{"a", DT_F32, 2, {1, 3}, data}, {"b", DT_F32, 0, {0}, data}};
    static const struct ckpt_meta meta[] = {{"k", "v"}};
    return safetensors_write(path, out, 2, meta, 1, e);
}

// libzip 1.7 forgets a few bytes of its own when an allocation of its own fails, and we cannot help that: so
// for its archives leaks are counted only while only our own allocations are refused.
static void try_all(const char *path, bool (*call)(const char *path, struct err *e), bool count_leaks)
{
    struct err warm = {0};
    CHECK(call(path, &warm), "%s", warm.text); // one-time allocations of the libraries
    uint32_t refused = 0, silent = 0, leaks = 0, odd = 0;
    for (uint64_t k = 1;; k++) {
        struct err e = {0};
        const int64_t before = live;
        calls = 0;
        failed = false;
        fail_at = k;
        const bool ok = call(path, &e);
        fail_at = 0;
        leaks += count_leaks && live != before;
        if (!failed) {
            CHECK(ok, "%s", e.text);
            break;
        }
        refused++;
        silent += !ok && (e.code == ERR_NONE || !e.text[0]);
        odd += !ok && e.code != ERR_MEMORY;
    }
    CHECK(silent == 0 && leaks == 0, "%s: %u failures without a message, %u leaks", path, silent, leaks);
    CHECK(refused > 10 || !REPLACED, "%s: only %u allocations", path, refused);
    printf("%s: %u allocations refused, %u of them not called a lack of memory\n", path, refused, odd);
}

static void make_folder(struct scratch *s)
{
    scratch_text(s, "model_index.json", "{\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"3\":\"c\"}}");
    scratch_folder(s, "transformer");
    scratch_text(s, "transformer/config.json", "{\"_class_name\":\"DiT\",\"num_layers\":2,\"norm_eps\":1e-5}");
    scratch_text(s, "transformer/diffusion_pytorch_model.bin", "x");
    scratch_folder(s, "scheduler");
    scratch_text(s, "scheduler/scheduler_config.json", "{\"_class_name\":\"D\",\"prediction_type\":\"epsilon\"}");
}

int main(void)
{
    struct scratch s;
    scratch_open(&s);
    make_folder(&s);
    try_all(VKDIT_TEST_DATA "/hostile/ok_metadata_and_order.safetensors", open_ckpt, true);
    try_all(VKDIT_TEST_DATA "/hostile/ok_valid.pt", open_ckpt, false);
    try_all(VKDIT_TEST_DATA "/hostile/ok_legacy.pt", open_ckpt, true);
    try_all(VKDIT_TEST_DATA "/pt/train2.pt", open_ckpt, false);
    own_only = true;
    try_all(VKDIT_TEST_DATA "/hostile/ok_valid.pt", open_ckpt, true);
    try_all(VKDIT_TEST_DATA "/pt/train2.pt", open_ckpt, true);
    own_only = false;
    try_all(s.dir, open_folder, true);
    char path[600];
    snprintf(path, sizeof path, "%s/out.safetensors", s.dir);
    try_all(path, write_file, true);
    struct err e = {0};
    write_file(scratch_path(&s, "m-1.safetensors"), &e);
    snprintf(path, sizeof path, "%s", scratch_text(&s, "m.index.json", "{\"weight_map\":{\"a\":\"m-1.safetensors\"}}"));
    try_all(path, open_ckpt, true);
    scratch_close(&s);
    return check_done();
}
