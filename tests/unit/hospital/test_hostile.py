# SPDX-License-Identifier: Apache-2.0
"""Broken and hostile files: what is no row is set aside with its bytes, and no neighbour is lost with it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.unit.hospital.folders import ZONE, read, reasons, rows, write
from wardkeep.watch.hospital import FolderError, read_context, reread
from wardkeep.watch.hospital.lines import RECORD_LIMIT, blocks, header_cells, header_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "line, reason",
    [
        (b'P2,"Li', "quoting"),  # never closed
        (b'P2,Li "Mei"', "quoting"),
        (b'P2,"Li" Mei', "quoting"),
        (b'"P2,Li', "quoting"),
        (b'P2","Li"', "quoting"),
        (b"P2", "cells"),
        (b"P2,Li,Mei", "cells"),
        (b"P2,L\0i", "nul"),
        (b"P2,\xc0\xee", "encoding"),  # GB18030
        (b"P2,\xed\xa0\x80", "encoding"),  # half of a surrogate pair
        (b"P2,L\ri", "line-end"),
        (b",", "missing"),
        (b"P2," + b"x" * RECORD_LIMIT, "too-long"),
        (b'P2,"' + b"x" * RECORD_LIMIT + b'"', "too-long"),
    ],
    ids=lambda v: repr(v[:16]),
)
@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_that_is_no_row_is_set_aside_alone(
    tmp_path: Path, line: bytes, reason: str, quote: bytes, end: bytes
) -> None:
    def row(*cells: bytes) -> bytes:
        return b",".join(quote + cell + quote for cell in cells) + end

    before, after = row(b"P1", b"a"), row(b"P3", b"b") + row(b"P4", b"")
    context = read(tmp_path, "patients", row(b"patient_id", b"name") + before + line + end + after)
    assert [(r["patient_id"], r["name"]) for r in rows(context)] == [("P1", "a"), ("P3", "b"), ("P4", None)]
    assert reasons(context) == [("3", reason)]
    [piece] = context.rejected
    assert piece.raw == line[:RECORD_LIMIT]
    assert piece.truncated == (len(line) > RECORD_LIMIT)
    [again] = reread(piece, zone=ZONE)
    assert again.rejected[0].raw == piece.raw


def test_lines_that_end_twice_are_set_aside(tmp_path: Path) -> None:
    """What a text-mode writer makes of \\r\\n."""
    context = read(tmp_path, "patients", b"patient_id,name\r\nP1,a\r\r\nP2,b\r\n")
    assert [r["patient_id"] for r in rows(context)] == ["P2"]
    assert reasons(context) == [("2", "line-end")]


def test_a_quote_that_is_never_closed_before_a_cell_of_one_comma_costs_its_own_line(tmp_path: Path) -> None:
    """`,","` closes and opens again: the wrong width of what comes out tells."""
    context = read(tmp_path, "patients", b'patient_id,name\nP1,"a\nP2,","\nP3,c\n')
    assert [(r["patient_id"], r["name"]) for r in rows(context)] == [("P2", ","), ("P3", "c")]
    assert reasons(context) == [("2", "quoting")]


def test_a_wide_record_of_several_lines_costs_its_first_line_alone(tmp_path: Path) -> None:
    context = read(tmp_path, "patients", b'patient_id,name\nP1,x,"y\nP2,b\nP3,z"\nP4,d\n')
    assert [r["patient_id"] for r in rows(context)] == ["P2", "P4"]
    assert reasons(context) == [("2", "cells"), ("4", "quoting")]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\r\n", b"\xef\xbb\xbf", b'"', b"\0\0\0", b"\xff\xfes\0t\0a\0", b"a" * 3_000_000]
)
def test_a_file_without_a_header_is_one_piece_and_its_table_is_left_alone(tmp_path: Path, content: bytes) -> None:
    context = read(tmp_path, "shifts", content)
    assert (context.table.num_rows, context.full) == (0, False)
    assert reasons(context) == [("1", "header")]
    assert content.startswith(context.rejected[0].raw)
    assert context.rejected[0].truncated == (len(content) > RECORD_LIMIT)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\0", b"name\nx\n", b"patient_id,patient_id\nP1,P1\n"])
def test_a_required_file_without_a_usable_header_stops_the_folder(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, patients=content)
    with pytest.raises(FolderError, match=r"patients\.csv"):
        next(read_context(tmp_path, zone=ZONE))


def test_a_column_that_stands_there_twice_matters_only_where_it_is_known(tmp_path: Path) -> None:
    assert read(tmp_path, "patients", "patient_id,x,x\nP1,1,2\n").table.num_rows == 1
    assert reasons(read(tmp_path, "shifts", "staff_id,department,start,start\nS1,D,,\n")) == [("1", "header")]


def test_a_file_of_a_header_alone_is_a_full_export_of_nothing(tmp_path: Path) -> None:
    context = read(tmp_path, "shifts", "staff_id,department,start")
    assert (context.table.num_rows, context.rejected, context.full) == (0, (), True)


def test_a_last_line_without_an_end_counts(tmp_path: Path) -> None:
    assert read(tmp_path, "patients", 'patient_id,name\nP1,a\nP2,"b"').table.num_rows == 2


def test_a_table_of_one_column_is_read(tmp_path: Path) -> None:
    context = read(tmp_path, "patients", 'patient_id\nP1\n\n"P2"\n""\n')
    assert [r["patient_id"] for r in rows(context)] == ["P1", "P2"]
    assert reasons(context) == [("5", "missing")]


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ROW = st.fixed_dictionaries(
    {
        "name": CELL | st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", ";", "'", '","', '",', "王"]),
        "address": CELL,
        "honey": st.sampled_from(["0", "1", ""]),
        "died_on": st.just("") | st.dates().map(lambda d: d.isoformat()),
        "other": CELL,
    }
)


@given(
    st.lists(ROW, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
@example([], "\n", csv.QUOTE_ALL, True)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_written_as_csv_come_back_as_they_were(
    tmp_path: Path, given_rows: list[dict[str, str]], end: str, quoting: int, bom: bool
) -> None:
    # Python writes a lone carriage return without quotes there, against RFC 4180.
    assume(end == "\r\n" or quoting == csv.QUOTE_ALL or not any("\r" in c for row in given_rows for c in row.values()))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["other", "name", "patient_id", "address", "honey", "died_on"])
    for n, row in enumerate(given_rows):
        writer.writerow([row["other"], row["name"], f"P{n}", row["address"], row["honey"], row["died_on"]])
    context = read(tmp_path, "patients", (b"\xef\xbb\xbf" if bom else b"") + out.getvalue().encode())
    assert context.rejected == ()
    got = [(r["patient_id"], r["name"], r["address"], r["honey"], r["died_on_day"]) for r in rows(context)]
    assert got == [
        (
            f"P{n}",
            row["name"] or None,
            row["address"] or None,
            row["honey"] == "1",
            (datetime.fromisoformat(row["died_on"]).date() - EPOCH.date()).days if row["died_on"] else None,
        )
        for n, row in enumerate(given_rows)
    ]


MOMENTS = st.datetimes(
    datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones().filter(lambda z: "/" in z.key)
)


@given(st.lists(MOMENTS, min_size=1, max_size=20, unique=True))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_moments_come_back_as_they_were(tmp_path: Path, moments: list[datetime]) -> None:
    moments = [m.astimezone(UTC) + timedelta(0) for m in moments]
    lines = [f"S{n},D,{m.isoformat()}" for n, m in enumerate(moments)]
    context = read(tmp_path, "shifts", "\n".join(["staff_id,department,start", *lines]))
    assert [r["start_us"] for r in rows(context)] == [(m - EPOCH) // timedelta(microseconds=1) for m in moments]


PIECES = st.sampled_from(
    [b"P1", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"x", b'","', b"\xe7\x8e\x8b"]
)


@given(st.lists(PIECES, max_size=30).map(b"".join), st.integers(1, 40))
@example(b"P1\n\r", 1)
@settings(max_examples=400, deadline=None)
def test_every_byte_is_in_a_row_or_in_a_piece_whatever_the_size_of_a_block(body: bytes, size: int) -> None:
    """However the file is cut into blocks, rows and pieces are the same, and together they are the file."""

    def read_by(size: int) -> list[tuple[int, str, bytes]]:
        found = []
        for block in blocks(io.BytesIO(body), width=2, line=2, size=size):
            found += [(int(line), "", block.raw(n)) for n, line in enumerate(block.lines)]
            found += [(p.line, p.reason, p.raw) for p in block.pieces]
        return sorted(found)

    whole = read_by(1 << 20)
    assert read_by(size) == whole
    kept = b"".join(raw.replace(b"\r\n", b"\n") + b"\n" for _, _, raw in whole).replace(b"\n", b"")
    assert kept == body.replace(b"\r\n", b"\n").replace(b"\n", b"").removesuffix(b"\r" if body.endswith(b"\r") else b"")
    assert [line for line, _, _ in whole] == sorted({line for line, _, _ in whole})


@given(st.lists(CELL, min_size=1, max_size=6))
def test_a_header_is_read_as_it_was_written(names: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(names)
    header = header_of(io.BytesIO(out.getvalue().encode() + b"x\n"))
    assert header is not None
    assert header_cells(header) == names
