"""The data set: pictures drawn by draw/ as they are needed, by several processes, into one array. Picture i of a set
has class i % 16 and the seed base + i, so a set is named by two numbers and never stored."""

import ctypes
import multiprocessing
import os
import pathlib
import time

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parents[2]
TRAIN, HELD_OUT, CLASSIFIER, REFERENCE = (n << 40 for n in range(4))  # seeds of sets that share no picture


def library():
    names = [os.environ.get("VKDIT_DRAW", "")] + [str(p) for p in sorted(HERE.glob("build*/tools/train/draw/libvkdit_draw.so"))]
    for name in names:
        if name and pathlib.Path(name).exists():
            lib = ctypes.CDLL(name)
            lib.draw_name.restype = ctypes.c_char_p
            lib.draw_picture.argtypes = [ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_void_p]
            return lib
    raise SystemExit("libvkdit_draw.so is not built: cmake -S . -B build -DVKDIT_TRAIN=ON && cmake --build build --target vkdit_draw")


def class_names():
    lib = library()
    return [lib.draw_name(i).decode() for i in range(lib.draw_classes())]


def _draw_chunk(job):
    base, first, count, size, path, total = job
    lib = library()
    classes = lib.draw_classes()
    out = np.lib.format.open_memmap(path, mode="r+")
    for i in range(first, first + count):
        if lib.draw_picture(i % classes, base + i, size, out[i].ctypes.data):
            raise RuntimeError(f"picture {i} could not be drawn")
    return first + count


class Pictures:
    """[count, size, size, 3] bytes that fill from the front while training already reads them: ready() pictures so far."""

    CHUNK = 64

    def __init__(self, base, count, size=256, processes=None, folder=None):
        folder = pathlib.Path(folder or os.environ.get("TMPDIR", "/tmp"))
        self.path = folder / f"vkdit-pictures-{os.getpid()}-{base >> 40}-{count}-{size}.npy"
        self.array = np.lib.format.open_memmap(self.path, mode="w+", dtype=np.uint8, shape=(count, size, size, 3))
        self.count, self._ready = count, 0
        self.pool = multiprocessing.get_context("fork").Pool(processes or max(1, len(os.sched_getaffinity(0)) - 1))
        jobs = [(base, i, min(self.CHUNK, count - i), size, str(self.path), count) for i in range(0, count, self.CHUNK)]
        self.done = self.pool.imap(_draw_chunk, jobs)
        self.labels = torch.arange(count) % library().draw_classes()

    def ready(self):
        while self._ready < self.count:
            try:
                self._ready = self.done.next(timeout=0)
            except multiprocessing.TimeoutError:
                break
        if self._ready == self.count and self.pool:
            self.pool.close()
            self.pool = None
        return self._ready

    def wait(self, count=None):
        while self.ready() < (count or self.count):
            time.sleep(0.05)
        return self

    def tensor(self, first, last):
        return torch.from_numpy(self.array[first:last])

    def close(self):
        if self.pool:
            self.pool.terminate()
            self.pool = None
        self.path.unlink(missing_ok=True)


class OnDevice:
    """Copies of the ready pictures on the training device, whole batches drawn at random from them."""

    def __init__(self, pictures, device):
        self.pictures, self.have = pictures, 0
        self.bytes = torch.empty((pictures.count, *pictures.array.shape[1:]), dtype=torch.uint8, device=device)

    def refresh(self):
        n = self.pictures.ready()
        if n > self.have:
            self.bytes[self.have : n] = self.pictures.tensor(self.have, n).to(self.bytes.device)
            self.have = n
        return self.have

    def batch(self, size, generator=None):
        i = torch.randint(self.have, (size,), device=self.bytes.device, generator=generator)
        return as_input(self.bytes[i]), i


def as_input(pixels):
    """Bytes [N,H,W,3] to -1..1 [N,3,H,W] in channels-last memory."""
    return (pixels.float() / 127.5 - 1).permute(0, 3, 1, 2)


def as_bytes(images):
    return ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
