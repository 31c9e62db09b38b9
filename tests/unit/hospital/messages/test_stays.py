# SPDX-License-Identifier: Apache-2.0
"""Encounters, transfers and teams from ADT: what begins, moves, ends and is taken back."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.unit.hospital.messages.feed import PATIENT, Tables, loaded, message, pv1, us
from wardkeep.watch.hospital.context import schema

ADMIT = message(
    "ADT^A01",
    "1",
    "20260302080000",
    PATIENT,
    pv1(f2="I", f3="W1^101", f7="D1^Li", f9="D7", f19="V1", f44="202603020755"),
)
MOVE = message(
    "ADT^A02", "2", "20260303090000", PATIENT, pv1(f2="I", f3="W2^201", f6="W1^101", f19="V1"), occurred="202603030845"
)
LEAVE = message("ADT^A03", "3", "20260305100000", PATIENT, pv1(f2="I", f3="W2", f19="V1", f45="202603050930"))


def test_an_admission_is_an_encounter_with_its_team() -> None:
    tables = loaded([ADMIT])
    assert tables.rows("encounters", "encounter_id", "patient_id", "kind", "department", "attending_id") == [
        ("V1", "P1", "inpatient", "W1", "D1")
    ]
    assert tables.rows("encounters", "start_us", "end_us", "recorded_at_us") == [
        (us("2026-03-02T07:55"), None, us("2026-03-02T08:00"))
    ]
    assert tables.rows("care_team", "staff_id", "role", "start_us", "end_us") == [
        ("D7", "consulting", us("2026-03-02T07:55"), None)
    ]


def test_a_transfer_leaves_the_department_of_the_begin_and_a_discharge_ends_all() -> None:
    tables = loaded([ADMIT, MOVE, LEAVE])
    assert tables.rows("encounters", "department", "end_us") == [("W1", us("2026-03-05T09:30"))]
    assert tables.rows("transfers", "from_department", "to_department", "time_us", "recorded_at_us", "src") == [
        ("W1", "W2", us("2026-03-03T08:45"), us("2026-03-03T09:00"), "HIS/H/2")
    ]
    assert tables.rows("care_team", "staff_id", "end_us") == [("D7", us("2026-03-05T09:30"))]


def test_a_bed_on_the_same_ward_is_no_transfer() -> None:
    move = message("ADT^A02", "2", "20260303090000", PATIENT, pv1(f2="I", f3="W1^102", f6="W1^101", f19="V1"))
    assert loaded([ADMIT, move]).rows("transfers", "to_department") == []


def test_a_service_is_responsible_and_the_ward_is_where_the_patient_lies() -> None:
    tables = loaded([message("ADT^A01", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f10="CARD", f19="V1"))])
    assert tables.rows("encounters", "department") == ["CARD"]
    assert tables.rows("transfers", "from_department", "to_department", "time_us") == [
        (None, "W1", us("2026-03-02T08:00"))
    ]


def test_another_service_later_is_responsible_as_well() -> None:
    later = message("ADT^A08", "2", "20260304080000", PATIENT, pv1(f2="I", f3="W1", f10="NEURO", f19="V1"))
    tables = loaded(
        [message("ADT^A01", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f10="CARD", f19="V1")), later]
    )
    assert tables.rows("encounters", "encounter_id", "department") == [("V1", "CARD"), ("V1:2", "NEURO")]


def test_who_ever_answered_for_a_stay_stays_of_its_team() -> None:
    change = message("ADT^A08", "2", "20260304080000", PATIENT, pv1(f2="I", f3="W1", f7="D2", f19="V1"))
    tables = loaded([ADMIT, change])
    assert tables.rows("encounters", "attending_id") == ["D2"]
    assert tables.rows("care_team", "staff_id", "start_us") == [
        ("D1", us("2026-03-02T07:55")), ("D7", us("2026-03-02T07:55")),
    ]  # fmt: skip
    back = message("ADT^A08", "3", "20260305080000", PATIENT, pv1(f2="I", f3="W1", f7="D1", f19="V1"))
    tables.load(back)
    assert tables.rows("care_team", "staff_id", "start_us") == [
        ("D2", us("2026-03-04T08:00")), ("D7", us("2026-03-02T07:55")),
    ]  # fmt: skip


def test_a_correction_of_the_ward_before_any_transfer_counts() -> None:
    right = message("ADT^A08", "2", "20260302083000", PATIENT, pv1(f2="I", f3="W5", f19="V1"))
    after = message("ADT^A08", "4", "20260303100000", PATIENT, pv1(f2="I", f3="W2", f19="V1"))
    assert loaded([ADMIT, right]).rows("encounters", "department") == ["W5"]
    assert loaded([ADMIT, right, MOVE, after]).rows("encounters", "department") == ["W5"]


def test_the_department_of_the_begin_is_known_without_the_admission() -> None:
    tables = loaded([MOVE, LEAVE])
    assert tables.rows("encounters", "department", "start_us") == [("W1", us("2026-03-03T08:45"))]


@pytest.mark.parametrize("trigger", ["A11", "A23"])
def test_a_cancelled_admission_takes_everything_of_the_stay_back(trigger: str) -> None:
    tables = loaded([ADMIT, MOVE])
    tables.load(message(f"ADT^{trigger}", "9", "20260303120000", PATIENT, pv1(f2="I", f3="W1", f19="V1")))
    assert not {"encounters", "transfers", "care_team"} & set(tables.all())
    tables.load(message("ADT^A08", "10", "20260303130000", PATIENT, pv1(f2="I", f3="W1", f19="V1")))
    assert "encounters" not in tables.all()  # a change of data admits nobody
    tables.load(message("ADT^A01", "11", "20260304080000", PATIENT, pv1(f2="I", f3="W1", f19="V1")))
    assert tables.rows("encounters", "encounter_id") == ["V1"]


def test_a_cancelled_transfer_goes_back_by_its_time_or_the_last_one() -> None:
    second = message("ADT^A02", "4", "20260304090000", PATIENT, pv1(f2="I", f3="W3", f6="W2", f19="V1"))
    last = message("ADT^A12", "5", "20260304100000", PATIENT, pv1(f2="I", f3="W2", f6="W3", f19="V1"))
    named = message("ADT^A12", "5", "20260304100000", PATIENT, pv1(f2="I", f3="W2", f19="V1"), occurred="202603030845")
    assert loaded([ADMIT, MOVE, second, last]).rows("transfers", "to_department") == ["W2"]
    assert loaded([ADMIT, MOVE, second, named]).rows("transfers", "to_department") == ["W3"]
    assert loaded([last, second, MOVE, ADMIT]).rows("transfers", "to_department") == ["W2"]


def test_a_cancelled_discharge_opens_the_stay_again() -> None:
    tables = loaded([ADMIT, LEAVE, message("ADT^A13", "9", "20260305110000", PATIENT, pv1(f2="I", f3="W2", f19="V1"))])
    assert tables.rows("encounters", "end_us") == [None]


def test_an_outpatient_visit_ends_with_its_day_unless_it_is_said_when() -> None:
    visit = pv1(f2="O", f3="CLINIC", f19="V1", f44="20260302093000")
    tables = loaded([message("ADT^A04", "1", "20260302093000", PATIENT, visit)])
    assert tables.rows("encounters", "kind", "end_us") == [("outpatient", us("2026-03-03T00:00"))]
    tables.load(message("ADT^A06", "2", "20260302150000", PATIENT, pv1(f2="I", f3="W1", f19="V1")))
    assert tables.rows("encounters", "kind", "end_us") == [("inpatient", None)]


@pytest.mark.parametrize("trigger", ["A05", "A28", "A31", "A38"])
def test_what_is_only_planned_or_of_the_person_is_no_stay(trigger: str) -> None:
    tables = loaded([message(f"ADT^{trigger}", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f19="V1"))])
    assert "encounters" not in tables.all() and tables.rows("patients", "patient_id") == ["P1"]


def test_the_account_names_a_stay_that_has_no_visit_number() -> None:
    segments = (PATIENT + "|" * 5 + "ACC7", pv1(f2="I", f3="W1"))
    tables = loaded([message("ADT^A01", "1", "20260302080000", *segments)])
    assert tables.rows("encounters", "encounter_id") == ["ACC7"]


def test_roles_are_of_the_team_for_the_time_that_they_say() -> None:
    rol = "ROL|1|AD|CP^Consulting Provider|D8^Wu|20260303|20260304120000"
    tables = loaded([message("ADT^A01", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f19="V1"), rol)])
    assert tables.rows("care_team", "staff_id", "role", "start_us", "end_us") == [
        ("D8", "Consulting Provider", us("2026-03-03T00:00"), us("2026-03-04T12:00"))
    ]


def test_messages_for_training_teach_nothing() -> None:
    assert loaded([ADMIT.replace(b"|1|P|", b"|1|T|")]).all() == {}


def test_a_message_that_cannot_be_used_is_passed_over_whole() -> None:
    broken = message("ADT^A01", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f19="V1", f44="soon"))
    assert loaded([broken, b"noise"]).all() == {}


def test_what_no_message_speaks_of_stays_as_an_export_said_it() -> None:
    tables = Tables()
    known = {"patient_id": "P1", "name": "old", "honey": True, "sensitivity": ";psychiatric;", "src": "P1"}
    tables.put("patients", pa.Table.from_pylist([known], schema("patients")))
    tables.load(message("ADT^A08", "1", "20260302080000", PATIENT, pv1(f2="I", f3="W1", f16="V", f19="V1")))
    assert tables.rows("patients", "name", "honey", "sensitivity") == [("王小明", True, ";psychiatric;vip;")]
    tables.load(message("ADT^A08", "2", "20260303080000", PATIENT, pv1(f2="I", f3="W1", f16="N", f19="V1")))
    assert tables.rows("patients", "honey", "sensitivity") == [(True, ";psychiatric;")]
