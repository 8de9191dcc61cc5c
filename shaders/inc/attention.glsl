// attention.glsl — operands of attention and the part of the result that a workgroup owns: some queries of one head.
// Includes operand.glsl. Knows nothing about how the softmax is made.
#include "inc/operand.glsl"

layout(push_constant) uniform Push {
    PUSH_AT(2)
    uint units, blocks, first_block, block; // a unit is a block of that many queries of an item; units of this shard
    uint tokens, heads;
} push;
FOURS_MAIN(0, qkv)
FLOATS_OUT(1, y)

struct Part {
    uint query, end;  // first query, and the one after the last that this workgroup may store
    uint base;        // element of qkv: query vector 0 of the head
    uint width;       // heads * D; a token is three of them in qkv and one in y
    uint y;           // element of y where token 0 of this item would be, modulo 2^32
    bool any;
};

Part my_part(uint queries, uint head_size)
{
    uint tiles = (push.block + queries - 1) / queries; // a head's workgroups follow each other: its keys stay cached
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint head = group / tiles % push.heads, unit = push.first_block + group / tiles / push.heads;
    uint item = unit / push.blocks, block = unit % push.blocks;
    Part p;
    p.query = block * push.block + group % tiles * queries;
    p.end = min((block + 1) * push.block, push.tokens);
    p.width = push.heads * head_size;
    p.base = item * push.tokens * 3 * p.width + head * head_size;
    p.y = (item * push.tokens - push.first_block * push.block) * p.width + head * head_size;
    p.any = unit < push.first_block + push.units && p.query < p.end;
    return p;
}
