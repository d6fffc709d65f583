"""What the readers of `.glc` files share. A part of read_glc.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class FormatError(Exception):
    """The file cannot be read on; what is wrong."""


def round_up(value: int, step: int) -> int:
    return -(-value // step) * step


def is_scalar(value: int) -> bool:
    return value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF


def invalid_texts(texts: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    for i, text in enumerate(texts):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            yield i, str(error)
