// tick.h — one model evaluation as data: which table row, guidance, and the sampler's linear update.
// The host fills an array of these; the device steps through it. Word offsets are shared with shaders/inc/tick.glsl.
#ifndef VKDIT_TICK_H
#define VKDIT_TICK_H

#include <stdint.h>

enum { TICK_REGS = 10, TICK_SRC = TICK_REGS + 2 }; // sources of the update: registers, model output m, noise

// After the evaluation every register r < n_regs becomes
//   sum_s matrix[r][s] * source[s],  source = registers before the update, m, noise * std
// with std = 1, or exp(0.5 (f*var_hi + (1-f)*var_lo)), f = (v+1)/2, when use_var (v: the model's variance channels).
// Register 0 is x. The model reads in_scale * register `in_reg`.
struct tick {
    uint32_t mod; // row of the modulation table for this evaluation
    uint32_t in_reg;
    uint32_t use_var;
    uint32_t n_regs;
    float cfg, in_scale, var_lo, var_hi;
    uint32_t seed[2], offset[2], subsequences, pad; // Philox: key, counter word, threads of the imitated launch
    float pad2[2];
    float matrix[TICK_REGS][TICK_SRC];
};
enum { TICK_WORDS = sizeof(struct tick) / 4 };

#endif
