# SPDX-License-Identifier: Apache-2.0
"""A ledger that is being written is read and verified meanwhile, and nothing is called damage that is only new."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import NOON, connect, event
from wardkeep.ledger import LedgerReader, check_proof, verify_ledger
from wardkeep.ledger import journal as journal_module
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.verify_since import compare_with, verify_since


@contextmanager
def busy(folder: Path) -> Iterator[None]:
    """Somebody who appends, publishes, and now and then settles."""
    stop, faults = threading.Event(), []

    def work() -> None:
        dice = random.Random(3)
        try:
            seq = 0

            def passing() -> datetime:
                """A year has eighty batches."""
                return NOON.replace(year=2026 + seq // 80)

            with connect(folder, clock=passing) as ledger:
                while not stop.is_set():
                    count = dice.choice((1, 1, 3, 50, 300))
                    ledger.append("intake:x", seq, [event(seq * 1000 + n) for n in range(count)])
                    seq += 1
                    ledger.publish()
                    if seq % 9 == 0:
                        ledger._road._writer.log.settle()  # type: ignore[attr-defined]
                    time.sleep(0.002)
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert faults == []


def enough(started: float, seen: bool, seconds: float) -> bool:
    """Whether a run took its time and saw what it must see; a busy machine gets a minute more."""
    took = time.monotonic() - started
    return took > seconds and (seen or took > 60)


def test_a_ledger_that_grows_meanwhile_is_verified_without_a_false_alarm(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "ROTATE", 30_000)
    sizes = []
    with busy(folder):
        started = time.monotonic()
        while not enough(started, len(set(sizes)) > 5 and len(LedgerReader(folder).logs()) > 1, 4):
            report = verify_ledger(folder)
            assert report.problems == [], report.problems[:3]
            sizes.append(report.size)
    assert len(set(sizes)) > 5
    assert len(LedgerReader(folder).logs()) > 1


def test_a_ledger_that_grows_meanwhile_is_verified_from_time_to_time_without_a_false_alarm(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time from where it was before, over the ends of years."""
    monkeypatch.setattr(journal_module, "ROTATE", 30_000)
    known: dict[str, Checkpoint] = {}
    sizes = []
    with busy(folder):
        started = time.monotonic()
        while not enough(started, len(set(sizes)) > 5 and len(known) > 1, 4):
            reader = LedgerReader(folder)
            now = {log: reader.checkpoint(log) for log in reader.logs()}
            report = verify_since(folder, known)
            compare_with(folder, now, report)
            assert report.problems == [], report.problems[:3]
            known = now
            sizes.append(report.size)
    assert len(set(sizes)) > 5 and len(known) > 1


def test_a_ledger_that_grows_meanwhile_gives_proofs_that_hold(folder: Path) -> None:
    dice, reader, sizes = random.Random(5), LedgerReader(folder), set()
    with busy(folder):
        started = time.monotonic()
        while not enough(started, len(sizes) > 5, 2):
            log = reader.current
            size = reader.size(log)
            n = dice.randrange(size)
            _, checkpoint = check_proof(reader.proof(log, n), reader.body(log, n), reader.vkey(log))
            assert checkpoint.size >= size
            reader.last_number("intake:x")
            sizes.add((log, size))
    assert len(sizes) > 5
