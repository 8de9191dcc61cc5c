"""Compares samplers and guidance for a SiT quickly, in PyTorch and not through the engine: the judge's figures for latents
from one set of noise. settings.py --run DIR SAMPLER:STEPS:SCALE[,FROM,TO][:epsilon=E][:shift=S] ... ; SAMPLER is euler, heun or
dpmpp2m. --bf16 is faster where the CPU has it."""

import argparse
import math
import pathlib

import torch

import classifier
import evaluate
import golden
import pictures
import transformer
import vae as autoencoder

BATCH = 32
ENCODED = 320  # real pictures whose latents' power is the measure
BANDS = ((0, 1.5), (3, 5), (8, 12))  # waves per picture


def log_ratio(t):
    """Of signal to noise on the straight path."""
    return math.log(t / (1 - t)) if t > 0 else -math.inf


def times(steps, shift):
    left = [1 - k / steps for k in range(steps + 1)]
    return [1 - shift * u / (1 + (shift - 1) * u) for u in left]


def sample(net, z, y, sampler, steps, scale=1, first=0, last=1, epsilon=1, shift=1):
    def velocity(x, t):
        at, null = torch.full((len(x),), t), torch.full_like(y, net.classes)
        v = net(x, at, y).float()
        if scale != 1 and first <= t <= last:
            u = net(x, at, null).float()
            v = u + scale * (v - u)
        return v / epsilon + (1 - 1 / epsilon) / t * x if t > 0 else v

    x, before, grid = z, None, times(steps, shift)
    for k in range(steps):
        t, to = grid[k], grid[k + 1]
        v = velocity(x, t)
        if sampler == "euler":
            x = x + (to - t) * v
        elif sampler == "heun":
            ahead = x + (to - t) * v
            x = ahead if k == steps - 1 else x + (to - t) / 2 * (v + velocity(ahead, to))
        else:  # DPM-Solver++(2M), as src/sample/dpmpp2m.c
            clean = aim = x + (1 - t) * v
            if 0 < k < steps - 1:
                r = (log_ratio(t) - log_ratio(grid[k - 1])) / (log_ratio(to) - log_ratio(t))
                aim = (1 + 1 / (2 * r)) * clean - 1 / (2 * r) * before
            x = clean if k == steps - 1 else (1 - to) / (1 - t) * x - to * math.expm1(log_ratio(t) - log_ratio(to)) * aim
            before = clean
    return x


def power(z):
    """Of latents, at low, middle and high spatial frequency."""
    k = torch.fft.fftfreq(z.shape[-1]) * z.shape[-1]
    waves, density = (k[:, None] ** 2 + k[None] ** 2).sqrt(), torch.fft.fft2(z, norm="ortho").abs() ** 2
    return torch.stack([density[:, :, (waves >= low) & (waves < high)].mean() for low, high in BANDS])


@torch.no_grad()
def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("settings", nargs="+")
    p.add_argument("--run", type=pathlib.Path, default=pathlib.Path("runs"), help="folder of classifier.pt")
    p.add_argument("--assets", type=pathlib.Path, default=golden.HERE / "assets")
    p.add_argument("--count", type=int, default=256)
    p.add_argument("--real", type=int, default=1024)
    p.add_argument("--bf16", action="store_true", help="bf16 autocast of the transformer")
    args = p.parse_args()
    net = transformer.read(args.assets / "vkdit-sit.safetensors").eval()
    vae, config = autoencoder.read(args.assets / "vkdit-vae.safetensors", "cpu")
    judge = classifier.read(args.run / "classifier.pt", "cpu")
    data = pictures.Pictures(pictures.REFERENCE, args.real, 256).wait()
    real, _ = evaluate.judge(judge, data.tensor(0, args.real), "cpu")
    spread, y = evaluate.spread(real, data.labels, net.classes), torch.arange(args.count) % net.classes
    whole = [vae.encode(pictures.as_input(data.tensor(i, i + BATCH)))[0] for i in range(0, min(ENCODED, args.real), BATCH)]
    whole = power(torch.cat(whole) * config["scaling_factor"])
    data.close()
    z = torch.randn(args.count, 4, 32, 32, generator=torch.Generator().manual_seed(5))
    print(f"real against real, halves of {args.real}: {evaluate.frechet(*real.chunk(2)):.2f}", flush=True)
    for text in args.settings:
        sampler, steps, guidance, *more = text.split(":")
        guidance = [float(v) for v in guidance.split(",")]
        more = {k: float(v) for k, v in (m.split("=") for m in more)}
        latents, images = [], []
        for i in range(0, args.count, BATCH):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bf16):
                x = sample(net, z[i : i + BATCH], y[i : i + BATCH], sampler, int(steps), *guidance, **more)
            latents.append(x)
            images.append(pictures.as_bytes(vae.decode(x / config["scaling_factor"])))
        features, logits = evaluate.judge(judge, torch.cat(images), "cpu")
        ratio = evaluate.spread(features, y, net.classes) / spread
        means = ((features.mean(0) - real.mean(0)) ** 2).sum()
        print(f"{text}: power {', '.join(f'{r:.2f}' for r in power(torch.cat(latents)) / whole)} of real, "
              f"accuracy {(logits.argmax(1) == y).double().mean():.3f}, Fréchet {evaluate.frechet(real, features):.2f}, of it means {means:.2f}, "
              f"spread {ratio.min():.2f} at least, {ratio.mean():.2f} on average", flush=True)


if __name__ == "__main__":
    main()
