"""From text to ids by a compiled tokenizer, by formats/tokenizer.md alone. A part of read_glc.py.

Slow and plain: it is what the other code and the format are held against.
"""

from __future__ import annotations

import heapq
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from glc_common import FormatError
from glc_normalize import WHITE_SPACE, Normalizer, Text, part, prepend
from glc_tokenizer import (
    BYTE_FALLBACK,
    BYTE_LEVEL,
    FLAGS,
    FUSE_UNKNOWN,
    IGNORE_MERGES,
    INVERT,
    METASPACE,
    NONE,
    PREFIX_SPACE,
    SPELLED,
    SPLIT,
    Step,
    Tokenizer,
)
from glc_trie import Trie

NEVER, FIRST, ALWAYS = range(3)
REMOVED, ISOLATED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS = range(5)
WORD_CHARACTER = 1 << 3


class Encoder:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.header = tokenizer.header
        self.normalize = Normalizer(tokenizer)

    def encode(self, text: str) -> list[int]:
        """The ids, with those of the template."""
        template, before = self.tokenizer.template, self.header.before
        try:
            return [*template[:before], *self.encode_plain(text), *template[before:]]
        except (IndexError, UnicodeDecodeError) as error:
            raise FormatError(f"{text!r}: an index outside of its part, or no UTF-8: {error}") from error

    def encode_plain(self, text: str) -> list[int]:
        ids: list[int] = []
        for raw in self.cut((text, 1 if text else 0), self.tokenizer.raw_trie):
            if isinstance(raw, int):
                ids.append(raw)
                continue
            for segment in self.cut(self.normalize(raw), self.tokenizer.normalized_trie):
                if isinstance(segment, int):
                    ids.append(segment)
                else:
                    for word in self.words(segment):
                        ids += self.bpe(word) if self.tokenizer.is_bpe else self.unigram(word)
        return ids

    # --- Added tokens -----------------------------------------------------------------------------------------------

    def cut(self, text: Text, trie: Trie) -> Iterator[Text | int]:
        """Ids of the added tokens that match, and the segments around them that are not empty."""
        scalars = text[0]
        done = at = 0
        while at < len(scalars) and trie.labels:
            found = self.longest(scalars, at, trie)
            if found is None:
                at += 1
                continue
            index, end = found
            token, start = self.tokenizer.added[index], at
            at = end
            if token.flags & FLAGS["single_word"] and (self.is_word(scalars, start - 1) or self.is_word(scalars, end)):
                continue
            if token.flags & FLAGS["lstrip"]:
                start = max(start, done)
                while start > done and scalars[start - 1] in WHITE_SPACE:
                    start -= 1
            while token.flags & FLAGS["rstrip"] and end < len(scalars) and scalars[end] in WHITE_SPACE:
                end += 1
            if start >= end:
                continue
            if start > done:
                yield part(text, done, start)
            yield token.id
            done = end
        if done < len(scalars):
            yield part(text, done, len(scalars))

    @staticmethod
    def longest(scalars: str, start: int, trie: Trie) -> tuple[int, int] | None:
        """The value of the longest key that matches at a place, and where it ends."""
        found, node = None, 0
        for end in range(start + 1, len(scalars) + 1):
            for byte in scalars[end - 1].encode():
                child = trie.child(node, byte)
                if child is None:
                    return found
                node = child
            if (value := trie.value(node)) is not None:
                found = value, end
        return found

    def is_word(self, scalars: str, at: int) -> bool:
        return 0 <= at < len(scalars) and bool(self.normalize.properties[ord(scalars[at])] & WORD_CHARACTER)

    # --- Words ------------------------------------------------------------------------------------------------------

    def words(self, segment: Text) -> list[str]:
        words = [segment]
        for step in self.tokenizer.pre_tokenizer:
            words = [after for word in words for after in self.pre_tokenize(step, word)]
        return [word for word, _ in words]

    def pre_tokenize(self, step: Step, word: Text) -> list[Text]:
        kind, flags, a, b, _ = step
        if kind == METASPACE:
            return metaspace(word, a, chr(b), bool(flags & 1))
        if kind == SPLIT:
            return self.split(word, a, flags & 7, bool(flags & INVERT))
        if kind == PREFIX_SPACE:
            return [word if word[0].startswith(" ") else prepend(word, " ")]
        if kind == BYTE_LEVEL:
            return [word]
        raise FormatError(f"pre-tokenizer step of kind {kind}")

    def split(self, word: Text, pattern: int, behavior: int, invert: bool) -> list[Text]:
        parts: list[tuple[int, int, bool]] = []
        at = 0
        for start, end in self.normalize.matches(pattern, word[0]):
            parts += [(at, start, invert)] if at < start else []
            parts.append((start, end, not invert))
            at = end
        if at < len(word[0]):
            parts.append((at, len(word[0]), invert))
        return [part(word, start, end) for start, end in joined(parts, behavior)]

    # --- Models -----------------------------------------------------------------------------------------------------

    def unigram(self, word: str) -> list[int]:
        text = word.encode()
        trie, scores, unknown = self.tokenizer.piece_trie, self.tokenizer.scores, self.header.unknown
        best: list[tuple[float, int, int] | None] = [(0.0, 0, 0)] + [None] * len(text)  # score, start, id
        position = 0
        for c in word:
            entry = best[position]
            assert entry is not None
            length, known, node = len(c.encode()), False, 0
            candidates: list[tuple[int, float, int]] = []
            for end in range(position + 1, len(text) + 1):
                child = trie.child(node, text[end - 1])
                if child is None:
                    break
                node = child
                if (piece := trie.value(node)) is not None:
                    candidates.append((end, float(scores[piece]), piece))
                    known = known or end == position + length
            if not known:
                candidates.append((position + length, self.header.unknown_score, unknown))
            for end, score, piece in candidates:
                total, old = score + entry[0], best[end]
                if old is None or total > old[0]:
                    best[end] = total, position, piece
            position += length
        path: list[tuple[int, int, int]] = []  # start, end, id
        end = len(text)
        while end:
            found = best[end]
            assert found is not None
            _, start, piece = found
            if piece == unknown and path and path[-1][2] == unknown:
                path[-1] = start, path[-1][1], unknown
            else:
                path.append((start, end, piece))
            end = start
        ids: list[int] = []
        for start, end, piece in reversed(path):
            ids += self.unknown_ids(text[start:end]) if piece == unknown else [piece]
        return ids

    def unknown_ids(self, text: bytes) -> list[int]:
        piece = self.tokenizer.piece_trie.lookup(text)
        if piece is not None:
            return [piece]
        if self.tokenizer.has_flag(BYTE_FALLBACK):
            ids = [self.tokenizer.byte_ids[byte] for byte in text]
            if NONE not in ids:
                return ids
        return [self.header.unknown]

    def bpe(self, word: str) -> list[int]:
        text = word.encode()
        if self.tokenizer.has_flag(IGNORE_MERGES):
            piece = self.tokenizer.piece_trie.lookup("".join(SPELLED[byte] for byte in text).encode())
            if piece is not None:
                return [piece]
        symbols: list[int | None] = []  # None where a symbol went into the one on its left
        fused = False
        for byte in text:
            symbol = self.tokenizer.byte_ids[byte]
            if symbol != NONE:
                symbols.append(symbol)
                fused = False
            elif self.header.unknown != NONE and not (fused and self.tokenizer.has_flag(FUSE_UNKNOWN)):
                symbols.append(self.header.unknown)
                fused = True
        return [symbol for symbol in self.merge(symbols) if symbol is not None]

    def merge(self, symbols: list[int | None]) -> list[int | None]:
        following = [*range(1, len(symbols) + 1)]
        before = [*range(-1, len(symbols) - 1)]
        queue: list[tuple[int, int, int]] = []

        def pair_at(left: int) -> tuple[int, int, int] | None:
            """Rank, position and result, if the symbols at a place and behind it are a merge."""
            if left < 0 or following[left] >= len(symbols):
                return None
            found = self.tokenizer.find_merge(symbols[left] or 0, symbols[following[left]] or 0)
            return None if found is None else (found[0], left, found[1])

        def offer(left: int) -> None:
            if (pair := pair_at(left)) is not None:
                heapq.heappush(queue, pair)

        for left in range(len(symbols)):
            offer(left)
        while queue:
            _, left, result = heapq.heappop(queue)
            if symbols[left] is None or (pair := pair_at(left)) is None or pair[2] != result:
                continue
            gone = following[left]
            symbols[left], symbols[gone] = result, None
            following[left] = following[gone]
            if following[gone] < len(symbols):
                before[following[gone]] = left
            offer(before[left])
            offer(left)
        return symbols


def metaspace(word: Text, scheme: int, replacement: str, split: bool) -> list[Text]:
    text, origin = word
    text = text.replace(" ", replacement)
    if not text.startswith(replacement) and (scheme == ALWAYS or (scheme == FIRST and origin > 0)):
        text, origin = prepend((text, origin), replacement)
    starts = [0, *(i for i, c in enumerate(text) if c == replacement and i > 0)] if split else [0]
    return [part((text, origin), start, end) for start, end in zip(starts, [*starts[1:], len(text)])]


def joined(parts: list[tuple[int, int, bool]], behavior: int) -> list[tuple[int, int]]:
    """The words that a behavior makes of matches (True) and the stretches between them."""
    words: list[tuple[int, int]] = []
    previous: bool | None = None
    pending: int | None = None  # where a match begins that joins the part behind it
    for i, (start, end, is_match) in enumerate(parts):
        if behavior == REMOVED:
            words += [] if is_match else [(start, end)]
        elif behavior == MERGED_WITH_PREVIOUS and is_match and previous is False:
            words[-1] = words[-1][0], end
        elif behavior == MERGED_WITH_NEXT and is_match and i + 1 < len(parts) and not parts[i + 1][2]:
            pending = start
        elif behavior == CONTIGUOUS and is_match == previous:
            words[-1] = words[-1][0], end
        else:
            words.append((start if pending is None else pending, end))
            pending = None
        previous = is_match
    return words


# --- Samples --------------------------------------------------------------------------------------------------------


def encode_lines(tokenizer: Tokenizer, lines: Iterable[str]) -> Iterator[str]:
    """For every line with a JSON string one with its ids."""
    encoder = Encoder(tokenizer)
    for line in lines:
        yield json.dumps({"ids": encoder.encode(json.loads(line))})


def compare_samples(tokenizer: Tokenizer, archive: Path, name: str) -> Iterator[str]:
    """The sample strings of parity.zip whose ids are others than those that the Python libraries gave."""
    with zipfile.ZipFile(archive) as file:
        strings = file.read("strings.jsonl").splitlines()
        samples = [json.loads(line) for line in file.read(f"{name}.sample.jsonl").splitlines()]
    encoder = Encoder(tokenizer)
    for sample in samples:
        text = json.loads(strings[sample["i"]])
        if (ids := encoder.encode(text)) != sample["ids"]:
            yield f"string {sample['i']}, {text!r}: {ids}, expected {sample['ids']}"
