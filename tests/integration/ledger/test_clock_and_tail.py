# SPDX-License-Identifier: Apache-2.0
"""Clocks that step, also over a year's end, and journals whose end is torn: nothing acknowledged is lost or there twice."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import NOON, connect, event
from wardkeep.ledger import LedgerReader, Receipt, journal, verify_ledger
from wardkeep.ledger.journal import read_file

YEAR_ENDS = datetime(2027, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def expect_each_once(folder: Path, receipts: dict[int, Receipt]) -> None:
    """Every acknowledged event stands where its receipt says, and nowhere else."""
    report = verify_ledger(folder)
    assert report.problems == []
    reader = LedgerReader(folder)
    found = {
        (log, n): body
        for log in reader.logs()
        for n, body in enumerate(reader.bodies(log, 0, reader.size(log) - 1))
        if body[:1] == b"\x01"
    }
    assert found == {(receipt.log, receipt.first): event(seq) for seq, receipt in receipts.items()}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_clock_does_each_entry_is_kept_once_and_logs_follow_one_another(folder: Path, seed: int) -> None:
    """Steps of seconds, months and years, forwards and back, with the writer started anew in between, and repetitions."""
    dice, clock, receipts = random.Random(seed), Clock(), dict[int, Receipt]()
    ledger, known_from = connect(folder, clock=clock), 0
    for seq in range(60):
        step = dice.choice((1, 1, 3600, 86_400 * 40, 86_400 * 400))
        clock.at = max(clock.at + timedelta(seconds=step * dice.choice((1, -1))), datetime(1990, 1, 1, tzinfo=UTC))
        if clock.at.year > 2040:
            clock.at = NOON
        receipts[seq] = ledger.append("a", seq, [event(seq)])
        if dice.random() < 0.3:
            again = dice.randrange(max(known_from, seq - 3), seq + 1)
            assert ledger.append("a", again, [event(again)]) == receipts[again]
        if dice.random() < 0.2:
            ledger.close()
            # Opened anew it knows the batches of its newest log, and of older ones each producer's last.
            ledger, known_from = connect(folder, clock=clock), seq
    ledger.close()
    logs = [receipts[seq].log for seq in sorted(receipts)]
    assert logs == sorted(logs)
    expect_each_once(folder, receipts)


def test_a_clock_that_swings_over_the_end_of_the_year_begins_the_new_log_once(folder: Path) -> None:
    clock, receipts = Clock(), dict[int, Receipt]()
    with connect(folder, clock=clock) as ledger:
        for seq in range(40):
            clock.at = YEAR_ENDS + timedelta(seconds=(-1) ** seq * seq)
            receipts[seq] = ledger.append("a", seq, [event(seq)])
    assert LedgerReader(folder).logs() == ["2026", "2027"]
    assert [receipts[seq].log for seq in range(40)] == ["2027"] * 40
    expect_each_once(folder, receipts)


def test_a_clock_that_was_a_century_ahead_once_leaves_a_log_that_later_entries_go_on_with(folder: Path) -> None:
    clock, receipts = Clock(), dict[int, Receipt]()
    for seq, at in enumerate((NOON, datetime(2126, 1, 1, tzinfo=UTC), NOON, NOON + timedelta(days=300))):
        clock.at = at
        with connect(folder, clock=clock) as ledger:
            receipts[seq] = ledger.append("a", seq, [event(seq)])
    assert [receipt.log for receipt in receipts.values()] == ["2026", "2126", "2126", "2126"]
    expect_each_once(folder, receipts)


# --- torn tails


PAGE = 4096


@pytest.fixture
def written(folder: Path) -> tuple[Path, Path, int]:
    """A ledger whose last record is several pages long; its journal file, and where the record begins."""
    with connect(folder) as ledger:
        ledger.append("a", 0, [event(n) for n in range(30)])
        ledger.append("a", 1, [event(1000 + n) for n in range(700)])
        ledger.publish()
    shutil.rmtree(
        folder / "logs"
    )  # what was published is not durable before it is settled: begin from the journal alone
    (folder / "logs/2026").mkdir(parents=True)
    (path,) = (folder / "journal/2026").iterdir()
    return folder, path, [item[0] for item in read_file(path, None) if isinstance(item, tuple)][-1]


def test_a_record_with_any_page_that_never_reached_the_disk_is_cut_off(written: tuple[Path, Path, int]) -> None:
    """Pages are written in any order: a hole of zeros may lie anywhere in a record whose sync had not returned."""
    folder, path, at = written
    whole = path.read_bytes()
    holes = [max(at, page) for page in range(at - at % PAGE, len(whole), PAGE)]
    assert len(holes) > 5
    for hole in holes:
        end = min(hole - hole % PAGE + PAGE, len(whole))
        path.write_bytes(whole[:hole] + bytes(end - hole) + whole[end:])
        with connect(folder) as ledger:
            assert ledger.last("a") == (0, Receipt("2026", 1, 30))
        assert path.read_bytes() == whole[:at]
        shutil.rmtree(folder / "logs/2026")
        (folder / "logs/2026").mkdir()


@pytest.mark.parametrize("cut", [1, 3, 15, 16, 17, 100, 5000, -1, -32, -33])
def test_a_record_that_is_cut_anywhere_is_cut_off_said_before_and_asked_again(
    written: tuple[Path, Path, int], cut: int
) -> None:
    folder, path, at = written
    whole = path.read_bytes()
    path.write_bytes(whole[: at + cut] if cut > 0 else whole[:cut])
    before = verify_ledger(folder)
    assert before.ok and any("unfinished write" in note for note in before.notes)
    with connect(folder) as ledger:
        assert ledger.append("a", 1, [event(1000 + n) for n in range(700)]) == Receipt("2026", 31, 730)
    assert verify_ledger(folder).problems == []
    assert LedgerReader(folder).size("2026") == 731


def test_a_file_that_was_begun_and_never_filled_is_gone_on_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The crash fell between a new journal file and its first record."""
    monkeypatch.setattr(journal, "ROTATE", 1)
    with connect(folder) as ledger:
        for seq in range(3):
            ledger.append("a", seq, [event(seq)])
    for tail in (b"", b"WKJ1", bytes(200)):
        new = folder / "journal/2026" / f"{LedgerReader(folder).size('2026'):020d}.wkj"
        new.write_bytes(tail)
        assert verify_ledger(folder).ok
        with connect(folder) as ledger:
            known = ledger.last("a")
            assert known is not None
            ledger.append("a", known[0] + 1, [event(known[0] + 1)])
        assert verify_ledger(folder).problems == []
    assert LedgerReader(folder).size("2026") == 7


def test_a_torn_end_with_a_whole_record_behind_it_is_damage_and_is_not_cut(written: tuple[Path, Path, int]) -> None:
    from wardkeep.ledger import LedgerDamaged

    folder, path, at = written
    whole = path.read_bytes()
    damaged = whole[: at - 40] + bytes(8) + whole[at - 32 :]
    path.write_bytes(damaged)
    with pytest.raises(LedgerDamaged, match=path.name):
        connect(folder)
    assert path.read_bytes() == damaged
    assert [p.kind for p in verify_ledger(folder).problems if p.kind == "journal"]
