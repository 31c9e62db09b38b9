# SPDX-License-Identifier: Apache-2.0
"""OCSF files: lines, a list, one object over several lines, or several of them after each other.

A damaged object costs itself: in a document every place where an object begins is tried, what is complete and has a class is a
record, and the bytes between two records are a piece.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import msgspec

from wardkeep.watch.intake.documents import AT_LEAST, PATIENCE, Piece, object_end
from wardkeep.watch.intake.limits import LOOK
from wardkeep.watch.intake.recognise import looks_like_json

CLASS = re.compile(rb'"(?:class|type)_uid"\s*:')
#: An object that begins a line of its own.
_OPENED = re.compile(rb"^\{\s*$", re.MULTILINE)
#: Between records: commas, space, and the brackets of the list.
_FRAME = re.compile(rb"[\s,\[\]]*+\Z")
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Known(msgspec.Struct):
    class_uid: msgspec.Raw = msgspec.Raw()
    type_uid: msgspec.Raw = msgspec.Raw()
    resourceType: str | None = None


_known = msgspec.json.Decoder(_Known)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_any = msgspec.json.Decoder()


def is_ocsf(head: bytes) -> bool:
    """Whether it is OCSF: most lines that are whole objects name a class; else a document does, and is no FHIR resource.

    The first record may be damaged, so it is not asked alone.
    """
    if CLASS.search(head) is None:
        return False
    text = head.removeprefix(codecs.BOM_UTF8).strip()
    votes = [_named(line) for line in text.split(b"\n", 200)[:200] if line[:1] == b"{"]
    if True in votes:
        return 2 * votes.count(True) > votes.count(True) + votes.count(False)
    whole = _named(text)
    if whole is not None:
        return whole
    named = len(CLASS.findall(head))
    begun = looks_like_json(head) or (named > 1 and _OPENED.search(head) is not None)
    return begun and named > head.count(b'"resourceType"')


def _named(raw: bytes) -> bool | None:
    """Whether a whole object names a class and is no FHIR resource; None where it is not whole."""
    try:
        found = _known.decode(raw)
    except _UNREADABLE:
        return None
    return bool(found.class_uid or found.type_uid) and found.resourceType is None


def in_lines(head: bytes) -> bool:
    """Whether each line is a record by itself: of two or more lines most of those that begin an object also end it."""
    lines = [line.strip() for line in head.split(b"\n")[:201]]
    if len(head) >= LOOK or len(lines) > 200:
        lines.pop()
    begun = [line for line in lines if line[:1] == b"{"]
    whole = sum(line.endswith(b"}") and CLASS.search(line) is not None for line in begun)
    return len([line for line in lines if line]) > 1 and whole > 0 and 2 * whole >= len(begun)


def divide(data: bytes, line: int) -> Iterator[Piece]:
    """The records of a document that begins in that line, and what is none."""
    body = data.strip(b" \t\r\n")
    if not body:
        return
    try:
        if body[:1] == b"[":
            yield from (Piece(f"[{i}]", bytes(raw)) for i, raw in enumerate(_list.decode(body)))
            return
        _any.decode(body)
    except _UNREADABLE:
        yield from _salvaged(body, line)
        return
    yield Piece(str(line), body)


def _salvaged(body: bytes, line: int) -> Iterator[Piece]:
    """The complete records, and the bytes between them; numbered in their order."""
    number = at = open_lists = 0
    named = False
    for start, end in _complete(body):
        gap = body[at:start]
        open_lists += gap.count(b"[") - gap.count(b"]")
        if _FRAME.match(gap) is None:
            yield Piece(f"[{number}]", gap.strip(), "not-json: what stands here is no complete record")
            number, named = number + 1, True
        yield Piece(f"[{number}]", body[start:end])
        number, at = number + 1, end
    rest = body[at:]
    open_lists += rest.count(b"[") - rest.count(b"]")
    if number == 0:
        yield Piece(str(line), rest, "not-json: the record is no complete JSON value")
    elif _FRAME.match(rest) is None or (open_lists and not named):
        yield Piece(f"[{number}]", rest.strip(), "not-json: the document around its records breaks")


def _complete(body: bytes) -> Iterator[tuple[int, int]]:
    """Where objects begin and end that name a class; the outermost of each."""
    marks = [mark.end() for mark in CLASS.finditer(body)]
    patience = max(PATIENCE * len(body), AT_LEAST)
    at = number = 0
    while (start := body.find(b"{", at)) >= 0 and patience > 0:
        while number < len(marks) and marks[number] < start:
            number += 1
        if number == len(marks):
            return
        end, looked = object_end(body, start, len(body))
        patience -= looked
        if end >= marks[number] and _is_record(body[start:end]):
            yield start, end
            at = end
        else:
            at = start + 1


def _is_record(raw: bytes) -> bool:
    try:
        found = _known.decode(raw)
    except _UNREADABLE:
        return False
    return bool(found.class_uid or found.type_uid)
