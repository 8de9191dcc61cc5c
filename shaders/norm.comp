#version 450
// norm.comp — layer or RMS normalisation of rows, then either y = n (1 + scale) + shift with vectors from the
// modulation table (MOD), or y = n [w [+ b]]. A workgroup owns a row at a time; with LANES it is one subgroup.
#extension GL_GOOGLE_include_directive : require
#ifdef LANES
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif
#include "inc/operand.glsl"
#include "inc/total.glsl"

layout(constant_id = 2) const bool RMS = false;
layout(constant_id = 3) const bool WEIGHT = false; // plain only
layout(constant_id = 4) const bool BIAS = false;

#ifdef MOD
#include "inc/tick.glsl"
layout(push_constant) uniform Push {
    PUSH_AT(5)
    uint rows, cols;
    float eps;
    uint first_row, item_rows, conds, slots, shift, scale; // see struct mod
} push;
FLOATS_IN(0, x)
FLOATS_IN(1, table)
WORDS_IN(2, now)
WORDS_IN(3, cond)
FLOATS_OUT(4, y)
#else
layout(push_constant) uniform Push {
    PUSH_AT(4)
    uint rows, cols;
    float eps;
} push;
FLOATS_IN(0, x)
FLOATS_IN(1, w)
FLOATS_IN(2, b)
FLOATS_OUT(3, y)
#endif

uint base;  // first element of the row
float mean;
float factor; // 1 / standard deviation
#ifdef MOD
uint shift_at, scale_at;
#endif

vec2 read(uint col)
{
    if (IS_HALF(0)) return x_two(base + col);
    return vec2(x(base + col), x(base + min(col + 1, push.cols - 1)));
}

// Calls what(col) for the columns col, col + 1 that this invocation owns; four at a time while rows are wide, because
// CPU drivers store loop variables on every trip.
#define EACH_TWO(what) \
    { \
        uint block = 8 * THREADS, whole = push.cols / block * block, col = 2 * gl_LocalInvocationID.x; \
        for (; col < whole; col += block) { \
            what(col, true) \
            what(col + 2 * THREADS, true) \
            what(col + 4 * THREADS, true) \
            what(col + 6 * THREADS, true) \
        } \
        for (; col < push.cols; col += 2 * THREADS) what(col, col + 1 < push.cols) \
    }
#define ADD(col_, both_) \
    { \
        vec2 v = read(col_); \
        sum += both_ ? v : vec2(v.x, 0.0); \
    }
#define ADD_SQUARE(col_, both_) \
    { \
        vec2 v = read(col_) - mean; \
        if (!(both_)) v.y = 0.0; \
        sum += v * v; \
    }
#define WRITE(col_, both_) y_put_two(base + (col_), finish(col_, (read(col_) - mean) * factor), both_);

vec2 finish(uint col, vec2 v)
{
    uint next = min(col + 1, push.cols - 1);
#ifdef MOD
    vec2 scale = vec2(table(scale_at + col), table(scale_at + next));
    return v + v * scale + vec2(table(shift_at + col), table(shift_at + next));
#else
    if (WEIGHT) v *= vec2(w(col), w(next));
    return BIAS ? v + vec2(b(col), b(next)) : v;
#endif
}

void main()
{
    for (uint row = gl_WorkGroupID.x; row < push.rows; row += gl_NumWorkGroups.x) {
        base = row * push.cols;
#ifdef MOD
        uint which = now_word(TICK_MOD) * push.conds + cond_word((push.first_row + row) / push.item_rows);
        shift_at = (which * push.slots + push.shift) * push.cols;
        scale_at = (which * push.slots + push.scale) * push.cols;
#endif
        mean = 0.0;
        vec2 sum = vec2(0.0);
        if (!RMS) {
            EACH_TWO(ADD)
            mean = total(sum.x + sum.y) / float(push.cols);
            sum = vec2(0.0);
        }
        EACH_TWO(ADD_SQUARE)
        factor = 1.0 / sqrt(total(sum.x + sum.y) / float(push.cols) + push.eps);
        EACH_TWO(WRITE)
    }
}
