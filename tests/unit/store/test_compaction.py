# SPDX-License-Identifier: Apache-2.0
"""Small segments are joined, and nothing that anyone can ask or verify changes by it."""

from __future__ import annotations

import errno
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stored import DAY_US, NOON, NOON_US, Kept, Rows, batch, many, row
from wardkeep.watch.store import StoreBusy, StoreFull, ingest
from wardkeep.watch.store.arrivals import Arrived
from wardkeep.watch.store.compaction import Compacted, compact, due, worth
from wardkeep.watch.store.folder import READING
from wardkeep.watch.store.manifest import FileRow
from wardkeep.watch.store.numbers import Numbers, joined
from wardkeep.watch.store.sealed_rows import held_rows, sealed_rows

EVERY = "SELECT * EXCLUDE (received_us), received_us FROM all_events ORDER BY eid"


def us(minutes: int) -> int:
    return NOON_US + minutes * 60_000_000


def small(n: int) -> Rows:
    """Six rows of one batch: three days, an event of two patients, one without an id, one of a shared id, one with a query."""
    return batch(
        [
            row(f"e{n}-a", time=NOON_US + n, patient_id="P1"),
            row(f"e{n}-b", time=NOON_US - DAY_US + n, patient_id=f"P{n % 5}", query=f"select {n}"),
            row(f"e{n}-c", time=NOON_US + n, patient_id="P2"),
            row(f"e{n}-c", time=NOON_US + n, patient_id="P3", part=1),
            row(None, time=NOON_US + DAY_US + n, raw=b"record %d" % n, account="a7"),
            row("shared", time=NOON_US + n % 3, system=f"system{n % 3}", raw=b"shared %d" % (n % 3)),
        ]
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = Kept(tmp_path_factory.mktemp("made") / "kept")
    for n in range(12):
        kept.take_in(small(n), at=NOON + timedelta(minutes=n))
    return kept.path


@pytest.fixture
def kept(made: Path, tmp_path: Path) -> Kept:
    """A dozen small batches, each received a minute after the one before."""
    shutil.copytree(made, tmp_path / "kept")
    return Kept(tmp_path / "kept")


def segments(kept: Kept) -> list[FileRow]:
    return kept.store.manifest.files("segment")


def everything(kept: Kept) -> dict[str, Any]:
    """Whatever can be asked of a store."""
    store = kept.store
    found = kept.ask("SELECT log, n FROM all_events ORDER BY n")
    log, last = found[0][0], found[-1][1]
    return {
        "rows": kept.ask(EVERY),
        "of one": kept.ask(EVERY, patients=["P3"]),
        "then": kept.ask(EVERY, as_of_us=us(7)),
        "a day": kept.ask(EVERY, from_us=NOON_US, to_us=NOON_US + 3),
        "proofs": [store.sealed(log, n) for log, n in found[::5]],
        "evidence": list(sealed_rows(store, log, 0, last)),
        "some": list(sealed_rows(store, log, 17, 60, patients=["P1", "P3"])),
        "held": [held_rows(store, log, 0, last), held_rows(store, log, 5, 29), held_rows(store, log, 30, 30)],
        "arrived": [vars_of(one) for one in store.arrived(since_day=0)],
    }


def vars_of(one: Arrived) -> tuple[Any, ...]:
    return one.system, one.days, one.newest_us, one.received_us


def test_the_delay_of_arrivals_is_that_of_the_batches_that_were_joined(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for n, minutes in enumerate((1, 9, 4, 2, 3)):
        kept.take_in(batch([row(f"e{n}", time=us(n))]), at=NOON + timedelta(minutes=n + minutes))
    (before,) = kept.store.arrived(since_day=0)
    compact(kept.store, everything=True)
    kept.take_in(batch([row("e5", time=us(5))]), at=NOON + timedelta(minutes=5 + 60))
    kept.take_in(batch([row("e6", time=us(6))]), at=NOON + timedelta(minutes=6))
    (after,) = kept.store.arrived(since_day=0)
    assert (before.delay_us, after.delay_us) == (180_000_000, 180_000_000)


def test_nothing_that_can_be_asked_or_verified_changes(kept: Kept) -> None:
    before, first = everything(kept), len(segments(kept))
    assert first > 30
    found = compact(kept.store, everything=True)
    assert found == Compacted(days=3, before=first, after=3, removed=first, waiting=0)
    assert len(segments(kept)) == 3
    assert everything(kept) == before
    assert kept.problems() == []
    assert len(list((kept.path / "store" / "segments").iterdir())) == 6
    contents = kept.store.manifest.trusted()
    assert (len(contents.batches), kept.store.manifest.last_seq()) == (1, 12)
    assert compact(kept.store, everything=True) == Compacted()


def test_what_is_known_is_known_after_it_too(kept: Kept) -> None:
    compact(kept.store, everything=True)
    report = kept.take_in(*(small(n) for n in range(12)))
    assert (report.accepted, report.duplicates) == (0, 60)
    again = kept.take_in(batch([row("e3-a", time=NOON_US + 3, patient_id="P9")]))
    assert (again.accepted, again.conflicts) == (0, 1)
    (piece,) = kept.pieces()
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON + timedelta(hours=2)) as session:
        session.amend(piece.id)
    assert kept.ask("SELECT patient_id FROM events WHERE event_id = 'e3-a'") == [("P9",)]
    assert kept.ask("SELECT patient_id FROM events WHERE event_id = 'e3-a'", as_of_us=us(60)) == [("P1",)]
    compact(kept.store, everything=True)
    assert kept.ask("SELECT patient_id FROM events WHERE event_id = 'e3-a'") == [("P9",)]
    assert kept.ask("SELECT patient_id FROM events WHERE event_id = 'e3-a'", as_of_us=us(60)) == [("P1",)]
    assert kept.problems() == []


def test_a_session_that_remembers_sees_what_was_joined_meanwhile(kept: Kept) -> None:
    store = kept.store
    store.remember()
    with kept.ledger() as ledger:
        for n in range(12, 26):
            assert ingest(store, ledger, [small(n)], received_at=NOON).accepted == 4
            if n % 7 == 0:
                compact(kept.store, everything=True)
            assert ingest(store, ledger, [small(n - 1)], received_at=NOON).accepted == 0
    assert kept.ask("SELECT count(*), count(DISTINCT eid) FROM all_events") == [(26 * 5 + 3,) * 2]
    assert kept.problems() == []


def test_it_joins_again_what_was_joined_before_and_numbers_go_on(kept: Kept) -> None:
    compact(kept.store, everything=True)
    for n in range(12, 15):
        kept.take_in(small(n), at=NOON + timedelta(minutes=n))
    before = everything(kept)
    compact(kept.store, everything=True)
    assert len(segments(kept)) == 3
    assert everything(kept) == before
    assert kept.problems() == []


def test_it_says_before_whether_there_is_anything_to_do(kept: Kept, tmp_path: Path) -> None:
    assert not due(Kept(tmp_path / "empty").store)
    assert due(kept.store)
    compact(kept.store)
    assert not due(kept.store)


def test_only_segments_of_about_one_size_are_worth_it(tmp_path: Path) -> None:
    def segment(identity: str, rows: int, day: int = 1, **more: Any) -> FileRow:
        return FileRow(
            id=identity, kind="segment", seq=1, log="2026", first=0, last=rows - 1, rows=rows, day=day, **more
        )

    few = [segment(f"a{n}", 3) for n in range(7)]
    assert worth(few) == []
    assert [len(group) for group in worth([*few, segment("b", 5)])] == [8]
    assert worth([*few, segment("b", 900)]) == []
    assert worth([*few, segment("b", 5, day=2)]) == []
    assert [len(group) for group in worth([*few, segment("b", 900)], everything=True)] == [8]
    assert worth([*few, segment("b", 5, meta='{"amends": [["2026", 1, 1]]}')]) == []
    assert worth([segment(f"c{n}", 600_000) for n in range(9)], everything=True) == []
    assert [len(group) for group in worth([segment(f"c{n}", 400_000) for n in range(9)])] == []
    assert [len(group) for group in worth([segment(f"c{n}", 400_000) for n in range(4)], everything=True)] == [2, 2]


def test_files_that_somebody_may_read_stay_until_he_has_done(kept: Kept) -> None:
    store, before = kept.store, len(segments(kept))
    log = segments(kept)[0].log or ""
    reading = sealed_rows(store, log, 0, 1000)
    first = next(reading)
    found = compact(kept.store, everything=True)
    assert (found.removed, found.waiting) == (0, before)
    assert kept.problems() == []  # files that wait are no strays
    rest = list(reading)
    assert len([first, *rest]) == kept.ask("SELECT count(*) FROM all_events")[0][0]
    assert compact(kept.store) == Compacted(removed=before)
    assert kept.problems() == []


def test_a_connection_that_is_open_reads_on(kept: Kept) -> None:
    con = kept.store.connect()
    try:
        compact(kept.store, everything=True)
        assert con.execute("SELECT count(*) FROM all_events").fetchone() == (12 * 5 + 3,)
    finally:
        con.close()


def test_it_waits_for_a_session_and_says_so(kept: Kept) -> None:
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON), pytest.raises(StoreBusy):
        compact(kept.store, wait=0, everything=True)


def test_a_row_that_was_changed_in_a_joined_segment_is_named(kept: Kept) -> None:
    import pyarrow as pa

    from wardkeep.watch.store.segment import NUMBER, pack, unpack

    compact(kept.store, everything=True)
    store = kept.store
    target = next(one for one in segments(kept) if len(one.numbers.runs) > 1)
    path = store.folder.place("segment", target.id)
    how = {"kind": "segment", "identity": target.id, "rows": target.rows}
    table = unpack(store.folder.read(path, **how), target.id).rows()
    accounts = table.column("account").to_pylist()
    accounts[7] = "somebody"
    table = table.set_column(table.column_names.index("account"), "account", pa.array(accounts, pa.string()))
    table = table.append_column(NUMBER, pa.array(target.numbers.all()))
    store.folder.write(path, pack(table)[0], **how)
    assert ("row", f"{target.log}:{target.numbers.of(7)}") in kept.problems()


def test_a_large_store_is_joined_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wardkeep.watch.store import compaction

    monkeypatch.setattr(compaction, "MOST_ROWS", 400)
    kept = Kept(tmp_path)
    for n in range(12):
        kept.take_in(many(100, start=100 * n))
    compact(kept.store, everything=True)
    assert sorted(one.rows for one in segments(kept)) == [200, 200, 400, 400]
    assert kept.ask("SELECT count(*), count(DISTINCT eid) FROM all_events") == [(1200, 1200)]
    assert kept.problems() == []


def test_rows_and_numbers_belong_together_in_both_directions() -> None:
    numbers = Numbers(joined([(20, 5), (3, 4), (7, 2), (100, 1)]))
    assert numbers.runs == ((3, 6), (20, 5), (100, 1))
    assert [numbers.of(at) for at in range(12)] == numbers.all().tolist()
    assert [numbers.row(n) for n in numbers.all().tolist()] == list(range(12))
    assert [numbers.row(n) for n in (0, 2, 9, 19, 25, 99, 101)] == [None] * 7
    assert [numbers.within(0, 1000), numbers.within(5, 21), numbers.within(9, 19)] == [12, 6, 0]


def test_a_disk_that_is_full_at_the_sweep_is_said_and_the_next_one_goes_on(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, opened = everything(kept), os.open

    def full(path: Any, *how: Any, **more: Any) -> int:
        if Path(path).name == READING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return opened(path, *how, **more)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StoreFull, match="No space left"):
        compact(kept.store, everything=True)
    monkeypatch.undo()
    assert compact(kept.store, everything=True).waiting == 0
    assert everything(kept) == before
