# SPDX-License-Identifier: Apache-2.0
"""Every rule of the hospital folder contract, each beside a row that only nearly breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.hospital.folders import ZONE, read, reasons, rows
from wardkeep.watch.hospital import read_context, reread
from wardkeep.watch.hospital.tables import TABLES

SHIFT = "staff_id,department,start,end\nS1,D,{},{}\nS2,D,2026-03-02T08:00:00+08:00,\n"


def us(*at: int) -> int:
    return int(datetime(*at, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    "written, moment",
    [
        ("2026-03-02T08:15:00+08:00", us(2026, 3, 2, 0, 15)),
        ("2026-03-02T00:15:00Z", us(2026, 3, 2, 0, 15)),
        ("2026-03-02T08:15+08:00", us(2026, 3, 2, 0, 15)),
        ("2026-03-02T08:15:00+0800", us(2026, 3, 2, 0, 15)),
        ("2026-03-02T08:15:00+08", us(2026, 3, 2, 0, 15)),
        ("2026-03-01T20:45:00-03:30", us(2026, 3, 2, 0, 15)),
        ("2026-03-02T08:15:00.250+08:00", us(2026, 3, 2, 0, 15) + 250_000),
        ("1960-01-01T00:00:00Z", us(1960, 1, 1)),
        ("2026-03-02T08:15:00", None),  # no offset
        ("2026-03-02 08:15:00+08:00", None),  # no T
        ("2026-03-02", None),
        ("2026-02-29T08:15:00Z", None),  # no such day
        ("2026-03-02T24:15:00Z", None),
        ("2026-03-02T08:15:00+19:00", None),  # no such offset
        ("2026-3-2T08:15:00Z", None),
        ("20260302T081500Z", None),
        ("0000-03-02T08:15:00Z", None),
        ("9999-12-31T23:59:59-08:00", None),  # the year 10000 in UTC
        (" 2026-03-02T08:15:00Z", None),
        ("now", None),
        ("infinity", None),
    ],
)
def test_a_time_is_iso_8601_with_an_offset(tmp_path: Path, written: str, moment: int | None) -> None:
    context = read(tmp_path, "shifts", SHIFT.format(written, ""))
    assert [r["staff_id"] for r in rows(context)] == (["S2"] if moment is None else ["S1", "S2"])
    if moment is None:
        assert reasons(context) == [("2", "time")]
        assert context.rejected[0].raw == f"S1,D,{written},".encode()
    else:
        assert rows(context)[0]["start_us"] == moment


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC"])
def test_the_last_moment_that_can_be_shown_is_kept_in_every_zone(tmp_path: Path, zone: str) -> None:
    read(tmp_path, "shifts", SHIFT.format("9999-12-30T00:00:00Z", ""))
    [context] = [c for c in read_context(tmp_path, zone=zone) if c.name == "shifts"]
    assert context.rejected == ()


@pytest.mark.parametrize(
    "written, day",
    [
        ("1970-01-02", 1),
        ("1969-12-31", -1),
        ("2024-02-29", 19782),
        ("2023-02-29", None),
        ("2026/03/02", None),
        ("20260302", None),
        ("2026-3-2", None),
        ("2026-03-02T00:00:00+08:00", None),
        ("0000-01-01", None),
        ("02.03.2026", None),
    ],
)
def test_a_date_is_a_whole_day(tmp_path: Path, written: str, day: int | None) -> None:
    context = read(tmp_path, "patients", f"patient_id,birth_date\nP1,{written}\nP2,\n")
    assert [(r["patient_id"], r["birth_date_day"]) for r in rows(context)] == [
        *([("P1", day)] if day is not None else []),
        ("P2", None),
    ]
    assert reasons(context) == ([] if day is not None else [("2", "date")])


@pytest.mark.parametrize(
    "end, reason",
    [
        ("", None),  # not ended
        ("2026-03-02T08:00:00+08:00", None),  # no time at all, but not backwards
        ("2026-03-02T07:59:59+08:00", "interval"),
        ("2026-03-02T00:00:01Z", None),  # later, though the clock reads less
        ("never", "time"),
    ],
)
def test_an_interval_does_not_end_before_it_starts(tmp_path: Path, end: str, reason: str | None) -> None:
    context = read(tmp_path, "shifts", SHIFT.format("2026-03-02T08:00:00+08:00", end))
    assert reasons(context) == ([("2", reason)] if reason else [])
    assert context.table.num_rows == (1 if reason else 2)


def _good(name: str) -> dict[str, str]:
    """A row of a table that breaks no rule."""
    cells = {"time": "2026-03-02T08:00:00+08:00", "date": "2026-03-02", "list": "", "flag": ""}
    row = {
        c.name: c.values[0] if c.values and c.type == "text" else cells.get(c.type, "x") for c in TABLES[name].columns
    }
    return row | ({"end": ""} if "end" in row else {})


def _csv(*given: dict[str, Any]) -> str:
    return "\n".join([",".join(given[0]), *(",".join(row.values()) for row in given)]) + "\n"


REQUIRED = [(t.name, c.name) for t in TABLES.values() for c in t.columns if c.required]
OPTIONAL = [(t.name, c.name) for t in TABLES.values() for c in t.columns if not c.required]
WORDS = [(t.name, c.name) for t in TABLES.values() for c in t.columns if c.values]


@pytest.mark.parametrize("name, column", REQUIRED)
def test_a_row_without_a_needed_cell_is_set_aside(tmp_path: Path, name: str, column: str) -> None:
    context = read(tmp_path, name, _csv(_good(name), _good(name) | {column: ""}))
    assert context.table.num_rows == 1
    assert reasons(context) == [("3", "missing")]
    assert column in context.rejected[0].reason


@pytest.mark.parametrize("name, column", OPTIONAL)
def test_a_row_without_another_cell_loads_as_unknown(tmp_path: Path, name: str, column: str) -> None:
    context = read(tmp_path, name, _csv(_good(name) | {column: ""}))
    [row] = rows(context)
    [described] = [c for c in TABLES[name].columns if c.name == column]
    empty = {"flag": False, "list": ""}.get(described.type, described.fallback)
    assert row[described.engine_name] == empty
    assert context.rejected == ()


@pytest.mark.parametrize("name, column", WORDS)
def test_a_word_outside_its_vocabulary_is_set_aside_or_falls_back(tmp_path: Path, name: str, column: str) -> None:
    [described] = [c for c in TABLES[name].columns if c.name == column]
    for word in (described.values[0].upper(), described.values[0] + " ", "holiday"):
        context = read(tmp_path, name, _csv(_good(name) | {column: word}))
        if described.fallback:
            assert rows(context)[0][column] == described.fallback
        else:
            assert reasons(context) == [("2", "vocabulary")]


@pytest.mark.parametrize("name, column", WORDS)
def test_every_word_of_a_vocabulary_loads_as_it_is(tmp_path: Path, name: str, column: str) -> None:
    [described] = [c for c in TABLES[name].columns if c.name == column]
    given = []
    for n, word in enumerate(described.values):
        row = _good(name) | {column: word} | {TABLES[name].key[0]: f"k{n}"}
        if (name, column) == ("accounts", "kind") and word != "person":
            row["staff_id"] = ""
        given.append(row | ({column: word} if column == TABLES[name].key[0] else {}))
    context = read(tmp_path, name, _csv(*given))
    assert context.rejected == ()
    expected = [f";{w};" for w in described.values] if described.type == "list" else list(described.values)
    assert [r[described.engine_name] for r in rows(context)] == expected


@pytest.mark.parametrize(
    "written, normalised",
    [
        ("", ""),
        ("vip", ";vip;"),
        ("vip;minor", ";vip;minor;"),
        ("vip;", ";vip;"),
        (";;vip;;minor;", ";vip;minor;"),
        ("vip;celebrity", None),
        ("vip minor", None),
        ("vip; minor", None),
        ("vipminor", None),
        ("vip|minor", None),
    ],
)
def test_a_list_is_separated_by_semicolons(tmp_path: Path, written: str, normalised: str | None) -> None:
    context = read(tmp_path, "patients", f"patient_id,sensitivity\nP1,{written}\n")
    assert [r["sensitivity"] for r in rows(context)] == ([] if normalised is None else [normalised])
    assert reasons(context) == ([("2", "vocabulary")] if normalised is None else [])


@pytest.mark.parametrize(
    "written, honey", [("1", True), ("0", False), ("", False), ("true", None), ("01", None), ("2", None)]
)
def test_a_flag_is_1_or_0_or_empty(tmp_path: Path, written: str, honey: bool | None) -> None:
    context = read(tmp_path, "patients", f"patient_id,honey\nP1,{written}\n")
    assert [r["honey"] for r in rows(context)] == ([] if honey is None else [honey])
    assert reasons(context) == ([("2", "flag")] if honey is None else [])


@pytest.mark.parametrize(
    "kind, staff_id, loads",
    [
        ("person", "S1", True),
        ("person", "", True),
        ("service", "", True),
        ("shared", "", True),
        ("shared", "S1", False),
    ],
)
def test_a_service_or_shared_account_is_nobodys(tmp_path: Path, kind: str, staff_id: str, loads: bool) -> None:
    context = read(tmp_path, "accounts", f"account,staff_id,kind\nu1,{staff_id},{kind}\n")
    assert context.table.num_rows == loads
    assert reasons(context) == ([] if loads else [("2", "owner")])


def test_rows_that_are_the_same_are_one_and_rows_that_differ_in_what_they_say_conflict(tmp_path: Path) -> None:
    content = "patient_id,name\nP1,a\nP2,b\nP1,a\nP1,c\n"
    context = read(tmp_path, "patients", content)
    assert [(r["patient_id"], r["name"]) for r in rows(context)] == [("P1", "a"), ("P2", "b")]
    assert [(r.position, r.raw) for r in context.rejected] == [("5", b"P1,c")]
    assert context.rejected[0].reason == "conflict: patient_id as in line 2, the rest differs"


def test_overlapping_shifts_of_one_person_are_no_conflict(tmp_path: Path) -> None:
    start = "2026-03-02T08:00:00+08:00"
    content = f"staff_id,department,start,end\nS1,A,{start},\nS1,B,{start},\nS1,A,2026-03-02T09:00:00+08:00,\n"
    assert read(tmp_path, "shifts", content).table.num_rows == 3


def test_keys_with_an_empty_part_are_compared_too(tmp_path: Path) -> None:
    start = "2026-03-02T08:00:00+08:00"
    content = f"patient_id,department,kind,staff_id,start,end\nP1,,coding,,{start},\nP1,,coding,,{start},{start}\n"
    assert reasons(read(tmp_path, "work_items", content)) == [("3", "conflict")]


def test_a_reason_never_repeats_what_the_row_says(tmp_path: Path) -> None:
    context = read(tmp_path, "patients", "patient_id,birth_date,sensitivity\nP1,Li Mei,\nP2,,Li Mei\n,,\nP3,Li Mei\n")
    assert len(context.rejected) == 4
    assert not any("Li Mei" in r.reason or "P3" in r.reason for r in context.rejected)


@pytest.mark.parametrize("mended", [False, True])
def test_a_row_that_was_set_aside_is_read_again_under_todays_rules(tmp_path: Path, mended: bool) -> None:
    [piece] = read(tmp_path, "shifts", "department,staff_id,start\n\nD,S1,now\n").rejected
    if mended:
        piece = replace(piece, raw=b"D,S1,2026-03-02T08:00:00+08:00")
    [again] = reread(piece, zone=ZONE)
    assert (again.name, again.full) == ("shifts", False)
    assert [r["src"] for r in rows(again)] == (["shifts.csv:3"] if mended else [])
    assert again.rejected == (() if mended else (piece,))


def test_a_conflict_that_is_read_again_is_the_row_that_counts(tmp_path: Path) -> None:
    [piece] = read(tmp_path, "patients", "patient_id,name\nP1,a\nP1,c\n").rejected
    [again] = reread(piece, zone=ZONE)
    assert [(r["patient_id"], r["name"]) for r in rows(again)] == [("P1", "c")]
    assert again.rejected == ()


def test_many_bad_neighbours_become_one_piece_and_are_read_again_together(tmp_path: Path) -> None:
    lines = [f"S{n},D,2026-03-02T08:00:00" for n in range(3000)]
    context = read(tmp_path, "shifts", "staff_id,department,start\n" + "\n".join(lines) + "\n")
    assert len(context.rejected) == 1001
    bundle = context.rejected[-1]
    assert (bundle.position, bundle.raw.count(b"\n")) == ("1002-3001", 1999)
    assert b"\n".join(r.raw for r in context.rejected).decode().split("\n") == lines
    [again] = reread(replace(bundle, raw=bundle.raw.replace(b":00:00", b":00:00Z")), zone=ZONE)
    assert again.table.num_rows == 2000
    assert (rows(again)[0]["src"], rows(again)[-1]["src"]) == ("shifts.csv:1002", "shifts.csv:3001")
