// vocab.h — the words a model is written in. Each call appends one op to the tape and returns its result.
// Shapes are items x rows x cols. Poison in, poison out: no call needs checking, the first error is kept.
#ifndef VKDIT_VOCAB_H
#define VKDIT_VOCAB_H

#include "graph/graph.h"

enum act { ACT_NONE, ACT_GELU_TANH, ACT_SILU, ACT_GELU_ERF, ACT_RELU, ACT_SOFT_CLAMP }; // the last: 3 tanh(x / 3)

// One modulation vector of the table (STATE; items = rows, rows = slots, cols = width): for item i it is
// table[now.mod * conds + cond[i]][slot]. cond: I32, 1,1,items (or more: the first ones count). conds: rows of the table
// per evaluation.
struct mod {
    ten table, now, cond;
    uint32_t conds, slot;
};

// y = act(x w^T + b). x: i,r,k  w: 1,n,k  b: 1,1,n or {0}.
ten op_linear(struct graph *g, ten x, ten w, ten b, enum act act);
// y = res + gate * (x w^T + b), F32. The gate is a modulation vector (one per item).
ten op_linear_gate(struct graph *g, ten x, ten w, ten b, struct mod gate, ten res);
// y = res + x w^T + b, F32.
ten op_linear_add(struct graph *g, ten x, ten w, ten b, ten res);
// Attention over packed qkv [items][tokens][3*heads*dim] -> [items][tokens][heads*dim]; scale dim^-0.5, no mask.
ten op_attention(struct graph *g, ten qkv, uint32_t heads);
// y = norm(x) * (1 + scale) + shift, the vectors from the table.
ten op_layer_norm_mod(struct graph *g, ten x, struct mod shift, struct mod scale, float eps);
ten op_rms_norm_mod(struct graph *g, ten x, struct mod shift, struct mod scale, float eps);
// y = norm(x) [* w [+ b]], w and b may be {0}
ten op_layer_norm(struct graph *g, ten x, ten w, ten b, float eps);
ten op_rms_norm(struct graph *g, ten x, ten w, float eps);

// [cos(t f) | sin(t f)], f given as a table 1,1,half; t: n,1,1 -> n,1,2*half
ten op_timestep_embed(struct graph *g, ten t, ten freqs);
// rows of a table: index n,1,1 (I32) -> n,1,cols
ten op_gather(struct graph *g, ten table, ten index);
// act(a[i] + b[j]) for every pair: a: n,1,d  b: m,1,d -> n*m rows (i major)
ten op_pair_add(struct graph *g, ten a, ten b, enum act act);
ten op_add(struct graph *g, ten a, ten b);
ten op_activate(struct graph *g, ten a, enum act act);
// Copies a's rows (n, d*count) into slots first..first+count-1 of the table's rows starting at row 0:
// table: rows, slots, d (STATE). In place on the table.
ten op_table_put(struct graph *g, ten a, ten table, uint32_t first);

// Image latents in NCHW order <-> tokens.
// regs: R*of, c, h*w (register major). Reads the first n of the `of` images of register now.in_reg, scaled by
// now.in_scale -> copies*n, (h/p)*(w/p), c*p*p; the same images serve all `copies` (guidance halves, conditional first).
ten op_patchify(struct graph *g, ten regs, ten now, uint32_t n, uint32_t of, uint32_t h, uint32_t w, uint32_t p,
                uint32_t copies);
// x + pos, pos 1,rows,cols broadcast over items, F32
ten op_add_pos(struct graph *g, ten x, ten pos);
// tokens: n, (h/p)*(w/p), p*p*c -> n, c, h*w
ten op_unpatchify(struct graph *g, ten tokens, uint32_t c, uint32_t h, uint32_t w, uint32_t p);

// Guidance: out 2n (conditional half first) -> n: u + s (c - u) on the first `channels` channels, c elsewhere; s = now.cfg.
// both: -> 2n as the reference returns it, where each half keeps its own remaining channels.
ten op_guide(struct graph *g, ten out, ten now, uint32_t channels, bool both);
// now = ticks[counter] (the last one when past the end), then counter += 1. In place on `now`; counter: one I32.
ten op_advance(struct graph *g, ten ticks, ten counter, ten now);
// regs <- now.matrix * (regs, model output, noise), see kernels/tick.h: the linear part of every sampler. In place.
// regs: R*n, c, hw  model: n, c or 2c (variance channels last), hw  noise: n, c, hw or {0}
ten op_sample(struct graph *g, ten regs, ten model, ten noise, ten now);
// Normal deviates on the device, Philox4x32-10 as CUDA draws them; seed and offset from now. In place on noise.
ten op_randn(struct graph *g, ten now, ten noise);

// Image networks: items, h*w, channels.
ten op_nchw_to_rows(struct graph *g, ten x, float mul); // n,c,hw -> n,hw,c, times mul
ten op_rows_to_nchw(struct graph *g, ten x, float mul);
// w: 1, cout, kh*kw*cin (kernel-major, channel last). Stride 1 or 2; pad_low/pad_high rows and columns of zeros;
// up = 2 reads the input through a nearest-neighbour doubling.
struct conv_shape {
    uint32_t h, w, kernel, stride, pad_low, pad_high, up;
};
ten op_conv(struct graph *g, ten x, ten w, ten b, ten res, struct conv_shape s, enum act act); // act(conv + b + res)
ten op_group_norm(struct graph *g, ten x, ten w, ten b, uint32_t groups, float eps, enum act act);
ten op_upsample2(struct graph *g, ten x, uint32_t h, uint32_t w);
ten op_slice_cols(struct graph *g, ten x, uint32_t first, uint32_t count);
// 0..255 bytes packed RGBA in one word per pixel (I32) of a picture whose values span low..1
ten op_to_bytes(struct graph *g, ten x, float low);

extern const struct op_row *const op_table[]; // every op, NULL ended; tests and `devices` walk it

#endif
