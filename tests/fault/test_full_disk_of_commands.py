# SPDX-License-Identifier: Apache-2.0
"""A disk that is full while segments are joined or a database is pulled: it is refused in words, and goes on with room."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.fault.ballast import Ballast
from tests.integration.pull.conftest import Puller, _mariadb, home, pull, server
from tests.integration.pull.test_pull import names, rows
from tests.stored import NOON, Kept, many
from wardkeep.jobs.listen.status import said_in
from wardkeep.jobs.listening import write_status
from wardkeep.jobs.pulling import pull_source, source_named
from wardkeep.ledger import LedgerError
from wardkeep.watch.store import StoreError
from wardkeep.watch.store.compaction import compact

__all__ = ["_mariadb", "home", "pull", "server"]

#: Bytes that are left free, one after the other.
ROOMS = (0, 20_000, 90_000)


def test_a_compaction_without_room_is_refused_and_done_with_room(small_disk: Path) -> None:
    kept, ballast = Kept(small_disk / "kept"), Ballast(small_disk)
    for n in range(10):
        kept.take_in(many(400, start=400 * n), at=NOON + timedelta(minutes=n))
    refused = 0
    for room in ROOMS:
        ballast.fill(room)
        try:
            compact(kept.store, everything=True)
        except StoreError as full:
            assert full.exit_status == 3 and full.hint
            refused += 1
        ballast.free()
        assert kept.ask("SELECT count(*), count(DISTINCT eid) FROM all_events") == [(4000, 4000)]
        assert kept.problems() == []
    assert refused
    kept.take_in(many(10, start=9_000))
    compact(kept.store, everything=True)
    assert kept.ask("SELECT count(*), count(DISTINCT eid) FROM all_events") == [(4010, 4010)]
    segments = kept.store.manifest.files("segment")
    assert len(segments) == len({row.day for row in segments})
    assert kept.problems() == []


def test_a_status_is_written_on_a_full_disk_into_the_room_that_it_has(small_disk: Path) -> None:
    path, ballast = small_disk / "status.json", Ballast(small_disk)
    write_status(path, {"at": "before", "trouble": ""})
    ballast.fill()
    write_status(path, {"at": "now", "trouble": "no room" * 200})
    assert said_in(path) == {"at": "now", "trouble": "no room" * 200}
    write_status(path, {"at": "too long", "trouble": "x" * 5000})
    assert said_in(path)["at"] == "now"
    write_status(path, {"at": "short"})
    assert said_in(path) == {"at": "short"}


@pytest.fixture
def tmp_path(small_disk: Path) -> Path:
    """The home of the pull lies on the small disk."""
    return small_disk


@pytest.mark.parametrize("server", ["postgres"], indirect=True)
def test_a_pull_without_room_is_refused_and_goes_on_with_room(pull: Puller, small_disk: Path) -> None:
    ballast, source = Ballast(small_disk), pull.write()
    assert source.is_file()
    refused, last = 0, 0
    for room in ROOMS:
        pull.server.add(*rows(last, last + 200))
        last += 200
        ballast.fill(room)
        try:
            pull_source(pull.home, source_named(source), at=NOON)
        except (StoreError, LedgerError) as full:
            assert full.exit_status == 3 and full.hint
            refused += 1
        ballast.free()
    assert refused
    pull()
    assert pull.stored() == names(0, last)
