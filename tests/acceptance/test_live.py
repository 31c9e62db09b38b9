# SPDX-License-Identifier: Apache-2.0
"""Live intake as a hospital has it: rsyslog, logger, an HL7 and a FHIR client deliver to a served home."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hl7.client
import pytest

from tests.acceptance.commands import eventually
from tests.acceptance.program import Program, stored
from tests.integration.listen.test_http import certificates
from tests.listening import audit

RSYSLOG = "/usr/sbin/rsyslogd"
MESSAGE = "MSH|^~\\&|HIS|H|WK|H|20260302080000||ADT^A01|M{n}|P|2.4\rPID|1||P{n}^^^H||Test^Name\rPV1|1|I|W1\r"
FHIR = {"Content-Type": "application/fhir+json"}


def listen(program: Program, listeners: dict[str, dict[str, Any]], **intake: Any) -> None:
    """Name listeners in the home's settings."""
    lines = [
        "[intake]",
        *(f"{key} = {json.dumps(value)}" for key, value in {"every": 1, "load_every": 1, **intake}.items()),
    ]
    for name, wants in listeners.items():
        lines += [f"[intake.listeners.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in {"port": 0, **wants}.items())]
    config = program.home / "config.toml"
    text = config.read_text()
    before, _, after = text.partition("[intake]")
    config.write_text(before + after.partition("\n\n")[2] + "\n" + "\n".join(lines) + "\n")


def told(program: Program) -> dict[str, Any]:
    """The status as the processes wrote it, without a command."""
    folder = program.home / "data" / "live"
    return {
        name: json.loads((folder / f"{name}.json").read_text()) if (folder / f"{name}.json").exists() else {}
        for name in ("listening", "storing")
    }


def ports(program: Program, *names: str) -> dict[str, int]:
    """Where the listeners are, once all of them listen."""

    def found() -> dict[str, int] | None:
        listeners = told(program)["listening"].get("listeners", {})
        addresses = {name: listeners.get(name, {}).get("address") for name in names}
        return {name: int(a.rpartition(":")[2]) for name, a in addresses.items()} if all(addresses.values()) else None

    return dict(eventually(found))


def until_stored(program: Program, wanted: int) -> None:
    """Until so many messages (and pieces) are in the store."""

    def there() -> bool:
        listeners = told(program)["storing"].get("listeners", {})
        return sum(one["messages"] for one in listeners.values()) >= wanted

    eventually(there)


def post(port: int, body: bytes) -> int:
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        made.request("POST", "/AuditEvent", body, FHIR)
        return made.getresponse().status
    finally:
        made.close()


@contextmanager
def rsyslog(folder: Path, *actions: str) -> Iterator[Callable[[str], None]]:
    """A real rsyslogd of its own that forwards each line written to its file by the actions."""
    folder.mkdir()
    source = folder / "in.log"
    source.touch()
    (folder / "rsyslog.conf").write_text(
        f'global(workDirectory="{folder}" maxMessageSize="64k" defaultNetstreamDriverCAFile="{folder.parent}/ca.pem")\n'
        'module(load="imfile")\n'
        f'input(type="imfile" file="{source}" tag="his:" severity="info" facility="local0" reopenOnTruncate="on")\n'
        + "\n".join(actions)
    )
    process = subprocess.Popen(
        [RSYSLOG, "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "pid")],
        stdout=subprocess.DEVNULL, stderr=(folder / "said").open("wb"),
    )  # fmt: skip

    def write(line: str) -> None:
        with source.open("a") as file:
            file.write(line + "\n")

    try:
        yield write
    finally:
        process.terminate()
        process.wait(20)


needs_rsyslog = pytest.mark.skipif(not Path(RSYSLOG).exists(), reason="rsyslog is not installed")


@needs_rsyslog
def test_rsyslog_logger_an_hl7_client_and_a_fhir_client_deliver(program: Program, tmp_path: Path) -> None:
    certificates(tmp_path)
    for name in ("server.pem", "server.key"):
        shutil.copy(tmp_path / name, program.home / name)
    listeners = {"udp": "syslog-udp", "tcp": "syslog-tcp", "tls": "syslog-tls", "adt": "mllp", "fhir": "http"}
    wanted = {name: {"protocol": protocol} for name, protocol in listeners.items()}
    wanted["fhir"]["system"] = "emr"
    listen(program, wanted, certificate="server.pem", key="server.key")
    with program.serving():
        at = ports(program, *listeners)
        forward = 'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="{protocol}" {more})'
        tls = (
            'TCP_Framing="octet-counted" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
            'StreamDriverPermittedPeers="localhost" template="RSYSLOG_SyslogProtocol23Format"'
        )
        old = 'template="RSYSLOG_TraditionalForwardFormat"'
        actions = (
            forward.format(port=at["udp"], protocol="udp", more=old),
            forward.format(port=at["tcp"], protocol="tcp", more='template="RSYSLOG_ForwardFormat"'),
            forward.format(port=at["tls"], protocol="tcp", more=tls),
        )
        with rsyslog(tmp_path / "rsyslog", *actions) as write:
            for n in range(20):
                write(f"rsyslog says {n}")
            with hl7.client.MLLPClient("127.0.0.1", at["adt"]) as client:
                for n in range(5):
                    answer = hl7.parse(client.send_message(MESSAGE.format(n=n)))
                    assert (str(answer.segment("MSA")[1]), str(answer.segment("MSA")[2])) == ("AA", f"M{n}")
            assert [post(at["fhir"], audit(n)) for n in range(5)] == [201] * 5
            until_stored(program, 70)
        for how in (["-d", "-P", at["udp"]], ["-T", "-P", at["tcp"]], ["-T", "-P", at["tcp"], "--octet-count"]):
            words = ["logger", "-n", "127.0.0.1", "--rfc5424", *map(str, how), "logger says it"]
            subprocess.run(words, check=True)
        until_stored(program, 73)
        said = program.json("intake", "status")
        found = {one["name"]: one for one in said["listeners"]}
        assert (said["listening"], said["storing"], said["trouble"]) == (True, True, "")
        assert {name: one["trouble"] for name, one in found.items()} == dict.fromkeys(at, "")
        assert {name: one["stored"] for name, one in found.items()} == {
            "udp": 21,
            "tcp": 22,
            "tls": 20,
            "adt": 5,
            "fhir": 5,
        }
        assert all(one["delay_s"] < 60 and one["last_message"] and one["address"] for one in found.values())
    sql = "SELECT source.split_part('/', 1), count(*) FROM all_events WHERE format LIKE 'syslog%' GROUP BY 1 ORDER BY 1"
    assert stored(program.home, sql) == [("tcp", 22), ("tls", 20), ("udp", 21)]
    assert stored(program.home, "SELECT count(*), min(system) FROM events") == [(5, "emr")]
    program.verify()
