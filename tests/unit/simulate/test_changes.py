# SPDX-License-Identifier: Apache-2.0
"""Scenes of changed records: they move nothing that was there before, and each form is what its name says."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import simulate
from simulate.__main__ import main
from simulate.changes import database, late
from simulate.changes.statements import verb
from tests.unit.simulate.conftest import SIZE

Row = dict[str, Any]
ASKED: dict[str, Any] = {"seed": 5, "setting": "A", **SIZE}


@pytest.fixture(scope="module")
def changed() -> simulate.Hospital:
    return simulate.build(**ASKED, changes=True)


@pytest.fixture(scope="module")
def truth(changed: simulate.Hospital) -> list[Row]:
    assert changed.changes is not None
    return changed.changes.truth.to_pylist()


@pytest.fixture(scope="module")
def events(changed: simulate.Hospital) -> dict[str, Row]:
    return {row["event_id"]: row for row in changed.events.to_pylist()}


@pytest.fixture(scope="module")
def archived(changed: simulate.Hospital) -> dict[str, list[str]]:
    """When the records of each patient were archived."""
    assert changed.changes is not None
    out = defaultdict(list)
    for row in changed.changes.archive.to_pylist():
        out[row["patient_id"]].append(row["archived_at"])
    return out


def lost(before: pa.Table, after: pa.Table) -> Counter[str]:
    """Rows that stood there before and do not now."""
    return Counter(map(repr, before.to_pylist())) - Counter(map(repr, after.to_pylist()))


def test_every_row_of_the_seed_without_the_scenes_stands_word_for_word_in_the_seed_with_them(
    small: simulate.Hospital, changed: simulate.Hospital
) -> None:
    assert not lost(small.events, changed.events)
    assert not lost(small.misuse, changed.misuse)
    assert not lost(small.legitimate, changed.legitimate)
    assert set(small.tables) == set(changed.tables)
    for name, table in small.tables.items():
        assert not lost(table, changed.tables[name]), name
    assert changed.events.num_rows > small.events.num_rows


@pytest.mark.parametrize("style", ["folder", "foreign"])
def test_so_do_all_lines_of_all_files_with_every_source(style: str, tmp_path: Path) -> None:
    small = {"seed": 9, "setting": "A", "staff": 80, "patients": 2000, "days": 8, "sources": True}
    for name, more in (("before", {}), ("after", {"changes": True})):
        hospital = simulate.build(**small, **more)  # type: ignore[arg-type]
        simulate.write(hospital, tmp_path / name, style, feeds=3)
        simulate.write_truth(hospital, tmp_path / f"{name}-truth")
        assert hospital.persons is not None
        assert hospital.persons.num_rows == hospital.all_events.num_rows
    files = sorted(x for x in (tmp_path / "before").iterdir())
    files += [tmp_path / "before-truth" / "misuse.csv", tmp_path / "before-truth" / "scenes.json"]
    more = 0
    for file in files:
        then = Counter(file.read_bytes().splitlines())
        now = Counter((tmp_path / file.parent.name.replace("before", "after") / file.name).read_bytes().splitlines())
        assert not then - now, file.name
        more += (now - then).total()
    assert more > 50


def test_the_same_arguments_give_the_same_scenes(changed: simulate.Hospital) -> None:
    again = simulate.build(**ASKED, changes=True)
    assert changed.changes is not None and again.changes is not None
    assert again.events.equals(changed.events) and again.changes.truth.equals(changed.changes.truth)
    assert again.changes.archive.equals(changed.changes.archive)


def test_the_records_office_hands_its_list_over_in_a_folder_of_its_own(tmp_path: Path) -> None:
    words = ["--seed", "5", "--staff", "80", "--patients", "1000", "--days", "3", "--changes", "--out"]
    assert main([*words, str(tmp_path / "h")]) == 0
    handed = (tmp_path / "h-records" / "archive.csv").read_text("utf-8")
    assert handed.startswith("record_id,patient_id,encounter_id,stage,")
    assert not (tmp_path / "h" / "archive.csv").exists()
    assert (tmp_path / "h-truth" / "changes.csv").is_file()


def test_without_misuse_only_what_is_lawful_is_added() -> None:
    quiet = simulate.build(seed=5, setting="none", staff=80, patients=2000, days=8, changes=True)
    assert quiet.changes is not None and quiet.misuse.num_rows == 0
    assert quiet.changes.truth.num_rows and all(quiet.changes.truth["lawful"].to_pylist())


def test_event_ids_stay_unique_and_lines_stand_beside_their_events(changed: simulate.Hospital) -> None:
    names = changed.events["event_id"].to_pylist()
    assert len(set(names)) == len(names) == len(changed.lines["t"])
    patients = changed.events["patient_id"].to_pylist()
    assert [f"P{x + 1:07d}" if x >= 0 else None for x in changed.lines["patient"].tolist()] == patients


def test_every_event_with_a_patient_is_still_either_legitimate_or_misuse(changed: simulate.Hospital) -> None:
    bad, good = (set(table["event_id"].to_pylist()) for table in (changed.misuse, changed.legitimate))
    touched = {
        e for e, p in zip(*(changed.events[c].to_pylist() for c in ("event_id", "patient_id")), strict=True) if p
    }
    assert not bad & good and touched - bad == good


def test_a_record_is_archived_after_its_stay_in_office_hours_or_when_its_ward_had_done(
    changed: simulate.Hospital,
) -> None:
    assert changed.changes is not None
    ended = {row["encounter_id"]: row["end"] for row in changed.tables["encounters"].to_pylist()}
    rows = changed.changes.archive.to_pylist()
    known = [row for row in rows if row["encounter_id"] in ended]
    assert len(known) > 100 and all(row["archived_at"] > ended[row["encounter_id"]] for row in known)
    assert len({row["record_id"] for row in rows}) == len(rows)


def test_each_change_of_a_record_stands_in_the_log_after_the_record_was_archived(
    truth: list[Row], events: dict[str, Row], archived: dict[str, list[str]]
) -> None:
    seen = [row for row in truth if row["change"] == "record"]
    # Of what a family asked for early the record was not archived yet.
    late = [row for row in seen if row["form"] not in ("request", "complaint")]
    assert {row["form"] for row in late if row["lawful"]} >= {
        "returned_codes",
        "correction",
        "late_result",
        "addendum",
        "scanning",
    }
    for row in late:
        event = events[row["event_id"]]
        assert event["patient_id"] == row["patient_id"] and event["action"] in ("update", "create", "delete")
        # The clocks of HIS, LIS and PACS are wrong by minutes.
        assert event["system"] != "EMR" or min(archived[row["patient_id"]]) < event["time"], row


def test_what_is_lawful_has_the_row_that_makes_it_so(
    changed: simulate.Hospital, truth: list[Row], events: dict[str, Row]
) -> None:
    items = defaultdict(list)
    for item in changed.tables["work_items"].to_pylist():
        items[item["patient_id"]].append(item)
    owner = {row["account"]: row["staff_id"] for row in changed.tables["accounts"].to_pylist()}
    kinds = {"correction": "records", "returned_codes": "coding", "scanning": "records"}
    checked = 0
    for row in truth:
        if row["lawful"] and (kind := kinds.get(row["form"])):
            time = events[row["event_id"]]["time"]
            assert any(
                item["kind"] == kind and item["start"][:10] <= time[:10] <= (item["end"] or "9")[:10]
                and item["staff_id"] in (None, owner[row["account"]])
                for item in items[row["patient_id"]]
            ), row  # fmt: skip
            checked += 1
    assert checked > 10
    assert not [row for row in truth if row["form"] == "correction_on_paper" and _allowed(row, items, owner)]


def _allowed(row: Row, items: dict[str, list[Row]], owner: dict[str, str]) -> bool:
    return any(i["kind"] == "records" and i["staff_id"] == owner[row["account"]] for i in items[row["patient_id"]])


def test_a_statement_under_a_ticket_falls_into_its_window_and_a_wrong_one_into_none(
    changed: simulate.Hospital, truth: list[Row], events: dict[str, Row]
) -> None:
    windows = [row for row in changed.tables["tickets"].to_pylist() if row["kind"] == "maintenance"]

    def covered(row: Row) -> bool:
        time = events[row["event_id"]]["time"]
        return any(w["account"] == row["account"] and w["start"] <= time < w["end"] for w in windows)

    said = [row for row in truth if row["change"] == "database"]
    assert {row["form"] for row in said} >= {"maintenance", "tidying", "batch_job"}
    for row in said:
        expected = row["form"] in ("maintenance", "vendor_change", "in_window")
        assert covered(row) is expected, row
        assert events[row["event_id"]]["system"] == "DBA" and events[row["event_id"]]["query"]


def test_cases_of_the_scenes_stand_among_the_misuse_with_their_difficulty(
    changed: simulate.Hospital, truth: list[Row]
) -> None:
    cases = {row["case_id"]: row for row in changed.misuse.to_pylist()}
    wrong = [row for row in truth if not row["lawful"]]
    assert {cases[row["case_id"]]["kind"] for row in wrong} == {"late_change", "direct_change"}
    for row in wrong:
        case = cases[row["case_id"]]
        assert (case["account"], case["staff_id"], case["difficulty"]) == (
            row["account"],
            row["staff_id"],
            row["difficulty"],
        )


def test_a_hospital_with_much_misuse_has_every_form() -> None:
    hospital = simulate.build(seed=2, setting="A", staff=300, patients=8000, days=30, changes=True)
    assert hospital.changes is not None
    wrong = [row for row in hospital.changes.truth.to_pylist() if not row["lawful"]]
    forms = {row["form"] for row in wrong if row["change"] == "record"}
    assert len(forms - {*late.EASY_FORMS, *late.HARD_FORMS}) == 0 and len(forms) > 5
    said = {row["form"] for row in wrong if row["change"] == "database"}
    assert len(said - {*database.EASY_FORMS, *database.HARD_FORMS}) == 0 and len(said) > 5, said
    assert {row["difficulty"] for row in wrong} >= {"easy", "hard"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/* x */ UPDATE/**/t/**/SET a=1", "update"), ("delete from t", "delete"), ("BEGIN UPDATE t SET a=1; END;", "query"),
        ("insert into t values (1)", "create"), ("MERGE INTO t USING s ON (1=1)", "query"),
    ],
)  # fmt: skip
def test_the_audit_names_a_statement_by_its_first_word(text: str, kind: str) -> None:
    assert verb(text) == kind
