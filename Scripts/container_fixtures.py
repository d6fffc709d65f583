#!/usr/bin/env python3
"""Make Tests/Fixtures/containers: small weight files written by torch.save and safetensors, and what is in them.

    Scripts/container_fixtures.py [-o Tests/Fixtures/containers]

Every file comes from the library that writes such files in practice. Only what it no longer writes, or writes on other
machines, is made from its output: another byte order, tensors of a GPU, the entries of torch 1.x, archives packed again
and the tar format of torch before 0.1.10. A file that is not to be refused is read back by the library and compared.

expected.json says of every file:

    tensors          by name, as a state dict has it after `unwrapped`, `prefix` and `inside` are taken off:
      dtype          as safetensors spells it
      shape, bytes   little-endian, row-major, without gaps, in hexadecimal
      f32            bit patterns of tensor.to(float32), for F64, F32, F16, BF16, F8_E4M3 and F8_E5M2; "nan" for a NaN,
                     because torch keeps the payload of some and not of others
      stored         the name in the file's dict, where it differs
    unwrapped        keys from the outermost object to the state dict
    prefix, inside   what names begin with; what they contain farther inside
    globals          what the pickle imports, in the order it does
    foreign          those of them that a reader of tensors has no use for
    refused          instead of all this: why no reader of weights can take the file

`checkpoints` says of the folders of one checkpoint, packed in four ways, how many tensors there are and the SHA-256 of
their bytes, one after the other, ordered by the bytes of their names.

The same bytes every time with the same versions: torch's archives hold no time and no address (in the old format keys
are addresses, which are replaced by numbers), and random weights come from make_random_checkpoint.py.

Needs torch, safetensors, huggingface_hub and numpy; their versions are recorded in expected.json.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import logging
import pickle
import pickletools
import shutil
import struct
import sys
import tarfile
import tempfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import huggingface_hub
import numpy
import safetensors
import safetensors.torch
import torch
from make_random_checkpoint import Size, Stream, tensor_specs, write_config
from torch import nn

VERSIONS = {"torch": "2.15.0", "safetensors": "0.8.0", "numpy": "2.4.6", "huggingface_hub": "2.4.0"}
DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "containers"

Tensors = dict[str, torch.Tensor]
Entry = tuple[str, bytes]

# The element types of safetensors that have a torch.dtype. F4 is left to torch: one byte holds two elements.
DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
OTHER_DTYPES: dict[str, torch.dtype] = {
    "C64": torch.complex64,
    "F8_E8M0": torch.float8_e8m0fnu,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
}
DTYPE_NAMES = {dtype: name for name, dtype in (DTYPES | OTHER_DTYPES).items()}
FLOATS = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")

# What the pickle of a dict of tensors imports.
TENSOR_GLOBALS = {
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch.storage.UntypedStorage",
    *(f"torch.{kind}Storage" for kind in ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char")),
    *(f"torch.{kind}Storage" for kind in ("Byte", "Bool", "ComplexFloat")),
    *(str(dtype) for dtype in DTYPE_NAMES),
}


# --- Tensors --------------------------------------------------------------------------------------------------------


def patterns(dtype: torch.dtype, bits: list[int], *shape: int) -> torch.Tensor:
    """A tensor of these bit patterns."""
    data = b"".join(value.to_bytes(dtype.itemsize, "little") for value in bits)
    return torch.frombuffer(bytearray(data), dtype=dtype).clone().reshape(shape or (len(bits),))


def float64_patterns() -> list[int]:
    """What a conversion to float32 may get wrong: ties, overflow, numbers that become subnormal, NaNs."""
    values = [0.0, -0.0, 1.0, -1.5, 0.1, 3.141592653589793, 1e300, -1e300, 5e-324, float("inf"), float("-inf")]
    # Halfway between two float32, to the even one; then by less and by more than half.
    values += [1 + 2.0**-24, 1 + 3 * 2.0**-24, 1 + 2.0**-24 - 2.0**-52, 1 + 2.0**-24 + 2.0**-52]
    # Around the greatest float32, around half the least one, and where normal numbers end.
    largest = (2 - 2.0**-23) * 2.0**127
    values += [largest, largest + 2.0**102, largest + 2.0**103, -largest - 2.0**103]
    values += [2.0**-149, 2.0**-150, 2.0**-150 * (1 + 2.0**-52), -3 * 2.0**-150, 2.0**-126, 2.0**-126 - 2.0**-150]
    values += [2.0**-126 - 2.0**-151, 2.0**-140 + 2.0**-150]
    bits = [struct.unpack("<Q", struct.pack("<d", value))[0] for value in values]
    return bits + [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001, 0xFFFFFFFFFFFFFFFF, 0x7FFF, 1 << 63 | 1]


def special_patterns(dtype: torch.dtype) -> list[int]:
    """Zeros of both signs, one, subnormal numbers, the least and the greatest of each kind, infinities and NaNs."""
    bits = 8 * dtype.itemsize
    if dtype == torch.float64:
        return float64_patterns()
    if dtype in (torch.float32, torch.float16, torch.bfloat16):
        mantissa = {torch.float32: 23, torch.float16: 10, torch.bfloat16: 7}[dtype]
        one, infinity = ((1 << bits - 2 - mantissa) - 1) << mantissa, (1 << bits - 1) - (1 << mantissa)
        positive = [0, 1, 2, 3, (1 << mantissa) - 2, (1 << mantissa) - 1, 1 << mantissa, (1 << mantissa) + 1]
        positive += [one - 1, one, one + 1, one + (1 << mantissa), one | 1 << mantissa - 1, infinity - 1, infinity]
        positive += [infinity + 1, infinity | 1 << mantissa - 1, infinity | 1 << mantissa - 1 | 1, (1 << bits - 1) - 1]
        return positive + [1 << bits - 1 | value for value in positive]
    if dtype == torch.bool:
        return [0, 1, 1, 0, 1]
    if dtype == torch.complex64:
        return [0x3F800000, 0xBF80000040000000, 0x7F80000080000000]
    if bits == 8 and dtype.is_floating_point:
        return list(range(256))
    return [0, 1, 2, (1 << bits - 1) - 1, 1 << bits - 1, (1 << bits) - 2, (1 << bits) - 1]


def every_dtype(dtypes: dict[str, torch.dtype]) -> Tensors:
    tensors = {}
    for name, dtype in dtypes.items():
        bits = special_patterns(dtype)
        tensors[name] = patterns(dtype, bits, *((16, 16) if len(bits) == 256 else (len(bits),)))
    return tensors


def random(name: str, *shape: int) -> torch.Tensor:
    count = int(numpy.prod(shape))
    return torch.from_numpy(Stream(0, name).normal(count, 1.0)).clone().reshape(shape)


def numbered(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """1, 2, 3, …: an element in the wrong place is seen at once."""
    return torch.arange(1, int(numpy.prod(shape)) + 1).to(dtype).reshape(shape)


class Module(nn.Module):
    """A module whose state dict is named like that of a GLiClass model."""

    def __init__(self) -> None:
        super().__init__()
        encoder = nn.Module()
        encoder.dense = nn.Linear(3, 2)
        encoder.LayerNorm = nn.LayerNorm(2)
        encoder.register_buffer("position_ids", torch.arange(4).unsqueeze(0))
        self.model = nn.Module()
        self.model.encoder_model = encoder
        self.model.logit_scale = nn.Parameter(torch.zeros(()))
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(random(name, *parameter.shape))


def module_state() -> Tensors:
    return Module().state_dict()


def views() -> Tensors:
    matrix, row, cube = numbered(3, 4), numbered(12, dtype=torch.int16), numbered(2, 3, 4, dtype=torch.bfloat16)
    shared = numbered(6)
    return {
        "transposed": matrix.t(),
        "columns": matrix[:, 1:3],
        "rows": matrix[1:],
        "element": matrix[2, 1],
        "offset": row[5:9],
        "stepped": row[1::3],
        "stepped.2d": numbered(4, 6, dtype=torch.float64)[::2, 1::2],
        "permuted": cube.permute(2, 0, 1),
        "permuted.part": cube.permute(1, 2, 0)[1:, ::2, 1],
        "tied.first": shared,
        "tied.second": shared,
        "overlapping.first": shared[:4],
        "overlapping.second": shared[2:].view(2, 2),
        "windows": shared.as_strided((3, 2), (2, 1), 0),
        "windows.overlapping": shared.as_strided((4, 3), (1, 1), 0),
        "unit": matrix[:, 2:3].t(),
        "bool": torch.tensor([[True, False], [True, True]]).t(),
        "float8": patterns(torch.float8_e5m2, list(range(60, 72)), 3, 4).t(),
        "scalar": torch.tensor(2.5),
        "scalar.half": torch.tensor(-0.5, dtype=torch.float16),
        "zero": torch.zeros(0),
        "zero.2d": torch.zeros(3, 0, dtype=torch.float16),
        "zero.large": torch.zeros(70000, 0, 300, dtype=torch.int64),
        "zero.part": matrix[3:, 1:],
    }


def expanded() -> Tensors:
    return {
        "rows": numbered(3).expand(4, 3),
        "columns": numbered(2, 1, dtype=torch.float16).expand(2, 5),
        "one": torch.tensor(1.25).expand(2, 2),
        "plain": numbered(2, 2),
    }


# --- Archives -------------------------------------------------------------------------------------------------------


def read_archive(path: Path) -> list[Entry]:
    """The entries without their top folder. Checksums are not looked at: no_crc.pt has none."""
    entries = []
    with zipfile.ZipFile(path) as archive:
        for information in archive.infolist():
            del information.CRC
            entries.append((information.filename.split("/", 1)[1], archive.read(information)))
    return entries


def write_archive(
    path: Path, entries: list[Entry], root: str | None = None, compression: int = zipfile.ZIP_STORED
) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries:
            information = zipfile.ZipInfo(f"{root or path.stem}/{name}")
            information.compress_type = zipfile.ZIP_STORED if name.endswith("/") or not name else compression
            archive.writestr(information, data)


def swap_bytes(data: bytes, size: int) -> bytes:
    return numpy.frombuffer(data, numpy.uint8).reshape(-1, size)[:, ::-1].tobytes()


def save_big_endian(tensors: Tensors, path: Path) -> None:
    """What torch writes on a machine of the other byte order."""
    torch.save(tensors, path)
    # torch numbers storages in the order it meets them.
    sizes = list({tensor.untyped_storage().data_ptr(): tensor.itemsize for tensor in tensors.values()}.values())
    entries = []
    for name, data in read_archive(path):
        if name.startswith("data/"):
            data = swap_bytes(data, sizes[int(name.removeprefix("data/"))])
        entries.append((name, b"big" if name == "byteorder" else data))
    write_archive(path, entries)


def save_as_torch_1(tensors: Tensors, path: Path) -> None:
    torch.save(tensors, path, _disable_byteorder_record=True)
    later = (".format_version", ".storage_alignment", ".data/serialization_id")
    write_archive(path, [entry for entry in read_archive(path) if entry[0] not in later])


def save_without_checksums(tensors: Tensors, path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(tensors, path)
    finally:
        torch.serialization.set_crc32_options(before)


def save_zipped_again(tensors: Tensors, path: Path) -> None:
    """As `zip -0r` writes it: folders are entries of their own, and come first."""
    torch.save(tensors, path)
    entries = sorted(read_archive(path))
    folders = {"", *(name[: name.rindex("/") + 1] for name, _ in entries if "/" in name)}
    write_archive(path, sorted([*entries, *((folder, b"") for folder in folders)]), root="another")


def save_deflated(tensors: Tensors, path: Path) -> None:
    torch.save(tensors, path)
    write_archive(path, read_archive(path), compression=zipfile.ZIP_DEFLATED)


def save_other_root(tensors: Tensors, path: Path) -> None:
    """torch cannot know a name for what it writes to a stream, and calls it `archive`."""
    stream = io.BytesIO()
    torch.save(tensors, stream)
    path.write_bytes(stream.getvalue())


def save_from_gpu(tensors: Tensors, path: Path) -> None:
    with mock.patch.object(torch.serialization, "location_tag", lambda storage: "cuda:0"):
        torch.save(tensors, path)


@contextlib.contextmanager
def numbered_addresses() -> Iterator[None]:
    """The keys of storages in the old format are addresses. These look like some, and are the same in every run."""
    address = torch._C.StorageBase._cdata.__get__
    numbers: dict[int, int] = {}

    def number(storage: torch.UntypedStorage) -> int:
        # Descending: storages then lie in another order than the one they are met in, as often happens.
        return 94_000_000_000_000 - 64 * numbers.setdefault(address(storage), len(numbers))

    with mock.patch.object(torch.UntypedStorage, "_cdata", property(number), create=True):
        yield


def save_legacy(tensors: Tensors, path: Path) -> None:
    with numbered_addresses():
        torch.save(tensors, path, _use_new_zipfile_serialization=False)


def save_tar(tensors: Tensors, path: Path) -> None:
    """The format before torch 0.1.10, after what `_legacy_load` reads: nothing writes it any more."""
    storages, members = io.BytesIO(), io.BytesIO()
    storage_names = torch.storage._dtype_to_storage_type_map()
    keys = {id(tensor): key for key, tensor in enumerate(tensors.values(), 1000)}
    system = {"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    pickle.dump(len(tensors), storages, protocol=2)
    pickle.dump(len(tensors), members, protocol=2)
    for tensor in tensors.values():
        key, kind = keys[id(tensor)], getattr(torch, storage_names[tensor.dtype])
        data = bytes(tensor.untyped_storage())
        pickle.dump((2000 + key, "cpu", kind), storages, protocol=2)
        storages.write(struct.pack("<q", len(data) // tensor.itemsize) + data)
        pickle.dump((key, 2000 + key, getattr(torch, kind.__name__.replace("Storage", "Tensor"))), members, protocol=2)
        geometry = (*tensor.shape, *tensor.stride(), tensor.storage_offset())
        members.write(struct.pack(f"<ii{len(geometry)}q", tensor.dim(), 0, *geometry))
    pickle.dump([], storages, protocol=2)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> str | None:
            return str(keys[id(value)]) if isinstance(value, torch.Tensor) else None

    objects = io.BytesIO()
    Pickler(objects, protocol=2).dump(tensors)
    parts = {
        "sys_info": pickle.dumps(system, protocol=2),
        "pickle": objects.getvalue(),
        "tensors": members.getvalue(),
        "storages": storages.getvalue(),
    }
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        for name, data in parts.items():
            information = tarfile.TarInfo(name)
            information.size = len(data)
            archive.addfile(information, io.BytesIO(data))


# --- What is in a file ----------------------------------------------------------------------------------------------


def tensor_bytes(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def described(tensor: torch.Tensor, name: str, stored: str) -> dict[str, Any]:
    dtype = DTYPE_NAMES[tensor.dtype]
    entry: dict[str, Any] = {"dtype": dtype, "shape": list(tensor.shape), "bytes": tensor_bytes(tensor).hex()}
    if dtype in FLOATS:
        floats = tensor.detach().to(torch.float32).reshape(-1)
        bits = numpy.frombuffer(tensor_bytes(floats), "<u4").tolist()
        entry["f32"] = ["nan" if nan else f"{value:08x}" for value, nan in zip(bits, floats.isnan().tolist())]
    if stored != name:
        entry["stored"] = stored
    return entry


def pickle_streams(path: Path) -> list[bytes]:
    """The bytes from which pickles are read, one after the other until the first that is none."""
    if zipfile.is_zipfile(path):
        return [data for name, data in read_archive(path) if name == "data.pkl"]
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            return [archive.extractfile(member).read() for member in archive if member.name == "pickle"]
    return [path.read_bytes()]


def imports(stream: io.BytesIO) -> Iterator[str]:
    """`module.name` of every global that one pickle asks for."""
    memo: dict[int, str] = {}
    strings = [""]  # What was pushed last, where that is a string: the two names of a global are.
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name == "GLOBAL":
            yield argument.replace(" ", ".")
        elif opcode.name == "STACK_GLOBAL":
            yield ".".join(strings[-2:])
        elif "UNICODE" in opcode.name:
            strings.append(argument)
        elif opcode.name == "MEMOIZE":
            memo[len(memo)] = strings[-1]
        elif "PUT" in opcode.name:
            memo[argument] = strings[-1]
        elif "GET" in opcode.name:
            strings.append(memo[argument])


def imported(path: Path) -> list[str]:
    """The globals of a file, each once, in the order in which its pickles ask for them."""
    found: dict[str, None] = {}
    for data in pickle_streams(path):
        stream = io.BytesIO(data)
        with contextlib.suppress(ValueError):  # Bytes that are no pickle: in the old format storages follow.
            while stream.tell() < len(data):
                for name in imports(stream):
                    found[name] = None
    return list(found)


def check(path: Path, outer: list[str], stored: Tensors) -> None:
    """torch must find in the file what expected.json says of it."""
    if path.suffix == ".safetensors":
        found = safetensors.torch.load_file(path)
    else:
        found = torch.load(path, map_location="cpu", weights_only=False)
    for key in outer:
        found = found[key]
    assert set(found) == set(stored), path
    for name, tensor in stored.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape, (path, name)
        assert tensor_bytes(found[name]) == tensor_bytes(tensor), (path, name)


class Fixtures:
    """Files in a folder, and what expected.json is to say of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, dict[str, Any]] = {}

    def add(
        self,
        file: str,
        tensors: Tensors,
        write: Callable[[Path], Any],
        outer: list[str] | None = None,
        prefix: str = "",
        inside: str = "",
    ) -> None:
        """A file with these tensors, under the names of its state dict."""
        path = self.folder / file
        write(path)
        check(path, outer or [], tensors)
        entry: dict[str, Any] = {"unwrapped": outer or [], "prefix": prefix}
        if inside:
            entry["inside"] = inside
        if path.suffix != ".safetensors":
            entry["globals"] = imported(path)
            foreign = [name for name in entry["globals"] if name not in TENSOR_GLOBALS]
            entry |= {"foreign": foreign} if foreign else {}
        entry["tensors"] = {}
        for stored, tensor in tensors.items():
            name = stored.removeprefix(prefix)
            name = name.replace(inside, "") if inside else name
            entry["tensors"][name] = described(tensor, name, stored)
        self.entries[file] = entry

    def saved(self, file: str, tensors: Tensors, outer: list[str] | None = None, **options: Any) -> None:
        """What torch.save writes for tensors, in dicts with a key of `outer` each."""

        def write(path: Path) -> None:
            value: Any = tensors
            for key in reversed(outer or []):
                value = {key: value}
            torch.save(value, path, **options)

        self.add(file, tensors, write, outer)

    def prefixed(self, file: str, state: Tensors, prefix: str, inside: str = "") -> None:
        assert all(name.startswith(prefix) for name in state)
        self.add(file, state, lambda path: torch.save(state, path), prefix=prefix, inside=inside)

    def refused(self, file: str, value: Any, reason: str | None = None) -> None:
        """What torch.save writes for a value that is not, or not only, tensors."""
        torch.save(value, self.folder / file)
        foreign = [name for name in imported(self.folder / file) if name not in TENSOR_GLOBALS]
        assert bool(foreign) != bool(reason), (file, foreign)
        self.entries[file] = {"refused": reason or f"global {foreign[0]}"}


# --- The files ------------------------------------------------------------------------------------------------------


def add_safetensors(fixtures: Fixtures) -> None:
    def save(file: str, tensors: Tensors) -> None:
        fixtures.add(file, tensors, lambda path: safetensors.torch.save_file(tensors, path, metadata={"format": "pt"}))

    save("dtypes.safetensors", every_dtype(DTYPES))
    save("other_dtypes.safetensors", every_dtype(OTHER_DTYPES))
    empty = {"none": torch.zeros(0), "no.columns": torch.zeros(3, 0), "no.rows": torch.zeros(0, 2, dtype=torch.int64)}
    save("empty_tensors.safetensors", empty | {"scalar": torch.tensor(2.5), "one": torch.ones(1, dtype=torch.float16)})
    save("no_tensors.safetensors", {})


def add_plain(fixtures: Fixtures) -> None:
    fixtures.saved("dtypes.pt", OrderedDict(every_dtype(DTYPES)))
    fixtures.saved("other_dtypes.pt", every_dtype(OTHER_DTYPES))
    fixtures.saved("complex.pt", {"complex": numbered(2, 2).to(torch.complex64) * (1 - 2j), "real": numbered(2)})
    fixtures.saved("module_state_dict.bin", module_state())
    small = {"weight": random("weight", 2, 3), "ids": numbered(3, dtype=torch.int64), "half": numbered(2).half()}
    small |= {"wide": torch.zeros(300, 0), "float8": numbered(2).to(torch.float8_e4m3fn)}
    small |= {f"{'long.' * 60}name": torch.ones(1), "größe.重み": torch.ones(1)}
    # What else there is in a file shows the opcodes of a protocol.
    config = {"lr": 1e-4, "flags": [True, None, ()], "big": [2**70, -(2**40)], "set": {1, 2}, "bytes": b"\0\xff"}
    config |= {"text": "x" * 300, "more": b"x" * 300, "tuple": (1, 2, 3, 4), "seed": -7, "list": [[1], []]}

    def write_nested(path: Path) -> None:
        torch.save({"config": config, "model": small}, path, pickle_protocol=int(path.stem[-1]))

    for protocol in range(2, 6):
        fixtures.add(f"protocol_{protocol}.pt", small, write_nested, ["model"])
    fixtures.saved("views.pt", views())
    fixtures.saved("expanded.pt", expanded())
    state = module_state()
    fixtures.saved("parameters.pt", {name: nn.Parameter(value) for name, value in state.items() if value.ndim != 2})
    fixtures.saved("empty.pt", {})


def add_nested(fixtures: Fixtures) -> None:
    state = module_state()
    config = {"lr": 1e-4, "name": "x", "flags": [True, None, (1, 2)], "big": 2**70, "set": {1, 2}, "seed": -7}
    steps = {"step": torch.tensor(3.0), "exp_avg": numbered(2)}
    optimizer = {"state": {0: steps}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "params": [0]}]}
    whole = {"model": state, "epoch": 3, "config": config, "optimizer": optimizer}
    fixtures.add("nested_model.pt", state, lambda path: torch.save(whole, path), ["model"])
    step = {"state_dict": state, "global_step": 5}
    fixtures.add("nested_state_dict.pt", state, lambda path: torch.save(step, path), ["state_dict"])
    fixtures.saved("nested_twice.pt", state, ["state_dict", "model"])
    settings = {"device": torch.device("cpu"), "dtype": torch.float16, "size": torch.Size([2, 3]), "bytes": b"\0\xff"}
    objects = {"hyper_parameters": settings, "state_dict": state}
    fixtures.add("nested_objects.pt", state, lambda path: torch.save(objects, path), ["state_dict"])
    # More values than a byte can number, and dicts and lists of more than a thousand, which are written in parts.
    matrix, numbers = numbered(40, 2, dtype=torch.int8), list(range(1001))
    many = {f"row.{index}": row for index, row in enumerate(matrix)} | {"late": torch.ones(1), "later": torch.ones(1)}
    parts = {"model": many, "steps": numbers, "losses": dict.fromkeys(numbers)}
    fixtures.add("many_values.pt", many, lambda path: torch.save(parts, path), ["model"])
    best = {"model": state, "best": numpy.float64(0.5)}
    fixtures.add("numpy_scalar.pt", state, lambda path: torch.save(best, path), ["model"])


def add_prefixed(fixtures: Fixtures) -> None:
    module = Module()
    fixtures.prefixed("prefix_module.pt", nn.DataParallel(module).state_dict(), "module.")
    fixtures.prefixed("prefix_orig_mod.pt", torch.compile(module).state_dict(), "_orig_mod.")
    fixtures.prefixed("prefix_both.pt", nn.DataParallel(torch.compile(module)).state_dict(), "module._orig_mod.")
    # As peft names what it wraps.
    wrapped = OrderedDict((f"base_model.model.{name}", tensor) for name, tensor in module.state_dict().items())
    fixtures.prefixed("prefix_base_model.pt", wrapped, "base_model.model.")
    module.model.encoder_model = torch.compile(module.model.encoder_model)
    fixtures.prefixed("prefix_orig_mod_inside.pt", module.state_dict(), "", inside="_orig_mod.")


def add_packed(fixtures: Fixtures) -> None:
    """One dict of tensors in every form of an archive, and in the formats before archives."""
    kinds = {name: dtype for name, dtype in DTYPES.items() if dtype not in torch.storage._new_dtypes()}
    tensors = {name: patterns(dtype, special_patterns(dtype)[1:5], 2, 2) for name, dtype in kinds.items()}
    tensors |= {"F32": random("F32", 2, 3)}
    tensors |= {"transposed": tensors["F32"].t(), "tied": tensors["I16"], "scalar": torch.tensor(2.5)}
    few = {name: tensors[name] for name in ("F32", "BF16", "I64", "transposed", "scalar")} | {"empty": torch.zeros(0)}
    forms: list[tuple[str, Callable[[Tensors, Path], None], Tensors]] = [
        ("big_endian.pt", save_big_endian, tensors),
        ("without_byteorder.pt", save_as_torch_1, few),
        ("other_root.pt", save_other_root, few),
        ("zipped_again.pt", save_zipped_again, few),
        ("deflated.pt", save_deflated, few),
        ("no_crc.pt", save_without_checksums, few),
        ("cuda.pt", save_from_gpu, few),
        ("legacy.pt", save_legacy, tensors),
        ("legacy_tar.pt", save_tar, {name: tensors[name] for name in ("F32", "F16", "I64")}),
    ]
    for file, save, content in forms:
        fixtures.add(file, content, lambda path, save=save, content=content: save(content, path))


def add_refused(fixtures: Fixtures) -> None:
    linear = nn.Linear(3, 2)
    with torch.no_grad():
        linear.weight.copy_(numbered(2, 3))
        linear.bias.copy_(numbered(2))
    fixtures.refused("whole_module.pt", linear)
    complex_values = numbered(2).to(torch.complex64) * (1 - 2j)
    fixtures.refused("conjugate.pt", {"a": complex_values.conj()}, "tensor a: conjugated, metadata {'conj': True}")
    fixtures.refused("negative.pt", {"a": torch._neg_view(numbered(2))}, "tensor a: negated, metadata {'neg': True}")
    fixtures.refused("quantized.pt", {"a": torch.quantize_per_tensor(numbered(4), 0.1, 0, torch.qint8)})
    fixtures.refused("sparse.pt", {"a": torch.eye(2).to_sparse()})
    parameter, tensor = nn.Parameter(numbered(2)), numbered(2)
    parameter.tag = tensor.tag = "x"
    fixtures.refused("parameter_with_state.pt", {"a": parameter})
    fixtures.refused("tensor_with_state.pt", {"a": tensor})


def add_checkpoints(folder: Path) -> dict[str, Any]:
    """One checkpoint of 500 tokens, in four folders."""
    size = Size(layers=1, hidden=32, heads=2, feed_forward=48, buckets=16, max_positions=64, pieces=496)
    state: Tensors = {}
    for spec in tensor_specs(size):
        values = Stream(0, spec.name).normal(spec.count, spec.deviation) + numpy.float32(spec.mean)
        state[spec.name] = torch.from_numpy(values).clone().reshape(spec.shape)
    digest = hashlib.sha256(b"".join(tensor_bytes(state[name]) for name in sorted(state, key=str.encode)))
    described = {"tensors": len(state), "sha256": digest.hexdigest()}
    folders = {name: folder / name for name in ("micro", "micro-sharded", "micro-zip", "micro-zip-sharded")}
    for path in folders.values():
        path.mkdir()
    write_config(folders["micro"] / "config.json", "micro", size, "f32")
    safetensors.torch.save_file(state, folders["micro"] / "model.safetensors", metadata={"format": "pt"})
    torch.save(state, folders["micro-zip"] / "pytorch_model.bin")
    # Three files, of which the embeddings with their 64,000 bytes are one, and two.
    huggingface_hub.save_torch_state_dict(state, folders["micro-sharded"], max_shard_size=32_000)
    huggingface_hub.save_torch_state_dict(
        state, folders["micro-zip-sharded"], max_shard_size=80_000, safe_serialization=False
    )
    for path in folders.values():
        found: Tensors = {}
        for file in path.glob("*.safetensors"):
            found |= safetensors.torch.load_file(file)
        for file in path.glob("*.bin"):
            found |= torch.load(file)
        assert {name: tensor_bytes(tensor) for name, tensor in found.items()} == {
            name: tensor_bytes(tensor) for name, tensor in state.items()
        }, path
    return {name: described for name in folders}


def expected_text(versions: dict[str, str], entries: dict[str, dict[str, Any]], checkpoints: dict[str, Any]) -> str:
    """JSON with a line for each file and each tensor."""

    def compact(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    files = []
    for file, entry in sorted(entries.items()):
        head = compact({key: value for key, value in entry.items() if key != "tensors"})
        if "tensors" in entry:
            rows = ",".join(f"\n{compact(name)}:{compact(row)}" for name, row in entry["tensors"].items())
            head = f'{head[:-1]},"tensors":{{{rows}}}}}'
        files.append(f"{compact(file)}:{head}")
    folders = ",\n".join(f"{compact(name)}:{compact(entry)}" for name, entry in checkpoints.items())
    lines = ",\n".join(files)
    head = f'"producer":"Scripts/container_fixtures.py","versions":{compact(versions)}'
    return f'{{{head},\n"files":{{\n{lines}\n}},\n"checkpoints":{{\n{folders}\n}}}}\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT, help="a folder, which is made anew")
    output: Path = parser.parse_args().output
    if output.exists() and not (output / "expected.json").is_file():
        parser.error(f"{output}: exists, and was not made by this script")
    modules = (torch, safetensors, numpy, huggingface_hub)
    versions = {module.__name__: module.__version__.split("+")[0] for module in modules}
    if versions != VERSIONS:
        print(f"note: made with {versions}, not with {VERSIONS}", file=sys.stderr)
    warnings.filterwarnings("ignore", message=".*quantize")
    logging.disable(logging.WARNING)  # huggingface_hub warns of pickles.
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as temporary:
        folder = Path(temporary) / output.name
        folder.mkdir()
        fixtures = Fixtures(folder)
        for add in (add_safetensors, add_plain, add_nested, add_prefixed, add_packed, add_refused):
            add(fixtures)
        text = expected_text(versions, fixtures.entries, add_checkpoints(folder))
        json.loads(text)
        (folder / "expected.json").write_text(text, encoding="utf-8")
        files = [path for path in folder.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        for path in files:
            path.chmod(0o644)  # safetensors makes its files the owner's alone.
        shutil.rmtree(output, ignore_errors=True)
        folder.rename(output)
    print(f"{output}: {len(fixtures.entries)} files beside the checkpoints, {size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
