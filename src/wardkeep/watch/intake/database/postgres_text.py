# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's log as text (`stderr`), with the prefix `%m [%p] %q%u@%d %r ` or Debian's `%m [%p] %q%u@%d `.

A line that begins with a tab goes on with the one before; DETAIL, HINT, CONTEXT and STATEMENT belong to the message before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.database import starting
from wardkeep.watch.intake.database.made import BadRecord, text_of
from wardkeep.watch.intake.database.postgres import Message, event
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime, Zone

NAME = "postgres-log"
_STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Za-z0-9+:-]{1,10}"
_PREFIX = rf"({_STAMP}) \[(\d+)\] (?:(\S*?)@(\S*?) (?:(\S+?) )?)?"
_LEVELS = "LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?"
BEGINS = re.compile(rf"(?m)^{_STAMP} \[\d+\] (?:[^\s@]*@\S* (?:\S+ )?)?(?:{_LEVELS}):  ".encode())
_LINE = re.compile(rf"{_PREFIX}({_LEVELS}):  (.*)", re.DOTALL)
_MORE = re.compile(
    rf"\n{_STAMP} \[\d+\] (?:\S*?@\S*? (?:\S+? )?)?(DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE):  "
)
#: A line that neither goes on with a message nor belongs to it.
_STRAY = re.compile(
    rf"\n(?!\t|\r?\n|\r?\Z|{_STAMP} \[\d+\] (?:[^\s@]*@\S* (?:\S+ )?)?"
    r"(?:DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE):  )".encode()
)
_NONE = "no-record: no time, process and level begin the line"


def recognises(name: str, head: bytes) -> bool:
    """Whether one of the first lines is a message with such a prefix; the first of all may be cut."""
    return BEGINS.search(head, 0, 65536) is not None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole messages, with what belongs to them."""
    return starting.blocks(stream, BEGINS)


def reader(source: str, zone: str, mapping: Mapping | None) -> Messages:
    """A reader of one file; a time with an abbreviation that is not UTC is in `zone`."""
    return Messages(source, zone)


class Messages:
    """Messages to events."""

    def __init__(self, source: str, zone: str) -> None:
        self._source = source
        self._zone = Zone(zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every message of a block."""
        out: list[Read] = []
        for line, whole, begun in starting.records(data, first, BEGINS):
            stray = _STRAY.search(whole) if begun else None
            raw, rest = (whole[: stray.start()], whole[stray.start() + 1 :]) if stray else (whole, b"")
            try:
                out.append(event(_said(raw), raw, form=NAME, position=str(line), zone=self._zone))
            except (BadRecord, BadTime) as exc:
                reason = f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc)
                out.append(set_aside(reason, raw, form=NAME, source=self._source, position=str(line)))
            if rest.strip():
                at = str(line + raw.count(b"\n") + 1)
                out.append(set_aside(_NONE, rest, form=NAME, source=self._source, position=at))
        return out


def _said(raw: bytes) -> Message:
    if len(raw) > RECORD:
        raise BadRecord(f"too-long: a message of {len(raw)} bytes, more than {RECORD}")
    text = text_of(raw).replace("\r\n", "\n")
    match = _LINE.fullmatch(text)
    if match is None:
        raise BadRecord(_NONE)
    time, process, user, database, host, level, rest = match.groups()
    pieces = _MORE.split(rest)
    more = {key: value.replace("\n\t", "\n") for key, value in zip(pieces[1::2], pieces[2::2], strict=True)}
    return Message(
        time=time, severity=level, text=pieces[0].replace("\n\t", "\n"), user=_known(user), database=_known(database),
        host=_known(host).replace("[local]", ""), session=process, statement=more.get("STATEMENT", ""),
        detail=more.get("DETAIL", ""),
    )  # fmt: skip


def _known(text: str | None) -> str:
    return "" if text is None or text == "[unknown]" else text
