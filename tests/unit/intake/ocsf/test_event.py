# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.intake.ocsf.events import event, written
from tests.unit.intake.reading import one, refused
from wardkeep.watch.intake import as_line

USER = {"name": "u2", "uid": "2"}


def said(kind: int = 6003, activity: int = 2, **more: Any) -> dict[str, Any]:
    return as_line(one(written(event(kind, activity, **more)), "ocsf.json"))


def test_an_api_call_says_who_whom_from_where_and_when() -> None:
    found = said(
        resources=[{"type": "Patient", "uid": "P1"}, {"type": "Report", "uid": "R1", "name": "X-ray"}],
        api={"operation": "GetReport", "request": {"uid": "q1"}, "service": {"name": "fhir"}},
        actor={"user": {"name": "u1007", "uid": "1007", "email_addr": "u@x.example", "type": "User"}, "session": {"uid": "s1"}},
        dst_endpoint={"hostname": "ehr1"}, duration=1_500, message="report opened",
    )  # fmt: skip
    assert (found["event_id"], found["time"], found["time_quality"]) == ("m-1", "2026-03-02T00:15:00+00:00", "offset")
    assert (found["account"], found["action"], found["kind"], found["outcome"]) == (
        "u1007", "read", "access", "success",
    )  # fmt: skip
    assert (found["patients"], found["patient_id"], found["resource"]) == (["P1"], "P1", "Report")
    assert (found["system"], found["workstation"], found["ip"], found["client"], found["server"]) == (
        "PORTAL", "WS-7", "10.1.2.3", "WS-7", "ehr1",
    )  # fmt: skip
    assert (found["session_id"], found["request_id"], found["duration_s"]) == ("s1", "q1", 1.5)
    assert (found["subtype"], found["class_uid"], found["description"], found["operation"]) == (
        "600302", 6003, "report opened", "GetReport",
    )  # fmt: skip
    assert found["actors"] == [{"id": "1007", "alt": "u@x.example", "name": "u1007", "role": "User", "requestor": True}]
    assert found["objects"] == [
        {"id": "P1", "type": "Patient"},
        {"id": "R1", "name": "X-ray", "type": "Report"},
    ]
    assert found["format"] == "ocsf"


@pytest.mark.parametrize(
    "time, moment",
    [
        (1_772_410_500, "2026-03-02T00:15:00+00:00"),  # seconds
        (1_772_410_500.25, "2026-03-02T00:15:00.250000+00:00"),
        (1_772_410_500_123, "2026-03-02T00:15:00.123000+00:00"),  # milliseconds, as the schema has it
        (1_772_410_500_123_456, "2026-03-02T00:15:00.123456+00:00"),
        (1_772_410_500_123_456_789, "2026-03-02T00:15:00.123456+00:00"),
        ("1772410500123", "2026-03-02T00:15:00.123000+00:00"),
        ("2026-03-02T08:15:00+08:00", "2026-03-02T00:15:00+00:00"),
        ("2026-03-02 08:15:00", "2026-03-02T00:15:00+00:00"),  # in the hospital's zone
        (99_999_999_999, None),  # seconds, but of the year 5138
        (0, "1970-01-01T00:00:00+00:00"),
        (-5, None),
        ("soon", None),
        (True, None),
        ([], None),
        (1e300, None),
        (10**40, None),
    ],
)
def test_times_are_told_by_their_size(time: object, moment: str | None) -> None:
    data = written(event(time=time))
    if moment is None:
        assert refused(data, "ocsf.json").reason.startswith(("bad-time: ", "not-json: "))
    else:
        assert as_line(one(data, "ocsf.json"))["time"] == moment


def test_the_time_in_words_counts_only_where_there_is_no_other() -> None:
    assert said(time=None, time_dt="2026-03-02T08:15:00Z")["time"] == "2026-03-02T08:15:00+00:00"
    assert said(time_dt="2020-01-01T00:00:00Z")["time"] == "2026-03-02T00:15:00+00:00"
    assert refused(written(event(time=None)), "o.json").reason == "bad-time: the event has no time"


@pytest.mark.parametrize(
    "kind, activity, action",
    [
        (3002, 1, "login"), (3002, 2, "logout"), (3002, 3, "login"), (3002, 4, None), (3002, 99, None),
        (3001, 1, "create"), (3001, 2, "update"), (3001, 6, "delete"), (3001, 9, "update"), (3001, 99, "update"),
        (6003, 1, "create"), (6003, 2, "read"), (6003, 3, "update"), (6003, 4, "delete"), (6003, 99, "query"),
        (1001, 2, "read"), (1001, 4, "delete"), (1001, 12, None), (1001, 14, "read"), (1001, 0, None),
        (6006, 1, "create"), (6006, 2, "export"), (6006, 9, "read"), (6006, 12, "export"), (6006, 4, "delete"),
        (6005, 1, "read"), (6005, 3, "login"), (6005, 4, "query"), (6005, 7, "delete"), (6005, 8, "search"),
        (4001, 1, None), (2004, 1, None), (6002, 1, None), (6004, 2, None), (3003, 1, None),
    ],
)  # fmt: skip
def test_an_activity_is_an_action_and_other_classes_are_no_access(kind: int, activity: int, action: str | None) -> None:
    found = said(kind, activity)
    assert (found["action"] if action else None, found["kind"]) == (action, "access" if action else "other")


@pytest.mark.parametrize(
    "operation, activity, action",
    [
        ("ExportPatients", 2, "export"), ("print_report", 2, "print"), ("SearchPatients", 2, "search"),
        ("GET /Patient/7", 99, "read"), ("DELETE /x", 0, "delete"), ("PUT /x", 99, "update"), ("POST /x", 0, "create"),
        ("Getaway", 99, "query"), ("git.push", 99, "query"), ("ExportPatients", 4, "delete"), ("GET /x", 2, "read"),
    ],
)  # fmt: skip
def test_the_operation_says_what_the_activity_does_not(operation: str, activity: int, action: str) -> None:
    assert said(6003, activity, api={"operation": operation})["action"] == action


@pytest.mark.parametrize(
    "more, outcome",
    [
        ({}, "success"),
        ({"status_id": 2}, "failure"),
        ({"status_id": None}, "success"),
        ({"status_id": None, "status": "Failure"}, "failure"),
        ({"status_id": 99, "status": "Denied"}, "denied"),
        ({"status_id": 2, "api": {"response": {"code": 403}}}, "denied"),
        ({"status_id": 2, "api": {"response": {"error": "AccessDenied"}}}, "denied"),
        ({"status_id": 2, "status_detail": "INVALID_CREDENTIALS"}, "failure"),
        ({"status_id": 1, "disposition_id": 2}, "denied"),
        ({"status_id": 1, "action_id": 2}, "denied"),
        ({"status_id": 1, "status_detail": "nothing was denied"}, "success"),
        ({"status_id": "2"}, "failure"),
    ],
)
def test_outcomes(more: dict[str, Any], outcome: str) -> None:
    assert said(**more)["outcome"] == outcome


@pytest.mark.parametrize(
    "more, patients",
    [
        ({"resources": [{"type": "Patient", "uid": "88"}]}, ["88"]),
        ({"resources": [{"type": "patient", "name": "88"}]}, ["88"]),
        ({"resources": [{"type": "PATIENT RECORD", "uid": "1"}, {"type": "Patient", "uid": "2"}]}, ["1", "2"]),
        ({"resources": [{"type": "Bundle", "uid": "Patient/7/_history/2"}]}, ["Patient/7/_history/2"]),
        ({"resources": [{"type": "Order", "uid": "5", "data": {"patient_id": "P5"}}]}, ["P5"]),
        ({"unmapped": {"patient_id": "P1"}}, ["P1"]),
        ({"unmapped": {"patientId": 7}}, ["7"]),
        ({"unmapped": {"a": [{"b": {"Patient-ID": ["P1", "P2", "P1"]}}]}}, ["P1", "P2"]),
        ({"unmapped": {"patient": {"id": "P1", "name": "x"}}}, ["P1"]),
        ({"unmapped": {"patient.id": "P1"}}, ["P1"]),
        ({"unmapped": {"患者ID": "P1"}}, ["P1"]),
        ({"unmapped": '{"mrn": "P1"}'}, ["P1"]),
        ({"unmapped": {"patient_class": "inpatient", "patient_name": "x", "inpatient": "y"}}, []),
        ({"enrichments": [{"name": "patient_id", "value": "P1", "data": {}}]}, ["P1"]),
        ({"api": {"operation": "GET /Patient/88/$everything"}}, ["Patient/88"]),
        ({"http_request": {"url": {"path": "/fhir/Observation", "query_string": "patient=P1&code=x"}}}, ["P1"]),
        ({"resources": [{"type": "Patient", "uid": "88"}], "api": {"operation": "GET /Patient/88"}}, ["88"]),
        ({"resources": [{"type": "Patient", "uid": "88^^^&1.2&ISO"}]}, ["88^^^&1.2&ISO"]),
        ({"resources": "Patient", "unmapped": [1], "enrichments": {"name": 1}}, []),
        ({"resources": [{"type": "Observation", "data": {"subject": {"reference": "Patient/p7"}}}]}, ["Patient/p7"]),
        ({"resources": [{"type": "Observation", "data": '{"patient": {"reference": "Patient/p7"}}'}]}, ["Patient/p7"]),
        ({"resources": [{"type": "Bundle", "data": {"resourceType": "Patient", "id": "p7"}}]}, ["p7"]),
        (
            {"resources": [{"type": "X", "data": {"performer": {"reference": "Practitioner/7"}, "subject": "cough"}}]},
            [],
        ),
        ({"http_request": {"url": {"path": "/emr/patients/p7/notes"}}}, ["p7"]),
        ({"http_request": {"url": {"url_string": "https://his.example/patient/88"}}}, ["88"]),
        ({"http_request": {"url": {"path": "/v1/patients/recent"}}}, []),  # a word is no patient
        ({"http_request": {"url": {"path": "/patients/v2/search"}}}, []),
        ({"http_request": {"url": {"path": "/notes", "query_string": "patientId=P1&pid=7&page=2"}}}, ["P1"]),
        ({"http_request": {"url": {"path": "/notes"}}, "api": {"operation": "GET /Patient/88"}}, ["Patient/88"]),
        ({"unmapped": {"PAT_ID": "P1", "PatNo": "P2", "pid": 4711}}, ["P1", "P2"]),  # a pid is a process
    ],
)
def test_patients_stand_in_resources_in_what_is_not_mapped_and_in_addresses(
    more: dict[str, Any], patients: list[str]
) -> None:
    assert said(**more)["patients"] == patients


def test_a_patient_is_matched_by_the_bare_id() -> None:
    assert said(resources=[{"type": "Patient", "uid": "88^^^&1.2&ISO"}])["patient_id"] == "88"


def test_of_an_authentication_the_user_is_the_account() -> None:
    found = said(3002, 1, user=USER, actor={"user": {"name": "SYSTEM", "uid": "s"}})
    assert found["account"] == "u2"
    assert [(one["id"], one["requestor"]) for one in found["actors"]] == [("2", True), ("s", False)]
    # Where only the actor has the name of the same user, that is the name.
    assert said(3002, 1, user={"uid": "2"}, actor={"user": USER})["account"] == "u2"
    assert said(3002, 1, user={"uid": "2"}, actor={"user": {"name": "x", "uid": "3"}})["account"] == "2"
    assert said(3002, 1, user=None)["account"] == "u1007"


def test_of_an_account_change_the_actor_is_the_account_and_the_user_is_what_was_changed() -> None:
    found = said(3001, 4, user=USER)
    assert (found["account"], found["resource"]) == ("u1007", "Account")
    assert found["objects"] == [{"id": "2", "name": "u2", "type": "User"}]
    assert said(3001, 4, user=USER, actor=None)["account"] is None


def test_a_program_is_an_actor_and_no_account() -> None:
    found = said(actor={"process": {"name": "nightly.exe"}})
    assert found["account"] is None
    assert [(one["id"], one["role"], one["requestor"]) for one in found["actors"]] == [("nightly.exe", "process", True)]


def test_of_a_file_the_device_is_where_it_happened() -> None:
    found = said(1001, 2, src_endpoint=None, device={"hostname": "PC-3", "ip": "10.0.0.3"},
                 file={"name": "a.pdf", "path": "D:/out/a.pdf"})  # fmt: skip
    assert (found["workstation"], found["ip"], found["resource"]) == ("PC-3", "10.0.0.3", "File")
    assert found["objects"] == [{"id": "D:/out/a.pdf", "name": "a.pdf", "type": "File"}]


def test_of_a_datastore_the_statement_and_the_table_are_kept() -> None:
    found = said(6005, 4, query_info={"query_string": "select * from patients"}, table={"name": "patients"},
                 database={"name": "his", "uid": "d1"})  # fmt: skip
    assert (found["query"], found["resource"]) == ("select * from patients", "patients")
    assert [one["type"] for one in found["objects"]] == ["Table", "Database"]


def test_purpose_and_broken_glass_stand_beside_the_schema() -> None:
    found = said(unmapped={"purpose": "TREAT", "break_glass": True})
    assert (found["purpose"], found["breakglass"]) == ("treatment", True)
    assert said(unmapped={"breakGlass": "false", "purpose": "cinema"})["purpose"] is None
    assert found["unmapped"] == {"purpose": "TREAT", "break_glass": True}


def test_what_is_not_mapped_is_kept_only_while_it_is_small() -> None:
    assert "unmapped" not in said(unmapped={"x": "y" * 5_000})
    assert len(str(said(message="患" * 9_000)["description"])) == 4_096


def test_the_class_may_stand_in_the_type_alone() -> None:
    found = said(class_uid=None, activity_id=None, category_uid=None)
    assert (found["class_uid"], found["action"]) == (6003, "read")


def test_a_connection_says_how_its_data_went_and_what_was_used() -> None:
    found = said(4001, 6, dst_endpoint={"ip": "10.0.0.9", "port": 21}, app_name="ftp", process={"name": "ToDesk.exe"})
    assert (found["kind"], found["protocol"], found["port"], found["program"]) == ("other", "ftp", 21, "ToDesk.exe")
    assert said(4001, 6, dst_endpoint={"port": 10**20}, connection_info={"protocol_name": "tcp"})["protocol"] == "tcp"
