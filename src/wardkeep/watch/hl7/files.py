# SPDX-License-Identifier: Apache-2.0
"""Messages in a file: one, many after each other, in batches (FHS, BHS), or as they went over the wire, in MLLP frames.

Segments may end with CR, LF or both. A message goes from its MSH to the next one, or to the end mark of its frame; the segments
of a batch's envelope belong to none. What stands outside of messages is a piece that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = re.compile(rb"MSH(?=[!-/:-@\[-`{-~])")
_BEFORE = frozenset(b"\r\n\x0b")
_BOM = b"\xef\xbb\xbf"
_ENVELOPE = re.compile(rb"(?:\A|(?<=[\r\n]))(?:FHS|BHS|BTS|FTS)(?:[!-/:-@\[-`{-~][^\r\n]*)?(?=[\r\n]|\Z)")
_BLANK = b"\r\n\t \0"
_START, _END = b"\x0b", b"\x1c"


@dataclass(frozen=True, slots=True)
class Piece:
    """A message; or bytes that are none, and why."""

    #: The number of its first line, counting every CR, LF or both as one end.
    line: int
    raw: bytes
    problem: str | None = None


def looks_like_messages(head: bytes) -> bool:
    """Whether a file begins like one of ours."""
    return re.match(rb"(?:\xef\xbb\xbf)?[\s\x0b]*(?:MSH|FHS|BHS)[!-/:-@\[-`{-~]", head) is not None


def last_begin(data: bytes) -> int:
    """Where the last message of `data` begins, its start mark included; 0 where only one is there."""
    at = len(data)
    while at > 0:
        at = data.rfind(b"MSH", 0, at)
        if at > 0 and data[at - 1] in _BEFORE and _HEADER.match(data, at):
            return at - 1 if data[at - 1] == _START[0] else at
    return 0


def first_begin(data: bytes) -> int:
    """Where the first message behind the first byte of `data` begins, its start mark included; -1 where none does."""
    for match in _HEADER.finditer(data):
        at = match.start()
        if at and data[at - 1] in _BEFORE:
            return at - 1 if data[at - 1] == _START[0] else at
    return -1


def line_ends(data: bytes) -> int:
    """How many lines end in `data`."""
    return data.count(b"\r") + data.count(b"\n") - data.count(b"\r\n")


def divide(data: bytes, line: int = 1) -> Iterator[Piece]:
    """The messages of whole bytes of a file, whose first line has the number `line`."""
    first = len(_BOM) if data.startswith(_BOM) else 0
    starts = [m.start() for m in _HEADER.finditer(data) if m.start() == first or data[m.start() - 1] in _BEFORE]
    bounds = [*starts, len(data)]
    if outside := _outside(data[: bounds[0]]):
        yield Piece(line, outside, f"outside: {len(outside)} bytes stand before the first message")
    at = 0
    for begin, end in zip(starts, bounds[1:], strict=True):
        line += line_ends(data[at:begin])
        at = begin
        framed = data[begin - 1 : begin] == _START
        message, mark, rest = data[begin:end].partition(_END)
        if not mark:
            message = message.removesuffix(_START)
        message = _bare(message).strip(_BLANK)
        if framed and not mark:
            yield Piece(
                line, message, f"unended: a message of {len(message)} bytes begins with a frame and has no end mark"
            )
        else:
            yield Piece(line, message)
        if outside := _outside(rest):
            where = line + line_ends(message)
            yield Piece(where, outside, f"outside: {len(outside)} bytes stand between two messages")


def _bare(data: bytes) -> bytes:
    """The bytes without the segments of a batch's envelope."""
    if not any(name in data for name in (b"FHS", b"BHS", b"BTS", b"FTS")):
        return data
    return _ENVELOPE.sub(b"", data)


def _outside(data: bytes) -> bytes:
    """What is left of bytes between messages when marks, white space and the envelope of a batch are gone."""
    return _bare(data.replace(_START, b"\r").replace(_END, b"\r")).strip(_BLANK).removeprefix(_BOM)
