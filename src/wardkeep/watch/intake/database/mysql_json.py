# SPDX-License-Identifier: Apache-2.0
"""The audit log of MySQL Enterprise and Percona Server in JSON: an array that may still be open, or one object a line.

A record begins on a line whose first character is a brace, close to the margin; so it is found again behind a damaged one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.database import starting
from wardkeep.watch.intake.database.made import BadRecord, row, status
from wardkeep.watch.intake.database.mysql_words import SYSTEM, action, who
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime, Zone, iso

NAME = "mysql-json"
BEGINS = re.compile(rb"(?m)^[ \t]{0,4}\{")
_MARK = re.compile(
    rb'\s*\[?\s*\{\s*(?:"audit_record"\s*:\s*\{|"timestamp"\s*:\s*"[^"]*"\s*,\s*"id"\s*:\s*\d+\s*,\s*"class"\s*:)'
)
_FRAME = re.compile(rb"[\s,\[\]]*")
_UTC = re.compile(r"\s*UTC\Z")
_decode = msgspec.json.Decoder().decode
_raw = json.JSONDecoder().raw_decode


def recognises(name: str, head: bytes) -> bool:
    """Whether the first object is a record of such a log."""
    return _MARK.match(head) is not None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole records."""
    return starting.blocks(stream, BEGINS)


def reader(source: str, zone: str, mapping: Mapping | None) -> Objects:
    """A reader of one file. Its times are in UTC, and say so nowhere."""
    return Objects(source)


class Objects:
    """Objects to events."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._utc = Zone("UTC")

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block."""
        out: list[Read] = []
        for line, whole, begun in starting.records(data, first, BEGINS):
            if not begun and _FRAME.fullmatch(whole):
                continue
            raw, rest = _first(whole.strip())
            try:
                out.append(self._event(raw, str(line)))
            except (BadRecord, BadTime) as exc:
                reason = f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc)
                out.append(set_aside(reason, raw, form=NAME, source=self._source, position=str(line)))
            if not _FRAME.fullmatch(rest):
                why = "not-json: what stands behind the record is none"
                out.append(set_aside(why, rest, form=NAME, source=self._source, position=f"{line}[1]"))
        return out

    def _event(self, raw: bytes, position: str) -> Read:
        if len(raw) > RECORD:
            raise BadRecord(f"too-long: a record of {len(raw)} bytes, more than {RECORD}")
        if b"\\u0000" in raw:
            raise BadRecord("nul-byte: a text of the record holds a zero byte")
        try:
            found = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadRecord("not-json: the record is no complete JSON value") from None
        if not isinstance(found, dict):
            raise BadRecord("no-record: the value is no object")
        old = found.get("audit_record")
        return self._old(old, raw, position) if isinstance(old, dict) else self._new(found, raw, position)

    def _old(self, found: dict[str, Any], raw: bytes, position: str) -> Read:
        account = who(*(_text(found, key) for key in ("user", "host", "ip")))
        query, code = _text(found, "sqltext"), _text(found, "status")
        name = _text(found, "name")
        return row(
            raw, form=NAME, position=position, system=SYSTEM, moment=iso(_UTC.sub("Z", _text(found, "timestamp")), self._utc),
            action=action(name, query), account=account.account, host=account.host, outcome=status(code),
            query=query or None, session=_text(found, "connection_id"),
            extra={
                "database": _text(found, "db"), "os_user": _text(found, "os_user") or _text(found, "os_login"),
                "action_code": _text(found, "command_class") or name, "status": code if code != "0" else None,
                "request_id": _text(found, "record"),
            },
        )  # fmt: skip

    def _new(self, found: dict[str, Any], raw: bytes, position: str) -> Read:
        kind, event = _text(found, "class"), _text(found, "event")
        if not kind:
            raise BadRecord("no-record: the object has neither audit_record nor class")
        login, account = _part(found, "login"), _part(found, "account")
        data = _part(found, f"{kind}_data")
        person = who(_text(account, "user"), _text(account, "host"), _text(login, "ip"))
        query, code = _text(data, "query"), _text(data, "status")
        command = _text(data, "sql_command") or _text(data, "command") or event
        name = event if kind == "connection" else kind if kind == "general" and event in ("status", "log") else ""
        table = ".".join(filter(None, (_text(data, "db"), _text(data, "table")))) if kind == "table_access" else ""
        return row(
            raw, form=NAME, position=position, system=SYSTEM, moment=iso(_UTC.sub("Z", _text(found, "timestamp")), self._utc),
            action=action(name, query), account=person.account, host=person.host, outcome=status(code), query=query or None,
            resource=table or None, session=_text(found, "connection_id"),
            extra={
                "database": _text(data, "db"), "os_user": _text(login, "os"), "action_code": command,
                "subtype": f"{kind}.{event}",
                "status": code if code != "0" else None, "server": _text(found, "server_id"),
                "request_id": _text(found, "id"), "client": _text(_part(data, "connection_attributes"), "program_name"),
            },
        )  # fmt: skip


def _first(raw: bytes) -> tuple[bytes, bytes]:
    """The record, and what a damaged one behind it left there."""
    bare = raw.rstrip(b" \t\r\n,]")
    try:
        _decode(bare)
        return bare, b""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        text = raw.decode("utf-8", "surrogateescape")
        end = len(text[: _raw(text)[1]].encode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return bare, b""
    return raw[:end], raw[end:].strip()


def _text(found: dict[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _part(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}
