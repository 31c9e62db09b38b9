# SPDX-License-Identifier: Apache-2.0
"""Reasons inferred from use: a mistaken opening, own charting, presence, follow-up; and what makes them unsafe."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.explain.world import SECOND, World, at
from wardkeep.watch.thresholds import Thresholds


def slipped(**opening: Any) -> World:
    """Ann opens P10001 for five seconds and then her own patient P10002, one digit away."""
    w = World()
    w.person("ann", department="MED", address="Long Road 1", phone="13800000001", name="Ann Archer")
    w.patient("P10001", name="Joan Smith")
    w.patient("P10002", name="Mary Jones")
    w.patient("X99", name="Carl Smith")
    w.add("encounters", encounter_id="E1", patient_id="P10002", kind="inpatient", department="MED", start_us=at(0))
    cells = {"patient_id": "P10001", "duration_ms": 5000, **opening}
    w.event(
        "ann", cells.pop("patient_id"), cells.pop("time_us", at(1)), cells.pop("action", "read"), name="wrong", **cells
    )
    w.event("ann", "P10002", at(1, plus=20 * SECOND), name="right")
    return w


def test_a_record_closed_at_once_and_followed_by_the_right_one_is_a_mistake() -> None:
    why = slipped().explained()["wrong"]
    assert (why.reason, why.table, why.row) == ("mistake", "events", "right")


@pytest.mark.parametrize(
    "opening, explained",
    [
        ({"duration_ms": 30_000}, True),
        ({"duration_ms": 30_001}, False),  # open too long
        ({"duration_ms": None}, True),  # unknown: the right one came within thirty seconds
        ({"duration_ms": None, "time_us": at(1, plus=-11 * SECOND)}, False),  # unknown, and 31 seconds
        ({"time_us": at(1, plus=-160 * SECOND)}, True),
        ({"time_us": at(1, plus=-161 * SECOND)}, False),  # the right one came too late
        ({"time_us": at(1, plus=21 * SECOND)}, False),  # the right one came before
        ({"action": "update"}, False),
        ({"action": "print"}, False),
        ({"breakglass": True}, False),
        ({"patient_id": "X99"}, False),  # neither name nor number is alike
    ],
)
def test_a_mistake_is_short_read_only_and_followed_soon_by_a_record_that_is_alike(
    opening: dict[str, Any], explained: bool
) -> None:
    assert (slipped(**opening).codes()["wrong"] == "mistake") == explained


def test_a_namesake_is_a_mistake_too() -> None:
    w = slipped(patient_id="X99")
    w.rows["patients"][1]["name"] = "Eva Smith"
    assert w.codes()["wrong"] == "mistake"


def test_more_mistakes_than_a_day_may_have_explain_none_of_them() -> None:
    w = slipped()
    w.thresholds = Thresholds(mistakes_a_day=1)
    w.patient("P10003", name="Ida Brown")
    w.event("ann", "P10003", at(1, plus=60 * SECOND), name="again", duration_ms=1000)
    w.event("ann", "P10002", at(1, plus=70 * SECOND), name="right again")
    found = w.codes()
    assert found["wrong"] is None
    assert found["again"] is None


PRIVATE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("same address", {"address": "Long Road 1 No 2"}, {"address": "long road 1, no. 2"}),
    ("same telephone", {"phone": "+86 138 0000 0001"}, {"phone": "13800000001"}),
    ("emergency contact by number", {"phone": "13800000001"}, {"emergency_contact": "Tom 13800000001"}),
    ("emergency contact by name", {"name": "Ann Archer"}, {"emergency_contact": "Ann Archer, sister"}),
    ("rare surname", {"name": "Ann Archer"}, {"name": "Tom Archer"}),
    ("person of public interest", {}, {"sensitivity": ";vip;"}),
    ("long dead", {}, {"died_on_day": 20_000}),
]  # fmt: skip


@pytest.mark.parametrize("what, staff, patient", PRIVATE, ids=[p[0] for p in PRIVATE])
def test_no_weak_reason_explains_where_something_private_ties_the_two(
    what: str, staff: dict[str, Any], patient: dict[str, Any]
) -> None:
    """The same charting on two patients: the one with the tie stays open."""
    w = World()
    w.person("ann", department="MED", **staff)
    w.patient("P1", **patient)
    for n in range(60):  # so that one surname in sixty-two is rare
        w.patient(f"P{n + 100}", name=f"Name{n}")
    w.patient("P2")
    for p in ("P1", "P2"):
        w.add("encounters", encounter_id=f"E-{p}", patient_id=p, kind="inpatient", department="SUR", start_us=at(0))
        w.event("ann", p, at(1), "update", name=p)
    assert w.codes() == {"P1": None, "P2": "charted"}


def test_a_colleague_s_record_is_not_explained_by_a_weak_reason() -> None:
    w = World()
    w.person("ann", department="MED")
    w.person("ben", department="SUR", patient_id="P1")
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    w.event("ann", "P1", at(1), "update", name="colleague")
    assert w.codes() == {"colleague": None}


def test_own_charting_explains_the_day_on_which_the_account_wrote_while_the_patient_was_under_care() -> None:
    w = World()
    w.person("ann", department="MED")
    for p in ("P1", "P2", "P3"):
        w.patient(p)
    w.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="SUR",
        start_us=at(0),
        end_us=at(5),
    )
    w.add("encounters", encounter_id="E3", patient_id="P3", kind="inpatient", department="SUR", start_us=at(0))
    w.event("ann", "P1", at(1, "08:00"), name="read before")
    w.event("ann", "P1", at(1, "09:00"), "create", name="entry")
    w.event("ann", "P1", at(1, "10:00"), name="read after")
    w.event("ann", "P1", at(2), name="read the next day")
    w.event("ann", "P1", at(9), "update", name="entry after the stay")
    w.event("ann", "P2", at(1), "update", name="patient not under care")
    w.event("ann", "P3", at(1), "delete", name="deleting is no charting")
    found = w.explained()
    assert {n: (why.reason, why.row) for n, why in found.items()} == {
        "read before": ("charted", "entry"),
        "entry": ("charted", "entry"),
        "read after": ("charted", "entry"),
    }


@pytest.mark.parametrize("action, breakglass", [("print", False), ("export", False), ("read", True)])
def test_what_was_printed_exported_or_broken_into_that_day_is_not_explained_by_charting(
    action: str, breakglass: bool
) -> None:
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    w.event("ann", "P1", at(1), "update", name="entry")
    w.event("ann", "P1", at(1, "13:00"), action, breakglass=breakglass, name="more")
    assert set(w.codes().values()) == {None}


def test_nothing_is_inferred_for_technical_staff_services_and_unknown_accounts() -> None:
    w = World()
    for role in ("it", "device_engineer", "vendor", "therapist"):
        w.person(role, role=role, department="MED")
    w.add("accounts", account="service", kind="service")
    w.add("accounts", account="shared", kind="shared", department="MED")
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    for account in ("it", "device_engineer", "vendor", "therapist", "service", "shared", "stranger"):
        w.event(account, "P1", at(1), "update", name=account)
    explained = {account for account, reason in w.codes().items() if reason == "charted"}
    assert explained == {"therapist", "shared"}


def a_ward_with_its_workstation(users: int = 3, days: int = 2, strangers: int = 0) -> World:
    """Nurses of SUR, and strangers, use WS-SUR on earlier days; SUR has P1 under care; Ann belongs to MED."""
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    w.patient("P9")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    for n in range(users + strangers):
        w.person(f"s{n}", department="SUR" if n < users else "PHY")
        for day in range(days):
            w.event(f"s{n}", None, at(day), "login", workstation="WS-SUR")
    return w


def test_who_works_at_a_ward_s_workstation_is_explained_for_the_ward_s_patients_that_day() -> None:
    w = a_ward_with_its_workstation()
    w.event("ann", None, at(5, "08:00"), "login", workstation="WS-SUR")
    w.event("ann", "P1", at(5), name="there")
    w.event("ann", "P9", at(5), name="no patient of the ward")
    w.event("ann", "P1", at(6), name="another day")
    found = w.explained()
    assert {n: (why.reason, why.row, why.support) for n, why in found.items()} == {
        "there": ("presence", "E1", "workstation:WS-SUR accounts:3")
    }


def test_an_account_at_two_sites_on_one_day_is_said_to_work_at_neither() -> None:
    """Somebody else may have used it there; from home is no second site."""
    for elsewhere, reason in (("east", None), ("main", "presence"), ("remote", "presence"), (None, "presence")):
        w = a_ward_with_its_workstation()
        w.event("ann", "P1", at(5), workstation="WS-SUR", site="main", name="there")
        w.event("ann", None, at(5, "13:00"), "login", workstation="WS-MED", site=elsewhere)
        assert w.codes()["there"] == reason


@pytest.mark.parametrize(
    "users, strangers, same_day, explained",
    [
        (3, 0, False, True),
        (2, 0, False, False),  # too few of the ward's accounts
        (3, 2, False, True),  # three of five: the share suffices
        (3, 3, False, False),  # half of it is others' use
        (3, 0, True, False),  # whose it is was not known on the days before
    ],
)
def test_a_workstation_is_a_ward_s_by_its_use_on_the_days_before(
    users: int, strangers: int, same_day: bool, explained: bool
) -> None:
    w = a_ward_with_its_workstation(users, strangers=strangers, days=1)
    day = 0 if same_day else 1
    w.event("ann", "P1", at(day, "13:00"), workstation="WS-SUR", name="there")
    assert (w.codes()["there"] == "presence") == explained


def test_use_longer_ago_than_is_learned_from_does_not_count() -> None:
    for day, reason in ((31, "presence"), (32, None)):
        w = a_ward_with_its_workstation()  # last used on day 1
        w.event("ann", "P1", at(day), workstation="WS-SUR", name="there")
        assert w.codes()["there"] == reason


def test_who_wrote_in_two_records_of_a_ward_worked_there_that_day() -> None:
    w = World()
    w.person("ann", department="MED")
    for n in range(1, 5):
        w.patient(f"P{n}")
        department = "SUR" if n < 4 else "GER"
        w.add(
            "encounters",
            encounter_id=f"E{n}",
            patient_id=f"P{n}",
            kind="inpatient",
            department=department,
            start_us=at(0),
        )
    w.event("ann", "P1", at(1), "update", name="first entry")
    w.event("ann", "P3", at(1), name="only read")
    w.event("ann", "P4", at(1), name="another ward")
    assert w.codes() == {"first entry": "charted", "only read": None, "another ward": None}
    w.event("ann", "P2", at(1), "update", name="second entry")
    found = w.explained()
    assert (found["only read"].reason, found["only read"].support) == ("presence", "entries:2")
    assert "another ward" not in found


@pytest.mark.parametrize("days, reason", [(7, "completion"), (8, "follow_up"), (60, "follow_up"), (61, None)])
def test_a_former_patient_of_the_department_is_followed_up_for_sixty_days(days: int, reason: str | None) -> None:
    w = World()
    w.person("ann", department="MED")
    w.person("ben", department="SUR")
    w.patient("P1")
    w.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="outpatient",
        department="MED",
        start_us=at(0),
        end_us=at(0, "13:00"),
    )
    w.event("ann", "P1", at(days), name="former department")
    w.event("ben", "P1", at(days), name="another department")
    assert w.codes() == {"former department": reason, "another department": None}
