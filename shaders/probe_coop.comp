#version 450
// probe_coop.comp — products of matrices that stay in registers, halves into F32 sums or with INT8 integers of 8 bits into
// 32: the benchmark's ceilings for matrix units (VK_KHR_cooperative_matrix). Four independent sums per subgroup hide the
// latency.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#ifdef INT8
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#define FACTOR int8_t
#define SUM int
#else
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define FACTOR float16_t
#define SUM float
#endif
#extension GL_EXT_control_flow_attributes : require
layout(std430, set = 0, binding = 0) buffer Out { SUM y[]; };
layout(push_constant) uniform Push { uint trips; SUM factor; } push;
layout(local_size_x_id = 1) in;
layout(constant_id = 2) const uint CM = 8;
layout(constant_id = 3) const uint CN = 8;
layout(constant_id = 4) const uint CK = 8;

const uint SUMS = 4, UNROLL = 4; // as src/bench/probe.c counts them

void main()
{
    coopmat<FACTOR, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA> a =
        coopmat<FACTOR, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA>(FACTOR(push.factor));
    coopmat<FACTOR, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB> b[SUMS];
    coopmat<SUM, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator> sum[SUMS];
    [[unroll]] for (uint i = 0; i < SUMS; i++) {
        b[i] = coopmat<FACTOR, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB>(FACTOR(push.factor * SUM(i)));
        sum[i] = coopmat<SUM, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>(SUM(0));
    }
    for (uint t = 0; t < push.trips; t++)
        [[unroll]] for (uint u = 0; u < UNROLL; u++)
            [[unroll]] for (uint i = 0; i < SUMS; i++) sum[i] = coopMatMulAdd(a, b[i], sum[i]);
    // every sum is needed: what nobody stores, a compiler may drop
    [[unroll]] for (uint i = 1; i < SUMS; i++) sum[0] += sum[i];
    if (gl_WorkGroupID.x == 0 && gl_SubgroupID == 0) coopMatStore(sum[0], y, 0, CN, gl_CooperativeMatrixLayoutRowMajor);
}
