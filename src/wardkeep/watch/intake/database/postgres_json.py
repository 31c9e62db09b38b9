# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's `jsonlog` (15 and later): an object a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from wardkeep.watch.intake.cutting import Block, Overlong, cut
from wardkeep.watch.intake.database.made import BadRecord
from wardkeep.watch.intake.database.postgres import Message, event
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime, Zone

NAME = "postgres-json"
_MARK = re.compile(rb'(?m)^\{"timestamp":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^"\n]*",[^\n]*"error_severity":"')
_decode = msgspec.json.Decoder().decode


def recognises(name: str, head: bytes) -> bool:
    """Whether one of the first lines is such an object; the first of all may be cut."""
    return _MARK.search(head, 0, 65536) is not None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole lines."""
    return cut(stream, Lines())


def reader(source: str, zone: str, mapping: Mapping | None) -> Objects:
    """A reader of one file; a time with an abbreviation that is not UTC is in `zone`."""
    return Objects(source, zone)


class Objects:
    """Lines to events."""

    def __init__(self, source: str, zone: str) -> None:
        self._source = source
        self._zone = Zone(zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every line of a block."""
        out: list[Read] = []
        for line, whole in enumerate(data.split(b"\n"), first):
            raw = whole.removesuffix(b"\r")
            if not raw.strip():
                continue
            try:
                out.append(event(_said(raw), raw, form=NAME, position=str(line), zone=self._zone))
            except (BadRecord, BadTime) as exc:
                reason = f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc)
                out.append(set_aside(reason, raw, form=NAME, source=self._source, position=str(line)))
        return out


def _said(raw: bytes) -> Message:
    if len(raw) > RECORD:
        raise BadRecord(f"too-long: a line of {len(raw)} bytes, more than {RECORD}")
    if b"\\u0000" in raw:
        raise BadRecord("nul-byte: a text of the record holds a zero byte")
    try:
        found: Any = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRecord("not-json: the line is no complete JSON value") from None
    if not isinstance(found, dict) or not {"message", "error_severity"} & found.keys():
        raise BadRecord("no-record: the line is no message of PostgreSQL")

    def text(key: str) -> str:
        value = found.get(key)
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    port = text("remote_port")
    return Message(
        time=text("timestamp"), user=text("user"), database=text("dbname"), session=text("session_id"), number=text("line_num"),
        host=text("remote_host") + (f":{port}" if port else ""), severity=text("error_severity"), code=text("state_code"),
        text=text("message"), detail=text("detail"), statement=text("statement"), program=text("application_name"),
    )  # fmt: skip
