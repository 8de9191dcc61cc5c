// file.c — mmap for reading, and paths as text. Knows nothing about what is in a file.
#define _DEFAULT_SOURCE // madvise
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_retry(const char *path)
{
    int fd;
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static bool map_open(struct file *f, int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st)) return err_set(e, ERR_IO, "cannot read: %s", strerror(errno));
    if (S_ISDIR(st.st_mode)) return err_set(e, ERR_IO, "is a folder, wanted a file");
    if (!S_ISREG(st.st_mode)) return err_set(e, ERR_IO, "is not a regular file");
    if ((uint64_t)st.st_size > SIZE_MAX) return err_set(e, ERR_IO, "is too large for this system's address space");
    *f = file_borrow("", 0);
    if (st.st_size == 0) return true; // an empty mapping is not allowed
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) return err_set(e, ERR_IO, "cannot map: %s", strerror(errno));
    *f = (struct file){map, (uint64_t)st.st_size, map};
    return true;
}

bool file_open(struct file *f, const char *path, struct err *e)
{
    *f = (struct file){0};
    const int fd = open_retry(path);
    if (fd < 0) return err_set(e, ERR_IO, "cannot open: %s", strerror(errno));
    const bool ok = map_open(f, fd, e);
    close(fd);
    return ok;
}

struct file file_borrow(const void *data, uint64_t bytes)
{
    return (struct file){data, bytes, NULL};
}

void file_forget(const struct file *f, uint64_t offset, uint64_t bytes)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (!f->map || offset >= f->bytes || bytes > f->bytes - offset) return;
    const uint64_t from = align_up(offset, page), to = (offset + bytes) / page * page;
    if (from < to) madvise((uint8_t *)f->map + from, (size_t)(to - from), MADV_DONTNEED);
}

void file_close(struct file *f)
{
    if (f->map) munmap(f->map, (size_t)f->bytes);
    *f = (struct file){0};
}

enum file_kind file_kind(const char *path)
{
    struct stat st;
    if (stat(path, &st)) return FILE_ABSENT;
    return S_ISREG(st.st_mode) ? FILE_REGULAR : S_ISDIR(st.st_mode) ? FILE_FOLDER : FILE_OTHER;
}

char *path_join(const char *folder, const char *name, struct err *e)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = mem_zero(n, 1, e);
    const bool slash = folder[0] && folder[strlen(folder) - 1] == '/';
    if (path) snprintf(path, n, "%s%s%s", folder, slash ? "" : "/", name);
    return path;
}

char *path_percent(const char *path, struct err *e)
{
    char *out = mem_zero(strlen(path) + 1, 3, e);
    size_t n = 0;
    for (const char *c = path; out && *c; c++) {
        const bool plain =
            (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || strchr("/._-", *c);
        n += (size_t)snprintf(out + n, 4, plain ? "%c" : "%%%02X", (unsigned char)*c);
    }
    return out;
}
