#!/usr/bin/env python3
"""Make the inputs that fuzzing starts from (docs/fuzzing.md), out of fixtures and of small files made here.

    Scripts/fuzz_corpus.py FOLDER [--convert .build/release/gliclass-convert]

FOLDER gets one folder a target (Tests/FuzzTargets/FuzzTarget.swift). Without --convert there are none for `glc` and
`tokenizer`, whose sections the converter makes. Needs nothing but Python's own library.
"""

from __future__ import annotations

import argparse
import base64
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
    for name in ("mix-all", "mix-02", "published-multilang", "layer-wise-0", "conv-groups-2", "squeeze-all-states"):
        config = json.loads((FIXTURES / f"variants/{name}.json").read_text())["config"]
        yield f"variant-{name}", json.dumps(config).encode()


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


# --- Tokenizers ---

SYMBOLS = ["[UNK]", "▁", "a", "b", "e", "é", "t", "h", "▁the", "he", "in", "ing", "1", "東", "東京", "aa", "aaaa", "ﬁ",
           "\u0301", "'s", ".", "한", "[CLS]", "[SEP]", "[PAD]"]
TEXT = " The caf\u00e9 e\u0301, it's \ufb01ne\t<<LABEL>> 1,234\n\n 東京 aaaa 한국어 <<SEP>> \U0001f600\u0000▁ x"
RULES = {"ﬁ": "fi", "\u00ad": "", "\t": " ", "e\u0301": "é", "\u2460": "1"}


def charsmap(rules: dict[str, str]) -> bytes:
    """A `precompiled_charsmap`: a darts-clone double array, every node of which has a base of its own, and texts."""
    trie, texts = {}, b""
    for key, value in rules.items():
        node = trie
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += value.encode() + b"\0"
    units, bases = {0: 0}, set()

    def place(node: dict, position: int) -> None:
        base = 1
        while base in bases or any(base ^ label in units for label in node):
            base += 1
        bases.add(base)
        units[position] |= (position ^ base) << 10 | (0x100 if 0 in node else 0)
        for label, child in node.items():
            units[base ^ label] = label if label else 0x80000000 | child
        for label, child in node.items():
            if label:
                place(child, base ^ label)

    place(trie, 0)
    array = [units.get(index, 0) for index in range(max(units) + 1)]
    return struct.pack(f"<{1 + len(array)}I", 4 * len(array), *array) + texts


def step(kind: str, **members) -> dict:
    return {"type": kind, **members}


def added(number: int, content: str, **flags) -> dict:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": content} | plain | flags


def unigram_json(normalizers=(), pre=(), pieces=SYMBOLS, further=(), **model) -> dict:
    vocabulary = [[piece, -1.0 - index % 7 / 2] for index, piece in enumerate(pieces)]
    tokens = [("<<LABEL>>", {}), ("<<SEP>>", {"lstrip": True, "rstrip": True}), *further]
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    return {
        "version": "1.0",
        "added_tokens": [added(len(pieces) + index, text, **flags) for index, (text, flags) in enumerate(tokens)],
        "normalizer": step("Sequence", normalizers=list(normalizers)) if normalizers else None,
        "pre_tokenizer": step("Sequence", pretokenizers=list(pre)) if pre else None,
        "post_processor": step(
            "TemplateProcessing", single=single, pair=[],
            special_tokens={"[CLS]": {"id": "[CLS]", "ids": [0], "tokens": ["[CLS]"]}}),
        "model": step("Unigram", unk_id=0, vocab=vocabulary, **model),
    }


def bytes_json(letters="abehinrstĠġ'.,1Ã©<>LS", pre=(), **model) -> dict:
    merges = [["a", "a"], ["aa", "aa"]]
    if "h" in letters:
        merges += [["Ġ", "t"], ["h", "e"], ["Ġt", "he"], ["Ã", "©"], ["i", "n"]]
    texts = dict.fromkeys([*letters, *(left + right for left, right in merges)])
    vocabulary = {text: index for index, text in enumerate(texts)}
    tokens = [added(len(vocabulary), "<<LABEL>>"), added(len(vocabulary) + 1, "  ", normalized=True)]
    level = step("ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=not pre)
    return {
        "version": "1.0", "added_tokens": tokens, "normalizer": step("NFC"),
        "pre_tokenizer": step("Sequence", pretokenizers=[*pre, level]), "post_processor": None,
        "model": step("BPE", vocab=vocabulary, merges=merges, **model),
    }


def split(pattern: str, behavior: str = "Isolated", invert: bool = False) -> dict:
    return step("Split", pattern={"Regex": pattern}, behavior=behavior, invert=invert)


def tokenizers():
    """(name, tokenizer.json): all kinds of steps and models."""
    metaspace = step("Metaspace", replacement="▁", prepend_scheme="first", split=True)
    precompiled = step("Precompiled", precompiled_charsmap=base64.b64encode(charsmap(RULES)).decode())
    space = step("Replace", pattern={"Regex": r"\s+"}, content=" ")
    odd = [("ab", {"single_word": True}), ("Ae", {"normalized": True, "rstrip": True}), (" ", {"rstrip": True})]
    llama = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    yield "plain", unigram_json()
    yield "spaces", unigram_json([step("Strip", strip_left=True, strip_right=True), precompiled], [metaspace])
    yield "forms", unigram_json([step("NFKC"), step("Lowercase"), step("NFD"), step("StripAccents")], [metaspace])
    yield "replace", unigram_json([space, step("Prepend", prepend="▁"), step("NFKD")], [], further=odd)
    pieces = SYMBOLS + [f"<0x{byte:02X}>" for byte in range(128, 256)]
    yield "fallback", unigram_json([], [metaspace], pieces, byte_fallback=True)
    for behavior in ("Contiguous", "MergedWithPrevious", "MergedWithNext", "Removed"):
        steps = [split(r"\s+|a{1,3}b?", behavior, behavior == "Removed"), step("Digits", individual_digits=True)]
        yield behavior, unigram_json([], [*steps, step("Punctuation", behavior="Isolated"), metaspace], further=odd)
    yield "bytes", bytes_json()
    yield "llama", bytes_json(pre=[split(llama)], ignore_merges=True)
    yield "unknown", bytes_json("abeĠ?", unk_token="?", fuse_unk=True)


def tokenizer_json_seeds():
    for name, tokenizer in tokenizers():
        yield name, json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")).encode()


def spm_seeds():
    def varint(value: int) -> bytes:
        return bytes([value & 0x7F | 0x80]) + varint(value >> 7) if value > 0x7F else bytes([value])

    def field(number: int, content: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(content)) + content

    def piece(text: str, score: float, kind: int = 1) -> bytes:
        kind_field = b"\x18" + varint(kind) if kind != 1 else b""
        return field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + kind_field)

    rows = [("[PAD]", 0.0, 3), ("[CLS]", 0.0, 3), ("[SEP]", 0.0, 3), ("[UNK]", 0.0, 2)]
    rows += [(text, -1.0 - index % 5, 1) for index, text in enumerate(SYMBOLS[1:22])]
    trainer = field(2, b"\x18\x01")
    for name, pieces, rest in [
        ("plain", rows, trainer),
        ("charsmap", rows, trainer + field(3, field(2, charsmap(RULES)))),
        ("user", rows + [("ab", 0.0, 4), ("[MASK]", 0.0, 4), ("<x>", 0.0, 5)], trainer),
        ("bytes", rows + [(f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)], field(2, b"\x18\x01\x98\x02\x01")),
        ("bpe", rows, field(2, b"\x18\x02")),
    ]:
        yield name, b"".join(piece(*row) for row in pieces) + rest


def text_seeds():
    yield "all", TEXT.encode()
    yield "spaces", b"   a \n\n  \t b\r\n   "
    yield "marks", "e\u0301\u0323\u0308 \u1100\u1161\u11a8 \uac00 \u00c5 \ufb01\u0301 नमस्ते ﷺ".encode()
    yield "emoji", "\U0001f468\u200d\U0001f469 \U0001f1e9\U0001f1ea <<LABEL>>ab ab.[MASK] ab".encode()
    yield "runs", b"aaaaaaaaaaaaaaa''''1111,,,,,<<LABEL>><<LABEL"
    broken = {"cut": b"caf\xc3", "surrogate": b"a\xed\xa0\x80", "overlong": b"\xc0\x80", "end": b"\xf4\x90\x80\x80"}
    yield from broken.items()


def texts_seeds():
    """A byte of options (FuzzTarget+Verification.swift), and a file."""
    example = {"text": "a text", "all_labels": ["a", "b"], "true_labels": ["a"]}
    line = json.dumps(example).encode()
    plain = json.dumps({"text": "", "all_labels": ["a"]}).encode()
    yield "csv", b"\x00text,true_labels,all_labels\r\n\"one, \"\"two\"\"\",a|b,a|b|c\r\nthree,,a\n"
    yield "csv-label", b"\x08\xef\xbb\xbftext,label\n\"line\nbreak\",a\nx,b\n"
    yield "csv-ids", b"\x68text,label\nx,0\ny,1\n"
    yield "csv-numbers", b"\x1cone,a\ntwo,b\n"
    yield "csv-list", b"\x40text,true_labels\nx,a|c\ny,\n"
    yield "tsv", b"\x01text\tlabels\nx\ta\n\"y\tz\"\tb\n"
    yield "csv-open", b"\x00text,label\n\"open,a\n"
    yield "csv-fields", b"\x00text,label\nx\n"
    yield "jsonl", b"\x02" + line + b"\n\n" + line + b"\r\n"
    yield "jsonl-plain", b"\x02" + plain
    yield "jsonl-some", b"\x02" + line + b"\n" + plain
    yield "json", b"\x03[" + line + b",\n" + line + b"]"
    yield "json-other", b"\x03[1]"


def reference_seeds():
    header = {"reference": {"producer": "p", "max_length": 8, "dtype": "float32", "prompt_first": True, "batch_size": 1}}
    line = {"text": "x", "labels": ["a", "b"], "input_ids": [1, 5, 2], "logits": [0.5, -1]}
    start, body = json.dumps(header).encode(), json.dumps(line).encode()
    yield "tiny", b'{"reference":{}}\n{"text":"","labels":["a"],"input_ids":[],"logits":[0]}'
    yield "good", start + b"\n" + body + b"\n" + body + b"\n"
    yield "array", b"[" + start + b"," + body + b"]"
    yield "empty", start
    yield "headless", body
    yield "infinite", start + b"\n" + body.replace(b"0.5", b"1e39")
    yield "types", start.replace(b"8", b"\"8\"") + b"\n" + body


def squeeze_section(section: bytes) -> bytes:
    """The form that the target takes (Tests/FuzzTargets/SqueezedSection.swift): mended on opening."""
    header = bytearray(section[:576])
    parts = []
    for part in range(26):
        offset, size = struct.unpack_from("<QQ", section, 128 + 16 * part)
        parts.append(section[offset : offset + size])
    header[124] = 7 if parts[14] or parts[19] else 3
    for part in (14, 15, 19, 20, 21, 22, 23, 24):
        parts[part] = b""
    # Offsets and sizes, which are mended.
    header[128:] = bytes(576 - 128)
    return SEPARATOR.join([bytes(header), *parts])


def tokenizer_seeds(convert: str):
    for name, tokenizer in tokenizers():
        with tempfile.TemporaryDirectory() as folder:
            make_checkpoint(Path(folder), tokenizer)
            output = Path(folder) / "model.glc"
            subprocess.run([convert, folder, "-o", str(output), "--q8"], check=True, capture_output=True)
            yield name, TEXT.encode() + SEPARATOR + squeeze_section(sections(output.read_bytes())[3])


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


def make_checkpoint(folder: Path, tokenizer: dict) -> None:
    """A model of one layer whose weights are zero."""
    size, markers = 16, {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    ids = max(len(tokenizer["model"]["vocab"]), *markers.values()) + 1
    config = json.loads((FIXTURES / "containers/micro/config.json").read_text())
    config |= {"hidden_size": size, "class_token_index": markers["<<LABEL>>"], "vocab_size": ids}
    config["text_token_index"] = markers.get("<<SEP>>", markers["<<LABEL>>"])
    config["example_token_index"] = markers.get("<<EXAMPLE>>", ids)
    encoder = config["encoder_config"]
    encoder |= {"hidden_size": size, "intermediate_size": size, "pooler_hidden_size": size, "num_attention_heads": 1}
    encoder["vocab_size"] = ids
    encoder["position_buckets"] = size // 2
    with open(FIXTURES / "containers/micro/model.safetensors", "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__")
    shapes = {name: [ids if d == 500 else size for d in row["shape"]] for name, row in header.items()}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
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
        make_checkpoint(folder, make_tokenizer())

        def converted(*options: str) -> bytes:
            output = folder / "model.glc"
            subprocess.run([convert, str(folder), "-o", str(output), *options], check=True, capture_output=True)
            return output.read_bytes()

        for scheme in ("q8", "f32"):
            glc = converted(f"--{scheme}")
            yield scheme, squeeze(glc)
            yield f"{scheme}-charsmap", squeeze(glc, tokenizer=with_charsmap(sections(glc)[3]))
        # Group sizes and multipliers, and 16 bits.
        yield "q4", squeeze(converted("--q4", "--q4-embeddings", "--group-size", "32"))
        yield "q4-channel", squeeze(converted("--q4", "--group-size", "channel", "--keep", "*.query_proj.weight=q8"))
        yield "f16", squeeze(converted("--f16", "--keep", "*intermediate*=bf16"))
        # Every part of a head, with a tokenizer that is small.
        yield "version-2", squeeze((FIXTURES / "glc/2.0-tiny-q8.glc").read_bytes(), tokenizer=sections(glc)[3])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--convert", metavar="PROGRAM", help="gliclass-convert, for the seeds of glc and tokenizer")
    arguments = parser.parse_args()
    targets = {
        "safetensors": safetensors_seeds(), "pickle": pickle_seeds(), "pytorch": pytorch_seeds(),
        "shards": shards_seeds(), "configuration": configuration_seeds(), "adapter": adapter_seeds(),
        "tokenizer-json": tokenizer_json_seeds(), "spm": spm_seeds(), "text": text_seeds(),
        "texts": texts_seeds(), "reference": reference_seeds(),
    }
    if arguments.convert:
        targets["tokenizer"] = tokenizer_seeds(arguments.convert)
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
