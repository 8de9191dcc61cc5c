// movie.c — raw pictures down a socket to ffmpeg, which writes into a new file of ours. Knows nothing about where the
// pictures come from.
#include "image/movie.h"
#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { FRAMES_A_SECOND = 20 };

struct movie {
    struct newfile f;
    pid_t child;
    int to; // its standard input
    uint32_t w, h;
};

// A socket instead of a pipe: a child that is gone is an error of the call, not a signal.
static bool start(struct movie *m, int theirs)
{
    char size[40], rate[16];
    snprintf(size, sizeof size, "%ux%u", m->w, m->h);
    snprintf(rate, sizeof rate, "%d", FRAMES_A_SECOND);
    const char *const words[] = {"ffmpeg", "-nostdin", "-loglevel", "quiet", "-f", "rawvideo", "-pix_fmt", "rgb24",
                                 "-s", size, "-r", rate, "-i", "pipe:0",
                                 // colour in MP4 is stored for each four pixels
                                 "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-f", "mp4", "-y",
                                 m->f.tmp, NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, theirs, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const bool started = !posix_spawnp(&m->child, words[0], &files, NULL, (char *const *)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&files);
    return started;
}

struct movie *movie_open(const char *path, uint32_t w, uint32_t h, struct err *e)
{
    struct movie *m = mem_zero(1, sizeof *m, e);
    int pair[2];
    if (!m) return NULL;
    m->to = -1;
    m->w = w;
    m->h = h;
    bool ok = newfile_open(&m->f, path, e);
    if (ok && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        ok = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    else if (ok) {
        m->to = pair[0];
        ok = start(m, pair[1]) ||
             err_set(e, ERR_UNSUPPORTED, "%s: the program ffmpeg, which writes MP4, is not installed", path);
        close(pair[1]);
    }
    if (ok) return m;
    movie_close(m);
    return NULL;
}

static bool send_all(struct movie *m, const uint8_t *data, size_t bytes, struct err *e)
{
    while (bytes) {
        const ssize_t n = send(m->to, data, bytes, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return err_set(e, ERR_IO, "%s: ffmpeg ended before its time", m->f.path);
        data += n;
        bytes -= (size_t)n;
    }
    return true;
}

bool movie_add(struct movie *m, const struct image *im, uint32_t milliseconds, struct err *e)
{
    if (im->w != m->w || im->h != m->h) return err_set(e, ERR_ARG, "the pictures of a movie have one size");
    const uint32_t times = max_u32(1, (milliseconds * FRAMES_A_SECOND + 500) / 1000);
    for (uint32_t i = 0; i < times; i++)
        if (!send_all(m, im->rgb, (size_t)im->w * im->h * 3, e)) return false;
    return true;
}

// True when it had written everything.
static bool wait_for(struct movie *m)
{
    int status = 1;
    if (m->to >= 0) close(m->to);
    m->to = -1;
    if (m->child > 0)
        while (waitpid(m->child, &status, 0) < 0 && errno == EINTR) {
        }
    m->child = 0;
    return WIFEXITED(status) && !WEXITSTATUS(status);
}

bool movie_write(struct movie *m, bool replace, struct err *e)
{
    const bool ok = (wait_for(m) || err_set(e, ERR_IO, "%s: ffmpeg could not write it", m->f.path)) &&
                    newfile_commit(&m->f, replace, e);
    movie_close(m);
    return ok;
}

void movie_close(struct movie *m)
{
    if (!m) return;
    wait_for(m);
    newfile_close(&m->f);
    free(m);
}
