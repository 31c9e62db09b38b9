# SPDX-License-Identifier: Apache-2.0
"""The file of MariaDB's plugin `server_audit`: one line a record, comma separated, statements in quotes with backslashes.

    20260302 02:13:05,db1,his_app,10.1.2.3,55,700,QUERY,his,'select 1',0

A statement is the access. Which tables it touched (READ, WRITE …) stands in lines of its own with the same query number, and is
kept as no access, so that nothing counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardkeep.watch.intake.cutting import Block, Overlong, cut
from wardkeep.watch.intake.database.made import BadRecord, row, status, text_of
from wardkeep.watch.intake.database.statement import does
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.lines import Lines
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Zone

NAME, SYSTEM = "mariadb-audit", "MariaDB"
_LINE = re.compile(
    r"(\d{8} \d\d:\d\d:\d\d),([^,]*),([^,]*),([^,]*),(\d+),(\d+),([A-Z_]+),([^,]*),(.*),(-?\d*)", re.ASCII | re.DOTALL
)
_HEAD = re.compile(rb"(?m)^\d{8} \d\d:\d\d:\d\d,[^,\n]*,[^,\n]*,[^,\n]*,\d+,\d+,[A-Z_]+,")
_QUOTED = re.compile(r"'((?:[^\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "t": "\t", "0": "\\0"}
_OTHERWISE = {"CONNECT": "login", "FAILED_CONNECT": "login", "CHANGEUSER": "login", "DISCONNECT": "logout"}


def recognises(name: str, head: bytes) -> bool:
    """Whether one of the first lines is of the plugin; the first of all may be cut."""
    return _HEAD.search(head, 0, 65536) is not None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole lines."""
    return cut(stream, Lines())


def reader(source: str, zone: str, mapping: Mapping | None) -> Lined:
    """A reader of one file; its times are local, in `zone`."""
    return Lined(source, zone)


class Lined:
    """Lines to events."""

    def __init__(self, source: str, zone: str) -> None:
        self._source = source
        self._when = parser(["%Y%m%d %H:%M:%S"], Zone(zone))

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every line of a block."""
        out: list[Read] = []
        for line, whole in enumerate(data.split(b"\n"), first):
            raw = whole.removesuffix(b"\r")
            if not raw.strip():
                continue
            try:
                out.append(self._event(raw, str(line)))
            except (BadRecord, BadTime) as exc:
                reason = f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc)
                out.append(set_aside(reason, raw, form=NAME, source=self._source, position=str(line)))
        return out

    def _event(self, raw: bytes, position: str) -> Read:
        if len(raw) > RECORD:
            raise BadRecord(f"too-long: a line of {len(raw)} bytes, more than {RECORD}")
        match = _LINE.fullmatch(text_of(raw))
        if match is None:
            raise BadRecord("no-record: the line has not the ten fields of the plugin")
        at, server, user, host, session, number, operation, database, thing, code = match.groups()
        query = resource = None
        action = _OTHERWISE.get(operation, "other")
        if operation.startswith("QUERY"):
            query = unquoted(thing)
            action = does(query)
        elif thing:
            resource = f"{database}.{thing}"
        return row(
            raw, form=NAME, position=position, system=SYSTEM, moment=self._when(at), action=action, account=user, host=host,
            outcome="failure" if operation == "FAILED_CONNECT" else status(code), query=query, resource=resource,
            session=session,
            extra={
                "server": server, "database": database, "request_id": number if number != "0" else None,
                "action_code": operation, "status": code if code not in ("", "0") else None,
            },
        )  # fmt: skip


def unquoted(text: str) -> str:
    """A statement as it was given; the plugin cuts long ones, and leaves the quote away then."""
    whole = _QUOTED.fullmatch(text)
    inner = whole[1] if whole else text.removeprefix("'")
    return _ESCAPE.sub(lambda found: _MEANT.get(found[1], found[1]), inner)
