// replay.c — main() for a fuzz target without libFuzzer: runs every file of the given folders and files once.
// Knows nothing about what is being fuzzed.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    size_t size = 0, room = 1 << 16;
    uint8_t *data = malloc(room);
    for (size_t got; data && (got = fread(data + size, 1, room - size, f)) > 0;) {
        size += got;
        if (size == room) data = realloc(data, room *= 2);
    }
    fclose(f);
    if (!data) return 0;
    // an exact-size copy, so that a read past the end is one past an allocation
    uint8_t *exact = malloc(size ? size : 1);
    if (exact) memcpy(exact, data, size);
    free(data);
    if (exact) LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return exact != NULL;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        if (!d) {
            files += replay_file(argv[i]);
            continue;
        }
        for (struct dirent *entry; (entry = readdir(d));) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            files += replay_file(path);
        }
        closedir(d);
    }
    printf("%d inputs replayed\n", files);
    return files ? EXIT_SUCCESS : 77;
}
