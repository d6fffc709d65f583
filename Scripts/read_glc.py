#!/usr/bin/env python3
"""Read a `.glc` file, independently of the Swift code: written from formats/glc.md and formats/tokenizer.md alone.

    read_glc.py FILE                              summary: versions, sections, metadata, tensors
    read_glc.py FILE --check                      every rule of the formats; one line per violation
    read_glc.py FILE --dump DIR                   every tensor as f32 (little-endian, row-major) in DIR/<name>.f32,
                                                  with its input scales, and DIR/index.json (name -> shape, encoding,
                                                  layout, group size, whether there are input scales)
    read_glc.py FILE --against CHECKPOINT_DIR     derive all that can be derived again from model.safetensors and
                                                  config.json, and compare to the bit; codes of int4, which are chosen,
                                                  lie near their weights; digest and checksums as well
    read_glc.py FILE --tokenizer-dump [OUT.json]  the compiled tokenizer in plain form (default: standard output)
    read_glc.py FILE --tokenizer-json FILE.json   compare the compiled tokenizer with the tokenizer.json of its source
    read_glc.py FILE --encode                     texts on standard input, a JSON string a line: {"ids": [...]} a line
    read_glc.py FILE --parity ZIP NAME            encode the sample strings in parity.zip, compare with the ids of NAME

FILE may also be a compiled tokenizer alone, for all but --dump and --against. Options can be combined. Exit status: 0
all is well, 1 violations or differences (one line each), 65 not readable. Beside it: glc_file.py (container),
glc_tensor.py (tensors), glc_check.py, glc_model.py, glc_tables.py, glc_recipe.py, glc_vocabulary.py and glc_verdict.py (the rules),
glc_config.py, glc_derive.py and glc_quantize.py (the rules of conversion), glc_damage.py (that all of these can fail); for
the tokenizer glc_tokenizer.py (its section) with glc_trie.py and glc_pattern.py, glc_tokenizer_check.py and glc_unicode_check.py (the rules),
glc_normalize.py and glc_encode.py (texts to ids), glc_tokenizer_source.py (its source). Needs numpy.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import glc_check
import glc_config
import glc_derive
import glc_encode
import glc_quantize
import glc_recipe
import glc_tokenizer_check
import glc_tokenizer_source
import glc_verdict
import glc_vocabulary
from glc_common import FormatError
from glc_file import ENCODINGS, LAYOUTS, TOKENIZER, File, Record
from glc_tensor import decode
from glc_tokenizer import Tokenizer


# --- Against a checkpoint -------------------------------------------------------------------------------------------


def against(file: File, directory: Path) -> Iterator[str]:
    """Every difference from what the rules of conversion make of the checkpoint."""
    checkpoint = glc_derive.Checkpoint(directory)
    yield from compare_metadata(file, checkpoint)
    expected = glc_derive.Tensors(checkpoint)
    if (kept := glc_vocabulary.originals(file)) is not None:
        expected.found["embeddings.tokens"] = expected.found["embeddings.tokens"][kept]
    yield from compare_tensors(file, expected)


def compare_tensors(file: File, expected: glc_derive.Tensors) -> Iterator[str]:
    records = {record.name: record for record in file.records}
    recipe = glc_recipe.Recipe(file.member("recipe"))
    for name, weights in expected.found.items():
        record = records.pop(name, None)
        if record is None:
            yield f"{name}: missing"
        elif record.shape != weights.shape:
            yield f"{name}: shape {record.shape}, expected {weights.shape}"
        elif not (recipe.corrects_biases and expected.is_layer_bias(name)):
            names = glc_recipe.names_of(expected.sources.get(name, name))
            yield from glc_recipe.compare_form(record, recipe.form(name, record.shape, names))
            decoded = decode(record, file.extent(record))
            yield from glc_quantize.compare(decoded, weights, recipe.compensates)
    yield from (f"{name}: not a tensor of this checkpoint" for name in records)


def compare_metadata(file: File, checkpoint: glc_derive.Checkpoint) -> Iterator[str]:
    version, model = glc_config.as_version(checkpoint.model())
    if file.header.major != version:
        yield f"header: major version {file.header.major}, the lowest that can say this model is {version}"
    prompt = checkpoint.config.prompt()
    if (kept := glc_vocabulary.originals(file)) is not None:
        model, prompt = {**model, "vocabulary_size": len(kept)}, glc_vocabulary.selected(prompt, kept)
    for member, fields in (("model", model), ("prompt", prompt)):
        for field, expected in fields.items():
            found = file.member(member).get(field)
            if found != expected or isinstance(found, bool) != isinstance(expected, bool):
                yield f"metadata: {member}.{field} is {found!r}, the checkpoint says {expected!r}"
    digest = file.member("source").get("content_digest")
    if digest != (expected := checkpoint.content_digest()):
        yield f"metadata: content_digest {digest}, expected {expected}"
    if not any(entry.get("name") == glc_derive.WEIGHTS for entry in file.source_files()):
        yield f"metadata: {glc_derive.WEIGHTS} is not among the source files"
    for entry in file.source_files():
        path = checkpoint.directory / str(entry.get("name"))
        if not path.is_file():
            yield f"metadata: source file {entry.get('name')!r} is not in {checkpoint.directory}"
        elif (found := (entry.get("bytes"), entry.get("sha256"))) != (expected := glc_derive.file_identity(path)):
            yield f"metadata: source file {entry['name']}: {found}, expected {expected}"


# --- Output ---------------------------------------------------------------------------------------------------------


def print_summary(file: File) -> None:
    header = file.header
    print(f"glc {header.major}.{header.minor}, numerics revision {header.numerics}, {len(file.data):,} bytes\n")
    print(f"{'section':<12} {'offset':>12} {'size':>12}  checksum  flags")
    for section in header.sections:
        print(f"{section.name:<12} {section.offset:>12,} {section.size:>12,}  {section.checksum:08x}  {section.flags}")
    print("\nmetadata", json.dumps(file.metadata, indent=2, ensure_ascii=False))
    if (changed := glc_verdict.changed(file)) is not None:
        parts = ", ".join(changed)
        print(f"\nverdict: {f'void ({parts})' if changed else 'valid'}")
    try:
        print()
        print_tokenizer(Tokenizer(file.content(TOKENIZER)))
    except FormatError as error:
        print(f"tokenizer: {error}")
    print(f"\n{'tensor':<44} {'shape':>14}  {'stored as':<24} {'extent':>12} {'size':>12}  checksum")
    for record in file.records:
        shape = "x".join(map(str, record.shape))
        print(f"{record.name:<44} {shape:>14}  {stored_as(record):<24} {record.offset:>12,} {record.size:>12,}  "
              f"{record.checksum:08x}")  # fmt: skip


def stored_as(record: Record) -> str:
    text = f"{ENCODINGS[record.encoding]} {LAYOUTS[record.layout]}"
    if record.group_size:
        text += f" / {record.group_size}"
    return text + " scaled" if record.input_scales else text


def print_tokenizer(tokenizer: Tokenizer) -> None:
    print("tokenizer", json.dumps(tokenizer.header_dump(), indent=2, ensure_ascii=False))


def dump(file: File, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    index = {}
    for record in file.records:
        if "/" in record.name or "\0" in record.name:
            raise FormatError(f"{record.name!r}: no file name")
        values = decode(record, file.extent(record)).weights()
        (directory / f"{record.name}.f32").write_bytes(np.ascontiguousarray(values, dtype="<f4").tobytes())
        index[record.name] = {
            "shape": list(record.shape),
            "encoding": ENCODINGS[record.encoding],
            "layout": LAYOUTS[record.layout],
            "group_size": record.group_size,
            "input_scales": bool(record.input_scales),
        }
    (directory / "index.json").write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{directory}: {len(index)} tensors")


def dump_tokenizer(tokenizer: Tokenizer, target: str) -> None:
    text = json.dumps(tokenizer.dump(), indent=1, ensure_ascii=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text, encoding="utf-8")


def encode(tokenizer: Tokenizer) -> None:
    lines = (line.decode("utf-8") for line in sys.stdin.buffer)
    for encoded in glc_encode.encode_lines(tokenizer, lines):
        print(encoded)


def compare_tokenizer(tokenizer: Tokenizer, path: Path, kept: list[int] | None) -> Iterator[str]:
    yield from (f"tokenizer: {line}" for line in glc_tokenizer_check.check(tokenizer))
    text = path.read_text(encoding="utf-8")
    if kept is not None:
        text = glc_vocabulary.pruned_text(text, kept)
    yield from (f"tokenizer: {line}" for line in glc_tokenizer_source.compare(tokenizer, text))


def report(title: str, problems: Iterator[str]) -> int:
    """Prints every line; the number of them."""
    count = 0
    try:
        for count, problem in enumerate(problems, 1):
            print(problem)
    except FormatError as error:
        print(error)
        count += 1
    print(f"{title}: {f'{count} found' if count else 'ok'}", file=sys.stderr)
    return count


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="every rule of the formats")
    parser.add_argument("--dump", type=Path, metavar="DIR", help="write tensors as f32")
    parser.add_argument("--against", type=Path, metavar="CHECKPOINT_DIR", help="derive all again and compare")
    parser.add_argument("--tokenizer-dump", nargs="?", const="-", metavar="OUT.json", help="default: standard output")
    parser.add_argument("--tokenizer-json", type=Path, metavar="FILE.json", help="compare the tokenizer with this")
    parser.add_argument("--encode", action="store_true", help="texts on standard input to ids")
    parser.add_argument("--parity", nargs=2, metavar=("ZIP", "NAME"), help="encode the sample strings and compare")
    return parser.parse_args()


def run_container(options: argparse.Namespace, file: File) -> int:
    """What concerns all of the file; the number of problems."""
    problems = 0
    if options.check:
        problems += report("check", glc_check.check(file))
    if options.against:
        problems += report("against", against(file, options.against))
    if options.dump:
        dump(file, options.dump)
    return problems


def run_tokenizer(options: argparse.Namespace, tokenizer: Tokenizer, kept: list[int] | None) -> int:
    """What concerns the tokenizer, of which only the original ids `kept` are left; the number of problems."""
    problems = 0
    if options.tokenizer_json:
        problems += report("tokenizer", compare_tokenizer(tokenizer, options.tokenizer_json, kept))
    if options.parity:
        archive, name = options.parity
        problems += report("parity", glc_encode.compare_samples(tokenizer, Path(archive), name))
    if options.tokenizer_dump:
        dump_tokenizer(tokenizer, options.tokenizer_dump)
    if options.encode:
        encode(tokenizer)
    return problems


def main() -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = arguments()
    of_container = any((options.check, options.against, options.dump))
    of_tokenizer = any((options.tokenizer_json, options.parity, options.tokenizer_dump, options.encode))
    try:
        problems = 0
        with options.file.open("rb") as opened:
            alone = opened.read(4) == b"GLTK"
        if alone:
            if options.dump or options.against:
                raise FormatError("a tokenizer alone, without tensors")
            tokenizer = Tokenizer(options.file.read_bytes())
            if options.check:
                problems += report("check", glc_tokenizer_check.check(tokenizer))
            if not of_container and not of_tokenizer:
                print_tokenizer(tokenizer)
        else:
            file = File(options.file.read_bytes())
            problems += run_container(options, file)
            if not of_container and not of_tokenizer:
                print_summary(file)
        if of_tokenizer:
            kept = None if alone else glc_vocabulary.originals(file)
            problems += run_tokenizer(options, tokenizer if alone else Tokenizer(file.content(TOKENIZER)), kept)
        return 1 if problems else 0
    except (FormatError, OSError) as error:
        print(f"error: {options.file}: {error}" if isinstance(error, FormatError) else f"error: {error}")
        return 1 if options.check and isinstance(error, FormatError) else 65
    except (KeyError, ValueError) as error:  # of a configuration or a tokenizer.json, not of the .glc
        print(f"error: {type(error).__name__}: {error}")
        return 65


if __name__ == "__main__":
    sys.exit(main())
