"""How the weights of adaLN's layers spread during training: histograms of the rows that make gates (alpha), scales
(gamma) and shifts (beta), over all blocks and for the final layer, at iterations that grow apart."""

import torch
from safetensors.torch import load_file, save_file

KINDS = ("alpha", "gamma", "beta", "final_gamma", "final_beta")
ROWS = dict(alpha=(2, 5), gamma=(1, 4), beta=(0, 3), final_gamma=(1,), final_beta=(0,))
BINS, EDGE = 201, 0.2


class Growth:
    def __init__(self, depth):
        self.depth, self.iteration, self.counts, self.moments, self.block_std = depth, [], [], [], []

    @staticmethod
    def due(step):
        """0, then about twelve a decade at round numbers, among them 160 and every power of ten."""
        if step < 10:
            return step in (0, 1, 2, 4)
        unit = 10 ** (len(str(step)) - 1)
        return step % unit == 0 and step // unit in (1, 2, 3, 4, 6, 8) or step == 160

    @torch.no_grad()
    def add(self, step, net):
        if self.iteration and self.iteration[-1] == step or any(b.vectors != 6 for b in net.blocks):
            return
        edges = torch.linspace(-EDGE, EDGE, BINS + 1, dtype=torch.float64)
        counts, moments, std = [], [], torch.zeros(len(KINDS), self.depth)
        blocks = [b.adaLN_modulation[1].weight.detach().double().cpu().chunk(6) for b in net.blocks]
        final = net.final_layer.adaLN_modulation[1].weight.detach().double().cpu().chunk(2)
        for k, kind in enumerate(KINDS):
            parts = [final[ROWS[kind][0]]] if kind.startswith("final") else [torch.cat([b[i] for i in ROWS[kind]]) for b in blocks]
            w = torch.cat([p.flatten() for p in parts])
            bins = ((w.clamp(-EDGE, EDGE) + EDGE) / (2 * EDGE) * BINS).floor().long().clamp(max=BINS - 1)
            counts.append(torch.bincount(bins, minlength=BINS).int())
            d = w - w.mean()
            var = (d**2).mean()
            kurtosis = (d**4).mean() / var**2 - 3 if var > 0 else torch.zeros(())
            moments.append(torch.stack([w.mean(), var.sqrt(), kurtosis.double(), w.abs().max()]).float())
            std[k, : len(parts)] = torch.tensor([float(p.std(correction=0)) for p in parts])
        self.iteration.append(step)
        self.edges = edges.float()
        self.counts.append(torch.stack(counts))
        self.moments.append(torch.stack(moments))
        self.block_std.append(std)

    def state(self):
        return dict(iteration=self.iteration, counts=self.counts, moments=self.moments, block_std=self.block_std)

    def load(self, state):
        self.__dict__.update(state)

    def read(self, path):
        t = load_file(path)
        self.edges = t["edges"]
        self.load({k: t[k].tolist() if k == "iteration" else list(t[k].unbind()) for k in ("iteration", "counts", "moments", "block_std")})

    def write(self, path):
        if not self.iteration:
            return
        save_file(dict(iteration=torch.tensor(self.iteration, dtype=torch.int64), edges=self.edges, counts=torch.stack(self.counts),
                       moments=torch.stack(self.moments), block_std=torch.stack(self.block_std)), path)
