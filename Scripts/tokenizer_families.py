#!/usr/bin/env python3
"""Builds small tokenizers of every kind, and records what the Python libraries make of 20,480 strings with each.

    Scripts/tokenizer_families.py build                        write Tests/Fixtures/tokenizer/families/
    Scripts/tokenizer_families.py record --python4 PYTHON      write Tests/Fixtures/tokenizer/parity.zip
    Scripts/tokenizer_families.py compare NAME IDS.jsonl       show where other ids ({"ids": [...]} a line, a line a string) differ

Needs tokenizers 0.23.3, sentencepiece 0.2.3, transformers 5.24.0 and protobuf 7.36.2; PYTHON is the interpreter of a second
environment with transformers 4.57.6, tokenizers 0.22.2, sentencepiece 0.2.3 and protobuf 7.36.2 (`compare` of a set with
the profile transformers-4 runs there too). The tokenizers are defined in Scripts/tokenizer_definitions.py.

parity.zip holds
    strings.jsonl        the strings, a JSON string a line
    reference.json       versions; for every set its profile, its folder and the digests of the files that count
    NAME.crc             for every 8 strings 4 bytes, little-endian: the CRC-32 of, for each, the number of ids and the ids
                         (each as 4 bytes, little-endian)
    NAME.sample.jsonl    the ids of every 40th string: {"i": index, "ids": [...]}
The ids are those of a plain call: with the template, without truncation or padding.

A profile says who reads the files: `tokenizers` (tokenizer.json as it stands), `transformers-5` (AutoTokenizer of
transformers 5.24.0) and `transformers-4` (DebertaV2TokenizerFast of transformers 4.57.6, from spm.model without tokenizer.json).
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
import zlib
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tokenizer_definitions import SETS, families  # noqa: E402
from tokenizer_strings import ROOT, strings  # noqa: E402

FAMILIES = ROOT / "Tests/Fixtures/tokenizer/families"
PARITY = ROOT / "Tests/Fixtures/tokenizer/parity.zip"
SAMPLE = 40
BLOCK = 8
VERSIONS = {
    "tokenizers": {"tokenizers": "0.23.3"},
    "transformers-4": {"transformers": "4.57.6", "tokenizers": "0.22.2", "sentencepiece": "0.2.3", "protobuf": "7.36.2"},
    "transformers-5": {"transformers": "5.24.0", "tokenizers": "0.23.3", "sentencepiece": "0.2.3", "protobuf": "7.36.2"},
}


def check_versions(profile):
    for package, expected in VERSIONS[profile].items():
        if version(package) != expected:
            sys.exit(f"error: {profile} needs {package} {expected}, found {version(package)}")


def check_added_tokens(path):
    """Of two added tokens with the same normalized text, the library finds now one, now the other: none here."""
    from tokenizers import Tokenizer

    normalizer = Tokenizer.from_file(str(path)).normalizer
    contents = [token["content"] for token in json.loads(path.read_text())["added_tokens"] if token["normalized"]]
    texts = [normalizer.normalize_str(content) if normalizer else content for content in contents]
    if len(set(texts)) < len(texts):
        sys.exit(f"error: {path.relative_to(ROOT)}: added tokens with the same normalized text")


def build():
    check_versions("transformers-5")
    shutil.rmtree(FAMILIES, ignore_errors=True)
    total = 0
    for name, files in families():
        folder = FAMILIES / name
        folder.mkdir(parents=True)
        for file, content in files.items():
            if not isinstance(content, bytes):
                content = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            (folder / file).write_bytes(content)
            total += len(content)
        if "tokenizer.json" in files:
            check_added_tokens(folder / "tokenizer.json")
        print(f"{name}: " + ", ".join(f"{file} {(folder / file).stat().st_size}" for file in files))
    print(f"{total} bytes")


# --- Asking the libraries -------------------------------------------------------------------------------------------


def load(name):
    """The library's tokenizer of a set."""
    folder, profile, files = SETS[name]
    check_versions(profile)
    if profile == "tokenizers":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(ROOT / folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    import transformers

    with tempfile.TemporaryDirectory() as copy:
        for file in files:
            shutil.copy(ROOT / folder / file, copy)
        reader = transformers.AutoTokenizer if profile == "transformers-5" else transformers.DebertaV2TokenizerFast
        # What a call does with the backend; a call itself would only set truncation and padding to none.
        backend = reader.from_pretrained(copy, local_files_only=True).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend


def encode(name, texts):
    """The ids for every text; the message of the error where there are none."""
    tokenizer = load(name)
    for start in range(0, len(texts), 256):
        part = texts[start: start + 256]
        try:
            results = [encoding.ids for encoding in tokenizer.encode_batch_fast(part)]
        except BaseException as error:  # a panic of the library is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            results = [encode_one(tokenizer, text) for text in part]
        yield from results


def encode_one(tokenizer, text):
    try:
        return tokenizer.encode(text).ids
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"


def checksums(rows):
    """What NAME.crc holds for rows of ids."""
    packed = [struct.pack(f"<{len(ids) + 1}I", len(ids), *ids) for ids in rows]
    blocks = [b"".join(packed[start : start + BLOCK]) for start in range(0, len(packed), BLOCK)]
    return b"".join(struct.pack("<I", zlib.crc32(block)) for block in blocks)


def record_set(name, texts, folder):
    """Writes NAME.crc and NAME.sample.jsonl into the folder, and the errors, if any, into NAME.errors.json."""
    rows, sample, errors = [], [], {}
    for index, ids in enumerate(encode(name, texts)):
        if isinstance(ids, str):
            errors[index] = ids
            ids = []
        rows.append(ids)
        if index % SAMPLE == 0:
            sample.append(json.dumps({"i": index, "ids": ids}, separators=(",", ":")) + "\n")
    (folder / f"{name}.crc").write_bytes(checksums(rows))
    (folder / f"{name}.sample.jsonl").write_text("".join(sample))
    if errors:
        (folder / f"{name}.errors.json").write_text(json.dumps(errors))


def record(python4):
    texts = strings()
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    reference = {
        "producer": "Scripts/tokenizer_families.py", "versions": VERSIONS, "python": platform.python_version(),
        "unicodedata": unicodedata.unidata_version, "strings": len(texts),
        "strings_sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "sample": SAMPLE, "block": BLOCK, "sets": [],
    }
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(PARITY, "w", zipfile.ZIP_DEFLATED,
                                                                     compresslevel=9) as archive:

        def write(name, content):
            entry = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content, compresslevel=9)

        temporary = Path(temporary)
        (temporary / "strings.jsonl").write_text(lines)
        write("strings.jsonl", lines)
        fours = [name for name, (_, profile, _) in SETS.items() if profile == "transformers-4"]
        if fours:
            subprocess.run([python4, __file__, "record-into", temporary, *fours], check=True)
        for name, (folder, profile, files) in SETS.items():
            if name not in fours:
                record_set(name, texts, temporary)
            row = {"name": name, "profile": profile, "folder": folder,
                   "files": {file: hashlib.sha256((ROOT / folder / file).read_bytes()).hexdigest() for file in files}}
            errors = temporary / f"{name}.errors.json"
            if errors.exists():
                row["errors"] = json.loads(errors.read_text())
            reference["sets"].append(row)
            for suffix in ("crc", "sample.jsonl"):
                write(f"{name}.{suffix}", (temporary / f"{name}.{suffix}").read_bytes())
            print(f"{name} ({profile})" + (f": {len(row['errors'])} errors" if "errors" in row else ""), flush=True)
        write("reference.json", json.dumps(reference, indent=1) + "\n")
    print(f"{PARITY.relative_to(ROOT)}: {len(SETS)} sets, {PARITY.stat().st_size} bytes")


def compare(name, path):
    """Prints the first 20 strings whose ids differ. The reference ids are made again, and held against parity.zip."""
    with zipfile.ZipFile(PARITY) as archive:
        texts = [json.loads(line) for line in archive.read("strings.jsonl").splitlines()]
        crc = archive.read(f"{name}.crc")
    tokenizer = load(name)
    rows = [json.loads(line)["ids"] for line in path.read_text().splitlines()]
    if len(rows) != len(texts):
        print(f"{len(rows)} rows for {len(texts)} strings")
    differences = 0
    references = list(encode(name, texts))
    if checksums([[] if isinstance(ids, str) else ids for ids in references]) != crc:
        sys.exit(f"error: {name} gives other ids than when {PARITY.name} was recorded")
    for index, (text, expected, found) in enumerate(zip(texts, references, rows)):
        if isinstance(expected, str):
            continue
        if expected != found:
            differences += 1
            if differences <= 20:
                print(f"{index}: {json.dumps(text)}")
                for label, ids in (("expected", expected), ("found", found)):
                    tokens = json.dumps([tokenizer.id_to_token(id) for id in ids], ensure_ascii=False)
                    print(f"  {label:8} {ids}\n           {tokens}")
    print(f"{differences} differences in {len(texts)} strings")
    return 1 if differences else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="write the families")
    command = commands.add_parser("record", help="write parity.zip")
    command.add_argument("--python4", required=True, help="interpreter of the environment with transformers 4.57.6")
    command = commands.add_parser("record-into", help="what `record` does in the other environment: write the records "
                                                      "of some sets into FOLDER, which holds strings.jsonl")
    command.add_argument("folder", type=Path)
    command.add_argument("names", nargs="+", choices=list(SETS))
    command = commands.add_parser("compare", help="show where other ids differ")
    command.add_argument("name", choices=list(SETS), metavar="NAME")
    command.add_argument("ids", type=Path, metavar="IDS.jsonl")
    arguments = parser.parse_args()
    if arguments.command == "build":
        build()
    elif arguments.command == "record":
        check_versions("transformers-5")
        record(arguments.python4)
    elif arguments.command == "record-into":
        texts = [json.loads(line) for line in (arguments.folder / "strings.jsonl").read_text().splitlines()]
        for name in arguments.names:
            record_set(name, texts, arguments.folder)
    else:
        return compare(arguments.name, arguments.ids)
    return 0


if __name__ == "__main__":
    sys.exit(main())
