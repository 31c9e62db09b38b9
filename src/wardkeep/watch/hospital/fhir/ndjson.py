# SPDX-License-Identifier: Apache-2.0
"""The lines of an NDJSON file, plain or gzip, each with its number; a broken archive ends with a line that says so."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

#: A longer line is set aside, its first bytes kept. (A resource may carry a picture.)
LINE_LIMIT = 16 << 20
_KEPT = 1 << 20
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    raw: bytes
    truncated: bool = False
    #: Why it cannot be read at all.
    problem: str = ""


def lines_of(path: Path) -> Iterator[Line]:
    """Every line that is not blank."""
    number = 0
    try:
        with _opened(path) as stream:
            while raw := stream.readline(LINE_LIMIT):
                number += 1
                line = _line(stream, raw, number)
                if line.raw.strip():
                    yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as broken:
        yield Line(number + 1, b"", truncated=True, problem=f"gzip: the archive is broken from here on ({broken})")


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _line(stream: BinaryIO, raw: bytes, number: int) -> Line:
    if number == 1:
        raw = raw.removeprefix(_BOM)
    if raw.endswith(b"\n") or len(raw) < LINE_LIMIT:
        return Line(number, raw.removesuffix(b"\n").removesuffix(b"\r"))
    while (rest := stream.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
        pass
    return Line(number, raw[:_KEPT], truncated=True, problem=f"too-long: a line of more than {LINE_LIMIT} bytes")
