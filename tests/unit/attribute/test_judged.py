# SPDX-License-Identifier: Apache-2.0
"""What a judgement makes of who it was: the named person's reasons, each of several, and cases that say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.attribute.trails import session, ward
from tests.unit.detect.flagged import flagged
from tests.unit.explain.world import DAY, MINUTE, World, at
from wardkeep.watch.judgement import JudgedCase, Judgement, KnownCase, judge


def judged(w: World, **how: Any) -> Judgement:
    return judge(
        w.engine().con, thresholds=w.thresholds, as_of_us=max(e["time_us"] for e in w.events) + 30 * DAY, **how
    )


def case_of(found: Judgement, name: str) -> JudgedCase:
    (case,) = [c for c in found.cases if name in c.event_ids and not c.random]
    return case


def inpatient(w: World, patient: str = "P1", department: str = "MED") -> None:
    w.add(
        "encounters",
        encounter_id=f"E-{patient}",
        patient_id=patient,
        kind="inpatient",
        department=department,
        start_us=at(-5),
    )


def test_a_use_is_explained_by_the_reasons_of_the_person_who_is_named() -> None:
    w = ward()
    inpatient(w)
    w.add("appointments", appointment_id="A1", patient_id="P2", staff_id="ANN", department="SUR", time_us=at(0))
    w.patient("P2")
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="of-the-ward", workstation="ws1")
    w.event("HIS_APP", "P1", at(0, "12:10"), name="by-the-application", workstation="ws1", system="db")
    w.event("med", "P2", at(0, "12:20"), name="her-own-patient", workstation="ws1")
    codes = w.codes()
    assert codes["of-the-ward"] == "encounter"
    assert codes["by-the-application"] == "encounter"
    assert codes["her-own-patient"] == "appointment"


def test_a_person_of_another_ward_finds_no_cover_in_the_wards_account() -> None:
    w = ward()
    inpatient(w)
    session(w, "dan", at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    w.event("med", "P1", at(0, "18:00"), name="nobody-there", workstation="ws1")
    assert w.codes()["use"] is None
    assert w.codes()["nobody-there"] == "encounter"


def test_of_several_people_each_must_have_a_reason() -> None:
    w = ward()
    inpatient(w)
    session(w, "ann", at(0, "08:00"), at(0, "10:00"))
    session(w, "ben", at(0, "08:00"), at(0, "10:00"))
    session(w, "ann", at(0, "11:00"), at(0, "13:00"))
    session(w, "dan", at(0, "11:00"), at(0, "13:00"))
    w.event("HIS_APP", "P1", at(0, "09:00"), name="both", workstation="ws1", system="db")
    w.event("med", "P1", at(0, "12:00"), name="one-of-them-not", workstation="ws1")
    found = w.explained()
    assert found["both"].reason == "encounter"
    assert found["both"].support == "candidates:2"
    assert "one-of-them-not" not in found


def test_a_finding_names_the_person_and_uses_private_ties() -> None:
    w = ward()
    w.rows["staff"][0]["patient_id"] = "P7"
    w.patient("P7")
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P7", at(0, "12:00"), name="own", workstation="ws1")
    found = flagged(w).one("self_access")
    assert (found.login, found.person, found.patient_id) == ("med", "ANN", "P7")
    case = case_of(judged(w), "own")
    assert (case.account, case.person) == ("med", "ANN")
    assert case.confidence is not None and case.confidence >= 0.95
    assert case.candidates == ()
    assert {f.account for f in case.findings} == {"med"}


def test_a_case_on_an_account_in_nobodys_hands_lists_everybody() -> None:
    w = ward()
    w.patient("P7", honey=True)
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    session(w, "dan", at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P7", at(0, "12:00"), name="decoy", workstation="ws1")
    case = case_of(judged(w), "decoy")
    assert (case.account, case.person, case.confidence) == ("med", None, None)
    assert [c.person for c in case.candidates] == ["ANN", "DAN"]
    assert all(0.4 < c.confidence < 0.5 and c.by == ("session",) for c in case.candidates)


def test_where_nobody_left_a_trace_a_case_lists_who_had_the_shift() -> None:
    w = ward()
    w.patient("P7", honey=True)
    for name in ("ANN", "BEN"):
        w.add("shifts", staff_id=name, department="MED", start_us=at(0, "08:00"), end_us=at(0, "16:00"))
    w.event("med", "P7", at(0, "12:00"), name="decoy", workstation="ws1")
    case = case_of(judged(w), "decoy")
    assert case.person is None
    assert [(c.person, c.by) for c in case.candidates] == [("ANN", ("shift",)), ("BEN", ("shift",))]


def test_an_own_account_is_its_holders_with_confidence_one() -> None:
    w = ward()
    w.patient("P7", honey=True)
    w.event("ann", "P7", at(0, "12:00"), name="decoy")
    case = case_of(judged(w), "decoy")
    assert (case.person, case.confidence, case.candidates) == ("ANN", 1.0, ())


def test_two_people_behind_one_account_are_two_cases() -> None:
    w = ward()
    for patient in ("P7", "P8"):
        w.patient(patient, honey=True)
    session(w, "ann", at(0, "08:00"), at(0, "10:00"))
    session(w, "ben", at(0, "12:00"), at(0, "14:00"))
    w.event("med", "P7", at(0, "09:00"), name="hers", workstation="ws1")
    w.event("med", "P8", at(0, "13:00"), name="his", workstation="ws1")
    found = judged(w)
    assert case_of(found, "hers").person == "ANN"
    assert case_of(found, "his").person == "BEN"
    assert case_of(found, "hers").case_id != case_of(found, "his").case_id


def test_a_case_keeps_its_name_when_it_becomes_known_who_it_was() -> None:
    w = ward()
    w.patient("P7", honey=True)
    w.event("med", "P7", at(0, "12:00"), name="decoy", workstation="ws1")
    first = case_of(judged(w), "decoy")
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    known = KnownCase(
        case_id=first.case_id, account=first.account, opened_on=first.opened_on, eids=first.eids, rank=first.rank
    )
    again = case_of(judged(w, history=[known]), "decoy")
    assert (again.case_id, again.person) == (first.case_id, "ANN")


def test_a_statement_through_an_application_is_the_named_persons_and_her_ticket_covers_it() -> None:
    w = ward()
    session(w, "ann", at(0, "02:00"), at(0, "03:00"))
    for day in (0, 1):
        w.event(
            "HIS_APP", None, at(day, "02:13"), "export", name=f"pull{day}", system="db", workstation="ws1", count=5000
        )
    session(w, "ann", at(1, "02:00"), at(1, "03:00"))
    w.add("tickets", ticket_id="T1", account="ann", kind="export", start_us=at(1, "01:00"), end_us=at(1, "04:00"))
    found = flagged(w).one("bulk_export")
    assert (found.login, found.person) == ("HIS_APP", "ANN")
    assert flagged(w).names("bulk_export") == ["pull0"]


def test_use_after_employment_ended_is_found_behind_a_shared_account() -> None:
    w = ward()
    inpatient(w)
    w.rows["staff"][0]["employed_to_day"] = at(-2) // DAY
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    w.event("med", "P1", at(0, "12:00"), name="use", workstation="ws1")
    assert flagged(w).one("leaver").person == "ANN"


def test_a_hospital_without_such_accounts_is_judged_as_before() -> None:
    """The same events and sessions, with nothing of attribution run and with it."""
    w = ward()
    w.rows["accounts"] = [row for row in w.rows["accounts"] if row["kind"] == "person"]
    w.patient("P7", honey=True)
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    w.event("ann", "P7", at(0, "12:00"), name="decoy", workstation="ws1")
    w.event("ben", "P1", at(0, "12:00", plus=MINUTE), name="other", workstation="ws1")
    found = judged(w)
    assert {c.account for c in found.cases if not c.random} <= {"ann", "ben"}
    assert case_of(found, "decoy").person == "ANN"


def test_shared_logins_are_gathered_to_one_item_a_ward_and_week() -> None:
    w = ward()
    w.add("accounts", account="med2", kind="shared", department="MED")
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    for day in range(5):
        w.event("med", "P1", at(day, "12:00"), workstation="ws1")
        w.event("med2", "P1", at(day, "12:30"), workstation="ws9")
    w.event("med", "P1", at(7, "12:00"), workstation="ws1")
    found = judged(w)
    weeks = [
        (s.department, s.monday - at(0) // DAY, s.accounts, s.before, s.accesses, s.named, s.people)
        for s in found.shared
    ]
    assert weeks == [
        ("MED", 0, 2, 10, 10, 1, 1),
        ("MED", 7, 1, 1, 1, 0, 0),
    ]  # fmt: skip


def lot_of(w: World) -> JudgedCase:
    """The one quiet day of the ward's account, drawn by lot."""
    w.thresholds = replace(w.thresholds, random_share=1.0)
    (case,) = [c for c in judged(w).cases if c.random and c.account == "med"]
    return case


def test_a_day_drawn_by_lot_says_whose_it_was_where_each_use_of_it_was_one_persons() -> None:
    w = ward()
    inpatient(w)
    session(w, "ann", at(0, "08:00"), at(0, "16:00"))
    for n, clock in enumerate(("10:00", "12:00")):
        w.event("med", "P1", at(0, clock), name=f"use{n}", workstation="ws1")
    case = lot_of(w)
    assert (case.person, case.candidates, case.behind) == ("ANN", (), ("session",))
    assert case.confidence is not None and case.confidence >= w.thresholds.attribute_confidence


def test_a_day_drawn_by_lot_lists_all_where_it_was_not_one_person() -> None:
    w = ward()
    inpatient(w)
    session(w, "ann", at(0, "08:00"), at(0, "11:00"))
    session(w, "ben", at(0, "14:00"), at(0, "16:00"))
    for n, clock in enumerate(("10:00", "15:00", "20:00")):
        w.event("med", "P1", at(0, clock), name=f"use{n}", workstation="ws1")
    case = lot_of(w)
    assert (case.person, case.confidence) == (None, None)
    assert {one.person for one in case.candidates} == {"ANN", "BEN"}
