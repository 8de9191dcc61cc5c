#version 450
// patchify.comp — images in NCHW order to rows of patches (channel, then line, then column inside the patch).
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"
#include "inc/tick.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(3)
    uint count, first_item, images, of, channels, h, w, p;
} push;

FLOATS_IN(0, regs)
WORDS_IN(1, now)
FLOATS_OUT(2, y)

float value(uint i)
{
    uint dx = i % push.p, dy = i / push.p % push.p, channel = i / (push.p * push.p) % push.channels;
    uint token = i / (push.p * push.p * push.channels);
    uint across = push.w / push.p, tokens = across * (push.h / push.p);
    uint image = (push.first_item + token / tokens) % push.images;
    uint line = token % tokens / across * push.p + dy, column = token % across * push.p + dx;
    uint plane = (now_word(TICK_IN_REG) * push.of + image) * push.channels + channel;
    return regs((plane * push.h + line) * push.w + column) * uintBitsToFloat(now_word(TICK_IN_SCALE));
}
#include "inc/each.glsl"
