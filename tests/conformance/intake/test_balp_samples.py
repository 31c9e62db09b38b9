# SPDX-License-Identifier: Apache-2.0
"""IHE BALP's own examples: each field beside what a person reads in the sample."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shared import SHARED, needs_shared
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake import as_line, read_events

pytestmark = needs_shared

FOLDER = SHARED / "samples" / "logs" / "balp"
CLIENT, SERVER = "myMachine.example.org", "Device/ex-device"
CLIENT_IP, SERVER_URL = "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "http://server.example.com/fhir"
PATIENT, LIST, REPORT = "Patient/ex-patient", "List/ex-list", "MeasureReport/ex-measurereport"
REQUEST, DOCUMENT = "76d148b6-586d-11ec-bf63-0242ac130002", "DocumentReference/ex-documentreference"
SITE = "server.example.com"
APRIL_29, APRIL_6 = "2020-04-29T09:49:00+00:00", "2020-04-06T09:49:00+00:00"

#: file -> account, action, action code, subtype, patients, objects, request id, observing system, site, time.
SAMPLES: dict[str, tuple[Any, ...]] = {
    "Create1": ("Betty Jones", "create", "C", "create", [PATIENT], [PATIENT, LIST], None, SERVER, SITE, APRIL_29),
    "Create2": ("Charley Miller", "create", "C", "create", [PATIENT], [PATIENT, LIST], None, SERVER, SITE, APRIL_29),
    "CreateNoPatient": ("John Smith", "create", "C", "create", [], [REPORT], None, SERVER, SITE, APRIL_29),
    "CreateServer": ("John Smith", "create", "C", "create", [PATIENT], [PATIENT, LIST], None, CLIENT, None, APRIL_29),
    "Delete2": ("Charley Miller", "delete", "D", "delete", [PATIENT], [PATIENT, LIST], None, SERVER, None, APRIL_29),
    "DeleteNoPatient": ("John Smith", "delete", "D", "delete", [], [REPORT], None, SERVER, None, APRIL_6),
    "DeleteNoUser": (None, "delete", "D", "delete", [PATIENT], [PATIENT, LIST], None, CLIENT, None, APRIL_29),
    "DeleteNoUserReport": (
        None, "delete", "D", "delete", [PATIENT], [PATIENT, DOCUMENT], None, CLIENT, None, APRIL_29,
    ),
    "Patch": ("John Smith", "update", "U", "patch", [PATIENT], [PATIENT, LIST], None, SERVER, SITE, APRIL_29),
    "QueryGetClient": (
        "John Smith", "search", "E", "search", [PATIENT], [PATIENT], "cc6d168e-5871-11ec-bf63-0242ac130002", CLIENT, None,
        APRIL_29,
    ),
    "QueryGetNoPatient": (
        "John Smith", "search", "E", "search", [], [], "4a8dca3c-2205-4dc7-90e1-db877781d7cc", SERVER, SITE, APRIL_29,
    ),
    "ReadClient": (
        "John Smith", "read", "R", "read", [PATIENT], [PATIENT, LIST], REQUEST, CLIENT, None, APRIL_29,
    ),
    "ReadNoPatient": ("John Smith", "read", "R", "read", [], [REPORT], None, SERVER, SITE, APRIL_29),
    "ReadOClient": (
        "JohnSmith", "read", "R", "read", [PATIENT], [PATIENT, LIST], REQUEST, CLIENT, None, APRIL_29,
    ),
    "Update1": ("Betty Jones", "update", "U", "update", [PATIENT], [PATIENT, LIST], None, SERVER, SITE, APRIL_29),
    "UpdateNoUserReport": (
        None, "update", "U", "update", [PATIENT], [PATIENT, DOCUMENT], None, SERVER,
        SITE, APRIL_29,
    ),
}  # fmt: skip


def line(name: str) -> dict[str, Any]:
    found = list(read_events(FOLDER / f"AuditEvent-ex-auditBasic{name}.json", zone="Asia/Shanghai"))
    assert len(found) == 1 and isinstance(found[0], AccessEvent), found
    return as_line(found[0])


def test_every_sample_is_expected() -> None:
    assert {f"AuditEvent-ex-auditBasic{name}.json" for name in SAMPLES} == {f.name for f in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_as_a_person_reads_it(name: str) -> None:
    account, action, code, subtype, patients, objects, request, observer, site, time = SAMPLES[name]
    said = line(name)
    assert said["event_id"] == f"ex-auditBasic{name}"
    assert (said["time"], said["time_quality"]) == (time, "offset")
    assert said["account"] == account
    assert (said["action"], said["action_code"], said["subtype"]) == (action, code, subtype)
    assert (said["outcome"], said["kind"], said["format"]) == ("success", "access", "fhir-r4")
    assert said["patients"] == patients
    assert said["patient_id"] == ("ex-patient" if patients else None)
    assert [thing["id"] for thing in said.get("objects", [])] == objects
    assert said.get("request_id") == request
    assert (said["system"], said["source_system"], said["site"]) == (observer, observer, site)
    assert (said["client"], said["workstation"], said["ip"]) == (CLIENT, CLIENT, CLIENT_IP)
    assert said["server"] == SERVER
    # The label HTEST marks the samples as test data; it is no purpose of use.
    assert (said["purpose"], said["breakglass"]) == (None, False) and "purposes" not in said


@pytest.mark.parametrize("name", SAMPLES)
def test_every_agent_of_a_sample_is_an_actor(name: str) -> None:
    actors = {actor["id"]: actor for actor in line(name)["actors"]}
    account = SAMPLES[name][0]
    assert set(actors) == {CLIENT, SERVER, *([account] if account else [])}
    assert (actors[CLIENT]["address"], actors[CLIENT]["requestor"]) == (CLIENT_IP, False)
    assert (actors[SERVER]["address"], actors[SERVER]["requestor"]) == (SERVER_URL, False)
    if account:
        assert (actors[account]["name"], actors[account]["requestor"], actors[account]["alt"]) == (account, True, None)


ROLES = {
    "Create1": ("110153", "110152", "INF"),
    "Create2": ("110153", "110152", "CST"),
    "QueryGetClient": ("110153", "110152", "IRCP"),
    # A read names its ends by the direction of the data: the server is the source.
    "ReadClient": ("110152", "110153", "IRCP"),
    "ReadOClient": ("110152", "110153", "UserOauthAgent"),
    "Delete2": ("110150", "custodian", "CST"),
}


@pytest.mark.parametrize("name", ROLES)
def test_client_server_and_user_are_told_apart_whatever_their_roles_are_called(name: str) -> None:
    roles = {actor["id"]: actor["role"] for actor in line(name)["actors"]}
    assert (roles[CLIENT], roles[SERVER], roles[SAMPLES[name][0]]) == ROLES[name]


def test_the_query_is_decoded() -> None:
    assert line("QueryGetClient")["query"] == (
        "GET test.fhir.org/r4/Observation?patient=ex-patient&_lastUpdated=gt2020-11-06T21:52:30.300Z&_sort=_lastUpdated"
        "&_count=10\nAccept: application/fhir+json; fhirVersion=4.0\nX-Request-Id: cc6d168e-5871-11ec-bf63-0242ac130002"
    )
    assert line("QueryGetClient")["resource"] == "Observation"
    assert str(line("QueryGetNoPatient")["query"]).startswith("GET test.fhir.org/r4/MeasureReport?_lastUpdated=")
    assert line("QueryGetNoPatient")["resource"] == "MeasureReport"


@pytest.mark.parametrize(
    "name, resource",
    [
        ("Create1", "List"),
        ("CreateNoPatient", "MeasureReport"),
        ("DeleteNoUserReport", "DocumentReference"),
        ("ReadOClient", "List"),
    ],
)
def test_the_resource_is_the_thing_that_was_touched(name: str, resource: str) -> None:
    assert line(name)["resource"] == resource
