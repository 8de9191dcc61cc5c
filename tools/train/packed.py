"""What packed weights cost: the same pictures with --weights full, q8 and q4, made by vkdit, compared latent by latent and
pixel by pixel, and judged. packed.py --vkdit build/vkdit --out DIR --classifier FILE [--runs 1] [--model sit|dit]

A run is 80 pictures, five of each class. PSNR is that of all latents together, against the span of the full ones."""

import argparse
import pathlib
import subprocess

import numpy as np
import torch
from safetensors.numpy import load_file

import classifier
import evaluate
import pictures

BATCH = 5


def make(args, weights):
    folder = pathlib.Path(args.out) / weights
    folder.mkdir(parents=True, exist_ok=True)
    classes = ",".join(map(str, range(len(pictures.class_names()))))
    for seed in range(args.seed, args.seed + args.runs):
        command = [args.vkdit, "generate", "-q", "--class", classes, "--batch", str(BATCH), "--seed", str(seed), "--weights", weights,
                   "--no-metadata", "--force", "--latent-out", str(folder / f"{seed}.safetensors"), "-o", str(folder / "{seed}-{class}-{index}.png")]
        for name in ("model", "device", "precision", "steps", "epsilon_scale", "shift"):
            if getattr(args, name) is not None:
                command += ["--" + name.replace("_", "-"), str(getattr(args, name))]
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True)
    return folder


def latents(folder):
    return np.concatenate([np.concatenate([v.reshape(-1) for _, v in sorted(load_file(f).items()) if v.dtype.kind == "f"])
                           for f in sorted(folder.glob("*.safetensors"))]).astype(np.float64)


def psnr(a, b, span):
    error = float(((a - b) ** 2).mean())
    return float("inf") if error == 0 else 10 * np.log10(span**2 / error)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--vkdit", default="build/vkdit")
    p.add_argument("--out", required=True)
    p.add_argument("--classifier", required=True)
    p.add_argument("--runs", type=int, default=1)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int)
    for name in ("model", "device", "precision", "epsilon-scale", "shift"):
        p.add_argument(f"--{name}")
    args = p.parse_args()
    net, device, whole, seen, real = classifier.read(args.classifier, torch.device("cpu")), torch.device("cpu"), None, None, None
    for weights in ("full", "q8", "q4"):
        folder = make(args, weights)
        x = latents(folder)
        images, labels = evaluate.generated(folder, 10**9)
        features, logits = evaluate.judge(net, images, device)
        real = real or evaluate.Real(net, len(images), images.shape[1], device)
        whole, seen = (x, images) if whole is None else (whole, seen)
        ratio = evaluate.spread(features, labels, len(real.spread)) / real.spread
        print(f"{weights}: {len(images)} pictures, latent PSNR {psnr(x, whole, whole.max() - whole.min()):.1f} dB, picture PSNR "
              f"{psnr(images.double().numpy(), seen.double().numpy(), 255):.1f} dB, accuracy {float((logits.argmax(1) == labels).double().mean()):.4f}, "
              f"Fréchet from real {evaluate.frechet(features, real.a):.2f} (real {real.floor:.2f}), spread {float(ratio.mean()):.2f} on average",
              flush=True)


if __name__ == "__main__":
    main()
