# SPDX-License-Identifier: Apache-2.0
"""Benchmark: live detections, beside a loop that only looks at each event; and from heard to alert at 10,000 events a second.

    python -m bench live [--quick]

The events are a made-up hospital's: 3,000 accounts that open records of 30,000 patients, sign in, and now and then fail to; a
thousandth of them touches a decoy. The loop beside the engine goes over the same rows in the same batches and counts those with
a patient: no judge does less. In the other two, events come at their own pace, whether what judges them is ready or not, so
that what waits counts. First the engine is handed rows; then a second process writes FHIR messages into a raw spool and syncs
them, as a listener does, and this one, on one core, follows the spool, reads each message and judges it. The time is from the
moment at which the event was due to the alert. Keeping alerts in the database is not in it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from wardkeep.jobs.listen.following import Follower
from wardkeep.jobs.listen.rawspool import Group, Heard, RawSpool
from wardkeep.jobs.listen.taking import Taker
from wardkeep.listeners import Listener
from wardkeep.watch.intake.row import Row
from wardkeep.watch.live import Holder, Known, Limits, Live

RATE, BATCH = 10_000, 100
EVENTS, QUICK = 300_000, 20_000
SECONDS, QUICK_SECONDS = 15, 2
ROUNDS = 5
NOON = 1_772_424_000_000_000
KEK = b"b" * 32
ACCOUNTS, PATIENTS = 3_000, 30_000
#: Everything is said, so that each decoy gives its alert.
LIMITS = Limits(most_a_minute=100_000, quiet_minutes=1)


def figures(*, quick: bool) -> list[Figure]:
    """Rounds of both, then the two at a pace."""
    rows = events(QUICK if quick else EVENTS)
    batches = [rows[n : n + BATCH] for n in range(0, len(rows), BATCH)]
    ours, theirs = [], []
    for _ in range(2 if quick else ROUNDS):
        theirs.append(len(rows) / _bare(batches))
        ours.append(len(rows) / _judged(batches))
    seconds = QUICK_SECONDS if quick else SECONDS
    handed = [_percentile(_paced(rows, seconds)) for _ in range(1 if quick else 3)]
    spooled = [_percentile(_spooled(seconds)) for _ in range(1 if quick else 3)]
    what = f"at {RATE:,} events/s"
    return [
        Figure(what="live: engine", unit="events/s", ours=ours, peer="bare loop over the rows", theirs=theirs),
        Figure(what=f"live: p99 from handed in to alert, {what}", unit="s", ours=handed, goal=1.0, less_is_better=True),
        Figure(
            what=f"live: p99 from heard to alert, one core, {what}",
            unit="s",
            ours=spooled,
            goal=1.0,
            less_is_better=True,
        ),
    ]


def known() -> Known:
    """What is known of the made-up hospital."""
    holders = {f"u{n}": Holder(person=f"S{n}", role="nurse", own=f"P{n}") for n in range(ACCOUNTS)}
    return Known(
        honey=frozenset(f"D{n}" for n in range(20)), holders=holders, peers={"nurse": 40},
        privileged=frozenset({"u0"}), places={"u0": frozenset({"WS0"})}, remote_tools=frozenset({"anydesk"}),
        plain_protocols=frozenset({"ftp"}), plain_ports=frozenset({21}),
    )  # fmt: skip


def events(count: int) -> list[Row]:
    """The same each time."""
    dice, made = random.Random(5), []
    for n in range(count):
        account = f"u{dice.randrange(ACCOUNTS)}"
        says = dice.random()
        signs = says < 0.05
        patients = () if signs else (f"D{n % 20}",) if n % 1000 == 500 else (f"P{dice.randrange(PATIENTS)}",)
        made.append(
            Row(
                event_id=f"e{n}", time=NOON + n * 1_000_000 // RATE, time_quality="offset", account=account,
                patients=patients, action="login" if signs else "read", resource=None if signs else "Encounter", amount=1,
                purpose=None, breakglass=False, outcome="failure" if says < 0.01 else "success", system="emr",
                workstation=f"WS{account[1:]}", ip="10.0.0.1", site=None, session_id=None, query=None, duration_ms=None,
                kind="access", format="bench", position=str(n), raw_sha256=bytes(32),
                extra='{"client":"10.0.0.1","request_id":"7"}',
            )
        )  # fmt: skip
    return made


def _bare(batches: list[list[Row]]) -> float:
    began, seen = time.perf_counter(), 0
    for batch in batches:
        for row in batch:
            if row.patients:
                seen += 1
    return time.perf_counter() - began


def _judged(batches: list[list[Row]]) -> float:
    live, alerts = Live(LIMITS, known()), 0
    began = time.perf_counter()
    for batch in batches:
        alerts += len(live.judge(batch, heard_us=batch[-1].time))
    seconds = time.perf_counter() - began
    assert alerts > 0
    return seconds


def _paced(rows: list[Row], seconds: int) -> list[float]:
    """Seconds of each alert since its events were due."""
    live, waited = Live(LIMITS, known()), []
    began = time.perf_counter()
    for n in range(0, min(len(rows), seconds * RATE), BATCH):
        due = began + n / RATE
        if (ahead := due - time.perf_counter()) > 0:
            time.sleep(ahead)
        found = live.judge(rows[n : n + BATCH], heard_us=rows[n].time)
        waited += [time.perf_counter() - due] * len(found)
    return waited


def _spooled(seconds: int) -> list[float]:
    """Seconds of each alert since its message was due, through a raw spool that another process writes."""
    cores = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder) / "fhir"
        writer = subprocess.Popen([sys.executable, "-m", "bench.live", str(spool), str(seconds)])
        os.sched_setaffinity(0, {min(cores)})
        try:
            follower = Follower(spool, kek=KEK)
            taker = Taker("fhir", Listener(protocol="http", port=0, system="emr"), zone="Asia/Shanghai")
            live, waited, read = Live(LIMITS, known()), list[float](), 0
            warm = Group(1, [Heard(NOON, "message", "10.0.0.1", _message(random.Random(7), 0))])
            assert all(rows for _, rows in taker.rows(warm))  # loads the readers, once for a process
            while read < seconds * RATE:
                before = read
                for group in follower.look():
                    for heard_us, rows in taker.rows(group):
                        found = live.judge(rows, heard_us=heard_us)
                        read += len(rows)
                        waited += [time.time() - alert.heard_us / 1e6 for alert in found]
                if read == before:
                    time.sleep(0.02)
            return waited
        finally:
            os.sched_setaffinity(0, cores)
            follower.close()
            writer.wait()


def write(folder: Path, seconds: int) -> None:
    """Write messages at their pace; each says when it was due."""
    dice = random.Random(6)
    bodies = [_message(dice, n) for n in range(seconds * RATE)]
    spool = RawSpool(folder, kek=KEK, limit=4 << 30)
    began = time.time()
    for n in range(0, len(bodies), BATCH):
        due = began + n / RATE
        if (ahead := due - time.time()) > 0:
            time.sleep(ahead)
        spool.append([Heard(int(due * 1e6), "message", "10.0.0.1", body) for body in bodies[n : n + BATCH]])
    spool.close()


def _message(dice: random.Random, n: int) -> bytes:
    patient = f"D{n % 20}" if n % 1000 == 500 else f"P{dice.randrange(PATIENTS)}"
    said = {
        "resourceType": "AuditEvent",
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110110"},
        "action": "R",
        "recorded": f"2026-03-02T12:{n // RATE // 60:02d}:{n // RATE % 60:02d}.{n % 1000:03d}+08:00",
        "outcome": "0",
        "agent": [{"who": {"identifier": {"value": f"u{dice.randrange(ACCOUNTS)}"}}, "requestor": True}],
        "source": {"observer": {"display": "emr"}},
        "entity": [{"what": {"reference": f"Patient/{patient}"}}],
    }
    return json.dumps(said).encode()


def _percentile(waited: list[float]) -> float:
    """The 99th."""
    assert waited, "no alert"
    return sorted(waited)[min(len(waited) - 1, len(waited) * 99 // 100)]


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
