# SPDX-License-Identifier: Apache-2.0
"""Learned department pairs: from other people, from the days before, and only where it is more than chance."""

from __future__ import annotations

import pytest

from tests.unit.explain.world import World, at
from wardkeep.watch.thresholds import Thresholds


def neighbours(*, readers: int = 4, patients: int = 6, first_day: int = 0, days: int = 3) -> World:
    """Nurses of MED open patients of SUR without a document, again and again; those of GER do the same with ORT's."""
    w = World(Thresholds(learned_patients=4, learned_accounts=3, learned_lift=1.5, learned_days=10))
    for home, other in (("MED", "SUR"), ("GER", "ORT")):
        for n in range(patients):
            w.patient(f"{other}{n}")
            w.add(
                "encounters",
                encounter_id=f"E-{other}{n}",
                patient_id=f"{other}{n}",
                kind="inpatient",
                department=other,
                start_us=at(-5),
            )
        for n in range(readers):
            w.person(f"{home.lower()}{n}", department=home)
        for day in range(first_day, first_day + days):
            for n in range(patients):
                w.event(f"{home.lower()}{n % readers}", f"{other}{n}", at(day), name=f"{home} {n} on {day}")
    for account in ("new", "rookie"):
        w.person(account, department="MED")
    return w


def test_what_others_did_on_the_days_before_explains_and_names_the_patient_s_care() -> None:
    w = neighbours()
    w.event("new", "SUR0", at(3), name="judged")
    why = w.explained()["judged"]
    assert (why.reason, why.table, why.row) == ("learned", "encounters", "E-SUR0")
    assert why.support is not None
    assert why.support.startswith("patients:6 accounts:4 lift:2.0")


def test_nothing_is_learned_from_the_same_day_or_from_later_days() -> None:
    w = neighbours(first_day=5)
    w.event("new", "SUR0", at(4), name="before all of it")
    w.event("new", "SUR0", at(5, "23:00"), name="on the first day")
    w.event("rookie", "SUR0", at(6, "00:00"), name="the day after the first")
    found = w.codes()
    assert found["before all of it"] is None
    assert found["on the first day"] is None
    assert found["the day after the first"] == "learned"


def test_what_is_longer_ago_than_is_learned_from_is_forgotten() -> None:
    for day, reason in ((12, "learned"), (13, None)):  # the last visits are on day 2, ten days count
        w = neighbours()
        w.event("new", "SUR0", at(day), name="judged")
        assert w.codes()["judged"] == reason


def test_nobody_s_own_openings_explain_them() -> None:
    w = World(Thresholds(learned_patients=4, learned_accounts=1, learned_lift=0.5, learned_days=10))
    w.person("solo", department="MED")
    w.person("mate", department="MED")
    for n in range(6):
        w.patient(f"P{n}")
        w.add(
            "encounters", encounter_id=f"E{n}", patient_id=f"P{n}", kind="inpatient", department="SUR", start_us=at(-5)
        )
        w.event("solo", f"P{n}", at(n % 2), name=f"{n}")
    w.event("solo", "P0", at(3), name="by the same account")
    w.event("mate", "P0", at(3), name="by a colleague")
    found = w.codes()
    assert found["by the same account"] is None
    assert found["by a colleague"] == "learned"


@pytest.mark.parametrize(
    "readers, patients, explained",
    [
        (4, 6, True),
        (3, 6, True),
        (2, 6, False),  # too few accounts
        (4, 4, True),
        (3, 3, False),  # too few patients
    ],
)
def test_a_pair_needs_patients_and_accounts_enough(readers: int, patients: int, explained: bool) -> None:
    w = neighbours(readers=readers, patients=patients)
    w.event("new", "SUR0", at(3), name="judged")
    assert (w.codes()["judged"] == "learned") == explained


def test_a_pair_that_is_no_more_than_chance_is_not_learned() -> None:
    """Where everyone opens everything alike, nothing distinguishes a pair."""
    w = neighbours()
    for day in range(3):
        for n in range(6):
            w.event(f"med{n % 4}", f"ORT{n}", at(day, "15:00"))
            w.event(f"ger{n % 4}", f"SUR{n}", at(day, "15:00"))
    w.event("new", "SUR0", at(3), name="judged")
    assert w.codes()["judged"] is None


def test_the_pair_has_a_direction_and_needs_the_patient_under_care() -> None:
    w = neighbours()
    w.person("sur", department="SUR")
    w.patient("MED0")
    w.patient("GONE")
    w.add("encounters", encounter_id="E-M", patient_id="MED0", kind="inpatient", department="MED", start_us=at(-5))
    w.add(
        "encounters",
        encounter_id="E-G",
        patient_id="GONE",
        kind="inpatient",
        department="SUR",
        start_us=at(-50),
        end_us=at(-40),
    )
    w.event("sur", "MED0", at(3), name="the other way")
    w.event("new", "GONE", at(3), name="no longer there")
    w.event("new", "ORT0", at(3), name="another ward")
    found = w.codes()
    assert {found[n] for n in ("the other way", "no longer there", "another ward")} == {None}


def test_an_account_with_a_flood_of_open_records_teaches_nothing() -> None:
    w = neighbours(readers=4)
    w.thresholds = Thresholds(learned_patients=4, learned_accounts=4, learned_lift=1.0, learned_days=10, batch_day=20)
    w.event("new", "SUR0", at(3), name="judged")
    assert w.codes()["judged"] == "learned"
    for n in range(21):
        w.patient(f"X{n}")
        w.event("med0", f"X{n}", at(1, "20:00"))
    assert w.codes()["judged"] is None  # three accounts are left


def test_documented_openings_teach_nothing() -> None:
    """An order performed is a reason of its own; it does not make the rest usual."""
    w = neighbours()
    for n in range(6):
        w.add(
            "orders",
            order_id=f"O{n}",
            patient_id=f"SUR{n}",
            kind="imaging",
            performing_department="MED",
            time_us=at(0, "00:00"),
        )
    w.patient("SUR9")
    w.add("encounters", encounter_id="E9", patient_id="SUR9", kind="inpatient", department="SUR", start_us=at(-5))
    w.event("new", "SUR9", at(3), name="judged")
    assert w.codes()["judged"] is None
