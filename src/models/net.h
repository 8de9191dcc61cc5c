// net.h — what every model file uses: named weights, linear layers, modulation strips.
// Knows no device and no file format; only names, shapes and the tape.
#ifndef VKDIT_NET_H
#define VKDIT_NET_H

#include "graph/graph.h"
#include "kernels/vocab.h"

// How a checkpoint's tensor becomes the tape's matrix.
enum weight_form {
    FORM_ROWS,   // [n][...]: flattened to n rows, as it lies
    FORM_KERNEL, // [cout][cin][kh][kw] -> [cout][kh][kw][cin]
};

struct weight_use {
    ten t;
    const char *name; // the checkpoint's name (original naming for DiT, diffusers' for the autoencoder)
    enum weight_form form;
};

struct net {
    struct graph *g;
    struct weight_use *use;
    uint32_t n_use, cap_use;
};

void net_close(struct net *n); // the list only; the graph is its owner's

// SCOPE.leaf as a rows x cols weight; asked for twice, it is the same tensor.
ten net_weight(struct net *n, const char *leaf, uint32_t rows, uint32_t cols, enum weight_form form);
// leaf.weight and leaf.bias, applied.
ten net_linear(struct net *n, const char *leaf, ten x, uint32_t out, enum act act);
ten net_linear_gate(struct net *n, const char *leaf, ten x, struct mod gate, ten res);
ten net_linear_add(struct net *n, const char *leaf, ten x, ten res);

// leaf.weight [cout][cin][k][k] and, with `bias`, leaf.bias: act(conv(x) + bias + res). An empty leaf is the scope itself.
ten net_conv(struct net *n, const char *leaf, ten x, uint32_t out, struct conv_shape s, bool bias, ten res,
             enum act act);

// The modulation table of a network, and the strip of one block: `n` consecutive slots.
struct bank {
    ten table, now, cond, silu_c; // silu_c: act(c) of every (evaluation, condition)
    uint32_t conds, width, next;
    bool made; // the strips are on the tape already: slots are only counted again
};
// Computes SCOPE.leaf (a linear of n*width outputs) for all rows and stores it, unless that is made; returns the first
// slot.
uint32_t net_modulation(struct net *n, struct bank *b, const char *leaf, uint32_t count);
static inline struct mod bank_slot(const struct bank *b, uint32_t slot)
{
    return (struct mod){b->table, b->now, b->cond, b->conds, slot};
}

#endif
