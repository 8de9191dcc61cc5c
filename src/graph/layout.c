// layout.c — how matrices lie in device memory: the checkpoint's rows, or panels for register-tile kernels.
#include "base/quant.h"
#include "graph/plan.h"

#include <string.h>

uint64_t layout_bytes(struct layout l, struct shape sh, enum dtype d)
{
    uint64_t rows = shape_rows(sh), cols = sh.cols;
    if (l.kind == LAYOUT_PANELS) {
        rows = align_up(rows, l.panel);
        cols = align_up(cols, l.group);
    }
    return quant_is(d) ? quant_bytes(d, rows, cols) : rows * cols * dtype_bytes(d);
}

static void put(void *dst, enum dtype type, uint64_t at, float v)
{
    if (type == DT_F16)
        ((uint16_t *)dst)[at] = half_from_float(v);
    else
        ((float *)dst)[at] = v;
}

// Where a row lies in its panel.
static uint64_t place(struct layout l, uint64_t row)
{
    const uint64_t at = row % l.panel, line = 2ull * l.lanes;
    return l.lanes ? at / line * line + at % 2 * l.lanes + at % line / 2 : at;
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
        uint64_t base = r / l.panel * groups * l.panel * l.group + place(l, r) * l.group;
        for (uint64_t k0 = 0; k0 < cols; k0 += STRIPE) {
            uint64_t n = min_u64(STRIPE, cols - k0);
            convert_to_f32(line, (const char *)src + (r * cols + k0) * dtype_bytes(src_type), src_type, n);
            for (uint64_t k = 0; k < n; k++)
                put(dst, dst_type, base + (k0 + k) / l.group * l.panel * l.group + (k0 + k) % l.group, line[k]);
        }
    }
}

// Packed weights: the integers of a row in words, k ascending from the low bits, the words as rows or panels have them
// (a panel's group is what one word holds). Behind them the scales: [k/64][rows/2] words, the even row's in the low half.
static void pack_quants(struct layout l, struct shape sh, enum dtype d, uint8_t *dst, enum dtype src_type,
                        const void *src)
{
    if (l.kind == LAYOUT_ROWS) l = (struct layout){.panel = 1};
    const uint64_t rows = shape_rows(sh), cols = sh.cols, panel = l.panel;
    const uint64_t padded = align_up(rows, panel), bits = quant_bits(d), word_k = 32 / bits;
    uint8_t *scales = dst + padded * cols * bits / 8;
    memset(dst, 0, (size_t)layout_bytes(l, sh, d));
    for (uint64_t r = 0; r < rows; r++)
        for (uint64_t k0 = 0; k0 < cols; k0 += QUANT_BLOCK) {
            float w[QUANT_BLOCK];
            int8_t q[QUANT_BLOCK];
            convert_to_f32(w, (const char *)src + (r * cols + k0) * dtype_bytes(src_type), src_type, QUANT_BLOCK);
            const uint16_t scale = quant_block(d, w, q);
            memcpy(scales + (k0 / QUANT_BLOCK * ((padded + 1) / 2) + r / 2) * 4 + r % 2 * 2, &scale, sizeof scale);
            for (uint64_t k = 0; k < QUANT_BLOCK; k += word_k) {
                uint32_t word = 0;
                for (uint64_t i = 0; i < word_k; i++)
                    word |= ((uint32_t)(uint8_t)q[k + i] & ((1u << bits) - 1)) << (i * bits);
                const uint64_t at = (r / panel * (cols / word_k) + (k0 + k) / word_k) * panel + place(l, r);
                memcpy(dst + at * 4, &word, sizeof word);
            }
        }
}

void layout_pack(struct layout l, struct shape sh, enum dtype dst_type, void *dst, enum dtype src_type, const void *src)
{
    if (quant_is(dst_type))
        pack_quants(l, sh, dst_type, dst, src_type, src);
    else if (l.kind == LAYOUT_PANELS)
        pack_panels(l, sh, dst_type, dst, src_type, src);
    else if (dst_type == src_type)
        memcpy(dst, src, (size_t)layout_bytes(l, sh, dst_type));
    else if (dst_type == DT_F16)
        convert_to_f16(dst, src, src_type, shape_count(sh));
    else
        convert_to_f32(dst, src, src_type, shape_count(sh));
}
