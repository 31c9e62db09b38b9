# SPDX-License-Identifier: Apache-2.0
"""Signatures with SM2 beside the checkpoints: written with each, judged, copied, and without the library passed over aloud."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, connect, event
from wardkeep.ledger import Ledger, LedgerError, LedgerReader, verify_ledger
from wardkeep.ledger.daily import Daily, check_sidecar, keep_daily
from wardkeep.ledger.export import export_ledger
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.sidecar import SIDECAR, State
from wardkeep.ledger.sm2 import Sm2Key

pytest.importorskip("tongsuopy.crypto", reason="no library for SM2 here")

Copy = Callable[[Path], Path]
MONDAY = date(2026, 3, 2)
KEY = Sm2Key(bytes(32))


def grow(folder: Path, seq: int, key: Sm2Key | None = KEY) -> None:
    with connect(folder, sm2=key) as ledger:
        ledger.append("more", seq, [event(5_000 + 10 * seq + n) for n in range(3)])


@pytest.fixture
def signed(filled: Path, copy_of: Copy) -> Path:
    """A ledger with a sidecar."""
    folder = copy_of(filled)
    grow(folder, 0)
    return folder


def beside(folder: Path) -> Path:
    return folder / "logs/2026" / SIDECAR


def test_each_published_checkpoint_gets_one_and_the_ledger_verifies(signed: Path) -> None:
    reader = LedgerReader(signed)
    found = reader.sidecar("2026")
    assert (found.state, found.size) == (State.HOLDS, reader.size("2026"))
    key = reader.sm2("2026")
    assert key is not None and key.public == KEY.public
    assert key.open(beside(signed).read_text()) == reader.checkpoint("2026").text()
    assert SIDECAR not in (signed / "logs/2026/checkpoint").read_text()
    grow(signed, 1)
    assert reader.sidecar("2026").size == reader.size("2026") == found.size + 3
    report = verify_ledger(signed)
    assert (report.problems, report.notes) == ([], [])


def test_a_ledger_without_one_has_none_and_says_nothing(filled: Path) -> None:
    assert LedgerReader(filled).sidecar("2026").state == State.MISSING
    assert verify_ledger(filled).notes == []


def test_one_that_a_crash_or_turning_it_off_left_behind_holds_for_its_own_size(signed: Path) -> None:
    size = LedgerReader(signed).size("2026")
    grow(signed, 1, None)
    found = LedgerReader(signed).sidecar("2026")
    assert (found.state, found.size) == (State.HOLDS, size)
    assert verify_ledger(signed).problems == []


def forged(text: str) -> dict[str, str]:
    """Notes that must not count, by what is wrong with them."""
    good, checkpoint = KEY.sign(text), Checkpoint.parse(text)
    longer = Checkpoint(checkpoint.origin, checkpoint.size + 1, checkpoint.root).text()
    return {
        "another key": Sm2Key(bytes([1]) * 32).sign(text),
        "another history": KEY.sign(Checkpoint(checkpoint.origin, 5, bytes(32)).text()),
        "more entries than there are": KEY.sign(longer),
        "another log": KEY.sign(text.replace("hospital", "other")),
        "changed text": good.replace(text, Checkpoint(checkpoint.origin, 0, bytes(32)).text()),
        "no note": "x",
        "no checkpoint": KEY.sign("x\n"),
        "empty": "",
    }


@pytest.mark.parametrize("lie", sorted(forged(Checkpoint(f"{ORIGIN}/2026", 7, bytes(32)).text())))
def test_one_that_does_not_hold_is_named_and_not_handed_on(lie: str, signed: Path, tmp_path: Path) -> None:
    reader = LedgerReader(signed)
    beside(signed).write_text(forged(reader.checkpoint("2026").text())[lie])
    assert reader.sidecar("2026").state == State.FAILS
    (problem,) = verify_ledger(signed).problems
    assert (problem.kind, problem.where) == ("checkpoint", f"logs/2026/{SIDECAR}")
    with pytest.raises(LedgerError):
        list(export_ledger(reader, tmp_path / "out"))
    assert (tmp_path / "out/2026/checkpoint").exists() and not (tmp_path / "out/2026" / SIDECAR).exists()


def test_a_public_key_that_is_none_is_named(signed: Path) -> None:
    (signed / "sm2.pem").write_text("x")
    assert [(p.kind, p.where) for p in verify_ledger(signed).problems] == [("description", "sm2.pem")]
    (signed / "sm2.pem").unlink()
    (problem,) = verify_ledger(signed).problems
    assert problem.where == f"logs/2026/{SIDECAR}" and "sm2.pem" in problem.detail


def kept(folder: Path, day: date = MONDAY) -> Daily:
    one, _ = keep_daily(LedgerReader(folder), day)
    one.put_sidecar(KEY)
    return one


def test_a_day_is_signed_and_only_its_own_checkpoint_will_do(signed: Path) -> None:
    one = kept(signed)
    grow(signed, 1)
    tuesday = kept(signed, MONDAY + timedelta(days=1))
    reader = LedgerReader(signed)
    assert [check_sidecar(day, reader).state for day in (one, tuesday)] == [State.HOLDS, State.HOLDS]
    assert verify_ledger(signed).problems == []
    (one.folder / SIDECAR).write_bytes((tuesday.folder / SIDECAR).read_bytes())
    assert check_sidecar(one, reader).state == State.FAILS
    (one.folder / SIDECAR).write_text(KEY.sign(Checkpoint(f"{ORIGIN}/2026", 5, bytes(32)).text()))
    assert [p.where for p in verify_ledger(signed).problems] == [f"daily/2026-03-02/{SIDECAR}"]


def test_a_copy_carries_them_with_the_public_key(signed: Path, tmp_path: Path) -> None:
    one, to = kept(signed), tmp_path / "out"
    list(export_ledger(LedgerReader(signed), to))
    assert (to / "2026" / SIDECAR).read_bytes() == beside(signed).read_bytes()
    assert (to / "daily/2026-03-02" / SIDECAR).read_bytes() == (one.folder / SIDECAR).read_bytes()
    assert (to / "sm2.pem").read_bytes() == (signed / "sm2.pem").read_bytes()


def test_without_the_library_they_are_not_evaluated_and_that_is_said(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = kept(signed)
    monkeypatch.setitem(sys.modules, "tongsuopy.crypto", None)
    reader = LedgerReader(signed)
    assert reader.sidecar("2026").state == check_sidecar(one, reader).state == State.NOT_EVALUATED
    report = verify_ledger(signed)
    assert report.problems == [] and len([note for note in report.notes if "not evaluated" in note]) == 2
    list(export_ledger(reader, tmp_path / "out"))
    assert (tmp_path / "out/2026" / SIDECAR).exists()
    grow(signed, 1, None)  # the ledger itself goes on


def test_the_key_may_change_and_what_it_signed_before_is_signed_anew(signed: Path) -> None:
    other = Sm2Key(bytes([1]) * 32)
    grow(signed, 1, other)
    assert LedgerReader(signed).sidecar("2026").state == State.HOLDS
    assert verify_ledger(signed).problems == []


def test_a_closed_year_keeps_its_last_one(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=NOON)
    grow(folder, 0)
    with connect(folder, sm2=KEY, clock=lambda: NOON.replace(year=2027)) as ledger:
        ledger.append("more", 1, [event(1)])
    reader = LedgerReader(folder)
    assert [reader.sidecar(log).state for log in reader.logs()] == [State.HOLDS, State.HOLDS]
    assert reader.sidecar("2026").size == reader.size("2026")
    assert verify_ledger(folder).problems == []
