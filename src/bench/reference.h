// reference.h — what fp32 runs of the synthetic models ended in, a few values of each, for the benchmark's gate.
#ifndef VKDIT_BENCH_REFERENCE_H
#define VKDIT_BENCH_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

// The run: one image of class 207 (modulo the classes), seed 0, guidance 4 or none, the model's default sampler. Value i
// is element i * (values / REFERENCE_VALUES) of the finished latent. tests/models/bench_reference.c makes them.
enum { REFERENCE_VALUES = 128, REFERENCE_STEPS = 10, REFERENCE_CLASS = 207 };

struct reference {
    const char *model; // as vkdit_model_options.synthetic has it
    bool guided;
    float value[REFERENCE_VALUES];
};
const struct reference *reference_find(const char *model, bool guided); // NULL when there is none

// Peak signal to noise ratio in dB, the peak being the range of the reference; 999 when equal, 0 when not finite.
double reference_psnr(const struct reference *r, const float *latent, uint64_t values);

#endif
