# SPDX-License-Identifier: Apache-2.0
"""JSON that lines do not divide: one resource, a Bundle, a list; and what is left of such a thing when it is broken.

A whole document is divided by the JSON decoder. In a broken one every place where an object begins is tried: what is complete
and holds an AuditEvent is a record, the bytes between two records are a piece that is kept. So a damaged entry costs itself and
no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from wardkeep.watch.intake.limits import MIB, RECORD

#: Objects in objects, before a record is not believed.
DEEPEST = 200
#: Broken documents are searched for so many times their size, and no longer.
PATIENCE = 40
AT_LEAST = 64 * MIB

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]|"', re.DOTALL)
_AUDIT = re.compile(rb'"resourceType"\s*:\s*"AuditEvent"')
_ENTRIES = re.compile(rb'\s*\{[^{}\[\]]*(?:"(?:meta|link|identifier)"\s*:\s*[\[{].*?)?"entry"\s*:\s*\[\s*\Z', re.DOTALL)
_FRAME = re.compile(rb"[\s,\[\]{}]*\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A record, or bytes that are none: `problem` says why."""

    position: str
    raw: bytes
    problem: str | None = None
    #: What names a record that has no id of its own.
    full_url: str | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
    fullUrl: str | None = None


class _Document(msgspec.Struct):
    resourceType: str | None = None
    entry: list[msgspec.Raw] | None = None


_document = msgspec.json.Decoder(_Document)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_entry = msgspec.json.Decoder(_Entry)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def divide(data: bytes, whole: str = "1") -> Iterator[Piece]:
    """The records of a document, and what is none; `whole` is the position of a document that is one record."""
    body = data.strip(b" \t\r\n")
    if not body:
        return
    try:
        if body[:1] == b"[":
            yield from (Piece(f"[{i}]", bytes(raw)) for i, raw in enumerate(_list.decode(body)))
            return
        found = _document.decode(body)
    except _UNREADABLE:
        yield from salvage(body, whole)
        return
    if found.resourceType != "Bundle":
        yield Piece(whole, body)
        return
    for i, raw in enumerate(found.entry or ()):
        yield _of_entry(f"Bundle.entry[{i}]", bytes(raw))


def _of_entry(position: str, raw: bytes) -> Piece:
    try:
        entry = _entry.decode(raw)
    except _UNREADABLE:
        return Piece(position, raw, "not-json: the entry is no object")
    resource = bytes(entry.resource)
    if not resource or resource == b"null":
        return Piece(position, raw, "no-resource: an entry of the Bundle without a resource")
    return Piece(position, resource, None, entry.fullUrl)


def salvage(body: bytes, whole: str) -> Iterator[Piece]:
    """The complete records of a document that is broken somewhere, and the bytes between them."""
    found = list(_complete(body))
    if not found:
        yield Piece(whole, body, "not-json: the record is no complete JSON value")
        return
    bundle = b'"Bundle"' in body[: found[0][0]] or len(found) > 1
    name = "Bundle.entry[{}]" if bundle and b'"entry"' in body else f"{whole}[{{}}]"
    number, at, kept = 0, 0, False
    for start, end in found:
        gap = body[at:start]
        if not (_FRAME.match(gap) or (at == 0 and _ENTRIES.match(gap))):
            yield Piece(name.format(number), gap, "not-json: what stands here is no complete record")
            number, kept = number + 1, True
        yield _record(name.format(number), body[start:end])
        number, at = number + 1, end
    rest = body[at:]
    if not _FRAME.match(rest) or not kept:
        yield Piece(name.format(number), rest, "not-json: the document around its records breaks")


def _record(position: str, raw: bytes) -> Piece:
    if _is_audit(raw):
        return Piece(position, raw)
    return _of_entry(position, raw)


def _complete(body: bytes) -> Iterator[tuple[int, int]]:
    """Where objects begin and end that are AuditEvents, or entries that hold one; the outermost of each."""
    marks = [(mark.start(), mark.end()) for mark in _AUDIT.finditer(body)]
    patience = max(PATIENCE * len(body), AT_LEAST)
    at = number = 0
    while (start := body.find(b"{", at)) >= 0 and patience > 0:
        while number < len(marks) and marks[number][0] < start:
            number += 1
        if number == len(marks):
            return
        # What closes only behind a second AuditEvent has swallowed its neighbours.
        end, looked = object_end(body, start, marks[number + 1][0] if number + 1 < len(marks) else len(body))
        patience -= looked
        if end >= marks[number][1] and _holds(body[start:end]):
            yield start, end
            at = end
        else:
            at = start + 1


def object_end(body: bytes, start: int, limit: int) -> tuple[int, int]:
    """Where the object that begins at `start` ends before `limit`, or 0; and how many bytes were looked at."""
    stack: list[bytes] = []
    limit = min(limit, start + RECORD)
    for token in _TOKEN.finditer(body, start, limit):
        mark = token[0]
        if mark in (b"{", b"["):
            stack.append(b"}" if mark == b"{" else b"]")
            if len(stack) > DEEPEST:
                return 0, token.end() - start
        elif mark in (b"}", b"]"):
            if not stack or stack.pop() != mark:
                return 0, token.end() - start
            if not stack:
                return token.end(), token.end() - start
        elif mark == b'"':
            return 0, token.end() - start
    return 0, limit - start


def _holds(raw: bytes) -> bool:
    if _is_audit(raw):
        return True
    try:
        entry = _entry.decode(raw)
    except _UNREADABLE:
        return False
    return bool(entry.resource) and _is_audit(bytes(entry.resource))


def _is_audit(raw: bytes) -> bool:
    try:
        return _document.decode(raw).resourceType == "AuditEvent"
    except _UNREADABLE:
        return False
