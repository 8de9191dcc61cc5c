// anim_movie.c — MP4: raw pictures down a socket to the program ffmpeg, which writes into a new file of ours.
#include "base/newfile.h"
#include "image/anim.h"

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
};

// A socket instead of a pipe: a child that is gone is an error of the call, not a signal.
static bool start(struct movie *m, uint32_t w, uint32_t h, int theirs)
{
    char size[40], rate[16];
    snprintf(size, sizeof size, "%ux%u", w, h);
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

static void movie_close(void *state)
{
    struct movie *m = state;
    wait_for(m);
    newfile_close(&m->f);
    free(m);
}

static void *movie_open(const char *path, uint32_t w, uint32_t h, struct err *e)
{
    struct movie *m = mem_zero(1, sizeof *m, e);
    int pair[2];
    if (!m) return NULL;
    m->to = -1;
    bool ok = newfile_open(&m->f, path, e);
    if (ok && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        ok = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    else if (ok) {
        m->to = pair[0];
        ok = start(m, w, h, pair[1]) ||
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

static bool movie_add(void *state, const struct image *im, uint32_t milliseconds, struct err *e)
{
    const uint32_t times = max_u32(1, (milliseconds * FRAMES_A_SECOND + 500) / 1000);
    for (uint32_t i = 0; i < times; i++)
        if (!send_all(state, im->rgb, (size_t)im->w * im->h * 3, e)) return false;
    return true;
}

static bool movie_write(void *state, const char *path, bool replace, struct err *e)
{
    struct movie *m = state;
    return (wait_for(m) || err_set(e, ERR_IO, "%s: ffmpeg could not write it", path)) &&
           newfile_commit(&m->f, replace, e);
}

const struct anim_format anim_movie = {".mp4", movie_open, movie_add, movie_write, movie_close};
