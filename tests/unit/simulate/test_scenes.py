# SPDX-License-Identifier: Apache-2.0
"""The two scenes: what a reader of the logs could find out, and what no single log says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import simulate
from tests.unit.simulate.conftest import SIZE

Row = dict[str, Any]


@pytest.fixture(scope="module")
def hospital() -> simulate.Hospital:
    return simulate.build(seed=5, setting="B", sources=True, **SIZE)


@pytest.fixture(scope="module")
def scenes(hospital: simulate.Hospital) -> dict[str, dict[str, Any]]:
    return hospital.scenes


@pytest.fixture(scope="module")
def events(hospital: simulate.Hospital) -> dict[str, Row]:
    assert hospital.sources is not None
    return {row["event_id"]: row for table in (hospital.events, hospital.sources.events) for row in table.to_pylist()}


@pytest.fixture(scope="module")
def owner(hospital: simulate.Hospital) -> dict[str, str]:
    return {row["account"]: row["staff_id"] for row in hospital.tables["accounts"].to_pylist()}


def near(row: Row, moment: datetime, seconds: int) -> bool:
    return abs((datetime.fromisoformat(row["time"]) - moment).total_seconds()) <= seconds


def test_the_pull_stands_in_the_audit_under_the_applications_account_at_thirteen_past_two(
    scenes: dict[str, dict[str, Any]], events: dict[str, Row]
) -> None:
    pull = [events[name] for name in scenes["pull"]["event_ids"]]
    assert len(pull) == 4
    assert {row["account"] for row in pull} == {"HIS_APP"} and {row["system"] for row in pull} == {"DBA"}
    assert pull[0]["time"][11:16] == "02:13"
    assert "doctor_code" in pull[0]["query"] and "drug_code" in pull[0]["query"]
    assert all(scenes["pull"]["staff_id"] not in str(row.values()) for row in pull)


def test_one_person_alone_was_on_the_bastion_and_in_the_house_then(
    scenes: dict[str, dict[str, Any]], events: dict[str, Row], owner: dict[str, str]
) -> None:
    first = events[scenes["pull"]["event_ids"][0]]
    moment = datetime.fromisoformat(first["time"])
    sessions = [
        row
        for row in events.values()
        if row["system"] == "JumpServer" and near(row, moment, 1800) and row["target_account"] == "HIS_APP"
    ]
    assert [owner[row["account"]] for row in sessions] == [scenes["pull"]["staff_id"]]
    # The bastion's clock is 140 s behind.
    start = datetime.fromisoformat(sessions[0]["time"]).timestamp() + 140
    assert start < moment.timestamp() < start + sessions[0]["duration_s"]
    at_desk = [row for row in events.values() if row["system"] == "Windows" and near(row, moment, 900)]
    assert sessions[0]["ip"] in {row["ip"] for row in at_desk}
    card = next(
        row["account"]
        for row in events.values()
        if row["system"] == "badge" and near(row, moment, 1200) and row["resource"] == "信息科门禁"
    )
    assert owner.get(card, scenes["pull"]["staff_id"]) == scenes["pull"]["staff_id"]


def test_the_lawful_report_asks_the_same_at_a_working_hour_under_its_ticket(
    hospital: simulate.Hospital, scenes: dict[str, dict[str, Any]], events: dict[str, Row]
) -> None:
    assert hospital.persons is not None
    ticket = next(
        row for row in hospital.tables["tickets"].to_pylist() if row["ticket_id"] == scenes["pull"]["lawful_ticket"]
    )
    under = [row for row in hospital.persons.to_pylist() if row["ticket_id"] == ticket["ticket_id"]]
    reports = [events[row["event_id"]] for row in under if row["account"] == "HIS_APP"]
    assert reports and ticket["kind"] == "statistics"
    pull = events[scenes["pull"]["event_ids"][0]]
    for row in reports:
        assert ticket["start"] <= row["time"] < ticket["end"] and "08" <= row["time"][11:13] < "18"
        assert row["workstation"].startswith("WS-PHAR") and row["time"][:10] == pull["time"][:10]
        assert "doctor_code" in row["query"]
    menu = [events[row["event_id"]] for row in under if row["system"] == "HIS"]
    assert {row["account"] for row in menu if row["action"] == "query"} == {ticket["account"]}


def test_the_record_was_changed_after_copies_were_asked_for(
    hospital: simulate.Hospital, scenes: dict[str, dict[str, Any]], events: dict[str, Row]
) -> None:
    edit = scenes["edit"]
    stay = next(row for row in hospital.tables["encounters"].to_pylist() if row["encounter_id"] == edit["encounter_id"])
    [asked] = [row for row in hospital.tables["work_items"].to_pylist() if row["kind"] == "copy_request"]
    assert asked["patient_id"] == stay["patient_id"] and asked["department"] == "RECO"
    seen, written = (events[name] for name in edit["event_ids"])
    assert (seen["system"], seen["action"], seen["resource"]) == ("EMR", "update", "DocumentReference")
    assert seen["patient_id"] == stay["patient_id"] and edit["staff_id"] == stay["attending_id"]
    assert stay["end"] < asked["start"] < seen["time"]
    assert written["account"] == "EMR_APP" and written["query"].startswith("UPDATE emr_document")
    assert f"'{stay['patient_id']}'" in written["query"]
