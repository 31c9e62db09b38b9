# SPDX-License-Identifier: Apache-2.0
"""Every live detection from what a hospital's systems send: audit messages and mapped logs in syslog, beside an HL7 feed."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hl7.client

from tests.acceptance.commands import eventually
from tests.acceptance.program import Program
from tests.acceptance.test_live import listen, ports, until_stored
from tests.unit.intake.atna.messages import audit, participant, patient

NOW = datetime.now(UTC)
TABLES = {
    "staff.csv": (
        "staff_id,name,role,department,employed_from,employed_to,patient_id\n"
        "S1,林一,nurse,W1,2020-01-01,,P500\nS2,周二,nurse,W1,2020-01-01,2026-03-01,\nS3,赵三,vendor,W1,2020-01-01,,\n"
        "S4,吴四,it,W1,2020-01-01,,\nS5,郑五,nurse,W1,2020-01-01,,\nS6,王六,nurse,W1,2020-01-01,,\n"
    ),
    "accounts.csv": (
        "account,staff_id,kind,enabled_from,enabled_to,department\n"
        "nurse1,S1,person,2020-01-01,,\nleft2,S2,person,2020-01-01,,\nmaker3,S3,person,2020-01-01,,\n"
        "root4,S4,person,2020-01-01,,\nnurse5,S5,person,2020-01-01,,\nold6,S6,person,2020-01-01,2026-03-01,\n"
        "nurse6,S6,person,2020-01-01,,\nward9,,shared,2020-01-01,,W1\n"
    ),
    "patients.csv": "patient_id,name,honey\nP500,林一,\nP900,诱饵,1\nP1,陈某,0\n",
    "tickets.csv": (
        "ticket_id,account,kind,scope,start,end,approved_by\n"
        "T1,maker3,maintenance,,2026-03-02T08:00:00+08:00,2026-03-02T09:00:00+08:00,S4\n"
    ),
}
#: Sign-ins, files and processes as a forwarder of Windows events writes them: a line each, no header.
WINDOWS = """name = "windows-forwarded"
system = "Windows"
encoding = "utf-8"
separator = ","
header = false
time_format = "iso"
empty = ["-"]
optional = ["workstation", "ip", "site"]
[columns]
time = 1
action = 2
outcome = 2
account = 3
workstation = 4
ip = 5
site = 6
[extra]
program = 7
protocol = 8
[values.action]
4624 = "login"
4625 = "login"
"*" = "other"
[values.outcome]
4625 = "failure"
"*" = "success"
"""


def hospital(program: Program) -> None:
    folder = program.folder / "hospital"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (program.home / "windows.toml").write_text(WINDOWS, encoding="utf-8")
    program.call("ingest", folder)
    listeners = {
        "audit": {"protocol": "syslog-tcp"},
        "windows": {"protocol": "syslog-tcp", "format": "delimited", "mapping": "windows.toml"},
        "adt": {"protocol": "mllp"},
    }
    listen(program, listeners)
    config = program.home / "config.toml"
    head, mark, rest = config.read_text().partition("[live]\n")
    assert mark
    lines = [line for line in rest.splitlines() if not line.startswith(("privileged", "learned_days"))]
    config.write_text(head + mark + 'privileged = ["root4"]\nlearned_days = 0\n' + "\n".join(lines) + "\n")


def opened(account: str, number: str, at: datetime, **place: str) -> str:
    """An audit message (DICOM PS3.15 A.5) in a syslog message of RFC 5424."""
    said = audit(participant(account, **place), patient(number), time=at.isoformat(timespec="milliseconds"))
    return f"<85>1 {at.isoformat(timespec='milliseconds')} ehr-1 EHR 77 IHE+DICOM - {said}"


def windows(account: str, what: int, at: datetime, *rest: str) -> str:
    """A line of the forwarder behind the header of RFC 5424."""
    row = ",".join([at.isoformat(), str(what), account, *rest, *["-"] * (5 - len(rest))])
    return f"<134>1 {at.isoformat(timespec='milliseconds')} dc1 nxlog 9 - - \N{BYTE ORDER MARK}{row}"


def seconds(begin: datetime = NOW - timedelta(minutes=2)) -> Iterator[datetime]:
    while True:
        yield begin
        begin += timedelta(seconds=1)


def send(port: int, messages: Iterable[str]) -> int:
    sent = list(messages)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall("".join(f"{one}\n" for one in sent).encode())
    return len(sent)


def audited(at: Iterator[datetime]) -> Iterator[str]:
    yield opened("nurse1", "P900", next(at))
    yield opened("nurse1", "P500", next(at))
    yield opened("LEFT2", "P1", next(at))  # systems write an account as they like
    yield opened("HOSPITAL\\old6", "P1", next(at))
    for n in range(30):
        yield opened("nurse5", f"P{n + 1000}", next(at))


def forwarded(at: Iterator[datetime]) -> Iterator[str]:
    for station in ("WS-1", "WS-2", "WS-1"):
        yield windows("nurse1", 4624, next(at), station)
    for site in ("东院区", "西院区"):
        yield windows("nurse6", 4624, next(at), "-", "-", site)
    for _ in range(10):
        yield windows("nurse5", 4625, next(at), "WS-5")
    for n in range(15):
        yield windows(f"guess{n}", 4625, next(at), "-", "10.9.9.9")
    for station in ("ADM-1", "ADM-2"):
        yield windows("root4", 4624, next(at), station)
    yield windows("maker3", 4624, next(at), "-", "10.0.0.3")
    yield windows("nurse6", 4688, next(at), "-", "-", "-", "C:\\Tools\\AnyDesk.exe")
    yield windows("nurse6", 5156, next(at), "-", "-", "-", "-", "telnet")
    yield windows("nurse6", 4624, next(at), "-", "10.0.0.6")


EXPECTED = {
    ("honey", "nurse1", "EHR"), ("self_access", "nurse1", "EHR"), ("batch", "nurse5", "EHR"),
    ("leaver", "left2", "EHR"), ("leaver", "old6", "EHR"),  # who left, and an account that was disabled
    ("shared_credential", "nurse1", "Windows"), ("impossible_travel", "nurse6", "Windows"),
    ("brute_force", "nurse5", "Windows"), ("password_spraying", None, "Windows"),
    ("new_workstation", "root4", "Windows"), ("outside_ticket", "maker3", "Windows"),
    ("plaintext_transfer", "nurse6", "Windows"), ("remote_tool", "nurse6", "Windows"),
}  # fmt: skip


def test_each_live_detection_is_made_from_what_systems_send(program: Program, tmp_path: Path) -> None:
    hospital(program)
    with program.serving():
        at = ports(program, "audit", "windows", "adt")
        decoy = (
            f"MSH|^~\\&|HIS|H|WK|H|{NOW:%Y%m%d%H%M%S}||ADT^A01|M1|P|2.4\rEVN|A01|{NOW:%Y%m%d%H%M%S}|||nurse1\r"
            "PID|1||P900^^^H||Test^Name\rPV1|1|I|W1\r"
        )
        with hl7.client.MLLPClient("127.0.0.1", at["adt"]) as client:
            client.send_message(decoy)  # a feed tells of care; nobody opened anything
        sent = send(at["audit"], audited(seconds())) + send(at["windows"], forwarded(seconds()))
        until_stored(program, sent + 1)

        def found() -> set[tuple[str, str | None, str]]:
            lines = program.call("alerts", "list", "--most", "1000", "--json").lines
            assert len({line["id"] for line in lines}) == len(lines)
            return {(line["detection"], line["account"], line["system"]) for line in lines}

        eventually(lambda: found() >= EXPECTED)
        assert found() == EXPECTED
        # The ward's account, from where one person is signed in by another system's word.
        place = {"NetworkAccessPointID": "10.0.0.6", "NetworkAccessPointTypeCode": "2"}
        send(at["audit"], [opened("ward9", "P900", datetime.now(UTC), **place)])
        eventually(lambda: ("honey", "ward9", "EHR") in found())
        (last,) = [x for x in program.call("alerts", "list", "--json").lines if x["account"] == "ward9"]
        assert (last["person"], last["observed"]["acting"], last["observed"]["people"]) == ("S6", "named", "S6")
        assert last["observed"]["signed_in"].startswith("Windows nurse6")
        until_stored(program, sent + 2)
    assert program.call("quarantine", "list", "--json").lines == []
    program.verify()
