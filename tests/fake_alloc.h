// fake_alloc.h — the k-th allocation of the code under test fails. The linker hands malloc and its relatives to the
// functions below (--wrap, see engine/CMakeLists.txt), so drivers keep the real ones and sanitizers stay in charge;
// jansson is pointed here as well. Counts what is alive: nothing may be left behind.
#ifndef VKDIT_FAKE_ALLOC_H
#define VKDIT_FAKE_ALLOC_H

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static uint32_t alloc_calls, alloc_fail_at; // 1 = the first; 0 = none
static int64_t alloc_live;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

static bool alloc_refused(void)
{
    if (++alloc_calls != alloc_fail_at) return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t n)
{
    void *p = alloc_refused() ? NULL : __real_malloc(n);
    alloc_live += p != NULL;
    return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
    void *p = alloc_refused() ? NULL : __real_calloc(n, size);
    alloc_live += p != NULL;
    return p;
}

void *__wrap_realloc(void *old, size_t n)
{
    void *p = alloc_refused() ? NULL : __real_realloc(old, n);
    alloc_live += p != NULL && old == NULL;
    return p;
}

void __wrap_free(void *p)
{
    alloc_live -= p != NULL;
    __real_free(p);
}

static inline void fake_alloc_start(void)
{
    json_set_alloc_funcs(__wrap_malloc, __wrap_free);
}

#endif
