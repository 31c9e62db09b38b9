# SPDX-License-Identifier: Apache-2.0
"""HL7 version 2 in files: each message is an event that is no access, and says what it was, from whom, and about whom.

What the messages say of care is loaded beside (watch.hospital.messages). A message of which that cannot be used is set aside
here, whole, so that event and context of a message stand or fall together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from wardkeep.watch.event import Kind, Outcome, Rejected
from wardkeep.watch.hl7.files import Piece, divide, first_begin, last_begin, line_ends, looks_like_messages
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.forms import form_named, form_of
from wardkeep.watch.intake.limits import BLOCK, KEEP, LOOK, RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.row import RESERVED, Read, Row, reserved, set_aside, to_json
from wardkeep.watch.intake.rowmaker import NO_ACTION

FORMAT = "hl7"
_NAMES = (".hl7", ".hl7v2", ".er7", ".mllp")
#: Who entered what the message tells of: (segment, field).
_OPERATOR = (("EVN", 5), ("ORC", 10), ("SCH", 20))
#: So many bytes at the end of a part may be the begin of a header that goes on in the next.
_TAIL = 4
_OTHER, _SUCCESS = str(Kind.OTHER), str(Outcome.SUCCESS)


def recognises(name: str, head: bytes) -> bool:
    """By its header, or by its name: what is broken in a file of messages is said as such."""
    return looks_like_messages(head) or name.lower().removesuffix(".gz").endswith(_NAMES)


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole messages; cut where the last one of a block begins."""
    waiting, line, offset = b"", 1, 0
    overlong: Overlong | None = None
    for chunk in stream:
        waiting += chunk
        if overlong is not None:
            at = first_begin(waiting)
            found = at >= 0
            at = at if found else max(0, len(waiting) - _TAIL)
            overlong = Overlong(overlong.line, overlong.head, overlong.size + at)
            if found:
                yield overlong
                overlong = None
        elif len(waiting) < BLOCK:
            continue
        elif at := last_begin(waiting):
            yield Block(waiting, at, line, offset)
        elif len(waiting) > RECORD:
            at = len(waiting) - _TAIL
            overlong = Overlong(line, waiting[:KEEP], at)
        line, offset, waiting = line + line_ends(waiting[:at]), offset + at, waiting[at:]
    if overlong is not None:
        yield Overlong(overlong.line, overlong.head, overlong.size + len(waiting))
    elif waiting:
        yield Block(waiting, len(waiting), line, offset)


def messages_in(path: Path, *, format: str | None = None, mapped: bool = False) -> Iterator[bytes]:
    """The messages of a file; none where another reader takes it. What is no message, the reading of events names."""
    with Source(path) as source:
        if source.unopened:
            return
        chunks = source.chunks()
        head = b""
        while len(head) < LOOK and (chunk := next(chunks, b"")):
            head += chunk
        form = form_named(format) if format is not None else form_of(source.name, head, mapped=mapped)
        if form is None or form.name != FORMAT:
            return
        for block in blocks(chain((head,), chunks), source.name):
            if isinstance(block, Block):
                yield from (p.raw for p in divide(block.data) if p.problem is None and len(p.raw) <= RECORD)


def reader(source: str, zone: str, mapping: Mapping | None) -> Hl7Reader:
    return Hl7Reader(source, zone)


class Hl7Reader:
    """Messages to rows, for one file."""

    def __init__(self, source: str, zone: str) -> None:
        from wardkeep.watch.hl7 import Clock  # noqa: PLC0415

        self._source = source
        self._clock = Clock(zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        return [self.piece(piece) for piece in divide(data, first)]

    def piece(self, piece: Piece) -> Read:
        """The event of one message; a piece that is none as it is."""
        from wardkeep.watch.hl7 import NotRead  # noqa: PLC0415

        if piece.problem is not None:
            return self._rejected(piece, piece.problem)
        if len(piece.raw) > RECORD:
            return self._rejected(piece, f"too-long: a message of {len(piece.raw)} bytes, more than {RECORD}")
        try:
            return self._row(piece)
        except NotRead as problem:
            return self._rejected(piece, str(problem))

    def _rejected(self, piece: Piece, reason: str) -> Rejected:
        return set_aside(reason, piece.raw, form=FORMAT, source=self._source, position=str(piece.line))

    def _row(self, piece: Piece) -> Row:
        from wardkeep.watch.hl7 import NotRead, parse  # noqa: PLC0415
        from wardkeep.watch.hospital.messages import head_of, sayings  # noqa: PLC0415

        message = parse(piece.raw)
        head = head_of(message, self._clock)
        sayings(message, head, self._clock)
        if reserved(head.application or FORMAT):
            raise NotRead(RESERVED)
        extra: dict[str, object] = {
            "content": _content(piece.raw),
            "message_type": head.type,
            "source_system": "/".join(filter(None, (head.application, head.facility))),
            "trigger": head.trigger,
            "version": message.header.text(12),
        }
        if message.guessed:
            extra["charset_guessed"] = message.codec
        if head.test:
            extra["processing"] = message.header.text(11)
        account = next((who for name, field in _OPERATOR if (who := message.first(name).text(field))), None)
        return Row(
            event_id=head.event_id, time=head.recorded, time_quality=head.quality, account=account,
            patients=tuple(dict.fromkeys((*head.patients, *head.retired))), action=NO_ACTION,
            resource="^".join(filter(None, (head.type, head.trigger))), amount=1, purpose=None, breakglass=False,
            outcome=_SUCCESS, system=head.application or FORMAT, workstation=None, ip=None, site=None, session_id=None,
            query=None, duration_ms=None, kind=_OTHER, format=FORMAT, position=str(piece.line),
            raw_sha256=hashlib.sha256(piece.raw).digest(),
            extra=to_json({name: said for name, said in extra.items() if said}),
        )  # fmt: skip


def _content(raw: bytes) -> str:
    """A hash of all that stands behind the header: two messages under one number are told apart by what they say."""
    segments = raw.replace(b"\n", b"\r").split(b"\r")
    return hashlib.sha256(b"\r".join([one for one in segments[1:] if one])).hexdigest()[:32]
