# SPDX-License-Identifier: Apache-2.0
"""The general log of MySQL and MariaDB. A line that begins neither with a time nor with a connection goes on with the statement
before it.

    2026-03-02T02:13:05.123456Z\t   55 Query\tselect 1      (MySQL 5.7 and later)
    260302  2:13:05\t    55 Query\tselect 1                 (MariaDB, older MySQL; the time only where the second changed)

Who runs a statement was said when the connection began, so the file is read in its order by one reader.

The server writes line ends as they are, so a string in a statement may hold what looks like a record. MySQL since 5.7 logs no
statement that it cannot parse: what follows one that ends within a string or a comment is part of it, and is set aside. Older
servers and MariaDB log what does not parse, too; there it would hide what is real, and nobody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.database import starting
from wardkeep.watch.intake.database.made import BadRecord, row, text_of
from wardkeep.watch.intake.database.statement import does
from wardkeep.watch.intake.database.unclosed import going_on, unclosed
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Moment, Zone

NAME, SYSTEM = "mysql-general", "MySQL"
_COMMANDS = (
    b"Sleep|Quit|Init DB|Query|Field List|Create DB|Drop DB|Refresh|Shutdown|Statistics|Processlist|Connect|Kill|Debug|Ping|"
    b"Time|Delayed insert|Change user|Binlog Dump|Table Dump|Connect Out|Register Slave|Register Replica|Prepare|Execute|"
    b"Long Data|Close stmt|Reset stmt|Set option|Fetch|Daemon|Binlog Dump GTID|Reset Connection|Bulk Execute|Execute Immediate|"
    b"Error|clone|Group Replication Data Stream subscription|Unimpl Slave|Unimpl\\ [A-Za-z]+"
)
_TIME = rb"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?|\d{6} [ \d]\d:\d\d:\d\d)"
BEGINS = re.compile(rb"(?m)^(?:" + _TIME + rb"|\t)\t *\d+ (?:" + _COMMANDS + rb")[\t\r\n]")
_RECORD = re.compile(rb"(" + _TIME + rb")?\t*\t *(\d+) (" + _COMMANDS + rb")(?:\t|\r?\n|\Z)(.*)", re.DOTALL)
_HEADER = re.compile(
    rb"(?:[^\n]*, Version: [^\n]*\n?|Tcp port: [^\n]*\n?|Time +\t* *Id +Command[^\n]*\n?|Time\t[^\n]*\n?)+"
)
_WHO = re.compile(r"(?:\[[^\]]*\] )?(.*?)@(\S*)(?: (?:as \S+ )?on (\S*))?(?: using (.*))?", re.DOTALL)
_REFUSED = re.compile(r"Access denied for user '(.*?)'@'(.*?)'")
_STATEMENTS = frozenset({b"Query", b"Prepare", b"Execute", b"Bulk Execute", b"Execute Immediate"})
#: Stands before a piece that is read again, and says within what it stood.
_WITHIN = re.compile(rb"wardkeep: within ('|\"|`|/\*)")
INSIDE = (
    "within-statement: the statement before it has a string or a comment that does not end before this line; it is part of it, "
    "and may be forged"
)
#: Lines like records that one statement may hold: one that only seems to have no end hides no more.
MOST_INSIDE = 1_000
#: Connections of which it is remembered who they are.
KNOWN = 100_000


def recognises(name: str, head: bytes) -> bool:
    """Whether the file begins as the log does, or with one of its records."""
    body = head.lstrip(b"\r\n")
    first = BEGINS.search(body[:65536])
    return first is not None and (first.start() == 0 or _HEADER.fullmatch(body[: first.start()].strip()) is not None)


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole records."""
    return starting.blocks(stream, BEGINS)


def reader(source: str, zone: str, mapping: Mapping | None) -> General:
    """A reader of one file; times without an offset are in `zone`."""
    return General(source, zone)


class General:
    """Records to events, with what is remembered of connections."""

    def __init__(self, source: str, zone: str) -> None:
        self._source = source
        self._when = parser(["iso", "%y%m%d %H:%M:%S"], Zone(zone))
        self._now: Moment | None = None
        self._who: dict[str, tuple[str, str, str]] = {}
        #: In what the last statement ends, and how many lines like records stood in it.
        self._within = (b"", b"")
        self._inside = 0

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block."""
        out: list[Read] = []
        for line, raw, begun in starting.records(data, first, BEGINS):
            if not begun and (within := _WITHIN.fullmatch(raw.strip())) is not None:
                self._within = (within[1], within[1])
                continue
            if not begun and _HEADER.fullmatch(raw.strip()):
                continue
            if any(self._within):
                out.append(self._part(raw, str(line)))
                continue
            try:
                out.append(self._event(raw, str(line)))
            except (BadRecord, BadTime) as exc:
                reason = f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc)
                out.append(set_aside(reason, raw, form=NAME, source=self._source, position=str(line)))
        return out

    def _part(self, raw: bytes, position: str) -> Read:
        """What looks like a record within a statement."""
        sign = self._within[0] or self._within[1]
        self._inside += 1
        self._within = going_on(b"\n" + raw, self._within) if self._inside < MOST_INSIDE else (b"", b"")
        return set_aside(
            INSIDE, raw, form=NAME, source=self._source, position=position, head=b"wardkeep: within " + sign + b"\n"
        )

    def _event(self, raw: bytes, position: str) -> Read:
        match = _RECORD.fullmatch(raw)
        if match is not None and match[3] in _STATEMENTS and match[1] is not None and match[1][4:5] == b"-":
            self._within, self._inside = unclosed(match[4]), 0
        if len(raw) > RECORD:
            raise BadRecord(f"too-long: a record of {len(raw)} bytes, more than {RECORD}")
        if match is None:
            raise BadRecord("no-record: neither a time nor a connection and a command begin it")
        at, number, command, rest = match.groups()
        if at is not None:
            self._now = self._when(at.decode())
        if self._now is None:
            raise BadRecord("no-time: no record before it tells the time; the file begins in the middle of a second")
        session, said = number.decode(), text_of(rest)
        action, outcome, query = "other", "success", None
        if command in (b"Connect", b"Change user"):
            action, outcome = "login", self._begins(session, said)
        elif command == b"Quit":
            action = "logout"
        elif command in (b"Query", b"Execute", b"Bulk Execute", b"Execute Immediate"):
            query = said
            action = does(said)
        elif command == b"Init DB" and session in self._who:
            self._who[session] = (*self._who[session][:2], said.strip())
        account, host, database = self._who.get(session, ("", "", ""))
        if action == "logout":
            self._who.pop(session, None)
        return row(
            raw, form=NAME, position=position, system=SYSTEM, moment=self._now, action=action, account=account, host=host,
            outcome=outcome, query=query, session=session,
            extra={"database": database, "action_code": command.decode(), "description": said if query is None else None},
        )  # fmt: skip

    def _begins(self, session: str, said: str) -> str:
        """Remember who a connection is; the outcome of the login."""
        refused = _REFUSED.match(said)
        if refused is not None:
            self._who[session] = (refused[1], refused[2], "")
            return "failure"
        who = _WHO.fullmatch(said.strip())
        if who is not None:
            if len(self._who) >= KNOWN:
                self._who.clear()
            self._who[session] = (who[1], who[2], who[3] or "")
        return "success"
