// quant.glsl — weights packed as integers of 8 or 4 bits, 64 of a row to a scale (base/quant.h). Words of integers come
// first, then words of two scales: [k/64][rows/2], the even row's in the low half. Which bits: HALVES, bits 8 and 9.
// The kernel declares the operand `w` before it includes this.
const uint QUANT_BITS = (HALVES >> 8 & 1u) != 0u ? 8 : (HALVES >> 9 & 1u) != 0u ? 4 : 0; // 0: the weights are floats
const uint QUANT_K = QUANT_BITS == 0 ? 1 : 32 / QUANT_BITS; // weights in a word

// Element i of a word, of which i % QUANT_K counts; a literal i makes this two shifts.
float quant_at(uint word, uint i) { return float(bitfieldExtract(int(word), int(i % QUANT_K * QUANT_BITS), int(QUANT_BITS))); }

// The scales that a word holds for an even row and the next.
vec2 quant_scales(uint word) { return unpackHalf2x16(w_word(word)); }
