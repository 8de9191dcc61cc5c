// quant.h — packed weights: blocks of 64 weights of a row as integers of 8 or 4 bits with one scale in half precision.
// Knows types and numbers only; where the pieces lie in memory is graph/layout.c's matter.
#ifndef VKDIT_QUANT_H
#define VKDIT_QUANT_H

#include "base/dtype.h"

enum { QUANT_BLOCK = 64 }; // weights that share a scale; rows are whole blocks

static inline bool quant_is(enum dtype t)
{
    return t == DT_Q8 || t == DT_Q4;
}
static inline uint32_t quant_bits(enum dtype t)
{
    return t == DT_Q8 ? 8 : t == DT_Q4 ? 4 : 0;
}
// Bytes of so many rows of `cols` weights: whole words of integers, then a word of two scales for two rows of a block.
uint64_t quant_bytes(enum dtype t, uint64_t rows, uint64_t cols);

// The integers of one block, and its scale as the bits of a half: weight i is about q[i] * scale. Symmetric: Q8 uses
// -127..127, Q4 -8..7. A weight that is no number makes the scale none, so that the block stays what it was.
uint16_t quant_block(enum dtype t, const float w[QUANT_BLOCK], int8_t q[QUANT_BLOCK]);

// n weights, whole blocks, as a device reads them back.
void quant_round(enum dtype t, float *w, uint64_t n);

#endif
