#version 450
// linear_coop2.comp — matrix product of halves on matrix units, F32 sums, where the driver spreads whole tiles over a
// workgroup by itself (VK_NV_cooperative_matrix2): it chooses instructions, registers and shared memory.
#extension GL_KHR_cooperative_matrix : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"

layout(constant_id = 5) const uint BM = 64; // rows of y per workgroup
layout(constant_id = 6) const uint BN = 64; // columns
layout(constant_id = 7) const uint BK = 32; // k per trip
// 8 to 13: of linear_coop.comp
layout(constant_id = 14) const bool WHOLE = false; // every tile lies inside y and inside one item, k is whole trips

layout(std430, set = 0, binding = 0) readonly buffer Half_x { float16_t half_x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Half_w { float16_t half_w[]; };
layout(std430, set = 0, binding = 7) writeonly buffer Half_y { float16_t half_y[]; };
layout(std430, set = 0, binding = 7) writeonly buffer Float_y { float float_y[]; };

#define SUM coopmat<float, gl_ScopeWorkgroup, BM, BN, gl_MatrixUseAccumulator>
#define HALF_SUM coopmat<float16_t, gl_ScopeWorkgroup, BM, BN, gl_MatrixUseAccumulator>

// One sum, at (r, c) of the tile whose corner is (row0, col0).
float finish_one(const in uint r, const in uint c, const in float sum, const in uint row0, const in uint col0, const in uint gate0)
{
    uint row = row0 + r, col = col0 + c;
    if (!WHOLE) {
        row = min(row, push.rows - 1);
        col = min(col, push.n - 1);
    }
    float v = sum;
    if (BIAS) v += bias(col);
    if (ACT != 0) v = activate(v, ACT);
    if (FINISH == 2) v *= table((WHOLE ? gate0 : gate_at(row)) + col);
    if (FINISH != 0) v += res(row * push.n + col);
    return v;
}

void main()
{
    uint row_tiles = (push.rows + BM - 1) / BM, col_tiles = (push.n + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint row0 = group % row_tiles * BM, col0 = group / row_tiles * BN;
    uint x0 = push.at[0] * 2, w0 = push.at[1] * 2; // in halves

    tensorViewNV<2, false, 1, 0> turned = createTensorViewNV(2, false, 1, 0);
    SUM sum = SUM(0.0);
    if (WHOLE) {
        tensorLayoutNV<2> tx = createTensorLayoutNV(2), tw = createTensorLayoutNV(2);
        tx = setTensorLayoutDimensionNV(tx, push.rows, push.k);
        tw = setTensorLayoutDimensionNV(tw, push.n, push.k);
        for (uint k = 0; k < push.k; k += BK) {
            coopmat<float16_t, gl_ScopeWorkgroup, BM, BK, gl_MatrixUseA> a;
            coopmat<float16_t, gl_ScopeWorkgroup, BK, BN, gl_MatrixUseB> b;
            coopMatLoadTensorNV(a, half_x, x0, sliceTensorLayoutNV(tx, row0, BM, k, BK));
            coopMatLoadTensorNV(b, half_w, w0, sliceTensorLayoutNV(tw, col0, BN, k, BK), turned);
            sum = coopMatMulAdd(a, b, sum);
        }
    } else { // zero outside the matrices
        tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> tx = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
        tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> tw = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
        tx = setTensorLayoutDimensionNV(tx, push.rows, push.k);
        tw = setTensorLayoutDimensionNV(tw, push.n, push.k);
        for (uint k = 0; k < push.k; k += BK) {
            coopmat<float16_t, gl_ScopeWorkgroup, BM, BK, gl_MatrixUseA> a;
            coopmat<float16_t, gl_ScopeWorkgroup, BK, BN, gl_MatrixUseB> b;
            coopMatLoadTensorNV(a, half_x, x0, sliceTensorLayoutNV(tx, row0, BM, k, BK));
            coopMatLoadTensorNV(b, half_w, w0, sliceTensorLayoutNV(tw, col0, BN, k, BK), turned);
            sum = coopMatMulAdd(a, b, sum);
        }
    }
    coopMatPerElementNV(sum, sum, finish_one, row0, col0, FINISH == 2 ? gate_at(row0) : 0);

    tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> ty = createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
    ty = setTensorLayoutDimensionNV(ty, push.rows, push.n);
    if (IS_HALF(7))
        coopMatStoreTensorNV(HALF_SUM(sum), half_y, push.at[7] * 2, sliceTensorLayoutNV(ty, row0, BM, col0, BN));
    else
        coopMatStoreTensorNV(sum, float_y, push.at[7], sliceTensorLayoutNV(ty, row0, BM, col0, BN));
}
