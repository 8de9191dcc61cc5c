"""Stage 1, the autoencoder: vae.py --run DIR. Then the scaling factor, the held-out error, the linear preview map and
the file for the engine."""

import math

import torch
import torch.nn.functional as F

import common
import nets
import pictures

KL = 2e-4  # weight of the prior: noise that costs about half of it in squared error, so latents stay smooth
EDGES = 0.1  # weight of the difference of neighbouring pixels


def edges(x):
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def loss_of(net, x):
    mean, logvar = net.encode(x)
    mean, logvar = mean.float(), logvar.float()
    z = mean + torch.exp(0.5 * logvar) * torch.randn_like(mean)
    y = net.decode(z).float()
    mse = F.mse_loss(y, x)
    edge = sum(F.l1_loss(a, b) for a, b in zip(edges(y), edges(x)))
    kl = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
    return mse + EDGES * edge + KL * kl, mse.detach(), kl.detach()


def train(args, folder, device):
    net = nets.Autoencoder(tuple(args.base), args.layers, groups=args.groups).to(device, memory_format=torch.channels_last)
    data = pictures.Pictures(pictures.TRAIN, args.pictures, args.size)
    try:
        optimiser = torch.optim.AdamW(net.parameters(), lr=args.lr, betas=(0.9, 0.99), weight_decay=0, fused=device.type == "cuda")
        average = common.Average(net, 0.999)
        budget = resume(args, folder, net, optimiser, average, device)
        loop(args, folder, device, net, data, optimiser, average, budget)
    finally:
        data.close()
    return average.into(net)


def resume(args, folder, net, optimiser, average, device):
    path = folder / "vae.pt"
    if not (args.resume and path.exists()):
        return common.Budget(args)
    s = common.load(path, device)
    net.load_state_dict(s["net"])
    optimiser.load_state_dict(s["optimiser"])
    average.value, average.step = s["average"], s["step"]
    return common.Budget(args, s["spent"], s["step"])


def loop(args, folder, device, net, data, optimiser, average, budget):
    log = common.Log(folder / "vae.jsonl")
    data.wait(min(args.pictures, 4 * args.batch))
    store = pictures.OnDevice(data, device)
    step_loss = torch.compile(loss_of) if args.compile else loss_of
    while budget.progress < 1:
        if budget.step % 20 == 0:
            store.refresh()
        for group in optimiser.param_groups:
            group["lr"] = args.lr * budget.rate(hold=0.3)
        x, _ = store.batch(args.batch)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda" or args.bf16):
            loss, mse, kl = step_loss(net, x)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        average.update()
        budget.stepped()
        if budget.step % args.log == 0:
            log(step=budget.step, seconds=budget.spent, loss=loss.item(), psnr=psnr(mse.item()), kl=kl.item(), have=store.have)
        if budget.step % args.save == 0 or budget.progress >= 1:
            common.save(folder / "vae.pt", net=net.state_dict(), optimiser=optimiser.state_dict(), average=average.value,
                        step=budget.step, spent=budget.spent)


def psnr(mse):
    return 10 * math.log10(4 / mse)  # values span -1..1


@torch.no_grad()
def measure(net, device, count, size):
    """On pictures that were never trained on: PSNR after rounding to bytes, latent spread, preview map."""
    data = pictures.Pictures(pictures.HELD_OUT, count, size).wait()
    total, z_all, rgb_all, pixels = 0.0, [], [], 0
    for i in range(0, count, 32):
        x = pictures.as_input(data.tensor(i, min(i + 32, count)).to(device))
        mean, _ = net.encode(x)
        y = pictures.as_input(pictures.as_bytes(net.decode(mean)))
        total += F.mse_loss(y, x, reduction="sum").item()
        pixels += x.numel()
        z_all.append(mean.cpu())
        rgb_all.append(F.avg_pool2d(x, net.scale).cpu())
    data.close()
    return psnr(total / pixels), torch.cat(z_all), torch.cat(rgb_all)


def preview_map(z, rgb):
    """Least squares from scaled latents to the mean colour of each cell: [3, C + 1], the last column is the bias."""
    a = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1]).double()
    a = torch.cat([a, torch.ones_like(a[:, :1])], 1)
    b = rgb.permute(0, 2, 3, 1).reshape(-1, 3).double()
    return torch.linalg.lstsq(a, b).solution.T


@torch.no_grad()
def centre(net, z):
    """Moves every latent channel to mean 0 and variance 1 inside the two 1x1 convolutions; the pictures stay the same."""
    mean, std = z.mean(dim=(0, 2, 3)).to(net.quant_conv.weight.device), z.std(dim=(0, 2, 3)).to(net.quant_conv.weight.device)
    out, back = net.quant_conv, net.post_quant_conv
    n = len(mean)
    out.weight[:n] /= std[:, None, None, None]
    out.bias[:n] = (out.bias[:n] - mean) / std
    out.bias[n:] -= 2 * std.log()
    back.bias += back.weight[:, :, 0, 0] @ mean
    back.weight *= std[None, :, None, None]


def finish(args, folder, net, device):
    net = net.float().eval()
    centre(net, measure(net, device, min(args.held_out, 512), args.size)[1])
    half = nets.Autoencoder(tuple(args.base), args.layers, groups=args.groups).to(device)
    half.load_state_dict({k: v.half().float() for k, v in net.state_dict().items()})  # what the file will hold
    db, z, rgb = measure(half, device, args.held_out, args.size)
    scaling = round(1 / float(z.std()), 4)
    m = preview_map(z * scaling, rgb)
    print(f"held-out PSNR {db:.2f} dB over {args.held_out} pictures, scaling factor {scaling}, latent mean {z.mean(dim=(0, 2, 3)).tolist()}")
    config = dict(kind="vae", scaling_factor=scaling, norm_num_groups=args.groups, held_out_psnr=round(db, 2),
                  preview=dict(matrix=[[round(v, 5) for v in row[:-1].tolist()] for row in m], bias=[round(v, 5) for v in m[:, -1].tolist()]))
    common.export(folder / "vkdit-vae.safetensors", half, config)
    samples(half, device, folder / "vae.png", args.size)


@torch.no_grad()
def samples(net, device, path, size):
    from PIL import Image

    data = pictures.Pictures(pictures.HELD_OUT, 16, size).wait()
    x = pictures.as_input(data.tensor(0, 16).to(device))
    y = net.decode(net.encode(x)[0])
    rows = [pictures.as_bytes(v[i : i + 8]).permute(1, 0, 2, 3).reshape(size, 8 * size, 3) for i in (0, 8) for v in (x, y)]
    Image.fromarray(torch.cat(rows).cpu().numpy()).save(path)
    data.close()


def read(path, device):
    """An autoencoder from its file: network in fp32, and the file's settings."""
    tensors, config = common.read(path)
    levels = sum(k.startswith("encoder.down_blocks.") and k.endswith("resnets.0.conv1.weight") for k in tensors)
    base = [tensors[f"encoder.down_blocks.{i}.resnets.0.conv1.weight"].shape[0] for i in range(levels)]
    layers = sum(k.startswith("encoder.down_blocks.0.resnets.") and k.endswith("conv1.weight") for k in tensors)
    net = nets.Autoencoder(base, layers, tensors["post_quant_conv.weight"].shape[0], config["norm_num_groups"])
    net.load_state_dict(tensors)
    return net.to(device), config


def main():
    p = common.arguments(__doc__, steps=20000, batch=32, lr=1e-3, pictures=40000)
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--base", type=int, nargs="+", default=[32, 64, 64, 64], help="channels of each level, the largest pictures first")
    p.add_argument("--layers", type=int, default=1)
    p.add_argument("--groups", type=int, default=8)
    p.add_argument("--held-out", type=int, default=1024)
    p.add_argument("--bf16", action="store_true", help="bf16 autocast on a CPU too")
    p.add_argument("--log", type=int, default=50)
    p.add_argument("--save", type=int, default=2000)
    args = p.parse_args()
    folder, device = common.begin(args), torch.device(args.device)
    finish(args, folder, train(args, folder, device), device)


if __name__ == "__main__":
    main()
