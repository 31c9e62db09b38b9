# SPDX-License-Identifier: Apache-2.0
"""Reasons that hold a whole local day: each with what just suffices and what just does not."""

from __future__ import annotations

import pytest

from tests.unit.explain.world import DAY, World, at, on, reasons
from wardkeep.watch.explain.explain import explain
from wardkeep.watch.thresholds import Thresholds


@pytest.fixture
def world() -> World:
    """Two wards, a nurse of each, a physician of the first, and two patients."""
    w = World()
    for department in ("MED", "SUR", "LAB"):
        w.add("departments", department=department, kind="clinical")
    w.person("ann", department="MED")
    w.person("ben", department="SUR")
    w.person("doc", role="physician", department="MED")
    w.person("lab", role="technician", department="LAB")
    w.patient("P1")
    w.patient("P2")
    return w


def test_an_encounter_explains_from_its_preparation_to_its_end_for_its_department_and_patient(world: World) -> None:
    world.add(
        "encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED",
        start_us=at(10, "09:00"), end_us=at(12, "09:00"),
    )  # fmt: skip
    world.event("ann", "P1", at(7, "23:59"), name="three days before")
    world.event("ann", "P1", at(8, "00:00"), name="first moment of the day two days before")
    world.event("ann", "P1", at(12, "08:00"), name="last morning")
    world.event("ann", "P1", at(12, "23:59"), name="evening of the last day")
    world.event("ann", "P1", at(13, "00:00"), name="day after")
    world.event("ann", "P1", at(19, "23:59"), name="last day of completion")
    world.event("ann", "P1", at(20, "00:00"), name="completion is over")
    world.event("ann", "P2", at(11), name="another patient")
    world.event("ben", "P1", at(11), name="another department")
    assert world.codes() == {
        "three days before": None,
        "first moment of the day two days before": "encounter",
        "last morning": "encounter",
        "evening of the last day": "encounter",
        "day after": "completion",
        "last day of completion": "completion",
        "completion is over": "follow_up",
        "another patient": None,
        "another department": None,
    }


def test_an_emergency_is_not_prepared_for(world: World) -> None:
    for patient, kind in (("P1", "emergency"), ("P2", "outpatient")):
        world.add(
            "encounters", encounter_id=f"E-{kind}", patient_id=patient, kind=kind, department="MED",
            start_us=at(10, "09:00"), end_us=at(10, "11:00"),
        )  # fmt: skip
        world.event("ann", patient, at(9), name=f"{kind}, the day before")
        world.event("ann", patient, at(10, "00:00"), name=f"{kind}, the first moment of the day")
    assert world.codes() == {
        "emergency, the day before": None,
        "emergency, the first moment of the day": "encounter",
        "outpatient, the day before": "encounter",
        "outpatient, the first moment of the day": "encounter",
    }


def test_an_encounter_without_end_still_goes_on(world: World) -> None:
    world.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="MED",
        start_us=at(1),
        end_us=None,
    )
    world.event("ann", "P1", at(300), name="late")
    assert world.codes() == {"late": "encounter"}


def test_an_unknown_department_explains_nothing(world: World) -> None:
    world.person("eve", department=None)
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department=None, start_us=at(0))
    world.event("eve", "P1", at(1), name="both unknown")
    assert world.codes() == {"both unknown": None}


def test_the_attending_has_a_reason_of_their_own(world: World) -> None:
    world.add(
        "encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="SUR", attending_id="DOC",
        start_us=at(10), end_us=at(12),
    )  # fmt: skip
    world.event("doc", "P1", at(7, "23:59"), name="three days before")
    world.event("doc", "P1", at(8, "00:00"), name="two days before")
    world.event("doc", "P1", at(26, "23:59"), name="fourteen days after")
    world.event("doc", "P1", at(27, "00:00"), name="fifteen days after")
    world.event("ann", "P1", at(11), name="colleague of the attending")
    assert world.codes() == {
        "three days before": None,
        "two days before": "attending",
        "fourteen days after": "attending",
        "fifteen days after": None,
        "colleague of the attending": None,
    }


def test_a_care_team_row_holds_for_its_member_alone(world: World) -> None:
    row = world.add("care_team", patient_id="P1", staff_id="BEN", role="nurse", start_us=at(10), end_us=at(11))
    world.event("ben", "P1", at(10), name="member")
    world.event("ben", "P2", at(10), name="other patient")
    world.event("ann", "P1", at(10), name="somebody else")
    found = world.explained()
    assert {name: (why.reason, why.table, why.row) for name, why in found.items()} == {
        "member": ("care_team", "care_team", row)
    }


def test_an_appointment_explains_for_the_person_and_for_the_department(world: World) -> None:
    world.add("appointments", appointment_id="A1", patient_id="P1", department="MED", staff_id="DOC", time_us=at(20))
    for name, account, day in (
        ("doc, two days before", "doc", 18), ("doc, three days before", "doc", 17),
        ("doc, fourteen days after", "doc", 34), ("doc, fifteen days after", "doc", 35),
        ("ann, two days before", "ann", 18), ("ann, three days before", "ann", 17),
        ("ann, seven days after", "ann", 27), ("ann, eight days after", "ann", 28), ("ben, that day", "ben", 20),
    ):  # fmt: skip
        world.event(account, "P1", at(day), name=name)
    assert world.codes() == {
        "doc, two days before": "appointment",
        "doc, three days before": None,
        "doc, fourteen days after": "appointment",
        "doc, fifteen days after": None,
        "ann, two days before": "clinic",
        "ann, three days before": None,
        "ann, seven days after": "clinic",
        "ann, eight days after": None,
        "ben, that day": None,
    }


def test_an_order_explains_for_its_author_and_for_who_performs_it(world: World) -> None:
    world.add(
        "orders", order_id="O1", patient_id="P1", kind="laboratory", ordered_by="DOC", performing_department="LAB",
        time_us=at(20),
    )  # fmt: skip
    for name, account, day in (
        ("author, two days before", "doc", 18), ("author, the day before", "doc", 19),
        ("author, the day after", "doc", 21), ("author reads the result", "doc", 34),
        ("author, fifteen days after", "doc", 35), ("laboratory, the day before", "lab", 19),
        ("laboratory, that day", "lab", 20), ("laboratory, seven days after", "lab", 27),
        ("laboratory, eight days after", "lab", 28), ("colleague of the author", "ann", 20),
    ):  # fmt: skip
        world.event(account, "P1", at(day), name=name)
    assert world.codes() == {
        "author, two days before": None,
        "author, the day before": "order_placed",
        "author, the day after": "order_placed",
        "author reads the result": "result",
        "author, fifteen days after": None,
        "laboratory, the day before": None,
        "laboratory, that day": "order_performed",
        "laboratory, seven days after": "order_performed",
        "laboratory, eight days after": None,
        "colleague of the author": None,
    }


@pytest.mark.parametrize(
    "kind, reason, days",
    [
        ("laboratory", "order_performed", 7),
        ("medication", "order_performed", 7),
        ("imaging", "order_performed", 14),  # planned ahead
        ("procedure", "order_performed", 14),
        ("consult", "consult", 14),
        (None, "order_performed", 7),  # an unknown kind is no consult
    ],
)
def test_how_long_an_order_is_performed_depends_on_its_kind(world: World, kind: str, reason: str, days: int) -> None:
    world.add("orders", order_id="O1", patient_id="P1", kind=kind, performing_department="LAB", time_us=at(20))
    world.event("lab", "P1", at(20 + days), name="last day")
    world.event("lab", "P1", at(21 + days), name="a day later")
    assert world.codes() == {"last day": reason, "a day later": None}


def test_a_work_item_holds_for_its_person_or_its_department(world: World) -> None:
    world.add("work_items", patient_id="P1", kind="coding", staff_id="BEN", start_us=at(10), end_us=at(12))
    world.add("work_items", patient_id="P2", department="MED", kind="quality", start_us=at(10), end_us=at(12))
    for name, account, patient, day in (
        ("person, two days before", "ben", "P1", 8), ("person, the day before", "ben", "P1", 9),
        ("person, the day after", "ben", "P1", 13), ("person, two days after", "ben", "P1", 14),
        ("department", "ann", "P2", 11), ("not the department's item", "ann", "P1", 11),
        ("another department", "ben", "P2", 11),
    ):  # fmt: skip
        world.event(account, patient, at(day), name=name)
    assert world.codes() == {
        "person, two days before": None,
        "person, the day before": "work_item",
        "person, the day after": "work_item",
        "person, two days after": None,
        "department": "work_item",
        "not the department's item": None,
        "another department": None,
    }


def test_a_transfer_gives_the_ward_its_patient_and_the_wards_beside_it_a_margin(world: World) -> None:
    world.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="GER",
        start_us=at(8),
        end_us=at(16),
    )
    world.add("transfers", patient_id="P1", from_department="MED", to_department="SUR", time_us=at(12))
    for name, account, day in (
        ("sending ward before it", "ann", 10), ("sending ward before the admission", "ann", 7),
        ("sending ward that day", "ann", 12), ("sending ward, three days after", "ann", 15),
        ("sending ward, four days after", "ann", 16), ("receiving ward, two days before", "ben", 10),
        ("receiving ward, the day before", "ben", 11), ("receiving ward", "ben", 14),
        ("receiving ward, last day", "ben", 16), ("receiving ward completes", "ben", 23),
        ("receiving ward is done", "ben", 24),
    ):  # fmt: skip
        world.event(account, "P1", at(day), name=name)
    assert world.codes() == {
        "sending ward before it": "ward",
        "sending ward before the admission": None,
        "sending ward that day": "ward",
        "sending ward, three days after": "transfer",
        "sending ward, four days after": None,
        "receiving ward, two days before": None,
        "receiving ward, the day before": "transfer",
        "receiving ward": "ward",
        "receiving ward, last day": "ward",
        "receiving ward completes": "completion",
        "receiving ward is done": None,
    }


def test_a_borrowed_bed_serves_both_the_responsible_department_and_the_ward(world: World) -> None:
    world.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="MED",
        start_us=at(8),
        end_us=at(16),
    )
    world.add("transfers", patient_id="P1", from_department="MED", to_department="SUR", time_us=at(10))
    world.event("ann", "P1", at(14), name="responsible")
    world.event("ben", "P1", at(14), name="bed")
    world.event("lab", "P1", at(14), name="neither")
    assert world.codes() == {"responsible": "encounter", "bed": "ward", "neither": None}


def test_a_stay_on_a_ward_ends_with_the_next_transfer(world: World) -> None:
    world.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="GER",
        start_us=at(0),
        end_us=at(40),
    )
    world.add("transfers", patient_id="P1", from_department="GER", to_department="MED", time_us=at(5))
    world.add("transfers", patient_id="P1", from_department="MED", to_department="SUR", time_us=at(10))
    world.event("ann", "P1", at(9), name="while there")
    world.event("ann", "P1", at(18), name="eight days after leaving")
    world.event("ben", "P1", at(18), name="the next ward")
    assert world.codes() == {"while there": "ward", "eight days after leaving": None, "the next ward": "ward"}


def test_two_transfers_at_one_time_do_not_cut_each_other_short(world: World) -> None:
    """A bed exchanged twice in one message: which of the wards has the patient is not known, so both do."""
    for ward in ("MED", "SUR"):
        world.add("transfers", patient_id="P1", from_department="GER", to_department=ward, time_us=at(5))
    world.event("ann", "P1", at(9), name="MED")
    world.event("ben", "P1", at(9), name="SUR")
    assert world.codes() == {"MED": "ward", "SUR": "ward"}


def test_a_registrar_may_open_who_comes_that_day_to_any_department(world: World) -> None:
    world.person("reg", role="registrar", department="FRONT")
    world.add("appointments", appointment_id="A1", patient_id="P1", department="SUR", time_us=at(10))
    world.add(
        "encounters",
        encounter_id="E1",
        patient_id="P2",
        kind="inpatient",
        department="SUR",
        start_us=at(20),
        end_us=at(22),
    )
    for name, patient, day in (
        ("the day before", "P1", 9), ("the day", "P1", 10), ("the day after", "P1", 11),
        ("before the stay", "P2", 19), ("during the stay", "P2", 21), ("after the stay", "P2", 23),
    ):  # fmt: skip
        world.event("reg", patient, at(day), name=name)
    world.event("lab", "P1", at(10), name="no registrar")
    assert world.codes() == {
        "the day before": None,
        "the day": "front_desk",
        "the day after": None,
        "before the stay": None,
        "during the stay": "front_desk",
        "after the stay": None,
        "no registrar": None,
    }


def test_a_shared_account_stands_for_its_department_and_a_shared_desk_for_the_front_desk(world: World) -> None:
    world.add("accounts", account="ward", kind="shared", department="MED")
    world.add("accounts", account="desk", kind="shared", department="FRONT")
    world.add("accounts", account="pool", kind="shared", department="BACK")
    world.person("reg", role="registrar", department="FRONT")
    world.person("reg2", role="registrar", department="BACK")
    world.person("sec", role="administrator", department="BACK")
    world.person("sec2", role="administrator", department="BACK")
    world.add(
        "encounters",
        encounter_id="E1",
        patient_id="P1",
        kind="inpatient",
        department="MED",
        start_us=at(0),
        end_us=at(9),
    )
    for account in ("ward", "desk", "pool"):
        world.event(account, "P1", at(3), name=account)
        world.event(account, "P2", at(3), name=f"{account}, other patient")
    found = world.codes()
    assert found["ward"] == "encounter"
    assert found["desk"] == "front_desk"
    assert found["pool"] is None  # most of its department are no registrars
    assert {found[f"{a}, other patient"] for a in ("ward", "desk", "pool")} == {None}


def test_a_person_belongs_where_staff_history_says_on_each_day() -> None:
    """Moved from SUR to MED: the new department from the move on, the former one until a day after it."""
    w = World(Thresholds(move_grace_days=1))
    w.person("ann", department="MED")
    w.person("kim", department="MED")
    w.add("staff_history", staff_id="ANN", department="SUR", from_day=None, to_day=on(9))
    w.add("staff_history", staff_id="ANN", department="MED", from_day=on(10), to_day=None)
    w.add(
        "staff_history", staff_id="KIM", department="SUR", from_day=on(0), to_day=on(9)
    )  # the row of the move is missing
    for patient, department in (("P-MED", "MED"), ("P-SUR", "SUR")):
        w.patient(patient)
        w.add(
            "encounters",
            encounter_id=patient,
            patient_id=patient,
            kind="inpatient",
            department=department,
            start_us=at(-60),
        )
        for account in ("ann", "kim"):
            for day in (9, 10, 11):
                w.event(account, patient, at(day), name=f"{account} {department} {day}")
    found = w.codes()
    for account in ("ann", "kim"):
        assert [found[f"{account} MED {day}"] for day in (9, 10, 11)] == [None, "encounter", "encounter"]
        assert [found[f"{account} SUR {day}"] for day in (9, 10, 11)] == ["encounter", "encounter", None]


def test_of_several_reasons_the_most_personal_is_shown(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", attending_id="DOC",
              start_us=at(0), end_us=at(9))  # fmt: skip
    world.add("orders", order_id="O1", patient_id="P1", kind="laboratory", ordered_by="ANN", time_us=at(3))
    world.add("appointments", appointment_id="A1", patient_id="P1", department="MED", staff_id="DOC", time_us=at(3))
    world.event("ann", "P1", at(3), name="ann")
    world.event("doc", "P1", at(3), name="doc")
    found = world.explained()
    assert (found["ann"].reason, found["ann"].row) == ("order_placed", "O1")
    assert (found["doc"].reason, found["doc"].row) == ("appointment", "A1")


def test_what_was_entered_late_explains_and_says_so(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0),
              end_us=at(9), recorded_at_us=at(3))  # fmt: skip
    world.event("ann", "P1", at(2), name="before it was entered")
    world.event("ann", "P1", at(3), name="when it was entered")
    world.event("ann", "P1", at(4), name="after it was entered")
    found = world.explained()
    assert {name: (why.reason, why.late) for name, why in found.items()} == {
        "before it was entered": ("encounter", True),
        "when it was entered": ("encounter", False),
        "after it was entered": ("encounter", False),
    }


def test_what_was_denied_or_failed_touched_nothing_and_is_not_explained(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    world.event("ann", "P1", at(2), name="denied", outcome="denied")
    world.event("ann", "P1", at(2), name="failed", outcome="failure")
    world.event("ann", "P1", at(2), name="read")
    assert world.codes() == {"denied": None, "failed": None, "read": "encounter"}


def test_the_local_day_decides_not_the_day_of_utc(world: World) -> None:
    """Half past seven in the morning in Shanghai is still yesterday in UTC."""
    world.add("appointments", appointment_id="A1", patient_id="P1", department="MED", time_us=at(20, "23:30"))
    world.event("ann", "P1", at(17, "23:59", plus=DAY // 1440 - 1), name="last moment of the third day before")
    world.event("ann", "P1", at(18, "00:00"), name="first moment of the second day before")
    world.event("ann", "P1", at(27, "23:59"), name="last minute of the seventh day after")
    world.event("ann", "P1", at(28, "00:00"), name="first moment of the eighth day after")
    assert [*world.codes().values()] == [None, "clinic", "clinic", None]


def test_events_before_the_judged_time_are_seen_and_not_reported(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    world.event("ann", "P1", at(1), name="before")
    world.event("ann", "P1", at(9), name="judged")
    assert world.codes(from_us=at(9, "00:00")) == {"before": None, "judged": "encounter"}


def test_events_are_counted_by_reason_within_the_judged_time_alone(world: World) -> None:
    world.add("encounters", encounter_id="E1", patient_id="P1", kind="inpatient", department="MED", start_us=at(0))
    world.add("tickets", ticket_id="T1", account="ben", kind="statistics", start_us=at(0), end_us=at(9))
    for clock in ("09:00", "12:00", "15:00"):
        world.event("ann", "P1", at(3, clock))
        world.event("ben", "P1", at(3, clock))
        world.event("ben", None, at(3, clock), "query")
    engine = world.engine()
    numbers = world.numbers(from_us=at(3, "12:00"))
    explain(engine, numbers)
    assert engine.rows("SELECT reason, events FROM reason_count ORDER BY reason") == [("encounter", 2), ("ticket", 4)]
    assert len(reasons(engine, numbers)) == 6
