# SPDX-License-Identifier: Apache-2.0
"""What an event of Windows says. The words for its numbers are those of the mapping `windows-security`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from wardkeep.watch.intake.database.made import BadRecord, row
from wardkeep.watch.intake.mapping import ANY, load_mapping
from wardkeep.watch.intake.row import Row
from wardkeep.watch.intake.times import OFFSET, checked

NAME, SYSTEM = "evtx", "Windows"
#: From 1601 to 1970, in 100 ns.
EPOCH = 116_444_736_000_000_000
#: Who acted is the subject, and the target what was acted on; in all other events the target is who came.
BY_SUBJECT = frozenset(
    map(
        str,
        (
            1102, 4648, 4663, 4672, 4688, 4720, 4722, 4723, 4724, 4725, 4726, 4728, 4729, 4732, 4733, 4738, 4740, 4756, 4767,
            4781, 5140, 5145,
        ),
    )
)  # fmt: skip
#: Logons at the machine itself.
LOCAL = frozenset({"2", "7", "11", "13"})
FAILED = 0x10000000000000


@lru_cache(maxsize=1)
def words() -> tuple[dict[str, str], dict[str, str]]:
    """Actions and things by the number of an event."""
    values = load_mapping("windows-security").values
    return values["action"], values["resource"]


def event(found: Any, raw: bytes, *, number: int, filetime: int, position: str) -> Row:
    """The event of a record; `number` and `filetime` are those of its frame. Raises BadRecord, BadTime."""
    top = _part(found, "Event")
    system = _part(top, "System")
    if not system:
        raise BadRecord("no-event: the record holds no Event with a System")
    data = _data(top)
    code = _text(system.get("EventID"))
    security = _text(system.get("Channel")) in ("", "Security")
    actions, things = words()
    action = actions.get(code, actions[ANY]) if security else "other"
    subject, target = _said(data, "SubjectUserName"), _said(data, "TargetUserName")
    by_subject = code in BY_SUBJECT
    computer, kind = _text(system.get("Computer")), _said(data, "LogonType")
    ip = _said(data, "IpAddress").removeprefix("::ffff:")
    station = _said(data, "WorkstationName") or _said(data, "Workstation") or (computer if kind in LOCAL else "")
    made = row(
        raw, form=NAME, position=position, system=SYSTEM, moment=(checked((filetime - EPOCH) // 10), OFFSET),
        action=action, account=(subject or target) if by_subject else (target or subject), outcome=_outcome(system, data, code),
        resource=things.get(code), session=_said(data, "TargetLogonId") or _said(data, "SubjectLogonId"), host=ip,
        event_id="/".join((computer, _text(system.get("Channel")), str(number), str(filetime))),
        extra={
            "action_code": code, "server": computer, "channel": _text(system.get("Channel")), "logon_type": kind,
            "subject": None if by_subject else subject, "target_account": target if by_subject else None,
            "domain": _said(data, "TargetDomainName") or _said(data, "SubjectDomainName"),
            "program": _said(data, "ProcessName") or _said(data, "NewProcessName"), "status": _said(data, "Status"),
            "sub_status": _said(data, "SubStatus"), "object": _said(data, "ObjectName") or _said(data, "ShareName"),
            "provider": _text(_part(_part(system, "Provider"), "#attributes").get("Name")),
        },
    )  # fmt: skip
    return made._replace(workstation=station or made.workstation)


def _outcome(system: dict[str, Any], data: dict[str, str], code: str) -> str:
    keywords = _text(system.get("Keywords"))
    try:
        marked = bool(int(keywords, 16) & FAILED)
    except ValueError:
        marked = False
    refused = code == "4776" and _said(data, "Status") not in ("", "0x0", "0x00000000")
    return "failure" if marked or refused or code in ("4625", "4771") else "success"


def _data(top: dict[str, Any]) -> dict[str, str]:
    """What the event tells by name: EventData, or the first element of UserData."""
    found = _part(top, "EventData")
    if not found:
        user = _part(top, "UserData")
        found = next((part for part in user.values() if isinstance(part, dict)), {})
    return {name: _text(value) for name, value in found.items() if not name.startswith("#")}


def _said(data: dict[str, str], name: str) -> str:
    value = data.get(name, "")
    return "" if value == "-" else value


def _part(found: Any, name: str) -> dict[str, Any]:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("#text")
    if isinstance(value, bool) or value is None:
        return ""
    return value.replace("\x00", "") if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
