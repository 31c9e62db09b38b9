# SPDX-License-Identifier: Apache-2.0
"""The spool gives back what it took, whole and in order, whatever a crash left of it; what is damaged it says."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wardkeep.ledger import spool as under_test
from wardkeep.ledger.errors import EntryTooLarge, LedgerDamaged, LedgerUnavailable
from wardkeep.ledger.spool import START, Spool, Spooled, SpoolFull, spools_in

BODIES = [b"%d" % n * (1 + n % 7) for n in range(12)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "gateway.wks"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Spool]]:
    """The spool, as the next process finds it."""
    spools: list[Spool] = []

    def open_() -> Spool:
        for one in spools:
            one.close()
        spools.append(Spool(path) if path.exists() else Spool.make(path, "gateway", size=START + 4096))
        return spools[-1]

    yield open_
    for one in spools:
        one.close()


def fill(spool: Spool, bodies: list[bytes] = BODIES, first: int = 5) -> list[Spooled]:
    for number, body in enumerate(bodies, first):
        spool.put(number, 1_700_000_000_000_000 + number, body)
    return [Spooled(n, 1_700_000_000_000_000 + n, body) for n, body in enumerate(bodies, first)]


def test_a_spool_gives_back_what_it_took_and_goes_on(opened: Callable[[], Spool]) -> None:
    known = fill(opened())
    again = opened()
    assert (again.entries, again.damage) == (known, None)
    more = fill(again, [b"more"], first=17)
    assert opened().entries == known + more


def test_its_bytes_are_there_before_they_are_needed_and_never_grow(opened: Callable[[], Spool], path: Path) -> None:
    spool = opened()
    before = path.stat()
    assert before.st_blocks * 512 >= before.st_size == START + 4096
    assert before.st_mode & 0o777 == 0o600
    fill(spool)
    assert (path.stat().st_size, path.stat().st_blocks) == (before.st_size, before.st_blocks)


def test_an_emptied_spool_shows_nothing_of_what_it_held_and_keeps_its_producer(opened: Callable[[], Spool]) -> None:
    for turn in range(4):
        spool = opened()
        producer = spool.producer
        fill(spool, BODIES[: 12 - turn * 3], first=turn * 100)
        spool.clear()
        assert spool.entries == []
        again = opened()
        assert (again.entries, again.damage, again.producer) == ([], None, producer)
    again.clear(new_life=True)
    assert opened().producer == again.producer != producer


def test_each_cut_of_the_last_record_is_torn_and_the_ones_before_it_stand(
    opened: Callable[[], Spool], path: Path
) -> None:
    spool = opened()
    known = fill(spool)
    whole, end = path.read_bytes(), spool._end
    start = end - len(BODIES[-1]) - 32 - under_test._RECORD.size
    for at in range(start, end):
        path.write_bytes(whole[:at] + bytes(len(whole) - at))
        again = opened()
        torn = whole[at:end].strip(b"\0") != b""
        assert (again.entries, again.damage) == (known[:-1] if torn else known, None)
    again.put(known[-1].number, 1, b"instead")
    assert opened().entries[-1] == Spooled(known[-1].number, 1, b"instead")


def test_any_change_before_the_last_record_is_damage_and_what_lies_before_it_is_kept(
    opened: Callable[[], Spool], path: Path
) -> None:
    spool = opened()
    known = fill(spool)
    whole, last = path.read_bytes(), spool._end - len(BODIES[-1]) - 32 - under_test._RECORD.size
    for at in range(START, last, 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        again = opened()
        assert again.damage is not None and again.entries == known[: len(again.entries)] != known
        with pytest.raises(LedgerUnavailable, match="is damaged"):
            again.put(99, 1, b"x")


def test_a_header_that_is_torn_leaves_the_one_before(opened: Callable[[], Spool], path: Path) -> None:
    spool = opened()
    known = fill(spool)
    whole = path.read_bytes()
    spool.clear()
    cleared = path.read_bytes()
    slot = next(at for at in (0, 4096) if whole[at : at + 4096] != cleared[at : at + 4096])
    for cut in range(0, 70, 3):
        path.write_bytes(whole[:slot] + cleared[slot : slot + cut] + bytes(4096 - cut) + whole[slot + 4096 :])
        assert opened().entries in (known, [])
    path.write_bytes(bytes(8192) + whole[8192:])
    with pytest.raises(LedgerDamaged, match="no header"):
        opened()


def test_a_full_spool_says_so_and_has_kept_all_before(opened: Callable[[], Spool]) -> None:
    spool = opened()
    with pytest.raises(SpoolFull, match="is full") as caught:
        fill(spool, [b"x" * 200] * 100)
    assert caught.value.exit_status == 3
    again = opened()
    assert again.entries == spool.entries and len(again.entries) > 10


def test_what_is_no_entry_no_name_or_no_next_number_is_refused(opened: Callable[[], Spool], tmp_path: Path) -> None:
    spool = opened()
    for body in (b"", b"x" * 65_536):
        with pytest.raises(EntryTooLarge):
            spool.put(0, 1, body)
    spool.put(3, 1, b"x")
    with pytest.raises(ValueError, match="does not follow"):
        spool.put(5, 1, b"x")
    for name in ("", "Gateway", "../x", "a b"):
        with pytest.raises(ValueError, match="no name"):
            Spool.make(tmp_path / "x.wks", name)


def test_a_spool_has_one_process(opened: Callable[[], Spool], path: Path) -> None:
    opened()
    with pytest.raises(LedgerUnavailable, match="in use"):
        Spool(path)
    with pytest.raises(LedgerUnavailable, match="No such file"):
        Spool(path.with_name("none.wks"))
    assert spools_in(path.parent) == [path]


def test_a_disk_that_fails_is_said_and_the_entry_can_be_put_again(
    opened: Callable[[], Spool], monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened()
    fill(spool, [b"a"], first=0)

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(LedgerUnavailable, match="Input/output error"):
        spool.put(1, 1, b"b")
    with pytest.raises(LedgerUnavailable, match="cannot empty"):
        spool.clear()
    monkeypatch.undo()
    spool.put(1, 1, b"b")
    assert [entry.body for entry in spool.entries] == [b"a", b"b"]


def test_a_disk_that_has_no_room_for_a_new_spool_says_so_when_it_is_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LedgerUnavailable, match="cannot make the spool"):
        Spool.make(path, "gateway", size=START)
    assert not path.exists()
