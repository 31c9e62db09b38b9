# SPDX-License-Identifier: Apache-2.0
"""Loads of feeds: rows that they say are no more, rows that exports leave alone, and numbers of one person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stored import NOON, Kept, Load
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.store.merges import same_person

IDS = "SELECT encounter_id FROM encounters ORDER BY 1"


def encounters(*rows: tuple[str, str]) -> pa.Table:
    made = [{"encounter_id": e, "patient_id": p, "department": "W1", "start_us": 1, "src": e} for e, p in rows]
    return pa.Table.from_pylist(made, schema("encounters"))


def take_in(kept: Kept, *loads: Load, hours: int = 0) -> None:
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON + timedelta(hours=hours)) as session:
        for load in loads:
            session.context(load)


def feed(*rows: tuple[str, str], gone: tuple[str, ...] = ()) -> Load:
    keys = pa.table({"encounter_id": pa.array(gone, pa.string())}) if gone else None
    return Load(name="encounters", table=encounters(*rows), full=False, feed=True, gone=keys)


def merges(**pairs: str) -> Load:
    rows = [{"retired_id": old, "patient_id": new} for old, new in pairs.items()]
    return Load(name="merges", table=pa.Table.from_pylist(rows, schema("merges")), full=False, feed=True)


def names(kept: Kept, sql: str, **question: Any) -> list[str]:
    return [name for (name,) in kept.ask(sql, **question)]


def test_what_a_feed_says_is_no_more_is_retracted_and_can_still_be_asked_for(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    take_in(kept, feed(("e1", "p1"), ("e2", "p2")))
    take_in(kept, feed(("e3", "p3"), gone=("e1", "e9")), hours=1)
    assert names(kept, IDS) == ["e2", "e3"]
    assert names(kept, IDS, as_of_us=int(NOON.timestamp() * 1e6)) == ["e1", "e2"]


def test_a_whole_export_leaves_the_rows_of_feeds_and_retracts_its_own(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    take_in(kept, Load(name="encounters", table=encounters(("e0", "p0"), ("e5", "p5"))))
    take_in(kept, feed(("e1", "p1")))
    take_in(kept, Load(name="encounters", table=encounters(("e5", "p5"))))
    assert names(kept, IDS) == ["e1", "e5"]
    take_in(kept, feed(gone=("e1",)))
    take_in(kept, Load(name="encounters", table=encounters()))
    assert names(kept, IDS) == []


def test_what_wardkeep_keeps_for_itself_is_no_table_of_the_hospital(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    state = [{"object": "encounter|e1", "state": "{}", "src": "encounter|e1"}]
    load = Load(name="message_state", table=pa.Table.from_pylist(state, schema("message_state")), full=False, feed=True)
    take_in(kept, feed(("e1", "p1")), load, merges(p9="p1"))
    assert kept.store.tables() == {"encounters": 1}
    assert names(kept, "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1") == [
        "all_events", "encounters", "events",
    ]  # fmt: skip
    assert kept.store.known_table("message_state").num_rows == 1


def test_loads_that_belong_together_are_one_batch(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    with kept.ledger() as ledger, kept.store.intake(ledger, received_at=NOON) as session:
        session.context(feed(("e1", "p1")), merges(p9="p1"))
        session.context(feed(("e1", "p1")), merges(p9="p1"))  # nothing new: no batch
    assert kept.store.manifest.last_seq() == 1 and len(kept.store.loads()) == 2
    assert kept.problems() == []


def test_numbers_of_one_person_share_what_the_tables_say(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    patients = [{"patient_id": "p1", "name": "Li", "src": "p1"}, {"patient_id": "p2", "name": "Li old", "src": "p2"}]
    take_in(
        kept,
        feed(("e1", "p1"), ("e2", "p2"), ("e7", "p7")),
        Load(name="patients", table=pa.Table.from_pylist(patients, schema("patients")), full=False),
    )
    take_in(kept, merges(p1="p2", p2="p3"), hours=1)
    asked = "SELECT patient_id || ':' || encounter_id FROM encounters ORDER BY 1"
    assert names(kept, asked) == ["p1:e1", "p1:e2", "p2:e1", "p2:e2", "p3:e1", "p3:e2", "p7:e7"]
    assert names(kept, asked, as_of_us=int(NOON.timestamp() * 1e6)) == ["p1:e1", "p2:e2", "p7:e7"]
    # A number with a row of its own keeps that one; each has one.
    assert kept.ask("SELECT patient_id, name FROM patients ORDER BY 1") == [
        ("p1", "Li"),
        ("p2", "Li old"),
        ("p3", "Li"),
    ]
    assert kept.store.known_table("encounters").num_rows == 3


def test_a_decoy_is_one_and_the_dead_are_dead_under_every_number_even_where_each_has_a_row_of_its_own(
    tmp_path: Path,
) -> None:
    kept = Kept(tmp_path)
    told = {
        "p1": (False, ""),
        "p2": (True, ";vip;minor;"),
        "p3": (False, ";vip;psychiatric;"),
        "p7": (False, ";staff;"),
        "p8": (False, ""),
    }
    patients = [
        {
            "patient_id": n,
            "name": n,
            "honey": honey,
            "sensitivity": marks,
            "died_on_day": 7 if n == "p3" else None,
            "src": n,
        }
        for n, (honey, marks) in told.items()
    ]
    take_in(kept, Load(name="patients", table=pa.Table.from_pylist(patients, schema("patients")), full=False))
    take_in(kept, merges(p1="p2", p3="p2", p0="p1", p8="p9"), hours=1)
    asked = "SELECT patient_id, honey, sensitivity, died_on_day FROM patients ORDER BY 1"
    both = ";minor;psychiatric;vip;"
    assert kept.ask(asked) == [
        *((n, True, both, 7) for n in ("p0", "p1", "p2", "p3")),
        ("p7", False, ";staff;", None),
        ("p8", False, "", None),
        ("p9", False, "", None),
    ]


@pytest.mark.parametrize(
    "pairs, found",
    [
        ([], []),
        ([("a", "b")], [("a", "b"), ("b", "a")]),
        ([("a", "a")], []),
        ([("a", "b"), ("b", "a")], [("a", "b"), ("b", "a")]),  # a circle, which senders make
    ],
)
def test_a_merge_holds_in_both_directions(pairs: list[tuple[str, str]], found: list[tuple[str, str]]) -> None:
    assert same_person(pairs) == found


@given(pairs=st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")), max_size=12))
def test_numbers_of_one_person_are_an_equivalence_whatever_the_order(pairs: list[tuple[str, str]]) -> None:
    found = set(same_person(pairs))
    assert found == set(same_person(reversed(pairs)))
    assert all((b, a) in found for a, b in found) and all(a != b for a, b in found)
    assert all((a, c) in found for a, b in found for b2, c in found if b == b2 and a != c)
    assert {pair for pair in pairs if pair[0] != pair[1]} <= found


def test_a_process_that_remembers_reads_new_loads_alone_and_knows_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path)
    remembering = kept.store
    remembering.remember()
    read: list[str] = []
    plain = remembering._plain
    monkeypatch.setattr(remembering, "_plain", lambda row: read.append(row.id) or plain(row))
    loads = [
        feed(("e1", "p1"), ("e2", "p2")),
        feed(("e2", "p9"), gone=("e1",)),
        feed(("e1", "p3"), ("e4", "p4"), gone=("e2",)),
    ]
    for hour, load in enumerate(loads):
        take_in(kept, load, hours=hour)
        found = sorted(map(repr, remembering.known_table("encounters").to_pylist()))
        assert found == sorted(map(repr, kept.store.known_table("encounters").to_pylist()))
        assert len(read) == hour + 1
    assert remembering.known_table("encounters", feeds=True).num_rows == 2
