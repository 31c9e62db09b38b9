# SPDX-License-Identifier: Apache-2.0
"""Synthea and OMOP folders as hospital tables, on small invented ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hospital.folders import ZONE, reasons, rows
from wardkeep.watch.hospital import Context, FolderError, context_files, read_context, reread

SYNTHEA = {
    "organizations": "Id,NAME,ADDRESS,CITY\no1,General,1 Road,Springfield\n",
    "providers": "Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY\nd1,o1,Ann Lee,F,GENERAL PRACTICE,1 Road,Springfield\n",
    "patients": (
        "Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,GENDER,ADDRESS,CITY,STATE,ZIP\n"
        "p1,1970-01-02,,999,Bo,Ray,M,2 Lane,Salem,MA,01970\np2,1950-05-05,2020-06-07,998,Di,Ray,F,2 Lane,Salem,MA,01970\n"
    ),
    "encounters": (
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE\n"
        "e1,2020-06-01T08:00:00Z,2020-06-01T08:15:00Z,p1,o1,d1,x,wellness,1\n"
        "e2,2020-06-01T08:00:00Z,,p2,o1,d1,x,inpatient,1\n"
    ),
    "procedures": "START,STOP,PATIENT,ENCOUNTER,CODE\n2020-06-01T08:05:00Z,2020-06-01T08:10:00Z,p1,e1,7\n",
    "medications": "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE\n2020-06-01T08:06:00Z,,p1,x,e1,7\n",
    "imaging_studies": "Id,DATE,PATIENT,ENCOUNTER,CODE\ni1,2020-06-01T08:07:00Z,p1,unknown,7\n",
    "observations": (
        "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE\n2020-06-01T08:08:00Z,p1,e1,laboratory,1\n"
        "2020-06-01T08:08:00Z,p1,e1,laboratory,2\n2020-06-01T08:08:00Z,p1,e1,vital-signs,3\n"
    ),
    "careplans": "Id,START,STOP,PATIENT,ENCOUNTER,CODE\nc1,2020-06-01,2020-07-01,p1,e1,1\nc2,2020-06-01,2020-06-02,p1,e1,2\n",
}
OMOP = {
    "person": (
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,gender_source_value,location_id\n"
        "1,8507,1970,1,2,M,5\n2,8532,1950,,,F,\n"
    ),
    "location": "location_id,address_1,city\n5,2 Lane,Salem\n",
    "death": "person_id,death_date\n2,2020-06-07\n",
    "care_site": "care_site_id,care_site_name\n10,Ward A\n11,ICU\n",
    "provider": "provider_id,provider_name,care_site_id\n7,Ann Lee,10\n",
    "visit_occurrence": (
        "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,visit_end_date,"
        "visit_end_datetime,provider_id,care_site_id\n"
        "100,1,9201,2020-06-01,2020-06-01 08:00:00,2020-06-03,2020-06-03 10:00:00,7,10\n"
        "101,2,9202,2020-06-01,,2020-06-01,,0,\n"
    ),
    "visit_detail": (
        "visit_detail_id,person_id,visit_detail_start_date,visit_detail_start_datetime,visit_detail_end_date,"
        "visit_detail_end_datetime,provider_id,care_site_id,visit_occurrence_id\n"
        "1,1,2020-06-01,2020-06-01 08:00:00,2020-06-02,2020-06-02 09:30:00,7,10,100\n"
        "2,1,2020-06-02,2020-06-02 09:30:00,2020-06-03,2020-06-03 10:00:00,,11,100\n"
    ),
    "drug_exposure": (
        "drug_exposure_id,person_id,drug_exposure_start_date,drug_exposure_start_datetime,provider_id,visit_occurrence_id\n"
        "1,1,2020-06-01,2020-06-01 09:00:00,7,100\n"
    ),
    "procedure_occurrence": "procedure_occurrence_id,person_id,procedure_date,provider_id\n1,1,2020-06-02,7\n",
    "measurement": "measurement_id,person_id,measurement_date,measurement_datetime\n1,1,2020-06-02,2020-06-02 07:00:00\n",
}


def us(*at: int) -> int:
    return int(datetime(*at, tzinfo=UTC).timestamp()) * 1_000_000


def read(folder: Path, files: Mapping[str, str], **changed: str) -> dict[str, Context]:
    for name, content in {**files, **changed}.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return {c.name: c for c in read_context(folder, zone=ZONE)}


def said(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v not in (None, "", False)}


def test_synthea_people_become_patients_staff_and_accounts(tmp_path: Path) -> None:
    made = read(tmp_path, SYNTHEA)
    assert all(c.rejected == () and c.full for c in made.values())
    assert set(made) == {"departments", "staff", "accounts", "patients", "encounters", "orders", "care_team"}
    first, second = rows(made["patients"])
    assert said(first) == {
        "patient_id": "p1", "name": "Bo Ray", "sex": "M", "birth_date_day": 1, "address": "2 Lane, Salem, MA, 01970",
        "src": "p1",
    }  # fmt: skip
    assert second["died_on_day"] == (date(2020, 6, 7) - date(1970, 1, 1)).days
    [account] = rows(made["accounts"])
    assert (account["account"], account["staff_id"], account["kind"]) == ("d1", "d1", "person")
    assert rows(made["staff"])[0]["department"] == rows(made["departments"])[0]["department"] == "o1"


def test_synthea_care_becomes_encounters_orders_and_teams(tmp_path: Path) -> None:
    made = read(tmp_path, SYNTHEA)
    assert [(r["encounter_id"], r["kind"], r["attending_id"], r["end_us"]) for r in rows(made["encounters"])] == [
        ("e1", "outpatient", "d1", us(2020, 6, 1, 8, 15)),
        ("e2", "inpatient", "d1", None),
    ]
    assert [(r["order_id"], r["kind"], r["ordered_by"], r["time_us"]) for r in rows(made["orders"])] == [
        ("procedures.csv:2", "procedure", "d1", us(2020, 6, 1, 8, 5)),
        ("medications.csv:2", "medication", "d1", us(2020, 6, 1, 8, 6)),
        ("i1", "imaging", None, us(2020, 6, 1, 8, 7)),  # its encounter is in no file
        ("observations.csv:2", "laboratory", "d1", us(2020, 6, 1, 8, 8)),  # two results, one order
    ]
    [team] = rows(made["care_team"])
    # A day alone begins and ends in the hospital's zone; of two plans of one start the later end counts.
    assert (team["start_us"], team["end_us"]) == (us(2020, 5, 31, 16), us(2020, 7, 1, 16))
    assert team["src"] == "careplans.csv:2"


def test_older_synthea_files_with_a_date_column_are_read_too(tmp_path: Path) -> None:
    made = read(tmp_path, SYNTHEA, procedures="DATE,PATIENT,ENCOUNTER,CODE\n2020-06-01,p1,e1,7\n")
    assert rows(made["orders"])[0]["time_us"] == us(2020, 5, 31, 16)


def test_a_bad_synthea_row_is_set_aside_from_its_own_file_once(tmp_path: Path) -> None:
    made = read(tmp_path, SYNTHEA, providers="Id,ORGANIZATION,NAME\n,o1,x\nd1,o1,y\nd2,o1\n")
    assert reasons(made["staff"]) == [("2", "missing"), ("4", "cells")]
    assert made["accounts"].rejected == ()
    assert not made["staff"].full
    assert not made["accounts"].full
    assert {(r.source, r.format, r.head) for r in made["staff"].rejected} == {
        ("providers.csv", "synthea:providers", b"Id,ORGANIZATION,NAME\n")
    }
    assert b",o1,x" in {r.raw for r in made["staff"].rejected}


def test_a_synthea_file_without_its_columns_leaves_its_table_alone(tmp_path: Path) -> None:
    made = read(tmp_path, SYNTHEA, careplans="a,b\n1,2\n")
    assert (made["care_team"].table.num_rows, made["care_team"].full) == (0, False)
    assert reasons(made["care_team"]) == [("1", "header")]


def test_synthea_is_told_from_a_hospital_folder_and_keeps_no_logs(tmp_path: Path) -> None:
    read(tmp_path, SYNTHEA, claims="Id\n1\n", events="x\n")
    assert {p.stem for p in context_files(tmp_path)} == set(SYNTHEA) | {"claims"}
    (tmp_path / "staff.csv").write_text("staff_id\ns1\n")
    with pytest.raises(FolderError, match=r"accounts\.csv"):
        next(read_context(tmp_path, zone=ZONE))


def test_two_synthea_files_are_told_by_their_header(tmp_path: Path) -> None:
    made = read(tmp_path, {name: SYNTHEA[name] for name in ("patients", "encounters")})
    assert (made["patients"].table.num_rows, made["encounters"].table.num_rows) == (2, 2)


def test_synthea_files_with_its_name_before_theirs_are_read(tmp_path: Path) -> None:
    made = read(tmp_path, {f"synthea_{name}": content for name, content in SYNTHEA.items()})
    assert {name: c.table.num_rows for name, c in made.items()}["orders"] == 4


@pytest.mark.parametrize("blank", ["", "NA", "\\N", "NULL", "0"])
def test_what_exporters_of_omop_write_for_nothing_is_nothing(tmp_path: Path, blank: str) -> None:
    visits = (
        "visit_occurrence_id,person_id,visit_start_date,visit_start_datetime,visit_end_date,provider_id,care_site_id\n"
    )
    nothing = "" if blank == "0" else blank
    made = read(tmp_path, OMOP, visit_occurrence=f"{visits}100,1,2020-06-01,{nothing},{nothing},{blank},{blank}\n")
    [row] = rows(made["encounters"])
    assert (row["end_us"], row["attending_id"], row["department"]) == (None, None, None)
    assert row["start_us"] == us(2020, 5, 31, 16)


def test_omop_people_become_patients_staff_and_accounts(tmp_path: Path) -> None:
    made = read(tmp_path, OMOP)
    assert all(c.rejected == () and c.full for c in made.values())
    first, second = map(said, rows(made["patients"]))
    assert first == {"patient_id": "1", "sex": "M", "birth_date_day": 1, "address": "2 Lane, Salem", "src": "1"}
    assert second == {"patient_id": "2", "sex": "F", "died_on_day": 18420, "src": "2"}
    assert said(rows(made["staff"])[0]) == {"staff_id": "7", "name": "Ann Lee", "department": "10", "src": "7"}
    assert said(rows(made["accounts"])[0]) == {"account": "7", "staff_id": "7", "kind": "person", "src": "7"}
    assert [r["name"] for r in rows(made["departments"])] == ["Ward A", "ICU"]


def test_omop_visits_are_local_times_and_whole_days(tmp_path: Path) -> None:
    made = read(tmp_path, OMOP)
    first, second = rows(made["encounters"])
    assert (first["kind"], first["department"], first["attending_id"]) == ("inpatient", "10", "7")
    assert (first["start_us"], first["end_us"]) == (us(2020, 6, 1), us(2020, 6, 3, 2))
    assert (second["kind"], second["department"], second["attending_id"]) == ("outpatient", None, None)
    assert (second["start_us"], second["end_us"]) == (us(2020, 5, 31, 16), us(2020, 6, 1, 16))


def test_omop_details_become_transfers_and_orders(tmp_path: Path) -> None:
    made = read(tmp_path, OMOP)
    [moved] = rows(made["transfers"])
    assert said(moved) == {
        "patient_id": "1", "from_department": "10", "to_department": "11", "time_us": us(2020, 6, 2, 1, 30),
        "src": "visit_detail.csv:3",
    }  # fmt: skip
    assert [(r["order_id"], r["kind"], r["ordered_by"], r["encounter_id"]) for r in rows(made["orders"])] == [
        ("drug_exposure/1", "medication", "7", "100"),
        ("procedure_occurrence/1", "procedure", "7", None),
        ("measurement/1", "laboratory", None, None),
    ]
    [member] = rows(made["care_team"])
    assert (member["staff_id"], member["start_us"], member["end_us"]) == ("7", us(2020, 6, 1), us(2020, 6, 2, 1, 30))


@pytest.mark.parametrize(
    "zone, local, utc",
    [
        ("America/New_York", "2020-07-01 08:00:00", (2020, 7, 1, 12)),
        ("America/New_York", "2020-01-01 08:00:00", (2020, 1, 1, 13)),
        ("Asia/Shanghai", "2020-01-01T08:00:00+00:00", (2020, 1, 1, 8)),  # an offset that is written counts
    ],
)
def test_omop_times_are_read_in_the_hospitals_zone(tmp_path: Path, zone: str, local: str, utc: tuple[int, ...]) -> None:
    for name, content in OMOP.items():
        (tmp_path / f"{name}.csv").write_text(content.replace("2020-06-01 09:00:00", local))
    [orders] = [c for c in read_context(tmp_path, zone=zone) if c.name == "orders"]
    assert rows(orders)[0]["time_us"] == us(*utc)


def test_a_bad_omop_time_is_set_aside_and_read_again_when_mended(tmp_path: Path) -> None:
    made = read(tmp_path, OMOP, measurement="measurement_id,person_id,measurement_date\n1,1,soon\n2,1,2020-06-02\n")
    [piece] = made["orders"].rejected
    assert (piece.position, piece.raw, piece.format) == ("2", b"1,1,soon", "omop:measurement")
    assert (made["orders"].full, made["orders"].held.to_pylist()) == (True, [{"order_id": "measurement/1"}])
    assert "measurement/2" in {r["order_id"] for r in rows(made["orders"])}
    [still] = reread(piece, zone=ZONE)
    assert [(r.position, r.raw) for r in still.rejected] == [("2", b"1,1,soon")]
    [mended] = reread(replace(piece, raw=b"1,1,2020-06-02"), zone=ZONE)
    assert ([r["order_id"] for r in rows(mended)], mended.rejected, mended.full) == (["measurement/1"], (), False)


def test_upper_case_names_are_read(tmp_path: Path) -> None:
    made = read(tmp_path, {name.upper(): content.upper() for name, content in OMOP.items() if name != "death"})
    assert made["encounters"].table.num_rows == 2
