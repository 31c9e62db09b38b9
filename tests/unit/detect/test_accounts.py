# SPDX-License-Identifier: Apache-2.0
"""Detections about an account: two places at once, after leaving, after a pause, vendors, services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import MINUTE, SECOND, World, at, on


def moved(minutes: float, **second: Any) -> World:
    """Ann opens P1 at the main site and P2 at the eastern one some minutes later."""
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    w.patient("P2")
    w.event("ann", "P1", at(0), site="main", workstation="A", name="here")
    cells = {"site": "east", "workstation": "B", **second}
    w.event("ann", "P2", at(0) + int(minutes * MINUTE), name="there", **cells)
    return w


@pytest.mark.parametrize(
    "minutes, second, found",
    [
        (19.9, {}, True),
        (20, {}, False),  # time enough to travel
        (5, {"site": "main"}, False),
        (5, {"site": "remote"}, False),  # a connection from outside has no place
        (5, {"site": None}, False),
        (5, {"outcome": "denied"}, False),
    ],
)
def test_one_person_cannot_be_at_two_sites_within_twenty_minutes(
    minutes: float, second: dict[str, Any], found: bool
) -> None:
    assert ("impossible_travel" in flagged(moved(minutes, **second)).codes) == found


def test_travel_names_both_places_and_what_was_opened_there() -> None:
    seen = flagged(moved(5))
    assert seen.names("impossible_travel") == ["here", "there"]
    assert seen.one("impossible_travel").observed == {"travel_minutes": 5.0, "changes": 1, "patients": 2}
    assert seen.looked[seen.one("impossible_travel").finding_no] == ()  # it stands whatever the reasons


def test_a_shared_account_may_be_at_two_sites() -> None:
    w = moved(5)
    w.rows["accounts"][0] |= {"kind": "shared", "staff_id": None}
    assert "impossible_travel" not in flagged(w).codes


@pytest.mark.parametrize(
    "stations, minutes, found",
    [
        ("ABA", 4.9, True),
        ("ABA", 5.0, False),  # ten minutes in all
        ("AB", 1.0, False),  # moved on, never back
        ("ABC", 1.0, False),
        ("AABA", 3.0, True),  # the second at A counts
    ],
)
def test_an_overlap_is_there_and_back_within_ten_minutes(stations: str, minutes: float, found: bool) -> None:
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    for n, station in enumerate(stations):
        w.event("ann", "P1", at(0) + int(n * minutes * MINUTE), workstation=station)
    assert ("overlap" in flagged(w).codes) == found


@pytest.mark.parametrize(
    "person, found",
    [
        ({"employed_to_day": on(9)}, True),
        ({"employed_to_day": on(10)}, False),  # the last working day
        ({"enabled_to_day": on(9)}, True),
        ({}, False),
    ],
)
def test_a_leaver_uses_the_account_after_the_last_day(person: dict[str, Any], found: bool) -> None:
    w = World()
    w.person("ann", department="MED", **person)
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    w.event("ann", "P1", at(10))
    seen = flagged(w)
    assert ("leaver" in seen.codes) == found
    if found:
        assert seen.one("leaver").observed == {"accesses": 1, "days_after": 1}
        assert seen.looked[seen.one("leaver").finding_no]


@pytest.mark.parametrize("until, found", [(3, ["leaver"]), (5, []), (None, [])])
def test_so_is_an_applications_account_though_it_keeps_its_hour(until: int | None, found: list[str]) -> None:
    w = service({})
    w.rows["accounts"][0] |= {"enabled_to_day": None if until is None else on(until)}
    seen = flagged(w)
    assert [code for code in seen.codes if code in ("leaver", "service_misuse")] == found
    if found:
        assert seen.one("leaver").observed == {"accesses": 3, "days_after": 1}
        assert seen.looked[seen.one("leaver").finding_no]


def idle(pause: int, *, began: int = -100, used: int | None = 0) -> World:
    w = World()
    w.person("ann", department="MED", employed_from_day=on(began))
    w.person("bob", department="SURG")
    w.patient("P1")
    w.event("bob", None, at(0), "login")
    if used is not None:
        w.event("ann", None, at(used), "login")
    w.event("ann", "P1", at((used or 0) + pause), name="touch")
    return w


@pytest.mark.parametrize(
    "world, found",
    [
        (idle(21), True),
        (idle(20), False),
        (idle(21, used=None), True),  # no use since the first day that is known
        (idle(21, began=5, used=None), False),  # new: sixteen days
    ],
)
def test_a_dormant_account_opens_records_after_three_weeks_of_silence(world: World, found: bool) -> None:
    assert ("dormant" in flagged(world).codes) == found


def test_a_return_after_a_pause_to_ones_own_patients_is_not_found() -> None:
    w = idle(40)
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(30))
    assert flagged(w).found == []


@pytest.mark.parametrize("minutes, found", [(-16, True), (-15, False), (59, False), (76, True)])
def test_a_vendor_works_within_the_window_of_a_ticket(minutes: int, found: bool) -> None:
    """The window is an hour; clocks of systems may differ by a quarter of one."""
    w = World()
    w.person("ven", role="vendor", department=None)
    w.patient("P1")
    w.add("tickets", ticket_id="T1", account="ven", kind="maintenance", start_us=at(0), end_us=at(0, "13:00"))
    w.event("ven", "P1", at(0) + minutes * MINUTE)
    assert ("vendor" in flagged(w).codes) == found


def service(odd: dict[str, Any]) -> World:
    w = World()
    w.add("accounts", account="svc", kind="service")
    w.patient("P1")
    for day in range(6):
        w.event("svc", "P1", at(day, "02:00"), workstation="host")
    w.event("svc", "P1", odd.pop("time_us", at(5, "02:10")), workstation="host", name="odd", **odd) if not odd.get(
        "workstation"
    ) else w.event("svc", "P1", odd.pop("time_us", at(5, "02:10")), name="odd", **odd)
    return w


@pytest.mark.parametrize(
    "odd, found",
    [({}, False), ({"time_us": at(5, "15:00")}, True), ({"workstation": "elsewhere"}, True)],
)
def test_a_service_account_keeps_its_hour_and_its_host(odd: dict[str, Any], found: bool) -> None:
    seen = flagged(service(odd))
    assert ("service_misuse" in seen.codes) == found
    assert seen.names("service_misuse") == (["odd"] if found else [])


def test_nothing_is_found_before_the_judged_time() -> None:
    w = moved(5)
    w.event("ann", None, at(30), "login")
    assert flagged(w, from_us=at(0) + 6 * MINUTE + SECOND).found == []
