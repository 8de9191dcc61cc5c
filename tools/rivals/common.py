"""What the scripts here share: shapes of DiT-XL/2 for one picture with guidance, turns with vkdit, the table of times.

Knows nothing about the engine on the other side. Its program prints a line for each way to compute a shape: the way,
seconds of the first call, median seconds of the calls after it, worst error relative to the largest value.
"""
import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile

MODEL = "DiT-XL/2"
ERROR_MOST = {"fp32": 5e-3, "fp16": 2e-2}

# row: vkdit bench's name for it; size: rows, in, out of a product; items, tokens, heads, width of attention
Shape = collections.namedtuple("Shape", "name row size flops")


def product(name, op, inside, out):
    return Shape(f"{name} 512 x {inside} x {out}", f"{op} 2x256x{inside} > {out}", (512, inside, out), 2 * 512 * inside * out)


PRODUCTS = [product("qkv", "linear", 1152, 3456), product("proj", "linear_gate", 1152, 1152),
            product("fc1", "linear", 1152, 4608), product("fc2", "linear_gate", 4608, 1152)]
ATTENTION = Shape("attention 2 x 16 heads x 256 x 72", "attention 2x256x3456 > 1152", (2, 256, 16, 72),
                  4 * 2 * 16 * 256 * 256 * 72)


def stop(text):
    sys.exit(f"{sys.argv[0]}: {text}")


def arguments(description):
    ask = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--vkdit", default="build/vkdit")
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--runs", type=int, default=5, help="of each shape in a round, by the other engine, after a first one")
    ask.add_argument("--precision", choices=["fp32", "fp16"], default="fp32")
    ask.add_argument("--cold", action="store_true")
    ask.add_argument("--skip", default="", metavar="WORDS", help="ways to leave out, by words in their names, with commas")
    return ask


def time_vkdit(use, shapes, env):
    """{row: seconds} and what device it was"""
    done = subprocess.run([use.vkdit, "bench", "--groups", "kernel", "--synthetic", MODEL, "--precision", use.precision,
                           "--full", "--json", "--quiet"], env=env, stdout=subprocess.PIPE, check=True)
    result = json.loads(done.stdout)
    rows = {r["name"]: r for r in result["rows"]}
    seconds = {}
    for shape in shapes:
        row = rows.get(f"{shape.row} {use.precision}")
        if not row:
            stop(f"vkdit bench gave no row '{shape.row} {use.precision}'")
        if not row["gate"]["valid"]:
            stop(f"vkdit's result is wrong: {row['name']}")
        seconds[shape.row] = row["seconds"]["median"]
    return seconds, result["device"]


def time_way(command, way, env):
    """(first, seconds, error), or None where the engine cannot. A process for each way: some crash"""
    done = subprocess.run(command + [way], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          universal_newlines=True)
    if done.returncode:
        print(f"{way}: ended with {done.returncode}", file=sys.stderr)
    for word in map(str.split, done.stdout.splitlines()):
        if len(word) == 4 and word[0] == way:
            return tuple(float(w) for w in word[1:])
    return None


class Engine:
    """another engine: the command that times a way, and the ways of each shape, of which the fastest counts"""

    def __init__(self, name, command, ways):
        self.name, self.command, self.ways = name, command, ways
        self.seconds, self.first = {}, {}

    def measure(self, use, env):
        skip = [word for word in use.skip.split(",") if word]
        for way in (w for ways in self.ways.values() for w in ways if not any(word in w for word in skip)):
            found = time_way(self.command, way, env)
            if not found:
                continue
            first, seconds, error = found
            if not error < ERROR_MOST[use.precision]:
                print(f"{self.name} {way}: error {error:g}, left out", file=sys.stderr)
                continue
            self.seconds.setdefault(way, []).append(seconds)
            self.first.setdefault(way, first)

    def best(self, shape):
        """(seconds, way) or None"""
        return min(((statistics.median(self.seconds[w]), w) for w in self.ways[shape] if w in self.seconds), default=None)


def take_turns(use, shapes, engines, env):
    """{row: [seconds of a round]} of vkdit, its device; the engines keep their own times"""
    ours, device = {}, {}
    for r in range(use.rounds):
        print(f"round {r + 1} of {use.rounds}", file=sys.stderr)
        seconds, device = time_vkdit(use, shapes, env)
        for row, s in seconds.items():
            ours.setdefault(row, []).append(s)
        for engine in engines:
            engine.measure(use, env)
    return ours, device


def print_table(use, shapes, ours, device, engines):
    print(f"{device['name']}, {device['driver']} {device['driver_version']}, {use.precision}, {use.rounds} rounds, GFLOP/s")
    cold = engines[0]
    print("| shape | vkdit |" + "".join(f" {e.name} | times |" for e in engines)
          + (f" {cold.name}'s first call, s |" if use.cold else ""))
    print("|---|---:|" + "---:|---:|" * len(engines) + ("---:|" if use.cold else ""))
    for shape in shapes:
        mine = statistics.median(ours[shape.row])
        line = f"| {shape.name} | {shape.flops / mine * 1e-9:.1f} |"
        for best in (e.best(shape) for e in engines):
            line += f" {shape.flops / best[0] * 1e-9:.1f} | {best[0] / mine:.1f} |" if best else " none | |"
        if use.cold:
            best = cold.best(shape)
            line += f" {cold.first[best[1]]:.1f} |" if best else " |"
        print(line)
    for engine in engines:
        for shape in shapes:
            for way in engine.ways[shape]:
                if way in engine.seconds:
                    print(f"{engine.name} {way}: {statistics.median(engine.seconds[way]) * 1e3:.1f} ms")


def compare(use, shapes, engines, env):
    """Turns, then the table. With --cold the first calls find an empty shader cache."""
    with tempfile.TemporaryDirectory() as cache:
        if use.cold:
            env = dict(env, MESA_SHADER_CACHE_DIR=cache)
        ours, device = take_turns(use, shapes, engines, env)
    print_table(use, shapes, ours, device, engines)
