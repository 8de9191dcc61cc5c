#version 450
// linear_coop.comp — matrix product of halves on matrix units (VK_KHR_cooperative_matrix), F32 sums. Tiles of x and w
// pass through shared memory, each subgroup owns WM x WN sums of one of SLICES parts of k. Rows must be whole uvec4s: k a
// multiple of 8. Sources are declared as uvec4, which makes RADV load them in a quarter of the instructions.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_GOOGLE_include_directive : require
#include "inc/linear.glsl"
#include "inc/quant.glsl"

layout(constant_id = 5) const uint BM = 32; // rows of y per workgroup
layout(constant_id = 6) const uint BN = 32; // columns
layout(constant_id = 7) const uint BK = 16; // k per trip, a multiple of 8 and of SLICES * CK
layout(constant_id = 8) const uint WM = 16; // rows per subgroup; SLICES * BM / WM * (BN / WN) subgroups
layout(constant_id = 9) const uint WN = 16; // columns per subgroup
layout(constant_id = 10) const uint CM = 8; // the device's matrix shape
layout(constant_id = 11) const uint CN = 8;
layout(constant_id = 12) const uint CK = 8;
layout(constant_id = 13) const uint STAGES = 1;    // 2: a trip's tiles are stored while the last one's are in use
layout(constant_id = 14) const bool WHOLE = false; // every tile lies inside y and inside one item: no edges to mind
layout(constant_id = 15) const uint SLICES = 1;    // of k, worked on side by side where y has too few tiles for the device
layout(constant_id = 17) const uint PARTS = 1;     // of k, each by its own workgroups: sums lie behind y for linear_sum.comp (FINISH == 3)
layout(constant_id = 16) const uint DEPTH = 1;     // trips whose loads are under way in registers, 1 or 2

layout(std430, set = 0, binding = 0) readonly buffer Wide_x { uvec4 wide_x[]; };
layout(std430, set = 0, binding = 1) readonly buffer Wide_w { uvec4 wide_w[]; };
#define SUM coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>
#define HALF_SUM coopmat<float16_t, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>
#include "inc/whole.glsl"

const uint K8 = BK / 8, LINE = K8 + 1; // one uvec4 of padding against bank conflicts
const uint SUB_COLS = BN / WN, SUB_TILES = BM / WM * SUB_COLS, SUBGROUPS = SLICES * SUB_TILES;
const uint LANES = THREADS / SUBGROUPS, SLICE_K = BK / SLICES;
const uint X_ALL = BM * K8, X_LOADS = (X_ALL + THREADS - 1) / THREADS; // uvec4s of a trip, and of each thread
const uint W_ALL = BN * K8, W_LOADS = (W_ALL + THREADS - 1) / THREADS;
const uint OUT = SLICES > 1 ? (SLICES - 1) * SUB_TILES : WHOLE ? 1 : SUB_TILES; // matrices on their way through out_tile
shared uvec4 x_tile[STAGES * BM * LINE];
shared uvec4 w_tile[STAGES * BN * LINE];
shared float out_tile[OUT * CM * CN];

// Eight values of k, zero outside the matrix. Without branches, so that many loads are under way.
uvec4 fetch_x(uint row, uint k, bool wanted)
{
    bool inside = wanted && (WHOLE || row < push.rows) && k < push.k / 8;
    uvec4 v = wide_x[push.at[0] / 4 + (inside ? row * (push.k / 8) + k : 0)];
    return inside ? v : uvec4(0);
}
uvec4 fetch_w(uint row, uint k, bool wanted)
{
    bool inside = wanted && (WHOLE || row < push.n) && k < push.k / 8;
    if (QUANT_BITS != 0) {
        uint words = 8 / QUANT_K, i = inside ? (row * (push.k / 8) + k) * words : 0, pairs = (push.n + 1) / 2;
        vec2 two = quant_scales(push.n * (push.k / QUANT_K) + (inside ? k / 8 * pairs + row / 2 : 0));
        float s = inside ? ((row & 1u) == 0u ? two.x : two.y) : 0.0;
        uint low = w_word(i), high = QUANT_BITS == 8 ? w_word(i + 1) : low >> 16;
        uvec4 v;
        v.x = packHalf2x16(s * vec2(quant_at(low, 0), quant_at(low, 1)));
        v.y = packHalf2x16(s * vec2(quant_at(low, 2), quant_at(low, 3)));
        v.z = packHalf2x16(s * vec2(quant_at(high, 0), quant_at(high, 1)));
        v.w = packHalf2x16(s * vec2(quant_at(high, 2), quant_at(high, 3)));
        return v;
    }
    uvec4 v = wide_w[push.at[1] / 4 + (inside ? row * (push.k / 8) + k : 0)];
    return inside ? v : uvec4(0);
}

// The tiles that start at k, in eights, into registers x_ and w_. What no tile has room for is fetched in vain.
#define FETCH(x_, w_, k_) \
    [[unroll]] for (uint l = 0; l < X_LOADS; l++) { \
        uint e = t + l * THREADS; \
        x_[l] = fetch_x(row0 + e / K8, (k_) + e % K8, X_ALL % THREADS == 0 || e < X_ALL); \
    } \
    [[unroll]] for (uint l = 0; l < W_LOADS; l++) { \
        uint e = t + l * THREADS; \
        w_[l] = fetch_w(col0 + e / K8, (k_) + e % K8, W_ALL % THREADS == 0 || e < W_ALL); \
    }

// A trip: what x_ and w_ hold goes to shared memory, later tiles are fetched into them while this one is multiplied.
#define TRIP(x_, w_, k_) \
    [[unroll]] for (uint l = 0; l < X_LOADS; l++) { \
        uint e = t + l * THREADS; \
        if (X_ALL % THREADS == 0 || e < X_ALL) x_tile[x_at + e / K8 * LINE + e % K8] = x_[l]; \
    } \
    [[unroll]] for (uint l = 0; l < W_LOADS; l++) { \
        uint e = t + l * THREADS; \
        if (W_ALL % THREADS == 0 || e < W_ALL) w_tile[w_at + e / K8 * LINE + e % K8] = w_[l]; \
    } \
    barrier(); \
    FETCH(x_, w_, (k_) + DEPTH * K8) \
    [[unroll]] for (uint k = 0; k < SLICE_K; k += CK) { \
        uint at = (slice * SLICE_K + k) / 8; \
        coopmat<float16_t, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA> a[WM / CM]; \
        [[unroll]] for (uint i = 0; i < WM / CM; i++) \
            coopMatLoad(a[i], x_tile, x_at + (my_row + i * CM) * LINE + at, LINE, gl_CooperativeMatrixLayoutRowMajor); \
        [[unroll]] for (uint j = 0; j < WN / CN; j++) { \
            coopmat<float16_t, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB> b; \
            coopMatLoad(b, w_tile, w_at + (my_col + j * CN) * LINE + at, LINE, gl_CooperativeMatrixLayoutColumnMajor); \
            [[unroll]] for (uint i = 0; i < WM / CM; i++) sum[i][j] = coopMatMulAdd(a[i], b, sum[i][j]); \
        } \
    } \
    if (STAGES == 1) { \
        barrier(); \
    } else { /* the stage that is written next was last read before this trip's barrier */ \
        x_at = BM * LINE - x_at; \
        w_at = BN * LINE - w_at; \
    }

// This part's sums of k, for linear_sum.comp.
void store_part(uint row, uint col, SUM v)
{
    uint words = IS_HALF(7) ? push.rows * push.n / 2 : push.rows * push.n;
    uint part = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) / (push.rows / BM * (push.n / BN));
    uint at = push.at[7] + (words + 63) / 64 * 64 + (part * push.rows + row) * push.n + col;
    coopMatStore(v, wide_y, at, push.n, gl_CooperativeMatrixLayoutRowMajor);
}

// Finishes a matrix that may reach over an edge, through shared memory: which lane holds which sum is the device's secret.
// Every subgroup calls this, with `mine` when it has a sum: some drivers take a subgroup's barrier for a workgroup's.
void finish_edge(uint row, uint col, uint at, SUM v, bool mine)
{
    if (mine) coopMatStore(v, out_tile, at, CN, gl_CooperativeMatrixLayoutRowMajor);
    subgroupMemoryBarrierShared();
    subgroupBarrier();
    if (mine) for (uint e = gl_SubgroupInvocationID; e < CM * CN / 2; e += LANES) {
        uint r = e / (CN / 2), c = e % (CN / 2) * 2;
        vec2 two = vec2(out_tile[at + r * CN + c], out_tile[at + r * CN + c + 1]);
        if (row + r < push.rows)
            finish(row + r, col + c, two, bias_pair(col + c), FINISH == 2 ? gate_at(row + r) : 0);
    }
    subgroupMemoryBarrierShared();
    subgroupBarrier();
}

void main()
{
    uint row_tiles = (push.rows + BM - 1) / BM, col_tiles = (push.n + BN - 1) / BN;
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    if (group >= row_tiles * col_tiles * PARTS) return;
    uint row0 = group % row_tiles * BM, col0 = group / row_tiles % col_tiles * BN;
    uint k_count = push.k / 8 / PARTS, k_first = group / (row_tiles * col_tiles) * k_count, k_end = k_first + k_count;
    uint t = gl_LocalInvocationIndex, slice = gl_SubgroupID / SUB_TILES, tile = gl_SubgroupID % SUB_TILES;
    uint my_row = tile / SUB_COLS * WM, my_col = tile % SUB_COLS * WN;
    SUM sum[WM / CM][WN / CN];
    [[unroll]] for (uint i = 0; i < WM / CM; i++) [[unroll]] for (uint j = 0; j < WN / CN; j++) sum[i][j] = SUM(0.0);

    uvec4 x_even[X_LOADS], w_even[W_LOADS], x_odd[X_LOADS], w_odd[W_LOADS];
    FETCH(x_even, w_even, k_first)
    if (DEPTH == 2) { FETCH(x_odd, w_odd, k_first + K8) }
    uint x_at = 0, w_at = 0; // of this trip's stage
    for (uint k0 = k_first; k0 < k_end; k0 += DEPTH * K8) {
        TRIP(x_even, w_even, k0)
        if (DEPTH == 2) if (k0 + K8 < k_end) { TRIP(x_odd, w_odd, k0 + K8) }
    }
    [[unroll]] for (uint i = 0; i < WM / CM; i++)
        [[unroll]] for (uint j = 0; j < WN / CN; j++) {
            uint row = row0 + my_row + i * CM, col = col0 + my_col + j * CN;
            if (SLICES > 1) {
                if (slice > 0)
                    coopMatStore(sum[i][j], out_tile, ((slice - 1) * SUB_TILES + tile) * CM * CN, CN,
                                 gl_CooperativeMatrixLayoutRowMajor);
                barrier();
                if (slice == 0) [[unroll]] for (uint p = 0; p < SLICES - 1; p++) {
                    SUM more;
                    coopMatLoad(more, out_tile, (p * SUB_TILES + tile) * CM * CN, CN, gl_CooperativeMatrixLayoutRowMajor);
                    sum[i][j] = sum[i][j] + more;
                }
            }
            if (!WHOLE)
                finish_edge(row, col, tile * CM * CN, sum[i][j], slice == 0);
            else if (slice == 0 && FINISH == 3)
                store_part(row, col, sum[i][j]);
            else if (slice == 0)
                finish_whole(row, col, sum[i][j]);
            if (SLICES > 1) barrier();
        }
}
