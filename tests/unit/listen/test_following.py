# SPDX-License-Identifier: Apache-2.0
"""Reading a raw spool while it is written: each message once, in its order, and what was gone is told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from wardkeep.jobs.listen import following
from wardkeep.jobs.listen.following import Follower
from wardkeep.jobs.listen.rawspool import GAP, Heard, RawSpool, waiting

KEK = b"k" * 32


@pytest.fixture
def spool(tmp_path: Path) -> RawSpool:
    return RawSpool(tmp_path / "his", kek=KEK, limit=64 << 20)


def messages(*bodies: bytes) -> list[Heard]:
    return [Heard(1_000_000, "message", "10.0.0.1", body) for body in bodies]


def bodies(follower: Follower) -> list[bytes]:
    """Everything that is there now."""
    found: list[bytes] = []
    while heard := [one.body for group in follower.look() for one in group.heard]:
        found += heard
    return found


def test_a_message_is_there_as_soon_as_it_is_durable(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    assert bodies(follower) == []
    spool.append(messages(b"a"))
    assert bodies(follower) == [b"a"]
    assert bodies(follower) == []
    spool.append(messages(b"b", b"c"))
    assert (bodies(follower), follower.number, follower.gaps) == ([b"b", b"c"], 4, [])


def test_it_goes_on_through_files(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    for body in (b"a", b"b", b"c"):
        spool.append(messages(body))
        spool.roll()
    spool.append(messages(b"d"))
    assert bodies(follower) == [b"a", b"b", b"c", b"d"]


def test_a_file_that_the_store_removed_is_read_to_its_end_where_it_was_held(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    spool.append(messages(b"a"))
    assert bodies(follower) == [b"a"]
    spool.append(messages(b"b"))
    spool.roll()
    waiting(spool.folder)[0].unlink()
    spool.append(messages(b"c"))
    assert (bodies(follower), follower.gaps) == ([b"b", b"c"], [])


def test_what_was_removed_before_it_was_seen_is_a_gap_in_the_numbers(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    spool.append(messages(b"a"))
    assert bodies(follower) == [b"a"]
    spool.roll()
    spool.append(messages(b"b", b"c"))
    spool.roll()
    for path in waiting(spool.folder):
        path.unlink()
    spool.append(messages(b"d"))
    assert (bodies(follower), follower.gaps) == ([b"d"], [(2, 4)])


def test_what_was_removed_is_a_gap_also_where_nothing_comes_after_it(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    spool.append(messages(b"a"))
    assert bodies(follower) == [b"a"]
    follower.close()
    spool.append(messages(b"b"))
    spool.roll()
    waiting(spool.folder)[0].unlink()
    follower = Follower(spool.folder, kek=KEK, number=2)
    assert (bodies(follower), follower.gaps, follower.number) == ([], [(2, 3)], 3)
    spool.append(messages(b"c"))
    assert (bodies(follower), follower.gaps) == ([b"c"], [(2, 3)])


def test_one_that_began_and_read_nothing_yet_knows_what_it_missed(spool: RawSpool) -> None:
    first = Follower(spool.folder, kek=KEK)  # as a process that is killed before its first look
    spool.append(messages(b"a", b"b"))
    spool.roll()
    waiting(spool.folder)[0].unlink()
    follower = Follower(spool.folder, kek=KEK, number=first.number)
    assert (bodies(follower), follower.gaps) == ([], [(1, 3)])


def test_one_that_begins_late_begins_with_what_is_there(spool: RawSpool) -> None:
    for body in (b"a", b"b"):
        spool.append(messages(body))
        spool.roll()
    waiting(spool.folder)[0].unlink()
    follower = Follower(spool.folder, kek=KEK)
    assert (bodies(follower), follower.gaps) == ([b"b"], [])
    waiting(spool.folder)[0].unlink()
    assert Follower(spool.folder, kek=KEK).number == 3


def test_numbers_that_the_spool_passes_over_are_no_gap(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    spool.append(messages(b"a"))
    spool.roll()
    spool.next += GAP
    spool.append(messages(b"b"))
    assert (bodies(follower), follower.gaps) == ([b"a", b"b"], [])


@pytest.mark.parametrize("number", range(1, 8))
def test_another_process_goes_on_at_any_number(spool: RawSpool, number: int) -> None:
    spool.append(messages(b"1", b"2"))
    spool.roll()
    spool.append(messages(b"3"))
    spool.append(messages(b"4", b"5", b"6"))
    follower = Follower(spool.folder, kek=KEK, number=number)
    assert bodies(follower) == [b"%d" % n for n in range(number, 7)]
    assert (follower.number, follower.gaps) == (7, [])


def test_what_is_torn_waits_until_it_is_whole(spool: RawSpool) -> None:
    follower = Follower(spool.folder, kek=KEK)
    spool.append(messages(b"a"))
    (path,) = spool.folder.glob("*.open")
    before = path.stat().st_size
    spool.append(messages(b"b" * 1000))
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(before + 500)
    assert bodies(follower) == [b"a"]
    path.write_bytes(whole)
    assert bodies(follower) == [b"b" * 1000]


def test_damage_in_the_middle_costs_its_own_group_and_is_a_gap(spool: RawSpool) -> None:
    for body in (b"a", b"b", b"c"):
        spool.append(messages(body * 100))
    (path,) = spool.folder.glob("*.open")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    follower = Follower(spool.folder, kek=KEK)
    assert bodies(follower) == [b"a" * 100]
    spool.roll()
    assert (bodies(follower), follower.gaps) == ([b"c" * 100], [(2, 3)])


def test_a_file_of_another_key_ends_nothing(spool: RawSpool, tmp_path: Path) -> None:
    other = RawSpool(tmp_path / "other", kek=b"x" * 32, limit=64 << 20)
    other.append(messages(b"foreign"))
    other.roll()
    spool.append(messages(b"a"))
    spool.roll()
    first = waiting(spool.folder)[0]
    first.write_bytes(waiting(other.folder)[0].read_bytes())
    spool.append(messages(b"b"))
    assert bodies(Follower(spool.folder, kek=KEK)) == [b"b"]


def test_a_message_that_is_longer_than_a_turn_is_read(spool: RawSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 100)
    spool.append(messages(b"a" * 5000))
    spool.append(messages(b"b", b"c"))
    assert bodies(Follower(spool.folder, kek=KEK)) == [b"a" * 5000, b"b", b"c"]


def test_it_reads_each_once_whatever_the_spool_does(spool: RawSpool) -> None:
    dice, follower, sent, got = random.Random(3), Follower(spool.folder, kek=KEK), 0, []
    for _ in range(600):
        what = dice.random()
        if what < 0.5:
            count = dice.randrange(1, 5)
            spool.append(messages(*(b"%d" % n for n in range(sent, sent + count))))
            sent += count
        elif what < 0.65:
            spool.roll()
        elif what < 0.8:
            got += bodies(follower)
            for path in waiting(spool.folder):
                path.unlink()
        elif what < 0.9:
            got += [one.body for group in follower.look() for one in group.heard]
        else:
            follower.close()
            follower = Follower(spool.folder, kek=KEK, number=follower.number)
    got += bodies(follower)
    assert got == [b"%d" % n for n in range(sent)]
    assert follower.gaps == []
