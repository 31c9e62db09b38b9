# SPDX-License-Identifier: Apache-2.0
"""Signed records from FHIR, tables and messages: which versions count, and what is their content."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.hospital.messages.feed import PATIENT, ZONE, loaded, message
from wardkeep.watch.hl7 import Clock, parse
from wardkeep.watch.hospital.messages import head_of
from wardkeep.watch.hospital.messages.records import versions_of
from wardkeep.watch.integrity import Stage, Version, fhir, table
from wardkeep.watch.integrity.table import Columns


def document(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference", "id": "d1", "status": "current", "docStatus": "final",
        "date": "2026-03-02T08:00:00+08:00", "subject": {"reference": "Patient/p1"},
        "author": [{"reference": "Practitioner/s1"}], "content": [{"attachment": {"data": "QQ=="}}], **more,
    }  # fmt: skip


def of_fhir(*resources: dict[str, Any]) -> list[Version | str]:
    return list(fhir.versions("\n".join(map(json.dumps, resources)).encode(), system="EMR"))


def test_a_signed_document_is_a_version() -> None:
    [found] = of_fhir(document())
    assert isinstance(found, Version)
    assert (found.system, found.record, found.kind, found.patient, found.by) == (
        "EMR", "DocumentReference/d1", "document", "p1", "s1",
    )  # fmt: skip
    assert found.stage is Stage.SIGNED and found.time_us == 1772409600000000


def test_what_servers_write_anew_is_no_content_and_the_rest_is() -> None:
    def digest(**more: Any) -> str:
        [found] = of_fhir(document(**more))
        assert isinstance(found, Version)
        return found.digest

    assert digest() == digest(meta={"versionId": "2"}, text={"div": "x"})
    assert digest() != digest(content=[{"attachment": {"data": "Qg=="}}])


@pytest.mark.parametrize(
    "status, stage",
    [("preliminary", None), ("final", Stage.SIGNED), ("amended", Stage.CHANGED), ("entered-in-error", Stage.WITHDRAWN)],
)
def test_only_what_somebody_signed_counts(status: str, stage: Stage | None) -> None:
    found = of_fhir(document(docStatus=status), {"resourceType": "Patient", "id": "p1"})
    assert [v.stage for v in found if isinstance(v, Version)] == ([stage] if stage else [])


def test_a_draft_is_told_only_where_it_is_asked_for() -> None:
    draft = json.dumps(document(docStatus="preliminary", date=None)).encode()
    [found] = fhir.versions(draft, system="EMR", drafts=True)
    assert isinstance(found, Version) and found.stage is Stage.UNSIGNED
    assert (
        list(fhir.versions(json.dumps(document(docStatus="registered", id=None)).encode(), system="E", drafts=True))
        == []
    )


def test_a_bundle_is_its_entries_and_a_document_without_a_time_is_named() -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": document()}, {"resource": document(id="d2", date=None)}]}
    first, second = of_fhir(bundle)
    assert (
        isinstance(first, Version)
        and second == "DocumentReference/d2: no id, or no time with an offset in date or indexed"
    )
    with pytest.raises(ValueError, match="neither one JSON value nor one a line"):
        list(fhir.versions(b"no json", system="EMR"))


COLUMNS = Columns(key=("id",), content=("body", "title"), time="signed", patient="pid", by="who", stage="stage")


def test_rows_of_a_table_are_versions() -> None:
    text = (
        "id,body,title,signed,pid,who,stage,other\nr1,a,t,2026-03-02 08:00:00,p1,s1,archived,x\n"
        "r2,b,t,2026-03-02T00:00:00Z,,,,\nr3,c,t,soon,p1,s1,,\n,c,t,2026-03-02,p1,s1,,\nr5,c,t,2026-03-02,p1,s1,lost,\n"
    )
    found = list(table.versions(table.rows_of(text, COLUMNS), COLUMNS, system="HIS", kind="note", zone=ZONE))
    first, second = found[:2]
    assert isinstance(first, Version) and isinstance(second, Version)
    assert (first.record, first.stage, first.patient, first.by) == ("r1", Stage.ARCHIVED, "p1", "s1")
    assert (second.stage, second.patient, second.by) == (Stage.SIGNED, None, None)
    assert first.time_us == second.time_us == 1772409600000000
    assert [one.partition(":")[0] for one in found[2:] if isinstance(one, str)] == ["row 3", "row 4", "row 5"]
    assert not any("soon" in one or "lost" in one for one in found[2:] if isinstance(one, str))


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no column title, signed, pid, who, stage"):
        list(table.rows_of("id,body\nr1,a\n", COLUMNS))


def of_message(raw: bytes) -> list[Version]:
    clock, read = Clock(ZONE), parse(raw)
    return list(versions_of(read, head_of(read, clock), clock))


def note(trigger: str, state: str = "LA", text: str = "stable", control: str = "1") -> bytes:
    txa = "TXA|1|DS|TX|20260302080000|D1|||||||DOC1|||||" + state
    return message(f"MDM^{trigger}", control, "20260302080000", PATIENT, txa, f"OBX|1|TX|DS||{text}||||||F")


def test_a_document_that_is_authenticated_is_sealed_as_what_it_says() -> None:
    [signed] = of_message(note("T02"))
    assert (signed.record, signed.stage, signed.patient, signed.by) == ("document/DOC1", Stage.SIGNED, "P1", "D1")
    [changed] = of_message(note("T08", text="well"))
    assert changed.stage is Stage.CHANGED and changed.digest != signed.digest
    assert of_message(note("T02", control="7"))[0].digest == signed.digest  # sent again
    assert of_message(note("T02", state="DI")) == []  # dictated, and nobody has signed
    assert [v.stage for v in of_message(note("T11"))] == [Stage.WITHDRAWN]


def test_a_final_result_is_sealed_and_a_preliminary_is_not() -> None:
    def result(state: str, value: str) -> bytes:
        obr = f"OBR|1|O1|F1|CBC|||20260302|||||||||D1||||||20260302105500||LAB|{state}"
        return message("ORU^R01", "1", "20260302110000", PATIENT, obr, f"OBX|1|NM|WBC||{value}||||||{state}", "NTE|1")

    [final] = of_message(result("F", "7.1"))
    assert (final.record, final.kind, final.stage) == ("result/F1/CBC", "report", Stage.SIGNED)
    [corrected] = of_message(result("C", "9.1"))
    assert corrected.stage is Stage.CHANGED and corrected.digest != final.digest
    assert of_message(result("P", "7.1")) == []


def test_versions_are_kept_with_the_context_of_their_messages() -> None:
    tables = loaded([note("T08", text="well", control="2"), note("T02"), note("T02")])
    assert tables.rows("record_versions", "system", "record", "stage", "patient_id", "by") == [
        ("HIS", "document/DOC1", "changed", "P1", "D1"), ("HIS", "document/DOC1", "signed", "P1", "D1"),
    ]  # fmt: skip
    said = str(tables.all())
    assert "well" not in said and "stable" not in said
