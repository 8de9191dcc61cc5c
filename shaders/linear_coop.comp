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
const uint STEP = THREADS / K8, X_LOADS = BM / STEP, W_LOADS = BN / STEP; // uvec4s per thread and trip
shared uvec4 x_tile[BM * LINE];
shared uvec4 w_tile[BN * LINE];
shared float out_tile[SUBGROUPS * CM * CN];

// Eight values of k, zero outside the matrix. Without branches, so that many loads are under way.
uvec4 fetch_x(uint row, uint k)
{
    bool inside = row < push.rows && k < push.k / 8;
    uvec4 v = wide_x[push.at[0] / 4 + (inside ? row * (push.k / 8) + k : 0)];
    return inside ? v : uvec4(0);
}
uvec4 fetch_w(uint row, uint k)
{
    bool inside = row < push.n && k < push.k / 8;
    uvec4 v = wide_w[push.at[1] / 4 + (inside ? row * (push.k / 8) + k : 0)];
    return inside ? v : uvec4(0);
}

#define SUM coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>

void main()
{
    uint row_tiles = (push.rows + BM - 1) / BM, col_tiles = (push.n + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles) return;
    uint row0 = group % row_tiles * BM, col0 = group / row_tiles * BN;
    uint t = gl_LocalInvocationIndex, my_row = gl_SubgroupID / SUB_COLS * WM, my_col = gl_SubgroupID % SUB_COLS * WN;
    SUM sum[WM / CM][WN / CN];
    [[unroll]] for (uint i = 0; i < WM / CM; i++) [[unroll]] for (uint j = 0; j < WN / CN; j++) sum[i][j] = SUM(0.0);

    uint load_row = t / K8, load_k = t % K8; // THREADS is a multiple of K8
    uvec4 x_next[X_LOADS], w_next[W_LOADS];
    [[unroll]] for (uint l = 0; l < X_LOADS; l++) x_next[l] = fetch_x(row0 + load_row + l * STEP, load_k);
    [[unroll]] for (uint l = 0; l < W_LOADS; l++) w_next[l] = fetch_w(col0 + load_row + l * STEP, load_k);
    for (uint k0 = 0; k0 < push.k / 8; k0 += K8) {
        [[unroll]] for (uint l = 0; l < X_LOADS; l++) x_tile[(load_row + l * STEP) * LINE + load_k] = x_next[l];
        [[unroll]] for (uint l = 0; l < W_LOADS; l++) w_tile[(load_row + l * STEP) * LINE + load_k] = w_next[l];
        barrier();
        uint k1 = k0 + K8 + load_k; // fetched while this trip computes
        [[unroll]] for (uint l = 0; l < X_LOADS; l++) x_next[l] = fetch_x(row0 + load_row + l * STEP, k1);
        [[unroll]] for (uint l = 0; l < W_LOADS; l++) w_next[l] = fetch_w(col0 + load_row + l * STEP, k1);
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
