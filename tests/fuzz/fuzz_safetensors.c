// fuzz_safetensors.c — any bytes as a checkpoint; most inputs that get anywhere are safetensors.
#include "read_ckpt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_ckpt(data, size);
    return 0;
}
