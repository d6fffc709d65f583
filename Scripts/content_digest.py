#!/usr/bin/env python3
"""The digest that identifies the weights of a checkpoint, whatever container they are in.

    content_digest.py FILE...

The files of one checkpoint: model.safetensors, pytorch_model.bin, or all shards. Prints `sha256:` and the SHA-256 that
formats/glc.md defines under "content_digest": what gliclass-convert prints, and records in the file. Names are those
without the prefixes of wrappers.

Needs torch for files of torch.save, nothing for safetensors. Exit status: 0 done, 65 bad data, 66 input missing.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WRAPPERS = ("module.", "base_model.model.")
CHUNK = 1 << 24
# What safetensors calls the types of torch.
TYPE_NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8",
    "bool": "BOOL", "complex64": "C64", "uint16": "U16", "uint32": "U32", "uint64": "U64",
}  # fmt: skip

Row = tuple[str, str, tuple[int, ...], bytes]  # name, dtype, shape, SHA-256 of the contents


class DigestError(ValueError):
    """A file that is none of these, or is damaged."""


def content_digest(files: list[Path]) -> str:
    """The digest over all tensors of `files`.

    Raises OSError where one cannot be read, DigestError where it is not what it should be.
    """
    rows = [row for path in files for row in (safetensors_rows(path) if is_safetensors(path) else torch_rows(path))]
    names = without_wrappers([row[0] for row in rows])
    if len(set(names)) != len(names):
        raise DigestError(f"{files[0].parent}: a tensor is in two files")
    digest = hashlib.sha256()
    for name, (_, kind, shape, content) in sorted(zip(names, rows), key=lambda pair: pair[0].encode()):
        digest.update(f"{name}\0{kind}\0{'x'.join(map(str, shape))}\0".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def without_wrappers(names: list[str]) -> list[str]:
    """Names as the model alone has them: `_orig_mod.` is dropped anywhere, the others where every name begins so."""
    names = [name.replace("_orig_mod.", "") for name in names]
    while prefix := next((p for p in WRAPPERS if names and all(name.startswith(p) for name in names)), ""):
        names = [name.removeprefix(prefix) for name in names]
    return names


def is_safetensors(path: Path) -> bool:
    return path.suffix == ".safetensors"


def safetensors_rows(path: Path) -> Iterator[Row]:
    """The tensors of a file, by reading its header: nothing of it is held in memory."""
    with path.open("rb") as file:
        try:
            (length,) = struct.unpack("<Q", file.read(8))
            header: dict[str, Any] = json.loads(file.read(length))
            header.pop("__metadata__", None)
            entries = [(name, e["dtype"], tuple(e["shape"]), e["data_offsets"]) for name, e in header.items()]
        except (struct.error, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise DigestError(f"{path}: no safetensors file: {error}") from error
        for name, kind, shape, (begin, end) in entries:
            file.seek(8 + length + begin)
            digest, missing = hashlib.sha256(), end - begin
            while missing > 0:
                piece = file.read(min(missing, CHUNK))
                if not piece:
                    raise DigestError(f"{path}: {name}: the file ends {missing} bytes too early")
                digest.update(piece)
                missing -= len(piece)
            yield name, kind, shape, digest.digest()


def torch_rows(path: Path) -> Iterator[Row]:
    """The tensors of a state dict that torch.save wrote."""
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    try:
        import torch
    except ImportError as error:
        raise DigestError(f"{path}: only torch can read it: {error}") from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # The library raises many kinds.
        raise DigestError(f"{path}: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(state, dict):
        raise DigestError(f"{path}: expected a state dict, found {type(state).__name__}")
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise DigestError(f"{path}: {name}: expected a tensor, found {type(tensor).__name__}")
        kind = TYPE_NAMES.get(str(tensor.dtype).removeprefix("torch."))
        if kind is None:
            raise DigestError(f"{path}: {name}: {tensor.dtype}")
        content = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
        yield name, kind, tuple(tensor.shape), hashlib.sha256(content.data).digest()


def main() -> None:
    files = [Path(argument) for argument in sys.argv[1:]]
    if not files or any(argument.startswith("-") for argument in sys.argv[1:]):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 64)
    try:
        print(content_digest(files))
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(66)
    except DigestError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(65)


if __name__ == "__main__":
    main()
