# SPDX-License-Identifier: Apache-2.0
"""The audit log of MySQL Enterprise and Percona Server in XML: new style (elements) and old style (attributes).

Each record is parsed by itself, so neither a file that is still open nor a damaged record costs another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardkeep.watch.intake.atna.markup import BadXml, document
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.database import starting
from wardkeep.watch.intake.database.made import BadRecord, row, status
from wardkeep.watch.intake.database.mysql_words import SYSTEM, action, who
from wardkeep.watch.intake.limits import RECORD
from wardkeep.watch.intake.mapping import Mapping
from wardkeep.watch.intake.row import Read, set_aside
from wardkeep.watch.intake.times import BadTime, Zone, iso

NAME = "mysql-xml"
BEGINS = re.compile(rb"(?m)^[ \t]*<AUDIT_RECORD(?=[\s>/])")
_MARK = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:<\?xml[^>]*\?>)?\s*(?:<AUDIT>\s*)?(?:</AUDIT>|<AUDIT_RECORD[\s>/])")
_FRAME = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:<\?xml[^>]*\?>)?\s*(?:</?AUDIT>\s*)*")
_TAIL = re.compile(rb"\s*(?:</?AUDIT>\s*)+\Z")
_RECORD = re.compile(
    rb"<AUDIT_RECORD\s*>.*?</AUDIT_RECORD\s*>|<AUDIT_RECORD\s(?:[^\"'>]|\"[^\"]*\"|'[^']*')*?/>", re.DOTALL
)
_UTC = re.compile(r"\s*UTC\Z")


def recognises(name: str, head: bytes) -> bool:
    """Whether the first element within AUDIT is a record."""
    return _MARK.match(head) is not None


def blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    """Whole records."""
    return starting.blocks(stream, BEGINS)


def reader(source: str, zone: str, mapping: Mapping | None) -> Elements:
    """A reader of one file; times without UTC behind them are in `zone`."""
    return Elements(source, zone)


class Elements:
    """Elements to events."""

    def __init__(self, source: str, zone: str) -> None:
        self._source = source
        self._zone = Zone(zone)

    def parse(self, data: bytes, first: int) -> list[Read]:
        """Every record of a block."""
        out: list[Read] = []
        for line, whole, begun in starting.records(data, first, BEGINS):
            if not begun and _FRAME.fullmatch(whole):
                continue
            body = whole.strip()
            found = _RECORD.match(body)
            end = found.end() if found else len(body)
            raw, rest = (body[:end], body[end:]) if found else (_TAIL.sub(b"", body).strip(), b"")
            try:
                out.append(self._event(raw, str(line)))
            except (BadRecord, BadXml, BadTime) as exc:
                reason = f"bad-time: {exc}" if isinstance(exc, BadTime) else str(exc)
                out.append(set_aside(reason, raw, form=NAME, source=self._source, position=str(line)))
            if not _FRAME.fullmatch(rest):
                why = "not-xml: what stands behind the record is none"
                out.append(set_aside(why, rest.strip(), form=NAME, source=self._source, position=f"{line}[1]"))
        return out

    def _event(self, raw: bytes, position: str) -> Read:
        if len(raw) > RECORD:
            raise BadRecord(f"too-long: a record of {len(raw)} bytes, more than {RECORD}")
        root = document(raw)
        if root.name != "AUDIT_RECORD":
            raise BadRecord("no-record: the element is no AUDIT_RECORD")
        found = root.attributes | {child.name: child.text for child in root.children if not child.children}
        name, query, code = (found.get(key, "") for key in ("NAME", "SQLTEXT", "STATUS"))
        person = who(found.get("USER", ""), found.get("HOST", ""), found.get("IP", ""))
        resource = ".".join(filter(None, (found.get("DB"), found.get("TABLE")))) if found.get("TABLE") else None
        return row(
            raw, form=NAME, position=position, system=SYSTEM,
            moment=iso(_UTC.sub("Z", found.get("TIMESTAMP", "")), self._zone), action=action(name, query),
            account=person.account or found.get("PRIV_USER", ""), host=person.host, outcome=status(code), query=query or None,
            resource=resource, session=found.get("CONNECTION_ID"),
            extra={
                "database": found.get("DB"), "os_user": found.get("OS_LOGIN") or found.get("OS_USER"),
                "action_code": found.get("COMMAND_CLASS") or name, "status": code if code != "0" else None,
                "server": found.get("SERVER_ID"), "request_id": found.get("RECORD_ID") or found.get("RECORD"),
                "subtype": name,
            },
        )  # fmt: skip
