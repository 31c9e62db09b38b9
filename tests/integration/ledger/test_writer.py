# SPDX-License-Identifier: Apache-2.0
"""One writer: the lock, the change of the year and its repair, and what a reader can ask meanwhile."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, connect, event
from wardkeep.ledger import (
    KeyConflict,
    Ledger,
    LedgerDamaged,
    LedgerReader,
    LedgerUnavailable,
    Receipt,
    UnknownEntry,
    check_proof,
    verify_ledger,
)
from wardkeep.ledger import journal as journal_module
from wardkeep.ledger.log import Log
from wardkeep.ledger.writer import Writer


class Clock:
    """A clock that is set by hand."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def year(self, year: int) -> None:
        self.at = datetime(year, 1, 1, tzinfo=UTC)


def append(ledger: Ledger, seq: int, count: int = 1, producer: str = "intake:x") -> Receipt:
    return ledger.append(producer, seq, [event(seq * 1000 + n) for n in range(count)])


def act_at(folder: Path, log: str, n: int) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(LedgerReader(folder).body(log, n))
    return said


def test_a_new_ledger_has_one_log_that_begins_with_its_act(folder: Path) -> None:
    reader = LedgerReader(folder)
    assert (reader.logs(), reader.current, reader.size("2026")) == (["2026"], "2026", 1)
    assert act_at(folder, "2026", 0) == {
        "act": "ledger:log:begun",
        "at": NOON.isoformat(),
        "log": "2026",
        "previous": None,
    }
    assert reader.checkpoint("2026").origin == f"{ORIGIN}/2026"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_ledger_is_not_made_where_there_is_one_or_what_is_left_of_one(folder: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="already holds"):
        Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=NOON)
    (folder / "ledger.json").unlink()
    with pytest.raises(LedgerUnavailable, match="already holds"):
        Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=NOON)


def test_nothing_is_a_ledger_without_its_parts(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="there is no ledger"):
        connect(tmp_path / "nowhere")
    with pytest.raises(LedgerUnavailable, match="there is no ledger"):
        LedgerReader(tmp_path)
    with pytest.raises(LedgerDamaged, match="another key"):
        connect(folder, signer=Ed25519PrivateKey.generate())
    (folder / "ledger.json").rename(tmp_path / "away")
    with pytest.raises(LedgerDamaged, match="is missing"):
        connect(folder)
    (tmp_path / "away").rename(folder / "ledger.json")
    shutil.rmtree(folder / "logs")
    with pytest.raises(LedgerDamaged, match="are gone"):
        connect(folder)


def test_whoever_has_the_lock_is_the_only_writer_and_its_end_frees_it(folder: Path) -> None:
    first = connect(folder)
    assert first.in_process
    with pytest.raises(LedgerUnavailable, match=r"has not answered for 0\.2 s") as caught:
        connect(folder, wait=0.2)
    assert caught.value.exit_status == 3
    append(first, 0)
    first.close()
    with connect(folder) as second:
        assert append(second, 1).first == 2


def test_an_error_while_opening_gives_the_lock_back(folder: Path) -> None:
    with pytest.raises(LedgerDamaged):
        connect(folder, signer=Ed25519PrivateKey.generate())
    descriptor = os.open(folder / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


def test_the_ledger_s_own_producer_can_be_named_by_nobody(folder: Path) -> None:
    with connect(folder) as ledger:
        with pytest.raises(KeyConflict, match="the ledger itself"):
            ledger.append("wardkeep", 1, [b"x"])
        assert append(ledger, 0).first == 1


# --- years


def test_the_first_batch_of_a_year_closes_the_old_log_and_begins_the_new(folder: Path) -> None:
    clock = Clock()
    with connect(folder, clock=clock) as ledger:
        append(ledger, 0, 300)
        clock.year(2027)
        assert append(ledger, 1, 2) == Receipt("2027", 1, 2)
        ledger.publish()
        reader = LedgerReader(folder)
        assert reader.logs() == ["2026", "2027"]
        closed, begun = act_at(folder, "2026", 301), act_at(folder, "2027", 0)
        assert (closed["act"], closed["next"], reader.size("2026")) == ("ledger:log:closed", "2027", 302)
        assert begun["previous"] == {"log": "2026", "size": 302, "root": reader.root("2026").hex()}
        # What a producer sent is known over the end of the year, and its numbers go on.
        assert ledger.find("intake:x", 1) == Receipt("2027", 1, 2)
        assert ledger.last("intake:x") == (1, Receipt("2027", 1, 2))
        assert append(ledger, 1, 2) == Receipt("2027", 1, 2)
    assert verify_ledger(folder, vkey=LedgerReader(folder).vkey("2026")).problems == []


def test_a_repetition_over_the_end_of_the_year_gives_the_old_receipt(folder: Path) -> None:
    clock = Clock()
    with connect(folder, clock=clock) as ledger:
        before = append(ledger, 0, 3)
        clock.year(2027)
        assert append(ledger, 0, 3) == before
        with pytest.raises(KeyConflict):
            append(ledger, 0, 4)
    with connect(folder, clock=clock) as ledger:
        assert append(ledger, 0, 3) == before


def test_a_year_in_which_nothing_was_appended_is_left_out(folder: Path) -> None:
    clock = Clock()
    with connect(folder, clock=clock) as ledger:
        clock.year(2029)
        append(ledger, 0)
    assert LedgerReader(folder).logs() == ["2026", "2029"]
    assert verify_ledger(folder).ok


def test_a_clock_that_steps_back_changes_nothing(folder: Path) -> None:
    clock = Clock()
    with connect(folder, clock=clock) as ledger:
        append(ledger, 0)
        for at in (NOON - timedelta(days=400), datetime(1970, 1, 1, tzinfo=UTC), NOON):
            clock.at = at
            append(ledger, ledger.last("intake:x")[0] + 1)  # type: ignore[index]
        clock.year(2027)
        append(ledger, 4)
        clock.at = NOON
        assert append(ledger, 5) == Receipt("2027", 2, 2)
    assert LedgerReader(folder).logs() == ["2026", "2027"]
    assert verify_ledger(folder).ok


STEPS: list[tuple[type, str, int]] = [
    (Log, "commit", 0),  # before the old log is closed
    (Log, "settle", 0),  # closed, not yet finished on disk
    (Writer, "_open", 0),  # finished, the new one not yet there
    (Writer, "_write_begun", 0),  # there, and empty
    (Log, "close", 0),  # begun, the old one not yet let go
    (Log, "commit", 1),  # begun, the batch itself not yet in
]


@pytest.mark.parametrize(("owner", "name", "nth"), STEPS, ids=lambda value: getattr(value, "__name__", str(value)))
@pytest.mark.parametrize("back", [False, True], ids=["same clock", "clock set back"])
def test_a_change_of_the_year_that_is_cut_short_anywhere_is_finished_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, nth: int, back: bool
) -> None:
    clock = Clock()
    ledger = connect(folder, clock=clock)
    append(ledger, 0, 5)
    clock.year(2027)
    crash_at(monkeypatch, owner, name, nth)
    with pytest.raises(Crash):
        append(ledger, 1, 2)
    monkeypatch.undo()
    leave(ledger)
    assert verify_ledger(folder).problems == []  # what a crash leaves is no damage
    reader = LedgerReader(folder)
    assert reader.size(reader.current) > 0  # and is no obstacle to readers
    if back:
        clock.at = NOON
    with connect(folder, clock=clock) as ledger:
        assert ledger.find("intake:x", 0) == Receipt("2026", 1, 5)
        receipt = append(ledger, 1, 2)
        closed = name != "commit" or nth == 1
        assert receipt == (Receipt("2026", 6, 7) if back and not closed else Receipt("2027", 1, 2))
    assert verify_ledger(folder).problems == []


def test_a_change_of_the_year_that_failed_is_finished_by_the_same_writer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk between the two logs, and a clock that is set back before there is room again: closed stays closed."""
    clock = Clock()
    with connect(folder, clock=clock) as ledger:
        append(ledger, 0, 5)
        clock.year(2027)

        def full(self: Log) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Log, "settle", full)
        for _ in range(3):
            with pytest.raises(LedgerUnavailable, match="cannot finish log 2026"):
                append(ledger, 1)
        monkeypatch.undo()
        clock.at = NOON
        assert append(ledger, 1) == Receipt("2027", 1, 1)
    reader = LedgerReader(folder)
    assert reader.size("2026") == 7
    assert verify_ledger(folder).problems == []


class Crash(BaseException):
    """The end of the process, as far as the code can tell."""


def crash_at(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, nth: int) -> None:
    seen, real = [0], getattr(owner, name)

    def crash(self: Any, *args: Any, **more: Any) -> Any:
        # The first commit of a change of the year is the closing act, by the ledger itself.
        if name == "commit" and nth == 1 and args[0][0].producer == "wardkeep":
            return real(self, *args, **more)
        seen[0] += 1
        raise Crash

    monkeypatch.setattr(owner, name, crash)


def leave(ledger: Ledger) -> None:
    """Free the lock as the end of a process does, without closing anything."""
    os.close(ledger._road._writer._lock)  # type: ignore[attr-defined]


# --- readers


def test_a_reader_s_proof_holds_offline_and_its_ranges_are_the_entries(filled: Path) -> None:
    reader = LedgerReader(filled)
    bodies = reader.bodies("2026", 0, 700)
    assert len(bodies) == 701
    for first, last in ((0, 0), (255, 256), (200, 600), (700, 700)):
        assert reader.bodies("2026", first, last) == bodies[first : last + 1]
        assert reader.leaf_hashes("2026", first, last) == reader.leaf_hashes("2026", 0, 700)[first : last + 1]
    for n in range(0, 701, 50):
        assert check_proof(reader.proof("2026", n), reader.body("2026", n), reader.vkey("2026"))[0] == n


@pytest.mark.parametrize(("first", "last"), [(701, 701), (-1, 0), (5, 4), (0, 701)])
def test_a_range_beyond_the_log_is_unknown(filled: Path, first: int, last: int) -> None:
    with pytest.raises(UnknownEntry, match="0 to 700"):
        LedgerReader(filled).bodies("2026", first, last)


def test_a_reader_shows_that_the_log_only_grew(filled: Path) -> None:
    from wardkeep.ledger.tree import verify_consistency

    reader = LedgerReader(filled)
    for old in (1, 2, 255, 256, 257, 700, 701):
        proof, root = reader.consistency("2026", old, 701), reader.root_at("2026", old)
        verify_consistency(old=old, new=701, proof=proof, old_root=root, new_root=reader.root("2026"))


def test_no_proof_is_handed_out_that_does_not_hold(filled: Path, copy_of: Callable[[Path], Path]) -> None:
    copy = copy_of(filled)
    tile = copy / "logs/2026/tile/0/001"
    raw = bytearray(tile.read_bytes())
    raw[5] ^= 1
    tile.write_bytes(bytes(raw))
    with pytest.raises(LedgerDamaged, match="do not prove entry 300"):
        LedgerReader(copy).proof("2026", 300)


def test_a_reader_needs_no_lock_and_sees_a_growing_log_whole(folder: Path) -> None:
    with connect(folder) as ledger:
        reader = LedgerReader(folder)
        for seq in range(40):
            append(ledger, seq, 37)
            ledger.publish()
            size = reader.size("2026")
            assert size == 1 + (seq + 1) * 37
            for n in (0, size // 2, size - 1):
                check_proof(reader.proof("2026", n), reader.body("2026", n), reader.vkey("2026"))


def test_a_reader_knows_each_producer_s_last_number_wherever_it_was_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the newest journal file holds nothing of that producer, or nothing at all."""
    monkeypatch.setattr(journal_module, "ROTATE", 1)
    clock, reader = Clock(), LedgerReader(folder)
    assert reader.last_number("early") is None
    with connect(folder, clock=clock) as ledger:
        for seq in range(3):
            append(ledger, seq, producer="early")
        for seq in range(4):
            append(ledger, seq, producer="late")
        assert (reader.last_number("early"), reader.last_number("late")) == (2, 3)
        newest = sorted((folder / "journal/2026").glob("*.wkj"))[-1]
        (newest.parent / f"{int(newest.stem) + 1:020d}.wkj").touch()  # just begun, still empty
        assert (reader.last_number("early"), reader.last_number("nobody")) == (2, None)
    with connect(folder, clock=clock) as ledger:
        clock.year(2027)
        append(ledger, 4, producer="late")
        assert (reader.last_number("early"), reader.last_number("late")) == (2, 4)


def test_a_torn_tail_does_not_hide_what_was_acknowledged_and_damage_is_not_overlooked(folder: Path) -> None:
    with connect(folder) as ledger:
        for seq in range(3):
            append(ledger, seq)
    (path,) = (folder / "journal/2026").glob("*.wkj")
    raw = path.read_bytes()
    path.write_bytes(raw + raw[:100])
    assert LedgerReader(folder).last_number("intake:x") == 2
    path.write_bytes(raw[:300] + bytes([raw[300] ^ 1]) + raw[301:])
    with pytest.raises(LedgerDamaged, match="at byte 0"):
        LedgerReader(folder).last_number("intake:x")
