// coop.h — what kernels on matrix units ask of a device. Knows no particular op.
#ifndef VKDIT_KERNELS_COOP_H
#define VKDIT_KERNELS_COOP_H

#include "base/caps.h"

// Whether a shape multiplies such factors into such sums ("f16", "f32"); a driver may list shapes without a size.
bool coop_multiplies(const struct coop_shape *s, const char *factor, const char *sum);
// The largest of the device's shapes, halves into floats, that divides m x n x k; NULL when there is none, or when
// matrix units do not pay on this device, or subgroups may differ in size.
const struct coop_shape *coop_shape(const struct caps *c, uint32_t m, uint32_t n, uint32_t k);
// Whether the driver takes matrices of these sizes, halves into floats, of a subgroup (threads 0) or of a workgroup of that
// many threads, loaded as parts of a tensor.
bool coop2_takes(const struct caps *c, uint32_t m, uint32_t n, uint32_t k, uint32_t threads);
uint32_t coop_subgroup(const struct caps *c); // the size that kernels on matrix units require

#endif
