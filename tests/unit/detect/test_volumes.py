# SPDX-License-Identifier: Apache-2.0
"""Detections by number: many at once, many in a day, exports, few a day for long, searches and sequences."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import MINUTE, SECOND, World, at, on
from wardkeep.watch.thresholds import Thresholds


def burst(patients: int, minutes: float, *, reason: bool = False, again: int = 0) -> World:
    """Ann opens that many patients evenly within that many minutes, the first ones `again`."""
    w = World()
    w.person("ann", department="MED")
    for n in range(patients):
        w.patient(f"P{n}")
        if reason:
            w.add("encounters", encounter_id=f"E{n}", patient_id=f"P{n}", kind="outpatient", department="MED",
                  start_us=at(0), end_us=at(0, "14:00"))  # fmt: skip
        w.event("ann", f"P{n}", at(0) + int(n * minutes * MINUTE / max(1, patients - 1)))
    for n in range(again):
        w.event("ann", f"P{n}", at(0) + int(minutes * MINUTE))
    return w


@pytest.mark.parametrize(
    "patients, minutes, found",
    [
        (15, 9.9, True),
        (14, 9.9, False),
        (15, 10.1, False),  # never fifteen within ten minutes
        (40, 300, True),  # slowly, and too many in a day
        (39, 300, False),
    ],
)
def test_a_batch_is_fifteen_patients_in_ten_minutes_or_forty_in_a_day(
    patients: int, minutes: float, found: bool
) -> None:
    assert ("batch" in flagged(burst(patients, minutes)).codes) == found


@pytest.mark.parametrize("peers, found", [(20, True), (21, False)])
def test_a_batch_of_a_day_is_twice_what_others_of_the_role_do_at_most(peers: int, found: bool) -> None:
    """Where the tables lack what a role works on, all of the role open many without a reason."""
    w = burst(40, 300)
    w.person("bob", department="SURG")
    for n in range(peers):
        w.event("bob", f"P{n}", at(1, f"{1 + n // 60:02}:{n % 60:02}") + n * 14 * MINUTE)
    assert ("batch" in flagged(w).codes) == found


def test_opening_one_patient_again_and_again_is_no_batch() -> None:
    assert "batch" not in flagged(burst(14, 9, again=14)).codes


def test_many_patients_of_the_own_clinic_are_no_batch() -> None:
    assert flagged(burst(50, 30, reason=True)).found == []


def test_a_batch_names_every_record_and_what_it_was_held_against() -> None:
    seen = flagged(burst(45, 9))
    assert len(seen.names("batch")) == 45
    assert seen.one("batch").observed == {"batch_10min": 45, "batch_day": 45}


@pytest.mark.parametrize(
    "cells, found",
    [
        ({"action": "export", "count": 100}, True),
        ({"action": "export", "count": 99}, False),
        ({"action": "print", "count": 500}, True),
        ({"action": "export", "count": 500, "outcome": "denied"}, False),
    ],
)
def test_a_bulk_export_moves_a_hundred_records_without_a_ticket(cells: dict[str, Any], found: bool) -> None:
    w = World()
    w.person("ann", department="MED")
    w.event("ann", None, at(0), name="out", **cells)
    seen = flagged(w)
    assert seen.names("bulk_export") == (["out"] if found else [])
    if found:
        assert seen.states("bulk_export") == {"research": "not_found", "ticket": "not_found"}


def test_an_export_under_a_ticket_is_not_found() -> None:
    w = World()
    w.person("ann", department="MED")
    w.add("tickets", ticket_id="T1", account="ann", kind="export", start_us=at(0), end_us=at(1))
    w.event("ann", None, at(0, "13:00"), "export", count=5000)
    assert flagged(w).found == []


def trickle(a_day: int, days: int) -> World:
    """Ann opens so many strangers a day on so many days of twelve; forty nurses open nobody without a reason."""
    w = World()
    w.person("ann", department="MED")
    for n in range(40):
        w.person(f"n{n}", department=f"D{n}")
        w.patient(f"Q{n}")
        w.add(
            "encounters",
            encounter_id=f"E{n}",
            patient_id=f"Q{n}",
            kind="inpatient",
            department=f"D{n}",
            start_us=at(-1),
        )
        for day in range(12):
            w.event(f"n{n}", f"Q{n}", at(day))
    for day in range(12):
        for n in range(a_day if day < days else 0):
            w.patient(f"P{day}-{n}")
            w.event("ann", f"P{day}-{n}", at(day, f"{10 + n}:00"))
    return w


@pytest.mark.parametrize(
    "a_day, days, found",
    [
        (4, 4, True),
        (4, 3, False),  # too few days
        (1, 12, False),  # one a day is within the slack
        (2, 12, True),
    ],
)
def test_few_a_day_for_many_days_add_up(a_day: int, days: int, found: bool) -> None:
    assert ("low_and_slow" in flagged(trickle(a_day, days)).codes) == found


def test_few_a_day_are_complete_on_the_day_on_which_the_level_is_reached() -> None:
    """Three a day over a slack of one and a mean near nought: about two a day, ten on the sixth."""
    found = flagged(trickle(3, 9)).one("low_and_slow")
    assert found.evidence_day == on(5)
    assert found.observed["patients"] == 27


@pytest.mark.parametrize("searches, minutes, found", [(40, 59, True), (39, 59, False), (40, 119, False)])
def test_forty_searches_in_an_hour_are_enumeration(searches: int, minutes: int, found: bool) -> None:
    w = World()
    w.person("ann", department="MED")
    for n in range(searches):
        w.event("ann", None, at(0, "12:00") + n * minutes * MINUTE // searches, "search")
    assert ("enumeration" in flagged(w).codes) == found


@pytest.mark.parametrize("denied, found", [(10, True), (9, False)])
def test_ten_denied_openings_in_a_day_are_enumeration(denied: int, found: bool) -> None:
    w = World()
    w.person("ann", department="MED")
    for n in range(denied):
        w.event("ann", f"P{n}", at(0, f"{8 + n}:00"), outcome="denied")
    w.event("ann", None, at(0, "23:00"), "login", outcome="denied")  # a mistyped password is none
    assert ("enumeration" in flagged(w).codes) == found


@pytest.mark.parametrize(
    "records, step, seconds, found",
    [
        (12, 1, 60, True),
        (12, 5, 60, True),  # numbers that were never given out leave gaps
        (11, 1, 60, False),
        (12, 6, 60, False),
        (12, -1, 60, False),
        (12, 1, 3601, False),  # an hour and more between them
    ],
)
def test_twelve_records_one_number_after_another_are_enumeration(
    records: int, step: int, seconds: int, found: bool
) -> None:
    w = World(Thresholds(batch_day=1000))
    w.person("ann", department="MED")
    for n in range(records):
        w.patient(f"P{1000 + n * step:05}")
        w.event("ann", f"P{1000 + n * step:05}", at(0, "00:30") + n * seconds * SECOND)
    seen = flagged(w)
    assert ("enumeration" in seen.codes) == found
    if found:
        assert seen.one("enumeration").observed["sequence_run"] == 12
        assert len(seen.names("enumeration")) == 12


def test_denied_tries_belong_to_a_sequence() -> None:
    w = World()
    w.person("ann", department="MED")
    for n in range(12):
        w.patient(f"P{1000 + n}")
        w.event("ann", f"P{1000 + n}", at(0) + n * MINUTE, outcome="denied" if n % 2 else "success")
    seen = flagged(w)
    assert seen.one("enumeration").observed["sequence_run"] == 12
    assert len(seen.names("enumeration")) == 12
