"""Muon: momentum whose update is made orthogonal by five Newton-Schulz steps, for the matrices of the blocks; AdamW for
everything else. Matrices of one shape are orthogonalised as one batch."""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(g):
    """[..., n, m] -> nearly orthogonal, same shape; in bf16 where that is fast."""
    a, b, c = COEFFICIENTS
    x = g.bfloat16() if g.is_cuda else g
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        s = x @ x.mT
        x = a * x + (b * s + c * (s @ s)) @ x
    return (x.mT if tall else x).to(g.dtype)


class Muon(torch.optim.Optimizer):
    """The update is scaled to the size that AdamW's would have, so one learning rate serves both."""

    def __init__(self, params, lr, momentum=0.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault(p.shape, []).append(p)
            for shape, params in shapes.items():
                self.update(params, 0.2 * max(shape) ** 0.5 * group["lr"], group["momentum"])

    def update(self, params, size, momentum):
        for p in params:
            if not self.state[p]:
                self.state[p]["momentum"] = torch.zeros_like(p)
        m, g = [self.state[p]["momentum"] for p in params], [p.grad for p in params]
        torch._foreach_lerp_(m, g, 1 - momentum)
        nesterov = torch._foreach_lerp(g, m, momentum)
        torch._foreach_add_(params, list(orthogonal(torch.stack(nesterov)).unbind()), alpha=-size)


def optimisers(net, kind, lr, fused):
    """"adamw" alone, or "muon" with AdamW beside it."""
    hidden = [p for n, p in net.named_parameters() if p.requires_grad and p.ndim == 2 and (".attn." in n or ".mlp." in n) and n.startswith("blocks.")]
    mine = {id(p) for p in hidden} if kind == "muon" else set()
    rest = [p for p in net.parameters() if p.requires_grad and id(p) not in mine]
    adam = torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.95), weight_decay=0, fused=fused)
    return [adam] + ([Muon(hidden, lr)] if mine else [])
