"""Stage 1b, a tiny decoder for previews while a picture forms: tiny.py --run DIR. It learns to draw what the autoencoder's
latents were made from, many times cheaper than the autoencoder's own decoder, and a little blurred."""

import math

import torch
import torch.nn.functional as F

import common
import nets
import pictures
import vae as autoencoder


class Pairs:
    """Latents, as the transformer sees them, and the pictures they stand for."""

    def __init__(self, file, base, count, size, device):
        self.net, config = autoencoder.read(file, device)
        self.net.eval().requires_grad_(False)
        self.scale, data = self.net.scale, pictures.Pictures(base, count, size).wait()
        self.rgb = data.tensor(0, count).clone()
        data.close()
        self.z = torch.empty((count, self.net.config["latent"], size // self.scale, size // self.scale))
        with torch.no_grad():
            for i in range(0, count, 16):
                x = pictures.as_input(self.rgb[i : i + 16].to(device))
                self.z[i : i + 16] = (self.net.encode(x)[0] * config["scaling_factor"]).cpu()
        self.scaling, self.preview = config["scaling_factor"], config["preview"]

    def crops(self, n, cells, device):
        """n places of cells x cells latent cells."""
        i = torch.randint(len(self.z), (n,)).tolist()
        at = torch.randint(self.z.shape[-1] - cells + 1, (n, 2)).tolist()
        s, z, x = self.scale, [], []
        for k, (r, c) in zip(i, at):
            z.append(self.z[k, :, r : r + cells, c : c + cells])
            x.append(self.rgb[k, r * s : (r + cells) * s, c * s : (c + cells) * s])
        return torch.stack(z).to(device), pictures.as_input(torch.stack(x).to(device)) * 0.5 + 0.5


def loss_of(y, x):
    edge = sum(F.l1_loss(a, b) for a, b in zip(autoencoder.edges(y), autoencoder.edges(x)))
    return F.l1_loss(y, x) + 0.5 * edge


def train(args, folder, device, pairs):
    net = nets.tiny_decoder(args.widths, args.blocks, pairs.z.shape[1]).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.lr, betas=(0.9, 0.99), weight_decay=0)
    average, budget, path = common.Average(net, 0.999), common.Budget(args), folder / "tiny.pt"
    if args.resume and path.exists():
        s = common.load(path, device)
        net.load_state_dict(s["net"])
        optimiser.load_state_dict(s["optimiser"])
        average.value, average.step = s["average"], s["step"]
        budget = common.Budget(args, s["spent"], s["step"])
    log = common.Log(folder / "tiny.jsonl")
    while budget.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = args.lr * budget.rate(hold=0.3)
        z, x = pairs.crops(args.batch, args.cells, device)
        y = net(z.contiguous(memory_format=torch.channels_last))
        loss = loss_of(y, x)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        average.update()
        budget.stepped()
        if budget.step % args.log == 0:
            log(step=budget.step, seconds=budget.spent, loss=loss.item(), psnr=psnr(F.mse_loss(y.detach(), x).item()))
        if budget.step % args.save == 0 or budget.progress >= 1:
            common.save(path, net=net.state_dict(), optimiser=optimiser.state_dict(), average=average.value, step=budget.step,
                        spent=budget.spent)
    return average.into(net)


def psnr(mse):
    return -10 * math.log10(mse)  # values span 0..1


@torch.no_grad()
def measure(net, pairs, device):
    """PSNR after rounding to bytes: of the tiny decoder, of the autoencoder's own, of the linear map."""
    matrix, bias = (torch.tensor(pairs.preview[k], device=device) for k in ("matrix", "bias"))
    total = torch.zeros(3, dtype=torch.float64)
    for i in range(0, len(pairs.z), 16):
        z, x = pairs.z[i : i + 16].to(device), pairs.rgb[i : i + 16].to(device).permute(0, 3, 1, 2) / 255
        linear = F.interpolate(torch.einsum("oc,nchw->nohw", matrix, z) + bias[:, None, None], scale_factor=pairs.scale, mode="bilinear")
        for k, y in enumerate((net(z), pairs.net.decode(z / pairs.scaling) * 0.5 + 0.5, linear * 0.5 + 0.5)):
            total[k] += F.mse_loss((y.clamp(0, 1) * 255).round() / 255, x, reduction="sum").item()
    return [round(psnr(t / pairs.rgb.numel()), 2) for t in total.tolist()]


def main():
    p = common.arguments(__doc__, steps=6000, batch=16, lr=2e-3, pictures=2048)
    p.add_argument("--vae", help="autoencoder file, default RUN/vkdit-vae.safetensors")
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--widths", type=int, nargs="+", default=[32, 24, 16, 16], help="channels of each level, the smallest pictures first")
    p.add_argument("--blocks", type=int, nargs="+", default=[1, 1, 1, 1])
    p.add_argument("--cells", type=int, default=12, help="side of the latent crops that it learns from")
    p.add_argument("--held-out", type=int, default=256)
    p.add_argument("--log", type=int, default=100)
    p.add_argument("--save", type=int, default=500)
    args = p.parse_args()
    folder, device = common.begin(args), torch.device(args.device)
    file = args.vae or folder / "vkdit-vae.safetensors"
    net = train(args, folder, device, Pairs(file, pictures.TRAIN, args.pictures, args.size, device)).eval()
    net.load_state_dict({k: v.half().float() for k, v in net.state_dict().items()})  # what the file will hold
    tiny, own, linear = measure(net, Pairs(file, pictures.HELD_OUT, args.held_out, args.size, device), device)
    print(f"held-out PSNR over {args.held_out} pictures: tiny decoder {tiny} dB, the autoencoder's own {own}, linear map {linear}")
    common.export(folder / "vkdit-tiny.safetensors", net, dict(kind="tiny", held_out_psnr=tiny))


if __name__ == "__main__":
    main()
