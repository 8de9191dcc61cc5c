"""What every stage shares: device, time or step budgets, moving averages, logs, checkpoints, files for the engine."""

import argparse
import json
import math
import os
import pathlib
import time

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def arguments(about, **defaults):
    p = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--run", default="runs", help="folder of checkpoints and logs")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--seconds", type=float, default=defaults.pop("seconds", 0), help="time budget; 0: count steps")
    p.add_argument("--steps", type=int, default=defaults.pop("steps", 10000), help="step budget when there is no time budget")
    p.add_argument("--batch", type=int, default=defaults.pop("batch", 64))
    p.add_argument("--lr", type=float, default=defaults.pop("lr", 1e-3))
    p.add_argument("--pictures", type=int, default=defaults.pop("pictures", 20000), help="size of the training set")
    p.add_argument("--compile", action=argparse.BooleanOptionalAction, default=torch.cuda.is_available())
    p.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True)
    assert not defaults
    return p


def begin(args):
    torch.manual_seed(args.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    folder = pathlib.Path(args.run)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Budget:
    """How far a stage is, 0..1, by time or by steps; a resumed stage goes on where it was."""

    def __init__(self, args, spent=0.0, step=0):
        self.seconds, self.steps, self.step, self.first, self.before = args.seconds, args.steps, step, step, spent
        self.start = time.monotonic() - spent

    def stepped(self):
        """Compilation is not training: the clock starts with the second step."""
        if self.step == self.first:
            self.start = time.monotonic() - self.before
        self.step += 1

    @property
    def spent(self):
        return time.monotonic() - self.start

    @property
    def progress(self):
        return min(1.0, self.spent / self.seconds if self.seconds else self.step / self.steps)

    def rate(self, warmup=200, hold=0.5):
        """Learning rate factor: up over the first steps, level, then down to zero along a straight line."""
        fall = max(0.0, (1 - self.progress) / (1 - hold)) if hold < 1 else 1.0
        return min(1.0, (self.step - self.first + 1) / warmup, fall)


class Average:
    """Exponential moving average of the weights; young averages forget faster."""

    def __init__(self, net, decay):
        self.decay, self.step = decay, 0
        self.net = [p for p in net.parameters()]
        self.value = [p.detach().clone() for p in self.net]

    @torch.no_grad()
    def update(self):
        self.step += 1
        d = min(self.decay, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(self.value, [p.detach() for p in self.net], 1 - d)

    @torch.no_grad()
    def into(self, net):
        for p, v in zip(net.parameters(), self.value):
            p.copy_(v)
        return net


class Log:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def __call__(self, **row):
        row = {k: round(v, 6) if isinstance(v, float) and math.isfinite(v) else v for k, v in row.items()}
        self.file.write(json.dumps(row) + "\n")
        print(" ".join(f"{k}={v:.5g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items()), flush=True)


def save(path, **state):
    """Whole or not at all."""
    part = f"{path}.part"
    torch.save(state, part)
    os.replace(part, path)


def load(path, device):
    return torch.load(path, map_location=device, weights_only=True)


def read(path):
    """A file for the engine: its tensors in fp32, its configuration."""
    with safe_open(path, "pt") as f:
        return {k: f.get_tensor(k).float() for k in f.keys()}, json.loads(f.metadata()["config"])


def export(path, net, config, dtype=torch.float16, skip=()):
    """A file for the engine: tensors under the published names, one JSON object under the metadata key "config"."""
    tensors = {k: v.detach().to("cpu", dtype).contiguous() for k, v in net.state_dict().items() if k not in skip}
    part = f"{path}.part"
    save_file(tensors, part, metadata={"config": json.dumps(config)})
    os.replace(part, path)
    print(f"wrote {path}: {os.path.getsize(path)} bytes, {sum(t.numel() for t in tensors.values())} parameters")
