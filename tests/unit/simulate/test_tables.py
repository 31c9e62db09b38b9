# SPDX-License-Identifier: Apache-2.0
"""The hospital folder's contract, held to the letter by what the simulator writes."""

from __future__ import annotations

import re

import pytest

import simulate
from wardkeep.watch.event import Action, Outcome
from wardkeep.watch.hospital.tables import PURPOSES, TABLES

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
EVENT_COLUMNS = [
    "event_id", "time", "account", "patient_id", "action", "resource", "count", "purpose", "breakglass", "outcome",
    "system", "workstation", "ip", "site", "session_id", "query", "duration_s",
]  # fmt: skip
#: Which column names a row of which other table.
REFERENCES = {
    "staff_id": "staff", "manager_id": "staff", "attending_id": "staff", "ordered_by": "staff", "approved_by": "staff",
    "patient_id": "patients", "department": "departments", "performing_department": "departments",
    "from_department": "departments", "to_department": "departments", "encounter_id": "encounters", "account": "accounts",
}  # fmt: skip
KEYS = {
    "staff": "staff_id",
    "patients": "patient_id",
    "departments": "department",
    "encounters": "encounter_id",
    "accounts": "account",
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_has_the_columns_values_and_types_of_the_contract(small: simulate.Hospital, name: str) -> None:
    table, contract = small.tables[name], TABLES[name]
    assert set(table.column_names) <= {column.name for column in contract.columns}
    for column in contract.columns:
        if column.name not in table.column_names:
            assert column.name == "recorded_at"
            continue
        cells = [cell for cell in table[column.name].to_pylist() if cell is not None]
        if column.required:
            assert len(cells) == table.num_rows
        if column.type == "list":
            cells = [part for cell in cells for part in cell.split(";")]
        if column.values:
            assert set(cells) <= set(column.values)
        shape = {"time": TIME, "date": DATE}.get(column.type)
        assert shape is None or all(shape.fullmatch(cell) for cell in cells)
        assert "" not in cells


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_natural_key_names_one_row(small: simulate.Hospital, name: str) -> None:
    rows = small.tables[name].select(list(TABLES[name].key)).to_pylist()
    assert len({tuple(row.values()) for row in rows}) == len(rows)


def test_every_reference_finds_its_row(small: simulate.Hospital) -> None:
    known = {table: set(small.tables[table][key].to_pylist()) for table, key in KEYS.items()}
    for name, table in {**small.tables, "events": small.events}.items():
        for column, target in REFERENCES.items():
            if column in table.column_names and not (name == target and KEYS[target] == column):
                assert set(table[column].to_pylist()) - {None} <= known[target], f"{name}.{column}"


def test_events_have_the_columns_of_the_contract_in_order(small: simulate.Hospital) -> None:
    assert small.events.column_names == EVENT_COLUMNS


def test_an_event_id_names_one_event_of_the_whole_folder(small: simulate.Hospital) -> None:
    ids = small.events["event_id"].to_pylist()
    assert len(set(ids)) == len(ids)


def test_events_keep_to_the_vocabularies(small: simulate.Hospital) -> None:
    events = small.events
    assert set(events["action"].to_pylist()) <= {a.value for a in Action}
    assert set(events["outcome"].to_pylist()) == {o.value for o in Outcome}
    assert set(events["purpose"].to_pylist()) - {None} <= set(PURPOSES.split())
    assert set(events["breakglass"].to_pylist()) == {None, "1"}
    assert set(events["site"].to_pylist()) <= {*small.tables["departments"]["site"].to_pylist(), "remote"}
    assert all(TIME.fullmatch(t) for t in events["time"].to_pylist())


def test_a_patient_is_named_exactly_where_the_contract_wants_one(small: simulate.Hospital) -> None:
    for action, patient in zip(small.events["action"].to_pylist(), small.events["patient_id"].to_pylist(), strict=True):
        if action in ("login", "logout", "search", "query"):
            assert patient is None
        elif action != "export":
            assert patient is not None


def test_searches_and_statements_say_what_was_asked(small: simulate.Hospital) -> None:
    for action, query in zip(small.events["action"].to_pylist(), small.events["query"].to_pylist(), strict=True):
        assert (query is not None) == (action in ("search", "query"))


def test_nobody_is_treated_after_death(small: simulate.Hospital) -> None:
    died = dict(zip(*(small.tables["patients"][c].to_pylist() for c in ("patient_id", "died_on")), strict=True))
    for patient, start in zip(
        *(small.tables["encounters"][c].to_pylist() for c in ("patient_id", "start")), strict=True
    ):
        assert died[patient] is None or start[:10] <= died[patient]


def test_no_number_could_be_a_real_subscribers(small: simulate.Hospital) -> None:
    for table in ("staff", "patients"):
        phones = [p for p in small.tables[table]["phone"].to_pylist() if p]
        assert all(p.startswith("100") and len(p) == 11 for p in phones)
