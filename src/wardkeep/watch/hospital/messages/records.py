# SPDX-License-Identifier: Apache-2.0
"""Records from messages: what a document (MDM) or a result (ORU) said when it was signed, as a digest of its content.

The content is that of the OBX segments: type, what was observed, value, unit, range, flags, state. Only what is signed counts:
a final or corrected result, a document that was authenticated. What is not is kept as a saying alone, so that a signed record
that is told as a draft again is named, in whichever order its messages come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from wardkeep.watch.hl7 import Clock, Message, Segment
from wardkeep.watch.hospital.messages.head import Head
from wardkeep.watch.hospital.messages.said import Object, Said, State, value
from wardkeep.watch.integrity import Problem, Spans, admit_told, doubt_row
from wardkeep.watch.integrity.version import Stage, Version, content_of, digest_of

VERSIONS, DOUBTS = "record_versions", "record_doubts"
#: Messages wait as long as a line is down: a record of a feed that is older than this beside the newest one came in behind.
GRACE_US = 24 * 3600 * 1_000_000
_Keyed = dict[tuple[Any, ...], dict[str, Any]]
_OBX = (2, 3, 4, 5, 6, 7, 8, 11)
#: OBR-25.
_RESULT = {"F": Stage.SIGNED, "C": Stage.CHANGED, "X": Stage.WITHDRAWN, **dict.fromkeys("OISAPR", Stage.UNSIGNED)}
#: OBX-11: results that are not final; and those by which a sender says itself that it corrects, deletes or takes back.
_PRELIMINARY, _CORRECTING = frozenset("PRSI"), frozenset("CDW")
_WITHDRAWN = "T11"
_CHANGED = frozenset(("T05", "T06", "T07", "T08", "T09", "T10"))
#: TXA-17: authenticated, legally authenticated.
_AUTHENTICATED = frozenset(("AU", "LA"))
#: TXA-17: dictated, documented, in progress, incomplete, before authentication. An empty one says nothing.
_UNSIGNED = frozenset(("DI", "DO", "IP", "IN", "PA"))
#: An addendum or a replacement is a draft of its own, whatever number it goes by.
_BESIDE = frozenset(("T05", "T06", "T09", "T10", _WITHDRAWN))
#: Of a record's sayings: its last draft, and before the digest each of its signed versions.
_DRAFT, _VERSION = "draft", "version:"


def versions_of(message: Message, head: Head, clock: Clock, *, drafts: bool = False) -> Iterator[Version]:
    """The signed versions in a message. drafts: those too that nobody has signed, which are never sealed. Raises NotRead."""
    if not head.patients or head.test:
        return
    if head.type == "MDM":
        found = _document(message, head, clock)
    elif head.type == "ORU":
        found = _results(message, head, clock)
    else:
        return
    yield from (v for v in found if drafts or v.stage is not Stage.UNSIGNED)


def records(message: Message, head: Head, clock: Clock) -> Iterator[Said]:
    """The same as sayings: each version of a record is kept, with the last time at which it was the one; of drafts the last."""
    for v in versions_of(message, head, clock, drafts=True):
        kept = [v.kind, v.patient, str(v.stage), v.time_us, v.by, head.event_id or ""]
        its = f"record|{v.system}|{v.record}"
        if v.stage is Stage.UNSIGNED:
            yield Said(its, _DRAFT, [*kept, v.digest])
        else:
            yield Said(its, _VERSION + v.digest, kept)


def drafts_of(states: Mapping[Object, State]) -> _Keyed:
    """The records whose newest message says that nobody has signed them, as rows."""
    found: _Keyed = {}
    for name, state in states.items():
        signed = [state[said][1] for said in state if said.startswith(_VERSION)]
        if name.startswith("record|") and _DRAFT in state and all(state[_DRAFT][1] > stamp for stamp in signed):
            _, system, record = name.split("|", 2)
            kind, patient, stage, time, by, src, digest = value(state, _DRAFT)
            found[system, record, digest] = {
                "system": system, "record": record, "digest": digest, "kind": kind, "patient_id": patient,
                "stage": stage, "time_us": time, "by": by, "src": src,
            }  # fmt: skip
    return found


def admitted(
    told: Mapping[tuple[Any, ...], dict[str, Any]], drafts: Mapping[tuple[Any, ...], dict[str, Any]], known: pa.Table
) -> tuple[_Keyed, _Keyed]:
    """Of versions that messages told what does not contradict what is sealed, and what is sealed of the others; and what a
    person should look at."""
    records = pa.array(sorted({row["record"] for row in (*told.values(), *drafts.values())}), pa.string())
    there = known.filter(pc.is_in(known["record"], value_set=records)).to_pylist()
    heard = {(row["system"], row["record"]) for row in told.values()}
    # What a file sealed has no message that could say which came later: its time does.
    since = {(row["system"], row["record"]): row["time_us"] for row in sorted(there, key=lambda row: row["time_us"])}
    again = [
        _of_row(row)
        for (*its, _), row in drafts.items()
        if tuple(its) in heard or row["time_us"] > since.get(tuple(its), 0)
    ]
    done = admit_told(
        map(_of_row, there), map(_of_row, told.values()), drafts=again, sealing=spans_of(known), grace_us=GRACE_US
    )
    rows = {(row["system"], row["record"], row["digest"]): row for row in there}
    rows = {key: rows[key] for key in told if key in rows}
    rows |= {key: told[key] for v in done.versions if (key := (v.system, v.record, v.digest)) in told}
    doubts = {}
    for one in (*done.differences, *done.doubtful):
        of = drafts if one.problem is Problem.UNSIGNED else told
        src = of[one.system, one.record, one.digest]["src"]
        doubts[one.system, one.record, str(one.problem), one.digest] = doubt_row(one, src)
    return rows, doubts


def spans_of(known: pa.Table) -> Spans:
    """From when to when the records of each kind were sealed."""
    found = known.group_by(["system", "kind"]).aggregate([("time_us", "min"), ("time_us", "max")]).to_pylist()
    return {(row["system"], row["kind"]): (row["time_us_min"], row["time_us_max"]) for row in found}


def _of_row(row: Mapping[str, Any]) -> Version:
    return Version(
        system=row["system"], record=row["record"], kind=row["kind"] or "record", patient=row["patient_id"],
        stage=Stage(row["stage"]), time_us=row["time_us"], by=row["by"], digest=row["digest"],
    )  # fmt: skip


def _document(message: Message, head: Head, clock: Clock) -> Iterator[Version]:
    txa = message.first("TXA")
    number = txa.text(12) or txa.text(12, 3)
    signed = txa.text(17) in _AUTHENTICATED or bool(txa.text(22))
    draft = not signed and txa.text(17) in _UNSIGNED and head.trigger not in _BESIDE
    if not number or not (signed or draft or head.trigger == _WITHDRAWN):
        return
    stage = Stage.SIGNED
    if draft:
        stage = Stage.UNSIGNED
    elif head.trigger in _CHANGED:
        stage = Stage.CHANGED
    elif head.trigger == _WITHDRAWN:
        stage = Stage.WITHDRAWN
    segments = message.all("OBX")
    if not segments and stage not in (Stage.WITHDRAWN, Stage.UNSIGNED):  # T01, T03: told of, and not shown
        return
    by = txa.text(22) or txa.text(10) or txa.text(9) or txa.text(5)
    yield _version(head, f"document/{number}", "document", segments, stage, head.recorded, by)


def _results(message: Message, head: Head, clock: Clock) -> Iterator[Version]:
    for group in message.groups("OBR"):
        obr = group[0]
        number = obr.text(3) or obr.text(2)
        segments = [s for s in group if s.name == "OBX"]
        stage = _stage(obr.text(25), {s.text(11) for s in segments})
        if number and stage is not None:
            time = clock.at(obr.said(22), "OBR-22") or head.recorded
            name = "/".join(filter(None, ("result", number, obr.text(4))))
            yield _version(head, name, "report", segments, stage, time, obr.text(32))


def _stage(said: str, observed: set[str]) -> Stage | None:
    """Where a result stands by OBR-25, of a draft by what OBX-11 says too; None: it does not say."""
    stage = _RESULT.get(said)
    if not said and observed & _PRELIMINARY:
        stage = Stage.UNSIGNED
    return None if stage is Stage.UNSIGNED and observed & _CORRECTING else stage


def _version(head: Head, record: str, kind: str, segments: list[Segment], stage: Stage, time: int, by: str) -> Version:
    system = head.application or "hl7"
    content = content_of([[segment.field(n) for n in _OBX] for segment in segments])
    return Version(
        system=system, record=record, kind=kind, patient=head.patients[0], stage=stage, time_us=time, by=by or None,
        digest=digest_of(system, record, content),
    )  # fmt: skip
