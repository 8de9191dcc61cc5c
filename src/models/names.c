// names.c — the published namings of DiT and of the SD autoencoder, as data.
#include "models/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_MAX = 4096 };

// How a pattern's index changes: CompVis counts the decoder's levels from the other end.
enum turn { SAME, REVERSED };

struct naming {
    const char *from;
    const char *to[NAME_PARTS];
    enum turn turn;
};

// from: the tape's name. The first entry that matches as a prefix and whose parts all exist is taken.
static const struct naming namings[] = {
    // DiT, original -> diffusers; embedders are repeated in every block, block 0's copy serves
    {"x_embedder.proj", {"pos_embed.proj"}, SAME},
    {"t_embedder.mlp.0", {"transformer_blocks.0.norm1.emb.timestep_embedder.linear_1"}, SAME},
    {"t_embedder.mlp.2", {"transformer_blocks.0.norm1.emb.timestep_embedder.linear_2"}, SAME},
    {"y_embedder.embedding_table", {"transformer_blocks.0.norm1.emb.class_embedder.embedding_table"}, SAME},
    {"blocks.*.adaLN_modulation.1", {"transformer_blocks.*.norm1.linear"}, SAME},
    {"blocks.*.attn.qkv",
     {"transformer_blocks.*.attn1.to_q", "transformer_blocks.*.attn1.to_k", "transformer_blocks.*.attn1.to_v"},
     SAME},
    {"blocks.*.attn.proj", {"transformer_blocks.*.attn1.to_out.0"}, SAME},
    {"blocks.*.mlp.fc1", {"transformer_blocks.*.ff.net.0.proj"}, SAME},
    {"blocks.*.mlp.fc2", {"transformer_blocks.*.ff.net.2"}, SAME},
    {"final_layer.adaLN_modulation.1", {"proj_out_1"}, SAME},
    {"final_layer.linear", {"proj_out_2"}, SAME},
    // the autoencoder's one attention: three matrices read as one
    {"@.mid_block.attentions.0.to_qkv",
     {"@.mid_block.attentions.0.to_q", "@.mid_block.attentions.0.to_k", "@.mid_block.attentions.0.to_v"},
     SAME},
    {"@.mid_block.attentions.0.to_qkv",
     {"@.mid_block.attentions.0.query", "@.mid_block.attentions.0.key", "@.mid_block.attentions.0.value"},
     SAME},
    {"@.mid_block.attentions.0.to_qkv", {"@.mid.attn_1.q", "@.mid.attn_1.k", "@.mid.attn_1.v"}, SAME},
    {"@.mid_block.attentions.0.to_out.0", {"@.mid_block.attentions.0.proj_attn"}, SAME},
    {"@.mid_block.attentions.0.to_out.0", {"@.mid.attn_1.proj_out"}, SAME},
    {"@.mid_block.attentions.0.group_norm", {"@.mid.attn_1.norm"}, SAME},
    // autoencoder, diffusers -> CompVis
    {"@.mid_block.resnets.0.", {"@.mid.block_1."}, SAME},
    {"@.mid_block.resnets.1.", {"@.mid.block_2."}, SAME},
    {"decoder.up_blocks.*.resnets.", {"decoder.up.*.block."}, REVERSED},
    {"decoder.up_blocks.*.upsamplers.0.conv", {"decoder.up.*.upsample.conv"}, REVERSED},
    {"encoder.down_blocks.*.resnets.", {"encoder.down.*.block."}, SAME},
    {"encoder.down_blocks.*.downsamplers.0.conv", {"encoder.down.*.downsample.conv"}, SAME},
    {"@.conv_norm_out", {"@.norm_out"}, SAME},
};

static const char *const roots[] = {"", "first_stage_model.", "module.", "model.", "vae."};

int64_t name_index(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(s, prefix, n) != 0) return -1;
    s += n;
    size_t digits = strspn(s, "0123456789");
    if (digits == 0 || digits > 5 || s[digits] != '.' || (s[0] == '0' && digits > 1)) return -2;
    long v = strtol(s, NULL, 10);
    return v < INDEX_MAX ? v : -2;
}

struct match {
    char side[8];
    char index[12];
    const char *rest;
}; // "@" is encoder or decoder

// Matches pattern against the beginning of name.
static bool match_pattern(const char *pattern, const char *name, struct match *m)
{
    *m = (struct match){0};
    for (; *pattern; pattern++) {
        if (*pattern == '@') {
            bool side = !strncmp(name, "encoder", 7) || !strncmp(name, "decoder", 7);
            if (!side) return false;
            snprintf(m->side, sizeof m->side, "%.7s", name);
            name += 7;
        } else if (*pattern == '*') {
            size_t digits = strspn(name, "0123456789");
            if (digits == 0 || digits >= sizeof m->index) return false;
            snprintf(m->index, sizeof m->index, "%.*s", (int)digits, name);
            name += digits;
        } else if (*pattern != *name++) {
            return false;
        }
    }
    m->rest = name;
    return true;
}

static void fill_pattern(char *out, size_t bytes, const char *root, const char *pattern, const struct match *m)
{
    size_t at = (size_t)snprintf(out, bytes, "%s", root);
    for (; *pattern && at + 1 < bytes; pattern++) {
        if (*pattern == '@')
            at += (size_t)snprintf(out + at, bytes - at, "%s", m->side);
        else if (*pattern == '*')
            at += (size_t)snprintf(out + at, bytes - at, "%s", m->index);
        else
            out[at++] = *pattern;
        if (at >= bytes) at = bytes - 1;
    }
    snprintf(out + at, bytes - at, "%s", m->rest);
}

static bool have_all(const struct ckpt *c, const struct name_parts *p)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (!ckpt_find(c, p->name[i])) return false;
    return true;
}

// Levels of a CompVis decoder: the highest index of "decoder.up.*" plus one.
static uint32_t compvis_levels(const struct ckpt *c, const char *root)
{
    char name[96];
    uint32_t n = 0;
    for (; n < 16; n++) {
        snprintf(name, sizeof name, "%sdecoder.up.%u.block.0.norm1.weight", root, n);
        if (!ckpt_find(c, name)) break;
    }
    return n;
}

// "nin_shortcut" is CompVis' word for "conv_shortcut".
static void rename_shortcut(struct name_parts *p)
{
    char *at = strstr(p->name[0], ".conv_shortcut."), tail[160];
    if (!at) return;
    snprintf(tail, sizeof tail, "%s", at + strlen(".conv_shortcut."));
    snprintf(at, sizeof p->name[0] - (size_t)(at - p->name[0]), ".nin_shortcut.%s", tail);
}

static bool try_naming(const struct ckpt *c, const char *root, const struct naming *k, const char *name,
                       struct name_parts *out)
{
    struct match m;
    if (!match_pattern(k->from, name, &m)) return false;
    if (k->turn == REVERSED) {
        uint32_t levels = compvis_levels(c, root), i = (uint32_t)strtoul(m.index, NULL, 10);
        if (i >= levels) return false;
        snprintf(m.index, sizeof m.index, "%u", levels - 1 - i);
    }
    for (out->n = 0; out->n < NAME_PARTS && k->to[out->n]; out->n++)
        fill_pattern(out->name[out->n], sizeof out->name[0], root, k->to[out->n], &m);
    if (have_all(c, out)) return true;
    rename_shortcut(out);
    return have_all(c, out);
}

bool name_resolve(const struct ckpt *c, const char *name, struct name_parts *out)
{
    for (uint32_t r = 0; r < COUNTOF(roots); r++) {
        out->n = 1;
        snprintf(out->name[0], sizeof out->name[0], "%s%s", roots[r], name);
        if (have_all(c, out)) return true;
        for (uint32_t i = 0; i < COUNTOF(namings); i++)
            if (try_naming(c, roots[r], &namings[i], name, out)) return true;
    }
    out->n = 0;
    return false;
}
