"""What a file says about its own use, changed without touching its tensors: advise.py FILE KEY=JSON ... ; KEY= takes it
away. docs/model-files.md has the keys."""

import argparse
import json
import os
import struct


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("file")
    p.add_argument("advice", nargs="*")
    args = p.parse_args()
    with open(args.file, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    config = json.loads(header["__metadata__"]["config"])
    for key, value in (a.split("=", 1) for a in args.advice):
        if value:
            config[key] = json.loads(value)
        else:
            config.pop(key, None)
    header["__metadata__"]["config"] = json.dumps(config)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(args.file + ".part", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data[8 + size :])
    os.replace(args.file + ".part", args.file)
    print(json.dumps({k: v for k, v in config.items() if k != "labels"}))


if __name__ == "__main__":
    main()
