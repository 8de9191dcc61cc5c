// operand.glsl — how a kernel reads and writes its operands. Knows nothing about any op.
//
// Every operand is an array of 32-bit words: one F32 or I32 element each, or a pair of F16 elements. Which
// operands are halves is specialisation constant 0 (bit k: binding k), so one blob serves every storage
// type and a device without 16-bit storage still reads halves; bits 8 and 9: see quant.glsl. Constant 1 is the
// workgroup size.
//
// A kernel includes this file, declares `layout(push_constant) uniform Push { PUSH_AT(n) ... } push;` for n
// bindings, and then its operands. Built with ADDRESSES the same source takes 64-bit addresses instead of
// descriptors. An operand updated in place is read through the output's binding only.
#extension GL_EXT_control_flow_attributes : require
#ifdef ADDRESSES
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#endif
#ifdef PAIRS
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#endif

// SwiftShader unrolls no loop whose bounds are specialisation constants: blobs made for it define them instead.
#ifndef HALVES
layout(constant_id = 0) const uint HALVES = 0;
#endif
#ifdef THREADS
layout(local_size_x = THREADS) in;
#else
layout(constant_id = 1) const uint THREADS = 64;
layout(local_size_x_id = 1) in;
#endif

#define IS_HALF(binding_) ((HALVES >> (binding_) & 1u) != 0u)

#ifdef ADDRESSES
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint v[]; };
#define PUSH_AT(n_) uvec2 at[n_];
#define WORDS_IN(binding_, name) \
    uint name##_word(uint i) { return Words(push.at[binding_]).v[i]; }
#define WORDS_OUT(binding_, name) \
    WORDS_IN(binding_, name) \
    void name##_word_put(uint i, uint w) { Words(push.at[binding_]).v[i] = w; }
#else
#define PUSH_AT(n_) uint at[n_];
#define WORDS_IN(binding_, name) \
    layout(std430, set = 0, binding = binding_) readonly buffer Range_##name { uint range_##name[]; }; \
    uint name##_word(uint i) { return range_##name[push.at[binding_] + i]; }
#define WORDS_OUT(binding_, name) \
    layout(std430, set = 0, binding = binding_) buffer Range_##name { uint range_##name[]; }; \
    uint name##_word(uint i) { return range_##name[push.at[binding_] + i]; } \
    void name##_word_put(uint i, uint w) { range_##name[push.at[binding_] + i] = w; }
#endif

// name(i): element i.   name_two(i): elements i and i + 1; i is even when the operand is stored as halves.
#define FLOAT_READS(binding_, name) \
    float name(uint i) \
    { \
        if (!IS_HALF(binding_)) return uintBitsToFloat(name##_word(i)); \
        vec2 pair = unpackHalf2x16(name##_word(i >> 1)); \
        return (i & 1u) == 0u ? pair.x : pair.y; \
    } \
    vec2 name##_two(uint i) \
    { \
        if (IS_HALF(binding_)) return unpackHalf2x16(name##_word(i >> 1)); \
        return uintBitsToFloat(uvec2(name##_word(i), name##_word(i + 1))); \
    }
#define FLOATS_IN(binding_, name) \
    WORDS_IN(binding_, name) \
    FLOAT_READS(binding_, name)
// What a kernel mostly reads. Built with TEXELS these come as texel buffers of 32-bit words (kernel_row.texels).
#ifdef TEXELS
#define FLOATS_MAIN(binding_, name) \
    layout(set = 0, binding = binding_) uniform usamplerBuffer texels_##name; \
    uint name##_word(uint i) { return texelFetch(texels_##name, int(push.at[binding_] + i)).x; } \
    FLOAT_READS(binding_, name)
#else
#define FLOATS_MAIN(binding_, name) FLOATS_IN(binding_, name)
#endif

// The same where four neighbours are wanted at once, for CPU drivers: there a load of 16 bytes for each lane costs little
// more than one of 4, and a texel of four words (kernel_row.fours) is eight loads and a transposition.
// name_four(i): elements 4 i to 4 i + 3.   name_quad(i): their words, four of F32 elements; of smaller ones (halves, and
// weights packed in integers, quant.glsl) two, which then are more elements.   name_words(i): words 4 i to 4 i + 3.
// name_four_near(place, n), name_quad_near(place, n): the same where each lane reads somewhere else; name_place(i) is where
// i = 0 would be, n best a literal. With PAIRS they load two words as an integer of 64 bits: a gather (lavapipe since Mesa
// 25) takes as long for one as for a word, and has room for a literal distance from an address.
#define IS_WIDE(binding_) ((HALVES & (1u << (binding_) | ((binding_) == 1 ? 0x300u : 0u))) == 0u)
#define FOUR_READS(binding_, name) \
    NEAR_READS(binding_, name) \
    vec4 name##_floats(uvec4 q) \
    { \
        return IS_HALF(binding_) ? vec4(unpackHalf2x16(q.x), unpackHalf2x16(q.y)) : uintBitsToFloat(q); \
    } \
    vec4 name##_four(uint i) { return name##_floats(name##_quad(i)); } \
    vec4 name##_four_near(Place from, uint n) { return name##_floats(name##_quad_near(from, n)); }
#ifdef PAIRS
layout(buffer_reference, std430, buffer_reference_align = 8) buffer Pairs { uint64_t v[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) buffer TwoPairs { u64vec2 v[]; };
#define Place uint64_t
#define NEAR_READS(binding_, name) \
    Place name##_place(uint i) { return packUint2x32(push.at[binding_]) + uint64_t(i) * (IS_WIDE(binding_) ? 16 : 8); } \
    uvec4 name##_quad_near(Place from, uint n) \
    { \
        if (!IS_WIDE(binding_)) return uvec4(unpackUint2x32(Pairs(from).v[n]), 0, 0); \
        u64vec2 two = TwoPairs(from).v[n]; \
        return uvec4(unpackUint2x32(two.x), unpackUint2x32(two.y)); \
    }
#else
#define Place uint
#define NEAR_READS(binding_, name) \
    Place name##_place(uint i) { return i; } \
    uvec4 name##_quad_near(Place from, uint n) { return name##_quad(from + n); }
#endif
#ifdef TEXELS
#define FOURS_MAIN(binding_, name) \
    layout(set = 0, binding = binding_) uniform usamplerBuffer texels_##name; \
    uvec4 name##_quad(uint i) \
    { \
        return texelFetch(texels_##name, int((push.at[binding_] >> (IS_WIDE(binding_) ? 2 : 1)) + i)); \
    } \
    uint name##_word(uint i) \
    { \
        i += push.at[binding_]; \
        uvec4 q = texelFetch(texels_##name, int(i >> (IS_WIDE(binding_) ? 2 : 1))); \
        if (IS_WIDE(binding_) && (i & 2u) != 0u) q.xy = q.zw; \
        return (i & 1u) == 0u ? q.x : q.y; \
    } \
    FLOAT_READS(binding_, name) \
    FOUR_READS(binding_, name)
#elif defined(ADDRESSES)
layout(buffer_reference, std430, buffer_reference_align = 8) buffer Twos { uvec2 v[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) buffer Fours { uvec4 v[]; };
#define FOURS_MAIN(binding_, name) \
    FLOATS_IN(binding_, name) \
    uvec4 name##_words(uint i) { return Fours(push.at[binding_]).v[i]; } \
    uvec4 name##_quad(uint i) \
    { \
        if (IS_WIDE(binding_)) return name##_words(i); \
        return uvec4(Twos(push.at[binding_]).v[i], 0, 0); \
    } \
    FOUR_READS(binding_, name)
#else
#define FOURS_MAIN(binding_, name) \
    FLOATS_IN(binding_, name) \
    uvec4 name##_words(uint i) \
    { \
        return uvec4(name##_word(4 * i), name##_word(4 * i + 1), name##_word(4 * i + 2), name##_word(4 * i + 3)); \
    } \
    uvec4 name##_quad(uint i) \
    { \
        if (!IS_WIDE(binding_)) return uvec4(name##_word(2 * i), name##_word(2 * i + 1), 0, 0); \
        return name##_words(i); \
    } \
    FOUR_READS(binding_, name)
#endif
// name_put_two(i, v, both): writes elements i and i + 1, the second only when `both` (halves always come in pairs).
// name_put(i, v): one element of an F32 operand.
#define FLOATS_OUT(binding_, name) \
    WORDS_OUT(binding_, name) \
    FLOAT_READS(binding_, name) \
    void name##_put(uint i, float v) { name##_word_put(i, floatBitsToUint(v)); } \
    void name##_put_two(uint i, vec2 v, bool both) \
    { \
        if (IS_HALF(binding_)) { \
            name##_word_put(i >> 1, packHalf2x16(v)); \
        } else { \
            name##_word_put(i, floatBitsToUint(v.x)); \
            if (both) name##_word_put(i + 1, floatBitsToUint(v.y)); \
        } \
    }
