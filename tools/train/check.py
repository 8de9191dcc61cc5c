"""Compares nets.py and losses.py with tensors of the reference implementations: check.py [FOLDER ...]
Default: this repository's tests/data/dit. A folder of training tensors (train_*.safetensors) checks gradients too."""

import json
import pathlib
import sys

import torch
from safetensors import safe_open

import losses
import nets

HERE = pathlib.Path(__file__).resolve().parents[2]


def read(path):
    with safe_open(path, "pt") as f:
        return {k: f.get_tensor(k) for k in f.keys()}, f.metadata() or {}


def error(ours, ref):
    ours, ref = ours.detach().double(), ref.double()
    return float((ours - ref).norm() / ref.norm().clamp_min(1e-30))


class Report:
    def __init__(self):
        self.bad = self.all = 0

    def add(self, what, err, bar):
        self.all += 1
        self.bad += not err <= bar
        print(f"{'ok  ' if err <= bar else 'FAIL'} {what}: {err:.2e} (bar {bar:.0e})")


def transformer(folder, name, report):
    weights, meta = read(folder / f"{name}.weights.safetensors")
    io, _ = read(folder / f"{name}.io.safetensors")
    c = json.loads(meta["config"])
    net = nets.DiT(c["input_size"], c["in_channels"], c["patch"], c["hidden"], c["depth"], c["heads"], c["num_classes"],
                   c["out_channels"]).float()
    net.load_state_dict({k: v.float() for k, v in weights.items()})
    with torch.no_grad():
        out = net(io["x"], io["t"], io["y"])[:, : io["out"].shape[1]]
    if io["out"].abs().max() == 0:
        report.add(f"{name} is zero", float(out.abs().max()), 0)
    else:
        report.add(f"{name} forward", error(out, io["out"]), 1e-5)


def autoencoder(folder, name, report):
    weights, meta = read(folder / f"{name}.weights.safetensors")
    whole = any(k.startswith("encoder.") for k in weights)  # some files hold a decoder only
    c = json.loads(meta["config"])
    net = nets.Autoencoder(c["block_out_channels"], c["layers_per_block"], c["latent_channels"], c["norm_num_groups"])
    net.load_state_dict({k: v.float() for k, v in weights.items()}, strict=whole)
    for io in sorted(folder.glob(f"{name}.io*.safetensors")):
        t, _ = read(io)
        with torch.no_grad():
            report.add(f"{io.name} decoder", error(net.decode(t["z"]), t["image"]), 1e-5)
            if "enc.image" in t:
                report.add(f"{io.name} encoder", error(torch.cat(net.encode(t["enc.image"]), 1), t["enc.moments"]), 1e-5)


def gradients(path, report):
    """Gradients of the first steps of AdamW from given weights, the exact zeros of the first ones, the weights after ten."""
    t, meta = read(path)
    c = json.loads(meta["meta"])["config"]
    learn = path.stem == "train_learnsigma"
    net = nets.DiT(c["size"], 4, 2, c["h"], c["depth"], c["heads"], c["classes"], 8 if learn else 4)
    net = net.double()  # the reference's gradients are in double precision too
    t = {k: v.double() if v.is_floating_point() else v for k, v in t.items()}
    prefix = "w." if learn else "p0."
    net.load_state_dict({k[len(prefix):]: v for k, v in t.items() if k.startswith(prefix)}, strict=False)
    if learn:
        loss = losses.dit(net, t["in.x0"], t["in.noise"], t["in.t"].long(), t["in.y"].long())
        report.add(f"{path.stem} loss", error(loss, t["out.loss"]), 1e-5)
        loss.mean().backward()
        compare_gradients(net, t, "g.", path.stem, report)
        return
    mix = path.stem.endswith("_mix")
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=0)
    for step in range(1, 11):
        optimiser.zero_grad()
        out = net(t["in.x_t"], t["in.t_embed_in"], t["in.y"].long())
        losses.per_picture((out - t["in.target"]) ** 2).mean().backward()
        if step <= 3:
            compare_gradients(net, t, f"g{step}.", path.stem, report)
        if mix and step == 2:
            nets.keep_zero_order(net)
        optimiser.step()
    worst = max(float((p.detach() - t["p10." + k]).abs().max()) for k, p in net.named_parameters() if "p10." + k in t and not k.endswith("qkv.bias"))
    report.add(f"{path.stem} weights after 10 steps", worst, 0.02 * 1e-4)


def compare_gradients(net, t, prefix, what, report):
    worst = 0.0
    for k, p in net.named_parameters():
        ref = t.get(prefix + k)
        if ref is None or p.grad is None or k.endswith("attn.qkv.bias"):
            continue
        worst = max(worst, float(p.grad.abs().max()) if ref.abs().max() == 0 else error(p.grad, ref))
    report.add(f"{what} {prefix}* gradients", worst, 1e-4)


def main():
    report = Report()
    for folder in [pathlib.Path(a) for a in sys.argv[1:]] or [HERE / "tests/data/dit"]:
        for w in sorted(folder.glob("*.weights.safetensors")):
            name = w.name.split(".")[0]
            (autoencoder if name.startswith("vae") else transformer)(folder, name, report)
        for w in sorted(folder.glob("train_*.safetensors")):
            gradients(w, report)
    print(f"{report.all - report.bad} passed, {report.bad} failed")
    return report.bad > 0 or report.all == 0


if __name__ == "__main__":
    sys.exit(main())
