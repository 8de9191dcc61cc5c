"""Times layers of ncnn on Vulkan at shapes given on the command line, through its public functions. Run by
tools/rivals/ncnn with an interpreter that has ncnn; no part of vkdit.

    ncnn_shapes.py ROUNDS LAYER:ROWS:IN:OUT:KIND...     gemm|inner|conv|nothing  fp32|fp16s|fp16a

One line each: shape, seconds of making the layer and the first call, median seconds of ROUNDS more, worst error relative
to the largest value.
"""
import os
import statistics
import struct
import sys
import tempfile
import time

import ncnn
import numpy as np

TAGGED = 0  # the word before weights that says they are floats


def values(*shape):
    """The same numbers on every run: -0.5..0.5, as halves can hold them."""
    i = (np.arange(1, np.prod(shape) + 1, dtype=np.uint64) * 2654435761) & 0xFFFFFFFF
    return (((i >> 22).astype(np.int32) - 512) / 1024).astype(np.float32).reshape(shape)


class Product:
    """rows through a matrix, plus a bias: the layer's line, its weights, and how rows lie for it"""

    def __init__(self, layer, rows, inside, out):
        self.layer, self.rows, self.inside, self.out = layer, rows, inside, out
        self.x, self.weights, self.bias = values(rows, inside), values(out, inside), values(out)

    def line(self):
        n = self.out * self.inside
        return {"gemm": f"Gemm g 1 1 x y 2=0 3=1 4=0 5=1 6=1 7=0 8={self.out} 9={self.inside} 10=4",
                "inner": f"InnerProduct g 1 1 x y 0={self.out} 1=1 2={n}",
                "conv": f"Convolution g 1 1 x y 0={self.out} 1=1 5=1 6={n}",
                "nothing": "Noop g 1 1 x y"}[self.layer]

    def stored(self):
        if self.layer == "nothing":
            return b""
        tag = struct.pack("I", TAGGED)
        return tag + self.weights.tobytes() + (tag if self.layer == "gemm" else b"") + self.bias.tobytes()

    def operand(self):
        """a picture of one row for the convolution: channels, 1, rows"""
        return np.ascontiguousarray(self.x.T).reshape(self.inside, 1, self.rows) if self.layer == "conv" else self.x

    def error(self, got):
        want = self.x if self.layer == "nothing" else self.x @ self.weights.T + self.bias
        if self.layer == "conv":
            got = got.reshape(self.out, self.rows).T
        if got.shape != want.shape or not np.isfinite(got).all():
            return float("inf")
        return float(abs(got - want).max() / abs(want).max())


def load(product, kind):
    net = ncnn.Net()
    net.opt.use_vulkan_compute = True
    net.opt.use_bf16_storage = net.opt.use_bf16_packed = False
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = kind != "fp32"
    net.opt.use_fp16_arithmetic = kind == "fp16a"
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(product.stored())
        file.flush()
        lines = ["7767517", "2 2", "Input x 0 1 x", product.line()]
        if net.load_param_mem("\n".join(lines) + "\n") or net.load_model(file.name):
            sys.exit(f"ncnn does not take {product.line()}")
    if not net.opt.use_vulkan_compute or not all(layer.support_vulkan for layer in net.layers()[1:]):
        sys.exit(f"ncnn does not run it on Vulkan: {product.line()}")
    return net


def call(net, operand):
    run = net.create_extractor()
    run.input("x", operand)
    failed, out = run.extract("y")
    if failed:
        sys.exit(f"ncnn ended with {failed}")
    return np.array(out)


def measure(text, rounds):
    layer, rows, inside, out, kind = text.split(":")
    product = Product(layer, int(rows), int(inside), int(out))
    rows_there = product.operand()  # ncnn reads them where they are
    operand = ncnn.Mat(rows_there)
    start = time.perf_counter()
    net = load(product, kind)
    got = call(net, operand)
    first = time.perf_counter() - start
    each = []
    for _ in range(rounds):
        start = time.perf_counter()
        call(net, operand)
        each.append(time.perf_counter() - start)
    print(f"{text} {first:.6f} {statistics.median(each):.6f} {product.error(got):.1e}", flush=True)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: ncnn_shapes.py ROUNDS SHAPE...")
    if ncnn.get_gpu_count() < 1:
        sys.exit("ncnn finds no Vulkan device")
    for text in sys.argv[2:]:
        measure(text, int(sys.argv[1]))


main()
os._exit(0)  # ncnn's threads and the driver's are ended in no order that is sure to work
