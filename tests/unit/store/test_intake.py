# SPDX-License-Identifier: Apache-2.0
"""One session at a time, what a report counts, and what a broken session leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeLedger
from tests.stored import NOON, Kept, Set, batch, many, row
from wardkeep.ledger import KeyConflict, LedgerUnavailable
from wardkeep.watch.store import StoreBusy, StoreDamaged, intake, recover


def test_two_sessions_do_not_go_on_at_once(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON):
        second = kept.store.intake(ledger, received_at=NOON, wait=0.1)
        with pytest.raises(StoreBusy, match="another process writes") as refused, second:
            pass
        assert refused.value.exit_status == 3
    assert kept.take_in(batch([row("e")])).accepted == 1


def test_a_run_can_be_saved_and_the_store_read_while_a_session_goes_on(tmp_path: Path) -> None:
    import pyarrow as pa

    kept = Kept(tmp_path)
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.file([many(10)])
        session.flush()
        kept.store.save_run("r", "reasons", pa.table({"a": [1]}))
        assert kept.ask("SELECT count(*) FROM events") == [(10,)]
        session.file([many(10, start=10)])
    assert kept.ask("SELECT count(*) FROM events") == [(20,)]
    assert kept.problems() == []


def test_a_report_names_the_entries_of_its_events(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("a")]))
    report = kept.take_in(batch([row("b"), row("c"), row("a")], [Set(raw=b"{")]))
    assert (report.first_index, report.last_index) == ("2026:2", "2026:3")
    assert (report.read, report.accepted, report.duplicates, report.quarantined, report.sealed) == (4, 2, 1, 1, 2)
    assert kept.ask("SELECT min(n), max(n) FROM events WHERE event_id <> 'a'") == [(2, 3)]


def test_progress_is_told_for_each_batch(tmp_path: Path) -> None:
    from dataclasses import replace

    told: list[tuple[int, int]] = []
    kept = Kept(tmp_path)
    batches = [replace(many(5, start=5 * n), done=100 * (n + 1), size=300) for n in range(3)]
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.file(batches, lambda done, size: told.append((done, size)))
    assert told == [(100, 300), (200, 300), (300, 300)]


def test_a_session_that_breaks_stores_nothing_of_what_had_only_gathered(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    with pytest.raises(RuntimeError), kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.file([many(10)])
        raise RuntimeError
    assert kept.ask("SELECT count(*) FROM events") == [(0,)]
    assert kept.problems() == []


def test_a_batch_that_the_ledger_did_not_take_is_finished_by_the_next_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path)

    def refuse(*_: object) -> None:
        raise LedgerUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("wardkeep.ledger.Ledger.append", refuse)
        with pytest.raises(LedgerUnavailable):
            kept.take_in(many(10))
    assert kept.ask("SELECT count(*) FROM events") == [(0,)]
    assert kept.problems() == []
    with kept.ledger() as ledger:
        assert recover(kept.store, ledger, received_at=NOON) == 1
        assert recover(kept.store, ledger, received_at=NOON) == 0
    assert kept.ask("SELECT count(*) FROM events") == [(10,)]
    assert kept.take_in(many(10)).duplicates == 10
    assert kept.problems() == []


def test_a_batch_that_the_ledger_knows_with_another_content_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path)
    with kept.ledger() as ledger:
        ledger.append("store", 1, [b"\1" + bytes(32)])
    with monkeypatch.context() as patch:
        patch.setattr(intake, "finish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        patch.setattr(intake, "finish_all", lambda *_: 0)
        with pytest.raises(KeyboardInterrupt):
            kept.take_in(many(10))
    with pytest.raises(KeyConflict):
        kept.take_in(many(10))
    assert kept.ask("SELECT count(*) FROM events") == [(0,)]


def test_a_ledger_that_was_replaced_is_noticed_before_anything_is_taken_in(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(many(10))
    session = kept.store.intake(FakeLedger(), received_at=NOON)
    with pytest.raises(StoreDamaged, match="knows 0 batches of the store, the store holds 1"), session:
        pass


def test_a_store_works_beside_any_ledger_that_keeps_its_promises(tmp_path: Path) -> None:
    kept, ledger = Kept(tmp_path), FakeLedger()
    with kept.store.intake(ledger, received_at=NOON) as session:
        session.file([many(10)])
        assert session.report().sealed == 10
    assert len(ledger.bodies) == 10
