"""What scripts that read and write JSONL have in common: one line for errors, whole files or none."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn


def fail(message: str, status: int = 65) -> NoReturn:
    """Print one `error:` line and exit."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def parse_json(text: str, place: str) -> Any:
    """A JSON value, or the end of the program that names its place."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        fail(f"{place}: not JSON: {error}")


def positive(value: str) -> int:
    """A number from 1 on, for argparse."""
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def write_lines(path: Path, lines: Iterator[dict[str, Any]]) -> int:
    """Write JSONL to a temporary sibling, then rename, so that an interrupted run leaves no half file.

    The number of lines. What making a line raises is not taken for an error of writing.
    """
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    count = 0
    try:
        with written(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = temporary.open("w", encoding="utf-8", newline="\n")
        with file:
            for count, line in enumerate(lines, start=1):
                with written(path):
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            with written(path):
                file.flush()
        with written(path):
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return count


@contextlib.contextmanager
def written(path: Path) -> Iterator[None]:
    """An OSError within means that `path` cannot be written."""
    try:
        yield
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}", 73)
