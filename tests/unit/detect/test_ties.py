# SPDX-License-Identifier: Apache-2.0
"""Detections about private ties between reader and patient, and what keeps them from becoming noise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import World, at
from wardkeep.watch.store.merges import same_person
from wardkeep.watch.thresholds import Thresholds


def pair(reader: dict[str, Any], patient: dict[str, Any], **thresholds: Any) -> World:
    """Ann opens P1 once."""
    w = World(Thresholds(**thresholds))
    w.person("ann", department="MED", name="Ann Archer", **reader)
    w.patient("P1", **{"name": "Paul Smith", **patient})
    w.event("ann", "P1", at(0), name="touch")
    return w


def merged(w: World, merges: list[tuple[str, str]]) -> None:
    """Numbers that were given up for others, as the store tells them."""
    w.rows["one_person"] = [{"patient_id": one, "other_id": other} for one, other in same_person(merges)]


@pytest.mark.parametrize(
    "reader, patient, found",
    [
        ({"address": "Long Road 1-2"}, {"address": "Long Road 1-2"}, True),
        ({"address": "Long Road 1-2"}, {"address": "Long  Road 1 - 2."}, True),  # the same without spaces and points
        ({"address": "Long Road 1-2"}, {"address": "Long Road 1-3"}, False),  # the neighbour's
        ({"address": None}, {"address": None}, False),
        ({"phone": "13800000001"}, {"phone": "+86 138 0000 0001"}, True),
        ({"phone": "13800000001"}, {"phone": "13800000002"}, False),
        ({"phone": "13800000001"}, {"emergency_contact": "wife 138-0000-0001"}, True),
        ({}, {"emergency_contact": "Ann Archer"}, True),
        ({}, {"emergency_contact": "Bea Archer"}, False),
    ],
)
def test_a_household_shares_address_number_or_emergency_contact(
    reader: dict[str, Any], patient: dict[str, Any], found: bool
) -> None:
    assert ("household" in flagged(pair(reader, patient)).codes) == found


@pytest.mark.parametrize("people, found", [(8, True), (9, False)])
def test_an_address_of_more_people_than_a_household_has_says_nothing(people: int, found: bool) -> None:
    w = pair({"address": "Old Mill 7"}, {"address": "Old Mill 7"})
    for n in range(people - 2):
        w.patient(f"Q{n}", address="Old Mill 7")
    assert ("household" in flagged(w).codes) == found


@pytest.mark.parametrize("patients, found", [(6, True), (7, False)])
def test_a_number_of_more_patients_than_a_family_has_is_a_switchboard(patients: int, found: bool) -> None:
    w = pair({"phone": "13800000001"}, {"phone": "13800000001"})
    for n in range(patients - 1):
        w.patient(f"Q{n}", phone="13800000001")
    assert ("household" in flagged(w).codes) == found


@pytest.mark.parametrize("namesakes, found", [(1, True), (2, False)])
def test_a_shared_surname_counts_only_where_it_is_rare(namesakes: int, found: bool) -> None:
    """One of a hundred patients is 1 %, two are 2 %, which is common."""
    w = pair({}, {"name": "Zoe Archer"})
    for n in range(99):
        w.patient(f"Q{n}", name="Ida Archer" if n < namesakes - 1 else f"Ida Other{n}")
    assert ("surname" in flagged(w).codes) == found


@pytest.mark.parametrize("patients, found", [(60, True), (61, False)])
def test_a_neighbour_lives_in_a_building_of_few_patients(patients: int, found: bool) -> None:
    w = pair({"address": "Long Road 1-2"}, {"address": "Long Road 1-3"})
    for n in range(patients - 1):
        w.patient(f"Q{n}", address=f"Long Road 1-{n + 10}")
    seen = flagged(w)
    assert ("neighbour" in seen.codes) == found
    if found:
        assert seen.one("neighbour").observed == {"building_patients": 60}


def test_a_neighbour_with_whom_a_colleague_works_is_not_found() -> None:
    w = pair({"address": "Long Road 1-2"}, {"address": "Long Road 1-3"})
    w.person("bob", department="MED")
    w.event("bob", "P1", at(1))
    assert "neighbour" not in flagged(w).codes


@pytest.mark.parametrize(
    "staff, coworker, manager",
    [
        ({"department": "MED"}, True, False),
        ({"department": "SURG"}, False, False),
        ({"department": "SURG", "manager_id": "ANN"}, False, True),
        ({"department": "MED", "manager_id": "ANN"}, True, True),
    ],
)
def test_a_colleague_is_of_the_same_department_and_a_managed_one_of_the_same_line(
    staff: dict[str, Any], coworker: bool, manager: bool
) -> None:
    w = pair({}, {})
    w.person("bob", patient_id="P1", **staff)
    codes = flagged(w).codes
    assert (("coworker" in codes), ("manager" in codes)) == (coworker, manager)


def test_the_readers_own_manager_is_found() -> None:
    w = pair({"manager_id": "BOB"}, {})
    w.person("bob", department="BOARD", patient_id="P1")
    assert flagged(w).names("manager") == ["touch"]


def test_the_own_record_is_found_even_with_a_reason() -> None:
    w = pair({"patient_id": "P1"}, {})
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    seen = flagged(w)
    assert seen.names("self_access") == ["touch"]
    assert seen.codes & {"household", "coworker", "no_reason"} == set()


@pytest.mark.parametrize(
    "merges",
    [
        [("P1", "P-OWN")],  # the own number survives
        [("P-OWN", "P1")],  # it was given up
        [("P-OWN", "P-MID"), ("P-MID", "P1")],
        [("P1", "P-TOP"), ("P-OWN", "P-TOP")],
    ],
)
def test_the_own_record_is_found_under_every_number_that_was_merged_with_the_own(merges: list[tuple[str, str]]) -> None:
    w = pair({"patient_id": "P-OWN"}, {})
    merged(w, merges)
    w.event("ann", "P-OWN", at(1))
    seen = flagged(w)
    assert seen.names("self_access") == ["touch", "e2"]
    under = {f.patient_id: f.observed.get("other_number") for f in seen.of("self_access")}
    assert under == {"P1": True, "P-OWN": None}  # who looks at it is told of the number that is not the own one
    assert seen.codes & {"household", "coworker", "no_reason"} == set()


def test_a_merge_of_other_people_makes_no_record_ones_own() -> None:
    w = pair({"patient_id": "P-OWN"}, {})
    merged(w, [("P1", "P2"), ("P-OLD", "P-OWN")])
    assert flagged(w).of("self_access") == []


def test_colleagues_and_relatives_are_known_by_every_number_of_theirs_and_of_the_readers() -> None:
    w = pair({"patient_id": "P-OWN"}, {"address": "Long Road 1-2"})
    merged(w, [("P-B", "P1"), ("P-OWN", "P-NEW")])
    w.person("bob", patient_id="P-B")
    w.patient("P-OWN", address="Old Street 9-9")
    w.patient("P-NEW", address="Long Road 1-2")
    seen = flagged(w)
    assert seen.names("coworker") == ["touch"]
    assert seen.names("household") == ["touch"]
    assert len(seen.of("household")) == 1


def test_a_relative_who_is_the_readers_patient_is_not_found() -> None:
    w = pair({"address": "Long Road 1-2"}, {"address": "Long Road 1-2"})
    w.add("appointments", appointment_id="A1", patient_id="P1", department="MED", staff_id="ANN", time_us=at(0))
    assert flagged(w).found == []


def test_a_shared_account_has_no_private_ties() -> None:
    w = World()
    w.add("accounts", account="ward", kind="shared", department="MED")
    w.person("ann", address="Long Road 1-2")
    w.patient("P1", address="Long Road 1-2")
    w.event("ward", "P1", at(0))
    seen = flagged(w)
    assert seen.codes <= {"no_reason", "not_under_care"}
    assert {f.person for f in seen.found} == {None}
