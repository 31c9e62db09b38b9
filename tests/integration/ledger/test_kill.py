# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: what was acknowledged is there, once, at its place; what was repeated is not there twice."""

from __future__ import annotations

import collections
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import act, connect, event
from tests.integration.ledger.serving import Served
from wardkeep.ledger import Ledger, LedgerReader, LedgerUnavailable, Receipt, journal, log, verify_ledger
from wardkeep.ledger import client as client_module
from wardkeep.ledger.writer import give_back

CLIENTS = 16


@dataclass
class Client:
    """Appends batch after batch, asks again for the one that got no answer, and keeps every receipt."""

    number: int
    folder: Path
    stop: threading.Event
    receipts: list[Receipt] = field(default_factory=list)
    fault: BaseException | None = None

    def batch(self, seq: int) -> list[bytes]:
        dice = random.Random(self.number * 1_000_003 + seq)
        base = (self.number << 40) + (seq << 10)
        if seq % 7 == 6:
            return [act(base + n) for n in range(3)]
        return [event(base + n) for n in range(dice.choice((1, 1, 2, 9, 60, 400)))]

    def run(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.fault = error

    def _run(self) -> None:
        ledger: Ledger | None = None
        while True:
            seq = len(self.receipts)
            if self.stop.is_set() and ledger is not None:
                ledger.close()
                return
            try:
                ledger = ledger or client_of(self.folder)
                self.receipts.append(ledger.append(f"client-{self.number}", seq, self.batch(seq)))
            except (LedgerUnavailable, OSError):
                time.sleep(0.005)


def client_of(folder: Path) -> Ledger:
    return Ledger(client_module._There(folder, 20.0), in_process=False)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moments at which clients reached a writer."""
    made: list[float] = []

    class Talk(client_module._Talk):
        def __init__(self, folder: Path, wait: float) -> None:
            super().__init__(folder, wait)
            made.append(time.monotonic())

    monkeypatch.setattr(client_module, "_Talk", Talk)
    return made


def acknowledged_anew(clients: list[Client]) -> None:
    """Wait until a client got another receipt, so that the next kill falls into work, however slow the machine is."""
    before, until = sum(len(client.receipts) for client in clients), time.monotonic() + 60
    while sum(len(client.receipts) for client in clients) == before:
        assert time.monotonic() < until and not any(client.fault for client in clients)
        time.sleep(0.002)


def kill_often(folder: Path, kills: int, seed: int) -> None:
    dice, stop = random.Random(seed), threading.Event()
    clients = [Client(number, folder, stop) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    server = Served(folder, often=True)
    for thread in threads:
        thread.start()
    try:
        for _ in range(kills):
            acknowledged_anew(clients)
            time.sleep(dice.uniform(0.0, 0.25))
            server.kill()
            server = Served(folder, often=True)
        acknowledged_anew(clients)
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    finally:
        stop.set()
        status = server.stop()
    assert [client.fault for client in clients] == [None] * CLIENTS
    assert status == 0
    expect_each_once(folder, clients)


def expect_each_once(folder: Path, clients: list[Client]) -> None:
    report = verify_ledger(folder)
    assert report.problems == []
    reader = LedgerReader(folder)
    size = reader.size("2026")
    assert report.intact == size == 1 + sum(r.count for client in clients for r in client.receipts)
    everything = reader.bodies("2026", 0, size - 1)
    for client in clients:
        for seq, receipt in enumerate(client.receipts):
            assert everything[receipt.first : receipt.last + 1] == client.batch(seq), (client.number, seq)
    assert max(collections.Counter(everything).values()) == 1


def test_ten_kills_under_load_lose_nothing_and_repeat_nothing(folder: Path, connections: list[float]) -> None:
    kill_often(folder, 10, seed=1)
    assert len(connections) > CLIENTS + 10  # the kills did hit somebody


@pytest.mark.soak
def test_two_hundred_kills_under_load_lose_nothing_and_repeat_nothing(folder: Path, connections: list[float]) -> None:
    kill_often(folder, 200, seed=2)
    assert len(connections) > CLIENTS + 200


@pytest.mark.soak
def test_ten_million_entries_are_opened_in_five_seconds(folder: Path) -> None:
    """Opening scans no log: it reads what the journal still holds, and that is bounded."""
    with connect(folder) as ledger:
        for seq in range(100):
            ledger.append("intake:x", seq, [event(seq * 100_000 + n) for n in range(100_000)])
    took = []
    for _ in range(3):
        started = time.monotonic()
        ledger = connect(folder)
        took.append(time.monotonic() - started)
        ledger.close()
    print(f"opened 10,000,001 entries in {min(took):.2f} s")
    assert LedgerReader(folder).size("2026") == 10_000_001
    assert min(took) < 5


@pytest.mark.soak
def test_the_longest_journal_that_a_kill_can_leave_is_opened_in_five_seconds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry a record, up to the moment at which it would be settled: there is no more to read than that."""
    monkeypatch.setattr(journal.os, "fdatasync", lambda descriptor: None)
    ledger = connect(folder)
    writer, seq = ledger._road._writer, 0  # type: ignore[attr-defined]
    while writer.log._unsettled_bytes < log.SETTLE_BYTES - 100_000:
        ledger.append("intake:x", seq, [event(seq)])
        seq += 1
    writer.log._journal.close()
    give_back(writer._lock)
    started = time.monotonic()
    ledger = connect(folder)
    took = time.monotonic() - started
    assert ledger.last("intake:x") == (seq - 1, Receipt("2026", seq, seq))
    ledger.close()
    print(f"read {seq:,} records in {took:.2f} s")
    assert took < 5
