// lanes.glsl — LANE(x, u): the value that lane u of the subgroup holds in x; u is a literal. Knows nothing else.
// Up to Mesa 22.3 lavapipe sends a broadcast through memory and makes a shuffle one instruction (45 % of a matrix
// product); SwiftShader has it the other way round, so its own blobs define BROADCAST.
#extension GL_KHR_shader_subgroup_basic : require
#ifdef BROADCAST
#extension GL_KHR_shader_subgroup_ballot : require
#define LANE(x_, u_) subgroupBroadcast(x_, u_)
#else
#extension GL_KHR_shader_subgroup_shuffle : require
#define LANE(x_, u_) subgroupShuffle(x_, u_)
#endif
