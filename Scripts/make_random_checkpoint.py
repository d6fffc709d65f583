#!/usr/bin/env python3
"""Make a GLiClass checkpoint with random weights, at the dimensions of the published models.

    make_random_checkpoint.py OUT_DIR [--size tiny|small|base|large] [--pieces N] [--seed 0] [--dtype f32|f16|bf16] [--texts N]

For measuring time, memory and file sizes without a download, and (tiny) for tests. OUT_DIR receives config.json,
model.safetensors, tokenizer.json, tokenizer_config.json and, with --texts, eval.jsonl with N synthetic texts. The
structure of the configuration, the names of the tensors and the tokenizer's normalizer (its precompiled charsmap
included) are those of Tests/Fixtures/debian-tags-f16; dimensions are those of DeBERTa-v3.

The same arguments give the same bytes on every machine: weights are sums of four 16-bit draws of PCG64 (close to a
normal distribution, no logarithm or cosine involved), each tensor from a stream of its own, seeded by its name.
They are scaled by fan-in so that activations, attention and logits are spread as in a trained model; what the model
says means nothing. Memory stays far below the size of the file.

Needs numpy, nothing else.
"""

from __future__ import annotations

import argparse
import json
import math
import struct
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy

TEMPLATE = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "debian-tags-f16"
SPECIALS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]")
MARKERS = ("[MASK]", "<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>")
BLOCK = 1 << 20  # Elements generated at a time.


@dataclass(frozen=True)
class Size:
    """Dimensions of an encoder; `pieces` counts the vocabulary without the markers."""

    layers: int
    hidden: int
    heads: int
    feed_forward: int
    buckets: int = 256
    max_positions: int = 512
    pieces: int = 128_000

    @property
    def vocabulary(self) -> int:
        return self.pieces + len(MARKERS)


SIZES = {
    # max_positions 64: texts of a few hundred tokens pass the last bucket and are clamped.
    "tiny": Size(layers=2, hidden=64, heads=2, feed_forward=128, buckets=16, max_positions=64, pieces=496),
    "small": Size(layers=6, hidden=768, heads=12, feed_forward=3072),
    "base": Size(layers=12, hidden=768, heads=12, feed_forward=3072),
    "large": Size(layers=24, hidden=1024, heads=16, feed_forward=4096),
}


# --- Random numbers -------------------------------------------------------------------------------------------------


class Stream:
    """Random 64-bit words: a function of the seed and a name alone, on every machine and numpy version."""

    def __init__(self, seed: int, name: str) -> None:
        self._bits = numpy.random.PCG64(numpy.random.SeedSequence([seed, zlib.crc32(name.encode())]))
        self._buffer: list[int] = []

    def normal(self, count: int, deviation: float) -> numpy.ndarray:
        """float32 values, nearly normal: the centred sum of four uniform 16-bit integers, scaled."""
        words = self._bits.random_raw(count)
        lanes = numpy.uint64(0x0000_FFFF_0000_FFFF)
        words = (words & lanes) + ((words >> numpy.uint64(16)) & lanes)
        sums = (words & numpy.uint64(0xFFFF_FFFF)) + (words >> numpy.uint64(32))
        centred = sums.astype(numpy.int32) - 2 * 0xFFFF
        return centred.astype(numpy.float32) * numpy.float32(deviation * math.sqrt(3) / 65536)

    def below(self, bound: int) -> int:
        """An integer in 0..<bound (the bias of the remainder does not matter here)."""
        if not self._buffer:
            self._buffer = self._bits.random_raw(1 << 14).tolist()
        return self._buffer.pop() % bound

    def chance(self, percent: float) -> bool:
        return self.below(10_000) < percent * 100

    def pick(self, choices: str | list[str]) -> str:
        return choices[self.below(len(choices))]


# --- Weights --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TensorSpec:
    """A tensor of independent values mean + deviation * normal."""

    name: str
    shape: tuple[int, ...]
    deviation: float
    mean: float = 0.0

    @property
    def count(self) -> int:
        return math.prod(self.shape)


def tensor_specs(size: Size) -> list[TensorSpec]:
    """Every tensor of a uni-encoder with the scorer `simple`, sorted by name."""
    hidden, inner = size.hidden, size.feed_forward
    encoder = "model.encoder_model."
    specs = [
        TensorSpec(f"{encoder}embeddings.word_embeddings.weight", (size.vocabulary, hidden), 0.05),
        TensorSpec(f"{encoder}encoder.rel_embeddings.weight", (2 * size.buckets, hidden), 0.05),
        *layer_norm(f"{encoder}embeddings.LayerNorm", hidden),
        *layer_norm(f"{encoder}encoder.LayerNorm", hidden),
        TensorSpec("model.logit_scale", (), 0.0, 2.6592),
    ]
    for index in range(size.layers):
        layer = f"{encoder}encoder.layer.{index}."
        # Queries and keys a little larger: attention then prefers some tokens, as a trained one does.
        specs += linear(f"{layer}attention.self.query_proj", hidden, hidden, gain=1.3)
        specs += linear(f"{layer}attention.self.key_proj", hidden, hidden, gain=1.3)
        specs += linear(f"{layer}attention.self.value_proj", hidden, hidden, gain=1.2)
        specs += linear(f"{layer}attention.output.dense", hidden, hidden, gain=1.2)
        specs += layer_norm(f"{layer}attention.output.LayerNorm", hidden)
        specs += linear(f"{layer}intermediate.dense", hidden, inner, gain=1.0)
        specs += linear(f"{layer}output.dense", inner, hidden, gain=1.2)
        specs += layer_norm(f"{layer}output.LayerNorm", hidden)
    for projector in ("text_projector", "classes_projector"):
        specs += linear(f"model.{projector}.linear_1", hidden, hidden, gain=1.2)
        # A logit is a sum of `hidden` products of two projected values; this keeps it at a few units.
        specs += linear(f"model.{projector}.linear_2", hidden, hidden, gain=3.2 / hidden**0.25)
    return sorted(specs, key=lambda spec: spec.name)


def linear(name: str, inputs: int, outputs: int, gain: float) -> list[TensorSpec]:
    return [
        TensorSpec(f"{name}.weight", (outputs, inputs), gain / math.sqrt(inputs)),
        TensorSpec(f"{name}.bias", (outputs,), 0.03),
    ]


def layer_norm(name: str, width: int) -> list[TensorSpec]:
    return [TensorSpec(f"{name}.weight", (width,), 0.08, 1.0), TensorSpec(f"{name}.bias", (width,), 0.05)]


def to_bfloat16(values: numpy.ndarray) -> numpy.ndarray:
    """Finite float32 values rounded to bfloat16, to nearest, ties to even, as 16-bit patterns."""
    bits, half = values.view(numpy.uint32), numpy.uint32(16)
    rounded = bits + numpy.uint32(0x7FFF) + ((bits >> half) & numpy.uint32(1))
    return (rounded >> half).astype("<u2")


# Name on the command line: (safetensors name, name in config.json, bytes an element, encoding)
DTYPES: dict[str, tuple[str, str, int, Callable[[numpy.ndarray], numpy.ndarray]]] = {
    "f32": ("F32", "float32", 4, lambda values: values.astype("<f4")),
    "f16": ("F16", "float16", 2, lambda values: values.astype("<f2")),
    "bf16": ("BF16", "bfloat16", 2, to_bfloat16),
}


def write_weights(path: Path, size: Size, seed: int, dtype: str) -> None:
    """A safetensors file, written tensor by tensor and block by block."""
    stored, _, width, encode = DTYPES[dtype]
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    specs = tensor_specs(size)
    for spec in specs:
        end = offset + spec.count * width
        header[spec.name] = {"dtype": stored, "shape": list(spec.shape), "data_offsets": [offset, end]}
        offset = end
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for spec in specs:
            write_tensor(file, spec, Stream(seed, spec.name), encode)


def write_tensor(
    file: BinaryIO, spec: TensorSpec, stream: Stream, encode: Callable[[numpy.ndarray], numpy.ndarray]
) -> None:
    for start in range(0, spec.count, BLOCK):
        values = stream.normal(min(BLOCK, spec.count - start), spec.deviation)
        file.write(encode(values + numpy.float32(spec.mean)).tobytes())


# --- The vocabulary -------------------------------------------------------------------------------------------------

ONSETS = list("bcdfghjklmnprstvwyz") + ["", "", "br", "ch", "cl", "cr", "dr", "fl", "gr", "pl", "pr", "sh", "sp", "st"]
ONSETS += ["str", "th", "tr"]
VOWELS = list("aeiouaeio") + ["ai", "ea", "ee", "io", "ou"]
CODAS = ["", "", "", "", "n", "r", "s", "t", "l", "m", "d", "ng", "nt", "st", "ck"]
ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýčđěğłńňřśşšťůźžßœ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщыьэюя"
GREEK = "αβγδεζηθικλμνξοπρστυφχψωάέίόύ"
PUNCTUATION = [chr(code) for code in range(33, 127) if not chr(code).isalnum()]


def ideograph(stream: Stream) -> str:
    """A CJK ideograph, a kana or a Hangul syllable."""
    first, count = ((0x4E00, 6000), (0x3042, 80), (0x30A2, 80), (0xAC00, 11172))[stream.below(4)]
    return chr(first + stream.below(count))


def syllable(stream: Stream) -> str:
    return stream.pick(ONSETS) + stream.pick(VOWELS) + stream.pick(CODAS)


def latin_word(stream: Stream) -> str:
    word = "".join(syllable(stream) for _ in range(1 + min(stream.below(4), stream.below(4))))
    kind = stream.below(100)
    if kind < 12:
        return word.capitalize()
    if kind < 15:
        return word[:4].upper()
    if kind < 18:
        return str(stream.below(10_000))
    if kind < 24:
        place = stream.below(len(word))
        return word[:place] + stream.pick(ACCENTED) + word[place + 1 :]
    return word


def random_word(stream: Stream) -> str:
    """A word of at most 14 bytes, nine in ten of them Latin."""
    kind = stream.below(100)
    if kind < 90:
        word = latin_word(stream)
    elif kind < 94:
        word = "".join(stream.pick(CYRILLIC) for _ in range(2 + stream.below(6)))
    elif kind < 96:
        word = "".join(stream.pick(GREEK) for _ in range(2 + stream.below(6)))
    else:
        word = "".join(ideograph(stream) for _ in range(1 + stream.below(3)))
    while len(word.encode()) > 14:
        word = word[:-1]
    return word


def single_characters(pieces: int) -> list[str]:
    """Characters that are pieces by themselves: a third of a small vocabulary, 6,000 of a full one."""
    codes = [ord("▁"), *range(33, 127), *map(ord, ACCENTED + CYRILLIC + GREEK), *range(0x3042, 0x3092)]
    codes += range(0x4E00, 0x4E00 + 6000)
    stable = [chr(code) for code in dict.fromkeys(codes) if unicodedata.normalize("NFKC", chr(code)) == chr(code)]
    return stable[: min(6000, pieces // 3)]


def synthesize_vocabulary(pieces: int, seed: int) -> list[tuple[str, float]]:
    """Specials, single characters, then words with (six in ten) and without ▁, frequent and short ones first."""
    stream = Stream(seed, "vocabulary")
    characters = single_characters(pieces)
    taken = set(SPECIALS) | set(characters)
    words: list[tuple[int, str]] = []
    while len(taken) < pieces:
        word = ("▁" if stream.chance(60) else "") + random_word(stream)
        if unicodedata.normalize("NFKC", word) != word or word in taken:
            continue
        taken.add(word)
        words.append((len(word.encode()) + stream.below(10), word))
    words.sort(key=lambda entry: entry[0])  # Stable: ties keep the order of drawing.
    vocabulary = [(special, 0.0) for special in SPECIALS]
    # Characters cost more than words of the same length, or no word would ever be chosen.
    vocabulary += [(character, round(-9 - rank / len(characters), 6)) for rank, character in enumerate(characters)]
    vocabulary += [(word, round(-3 - 0.95 * math.log(1 + rank), 6)) for rank, (_, word) in enumerate(words)]
    return vocabulary


def added_token(identifier: int, content: str) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": identifier, "content": content, **flags}


def write_tokenizer(path: Path, vocabulary: list[tuple[str, float]]) -> None:
    """The template's tokenizer.json with another vocabulary and other ids of the markers."""
    tokenizer = read_json(TEMPLATE / "tokenizer.json")
    tokenizer["added_tokens"] = [added_token(index, token) for index, token in enumerate(SPECIALS)]
    tokenizer["added_tokens"] += [added_token(len(vocabulary) + index, token) for index, token in enumerate(MARKERS)]
    tokenizer["model"]["vocab"] = vocabulary
    tokenizer["model"]["unk_id"] = SPECIALS.index("[UNK]")
    path.write_text(json.dumps(tokenizer, indent=2, ensure_ascii=False), encoding="utf-8")


# --- The configuration ----------------------------------------------------------------------------------------------


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def write_config(path: Path, name: str, size: Size, dtype: str) -> None:
    config = read_json(TEMPLATE / "config.json")
    config["encoder_config"] |= {
        "hidden_size": size.hidden,
        "intermediate_size": size.feed_forward,
        "max_position_embeddings": size.max_positions,
        "num_attention_heads": size.heads,
        "num_hidden_layers": size.layers,
        "pooler_hidden_size": size.hidden,
        "position_buckets": size.buckets,
        "vocab_size": size.vocabulary,
    }
    config |= {
        "class_token_index": size.pieces + MARKERS.index("<<LABEL>>"),
        "text_token_index": size.pieces + MARKERS.index("<<SEP>>"),
        "example_token_index": size.pieces + MARKERS.index("<<EXAMPLE>>"),
        "dtype": DTYPES[dtype][1],
        "encoder_model_name": f"random-deberta-v3-{name}",
        "hidden_size": size.hidden,
        "vocab_size": size.vocabulary,
    }
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


# --- Texts ----------------------------------------------------------------------------------------------------------

# What normalizers and segmentation treat specially: ligatures, full-width forms, spaces of several kinds, characters
# outside the vocabulary, combining marks, and text that looks like a marker.
AWKWARD = (
    "ﬁ ½ ① ｆｕｌｌ ｗｉｄｔｈ",
    "no\u00a0break  two   three\tTab\nline\r\nend",
    "zero\u200bwidth \ufeffmark \u00adsoft",
    "e\u0301 o\u0308 decomposed, é ö composed",
    "🙂👩‍💻 ☃ 𝒳 日本語 한국어 العربية",
    "▁ block ▁▁ [SEP [MASK] <<LABEL> <sep>",
)
WORDS_IN_TEXTS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 30, 36, 42, 50, 60, 75)
LABEL_COUNTS = (5, 1, 2, 3, 8, 4, 12, 6, 20, 25)


def synthesize_texts(vocabulary: list[tuple[str, float]], count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Texts of 0 to 75 words with 1 to 25 candidate labels each; which labels are true is arbitrary."""
    stream = Stream(seed, "texts")
    known = [piece[1:] for piece, _ in vocabulary if piece.startswith("▁") and len(piece) > 2]
    for index in range(count):
        words = [text_word(stream, known) for _ in range(WORDS_IN_TEXTS[index % len(WORDS_IN_TEXTS)])]
        if index % 3 == 2:
            words.insert(stream.below(len(words) + 1), AWKWARD[index // 3 % len(AWKWARD)])
        labels: list[str] = []
        while len(labels) < LABEL_COUNTS[index % len(LABEL_COUNTS)]:
            label = " ".join(text_word(stream, known, punctuated=False) for _ in range(1 + stream.below(2)))
            labels += [label] if label not in labels else []
        true = [label for label in labels if stream.chance(30)]
        yield {"text": " ".join(words), "all_labels": labels, "true_labels": true}


def text_word(stream: Stream, known: list[str], punctuated: bool = True) -> str:
    """A word of the vocabulary, or one that must be segmented, perhaps with punctuation."""
    word = stream.pick(known) if stream.chance(70) else random_word(stream)
    if punctuated and stream.chance(10):
        word += stream.pick(PUNCTUATION)
    return word


def write_texts(path: Path, vocabulary: list[tuple[str, float]], count: int, seed: int) -> None:
    lines = (json.dumps(text, ensure_ascii=False) for text in synthesize_texts(vocabulary, count, seed))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


# --- Main -----------------------------------------------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT_DIR", type=Path, help="the folder to make or renew")
    parser.add_argument("--size", choices=SIZES, default="small", help="dimensions (default small)")
    parser.add_argument("--pieces", type=int, help="pieces of the vocabulary, markers not counted (default: the size's own)")
    parser.add_argument("--seed", type=int, default=0, help="another number, another model (default 0)")
    parser.add_argument("--dtype", choices=DTYPES, default="f32", help="element type of the weights (default f32)")
    parser.add_argument("--texts", metavar="N", type=int, default=0, help="write eval.jsonl with N texts (default 0)")
    arguments = parser.parse_args()
    if arguments.seed < 0 or arguments.texts < 0:
        parser.error("--seed and --texts must not be negative")
    if arguments.pieces is not None and not 400 <= arguments.pieces <= 1_000_000:
        parser.error("--pieces takes 400 to 1000000")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if not (TEMPLATE / name).is_file():
            print(f"error: {TEMPLATE / name}: no such file; it is the template", file=sys.stderr)
            sys.exit(66)
    size, out = SIZES[arguments.size], arguments.out
    if arguments.pieces is not None:
        size = replace(size, pieces=arguments.pieces)
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = synthesize_vocabulary(size.pieces, arguments.seed)
    write_tokenizer(out / "tokenizer.json", vocabulary)
    (out / "tokenizer_config.json").write_bytes((TEMPLATE / "tokenizer_config.json").read_bytes())
    write_config(out / "config.json", arguments.size, size, arguments.dtype)
    if arguments.texts:
        write_texts(out / "eval.jsonl", vocabulary, arguments.texts, arguments.seed)
    write_weights(out / "model.safetensors", size, arguments.seed, arguments.dtype)


if __name__ == "__main__":
    main()
