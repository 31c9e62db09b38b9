# SPDX-License-Identifier: Apache-2.0
"""HL7's own R4 examples, read by hand; and foreign files of formats that no reader takes yet, rejected by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.shared import SHARED, needs_shared
from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import as_line, read_events

pytestmark = needs_shared

FOLDER = SHARED / "samples" / "logs"
WORKSTATION = "Workstation1.ehr.familyclinic.com"
OID = "2.16.840.1.113883.4.2"


def found(path: str) -> AccessEvent | Rejected:
    read = list(read_events(FOLDER / path, zone="Asia/Shanghai"))
    assert len(read) == 1, read
    return read[0]


def line(name: str) -> dict[str, Any]:
    event = found(f"fhir/{name}.json")
    assert isinstance(event, AccessEvent), event
    return as_line(event)


def test_the_logout_example() -> None:
    said = line("AuditEvent-example-logout")
    assert said["event_id"] == "example-logout"
    assert said["time"] == "2013-06-20T23:46:41+00:00"
    assert (said["account"], said["action"], said["kind"]) == ("95", "logout", "access")
    assert (said["action_code"], said["subtype"], said["outcome"]) == ("E", "110123", "success")
    assert (said["patients"], said["patient_id"], said["query"]) == ([], None, None)
    assert (said["workstation"], said["ip"], said["client"]) == (WORKSTATION, "127.0.0.1", WORKSTATION)
    assert (said["system"], said["site"]) == ("hl7connect.healthintersections.com.au", "Cloud")
    assert said["source_system"] == "hl7connect.healthintersections.com.au"
    assert said["actors"] == [
        {"id": "95", "alt": "601847123", "name": "Grahame Grieve", "role": "humanuser", "requestor": True,
         "address": "127.0.0.1"},
        {"id": OID, "alt": "6580", "name": None, "role": "110153", "requestor": False, "address": WORKSTATION},
    ]  # fmt: skip


def test_the_pix_query_example() -> None:
    said = line("AuditEvent-example-pixQuery")
    assert said["event_id"] == "example-pixQuery"
    assert said["time"] == "2015-08-26T23:42:24+00:00"
    assert (said["account"], said["action"], said["kind"]) == ("95", "search", "access")
    assert (said["action_code"], said["subtype"]) == ("E", "ITI-9")
    # The patient is an HL7 CX: shown as written, matched by its id.
    assert said["patients"] == ["e3cdfc81a0d24bd^^^&2.16.840.1.113883.4.2&ISO"]
    assert said["patient_id"] == "e3cdfc81a0d24bd"
    assert str(said["query"]).startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<PRPA_IN201309UV02 ITSVersion="XML_1.0"'
    )
    assert '<value extension="SuryaBrand" root="2.16.840.1.113883.4.2"/>' in str(said["query"])
    assert str(said["query"]).endswith("</PRPA_IN201309UV02>\n")
    assert (said["workstation"], said["ip"]) == (WORKSTATION, None)
    assert (said["system"], said["site"]) == ("hl7connect.healthintersections.com.au", None)
    assert [thing["role"] for thing in said["objects"]] == ["1"]


def test_the_version_read_example() -> None:
    said = line("AuditEvent-example-rest")
    assert said["time"] == "2013-06-20T23:42:24+00:00"
    assert (said["account"], said["action"], said["subtype"], said["action_code"]) == ("95", "read", "vread", "R")
    # The patient is named only by a version reference of a system object.
    assert said["patients"] == ["Patient/example/_history/1"]
    assert (said["patient_id"], said["resource"], said["kind"]) == ("example", "Patient", "access")
    assert said["objects"] == [{"id": "Patient/example/_history/1", "type": "2"}]
    assert (said["client"], said["site"]) == (WORKSTATION, "Cloud")
    assert "server" not in said


def test_the_start_of_an_application_is_kept_and_is_no_access() -> None:
    said = line("AuditEvent-example")
    assert said["kind"] == "other"
    assert said["time"] == "2012-10-25T11:04:27+00:00"  # written 22:04:27+11:00
    assert (said["account"], said["subtype"], said["outcome"]) == ("Grahame", "110120", "success")
    assert (said["system"], said["site"], said["patients"]) == ("Grahame's Laptop", "Development", [])
    assert (said["workstation"], said["ip"]) == (WORKSTATION, "127.0.0.1")
    assert said["objects"] == [{"id": "ABCDEF", "name": "Grahame's Laptop", "role": "4", "type": "4"}]
    assert [actor["requestor"] for actor in said["actors"]] == [False, False]


@pytest.mark.parametrize(
    "path, name",
    [
        ("fhir/package.json", "no FHIR resource"),
        ("balp/LICENSE", "text without a mapping"),
        ("atna/LICENSE", "text without a mapping"),
    ],
)
def test_what_no_reader_takes_is_rejected_by_its_name(path: str, name: str) -> None:
    piece = found(path)
    assert isinstance(piece, Rejected)
    assert piece.reason.startswith("unknown-format: ") and name in piece.reason
    assert piece.raw == Path(FOLDER / path).read_bytes().strip() or not piece.truncated
