#version 450
// linear_coop.comp — matrix product of halves on matrix units (VK_KHR_cooperative_matrix), F32 sums. Tiles of x and w
// pass through shared memory, each subgroup owns WM x WN sums. Rows must be whole uvec4s: k a multiple of 8. Sources
// are declared as uvec4, which makes RADV load them in a quarter of the instructions.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"

layout(constant_id = 5) const uint BM = 32; // rows of y per workgroup
layout(constant_id = 6) const uint BN = 32; // columns
layout(constant_id = 7) const uint BK = 16; // k per trip, a multiple of 8 and of CK; THREADS divides BM * BK / 8 and BN * BK / 8
layout(constant_id = 8) const uint WM = 16; // rows per subgroup; BM / WM * (BN / WN) subgroups
layout(constant_id = 9) const uint WN = 16; // columns per subgroup
layout(constant_id = 10) const uint CM = 8; // the device's matrix shape
layout(constant_id = 11) const uint CN = 8;
layout(constant_id = 12) const uint CK = 8;

layout(std430, set = 0, binding = 0) readonly buffer Wide_x { uvec4 wide_x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Wide_w { uvec4 wide_w[]; };

const uint K8 = BK / 8, LINE = K8 + 1; // one uvec4 of padding against bank conflicts
const uint SUB_COLS = BN / WN, SUBGROUPS = BM / WM * SUB_COLS, LANES = THREADS / SUBGROUPS;
shared uvec4 x_tile[BM * LINE];
shared uvec4 w_tile[BN * LINE];
shared float out_tile[SUBGROUPS * CM * CN];

#define SUM coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>

void main()
{
    uint row_tiles = (push.rows + BM - 1) / BM, col_tiles = (push.n + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint row0 = group % row_tiles * BM, col0 = group / row_tiles * BN;
    uint t = gl_LocalInvocationIndex, k8 = push.k / 8, x_at = push.at[0] / 4, w_at = push.at[1] / 4;
    uint my_row = gl_SubgroupID / SUB_COLS * WM, my_col = gl_SubgroupID % SUB_COLS * WN;
    SUM sum[WM / CM][WN / CN];
    [[unroll]] for (uint i = 0; i < WM / CM; i++) [[unroll]] for (uint j = 0; j < WN / CN; j++) sum[i][j] = SUM(0.0);

    for (uint k0 = 0; k0 < k8; k0 += K8) {
        [[unroll]] for (uint l = 0; l < BM * K8 / THREADS; l++) {
            uint e = t + l * THREADS, r = e / K8, k = e % K8;
            bool inside = row0 + r < push.rows && k0 + k < k8;
            x_tile[r * LINE + k] = inside ? wide_x[x_at + (row0 + r) * k8 + k0 + k] : uvec4(0);
        }
        [[unroll]] for (uint l = 0; l < BN * K8 / THREADS; l++) {
            uint e = t + l * THREADS, r = e / K8, k = e % K8;
            bool inside = col0 + r < push.n && k0 + k < k8;
            w_tile[r * LINE + k] = inside ? wide_w[w_at + (col0 + r) * k8 + k0 + k] : uvec4(0);
        }
        barrier();
        [[unroll]] for (uint k = 0; k < BK; k += CK) {
            coopmat<float16_t, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA> a[WM / CM];
            [[unroll]] for (uint i = 0; i < WM / CM; i++)
                coopMatLoad(a[i], x_tile, (my_row + i * CM) * LINE + k / 8, LINE, gl_CooperativeMatrixLayoutRowMajor);
            [[unroll]] for (uint j = 0; j < WN / CN; j++) {
                coopmat<float16_t, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB> b;
                coopMatLoad(b, w_tile, (my_col + j * CN) * LINE + k / 8, LINE, gl_CooperativeMatrixLayoutColumnMajor);
                [[unroll]] for (uint i = 0; i < WM / CM; i++) sum[i][j] = coopMatMulAdd(a[i], b, sum[i][j]);
            }
        }
        barrier();
    }
    // Which lane holds which sum is the device's secret: each matrix goes through shared memory to be finished.
    uint mine = gl_SubgroupID * CM * CN;
    [[unroll]] for (uint i = 0; i < WM / CM; i++)
        [[unroll]] for (uint j = 0; j < WN / CN; j++) {
            coopMatStore(sum[i][j], out_tile, mine, CN, gl_CooperativeMatrixLayoutRowMajor);
            barrier();
            for (uint e = gl_SubgroupInvocationID; e < CM * CN / 2; e += LANES) {
                uint r = e / (CN / 2), c = e % (CN / 2) * 2;
                uint row = row0 + my_row + i * CM + r, col = col0 + my_col + j * CN + c;
                vec2 v = vec2(out_tile[mine + r * CN + c], out_tile[mine + r * CN + c + 1]);
                if (row < push.rows) finish(row, col, v, bias_pair(col), FINISH == 2 ? gate_at(row) : 0);
            }
            barrier();
        }
}
