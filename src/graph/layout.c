// layout.c — how matrices lie in device memory: the checkpoint's rows, or panels for register-tile kernels.
#include "graph/plan.h"

#include <string.h>

uint64_t layout_bytes(struct layout l, struct shape sh, enum dtype d)
{
    uint64_t rows = shape_rows(sh), cols = sh.cols;
    if (l.kind == LAYOUT_PANELS) {
        rows = align_up(rows, l.panel);
        cols = align_up(cols, l.group);
    }
    return rows * cols * dtype_bytes(d);
}

static void put(void *dst, enum dtype type, uint64_t at, float v)
{
    if (type == DT_F16)
        ((uint16_t *)dst)[at] = half_from_float(v);
    else
        ((float *)dst)[at] = v;
}

// One stripe of at most `stripe` source columns at a time is converted, so that reads stay sequential.
static void pack_panels(struct layout l, struct shape sh, enum dtype dst_type, void *dst, enum dtype src_type,
                        const void *src)
{
    enum { STRIPE = 1024 };
    uint64_t rows = shape_rows(sh), cols = sh.cols, groups = align_up(cols, l.group) / l.group;
    float line[STRIPE];
    memset(dst, 0, (size_t)layout_bytes(l, sh, dst_type));
    for (uint64_t r = 0; r < rows; r++) {
        uint64_t base = r / l.panel * groups * l.panel * l.group + r % l.panel * l.group;
        for (uint64_t k0 = 0; k0 < cols; k0 += STRIPE) {
            uint64_t n = min_u64(STRIPE, cols - k0);
            convert_to_f32(line, (const char *)src + (r * cols + k0) * dtype_bytes(src_type), src_type, n);
            for (uint64_t k = 0; k < n; k++)
                put(dst, dst_type, base + (k0 + k) / l.group * l.panel * l.group + (k0 + k) % l.group, line[k]);
        }
    }
}

void layout_pack(struct layout l, struct shape sh, enum dtype dst_type, void *dst, enum dtype src_type, const void *src)
{
    if (l.kind == LAYOUT_PANELS)
        pack_panels(l, sh, dst_type, dst, src_type, src);
    else if (dst_type == src_type)
        memcpy(dst, src, (size_t)layout_bytes(l, sh, dst_type));
    else if (dst_type == DT_F16)
        convert_to_f16(dst, src, src_type, shape_count(sh));
    else
        convert_to_f32(dst, src, src_type, shape_count(sh));
}
