// fuzz_cli_png.c — any bytes as a PNG file: read picture, text and recipe, without a fault or a limit broken.
#define _GNU_SOURCE
#include "cli/recipe.h"
#include "png_crc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Makes every chunk's checksum right: otherwise almost nothing gets past the first look.
static void repair(uint8_t *p, size_t n)
{
    for (size_t at = 8; at + 12 <= n;) {
        const size_t length = (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 | (size_t)p[at + 2] << 8 | p[at + 3];
        if (length > n - at - 12) return;
        const uint32_t sum = crc(p + at + 4, length + 4);
        for (size_t i = 0; i < 4; i++) p[at + 8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[40];
    uint8_t *copy = malloc(size + 1);
    const int fd = memfd_create("fuzz", 0);
    if (copy) memcpy(copy, data, size);
    if (copy) repair(copy, size);
    const bool ok = copy && fd >= 0 && write(fd, copy, size) == (ssize_t)size;
    free(copy);
    if (!ok) {
        if (fd >= 0) close(fd);
        return 0;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct settings s = {0};
    struct err e = {0};
    const char *identity;
    json_t *root;
    if (recipe_read(&s, path, &root, &identity, &e)) json_decref(args_recipe(&s));
    json_decref(root);
    close(fd);
    return 0;
}
