# SPDX-License-Identifier: Apache-2.0
"""What an event of Windows says. The words for its numbers are those of the mapping `windows-security`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from wardkeep.watch.intake.database.made import BadRecord, row
from wardkeep.watch.intake.mapping import ANY, load_mapping
from wardkeep.watch.intake.row import Row
from wardkeep.watch.intake.times import OFFSET, checked
from wardkeep.watch.places import is_one

NAME, SYSTEM = "evtx", "Windows"
#: From 1601 to 1970, in 100 ns.
EPOCH = 116_444_736_000_000_000
#: Who acted is the subject, and the target what was acted on; in all other events the target is who came.
BY_SUBJECT = frozenset(
    map(
        str,
        (
            1102, 4648, 4656, 4657, 4660, 4663, 4670, 4672, 4688, *range(4697, 4703), 4719, *range(4720, 4768), 4780, 4781,
            5140, 5145, 7045,
        ),
    )
)  # fmt: skip
#: Somebody comes back to a remote session, leaves it open, or is not let in: such events have names of their own.
REMOTE = frozenset({"4778", "4779", "4825"})
#: Nobody sits there: the system itself, a scheduled task, a service.
UNATTENDED = frozenset({"0", "4", "5"})
#: Files of which the mask says what was done or asked for, and the rights that take away and that change.
FILES = frozenset({"4663", "5145"})
DELETES, WRITES = 0x10040, 0x500C0116
#: Rights that have the same bit for what is no file (a key, a process).
COMMON = 0xF00F0000
#: Logons at the machine itself, or at its desktop from afar.
LOCAL = frozenset({"2", "7", "10", "11", "12", "13"})
#: The session is ended by hand, the machine locked or unlocked: at the machine, too.
AT_HAND = frozenset({"4647", "4800", "4801"})
#: Logons from elsewhere: to a share, a database, a web server.
NETWORK = frozenset({"3", "8"})
#: A password was checked for somebody who sits elsewhere.
CHECKED = "4776"
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
    subject, target = _said(data, "SubjectUserName"), _said(data, "TargetUserName")
    by_subject, remote = code in BY_SUBJECT, code in REMOTE
    computer, kind = _text(system.get("Computer")), _said(data, "LogonType")
    ip = _said(data, "ClientAddress" if remote else "IpAddress").removeprefix("::ffff:")
    came = _said(data, "AccountName") if remote else target or subject
    share = _said(data, "ShareName")
    made = row(
        raw, form=NAME, position=position, system=SYSTEM, moment=(checked((filetime - EPOCH) // 10), OFFSET),
        action=_action(code, kind, data) if security else "other", account=subject if by_subject else came,
        outcome=_outcome(system, data, code), resource=words()[1].get(code), session=_session(data, by_subject=by_subject),
        host="" if ip == "LOCAL" else ip,
        event_id="/".join((computer, _text(system.get("Channel")), str(number), str(filetime))),
        extra={
            "action_code": code, "server": computer, "channel": _text(system.get("Channel")), "logon_type": kind,
            "subject": None if by_subject else subject, "target_account": _acted_on(data) if by_subject else None,
            "domain": _first(data, "TargetDomainName", "SubjectDomainName", "AccountDomain"),
            "program": _first(data, "ProcessName", "NewProcessName", "ServiceFileName", "ImagePath"),
            "status": _said(data, "Status"), "sub_status": _said(data, "SubStatus"), "member": _said(data, "MemberName"),
            "object": _first(data, "ObjectName", "RelativeTargetName") or share, "share": share,
            "service_name": _said(data, "ServiceName") if code in ("4697", "7045") else None,
            "provider": _text(_part(_part(system, "Provider"), "#attributes").get("Name")),
        },
    )  # fmt: skip
    return made._replace(workstation=_station(data, code, kind, computer, made.workstation or ""))


def _station(data: dict[str, str], code: str, kind: str, computer: str, name: str) -> str | None:
    """Where the person is: the machine that wrote it down only for who is at it. `name`: one in place of the address."""
    if code in REMOTE:
        return _said(data, "ClientName") or name or None
    said = _first(data, "WorkstationName", "Workstation") or name
    if kind in NETWORK or code == CHECKED:
        # That one comes from the machine itself says some service there, of people who sit anywhere.
        return None if is_one(said, computer) else said or None
    return said or (computer if kind in LOCAL or code in AT_HAND else "") or None


def _action(code: str, kind: str, data: dict[str, str]) -> str:
    """By the number; of a file by what was done to it, and of an account that nobody sits at no access."""
    actions = words()[0]
    if code in ("4624", "4634") and kind in UNATTENDED:
        return "other"
    if code in FILES:
        mask = _mask(data)
        return "delete" if mask & DELETES else "update" if mask & WRITES else actions[code]
    return actions.get(code, actions[ANY])


def _mask(data: dict[str, str]) -> int:
    """The rights that an event names, as far as they are those of a file; none where it names them in words."""
    try:
        mask = int(_said(data, "AccessMask") or "0", 0)
    except ValueError:
        return 0
    return mask if _said(data, "ObjectType") in ("", "File") else mask & COMMON


def _session(data: dict[str, str], *, by_subject: bool) -> str:
    if by_subject:
        return _said(data, "SubjectLogonId")
    return _first(data, "LogonID", "TargetLogonId", "SubjectLogonId")


def _acted_on(data: dict[str, str]) -> str:
    """The account or group to which something was done, by its name before that."""
    return _first(data, "OldTargetUserName", "TargetUserName")


def _first(data: dict[str, str], *names: str) -> str:
    """The first of these that the event tells."""
    return next((told for name in names if (told := _said(data, name))), "")


def _outcome(system: dict[str, Any], data: dict[str, str], code: str) -> str:
    keywords = _text(system.get("Keywords"))
    try:
        marked = bool(int(keywords, 16) & FAILED)
    except ValueError:
        marked = False
    refused = code in ("4768", "4776") and _said(data, "Status") not in ("", "0x0", "0x00000000")
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
