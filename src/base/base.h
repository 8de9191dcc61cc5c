// base.h — what every folder needs: errors as values, sizes, small helpers.
// Knows nothing about tensors, Vulkan or models.
#ifndef VKDIT_BASE_H
#define VKDIT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTOF(a) (sizeof(a) / sizeof *(a))

// Mirrors enum vkdit_status of the public header, value for value (a test compares them).
enum err_code {
    ERR_NONE,
    ERR_ARG,         // the caller asked for something that makes no sense
    ERR_IO,          // the system refused a file
    ERR_FORMAT,      // a file is not what it claims to be
    ERR_MODEL,       // a well-formed file is not a model we can run
    ERR_UNSUPPORTED, // understood, but not available here
    ERR_MEMORY,      // host or device memory is exhausted
    ERR_DEVICE,      // no device, or the driver refused a call
    ERR_LOST,        // the device was lost; the context must be reopened
    ERR_CANCELLED,   // the caller asked to stop
    ERR_NUMERIC,     // the result is not finite, or flat
};

struct err {
    enum err_code code;
    char text[480]; // one line, no trailing newline, control bytes already escaped
};

// Records the first failure; later ones are ignored. Always returns false, so that
// a failing exit reads `return err_set(e, ERR_X, "what, which, got, wanted");`.
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// Puts "NAME: " before the recorded text (NAME is cleaned), for the layer that knows the file. Returns false.
bool err_in(struct err *e, const char *name);
bool err_memory(struct err *e, uint64_t bytes); // "out of memory (N MiB)"

// Copies at most n-1 bytes; control bytes and invalid UTF-8 become \xNN, long text ends in "...". Returns dst.
const char *text_clean(char *dst, size_t n, const char *src, size_t len);

// calloc with the failure recorded; count*size is checked. n == 0 gives a valid pointer.
void *mem_zero(uint64_t count, uint64_t size, struct err *e);
// Grows *array (of `size`-byte members) to hold at least `want`; *cap is updated. Keeps content on failure.
bool mem_grow(void *array, uint32_t *cap, uint32_t want, size_t size, struct err *e);
char *mem_text(const char *s, struct err *e); // strdup
bool text_ends(const char *text, const char *end);

// a*b, a+b with overflow detection: false on overflow.
static inline bool mul_ok(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool add_ok(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}
static inline uint64_t align_up(uint64_t v, uint64_t a)
{
    return (v + a - 1) / a * a;
}
static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}
static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

double clock_seconds(void); // monotonic

#endif
