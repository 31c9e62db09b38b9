# SPDX-License-Identifier: Apache-2.0
"""Benchmark 4: the ledger beside the disk alone, SHA-256 at the speed of C, pymerkle and PostgreSQL.

    python -m bench ledger [--quick]

Each round takes all of it, one after the other: batches appended in process, single acknowledgements in process and through the
socket, 64 clients with 16 batches and with one in flight, and the peers. Then a ledger of ten million entries is made: its
size on disk, how long it takes to open, and its full verification.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from bench.figure import Figure
from bench.ledger_clients import SIGNER, event, load_apart, now, served
from bench.ledger_peers import Postgres, postgres, pymerkle, pymerkle_rates, sha256_rate, write_and_sync
from wardkeep.ledger import Ledger, LedgerReader, verify_ledger
from wardkeep.ledger.tiles import pack_bundle
from wardkeep.ledger.verify_since import verify_since

ROUNDS = 5
#: An act as the console writes it has about so many bytes.
ACT = 290
#: Entries of a batch: one, as many as a page of accesses, and as intake sends them.
BATCHES = (64, 4096)
CLIENTS, IN_FLIGHT = 64, 16
#: Bytes of a record with one event.
RECORD = 900
LARGE, QUICK_LARGE = 10_000_000, 200_000

Values = defaultdict[str, list[float]]


def figures(*, quick: bool) -> list[Figure]:
    """Rounds of everything that is quick, then the large ledger."""
    values: Values = defaultdict(list)
    # Not below /tmp where that is memory: a disk is measured.
    with tempfile.TemporaryDirectory(prefix="wardkeep-bench-", dir="/var/tmp") as place, ExitStack() as stack:
        folder = Path(place)
        peer, server = stack.enter_context(pymerkle(folder)), stack.enter_context(postgres(folder))
        for number in range(1 if quick else ROUNDS):
            a_round(folder / f"round-{number}", values, peer, server, quick=quick)
            print(f"round {number} done", file=sys.stderr, flush=True)
        large(folder / "large", values, quick=quick)
        sizes_of_acts(folder / "acts", values)
    return rows(values)


def a_ledger(folder: Path) -> Path:
    Ledger.create(folder, origin="bench.example/hospital", signer=SIGNER, at=now())
    return folder


def connect(folder: Path) -> Ledger:
    return Ledger.connect(folder, signer=SIGNER, clock=now)


def through_socket(folder: Path) -> Ledger:
    ledger = connect(folder)
    assert not ledger.in_process
    return ledger


def a_round(folder: Path, values: Values, peer: Path | None, server: Postgres | None, *, quick: bool) -> None:
    """Everything once, ours and each limit in turn."""
    folder.mkdir()
    ledger, scale = a_ledger(folder / "ledger"), 10 if quick else 1
    for count in BATCHES:
        batches(folder, ledger, values, count, 40 // scale if count > 1000 else 400 // scale)
    singles(folder, ledger, values, 1000 // scale)
    with served(ledger):
        many = load_apart(ledger, CLIENTS, IN_FLIGHT, 128_000 // scale, 0)
        values["64x16"].append(many["rate"])
        turns(folder, ledger, values, 64_000 // scale, first=int(many["next"]))
    if peer is not None:
        single, bulk = pymerkle_rates(peer, folder, single=500 // scale, bulk=50_000 // scale)
        values["pymerkle single"].append(single)
        values["pymerkle bulk"].append(bulk)
    if server is not None:
        values["postgres 1"].append(server.rate(1, 1 if quick else 3))
        values["postgres 64"].append(server.rate(CLIENTS, 1 if quick else 3))


def batches(folder: Path, ledger: Path, values: Values, count: int, times: int) -> None:
    """Batches of acts, durable one by one, each in turn with the same bytes written and synced."""
    bare = ours = 0.0
    with connect(ledger) as one:
        for seq in range(times):
            bodies = [os.urandom(ACT) for _ in range(count)]
            bare += write_and_sync(folder, pack_bundle(bodies))
            began = time.perf_counter()
            one.append(f"batches-{count}", seq, bodies)
            ours += time.perf_counter() - began
    values[f"bare {count}"].append(count * times / bare)
    values[f"batches {count}"].append(count * times / ours)
    if count == max(BATCHES) and (rate := sha256_rate(ACT, 1)):
        values["sha256"].append(rate)


def singles(folder: Path, ledger: Path, values: Values, times: int) -> None:
    """One event a batch, in process and through the socket, in turn with a write and sync of a record's bytes."""
    record = os.urandom(RECORD)
    for name, road in (("process", connect), ("socket", through_socket)):
        took, bare = [], []
        with ExitStack() as stack:
            if name == "socket":
                stack.enter_context(served(ledger))
            one = stack.enter_context(road(ledger))
            for seq in range(times):
                bare.append(write_and_sync(folder, record))
                began = time.perf_counter()
                one.append(f"single-{name}", seq, [event(seq)])
                took.append(time.perf_counter() - began)
        values[f"{name} p50"].append(sorted(took)[times // 2] * 1e6)
        values[f"{name} sync p50"].append(sorted(bare)[times // 2] * 1e6)


def turns(folder: Path, ledger: Path, values: Values, requests: int, *, first: int) -> None:
    """64 clients that wait for each answer, in four parts, and the disk alone between them."""
    found, bare = [], []
    for _ in range(4):
        found.append(load_apart(ledger, CLIENTS, 1, requests // 4, first))
        first = int(found[-1]["next"])
        bare += [write_and_sync(folder, os.urandom(CLIENTS * 180)) for _ in range(250)]
    values["64x1"].append(statistics.mean(one["rate"] for one in found))
    values["64x1 p99"].append(statistics.mean(one["p99"] for one in found) * 1e3)
    values["sync p99"].append(sorted(bare)[len(bare) * 99 // 100] * 1e3)


def large(folder: Path, values: Values, *, quick: bool) -> None:
    """A ledger of ten million events: how it is opened, what it takes, and its verification."""
    entries, batch = (QUICK_LARGE, 50_000) if quick else (LARGE, 100_000)
    a_ledger(folder)
    began = time.perf_counter()
    with connect(folder) as one:
        for seq in range(entries // batch):
            one.append("intake:large", seq, [event(seq * batch + n) for n in range(batch)])
    took = time.perf_counter() - began
    print(f"{entries:,} entries made in {took:.0f} s", file=sys.stderr, flush=True)
    for _ in range(3):
        began = time.perf_counter()
        one = connect(folder)
        values["open"].append(time.perf_counter() - began)
        one.close()
    values["event bytes"].append(size_of(folder / "logs") / entries)
    known = {log: LedgerReader(folder).checkpoint(log) for log in LedgerReader(folder).logs()}
    began, busy = time.perf_counter(), time.process_time()
    report = verify_ledger(folder)
    values["verify"].append(report.size / (time.perf_counter() - began))
    values["verify cpu"].append(report.size / (time.process_time() - busy))
    assert report.ok and report.intact == entries + 1, report.problems[:3]
    with connect(folder) as one:
        one.append("intake:large", entries // batch, [event(entries + n) for n in range(batch)])
    began = time.perf_counter()
    report = verify_since(folder, known)
    values["since"].append(time.perf_counter() - began)
    assert report.ok and report.intact == batch, report.problems[:3]


def sizes_of_acts(folder: Path, values: Values) -> None:
    """Bytes on disk for acts, over the bytes of their bodies."""
    a_ledger(folder)
    with connect(folder) as one:
        for seq in range(10):
            one.append("acts", seq, [os.urandom(ACT) for _ in range(2560)])
    values["act bytes"].append(size_of(folder / "logs") / (25_600 * ACT))


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def rows(v: Values) -> list[Figure]:
    """The table; the journal is no part of the sizes, because its files go when their entries are in tiles."""
    sync = "write and fdatasync"
    found = [
        Figure(
            what=f"ledger: batches of {count} acts, durable", unit="entries/s", ours=v[f"batches {count}"],
            peer=f"{sync} of the same bytes", theirs=v[f"bare {count}"], goal=0.5, of_ratio=True,
        )
        for count in BATCHES
    ]  # fmt: skip
    if v["sha256"]:
        of = v[f"batches {max(BATCHES)}"]
        found.append(
            Figure(what="ledger: the same", unit="entries/s", ours=of, peer="SHA-256 in C", theirs=v["sha256"])
        )
    for name, where, goal in (("process", "in process", 2.0), ("socket", "by socket", 5.0)):
        found.append(
            Figure(
                what=f"ledger: acknowledgement p50 {where}", unit="µs", ours=v[f"{name} p50"], peer=f"{sync} p50",
                theirs=v[f"{name} sync p50"], goal=goal, of_ratio=True, less_is_better=True,
            )
        )  # fmt: skip
    many, each, postgres_64 = v["64x16"], v["64x1"], v["postgres 64"]
    found += [
        Figure(what="ledger: 64 clients, 16 in flight", unit="entries/s", ours=many, goal=50_000),
        Figure(what="ledger: 64 clients, one in flight", unit="entries/s", ours=each, goal=15_000),
        Figure(
            what="ledger: its p99", unit="ms", ours=v["64x1 p99"], peer=f"{sync} p99", theirs=v["sync p99"], goal=50,
            less_is_better=True,
        ),
        Figure(what="ledger: full verification", unit="entries/s", ours=v["verify"]),
        Figure(what="ledger: full verification", unit="entries/s of CPU", ours=v["verify cpu"], goal=300_000),
        Figure(what="ledger: verifying 100 k new ones of 10 M", unit="s", ours=v["since"], less_is_better=True),
        Figure(what="ledger: disk for an event", unit="bytes", ours=v["event bytes"], goal=72, less_is_better=True),
        Figure(what="ledger: disk for acts", unit="x bodies", ours=v["act bytes"], goal=1.15, less_is_better=True),
        Figure(what="ledger: opening 10 M entries", unit="s", ours=v["open"], goal=5, less_is_better=True),
    ]  # fmt: skip
    if v["pymerkle single"]:
        alone, bulk = v["pymerkle single"], v["pymerkle bulk"]
        found += [
            Figure(what="ledger: 64 clients, one in flight", unit="entries/s", ours=each, peer="pymerkle, SQLite, each "
                   "committed", theirs=alone),
            Figure(what="ledger: batches of 4096", unit="entries/s", ours=v["batches 4096"], peer="pymerkle, SQLite, in bulk",
                   theirs=bulk),
        ]  # fmt: skip
    if postgres_64:
        found.append(
            Figure(what="ledger: 64 clients, one in flight", unit="entries/s", ours=each, peer="PostgreSQL, 64 clients, an "
                   "insert each", theirs=postgres_64)
        )  # fmt: skip
        one = [1e6 / p50 for p50 in v["socket p50"]]
        found.append(
            Figure(
                what="ledger: one client",
                unit="entries/s",
                ours=one,
                peer="PostgreSQL, one client",
                theirs=v["postgres 1"],
            )
        )
    return found
