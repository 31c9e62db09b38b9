# SPDX-License-Identifier: Apache-2.0
"""FHIR AuditEvent R4 and R5, and the IHE BALP patterns, to events.

One reading, two ways to it. The quick way decodes a record into typed shapes and remembers the parts that repeat by their
bytes; the lenient way takes JSON of any shape. Both end in the same functions, so that they agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import msgspec

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake import fhir_terms as terms
from wardkeep.watch.intake import times
from wardkeep.watch.intake.documents import Piece, divide
from wardkeep.watch.intake.fhir_entities import Thing, Touched, touched
from wardkeep.watch.intake.fhir_parts import ACCESS, OTHER, Who, what, where, who
from wardkeep.watch.intake.fhir_shapes import (
    NOTHING,
    Audit,
    Period,
    codes,
    entity,
    fields,
    items,
    period,
    reference,
    text,
)
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.row import RESERVED, Read, Row, reserved, set_aside
from wardkeep.watch.intake.times import BadTime, Moment

T = TypeVar("T")
_audit = msgspec.json.Decoder(Audit)
_any = msgspec.json.Decoder()
#: Repeating parts that are remembered, of each kind.
KNOWN = 20_000


class _BadRecord(ValueError):
    """Why a record is no event; never with a value of it."""


class FhirReader:
    """AuditEvents of one file."""

    def __init__(self, *, source: str) -> None:
        self.source = source
        self._frames: dict[tuple[bytes | str | None, ...], _Frame] = {}
        self._who: dict[tuple[bytes, bool], Who] = {}

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block of lines whose first has the number `first`."""
        out: list[Read] = []
        begin, at, size = 0, first, len(data)
        while begin < size:  # one line at a time: all at once would drive the rest out of the processor's cache
            end = data.find(b"\n", begin)
            raw = data[begin : end if end >= 0 else size]
            if raw.endswith(b"\r"):
                raw = raw[:-1]
            if raw and not raw.isspace():
                read = self.record(raw, str(at))
                if isinstance(read, Rejected) and b'"AuditEvent"' in raw and len(raw) <= RECORD:
                    out += self._within(read, raw)
                else:
                    out.append(read)
            begin, at = end + 1 if end >= 0 else size, at + 1
        return out

    def document(self, data: bytes) -> Iterator[Read]:
        """Every record of a document that lines do not divide."""
        for part in divide(data):
            yield self._piece(part)

    def _within(self, whole: Rejected, raw: bytes) -> list[Read]:
        """The records in a line that is none by itself: a Bundle, or two records where a line end was lost."""
        found = [self._piece(part) for part in divide(raw, whole.position)]
        if len(found) < 2 and not any(isinstance(one, Row) for one in found):
            return [whole]
        return [_at(one, whole.position) for one in found]

    def _piece(self, piece: Piece) -> Read:
        if piece.problem is not None:
            return self.rejected(piece.problem, piece.raw, piece.position)
        return self.record(piece.raw, piece.position, fallback_id=piece.full_url)

    def record(self, raw: bytes, position: str, *, fallback_id: str | None = None) -> Read:
        """One record, whole."""
        if len(raw) > RECORD:
            return self.rejected(f"too-long: a record of {len(raw)} bytes, more than {RECORD}", raw, position)
        try:
            if b"\\" in raw and b"\\u0000" in raw:
                raise _BadRecord("nul-byte: a text of the record holds a zero byte")
            raw.isascii() or raw.decode()
            try:
                return self._quick(raw, position, fallback_id)
            except msgspec.ValidationError:
                return self._lenient(_any.decode(raw), raw, position, fallback_id)
        except _BadRecord as exc:
            reason = str(exc)
        except BadTime as exc:
            reason = f"bad-time: {exc}"
        except msgspec.ValidationError:
            reason = "not-json: a number that is out of range"
        except msgspec.DecodeError:
            reason = "not-json: the record is no complete JSON value"
        except UnicodeDecodeError as exc:
            reason = f"bad-encoding: byte {exc.start + 1} of the record is not UTF-8"
        except RecursionError:
            reason = "too-deep: the record is nested too deeply"
        return self.rejected(reason, raw, position)

    def rejected(self, reason: str, raw: bytes, position: str) -> Rejected:
        """A record that is none, kept."""
        return set_aside(reason, raw, form="fhir", source=self.source, position=position)

    def _quick(self, raw: bytes, position: str, fallback_id: str | None) -> Row:
        audit = _audit.decode(raw)
        if audit.resourceType != "AuditEvent":
            raise _BadRecord("not-audit: a FHIR resource that is no AuditEvent")
        key: tuple[bytes | str | None, ...] = (
            bytes(audit.type), bytes(audit.subtype), bytes(audit.outcome), bytes(audit.source), audit.action,
        )  # fmt: skip
        if audit.category is not NOTHING or audit.code is not NOTHING:
            key = (*key, bytes(audit.category), bytes(audit.code))
        frame = self._frames.get(key)
        if frame is None:
            frame = _frame(
                _part(audit.type), _part(audit.subtype), _part(audit.category), _part(audit.code), _part(audit.outcome),
                _part(audit.source), text(audit.action),
            )  # fmt: skip
            _keep(self._frames, key, frame)
        agents = (bytes(audit.agent), frame.action == "read")
        by = self._who.get(agents)
        if by is None:
            by = who(_part(agents[0]), reads=agents[1])
            _keep(self._who, agents, by)
        purposes = by.purposes
        if audit.purposeOfEvent is not NOTHING or audit.authorization is not NOTHING:
            purposes = (*codes(_part(audit.purposeOfEvent)), *codes(_part(audit.authorization)), *purposes)
        span = audit.occurredPeriod or audit.period
        return _row(
            audit.id or fallback_id, _when(audit.recorded, span, audit.occurredDateTime), frame, by, purposes,
            audit.outcomeDesc, touched(audit.entity or [], audit.patient), raw, position,
        )  # fmt: skip

    def _lenient(self, event: Any, raw: bytes, position: str, fallback_id: str | None) -> Row:
        if not isinstance(event, dict) or "resourceType" not in event:
            raise _BadRecord("unknown-format: JSON that is no FHIR resource")
        if event["resourceType"] != "AuditEvent":
            raise _BadRecord("not-audit: a FHIR resource that is no AuditEvent")
        get = event.get
        frame = _frame(
            get("type"), get("subtype"), get("category"), get("code"), get("outcome"), get("source"),
            text(get("action")),
        )  # fmt: skip
        by = who(get("agent"), reads=frame.action == "read")
        purposes = (*codes(get("purposeOfEvent")), *codes(get("authorization")), *by.purposes)
        span = period(get("occurredPeriod")) or period(get("period"))
        return _row(
            text(get("id")) or fallback_id, _when(text(get("recorded")), span, text(get("occurredDateTime"))), frame, by,
            purposes, text(get("outcomeDesc")),
            touched([entity(e) for e in items(get("entity"))], reference(get("patient"))), raw, position,
        )  # fmt: skip


class _Frame(NamedTuple):
    """What repeats from record to record beside the agents, in the order in which a row needs it."""

    action: str
    kind: str
    override: bool
    outcome: str
    system: str
    site: str | None
    release: str
    #: Pieces of `extra`: the brace and the first of them, and the last.
    head: str
    tail: str


class _Moving(msgspec.Struct, gc=False, omit_defaults=True):
    """What is new in each record, in the order of `extra`."""

    objects: list[Thing] | None = None
    outcome_text: str | None = None
    patients: list[str] | None = None
    purposes: list[str] | None = None
    recorded: str | None = None
    request_id: str | None = None


#: Time, its quality, how long it lasted in milliseconds, and when it was recorded where that is another time.
_Times = tuple[int, str, int | None, str | None]
_moving = msgspec.json.Encoder().encode
_new, _sha256 = tuple.__new__, hashlib.sha256


def _frame(
    kind: object, subtype: object, category: object, code: object, outcome: object, source: object, letter: str | None
) -> _Frame:
    done, seen = what(kind, subtype, category, code, letter), where(source)
    if reserved(seen.system or "fhir"):
        raise _BadRecord(RESERVED)
    return _Frame(
        done.action, done.kind, done.override, _outcome(outcome), seen.system or "fhir", seen.site, done.release,
        "{" + done.action_code, seen.source_system + done.subtype,
    )  # fmt: skip


def _at(read: Read, line: str) -> Read:
    """The reading, its position within a line."""
    position = read.position if read.position.startswith(line) else f"{line}:{read.position}"
    return replace(read, position=position) if isinstance(read, Rejected) else read._replace(position=position)


def _part(raw: msgspec.Raw | bytes) -> Any:
    return _any.decode(raw) if raw else None


def _keep(known: dict[Any, T], key: Any, value: T) -> None:
    if len(known) >= KNOWN:
        known.clear()
    known[key] = value


def _outcome(value: object) -> str:
    """R4 has a code, R5 an object with one; none is a success."""
    found = codes(fields(value).get("code")) if isinstance(value, dict) else codes(value)
    if not found and isinstance(value, dict):
        found = codes(value)
    for code in found:
        if code in terms.OUTCOMES:
            return terms.OUTCOMES[code]
    if found or isinstance(value, int | float):
        raise _BadRecord("unmapped-outcome: a code that audit-event-outcome does not have")
    return "success"


def _when(recorded: str | None, span: Period | None, at: str | None) -> _Times:
    """When it happened, where the source says more than when it was recorded, and for how long."""
    moment = times.iso(recorded) if recorded else None
    if not at and moment is not None:
        if span is None:
            return moment[0], moment[1], None, None
        if span.start == recorded:  # what most systems write
            end = _maybe(span.end)
            lasted = None if end is None or end[0] < moment[0] else (end[0] - moment[0]) // 1000
            return moment[0], moment[1], lasted, None
    start, end = (span.start, _maybe(span.end)) if span is not None else (None, None)
    begin = _maybe(at) or (moment if start == recorded else _maybe(start))
    found = begin or moment
    if found is None:
        raise _BadRecord("bad-time: the record has no time")
    lasted = None if begin is None or end is None or at or end[0] < begin[0] else (end[0] - begin[0]) // 1000
    return found[0], found[1], lasted, recorded if moment is not None and found[0] != moment[0] else None


def _maybe(written: str | None) -> Moment | None:
    """A moment, or None where the text is only a day or no time at all."""
    if not written:
        return None
    try:
        return times.iso(written)
    except BadTime:
        return None


def _row(
    event_id: str | None, when: _Times, frame: _Frame, by: Who, purposes: tuple[str, ...], outcome_text: str | None,
    found: Touched, raw: bytes, position: str,
) -> Row:  # fmt: skip
    action, kind, override, outcome, system, site, release, first, tail = frame
    account, workstation, ip, _, head, server = by
    patients, written, resource, query, things, request = found
    time, quality, lasted, recorded = when
    purpose = said = None
    if purposes:
        said = list(dict.fromkeys(purposes))
        purpose = next((terms.PURPOSES[code] for code in said if code in terms.PURPOSES), None)
        override = override or terms.BREAKGLASS in said
    moving = _moving(_Moving(things or None, outcome_text or None, written, said, recorded, request))
    new = f"{moving[1:-1].decode()}," if len(moving) > 2 else ""
    extra = f"{first}{head}{new}{server}{tail}"
    return _new(Row, (
        event_id, time, quality, account, patients, action, resource, 1, purpose, override, outcome, system,
        workstation, ip, site, None, query, lasted,
        kind or (ACCESS if patients or (things and action != "query") else OTHER), release, position,
        _sha256(raw).digest(), f"{extra[:-1]}}}" if len(extra) > 1 else None,
    ))  # fmt: skip
