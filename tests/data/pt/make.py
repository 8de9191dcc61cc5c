#!/usr/bin/env python3
"""Writes the PyTorch checkpoints of this folder without PyTorch: Python's own pickler, with stand-ins of the same
names, produces the same opcodes. Run it again after a change; the files are small and kept in the repository."""
import argparse, io, pickle, struct, sys, types, zipfile
from collections import OrderedDict

torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
sys.modules["torch"], sys.modules["torch._utils"] = torch, utils
SIZE = {}
for name, code in dict(Float="f", Half="e", BFloat16="H", Double="d", Long="q", Int="i", Short="h", Char="b", Byte="B", Bool="?").items():
    cls = type(name + "Storage", (), {"__module__": "torch", "code": code})
    setattr(torch, cls.__name__, cls)


def _rebuild_tensor_v2(*a): pass
def _rebuild_parameter(*a): pass


for f in (_rebuild_tensor_v2, _rebuild_parameter):
    f.__module__ = "torch._utils"
    setattr(utils, f.__name__, f)


class Tensor:
    def __init__(self, storage, offset, size, stride):
        self.args = (storage, offset, size, stride, False, OrderedDict())

    def __reduce_ex__(self, protocol): return _rebuild_tensor_v2, self.args


class Parameter:
    def __init__(self, t): self.t = t
    def __reduce_ex__(self, protocol): return _rebuild_parameter, (self.t, True, OrderedDict())


def storage(kind, values):
    s = getattr(torch, kind + "Storage")()
    s.values = list(values)
    return s


class Pickler(pickle._Pickler):
    legacy = False

    def persistent_id(self, obj):
        if not hasattr(obj, "values") or not hasattr(obj, "code"): return None
        key = self.keys.setdefault(id(obj), (self.first + str(len(self.keys)), obj))[0]
        return ("storage", type(obj), key, "cpu", len(obj.values)) + ((None,) if self.legacy else ())


def dump(obj, protocol, legacy, keys, first):
    out = io.BytesIO()
    p = Pickler(out, protocol)
    p.legacy, p.keys, p.first = legacy, keys, first
    p.dump(obj)
    return out.getvalue()


def data(s): return struct.pack("<%d%s" % (len(s.values), s.code), *s.values)


def save_zip(path, obj, protocol=2):
    keys = {}
    body = dump(obj, protocol, False, keys, "")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        def put(name, content): z.writestr(zipfile.ZipInfo("archive/" + name), content)
        put("data.pkl", body)
        put("byteorder", b"little")
        for key, s in keys.values(): put("data/" + key, data(s))
        put("version", b"3\n")


def save_legacy(path, obj):
    keys = {}
    system = dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=4))
    body = dump(obj, 2, True, keys, "14000000")
    with open(path, "wb") as f:
        for x in (0x1950A86A20F9469CFC6C, 1001, system): f.write(dump(x, 2, True, {}, ""))
        f.write(body)
        stored = sorted(keys.values(), key=lambda k: k[0])
        f.write(dump([k for k, s in stored], 2, True, {}, ""))
        for k, s in stored: f.write(struct.pack("<q", len(s.values)) + data(s))


def train():
    shared = storage("Float", range(24))
    ema = OrderedDict(
        plain=Tensor(storage("Float", [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]), 0, (2, 3), (3, 1)),
        whole=Tensor(shared, 0, (4, 6), (6, 1)),
        row=Tensor(shared, 6, (6,), (1,)),
        transposed=Tensor(shared, 0, (6, 4), (1, 6)),
        every_other=Tensor(shared, 1, (2, 2, 3), (12, 6, 2)),
        parameter=Parameter(Tensor(storage("Half", [1.0, -2.0]), 0, (2,), (1,))),
        scalar=Tensor(storage("Long", [7]), 0, (), ()),
        empty=Tensor(storage("Float", []), 0, (0, 3), (3, 1)),
        one=Tensor(storage("Double", [3.25]), 0, (1, 1), (99, 5)),
        bf16=Tensor(storage("BFloat16", [0x3F80, 0xC000]), 0, (2,), (1,)),
        flag=Tensor(storage("Bool", [True, False]), 0, (2,), (1,)),
        byte=Tensor(storage("Byte", [1, 255]), 0, (2,), (1,)),
    )
    ema._metadata = OrderedDict(version=1)
    model = OrderedDict(plain=Tensor(storage("Float", [9.0]), 0, (1,), (1,)))
    opt = dict(state={0: dict(step=Tensor(storage("Float", [3.0]), 0, (), ()), big=1 << 70)}, param_groups=[dict(lr=1e-4, params=[0, 1])])
    args = argparse.Namespace(model="DiT-S/2", image_size=256, lr=1e-4, resume=None, tf32=True, betas=(0.9, 0.999), tags={"a"})
    return OrderedDict(model=model, ema=ema, opt=opt, args=args, train_steps=-400, note="n\x1b[2J")


if __name__ == "__main__":
    save_zip("train2.pt", train(), 2)
    save_zip("train4.pt", train(), 4)
    save_legacy("train_legacy.pt", train())
    many = OrderedDict(("blocks.%d.weight" % i, Tensor(storage("Float", [i]), 0, (1,), (1,))) for i in range(1100))
    save_legacy("many_legacy.pt", many)
