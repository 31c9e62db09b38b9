# SPDX-License-Identifier: Apache-2.0
"""From an open source to the blocks it falls into and the reader that takes them.

A plan is small and can be written down, so that another process makes the same reader of it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.cells import Dialect
from wardkeep.watch.intake.cutting import Block, Overlong, Quotes, cut
from wardkeep.watch.intake.delimited import DelimitedReader
from wardkeep.watch.intake.errors import UnknownFormat
from wardkeep.watch.intake.fhir import FhirReader
from wardkeep.watch.intake.form import Form, Reader
from wardkeep.watch.intake.forms import FORMS, form_named, form_of
from wardkeep.watch.intake.limits import DOCUMENT, KEEP, LOOK, RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.mapping import HOSPITAL, Mapping, resolved
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.recognise import is_hospital, is_lines, looks_like_json, stranger

#: Names for --format.
FORMATS = ("hospital", "fhir", "delimited", *(form.name for form in FORMS))
_MARKS = {"utf-8": codecs.BOM_UTF8, "gb18030": b"\x84\x31\x95\x33"}
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to read; `mapping` only for what has columns, what follows it for delimited text alone."""

    source: str
    #: A form of its own; None: FHIR, or delimited text where there is a mapping.
    form: str | None = None
    zone: str = ""
    mapping: Mapping | None = None
    names: list[str] | None = None
    width: int = 0
    codec: str = "utf-8"
    head: bytes = b""

    @property
    def said(self) -> str:
        """What a piece that is rejected by this plan is said to be."""
        if self.form is not None:
            return self.form
        if self.mapping is None:
            return "fhir"
        return "hospital" if self.mapping.name == "hospital" else f"delimited:{self.mapping.name}"

    def reader(self) -> Reader:
        """A reader of its own. Raises ValueError where the header does not fit the mapping."""
        if self.form is not None and (form := form_named(self.form)) is not None:
            return form.load().reader(self.source, self.zone, self.mapping)
        if self.mapping is None:
            return FhirReader(source=self.source)
        return DelimitedReader(
            self.mapping, self.names, self.width, codec=self.codec, head=self.head, source=self.source
        )


@dataclass(frozen=True, slots=True)
class Readable:
    """A plan, and the blocks to read by it; `document` where one reader has to take them all."""

    plan: Plan
    blocks: Iterator[Block | Overlong]
    document: bool = False


def plan(source: Source, *, zone: str, form: str | None, mapping: Mapping | None) -> Readable | Rejected:
    """How to read the source; a piece that holds the whole of it where no reader takes it. Raises UnknownFormat."""
    if form is not None and form not in FORMATS:
        raise UnknownFormat(f"format {form!r} is unknown", hint=f"give one of {', '.join(FORMATS)}")
    if form == "delimited" and mapping is None:
        raise UnknownFormat(
            "format delimited needs a mapping", hint="give --mapping FILE, or the name of a shipped one"
        )
    chunks = source.chunks()
    head = _look(chunks)
    stream = _chain(head, chunks)
    if not head:
        return _whole(source, "empty: the file holds no byte", form or "unknown", b"", stream)
    own = form_named(form) if form is not None else form_of(source.name, head, mapped=mapping is not None)
    if own is not None:
        return _own(source, own, stream, zone, mapping)
    if form is None and mapping is not None:
        form = "delimited"
    if form is None:
        known = stranger(head)
        if known:
            return _whole(source, f"unknown-format: {known}", "unknown", head, stream)
        if looks_like_json(head):
            form = "fhir"
        elif is_hospital(source.name, head):
            form = "hospital"
        else:
            why = "text without a mapping: give --mapping FILE" if _is_text(head) else "no format that a reader takes"
            return _whole(source, f"unknown-format: {why}", "unknown", head, stream)
    if form == "fhir":
        return _fhir(source, head, stream)
    used = HOSPITAL if form == "hospital" or mapping is None else resolved(mapping, zone)
    return _delimited(source, used, head, stream)


def _look(chunks: Iterator[bytes]) -> bytes:
    found = b""
    for chunk in chunks:
        found += chunk
        if len(found) >= LOOK:
            break
    return found


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _is_text(head: bytes) -> bool:
    sample = head[:4096]
    return sample.count(0) == 0 or sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _whole(source: Source, reason: str, form: str, head: bytes, stream: Iterable[bytes]) -> Rejected:
    """The whole source as one piece."""
    kept = b""
    for chunk in stream:
        kept += chunk
        if len(kept) > RECORD:
            break
    long = len(kept) > RECORD
    return Rejected(
        reason=reason, format=form, source=source.name, position="1", raw=kept[:KEEP] if long else kept, truncated=long
    )


def _own(source: Source, form: Form, stream: Iterator[bytes], zone: str, mapping: Mapping | None) -> Readable:
    used = resolved(mapping, zone) if form.mapped and mapping is not None else None
    found = Plan(source=source.name, form=form.name, zone=zone, mapping=used)
    return Readable(found, form.load().blocks(stream, source.name), document=form.alone)


def _fhir(source: Source, head: bytes, stream: Iterator[bytes]) -> Readable | Rejected:
    mark = codecs.BOM_UTF8 if head.startswith(codecs.BOM_UTF8) else b""
    stream = _without(stream, len(mark))
    found = Plan(source=source.name)
    if is_lines(source.name, head):
        return Readable(found, cut(stream, Lines(), offset=len(mark)))
    data = b""
    for chunk in stream:
        data += chunk
        if len(data) > DOCUMENT:
            reason = f"too-long: one JSON value of more than {DOCUMENT} bytes; export it as lines (NDJSON)"
            return Rejected(
                reason=reason, format="fhir", source=source.name, position="1", raw=data[:KEEP], truncated=True
            )
    return Readable(found, iter((Block(data, len(data), 1, 0),)), document=True)


def _without(stream: Iterator[bytes], count: int) -> Iterator[bytes]:
    """The stream without its first `count` bytes."""
    for chunk in stream:
        if count < len(chunk):
            yield chunk[count:]
        count = max(0, count - len(chunk))


def _delimited(source: Source, mapping: Mapping, head: bytes, stream: Iterator[bytes]) -> Readable | Rejected:
    form = "hospital" if mapping.name == "hospital" else f"delimited:{mapping.name}"
    codec, mark = _codec(mapping.codec, head)
    lines = Lines.of(codec)
    at, first = len(mark), 1
    for _ in range(mapping.skip_lines):
        end = head.find(lines.end, at)
        at, first = (end + len(lines.end), first + 1) if end >= 0 else (len(head), first + 1)
    end = head.find(lines.end, at)
    line = lines.bare(head[at : end if end >= 0 else len(head)])
    dialect = Dialect(codec, mapping.separator, mapping.quote, 0)
    try:
        cells = dialect.cells(line.decode(codec))
    except UnicodeDecodeError as exc:
        if mapping.header:
            return _whole(source, f"bad-header: byte {exc.start + 1} of its line is not {codec}", form, head, stream)
        cells = None
    names: list[str] | None = None
    if mapping.header:
        if cells is None:
            return _whole(source, "bad-header: a quote in it does not come out", form, head, stream)
        names = cells
        at, first = (end + len(lines.end), first + 1) if end >= 0 else (len(head), first + 1)
    width = len(cells) if cells is not None else max(_numbers(mapping), default=1)
    width = max(width, 1)
    found = Plan(source=source.name, mapping=mapping, names=names, width=width, codec=codec, head=head[:at])
    try:
        reader = found.reader()
    except ValueError as exc:
        return _whole(source, f"bad-header: {exc}", form, head, stream)
    assert isinstance(reader, DelimitedReader)  # noqa: S101 - narrows the type
    quotes = Quotes(mapping.quote.encode(codec), reader.dialect.whole) if mapping.quote else None
    return Readable(found, cut(_without(stream, at), lines, quotes, line=first, offset=at))


def _numbers(mapping: Mapping) -> list[int]:
    return [p for target in mapping.columns for p in mapping.places(target) if isinstance(p, int)]


def _codec(named: str, head: bytes) -> tuple[str, bytes]:
    """The codec of the lines, and the byte order mark to leave out; a mark of UTF-16 is believed before the mapping."""
    for mark, wide in _WIDE:
        if head.startswith(mark):
            return wide, mark
    if named in ("utf-16", "utf-16-le", "utf-16-be"):
        return ("utf-16-le" if named == "utf-16" else named), b""
    codec = "utf-8" if named == "utf-8-sig" else named
    mark = _MARKS.get(codec, b"")
    return codec, mark if mark and head.startswith(mark) else b""
