// whole.glsl — the epilogue of a matrix of sums that lies wholly inside y, and inside one item where there is a gate. The
// kernel defines SUM and HALF_SUM, the matrix and the same of halves, and includes linear.glsl before. Knows nothing about
// how the sums were made.
layout(std430, set = 0, binding = 2) readonly buffer Wide_bias { float wide_bias[]; };
layout(std430, set = 0, binding = 3) readonly buffer Wide_res { float wide_res[]; };
layout(std430, set = 0, binding = 4) readonly buffer Wide_table { float wide_table[]; };
layout(std430, set = 0, binding = 7) writeonly buffer Wide_y { uint wide_y[]; };

// Element e of two matrices of one type is the same row and column, whichever it is; a stride of 0 repeats one line.
void finish_whole(uint row, uint col, SUM v)
{
    if (BIAS) {
        SUM b;
        coopMatLoad(b, wide_bias, push.at[2] + col, 0, gl_CooperativeMatrixLayoutRowMajor);
        v = v + b;
    }
    if (ACT != 0) [[unroll]] for (uint e = 0; e < v.length(); e++) v[e] = activate(v[e], ACT);
    if (FINISH == 2) {
        SUM gate;
        coopMatLoad(gate, wide_table, push.at[4] + gate_at(row) + col, 0, gl_CooperativeMatrixLayoutRowMajor);
        [[unroll]] for (uint e = 0; e < v.length(); e++) v[e] *= gate[e];
    }
    uint i = row * push.n + col;
    if (FINISH != 0) {
        SUM r;
        coopMatLoad(r, wide_res, push.at[3] + i, push.n, gl_CooperativeMatrixLayoutRowMajor);
        v = v + r;
    }
    if (IS_HALF(7))
        coopMatStore(HALF_SUM(v), wide_y, push.at[7] + i / 2, push.n / 2, gl_CooperativeMatrixLayoutRowMajor);
    else
        coopMatStore(v, wide_y, push.at[7] + i, push.n, gl_CooperativeMatrixLayoutRowMajor);
}
