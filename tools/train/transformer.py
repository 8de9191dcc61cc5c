"""Stage 2, a transformer on the autoencoder's latents: transformer.py --family sit|dit --run DIR. Logs how the weights
that make gates, scales and shifts grow, and writes the file for the engine."""

import functools
import hashlib

import torch

import common
import growth
import losses
import muon
import nets
import pictures
import vae as autoencoder

DEFAULTS = dict(sit=dict(width=256, depth=5, heads=4), dit=dict(width=192, depth=5, heads=3))


class Latents:
    """Encoded pictures on the device; new ones are taken in as they are drawn. A complete set is kept in a file, for
    the other family."""

    def __init__(self, args, folder, device):
        file = args.vae or folder / "vkdit-vae.safetensors"
        self.net, config = autoencoder.read(file, device)
        self.net.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.scaling, self.have, self.count, self.data = config["scaling_factor"], 0, args.pictures, None
        key = f"{hashlib.sha256(open(file, 'rb').read()).hexdigest()[:16]}-{args.size}-{args.pictures}"
        self.path = folder / f"latents-{key}.pt"
        if self.path.exists():
            s = common.load(self.path, device)
            self.mean, self.std, self.have = s["mean"], s["std"], args.pictures
        else:
            c, s = self.net.config["latent"], args.size // self.net.scale
            self.mean = torch.empty((args.pictures, c, s, s), dtype=torch.float16, device=device)
            self.std = torch.empty_like(self.mean)
            self.data = pictures.Pictures(pictures.TRAIN, args.pictures, args.size)
            self.data.wait(min(args.pictures, 2048))
        self.labels = (torch.arange(args.pictures) % len(pictures.class_names())).to(device)

    def close(self):
        if self.data:
            self.data.close()

    @torch.no_grad()
    def refresh(self, most=1024):
        if self.have == self.count:
            return
        last = min(self.data.ready(), self.have + most)
        for i in range(self.have, last, 64):
            j = min(i + 64, last)
            x = pictures.as_input(self.data.tensor(i, j).to(self.mean.device)).contiguous(memory_format=torch.channels_last)
            mean, logvar = self.net.encode(x)
            self.mean[i:j], self.std[i:j] = mean * self.scaling, torch.exp(0.5 * logvar) * self.scaling
            self.have = j
        if self.have == self.count:
            common.save(self.path, mean=self.mean, std=self.std)

    def batch(self, size):
        i = torch.randint(self.have, (size,), device=self.mean.device)
        z = self.mean[i].float()
        return z + self.std[i].float() * torch.randn_like(z), self.labels[i]


def draw_times(family, n, device):
    """DiT: every timestep alike. SiT: half of them alike, half towards the middle, where the velocity is hardest."""
    if family == "dit":
        return torch.randint(losses.TIMESTEPS, (n,), device=device)
    t = torch.rand(n, device=device)
    middle = torch.sigmoid(torch.randn(n, device=device))
    return torch.where(torch.rand(n, device=device) < 0.5, t, middle)


def build(args, latent, size):
    out = 2 * latent if args.family == "dit" else latent
    net = nets.DiT(size, latent, 2, args.width, args.depth, args.heads, len(pictures.class_names()), out,
                   gated=args.init != "adaln")
    return net.initialise(args.init)


def read(path):
    """A transformer from a file for the engine."""
    t, c = common.read(path)
    width = t["x_embedder.proj.weight"].shape[0]
    depth = sum(k.endswith("attn.qkv.weight") for k in t)
    net = nets.DiT(c["input_size"], t["x_embedder.proj.weight"].shape[1], 2, width, depth, c["heads"], c["num_classes"],
                   t["final_layer.linear.weight"].shape[0] // 4)
    net.load_state_dict(t, strict=False)
    return net


def train(args, folder, device, latents):
    net = build(args, *latents.mean.shape[1:3]).to(device)
    optimisers = muon.optimisers(net, args.optimiser, args.lr, device.type == "cuda")
    average = common.Average(net, args.ema)
    seen = growth.Growth(net.config["depth"])
    path = folder / f"{args.family}.pt"
    budget = common.Budget(args)
    if args.start:  # the averaged weights of an earlier run, with fresh optimisers
        net.load_state_dict(common.read(args.start)[0], strict=False)
        average.value = [p.detach().clone() for p in net.parameters()]
        seen.read(args.start.replace(".safetensors", ".growth.safetensors"))
        average.step = seen.iteration[-1]
        budget = common.Budget(args, step=average.step)
    elif args.resume and path.exists():
        s = common.load(path, device)
        net.load_state_dict(s["net"])
        for o, state in zip(optimisers, s["optimisers"]):
            o.load_state_dict(state)
        average.value, average.step = s["average"], s["step"]
        seen.load(s["growth"])
        budget = common.Budget(args, s["spent"], s["step"])
    log = common.Log(folder / f"{args.family}.jsonl")
    loop(args, net, latents, optimisers, average, seen, budget, log, lambda: common.save(
        path, net=net.state_dict(), optimisers=[o.state_dict() for o in optimisers], average=average.value,
        step=budget.step, spent=budget.spent, growth=seen.state()))
    return average.into(net), seen


def loop(args, net, latents, optimisers, average, seen, budget, log, save):
    device = latents.mean.device
    loss_of = {"dit": losses.dit, "sit": losses.sit}[args.family]
    compiled = torch.compile if args.compile else lambda f: f
    if args.teacher:
        teacher = read(args.teacher).to(device).requires_grad_(False)
        loss_of = functools.partial(loss_of, teacher=compiled(teacher))
    forward = compiled(net)
    null = net.classes
    total = torch.zeros((), device=device)
    while budget.progress < 1:
        if budget.step % 10 == 0 or latents.have == 0:
            latents.refresh()
        if seen.due(budget.step):
            seen.add(budget.step, net)
        for o in optimisers:
            for group in o.param_groups:
                group["lr"] = args.lr * budget.rate(hold=args.hold)
        z, y = latents.batch(args.batch)
        y = torch.where(torch.rand(args.batch, device=device) < args.drop, null, y)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda" or args.bf16):
            loss = loss_of(forward, z, torch.randn_like(z), draw_times(args.family, args.batch, device), y).mean()
        for o in optimisers:
            o.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if args.init == "mix" and budget.step == 1:
            nets.keep_zero_order(net)
        for o in optimisers:
            o.step()
        average.update()
        total += loss.detach()
        budget.stepped()
        if budget.step % args.log == 0:
            log(step=budget.step, seconds=budget.spent, loss=total.item() / args.log, have=latents.have)
            total.zero_()
        if budget.step % args.save == 0:
            save()
    seen.add(budget.step, net)
    save()


def main():
    p = common.arguments(__doc__, steps=20000, batch=256, lr=1e-3, pictures=100000)
    p.add_argument("--family", choices=("sit", "dit"), required=True)
    p.add_argument("--vae", help="autoencoder file, default RUN/vkdit-vae.safetensors")
    p.add_argument("--size", type=int, default=256)
    for name in ("width", "depth", "heads"):
        p.add_argument(f"--{name}", type=int)
    p.add_argument("--start", help="go on from this file and its growth file instead of from nothing")
    p.add_argument("--teacher", help="DiT: learn from the velocity of this SiT file instead of from the drawn noise")
    p.add_argument("--init", choices=nets.INITS, default="zero")
    p.add_argument("--optimiser", choices=("muon", "adamw"), default="muon")
    p.add_argument("--ema", type=float, default=0.999)
    p.add_argument("--hold", type=float, default=0.4, help="share of the budget at the full learning rate")
    p.add_argument("--drop", type=float, default=0.1, help="share of labels replaced by the null class")
    p.add_argument("--bf16", action="store_true", help="bf16 autocast on a CPU too")
    p.add_argument("--log", type=int, default=100)
    p.add_argument("--save", type=int, default=2000)
    args = p.parse_args()
    if args.teacher and args.family != "dit":
        p.error("--teacher is for --family dit")
    for k, v in DEFAULTS[args.family].items():
        setattr(args, k, getattr(args, k) or v)
    folder, device = common.begin(args), torch.device(args.device)
    latents = Latents(args, folder, device)
    try:
        net, seen = train(args, folder, device, latents)
    finally:
        latents.close()
    seen.write(folder / f"vkdit-{args.family}.growth.safetensors")
    about = dict(kind=args.family, name=f"vkdit {'SiT' if args.family == 'sit' else 'DiT'}", num_classes=net.classes,
                 heads=args.heads, input_size=net.config["size"], labels=pictures.class_names(), vae="vkdit-vae.safetensors")
    common.export(folder / f"vkdit-{args.family}.safetensors", net, about, skip=("pos_embed",))


if __name__ == "__main__":
    main()
