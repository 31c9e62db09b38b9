# SPDX-License-Identifier: Apache-2.0
"""What a message of PostgreSQL's log says, whichever of its three forms it was written in.

Statements come from pgaudit (`AUDIT: SESSION,…`), from `log_statement` (`statement: …`, `execute …: …`) and with errors. Where
a server logs both pgaudit and log_statement, each statement is told twice; docs/how-to/export-audit-logs.md says what to set.
"""

from __future__ import annotations

import csv
import re
from typing import NamedTuple

from wardkeep.watch.intake.database.made import BadRecord, row
from wardkeep.watch.intake.database.statement import OTHER, does
from wardkeep.watch.intake.row import Row
from wardkeep.watch.intake.times import BadTime, Moment, Zone, iso

SYSTEM = "PostgreSQL"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ?(\S+)?", re.ASCII)
_AUDIT = re.compile(r"AUDIT: (?=(?:SESSION|OBJECT),)")
_TOLD = re.compile(
    r"(?:duration: ([\d.]+) ms  ?)?(?:statement|execute (?:fetch from )?[^:]*|fastpath function call): (.*)", re.DOTALL
)
_LOGIN = re.compile(r"connection authorized: (?:replication )?(?:user=(\S+) ?)?")
_PROGRAM = re.compile(r"application_name=(.*?)(?: SSL enabled| GSS |\Z)")
_REFUSED = re.compile(
    r"(?:\w+ )*authentication failed for user|no pg_hba\.conf entry|role \"|permission denied for database"
)
_SEVERE = frozenset({"ERROR", "FATAL", "PANIC"})
_LEVELS = _SEVERE | {"LOG", "INFO", "NOTICE", "WARNING", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5", ""}


class Message(NamedTuple):
    """One message, as all three forms have it; `host` with a port behind a colon or in brackets."""

    time: str
    severity: str
    text: str
    user: str = ""
    database: str = ""
    host: str = ""
    session: str = ""
    number: str = ""
    code: str = ""
    statement: str = ""
    program: str = ""
    detail: str = ""


def event(said: Message, raw: bytes, *, form: str, position: str, zone: Zone) -> Row:
    """The event of a message. Raises BadTime, BadRecord."""
    if said.severity not in _LEVELS and not _AUDIT.match(said.text):  # what it says is in that language, too
        raise BadRecord(
            "other-language: a level that PostgreSQL does not have in English: set lc_messages = 'C' on the server"
        )
    found = _what(said)
    return row(
        raw, form=form, position=position, system=SYSTEM, moment=moment(said.time, zone), account=found.user or said.user,
        host=said.host, session=said.session, action=found.action, outcome=found.outcome, query=found.query,
        resource=found.thing, amount=found.amount, duration_ms=found.duration_ms,
        extra={
            "database": said.database, "program": found.program or said.program, "subtype": found.kind,
            "request_id": f"{said.session}/{said.number}" if said.session and said.number else None,
            "status": said.code if said.code not in ("", "00000") else None,
            "description": said.text if found.query is None else None, "detail": said.detail,
        },
    )  # fmt: skip


def moment(text: str, zone: Zone) -> Moment:
    """The time. An abbreviation (CST) stands for several zones and is not believed, except for UTC. Raises BadTime."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise BadTime("no time as PostgreSQL writes it")
    clock, place = match.groups()
    if place in ("UTC", "GMT", "Z"):
        return iso(clock + "Z")
    if place and place[0] in "+-" and place[1:3].isdigit():
        return iso(clock + place)
    return iso(clock, zone)


class _What(NamedTuple):
    action: str = OTHER
    query: str | None = None
    outcome: str = "success"
    thing: str | None = None
    amount: int = 1
    kind: str | None = None
    user: str = ""
    program: str = ""
    duration_ms: int | None = None


def _what(said: Message) -> _What:
    text = said.text
    if said.severity in _SEVERE:
        return _failed(said)
    audit = _AUDIT.match(text)
    if audit is not None:
        return _audited(text[audit.end() :])
    told = _TOLD.fullmatch(text)
    if told is not None:
        took, query = told.groups()
        return _What(does(query), query, kind="statement", duration_ms=round(float(took)) if took else None)
    login = _LOGIN.match(text)
    if login is not None:
        program = _PROGRAM.search(text)
        return _What("login", kind="login", user=login[1] or "", program=program[1] if program else "")
    return _What("logout", kind="logout") if text.startswith("disconnection: ") else _What()


def _failed(said: Message) -> _What:
    if said.code.startswith("28") or (said.severity == "FATAL" and _REFUSED.match(said.text)):
        return _What("login", outcome="failure", kind="refused")
    if not said.statement:
        return _What(outcome="failure")
    denied = said.code == "42501" or said.text.startswith("permission denied")
    return _What(does(said.statement), said.statement, "denied" if denied else "failure")


def _audited(text: str) -> _What:
    """A line of pgaudit: type, two numbers, class, command, kind and name of the object, statement, parameters[, rows]."""
    try:
        cells = next(csv.reader([text], strict=True), [])
    except csv.Error:
        cells = []
    if len(cells) < 8:
        return _What("query", text, kind="pgaudit")
    query, rows = cells[7], cells[9] if len(cells) > 9 else ""
    # Without the statement its command and the object's name say what was done to what.
    action = does(query if query and not query.startswith("<") else f"{cells[4]} {cells[6]}")
    amount = int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 18 else 1
    return _What(action, query, thing=cells[6] or None, amount=amount, kind=f"pgaudit.{cells[3].lower()}")
