# SPDX-License-Identifier: Apache-2.0
"""kill -9 and a full disk anywhere in a compaction: nothing is lost, nothing is there twice, and the next one ends it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.store.compacting import Compacters
from tests.stored import NOON, Kept, many

BATCHES = 5


@pytest.fixture(scope="module")
def compacters() -> Iterator[Compacters]:
    made = Compacters()
    yield made
    made.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = Kept(tmp_path_factory.mktemp("made") / "kept")
    for n in range(BATCHES):
        kept.take_in(many(40, start=40 * n, days=2), at=NOON + timedelta(minutes=n))
    return kept.path


def expect_whole(kept: Kept) -> None:
    assert kept.ask("SELECT count(*), count(DISTINCT eid) FROM all_events") == [(40 * BATCHES,) * 2]
    assert kept.problems() == []


def survive(made: Path, folder: Path, compacters: Compacters, points: Sequence[int], *, full: bool) -> None:
    for at in points:
        shutil.copytree(made, folder / str(at))
        kept = Kept(folder / str(at))
        code, _ = compacters.run(kept.path, at=at, full=full)
        assert code in ((0, 3) if full else (0, -9)), (code, at)
        expect_whole(kept)
        # The next session finishes what was left, and takes in as ever.
        report = kept.take_in(many(40, start=40 * (BATCHES - 1), days=2), many(7, start=10_000, system="his"))
        assert (report.accepted, report.duplicates) == (7, 40), at
        assert compacters.run(kept.path)[0] == 0
        assert kept.problems() == []
        assert kept.ask("SELECT count(*), count(DISTINCT eid) FROM all_events") == [(40 * BATCHES + 7,) * 2]
        assert not list((kept.path / "store" / "pending").iterdir())
        days = {row.day for row in kept.store.manifest.files("segment")}
        assert len(list((kept.path / "store" / "segments").iterdir())) == 2 * len(days)
        shutil.rmtree(kept.path)


def calls_of(made: Path, folder: Path, compacters: Compacters) -> int:
    shutil.copytree(made, folder / "whole")
    code, calls = compacters.run(folder / "whole")
    assert code == 0
    expect_whole(Kept(folder / "whole"))
    return calls


def test_a_kill_at_any_call_of_a_compaction_is_harmless(made: Path, tmp_path: Path, compacters: Compacters) -> None:
    """Some calls; the soak form takes each."""
    whole = calls_of(made, tmp_path, compacters)
    survive(made, tmp_path, compacters, range(5, whole + 1, whole // 6), full=False)


def test_a_disk_that_fills_up_in_a_compaction_is_harmless(made: Path, tmp_path: Path, compacters: Compacters) -> None:
    whole = calls_of(made, tmp_path, compacters)
    survive(made, tmp_path, compacters, range(3, whole + 1, whole // 3), full=True)


@pytest.mark.soak
@pytest.mark.parametrize("full", [False, True])
def test_a_fault_at_every_call_of_a_compaction_is_harmless(
    made: Path, tmp_path: Path, compacters: Compacters, full: bool
) -> None:
    survive(made, tmp_path, compacters, range(1, calls_of(made, tmp_path, compacters) + 1), full=full)
