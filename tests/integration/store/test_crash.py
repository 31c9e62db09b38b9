# SPDX-License-Identifier: Apache-2.0
"""kill -9 anywhere in an ingest: what is visible is sealed, verification finds nothing, and a second run makes it whole."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.store.taking import Takers, expected
from tests.stored import Kept
from wardkeep.ledger import verify_ledger

#: Calls by which the ledger publishes once.
PUBLISHING = 14


def expect_sound(kept: Kept) -> None:
    """Nothing is damaged, and whatever can be seen has its own entry."""
    assert kept.problems() == []
    if (kept.path / "store").exists():
        seen, entries = kept.ask("SELECT count(*), count(DISTINCT (log, n)) FROM all_events")[0]
        assert seen == entries


def expect_whole(kept: Kept, count: int) -> None:
    """Everything is there, once."""
    expect_sound(kept)
    whole = expected(count)
    assert kept.ask("SELECT count(*), count(DISTINCT event_id) FROM all_events") == [(whole["events"],) * 2]
    assert len(kept.pieces()) == whole["pieces"]
    assert kept.store.tables() == {"patients": 200}
    assert not list((kept.path / "store" / "pending").iterdir())
    # The ledger has an entry an event, an act a batch with other files, and its own first: nothing was appended twice.
    acts = len({row.seq for row in kept.store.manifest.trusted().files if row.kind != "segment"})
    assert verify_ledger(kept.path / "ledger").size == whole["events"] + acts + 1


@pytest.fixture(scope="module")
def takers() -> Iterator[Takers]:
    made = Takers()
    yield made
    made.close()


def calls_of(takers: Takers, folder: Path, count: int, flush: int) -> int:
    """How many calls that change the folder a whole ingest makes."""
    code, calls = takers.run(folder, count, flush)
    assert code == 0
    expect_whole(Kept(folder), count)
    return calls


def kill_at_points(takers: Takers, folder: Path, count: int, flush: int, points: list[int]) -> None:
    """Each kill on a store of its own, then one run to the end."""
    for at in points:
        kept = Kept(folder / str(at))
        code, calls = takers.run(kept.path, count, flush, at=at)
        # How often the ledger publishes is a matter of time: a run may end earlier than the one that was counted, by its
        # calls once or twice.
        assert (code, calls) == (-9, at) or (code == 0 and at - 2 * PUBLISHING <= calls < at), (code, calls, at)
        expect_sound(kept)
        assert takers.run(kept.path, count, flush)[0] == 0
        expect_whole(kept, count)
        shutil.rmtree(kept.path)


def kill_often(takers: Takers, folder: Path, count: int, flush: int, kills: int, *, seed: int) -> None:
    """Kill the same ingest again and again, wherever it is; begin with an empty store whenever it gets through."""
    dice, done = random.Random(seed), 0
    kept = Kept(folder / "0")
    whole = calls_of(takers, folder / "whole", count, flush)
    while done < kills:
        # A run that has less left to do makes fewer calls and may get through.
        at = dice.randrange(1, whole + 1) if dice.random() < 0.5 else dice.randrange(1, 60)
        code, _ = takers.run(kept.path, count, flush, at=at)
        expect_sound(kept)
        if code == 0:
            expect_whole(kept, count)
            shutil.rmtree(kept.path)
            kept = Kept(folder / str(done))
        else:
            assert code == -9
            done += 1
    assert takers.run(kept.path, count, flush)[0] == 0
    expect_whole(kept, count)


def test_a_kill_at_any_call_of_an_ingest_is_mended_by_the_next(tmp_path: Path, takers: Takers) -> None:
    """Some calls of a small ingest; the soak form takes each."""
    whole = calls_of(takers, tmp_path / "whole", 1500, 500)
    kill_at_points(takers, tmp_path, 1500, 500, list(range(3, whole + 1, whole // 12)))


def test_an_ingest_that_is_killed_again_and_again_ends_whole(tmp_path: Path, takers: Takers) -> None:
    kill_often(takers, tmp_path, 20_000, 4000, 12, seed=1)


def test_a_kill_at_any_moment_is_mended_by_the_next(tmp_path: Path, takers: Takers) -> None:
    kept, dice = Kept(tmp_path / "kept"), random.Random(3)
    for _ in range(6):
        code, _ = takers.run(kept.path, 6000, 1000, after=dice.uniform(0.02, 0.5))
        expect_sound(kept)
        if code == 0:
            break
    assert takers.run(kept.path, 6000, 1000)[0] == 0
    expect_whole(kept, 6000)


@pytest.mark.soak
def test_a_kill_at_every_call_of_an_ingest_is_mended_by_the_next(tmp_path: Path, takers: Takers) -> None:
    whole = calls_of(takers, tmp_path / "whole", 1500, 500)
    kill_at_points(takers, tmp_path, 1500, 500, list(range(1, whole + 1)))


@pytest.mark.soak
def test_a_hundred_kills_of_two_hundred_thousand_events_lose_nothing(tmp_path: Path, takers: Takers) -> None:
    kill_often(takers, tmp_path, 200_000, 20_000, 100, seed=2)
