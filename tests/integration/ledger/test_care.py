# SPDX-License-Identifier: Apache-2.0
"""Care waits for nobody, and what it wrote down while the ledger was away is in the ledger afterwards, each entry once."""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.ledger.caring import care
from tests.integration.ledger.conftest import connect, event
from tests.integration.ledger.serving import ROOT, Served, served
from wardkeep.ledger import EntryTooLarge, Ledger, LedgerReader, carrying, is_act, verify_ledger
from wardkeep.ledger.carrying import CARRIED, carry_over
from wardkeep.ledger.spool import START, Spool, SpoolFull


@pytest.fixture
def spools(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def events_of(folder: Path) -> list[bytes]:
    reader = LedgerReader(folder)
    return [body for body in reader.bodies("2026", 0, reader.size("2026") - 1) if not is_act(body)]


def acts_of(folder: Path) -> list[dict[str, object]]:
    reader = LedgerReader(folder)
    acts = [json.loads(body) for body in reader.bodies("2026", 0, reader.size("2026") - 1) if is_act(body)]
    return [act["facts"] for act in acts if act["act"] == CARRIED]


def test_with_the_ledger_there_an_entry_has_its_receipt_and_the_spool_stays_empty(folder: Path, spools: Path) -> None:
    with served(folder) as server, care(folder, spools, patience=30.0) as path:
        receipts = [path.append(event(n)) for n in range(20)]
        assert [receipt.first for receipt in receipts if receipt] == list(range(1, 21))
        assert (path.waiting, path.spooling) == (0, False)
        server.stop()
    assert events_of(folder) == [event(n) for n in range(20)]


def test_an_outage_is_said_and_care_goes_on_and_all_is_carried_over_once_and_in_order(
    folder: Path, spools: Path
) -> None:
    alarms: list[str] = []
    with care(folder, spools, alarm=alarms.append, patience=20.0) as path:
        with served(folder) as server:
            assert path.append(event(0)) is not None
            server.kill()
            for n in range(1, 30):
                assert path.append(event(n)) is None
        assert len([text for text in alarms if "writes into its spool" in text]) == 1
        with served(folder) as server:
            until(lambda: not path.spooling)
            assert path.append(event(30)) is not None
            server.stop()
    assert events_of(folder) == [event(n) for n in range(31)]
    (facts,) = acts_of(folder)
    assert facts["spool"] == "gateway"
    assert facts["numbers"] == [1, 29]
    assert verify_ledger(folder).ok


def test_care_waits_no_longer_than_its_patience_and_an_entry_of_which_nobody_knows_is_there_once(
    folder: Path, spools: Path
) -> None:
    """The writer is stopped with the entry in its hands: it takes it when it goes on, and the spool has it too."""
    with served(folder) as server, care(folder, spools, patience=0.3) as path:
        path.append(event(0))
        until(lambda: not path.spooling)
        os.kill(server.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        assert path.append(event(1)) is None
        first = time.monotonic() - began
        began = time.monotonic()
        for n in range(2, 12):
            assert path.append(event(n)) is None
        rest = time.monotonic() - began
        os.kill(server.process.pid, signal.SIGCONT)
        until(lambda: not path.spooling)
        server.stop()
    assert 0.3 <= first < 20  # the ledger would never have answered
    assert rest < 20
    assert events_of(folder) == [event(n) for n in range(12)]


def test_a_care_path_that_starts_in_an_outage_begins_under_another_name_and_loses_nothing(
    folder: Path, spools: Path
) -> None:
    with served(folder) as server, care(folder, spools, patience=30.0) as path:
        path.append(event(0))
        server.stop()
    with care(folder, spools) as path:
        assert path.append(event(1)) is None
    with care(folder, spools) as path:  # started anew once more, still without a ledger
        assert (path.waiting, path.spooling) == (1, True)
        assert path.append(event(2)) is None
        with served(folder) as server:
            until(lambda: not path.spooling)
            server.stop()
    assert events_of(folder) == [event(n) for n in range(3)]
    assert [facts["numbers"] for facts in acts_of(folder)] == [[0, 1]]


def test_a_full_spool_is_said_and_what_was_acknowledged_is_carried_over(folder: Path, spools: Path) -> None:
    alarms: list[str] = []
    kept = []
    with care(folder, spools, alarm=alarms.append, size=START + 2000) as path:
        for n in range(40):
            try:
                path.append(event(n))
                kept.append(n)
            except SpoolFull:
                break
        assert 5 < len(kept) < 40
        assert "is lost" in alarms[-1]
        with pytest.raises(EntryTooLarge):
            path.append(b"")
        with served(folder) as server:
            until(lambda: not path.spooling)
            server.stop()
    assert events_of(folder) == [event(n) for n in kept]


def test_carrying_over_that_is_cut_short_anywhere_appends_each_entry_once(folder: Path, spools: Path) -> None:
    spool = Spool.make(spools / "gateway.wks", "gateway")
    for number in range(6):
        spool.put(number, 1_000_000 * number, event(number))
    calls = [0]

    class Cut(Exception):
        pass

    def cut_after(nth: int, real: Callable[..., object]) -> Callable[..., object]:
        def append(self: Ledger, *words: object) -> object:
            calls[0] += 1
            answer = real(self, *words)
            if calls[0] >= nth:
                raise Cut
            return answer

        return append

    with pytest.MonkeyPatch.context() as patch, connect(folder) as ledger:
        patch.setattr(carrying, "TOGETHER", 2)
        roads = {name: getattr(Ledger, name) for name in ("append", "append_each")}
        for nth in (1, 1, 1, 2, 2, 2):
            calls[0] = 0
            for name, real in roads.items():
                patch.setattr(Ledger, name, cut_after(nth, real))
            with pytest.raises(Cut):
                carry_over(spool, ledger)
            assert len(spool.entries) == 6
        patch.undo()
        assert carry_over(spool, ledger).count == 6
        assert carry_over(spool, ledger).count == 0
    spool.close()
    assert events_of(folder) == [event(n) for n in range(6)]
    assert len(acts_of(folder)) == 1


def test_a_damaged_spool_is_put_aside_and_said_and_a_new_one_made(folder: Path, spools: Path) -> None:
    with care(folder, spools) as path:
        for n in range(5):
            path.append(event(n))
    (file,) = spools.glob("*.wks")
    raw = bytearray(file.read_bytes())
    raw[START + 250] ^= 1
    file.write_bytes(bytes(raw))
    alarms: list[str] = []
    with care(folder, spools, alarm=alarms.append) as path:
        assert path.waiting == 0
        assert path.append(event(9)) is None
    assert "is damaged" in alarms[0]
    (aside,) = spools.glob("*.damaged")
    whole = Spool(aside)
    assert [entry.body for entry in whole.entries] == [event(n) for n in range(2)]
    with connect(folder) as ledger:
        carry_over(whole, ledger, keep=True)
    whole.close()
    assert events_of(folder) == [event(0), event(1)]


# --- kill -9


class CarePath:
    """A process that writes down numbers, and what it said of them."""

    def __init__(self, ledger: Path, spools: Path, first: int) -> None:
        words = [sys.executable, "-m", "tests.integration.ledger.caring", str(ledger), str(spools), str(first)]
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)
        self._first = b""

    def begun(self) -> None:
        """Wait for its first word: a kill before that finds nothing to lose."""
        assert self.process.stdout is not None
        self._first = self._first or self.process.stdout.readline()
        assert self._first

    def kill(self) -> list[int]:
        """End it, and give back what it had acknowledged."""
        self.process.kill()
        said = (self._first + self.process.communicate()[0]).decode()
        return [int(line) for line in said.splitlines(keepends=True) if line.endswith("\n")]


def kill_often(folder: Path, spools: Path, kills: int, seed: int) -> None:
    dice, acknowledged, first = random.Random(seed), list[int](), 0
    server, path = Served(folder, often=True), CarePath(folder, spools, 0)
    for _ in range(kills):
        if dice.random() < 0.8:  # else it is killed while it starts
            path.begun()
        time.sleep(dice.uniform(0.0, 0.5))
        if dice.random() < 0.5:
            server.kill()
            time.sleep(dice.uniform(0.0, 0.5))
            server = Served(folder, often=True)
        else:
            acknowledged += path.kill()
            first += 100_000
            path = CarePath(folder, spools, first)
    path.begun()
    acknowledged += path.kill()
    try:
        with care(folder, spools) as last:
            until(lambda: not last.spooling, 60.0)
    finally:
        assert server.stop() == 0
    found = collections.Counter(events_of(folder))
    assert acknowledged
    assert [n for n in acknowledged if found[event(n)] != 1] == []
    assert max(found.values()) == 1
    assert verify_ledger(folder).problems == []


def test_eight_kills_of_care_path_and_writer_lose_nothing_and_repeat_nothing(folder: Path, spools: Path) -> None:
    kill_often(folder, spools, 8, seed=3)


@pytest.mark.soak
def test_two_hundred_kills_of_care_path_and_writer_lose_nothing_and_repeat_nothing(folder: Path, spools: Path) -> None:
    kill_often(folder, spools, 200, seed=4)
