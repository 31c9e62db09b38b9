# SPDX-License-Identifier: Apache-2.0
"""Patients, merges, orders, results, bookings and documents; and any order of all of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.hospital.messages.feed import PATIENT, Tables, loaded, message, pv1, us
from tests.unit.hospital.messages.test_stays import ADMIT, LEAVE, MOVE

ORDER = message(
    "ORM^O01", "20", "20260302081000", PATIENT, "ORC|NW|O1|F1^LAB|||||||OP1||D1", "OBR|1|O1||CBC" + "|" * 20 + "LAB"
)
RESULT = message(
    "ORU^R01", "21", "20260302110000", PATIENT,
    "OBR|1|O1|F1^LAB|CBC|||20260302100000|||||||||D1||||||20260302105500||LAB|F|||D9~D8||||D6&Zhao",
    "OBX|1|NM|WBC||7.1||||||F", sender="LIS",
)  # fmt: skip
BOOK = message(
    "SIU^S12",
    "22",
    "20260301110000",
    "SCH|A1|B1|||||||||^^^20260310093000",
    "PID|1||P1",
    "AIL|1|A|CLINIC",
    "AIP|1|A|D5",
    "AIP|2|A|D6",
)
NOTE = message("MDM^T02", "23", "20260304110000", PATIENT, "TXA|1|DS||20260304100000|D6||||D3|D4||DOC1")
MERGE = message("ADT^A40", "24", "20260306110000", "PID|1||P9^^^H^MR", "MRG|P1^^^H^MR")


def test_a_patient_is_what_the_newest_message_says() -> None:
    newer = message(
        "ADT^A08",
        "2",
        "20260303080000",
        'PID|1||P1^^^H^MR||王^大明||""|F|||||""||||||||||||||||20260301|Y',
        "NK1|1|王^父|FTH||13800000000",
    )
    older = message("ADT^A08", "1", "20260302080000", PATIENT)
    for tables in (loaded([older, newer]), loaded([newer, older])):
        assert tables.rows("patients", "name", "sex", "birth_date_day", "address", "phone") == [
            ("王大明", "female", None, "某路1号, 某市", None)
        ]
        assert tables.rows("patients", "died_on_day", "emergency_contact") == [(20513, "王父 13800000000")]


@pytest.mark.parametrize(
    "written, name",
    [
        ("Li^Ming", "Ming Li"),
        ("李^明", "李明"),
        ("李明", "李明"),
        ("Li^Ming^^^^^^A~李^明^^^^^^I", "李明"),
        ("欧阳^小明", "欧阳小明"),
    ],
)
def test_a_name_is_in_its_own_script(written: str, name: str) -> None:
    assert loaded([message("ADT^A08", "1", "2026030208", f"PID|1||P1||{written}")]).rows("patients", "name") == [name]


def test_the_number_of_the_hospital_is_taken_of_several() -> None:
    pid = "PID|1||110101197001010000^^^^NI~P7^^^H^MR~V1^^^^VN||王"
    assert loaded([message("ADT^A08", "1", "2026030208", pid)]).rows("patients", "patient_id") == ["P7"]


def test_a_merge_is_kept_and_undone() -> None:
    tables = loaded([MERGE])
    assert tables.rows("merges", "retired_id", "patient_id", "time_us", "src") == [
        ("P1", "P9", us("2026-03-06T11:00"), "HIS/H/24")
    ]
    tables.load(message("ADT^A37", "25", "20260307110000", "PID|1||P1", "PID|2||P9"))
    assert tables.rows("merges", "retired_id") == []


def test_a_message_may_merge_several() -> None:
    both = message("ADT^A40", "1", "2026030611", "PID|1||P9", "MRG|P1", "PID|2||P8", "MRG|P2~P3")
    assert loaded([both]).rows("merges", "retired_id", "patient_id") == [("P1", "P9"), ("P2", "P8"), ("P3", "P8")]


def test_an_order_is_who_placed_it_and_who_performs_it() -> None:
    tables = loaded([ORDER])
    assert tables.rows(
        "orders", "order_id", "patient_id", "kind", "ordered_by", "performing_department", "time_us"
    ) == [("O1", "P1", "laboratory", "D1", "LAB", us("2026-03-02T08:10"))]


def test_a_result_belongs_to_its_order_and_names_its_readers() -> None:
    for tables in (loaded([ORDER, RESULT]), loaded([RESULT, ORDER])):
        assert tables.rows("orders", "order_id", "time_us") == [("O1", us("2026-03-02T08:10"))]
        assert tables.rows("work_items", "kind", "staff_id", "start_us", "src") == [
            ("result", person, us("2026-03-02T10:55"), "OBR:O1") for person in ("D6", "D8", "D9")
        ]
    assert loaded([RESULT]).rows("orders", "ordered_by", "time_us") == [("D1", us("2026-03-02T10:00"))]


@pytest.mark.parametrize("control", ["CA", "OC", "CR"])
def test_a_cancelled_order_is_retracted_and_a_discontinued_one_stays(control: str) -> None:
    tables = loaded([ORDER, message("ORM^O01", "30", "20260302090000", PATIENT, f"ORC|{control}|O1", "OBR|1|O1")])
    assert "orders" not in tables.all()
    tables = loaded([ORDER, message("ORM^O01", "30", "20260302090000", PATIENT, "ORC|DC|O1", "OBR|1|O1")])
    assert tables.rows("orders", "order_id") == ["O1"]


@pytest.mark.parametrize(
    "kind, segments, meant",
    [
        ("OML^O21", ("ORC|NW|O1", "OBR|1|O1"), "laboratory"),
        ("ORM^O01", ("ORC|NW|O1", "OBR|1|O1" + "|" * 22 + "CT"), "imaging"),
        ("ORM^O01", ("ORC|NW|O1", "RXO|1001"), "medication"),
        ("ORM^O01", ("ORC|NW|O1", "OBR|1|O1" + "|" * 22 + "CON"), "consult"),
        ("ORM^O01", ("ORC|NW|O1", "OBR|1|O1"), "procedure"),
    ],
)
def test_the_kind_of_an_order_is_that_of_its_segments(kind: str, segments: tuple[str, ...], meant: str) -> None:
    assert loaded([message(kind, "1", "2026030208", PATIENT, *segments)]).rows("orders", "kind") == [meant]


def test_one_message_may_place_several_orders_with_and_without_a_common_segment() -> None:
    several = message(
        "ORU^R01", "1", "2026030208", PATIENT, "OBR|1|O1||A|||2026030207", "OBX|1", "OBR|2|O2||B|||2026030207"
    )
    assert loaded([several]).rows("orders", "order_id") == ["O1", "O2"]
    placed = message("ORM^O01", "1", "2026030208", PATIENT, "ORC|NW|O1", "OBR|1|O1", "ORC|NW|O2", "OBR|2|O2")
    assert loaded([placed]).rows("orders", "order_id") == ["O1", "O2"]


def test_a_booking_is_a_row_a_person_and_moves_and_goes() -> None:
    tables = loaded([BOOK])
    assert tables.rows("appointments", "appointment_id", "department", "staff_id", "time_us") == [
        ("B1", "CLINIC", "D5", us("2026-03-10T09:30")), ("B1:2", "CLINIC", "D6", us("2026-03-10T09:30")),
    ]  # fmt: skip
    tables.load(
        message("SIU^S13", "30", "2026030208", "SCH|A1|B1|||||||||^^^20260311093000", "PID|1||P1", "AIP|1|A|D5")
    )
    assert tables.rows("appointments", "staff_id", "time_us") == [("D5", us("2026-03-11T09:30"))]
    tables.load(message("SIU^S15", "31", "2026030308", "SCH|A1|B1", "PID|1||P1"))
    assert "appointments" not in tables.all()


def test_a_document_is_work_of_those_who_write_and_sign_it() -> None:
    tables = loaded([NOTE])
    assert tables.rows("work_items", "kind", "staff_id", "start_us", "end_us", "src") == [
        ("records", person, us("2026-03-04T10:00"), us("2026-03-04T10:00"), "TXA:DOC1") for person in ("D3", "D4", "D6")
    ]
    tables.load(
        message("MDM^T11", "31", "2026030508", PATIENT, "TXA|1|DS|||||||||DOC1".replace("|||||||||", "||||||||||"))
    )
    assert "work_items" not in tables.all()


def test_other_messages_mention_a_stay_and_never_revive_it() -> None:
    mention = pv1(f2="I", f3="W1", f19="V1", f44="20260302075500")
    order = message("ORM^O01", "20", "20260304081000", PATIENT, mention, "ORC|NW|O1", "OBR|1|O1")
    assert loaded([order]).rows("encounters", "encounter_id", "department") == [("V1", "W1")]
    cancelled = message("ADT^A11", "9", "20260303120000", PATIENT, pv1(f2="I", f3="W1", f19="V1"))
    assert "encounters" not in loaded([ADMIT, cancelled, order]).all()


ALL = [
    ADMIT, MOVE, LEAVE, ORDER, RESULT, BOOK, NOTE, MERGE,
    message("ADT^A08", "40", "20260303100000", PATIENT, pv1(f2="I", f3="W2", f7="D2", f9="D3", f10="CARD", f19="V1")),
    message("ADT^A12", "41", "20260303110000", PATIENT, pv1(f2="I", f3="W1", f19="V1")),
    message("ADT^A13", "42", "20260305110000", PATIENT, pv1(f2="I", f3="W2", f19="V1")),
    message("ADT^A11", "43", "20260302081500", PATIENT, pv1(f2="I", f3="W1", f19="V1")),
    message("ADT^A01", "44", "20260302082000", PATIENT, pv1(f2="I", f3="W1", f19="V1")),
    message("SIU^S15", "45", "20260302110000", "SCH|A1|B1", "PID|1||P1"),
    message("ADT^A40", "46", "20260307110000", "PID|1||P8", "MRG|P9"),
]  # fmt: skip
EXPECTED = loaded(ALL).all()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(ALL), again=st.lists(st.sampled_from(ALL), max_size=4), parts=st.integers(1, 5))
def test_any_order_however_often_makes_the_same_rows(order: list[bytes], again: list[bytes], parts: int) -> None:
    tables, messages = Tables(), order + again
    for n in range(parts):
        tables.load(*messages[n::parts])
    assert tables.all() == EXPECTED
