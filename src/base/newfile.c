// newfile.c — temporary file, fsync, then link or rename. Knows nothing about what is written.
#define _GNU_SOURCE // renameat2
#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100 };

static bool fail(const struct newfile *f, int code, struct err *e)
{
    err_set(e, ERR_IO, "cannot write: %s", strerror(code));
    return err_in(e, f->path);
}

// "folder/.name.PID.N.tmp": hidden, unlikely to meet another writer, and easy to tell apart if power fails.
static bool tmp_name(struct newfile *f, unsigned n, struct err *e)
{
    const char *slash = strrchr(f->path, '/');
    const int folder = slash ? (int)(slash - f->path) + 1 : 0;
    // a name may be 255 bytes long and must stay valid with our ending: keep its beginning
    const int bytes = snprintf(f->tmp, strlen(f->path) + 40, "%.*s.%.200s.%ld.%u.tmp", folder, f->path,
                               f->path + folder, (long)getpid(), n);
    return bytes > 0 || fail(f, EINVAL, e);
}

bool newfile_open(struct newfile *f, const char *path, struct err *e)
{
    *f = (struct newfile){0};
    struct stat st;
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) { // root must not rename a picture over /dev/null
        err_set(e, ERR_IO, "cannot write: %s", S_ISDIR(st.st_mode) ? "it is a folder" : "not a regular file");
        return err_in(e, path);
    }
    f->path = mem_text(path, e);
    f->tmp = f->path ? mem_zero(strlen(path) + 40, 1, e) : NULL;
    if (!f->tmp) {
        newfile_close(f);
        return false;
    }
    int fd = -1;
    for (unsigned n = 0; fd < 0 && n < TRIES; n++) {
        if (!tmp_name(f, n, e)) break;
        fd = open(f->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) break;
    }
    const int code = errno;
    f->stream = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (f->stream) return true;
    fail(f, fd >= 0 ? errno : code, e);
    if (fd >= 0) {
        close(fd);
        unlink(f->tmp);
    }
    newfile_close(f);
    return false;
}

// The name must be free at the very moment it is taken: link() promises that; file systems without
// hard links (FAT, some network mounts) are asked for a rename that refuses to replace.
static int take_free_name(const char *tmp, const char *path)
{
    if (!link(tmp, path)) {
        unlink(tmp);
        return 0;
    }
    if (errno == EEXIST) return EEXIST;
    const int linked = errno;
    if (!renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_NOREPLACE)) return 0;
    return errno == EEXIST ? EEXIST : linked;
}

void newfile_put(struct newfile *f, const void *data, size_t bytes)
{
    if (f->code) return;
    errno = 0;
    if (fwrite(data, 1, bytes, f->stream) != bytes) f->code = errno ? errno : EIO;
}

bool newfile_commit(struct newfile *f, bool replace, struct err *e)
{
    int code = f->code;
    if (!code && ferror(f->stream)) code = EIO;
    errno = 0;
    if ((fflush(f->stream) || fsync(fileno(f->stream))) && !code) code = errno ? errno : EIO;
    // closing can still report a failed write on network mounts
    if (fclose(f->stream) && !code) code = errno ? errno : EIO;
    f->stream = NULL;
    if (!code && replace) code = rename(f->tmp, f->path) ? errno : 0;
    if (!code && !replace) code = take_free_name(f->tmp, f->path);
    if (code) {
        unlink(f->tmp);
        fail(f, code, e);
    }
    newfile_close(f);
    return !code;
}

bool newfile_text(const char *path, const char *text, bool replace, struct err *e)
{
    struct newfile f;
    if (!newfile_open(&f, path, e)) return false;
    newfile_put(&f, text, strlen(text));
    return newfile_commit(&f, replace, e);
}

void newfile_close(struct newfile *f)
{
    if (f->stream) {
        fclose(f->stream);
        unlink(f->tmp);
    }
    free(f->tmp);
    free(f->path);
    *f = (struct newfile){0};
}
