#version 450
// linear_coop2.comp — matrix product of halves on matrix units whose driver takes tiles of other sizes than the hardware's
// (VK_NV_cooperative_matrix2): a tile of y is one matrix, of a subgroup or of the whole workgroup, and the driver chooses
// instructions, registers and shared memory. F32 sums. Whole tiles only: BM divides the rows, BN the columns, BK is in k.
// TENSOR: tiles come by the extension's own loads, which know the whole matrix, its rows and its strides.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#ifdef TENSOR
#extension GL_NV_cooperative_matrix2 : require
#extension GL_EXT_shader_16bit_storage : require
#endif
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"

layout(constant_id = 5) const uint BM = 32; // rows of y per workgroup
layout(constant_id = 6) const uint BN = 32; // columns
layout(constant_id = 7) const uint BK = 16; // k per trip
layout(constant_id = 8) const int SCOPE = gl_ScopeSubgroup; // or gl_ScopeWorkgroup; of a subgroup, the workgroup is one

#ifdef TENSOR
layout(std430, set = 0, binding = 0) readonly buffer Half_x { float16_t half_x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Half_w { float16_t half_w[]; };
#else
layout(std430, set = 0, binding = 0) readonly buffer Wide_x { uvec4 wide_x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Wide_w { uvec4 wide_w[]; };
#endif

#define SUM coopmat<float, SCOPE, BM, BN, gl_MatrixUseAccumulator>
#define HALF_SUM coopmat<float16_t, SCOPE, BM, BN, gl_MatrixUseAccumulator>
#include "inc/whole.glsl"

void main()
{
    uint row_tiles = push.rows / BM, col_tiles = push.n / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint row = group % row_tiles * BM, col = group / row_tiles * BN;
#ifdef TENSOR
    tensorViewNV<2, false, 1, 0> turned = createTensorViewNV(2, false, 1, 0);
    tensorLayoutNV<2> x_all = setTensorLayoutDimensionNV(createTensorLayoutNV(2), push.rows, push.k);
    tensorLayoutNV<2> w_all = setTensorLayoutDimensionNV(createTensorLayoutNV(2), push.n, push.k);
#endif
    SUM sum = SUM(0.0);
    for (uint k = 0; k < push.k; k += BK) {
        coopmat<float16_t, SCOPE, BM, BK, gl_MatrixUseA> a;
        coopmat<float16_t, SCOPE, BK, BN, gl_MatrixUseB> b;
#ifdef TENSOR
        coopMatLoadTensorNV(a, half_x, push.at[0] * 2, sliceTensorLayoutNV(x_all, row, BM, k, BK));
        coopMatLoadTensorNV(b, half_w, push.at[1] * 2, sliceTensorLayoutNV(w_all, col, BN, k, BK), turned);
#else
        uint line = push.k / 8;
        coopMatLoad(a, wide_x, push.at[0] / 4 + row * line + k / 8, line, gl_CooperativeMatrixLayoutRowMajor);
        coopMatLoad(b, wide_w, push.at[1] / 4 + col * line + k / 8, line, gl_CooperativeMatrixLayoutColumnMajor);
#endif
        sum = coopMatMulAdd(a, b, sum);
    }
    finish_whole(row, col, sum);
}
