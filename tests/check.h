// check.h — the whole test framework: CHECK counts, main ends with check_done().
// A test is one program per file; CTest finds them by name (tests/unit/test_*.c and so on).
#ifndef VKDIT_CHECK_H
#define VKDIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>

static unsigned check_passed, check_failed;

#define CHECK(cond, ...)                                                                                               \
    do {                                                                                                               \
        if (cond) {                                                                                                    \
            check_passed++;                                                                                            \
        } else {                                                                                                       \
            check_failed++;                                                                                            \
            fprintf(stderr, "%s:%d: CHECK(%s) failed: ", __FILE__, __LINE__, #cond);                                   \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
        }                                                                                                              \
    } while (0)

// 77 is CTest's SKIP_RETURN_CODE here: nothing could be tried, and the reason was printed.
static inline int check_done(void)
{
    printf("%u checks passed, %u failed\n", check_passed, check_failed);
    if (check_failed) return EXIT_FAILURE;
    return check_passed ? EXIT_SUCCESS : 77;
}

#endif
