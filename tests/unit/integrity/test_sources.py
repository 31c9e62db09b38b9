# SPDX-License-Identifier: Apache-2.0
"""Signed records from FHIR, tables and messages: which versions count, and what is their content."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from tests.unit.hospital.messages.feed import PATIENT, ZONE, Tables, loaded, message, us
from wardkeep.watch.hl7 import Clock, parse
from wardkeep.watch.hospital.context import schema
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


def note(trigger: str, state: str = "LA", text: str = "stable", control: str = "1", at: str = "080000") -> bytes:
    txa = "TXA|1|DS|TX|20260302080000|D1|||||||DOC1|||||" + state
    return message(f"MDM^{trigger}", control, f"20260302{at}", PATIENT, txa, f"OBX|1|TX|DS||{text}||||||F")


def test_a_document_that_is_authenticated_is_sealed_as_what_it_says() -> None:
    [signed] = of_message(note("T02"))
    assert (signed.record, signed.stage, signed.patient, signed.by) == ("document/DOC1", Stage.SIGNED, "P1", "D1")
    [changed] = of_message(note("T08", text="well"))
    assert changed.stage is Stage.CHANGED and changed.digest != signed.digest
    assert of_message(note("T02", control="7"))[0].digest == signed.digest  # sent again
    assert of_message(note("T02", state="DI")) == []  # dictated, and nobody has signed
    assert [v.stage for v in of_message(note("T11"))] == [Stage.WITHDRAWN]


def result(
    state: str, value: str = "7.1", *, at: str = "110000", control: str = "1", observed: str | None = None
) -> bytes:
    obr = f"OBR|1|O1|F1|CBC|||20260302|||||||||D1||||||20260302105500||LAB|{state}"
    obx = f"OBX|1|NM|WBC||{value}||||||{state if observed is None else observed}"
    return message("ORU^R01", control, f"20260302{at}", PATIENT, obr, obx, "NTE|1")


def test_a_final_result_is_sealed_and_a_preliminary_is_not() -> None:
    [final] = of_message(result("F", "7.1"))
    assert (final.record, final.kind, final.stage) == ("result/F1/CBC", "report", Stage.SIGNED)
    [corrected] = of_message(result("C", "9.1"))
    assert corrected.stage is Stage.CHANGED and corrected.digest != final.digest
    assert of_message(result("P", "7.1")) == []


@pytest.mark.parametrize(
    "first, later, named",
    [
        (result("F"), result("P", "9.1", at="120000", control="2"), True),
        (result("F"), result("P", observed="F", at="120000", control="2"), True),  # the very content that was sealed
        (result("C"), result("R", at="120000", control="2"), True),
        (result("F"), result("", observed="P", at="120000", control="2"), True),  # OBX-11 alone says so
        (
            result("F"),
            result("P", observed="W", at="120000", control="2"),
            False,
        ),  # taken back by the standard's own way
        (result("F"), result("P", at="105900", control="0"), False),  # it was made before the final one, and comes late
        (result("X"), result("P", at="120000", control="2"), False),
        (note("T02"), note("T08", "IP", "well", at="090000", control="2"), True),
        (note("T02"), note("T03", "DI", at="090000", control="2"), True),
        (note("T02"), note("T06", "DI", "more", at="090000", control="2"), False),  # an addendum is a draft of its own
        (note("T02"), note("T02", "", at="090000", control="2"), False),  # it does not say
        (note("T11"), note("T02", "IP", at="090000", control="2"), False),
    ],
)
def test_a_sealed_record_that_a_later_message_calls_a_draft_is_named_and_stays_as_it_was_sealed(
    first: bytes, later: bytes, named: bool
) -> None:
    [sealed] = of_message(first)
    for tables in (
        loaded([first, later]),
        loaded([later, first]),
        loaded([first]).load(later),
        loaded([later]).load(first),
    ):
        assert tables.rows("record_versions", "digest", "stage") == [(sealed.digest, str(sealed.stage))]
        assert tables.rows("record_doubts", "record", "problem") == ([(sealed.record, "unsigned")] if named else [])
        before = tables.all()
        assert tables.load(later, first).all() == before


def test_what_is_final_again_by_its_newest_message_is_no_draft() -> None:
    told = [result("F"), result("P", "9.1", at="120000", control="2"), result("F", at="130000", control="3")]
    assert loaded(told).rows("record_doubts", "problem") == []
    assert loaded(told[:2]).load(told[2]).rows("record_doubts", "problem") == [
        "unsigned"
    ]  # it was noticed: a person says


@pytest.mark.parametrize("at, expected", [(us("2026-03-02T10:54"), ["unsigned"]), (us("2026-03-02T10:55"), [])])
def test_a_draft_of_a_record_that_a_file_sealed_is_named_by_its_time(at: int, expected: list[str]) -> None:
    tables = Tables()
    row = {"system": "HIS", "record": "result/F1/CBC", "digest": "d", "kind": "report", "patient_id": "P1",
           "stage": "signed", "time_us": at, "by": None, "src": "f.hl7"}  # fmt: skip
    tables.put("record_versions", pa.Table.from_pylist([row], schema("record_versions")))
    assert tables.load(result("P")).rows("record_doubts", "problem") == expected
    assert tables.rows("record_versions", "digest") == ["d"]


def test_versions_are_kept_with_the_context_of_their_messages() -> None:
    tables = loaded([note("T08", text="well", control="2"), note("T02"), note("T02")])
    assert tables.rows("record_versions", "system", "record", "stage", "patient_id", "by") == [
        ("HIS", "document/DOC1", "changed", "P1", "D1"), ("HIS", "document/DOC1", "signed", "P1", "D1"),
    ]  # fmt: skip
    said = str(tables.all())
    assert "well" not in said and "stable" not in said
