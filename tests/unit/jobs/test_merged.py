# SPDX-License-Identifier: Apache-2.0
"""What the console knows of a patient's number (cases in hand, archived records) is known of every other of the same person."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pytest

from wardkeep.jobs.judging import show_merged, under_every_number
from wardkeep.watch.store.merges import same_person


def merged(pairs: Iterable[tuple[str, str]]) -> duckdb.DuckDBPyConnection:
    """A store's connection with numbers that were given up for others."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA kept; CREATE TABLE kept.same_person (patient_id VARCHAR, other_id VARCHAR)")
    for pair in same_person(pairs):
        con.execute("INSERT INTO kept.same_person VALUES (?, ?)", pair)
    return con


@pytest.mark.parametrize(
    ("pairs", "known"),
    [
        ([("P1", "P2"), ("P2", "P3")], [("P1", 5), ("P2", 5), ("P3", 5), ("P9", 7)]),
        ([("P7", "P8")], [("P1", 5), ("P9", 7)]),
        ([], [("P1", 5), ("P9", 7)]),
    ],
)
def test_an_archived_record_is_archived_under_every_number(
    pairs: list[tuple[str, str]], known: list[tuple[str, int]]
) -> None:
    con = merged(pairs)
    assert show_merged(con)
    table = under_every_number(con, pa.table({"patient_id": ["P1", "P9"], "archived_us": [5, 7]}))
    assert sorted(zip(*table.to_pydict().values(), strict=True)) == known


def test_where_no_message_of_merges_was_read_nothing_is_shown_of_them() -> None:
    con = duckdb.connect()
    assert not show_merged(con)
    assert con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'one_person'").fetchone() == (0,)
