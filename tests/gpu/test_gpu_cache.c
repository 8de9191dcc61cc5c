// test_gpu_cache.c — the pipeline cache file: written, used again, and harmless when damaged.
#include "gpu_probe.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static void count_warnings(void *user, int level, const char *line)
{
    if (level == 1 && strstr(line, "cache")) ++*(uint32_t *)user;
}

// One session with one pipeline; returns the number of warnings about the cache.
static uint32_t session(const char *dir)
{
    struct gpu g;
    struct err e = {0};
    uint32_t warnings = 0;
    struct gpu_wish w = {.cache_dir = dir, .log = count_warnings, .user = &warnings};
    bool ok = gpu_open(&g, &w, &e) && probe_run(&g, false, 1, 0, NULL, &e);
    CHECK(ok, "%s", e.text);
    gpu_close(&g);
    return warnings;
}

static uint32_t files_in(const char *dir, char *path, size_t room)
{
    uint32_t n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        if (f->d_name[0] == '.') continue;
        snprintf(path, room, "%.80s/%.160s", dir, f->d_name);
        n++;
    }
    if (d) closedir(d);
    return n;
}

static void damage(const char *path, long at, long cut)
{
    FILE *f = fopen(path, "r+b");
    if (!f) return;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    if (cut >= 0) {
        fclose(f);
        CHECK(!truncate(path, cut), "truncate");
        return;
    }
    long pos = at < 0 ? size + at : at;
    fseek(f, pos, SEEK_SET);
    int c = fgetc(f);
    fseek(f, pos, SEEK_SET);
    fputc(c ^ 0x40, f);
    fclose(f);
}

static void test_damage(const char *dir, char *path, size_t room)
{
    static const struct {
        long at, cut;
    } cases[] = {{0, -1},  {7, -1},  {8, -1},  {30, -1}, {33, -1}, {40, -1},
                 {48, -1}, {60, -1}, {-1, -1}, {0, 0},   {0, 10},  {0, 57}};
    for (uint32_t i = 0; i < COUNTOF(cases); i++) {
        damage(path, cases[i].at, cases[i].cut);
        uint32_t warnings = session(dir);
        bool empty = cases[i].cut == 0;
        CHECK(empty || warnings == 1, "case %u: %u warnings", i, warnings);
        CHECK(session(dir) == 0, "case %u: the damage was not repaired", i);
        CHECK(files_in(dir, path, room) == 1, "case %u: other files were left", i);
    }
}

int main(void)
{
    char dir[] = "test_gpu_cache.XXXXXX", deep[64], path[256];
    static struct caps list[16];
    uint32_t n = COUNTOF(list);
    struct err e = {0};
    if (!gpu_list(list, &n, NULL, &e) || !n || !mkdtemp(dir)) {
        printf("not tried: %s\n", e.text);
        return 77;
    }
    snprintf(deep, sizeof deep, "%s/a/b", dir);
    CHECK(session(deep) == 0, "a fresh folder gives a warning");
    if (files_in(deep, path, sizeof path) == 1) { // a driver may have nothing to keep
        struct stat a, b;
        CHECK(!stat(path, &a), "no file");
        CHECK(session(deep) == 0, "a sound cache gives a warning");
        CHECK(!stat(path, &b) && a.st_size == b.st_size, "the cache grows by being used");
        test_damage(deep, path, sizeof path);
        unlink(path);
    }
    CHECK(session("/proc/no/such") == 0, "a folder that cannot be made is silent");
    CHECK(session("") == 0, "no cache");
    rmdir(deep);
    snprintf(deep, sizeof deep, "%s/a", dir);
    rmdir(deep);
    rmdir(dir);
    return check_done();
}
