// dit.c — Scalable Diffusion Models with Transformers (Peebles & Xie), adaLN-Zero; SiT is the same network.
// The equations only: no device, no storage types, no files.
#include "models/dit.h"

#include "kernels/tick.h"

#include <math.h>

enum { SHIFT_MSA, SCALE_MSA, GATE_MSA, SHIFT_MLP, SCALE_MLP, GATE_MLP, STRIP };

static const float norm_eps = 1e-6f;

// x <- x + gate_msa * attention(modulate(norm(x), shift_msa, scale_msa))
// x <- x + gate_mlp * mlp(modulate(norm(x), shift_mlp, scale_mlp))
static ten block(struct net *n, const struct dit_config *d, struct bank *bank, ten x, uint32_t i)
{
    struct graph *g = n->g;
    graph_scope(g, "blocks.%u", i);
    uint32_t m = net_modulation(n, bank, "adaLN_modulation.1", STRIP);

    ten h = op_layer_norm_mod(g, x, bank_slot(bank, m + SHIFT_MSA), bank_slot(bank, m + SCALE_MSA), norm_eps);
    graph_tap(g, h, "block%u.attn_in", i);
    h = net_linear(n, "attn.qkv", h, 3 * d->width, ACT_NONE);
    graph_tap(g, h, "block%u.qkv", i);
    h = op_attention(g, h, d->heads);
    x = net_linear_gate(n, "attn.proj", h, bank_slot(bank, m + GATE_MSA), x);
    graph_tap(g, x, "block%u.after_attn", i);

    float eps = d->diffusers ? 1e-5f : norm_eps;
    h = op_layer_norm_mod(g, x, bank_slot(bank, m + SHIFT_MLP), bank_slot(bank, m + SCALE_MLP), eps);
    graph_tap(g, h, "block%u.mlp_in", i);
    h = net_linear(n, "mlp.fc1", h, d->mlp, ACT_GELU_TANH);
    graph_tap(g, h, "block%u.mlp_hidden", i);
    x = net_linear_gate(n, "mlp.fc2", h, bank_slot(bank, m + GATE_MLP), x);
    graph_tap(g, x, "block%u.out", i);
    return x;
}

static ten final_layer(struct net *n, const struct dit_config *d, struct bank *bank, ten x)
{
    struct graph *g = n->g;
    graph_scope(g, "final_layer");
    uint32_t m = net_modulation(n, bank, "adaLN_modulation.1", 2);
    graph_exact(g, true);
    ten h = op_layer_norm_mod(g, x, bank_slot(bank, m), bank_slot(bank, m + 1), norm_eps);
    h = net_linear(n, "linear", h, d->patch * d->patch * d->out_channels, ACT_NONE);
    graph_tap(g, h, "final.tokens");
    h = op_unpatchify(g, h, d->out_channels, d->side, d->side, d->patch);
    graph_exact(g, false);
    return h;
}

// silu(c), c = t_embedder(t) + y_embedder(y), for every evaluation and every condition.
static ten conditioning(struct net *n, const struct dit_config *d, const struct dit_io *io)
{
    struct graph *g = n->g;
    graph_exact(g, true);
    ten t = op_timestep_embed(g, io->t, io->freqs);
    graph_tap(g, t, "t_freq");
    graph_scope(g, "t_embedder");
    t = net_linear(n, "mlp.0", t, d->width, ACT_SILU);
    t = net_linear(n, "mlp.2", t, d->width, ACT_NONE);
    graph_tap(g, t, "t_emb");
    graph_scope(g, "y_embedder");
    ten table = net_weight(n, "embedding_table.weight", d->classes + d->null_class, d->width, FORM_ROWS);
    ten y = op_gather(g, table, io->y);
    graph_tap(g, y, "y_emb");
    ten c = op_pair_add(g, t, y, ACT_NONE);
    graph_tap(g, c, "c");
    c = op_activate(g, c, ACT_SILU);
    graph_exact(g, false);
    return c;
}

static uint32_t states(const struct dit_use *u)
{
    return u->both ? 2 * u->images : u->images;
}

static ten embed_patches(struct net *n, const struct dit_config *d, const struct dit_use *u, const struct dit_io *io,
                         uint32_t copies)
{
    struct graph *g = n->g;
    graph_exact(g, true);
    ten x = op_patchify(g, io->regs, io->now, u->images, states(u), d->side, d->side, d->patch, copies);
    graph_scope(g, "x_embedder");
    x = net_linear(n, "proj", x, d->width, ACT_NONE);
    graph_tap(g, x, "patch_embed");
    x = op_add_pos(g, x, io->pos);
    graph_tap(g, x, "tokens_in");
    graph_exact(g, false);
    return x;
}

static ten vector(struct graph *g, enum kind k, enum rate r, enum dtype t, uint32_t n, const char *name)
{
    return graph_tensor(g, k, r, t, (struct shape){1, 1, n}, name);
}

static void declare(struct net *n, const struct dit_config *d, const struct dit_use *u, struct dit_io *io)
{
    struct graph *g = n->g;
    bool steps = u->kind != DIT_FORWARD;
    uint32_t tokens = (d->side / d->patch) * (d->side / d->patch), cells = d->side * d->side;
    graph_scope(g, "%s", "");
    io->t = graph_tensor(g, KIND_INPUT, RATE_RUN, DT_F32, (struct shape){u->evals, 1, 1}, "t");
    io->y = graph_tensor(g, KIND_INPUT, RATE_RUN, DT_I32, (struct shape){u->conds, 1, 1}, "y");
    io->freqs = graph_tensor(g, KIND_WEIGHT, RATE_CONST, DT_F32, (struct shape){1, 1, 128}, "t_freqs");
    io->pos = graph_tensor(g, KIND_WEIGHT, RATE_CONST, DT_F32, (struct shape){1, tokens, d->width}, "pos_embed");
    io->cond = vector(g, KIND_INPUT, RATE_RUN, DT_I32, u->copies * u->images, "cond");
    io->now = vector(g, steps ? KIND_STATE : KIND_INPUT, RATE_STEP, DT_I32, TICK_WORDS, "now");
    io->regs =
        graph_tensor(g, KIND_STATE, RATE_STEP, DT_F32, (struct shape){u->regs * states(u), d->channels, cells}, "regs");
    io->table = graph_tensor(g, KIND_STATE, RATE_RUN, DT_F32,
                             (struct shape){u->evals * u->conds, dit_slots(d), d->width}, "table");
    if (steps) {
        io->ticks = graph_tensor(g, KIND_INPUT, RATE_RUN, DT_I32, (struct shape){u->evals, 1, TICK_WORDS}, "ticks");
        io->counter = vector(g, KIND_STATE, RATE_STEP, DT_I32, 1, "counter");
    }
    if (u->kind == DIT_STEP_NOISE || u->kind == DIT_STEP_PHILOX)
        io->noise = graph_tensor(g, u->kind == DIT_STEP_NOISE ? KIND_INPUT : KIND_STATE, RATE_STEP, DT_F32,
                                 (struct shape){u->images, d->channels, cells}, "noise");
}

// The prediction for the state as it is now, and what the sampler makes of it.
static ten evaluation(struct net *n, const struct dit_config *d, const struct dit_use *u, const struct dit_io *io,
                      struct bank *bank, uint32_t copies)
{
    struct graph *g = n->g;
    if (u->kind != DIT_FORWARD) op_advance(g, io->ticks, io->counter, io->now);
    if (u->kind == DIT_STEP_PHILOX) op_randn(g, io->now, io->noise);
    ten x = embed_patches(n, d, u, io, copies);
    for (uint32_t i = 0; i < d->depth; i++) x = block(n, d, bank, x, i);
    x = final_layer(n, d, bank, x);

    graph_scope(g, "%s", "");
    if (u->guide_channels && copies == 2) x = op_guide(g, x, io->now, u->guide_channels, u->both);
    graph_tap(g, x, "prediction");
    if (u->kind != DIT_FORWARD) op_sample(g, io->regs, x, io->noise, io->now);
    return x;
}

void dit_build(struct net *n, const struct dit_config *d, const struct dit_use *u, struct dit_io *io)
{
    struct graph *g = n->g;
    *io = (struct dit_io){0};
    declare(n, d, u, io);
    ten c = conditioning(n, d, io);
    graph_scope(g, "%s", "");
    struct bank bank = {
        .table = io->table, .now = io->now, .cond = io->cond, .silu_c = c, .conds = u->conds, .width = d->width};
    io->out = evaluation(n, d, u, io, &bank, u->copies);
    if (io->out.id) g->t[io->out.id].keep = true;
    if (!u->plain) return;
    graph_least(g, RATE_PLAIN);
    bank.made = true;
    bank.next = 0;
    evaluation(n, d, u, io, &bank, 1);
    graph_least(g, RATE_CONST);
}

uint32_t dit_guided_channels(const struct dit_config *d, uint32_t asked)
{
    if (asked) return min_u32(asked, d->channels);
    return d->diffusers ? d->channels : min_u32(3, d->channels);
}

uint32_t dit_slots(const struct dit_config *d)
{
    return STRIP * d->depth + 2;
}

// f_k = exp(-ln(10000) k / 128); diffusers divides by 127. In single precision, as the reference computes it.
void dit_freqs(const struct dit_config *d, float freqs[128])
{
    for (uint32_t k = 0; k < 128; k++) {
        if (d->diffusers)
            freqs[k] = expf((float)(-log(10000.0)) * (float)k / 127.0f);
        else
            freqs[k] = expf((float)(-log(10000.0)) * (float)k / 128.0f);
    }
}

// Row vector of token (r, c): sin and cos of the column, then of the row, width/4 frequencies each.
void dit_positions(const struct dit_config *d, float *pos)
{
    uint32_t grid = d->side / d->patch, q = d->width / 4;
    for (uint32_t r = 0; r < grid; r++)
        for (uint32_t c = 0; c < grid; c++, pos += d->width)
            for (uint32_t k = 0; k < q; k++) {
                double w = pow(10000.0, -(double)k / q);
                pos[k] = (float)sin(c * w);
                pos[q + k] = (float)cos(c * w);
                pos[2 * q + k] = (float)sin(r * w);
                pos[3 * q + k] = (float)cos(r * w);
            }
}

double dit_flops(const struct dit_config *d, uint32_t images)
{
    double tokens = (double)(d->side / d->patch) * (d->side / d->patch), w = d->width;
    double per_block = tokens * (4 * w * w + 2.0 * d->mlp * w) + 2 * tokens * tokens * w;
    double ends = tokens * d->patch * d->patch * (d->channels + d->out_channels) * w;
    return 2.0 * images * (d->depth * per_block + ends);
}
