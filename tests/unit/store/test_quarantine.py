# SPDX-License-Identifier: Apache-2.0
"""What was set aside is kept whole, can be replayed, and a conflict becomes an amendment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.stored import NOON, NOON_US, Kept, Set, batch, row
from wardkeep.watch.store import NotStored, Report


def amend(kept: Kept, piece_id: str) -> Report:
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON + timedelta(hours=1)) as session:
        session.amend(piece_id)
        return session.report()


def test_a_piece_is_kept_byte_for_byte(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    raw = bytes(range(256)) * 3
    kept.take_in(batch([], [Set(raw=raw, head=b"a,b\r\n", truncated=True, reason="too-long: over 1 MiB")]))
    (piece,) = kept.pieces()
    assert (piece.raw, piece.head, piece.truncated, piece.state) == (raw, b"a,b\r\n", True, "open")
    assert (piece.source, piece.position, piece.received_us) == ("events.csv", "7", NOON_US)
    assert kept.store.piece(piece.id) == piece


def test_of_several_files_the_named_piece_is_found_and_no_other_is(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for said in (b"1", b"2"):
        kept.take_in(batch([], [Set(raw=said), Set(raw=said * 2)]))
    pieces = kept.pieces()
    assert [kept.store.piece(piece.id) for piece in pieces] == pieces and len(pieces) == 4
    for unknown in (f"{pieces[0].id}9", "q999999-0", "x", ""):
        with pytest.raises(NotStored, match="there is no piece"):
            kept.store.piece(unknown)


def test_a_piece_that_was_replayed_is_so_for_good(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e")], [Set(raw=b"1"), Set(raw=b"2")]))
    first, second = kept.pieces()
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.file([batch([row("mended")])])
        session.replayed(first.id)
        session.replayed(first.id)
        report = session.report()
    assert (report.read, report.accepted) == (1, 1)
    assert [(p.id, p.state) for p in kept.pieces()] == [(first.id, "replayed"), (second.id, "open")]
    assert kept.problems() == []


def test_a_replayed_conflict_becomes_an_amendment(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e"), row("f")]))
    kept.take_in(batch([row("e", account="dr.wu", query="select 1")]))
    (piece,) = kept.pieces()
    assert piece.is_conflict and piece.reason == "conflict: the event is known, and differs in account, query"
    assert b"select 1" not in piece.raw
    report = amend(kept, piece.id)
    assert (report.read, report.accepted, report.sealed) == (1, 1, 1)
    shown = kept.ask("SELECT event_id, account, query, amends FROM events ORDER BY 1")
    assert shown == [("e", "dr.wu", "select 1", "2026:1"), ("f", "nurse.li", None, None)]
    assert kept.ask("SELECT count(*) FROM all_events") == [(3,)]
    # Before the amendment was received, the event stood as it was.
    before = kept.ask("SELECT account FROM events WHERE event_id = 'e'", as_of_us=NOON_US)
    assert before == [("nurse.li",)]
    assert kept.pieces()[0].state == "amended"
    assert kept.problems() == []


def test_both_contents_of_an_amended_event_are_known(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    old, new = row("e"), row("e", account="dr.wu")
    kept.take_in(batch([old]))
    kept.take_in(batch([new]))
    amend(kept, kept.pieces()[0].id)
    assert kept.take_in(batch([old, new])).duplicates == 2
    assert kept.take_in(batch([row("e", account="third")])).conflicts == 1


def test_an_amendment_is_amended_in_its_turn(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e", account="a0")]))
    for number in (1, 2):
        kept.take_in(batch([row("e", account=f"a{number}")]))
        amend(kept, kept.pieces()[-1].id)
    assert kept.ask("SELECT account FROM events") == [("a2",)]
    chain = kept.ask("SELECT log || ':' || n, amends FROM all_events ORDER BY n")
    assert [amends for _, amends in chain] == [None, chain[0][0], chain[1][0]]


def test_an_amendment_replaces_all_patients_of_an_event(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e", patient_id=p, part=i) for i, p in enumerate(("P1", "P2", "P3"))]))
    kept.take_in(batch([row("e", patient_id="P9")]))
    amend(kept, kept.pieces()[0].id)
    assert kept.ask("SELECT patient_id FROM events") == [("P9",)]


def test_the_order_of_days_does_not_matter_to_an_amendment(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([row("e")]))
    kept.take_in(batch([row("e", time=NOON_US - 3 * 86_400_000_000)]))
    amend(kept, kept.pieces()[0].id)
    assert kept.ask("SELECT count(*) FROM events", from_us=NOON_US) == [(0,)]
    assert kept.ask("SELECT count(*) FROM events", to_us=NOON_US) == [(1,)]


def test_a_record_without_an_id_that_is_read_otherwise_now_can_be_amended(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    records = [row(None, raw=b"same"), row(None, raw=b"same")]
    kept.take_in(batch(records))
    again = [row(None, raw=b"same"), row(None, raw=b"same", account="dr.wu")]
    assert kept.take_in(batch(again)).conflicts == 1
    amend(kept, kept.pieces()[0].id)
    assert kept.ask("SELECT account FROM events ORDER BY 1") == [("dr.wu",), ("nurse.li",)]


def test_only_an_open_conflict_can_be_amended(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.take_in(batch([], [Set(raw=b"1")]))
    for name in ("q000001-0", "q000001-9"):
        with pytest.raises(NotStored, match=name):
            amend(kept, name)


def test_a_conflict_within_one_file_is_amended_too(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    report = kept.take_in(batch([row("e"), row("e", account="dr.wu"), row("e")]))
    assert (report.accepted, report.duplicates, report.conflicts) == (1, 1, 1)
    amend(kept, kept.pieces()[0].id)
    assert kept.ask("SELECT account FROM events") == [("dr.wu",)]
