# SPDX-License-Identifier: Apache-2.0
"""Detections about one patient: no reason, unusual departments, not under care, dead, decoy, well known, crowd, override."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import HOUR, World, at, on
from wardkeep.watch.thresholds import Thresholds


def opened(patient: dict[str, Any] | None = None, **event: Any) -> World:
    """Ann of MED opens P1 on day 10 at noon; nothing ties them."""
    w = World()
    w.person("ann", department="MED")
    w.patient("P1", **(patient or {}))
    w.event("ann", "P1", event.pop("time_us", at(10)), event.pop("action", "read"), name="touch", **event)
    return w


def test_an_opening_without_a_reason_is_found_with_its_event() -> None:
    seen = flagged(opened())
    assert seen.names("no_reason") == ["touch"]
    assert seen.one("no_reason").observed == {"accesses": 1, "days": 1}
    assert seen.one("no_reason").evidence_day == on(10)


def test_an_opening_with_a_reason_is_not_found() -> None:
    w = opened()
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(10))
    assert flagged(w).found == []


@pytest.mark.parametrize("outcome", ["denied", "failure"])
def test_what_was_denied_or_failed_is_not_found(outcome: str) -> None:
    assert flagged(opened(outcome=outcome)).found == []


@pytest.mark.parametrize("gap, findings", [(7, 1), (8, 2)])
def test_openings_of_one_patient_are_one_finding_until_a_gap_of_days(gap: int, findings: int) -> None:
    w = opened()
    w.event("ann", "P1", at(10 + gap))
    assert len(flagged(w).of("no_reason")) == findings


@pytest.mark.parametrize(
    "before, after, found",
    [
        (30, None, True),
        (29, None, False),  # seen here lately
        (None, 30, True),
        (None, 29, False),  # will be seen here soon
        (40, 20, False),
        (None, None, True),  # never
    ],
)
def test_a_patient_is_not_under_care_without_contact_for_thirty_days_on_either_side(
    before: int | None, after: int | None, found: bool
) -> None:
    w = opened(time_us=at(50))
    w.event("ann", "P1", at(50))
    if before is not None:
        w.add("appointments", appointment_id="A1", patient_id="P1", department="EYE", time_us=at(50 - before))
    if after is not None:
        w.add(
            "orders",
            order_id="O1",
            patient_id="P1",
            kind="imaging",
            performing_department="RAD",
            time_us=at(50 + after),
        )
    w.add(
        "encounters",
        encounter_id="E9",
        patient_id="P9",
        kind="outpatient",
        department="EYE",
        start_us=at(1),
        end_us=at(2),
    )
    assert ("not_under_care" in flagged(w).codes) == found


@pytest.mark.parametrize("days, found", [(14, True), (13, False)])
def test_a_record_is_looked_at_from_two_weeks_after_death(days: int, found: bool) -> None:
    seen = flagged(opened({"died_on_day": on(10 - days)}))
    assert ("deceased" in seen.codes) == found
    assert "not_under_care" not in seen.codes  # the dead are not under care, and that says nothing


def test_completing_the_record_after_death_is_explained() -> None:
    w = opened({"died_on_day": on(-20)}, time_us=at(-14))
    w.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="MED",
        start_us=at(-30),
        end_us=at(-20),
    )
    assert flagged(w).found == []


def test_a_decoy_is_found_whoever_opens_it_and_whatever_explains_it() -> None:
    w = opened({"honey": True})
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(10))
    assert flagged(w).names("honey") == ["touch"]


def test_a_scheduled_read_of_a_decoy_by_a_service_account_is_not_found() -> None:
    w = World()
    w.add("accounts", account="svc", kind="service")
    w.patient("P1", honey=True)
    for day in range(6):
        w.event("svc", "P1", at(day, "02:00"), workstation="host")
    assert flagged(w).found == []


@pytest.mark.parametrize("label, found", [(";vip;", True), (";minor;vip;", True), (";minor;", False), ("", False)])
def test_a_well_known_patient_without_a_reason_is_found(label: str, found: bool) -> None:
    assert ("vip" in flagged(opened({"sensitivity": label})).codes) == found


@pytest.mark.parametrize(
    "label, found",
    [
        (";psychiatric;", True),
        (";infectious;", True),
        (";reproductive;", True),
        (";genetic;", True),
        (";staff;", False),
    ],
)
def test_a_sensitive_record_without_a_reason_is_found(label: str, found: bool) -> None:
    assert ("sensitive" in flagged(opened({"sensitivity": label})).codes) == found


def test_a_sensitive_record_with_which_a_colleague_works_is_not_found() -> None:
    w = opened({"sensitivity": ";psychiatric;"})
    w.person("bob", department="MED")
    w.event("bob", "P1", at(11))
    assert "sensitive" not in flagged(w).codes


def crowd(accounts: int, departments: int, days: int = 1) -> World:
    w = World()
    w.patient("P1")
    for n in range(accounts):
        w.person(f"p{n}", department=f"D{n % departments}")
        w.event(f"p{n}", "P1", at(n % days))
    return w


@pytest.mark.parametrize(
    "accounts, departments, days, found",
    [
        (5, 5, 1, True),
        (5, 5, 3, True),
        (4, 4, 1, False),  # too few
        (5, 5, 5, False),  # spread over more than three days
    ],
)
def test_a_crowd_is_five_accounts_of_three_departments_within_three_days(
    accounts: int, departments: int, days: int, found: bool
) -> None:
    assert ("crowd" in flagged(crowd(accounts, departments, days)).codes) == found


def test_colleagues_who_open_a_record_together_are_no_crowd() -> None:
    assert "crowd" not in flagged(crowd(9, 2)).codes


def test_the_override_is_found_when_nothing_is_charted_in_three_days() -> None:
    seen = flagged(opened(breakglass=True))
    assert seen.names("breakglass") == ["touch"]
    assert seen.one("breakglass").evidence_day == on(13)


@pytest.mark.parametrize("hours, found", [(71, False), (73, True)])
def test_the_override_followed_by_charting_of_the_department_is_not_found(hours: int, found: bool) -> None:
    w = opened(breakglass=True)
    w.person("bob", department="MED")
    w.event("bob", "P1", at(10) + hours * HOUR, "update")
    assert ("breakglass" in flagged(w).codes) == found


def test_charting_of_another_department_does_not_account_for_an_override() -> None:
    w = opened(breakglass=True)
    w.person("bob", department="SURG")
    w.event("bob", "P1", at(11), "update")
    assert "breakglass" in flagged(w).codes


@pytest.mark.parametrize("clock, found", [("06:59", True), ("07:00", False), ("18:00", False), ("19:00", True)])
def test_an_opening_outside_every_shift_and_its_margins_is_off_roster(clock: str, found: bool) -> None:
    """The shift is 08:00 to 17:00; people come an hour early and leave two hours late."""
    w = opened(time_us=at(10, clock))
    w.add("shifts", staff_id="ANN", department="MED", start_us=at(10, "08:00"), end_us=at(10, "17:00"))
    assert ("off_roster" in flagged(w).codes) == found


def test_an_account_that_stands_in_no_roster_is_never_off_it() -> None:
    w = opened(time_us=at(10, "03:00"))
    w.add("shifts", staff_id="SOMEBODY", department="MED", start_us=at(10, "08:00"), end_us=at(10, "17:00"))
    assert "off_roster" not in flagged(w).codes


def test_a_department_pair_is_unusual_below_its_expected_share() -> None:
    """Two departments open each other's neighbours all the time; one opening goes to a ward that nobody of MED opens."""
    w = World(Thresholds(unusual_pair_lift=0.5, learned_patients=10_000))
    for home, treating, n in (("MED", "NEURO", 12), ("SURG", "ORTHO", 12)):
        for k in range(n):
            account, patient = f"{home.lower()}{k}", f"{treating}{k}"
            w.person(account, department=home)
            w.patient(patient)
            w.add("encounters", encounter_id=patient, patient_id=patient, kind="inpatient", department=treating,
                  start_us=at(0), end_us=at(20))  # fmt: skip
            w.event(account, patient, at(5))
    w.event("med0", "ORTHO3", at(6), name="strange")
    assert flagged(w).names("unusual_pair") == ["strange"]


@pytest.mark.parametrize(
    "missing, silent",
    [
        ("encounters", {"not_under_care", "unusual_pair"}),
        ("shifts", {"off_roster"}),
        ("tickets", {"bulk_export", "direct_edit", "statistics", "vendor"}),
    ],
)
def test_a_detection_whose_table_is_missing_is_not_evaluated_and_says_which(missing: str, silent: set[str]) -> None:
    said = flagged(opened(), without=[missing]).said
    assert {code for code, state in said.items() if state != "evaluated"} == silent
    assert all(missing in said[code][0] for code in silent)
