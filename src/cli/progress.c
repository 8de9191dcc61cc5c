// progress.c — a redrawn line on a terminal, sparse lines elsewhere. Knows nothing about what is being done.
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR = 24, LINE = 200 };

// a redrawn line needs no more than ten pictures a second; a log file wants few lines
static const double live_seconds = 0.1, sparse_seconds = 15;

void progress_start(struct progress *p, bool quiet, bool live)
{
    *p = (struct progress){.quiet = quiet, .live = live, .began = clock_seconds()};
}

static const char *clock_text(char *out, size_t room, double seconds)
{
    if (!(seconds < 359999)) seconds = 359999;
    const unsigned s = (unsigned)(seconds + 0.5);
    if (s >= 3600)
        snprintf(out, room, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, room, "%02u:%02u", s / 60, s % 60);
    return out;
}

static void rate_text(char *out, size_t room, double rate, const char *unit)
{
    if (*unit == 'B')
        snprintf(out, room, "%.0f MiB/s", rate / 1048576);
    else if (rate >= 1 || rate <= 0)
        snprintf(out, room, "%.2f%s/s", rate, unit);
    else
        snprintf(out, room, "%.2fs/%s", 1 / rate, unit); // as tqdm does below one per second
}

static void count_text(char *out, size_t room, uint64_t done, uint64_t total, const char *unit)
{
    if (*unit == 'B')
        snprintf(out, room, "%.0f/%.0f MiB", (double)done / 1048576, (double)total / 1048576);
    else if (total)
        snprintf(out, room, "%llu/%llu", (unsigned long long)done, (unsigned long long)total);
    else
        snprintf(out, room, "%llu", (unsigned long long)done);
}

static void bar_text(char *out, uint64_t done, uint64_t total)
{
    const uint64_t full = total ? min_u64(done, total) * BAR / total : 0;
    *out++ = '|';
    for (uint64_t i = 0; i < BAR; i++) *out++ = i < full ? '#' : ' ';
    *out++ = '|';
    *out = 0;
}

static size_t line_room(void)
{
    struct winsize size = {0};
    const bool known = !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col > 1;
    return known && size.ws_col < LINE ? size.ws_col : LINE;
}

static void draw(struct progress *p, const char *what, uint64_t done, uint64_t total, const char *unit, double now)
{
    char line[LINE], bar[BAR + 3] = "", count[48], rate[32] = "?", spent[16], left[16] = "?";
    const double elapsed = now - p->began, speed = elapsed > 0 ? (double)done / elapsed : 0;
    count_text(count, sizeof count, done, total, unit);
    if (done) rate_text(rate, sizeof rate, speed, unit);
    if (total && done) clock_text(left, sizeof left, (double)(total - min_u64(done, total)) / speed);
    if (p->live && total) bar_text(bar, done, total);
    clock_text(spent, sizeof spent, elapsed);
    const size_t room = p->live ? line_room() : sizeof line;
    for (int without = 0; without < 2; without++) { // a wrapped line could not be redrawn: the bar goes first
        const int n = snprintf(line, room, "%s %s%s%s [%s<%s, %s]", what, without ? "" : bar,
                               *bar && !without ? " " : "", count, spent, left, rate);
        if (n >= 0 && (size_t)n < room) break;
    }
    fprintf(stderr, p->live ? "\r\033[K%s" : "vkdit: %s\n", line);
    fflush(stderr);
    p->drawn = now;
    p->done_drawn = done;
    p->shown = p->live;
}

void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t total, const char *unit)
{
    if (p->quiet) return;
    const double now = clock_seconds();
    const bool last = total && done >= total;
    const bool due = now - (p->drawn > 0 ? p->drawn : p->began) >= (p->live ? live_seconds : sparse_seconds);
    // what is over at once needs no bar, unless it is the result that people look for
    const bool brief = last && !p->drawn && strcmp(unit, "it") != 0;
    if ((due || last) && !brief && !(last && p->drawn > 0 && p->done_drawn == done))
        draw(p, what, done, total, unit, now);
}

void progress_end(struct progress *p)
{
    if (p->shown) fputc('\n', stderr);
    p->shown = false;
}

void progress_wipe(struct progress *p)
{
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
}
