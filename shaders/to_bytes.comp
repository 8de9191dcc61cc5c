#version 450
// to_bytes.comp — three channels to one word of RGBA bytes, alpha 255. What is not a number becomes 0.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count;
    float factor, offset;
} push;

FLOATS_IN(0, x)
WORDS_OUT(1, y)

uint byte_of(float v)
{
    precise float scaled = v * push.factor + push.offset;
    return scaled >= 0.0 ? uint(min(scaled, 255.0)) : 0u; // the comparison is false for NaN
}

void main()
{
    for (uint i = gl_GlobalInvocationID.x; i < push.count; i += gl_NumWorkGroups.x * THREADS) {
        uint rg = byte_of(x(3 * i)) | byte_of(x(3 * i + 1)) << 8;
        y_word_put(i, rg | byte_of(x(3 * i + 2)) << 16 | 0xff000000u);
    }
}
