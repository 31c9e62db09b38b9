# SPDX-License-Identifier: Apache-2.0
"""Syslog messages to rows: an audit message by its own reader; anything else is kept as no access, with its text.

reader = SyslogReader(source="10.0.0.7", zone="Asia/Shanghai", near=moment)
read = reader.message(frame.message, "1")       # a message of a connection; never raises
reads = reader.parse(block, first)              # a block of a file
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.atna.markup import BadXml
from wardkeep.watch.intake.atna.message import Messages
from wardkeep.watch.intake.atna.parts import BadMessage
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.fhir_parts import OTHER
from wardkeep.watch.intake.limits import KEEP, RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, Row, set_aside, to_json
from wardkeep.watch.intake.rowmaker import NO_ACTION
from wardkeep.watch.intake.syslog import files
from wardkeep.watch.intake.syslog.framing import Deframer, Frame, Framing
from wardkeep.watch.intake.syslog.header import BadHeader, Header, before_xml, header, moment
from wardkeep.watch.intake.times import DAY, BadTime, Zone, day_of

#: Characters of a text, and of structured data, that are kept.
TEXT = 4_096
_AUDIT = re.compile(rb"<(?:[\w.-]+:)?AuditMessage[\s>/]")
_DATED = re.compile(r"(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2]\d|3[01])(?!\d)")


class SyslogReader:
    """The messages of one file or connection."""

    def __init__(self, *, source: str, zone: str, near: int | None = None) -> None:
        """`near` is a moment soon after which nothing was written, for times without a year; else the file's name says it."""
        self.source = source
        self._zone = Zone(zone)
        self._near = _dated(source) if near is None else near
        self._audit = Messages(self._zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block whose first line, or message where they are counted, has the number `first`."""
        framing = files.framing_of(data.lstrip(b"\r\n \t"))
        deframer = Deframer(framing, eager=False)
        out: list[Read] = []
        at, line = 0, first
        for number, frame in enumerate(deframer.feed(data) + deframer.close(), first):
            if framing is Framing.COUNTED:
                position = f"message[{number}]"
            else:
                line += data.count(b"\n", at, frame.offset)
                at, position = frame.offset, str(line)
            out.append(self.framed(frame, position))
        return out

    def framed(self, frame: Frame, position: str) -> Read:
        """A frame, whole or broken."""
        if frame.problem is not None:
            return self.rejected(frame.problem, frame.message, position, truncated=frame.truncated)
        return self.message(frame.message, position)

    def message(self, raw: bytes, position: str) -> Read:
        """One message, as it stood in its frame."""
        raw = raw.rstrip(b"\r\n\0")
        if len(raw) > RECORD:
            return self.rejected(f"too-long: a message of {len(raw)} bytes, more than {RECORD}", raw, position)
        try:
            usual = before_xml(raw)
            if usual is not None:
                at, host = usual
                if raw.find(b"<AuditMessage>", at, at + KEEP) >= 0 or _AUDIT.search(raw, at, at + KEEP):
                    return self._audit.row(raw, raw, position, begin=at, sender=host)
            known = header(raw)
            text = raw[known.at :].removeprefix(codecs.BOM_UTF8).strip()
            if text.startswith(b"<") and _AUDIT.search(text, 0, KEEP):
                return self._audit.row(text, raw, position, sender=known.host)
            return self._other(known, text, raw, position)
        except (BadHeader, BadXml, BadMessage) as exc:
            return self.rejected(str(exc), raw, position)
        except BadTime as exc:
            return self.rejected(f"bad-time: {exc}", raw, position)

    def rejected(self, reason: str, raw: bytes, position: str, *, truncated: bool = False) -> Rejected:
        """A message that is none, kept."""
        return set_aside(reason, raw, form="syslog", source=self.source, position=position, truncated=truncated)

    def _other(self, known: Header, text: bytes, raw: bytes, position: str) -> Row:
        """What is no audit message: kept, and never judged."""
        when, quality = moment(known, self._zone, self._near)
        said: dict[str, object] = {
            "description": _shown(text),
            "source_system": known.host,
            "subtype": known.subject,
            "process": known.process,
            "structured": known.structured[:TEXT] if known.structured else None,
            "severity": None if known.priority is None else known.priority % 8,
            "facility": None if known.priority is None else known.priority // 8,
        }
        return Row(
            None, when, quality, None, (), NO_ACTION, None, 1, None, False, "success", known.app or known.host or "syslog",
            None, None, None, None, None, None, OTHER, "syslog-rfc3164" if known.legacy else "syslog-rfc5424", position,
            hashlib.sha256(raw).digest(), to_json({key: value for key, value in said.items() if value not in (None, "")}),
        )  # fmt: skip


def _shown(text: bytes) -> str:
    """The text, as far as it is kept; what is no UTF-8 as the national encoding, or by its bytes."""
    cut = text[: 4 * TEXT]  # no character is longer than four bytes
    for codec in ("utf-8", "gb18030"):
        try:
            return codecs.getincrementaldecoder(codec)().decode(cut, len(cut) == len(text))[:TEXT]
        except UnicodeDecodeError:
            continue
    return cut.decode("utf-8", "backslashreplace")[:TEXT]


def _dated(name: str) -> int | None:
    """The end of the day that a file's name holds."""
    match = _DATED.search(name)
    if match is None:
        return None
    try:
        return day_of("-".join(match.groups())) + DAY
    except BadTime:
        return None


# -- the form ----------------------------------------------------------------------------------------------------------

recognises = files.recognises


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole messages, some at a time."""
    return files.blocks(stream, name)


def reader(source: str, zone: str, mapping: Mapping | None) -> SyslogReader:
    """A reader for one file."""
    return SyslogReader(source=source, zone=zone)
