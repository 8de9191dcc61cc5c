"""Judges the shipped model by the pictures that vkdit itself makes:

    evaluate.py make  --vkdit build/vkdit --out DIR [--model FILE] [--steps N] [--cfg X] [--count 2000] [--device D]
    evaluate.py score --classifier FILE DIR [DIR ...]        accuracy, Fréchet distance, spread within each class
    evaluate.py codec --classifier FILE --vae FILE           the same of real pictures, encoded and decoded
    evaluate.py near  --classifier FILE --sheet FILE DIR     generated pictures beside their nearest training pictures

Real pictures come from seeds that neither the model nor the classifier has seen."""

import argparse
import json
import multiprocessing
import pathlib
import subprocess
import sys

import numpy as np
import torch

import classifier
import pictures

BATCH = 5  # pictures of each class in one run of the program


def make(args):
    """Every class equally often, in runs of 80 pictures with rising seeds."""
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    classes = len(pictures.class_names())
    runs = -(-args.count // (classes * BATCH))
    command = [args.vkdit, "generate", "-q", "--class", ",".join(map(str, range(classes))), "--batch", str(BATCH), "--count", str(runs),
               "--seed", str(args.seed), "--no-metadata", "-o", str(out / "{seed}-{class}-{index}.png")]
    for name in ("model", "vae", "steps", "cfg_scale", "cfg_channels", "cfg_interval", "epsilon_scale", "shift", "sampler", "device", "precision"):
        if getattr(args, name) is not None:
            command += ["--" + name.replace("_", "-"), str(getattr(args, name))]
    print(" ".join(command), flush=True)
    subprocess.run(command, check=True)


def read_picture(path):
    from PIL import Image

    with Image.open(path) as f:
        return np.asarray(f.convert("RGB"))


def generated(folder, limit):
    """Pictures and classes of a folder that make() filled."""
    files = sorted(pathlib.Path(folder).glob("*.png"), key=lambda f: [int(n) for n in f.stem.split("-")])[:limit]
    if not files:
        raise SystemExit(f"{folder}: no pictures")
    with multiprocessing.Pool() as pool:
        images = pool.map(read_picture, files, chunksize=16)
    return torch.from_numpy(np.stack(images)), torch.tensor([int(f.stem.split("-")[1]) for f in files])


@torch.no_grad()
def judge(net, images, device):
    features, logits = [], []
    for i in range(0, len(images), 128):
        f = net.features(pictures.as_input(images[i : i + 128].to(device)))
        features.append(f.double().cpu())
        logits.append(net.head(f).cpu())
    return torch.cat(features), torch.cat(logits)


def frechet(a, b):
    """Distance of two Gaussians with the means and covariances of two sets of features."""
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(ca)
    root = vectors @ torch.diag(values.clamp_min(0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cb @ root).clamp_min(0).sqrt().sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + ca.trace() + cb.trace() - 2 * cross)


def spread(features, labels, classes):
    """Mean distance of the pairs within each class."""
    out = []
    for c in range(classes):
        f = features[labels == c]
        out.append(float(torch.pdist(f).mean()) if len(f) > 1 else float("nan"))
    return torch.tensor(out)


class Real:
    """Two sets of fresh real pictures, as large as the generated set, seen through the judge."""

    def __init__(self, net, count, size, device):
        data = pictures.Pictures(pictures.REFERENCE, 2 * count, size).wait()
        features, logits = judge(net, data.tensor(0, 2 * count), device)
        self.labels = data.labels[:count]
        data.close()
        self.accuracy = float((logits.argmax(1) == data.labels).double().mean())
        self.a, self.b = features[:count], features[count:]
        self.floor = frechet(self.a, self.b)
        self.spread = spread(self.a, self.labels, int(self.labels.max()) + 1)


def score(args):
    device = torch.device(args.device_torch)
    net = classifier.read(args.classifier, device)
    real, worst, rows = None, 0, []
    for folder in args.folders:
        images, labels = generated(folder, args.count)
        if real is None or len(real.labels) != len(images):
            real = Real(net, len(images), images.shape[1], device)
        features, logits = judge(net, images, device)
        right = logits.argmax(1) == labels
        ratio = spread(features, labels, len(real.spread)) / real.spread
        row = dict(folder=str(folder), pictures=len(images), accuracy=float(right.double().mean()), real_accuracy=real.accuracy,
                   frechet=frechet(features, real.a), real_frechet=real.floor, least_spread=float(ratio.min()),
                   least_spread_class=pictures.class_names()[int(ratio.argmin())], mean_spread=float(ratio.mean()),
                   class_accuracy=[round(float(right[labels == c].double().mean()), 4) for c in range(len(real.spread))],
                   class_spread=[round(float(r), 3) for r in ratio])
        row["passes"] = (row["accuracy"] >= 0.95 * real.accuracy and row["frechet"] <= 3 * real.floor and row["least_spread"] >= 0.7)
        rows.append(row)
        print("{folder}: accuracy {accuracy:.4f} (real {real_accuracy:.4f}), Fréchet {frechet:.3f} (real {real_frechet:.3f}, ratio {r:.2f}), "
              "spread {least_spread:.2f} at least ({least_spread_class}), {mean_spread:.2f} on average: {verdict}".format(
                  r=row["frechet"] / real.floor, verdict="passes" if row["passes"] else "falls short", **row), flush=True)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(rows, indent=1) + "\n")


@torch.no_grad()
def codec(args):
    """What the autoencoder alone costs: real pictures through it, beside themselves and beside others."""
    import vae

    device = torch.device(args.device_torch)
    net = classifier.read(args.classifier, device)
    coder = vae.read(args.vae, device)[0].eval()
    data = pictures.Pictures(pictures.REFERENCE, 2 * args.count, 256).wait()
    images, labels, decoded = data.tensor(0, args.count), data.labels[: args.count], []
    for i in range(0, args.count, 16):
        mean, _ = coder.encode(pictures.as_input(images[i : i + 16].to(device)))
        decoded.append(pictures.as_bytes(coder.decode(mean)).cpu())
    own, _ = judge(net, images, device)
    other, _ = judge(net, data.tensor(args.count, 2 * args.count), device)
    features, logits = judge(net, torch.cat(decoded), device)
    classes = len(pictures.class_names())
    ratio = spread(features, labels, classes) / spread(own, labels, classes)
    print(f"{args.count} pictures through {args.vae}: accuracy {float((logits.argmax(1) == labels).double().mean()):.4f}, "
          f"Fréchet {frechet(features, own):.3f} from themselves, {frechet(features, other):.3f} from others "
          f"(real against real {frechet(own, other):.3f}), spread {float(ratio.min()):.2f} at least, {float(ratio.mean()):.2f} on average")
    data.close()


def small(images):
    """[N,3*32*32]: what the eye sees from afar, in which neighbours are looked for."""
    x = pictures.as_input(images)
    return torch.nn.functional.avg_pool2d(x, x.shape[-1] // 32).flatten(1)


def near(args):
    """Each shown picture, then the training pictures of its class that are nearest to it."""
    from PIL import Image

    images, labels = generated(args.folders[0], args.count)
    classes = len(pictures.class_names())
    shown = [int(torch.nonzero(labels == c)[0]) for c in range(classes)]
    data = pictures.Pictures(pictures.TRAIN, args.training, 64).wait()
    theirs = torch.cat([small(data.tensor(i, i + 4096)) for i in range(0, args.training, 4096)])
    rows, distances = [], []
    for k in shown:
        mine = data.labels == labels[k]
        where = torch.nonzero(mine)[:, 0]
        d = torch.cdist(small(images[k : k + 1]), theirs[mine])[0] / theirs.shape[1] ** 0.5
        best = d.topk(args.nearest, largest=False).indices
        distances.append(float(d[best[0]]))
        lib, size = pictures.library(), images.shape[1]
        cells = [images[k].numpy()]
        for i in where[best].tolist():
            cell = np.empty((size, size, 3), np.uint8)
            lib.draw_picture(i % classes, pictures.TRAIN + i, size, cell.ctypes.data)
            cells.append(cell)
        rows.append(np.concatenate([np.asarray(Image.fromarray(c).resize((args.cell, args.cell), Image.LANCZOS)) for c in cells], axis=1))
    data.close()
    half = len(rows) // 2
    Image.fromarray(np.concatenate([np.concatenate(rows[:half]), np.concatenate(rows[half:])], axis=1)).quantize(256).save(args.sheet)
    print(f"{args.sheet}: first column generated, then its {args.nearest} nearest of {args.training} training pictures; "
          f"distance of the nearest, root mean square of -1..1 values at 32 x 32: {min(distances):.3f} to {max(distances):.3f}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("make", "score", "codec", "near"))
    p.add_argument("folders", nargs="*")
    p.add_argument("--vkdit", default="build/vkdit")
    p.add_argument("--out")
    for name in ("model", "vae", "sampler", "device", "precision", "cfg-channels", "cfg-interval", "epsilon-scale", "shift"):
        p.add_argument(f"--{name}")
    p.add_argument("--steps", type=int)
    p.add_argument("--cfg-scale", "--cfg", type=float)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--count", type=int, default=2000)
    p.add_argument("--classifier", default="runs/classifier.pt")
    p.add_argument("--device-torch", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--json")
    p.add_argument("--sheet", default="near.png")
    p.add_argument("--training", type=int, default=100000)
    p.add_argument("--nearest", type=int, default=4)
    p.add_argument("--cell", type=int, default=96)
    args = p.parse_intermixed_args()
    {"make": make, "score": score, "codec": codec, "near": near}[args.what](args)


if __name__ == "__main__":
    sys.exit(main())
