# SPDX-License-Identifier: Apache-2.0
"""Audit messages in XML files: one, several after each other, or several in a root of any name.

The file is cut at its audit messages before anything is parsed, so that a broken one costs itself and no other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.atna.markup import BadXml
from wardkeep.watch.intake.atna.message import Messages
from wardkeep.watch.intake.atna.parts import BadMessage
from wardkeep.watch.intake.cutting import Block, Overlong, cut
from wardkeep.watch.intake.limits import BLOCK, DOCUMENT, RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import Zone

_OPENS = re.compile(rb"<(?:[\w.-]+:)?AuditMessage(?=[\s>/])")
_CLOSES = re.compile(rb"</(?:[\w.-]+:)?AuditMessage\s*>")
_DECLARED = re.compile(rb"<\?xml\s[^<>]{0,200}?\?>")
_ENCODED = re.compile(rb"""\sencoding\s*=\s*["'](?!utf-?8|us-ascii)""", re.IGNORECASE)
#: What may stand between messages: space, declarations, comments, the tags of what they are in.
_FRAME = re.compile(
    rb"(?:\s|\xef\xbb\xbf|<\?[^>]*\?>|<!--(?:[^-]|-(?!->))*+-->|<(?!(?:[\w.-]+:)?AuditMessage[\s>/])/?[A-Za-z_][^<>]*>)*+\Z"
)
#: What a text may stand in that is no mark-up, and how that ends; how much of it is looked back over where a file is cut.
_SECTIONS = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
_SECTION = re.compile(rb"<!--|<!\[CDATA\[")
_LOOK_BACK = RECORD // 4
_TAG = re.compile(rb"</?(?:[\w.-]+:)?AuditMessage[\s>/]")
QUOTED = "quoted-message: a tag of an audit message stands in a comment or a CDATA section; neither reading of it is believed"
#: Texts between messages that are remembered, and how long they may be.
GAPS, GAP = 100, 1_000
_BETWEEN = re.compile(rb"</(?:[\w.-]+:)?AuditMessage\s*>\s*(?:<\?xml[^>]*\?>\s*)?<(?:[\w.-]+:)?AuditMessage[\s>]")


class AtnaReader:
    """The audit messages of one file."""

    def __init__(self, *, source: str, zone: str) -> None:
        self.source = source
        self._audit = Messages(Zone(zone))
        #: The last declaration, where it names an encoding that is not ours.
        self._declared = b""
        #: What stands between messages, where it is all right, and whether it ends what was declared before.
        self._gaps: dict[bytes, bool] = {}

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line has the number `first`."""
        out: list[Read] = []
        hidden = quoting(data)
        seen = blotted(data, hidden) if hidden else data
        at, place, ends, size = 0, _Place(data, first), _Endings(seen), len(data)
        while True:
            opened = _OPENS.search(seen, at)
            start = opened.start() if opened else size
            gap = data[at:start]
            resets = self._gaps.get(gap)
            if hidden and (told := self._quoted(hidden, data, at, start, place)):
                out.append(told)
                begin = start
            elif resets is None:
                begin = self._gap(out, data, at, start, place)
            else:
                begin, self._declared = start, b"" if resets else self._declared
            if opened is None:
                return out
            at = ends.of(opened.end())
            told = self._quoted(hidden, data, begin, at, place) if hidden else None
            out.append(told or self.message(data[begin:at].rstrip(), place.of(begin)))

    def _quoted(
        self, hidden: list[tuple[int, int]], data: bytes, begin: int, end: int, place: _Place
    ) -> Rejected | None:
        """The piece, kept and not read, where a tag of an audit message is quoted in it; None where none is."""
        if not any(begin <= one < end for one, _ in hidden):
            return None
        return self.rejected(QUOTED, data[begin:end].strip(), place.of(begin))

    def _gap(self, out: list[Read], data: bytes, at: int, start: int, place: _Place) -> int:
        """What stands before a message, or behind the last; where the message begins."""
        gap, opens = data[at:start], start < len(data)
        declared = [one[0] for one in _DECLARED.finditer(gap)]
        if declared:
            self._declared = declared[-1] if _ENCODED.search(declared[-1]) else b""
        if _FRAME.match(gap) is not None:
            if not self._declared and len(gap) < GAP and len(self._gaps) < GAPS:
                self._gaps[gap] = bool(declared)
        elif opens and b"<!" in gap and (b"<!DOCTYPE" in gap or b"<!ENTITY" in gap):
            return at + max(gap.find(b"<!"), 0)  # what the document type says is said of the message behind it
        else:
            kept = gap.strip()
            out.append(self.rejected(_named(kept), kept, place.of(at + gap.find(kept))))
        return start

    def message(self, raw: bytes, position: str) -> Read:
        """One message."""
        if len(raw) > RECORD:
            return self.rejected(f"too-long: a message of {len(raw)} bytes, more than {RECORD}", raw, position)
        try:
            return self._audit.row(self._declared + raw if self._declared else raw, raw, position)
        except (BadXml, BadMessage) as exc:
            return self.rejected(str(exc), raw, position)

    def rejected(self, reason: str, raw: bytes, position: str) -> Rejected:
        """A message that is none, kept."""
        return set_aside(reason, raw, form="atna", source=self.source, position=position)


def quoting(data: bytes) -> list[tuple[int, int]]:
    """The comments and CDATA sections in which a tag of an audit message stands: who may write a name could write one there."""
    found: list[tuple[int, int]] = []
    closes: dict[bytes, int] = {}  # where the next end of a kind of section is
    at = 0
    while (opened := _SECTION.search(data, at)) is not None:
        at, end = opened.end(), _SECTIONS[opened[0]]
        if closes.get(end, -1) < at:
            closes[end] = size if (size := data.find(end, at)) >= 0 else len(data) + RECORD
        if (stop := closes[end]) - at > RECORD:
            continue  # never closed: the message is broken, which its parser says
        if _TAG.search(data, at, stop):
            found.append((opened.start(), stop + len(end)))
        at = stop + len(end)
    return found


def blotted(data: bytes, hidden: list[tuple[int, int]]) -> bytes:
    """The bytes with nothing in those places."""
    seen = bytearray(data)
    for begin, end in hidden:
        seen[begin:end] = b" " * (end - begin)
    return bytes(seen)


class _Place:
    """Lines by their numbers; what begins in a line behind another thing is numbered in it."""

    def __init__(self, data: bytes, first: int) -> None:
        self._data, self._at, self._line, self._number = data, 0, first, 0

    def of(self, at: int) -> str:
        passed = self._data.count(b"\n", self._at, at)
        self._number = 1 if passed else self._number + 1
        self._at, self._line = at, self._line + passed
        return str(self._line) if self._number == 1 else f"{self._line}[{self._number}]"


class _Endings:
    """Where messages end; the next closing tag is looked for once, however many messages open before it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        #: The next closing tag: where it begins and ends; both at the end of the data where there is none.
        self._close = (-1, -1)

    def of(self, at: int) -> int:
        """The end of a message that opened before `at`: behind its closing tag, or where the next one opens."""
        data = self._data
        name = data.find(b"AuditMessage", at)
        if name > 1 and data.startswith(b"AuditMessage>", name) and data.startswith(b"</", name - 2):
            return name + len(b"AuditMessage>")  # the usual: the next that has the name is the closing tag
        if self._close[0] < at:
            closes = _CLOSES.search(data, at)
            self._close = closes.span() if closes else (len(data), len(data))
        opens = _OPENS.search(data, at, self._close[0])
        if opens is None:
            return self._close[1]
        declared = data.rfind(b"<?xml", at, opens.start())
        with_it = declared >= 0 and not data[declared : opens.start()].partition(b"?>")[2].strip()
        return declared if with_it else opens.start()


def _named(kept: bytes) -> str:
    if b"<!DOCTYPE" in kept or b"<!ENTITY" in kept:
        return "document-type: a document type or an entity is declared, which is refused unread"
    return "not-audit: what stands here is no audit message"


# -- the form ----------------------------------------------------------------------------------------------------------


def recognises(name: str, head: bytes) -> bool:
    """Whether audit messages stand in XML: the file begins like XML and one opens, or several follow each other."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"<") and not start[1:2].isdigit():
        return _OPENS.search(head) is not None
    return not start.startswith((b"{", b"[")) and _BETWEEN.search(head) is not None


class _Ends(Lines):
    """Cut behind a closing tag."""

    def count(self, data: bytes, size: int | None = None) -> int:
        return data.count(b"\n", 0, len(data) if size is None else size)

    def last_end(self, data: bytes, before: int) -> int:
        at = before
        while (at := data.rfind(b"AuditMessage>", 0, at)) >= 0:
            tag = data.rfind(b"<", 0, at)
            if not data.startswith(b"</", tag) or at - tag >= 60:
                continue
            within = _within(data, tag)
            if within is None:
                return at + len(b"AuditMessage>")
            at = within
        return 0


def _within(data: bytes, at: int) -> int | None:
    """Where the comment or CDATA section begins in which the place lies."""
    for opens, closes in _SECTIONS.items():
        begin = data.rfind(opens, max(0, at - _LOOK_BACK), at)
        if begin >= 0 and data.find(closes, begin + len(opens), at) < 0:
            return begin
    return None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole messages, some at a time; all of them where a declaration at the begin says how they are encoded."""
    first = next(stream, b"")
    declared = _DECLARED.search(first, 0, 1_000)
    whole = declared is not None and _ENCODED.search(declared[0]) is not None
    return cut(_chain(first, stream), _Ends(b"</AuditMessage>"), size=DOCUMENT if whole else BLOCK)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def reader(source: str, zone: str, mapping: Mapping | None) -> AtnaReader:
    """A reader for one file."""
    return AtnaReader(source=source, zone=zone)
