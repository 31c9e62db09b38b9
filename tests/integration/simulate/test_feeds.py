# SPDX-License-Identifier: Apache-2.0
"""The HL7 feed says what the tables say: replayed message by message, it comes to the same rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import simulate
from bench.explained import connect
from simulate.hl7 import FEEDS
from wardkeep.watch.hl7.files import divide
from wardkeep.watch.hl7.message import Message, parse
from wardkeep.watch.hospital.context import schema
from wardkeep.watch.hospital.messages import contexts_of
from wardkeep.watch.hospital.tables import KEPT, TABLES

Row = dict[str, Any]
DAYS = 9


@pytest.fixture(scope="module")
def hospital() -> simulate.Hospital:
    return simulate.build(seed=9, setting="B", staff=80, patients=2000, days=DAYS, sources=True)


@pytest.fixture(scope="module")
def folder(hospital: simulate.Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("feeds")
    simulate.write(hospital, out, style="foreign", feeds=DAYS)
    return out


@pytest.fixture(scope="module")
def messages(folder: Path) -> list[Message]:
    out = []
    for name in FEEDS.values():
        pieces = list(divide((folder / name).read_bytes()))
        assert not [piece.problem for piece in pieces if piece.problem]
        out += [parse(piece.raw) for piece in pieces]
    return out


def of(messages: list[Message], kind: str) -> list[Message]:
    return [message for message in messages if message.type == kind]


def when(text: str) -> str:
    """The time of the tables in the form of the HIS."""
    return text[:19].replace("-", "").replace("T", "").replace(":", "")


def test_every_message_has_a_number_of_its_own_and_the_character_set_it_names(messages: list[Message]) -> None:
    numbers = Counter(message.header.text(10) for message in messages)
    assert set(numbers.values()) == {1}
    assert {(message.header.text(3), message.codec) for message in messages} == {
        ("HIS", "gb18030"), ("LIS", "utf-8"), ("EMR", "utf-8"),
    }  # fmt: skip
    assert not any(message.guessed for message in messages)
    kinds = {(message.type, message.trigger) for message in messages}
    wanted = {"A01", "A02", "A03", "A04", "A40"}
    assert {trigger for kind, trigger in kinds if kind == "ADT"} >= wanted
    assert {"ORM", "ORU", "SIU", "MDM"} <= {kind for kind, _ in kinds}


def test_a_patients_name_comes_through_both_character_sets(
    hospital: simulate.Hospital, messages: list[Message]
) -> None:
    names = {row["patient_id"]: row["name"] for row in hospital.tables["patients"].to_pylist()}
    for message in messages:
        pid = message.first("PID")
        assert pid.text(5, 1) + pid.text(5, 2) == names[pid.text(3)]


def test_stays_come_to_the_encounters_of_the_tables(hospital: simulate.Hospital, messages: list[Message]) -> None:
    begun: dict[str, Message] = {}
    ended: dict[str, str] = {}
    for message in of(messages, "ADT"):
        visit, trigger = message.first("PV1").text(19), message.trigger
        if trigger in ("A01", "A04"):
            begun[visit] = message
        elif trigger == "A03":
            ended[visit] = message.first("PV1").text(45)
        elif trigger == "A13":
            assert ended.pop(visit), "a discharge is taken back that was not entered"
        elif trigger == "A11":
            del begun[visit]
    rows = {row["encounter_id"]: row for row in hospital.tables["encounters"].to_pylist()}
    assert set(begun) <= set(rows)
    new = [r for r in rows.values() if r["recorded_at"] >= "2026-03-02T00" and r["kind"] != "telehealth"]
    assert {row["encounter_id"] for row in new} == set(begun)
    for visit, message in begun.items():
        row, pv1 = rows[visit], message.first("PV1")
        assert pv1.text(2) == {"inpatient": "I", "outpatient": "O", "emergency": "E"}[row["kind"]]
        assert message.first("PID").text(3) == row["patient_id"]
        assert (pv1.text(3), pv1.text(7), pv1.text(44)) == (row["department"], row["attending_id"], when(row["start"]))
        assert ended.get(visit) == (when(row["end"]) if row["end"] else None)


def test_transfers_are_those_of_the_tables(hospital: simulate.Hospital, messages: list[Message]) -> None:
    told = {
        (m.first("PID").text(3), m.first("PV1").text(6), m.first("PV1").text(3), m.first("EVN").text(6))
        for m in of(messages, "ADT")
        if m.trigger == "A02"
    }
    rows = {
        (r["patient_id"], r["from_department"], r["to_department"], when(r["time"]))
        for r in hospital.tables["transfers"].to_pylist()
        if r["recorded_at"] >= "2026-03-02T00"
    }
    assert told == rows and told


def test_orders_and_their_results_are_those_of_the_tables(hospital: simulate.Hospital, messages: list[Message]) -> None:
    rows = {row["order_id"]: row for row in hospital.tables["orders"].to_pylist()}
    sections = {"laboratory": "LAB", "imaging": "RAD", "medication": "", "procedure": "OTH", "consult": "CON"}
    ordered = {m.first("ORC").text(2): m for m in of(messages, "ORM")}
    far = {r["encounter_id"] for r in hospital.tables["encounters"].to_pylist() if r["kind"] == "telehealth"}
    sent = [r for r in rows.values() if r["recorded_at"] >= "2026-03-02T00" and r["encounter_id"] not in far]
    assert set(ordered) == {r["order_id"] for r in sent}
    for number, message in ordered.items():
        row, orc = rows[number], message.first("ORC")
        assert message.first("OBR").text(24) == sections[row["kind"]]
        assert bool(list(message.all("RXO"))) == (row["kind"] == "medication")
        assert (orc.text(12), orc.text(3, 2)) == (row["ordered_by"], row["performing_department"])
        assert orc.text(9) == when(row["time"])
        assert message.first("PV1").text(19) in ("", row["encounter_id"])
    for message in of(messages, "ORU"):
        obr = message.first("OBR")
        row = rows[obr.text(2)]
        assert row["kind"] in ("laboratory", "imaging") and obr.text(25) == "F"
        assert obr.text(22)[:14] > when(row["time"]) and all(x.text(5) for x in message.all("OBX"))


def test_bookings_are_those_of_the_tables(hospital: simulate.Hospital, messages: list[Message]) -> None:
    rows = {row["appointment_id"]: row for row in hospital.tables["appointments"].to_pylist()}
    booked = of(messages, "SIU")
    assert booked
    for message in booked:
        row = rows[message.first("SCH").text(1)]
        assert message.first("SCH").text(11, 4) == when(row["time"]) > message.header.text(7)
        assert (message.first("AIL").text(3), message.first("AIP").text(3)) == (row["department"], row["staff_id"])


def test_the_summary_was_signed_before_copies_were_asked_for_and_changed_after(
    hospital: simulate.Hospital, messages: list[Message]
) -> None:
    [asked] = [row for row in hospital.tables["work_items"].to_pylist() if row["kind"] == "copy_request"]
    [changed] = [m for m in of(messages, "MDM") if m.trigger == "T08"]
    number = changed.first("TXA").text(12)
    [signed] = [m for m in of(messages, "MDM") if m.trigger == "T02" and m.first("TXA").text(12) == number]
    assert changed.first("PID").text(3) == asked["patient_id"]
    assert signed.header.text(7)[:14] < when(asked["start"]) < changed.header.text(7)[:14]


def test_wardkeep_makes_the_rows_of_the_tables_of_it(hospital: simulate.Hospital, folder: Path) -> None:
    """The newest saying of each thing, through the product's own reader."""
    raw = [piece.raw for name in FEEDS.values() for piece in divide((folder / name).read_bytes())]
    empty = {name: pa.table({f.name: pa.array([], f.type) for f in schema(name)}) for name in {**TABLES, **KEPT}}
    loads = contexts_of(raw, zone="Asia/Shanghai", known=lambda name: empty[name], source="feed")
    made = {load.name: load.table.to_pylist() for load in loads}
    con = connect(hospital, threads=1)
    compared = {
        "encounters": ("encounter_id", "patient_id", "kind", "department", "start_us", "end_us", "attending_id"),
        "transfers": ("patient_id", "from_department", "to_department", "time_us"),
        "orders": ("order_id", "patient_id", "encounter_id", "kind", "ordered_by", "performing_department", "time_us"),
        "appointments": ("appointment_id", "patient_id", "department", "staff_id", "time_us"),
    }
    for name, columns in compared.items():
        known = set(con.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall())
        told = {tuple(row[column] for column in columns) for row in made[name]}
        assert told and not told - known, name
    con.close()


def test_only_the_last_days_are_sent_where_few_are_asked_for(hospital: simulate.Hospital, tmp_path: Path) -> None:
    simulate.write(hospital, tmp_path, style="foreign", feeds=2)
    for name in FEEDS.values():
        sent = [parse(piece.raw).header.text(7) for piece in divide((tmp_path / name).read_bytes())]
        assert sent and min(sent) >= "20260309" and sent == sorted(sent)
