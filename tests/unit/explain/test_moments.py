# SPDX-License-Identifier: Apache-2.0
"""Reasons of single moments: cover, consent, tickets, research, our own reviewers, service accounts."""

from __future__ import annotations

import pytest

from tests.unit.explain.world import MINUTE, World, at, on


@pytest.fixture
def world() -> World:
    w = World()
    w.person("ann", department="MED")
    w.patient("P1")
    w.patient("P2")
    return w


def test_cover_explains_from_an_hour_before_to_two_hours_after_the_shift(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    shift = world.add("shifts", staff_id="ANN", department="SUR", start_us=at(5, "08:00"), end_us=at(5, "16:00"))
    world.event("ann", "P1", at(5, "07:00", plus=-1), name="too early")
    world.event("ann", "P1", at(5, "07:00"), name="an hour early")
    world.event("ann", "P1", at(5, "18:00", plus=-1), name="still there")
    world.event("ann", "P1", at(5, "18:00"), name="too late")
    world.event("ann", "P1", at(6, "10:00"), name="the next day")
    world.event("ann", "P2", at(5, "10:00"), name="no patient of that ward")
    found = world.explained()
    assert {name: (why.reason, why.table, why.row, why.support) for name, why in found.items()} == {
        "an hour early": ("cover", "encounters", "E1", f"shifts:{shift}"),
        "still there": ("cover", "encounters", "E1", f"shifts:{shift}"),
    }


def test_a_night_shift_covers_both_its_days_and_the_morning_after_the_last_working_day() -> None:
    w = World()
    w.person("ann", department="MED", employed_to_day=on(5))
    w.patient("P1")
    w.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    w.add("shifts", staff_id="ANN", department="SUR", start_us=at(5, "20:00"), end_us=at(6, "08:00"))
    w.event("ann", "P1", at(5, "23:50"), name="before midnight")
    w.event("ann", "P1", at(6, "00:10"), name="after midnight")
    w.event("ann", "P1", at(6, "10:30"), name="after the shift")
    assert w.codes() == {"before midnight": "cover", "after midnight": "cover", "after the shift": None}


def test_overlapping_shifts_each_cover_their_own_department_and_name_their_own_row(world: World) -> None:
    for patient, department in (("P1", "SUR"), ("P2", "GER")):
        world.add(
            "encounters",
            encounter_id=f"E-{department}",
            patient_id=patient,
            kind="inpatient",
            department=department,
            start_us=at(0),
        )
    rows = {
        department: world.add("shifts", staff_id="ANN", department=department, start_us=at(5, "08:00"), end_us=at(5, "16:00"))
        for department in ("SUR", "GER")
    }  # fmt: skip
    world.event("ann", "P1", at(5), name="SUR")
    world.event("ann", "P2", at(5), name="GER")
    assert {n: why.support for n, why in world.explained().items()} == {d: f"shifts:{row}" for d, row in rows.items()}


def test_a_shift_without_end_lasts_twelve_hours(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", start_us=at(0))
    world.add("shifts", staff_id="ANN", department="SUR", start_us=at(5, "06:00"))
    world.event("ann", "P1", at(5, "19:59"), name="within")
    world.event("ann", "P1", at(5, "20:00"), name="after")
    assert world.codes() == {"within": "cover", "after": None}


def test_a_consent_explains_for_its_recipient_and_time(world: World) -> None:
    world.person("ben", department="SUR")
    world.person("eve", department="SUR")
    for recipient, patient in (("BEN", "P1"), ("MED", "P2")):
        world.add("consents", patient_id=patient, purpose="sharing", recipient=recipient, decision="permit",
                  start_us=at(5), end_us=at(6))  # fmt: skip
    world.event("ben", "P1", at(5, plus=-15 * MINUTE - 1), name="before")
    world.event("ben", "P1", at(5, plus=-15 * MINUTE), name="as early as clocks differ")
    world.event("ben", "P1", at(6, plus=15 * MINUTE - 1), name="as late as clocks differ")
    world.event("ben", "P1", at(6, plus=15 * MINUTE), name="after")
    world.event("eve", "P1", at(5, "18:00"), name="somebody else")
    world.event("ann", "P2", at(5, "18:00"), name="the department")
    world.event("ben", "P2", at(5, "18:00"), name="another department")
    assert world.codes() == {
        "before": None,
        "as early as clocks differ": "consent",
        "as late as clocks differ": "consent",
        "after": None,
        "somebody else": None,
        "the department": "consent",
        "another department": None,
    }


def test_research_needs_both_a_ticket_and_the_patient_s_consent_to_it(world: World) -> None:
    world.person("res", role="researcher", department="RES")
    world.person("oth", role="researcher", department="RES")
    for patient in ("P3", "P4"):
        world.patient(patient)
    world.add("tickets", ticket_id="T1", account="res", kind="research", start_us=at(5), end_us=at(9))
    yes = world.add("consents", patient_id="P1", purpose="research", recipient="T1", decision="permit", start_us=at(1))
    world.add("consents", patient_id="P2", purpose="research", recipient="T9", decision="permit", start_us=at(1))
    world.add("consents", patient_id="P3", purpose="research", recipient="RES", decision="permit", start_us=at(1))
    for row in (("permit", "T1"), ("deny", "T1")):
        world.add("consents", patient_id="P4", purpose="research", decision=row[0], recipient=row[1], start_us=at(1))
    world.event("res", "P1", at(6), name="both")
    world.event("res", "P1", at(4), name="before the ticket")
    world.event("res", "P1", at(10), name="after the ticket")
    world.event("oth", "P1", at(6), name="another's ticket")
    world.event("res", "P2", at(6), name="consent to another ticket")
    world.event("res", "P3", at(6), name="consent without this ticket")
    world.event("res", "P4", at(6), name="permitted and denied")
    found = world.explained()
    assert {n: (w.reason, w.table, w.row, w.support) for n, w in found.items()} == {
        "both": ("research", "tickets", "T1", f"consents:{yes}")
    }


def test_a_ticket_explains_its_account_while_it_lasts(world: World) -> None:
    world.person("ven", role="vendor", department=None)
    world.person("ven2", role="vendor", department=None)
    world.add("tickets", ticket_id="T1", account="ven", kind="maintenance", start_us=at(5), end_us=at(6))
    world.event("ven", "P1", at(5, plus=-15 * MINUTE - 1), name="before")
    world.event("ven", "P1", at(5, plus=-15 * MINUTE), name="first moment")
    world.event("ven", "P2", at(6, plus=15 * MINUTE - 1), name="last moment")
    world.event("ven", "P1", at(6, plus=15 * MINUTE), name="after")
    world.event("ven2", "P1", at(5, "18:00"), name="another account")
    assert world.codes() == {
        "before": None,
        "first moment": "ticket",
        "last moment": "ticket",
        "after": None,
        "another account": None,
    }


def test_an_export_ticket_does_not_cover_who_denied_sharing(world: World) -> None:
    world.person("exp", role="it", department=None)
    world.add("tickets", ticket_id="T1", account="exp", kind="export", start_us=at(5), end_us=at(9))
    world.add("consents", patient_id="P2", purpose="sharing", decision="deny", start_us=at(1), end_us=at(8))
    world.event("exp", "P1", at(6), "export", name="nothing said")
    world.event("exp", "P2", at(6), "export", name="denied")
    world.event("exp", "P2", at(8), "export", name="denied until then")
    assert world.codes() == {"nothing said": "ticket", "denied": None, "denied until then": "ticket"}


def test_of_several_tickets_the_one_named_is_the_one_whose_kind_is_said(world: World) -> None:
    world.person("ven", role="vendor", department=None)
    for number, kind in (("T2", "export"), ("T1", "statistics")):
        world.add("tickets", ticket_id=number, account="ven", kind=kind, start_us=at(5), end_us=at(6))
    world.event("ven", "P1", at(5, "13:00"), name="opening")
    world.event("ven", None, at(5, "13:00"), "query", name="statement")
    found = world.explained()
    assert [(found[n].row, found[n].support) for n in ("opening", "statement")] == [("T1", "statistics")] * 2


def test_a_statement_without_patient_is_explained_by_a_ticket_alone(world: World) -> None:
    world.person("dba", role="it", department="MED")
    world.add("tickets", ticket_id="T1", account="dba", kind="statistics", start_us=at(5), end_us=at(6))
    world.event("dba", None, at(5, "13:00"), "query", name="with a ticket")
    world.event("dba", None, at(7), "query", name="without")
    world.event("dba", None, at(5, "13:00"), "search", name="a search is no statement")
    world.event("dba", None, at(5, "13:00"), "query", name="denied", outcome="denied")
    assert world.codes() == {
        "with a ticket": "ticket",
        "without": None,
        "a search is no statement": None,
        "denied": None,
    }


def test_our_reviewers_have_their_cases_and_mandates_and_never_their_own_record() -> None:
    w = World()
    w.person("rev", role="administrator", department="AUD", patient_id="OWN")
    w.person("aud", role="administrator", department="AUD")
    for patient in ("P1", "P2", "OWN"):
        w.patient(patient)
    w.patient("DECOY", honey=True)
    for patient in ("P1", "OWN", "DECOY"):
        w.add("assignments", account="rev", patient_id=patient, start_us=at(5), end_us=at(9))
    w.add("mandates", account="aud", start_us=at(5), end_us=at(9))
    for name, account, patient, day in (
        ("case", "rev", "P1", 5), ("other patient", "rev", "P2", 5), ("before", "rev", "P1", 4),
        ("at its end", "rev", "P1", 9), ("own record", "rev", "OWN", 6), ("decoy of the case", "rev", "DECOY", 6),
        ("mandate", "aud", "P2", 8), ("mandate over", "aud", "P2", 9), ("decoy without a case", "aud", "DECOY", 6),
    ):  # fmt: skip
        w.event(account, patient, at(day), name=name)
    assert w.codes() == {
        "case": "assigned_case",
        "other patient": None,
        "before": None,
        "at its end": None,
        "own record": None,
        "decoy of the case": "assigned_case",
        "mandate": "audit_mandate",
        "mandate over": None,
        "decoy without a case": None,
    }


def test_a_service_account_is_explained_at_its_usual_hour_and_host_alone(world: World) -> None:
    world.add("accounts", account="svc", kind="service")
    world.patient("DECOY", honey=True)
    for day in range(5):
        world.event("svc", "P1", at(day, "02:10"), name=f"night {day}", workstation="srv1")
    world.event("svc", "DECOY", at(2, "02:30"), name="decoy, usual hour", workstation="srv1")
    world.event("svc", "P1", at(2, "14:00"), name="unusual hour", workstation="srv1")
    world.event("svc", "P1", at(2, "02:20"), name="unusual host", workstation="pc9")
    world.event("svc", "P1", at(2, "02:40"), "export", name="export", workstation="srv1")
    world.event("ann", "P1", at(2, "02:10"), name="a person at that hour", workstation="srv1")
    found = world.codes()
    assert [found[f"night {day}"] for day in range(5)] == ["service"] * 5
    assert found["decoy, usual hour"] == "service"
    assert {found[n] for n in ("unusual hour", "unusual host", "export", "a person at that hour")} == {None}


@pytest.mark.parametrize("other_days, explained", [(2, False), (3, True)])
def test_a_service_hour_is_usual_from_three_other_days_on(world: World, other_days: int, explained: bool) -> None:
    world.add("accounts", account="svc", kind="service")
    for day in range(other_days + 1):
        world.event("svc", "P1", at(day, "02:00"), workstation="srv1", name=f"usual {day}")
    for day in range(5, 9):
        world.event("svc", "P1", at(day, "15:00"), workstation="srv2")  # so that there are days enough
    assert (world.codes()["usual 0"] == "service") == explained


def test_a_service_account_that_ran_once_has_no_usual_hour(world: World) -> None:
    world.add("accounts", account="svc", kind="service")
    world.event("svc", "P1", at(0, "02:00"), workstation="srv1", name="once")
    assert world.codes() == {"once": None}
