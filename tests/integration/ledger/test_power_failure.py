# SPDX-License-Identifier: Apache-2.0
"""A power failure may take every tile that was not yet settled; nothing that was acknowledged goes with it.

The worst case, made by hand: each file below `logs/` that came or changed since the last settling is there and empty, and
each that was removed since is gone. Only what was synced stands: the journal, `settled`, and the newest checkpoint.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import connect, event
from wardkeep.ledger import Ledger, LedgerReader, verify_ledger
from wardkeep.ledger.journal import read_file


class Machine:
    """A ledger that is written to, and whose power can be cut."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ledger, self.seq, self.at = folder, connect(folder), -1, 0
        known = self.ledger.last("intake:x")
        if known:
            self.seq = known[0]
        self.durable = self.now()

    def now(self) -> dict[Path, bytes]:
        return {p: p.read_bytes() for p in (self.folder / "logs").rglob("*") if p.is_file()}

    def append(self, count: int) -> None:
        self.seq += 1
        receipt = self.ledger.append("intake:x", self.seq, [event(self.seq * 10_000 + n) for n in range(count)])
        self.at = receipt.last + 1
        self.ledger.publish()

    def settle(self) -> None:
        log_of(self.ledger).settle()
        self.durable = self.now()

    def cut_power(self) -> None:
        for path, raw in self.now().items():
            synced = path.name in ("checkpoint", "settled")
            if not synced and self.durable.get(path) != raw:
                path.write_bytes(b"")
        log_of(self.ledger)._journal.close()  # and no close(): it would publish
        self.ledger._road._writer.close()  # type: ignore[attr-defined]


def log_of(ledger: Ledger):  # type: ignore[no-untyped-def]
    return ledger._road._writer.log  # type: ignore[attr-defined]


def expect_whole(folder: Path, size: int) -> None:
    connect(folder).close()
    report = verify_ledger(folder)
    assert report.problems == []
    assert report.size == report.intact == size
    reader = LedgerReader(folder)
    assert reader.size("2026") == size
    for n in (0, size // 2, size - 1):
        reader.proof("2026", n)


@pytest.mark.parametrize("settled", [0, 1, 100, 256, 300, 700])
@pytest.mark.parametrize("after", [[1], [1, 1, 1], [200], [255, 1, 300], [5, 5, 5, 600, 2]])
def test_a_power_failure_at_any_size_loses_nothing(folder: Path, settled: int, after: list[int]) -> None:
    machine = Machine(folder)
    if settled:
        machine.append(settled)
        machine.settle()
    for count in after:
        machine.append(count)
    size = machine.at
    machine.cut_power()
    expect_whole(folder, size)


def test_twenty_power_failures_in_a_row_lose_nothing(folder: Path) -> None:
    dice, size = random.Random(11), 1
    for _ in range(20):
        machine = Machine(folder)
        for _ in range(dice.randrange(1, 6)):
            machine.append(dice.choice((1, 3, 90, 256, 400)))
            size = machine.at
            if dice.random() < 0.3:
                machine.settle()
        machine.cut_power()
        if dice.random() < 0.5:
            expect_whole(folder, size)
    expect_whole(folder, size)


def test_an_unfinished_write_at_the_end_of_the_journal_is_cut_back(folder: Path) -> None:
    machine = Machine(folder)
    machine.append(300)
    size = machine.at
    machine.cut_power()
    (journal,) = (folder / "journal/2026").glob("*.wkj")
    whole = journal.read_bytes()
    newest = whole[max(item[0] for item in read_file(journal, None) if isinstance(item, tuple)) :]
    for tail in (newest[:4], newest[:100], newest[: len(newest) // 2], newest[:-1], bytes(5000), b"WKJ1" + bytes(3000)):
        journal.write_bytes(whole + tail)
        expect_whole(folder, size)
        assert journal.read_bytes() == whole


def test_parts_of_the_settled_size_go_with_the_next_settling(folder: Path) -> None:
    machine = Machine(folder)
    machine.append(99)
    machine.settle()
    machine.append(600)
    parts = folder / "logs/2026/tile/0/000.p"
    assert [p.name for p in parts.iterdir()] == ["100"]
    machine.settle()
    assert not parts.exists()
    machine.ledger.close()
    assert verify_ledger(folder).ok


@pytest.mark.parametrize("settled", [0, 100, 256])
@pytest.mark.parametrize("at", [1, 255, 600])
@pytest.mark.parametrize("meanwhile", [[1], [200], [255, 1, 300]])
@pytest.mark.parametrize("recorded", [False, True])
def test_a_power_failure_while_a_size_is_being_settled_loses_nothing(
    folder: Path, settled: int, at: int, meanwhile: list[int], recorded: bool
) -> None:
    """The log grows while the disk syncs what was published before; what came since is not durable when that is recorded."""
    machine = Machine(folder)
    if settled:
        machine.append(settled)
        machine.settle()
    machine.append(at)
    log = log_of(machine.ledger)
    settling = log.begin_settling()
    log.sync()
    synced = machine.now()
    for count in meanwhile:
        machine.append(count)
    if recorded:
        machine.durable = synced
        log.end_settling(settling)
    size = machine.at
    machine.cut_power()
    expect_whole(folder, size)


def test_appending_does_not_wait_for_a_slow_sync_before_too_much_hangs_on_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wardkeep.ledger import log as log_module
    from wardkeep.ledger import published

    slow, real = threading.Event(), published.sync_disk

    def sync_disk(path: Path) -> None:
        assert slow.wait(30)
        real(path)

    monkeypatch.setattr(published, "sync_disk", sync_disk)
    monkeypatch.setattr(log_module, "SETTLE_AFTER", 500)
    machine = Machine(folder)
    for _ in range(9):
        machine.append(100)  # 900 entries, of which 500 are being settled
    log = log_of(machine.ledger)
    assert not log.overdue and log._files.settled == 0
    waiting = threading.Thread(target=machine.append, args=(200,))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    slow.set()
    waiting.join(30)
    assert log._files.settled >= 500
    machine.ledger.close()
    expect_whole(folder, machine.at)


def test_a_sync_that_fails_in_its_thread_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.ledger import log as log_module
    from wardkeep.ledger import published

    calls, real = [0], published.sync_disk

    def sync_disk(path: Path) -> None:
        calls[0] += 1
        if calls[0] < 3:
            raise OSError(5, "Input/output error")
        real(path)

    monkeypatch.setattr(published, "sync_disk", sync_disk)
    monkeypatch.setattr(log_module, "SETTLE_AFTER", 300)
    machine = Machine(folder)
    for _ in range(30):
        machine.append(100)
    assert calls[0] >= 3 and log_of(machine.ledger)._files.settled > 0
    machine.ledger.close()
    expect_whole(folder, machine.at)
