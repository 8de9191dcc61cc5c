#version 450
// unpatchify.comp — rows of patches (line, column, then channel inside the patch) to images in NCHW order.
#extension GL_GOOGLE_include_directive : require
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint count, channels, h, w, p;
} push;

FLOATS_IN(0, tokens)
FLOATS_OUT(1, y)

float value(uint i)
{
    uint column = i % push.w, line = i / push.w % push.h, plane = i / (push.w * push.h);
    uint image = plane / push.channels, channel = plane % push.channels;
    uint token = (image * (push.h / push.p) + line / push.p) * (push.w / push.p) + column / push.p;
    uint inside = (line % push.p * push.p + column % push.p) * push.channels + channel;
    return tokens(token * push.p * push.p * push.channels + inside);
}
#include "inc/each.glsl"
