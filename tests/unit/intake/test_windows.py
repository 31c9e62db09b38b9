# SPDX-License-Identifier: Apache-2.0
"""The Security log says the same whether it is read as EVTX or as a CSV of its fields."""

from __future__ import annotations

import csv
import io

import pytest

from tests.evtx import Event, chunk, log
from tests.unit.intake.reading import read
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import as_line
from wardkeep.watch.intake.mapping import load_mapping
from wardkeep.watch.intake.windows.event import BY_SUBJECT
from wardkeep.watch.live.programs import listed

Line = dict[str, object]

WHO = {"SubjectUserName": "wang", "TargetUserName": "li", "OldTargetUserName": "li",
       "SubjectLogonId": "0x11", "TargetLogonId": "0x22"}  # fmt: skip
FILE = {"SubjectUserName": "wang", "ObjectType": "File", "ObjectName": "D:\\emr\\p7.pdf"}
SHARED = {"SubjectUserName": "wang", "ObjectType": "File", "ShareName": "\\\\*\\emr", "RelativeTargetName": "p7.pdf"}
REMOTE = {
    "AccountName": "li",
    "AccountDomain": "HOSP",
    "LogonID": "0x1",
    "ClientName": "EVILPC",
    "ClientAddress": "10.6.6.6",
}
SAME = ("account", "target_account", "action", "kind", "outcome", "session_id", "workstation", "ip", "server")
SERVICE = '"C:\\Program Files (x86)\\AnyDesk\\AnyDesk.exe" --service'


def both(events: list[Event], *, station: bool = True) -> list[tuple[Line, Line]]:
    """Each event as EVTX, and as a row of a CSV that has a column for every field of any of them."""
    names = list(dict.fromkeys(name for event in events for name in event.data))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    base = ["TimeCreated", "EventID", "RecordId", "Computer", "Keywords", *(["WorkstationName"] if station else [])]
    writer.writerow([*base, *names])
    for event in events:
        head = [
            "2026-03-02T00:15:00Z",
            event.code,
            event.number,
            event.computer,
            event.keywords,
            *([""] if station else []),
        ]
        writer.writerow([*head, *(event.data.get(name, "") for name in names)])
    read_as = (
        read(log(chunk(events)[0]), "security.evtx"),
        read(out.getvalue().encode(), "security.csv", mapping=load_mapping("windows-security")),
    )
    lines = [[as_line(one) for one in found if isinstance(one, AccessEvent)] for found in read_as]
    return list(zip(*lines, strict=True))


def test_both_readers_say_alike_whose_act_every_number_is() -> None:
    mapping = load_mapping("windows-security")
    codes = sorted({int(code) for code in mapping.values["action"] if code != "*"} | {int(code) for code in BY_SUBJECT})
    for i in range(0, len(codes), 40):
        events = [
            Event(n, code, {**WHO, **({} if code not in (4778, 4779) else REMOTE)})
            for n, code in enumerate(codes[i : i + 40], 1)
        ]
        for event, (evtx, table) in zip(events, both(events), strict=True):
            if event.code == 7045:  # in the System log, and no access there
                continue
            assert {name: evtx.get(name) for name in SAME} == {name: table.get(name) for name in SAME}, event.code
            assert evtx["resource"] in (table["resource"], None)
            assert evtx["account"] == ("wang" if str(event.code) in BY_SUBJECT else "li"), event.code


@pytest.mark.parametrize(
    "code, data, due",
    [
        (4778, REMOTE, {"action": "login", "account": "li", "workstation": "EVILPC", "ip": "10.6.6.6", "session_id": "0x1"}),
        (4779, REMOTE, {"action": "logout", "account": "li", "workstation": "EVILPC", "ip": "10.6.6.6", "session_id": "0x1"}),
        (4779, {**REMOTE, "ClientAddress": "LOCAL"}, {"action": "logout", "workstation": "EVILPC", "ip": None}),
        (4663, {**FILE, "AccessMask": "0x10000"}, {"action": "delete", "object": "D:\\emr\\p7.pdf"}),
        (4663, {**FILE, "AccessMask": "0x2"}, {"action": "update"}),
        (4663, {**FILE, "AccessMask": "0x1"}, {"action": "read"}),
        (4663, {**FILE, "AccessMask": ""}, {"action": "read"}),
        (4663, {**FILE, "AccessMask": "0x10", "ObjectType": "Process"}, {"action": "read"}),
        (5145, {**SHARED, "AccessMask": "0x2"}, {"action": "update", "object": "p7.pdf", "share": "\\\\*\\emr"}),
        (5145, {**SHARED, "AccessMask": "0x12019f"}, {"action": "update", "account": "wang"}),
        (5145, {**SHARED, "AccessMask": "0x110080"}, {"action": "delete"}),
        (5145, {**SHARED, "AccessMask": "0x120089"}, {"action": "read"}),
        (4697, {"SubjectUserName": "wang", "ServiceFileName": SERVICE}, {"program": SERVICE, "account": "wang"}),
        (7045, {"ServiceName": "x", "ImagePath": SERVICE, "AccountName": "LocalSystem"}, {"program": SERVICE, "kind": "other"}),
        (4781, {"SubjectUserName": "wang", "OldTargetUserName": "li"}, {"account": "wang", "target_account": "li"}),
        (4726, {"TargetUserName": "li"}, {"account": None, "target_account": "li"}),
        (4768, {"TargetUserName": "li", "Status": "0x6"}, {"action": "login", "outcome": "failure"}),
        (4624, {"TargetUserName": "li", "LogonType": "5"}, {"kind": "other", "account": "li", "logon_type": "5"}),
        (4624, {"TargetUserName": "li", "LogonType": "4"}, {"kind": "other", "account": "li"}),
        (4634, {"TargetUserName": "li", "LogonType": "4"}, {"kind": "other"}),
        (4624, {"TargetUserName": "li", "LogonType": "10"}, {"kind": "access", "action": "login"}),
        (4625, {"TargetUserName": "li", "LogonType": "4"}, {"kind": "access", "action": "login", "outcome": "failure"}),
    ],
)  # fmt: skip
def test_what_an_event_tells_under_names_of_its_own_is_read(code: int, data: dict[str, str], due: Line) -> None:
    ((evtx, table),) = both([Event(1, code, data, channel="System" if code == 7045 else "Security")])
    assert {name: evtx.get(name) for name in due} == due
    assert {name: table.get(name) for name in due} == due


def test_a_service_that_is_installed_is_seen_as_the_program_that_it_runs() -> None:
    ((evtx, table),) = both([Event(1, 4697, {"ServiceFileName": SERVICE})])
    for line in (evtx, table):
        assert listed(str(line["program"]), {"anydesk"}) == "anydesk"


@pytest.mark.parametrize("code, kind", [(4624, "3"), (4625, "3"), (4768, ""), (4771, ""), (4776, "")])
def test_who_comes_over_the_network_does_not_sit_at_the_machine_that_writes_it_down(code: int, kind: str) -> None:
    ((evtx, table),) = both([Event(1, code, {**WHO, "LogonType": kind})], station=False)
    assert (evtx["workstation"], table["workstation"]) == (None, None)
    ((evtx, table),) = both([Event(1, 4624, {**WHO, "LogonType": "2"})], station=False)
    assert evtx["workstation"] == table["workstation"] == "DC1.hospital.example"


SERVER, CLIENT = "DC1.hospital.example", "10.0.0.7"
#: Types of logons over the network, of those at the machine or at its desktop, and of those that tell neither.
NETWORK, DESKTOP, UNTOLD = ("3", "8"), ("2", "7", "10", "11", "12", "13"), ("9", "")


@pytest.mark.parametrize(
    "kinds, said, place",
    [
        (NETWORK, "PC-7", "PC-7"), (NETWORK, "-", None), (NETWORK, None, None), (NETWORK, "DC1", None),
        (NETWORK, "\\\\dc1", None), (NETWORK, "dc1.Hospital.Example", None),
        (NETWORK, "DC1.other.example", "DC1.other.example"),
        (DESKTOP, "DC1", "DC1"), (DESKTOP, "-", SERVER), (DESKTOP, None, SERVER), (UNTOLD, "-", None), (UNTOLD, None, None),
    ],
)  # fmt: skip
def test_the_server_is_the_place_of_who_is_at_it_and_never_of_who_comes_over_the_network(
    kinds: tuple[str, ...], said: str | None, place: str | None
) -> None:
    named = {} if said is None else {"WorkstationName": said}
    asked = [(code, kind, ip) for code in (4624, 4625, 4634) for kind in kinds for ip in (CLIENT, "-", "127.0.0.1")]
    events = [
        Event(n, code, {"TargetUserName": "li", "LogonType": kind, "IpAddress": ip, **named})
        for n, (code, kind, ip) in enumerate(asked, 1)
    ]
    for (code, kind, ip), lines in zip(asked, both(events, station=False), strict=True):
        for line in lines:
            told = (line["workstation"], line["ip"], line["server"], line.get("logon_type", ""))
            assert told == (place, None if ip == "-" else ip, SERVER, kind), (code, line["format"])


@pytest.mark.parametrize(
    "code, data, place",
    [
        (4647, {}, SERVER), (4800, {}, SERVER), (4801, {}, SERVER), (4648, {}, None), (5140, {}, None), (4776, {}, None),
        (4776, {"Workstation": "PC-9"}, "PC-9"), (4776, {"Workstation": "\\\\DC1"}, None), (4778, {"ClientName": "-"}, None),
    ],
)  # fmt: skip
def test_an_event_without_a_logon_type_has_the_server_for_its_place_where_it_happens_at_the_screen(
    code: int, data: dict[str, str], place: str | None
) -> None:
    ((evtx, table),) = both([Event(1, code, {**WHO, **data})], station=False)
    assert (evtx["workstation"], table["workstation"]) == (place, place)


@pytest.mark.parametrize(
    "kind, place",
    [
        ("Network", None), ("NETWORKCLEARTEXT", None), ("网络", None), ("网络明文", None), ("Interactive", "DC1"),
        ("RemoteInteractive", "DC1"), ("交互式", "DC1"), ("解锁", "DC1"), ("缓存的交互式", "DC1"), ("远程交互", "DC1"),
    ],
)  # fmt: skip
def test_a_logon_type_may_be_told_in_words(kind: str, place: str | None) -> None:
    for station in ("DC1", "-"):
        text = (
            "TimeCreated,EventID,Computer,TargetUserName,LogonType,WorkstationName\n"
            f"2026-03-02T00:15:00Z,4624,DC1,li,{kind},{station}\n"
        )
        (found,) = read(text.encode(), "security.csv", mapping=load_mapping("windows-security"))
        assert isinstance(found, AccessEvent) and found.workstation == place
