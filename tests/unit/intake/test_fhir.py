# SPDX-License-Identifier: Apache-2.0
"""AuditEvents of R4 and R5: what each part means."""

from __future__ import annotations

import base64
import json
from time import process_time
from typing import Any

import pytest

from tests.unit.intake.reading import one, read, refused
from wardkeep.watch.event import AccessEvent
from wardkeep.watch.intake.fhir_parts import bare_patient
from wardkeep.watch.intake.fhir_query import decoded, patients_in, searched_type

Json = dict[str, Any]


def audit(**more: Any) -> Json:
    base: Json = {
        "resourceType": "AuditEvent",
        "id": "1",
        "type": {"code": "rest"},
        "subtype": [{"code": "read"}],
        "action": "R",
        "recorded": "2026-03-02T08:15:00+08:00",
        "agent": [{"who": {"identifier": {"value": "u1"}}, "requestor": True}],
        "source": {"observer": {"display": "EHR"}},
    }
    return {key: value for key, value in (base | more).items() if value is not None}


def event(**more: Any) -> AccessEvent:
    return one(json.dumps(audit(**more)).encode(), "a.json")


@pytest.mark.parametrize(
    "kind, subtype, letter, expected",
    [
        ("rest", "vread", "R", ("read", "access")),
        ("rest", "search-type", "E", ("search", "access")),
        ("rest", "patch", "U", ("update", "access")),
        ("rest", None, "D", ("delete", "access")),
        ("rest", "capabilities", "R", ("read", "other")),
        ("110114", "110122", "E", ("login", "access")),
        ("110114", "110123", "E", ("logout", "access")),
        ("110114", "110126", "E", ("query", "other")),  # the authentication of a node
        ("110114", None, "E", ("login", "access")),
        ("110114", "some-certificate", "E", ("query", "other")),
        ("110100", "110120", "E", ("query", "other")),
        ("110113", "110127", "E", ("query", "other")),
        ("110106", None, "R", ("export", "access")),
        ("110112", "ITI-9", "E", ("search", "access")),
        ("110104", None, "C", ("create", "access")),
        ("110104", None, "R", ("export", "access")),
        ("110110", None, "U", ("update", "access")),
        ("access", "access", "E", ("query", "access")),
        ("report", "report", "R", ("print", "access")),
        ("transmit", None, "R", ("export", "access")),
        ("x-new", None, "E", ("query", "other")),
        (None, None, None, ("query", "other")),
    ],
)
def test_what_was_done(kind: str | None, subtype: str | None, letter: str | None, expected: tuple[str, str]) -> None:
    said = event(type={"code": kind} if kind else None, subtype=[{"code": subtype}] if subtype else None, action=letter)
    assert (str(said.action), str(said.kind)) == expected


def test_a_type_that_nobody_knows_is_an_access_when_a_patient_is_named() -> None:
    said = event(type={"code": "x"}, subtype=None, entity=[{"what": {"reference": "Patient/9"}}])
    assert (said.action, said.kind, said.patients) == ("read", "access", ("9",))


@pytest.mark.parametrize(
    "who, account",
    [
        ({"identifier": {"value": "u1"}, "reference": "Practitioner/7", "display": "Ann"}, "u1"),
        ({"reference": "Practitioner/7", "display": "Ann"}, "7"),
        ({"reference": "https://ehr.example/fhir/Practitioner/7/_history/2"}, "7"),
        ({"display": "Ann"}, "Ann"),
        ({"identifier": [{"system": "x"}, {"value": "u2"}]}, "u2"),
        ("Ann", "Ann"),
        (None, None),
    ],
)
def test_the_account_is_the_identifier_else_the_reference_else_a_name(who: object, account: str | None) -> None:
    assert event(agent=[{"who": who, "requestor": True}]).account == account


def test_a_name_beside_the_agent_counts_before_the_display_and_an_alternative_id_last() -> None:
    assert event(agent=[{"who": {"display": "d"}, "name": "n", "altId": "a", "requestor": True}]).account == "n"
    assert event(agent=[{"altId": "a", "requestor": True}]).account == "a"


def test_the_person_is_the_account_and_not_the_program_that_asked_too() -> None:
    said = event(
        agent=[
            {"type": {"coding": [{"code": "110150"}]}, "who": {"display": "app"}, "requestor": True,
             "network": {"address": "WS-7", "type": "1"}},
            {"type": {"coding": [{"code": "humanuser"}]}, "who": {"identifier": {"value": "u1"}}, "requestor": True,
             "network": {"address": "10.1.2.3", "type": "2"}},
        ]
    )  # fmt: skip
    assert (said.account, said.workstation, said.ip) == ("u1", "WS-7", "10.1.2.3")
    assert [actor["requestor"] for actor in said.extra["actors"]] == [True, True]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "outcome, expected",
    [
        ("0", "success"),
        ("4", "denied"),
        ("8", "failure"),
        ("12", "failure"),
        (None, "success"),
        ({"code": {"code": "0"}}, "success"),
        ({"code": {"coding": [{"code": "8"}]}}, "failure"),
        ({"code": "4"}, "denied"),
        (8, None),
    ],
)
def test_the_outcome_of_r4_and_of_r5(outcome: object, expected: str | None) -> None:
    if expected is None:
        piece = refused(json.dumps(audit(outcome=outcome)).encode(), "a.json")
        assert piece.reason.startswith("unmapped-outcome")
    else:
        assert event(outcome=outcome).outcome == expected


def test_purposes_and_the_broken_glass() -> None:
    agent = [
        {"who": {"display": "u"}, "requestor": True, "purposeOfUse": [{"coding": [{"code": "TREAT"}, {"code": "BTG"}]}]}
    ]
    said = event(agent=agent, purposeOfEvent=[{"coding": [{"code": "HRESCH"}]}])
    assert (said.purpose, said.breakglass, said.extra["purposes"]) == ("research", True, ["HRESCH", "TREAT", "BTG"])
    assert event().breakglass is False and "purposes" not in event().extra


def test_an_r5_event_in_full() -> None:
    said = one(
        json.dumps(
            {
                "resourceType": "AuditEvent",
                "id": "five",
                "category": [{"coding": [{"code": "rest"}]}],
                "code": {"coding": [{"code": "update"}]},
                "action": "U",
                "occurredPeriod": {"start": "2026-03-02T08:14:00+08:00", "end": "2026-03-02T08:14:30+08:00"},
                "recorded": "2026-03-02T08:15:00+08:00",
                "outcome": {"code": {"system": "x", "code": "4"}, "detail": [{"text": "no"}]},
                "authorization": [{"coding": [{"code": "HPAYMT"}]}],
                "patient": {"reference": "Patient/7"},
                "agent": [
                    {
                        "type": {"coding": [{"code": "110153"}]},
                        "who": {"display": "WS"},
                        "requestor": False,
                        "networkString": "10.0.0.7",
                    },
                    {
                        "type": {"coding": [{"code": "110152"}]},
                        "who": {"display": "srv"},
                        "requestor": False,
                        "networkUri": "https://srv.example/fhir",
                    },
                    {
                        "who": {"reference": "Practitioner/u7"},
                        "requestor": True,
                        "authorization": [{"coding": [{"code": "BTG"}]}],
                    },
                ],
                "source": {"site": {"display": "north"}, "observer": {"reference": "Device/ehr"}},
                "entity": [
                    {
                        "what": {"reference": "Observation/3"},
                        "role": {"coding": [{"code": "4"}]},
                        "securityLabel": [{"coding": [{"code": "R"}]}],
                    },
                ],
            }
        ).encode(),
        "five.json",
    )
    assert (said.format, said.time, said.duration_ms) == ("fhir-r5", 1_772_410_440_000_000, 30_000)
    assert (said.action, said.outcome, said.purpose, said.breakglass) == ("update", "denied", "payment", True)
    assert (said.account, said.patients, said.resource) == ("u7", ("7",), "Observation")
    assert (said.workstation, said.ip, said.site, said.system) == ("WS", "10.0.0.7", "north", "Device/ehr")
    assert said.extra["objects"] == [{"id": "Observation/3", "labels": ["R"], "role": "4"}]
    assert (said.extra["server"], said.extra["recorded"]) == ("srv", "2026-03-02T08:15:00+08:00")


@pytest.mark.parametrize(
    "written, bare",
    [
        ("Patient/7", "7"), ("Patient/7/_history/3", "7"), ("https://a.example/fhir/Patient/7", "7"), ("7^^^&1.2.3&ISO", "7"),
        ("7", "7"), ("urn:uuid:0f", "urn:uuid:0f"), (" Patient/7 ", "7"), ("Patient/", "Patient/"), ("王芳", "王芳"),
    ],
)  # fmt: skip
def test_a_patients_id_is_found_in_what_was_written(written: str, bare: str) -> None:
    assert bare_patient(written) == bare


@pytest.mark.parametrize(
    "query, patients, kind",
    [
        ("GET https://x/fhir/Observation?patient=7&code=1", ["7"], "Observation"),
        ("GET x/Observation?code=1&subject=Patient/7", ["Patient/7"], "Observation"),
        ("GET x/Observation?subject:Patient=7", ["7"], "Observation"),
        ("GET x/Observation?subject=Group/7", [], "Observation"),
        ("GET x/Observation?patient=7,8,7", ["7", "8"], "Observation"),
        ("GET x/Observation?patient.identifier=urn%3Aoid%3A1%7C77", ["77"], "Observation"),
        ("GET x/Patient/7/$everything", ["Patient/7"], None),
        ("GET x/Patient?_id=7,8", ["7", "8"], "Patient"),
        ("GET x/Patient?name=patient", [], "Patient"),
        ("POST x/Observation/_search\n\npatient=7&code=2", ["7"], None),
        ("GET x/Patient/_search?name=a", [], "Patient"),
        ("GET x/Inpatient?inpatient=7", [], "Inpatient"),
        ("SELECT * FROM patients", [], None),
    ],
)
def test_the_patients_of_a_query(query: str, patients: list[str], kind: str | None) -> None:
    assert patients_in(query) == patients
    assert searched_type(query) == kind


def test_a_patient_that_only_the_query_names_is_a_patient_of_the_event() -> None:
    query = base64.b64encode(b"GET x/Observation?patient=7").decode()
    said = event(entity=[{"role": {"code": "24"}, "query": query}], subtype=[{"code": "search"}], action="E")
    assert (said.patients, said.query, said.resource) == (("7",), "GET x/Observation?patient=7", "Observation")
    both = [{"what": {"reference": "Patient/7"}, "role": {"code": "1"}}, {"role": {"code": "24"}, "query": query}]
    assert event(entity=both).patients == ("7",)


@pytest.mark.parametrize("query", ["", "GET plain text?patient=7", "====", "AA==", "/w=="])
def test_a_query_that_is_no_base64_of_a_text_stays_as_it_is(query: str) -> None:
    assert decoded(query) == query


@pytest.mark.parametrize(
    "raw, reason",
    [
        (b'{"resourceType":"AuditEvent","id":"1"', "not-json"),
        (b'{"resourceType":"Patient","id":"1"}', "not-audit"),
        (b'{"id":"1"}', "unknown-format"),
        (b"[1]", "unknown-format"),
        (b'{"resourceType":"AuditEvent"}', "bad-time"),
        (b'{"resourceType":"AuditEvent","recorded":"yesterday"}', "bad-time"),
        (b'{"resourceType":"AuditEvent","recorded":"9999-12-31T23:59:59Z"}', "bad-time"),
        (b'{"resourceType":"AuditEvent","recorded":"2026-03-02T08:15:00Z","id":"\\u0000"}', "nul-byte"),
        (b'{"resourceType":"AuditEvent","recorded":"2026-03-02T08:15:00Z","id":"\\ud800"}', "not-json"),
        (b'{"resourceType":"AuditEvent","recorded":"2026-03-02T08:15:00Z","id":"\xff"}', "bad-encoding"),
        (b'{"resourceType":"AuditEvent","recorded":"2026-03-02T08:15:00Z","id":1e400}', "not-json"),
        (b'{"resourceType":"AuditEvent","agent":' + b"[" * 100_000 + b"}", "too-deep"),
        (b'{"resourceType":"AuditEvent","agent":' + b'[{"a":' * 100_000 + b"}", "too-deep"),
    ],
)
def test_a_hostile_record_is_kept_with_the_reason(raw: bytes, reason: str) -> None:
    before, after = (json.dumps(audit(id=i)).encode() for i in ("a", "z"))
    found = read(b"\n".join((before, raw, after)), "x.ndjson")
    assert [getattr(e, "event_id", None) for e in found] == ["a", None, "z"]
    piece = found[1]
    assert not isinstance(piece, AccessEvent) and piece.raw == raw and piece.reason.startswith(reason)


def test_the_last_of_a_repeated_key_counts() -> None:
    raw = json.dumps(audit()).encode()[:-1] + b',"id":"2"}'
    assert one(raw, "x.json").event_id == "2"


def test_what_does_not_fit_the_types_is_read_all_the_same() -> None:
    said = event(id=7, action="R", entity={"what": {"reference": "Patient/7"}, "role": [{"code": 1}]}, outcomeDesc=3)
    assert (said.event_id, said.patients, said.extra["outcome_text"]) == ("7", ("7",), "3")


@pytest.mark.parametrize(
    "piece", ["/Patient?", "/Patient?&", "&patient.identifier=", "/Patient/", "/Patient/_search?a&"]
)
def test_no_query_costs_more_than_its_size(piece: str) -> None:
    """Each search parameter was looked for again from every `Patient?` before it."""
    began = process_time()
    patients_in(piece * 300_000 + "_id=1")
    assert process_time() - began < 30
