#!/usr/bin/env python3
"""Write a checkpoint's weights again in another container: the twin that a benchmark compares with.

    repack_checkpoint.py IN_DIR OUT_DIR --container zip|sharded|zip-sharded [--shard-bytes 150000000]

IN_DIR holds model.safetensors (F32) and its neighbours, which are copied. OUT_DIR receives

* zip: pytorch_model.bin in the layout of torch.save: a pickle of tensors, and a stored entry for each storage;
* sharded: model.safetensors.index.json and its files;
* zip-sharded: pytorch_model.bin.index.json and its files.

Streams: memory stays far below the size of the file. torch.load reads what is written here, but fixtures are made by torch itself
(container_fixtures.py). Needs the standard library only.
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 22


@dataclass(frozen=True)
class Tensor:
    """A tensor of the source: where its bytes are, and what they are."""

    name: str
    shape: list[int]
    begin: int
    end: int


def read_header(file: BinaryIO) -> list[Tensor]:
    """The tensors of a safetensors file, in the order of their data."""
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    start = 8 + length
    tensors = []
    for name, row in header.items():
        if name == "__metadata__":
            continue
        if row["dtype"] != "F32":
            sys.exit(f"error: {name}: expected F32, found {row['dtype']}")
        begin, end = row["data_offsets"]
        tensors.append(Tensor(name, row["shape"], start + begin, start + end))
    return sorted(tensors, key=lambda tensor: tensor.begin)


def copy(source: BinaryIO, tensor: Tensor, write) -> None:
    """Passes the bytes of `tensor` to `write`, a block at a time."""
    source.seek(tensor.begin)
    left = tensor.end - tensor.begin
    while left > 0:
        block = source.read(min(BLOCK, left))
        write(block)
        left -= len(block)


def write_safetensors(path: Path, source: BinaryIO, tensors: list[Tensor]) -> None:
    header, end = {}, 0
    for tensor in tensors:
        size = tensor.end - tensor.begin
        header[tensor.name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors:
            copy(source, tensor, file.write)


def state_dict_pickle(tensors: list[Tensor]) -> bytes:
    """The pickle, protocol 2, of a dictionary of tensors, each with a storage of its own."""

    def text(value: str) -> bytes:
        data = value.encode()
        return b"X" + struct.pack("<I", len(data)) + data

    def number(value: int) -> bytes:
        data = value.to_bytes(8, "little", signed=True)
        return b"\x8a\x08" + data

    def numbers(values: list[int]) -> bytes:
        return b"(" + b"".join(number(value) for value in values) + b"t"

    out = b"\x80\x02}("
    for key, tensor in enumerate(tensors):
        strides = [1] * len(tensor.shape)
        for index in range(len(tensor.shape) - 2, -1, -1):
            strides[index] = strides[index + 1] * tensor.shape[index + 1]
        count = (tensor.end - tensor.begin) // 4
        storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(str(key)) + text("cpu") + number(count) + b"tQ"
        hooks = b"ccollections\nOrderedDict\n)R"
        arguments = storage + number(0) + numbers(tensor.shape) + numbers(strides) + b"\x89" + hooks
        out += text(tensor.name) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR"
    return out + b"u."


def write_zip(path: Path, source: BinaryIO, tensors: list[Tensor]) -> None:
    root = path.stem
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{root}/data.pkl", state_dict_pickle(tensors))
        archive.writestr(f"{root}/byteorder", "little")
        for key, tensor in enumerate(tensors):
            with archive.open(f"{root}/data/{key}", "w", force_zip64=True) as entry:
                copy(source, tensor, entry.write)
        archive.writestr(f"{root}/version", "3\n")


def shards(tensors: list[Tensor], limit: int) -> list[list[Tensor]]:
    """`tensors` cut into runs of at most `limit` bytes, a larger one alone."""
    runs: list[list[Tensor]] = [[]]
    size = 0
    for tensor in tensors:
        if runs[-1] and size + tensor.end - tensor.begin > limit:
            runs.append([])
            size = 0
        runs[-1].append(tensor)
        size += tensor.end - tensor.begin
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--container", choices=["zip", "sharded", "zip-sharded"], required=True)
    parser.add_argument("--shard-bytes", type=int, default=150_000_000)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for path in arguments.input.iterdir():
        if path.suffix in (".json", ".model") and not path.name.endswith(".index.json"):
            shutil.copy(path, arguments.output)
    is_zip = arguments.container.startswith("zip")
    write, stem, suffix = (write_zip, "pytorch_model", ".bin") if is_zip else (write_safetensors, "model", ".safetensors")
    with (arguments.input / "model.safetensors").open("rb") as source:
        tensors = read_header(source)
        if arguments.container == "zip":
            write(arguments.output / f"{stem}{suffix}", source, tensors)
            return
        runs = shards(tensors, arguments.shard_bytes)
        names = [f"{stem}-{index + 1:05}-of-{len(runs):05}{suffix}" for index in range(len(runs))]
        for name, run in zip(names, runs):
            write(arguments.output / name, source, run)
        index = {
            "metadata": {"total_size": sum(tensor.end - tensor.begin for tensor in tensors)},
            "weight_map": {tensor.name: name for name, run in zip(names, runs) for tensor in run},
        }
        (arguments.output / f"{stem}{suffix}.index.json").write_text(json.dumps(index, indent=2) + "\n")


if __name__ == "__main__":
    main()
