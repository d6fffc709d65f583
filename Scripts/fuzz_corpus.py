#!/usr/bin/env python3
"""Make the inputs that fuzzing starts from (docs/fuzzing.md), out of fixtures and of small files made here.

    Scripts/fuzz_corpus.py FOLDER [--convert .build/release/gliclass-convert]

FOLDER gets one folder a target (Tests/FuzzTargets/FuzzTarget.swift). Without --convert there are none for `glc`, whose
tokenizer and directory the converter makes. Needs nothing but Python's own library.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import tempfile
import zipfile
import zlib
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "Tests/Fixtures"
SEPARATOR = b"\n--8<--\n"
WIDTHS = {"F32": 4, "F16": 2, "F64": 8, "BF16": 2}


def safetensors(tensors: dict[str, tuple[str, list[int]]]) -> bytes:
    """A file whose elements are zero."""
    header, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = WIDTHS[dtype]
        for dimension in shape:
            size *= dimension
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


def floats(shapes: dict[str, list[int]]) -> bytes:
    return safetensors({name: ("F32", shape) for name, shape in shapes.items()})


# --- one function a target: (name, bytes) ---


def safetensors_seeds():
    for path in sorted(FIXTURES.glob("**/*.safetensors")):
        if path.stat().st_size <= 8192:
            yield path.parent.name + "-" + path.stem, path.read_bytes()
    yield "types", safetensors({"a": ("F32", [2, 3]), "b": ("F16", [3]), "c": ("BF16", []), "d": ("F64", [0, 9])})


def pickle_seeds():
    for path in sorted(FIXTURES.glob("**/*.pt")) + sorted(FIXTURES.glob("**/*.bin")):
        if not zipfile.is_zipfile(path):
            continue
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                # The pickle of no_crc.pt is that of others, and this module would not read it.
                if name.endswith("data.pkl") and archive.getinfo(name).CRC:
                    yield path.stem, archive.read(name)


def pytorch_seeds():
    for path in sorted(FIXTURES.glob("**/*.pt")) + sorted(FIXTURES.glob("**/*.bin")):
        if path.stat().st_size <= 8192:
            yield path.stem, path.read_bytes()


def shards_seeds():
    index = {"metadata": {"total_size": 24}, "weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}
    yield "two", json.dumps(index).encode()
    yield "missing", json.dumps(index).replace("b.safe", "c.safe").encode()
    yield "bin", b" " + json.dumps({"weight_map": {"a.weight": "a.bin", "\ud83d\ude00": "a.bin"}}).encode()


def configuration_seeds():
    for name in ("random-tiny", "debian-tags-f16", "containers/micro"):
        yield name.replace("/", "-"), (FIXTURES / name / "config.json").read_bytes()
    for path in sorted(FIXTURES.glob("published/**/*.json")):
        config = json.loads(path.read_text())["config"]
        yield path.parent.name + "-" + path.stem, json.dumps(config).encode()


def adapter_seeds():
    layer, wrapped = "model.layers.0.query_proj", "base_model.model.model.layers.0.query_proj"
    base = floats({f"{layer}.weight": [4, 6], f"{layer}.bias": [4], "model.words.weight": [5, 4]})
    plain = {f"{wrapped}.lora_A.weight": [2, 6], f"{wrapped}.lora_B.weight": [4, 2]}
    words = "base_model.model.model.words"
    embedding = {f"{words}.lora_embedding_A": [2, 5], f"{words}.lora_embedding_B": [4, 2]}
    common = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "target_modules": ["query_proj"]}
    cases = {
        "plain": ({}, plain),
        "rslora": ({"use_rslora": True, "init_lora_weights": "gaussian"}, plain),
        "embedding": ({"target_modules": ["words"]}, embedding),
        "dora": ({"use_dora": True}, plain | {f"{wrapped}.lora_magnitude_vector": [4]}),
        "bias": ({"bias": "all"}, plain | {f"{wrapped}.base_layer.bias": [4]}),
        "bias_of_b": ({"lora_bias": True}, plain | {f"{wrapped}.lora_B.bias": [4]}),
        "saved": ({"modules_to_save": ["words"]}, plain | {f"{words}.weight": [5, 4]}),
        "patterns": (
            {
                "target_modules": r".*\.(query|key)_proj", "r": 8, "rank_pattern": {r"layers\.\d\.query_proj": 2},
                "alpha_pattern": {"query_.*": 8, "^x": 2.5}, "exclude_modules": ["lm_head"],
            },
            plain,
        ),
        "layers": ({"layers_to_transform": [0, 2], "layers_pattern": ["layers", "h"]}, plain),
        "layer": ({"layers_to_transform": 0, "exclude_modules": "w.*"}, plain),
    }
    for name, (changes, tensors) in cases.items():
        yield name, SEPARATOR.join([json.dumps(common | changes).encode(), floats(tensors), base])
    real = (FIXTURES / "adapters/plain/adapter_config.json").read_bytes()
    yield "peft", SEPARATOR.join([real.replace(b'"r": 4', b'"r": 2'), floats(plain), base])


# --- .glc ---

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
MARKERS = ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"]
PIECES = ["▁", "a", "b", "d", "e", "l", "n", "o", "r", "s", "t", "v", "w", "y", "▁the", "▁w", "orld", "day", "▁tr", "ave"]


def make_tokenizer() -> dict:
    real = json.loads((FIXTURES / "random-tiny/tokenizer.json").read_text())
    vocabulary = SPECIAL + PIECES
    words = {0: "[PAD]", 1: "[CLS]", 2: "[SEP]", 3: "[UNK]"} | {len(vocabulary) + i: m for i, m in enumerate(MARKERS)}
    real["added_tokens"] = [
        dict(real["added_tokens"][0], id=number, content=content) for number, content in words.items()
    ]
    real["added_tokens"][-1].update(lstrip=True, rstrip=True)
    steps = real["normalizer"]["normalizers"]
    real["normalizer"]["normalizers"] = [step for step in steps if step["type"] != "Precompiled"]
    real["model"]["vocab"] = [[piece, 0.0 if piece in SPECIAL else -1.0 - i / 8] for i, piece in enumerate(vocabulary)]
    return real


def make_checkpoint(folder: Path) -> None:
    """A model of one layer whose weights are zero."""
    size, ids = 16, len(SPECIAL + PIECES)
    config = json.loads((FIXTURES / "containers/micro/config.json").read_text())
    config |= {"hidden_size": size, "class_token_index": ids, "text_token_index": ids + 1, "vocab_size": ids + 3}
    config["example_token_index"] = ids + 2
    encoder = config["encoder_config"]
    encoder |= {"hidden_size": size, "intermediate_size": size, "pooler_hidden_size": size, "num_attention_heads": 1}
    encoder["vocab_size"] = ids + 3
    encoder["position_buckets"] = size // 2
    with open(FIXTURES / "containers/micro/model.safetensors", "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__")
    shapes = {name: [ids + 3 if d == 500 else size for d in row["shape"]] for name, row in header.items()}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(make_tokenizer()))
    (folder / "model.safetensors").write_bytes(floats(shapes))


def sections(glc: bytes) -> dict[int, bytes]:
    (count,) = struct.unpack_from("<I", glc, 28)
    rows = [struct.unpack_from("<IIQQ", glc, 64 + 32 * index) for index in range(count)]
    return {kind: glc[offset : offset + size] for kind, _, offset, size in rows}


def squeeze(glc: bytes, **parts: bytes) -> bytes:
    """The form that the target takes (Tests/FuzzTargets/FuzzTarget+GLC.swift): without weights, mended on opening."""
    (size,) = struct.unpack_from("<I", glc, 12)
    header = bytearray(glc[:size])
    header[36] = 3
    found = sections(glc)
    directory = bytearray(found[2])
    for index in range(struct.unpack_from("<I", directory)[0]):
        (extent,) = struct.unpack_from("<Q", directory, 16 + 128 * index + 40)
        struct.pack_into("<I", directory, 16 + 128 * index + 48, zlib.crc32(bytes(extent)))
    return SEPARATOR.join([bytes(header), found[1], bytes(directory), parts.get("tokenizer", found[3])])


def with_charsmap(section: bytes) -> bytes:
    """The section with the normalizer step of a precompiled map, as far as the beginning of the fixture's map goes."""
    fixture = sections((FIXTURES / "glc/1.0-tiny-q8.glc").read_bytes())[3]
    header = bytearray(section[:576])
    (before,) = struct.unpack_from("<I", fixture, 92)
    struct.pack_into("<I", header, 92, before)
    body = b""
    for part in range(28):
        source, limit = (fixture, 1024) if part in (4, 5, 6, 7) else (section, 1 << 30)
        offset, size = struct.unpack_from("<QQ", source, 128 + 16 * part)
        size = min(size, limit)
        body += bytes(-len(body) % 64)
        struct.pack_into("<QQ", header, 128 + 16 * part, 576 + len(body) if size else 0, size)
        body += source[offset : offset + size]
    struct.pack_into("<Q", header, 16, 576 + len(body))
    return bytes(header) + body


def glc_seeds(convert: str):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_checkpoint(folder)
        for scheme in ("q8", "f32"):
            output = folder / f"{scheme}.glc"
            subprocess.run([convert, str(folder), "-o", str(output), f"--{scheme}"], check=True, capture_output=True)
            glc = output.read_bytes()
            yield scheme, squeeze(glc)
            yield f"{scheme}-charsmap", squeeze(glc, tokenizer=with_charsmap(sections(glc)[3]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--convert", metavar="PROGRAM", help="gliclass-convert, for the seeds of glc")
    arguments = parser.parse_args()
    targets = {
        "safetensors": safetensors_seeds(), "pickle": pickle_seeds(), "pytorch": pytorch_seeds(),
        "shards": shards_seeds(), "configuration": configuration_seeds(), "adapter": adapter_seeds(),
    }
    if arguments.convert:
        targets["glc"] = glc_seeds(arguments.convert)
    for target, seeds in targets.items():
        folder = arguments.folder / target
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for name, data in seeds:
            (folder / name).write_bytes(data)
            count += 1
        print(f"{target}: {count} seeds")


if __name__ == "__main__":
    main()
