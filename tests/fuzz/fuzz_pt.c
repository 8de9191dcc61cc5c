// fuzz_pt.c — bytes as a torch.save zip when they begin like one, otherwise as what follows the preamble of the
// legacy format: the object's pickle, the storage keys, the storages.
#include "read_ckpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char preamble[] = "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19."
                               "\x80\x02M\xE9\x03."
                               "\x80\x02}X\x0D\0\0\0little_endian\x88s.";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2 && !memcmp(data, "PK", 2)) {
        read_ckpt(data, size);
        return 0;
    }
    const size_t head = sizeof preamble - 1;
    uint8_t *file = malloc(head + size);
    if (!file) return 0;
    memcpy(file, preamble, head);
    if (size) memcpy(file + head, data, size);
    read_ckpt(file, head + size);
    free(file);
    return 0;
}
