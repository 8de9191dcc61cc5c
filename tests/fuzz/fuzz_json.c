// fuzz_json.c — the JSON of folders: the first byte says which file the rest claims to be.
#include "read_ckpt.h"
#include "weights/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const uint32_t which = data[0] % (FOLDER_FILES + 1);
    if (which == FOLDER_FILES) {
        read_ckpt(data + 1, size - 1); // an index of shards
        return 0;
    }
    struct folder f;
    struct err e = {0};
    folder_begin(&f);
    if (!folder_parse(&f, which, data + 1, size - 1, &e) && (e.code == ERR_NONE || strpbrk(e.text, "\n\r\033")))
        abort();
    folder_close(&f);
    return 0;
}
