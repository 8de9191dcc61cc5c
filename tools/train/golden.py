"""Tensors of the shipped model for the engine's tests, computed in double precision by nets.py, which check.py holds
against the reference implementations: golden.py [--assets DIR] [--out DIR]"""

import argparse
import pathlib

import torch
from safetensors.torch import save_file

import nets
import transformer
import vae as autoencoder

HERE = pathlib.Path(__file__).resolve().parents[2]


@torch.no_grad()
def forward(net, times):
    x = torch.randn(len(times), net.config["channels"], net.config["size"], net.config["size"])
    y = torch.arange(len(times)) * 5 % (net.classes + 1)
    y[-1] = net.classes
    return dict(x=x, t=times, y=y, out=net(x.double(), times, y).float())


@torch.no_grad()
def flow(net, steps, cfg, classes):
    """Euler from t = 0 to 1 with guidance on all channels, from the noise of seed 7."""
    torch.manual_seed(7)
    z = torch.randn(len(classes), net.config["channels"], net.config["size"], net.config["size"])
    x, y, null = z.double(), torch.tensor(classes), torch.full((len(classes),), net.classes)
    for i in range(steps):
        t = torch.full((len(classes),), i / steps)
        v, u = net(x, t, y), net(x, t, null)
        x = x + (u + cfg * (v - u)) / steps
    return {"z": z, "y": y, "final": x.float()}


@torch.no_grad()
def pictures(net):
    """A latent that is not square and no multiple of any tile, and a picture of its size."""
    net = net.double()
    z = torch.randn(1, net.config["latent"], 7, 5)
    image = (torch.randn(1, 3, 7 * net.scale, 5 * net.scale) * 0.4).clamp(-1, 1)
    mean, logvar = net.encode(image.double())
    return {"z": z, "image": net.decode(z.double()).float(), "enc.image": image, "enc.moments": torch.cat([mean, logvar], 1).float(),
            "enc.mean": mean.float(), "enc.logvar": logvar.float()}


@torch.no_grad()
def tiny(out):
    """A small tiny decoder with random weights, another width and depth at every level, and what it makes."""
    net = nets.tiny_decoder((8, 6, 4, 4), (2, 1, 0, 1))
    weights = {k: v.half() for k, v in net.state_dict().items()}
    save_file(weights, out / "tiny.weights.safetensors")
    net.load_state_dict({k: v.float() for k, v in weights.items()})
    z = torch.randn(1, 4, 3, 5) * 2
    image = net.double()(z.double())
    return {"in.latent_model_space": z, "out.image01_unclamped": image.float(), "out.u8_round": (image.clamp(0, 1) * 255).round().to(torch.uint8)}


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--assets", type=pathlib.Path, default=HERE / "assets")
    p.add_argument("--out", type=pathlib.Path, default=HERE / "tests/data/model")
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    sit, dit = (transformer.read(args.assets / f"vkdit-{k}.safetensors").double() for k in ("sit", "dit"))
    vae, _ = autoencoder.read(args.assets / "vkdit-vae.safetensors", "cpu")
    for name, tensors in (("sit", forward(sit, torch.tensor([0.0, 0.37, 0.92]))), ("dit", forward(dit, torch.tensor([999.0, 421.0, 7.0]))),
                          ("sit-euler8", flow(sit, 8, 2.0, [3, 13])), ("vae", pictures(vae)), ("tiny.io", tiny(args.out))):
        save_file({k: v.contiguous() for k, v in tensors.items()}, args.out / f"{name}.safetensors")
        print(args.out / f"{name}.safetensors", {k: tuple(v.shape) for k, v in tensors.items()})


if __name__ == "__main__":
    main()
