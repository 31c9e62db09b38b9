# SPDX-License-Identifier: Apache-2.0
"""From what a raw spool holds to what the store takes: each message read by the reader of its format, each gap told."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from wardkeep.jobs.listen.rawspool import GAP as UNKNOWN
from wardkeep.jobs.listen.rawspool import Group, Heard
from wardkeep.keys.growing import Damage
from wardkeep.listeners import Listener
from wardkeep.watch.event import Kind, Outcome, Rejected, TimeQuality
from wardkeep.watch.intake.batch import Batch, columns_of
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.fhir import FhirReader
from wardkeep.watch.intake.form import Reader
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.planning import Readable, plan
from wardkeep.watch.intake.reading import nothing, overlong
from wardkeep.watch.intake.row import Read, Row, to_json
from wardkeep.watch.intake.rowmaker import NO_ACTION
from wardkeep.watch.intake.syslog.header import BadHeader, header
from wardkeep.watch.intake.syslog.reader import SyslogReader

#: What a gap in the listening is, as a resource.
GAP, BEGAN = "wardkeep:gap", "wardkeep:listening-began"
FORMAT = "live"
#: What is sent by a protocol where the settings name no format.
FORMATS = {"http": "fhir", "https": "fhir", "mllp": "hl7"}
HL7 = "hl7"
#: The number of a message, its bytes, and what was read of it.
Message = tuple[int, bytes, list[Read]]


@dataclass(slots=True)
class Taken:
    """What one file of a spool held."""

    messages: int = 0
    set_aside: int = 0
    size: int = 0
    #: When its first and its last message were heard.
    first_us: int | None = None
    last_us: int | None = None
    #: The number that follows on its last message.
    next: int | None = None
    #: Of each source its batch.
    batches: list[Batch] = field(default_factory=list)
    #: Messages of HL7 as they came: what they say of care goes into the hospital's tables.
    hl7: list[bytes] = field(default_factory=list)
    #: Messages of HL7 that were read well: what they tell of care is loaded with their batches.
    care: list[bytes] = field(default_factory=list)


class Taker:
    """Reads the messages of one listener. It remembers what repeats, so one is kept for all its files."""

    def __init__(self, name: str, wants: Listener | None, *, zone: str, mapping: Mapping | None = None) -> None:
        """`wants`: None for a listener that the settings no longer name; each message is looked at then."""
        self._name, self._zone, self._mapping = name, zone, mapping
        self._system = wants.system if wants is not None else ""
        protocol, form = (wants.protocol, wants.format) if wants is not None else ("", "")
        self._form = form or FORMATS.get(protocol.partition("-")[0])
        self._readers: dict[tuple[str, str], Reader] = {}
        #: Whether each message is one of syslog, which may hold an audit message.
        self._is_syslog = protocol.startswith("syslog") and form in ("", "syslog", "atna")
        self._syslog: dict[str, SyslogReader] = {}
        #: Whether messages of another form come by syslog, each behind a header that is none of its own.
        self._has_header = protocol.startswith("syslog") and not self._is_syslog
        #: Whether what its messages say of care is to be loaded.
        self.is_hl7 = self._form == "hl7"

    def take(self, parts: Iterable[Group | Damage], *, follows: int | None = None) -> Taken:
        """Everything that one file holds. `follows`: the number of its first message where nothing is missing."""
        taken = Taken(next=follows)
        found: dict[str, list[Message]] = {}
        number = 0
        self._syslog.clear()  # times without a year are those soon before a message was heard
        for part in parts:
            if isinstance(part, Damage):
                damaged: list[Read] = [self._damaged(part, number)]
                taken.set_aside += 1
                found.setdefault(self._name, []).append((number, b"", damaged))
                continue
            if taken.next is not None and taken.next < part.first < taken.next + UNKNOWN:
                found.setdefault(self._name, []).append((taken.next, b"", [self._missing(taken.next, part)]))
            taken.next = max(taken.next or 0, part.first + len(part.heard))
            for number, one in enumerate(part.heard, part.first):
                source = f"{self._name}/{one.peer}"
                reads = self._reads(one, number, source)
                found.setdefault(source, []).append((number, one.body, reads))
                if any(isinstance(read, Row) and read.format == HL7 for read in reads):
                    taken.care.append(one.body)
                taken.messages += one.kind == "message"
                if self.is_hl7 and one.kind == "message":
                    taken.hl7.append(one.body)
                taken.size += len(one.body)
                taken.set_aside += sum(isinstance(read, Rejected) for read in reads)
                taken.first_us = taken.first_us if taken.first_us is not None else one.at_us
                taken.last_us = one.at_us
        for source, messages in found.items():
            taken.batches += _batches(messages, source, self._said)
        return taken

    def rows(self, group: Group) -> Iterator[tuple[int, list[Row]]]:
        """Of each message of a group when it was heard, and its events; what is none is for `take` to account for."""
        self._syslog.clear()
        for number, one in enumerate(group.heard, group.first):
            reads = self._reads(one, number, f"{self._name}/{one.peer}")
            yield one.at_us, [read for read in reads if isinstance(read, Row)]

    @property
    def _said(self) -> str:
        return self._form or "unknown"

    def _reads(self, one: Heard, number: int, source: str) -> list[Read]:
        if one.kind == "gap":
            return [self._gap(one, number)]
        if one.kind == "broken":
            return [
                Rejected(
                    reason=one.problem, format=self._said, source=source, position=str(number), raw=one.body,
                    truncated=one.size > len(one.body),
                )
            ]  # fmt: skip
        try:
            reads = list(self._message(one, source))
        except Exception as error:
            # Fails closed, said aloud: what a reader stumbles over is set aside whole, and costs no other message.
            reason = f"reader-failed: {type(error).__name__}"
            return [Rejected(reason=reason, format=self._said, source=source, position=str(number), raw=one.body)]
        return [self._placed(read, number, source, alone=len(reads) == 1) for read in reads]

    def _message(self, one: Heard, source: str) -> Iterator[Read]:
        """What the reader of its format makes of a message; at least one."""
        if self._is_syslog:
            if source not in self._syslog:
                self._syslog[source] = SyslogReader(source=source, zone=self._zone, near=one.at_us)
            yield self._syslog[source].message(one.body, "1")
            return
        body = _behind_header(one.body) if self._has_header else one.body
        with Source.of_bytes(body, self._name) as opened:
            readable = plan(opened, zone=self._zone, form=self._form, mapping=self._mapping)
            if not isinstance(readable, Readable):
                yield readable
                return
            reader = self._reader(readable, source)
            found = 0
            for block in readable.blocks:
                for read in _block(reader, block, readable):
                    found += 1
                    yield read
            if not found:
                yield nothing(readable.plan)

    def _reader(self, readable: Readable, source: str) -> Reader:
        form = readable.plan.form or ("fhir" if readable.plan.mapping is None else None)
        if form is None:
            return readable.plan.reader()  # its columns may be other ones in each message
        if (form, source) not in self._readers:
            if len(self._readers) > 1000:
                self._readers.clear()
            self._readers[form, source] = readable.plan.reader()
        return self._readers[form, source]

    def _placed(self, read: Read, number: int, source: str, *, alone: bool) -> Read:
        position = str(number) if alone else f"{number}:{read.position}"
        if isinstance(read, Rejected):
            return replace(read, source=source, position=position)
        return read._replace(position=position, system=self._system or read.system)

    def _gap(self, one: Heard, number: int) -> Row:
        """What was not heard is an event too: of no account and no patient, kept, sealed, and to be seen."""
        what = one.problem.partition(":")[0]
        extra = {"description": one.problem, "listener": self._name, "lost": one.size or None}
        said = f"{self._name} {number} {one.at_us} {one.problem} {one.size}"
        return Row(
            event_id=f"{self._name}-{number}-{one.at_us}", time=one.at_us, time_quality=TimeQuality.OFFSET, account=None,
            patients=(), action=NO_ACTION, resource=BEGAN if what == "began" else GAP, amount=one.size or 1,
            purpose=None, breakglass=False, outcome=Outcome.SUCCESS if what == "began" else Outcome.FAILURE,
            system=self._system or self._name, workstation=None, ip=None, site=None, session_id=None, query=None,
            duration_ms=None, kind=Kind.OTHER, format=FORMAT, position=str(number),
            raw_sha256=hashlib.sha256(said.encode()).digest(),
            extra=to_json({key: value for key, value in extra.items() if value is not None}),
        )  # fmt: skip

    def _missing(self, first: int, part: Group) -> Row:
        """Messages that had been acknowledged, and that are in the spool no more."""
        lost = part.first - first
        said = f"spool-missing: {lost} messages from number {first} on are gone from the raw spool"
        return self._gap(Heard(part.heard[0].at_us, "gap", "wardkeep", problem=said, size=lost), first)

    def _damaged(self, part: Damage, number: int) -> Rejected:
        return Rejected(
            reason=f"spool-damaged: {part.size} bytes of the raw spool do not hold, behind message {number}",
            format=FORMAT, source=self._name, position=f"{number}+{part.at}", raw=b"", truncated=True,
        )  # fmt: skip


def _behind_header(raw: bytes) -> bytes:
    """What a message of syslog says, without its header; all of it where it has none."""
    try:
        return raw[header(raw).at :].removeprefix(codecs.BOM_UTF8).strip(b"\r\n\0 ")
    except BadHeader:
        return raw


def _block(reader: Reader, block: Block | Overlong, readable: Readable) -> Iterable[Read]:
    if isinstance(block, Overlong):
        return [overlong(block, readable.plan)]
    if readable.document and isinstance(reader, FhirReader):
        return reader.document(block.data)
    return reader.parse(block.data, block.line)


def _batches(messages: list[Message], source: str, said: str) -> Iterator[Batch]:
    """All of a source in one batch; where its values fit no column, message by message, so that one costs no other."""
    reads = [read for _, _, found in messages for read in found]
    try:
        yield _batch(reads, source)
        return
    except Exception as error:  # which errors there are is pyarrow's to say
        if len(messages) == 1:
            number, body, _ = messages[0]
            reason = f"reader-failed: a value fits no column ({type(error).__name__})"
            lost = Rejected(reason=reason, format=said, source=source, position=str(number), raw=body)
            yield _batch([lost], source)
            return
    for message in messages:
        yield from _batches([message], source, said)


def _batch(reads: list[Read], source: str) -> Batch:
    events, rejected, records = columns_of(reads, source)
    return Batch(events=events, rejected=tuple(rejected), records=records, source=source, done=0, size=0)
