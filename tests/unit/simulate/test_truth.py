# SPDX-License-Identifier: Apache-2.0
"""What the simulator says really happened, checked against what it hands over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import duckdb
import pytest

import simulate
from bench.relations import connect
from simulate.openings import REASONS
from simulate.parameters import KINDS


@pytest.fixture(scope="module")
def con(small: simulate.Hospital) -> Iterator[duckdb.DuckDBPyConnection]:
    found = connect(small, threads=1)
    yield found
    found.close()


def test_what_is_called_documented_has_a_row_that_says_so(con: duckdb.DuckDBPyConnection) -> None:
    """By a query that shares nothing with the generator: one event in a thousand may hide behind a clock or a night."""
    row = con.execute(
        "SELECT count(*), count(x.account) FROM legitimate l JOIN ev USING (event_id) LEFT JOIN tied x "
        "ON x.account = l.account AND x.patient_id = l.patient_id AND x.day = ev.day WHERE l.documented"
    ).fetchone()
    assert row is not None
    assert row[0] > 10_000
    assert row[1] / row[0] > 0.999


def test_the_row_named_as_the_source_was_exported_and_concerns_the_patient(small: simulate.Hospital) -> None:
    keys = {"encounters": "encounter_id", "orders": "order_id", "appointments": "appointment_id"}
    owner = {
        name: dict(zip(small.tables[name][key].to_pylist(), small.tables[name]["patient_id"].to_pylist(), strict=True))
        for name, key in keys.items()
    }
    checked = 0
    for row in small.legitimate.to_pylist():
        if row["documented"] and row["source_table"] in keys and row["source_id"] in owner[row["source_table"]]:
            assert owner[row["source_table"]][row["source_id"]] == row["patient_id"]
            checked += 1
    assert checked > 10_000


def test_an_undocumented_kind_mostly_has_no_row(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute(
        "SELECT avg(CAST(x.account IS NOT NULL AS INT)) FROM legitimate l JOIN ev USING (event_id) LEFT JOIN tied x "
        "ON x.account = l.account AND x.patient_id = l.patient_id AND x.day = ev.day "
        "WHERE l.reason IN ('unwritten_cover', 'unwritten_question', 'unwritten_teaching')"
    ).fetchone()
    assert row is not None and row[0] < 0.4


def test_every_event_is_either_legitimate_or_misuse(small: simulate.Hospital) -> None:
    bad = set(small.misuse["event_id"].to_pylist())
    good = set(small.legitimate["event_id"].to_pylist())
    assert bad and not bad & good
    touched = {e for e, p in zip(*(small.events[c].to_pylist() for c in ("event_id", "patient_id")), strict=True) if p}
    assert touched - bad == good


def test_truth_tells_accounts_and_patients_as_the_log_does(small: simulate.Hospital) -> None:
    log = {row["event_id"]: row for row in small.events.select(["event_id", "account", "patient_id"]).to_pylist()}
    for row in small.misuse.to_pylist():
        assert (row["account"], row["patient_id"]) == (
            log[row["event_id"]]["account"],
            log[row["event_id"]]["patient_id"],
        )


def test_only_known_kinds_reasons_and_difficulties_are_used(small: simulate.Hospital) -> None:
    assert set(small.misuse["kind"].to_pylist()) <= set(KINDS)
    assert set(small.misuse["difficulty"].to_pylist()) <= {"easy", "hard", "no_attribute", "explained"}
    assert set(small.legitimate["reason"].to_pylist()) <= set(REASONS) - {"misuse"}


def test_a_case_is_one_intent_of_one_person(small: simulate.Hospital) -> None:
    people, kinds = defaultdict(set), defaultdict(set)
    for row in small.misuse.to_pylist():
        people[row["case_id"]].add(row["staff_id"])
        kinds[row["case_id"]].add((row["kind"], row["difficulty"]))
    assert all(len(found) == 1 for found in (*people.values(), *kinds.values()))


def test_easy_snooping_has_no_row_that_ties_account_and_patient(con: duckdb.DuckDBPyConnection) -> None:
    row = con.execute(
        "SELECT count(*), count(x.account) FROM misuse m JOIN ev USING (event_id) LEFT JOIN tied x ON x.account = m.account "
        "AND x.patient_id = m.patient_id AND x.day = ev.day WHERE m.difficulty = 'easy' AND m.kind IN "
        "('family', 'coworker', 'neighbour', 'vip', 'manager', 'self', 'deceased', 'honey')"
    ).fetchone()
    assert row is not None and row[0] > 20
    assert row[1] / row[0] < 0.05


def test_a_hard_family_target_has_contact_with_the_hospital(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "SELECT m.event_id, max(CAST(en.patient_id IS NOT NULL AS INT)) FROM misuse m JOIN ev USING (event_id) LEFT JOIN en "
        "ON en.patient_id = m.patient_id AND ev.day BETWEEN en.a - 4 AND en.b + 12 "
        "WHERE m.difficulty = 'hard' AND m.kind = 'family' GROUP BY ALL"
    ).fetchall()
    assert rows
    assert sum(r[1] for r in rows) / len(rows) > 0.9


def test_only_misuse_and_machines_open_a_decoy(small: simulate.Hospital) -> None:
    honey = {
        p for p, h in zip(*(small.tables["patients"][c].to_pylist() for c in ("patient_id", "honey")), strict=True) if h
    }
    kinds = dict(zip(*(small.tables["accounts"][c].to_pylist() for c in ("account", "kind")), strict=True))
    assert len(honey) == 12
    for row in small.legitimate.to_pylist():
        assert row["patient_id"] not in honey or kinds[row["account"]] == "service"


def test_batch_thefts_are_as_large_as_specified() -> None:
    hospital = simulate.build(seed=3, setting="A", staff=300, patients=6000, days=20)
    sizes: dict[str, set[str]] = defaultdict(set)
    for row in hospital.misuse.to_pylist():
        if row["kind"] == "batch" and row["patient_id"]:
            sizes[row["case_id"]].add(row["patient_id"])
    assert sizes
    assert all(100 <= len(found) <= 400 for found in sizes.values())
