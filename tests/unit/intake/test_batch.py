# SPDX-License-Identifier: Apache-2.0
"""Batches: the rows of one event stay together, and nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from tests.unit.intake.reading import one
from tests.unit.intake.test_delimited import HEAD, ROW
from wardkeep.watch.event import BATCH_SCHEMA, AccessEvent, Rejected
from wardkeep.watch.intake import as_line, batches_of, rejected_line
from wardkeep.watch.intake.batch import columns_of
from wardkeep.watch.intake.limits import SPREAD
from wardkeep.watch.intake.row import to_event, to_row

EVENT = one(HEAD + ROW, "events.csv")
PIECE = Rejected(reason="bad-time: no", format="hospital", source="events.csv", position="3", raw=b"x,y")


def test_an_event_is_the_same_after_a_way_as_a_row() -> None:
    rich = replace(EVENT, extra={"b": [1, {"z": None}], "a": "é"})
    assert to_event(to_row(rich), "events.csv") == rich
    assert to_row(rich).extra == '{"a":"é","b":[1,{"z":null}]}'


def test_an_event_of_three_patients_is_three_adjacent_rows() -> None:
    several = replace(EVENT, patients=("P1", "P2", "P3"), extra={"a": 1})
    [batch] = batches_of([EVENT, several, PIECE, replace(EVENT, patients=())])
    assert batch.events.schema == BATCH_SCHEMA
    rows = batch.events.to_pylist()
    assert [(row["part"], row["patient_id"]) for row in rows] == [(0, "P1"), (0, "P1"), (1, "P2"), (2, "P3"), (0, None)]
    assert {row["extra"] for row in rows[1:4]} == {'{"a":1}'}
    assert (batch.records, batch.rejected, batch.source) == (4, (PIECE,), "events.csv")


def test_an_event_of_very_many_patients_does_not_repeat_what_is_long() -> None:
    many = to_row(replace(EVENT, patients=tuple(map(str, range(5000))), query="q" * 1000, extra={"a": "x" * 1000}))
    events, _, records = columns_of([many], "x")
    assert events.num_rows == 5000 and records == 1
    assert events.nbytes < 5000 * 400 + SPREAD
    assert events.column("query").null_count == 4999


def test_batches_keep_sources_apart_and_do_not_grow_without_end() -> None:
    events: list[AccessEvent | Rejected] = [replace(EVENT, source="a") for _ in range(5)]
    events += [replace(EVENT, source="b") for _ in range(4)]
    found = list(batches_of(events, rows=3))
    assert [(b.source, b.records) for b in found] == [("a", 3), ("a", 2), ("b", 3), ("b", 1)]
    assert list(batches_of([])) == []


def test_nothing_but_rejected_pieces_is_a_batch_too() -> None:
    [batch] = batches_of([PIECE])
    assert batch.events.num_rows == 0 and batch.events.schema == BATCH_SCHEMA and batch.records == 1
    assert isinstance(batch.events, pa.RecordBatch)


def test_a_line_of_intake_read_has_the_fields_of_the_contract() -> None:
    line = as_line(EVENT)
    names = (
        "event_id time account patient_id action resource count purpose breakglass outcome system workstation ip site "
        "session_id query patients format source kind"
    )
    assert set(names.split()) <= set(line)
    assert (line["time"], line["patient_id"], line["patients"]) == ("2026-03-02T00:15:00+00:00", "P1", ["P1"])
    assert (line["source"], line["count"], line["breakglass"]) == ({"file": "events.csv", "position": "2"}, 3, True)


def test_what_a_source_says_beside_cannot_take_the_place_of_a_field() -> None:
    line = as_line(replace(EVENT, extra={"account": "evil", "columns": {"account": "x"}}))
    assert line["account"] == "u1" and line["columns"] == {"account": "x"}


def test_the_line_of_a_rejected_piece_does_not_show_its_bytes() -> None:
    line = rejected_line(replace(PIECE, raw=b"P0000012,secret"))
    assert line["rejected"] == "bad-time: no" and line["source"] == {"file": "events.csv", "position": "3"}
    assert "secret" not in str(line)
