# SPDX-License-Identifier: Apache-2.0
"""FHIR AuditEvent R4 and R5, and the IHE BALP patterns, to events.

One reading, two ways to it. The quick way decodes a record into typed shapes and remembers the parts that repeat by their
bytes; the lenient way takes JSON of any shape. Both end in the same functions, so that they agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake import fhir_terms as terms
from wardkeep.watch.intake import times
from wardkeep.watch.intake.documents import Piece, divide
from wardkeep.watch.intake.fhir_entities import touched
from wardkeep.watch.intake.fhir_parts import ACCESS, OTHER, What, Where, Who, piece, what, where, who
from wardkeep.watch.intake.fhir_shapes import Audit, Entity, Reference, codes, entity, fields, items, reference, text
from wardkeep.watch.intake.limits import KEEP, RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.row import Read, Row
from wardkeep.watch.intake.times import REMEMBERED, BadTime, Moment

T = TypeVar("T")
LINES = Lines()
_audit = msgspec.json.Decoder(Audit)
_any = msgspec.json.Decoder()


class _BadRecord(ValueError):
    """Why a record is no event; never with a value of it."""


class FhirReader:
    """AuditEvents of one file."""

    def __init__(self, *, source: str) -> None:
        self.source = source
        self._what: dict[tuple[bytes, bytes, bytes, bytes, str | None], What] = {}
        self._who: dict[tuple[bytes, bool], Who] = {}
        self._where: dict[bytes, Where] = {}
        self._outcome: dict[bytes, str] = {}

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block of lines whose first has the number `first`."""
        out: list[Read] = []
        for at, line in enumerate(LINES.split(data), first):
            raw = line[:-1] if line.endswith(b"\r") else line
            if not raw or raw.isspace():
                continue
            read = self.record(raw, str(at))
            if isinstance(read, Rejected) and b'"AuditEvent"' in raw and len(raw) <= RECORD:
                out += self._within(read, raw)
            else:
                out.append(read)
        return out

    def document(self, data: bytes) -> Iterator[Read]:
        """Every record of a document that lines do not divide."""
        for part in divide(data):
            yield self._piece(part)

    def _within(self, whole: Rejected, raw: bytes) -> list[Read]:
        """The records in a line that is none by itself: a Bundle, or two records where a line end was lost."""
        if not whole.reason.startswith(("not-json", "not-audit")):
            return [whole]
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
            if b"\\u0000" in raw:
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
        long = len(raw) > RECORD
        return Rejected(
            reason=reason, format="fhir", source=self.source, position=position, raw=raw[:KEEP] if long else raw,
            truncated=long,
        )  # fmt: skip

    def _quick(self, raw: bytes, position: str, fallback_id: str | None) -> Row:
        audit = _audit.decode(raw)
        if audit.resourceType != "AuditEvent":
            raise _BadRecord("not-audit: a FHIR resource that is no AuditEvent")
        key = (bytes(audit.type), bytes(audit.subtype), bytes(audit.category), bytes(audit.code), audit.action)
        done = self._what.get(key)
        if done is None:
            done = what(_part(key[0]), _part(key[1]), _part(key[2]), _part(key[3]), text(audit.action))
            _keep(self._what, key, done)
        agents = (bytes(audit.agent), done.action == "read")
        by = self._who.get(agents)
        if by is None:
            by = who(_part(agents[0]), reads=agents[1])
            _keep(self._who, agents, by)
        source = bytes(audit.source)
        seen = self._where.get(source)
        if seen is None:
            seen = where(_part(source))
            _keep(self._where, source, seen)
        result = bytes(audit.outcome)
        outcome = self._outcome.get(result)
        if outcome is None:
            outcome = _outcome(_part(result))
            _keep(self._outcome, result, outcome)
        purposes = by.purposes
        if audit.purposeOfEvent or audit.authorization:
            purposes = (*codes(_part(audit.purposeOfEvent)), *codes(_part(audit.authorization)), *purposes)
        moment: Moment | None = times.iso(audit.recorded) if audit.recorded else None
        lasted = None
        if audit.period or audit.occurredPeriod or audit.occurredDateTime:
            span = _part(audit.occurredPeriod) or _part(audit.period)
            moment, lasted = _happened(span, audit.occurredDateTime, moment)
        return _row(
            text(audit.id) or fallback_id, moment, lasted, done, by, seen, outcome, purposes, audit.outcomeDesc,
            audit.patient, audit.entity or [], raw, position,
        )  # fmt: skip

    def _lenient(self, raw_event: Any, raw: bytes, position: str, fallback_id: str | None) -> Row:
        if not isinstance(raw_event, dict) or "resourceType" not in raw_event:
            raise _BadRecord("unknown-format: JSON that is no FHIR resource")
        if raw_event["resourceType"] != "AuditEvent":
            raise _BadRecord("not-audit: a FHIR resource that is no AuditEvent")
        get = raw_event.get
        done = what(get("type"), get("subtype"), get("category"), get("code"), text(get("action")))
        by = who(get("agent"), reads=done.action == "read")
        purposes = (*codes(get("purposeOfEvent")), *codes(get("authorization")), *by.purposes)
        recorded = text(get("recorded"))
        moment = times.iso(recorded) if recorded else None
        moment, lasted = _happened(get("occurredPeriod") or get("period"), text(get("occurredDateTime")), moment)
        return _row(
            text(get("id")) or fallback_id, moment, lasted, done, by, where(get("source")), _outcome(get("outcome")),
            purposes, text(get("outcomeDesc")), reference(get("patient")), [entity(e) for e in items(get("entity"))],
            raw, position,
        )  # fmt: skip


def _at(read: Read, line: str) -> Read:
    """The reading, its position within a line."""
    position = read.position if read.position.startswith(line) else f"{line}:{read.position}"
    return replace(read, position=position) if isinstance(read, Rejected) else read._replace(position=position)


def _part(raw: msgspec.Raw | bytes) -> Any:
    return _any.decode(raw) if raw else None


def _keep(known: dict[Any, T], key: Any, value: T) -> None:
    if len(known) >= REMEMBERED:
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


def _happened(period: object, at: str | None, recorded: Moment | None) -> tuple[Moment | None, int | None]:
    """When it happened, where the source says more than when it was recorded, and for how long in milliseconds."""
    span = fields(period)
    begin, end = _maybe(at) or _maybe(text(span.get("start"))), _maybe(text(span.get("end")))
    moment = begin or recorded
    if begin is None or end is None or end[0] < begin[0] or at:
        return moment, None
    return moment, (end[0] - begin[0]) // 1000


def _maybe(written: str | None) -> Moment | None:
    """A moment, or None where the text is only a day or no time at all."""
    if not written:
        return None
    try:
        return times.iso(written)
    except BadTime:
        return None


def _row(
    event_id: str | None, moment: Moment | None, lasted: int | None, done: What, by: Who, seen: Where, outcome: str,
    purposes: tuple[str, ...], outcome_text: str | None, subject: Reference | None, entities: list[Entity], raw: bytes,
    position: str,
) -> Row:  # fmt: skip
    if moment is None:
        raise _BadRecord("bad-time: the record has no time")
    found = touched(entities, subject)
    kind = done.kind or (ACCESS if found.patients or (found.things and done.action != "query") else OTHER)
    said = tuple(dict.fromkeys(purposes)) if purposes else ()
    extra = (
        f"{done.action_code}{by.actors}{by.client}{found.things}"
        f"{piece('outcome_text', outcome_text) if outcome_text else ''}{found.written}"
        f"{piece('purposes', said) if said else ''}{found.request}{by.server}{seen.source_system}{done.subtype}"
    )
    return Row(
        event_id, moment[0], moment[1], by.account, found.patients, done.action, found.resource, 1,
        next((terms.PURPOSES[c] for c in said if c in terms.PURPOSES), None),
        done.override or terms.BREAKGLASS in said, outcome, seen.system or "fhir", by.workstation, by.ip, seen.site,
        None, found.query, lasted, kind, done.release, position, hashlib.sha256(raw).digest(),
        f"{{{extra[1:]}}}" if extra else None,
    )  # fmt: skip
