#!/usr/bin/env python3
"""Makes vocabularies smaller, independently of the Swift code, and records what the tokenizers library does with what is left.

    Scripts/pruning_vectors.py    write Tests/Fixtures/tokenizer/pruning.zip

Needs tokenizers 0.23.3, and Tests/Fixtures/tokenizer/{families,parity.zip} (Scripts/tokenizer_families.py).

Every set is a tokenizer.json and what is to be kept: the tokens of every 40th string of parity.zip ("corpus"), or every
third id ("list"); in both, what is always kept (formats/tokenizer.md, "A smaller vocabulary"). pruning.zip holds
    reference.json   versions; for every set its folder, what is kept, the ids that are kept, and how many strings keep their
                     tokens
    NAME.crc         for every 8 strings of parity.zip 4 bytes, little-endian: the CRC-32 of, for each, the number of ids and
                     the ids (each as 4 bytes, little-endian) that the library gives with the smaller vocabulary
Strings all of whose ids are kept are checked here to have the same tokens.
"""

import json
import platform
import struct
import sys
import zipfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from glc_vocabulary import always_kept, complete, pruned, vocabulary

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Tests/Fixtures/tokenizer"
TOKENIZERS_VERSION = "0.23.3"
FAMILIES = [
    "modernbert", "ettin-prefix", "bpe-gaps-fuse", "bpe-gaps-null", "bpe-gaps-unk", "mixed-bpe-split", "mdeberta-bytes", "t5-like",
    "mixed-ties", "mixed-legacy", "mixed-never-whole", "mixed-first-charsmap",
]  # fmt: skip
FOLDERS = {"deberta": "Tests/Fixtures/debian-tags-f16"} | {n: f"Tests/Fixtures/tokenizer/families/{n}" for n in FAMILIES}
SAMPLE, EVERY, BLOCK = 40, 3, 8


def load(definition: dict):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(json.dumps(definition))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def encode(tokenizer, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for start in range(0, len(texts), 256) for encoding in tokenizer.encode_batch_fast(texts[start : start + 256])]


def record(name: str, mode: str, texts: list[str], archive: zipfile.ZipFile) -> dict:
    definition = json.loads((ROOT / FOLDERS[name] / "tokenizer.json").read_text())
    full = encode(load(definition), texts)
    ids = [number for number, _ in vocabulary(definition)]
    wanted = {number for line in full[::SAMPLE] for number in line} if mode == "corpus" else set(ids[::EVERY])
    kept = complete(definition, always_kept(definition) | wanted)
    new = {old: number for number, old in enumerate(kept)}
    smaller = load(pruned(definition, kept))
    for token in definition["added_tokens"]:
        if smaller.token_to_id(token["content"]) != new[token["id"]]:
            sys.exit(f"error: {name}: the library numbers {token['content']!r} otherwise")
    found, whole = encode(smaller, texts), 0
    for text, before, after in zip(texts, full, found):
        if all(number in new for number in before):
            whole += 1
            if [new[number] for number in before] != after:
                sys.exit(f"error: {name}: other tokens for {text!r}, though all are kept")
    blocks = (found[start : start + BLOCK] for start in range(0, len(found), BLOCK))
    checksums = (zlib.crc32(b"".join(struct.pack(f"<{len(line) + 1}I", len(line), *line) for line in block)) for block in blocks)
    write(archive, f"{name}-{mode}.crc", b"".join(struct.pack("<I", checksum) for checksum in checksums))
    print(f"{name}-{mode}: {len(kept)} of {len(set(ids) | {t['id'] for t in definition['added_tokens']})} kept, {whole} strings unchanged")
    return {"name": f"{name}-{mode}", "folder": FOLDERS[name], "mode": mode, "kept": kept, "unchanged": whole}


def write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    import tokenizers

    if tokenizers.__version__ != TOKENIZERS_VERSION:
        sys.exit(f"error: expected tokenizers {TOKENIZERS_VERSION}, found {tokenizers.__version__}")
    with zipfile.ZipFile(FIXTURES / "parity.zip") as parity:
        texts = [json.loads(line) for line in parity.read("strings.jsonl").decode().splitlines()]
    with zipfile.ZipFile(FIXTURES / "pruning.zip", "w") as archive:
        sets = [record(name, mode, texts, archive) for name in FOLDERS for mode in ("corpus", "list")]
        reference = {
            "versions": {"tokenizers": tokenizers.__version__, "python": platform.python_version()},
            "sample": SAMPLE, "every": EVERY, "block": BLOCK, "sets": sets,
        }  # fmt: skip
        write(archive, "reference.json", json.dumps(reference).encode())


if __name__ == "__main__":
    main()
