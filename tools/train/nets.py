"""The two networks of the shipped model, in plain PyTorch: the transformer of DiT and SiT, under the names of the
published checkpoints, and the autoencoder of Stable Diffusion, under diffusers' names. Knows nothing of training.
check.py compares both with tensors of the reference implementations."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

INITS = ("zero", "gaussian", "gaussian-v2", "step1", "mix", "adaln")


def modulate(x, shift, scale):
    return x * (1 + scale[:, None]) + shift[:, None]


def normed(x, eps=1e-6):
    return F.layer_norm(x, x.shape[-1:], eps=eps)


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, width, heads, gated=True):
        super().__init__()
        self.attn = Attention(width, heads)
        self.mlp = Mlp(width, 4 * width)
        self.vectors = 6 if gated else 4
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, self.vectors * width))

    def forward(self, x, c):
        with torch.autocast(x.device.type, enabled=False):
            m = self.adaLN_modulation(c).chunk(self.vectors, dim=-1)
        if self.vectors == 4:  # plain adaLN: no gates
            x = x + self.attn(modulate(normed(x), m[0], m[1]))
            return x + self.mlp(modulate(normed(x), m[2], m[3]))
        x = x + m[2][:, None] * self.attn(modulate(normed(x), m[0], m[1]))
        return x + m[5][:, None] * self.mlp(modulate(normed(x), m[3], m[4]))


class FinalLayer(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.linear = nn.Linear(width, out)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x, c):
        with torch.autocast(x.device.type, enabled=False):
            shift, scale = self.adaLN_modulation(c).chunk(2, dim=-1)
        return self.linear(modulate(normed(x), shift, scale))


class TimestepEmbedder(nn.Module):
    FREQUENCIES = 256

    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(self.FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t):
        half = self.FREQUENCIES // 2
        f = torch.exp(-math.log(10000.0) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
        args = t[:, None].float() * f[None]
        return self.mlp(torch.cat([args.cos(), args.sin()], dim=-1).to(self.mlp[0].weight.dtype))


class LabelEmbedder(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, width)  # the last row is "no class"

    def forward(self, y):
        return self.embedding_table(y)


class PatchEmbed(nn.Module):
    def __init__(self, channels, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


def positions(width, grid):
    """The fixed table: columns in the first half of the channels, rows in the second; sines, then cosines."""
    q = width // 4
    w = 10000.0 ** (-torch.arange(q, dtype=torch.float64) / q)
    row, col = torch.meshgrid(torch.arange(grid, dtype=torch.float64), torch.arange(grid, dtype=torch.float64), indexing="ij")
    parts = [f(p.reshape(-1, 1) * w) for p in (col, row) for f in (torch.sin, torch.cos)]
    return torch.cat(parts, dim=1).float()[None]


class DiT(nn.Module):
    def __init__(self, size=32, channels=4, patch=2, width=256, depth=6, heads=4, classes=16, out_channels=None, gated=True):
        super().__init__()
        self.out_channels = out_channels or channels
        self.patch, self.grid, self.classes = patch, size // patch, classes
        self.config = dict(size=size, channels=channels, patch=patch, width=width, depth=depth, heads=heads,
                           classes=classes, out_channels=self.out_channels, gated=gated)
        self.x_embedder = PatchEmbed(channels, width, patch)
        self.t_embedder = TimestepEmbedder(width)
        self.y_embedder = LabelEmbedder(classes, width)
        self.pos_embed = nn.Parameter(positions(width, self.grid), requires_grad=False)
        self.blocks = nn.ModuleList(Block(width, heads, gated) for _ in range(depth))
        self.final_layer = FinalLayer(width, patch * patch * self.out_channels)

    def forward(self, x, t, y):
        with torch.autocast(x.device.type, enabled=False):  # half precision cannot tell neighbouring times apart
            c = self.t_embedder(t) + self.y_embedder(y)
        x = self.x_embedder(x) + self.pos_embed
        for block in self.blocks:
            x = block(x, c)
        return self.unpatchify(self.final_layer(x, c))

    def unpatchify(self, x):
        b, g, p, c = x.shape[0], self.grid, self.patch, self.out_channels
        return x.view(b, g, g, p, p, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, g * p, g * p)

    @torch.no_grad()
    def initialise(self, scheme="zero"):
        """adaLN-Zero and its variants: how the layers that make shifts, scales and gates start."""
        if scheme not in INITS:
            raise ValueError(f"unknown initialisation {scheme!r}, known: {', '.join(INITS)}")
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)
        nn.init.xavier_uniform_(self.x_embedder.proj.weight.flatten(1))
        nn.init.zeros_(self.x_embedder.proj.bias)
        for w in (self.y_embedder.embedding_table.weight, self.t_embedder.mlp[0].weight, self.t_embedder.mlp[2].weight):
            nn.init.normal_(w, std=0.02)
        for block in self.blocks:
            if block.vectors == 6:
                init_modulation(block.adaLN_modulation[1].weight, scheme)
        nn.init.zeros_(self.final_layer.adaLN_modulation[1].weight)
        nn.init.zeros_(self.final_layer.linear.weight)
        return self


def init_modulation(weight, scheme):
    """[6D, D], rows in the order shift, scale, gate, shift, scale, gate."""
    std = {"gaussian": (1e-3, 1e-3, 1e-3), "gaussian-v2": (8e-4, 1.2e-3, 8e-4)}.get(scheme)
    for i, part in enumerate(weight.chunk(6)):
        if std:
            part.normal_(std=std[i % 3])
        elif scheme == "zero" or i % 3 != 2:  # step1 and mix keep the default for the gates' rows
            part.zero_()


def keep_zero_order(net):
    """The rule of "mix" at the second step: only what adaLN-Zero would move then keeps its gradient."""
    for name, p in net.named_parameters():
        if p.grad is None or name.startswith(("final_layer.", "x_embedder.")):
            continue
        if "adaLN_modulation" in name:
            for i, part in enumerate(p.grad.chunk(6)):
                if i % 3 != 2:
                    part.zero_()
        else:
            p.grad.zero_()


# ---- autoencoder ----


class Resnet(nn.Module):
    def __init__(self, cin, cout, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, cin, eps=1e-6)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, cout, eps=1e-6)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(cin, cout, 1) if cin != cout else None

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class SpatialAttention(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, eps=1e-6)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        h = self.group_norm(x).flatten(2).transpose(1, 2)
        q, k, v = (f(h)[:, None] for f in (self.to_q, self.to_k, self.to_v))
        h = F.scaled_dot_product_attention(q, k, v)[:, 0]
        return x + self.to_out[0](h).transpose(1, 2).reshape(x.shape)


class Middle(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(channels, channels, groups) for _ in range(2))
        self.attentions = nn.ModuleList([SpatialAttention(channels, groups)])

    def forward(self, x):
        return self.resnets[1](self.attentions[0](self.resnets[0](x)))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """Some residual blocks and, except at the last level, a change of size."""

    def __init__(self, cin, cout, blocks, groups, resize=None, key=None):
        super().__init__()
        self.resnets = nn.ModuleList(Resnet(cin if i == 0 else cout, cout, groups) for i in range(blocks))
        self.key = key if resize else None
        if resize:
            setattr(self, key, nn.ModuleList([resize(cout)]))

    def forward(self, x):
        for r in self.resnets:
            x = r(x)
        return getattr(self, self.key)[0](x) if self.key else x


class Encoder(nn.Module):
    def __init__(self, base, layers, latent, groups):
        super().__init__()
        last = len(base) - 1
        self.conv_in = nn.Conv2d(3, base[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            Level(base[max(i - 1, 0)], c, layers, groups, Downsample if i < last else None, "downsamplers")
            for i, c in enumerate(base))
        self.mid_block = Middle(base[-1], groups)
        self.conv_norm_out = nn.GroupNorm(groups, base[-1], eps=1e-6)
        self.conv_out = nn.Conv2d(base[-1], 2 * latent, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for level in self.down_blocks:
            x = level(x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    def __init__(self, base, layers, latent, groups):
        super().__init__()
        up = list(reversed(base))
        last = len(up) - 1
        self.conv_in = nn.Conv2d(latent, up[0], 3, padding=1)
        self.mid_block = Middle(up[0], groups)
        self.up_blocks = nn.ModuleList(
            Level(up[max(i - 1, 0)], c, layers + 1, groups, Upsample if i < last else None, "upsamplers")
            for i, c in enumerate(up))
        self.conv_norm_out = nn.GroupNorm(groups, up[-1], eps=1e-6)
        self.conv_out = nn.Conv2d(up[-1], 3, 3, padding=1)

    def forward(self, z):
        x = self.mid_block(self.conv_in(z))
        for level in self.up_blocks:
            x = level(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Autoencoder(nn.Module):
    def __init__(self, base=(32, 64, 64, 64), layers=1, latent=4, groups=8):
        super().__init__()
        self.config = dict(base=list(base), layers=layers, latent=latent, groups=groups)
        self.scale = 2 ** (len(base) - 1)  # pixels per latent cell
        self.encoder = Encoder(base, layers, latent, groups)
        self.decoder = Decoder(base, layers, latent, groups)
        self.quant_conv = nn.Conv2d(2 * latent, 2 * latent, 1)
        self.post_quant_conv = nn.Conv2d(latent, latent, 1)

    def encode(self, x):
        mean, logvar = self.quant_conv(self.encoder(x)).chunk(2, dim=1)
        return mean, logvar.clamp(-30, 20)

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))


# ---- tiny decoder ----


class TinyBlock(nn.Module):
    """Three convolutions beside the identity."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
                                  nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x):
        return F.relu(self.conv(x) + x)


class SoftClamp(nn.Module):
    def forward(self, x):
        return 3 * torch.tanh(x / 3)


def tiny_decoder(widths=(32, 24, 16, 16), blocks=(1, 1, 1, 1), latent=4):
    """From a latent as the transformer sees it to a picture in 0..1: one width per level, the smallest level first."""
    layers = [SoftClamp(), nn.Conv2d(latent, widths[0], 3, padding=1), nn.ReLU()]
    for i, width in enumerate(widths):
        if i:
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(widths[i - 1], width, 3, padding=1, bias=False)]
        layers += [TinyBlock(width) for _ in range(blocks[i])]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 3, 3, padding=1))


def count(module):
    return sum(p.numel() for p in module.parameters())
