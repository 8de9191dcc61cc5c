# torch_side.py — the PyTorch side of tools/gpu-report: DiT-XL/2 256x256, one picture with guidance (batch 2, 256 tokens),
# random weights, as the paper's equations say and as people run it: adaLN computed in every forward, SDPA attention.
# Prints Markdown. Arguments: seconds it may take; "warm" to only compile, so that a later run finds the compiler's cache.
import math
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

START = time.monotonic()
BUDGET = float(sys.argv[1]) if len(sys.argv) > 1 else 90.0
DEV = "cuda" if torch.cuda.is_available() else "cpu"
WIDTH, DEPTH, HEADS, PATCH, CHANNELS, SIDE = (1152, 28, 16, 2, 4, 32) if DEV == "cuda" else (64, 2, 4, 2, 4, 8)


def left():
    return BUDGET - (time.monotonic() - START)


def modulate(x, shift, scale):
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, elementwise_affine=False, eps=1e-6)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(WIDTH, elementwise_affine=False, eps=1e-6)
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)
        self.ada = nn.Linear(WIDTH, 6 * WIDTH)

    def forward(self, x, c):
        s1, a1, g1, s2, a2, g2 = self.ada(F.silu(c)).chunk(6, dim=1)
        x = x + g1.unsqueeze(1) * self.attn(modulate(self.norm1(x), s1, a1))
        h = F.gelu(self.fc1(modulate(self.norm2(x), s2, a2)), approximate="tanh")
        return x + g2.unsqueeze(1) * self.fc2(h)


class DiT(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(CHANNELS, WIDTH, PATCH, PATCH)
        self.pos = nn.Parameter(torch.randn(1, (SIDE // PATCH) ** 2, WIDTH))
        self.t1, self.t2 = nn.Linear(256, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.y = nn.Embedding(1001, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH, elementwise_affine=False, eps=1e-6)
        self.ada = nn.Linear(WIDTH, 2 * WIDTH)
        self.out = nn.Linear(WIDTH, PATCH * PATCH * 2 * CHANNELS)
        self.register_buffer("freqs", torch.exp(-math.log(10000.0) * torch.arange(128) / 128))

    def forward(self, x, t, y):
        x = self.embed(x).flatten(2).transpose(1, 2) + self.pos
        a = t[:, None].float() * self.freqs.float()[None]
        e = torch.cat([a.cos(), a.sin()], dim=-1).to(x.dtype)
        c = self.t2(F.silu(self.t1(e))) + self.y(y)
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.ada(F.silu(c)).chunk(2, dim=1)
        x = self.out(modulate(self.norm(x), shift, scale))
        side = SIDE // PATCH
        x = x.reshape(x.shape[0], side, side, PATCH, PATCH, 2 * CHANNELS)
        x = torch.einsum("nhwpqc->nchpwq", x).reshape(x.shape[0], 2 * CHANNELS, SIDE, SIDE)
        eps, rest = x[:, :3], x[:, 3:]
        cond, null = eps.split(len(eps) // 2)
        half = null + 4.0 * (cond - null)
        return torch.cat([torch.cat([half, half]), rest], dim=1)


def timed(f, n=30, warm=5):
    """Median milliseconds of one call: between CUDA events, and by the host's clock from call to finished."""
    for _ in range(warm):
        f()
    if DEV != "cuda":
        start = time.perf_counter()
        f()
        ms = (time.perf_counter() - start) * 1e3
        return ms, ms, ms
    torch.cuda.synchronize()
    pairs, wall = [], []
    for _ in range(n):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start = time.perf_counter()
        a.record()
        f()
        b.record()
        torch.cuda.synchronize()
        wall.append((time.perf_counter() - start) * 1e3)
        pairs.append(a.elapsed_time(b))
    start = time.perf_counter()
    for _ in range(n):
        f()
    torch.cuda.synchronize()
    return statistics.median(pairs), statistics.median(wall), (time.perf_counter() - start) * 1e3 / n


def graphed(f):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            f()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        f()
    return graph.replay


def report(name, f):
    try:
        start = time.monotonic()
        call = f()
        ms, wall, stream = timed(call)
        print(f"| {name} | {ms:.3f} | {wall:.3f} | {stream:.3f} | {time.monotonic() - start:.1f} |", flush=True)
    except Exception as error:  # a variant that fails must not hide the others
        print(f"| {name} | failed: {type(error).__name__} {str(error).splitlines()[0][:100]} | | | |", flush=True)


def inputs(dtype):
    torch.manual_seed(0)
    model = DiT().to(DEV, dtype).eval()
    for p in model.parameters():
        p.data.normal_(0, 0.02)
    x = torch.randn(2, CHANNELS, SIDE, SIDE, device=DEV, dtype=dtype)
    return model, (x, torch.tensor([500, 500], device=DEV), torch.tensor([207, 1000], device=DEV))


def eager(dtype):
    model, args = inputs(dtype)
    name = str(dtype).split(".")[-1]
    report(f"{name} eager", lambda: lambda: model(*args))
    if DEV == "cuda":
        report(f"{name} eager in a CUDA graph", lambda: graphed(lambda: model(*args)))


def compiled(dtype, need, **how):
    if left() < need:
        return
    model, args = inputs(dtype)
    name = f"{str(dtype).split('.')[-1]} torch.compile {how.get('mode', '')}".strip()
    torch._dynamo.reset()
    fast = torch.compile(model, **how)

    def ready():
        for _ in range(3):
            fast(*args)
        return lambda: fast(*args)

    report(name, ready)
    if DEV == "cuda" and not how:
        report(f"{name} in a CUDA graph", lambda: graphed(lambda: fast(*args)))


def products():
    print("\n| product (fp16, cuBLAS, weights rotating beyond the cache) | us | TFLOP/s |\n|---|---|---|")
    for name, m, n, k in (("8192^3", 8192, 8192, 8192), ("qkv 512x3456x1152", 512, 3456, 1152),
                          ("proj 512x1152x1152", 512, 1152, 1152), ("fc1 512x4608x1152", 512, 4608, 1152),
                          ("fc2 512x1152x4608", 512, 1152, 4608)):
        count = max(1, min(32, 100_000_000 // (2 * n * k)))
        if DEV != "cuda":
            m, n, k, count = 8, 8, 8, 1
        x = torch.randn(m, k, device=DEV, dtype=torch.float16)
        weights = [torch.randn(n, k, device=DEV, dtype=torch.float16) for _ in range(count)]
        bias = torch.randn(n, device=DEV, dtype=torch.float16)

        def all_of_them():
            for w in weights:
                F.linear(x, w, bias)

        call = graphed(all_of_them) if DEV == "cuda" else all_of_them
        ms = timed(call, 20)[0] / count
        print(f"| {name} | {ms * 1e3:.2f} | {2e-9 * m * n * k / ms:.1f} |", flush=True)
    b, h, t, d = 2, HEADS, 256 if DEV == "cuda" else 8, 72
    q = torch.randn(3, b, t, h, d, device=DEV, dtype=torch.float16).permute(0, 1, 3, 2, 4)
    call = lambda: [F.scaled_dot_product_attention(q[0], q[1], q[2]) for _ in range(28)]
    ms = timed(graphed(call) if DEV == "cuda" else call, 20)[0] / 28
    print(f"| attention 2x16 heads, 256 tokens, 72 | {ms * 1e3:.2f} | {4e-9 * b * h * t * t * d / ms:.1f} |", flush=True)


HEAD = "| DiT-XL/2 256x256, batch 1 with guidance | ms, events | ms, call to finished | ms, back to back | took s |"
with torch.no_grad():
    if sys.argv[2:] == ["warm"]:
        compiled(torch.float16, 0)
        compiled(torch.bfloat16, 20)
        sys.exit(0)
    print(f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}, "
          f"{torch.cuda.get_device_name() if DEV == 'cuda' else 'CPU'}\n\n{HEAD}\n|---|---|---|---|---|")
    eager(torch.float16)
    eager(torch.bfloat16)
    products()
    print(f"\n{HEAD}\n|---|---|---|---|---|")
    compiled(torch.float16, 20)
    compiled(torch.bfloat16, 20)
    compiled(torch.float16, 25, mode="reduce-overhead")
    compiled(torch.float16, 60, mode="max-autotune")
    print(f"\nthe PyTorch side took {time.monotonic() - START:.0f} s")
