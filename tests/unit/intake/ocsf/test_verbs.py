# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from tests.unit.intake.ocsf.events import event, written
from tests.unit.intake.reading import one
from wardkeep.watch.intake import as_line
from wardkeep.watch.intake.ocsf.verbs import verb


def said(kind: int, activity: int, **more: Any) -> dict[str, Any]:
    return as_line(one(written(event(kind, activity, **more)), "o.json"))


@pytest.mark.parametrize(
    "name, action",
    [
        ("$export", "export"), ("patient.export", "export"), ("com.his.Patient/Export", "export"), ("FHIRExport", "export"),
        ("bulkExportPatients", "export"), ("EXPORT_RECORDS", "export"), ("GET /Patient/$export?_type=Patient", "export"),
        ("Export patient list", "export"), ("com.his.ExportService.run", "export"), ("startExportJob", "export"),
        ("批量导出病历", "export"), ("viewAndPrint", "print"), ("POST /Patient/_search", "search"), ("recordView", "read"),
        ("patientUpdate", "update"), ("DELETE /export/7", "delete"), ("DELETE /patients/7", "delete"),
        ("DeleteExport", "delete"),
        # Words that only look like one, and the names of things.
        ("exportable", None), ("updatedAt", None), ("deleted_items", None), ("getDeletedItems", "read"),
        ("ValueSet/$expand", None), ("GetExportStatus", "read"), ("$export-poll-status", None), ("worklist", None),
        ("patients/export/status", None), ("ListExportJobs", "read"), ("cancelExport", None), ("canExport", None),
        ("printPreview", None), ("查看导出记录", "read"), ("getFingerprint", "read"), ("", None), ("7", None),
        ("com.his.export.PatientService/Get", "read"), ("https://export.his.example/patients/7", None),
    ],
)  # fmt: skip
def test_a_verb_is_a_word_of_its_own_wherever_it_stands(name: str, action: str | None) -> None:
    assert verb(name) == action


def test_a_long_name_is_read_in_no_time() -> None:
    for name in ("a" * 100_000, "Export" * 20_000, "a+" * 50_000, "/" * 100_000, "9" * 100_000):
        verb(name)


@pytest.mark.parametrize(
    "activity, more, action",
    [
        (2, {"api": {"operation": "GET"}, "http_request": {"url": {"path": "/fhir/Patient/$export"}}}, "export"),
        (1, {"api": {"operation": "POST"}, "http_request": {"url": {"path": "/fhir/Patient/$export"}}}, "export"),
        (
            1,
            {"http_request": {"http_method": "POST", "url": {"url_string": "https://x/fhir/Patient/_search"}}},
            "search",
        ),
        (99, {"api": {"operation": "Patient.Record"}, "http_request": {"http_method": "delete"}}, "delete"),
        (99, {"activity_name": "Print", "api": {"operation": "Patient.Record"}}, "print"),
        (3, {"api": {"operation": "updateExport"}}, "update"),
    ],
)
def test_an_export_counts_by_any_name_of_the_call(activity: int, more: dict[str, Any], action: str) -> None:
    assert said(6003, activity, **more)["action"] == action


@pytest.mark.parametrize(
    "activity, statement, action",
    [
        (4, "delete from emr", "delete"),
        (4, "begin; update emr set x = 1", "update"),
        (4, "select * from emr", "query"),
        (4, "SET x=1", None),
        (99, "insert into emr values (1)", "create"),
        (1, "delete from emr", "delete"),
        (1, "select * from emr", "read"),
        (8, "SET x=1", "search"),
        (2, "delete from emr", "delete"),
        (7, "update emr set gone = 1", "delete"),
        (3, "SET x=1", "login"),
    ],
)
def test_of_a_datastore_the_statement_says_what_it_does(activity: int, statement: str, action: str | None) -> None:
    for more in ({"query_info": {"query_string": statement}}, {"unmapped": {"SQL_Text": statement}}):
        found = said(6005, activity, **more)
        assert (found["action"] if found["kind"] == "access" else None) == action
        assert found["query"] == statement
    assert said(6005, 99, activity_name="Export")["action"] == "export"


@pytest.mark.parametrize(
    "more, count",
    [
        ({"query_result_count": 5_000}, 5_000),
        ({"query_info": {"query_string": "select 1", "row_count": "40"}}, 40),
        ({"unmapped": {"rowsAffected": 7}}, 7),
        ({"unmapped": {"返回行数": 0}}, 0),
        ({"count": 40}, 1),  # events that this one stands for
        ({"query_result_count": -1}, 1),
        ({"query_result_count": 10**20}, 1),
        ({"query_result_count": "many"}, 1),
    ],
)
def test_the_number_of_rows_is_the_count(more: dict[str, Any], count: int) -> None:
    assert said(6005, 4, **more)["count"] == count
