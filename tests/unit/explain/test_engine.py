# SPDX-License-Identifier: Apache-2.0
"""Texts are read whole, take numbers alone, and make the table of their name."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from wardkeep.watch.engine import DuckEngine, EngineError, Query, digest, load, parse

TEXT = """-- A remark before the first query.
-- name: one
-- description: The first, which says
--   more on a second line.
SELECT 1 AS x;

-- name: two
-- description: The second.
-- A remark inside.
SELECT o.x + :more AS y FROM one AS o
"""


def test_a_file_holds_queries_with_name_and_description() -> None:
    found = parse(TEXT, "file.sql")
    assert [*found] == ["one", "two"]
    assert found["one"].description == "The first, which says more on a second line."
    assert found["one"].text == "SELECT 1 AS x"


@pytest.mark.parametrize("text", ["", "SELECT 1", "SELECT 1;\n" + TEXT, "-- name: one\nSELECT 1"])
def test_text_outside_a_named_query_is_refused_with_its_file(text: str) -> None:
    with pytest.raises(EngineError, match=r"lost\.sql must begin with"):
        parse(text, "lost.sql")


def test_one_name_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.sql", "b.sql"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    with pytest.raises(EngineError, match=r"one is in two files, one of them b\.sql"):
        load(tmp_path)


@pytest.mark.parametrize("value", [None, True, "1; DROP TABLE x", float])
def test_nothing_but_a_number_is_put_into_a_text(value: object) -> None:
    with pytest.raises(EngineError, match="query two asks for :more"):
        parse(TEXT, "f")["two"].filled({"more": value})  # type: ignore[dict-item]


def test_a_number_is_wide_enough_to_be_multiplied() -> None:
    engine = DuckEngine(duckdb.connect())
    engine.make(Query("wide", "", "SELECT :minutes * 60000000 AS us"), {"minutes": 60})
    assert engine.rows("SELECT us FROM wide") == [(3_600_000_000,)]


def test_a_cast_and_a_time_of_day_are_no_numbers_to_fill_in() -> None:
    assert Query("q", "", "SELECT x::BIGINT AS x, '08:mm' AS t").filled({}) == "SELECT x::BIGINT AS x, '08:mm' AS t"


def test_a_query_makes_the_table_of_its_name_and_replaces_it() -> None:
    engine = DuckEngine(duckdb.connect())
    queries = parse(TEXT, "f")
    for more in (1, 2):
        engine.make(queries["one"], {})
        engine.make(queries["two"], {"more": more})
    assert engine.rows("SELECT y FROM two") == [(3,)]
    assert {"one", "two"} <= engine.tables()
    engine.drop(["two", "never made"])
    assert "two" not in engine.tables()


def test_rows_put_are_rows_kept_and_a_name_is_checked() -> None:
    engine = DuckEngine(duckdb.connect())
    engine.put("given", [("a", "VARCHAR"), ("n", "BIGINT")], [["x'y", 1], [None, 2]])
    assert engine.rows("SELECT a, n FROM given ORDER BY n") == [("x'y", 1), (None, 2)]
    with pytest.raises(EngineError, match="no table name"):
        engine.put("given; DROP TABLE x", [("a", "VARCHAR")], [])


def test_a_locked_connection_can_be_an_engine() -> None:
    DuckEngine(duckdb.connect(config={"lock_configuration": True})).make(Query("one", "", "SELECT 1 AS x"), {})


def test_the_digest_changes_with_a_text_and_not_with_the_order() -> None:
    one, two = Query("one", "", "SELECT 1"), Query("two", "", "SELECT 2")
    assert digest([one, two]) == digest([two, one])
    assert digest([one, two]) != digest([one, Query("two", "", "SELECT 3")])
