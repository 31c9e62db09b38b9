# SPDX-License-Identifier: Apache-2.0
"""Records changed when nothing should change any more, whatever the reasons of whoever changed them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at

HOUR = 3600 * 1_000_000


def changed(
    *, day: int = 5, action: str = "update", role: str = "physician", kind: str = "copy_request", asked: int = 4,
    department: str = "MED",
) -> World:  # fmt: skip
    """A change in the record of a patient who left on day 2; copies were asked for at noon of day `asked`."""
    w = World()
    ann = w.person("ann", role=role, department=department)
    w.patient("P1")
    attending = ann if department == "MED" else None
    stay = {"kind": "inpatient", "department": "MED", "attending_id": attending, "start_us": at(0), "end_us": at(2)}
    w.add("encounters", patient_id="P1", **stay)
    w.add("work_items", patient_id="P1", department="REC", kind=kind, start_us=at(asked), end_us=at(asked + 3))
    w.event("ann", "P1", at(day, "22:00"), action=action, name="change")
    return w


def seen(w: World, **more: Any) -> bool:
    return "late_edit" in flagged(w, **more).codes


@pytest.mark.parametrize(
    "how, found",
    [
        ({}, True),
        ({"action": "delete"}, True),
        ({"action": "create"}, False),  # a new document, and not a changed one
        ({"action": "read"}, False),
        ({"kind": "complaint"}, True),
        ({"kind": "coding"}, False),
        ({"role": "coder"}, True),  # whoever it is
        ({"day": 3}, False),  # before anybody asked
        ({"asked": 6}, False),
    ],
)
def test_a_change_after_copies_were_asked_for_is_found(how: dict[str, Any], found: bool) -> None:
    assert seen(changed(**how)) == found


def test_it_says_how_long_after_and_rests_on_the_change() -> None:
    w = changed()
    w.event("ann", "P1", at(5, "21:00"), action="read", name="look")
    found = flagged(w)
    assert found.names("late_edit") == ["change"]
    observed = found.one("late_edit").observed
    assert (observed["edits"], observed["deletions"], observed["hours_after_request"]) == (1, 0, 34.0)
    assert found.looked[found.one("late_edit").finding_no] == ()  # it stands whatever the reasons


@pytest.mark.parametrize(
    "day, role, department, found",
    [
        (31, "physician", "SUR", False),
        (33, "physician", "SUR", True),
        (33, "nurse", "SUR", True),
        (33, "coder", "SUR", False),
        (33, "physician", "MED", False),  # a reason is left: a former patient of the department
    ],
)
def test_a_change_without_reason_long_after_the_last_care_is_found(
    day: int, role: str, department: str, found: bool
) -> None:
    assert seen(changed(day=day, role=role, department=department, kind="coding")) == found


def test_care_that_went_on_or_began_again_lets_the_record_change() -> None:
    w = changed(day=40, kind="coding", department="SUR")
    w.add("encounters", patient_id="P1", kind="outpatient", department="MED", start_us=at(39), end_us=at(39, "13:00"))
    assert not seen(w)
    w = changed(day=40, kind="coding", department="SUR")
    w.add("encounters", patient_id="P1", kind="inpatient", department="MED", start_us=at(20), end_us=None)
    assert not seen(w)


@pytest.mark.parametrize("records, found", [(19, False), (20, True)])
def test_deletions_in_many_records_in_a_day_are_found(records: int, found: bool) -> None:
    w = World()
    w.person("ann", role="it", department="IT")
    for n in range(records):
        w.patient(f"P{n}")
        w.event("ann", f"P{n}", at(1) + n * HOUR // 10, action="delete")
    assert seen(w) == found
    if found:
        assert flagged(w).one("late_edit").observed["records"] == 20


def archived(*, day: int = 5, hour: str = "22:00", on: int = 4, role: str = "physician", **stay: Any) -> World:
    """A change in the record of a patient who left on day 2, and whose record was archived at noon of day `on`."""
    w = World()
    w.person("ann", role=role)
    w.patient("P1")
    times = {"start_us": at(0), "end_us": at(2), **stay}
    w.add("encounters", patient_id="P1", kind="inpatient", department="MED", attending_id="ANN", **times)
    w.add("archived", patient_id="P1", archived_us=at(on))
    w.event("ann", "P1", at(day, hour), action="update", name="change")
    return w


@pytest.mark.parametrize(
    "how, found",
    [
        ({}, True),  # whatever the reasons: the attending physician completes for a week
        ({"role": "it"}, True),
        ({"role": "coder"}, False),  # coding comes after archiving
        ({"role": "biller"}, False),
        ({"on": 6}, False),  # archived later
        ({"day": 4, "hour": "11:59"}, False),  # and so on the same day
        ({"day": 4, "hour": "12:01"}, True),
        ({"end_us": None}, False),  # still in the house
        ({"start_us": at(4, "18:00"), "end_us": None}, False),  # come back since
    ],
)
def test_a_change_after_the_record_was_archived_is_found(how: dict[str, Any], found: bool) -> None:
    assert seen(archived(**how)) == found


def tasked(kind: str = "records", *, staff: str | None = "ANN", department: str = "REC", hour: str = "09:00") -> World:
    """The change of `archived`, and a task in the same record from the morning of that day on."""
    w = archived(role="physician")
    w.add(
        "work_items",
        patient_id="P1",
        department=department,
        kind=kind,
        staff_id=staff,
        start_us=at(5, hour),
        end_us=at(6),
    )
    return w


@pytest.mark.parametrize(
    "how, found",
    [
        ({}, False),  # the records office opened it again for her
        ({"staff": None, "department": "MED"}, False),  # or for her department
        ({"staff": "BOB"}, True),
        ({"staff": "BOB", "department": "MED"}, True),  # for somebody else of it
        ({"staff": None}, True),
        ({"kind": "result"}, True),  # what comes in lets nobody change what was archived
        ({"kind": "complaint"}, True),
        ({"hour": "22:30"}, True),  # leave came later
    ],
)
def test_a_task_in_an_archived_record_lets_its_holder_change_it(how: dict[str, Any], found: bool) -> None:
    assert seen(tasked(**how)) == found


def test_an_interface_that_writes_late_results_is_nobody() -> None:
    w = archived()
    w.add("accounts", account="svc", kind="service")
    w.add("work_items", patient_id="P2", department="REC", kind="copy_request", start_us=at(4), end_us=at(7))
    w.patient("P2")
    w.event("svc", "P1", at(5, "22:00"), action="update", name="result")
    w.event("svc", "P2", at(5, "22:00"), action="update", name="other")
    assert flagged(w).names("late_edit") == ["change"]


@pytest.mark.parametrize("archive, log, found", [("EMR", "EMR", True), ("EMR", "LIS", False), ("MRS", "EMR", True)])
def test_a_record_is_archived_in_its_own_system_or_where_that_has_no_log_in_every_one(
    archive: str, log: str, found: bool
) -> None:
    w = World()
    w.person("ann", role="physician")
    w.patient("P1")
    w.patient("P2")
    w.add("encounters", patient_id="P1", kind="inpatient", department="MED", start_us=at(0), end_us=at(2))
    w.add("archived", patient_id="P1", system=archive, archived_us=at(4))
    w.event("ann", "P2", at(1), system="EMR")
    w.event("ann", "P1", at(5), action="update", system=log)
    assert seen(w) == found


@pytest.mark.parametrize("day, found", [(6, False), (7, True)])
def test_whoever_comes_again_after_a_request_is_written_about(day: int, found: bool) -> None:
    w = changed(day=day, asked=3)
    w.add(
        "encounters",
        patient_id="P1",
        kind="outpatient",
        department="MED",
        start_us=at(6, "09:00"),
        end_us=at(6, "10:00"),
    )
    assert seen(w) == found


@pytest.mark.parametrize("role, found", [("coder", False), ("physician", True)])
def test_after_a_request_only_coding_goes_on_by_its_task(role: str, found: bool) -> None:
    w = changed(role=role)
    w.add("work_items", patient_id="P1", department="REC", kind="coding", staff_id="ANN", start_us=at(3), end_us=at(7))
    assert seen(w) == found


def test_care_long_ago_and_again_says_which_record_may_be_open() -> None:
    w = archived()
    w.add("encounters", patient_id="P1", kind="outpatient", department="MED", start_us=at(5, "09:00"), end_us=None)
    assert not seen(w)
    assert not seen(archived(), without=("encounters",))  # then nobody knows whether care goes on
    w = archived()
    w.patient("P2")
    w.event("ann", "P2", at(5, "22:00"), action="update")
    found = flagged(w)
    assert found.names("late_edit") == ["change"]
    assert found.one("late_edit").observed["hours_after_archive"] == 34.0
