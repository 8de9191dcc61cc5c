#version 450
// probe_coop.comp — products of matrices that stay in registers, halves into F32 sums: the benchmark's ceiling for
// matrix units (VK_KHR_cooperative_matrix). Four independent sums per subgroup hide the latency.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_EXT_control_flow_attributes : require
layout(std430, set = 0, binding = 0) buffer Out { float y[]; };
layout(push_constant) uniform Push { uint trips; float factor; } push;
layout(local_size_x_id = 1) in;
layout(constant_id = 2) const uint CM = 8;
layout(constant_id = 3) const uint CN = 8;
layout(constant_id = 4) const uint CK = 8;

const uint SUMS = 4, UNROLL = 4; // as src/bench/probe.c counts them

void main()
{
    coopmat<float16_t, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA> a =
        coopmat<float16_t, gl_ScopeSubgroup, CM, CK, gl_MatrixUseA>(float16_t(push.factor));
    coopmat<float16_t, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB> b[SUMS];
    coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator> sum[SUMS];
    [[unroll]] for (uint i = 0; i < SUMS; i++) {
        b[i] = coopmat<float16_t, gl_ScopeSubgroup, CK, CN, gl_MatrixUseB>(float16_t(push.factor * float(i)));
        sum[i] = coopmat<float, gl_ScopeSubgroup, CM, CN, gl_MatrixUseAccumulator>(0.0);
    }
    for (uint t = 0; t < push.trips; t++)
        [[unroll]] for (uint u = 0; u < UNROLL; u++)
            [[unroll]] for (uint i = 0; i < SUMS; i++) sum[i] = coopMatMulAdd(a, b[i], sum[i]);
    // every sum is needed: what nobody stores, a compiler may drop
    [[unroll]] for (uint i = 1; i < SUMS; i++) sum[0] += sum[i];
    if (gl_WorkGroupID.x == 0 && gl_SubgroupID == 0) coopMatStore(sum[0], y, 0, CN, gl_CooperativeMatrixLayoutRowMajor);
}
