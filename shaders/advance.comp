#version 450
// advance.comp — now = ticks[counter], then counter + 1. One workgroup; past the end the last tick is repeated.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/tick.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint ticks;
} push;

WORDS_IN(0, ticks)
WORDS_OUT(1, counter)
WORDS_OUT(2, now)

void main()
{
    uint count = counter_word(0), row = min(count, push.ticks - 1);
    for (uint i = gl_LocalInvocationID.x; i < TICK_WORDS; i += THREADS) now_word_put(i, ticks_word(row * TICK_WORDS + i));
    barrier(); // every invocation has read the counter
    if (gl_LocalInvocationID.x == 0u) counter_word_put(0, count + 1u);
}
