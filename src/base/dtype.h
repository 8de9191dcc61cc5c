// dtype.h — element types of files and of device tensors, and the conversions between them.
#ifndef VKDIT_DTYPE_H
#define VKDIT_DTYPE_H

#include "base/base.h"

enum dtype {
    DT_F32,
    DT_F16,
    DT_BF16,
    DT_F64,
    DT_I64,
    DT_I32,
    DT_I16,
    DT_I8,
    DT_U8,
    DT_BOOL,
    DT_FILES,         // how many types a file may hold
    DT_Q8 = DT_FILES, // packed weights in device memory: blocks of small integers and a scale, see base/quant.h
    DT_Q4,
    DT_COUNT,
};

uint32_t dtype_bytes(enum dtype t);                    // 0 for packed weights
const char *dtype_name(enum dtype t);                  // safetensors spelling: "F32", "BF16", ...
bool dtype_from_name(const char *name, enum dtype *t); // of a file's types; false when unknown

uint16_t half_from_float(float f); // round to nearest even, overflow to infinity, NaN kept
float half_to_float(uint16_t h);
float bf16_to_float(uint16_t h);

// n elements of any type of a file from src (no alignment needed) to floats / to packed halves.
void convert_to_f32(float *dst, const void *src, enum dtype t, uint64_t n);
void convert_to_f16(uint16_t *dst, const void *src, enum dtype t, uint64_t n);

#endif
