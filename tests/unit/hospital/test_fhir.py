# SPDX-License-Identifier: Apache-2.0
"""A FHIR bulk export as hospital tables: who, where, care, orders, work and consent, and what is no resource."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hospital.folders import ZONE, reasons, rows
from wardkeep.watch.hospital import Context, context_files, read_context, reread

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1975-03-13"}


def us(*at: int) -> int:
    return int(datetime(*at, tzinfo=UTC).timestamp()) * 1_000_000


def ref(to: str) -> dict[str, str]:
    return {"reference": to}


def code(value: str, display: str = "") -> dict[str, Any]:
    return {"coding": [{"code": value, **({"display": display} if display else {})}]}


def read(folder: Path, *resources: dict[str, Any], **more: bytes) -> dict[str, Context]:
    """The tables of an export with these resources, one file a type, and one patient."""
    for type in {r["resourceType"] for r in resources}:
        lines = [json.dumps(r) for r in resources if r["resourceType"] == type]
        (folder / f"{type}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not (folder / "Patient.ndjson").exists():
        (folder / "Patient.ndjson").write_text(json.dumps(PATIENT))
    for type, data in more.items():
        (folder / f"{type}.ndjson").write_bytes(data)
    return {c.name: c for c in read_context(folder, zone=ZONE)}


def only(contexts: dict[str, Context], table: str) -> dict[str, Any]:
    [row] = rows(contexts[table])
    assert contexts[table].rejected == ()
    return {k: v for k, v in row.items() if v not in (None, "", False)}


def test_a_patient_is_read_with_what_may_tie_them_to_others(tmp_path: Path) -> None:
    patient = PATIENT | {
        "meta": {"security": [{"system": ACT, "code": "PSY"}, {"code": "CEL"}, {"code": "N"}]},
        "name": [{"use": "nickname", "text": "Mimi"}, {"use": "official", "family": "Li", "given": ["Mei"]}],
        "gender": "female",
        "address": [{"line": ["Row 1"], "city": "Yunxi"}],
        "telecom": [{"system": "email", "value": "x@y"}, {"system": "phone", "value": "100"}],
        "contact": [{"name": {"text": "Li Bo"}, "telecom": [{"system": "phone", "value": "200"}]}],
        "deceasedDateTime": "2026-03-01T20:00:00Z",
    }
    assert only(read(tmp_path, patient), "patients") == {
        "patient_id": "p1",
        "name": "Mei Li",
        "sex": "female",
        "birth_date_day": (date(1975, 3, 13) - date(1970, 1, 1)).days,
        "address": "Row 1, Yunxi",
        "phone": "100",
        "emergency_contact": "Li Bo 200",
        "died_on_day": (date(2026, 3, 2) - date(1970, 1, 1)).days,  # already the next day in the hospital
        "sensitivity": ";psychiatric;vip;",
        "src": "p1",
    }


@pytest.mark.parametrize("birth, known", [("1975-03-13", True), ("1975-03", False), ("1975", False)])
def test_a_birth_date_is_known_to_the_day_or_not_at_all(tmp_path: Path, birth: str, known: bool) -> None:
    assert ("birth_date_day" in only(read(tmp_path, PATIENT | {"birthDate": birth}), "patients")) == known


def test_a_practitioner_becomes_staff_and_an_account_of_the_same_name(tmp_path: Path) -> None:
    contexts = read(
        tmp_path,
        {"resourceType": "Practitioner", "id": "d1", "name": [{"text": "Wang Yong"}]},
        {
            "resourceType": "PractitionerRole",
            "id": "r1",
            "practitioner": ref("Practitioner/d1"),
            "organization": ref("Organization/card"),
            "code": [code("doctor")],
            "period": {"start": "2020-01", "end": "2026-03-31"},
        },
        {"resourceType": "Organization", "id": "card", "name": "Cardiology", "partOf": ref("Organization/all")},
    )
    staff = only(contexts, "staff")
    assert (staff["staff_id"], staff["role"], staff["department"]) == ("d1", "physician", "card")
    assert staff["employed_from_day"] == (date(2020, 1, 1) - date(1970, 1, 1)).days
    assert staff["employed_to_day"] == (date(2026, 3, 31) - date(1970, 1, 1)).days
    assert only(contexts, "accounts") == {"account": "d1", "staff_id": "d1", "kind": "person", "src": "d1"}
    assert only(contexts, "departments") == {"department": "card", "name": "Cardiology", "parent": "all", "src": "card"}


def test_a_person_ties_a_practitioner_to_their_own_record(tmp_path: Path) -> None:
    contexts = read(
        tmp_path,
        {"resourceType": "Practitioner", "id": "d1"},
        {"resourceType": "Practitioner", "id": "d2"},
        {"resourceType": "Person", "id": "x", "link": [{"target": ref(t)} for t in ("Patient/p1", "Practitioner/d1")]},
        {"resourceType": "Person", "id": "y", "link": [{"target": ref("Practitioner/d2")}]},
    )
    assert [(r["staff_id"], r["patient_id"]) for r in rows(contexts["staff"])] == [("d1", "p1"), ("d2", None)]


@pytest.mark.parametrize("type", ["Person", "PractitionerRole"])
def test_what_only_adds_to_staff_never_empties_the_table_of_staff(tmp_path: Path, type: str) -> None:
    assert "staff" not in read(tmp_path, {"resourceType": type, "id": "x"})
    broken = read(tmp_path, **{type: b"{"})["staff"]
    assert (reasons(broken), broken.full) == ([("1", "json")], False)
    [again] = reread(replace(broken.rejected[0], raw=b'{"resourceType":"%s","id":"x"}' % type.encode()), zone=ZONE)
    assert again.rejected  # alone it adds to nobody: it waits for the next whole export


def place(id: str, kind: str = "", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Location", "id": id, **({"physicalType": code(kind)} if kind else {}), **more}


def encounter(**more: Any) -> dict[str, Any]:
    period = {"start": "2026-03-02T08:00:00+08:00", "end": "2026-03-05T10:00:00+08:00"}
    return {
        "resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
        "subject": ref("Patient/p1"), "period": period, **more,
    }  # fmt: skip


def test_an_encounter_carries_its_ward_its_moves_and_its_people(tmp_path: Path) -> None:
    moved = {"location": ref("Location/icu"), "period": {"start": "2026-03-03T12:00:00+08:00"}}
    first = {"location": ref("Location/bed7"), "period": {"start": "2026-03-02T08:00:00+08:00"}}
    same = {"location": ref("Location/room1"), "period": {"start": "2026-03-02T20:00:00+08:00"}}
    contexts = read(
        tmp_path,
        place("bed7", "bd", partOf=ref("Location/room1")),
        place("room1", "ro", partOf=ref("Location/ward")),
        place("ward", "wa"),
        place("icu", "wa"),
        encounter(
            location=[moved, first, same],
            participant=[
                {"type": [code("ATND")], "individual": ref("Practitioner/d1")},
                {"type": [code("CON", "consultant")], "individual": ref("https://ehr/fhir/Practitioner/d2")},
                {"type": [code("PART")], "individual": ref("RelatedPerson/x")},
            ],
        ),
    )
    assert only(contexts, "encounters") == {
        "encounter_id": "e1", "patient_id": "p1", "kind": "inpatient", "department": "ward", "attending_id": "d1",
        "start_us": us(2026, 3, 2), "end_us": us(2026, 3, 5, 2), "src": "e1",
    }  # fmt: skip
    assert only(contexts, "transfers") == {
        "patient_id": "p1", "from_department": "ward", "to_department": "icu", "time_us": us(2026, 3, 3, 4),
        "src": "Encounter/e1:3",
    }  # fmt: skip
    assert only(contexts, "care_team") == {
        "patient_id": "p1", "staff_id": "d2", "role": "consultant", "start_us": us(2026, 3, 2),
        "end_us": us(2026, 3, 5, 2), "src": "Encounter/e1:2",
    }  # fmt: skip
    assert {r["department"] for r in rows(contexts["departments"])} == {"ward", "icu"}


@pytest.mark.parametrize(
    "status, there", [("finished", 1), ("in-progress", 1), ("planned", 0), ("entered-in-error", 0)]
)
def test_an_encounter_that_never_was_is_no_reason(tmp_path: Path, status: str, there: int) -> None:
    contexts = read(tmp_path, encounter(status=status))
    assert contexts["encounters"].table.num_rows == there
    assert contexts["encounters"].rejected == ()


def test_a_whole_hospital_does_not_swallow_its_wards(tmp_path: Path) -> None:
    contexts = read(
        tmp_path,
        {"resourceType": "Organization", "id": "all", "name": "Hospital"},
        {"resourceType": "Organization", "id": "dep", "type": [code("dept")]},
        place("w1", "wa", managingOrganization=ref("Organization/all")),
        place("w2", "wa", managingOrganization=ref("Organization/dep")),
        encounter(location=[{"location": ref("Location/w1")}]),
        encounter(location=[{"location": ref("Location/w2")}]) | {"id": "e2"},
    )
    assert [r["department"] for r in rows(contexts["encounters"])] == ["w1", "dep"]
    assert {r["department"] for r in rows(contexts["departments"])} == {"all", "dep", "w1"}


def test_a_date_alone_is_the_whole_local_day(tmp_path: Path) -> None:
    row = only(read(tmp_path, encounter(period={"start": "2026-03-02", "end": "2026-03-02"})), "encounters")
    assert (row["start_us"], row["end_us"]) == (us(2026, 3, 1, 16), us(2026, 3, 2, 16))


def test_an_appointment_names_each_of_its_people(tmp_path: Path) -> None:
    who = ["Patient/p1", "Practitioner/d1", "Practitioner/d2", "Location/opd"]
    participants = [{"actor": ref(w), "status": "accepted"} for w in who]
    declined = {"actor": ref("Practitioner/d3"), "status": "declined"}
    base = {"resourceType": "Appointment", "id": "a1", "status": "booked", "start": "2026-03-02T09:00:00+08:00"}
    contexts = read(
        tmp_path, base | {"participant": [*participants, declined]}, base | {"id": "a2", "status": "cancelled"}
    )
    assert [(r["appointment_id"], r["staff_id"], r["department"]) for r in rows(contexts["appointments"])] == [
        ("a1", "d1", "opd"),
        ("a1:2", "d2", "opd"),
    ]


def test_requests_and_reports_become_orders(tmp_path: Path) -> None:
    common = {"subject": ref("Patient/p1"), "encounter": ref("Encounter/e1")}
    contexts = read(
        tmp_path,
        common | {
            "resourceType": "ServiceRequest", "id": "1", "category": [code("363679005")],
            "requester": ref("PractitionerRole/r1"), "performer": [ref("Organization/rad")],
            "authoredOn": "2026-03-02T09:00:00+08:00",
        },
        common | {"resourceType": "MedicationRequest", "id": "1", "requester": ref("Practitioner/d2"), "performer":
            ref("Organization/pha"), "authoredOn": "2026-03-02"},
        common | {"resourceType": "DiagnosticReport", "id": "1", "basedOn": [ref("ServiceRequest/1")],
            "category": [code("RAD")], "performer": [ref("Practitioner/d9")], "issued": "2026-03-02T10:00:00+08:00"},
        {"resourceType": "PractitionerRole", "id": "r1", "practitioner": ref("Practitioner/d1")},
        {"resourceType": "PractitionerRole", "id": "r9", "practitioner": ref("Practitioner/d9"),
            "organization": ref("Organization/rad")},
    )  # fmt: skip
    seen = [(r["order_id"], r["kind"], r["ordered_by"], r["performing_department"]) for r in rows(contexts["orders"])]
    assert seen == [
        ("ServiceRequest/1", "imaging", "d1", "rad"),
        ("MedicationRequest/1", "medication", "d2", "pha"),
        ("DiagnosticReport/1", "imaging", "d1", "rad"),
    ]
    assert {r["encounter_id"] for r in rows(contexts["orders"])} == {"e1"}


def test_a_member_of_a_care_team_without_a_start_is_set_aside_and_the_others_stay(tmp_path: Path) -> None:
    team = {
        "resourceType": "CareTeam", "id": "t", "subject": ref("Patient/p1"), "participant": [
            {"member": ref("Practitioner/d1"), "period": {"start": "2026-03-02"}, "role": [code("nurse", "Nurse")]},
            {"member": ref("Practitioner/d2")},
            {"member": ref("Patient/p1")},
        ],
    }  # fmt: skip
    context = read(tmp_path, team)["care_team"]
    assert [(r["staff_id"], r["role"], r["src"]) for r in rows(context)] == [("d1", "Nurse", "CareTeam/t:1")]
    assert reasons(context) == [("1", "missing")]
    assert not context.full


def test_one_relation_that_several_resources_tell_of_is_one_row_that_lasts_the_longest(tmp_path: Path) -> None:
    member = {"member": ref("Practitioner/d2"), "period": {"start": "2026-03-02T08:00:00+08:00", "end": "2026-03-09"}}
    first = {"location": ref("Location/a"), "period": {"start": "2026-03-02T08:00:00+08:00"}}
    then = {"location": ref("Location/b"), "period": {"start": "2026-03-03T08:00:00+08:00"}}
    seen = {"participant": [{"type": [code("CON", "consultant")], "individual": ref("Practitioner/d2")}]}
    made = read(
        tmp_path,
        encounter(location=[first, then], **seen),
        encounter(location=[first | {"location": ref("Location/c")}, then]) | {"id": "e2"},
        {
            "resourceType": "CareTeam",
            "id": "t",
            "subject": ref("Patient/p1"),
            "participant": [member, member | {"role": []}],
        },
    )
    assert all(c.rejected == () and c.full for c in made.values())
    [one] = rows(made["care_team"])
    assert (one["role"], one["src"], one["end_us"]) == ("consultant", "Encounter/e1:1", us(2026, 3, 9, 16))
    assert [r["from_department"] for r in rows(made["transfers"])] == ["a"]


def test_two_resources_of_one_id_that_differ_conflict(tmp_path: Path) -> None:
    made = read(tmp_path, PATIENT, PATIENT, PATIENT | {"gender": "male"})["patients"]
    assert [r["sex"] for r in rows(made)] == [None]
    assert reasons(made) == [("3", "conflict")]
    [again] = reread(made.rejected[0], zone=ZONE)
    assert [r["sex"] for r in rows(again)] == ["male"]


@pytest.mark.parametrize(
    "task, kind, end",
    [
        ({"code": code("coding"), "status": "in-progress"}, "coding", False),
        ({"code": {"text": "dictation"}, "status": "completed"}, "records", True),
        ({"executionPeriod": {"end": "2026-03-03T08:00:00Z"}, "status": "in-progress"}, "records", True),
    ],
)
def test_a_task_about_a_patient_is_a_work_item(tmp_path: Path, task: dict[str, Any], kind: str, end: bool) -> None:
    base = {"resourceType": "Task", "id": "w", "for": ref("Patient/p1"), "owner": ref("Practitioner/d1")}
    base |= {"authoredOn": "2026-03-02T08:00:00Z", "lastModified": "2026-03-03T08:00:00Z"}
    row = only(read(tmp_path, base | task, base | {"id": "x", "for": ref("Device/1")}), "work_items")
    assert (row["kind"], row["staff_id"], row["start_us"]) == (kind, "d1", us(2026, 3, 2, 8))
    assert row.get("end_us") == (us(2026, 3, 3, 8) if end else None)


def test_a_consent_is_one_row_for_each_purpose_and_recipient(tmp_path: Path) -> None:
    consent = {
        "resourceType": "Consent", "id": "c", "status": "active", "patient": ref("Patient/p1"), "dateTime": "2026-03-02",
        "scope": code("research"),
        "provision": {"type": "permit", "actor": [{"reference": ref("Group/t1")}], "purpose": [{"code": "HRESCH"},
            {"code": "PUBHLTH"}]},
    }  # fmt: skip
    undecided = consent | {"id": "d", "provision": {}}
    context = read(tmp_path, consent, undecided, consent | {"id": "x", "status": "rejected"})["consents"]
    assert [(r["purpose"], r["recipient"], r["decision"]) for r in rows(context)] == [
        ("research", "t1", "permit"),
        ("public_health", "t1", "permit"),
    ]
    assert reasons(context) == [("2", "missing")]


@pytest.mark.parametrize(
    "line, reason",
    [
        (b"{", "json"),
        (b"[]", "shape"),
        (b'{"resourceType":"Patient","id":"\xff"}', "json"),
        (b'{"resourceType":"Encounter","id":"1"}', "type"),
        (b'{"resourceType":"Patient"}', "type"),
        (b'{"resourceType":"Patient","id":7}', "shape"),
        (b'{"resourceType":"Patient","id":"9","birthDate":"yesterday"}', "date"),
        (b'{"resourceType":"Patient","id":"9","deceasedDateTime":"2026-03-02T10:00:00"}', "date"),
        (b'{"x":' + b"[" * 100_000, "json"),
    ],
)
def test_a_line_that_is_no_patient_costs_itself_alone(tmp_path: Path, line: bytes, reason: str) -> None:
    good = json.dumps(PATIENT).encode()
    context = read(tmp_path, Patient=b"\n".join([good, line, b"", good.replace(b"p1", b"p2")]))["patients"]
    assert [r["patient_id"] for r in rows(context)] == ["p1", "p2"]
    assert reasons(context) == [("2", reason)]
    assert context.rejected[0].raw == line
    assert context.full == (reason == "date")
    assert context.held is None or context.held.to_pylist() == [{"patient_id": "9"}]


def test_archives_and_numbered_files_are_one_table_and_other_resources_are_no_logs(tmp_path: Path) -> None:
    (tmp_path / "Patient.000.ndjson").write_text(json.dumps(PATIENT))
    (tmp_path / "1.Patient.ndjson.gz").write_bytes(gzip.compress(json.dumps(PATIENT | {"id": "p2"}).encode()))
    (tmp_path / "Observation.ndjson").write_text("{}")
    (tmp_path / "AuditEvent.ndjson").write_text("{}")
    [context] = read_context(tmp_path, zone=ZONE)
    assert {r["patient_id"] for r in rows(context)} == {"p1", "p2"}
    assert context.full
    assert {p.name for p in tmp_path.iterdir()} - {p.name for p in context_files(tmp_path)} == {"AuditEvent.ndjson"}


def test_a_broken_archive_keeps_what_was_read_before_the_break(tmp_path: Path) -> None:
    lines = "".join(
        json.dumps(PATIENT | {"id": f"p{n}", "birthDate": f"19{n % 90 + 10}-01-01"}) + "\n" for n in range(5000)
    )
    (tmp_path / "Patient.ndjson.gz").write_bytes(gzip.compress(lines.encode())[:-2000])
    [context] = read_context(tmp_path, zone=ZONE)
    assert 0 < context.table.num_rows < 5000
    assert [r.split(":")[0] for _, r in reasons(context)] == ["gzip"]
    assert not context.full


def test_a_resource_that_was_set_aside_is_read_again(tmp_path: Path) -> None:
    bad = PATIENT | {"id": "p9", "birthDate": "yesterday"}
    [piece] = read(tmp_path, PATIENT, bad)["patients"].rejected
    [again] = reread(piece, zone=ZONE)
    assert (again.table.num_rows, again.rejected, again.full) == (0, (piece,), False)
    mended = replace(piece, raw=piece.raw.replace(b"yesterday", b"1975-03-13"))
    [again] = reread(mended, zone=ZONE)
    assert [r["patient_id"] for r in rows(again)] == ["p9"]
    assert not again.full
