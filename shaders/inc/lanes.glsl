// lanes.glsl — LANE(x, u): the value that lane u of the subgroup holds in x; u is a literal. ROW_LANE(x, r, u): value u of
// row r, when a load of four elements a lane brought THREADS values of each of four rows. Knows nothing else.
// Up to Mesa 22.3 lavapipe sends a broadcast through memory and makes a shuffle one instruction (45 % of a matrix
// product); SwiftShader has it the other way round, so its own blobs define BROADCAST.
#extension GL_KHR_shader_subgroup_basic : require
#ifdef BROADCAST
#extension GL_KHR_shader_subgroup_ballot : require
#define LANE(x_, u_) subgroupBroadcast(x_, u_)
#else
#extension GL_KHR_shader_subgroup_shuffle : require
#ifdef PAIRS // Mesa from 25 on
// A lane that the compiler knows takes it two instructions, one that it does not know takes one, where vectors are of
// eight: a workgroup's third number is 0.
#define LANE(x_, u_) subgroupShuffle(x_, (THREADS == 8 ? gl_WorkGroupID.z : 0) + (u_))
#else
#define LANE(x_, u_) subgroupShuffle(x_, u_)
#endif
#endif
#define ROW_LANES (THREADS / 4) // lanes that hold a row
#define ROW_LANE(x_, r_, u_) LANE(x_[(u_) % 4], (r_) * ROW_LANES + (u_) / 4)

// UNIFORM: what is the same in every lane is loaded, not broadcast: UNIFORM_OR(load, broadcast). Mesa 26 makes one load of
// one value then. But it runs a loop once more without any lane before it leaves, and makes such a load all the same: its
// address must be good then, too. Where it never pays the loads are not even there, as drivers take time over dead code.
//
// A line of neighbours, one for each lane, is loaded like that too: LINE_READ(name) makes name_line(i), the word that this
// lane takes of those from i on, a multiple of 4. Lane numbers are constants to the compiler, so choosing among loads of one
// word comes out as one load of a vector, where an address that differs between lanes is a gather (a third of a product).
#if defined(BROADCAST) || defined(TEXELS)
#define UNIFORM_CONSTANT(id_) const bool UNIFORM = false;
#define UNIFORM_OR(load_, broadcast_) (broadcast_)
#define LINE_READ(name) uint name##_line(uint i) { return 0; }
#else
#define LINE_LANE(u_, load_) v = gl_SubgroupInvocationID == (u_) ? (load_) : v;
#define LINE_FOUR(name, u_) \
    q = name##_words(i / 4 + (u_) / 4); \
    LINE_LANE(u_, q.x) LINE_LANE(u_ + 1, q.y) LINE_LANE(u_ + 2, q.z) LINE_LANE(u_ + 3, q.w)
#define LINE_READ(name) \
    uint name##_line(uint i) \
    { \
        uvec4 q; \
        uint v = 0; \
        LINE_FOUR(name, 0) \
        if (THREADS >= 8) { LINE_FOUR(name, 4) } \
        if (THREADS >= 16) { LINE_FOUR(name, 8) LINE_FOUR(name, 12) } \
        return v; \
    }
#define UNIFORM_CONSTANT(id_) layout(constant_id = id_) const bool UNIFORM = false;
#define UNIFORM_OR(load_, broadcast_) (UNIFORM ? (load_) : (broadcast_))
#endif
