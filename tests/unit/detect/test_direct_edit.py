# SPDX-License-Identifier: Apache-2.0
"""Changes in a database that did not come by an application's usual way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at

UPDATE = "UPDATE emr_note SET body='x' WHERE id=7"


def world() -> World:
    """An application that writes from its own server on five days, and a database administrator."""
    w = World()
    w.patient("P1")
    w.person("dba", role="it", department="IT")
    w.add("accounts", account="emr_app", kind="service")
    for day in range(5):
        w.event("emr_app", None, at(day, "09:00"), action="update", query=UPDATE, ip="10.0.0.5", workstation="app1")
    return w


def seen(w: World, **more: Any) -> bool:
    return "direct_edit" in flagged(w, **more).codes


def test_an_applications_usual_way_is_not_found() -> None:
    assert not seen(world())


@pytest.mark.parametrize(
    "how, found",
    [
        ({}, True),
        ({"action": "delete"}, True),
        ({"action": "create"}, True),
        ({"action": "create", "query": "INSERT INTO emr_note VALUES (7)"}, False),
        ({"action": "query"}, True),  # whatever the log calls it
        ({"action": "query", "query": "SELECT body FROM emr_note"}, False),
        ({"outcome": "denied"}, False),
        ({"query": None}, False),  # what an application says of itself, and no statement
        ({"patient_id": "P1"}, False),  # so too
    ],
)
def test_a_statement_of_a_person_that_changes_something_is_found(how: dict[str, Any], found: bool) -> None:
    w = world()
    event = {"action": "update", "query": UPDATE, "ip": "10.0.9.9", "name": "change", **how}
    w.event("dba", event.pop("patient_id", None), at(3, "02:13"), **event)
    assert seen(w) == found


def test_it_rests_on_the_statements_and_counts_them() -> None:
    w = world()
    w.event("dba", None, at(3, "02:13"), action="update", query=UPDATE, name="first")
    w.event("dba", None, at(3, "02:14"), action="delete", query="DELETE FROM emr_note", name="second")
    w.event("dba", None, at(3, "02:15"), action="query", query="SELECT 1")
    found = flagged(w)
    assert found.names("direct_edit") == ["first", "second"]
    assert found.one("direct_edit").observed == {"edits": 2, "deletions": 1}
    assert found.one("direct_edit").account == "dba"


@pytest.mark.parametrize(
    "text, found",
    [
        ("BEGIN UPDATE emr_note SET body='x' WHERE id=7; COMMIT; END;", True),
        ("DECLARE v NUMBER; BEGIN EXECUTE IMMEDIATE 'DELETE FROM emr_note WHERE id=:1' USING v; END;", True),
        ("MERGE INTO lis.result r USING dual ON (1=1) WHEN MATCHED THEN UPDATE SET r.v=1", True),
        ("WITH x AS (SELECT 7 AS id) UPDATE emr_note SET body='x' WHERE id IN (SELECT id FROM x)", True),
        ("/* stock */ TRUNCATE TABLE emr_note", True),
        ("SET NOCOUNT ON; DELETE FROM emr_note", True),
        ("exec('del' + 'ete from emr_note')", True),
        ("SELECT body FROM emr_note FOR UPDATE", False),
        ("SELECT 'update emr_note set body' FROM dual -- delete from emr_note", False),
        ("BEGIN dbms_stats.gather_table_stats('HIS','NOTE_UPDATE'); END;", False),
    ],
)
def test_a_change_is_found_that_the_log_calls_a_query(text: str, found: bool) -> None:
    w = world()
    w.event("dba", None, at(3, "02:13"), action="query", query=text)
    assert seen(w) == found


@pytest.mark.parametrize(
    "text, found",
    [
        ("DELETE FROM tmp_check_12", False),
        ("delete from his.TEMP_rows where id < 7;", False),
        ("UPDATE #rows SET done = 1", False),
        ("DELETE FROM tmp_check_12; DELETE FROM emr_note", True),
        ("DELETE FROM emr_note WHERE id IN (SELECT id FROM tmp_check_12)", True),
        ("UPDATE template SET body='x'", True),
    ],
)
def test_scratch_tables_hold_no_record(text: str, found: bool) -> None:
    w = world()
    w.event("dba", None, at(3, "02:13"), action=text.split(maxsplit=1)[0].lower(), query=text)
    assert seen(w) == found


@pytest.mark.parametrize(
    "kind, start, found",
    [("maintenance", "02:00", False), ("maintenance", "06:00", True), ("statistics", "02:00", True)],
)
def test_work_under_a_ticket_for_maintenance_is_not_found(kind: str, start: str, found: bool) -> None:
    w = world()
    w.add("tickets", ticket_id="T1", account="dba", kind=kind, start_us=at(3, start), end_us=at(3, "08:00"))
    w.event("dba", None, at(3, "02:13"), action="update", query=UPDATE)
    assert seen(w) == found


def test_without_a_table_of_tickets_it_is_not_evaluated() -> None:
    w = world()
    w.event("dba", None, at(3), action="update", query=UPDATE)
    found = flagged(w, without=("tickets",))
    assert found.said["direct_edit"] == ("tickets",) and "direct_edit" not in found.codes


def nightly(days: int, *, rows: int = 5_000, query: str = "DELETE FROM msg_log WHERE at < '2026-02-{:02}'") -> World:
    """The world with an application's housekeeping on the first so many nights."""
    w = world()
    for day in range(days):
        text = query.format(day + 1)
        w.event("emr_app", None, at(day, "01:00"), action="delete", query=text, count=rows, name=f"night{day}")
    return w


def test_an_application_that_deletes_very_many_rows_or_a_table_is_found() -> None:
    w = world()
    w.event("emr_app", None, at(1), query="SELECT 1", count=7)  # its numbers of rows are told
    for name, text, rows in (
        ("all", "DELETE FROM emr_record", 50_000),
        ("", "DELETE FROM lab", 999),
        ("some", "DELETE FROM emr_record WHERE id < 7", 1_000),
        ("", "DELETE FROM tmp_record", 50_000),
        ("", "UPDATE emr_record SET done=1", 50_000),
        ("drop", "DROP TABLE emr_record", 1),
        ("empty", "TRUNCATE TABLE emr_record", 1),
        ("part", "ALTER TABLE emr_record DROP PARTITION p1", 1),
        ("", "TRUNCATE TABLE #rows", 1),
        ("", "DELETE FROM emr_record WHERE state='drop'", 1),
    ):
        w.event("emr_app", None, at(3, "02:13"), action="query", query=text, count=rows, name=name)
    found = flagged(w)
    assert found.names("direct_edit") == ["all", "some", "drop", "empty", "part"]
    observed = found.one("direct_edit").observed
    assert (observed["mass_delete_rows"], observed["emptied"]) == (51_000, 3)


def test_pieces_of_one_form_are_added_up_and_single_rows_are_not() -> None:
    w = world()
    for n in range(3):
        w.event("emr_app", None, at(3) + n, action="delete", query="DELETE TOP (400) FROM emr_record", count=400)
    assert flagged(w).one("direct_edit").observed == {"edits": 3, "deletions": 3, "mass_delete_rows": 1_200}
    w = world()
    for n in range(1_100):
        w.event("emr_app", None, at(3) + n, action="delete", query=f"DELETE FROM cart WHERE id={n}")
    assert not seen(w)


def test_housekeeping_that_recurs_is_found_on_its_first_night_alone() -> None:
    assert flagged(nightly(5)).names("direct_edit") == ["night0"]
    assert not seen(nightly(5, rows=1, query="TRUNCATE TABLE stage_202602{:02}"), from_us=at(1))


def test_housekeeping_hides_nothing_that_is_otherwise() -> None:
    w = nightly(5)
    for day, name, text, rows in (
        (5, "usual", "DELETE FROM msg_log WHERE at < '2026-02-27'", 14_999),
        (5, "form", "DELETE FROM msg_log", 5_000),
        (5, "empty", "TRUNCATE TABLE msg_log", 1),
        (6, "more", "DELETE FROM msg_log WHERE at < '2026-02-28'", 3 * 14_999),
    ):
        w.event("emr_app", None, at(day, "02:13"), action="delete", query=text, count=rows, name=name)
    assert flagged(w, from_us=at(1)).names("direct_edit") == ["form", "empty", "more"]


@pytest.mark.parametrize(
    "text, found", [("DELETE FROM emr_record", True), ("DELETE FROM emr_record WHERE id=7", False)]
)
def test_where_no_rows_are_told_a_deletion_of_all_of_them_empties_a_table(text: str, found: bool) -> None:
    w = world()
    w.event("emr_app", None, at(3, "02:13"), action="delete", query=text)
    assert seen(w) == found
    w.event("emr_app", None, at(1), query="SELECT 1", count=7)
    assert not seen(w)


def test_a_ticket_for_maintenance_of_the_account_covers_what_an_application_deletes() -> None:
    w = world()
    w.add(
        "tickets", ticket_id="T1", account="emr_app", kind="maintenance", start_us=at(3, "02:00"), end_us=at(3, "08:00")
    )
    w.event("emr_app", None, at(3, "02:13"), action="delete", query="DROP TABLE emr_record")
    assert not seen(w)
